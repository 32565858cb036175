"""The journal as each of its readers gets it, with another SPST always there."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from spst.comptes import services_comptes as comptes
from spst.comptes.octroi_rules import DemandeRole
from spst.habilitations import services as habilitations
from spst.journal import services
from spst.journal.genres import CHOIX
from spst.journal.rules import Filtres, Ligne
from spst.journal.services import PAGE
from spst.kernel.acteur import Acteur, Role
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.errors import AccessDenied, NotFound
from spst.traces import services as traces
from spst.web.filters import NO_BREAK
from tests.factories.monde import Monde, Spst

CANARI = "visite de reprise CANARI"


def consult(monde: Monde, acteur: Acteur, dossier_id: UUID, spst: Spst | None = None) -> None:
    with monde.work(acteur, spst, motif=Motif(CodeMotif.VISITE, CANARI)) as ctx:
        decision = habilitations.require(ctx, "dossier.open", dossier_id)
        traces.record(ctx, "dossier.open", dossier_id, decision.open_sections)


@pytest.fixture(autouse=True, scope="module")
def accesses(monde: Monde) -> None:
    """Zoé's dossier: opened by her médecin, refused to a médecin of another équipe and to an administrative account."""
    consult(monde, monde.a.medecin, monde.a.zoe.dossier_id)
    consult(monde, monde.a.medecin, monde.a.pierre.dossier_id)
    consult(monde, monde.b.medecin, monde.b.zoe.dossier_id, monde.b)
    for acteur in (monde.a.medecin_ailleurs, monde.a[Role.ADM]):
        with pytest.raises(AccessDenied):
            consult(monde, acteur, monde.a.zoe.dossier_id)


def read(monde: Monde, acteur: Acteur | None = None, spst: Spst | None = None, **filters: Any) -> list[Ligne]:
    spst = spst or monde.a
    with monde.work(acteur or spst.directrice, spst) as ctx:
        return list(services.lines(ctx, replace(services.last_days(ctx), **filters)).lignes)


def reference(monde: Monde, dossier_id: UUID) -> str:
    with monde.work(monde.a.directrice) as ctx:
        return services.queries.reference_of(ctx, dossier_id)


@pytest.mark.exigence("TRA-05", partielle="recherche sans contenu")
@pytest.mark.exigence("HAB-08", partielle="règle et version sur chaque ligne ; pas encore d’explication à la demande")
def test_direction_reads_who_did_what_by_which_rule_and_never_why(monde: Monde) -> None:
    lignes = read(monde, reference=reference(monde, monde.a.zoe.dossier_id))
    refused, opened = lignes[0], lignes[-1]
    assert (opened.personne, opened.role, opened.acte) == (
        "Dr\u00a0Claire Vasseur",
        "Médecin du travail",
        "Ouvrir le dossier",
    )
    assert opened.sections == ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8")
    assert (opened.decision, "P-001" in opened.regles) == ("permis", True)
    assert (refused.decision, refused.regles) == ("refuse", ("P-104",))
    assert opened.version == refused.version != ""
    everything = repr(read(monde))
    for canary in (CANARI, "ADRUN", "visite", str(monde.a.zoe.dossier_id), str(monde.a.zoe.travailleur_id)):
        assert canary not in everything


def test_reference_is_stable_in_one_spst_and_foreign_to_the_other(monde: Monde) -> None:
    mine = reference(monde, monde.a.zoe.dossier_id)
    assert mine == reference(monde, monde.a.zoe.dossier_id)
    with monde.work(monde.b.directrice, monde.b) as ctx:
        assert services.queries.reference_of(ctx, monde.a.zoe.dossier_id) != mine
    assert read(monde, spst=monde.b, reference=mine) == []


def test_lines_of_the_other_spst_are_never_read(monde: Monde) -> None:
    with monde.superuser.connect() as connection:
        there = connection.scalar(text("SELECT count(*) FROM trace WHERE tenant_id = :t"), {"t": monde.b.tenant_id})
    assert there
    theirs = {ligne.id for ligne in read(monde, spst=monde.b)}
    assert theirs
    assert theirs.isdisjoint(ligne.id for ligne in read(monde))


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ({"decision": "refuse"}, lambda ligne: ligne.decision == "refuse"),
        ({"section": "S3"}, lambda ligne: "S3" in ligne.sections),
        ({"role": "ADM"}, lambda ligne: ligne.role == "Administrative"),
        ({"acte": CHOIX["dossier.open"]}, lambda ligne: ligne.acte == "Ouvrir le dossier"),
        ({"acte": CHOIX["genre:journal"]}, lambda ligne: ligne.acte in {"Lire le journal", "Exporter le journal"}),
    ],
)
def test_each_filter_keeps_its_lines_only(
    monde: Monde, filters: dict[str, Any], holds: Callable[[Ligne], bool]
) -> None:
    lignes = read(monde, **filters)
    assert lignes
    assert all(holds(ligne) for ligne in lignes)


def test_filter_by_person_and_by_period(monde: Monde) -> None:
    assert {ligne.personne for ligne in read(monde, compte_id=monde.a.medecin.id)} == {"Dr\u00a0Claire Vasseur"}
    with monde.work(monde.a.directrice) as ctx:
        whole = services.last_days(ctx)
        before = Filtres(whole.start - timedelta(days=30), whole.end - timedelta(days=8))
        assert services.lines(ctx, before).total == 0


def test_reading_the_journal_is_traced_without_what_was_looked_for(monde: Monde) -> None:
    mine = reference(monde, monde.a.zoe.dossier_id)
    read(monde, reference=mine)
    with monde.superuser.connect() as connection:
        row = connection.execute(
            text("SELECT dossier_id, details FROM trace WHERE action = 'journal.consult' ORDER BY id DESC LIMIT 1")
        ).one()
    assert row.dossier_id is None
    assert row.details["filtres"] == "reference"
    assert mine not in str(row.details)


@pytest.mark.parametrize("role", [Role.MDT, Role.INF, Role.ADM, Role.IPRP, Role.PRO])
def test_journal_of_the_spst_is_closed_to_who_works_on_dossiers(monde: Monde, role: Role) -> None:
    with pytest.raises(AccessDenied):
        read(monde, monde.a[role])


@pytest.mark.parametrize("role", [Role.DIR, Role.DPO, Role.AUD])
def test_direction_officer_and_auditor_read_it(monde: Monde, role: Role) -> None:
    assert read(monde, monde.a[role])


@pytest.mark.parametrize("role", [Role.DIR, Role.DPO, Role.AUD])
def test_direction_reads_no_reason_even_past_the_engine(monde: Monde, role: Role) -> None:
    """The wall of the database: the reasons stand in a table that its family does not read."""
    with monde.work(monde.a[role]) as ctx:
        assert ctx.session.scalar(text("SELECT count(*) FROM trace_reserve")) == 0


def test_pages_follow_each_other_without_gap_nor_repeat(monde: Monde) -> None:
    for _ in range(PAGE + 5):
        consult(monde, monde.a.medecin, monde.a.pierre.dossier_id)
    with monde.work(monde.a.directrice) as ctx:
        filtres = replace(services.last_days(ctx), compte_id=monde.a.medecin.id)
        first = services.lines(ctx, filtres)
        second = services.lines(ctx, filtres, before=first.older)
        back = services.lines(ctx, filtres, after=second.newer)
    assert (first.newer, second.older) == (None, None)
    assert len(first.lignes) == PAGE
    assert first.total == len(first.lignes) + len(second.lignes)
    assert {ligne.id for ligne in first.lignes}.isdisjoint(ligne.id for ligne in second.lignes)
    assert [ligne.id for ligne in back.lignes] == [ligne.id for ligne in first.lignes]


def test_export_is_traced_before_its_first_line(monde: Monde) -> None:
    with monde.work(monde.a[Role.DPO]) as ctx:
        filtres = services.last_days(ctx)
        total, mark = services.start_export(ctx, filtres)
    with monde.superuser.connect() as connection:
        row = connection.execute(
            text("SELECT acteur_id, details FROM trace WHERE action = 'journal.export' ORDER BY id DESC LIMIT 1")
        ).one()
    assert (row.acteur_id, row.details) == (monde.a[Role.DPO].id, {"filtres": "periode", "lignes": total})
    with monde.work(monde.a[Role.DPO]) as ctx:
        lignes = list(services.export(ctx, filtres, mark))
    assert len(lignes) == total, "the line of the export comes after those that it holds"
    assert len({ligne.id for ligne in lignes}) == len(lignes)


def test_an_act_on_an_account_says_which_one_and_what_was_done(monde: Monde) -> None:
    role = DemandeRole(Role.DPO, datetime.now(UTC))
    with monde.work(monde.b.directrice, monde.b) as ctx:
        comptes.grant_habilitation(ctx, monde.b[Role.ADM].id, role)
    with monde.work(monde.b.directrice, monde.b) as ctx:
        comptes.suspend_compte(ctx, monde.b[Role.ADM].id, "Fin de contrat")
    with monde.work(monde.b.directrice, monde.b) as ctx:
        comptes.resume_compte(ctx, monde.b[Role.ADM].id)
    with monde.work(monde.b[Role.DPO], monde.b) as ctx:
        actes = [ligne.acte.replace(NO_BREAK, " ") for ligne in services.lines(ctx, services.last_days(ctx)).lignes]
        [whose] = {acte.partition(" : ")[2] for acte in actes if acte.startswith("Suspendre un compte")}
    assert whose
    assert actes[:3] == [
        f"Rouvrir un compte : {whose}",
        f"Suspendre un compte : {whose}",
        f"Accorder une habilitation : {whose}, {Role.DPO.label_of(whose)}",
    ]


def test_figures_count_accesses_and_refusals(monde: Monde) -> None:
    with monde.work(monde.a.directrice) as ctx:
        chiffres = services.figures(ctx, services.last_days(ctx))
    assert chiffres.acces == sum(chiffres.par_heure)
    assert 2 <= chiffres.refus < chiffres.acces


def test_figures_count_what_the_filters_leave(monde: Monde) -> None:
    with monde.work(monde.a.directrice) as ctx:
        refused = replace(services.last_days(ctx), decision="refuse")
        chiffres = services.figures(ctx, refused)
        none = services.figures(ctx, replace(refused, reference="D-0000-0000"))
    assert chiffres.acces == chiffres.refus == sum(chiffres.par_heure) >= 2
    assert (none.acces, sum(none.par_heure)) == (0, 0)


@pytest.mark.exigence("TRA-04", partielle="la liste")
def test_worker_reads_who_opened_his_dossier_why_and_who_was_refused(monde: Monde) -> None:
    zoe = monde.a.zoe
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        acces = services.accesses_of(ctx, zoe.dossier_id)
    phrases = [ligne.phrase for ligne in acces.lignes]
    assert (
        f"Dr\u00a0Claire Vasseur, médecin du travail, a ouvert votre dossier pour votre visite ({CANARI})." in phrases
    )
    assert "Mme\u00a0Claire Test-Adm, administrative, a voulu ouvrir votre dossier. L’accès a été refusé." in phrases
    opened = next(ligne for ligne in acces.lignes if ligne.decision == "permis")
    assert opened.volets.startswith("identité, emplois et expositions, visites et santé")


def test_worker_reads_the_list_of_nobody_else(monde: Monde) -> None:
    zoe = monde.a.zoe
    for other in (monde.a.pierre, monde.b.zoe):
        with pytest.raises(NotFound), monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
            services.accesses_of(ctx, other.dossier_id)


def test_medecin_reads_the_accesses_of_a_dossier_he_follows(monde: Monde) -> None:
    with monde.work(monde.a.medecin) as ctx:
        acces = services.accesses_of(ctx, monde.a.zoe.dossier_id, limit=2)
    assert len(acces.lignes) == 2
    assert acces.older is not None
    assert acces.total > 2
    with pytest.raises(NotFound), monde.work(monde.a.medecin) as ctx:
        services.accesses_of(ctx, monde.b.zoe.dossier_id)


@pytest.mark.parametrize("role", [Role.INF, Role.COLL, Role.DIR, Role.DPO, Role.ADM, Role.IPRP])
def test_accesses_with_their_reasons_are_closed_to_the_others(monde: Monde, role: Role) -> None:
    with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
        services.accesses_of(ctx, monde.a.zoe.dossier_id)
