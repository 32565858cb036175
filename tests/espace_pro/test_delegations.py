"""The page of delegations: the médecin gives and takes back, each reads his own, the direction names a replacement."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from spst.kernel.acteur import Role
from tests.factories.monde import Monde
from tests.factories.releves import run
from tests.factories.site import Site
from tests.visites.test_routes import Poste

pytestmark = pytest.mark.exigence("HAB-05")
PAGE = "/delegations"


def day(ahead: int) -> str:
    return (datetime.now(UTC) + timedelta(days=ahead)).strftime("%d/%m/%Y")


@pytest.fixture(autouse=True)
def clean(monde: Monde) -> Iterator[None]:
    yield
    run(monde, "DELETE FROM delegation")
    run(monde, "DELETE FROM remplacement")


@pytest.fixture
def medecin(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a.medecin)


def test_medecin_delegates_and_the_assistant_finds_it_then_it_is_taken_back(
    pages: Site, medecin: Poste, monde: Monde
) -> None:
    asst = Poste(pages, monde.a[Role.ASST])
    assert "Rien n’est donné" in asst.get(PAGE).text
    assert asst.get(f"/dossiers/{monde.a.zoe.dossier_id}").status_code == 403
    form = {"personne": str(monde.a[Role.ASST].id), "S1": "oui", "fin": day(20), "reference": "Protocole 2026-11"}
    assert medecin.post(f"{PAGE}/delegation", form).status_code == 303
    mine = asst.get(PAGE).text
    for said in ("Dr\u00a0Claire Vasseur", "vous", "Identité (S1)", "Protocole 2026-11", "Encore"):
        assert said in mine
    assert "/retrait" not in mine
    assert asst.get(f"/dossiers/{monde.a.zoe.dossier_id}").status_code == 200
    action = re.search(r'action="(/delegations/delegation/[^"]+/retrait)"', medecin.get(PAGE).text)
    assert action
    assert medecin.post(action[1]).status_code == 303
    assert asst.get(f"/dossiers/{monde.a.zoe.dossier_id}").status_code == 403
    assert "Retiré" in asst.get(PAGE).text


def test_what_was_taken_back_by_mistake_is_given_again_in_one_press(pages: Site, medecin: Poste, monde: Monde) -> None:
    asst = Poste(pages, monde.a[Role.ASST])
    form = {"personne": str(monde.a[Role.ASST].id), "S1": "oui", "fin": day(20), "reference": "Protocole 2026-11"}
    medecin.post(f"{PAGE}/delegation", form)
    action = re.search(r'action="(/delegations/delegation/[^"]+/retrait)"', medecin.get(PAGE).text)
    assert action
    medecin.post(action[1])
    undo = action[1].replace("/retrait", "/retablissement")
    assert f'action="{undo}"' in medecin.get(PAGE).text
    assert asst.post(undo).status_code == 403
    assert medecin.post(undo).status_code == 303
    assert asst.get(f"/dossiers/{monde.a.zoe.dossier_id}").status_code == 200
    assert "1 écrit terminé" in asst.get(PAGE).text.replace("\u00a0", " ")


def test_what_was_typed_comes_back_with_what_to_correct(medecin: Poste, monde: Monde) -> None:
    form = {"personne": str(monde.a[Role.ASST].id), "fin": day(20), "reference": "Protocole 2026-11"}
    page = medecin.post(f"{PAGE}/delegation", form)
    assert page.status_code == 422
    assert "Cochez au moins un volet" in page.text
    assert 'value="Protocole 2026-11"' in page.text
    late = medecin.post(f"{PAGE}/delegation", {**form, "S1": "oui", "fin": "31/13/2026"})
    assert late.status_code == 422
    assert "Le mois 13" in late.text


def test_one_dossier_is_delegated_from_its_page(pages: Site, medecin: Poste, monde: Monde) -> None:
    zoe = monde.a.zoe.dossier_id
    assert f'href="{PAGE}?dossier={zoe}#deleguer"' in medecin.get(f"/dossiers/{zoe}").text
    page = medecin.get(f"{PAGE}?dossier={zoe}").text
    assert f'name="dossier" value="{zoe}"' in page
    assert "ADRUN" not in page
    form = {
        "personne": str(monde.a[Role.IPRP].id),
        "S2": "oui",
        "dossier": str(zoe),
        "fin": day(20),
        "reference": "P",
    }
    assert medecin.post(f"{PAGE}/delegation", form).status_code == 303
    iprp = Poste(pages, monde.a[Role.IPRP])
    assert iprp.get(f"/dossiers/{zoe}").status_code == 200
    assert iprp.get(f"/dossiers/{monde.a.pierre.dossier_id}").status_code == 403
    assert 'name="dossier"' not in medecin.get(f"{PAGE}?dossier={monde.a.toussaint.dossier_id}").text
    assert medecin.get(f"{PAGE}?dossier=x").status_code == 200


def test_direction_reads_all_and_names_a_replacement_without_any_worker(pages: Site, monde: Monde) -> None:
    monde.delegate(monde.a, monde.a[Role.IPRP], "S2", dossier_id=monde.a.zoe.dossier_id)
    direction = Poste(pages, monde.a.directrice)
    page = direction.get(PAGE).text
    assert "pour un dossier" in page
    assert str(monde.a.zoe.dossier_id) not in page
    assert "Déléguer à un intervenant" not in page
    form = {"medecin": str(monde.a.medecin.id), "personne": str(monde.a.medecin_ailleurs.id), "fin": day(10)}
    assert direction.post(f"{PAGE}/remplacement", form).status_code == 303
    assert "Remplacement" in direction.get(PAGE).text
    assert Poste(pages, monde.a.medecin_ailleurs).get(f"/dossiers/{monde.a.zoe.dossier_id}").status_code == 200


@pytest.mark.parametrize("role", [Role.ADM, Role.PRO, Role.ASS])
def test_who_is_outside_of_the_teams_reads_no_delegation(pages: Site, monde: Monde, role: Role) -> None:
    assert Poste(pages, monde.a[role]).get(PAGE).status_code == 403
