"""Departures and unused accounts, through the pages of the direction."""

from collections.abc import Iterator

import pytest

from spst.comptes import inusage
from spst.kernel.acteur import Role
from tests.factories.monde import Monde, colleague
from tests.factories.releves import clock, run
from tests.pilotage.conftest import Navigateur, Pages

pytestmark = pytest.mark.exigence("AUT-06")


@pytest.fixture(autouse=True)
def clean(monde: Monde) -> Iterator[None]:
    yield
    run(
        monde,
        "UPDATE compte SET departs_at = NULL, suspended_at = NULL, suspended_why = NULL, inusite = false,"
        " counted_from = now()",
    )


@pytest.fixture
def director(pages: Pages) -> Navigateur:
    return pages.enter(pages.monde.a.directrice)


def test_session_that_is_open_ends_with_the_departure_at_the_next_request(pages: Pages, director: Navigateur) -> None:
    """AUTZ-05: the session was opened before, and nobody closed it."""
    auditor = colleague(pages.monde, pages.monde.a, Role.AUD)
    url = f"/direction/comptes/{auditor.id}"
    assert director.post(f"{url}/depart", dernier_jour="31/12/2098").status_code == 303
    page = director.get(url).text
    assert "Part le 31/12/2098 au soir" in page
    assert "Annuler ce départ" in page
    his = pages.enter(auditor)
    assert his.get("/direction/accueil").status_code == 200
    run(pages.monde, "UPDATE compte SET departs_at = now() WHERE id = :id", id=auditor.id)
    assert his.get("/direction/accueil").headers["Location"].startswith("/connexion")
    page = director.get(url).text
    assert "Parti depuis le" in page
    assert "Accorder un rôle" not in page
    assert director.post(f"{url}/reprise").status_code == 303
    assert "Aucun rôle" in director.get(url).text or "Retiré" in director.get(url).text


def test_departure_is_taken_back_and_a_wrong_day_is_said_in_its_place(pages: Pages, director: Navigateur) -> None:
    url = f"/direction/comptes/{pages.monde.a.infirmier.id}"
    refused = director.post(f"{url}/depart", dernier_jour="01/01/2020")
    assert (refused.status_code, "suspendez-le" in refused.text, 'value="01/01/2020"' in refused.text) == (
        422,
        True,
        True,
    )
    assert director.post(f"{url}/depart", dernier_jour="31/02/2098").status_code == 422
    assert director.post(f"{url}/depart", dernier_jour="31/12/2098").status_code == 303
    assert director.post(f"{url}/reintegration").status_code == 303
    assert "Part le" not in director.get(url).text
    assert director.post(f"{url}/reintegration").status_code == 422


def test_home_lists_unused_accounts_and_reopens_them(pages: Pages, director: Navigateur) -> None:
    nurse = pages.monde.a.infirmier.id
    run(pages.monde, "UPDATE compte SET counted_from = now() - interval '91 days' WHERE id = :id", id=nurse)
    assert "à suspendre la nuit prochaine" in director.get("/direction/accueil").text
    inusage.suspend_unused(pages.monde.runtime)
    page = director.get("/direction/accueil").text
    assert f'action="/direction/comptes/{nurse}/reprise"' in page
    assert director.post(f"/direction/comptes/{nurse}/reprise").status_code == 303
    assert "Comptes non utilisés" not in director.get("/direction/accueil").text


def test_rights_that_ended_by_themselves_end_an_open_session_too(pages: Pages) -> None:
    with clock(pages.monde) as moved:
        auditor = colleague(pages.monde, pages.monde.a, Role.AUD)
        his = pages.enter(auditor)
        assert his.get("/direction/accueil").status_code == 200
        run(pages.monde, "UPDATE compte SET departs_at = now() + interval '5 minutes' WHERE id = :id", id=auditor.id)
        moved.forward(minutes=6)
        assert his.get("/direction/accueil").headers["Location"].startswith("/connexion")


def test_account_keeps_its_former_name_on_its_page_and_a_wrong_one_is_said_in_its_place(
    pages: Pages, director: Navigateur
) -> None:
    auditor = colleague(pages.monde, pages.monde.a, Role.AUD)
    url = f"/direction/comptes/{auditor.id}"
    refused = director.post(f"{url}/nom", civilite="Mme", prenom="Aude", nom="")
    assert (refused.status_code, 'value="Aude"' in refused.text) == (422, True)
    assert director.post(f"{url}/nom", civilite="Mme", prenom="Aude", nom="Neuf-Test").status_code == 303
    page = director.get(url).text
    assert "<h1>Mme\u00a0Aude Neuf-Test</h1>" in page
    assert "jusqu’au" in page
    again = director.post(f"{url}/nom", civilite="Mme", prenom="Aude", nom="Neuf-Test")
    assert (again.status_code, "déjà le nom" in again.text) == (422, True)
    assert "Corriger le nom" not in director.get(f"/direction/comptes/{pages.monde.a.directrice.id}").text


def test_director_who_enters_by_a_code_is_said_to_wait_a_week_once_opened_again(
    pages: Pages, director: Navigateur
) -> None:
    second = colleague(pages.monde, pages.monde.a, Role.DIR)
    run(pages.monde, "UPDATE compte SET suspended_at = now() WHERE id = :id", id=second.id)
    url = f"/direction/comptes/{second.id}"
    assert "pendant sept jours" not in director.get(url).text
    run(pages.monde, "UPDATE compte SET rpps = NULL WHERE id = :id", id=second.id)
    assert "pendant sept jours" in director.get(url).text
