"""Whoever held the code with which a colleague enrols is not his second person: for a week, he could be both."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spst.comptes import demandes, local, remises
from spst.comptes import services_comptes as services
from spst.comptes.octroi_rules import DemandeRole
from spst.habilitations.errors import NotYetTwoPeople
from spst.kernel.acteur import Acteur, Role
from spst.kernel.context import Context
from tests.factories.monde import Monde, Spst, colleague
from tests.factories.releves import clock, last_traces, run

pytestmark = pytest.mark.exigence("AUT-06")


def enrolled_by_code(monde: Monde, spst: Spst) -> Acteur:
    """A director without RPPS number, enrolled long ago."""
    made = colleague(monde, spst, Role.DIR)
    run(monde, "UPDATE compte SET rpps = NULL WHERE id = :id", id=made.id)
    with monde.work(spst.directrice, spst) as ctx:
        local.add_identity(ctx, f"{made.id}@spst.test", made.id)
    return made


@pytest.fixture
def second(monde: Monde) -> Acteur:
    return enrolled_by_code(monde, monde.a)


@pytest.fixture
def third(monde: Monde) -> Acteur:
    return enrolled_by_code(monde, monde.a)


def give_again(monde: Monde, by: Acteur, to: Acteur) -> None:
    with monde.work(by) as ctx:
        services.renew_inscription(ctx, to.id)


def ask(monde: Monde, by: Acteur) -> UUID:
    """A role of health for somebody."""
    for_whom = colleague(monde, monde.a, Role.ADM)
    with monde.work(by) as ctx:
        return services.grant_habilitation(ctx, for_whom.id, DemandeRole(Role.INF, ctx.clock.now()))


def confirm(monde: Monde, by: Acteur, demande_id: UUID) -> Role:
    with monde.work(by) as ctx:
        return demandes.confirm(ctx, demande_id)[1]


def test_a_director_who_enrolled_another_again_does_not_confirm_in_her_place_what_he_asked(
    monde: Monde, second: Acteur
) -> None:
    asked = ask(monde, monde.a.directrice)
    give_again(monde, monde.a.directrice, second)
    with pytest.raises(NotYetTwoPeople, match="votre code d’inscription"):
        confirm(monde, second, asked)
    refused = last_traces(monde, monde.a)[0]
    assert (refused.action, refused.decision, refused.acteur_id) == ("habilitation.grant", "refuse", second.id)


def test_nor_does_he_confirm_himself_what_was_asked_in_her_place(monde: Monde, second: Acteur) -> None:
    give_again(monde, monde.a.directrice, second)
    asked = ask(monde, second)
    with pytest.raises(NotYetTwoPeople, match="de la personne qui demande"):
        confirm(monde, monde.a.directrice, asked)


def test_a_chain_of_enrolments_makes_no_second_person(monde: Monde, second: Acteur, third: Acteur) -> None:
    give_again(monde, monde.a.directrice, second)
    give_again(monde, second, third)
    asked = ask(monde, monde.a.directrice)
    with pytest.raises(NotYetTwoPeople):
        confirm(monde, third, asked)


def test_somebody_whose_code_nobody_held_confirms_meanwhile(monde: Monde, second: Acteur) -> None:
    give_again(monde, monde.a.directrice, second)
    free = colleague(monde, monde.a, Role.DIR)
    assert confirm(monde, free, ask(monde, monde.a.directrice)) is Role.INF


def test_a_week_later_both_are_two_people_again(monde: Monde, second: Acteur) -> None:
    with clock(monde) as moved:
        give_again(monde, monde.a.directrice, second)
        asked = ask(monde, monde.a.directrice)
        moved.forward(days=6, hours=23)
        with pytest.raises(NotYetTwoPeople):
            confirm(monde, second, asked)
        moved.forward(hours=2)
        assert confirm(monde, second, asked) is Role.INF


def test_the_list_says_why_a_demand_cannot_be_confirmed_yet(monde: Monde, second: Acteur) -> None:
    asked = ask(monde, monde.a.directrice)

    def mine(ctx: Context) -> demandes.DemandeVue:
        return next(one for one in demandes.waiting(ctx) if one.id == asked)

    with monde.work(second) as ctx:
        assert (mine(ctx).may_confirm, mine(ctx).obstacle) == (True, None)
    give_again(monde, monde.a.directrice, second)
    with monde.work(second) as ctx:
        assert not mine(ctx).may_confirm
        assert "après le" in (mine(ctx).obstacle or "")
    with monde.work(monde.a.directrice) as ctx:
        assert mine(ctx).obstacle is None


def test_account_says_who_held_its_last_code_and_nothing_of_the_other_spst(monde: Monde, second: Acteur) -> None:
    with monde.work(monde.a.directrice) as ctx:
        assert remises.last(ctx, second.id) is None
    give_again(monde, monde.a.directrice, second)
    with monde.work(monde.a.directrice) as ctx:
        held = remises.last(ctx, second.id)
        assert held is not None
        assert held.par == services.get_compte(ctx, monde.a.directrice.id).nom_complet
    with monde.work(monde.b.directrice, monde.b) as ctx:
        assert remises.last(ctx, second.id) is None
        assert remises.recent(ctx, [second.id]) == {}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE remise_inscription SET remise_at = remise_at - interval '8 days' WHERE compte_id = :id",
        "DELETE FROM remise_inscription WHERE compte_id = :id",
    ],
)
def test_direction_does_not_rewrite_who_held_a_code(monde: Monde, second: Acteur, statement: str) -> None:
    give_again(monde, monde.a.directrice, second)
    with pytest.raises(DBAPIError, match="permission denied"), monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(text(statement), {"id": second.id})
