"""Whoever held the code with which a colleague enrols is not his second person: for a week, he could be both."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spst.comptes import demandes, departs, independance, local, nominatives, octrois, remises, revues
from spst.comptes import services_comptes as services
from spst.comptes.errors import CompteAlreadyExists, CompteRefused, OwnGiftRefused
from spst.comptes.octroi_rules import DemandeCompte, DemandeRole
from spst.habilitations import protocoles
from spst.habilitations import services as habilitations
from spst.habilitations.errors import NotYetTwoPeople
from spst.habilitations.protocoles import Genre, Periode
from spst.kernel.acteur import Acteur, Role
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from tests.factories.monde import Monde, Spst, colleague
from tests.factories.releves import enters_by, last_traces, run

pytestmark = pytest.mark.exigence("AUT-06")


def enrolled_by_code(monde: Monde, spst: Spst) -> Acteur:
    """A director without RPPS number, enrolled long ago."""
    made = colleague(monde, spst, Role.DIR)
    address = enters_by(monde, made.id, f"{made.id}@spst.test")
    with monde.work(spst.directrice, spst) as ctx:
        local.add_identity(ctx, address, made.id)
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


def age(monde: Monde, since: str) -> None:
    """So much time has passed since accesses were given: the database reckons by its own clock."""
    run(monde, f"UPDATE remise_inscription SET remise_at = remise_at - interval '{since}'")


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
    with pytest.raises(NotYetTwoPeople, match="ouvert votre accès"):
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
    give_again(monde, monde.a.directrice, second)
    asked = ask(monde, monde.a.directrice)
    age(monde, "6 days 23 hours")
    with pytest.raises(NotYetTwoPeople):
        confirm(monde, second, asked)
    age(monde, "2 hours")
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
        assert independance.recent(ctx, [second.id]) == {}


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


@pytest.mark.parametrize(
    "put_away",
    [
        lambda ctx, her: departs.plan(ctx, her, ctx.clock.now() + timedelta(days=365)),
        lambda ctx, her: services.suspend_compte(ctx, her, "Absente"),
        lambda ctx, her: services.renew_inscription(ctx, her),
    ],
    ids=["departure", "suspension", "new code"],
)
def test_a_director_who_puts_his_colleague_away_does_not_make_another_alone(
    monde: Monde, put_away: Callable[[Context, UUID], object]
) -> None:
    her = enrolled_by_code(monde, monde.b)
    with monde.work(monde.b.directrice, monde.b) as ctx:
        put_away(ctx, her.id)
    friend = colleague(monde, monde.b, Role.ADM)
    with monde.work(monde.b.directrice, monde.b) as ctx:
        asked = services.grant_habilitation(ctx, friend.id, DemandeRole(Role.DIR, ctx.clock.now()))
        assert demandes.is_asked(ctx, friend.id, Role.DIR)
        demandes.dismiss(ctx, asked)
    with pytest.raises(DBAPIError, match="two people"), monde.work(monde.b.directrice, monde.b) as ctx:
        octrois.add_role(ctx, friend.id, DemandeRole(Role.DIR, ctx.clock.now()))
    run(monde, "UPDATE habilitation SET revoked_at = now() - interval '8 days' WHERE compte_id = :id", id=her.id)
    with monde.work(monde.b.directrice, monde.b) as ctx:
        services.grant_habilitation(ctx, friend.id, DemandeRole(Role.DIR, ctx.clock.now()))
        assert not demandes.is_asked(ctx, friend.id, Role.DIR), "a week after she had it no more"
    run(monde, "UPDATE habilitation SET revoked_at = now() - interval '9 days' WHERE compte_id = :id", id=friend.id)


def test_a_director_whom_one_person_named_is_not_yet_her_second_person(monde: Monde) -> None:
    alone = monde.b.directrice
    run(
        monde,
        "DELETE FROM habilitation WHERE tenant_id = :t AND compte_id <> :id AND role = 'DIR'",
        t=monde.b.tenant_id,
        id=alone.id,
    )
    friend = replace(colleague(monde, monde.b, Role.ADM), role=Role.DIR)
    nurse = colleague(monde, monde.b, Role.ADM)
    with monde.work(alone, monde.b) as ctx:
        services.grant_habilitation(ctx, friend.id, DemandeRole(Role.DIR, ctx.clock.now()))
        asked = services.grant_habilitation(ctx, nurse.id, DemandeRole(Role.INF, ctx.clock.now()))
    with pytest.raises(NotYetTwoPeople), monde.work(friend, monde.b) as ctx:
        demandes.confirm(ctx, asked)


GIFTS: dict[str, Callable[[Context, Monde], object]] = {
    "role": lambda ctx, monde: services.grant_habilitation(
        ctx, monde.a.directrice.id, DemandeRole(Role.ADM, ctx.clock.now())
    ),
    "equipe": lambda ctx, monde: services.join_equipe(ctx, monde.a.directrice.id, monde.a.equipe_id),
    "nominative": lambda ctx, monde: nominatives.grant(ctx, monde.a.directrice.id, "insi"),
}


@pytest.mark.parametrize("gift", GIFTS.values(), ids=GIFTS)
def test_nobody_gives_himself_anything_in_the_name_of_whom_he_enrolled_again(
    monde: Monde, second: Acteur, third: Acteur, gift: Callable[[Context, Monde], object]
) -> None:
    """Nor through a third one."""
    give_again(monde, monde.a.directrice, second)
    give_again(monde, second, third)
    for puppet in (second, third):
        with pytest.raises(OwnGiftRefused), monde.work(puppet) as ctx:
            gift(ctx, monde)


def test_nor_decides_of_his_own_rights_in_the_review(monde: Monde, second: Acteur) -> None:
    with monde.work(monde.a.directrice) as ctx:
        revue_id = revues.open_revue(ctx)
    give_again(monde, monde.a.directrice, second)
    with pytest.raises(OwnGiftRefused), monde.work(second) as ctx:
        revues.keep_all(ctx, revue_id, monde.a.directrice.id)


@pytest.mark.exigence("HAB-05")
def test_delegation_hangs_in_the_air_once_a_colleague_held_the_code_of_who_has_it(monde: Monde) -> None:
    asst, zoe = monde.a[Role.ASST], monde.a.zoe.dossier_id
    with monde.work(monde.a.medecin) as ctx:
        day = today(ctx.clock)
        year = Periode(day, day + timedelta(days=300))
        given = protocoles.give_delegation(ctx, asst.id, ["S1"], year, reference="Essai")
    assert reads_identity(monde, asst, zoe)
    with monde.work(monde.a.directrice) as ctx:
        remises.record(ctx, asst.id)
    assert not reads_identity(monde, asst, zoe)
    with monde.work(monde.a.medecin) as ctx:
        assert {one.etat for one in protocoles.ecrits(ctx) if one.id == given} == {"suspendu"}
        protocoles.give_again(ctx, Genre.DELEGATION, given)
    assert reads_identity(monde, asst, zoe)
    with monde.work(monde.a.medecin) as ctx:
        assert {one.etat for one in protocoles.ecrits(ctx) if one.id == given} == {"retire"}


def reads_identity(monde: Monde, acteur: Acteur, dossier_id: UUID) -> bool:
    with monde.work(acteur) as ctx:
        return habilitations.permitted(ctx, dossier_id).can_consult("S1")


def test_address_written_otherwise_is_still_that_of_its_account(monde: Monde) -> None:
    """A composed letter, and the same in two signs."""
    name = new_id().hex[-8:]
    with monde.work(monde.a.directrice) as ctx:
        first = services.create_compte(ctx, DemandeCompte("M.", "René", "Test", email=f"ren\u00e9{name}@a.test"), "x")
    for same in (f"rene\u0301{name}@a.test", f"REN\u00c9{name}@a.test"):
        with pytest.raises(CompteAlreadyExists), monde.work(monde.a.directrice) as ctx:
            services.create_compte(ctx, DemandeCompte("M.", "Autre", "Test", email=same), "x")
    with monde.work(monde.a.directrice) as ctx:
        assert services.renew_inscription(ctx, first.compte_id).code


BACK: dict[str, Callable[[Context, UUID], object]] = {
    "reopened": services.resume_compte,
    "new code": services.renew_inscription,
    "departure cancelled": departs.cancel,
}


@pytest.mark.parametrize("back", BACK.values(), ids=BACK)
def test_nobody_brings_himself_back_through_a_colleague_whose_access_he_opened(
    monde: Monde, second: Acteur, third: Acteur, back: Callable[[Context, UUID], object]
) -> None:
    give_again(monde, third, second)
    run(monde, "UPDATE compte SET departs_at = now() + interval '9 days' WHERE id = :id", id=third.id)
    with pytest.raises(OwnGiftRefused), monde.work(second) as ctx:
        back(ctx, third.id)


def test_departure_that_passed_is_not_moved_to_bring_roles_back(monde: Monde, second: Acteur) -> None:
    run(monde, "UPDATE compte SET departs_at = now() - interval '30 days' WHERE id = :id", id=second.id)
    with pytest.raises(CompteRefused, match="déjà partie"), monde.work(monde.a.directrice) as ctx:
        departs.plan(ctx, second.id, ctx.clock.now() + timedelta(days=9))


@pytest.mark.exigence("HAB-05")
def test_whose_access_a_colleague_opened_names_no_replacement(monde: Monde, second: Acteur) -> None:
    give_again(monde, monde.a.directrice, second)
    with pytest.raises(NotYetTwoPeople), monde.work(second) as ctx:
        day = today(ctx.clock)
        protocoles.set_remplacant(ctx, monde.a.medecin.id, monde.a.medecin_ailleurs.id, Periode(day, day))


def test_role_of_direction_given_ahead_counts_its_week_from_its_first_day(monde: Monde) -> None:
    friend = colleague(monde, monde.b, Role.ADM)
    run(
        monde,
        "INSERT INTO habilitation (tenant_id, id, compte_id, role, starts_at, granted_by, granted_at, hors_structure)"
        " VALUES (:t, gen_random_uuid(), :id, 'DIR', now() - interval '1 hour', :by, now() - interval '9 days', false)",
        t=monde.b.tenant_id,
        id=friend.id,
        by=monde.b.directrice.id,
    )
    with monde.work(monde.b.directrice, monde.b) as ctx:
        assert friend.id in independance.recent(ctx, [friend.id])


def test_end_of_a_role_is_not_rewritten_in_the_database(monde: Monde) -> None:
    somebody = colleague(monde, monde.a, Role.MDT)
    run(monde, "UPDATE habilitation SET ends_at = now() - interval '1 day' WHERE compte_id = :id", id=somebody.id)
    with pytest.raises(DBAPIError, match="stays written"), monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(text("UPDATE habilitation SET ends_at = NULL WHERE compte_id = :id"), {"id": somebody.id})


def test_identity_of_somebody_is_not_pointed_at_another_account(monde: Monde, second: Acteur, third: Acteur) -> None:
    """Whatever the account says its address is."""
    with pytest.raises(DBAPIError, match="somebody else's"), monde.work(monde.a.directrice) as ctx:
        local.add_identity(ctx, f"{second.id}@spst.test".upper(), third.id)
    with monde.work(monde.a.directrice) as ctx:
        assert local.identity_of(ctx, second.id) != local.identity_of(ctx, third.id)


def test_a_director_who_opened_a_colleague_again_has_no_second_person_in_her_for_a_week(
    monde: Monde, second: Acteur
) -> None:
    give_again(monde, monde.a.directrice, second)
    with monde.work(monde.a.directrice) as ctx:
        services.suspend_compte(ctx, second.id, "Absente")
    age(monde, "60 days")
    asked = ask(monde, monde.a.directrice)
    with monde.work(monde.a.directrice) as ctx:
        services.resume_compte(ctx, second.id)
    with pytest.raises(NotYetTwoPeople):
        confirm(monde, second, asked)
    age(monde, "7 days")
    assert confirm(monde, second, asked) is Role.INF


def test_account_opened_again_is_not_said_to_have_had_a_code(monde: Monde, second: Acteur) -> None:
    with monde.work(monde.a.directrice) as ctx:
        services.suspend_compte(ctx, second.id, "Absente")
        services.resume_compte(ctx, second.id)
        assert remises.last(ctx, second.id) is None
        assert remises.held_at(ctx, [second.id]) == {}


def test_who_enters_by_pro_sante_connect_is_himself_as_soon_as_his_account_is_opened_again(monde: Monde) -> None:
    her = colleague(monde, monde.a, Role.DIR)
    asked = ask(monde, monde.a.directrice)
    with monde.work(monde.a.directrice) as ctx:
        services.suspend_compte(ctx, her.id, "Absente")
        services.resume_compte(ctx, her.id)
    assert confirm(monde, her, asked) is Role.INF


FORGED = {
    "departure": ("UPDATE compte SET departs_at = now() - interval '30 days' WHERE id = :id", "past"),
    "suspension": ("UPDATE compte SET suspended_at = now() - interval '30 days' WHERE id = :id", "past"),
    "role taken back": (
        "UPDATE habilitation SET revoked_at = now() - interval '30 days' WHERE compte_id = :id",
        "past",
    ),
    "role given": (
        "INSERT INTO habilitation (tenant_id, id, compte_id, role, starts_at, granted_by, granted_at, hors_structure)"
        " VALUES (:t, gen_random_uuid(), :id, 'ADM', now(), :me, now() - interval '30 days', false)",
        "past",
    ),
    "role given by another": (
        "INSERT INTO habilitation (tenant_id, id, compte_id, role, starts_at, granted_by, granted_at, hors_structure)"
        " VALUES (:t, gen_random_uuid(), :id, 'ADM', now(), :id, now(), false)",
        "somebody else",
    ),
    "code": (
        "INSERT INTO remise_inscription (tenant_id, id, compte_id, nature, remise_at, remise_par)"
        " VALUES (:t, gen_random_uuid(), :id, 'code', now() - interval '8 days', :me)",
        "past",
    ),
    "code of another": (
        "INSERT INTO remise_inscription (tenant_id, id, compte_id, nature, remise_at, remise_par)"
        " VALUES (:t, gen_random_uuid(), :id, 'code', now(), :id)",
        "somebody else",
    ),
    "replacement by another": (
        "INSERT INTO remplacement (tenant_id, id, medecin_id, remplacant_id, created_by, starts_on, ends_on, created_at)"
        " VALUES (:t, gen_random_uuid(), :doctor, :me, :doctor, now(), now() + interval '1 day', now())",
        "somebody else",
    ),
}


@pytest.mark.parametrize(("statement", "said"), FORGED.values(), ids=FORGED)
def test_direction_writes_nothing_for_the_past_nor_in_the_name_of_another(
    monde: Monde, second: Acteur, statement: str, said: str
) -> None:
    me = monde.a.directrice
    values = {"id": second.id, "t": monde.a.tenant_id, "me": me.id, "doctor": monde.a.medecin.id}
    with pytest.raises(DBAPIError, match=said), monde.work(me) as ctx:
        ctx.session.execute(text(statement), values)


def test_roles_that_a_departure_ended_are_written_to_its_day_when_the_account_opens_again(
    monde: Monde, second: Acteur
) -> None:
    run(monde, "UPDATE compte SET departs_at = now() - interval '30 days' WHERE id = :id", id=second.id)
    with monde.work(monde.a.directrice) as ctx:
        services.resume_compte(ctx, second.id)
        [role] = services.get_compte(ctx, second.id).habilitations
        assert role.revoked_at is not None
        assert role.revoked_at < ctx.clock.now() - timedelta(days=29)


@pytest.mark.parametrize("same", ["\uff41nne@a.test", "an\u200bne@a.test", "anne@a.\u00adtest", "an ne@a.test"])
def test_address_with_a_sign_that_is_not_seen_or_reads_as_another_is_refused(monde: Monde, same: str) -> None:
    with pytest.raises(CompteRefused, match="forme attendue"), monde.work(monde.a.directrice) as ctx:
        services.create_compte(ctx, DemandeCompte("Mme", "Anne", "Test", email=same), "x")


def test_role_asked_before_a_departure_is_set_aside_when_the_account_opens_again(monde: Monde) -> None:
    her = colleague(monde, monde.a, Role.ADM)
    with monde.work(monde.a.directrice) as ctx:
        services.grant_habilitation(ctx, her.id, DemandeRole(Role.INF, ctx.clock.now()))
    run(monde, "UPDATE compte SET departs_at = now() - interval '1 day' WHERE id = :id", id=her.id)
    with monde.work(monde.a.directrice) as ctx:
        services.resume_compte(ctx, her.id)
        assert not demandes.is_asked(ctx, her.id, Role.INF)
