"""The direction names the secteurs, the centres and the équipes of its SPST; an équipe follows nobody until somebody joins it."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from spst.comptes import organisation
from spst.comptes import services_comptes as services
from spst.comptes.errors import OrganisationRefused
from spst.comptes.organisation import EquipeOrganisee, Partie, SecteurOrganise
from spst.kernel.acteur import Role
from spst.kernel.context import Context
from spst.kernel.errors import AccessDenied, NotFound
from tests.factories.monde import Monde, Spst, colleague
from tests.factories.releves import last_traces, run

pytestmark = pytest.mark.exigence("HAB-01")


@pytest.fixture(autouse=True)
def clean(monde: Monde) -> Iterator[None]:
    yield
    run(monde, "DELETE FROM equipe_membre m USING equipe e WHERE e.id = m.equipe_id AND e.nom LIKE 'Essai%'")
    for table in ("equipe", "secteur", "centre"):
        run(monde, f"DELETE FROM {table} WHERE nom LIKE 'Essai%'")


def secteur(monde: Monde, nom: str, spst: Spst | None = None) -> SecteurOrganise:
    spst = spst or monde.a
    with monde.work(spst.directrice, spst) as ctx:
        return next(one for one in organisation.organisation(ctx).secteurs if one.nom == nom)


def equipe(monde: Monde, nom: str = "Essai") -> UUID:
    with monde.work(monde.a.directrice) as ctx:
        return organisation.add_equipe(ctx, nom, monde.a.secteur_id, monde.a.centre_id)


def test_new_secteur_has_no_equipe_and_a_new_equipe_nobody_until_somebody_joins_it(monde: Monde) -> None:
    with monde.work(monde.a.directrice) as ctx:
        secteur_id = organisation.add_secteur(ctx, " Essai  nord ")
    assert secteur(monde, "Essai nord").equipes == ()
    with monde.work(monde.a.directrice) as ctx:
        equipe_id = organisation.add_equipe(ctx, "Essai", secteur_id, monde.a.centre_id)
    assert secteur(monde, "Essai nord").equipes == (EquipeOrganisee(equipe_id, "Essai", "Centre Rive-Sud", ()),)
    nurse = colleague(monde, monde.a, Role.INF)
    with monde.work(monde.a.directrice) as ctx:
        services.join_equipe(ctx, nurse.id, equipe_id)
        name = services.get_compte(ctx, nurse.id).nom_complet
    assert secteur(monde, "Essai nord").equipes[0].membres == ((nurse.id, name),)
    run(monde, "UPDATE compte SET suspended_at = now() WHERE id = :id", id=nurse.id)
    assert secteur(monde, "Essai nord").equipes[0].membres == ()


def test_each_act_is_traced_with_what_it_touched(monde: Monde) -> None:
    made = equipe(monde)
    traced = last_traces(monde, monde.a)[0]
    assert (traced.action, traced.details) == ("organisation.update", {"geste": "equipe_cree", "partie": str(made)})
    with monde.work(monde.a.directrice) as ctx:
        organisation.rename(ctx, Partie.EQUIPE, made, "Essai deux")
    assert last_traces(monde, monde.a)[0].details == {"geste": "equipe_renomme", "partie": str(made)}
    assert "Essai deux" in {one.nom for one in secteur(monde, "Secteur sud").equipes}


@pytest.mark.parametrize("nom", ["Essai", "  essai ", ""], ids=["same", "other capitals", "none"])
def test_name_that_is_taken_or_none_is_refused_to_create_and_to_rename(monde: Monde, nom: str) -> None:
    equipe(monde)
    other = equipe(monde, "Essai autre")
    with pytest.raises(OrganisationRefused):
        equipe(monde, nom)
    with pytest.raises(OrganisationRefused), monde.work(monde.a.directrice) as ctx:
        organisation.rename(ctx, Partie.EQUIPE, other, nom)


def test_name_is_changed_in_its_capitals_and_may_be_the_same_in_the_other_spst(monde: Monde) -> None:
    made = equipe(monde)
    with monde.work(monde.a.directrice) as ctx:
        organisation.rename(ctx, Partie.EQUIPE, made, "ESSAI")
    with monde.work(monde.b.directrice, monde.b) as ctx:
        organisation.add_equipe(ctx, "ESSAI", monde.b.secteur_id, monde.b.centre_id)


ELSEWHERE: dict[str, Callable[[Context, Monde], object]] = {
    "secteur": lambda ctx, m: organisation.add_equipe(ctx, "Essai", m.b.secteur_id, m.a.centre_id),
    "centre": lambda ctx, m: organisation.add_equipe(ctx, "Essai", m.a.secteur_id, m.b.centre_id),
    "structure": lambda ctx, m: organisation.add_centre(ctx, "Essai", "Lyon", m.b.structure_id),
    "renamed": lambda ctx, m: organisation.rename(ctx, Partie.EQUIPE, m.b.equipe_id, "Essai"),
}


@pytest.mark.parametrize("act", ELSEWHERE.values(), ids=ELSEWHERE)
def test_parts_of_the_other_spst_are_unknown_here(monde: Monde, act: Callable[[Context, Monde], object]) -> None:
    with pytest.raises(NotFound), monde.work(monde.a.directrice) as ctx:
        act(ctx, monde)


@pytest.mark.parametrize("role", [Role.DPO, Role.AUD, Role.ADM, Role.MDT, Role.INF])
def test_other_roles_organise_nothing(monde: Monde, role: Role) -> None:
    for act in (
        lambda ctx: organisation.organisation(ctx),
        lambda ctx: organisation.add_secteur(ctx, "Essai"),
        lambda ctx: organisation.add_centre(ctx, "Essai", "Lyon", monde.a.structure_id),
        lambda ctx: organisation.add_equipe(ctx, "Essai", monde.a.secteur_id, monde.a.centre_id),
        lambda ctx: organisation.rename(ctx, Partie.EQUIPE, monde.a.equipe_id, "Essai"),
    ):
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            act(ctx)
