"""The page of the équipes: what is created stands on it, and what is refused keeps what was typed."""

import pytest

from tests.factories.site import ORIGIN
from tests.pilotage.conftest import AGENT, Navigateur, Pages

pytestmark = pytest.mark.exigence("HAB-01")
PAGE = "/direction/equipes"


@pytest.fixture
def director(pages: Pages) -> Navigateur:
    return pages.enter(pages.monde.a.directrice)


def test_secteur_then_equipe_are_created_from_the_page_and_proposed_to_the_accounts(
    pages: Pages, director: Navigateur
) -> None:
    assert director.post(f"{PAGE}/secteur", nom="Port").status_code == 303
    assert "personne ne suit les salariés de ce secteur" in director.get(PAGE).text
    here = {"secteur": str(pages.monde.a.secteur_id), "centre": str(pages.monde.a.centre_id)}
    assert director.post(f"{PAGE}/equipe", nom="Équipe du port", **here).status_code == 303
    assert "Équipe du port" in director.get(f"/direction/comptes/{pages.monde.a.infirmier.id}").text
    assert f'href="{PAGE}"' in director.get("/direction/comptes").text
    page = director.get(PAGE).text
    assert 'aria-current="page">Comptes' in page
    assert f'href="/direction/comptes/{pages.monde.a.medecin.id}"' in page


def test_refused_name_is_said_beside_its_field_and_what_was_typed_stays(pages: Pages, director: Navigateur) -> None:
    here = {"secteur": str(pages.monde.a.secteur_id), "centre": ""}
    refused = director.post(f"{PAGE}/equipe", nom="Équipe neuve", **here)
    assert (refused.status_code, 'value="Équipe neuve"' in refused.text) == (422, True)
    assert "Choisissez dans la liste." in refused.text
    taken = director.post(f"{PAGE}/equipe/{pages.monde.a.equipe_id}/nom", nom="Équipe Besson")
    assert (taken.status_code, "porte déjà ce nom" in taken.text) == (422, True)


def test_form_sent_once_the_session_is_over_says_so_and_leads_back_to_its_page(
    pages: Pages, director: Navigateur
) -> None:
    """For who has no script: with it, the screen locks over the form and nothing leaves."""
    token = director.token()
    with pages.monde.superuser.begin() as connection:
        connection.exec_driver_sql("DELETE FROM session")
    answer = director.client.post(
        f"{PAGE}/secteur", base_url=ORIGIN, data={"csrf_token": token, "nom": "Perdu"}, headers={"User-Agent": AGENT}
    )
    assert answer.status_code == 401
    assert "revenez en arrière" in answer.text
    assert 'href="/connexion?suite=%2Fdirection%2Fequipes&amp;raison=terminee"' in answer.text
