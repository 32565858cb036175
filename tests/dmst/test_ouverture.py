"""Opening a dossier, on a real database, two SPSTs, every wall standing."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from spst.dmst import services as dmst
from spst.dmst.errors import (
    DossierNotFound,
    ObjetNotFound,
    OppositionAlreadyRecorded,
    OppositionNotAllowed,
    OppositionNotInForce,
)
from spst.dmst.services import DossierVu
from spst.expositions import services as expositions
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from tests.dmst.actes import LETTER, open_, write_everything
from tests.factories.monde import Monde
from tests.factories.releves import count_traces, last_traces, run, statements

# ──── Opening


@pytest.mark.exigence("DMS-01", partielle="S1, S4, S6 et S7 ; les autres volets dans leurs salles")
def test_a_medecin_reads_every_section_as_it_was_written(monde: Monde) -> None:
    write_everything(monde)
    seen: DossierVu = open_(monde)
    assert seen.identite.nom_naissance == "ADRUN"
    assert [vue.legale.code for vue in seen.sections] == [f"S{n}" for n in range(1, 9)]
    assert all(vue.droit.consulter.allowed for vue in seen.sections)
    assert seen.s1
    assert seen.s1.matricule
    assert seen.s1.matricule.valeur == "275126322074974"
    assert seen.s1.medecin_traitant
    assert seen.s1.medecin_traitant.nom == "Dr Anne Canari-Traitant"
    assert seen.s4
    assert (seen.s4[0].texte, seen.s4[0].auteur) == (LETTER["texte"], "Dr\u00a0Claire Vasseur")
    assert seen.s6
    assert seen.s6[0].precision == "Canari de l’information"
    assert seen.s7
    assert (seen.s7[0].portee, seen.s7[0].is_in_force) == ("transfert", True)
    assert [contrat.poste for contrat in seen.emplois] == ["Soudeuse TIG"]


def test_the_equipe_that_follows_is_shown_with_its_medecin(monde: Monde) -> None:
    seen: DossierVu = open_(monde)
    assert [membre.nom for membre in seen.medecins] == ["Dr\u00a0Claire Vasseur"]
    assert {role for membre in seen.equipe for role in membre.roles} == {
        Role.MDT,
        Role.COLL,
        Role.INT,
        Role.INF,
        Role.IPA,
        Role.IPRP,
        Role.ASST,
    }
    assert {membre.equipe for membre in seen.equipe} == {"Équipe Vasseur"}


def test_opening_leaves_one_trace_with_the_sections_really_read(monde: Monde) -> None:
    before = count_traces(monde, monde.a)
    open_(monde)
    [trace] = last_traces(monde, monde.a)
    assert count_traces(monde, monde.a) == before + 1
    assert (trace.action, trace.decision, trace.dossier_id) == ("dossier.open", "permis", monde.a.zoe.dossier_id)
    assert trace.sections == ["S1", "S4", "S6", "S7"]
    assert trace.regles
    assert trace.politique_version


def test_the_page_that_reads_exposures_too_leaves_one_wider_trace(monde: Monde) -> None:
    before = count_traces(monde, monde.a)
    with monde.work(monde.a.medecin) as ctx:
        dmst.open_dossier(ctx, monde.a.zoe.dossier_id)
        expositions.curriculum(ctx, monde.a.zoe.dossier_id)
    [trace] = last_traces(monde, monde.a)
    assert count_traces(monde, monde.a) == before + 1
    assert (trace.action, trace.sections) == ("dossier.open", ["S1", "S2", "S4", "S6", "S7"])


def test_opening_sends_at_most_one_statement_per_section(monde: Monde) -> None:
    write_everything(monde)
    with statements(monde) as sent:
        open_(monde)
    for table in ("medecin_traitant", "courrier", "information", "matricule_ins"):
        assert sum(f"FROM {table}" in sql or f"JOIN {table}" in sql for sql in sent) <= 1, table
    assert len(sent) <= 15, sent


def test_no_word_of_a_dossier_reaches_its_traces(monde: Monde) -> None:
    write_everything(monde)
    open_(monde)
    with monde.superuser.connect() as connection:
        lines = [str(tuple(row)) for row in connection.execute(text("SELECT * FROM trace"))]
        lines += [str(tuple(row)) for row in connection.execute(text("SELECT * FROM trace_reserve"))]
    assert not [line for line in lines if "anari" in line or "ADRUN" in line or "2751263220749" in line]


# ──── Refusals


@pytest.mark.exigence("TEN-04", partielle="un dossier par salarié et par SPST ; employeurs multiples dans entreprises")
def test_a_dossier_of_the_other_tenant_is_not_found(monde: Monde) -> None:
    for dossier_id in (monde.b.zoe.dossier_id, new_id()):
        with pytest.raises(DossierNotFound) as raised, monde.work(monde.a.medecin) as ctx:
            dmst.open_dossier(ctx, dossier_id)
        assert str(dossier_id) not in str(raised.value)
        [trace] = last_traces(monde, monde.a)
        assert (trace.decision, trace.dossier_id, trace.details) == ("refuse", None, {"introuvable": True})


@pytest.mark.exigence("HAB-01", partielle="équipe de suivi")
def test_a_medecin_of_another_equipe_is_refused_with_the_reason_and_traced(monde: Monde) -> None:
    with pytest.raises(AccessDenied, match="Vous ne suivez pas ce salarié") as raised:
        open_(monde, monde.a.medecin_ailleurs)
    assert raised.value.facts["dossier_id"] == monde.a.zoe.dossier_id
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.decision, trace.dossier_id) == ("dossier.open", "refuse", monde.a.zoe.dossier_id)
    assert "P-110" in trace.regles


@pytest.mark.exigence("HAB-01", partielle="familles sans accès au contenu")
@pytest.mark.parametrize("role", [Role.ADM, Role.DIR, Role.DPO, Role.AUD, Role.PRO, Role.ASS])
def test_those_whom_the_law_keeps_out_open_nothing(monde: Monde, role: Role) -> None:
    with pytest.raises(AccessDenied, match=r"\("):
        open_(monde, monde.a[role])
    [trace] = last_traces(monde, monde.a)
    assert (trace.decision, trace.role) == ("refuse", role)


@pytest.mark.exigence("HAB-01", partielle="murs de la base")
@pytest.mark.parametrize("role", [Role.ADM, Role.DIR, Role.DPO, Role.AUD, Role.PRO, Role.ASS, Role.IPRP, Role.ASST])
def test_the_walls_hide_matricule_medecin_traitant_and_exposures_whatever_the_engine_says(
    monde: Monde, role: Role
) -> None:
    write_everything(monde)
    tables = (
        "matricule_ins",
        "medecin_traitant",
        "exposition",
        "emploi",
        "regime",
        "courrier",
        "information",
        "opposition",
    )
    with monde.work(monde.a[role]) as ctx:
        for table in tables:
            assert ctx.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table


def test_one_factor_opens_nothing(monde: Monde) -> None:
    weak = Acteur(monde.a.medecin.id, Role.MDT, "s-MDT", facteurs=1)
    with pytest.raises(AccessDenied, match="deux facteurs"):
        open_(monde, weak)


# ──── Delegates


@pytest.mark.exigence("HAB-01", partielle="délégation S1 et S2")
@pytest.mark.parametrize("role", [Role.IPRP, Role.ASST])
def test_a_delegate_reads_what_was_delegated_and_nothing_else(monde: Monde, role: Role) -> None:
    write_everything(monde)
    delegation = monde.delegate(monde.a, monde.a[role], "S1")
    try:
        seen: DossierVu = open_(monde, monde.a[role])
        [trace] = last_traces(monde, monde.a)
        assert seen.s1
        assert seen.s1.medecin_traitant
        assert (seen.s4, seen.s6, seen.s7) == (None, None, None)
        assert (trace.sections, trace.delegation_id) == (["S1"], delegation)
        closed = seen.droit("S3").consulter
        assert (closed.allowed, closed.article) == (False, "R. 4624-45-5 al. 2")
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            expositions.curriculum(ctx, monde.a.zoe.dossier_id)
    finally:
        run(monde, "DELETE FROM delegation WHERE id = :id", id=delegation)


@pytest.mark.parametrize("role", [Role.IPRP, Role.ASST])
def test_without_a_delegation_in_force_a_delegate_opens_nothing(monde: Monde, role: Role) -> None:
    now = datetime.now().astimezone()
    ended = monde.delegate(
        monde.a, monde.a[role], "S1", "S2", starts_on=now - timedelta(days=9), ends_on=now - timedelta(hours=1)
    )
    elsewhere = monde.delegate(monde.a, monde.a[role], "S1", dossier_id=monde.a.pierre.dossier_id)
    try:
        with pytest.raises(AccessDenied, match="délégation"):
            open_(monde, monde.a[role])
    finally:
        run(monde, "DELETE FROM delegation WHERE id IN (:a, :b)", a=ended, b=elsewhere)


@pytest.mark.parametrize("role", [Role.IPRP, Role.ASST])
def test_a_delegate_fills_s1_that_was_delegated(monde: Monde, role: Role) -> None:
    delegation = monde.delegate(monde.a, monde.a[role], "S1", "S2")
    try:
        with monde.work(monde.a[role]) as ctx:
            dmst.set_medecin_traitant(ctx, monde.a.zoe.dossier_id, nom="Dr Par-Délégation", contact="01")
        seen: DossierVu = open_(monde)
        assert seen.s1
        assert seen.s1.medecin_traitant
        assert seen.s1.medecin_traitant.nom == "Dr Par-Délégation"
    finally:
        run(monde, "DELETE FROM delegation WHERE id = :id", id=delegation)


# ──── Oppositions


def oppose(monde: Monde, portee: str, acteur: Acteur | None = None) -> UUID:
    with monde.work(acteur or monde.a.medecin) as ctx:
        return dmst.record_opposition(ctx, monde.a.zoe.dossier_id, portee=portee)


@pytest.mark.parametrize("role", [Role.COLL, Role.INT, Role.INF, Role.IPA])
def test_an_opposition_to_the_professionals_closes_at_once_and_leaves_the_medecin(monde: Monde, role: Role) -> None:
    open_(monde, monde.a[role])
    opposition = oppose(monde, "professionnels")
    with pytest.raises(AccessDenied, match="s’oppose"):
        open_(monde, monde.a[role])
    [trace] = last_traces(monde, monde.a)
    assert (trace.decision, trace.regles[0]) == ("refuse", "P-115")
    assert open_(monde).s7[0].id == opposition
    with monde.work(monde.a.medecin) as ctx:
        dmst.withdraw_opposition(ctx, opposition)
    open_(monde, monde.a[role])


def test_both_oppositions_leave_the_medecin_alone_even_before_delegates(monde: Monde) -> None:
    delegation = monde.delegate(monde.a, monde.a[Role.IPRP], "S1", "S2")
    try:
        oppose(monde, "mpc")
        open_(monde, monde.a[Role.IPRP])
        oppose(monde, "professionnels")
        with pytest.raises(AccessDenied, match="réserve son dossier au médecin du travail"):
            open_(monde, monde.a[Role.IPRP])
        open_(monde)
    finally:
        run(monde, "DELETE FROM delegation WHERE id = :id", id=delegation)


def test_the_travailleur_records_and_lifts_his_own_opposition(monde: Monde) -> None:
    zoe = monde.a.zoe
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        opposition = dmst.record_opposition(ctx, zoe.dossier_id, portee="professionnels", precision="Mon choix")
    with pytest.raises(AccessDenied):
        open_(monde, monde.a.infirmier)
    seen: DossierVu = open_(monde, zoe.acteur)
    assert seen.s7
    assert (seen.s7[0].auteur, seen.s7[0].precision) == (None, "Mon choix")
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        dmst.withdraw_opposition(ctx, opposition)
    open_(monde, monde.a.infirmier)
    [trace] = last_traces(monde, monde.a)
    assert trace.decision == "permis"


@pytest.mark.parametrize("portee", ["medecin_du_travail", "constitution", "", "MPC"])
def test_nobody_opposes_his_medecin_du_travail_nor_the_constitution_of_his_dossier(monde: Monde, portee: str) -> None:
    with pytest.raises(OppositionNotAllowed):
        oppose(monde, portee)


def test_an_opposition_runs_once_and_is_lifted_once(monde: Monde) -> None:
    opposition = oppose(monde, "mpc")
    with pytest.raises(OppositionAlreadyRecorded):
        oppose(monde, "mpc")
    with monde.work(monde.a.medecin) as ctx:
        dmst.withdraw_opposition(ctx, opposition)
    with pytest.raises(OppositionNotInForce), monde.work(monde.a.medecin) as ctx:
        dmst.withdraw_opposition(ctx, opposition)
    with pytest.raises(ObjetNotFound), monde.work(monde.b.medecin, monde.b) as ctx:
        dmst.withdraw_opposition(ctx, opposition)


# ──── The worker


@pytest.mark.exigence("POR-05", partielle="volets de cette salle ; l’annonce d’un résultat grave reste à faire")
def test_the_travailleur_reads_his_record_without_free_text_that_nobody_released(monde: Monde) -> None:
    write_everything(monde)
    seen: DossierVu = open_(monde, monde.a.zoe.acteur)
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.sections) == ("portail.dossier", ["S1", "S4", "S6", "S7"])
    assert seen.s1
    assert seen.s1.medecin_traitant
    assert seen.s4
    assert (seen.s4[0].correspondant, seen.s4[0].objet, seen.s4[0].texte) == (
        LETTER["correspondant"],
        None,
        None,
    )
    assert seen.s6
    assert seen.s6[0].precision is None
    assert [membre.nom for membre in seen.medecins] == ["Dr\u00a0Claire Vasseur"]


def test_the_travailleur_opens_no_other_dossier(monde: Monde) -> None:
    zoe, pierre = monde.a.zoe, monde.a.pierre
    with pytest.raises(DossierNotFound), monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        dmst.open_dossier(ctx, pierre.dossier_id)
    with (
        pytest.raises(AccessDenied, match="votre propre dossier"),
        monde.work(zoe.acteur, dossier_id=pierre.dossier_id) as ctx,
    ):
        dmst.open_dossier(ctx, pierre.dossier_id)


# ──── Law as dated data


def test_sections_are_those_of_the_text_in_force_that_day(monde: Monde) -> None:
    run(
        monde,
        "INSERT INTO section_dmst SELECT 'S4', '2030-01-01', NULL, rang, 'Courriers, texte de 2030', contenu, article, source"
        " FROM section_dmst WHERE code = 'S4'",
    )
    run(
        monde, "UPDATE section_dmst SET effective_to = '2029-12-31' WHERE code = 'S4' AND effective_from < '2030-01-01'"
    )
    try:
        with monde.work(monde.a.medecin) as ctx:
            titles = [s.titre for s in dmst.sections(ctx)]
            later = [s.titre for s in dmst.sections(ctx, date(2031, 1, 1))]
        assert (titles[3], later[3]) == ("Courriers", "Courriers, texte de 2030")
        assert len(titles) == len(later) == 8
    finally:
        run(monde, "DELETE FROM section_dmst WHERE effective_from = '2030-01-01'")
        run(monde, "UPDATE section_dmst SET effective_to = NULL")
