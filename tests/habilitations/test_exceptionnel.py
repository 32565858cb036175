"""Exceptional access: past the policy of the SPST, never past the law; one dossier, one hour, a reason that another reads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from spst.dmst import services as dmst
from spst.habilitations import exceptionnel, situations
from spst.habilitations import services as habilitations
from spst.habilitations.errors import (
    AccesExceptionnelAlreadyRuns,
    AccesExceptionnelNotFound,
    AccesExceptionnelRefused,
    OwnAccesExceptionnel,
)
from spst.habilitations.exceptionnel import Avis, Raison
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied, NotFound
from tests.factories.monde import Monde, colleague
from tests.factories.politiques import closing, published
from tests.factories.releves import clock, run

pytestmark = pytest.mark.exigence("HAB-06")
WHY = "CANARI Malaise au poste, le Dr Besson est absent."


@pytest.fixture(autouse=True)
def letters_closed_to_medecins(monde: Monde) -> Iterator[None]:
    """In A only: nobody but the law opens S4 to them."""
    with published(monde, closing(Role.MDT, "S4")):
        yield


def start(monde: Monde, acteur: Acteur | None = None, dossier_id: UUID | None = None) -> UUID:
    with monde.work(acteur or monde.a.medecin) as ctx:
        return exceptionnel.start(ctx, dossier_id or monde.a.zoe.dossier_id, Raison.URGENCE, WHY)


def reads_letters(monde: Monde, acteur: Acteur | None = None, dossier_id: UUID | None = None) -> bool:
    with monde.work(acteur or monde.a.medecin) as ctx:
        return habilitations.permitted(ctx, dossier_id or monde.a.zoe.dossier_id).can_consult("S4")


@pytest.fixture
def other(monde: Monde) -> Acteur:
    return colleague(monde, monde.a, Role.MDT)


def test_medecin_reads_for_an_hour_what_his_spst_closes_in_that_dossier_alone(monde: Monde) -> None:
    with monde.work(monde.a.medecin) as ctx:
        assert exceptionnel.is_offered(ctx, monde.a.zoe.dossier_id)
    assert not reads_letters(monde)
    start(monde)
    assert reads_letters(monde)
    assert not reads_letters(monde, dossier_id=monde.a.pierre.dossier_id)
    with clock(monde) as horloge:
        horloge.at = datetime.now(UTC) + timedelta(minutes=59)
        assert reads_letters(monde)
        horloge.at = datetime.now(UTC) + timedelta(minutes=61)
        assert not reads_letters(monde)


def test_acts_under_it_are_traced_with_that_reason_and_its_opening_too(monde: Monde) -> None:
    start(monde)
    with monde.work(monde.a.medecin) as ctx:
        dmst.open_dossier(ctx, monde.a.zoe.dossier_id)
    with monde.superuser.connect() as connection:
        query = text(
            "SELECT t.action, r.motif, t.sections FROM trace t JOIN trace_reserve r ON r.trace_id = t.id"
            " WHERE t.dossier_id = :zoe ORDER BY t.id DESC LIMIT 2"
        )
        opened, started = connection.execute(query, {"zoe": monde.a.zoe.dossier_id}).all()
    assert (opened.action, opened.motif) == ("dossier.open", "exceptionnel")
    assert "S4" in opened.sections
    assert (started.action, started.motif) == ("exceptionnel.open", "exceptionnel")


def test_it_never_goes_past_the_law(monde: Monde) -> None:
    with pytest.raises(AccessDenied, match="Vous ne suivez pas"):
        start(monde, dossier_id=monde.a.toussaint.dossier_id)
    with pytest.raises(NotFound):
        start(monde, dossier_id=monde.b.zoe.dossier_id)


@pytest.mark.parametrize("role", [Role.COLL, Role.INT, Role.INF, Role.MPC, Role.IPRP, Role.ADM, Role.DIR])
def test_nobody_but_a_medecin_du_travail_opens_by_it(monde: Monde, role: Role) -> None:
    with pytest.raises(AccessDenied):
        start(monde, monde.a[role])


def test_opposition_is_obeyed_during_it(monde: Monde) -> None:
    """It is nobody's right but the médecin's, whom no opposition names; a colleague stays out."""
    with monde.work(monde.a.medecin) as ctx:
        opposition = dmst.record_opposition(ctx, monde.a.zoe.dossier_id, portee="professionnels")
    start(monde)
    with monde.work(monde.a.infirmier) as ctx:
        assert not habilitations.permitted(ctx, monde.a.zoe.dossier_id).opens
    with monde.work(monde.a.medecin) as ctx:
        dmst.withdraw_opposition(ctx, opposition)


def test_where_nothing_is_closed_there_is_nothing_to_get_past(monde: Monde) -> None:
    run(monde, "DELETE FROM politique_version")
    with pytest.raises(AccesExceptionnelRefused):
        start(monde)


def test_one_at_a_time_and_ended_before_its_hour(monde: Monde) -> None:
    start(monde)
    with pytest.raises(AccesExceptionnelAlreadyRuns):
        start(monde)
    with monde.work(monde.a.medecin) as ctx:
        exceptionnel.end(ctx, monde.a.zoe.dossier_id)
    assert not reads_letters(monde)
    start(monde)


def test_another_medecin_reads_the_reason_again_and_never_its_author(monde: Monde, other: Acteur) -> None:
    opened = start(monde)
    with pytest.raises(OwnAccesExceptionnel), monde.work(monde.a.medecin) as ctx:
        exceptionnel.review(ctx, opened, Avis.JUSTIFIE)
    with monde.work(monde.a.medecin) as ctx:
        assert exceptionnel.to_review(ctx) == ()
        assert exceptionnel.waiting(ctx) == 0
    with monde.work(other) as ctx:
        assert exceptionnel.waiting(ctx) == 1
        (seen,) = exceptionnel.to_review(ctx)
        assert (seen.texte, seen.raison, seen.compte_id) == (WHY, Raison.URGENCE, monde.a.medecin.id)
        exceptionnel.review(ctx, opened, Avis.INJUSTIFIE, "Le médecin de garde était joignable.")
        assert exceptionnel.to_review(ctx) == ()
        with pytest.raises(AccesExceptionnelRefused):
            exceptionnel.review(ctx, opened, Avis.JUSTIFIE)


def test_access_judged_unjustified_ends_the_one_opened_since_on_the_same_dossier(monde: Monde, other: Acteur) -> None:
    first = start(monde)
    with monde.work(monde.a.medecin) as ctx:
        exceptionnel.end(ctx, monde.a.zoe.dossier_id)
    start(monde)
    with monde.work(other) as ctx:
        exceptionnel.review(ctx, first, Avis.INJUSTIFIE)
    with monde.work(monde.a.medecin) as ctx:
        assert not situations.runs_exceptionally(ctx, monde.a.zoe.dossier_id)


def test_verdict_holds_whatever_was_said_of_a_later_access(monde: Monde, other: Acteur) -> None:
    opened = []
    for _ in range(2):
        opened.append(start(monde))
        with monde.work(monde.a.medecin) as ctx:
            exceptionnel.end(ctx, monde.a.zoe.dossier_id)
    for acces, avis in zip(reversed(opened), (Avis.JUSTIFIE, Avis.INJUSTIFIE), strict=True):
        with monde.work(other) as ctx:
            exceptionnel.review(ctx, acces, avis)
    with pytest.raises(AccesExceptionnelRefused):
        start(monde)
    with monde.work(monde.a.medecin) as ctx:
        assert "jugé injustifié" in (exceptionnel.obstacle(ctx, monde.a.zoe.dossier_id) or "")


def test_who_opens_while_he_is_judged_waits_for_the_verdict(monde: Monde, other: Acteur) -> None:
    first = start(monde)
    with monde.work(monde.a.medecin) as ctx:
        exceptionnel.end(ctx, monde.a.zoe.dossier_id)
    with ThreadPoolExecutor() as threads:
        with monde.work(other) as ctx:
            exceptionnel.review(ctx, first, Avis.INJUSTIFIE)
            again = threads.submit(start, monde)
            with pytest.raises(TimeoutError):
                again.result(timeout=0.5)
        with pytest.raises(AccesExceptionnelRefused):
            again.result(timeout=20)


def test_access_judged_unjustified_is_not_opened_again_within_the_month(monde: Monde, other: Acteur) -> None:
    opened = start(monde)
    with monde.work(monde.a.medecin) as ctx:
        exceptionnel.end(ctx, monde.a.zoe.dossier_id)
    with monde.work(other) as ctx:
        exceptionnel.review(ctx, opened, Avis.INJUSTIFIE, "Le médecin de garde était joignable.")
    with pytest.raises(AccesExceptionnelRefused, match="jugé injustifié"):
        start(monde)
    with clock(monde) as horloge:
        horloge.at = datetime.now(UTC) + timedelta(days=31)
        start(monde)


def test_access_judged_unjustified_while_it_runs_ends_at_once(monde: Monde, other: Acteur) -> None:
    opened = start(monde)
    assert reads_letters(monde)
    with monde.work(other) as ctx:
        exceptionnel.review(ctx, opened, Avis.INJUSTIFIE)
    assert not reads_letters(monde)


def test_six_requests_at_once_open_one_access(monde: Monde) -> None:
    def ask(_: int) -> bool:
        try:
            start(monde)
        except AccesExceptionnelAlreadyRuns:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(ask, range(6))) == 1


def test_queue_does_not_forget(monde: Monde, other: Acteur) -> None:
    start(monde)
    with clock(monde) as horloge:
        horloge.at = datetime.now(UTC) + timedelta(days=400)
        with monde.work(other) as ctx:
            assert len(exceptionnel.to_review(ctx)) == 1
        with monde.work(monde.a[Role.DPO]) as ctx:
            counted = exceptionnel.count(ctx)
    assert (counted.total, counted.a_relire, counted.en_retard) == (1, 1, 1)


def test_worker_reads_who_why_and_what_the_other_medecin_thought(monde: Monde, other: Acteur) -> None:
    opened = start(monde)
    with monde.work(other) as ctx:
        exceptionnel.review(ctx, opened, Avis.JUSTIFIE)
    zoe = monde.a.zoe
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        (seen,) = exceptionnel.of_dossier(ctx, zoe.dossier_id)
        assert (seen.compte_id, seen.texte, seen.avis) == (monde.a.medecin.id, WHY, Avis.JUSTIFIE)
        assert exceptionnel.of_dossier(ctx, monde.a.pierre.dossier_id) == ()


@pytest.mark.parametrize("role", [Role.DIR, Role.DPO, Role.AUD])
def test_direction_reads_how_many_and_the_database_keeps_the_reason_from_it(monde: Monde, role: Role) -> None:
    opened = start(monde)
    with monde.work(monde.a[role]) as ctx:
        assert exceptionnel.count(ctx).total == 1
        assert ctx.session.scalar(text("SELECT count(*) FROM acces_exceptionnel_motif")) == 0
    with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
        exceptionnel.to_review(ctx)
    with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
        exceptionnel.review(ctx, opened, Avis.JUSTIFIE)


def test_dpo_is_told_of_each_and_the_rest_of_the_direction_how_many(monde: Monde, other: Acteur) -> None:
    opened = start(monde)
    with monde.work(other) as ctx:
        exceptionnel.review(ctx, opened, Avis.INJUSTIFIE)
    with monde.work(monde.a[Role.DPO]) as ctx:
        [told] = exceptionnel.avertissements(ctx)
    assert (told.compte_id, told.dossier_id) == (monde.a.medecin.id, monde.a.zoe.dossier_id)
    assert told.avis is Avis.INJUSTIFIE
    assert told.ended_at < told.opened_at + exceptionnel.DUREE
    for role in (Role.DIR, Role.AUD):
        with monde.work(monde.a[role]) as ctx:
            assert exceptionnel.avertissements(ctx) == ()
    with monde.work(monde.b[Role.DPO], monde.b) as ctx:
        assert exceptionnel.avertissements(ctx) == ()
    with pytest.raises(AccessDenied), monde.work(monde.a.medecin) as ctx:
        exceptionnel.avertissements(ctx)


def test_reason_is_sealed_in_the_database(monde: Monde) -> None:
    start(monde)
    with monde.superuser.connect() as connection:
        kept = connection.scalar(text("SELECT texte_sealed FROM acces_exceptionnel_motif"))
    assert b"CANARI" not in bytes(kept)


def test_another_spst_sees_nothing_of_it(monde: Monde) -> None:
    opened = start(monde)
    with monde.work(monde.b.medecin, monde.b) as ctx:
        assert exceptionnel.to_review(ctx) == ()
        with pytest.raises(AccesExceptionnelNotFound):
            exceptionnel.review(ctx, opened, Avis.JUSTIFIE)
    with monde.work(monde.b[Role.DPO], monde.b) as ctx:
        assert exceptionnel.count(ctx).total == 0
