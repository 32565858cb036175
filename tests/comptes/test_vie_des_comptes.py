"""Departures, disuse: what an account opens ends when it must, and the last direction stays."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from spst.comptes import connexion_queries, departs, inusage, nominatives, revues
from spst.comptes import services_comptes as services
from spst.comptes.errors import CompteNotFound, CompteRefused, LastDirection, OwnCompteRefused
from spst.comptes.exercice import ExerciceFromTables
from spst.comptes.revue_rules import Reglages
from spst.kernel.acteur import Acteur, Role, service
from spst.kernel.errors import AccessDenied
from tests.factories.monde import Monde, colleague
from tests.factories.releves import clock, run

pytestmark = pytest.mark.exigence("AUT-06")


@pytest.fixture(autouse=True)
def clean(monde: Monde) -> Iterator[None]:
    yield
    run(
        monde,
        "UPDATE compte SET departs_at = NULL, suspended_at = NULL, suspended_why = NULL, inusite = false,"
        " last_login_at = NULL, counted_from = now()",
    )
    run(monde, "DELETE FROM reglage_comptes")


def leaves(monde: Monde, compte_id: UUID, **after: float) -> None:
    with monde.work(monde.a.directrice) as ctx:
        departs.plan(ctx, compte_id, ctx.clock.now() + timedelta(**after))


def opened(monde: Monde, compte_id: UUID) -> list[Role]:
    with monde.work(service("connexion")) as ctx:
        return [one.octroi.role for one in connexion_queries.grants(ctx, compte_id)]


def traced(monde: Monde, geste: str) -> list[tuple[str, str, str]]:
    """Lines of A that say this was done: the account, from where, in which role."""
    query = text(
        "SELECT details ->> 'compte', origin, role FROM trace WHERE tenant_id = :t AND details ->> 'geste' = :g"
    )
    with monde.superuser.connect() as connection:
        return [tuple(row) for row in connection.execute(query, {"t": monde.a.tenant_id, "g": geste})]


def forget(monde: Monde, *who: Acteur, days: int = 91) -> None:
    """Nobody used these accounts for that long."""
    for one in who:
        run(
            monde,
            "UPDATE compte SET counted_from = now() - make_interval(days => :days) WHERE id = :id",
            days=days,
            id=one.id,
        )


def test_departure_ends_roles_teams_and_habilitations_by_name_at_its_instant(monde: Monde) -> None:
    desk, doctor = monde.a[Role.ADM], colleague(monde, monde.a, Role.MDT)
    with clock(monde) as moved:
        for one in (desk, doctor):
            leaves(monde, one.id, days=3)
        moved.forward(days=2)
        assert opened(monde, doctor.id) == [Role.MDT]
        moved.forward(days=1)
        assert opened(monde, doctor.id) == []
        with monde.work(monde.a.directrice) as ctx:
            seen = services.get_compte(ctx, doctor.id)
            assert (seen.has_left, seen.roles, seen.equipes) == (True, (), ())
            assert [one.etat for one in seen.habilitations] == ["terminee"]
            assert nominatives.nominatives(ctx, desk.id) == ()
            assert ExerciceFromTables().roles_of(ctx, [doctor.id]) == {}


def test_somebody_who_stays_after_all_keeps_everything(monde: Monde) -> None:
    doctor = colleague(monde, monde.a, Role.MDT)
    leaves(monde, doctor.id, days=3)
    with monde.work(monde.a.directrice) as ctx:
        departs.cancel(ctx, doctor.id)
    assert traced(monde, "reintegration") == [(str(doctor.id), "test", "DIR")]
    with clock(monde) as moved:
        moved.forward(days=4)
        assert opened(monde, doctor.id) == [Role.MDT]
    with pytest.raises(CompteRefused, match="Aucun départ"), monde.work(monde.a.directrice) as ctx:
        departs.cancel(ctx, doctor.id)


def test_who_comes_back_after_his_departure_starts_without_rights(monde: Monde) -> None:
    doctor = colleague(monde, monde.a, Role.MDT)
    with clock(monde) as moved:
        leaves(monde, doctor.id, days=1)
        moved.forward(days=2)
        with pytest.raises(CompteRefused, match="déjà partie"), monde.work(monde.a.directrice) as ctx:
            departs.cancel(ctx, doctor.id)
        with monde.work(monde.a.directrice) as ctx:
            services.resume_compte(ctx, doctor.id)
            seen = services.get_compte(ctx, doctor.id)
        assert (seen.has_left, seen.roles, seen.equipes) == (False, (), ())
        assert opened(monde, doctor.id) == []


def test_departure_in_the_past_of_oneself_or_of_the_last_direction_is_refused(monde: Monde) -> None:
    with pytest.raises(CompteRefused, match="passé"):
        leaves(monde, monde.a.infirmier.id, days=-1)
    with pytest.raises(OwnCompteRefused):
        leaves(monde, monde.a.directrice.id, days=1)
    second = colleague(monde, monde.a, Role.DIR)
    leaves(monde, second.id, days=1)
    with pytest.raises(LastDirection), monde.work(second) as ctx:
        departs.plan(ctx, monde.a.directrice.id, ctx.clock.now() + timedelta(days=2))


def test_departure_is_the_direction_s_act_in_her_own_spst(monde: Monde) -> None:
    for role in (Role.DPO, Role.AUD, Role.MDT):
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            departs.plan(ctx, monde.a.infirmier.id, ctx.clock.now() + timedelta(days=1))
    with pytest.raises(CompteNotFound), monde.work(monde.b.directrice, monde.b) as ctx:
        departs.plan(ctx, monde.a.infirmier.id, ctx.clock.now() + timedelta(days=1))


def test_account_unused_for_ninety_days_is_suspended_at_night_with_its_reason_and_a_trace(monde: Monde) -> None:
    nurse, used = monde.a.infirmier, monde.a.medecin
    forget(monde, nurse)
    forget(monde, used)
    run(monde, "UPDATE compte SET last_login_at = now() WHERE id = :id", id=used.id)
    with monde.work(monde.a.directrice) as ctx:
        assert [one.id for one in inusage.unused(ctx, services.list_comptes(ctx))] == [nurse.id]
    assert inusage.suspend_unused(monde.runtime) == 1
    assert traced(monde, "inusage") == [(str(nurse.id), "job", "SRV")]
    with monde.work(monde.a.directrice) as ctx:
        seen = services.get_compte(ctx, nurse.id)
        assert (seen.inusite, seen.suspended_why) == (True, "Non utilisé depuis 90\u00a0jours")
        assert [one.id for one in inusage.unused(ctx, services.list_comptes(ctx))] == [nurse.id]
    assert opened(monde, nurse.id) == []
    assert inusage.suspend_unused(monde.runtime) == 0


def test_reopened_account_is_left_alone_for_ninety_days_more(monde: Monde) -> None:
    forget(monde, monde.a.infirmier)
    inusage.suspend_unused(monde.runtime)
    with monde.work(monde.a.directrice) as ctx:
        services.resume_compte(ctx, monde.a.infirmier.id)
    assert inusage.suspend_unused(monde.runtime) == 0
    assert opened(monde, monde.a.infirmier.id) == [Role.INF]


def test_last_direction_is_never_suspended_for_disuse(monde: Monde) -> None:
    forget(monde, *monde.b.staff.values())
    inusage.suspend_unused(monde.runtime)
    with monde.superuser.connect() as connection:
        query = text("SELECT id FROM compte WHERE tenant_id = :t AND suspended_at IS NULL AND id = ANY (:ids)")
        ids = [one.id for one in monde.b.staff.values()]
        left = list(connection.scalars(query, {"t": monde.b.tenant_id, "ids": ids}))
    assert left == [monde.b.directrice.id]


def test_each_spst_has_its_own_number_of_days(monde: Monde) -> None:
    forget(monde, monde.a.infirmier, monde.b.infirmier, days=40)
    with monde.work(monde.a.directrice) as ctx:
        revues.change_reglages(ctx, Reglages(3, 30))
    assert inusage.suspend_unused(monde.runtime) == 1
    assert opened(monde, monde.a.infirmier.id) == []
