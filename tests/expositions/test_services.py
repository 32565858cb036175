"""The curriculum laboris of a dossier, on a real database, two SPSTs."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spst.dmst.errors import DossierNotFound, ObjetNotFound, TexteRequired, TexteTooLong
from spst.expositions import services as expositions
from spst.expositions.errors import (
    AlreadyCorrected,
    ExpositionAlreadyClosed,
    ExpositionUnknown,
    PeriodeBeforeBirth,
    PeriodeRefused,
    SourceUnknown,
)
from spst.expositions.services import Curriculum
from spst.kernel.acteur import Acteur, Role
from spst.kernel.clock import today
from spst.kernel.crypto.aead import CiphertextRefused
from spst.kernel.errors import AccessDenied
from tests.factories.monde import Monde, Personne
from tests.factories.releves import count, count_traces, last_traces, run, statements

NOISE: dict[str, Any] = {"code": "AMIANTE", "starts_on": date(2010, 3, 1), "source": "etude_poste"}
JOB: dict[str, Any] = {"intitule": "Soudeuse", "employeur": "Ateliers d’avant", "starts_on": date(1998, 9, 1)}


@pytest.fixture(autouse=True)
def _empty(monde: Monde) -> Iterator[None]:
    yield
    for table in ("exposition", "emploi"):
        run(monde, f"UPDATE {table} SET corrige_id = NULL")
        run(monde, f"DELETE FROM {table}")
    run(monde, "DELETE FROM entete WHERE section = 'S2'")


def add(monde: Monde, acteur: Acteur | None = None, **changes: Any) -> UUID:
    with monde.work(acteur or monde.a.medecin) as ctx:
        return expositions.add_exposition(ctx, monde.a.zoe.dossier_id, **{**NOISE, **changes})


def add_job(monde: Monde, acteur: Acteur | None = None, **changes: Any) -> UUID:
    with monde.work(acteur or monde.a.medecin) as ctx:
        return expositions.add_emploi(ctx, monde.a.zoe.dossier_id, **{**JOB, **changes})


def read(monde: Monde, acteur: Acteur | None = None, personne: Personne | None = None) -> Curriculum:
    who = personne or monde.a.zoe
    own = who.dossier_id if acteur is who.acteur else None
    with monde.work(acteur or monde.a.medecin, dossier_id=own) as ctx:
        return expositions.curriculum(ctx, who.dossier_id)


@pytest.mark.exigence("DMS-04", partielle="nomenclature du code du travail ; TEP et certificats à venir")
def test_jobs_and_exposures_come_back_in_order_with_the_labels_of_the_nomenclature(monde: Monde) -> None:
    add(monde, commentaire="Découpe de plaques", ends_on=date(2012, 6, 30))
    add(monde, code="ACD", starts_on=date(2005, 1, 1), source="declare")
    add_job(monde)
    seen = read(monde)
    assert [e.libelle for e in seen.expositions] == ["Agent chimique dangereux hors CMR", "Amiante"]
    asbestos = seen.expositions[1]
    assert (asbestos.sir, asbestos.source, asbestos.commentaire) == ("yes", "Étude de poste", "Découpe de plaques")
    assert asbestos.auteur == "Dr\u00a0Claire Vasseur"
    assert [(j.intitule, j.source) for j in seen.emplois] == [("Soudeuse", "Déclaré par le salarié")]


def test_reading_is_one_statement_for_jobs_one_for_exposures_and_one_trace(monde: Monde) -> None:
    add(monde)
    before = count_traces(monde, monde.a)
    with statements(monde) as sent:
        read(monde)
    assert [sum(f"FROM {table}" in sql for sql in sent) for table in ("emploi", "exposition")] == [1, 1]
    [trace] = last_traces(monde, monde.a)
    assert count_traces(monde, monde.a) == before + 1
    assert (trace.action, trace.sections, trace.dossier_id) == ("exposition.consult", ["S2"], monde.a.zoe.dossier_id)


def test_each_act_leaves_its_own_trace(monde: Monde) -> None:
    exposition = add(monde)
    assert last_traces(monde, monde.a)[0].action == "exposition.add"
    add_job(monde)
    assert last_traces(monde, monde.a)[0].action == "emploi.add"
    with monde.work(monde.a.medecin) as ctx:
        expositions.close_exposition(ctx, exposition, date(2015, 1, 1))
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.sections) == ("exposition.close", ["S2"])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "INVENTE"}, ExpositionUnknown),
        ({"source": "rumeur"}, SourceUnknown),
        ({"starts_on": date(2999, 1, 1)}, PeriodeRefused),
        ({"ends_on": date(2010, 2, 28)}, PeriodeRefused),
        ({"starts_on": date(1970, 1, 1)}, PeriodeBeforeBirth),
        ({"commentaire": "x" * 2001}, TexteTooLong),
    ],
)
def test_an_exposure_that_cannot_be_is_refused(monde: Monde, changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        add(monde, **changes)
    assert count(monde, "exposition", monde.a) == count(monde, "emploi", monde.a) == 0


def test_a_job_has_a_title(monde: Monde) -> None:
    with pytest.raises(TexteRequired):
        add_job(monde, intitule="  ")


def test_a_code_is_taken_from_the_text_in_force_and_keeps_its_label_after_it(monde: Monde) -> None:
    add(monde)
    run(monde, "UPDATE nomenclature_exposition SET effective_to = '2020-12-31' WHERE code = 'AMIANTE'")
    try:
        with pytest.raises(ExpositionUnknown):
            add(monde)
        assert read(monde).expositions[0].libelle == "Amiante"
        with monde.work(monde.a.medecin) as ctx:
            assert "AMIANTE" not in {agent.code for agent in expositions.nomenclature(ctx)}
            assert "AMIANTE" in {agent.code for agent in expositions.nomenclature(ctx, date(2019, 1, 1))}
    finally:
        run(monde, "UPDATE nomenclature_exposition SET effective_to = NULL WHERE code = 'AMIANTE'")


# ──── Closing and correcting


def test_an_exposure_is_closed_once_on_a_day_of_its_own(monde: Monde) -> None:
    exposition = add(monde)
    with pytest.raises(PeriodeRefused), monde.work(monde.a.medecin) as ctx:
        expositions.close_exposition(ctx, exposition, date(2010, 2, 28))
    with pytest.raises(PeriodeRefused), monde.work(monde.a.medecin) as ctx:
        expositions.close_exposition(ctx, exposition, today(ctx.clock) + timedelta(days=1))
    with monde.work(monde.a.infirmier) as ctx:
        expositions.close_exposition(ctx, exposition, date(2012, 6, 30))
    assert read(monde).expositions[0].ends_on == date(2012, 6, 30)
    with pytest.raises(ExpositionAlreadyClosed), monde.work(monde.a.medecin) as ctx:
        expositions.close_exposition(ctx, exposition, date(2013, 6, 30))


def test_a_correction_is_a_new_row_and_the_wrong_one_stays(monde: Monde) -> None:
    wrong, wrong_job = add(monde), add_job(monde)
    with monde.work(monde.a.medecin) as ctx:
        right = expositions.correct_exposition(ctx, wrong, **{**NOISE, "code": "ACD"})
        expositions.correct_emploi(ctx, wrong_job, **{**JOB, "intitule": "Chaudronnière"})
    seen = read(monde)
    assert [(e.id, e.code, e.is_correction) for e in seen.expositions] == [(right, "ACD", True)]
    assert [j.intitule for j in seen.emplois] == ["Chaudronnière"]
    assert (count(monde, "exposition", monde.a), count(monde, "emploi", monde.a)) == (2, 2)


def test_a_row_is_corrected_once_and_closed_no_more(monde: Monde) -> None:
    wrong = add(monde)
    with monde.work(monde.a.medecin) as ctx:
        expositions.correct_exposition(ctx, wrong, **NOISE)
    with pytest.raises(AlreadyCorrected), monde.work(monde.a.medecin) as ctx:
        expositions.correct_exposition(ctx, wrong, **NOISE)
    with pytest.raises(AlreadyCorrected), monde.work(monde.a.medecin) as ctx:
        expositions.close_exposition(ctx, wrong, date(2015, 1, 1))


def test_a_row_replaces_only_one_of_its_kind_and_of_its_dossier(monde: Monde) -> None:
    job = add_job(monde)
    with pytest.raises(ObjetNotFound), monde.work(monde.a.medecin) as ctx:
        expositions.correct_exposition(ctx, job, **NOISE)
    with pytest.raises(ObjetNotFound), monde.work(monde.a.medecin) as ctx:
        expositions.add_exposition(ctx, monde.a.pierre.dossier_id, **NOISE, corrige_id=add(monde))
    with pytest.raises(ObjetNotFound), monde.work(monde.a.medecin) as ctx:
        expositions.close_exposition(ctx, job, date(2015, 1, 1))


def test_a_row_is_never_deleted_even_by_sql(monde: Monde) -> None:
    add(monde)
    with pytest.raises(DBAPIError, match="permission denied"), monde.work(monde.a.medecin) as ctx:
        ctx.session.execute(text("DELETE FROM exposition"))


# ──── Who


@pytest.mark.exigence("HAB-01", partielle="expositions")
@pytest.mark.parametrize("role", [Role.ADM, Role.DIR, Role.DPO, Role.AUD, Role.PRO, Role.ASS, Role.IPRP, Role.ASST])
def test_without_delegation_nobody_but_health_professionals_reads_or_adds(monde: Monde, role: Role) -> None:
    with pytest.raises(AccessDenied):
        read(monde, monde.a[role])
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.decision, trace.sections) == ("exposition.consult", "refuse", ["S2"])


@pytest.mark.exigence("HAB-01", partielle="délégation S2")
@pytest.mark.parametrize("role", [Role.IPRP, Role.ASST])
def test_with_a_delegation_a_delegate_reads_and_fills_s2(monde: Monde, role: Role) -> None:
    delegation = monde.delegate(monde.a, monde.a[role], "S2")
    try:
        exposition = add(monde, monde.a[role], commentaire="Étude du poste 12")
        assert read(monde, monde.a[role]).expositions[0].id == exposition
        with monde.work(monde.a[role]) as ctx:
            expositions.close_exposition(ctx, exposition, date(2015, 1, 1))
        assert last_traces(monde, monde.a)[0].delegation_id == delegation
    finally:
        run(monde, "DELETE FROM delegation WHERE id = :id", id=delegation)


def test_another_equipe_is_refused_and_the_other_tenant_finds_nothing(monde: Monde) -> None:
    exposition = add(monde)
    with pytest.raises(AccessDenied, match="Vous ne suivez pas"):
        read(monde, monde.a.medecin_ailleurs)
    with pytest.raises(AccessDenied), monde.work(monde.a.medecin_ailleurs) as ctx:
        expositions.close_exposition(ctx, exposition, date(2015, 1, 1))
    with pytest.raises(ObjetNotFound), monde.work(monde.b.medecin, monde.b) as ctx:
        expositions.close_exposition(ctx, exposition, date(2015, 1, 1))
    with pytest.raises(DossierNotFound), monde.work(monde.b.medecin, monde.b) as ctx:
        expositions.add_exposition(ctx, monde.a.zoe.dossier_id, **NOISE)


@pytest.mark.exigence("POR-05", partielle="expositions : valeurs codées, sans texte libre")
def test_the_travailleur_reads_his_exposures_without_the_comment_of_a_professional(monde: Monde) -> None:
    add(monde, commentaire="Dit par un collègue")
    seen = read(monde, monde.a.zoe.acteur)
    assert [(e.libelle, e.commentaire) for e in seen.expositions] == [("Amiante", None)]
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.sections) == ("portail.dossier", ["S2"])


@pytest.mark.exigence("TEN-03", partielle="un chiffré déplacé est refusé")
def test_a_comment_moved_to_another_row_does_not_open(monde: Monde) -> None:
    first, second = add(monde, commentaire="ici"), add(monde, commentaire="là")
    run(
        monde,
        "UPDATE exposition SET commentaire_sealed = (SELECT commentaire_sealed FROM exposition WHERE id = :a) WHERE id = :b",
        a=first,
        b=second,
    )
    with pytest.raises(CiphertextRefused):
        read(monde)
