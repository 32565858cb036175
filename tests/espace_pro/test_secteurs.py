"""Sectors on screen: what is left to place, what a move will change for whom, and taking it back."""

import re
from collections.abc import Iterator
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import text

from spst.entreprises.models import Etablissement
from spst.kernel.acteur import Role
from spst.kernel.ids import new_id
from spst.tenants.models import Secteur
from tests.factories.monde import Monde
from tests.factories.releves import count_traces, last_traces, run
from tests.factories.site import Site
from tests.visites.test_routes import Poste

pytestmark = pytest.mark.exigence("TEN-05", partielle="les secteurs et leurs établissements")
PAGE = "/secteurs"


@pytest.fixture
def desk(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a[Role.ADM])


@pytest.fixture(autouse=True)
def nobody_placed(monde: Monde) -> Iterator[None]:
    yield
    run(monde, "DELETE FROM secteur_etablissement")
    run(monde, "DELETE FROM secteur WHERE nom = 'Littoral'")


@pytest.fixture
def littoral(monde: Monde) -> UUID:
    """A sector of A without équipe."""
    secteur_id = new_id()
    monde.add(Secteur(tenant_id=monde.a.tenant_id, id=secteur_id, nom="Littoral"))
    return secteur_id


def chosen(monde: Monde, **changes: str) -> dict[str, str]:
    return {"etablissement": str(monde.a.etablissement_id), "retour": PAGE, **changes}


def place(desk: Poste, monde: Monde, secteur_id: UUID | None = None, **changes: str) -> str:
    answer = desk.post(f"{PAGE}/rattachement", chosen(monde, secteur=str(secteur_id or monde.a.secteur_id), **changes))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(page)).replace("\u00a0", " ").replace("\u202f", " ").split())


def placed(monde: Monde) -> list[tuple[UUID, bool]]:
    query = text("SELECT secteur_id, ends_on IS NULL FROM secteur_etablissement ORDER BY id")
    with monde.superuser.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_those_without_sector_come_first_then_the_sectors_with_their_equipes(desk: Poste, monde: Monde) -> None:
    page = words(desk.get(PAGE).text)
    assert "1 établissement n’a pas de secteur" in page
    assert page.index("Chantiers de la Brière SIRET 73282932000074 3 salariés") < page.index("Secteur sud")
    assert "Secteur sud Équipe Besson, Équipe Vasseur 0 établissement" in page
    place(desk, monde)
    page = words(desk.get(PAGE).text)
    assert "Tous les établissements ont un secteur" in page
    assert "Tout est rattaché" in page
    assert "Équipe Besson, Équipe Vasseur 1 établissement" in page
    listed = words(desk.get(f"{PAGE}/{monde.a.secteur_id}").text)
    assert "Suivi par Équipe Besson, Équipe Vasseur." in listed
    assert "Chantiers de la Brière" in listed


@pytest.mark.exigence("HAB-01", partielle="dire qui lira avant de rattacher")
def test_before_a_move_the_page_says_who_will_follow_how_many(desk: Poste, monde: Monde, littoral: UUID) -> None:
    page = words(desk.post(f"{PAGE}/choix", chosen(monde)).text)
    assert "Équipe Besson et Équipe Vasseur suivront les salariés à venir de cet établissement." in page
    assert "3 salariés de cet établissement ont un dossier confié à une équipe" in page
    run(monde, "UPDATE suivi SET ends_on = starts_on WHERE dossier_id = :id", id=monde.a.zoe.dossier_id)
    try:
        page = words(desk.post(f"{PAGE}/choix", chosen(monde)).text)
        assert "Équipe Besson et Équipe Vasseur suivront 1 salarié de cet établissement." in page
        assert "Ce secteur n’a pas d’équipe : personne ne suivra 1 salarié de cet établissement." in page
        assert "2 salariés de cet établissement ont un dossier confié à une équipe" in page
    finally:
        run(monde, "UPDATE suivi SET ends_on = NULL WHERE dossier_id = :id", id=monde.a.zoe.dossier_id)
    assert "cessent aussitôt" not in page
    place(desk, monde, littoral)
    page = words(desk.post(f"{PAGE}/choix", chosen(monde)).text)
    assert "Cet établissement y est déjà." in page
    assert "cessent aussitôt de lire les dossiers" in page
    assert placed(monde) == [(littoral, True)]


def test_a_move_is_done_at_once_traced_and_taken_back_once(desk: Poste, monde: Monde, littoral: UUID) -> None:
    place(desk, monde, littoral)
    before = count_traces(monde, monde.a)
    where = place(desk, monde, retour=f"{PAGE}/{littoral}")
    assert where == f"{PAGE}/{littoral}"
    assert count_traces(monde, monde.a) == before + 1
    assert last_traces(monde, monde.a)[0].action == "registre.update"
    page = desk.get(where)
    assert "1 établissement est rattaché (Secteur sud)." in words(page.text)
    assert f'action="{PAGE}/annulation"' in page.text
    assert desk.post(f"{PAGE}/annulation").headers["Location"] == where
    assert "Le rattachement est annulé." in words(desk.get(PAGE).text)
    assert placed(monde) == [(littoral, False), (monde.a.secteur_id, False), (littoral, True)]
    again = desk.post(f"{PAGE}/annulation")
    assert again.status_code == 409
    assert "plus rien à annuler" in words(again.text)
    assert len(placed(monde)) == 3


def test_the_whole_page_moves_by_one_button(desk: Poste, monde: Monde) -> None:
    found = re.search(r'name="tous" value="([^"]+)"', desk.get(PAGE).text)
    assert not found, "one establishment has its box"
    with monde.superuser.connect() as connection:
        adherent = connection.execute(
            text("SELECT id FROM adherent WHERE tenant_id = :t"), {"t": monde.a.tenant_id}
        ).scalar_one()
    other = Etablissement(
        tenant_id=monde.a.tenant_id, id=new_id(), adherent_id=adherent, siret="73282932000082", nom="Dépôt"
    )
    monde.add(other)
    try:
        found = re.search(r'name="tous" value="([^"]+)"', desk.get(PAGE).text)
        assert found
        page = desk.post(f"{PAGE}/choix", {"tous": found[1], "retour": PAGE})
        assert "Dans quel secteur rattacher ces 2 établissements ?" in words(page.text)
        assert page.text.count('name="etablissement"') == 2
    finally:
        run(monde, "DELETE FROM etablissement WHERE id = :id", id=other.id)


def test_a_refused_form_loses_nothing_and_moves_nothing(desk: Poste, monde: Monde) -> None:
    nothing = desk.post(f"{PAGE}/choix", {"retour": f"{PAGE}?page=2"})
    assert nothing.headers["Location"] == f"{PAGE}?page=2"
    assert "Cochez au moins un établissement." in words(desk.get(PAGE).text)
    refused = desk.post(f"{PAGE}/rattachement", chosen(monde, secteur=""))
    assert refused.status_code == 422
    assert "Choisissez un secteur." in words(refused.text)
    assert str(monde.a.etablissement_id) in refused.text
    assert placed(monde) == []


@pytest.mark.parametrize("typed", ["https://ailleurs.test/", "//ailleurs.test", "/direction/comptes", "javascript:x"])
def test_a_move_leads_back_to_a_page_of_the_sectors_alone(desk: Poste, monde: Monde, typed: str) -> None:
    assert place(desk, monde, retour=typed) == PAGE


def test_an_establishment_is_found_by_its_name_and_shown_with_its_sector(desk: Poste, monde: Monde) -> None:
    place(desk, monde)
    address = desk.post(f"{PAGE}/recherche", {"q": "la briere"}).headers["Location"]
    assert "briere" not in address
    page = words(desk.get(address).text)
    assert "Établissements trouvés" in page
    assert "Secteur sud depuis le" in page
    nothing = desk.get(desk.post(f"{PAGE}/recherche", {"q": "brest"}).headers["Location"])
    assert "Aucun établissement à montrer pour « brest »" in words(nothing.text)


def test_ids_of_another_spst_are_not_found(desk: Poste, monde: Monde) -> None:
    assert desk.get(f"{PAGE}/{monde.b.secteur_id}").status_code == 404
    foreign = {"etablissement": str(monde.b.etablissement_id), "retour": PAGE}
    assert desk.post(f"{PAGE}/choix", foreign).status_code == 404
    assert desk.post(f"{PAGE}/rattachement", {**foreign, "secteur": str(monde.a.secteur_id)}).status_code == 404
    assert desk.post(f"{PAGE}/rattachement", chosen(monde, secteur=str(monde.b.secteur_id))).status_code == 404
    assert placed(monde) == []


@pytest.mark.parametrize(("role", "status"), [(Role.ADM, 200), (Role.MDT, 200), (Role.ASST, 200), (Role.DIR, 403)])
def test_the_page_opens_to_those_who_keep_the_register(pages: Site, monde: Monde, role: Role, status: int) -> None:
    answer = Poste(pages, monde.a[role]).get(PAGE)
    assert answer.status_code == status
    if role is Role.ADM:
        assert f'href="{PAGE}"' in answer.text


def test_the_dossier_says_that_it_is_followed_by_the_sector(pages: Site, desk: Poste, monde: Monde) -> None:
    medecin = Poste(pages, monde.a.medecin)
    said = "Équipe Besson et Équipe Vasseur suivent ce dossier par le secteur de l’établissement."
    assert said not in words(medecin.get(f"/dossiers/{monde.a.zoe.dossier_id}").text)
    place(desk, monde)
    run(monde, "UPDATE suivi SET ends_on = starts_on WHERE dossier_id = :id", id=monde.a.zoe.dossier_id)
    try:
        page = medecin.get(f"/dossiers/{monde.a.zoe.dossier_id}")
        assert page.status_code == 200
        assert said in words(page.text)
    finally:
        run(monde, "UPDATE suivi SET ends_on = NULL WHERE dossier_id = :id", id=monde.a.zoe.dossier_id)
