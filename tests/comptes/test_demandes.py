"""A role of health takes two people of the direction, in the services and in the database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from spst.comptes import connexion_queries, demandes
from spst.comptes import services_comptes as services
from spst.comptes.errors import (
    DemandeNotFound,
    HabilitationRefused,
    OwnDemandeRefused,
    OwnHabilitationRefused,
)
from spst.comptes.models import Habilitation, RoleDemande
from spst.comptes.octroi_rules import DemandeCompte, DemandeRole
from spst.kernel.acteur import Acteur, Role, service
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from tests.factories.monde import LONG_AGO, Monde, colleague
from tests.factories.releves import clock, last_traces

pytestmark = pytest.mark.exigence("AUT-06")


@pytest.fixture(scope="module")
def second(monde: Monde) -> Acteur:
    return colleague(monde, monde.a, Role.DIR)


@pytest.fixture
def nurse(monde: Monde) -> UUID:
    """An account with an RPPS number and no role yet."""
    with monde.work(monde.a.directrice) as ctx:
        body = f"1{new_id().int % 10**9:09d}"
        demande = DemandeCompte("Mme", "Laure", "Guérin-Test", rpps=body + luhn_key(body))
        return services.create_compte(ctx, demande, "https://psc.test").compte_id


def luhn_key(body: str) -> str:
    digits = [int(one) * (2 if rank % 2 == 0 else 1) for rank, one in enumerate(reversed(body))]
    return str(-sum(d - 9 if d > 9 else d for d in digits) % 10)


def ask(monde: Monde, compte_id: UUID, role: Role = Role.INF) -> UUID:
    with monde.work(monde.a.directrice) as ctx:
        return services.grant_habilitation(ctx, compte_id, DemandeRole(role, ctx.clock.now()))


def opened(monde: Monde, compte_id: UUID) -> list[Role]:
    """What a log-in of this account would find."""
    with monde.work(service("connexion")) as ctx:
        return [one.octroi.role for one in connexion_queries.grants(ctx, compte_id)]


def test_role_of_health_opens_nothing_until_a_second_person_confirms_it(
    monde: Monde, nurse: UUID, second: Acteur
) -> None:
    demande_id = ask(monde, nurse)
    assert opened(monde, nurse) == []
    with monde.work(second) as ctx:
        [waiting] = demandes.waiting(ctx, nurse)
        assert waiting.may_confirm
        assert demandes.confirm(ctx, demande_id) == (nurse, Role.INF)
    assert opened(monde, nurse) == [Role.INF]
    with monde.work(second) as ctx:
        [held] = services.get_compte(ctx, nurse).habilitations
        assert demandes.waiting(ctx, nurse) == ()
    assert held.granted_by is not None
    assert held.confirmed_by is not None


def test_both_acts_are_traced_with_the_account_the_role_and_what_was_done(
    monde: Monde, nurse: UUID, second: Acteur
) -> None:
    demande_id = ask(monde, nurse)
    facts = {"compte": str(nurse), "role": "INF"}
    assert last_traces(monde, monde.a)[0].details == facts | {"geste": "role_demande"}
    with monde.work(second) as ctx:
        demandes.confirm(ctx, demande_id)
    line = last_traces(monde, monde.a)[0]
    assert (line.acteur_id, line.action, line.details) == (
        second.id,
        "habilitation.grant",
        facts | {"geste": "role_confirme"},
    )


def test_who_asks_does_not_confirm_and_the_refusal_is_traced(monde: Monde, nurse: UUID) -> None:
    demande_id = ask(monde, nurse)
    with pytest.raises(OwnDemandeRefused), monde.work(monde.a.directrice) as ctx:
        demandes.confirm(ctx, demande_id)
    assert last_traces(monde, monde.a)[0].decision == "refuse"
    assert opened(monde, nurse) == []


def test_colleague_of_the_direction_is_not_made_by_one_person_alone_once_there_are_two(
    monde: Monde, nurse: UUID, second: Acteur
) -> None:
    """Whoever could make one alone would confirm his own acts by it."""
    demande_id = ask(monde, nurse, Role.DIR)
    assert opened(monde, nurse) == []
    with pytest.raises(OwnDemandeRefused), monde.work(monde.a.directrice) as ctx:
        demandes.confirm(ctx, demande_id)
    with monde.work(second) as ctx:
        demandes.confirm(ctx, demande_id)
    assert opened(monde, nurse) == [Role.DIR]


def test_only_person_of_the_direction_names_the_second(monde: Monde) -> None:
    with monde.work(monde.b.directrice, monde.b) as ctx:
        demande = DemandeCompte("M.", "Hugo", "Second-Test", email="hugo@b.test")
        created = services.create_compte(ctx, demande, "https://psc.test").compte_id
        services.grant_habilitation(ctx, created, DemandeRole(Role.DIR, ctx.clock.now()))
        assert demandes.waiting(ctx, created) == ()


def test_nobody_confirms_a_role_for_himself(monde: Monde, second: Acteur) -> None:
    demande_id = ask(monde, second.id, Role.MDT)
    with pytest.raises(OwnHabilitationRefused), monde.work(second) as ctx:
        demandes.confirm(ctx, demande_id)
    with monde.work(second) as ctx:
        demandes.dismiss(ctx, demande_id)


def test_role_that_is_already_asked_for_is_not_asked_twice(monde: Monde, nurse: UUID) -> None:
    ask(monde, nurse)
    with pytest.raises(HabilitationRefused, match="déjà demandé"):
        ask(monde, nurse)
    assert ask(monde, nurse, Role.IPA)


def test_demand_set_aside_is_closed_for_good(monde: Monde, nurse: UUID, second: Acteur) -> None:
    demande_id = ask(monde, nurse)
    with monde.work(monde.a.directrice) as ctx:
        assert demandes.dismiss(ctx, demande_id) == nurse
    for act in (demandes.confirm, demandes.dismiss):
        with pytest.raises(HabilitationRefused, match="déjà close"), monde.work(second) as ctx:
            act(ctx, demande_id)
    assert opened(monde, nurse) == []


def test_account_suspended_meanwhile_is_not_confirmed(monde: Monde, nurse: UUID, second: Acteur) -> None:
    demande_id = ask(monde, nurse)
    with monde.work(monde.a.directrice) as ctx:
        services.suspend_compte(ctx, nurse, "Essai")
    with pytest.raises(HabilitationRefused, match="suspendu"), monde.work(second) as ctx:
        demandes.confirm(ctx, demande_id)


def test_role_begins_at_its_confirmation_not_at_its_demand(monde: Monde, nurse: UUID, second: Acteur) -> None:
    demande_id = ask(monde, nurse)
    with monde.work(second) as ctx:
        before = ctx.clock.now()
        demandes.confirm(ctx, demande_id)
        [held] = services.get_compte(ctx, nurse).habilitations
    assert held.starts_at >= before


def test_one_person_takes_a_role_of_health_back_and_two_give_it_again(
    monde: Monde, nurse: UUID, second: Acteur
) -> None:
    demande_id = ask(monde, nurse)
    with monde.work(second) as ctx:
        demandes.confirm(ctx, demande_id)
        [held] = services.get_compte(ctx, nurse).habilitations
    with monde.work(monde.a.directrice) as ctx:
        services.revoke_habilitation(ctx, held.id)
    with monde.work(monde.a.directrice) as ctx:
        services.restore_habilitation(ctx, held.id)
    assert opened(monde, nurse) == []
    with monde.work(monde.a.directrice) as ctx:
        assert [one.role for one in demandes.waiting(ctx, nurse)] == [Role.INF]


def test_roles_that_open_no_health_data_take_one_person(monde: Monde, nurse: UUID) -> None:
    ask(monde, nurse, Role.ASST)
    assert opened(monde, nurse) == [Role.ASST]


def test_demands_of_another_spst_do_not_exist(monde: Monde, nurse: UUID) -> None:
    demande_id = ask(monde, nurse)
    for act in (demandes.confirm, demandes.dismiss):
        with pytest.raises(DemandeNotFound), monde.work(monde.b.directrice, monde.b) as ctx:
            act(ctx, demande_id)
    with monde.work(monde.b.directrice, monde.b) as ctx:
        assert demandes.waiting(ctx) == ()


def test_officer_auditor_and_medecin_neither_ask_nor_confirm(monde: Monde, nurse: UUID) -> None:
    demande_id = ask(monde, nurse)
    for role in (Role.DPO, Role.AUD, Role.MDT):
        with pytest.raises((AccessDenied, DemandeNotFound)), monde.work(monde.a[role]) as ctx:
            demandes.confirm(ctx, demande_id)


def test_database_refuses_a_role_of_health_of_one_person(monde: Monde, nurse: UUID) -> None:
    """With the services broken: SQL of the direction's own session."""
    row = {"tenant_id": monde.a.tenant_id, "id": new_id(), "compte_id": nurse, "role": "INF", "starts_at": LONG_AGO}
    grant = {"granted_by": monde.a.directrice.id, "granted_at": datetime.now(UTC), "hors_structure": False}
    with pytest.raises(DBAPIError, match="two people"), monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(insert(Habilitation).values(**row, **grant))
    somebody = {"confirmed_by": new_id(), "confirmed_at": LONG_AGO}
    with pytest.raises(DBAPIError, match="two people"), monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(insert(Habilitation).values(**row, **grant, **somebody))


def test_database_refuses_that_one_person_writes_both_names(monde: Monde, nurse: UUID, second: Acteur) -> None:
    demande_id = ask(monde, nurse)
    query = update(RoleDemande).where(RoleDemande.id == demande_id)
    closing = {"closed_at": LONG_AGO, "issue": "accordee"}
    for closed_by in (monde.a.directrice.id, second.id):
        with pytest.raises(DBAPIError), monde.work(monde.a.directrice) as ctx:
            ctx.session.execute(query.values(closed_by=closed_by, **closing))
    forged = {"asked_by": second.id, "asked_at": LONG_AGO, "starts_at": LONG_AGO, "hors_structure": False}
    with pytest.raises(DBAPIError, match="own name"), monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(
            insert(RoleDemande).values(tenant_id=monde.a.tenant_id, id=new_id(), compte_id=nurse, role="MDT", **forged)
        )


@pytest.mark.parametrize("who", ["asker", "beneficiary"])
def test_database_refuses_a_confirmation_by_who_asked_or_receives(
    monde: Monde, nurse: UUID, second: Acteur, who: str
) -> None:
    """The constraint holds for the superuser too."""
    by = {"asker": second.id, "beneficiary": nurse}[who]
    statement = text(
        "INSERT INTO habilitation (tenant_id, id, compte_id, role, starts_at, granted_by, granted_at, hors_structure,"
        " confirmed_by, confirmed_at) VALUES (:tenant, :id, :compte, 'INF', now(), :asker, now(), false, :by, now())"
    )
    values = {"tenant": monde.a.tenant_id, "id": new_id(), "compte": nurse, "asker": second.id, "by": by}
    with pytest.raises(IntegrityError, match="deux_personnes"), monde.superuser.begin() as connection:
        connection.execute(statement, values)


def test_role_in_force_is_not_rewritten_into_another(monde: Monde, nurse: UUID) -> None:
    habilitation_id = ask(monde, nurse, Role.ADM)
    query = update(Habilitation).where(Habilitation.id == habilitation_id)
    for forged in ({"role": "MDT"}, {"compte_id": monde.a.directrice.id}):
        with pytest.raises(DBAPIError, match="stays written"), monde.work(monde.a.directrice) as ctx:
            ctx.session.execute(query.values(**forged))


def test_end_that_passed_before_the_confirmation_is_refused(monde: Monde, nurse: UUID, second: Acteur) -> None:
    with clock(monde) as moved:
        with monde.work(monde.a.directrice) as ctx:
            ends = ctx.clock.now() + timedelta(hours=1)
            demande_id = services.grant_habilitation(ctx, nurse, DemandeRole(Role.INF, ctx.clock.now(), ends))
        moved.forward(hours=2)
        with pytest.raises(HabilitationRefused, match="passée"), monde.work(second) as ctx:
            demandes.confirm(ctx, demande_id)
