"""« À confirmer »: a role of health by two people of the direction, through the pages."""

import re
from uuid import UUID

import pytest

from spst.kernel.acteur import Role
from tests.factories.monde import colleague
from tests.pilotage.conftest import Navigateur, Pages

pytestmark = pytest.mark.exigence("AUT-06")


@pytest.fixture
def director(pages: Pages) -> Navigateur:
    return pages.enter(pages.monde.a.directrice)


@pytest.fixture
def second(pages: Pages) -> Navigateur:
    return pages.enter(colleague(pages.monde, pages.monde.a, Role.DIR))


def newcomer(pages: Pages) -> UUID:
    """Somebody with an RPPS number, in a role that opens no health data."""
    return colleague(pages.monde, pages.monde.a, Role.ADM).id


def confirmation(page: str) -> str:
    found = re.findall(r'action="(/direction/demandes/[0-9a-f-]+/confirmation)"', page)
    assert len(found) == 1, page
    return str(found[0])


def test_second_person_confirms_from_the_list_what_the_first_asked(
    pages: Pages, director: Navigateur, second: Navigateur
) -> None:
    nurse = newcomer(pages)
    url = f"/direction/comptes/{nurse}"
    assert director.post(f"{url}/roles", role="INF", debut="", fin="", attestation="").status_code == 303
    mine = director.get(url).text
    assert "Il n’ouvre rien tant qu’une autre personne ne l’a pas confirmé" in mine
    assert "Vous l’avez demandé" in mine
    assert "/confirmation" not in mine
    for page in ("/direction/accueil", "/direction/comptes", url):
        assert "À confirmer" in second.get(page).text
    act = confirmation(second.get("/direction/comptes").text)
    refused = director.post(act)
    assert (refused.status_code, "Personne ne confirme ce qu’il a demandé" in refused.text) == (422, True)
    assert second.post(act).status_code == 303
    page = second.get(url).text
    assert "Rôle confirmé" in page
    assert re.search(r"demandé par [^<]+, confirmé par", page)
    assert "À confirmer" not in director.get("/direction/accueil").text
    assert second.post(act).status_code == 422


def test_demand_set_aside_leaves_the_pages(pages: Pages, director: Navigateur) -> None:
    url = f"/direction/comptes/{newcomer(pages)}"
    director.post(f"{url}/roles", role="MDT", debut="", fin="", attestation="Reconversion")
    page = director.get(url).text
    assert "Reconversion" in page
    act = re.search(r'action="(/direction/demandes/[0-9a-f-]+/ecart)"', page)
    assert act
    assert director.post(act[1]).status_code == 303
    assert "À confirmer" not in director.get(url).text


def test_only_person_of_the_direction_is_told_that_a_second_must_come(pages: Pages) -> None:
    alone = pages.enter(pages.monde.b.directrice, pages.monde.b)
    url = f"/direction/comptes/{pages.monde.b[Role.ADM].id}"
    alone.post(f"{url}/roles", role="INF", debut="", fin="", attestation="")
    assert "Ouvrez un second compte de direction" in alone.get(url).text


@pytest.mark.parametrize("role", [Role.DPO, Role.AUD])
def test_officer_and_auditor_are_shown_no_demand(pages: Pages, director: Navigateur, role: Role) -> None:
    director.post(f"/direction/comptes/{newcomer(pages)}/roles", role="INF", debut="", fin="", attestation="")
    assert "À confirmer" not in pages.enter(pages.monde.a[role]).get("/direction/accueil").text
