"""The inventory and the INSi file, through their pages."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from spst.kernel.acteur import Role
from spst.kernel.clock import today
from tests.factories.monde import Monde
from tests.factories.releves import run
from tests.pilotage.conftest import Navigateur, Pages

pytestmark = pytest.mark.exigence("AUT-07")
PAGE = "/direction/moyens"


@pytest.fixture(autouse=True)
def clean(monde: Monde) -> Iterator[None]:
    yield
    run(monde, "DELETE FROM moyen_identification")
    run(monde, "DELETE FROM habilitation_nominative WHERE code <> 'enregistrement'")


@pytest.fixture
def director(pages: Pages) -> Navigateur:
    return pages.enter(pages.monde.a.directrice)


def form(pages: Pages, **changes: str) -> dict[str, str]:
    values = {"nature": "cps", "reference": "8012345", "porteur": str(pages.monde.a.medecin.id), "service": ""}
    return {**values, "responsable": str(pages.monde.a.directrice.id), "echeance": "", **changes}


def only(page: str) -> str:
    [found] = set(re.findall(r'href="(/direction/moyens/[0-9a-f-]{36})"', page))
    return str(found)


def test_card_is_written_corrected_and_withdrawn_and_never_leaves(pages: Pages, director: Navigateur) -> None:
    soon = today(pages.monde.runtime.clock) + timedelta(days=30)
    assert director.post(PAGE, **form(pages, echeance=f"{soon:%d/%m/%Y}")).status_code == 303
    page = director.get(PAGE).text
    assert "1\u00a0moyen à renouveler dans les 60 jours" in page
    assert "Expire dans 30\u00a0jours" in page
    one = only(page)
    assert director.post(one, **form(pages, porteur="", service="Accueil", echeance="01/01/2098")).status_code == 303
    assert "Rien n’expire dans les 60 jours" in director.get(PAGE).text
    assert director.post(f"{one}/retrait", pourquoi="").status_code == 422
    assert director.post(f"{one}/retrait", pourquoi="Rendue").status_code == 303
    page = director.get(one).text
    assert "Rendue" in page
    assert "Corriger" not in page
    assert director.post(one, **form(pages)).status_code == 422


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"porteur": ""}, "Donnez un porteur"),
        ({"service": "Accueil"}, "Donnez un porteur"),
        ({"echeance": "31/02/2030"}, "n’existe pas dans ce mois"),
        ({"nature": "badge"}, "Choisissez dans la liste"),
        ({"responsable": "personne"}, "Choisissez dans la liste"),
    ],
)
def test_refused_line_says_why_and_keeps_what_was_typed(
    pages: Pages, director: Navigateur, changes: dict[str, str], said: str
) -> None:
    refused = director.post(PAGE, **form(pages, reference="gardée", **changes))
    assert (refused.status_code, said in refused.text, 'value="gardée"' in refused.text) == (422, True, True)


def test_export_begins_no_cell_like_a_formula(pages: Pages, director: Navigateur) -> None:
    director.post(PAGE, **form(pages, reference="=1+1"))
    rows = list(csv.reader(io.StringIO(director.get(f"{PAGE}/export.csv").text.lstrip("\ufeff")), delimiter=";"))
    assert "'=1+1" in {cell for row in rows for cell in row}


def test_insi_file_gathers_who_calls_by_what_and_says_what_is_to_confirm(pages: Pages, director: Navigateur) -> None:
    director.post(PAGE, **form(pages, nature="certificat_organisation", reference="ORG-77"))
    nurse = f"/direction/comptes/{pages.monde.a.infirmier.id}"
    page = director.get(nurse).text
    assert "Chercher et vérifier l’identité nationale de santé" in page
    assert director.post(f"{nurse}/nominatives", code="insi").status_code == 303
    told = director.get(f"{PAGE}/insi").text
    assert "ORG-77" in told
    assert "TEST-INF" in told.upper()
    assert "À confirmer" in told
    assert "Appeler INSi" in director.get(PAGE).text


@pytest.mark.parametrize("role", [Role.DPO, Role.AUD])
def test_officer_and_auditor_read_without_anything_to_press(pages: Pages, director: Navigateur, role: Role) -> None:
    director.post(PAGE, **form(pages))
    mine, one = pages.enter(pages.monde.a[role]), only(director.get(PAGE).text)
    for path in (PAGE, one, f"{PAGE}/insi"):
        page = mine.get(path)
        assert page.status_code == 200
        assert "<form" not in page.text.partition("<main")[2].partition("</main>")[0]
    assert mine.post(PAGE, **form(pages)).status_code == 403


def test_line_of_another_spst_is_not_found(pages: Pages, director: Navigateur) -> None:
    director.post(PAGE, **form(pages))
    one, there = only(director.get(PAGE).text), pages.enter(pages.monde.b.directrice, pages.monde.b)
    assert there.get(one).status_code == 404
    assert there.post(f"{one}/retrait", pourquoi="x").status_code == 404
