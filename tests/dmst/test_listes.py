"""Dossiers in a list: closed where an opening would be refused, at once, with the sentence of the refusal."""

from uuid import UUID

import pytest

from spst.dmst import services as dmst
from spst.dmst.services import EnTete
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied
from tests.factories.confies import entrusted, oppose, opposed, under_sir
from tests.factories.monde import Monde, Personne, Spst
from tests.factories.releves import count_traces, statements


def listed(monde: Monde, acteur: Acteur, *people: Personne, spst: Spst | None = None) -> list[EnTete]:
    with monde.work(acteur, spst) as ctx:
        found = dmst.dossiers_of(ctx, [one.travailleur_id for one in people])
    return [found[one.travailleur_id] for one in people]


def opens(monde: Monde, acteur: Acteur, personne: Personne, spst: Spst | None = None) -> bool:
    [entete] = listed(monde, acteur, personne, spst=spst)
    return entete.opens


def refusal(monde: Monde, acteur: Acteur, dossier_id: UUID) -> AccessDenied:
    with pytest.raises(AccessDenied) as refused, monde.work(acteur) as ctx:
        dmst.open_dossier(ctx, dossier_id)
    return refused.value


@pytest.mark.exigence("HAB-07", partielle="les listes")
@pytest.mark.parametrize("role", [Role.COLL, Role.INT, Role.INF, Role.IPA])
def test_an_opposition_closes_a_list_at_once_and_its_withdrawal_opens_it_again(monde: Monde, role: Role) -> None:
    zoe, other = monde.a.zoe, monde.b.infirmier
    assert opens(monde, monde.a[role], zoe)
    [opposition_id] = oppose(monde, zoe, "professionnels")
    [closed] = listed(monde, monde.a[role], zoe)
    assert (closed.opens, closed.ferme and closed.ferme.article) == (False, "R. 4624-45-6, L. 4624-8")
    assert opens(monde, monde.a.medecin, zoe), "nobody opposes his médecin du travail"
    assert opens(monde, monde.a[role], monde.a.pierre)
    assert opens(monde, other, monde.b.zoe, monde.b)
    with monde.work(monde.a.medecin) as ctx:
        dmst.withdraw_opposition(ctx, opposition_id)
    assert opens(monde, monde.a[role], zoe)


@pytest.mark.exigence("HAB-07", partielle="les listes, une délégation")
def test_both_oppositions_close_the_list_of_a_delegate_and_one_alone_does_not(monde: Monde) -> None:
    asst = monde.a[Role.ASST]
    monde.delegate(monde.a, asst, "S1", "S2", dossier_id=monde.a.zoe.dossier_id)
    assert opens(monde, asst, monde.a.zoe)
    oppose(monde, monde.a.zoe, "mpc")
    assert opens(monde, asst, monde.a.zoe)
    oppose(monde, monde.a.zoe, "professionnels")
    [closed] = listed(monde, asst, monde.a.zoe)
    assert closed.ferme is not None
    assert "réserve son dossier au médecin du travail" in closed.ferme.phrase


@pytest.mark.exigence("HAB-08", partielle="la phrase d’un refus dans une liste")
@pytest.mark.parametrize("role", [Role.MDT, Role.COLL, Role.INT, Role.INF, Role.IPA, Role.MPC, Role.IPRP, Role.ASST])
@pytest.mark.parametrize("portees", [(), ("mpc",), ("professionnels",), ("mpc", "professionnels")])
def test_a_list_says_of_each_dossier_what_a_click_would(monde: Monde, role: Role, portees: tuple[str, ...]) -> None:
    acteur, people = monde.a[role], (monde.a.zoe, monde.a.toussaint)
    with opposed(monde, monde.a.zoe, *portees):
        for entete in listed(monde, acteur, *people):
            if entete.ferme is None:
                with monde.work(acteur) as ctx:
                    dmst.open_dossier(ctx, entete.dossier_id)
            else:
                told = refusal(monde, acteur, entete.dossier_id)
                assert (str(told), told.facts["article"]) == (entete.ferme.phrase, entete.ferme.article)


def test_whoever_does_not_follow_is_told_so_and_nothing_of_an_opposition(monde: Monde) -> None:
    with opposed(monde, monde.a.zoe, "professionnels"):
        stranger = Acteur(monde.a.medecin_ailleurs.id, Role.COLL, "s", 2)
        [entete] = listed(monde, stranger, monde.a.zoe)
    assert entete.ferme is not None
    assert entete.ferme.article == "L. 1110-4 I CSP, R. 4624-45-5"
    assert "oppose" not in entete.ferme.phrase


@pytest.mark.parametrize("role", [Role.ADM, Role.DIR, Role.DPO])
def test_a_role_that_opens_no_dossier_is_offered_none_and_told_nothing_of_any(monde: Monde, role: Role) -> None:
    with opposed(monde, monde.a.zoe, "professionnels"):
        zoe, pierre = listed(monde, monde.a[role], monde.a.zoe, monde.a.pierre)
    assert (zoe.opens, zoe.ferme) == (pierre.opens, pierre.ferme) == (False, None)


def test_a_list_costs_the_same_statements_for_one_dossier_and_for_three_and_leaves_no_trace(monde: Monde) -> None:
    people, costs = (monde.a.zoe, monde.a.pierre, monde.a.toussaint), []
    before = count_traces(monde, monde.a)
    for some in (people[:1], people):
        with statements(monde) as sent:
            listed(monde, monde.a.infirmier, *some)
        costs.append(len([one for one in sent if "set_config" not in one]))
    assert costs[0] == costs[1] <= 6, (
        "dossiers, their facts, the policy, the protocol of who is supervised in two, its médecin"
    )
    assert count_traces(monde, monde.a) == before


def test_a_list_holds_no_dossier_of_the_other_tenant(monde: Monde) -> None:
    with monde.work(monde.a.infirmier) as ctx:
        assert dmst.dossiers_of(ctx, [monde.b.zoe.travailleur_id]) == {}
        assert dmst.dossiers_of(ctx, []) == {}


# ──── Whom a médecin praticien correspondant may find


def confies(monde: Monde, acteur: Acteur, spst: Spst | None = None) -> frozenset[UUID] | None:
    with monde.work(acteur, spst) as ctx:
        return dmst.travailleurs_confies(ctx)


@pytest.mark.exigence("HAB-09", partielle="qui lui est confié")
def test_only_workers_entrusted_by_name_are_found_by_an_mpc(monde: Monde) -> None:
    mpc = monde.a[Role.MPC]
    assert confies(monde, mpc) == frozenset()
    with entrusted(monde, monde.a.zoe, monde.a.toussaint):
        assert confies(monde, mpc) == {monde.a.zoe.travailleur_id, monde.a.toussaint.travailleur_id}
    with entrusted(monde, monde.a.zoe, ended=True):
        assert confies(monde, mpc) == frozenset()
    with entrusted(monde, monde.a.zoe, to=monde.a[Role.COLL]):
        assert confies(monde, mpc) == frozenset(), "another one's"


@pytest.mark.exigence("HAB-09", partielle="hors suivi renforcé")
@pytest.mark.exigence("HAB-07", partielle="opposition au médecin praticien correspondant")
def test_sir_and_an_opposition_to_him_take_a_worker_from_an_mpc_at_once(monde: Monde) -> None:
    mpc, both = monde.a[Role.MPC], {monde.a.zoe.travailleur_id, monde.a.pierre.travailleur_id}
    with entrusted(monde, monde.a.zoe, monde.a.pierre):
        with under_sir(monde, monde.a.pierre):
            assert confies(monde, mpc) == {monde.a.zoe.travailleur_id}
        [opposition_id] = oppose(monde, monde.a.zoe, "mpc")
        assert confies(monde, mpc) == {monde.a.pierre.travailleur_id}
        with monde.work(monde.a.medecin) as ctx:
            dmst.withdraw_opposition(ctx, opposition_id)
        with opposed(monde, monde.a.zoe, "professionnels"):
            assert confies(monde, mpc) == both, "that opposition is to others"


@pytest.mark.exigence("HAB-09", partielle="la liste et la décision s’accordent")
@pytest.mark.parametrize("is_entrusted", [True, False])
@pytest.mark.parametrize("is_sir", [True, False])
@pytest.mark.parametrize("portees", [(), ("mpc",), ("professionnels",)])
def test_the_list_of_an_mpc_is_that_of_the_dossiers_that_open_to_him(
    monde: Monde, is_entrusted: bool, is_sir: bool, portees: tuple[str, ...]
) -> None:
    mpc, zoe = monde.a[Role.MPC], monde.a.zoe
    with entrusted(monde, *([zoe] if is_entrusted else [])), opposed(monde, zoe, *portees):
        if is_sir:
            with under_sir(monde, zoe):
                assert (confies(monde, mpc) == {zoe.travailleur_id}) == opens(monde, mpc, zoe)
        else:
            assert (confies(monde, mpc) == {zoe.travailleur_id}) == opens(monde, mpc, zoe)


@pytest.mark.parametrize("role", [Role.MDT, Role.INF, Role.IPRP, Role.ADM])
def test_the_register_is_narrowed_for_nobody_else(monde: Monde, role: Role) -> None:
    assert confies(monde, monde.a[role]) is None
