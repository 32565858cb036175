"""The register on screen: nobody is created before his near ones were shown, and what changes of somebody afterwards."""

import re
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import text

from spst.kernel.acteur import Role
from spst.kernel.ids import new_id
from tests.factories.monde import Monde
from tests.factories.releves import run
from tests.factories.site import Site
from tests.visites.test_routes import Poste

NEW = "/salaries/nouveau"
TYPED = {
    "nom_naissance": "d’Kervella",
    "prenoms": "Maëlys, Anne",
    "premier_prenom": "",
    "naissance": "14071990",
    "sexe": "F",
    "lieu": "29019",
    "nom_utilise": "",
    "prenom_utilise": "",
    "telephone": "06 12 34 56 78",
    "email": "",
    "adresse": "1 rue du Port\r\n29200 Brest",
    "employeur": "briere",
    "poste": "Soudeuse",
    "type": "CDI",
    "debut": "01092026",
}

NO_CONTACT = dict.fromkeys(("nom_utilise", "prenom_utilise", "telephone", "email", "adresse"), "")


@pytest.fixture
def desk(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a[Role.ADM])


@pytest.fixture
def medecin(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a.medecin)


def demand(**changes: str) -> dict[str, str]:
    return {**TYPED, "operation_id": str(new_id()), "etape": "creer", **changes}


def registered(keeper: Poste, **changes: str) -> str:
    """The address of somebody who is registered; born on a day of his own unless told otherwise."""
    answer = keeper.post(NEW, demand(**changes))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def people(monde: Monde) -> int:
    with monde.superuser.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM travailleur")).scalar_one())


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*? value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


# ──── Creation


def test_the_form_is_empty_and_says_who_constitutes_the_dossier(desk: Poste, medecin: Poste) -> None:
    said = "constitué par le médecin du travail ou un professionnel de santé de son équipe (R. 4624-45-3)"
    assert said in desk.get(NEW).text
    assert said not in medecin.get(NEW).text
    assert UUID(field(desk.get(NEW).text, "operation_id")).version == 7


@pytest.mark.exigence("INS-01", partielle="saisie au guichet")
@pytest.mark.exigence("INS-02", partielle="une identité saisie est provisoire")
def test_a_new_identity_is_compared_shown_as_typed_and_as_kept_then_created_provisoire(
    desk: Poste, monde: Monde
) -> None:
    before = people(monde)
    page = desk.post(NEW, demand(etape="verifier"))
    assert page.status_code == 200
    assert people(monde) == before
    shown = re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", "", unescape(page.text)))
    assert "Saisi\u202f: d’Kervella, gardé\u202f: D'KERVELLA" in shown
    assert "Saisi\u202f: Maëlys, Anne, gardé\u202f: MAELYS ANNE" in shown
    assert "Provisoire" in shown
    assert "Soudeuse, Chantiers de la Brière, SIRET 73282932000074" in shown
    created = desk.post(NEW, {**hidden(page.text), "etape": "creer"})
    assert created.status_code == 303
    sheet = desk.get(created.headers["Location"]).text
    for kept in (
        "KERVELLA",
        "MAELYS ANNE",
        "Identité provisoire",
        "Soudeuse",
        "CDI, depuis le 01/09/2026",
        "0612345678",
    ):
        assert kept in unescape(sheet)


def test_coming_back_to_the_form_loses_nothing(desk: Poste) -> None:
    page = desk.post(NEW, demand(etape="verifier", naissance="15071990"))
    again = desk.post(NEW, {**hidden(page.text), "etape": "corriger"})
    assert again.status_code == 200
    assert field(again.text, "nom_naissance") == "d’Kervella"
    assert field(again.text, "debut") == "01092026"
    assert "1 rue du Port\r\n29200 Brest" in again.text


@pytest.mark.exigence("INS-10", partielle="la recherche avant création, au guichet")
def test_the_possible_same_person_is_shown_and_another_is_created_only_knowingly(desk: Poste, monde: Monde) -> None:
    typed = {"nom_naissance": "adrun", "prenoms": "Lise", "naissance": "31/12/1975"}
    before = people(monde)
    asked = desk.post(NEW, demand(**typed))
    assert asked.status_code == 422
    assert people(monde) == before
    page = desk.post(NEW, demand(**typed, etape="verifier"))
    assert f'href="/salaries/{monde.a.zoe.travailleur_id}"' in page.text
    assert "C’est cette personne" in page.text
    assert "Créer quand même" in page.text
    assert str(monde.b.zoe.travailleur_id) not in page.text
    assert desk.post(NEW, {**hidden(page.text), "etape": "creer"}).status_code == 303
    assert people(monde) == before + 1


def test_sent_twice_a_form_registers_one_person_and_one_employment(desk: Poste, monde: Monde) -> None:
    form = demand(naissance="16071990")
    before = people(monde)
    first, second = desk.post(NEW, form), desk.post(NEW, form)
    assert first.headers["Location"] == second.headers["Location"]
    assert people(monde) == before + 1
    assert desk.get(first.headers["Location"]).text.count("Soudeuse") == 1


def test_a_form_that_served_already_does_not_register_somebody_else(desk: Poste, monde: Monde) -> None:
    form = demand(naissance="17071990")
    desk.post(NEW, form)
    before = people(monde)
    answer = desk.post(NEW, {**form, "prenoms": "Paul"})
    assert answer.status_code == 409
    assert "a déjà servi" in answer.text
    assert field(answer.text, "prenoms") == "Paul"
    assert field(answer.text, "operation_id") != form["operation_id"]
    assert people(monde) == before


@pytest.mark.parametrize(
    ("changes", "name", "sentence"),
    [
        ({"nom_naissance": "Kerv3lla"}, "nom_naissance", "Un nom ne contient que des lettres"),
        ({"nom_naissance": ""}, "nom_naissance", "Remplissez ce champ."),
        ({"premier_prenom": "Anne"}, "premier_prenom", "n’est pas celui par lequel commence"),
        ({"naissance": "31/13/1990"}, "naissance", "Le mois 13"),
        ({"naissance": "01/01/2150"}, "naissance", "date de naissance est impossible"),
        ({"sexe": ""}, "sexe", "Remplissez ce champ."),
        ({"lieu": "Brest"}, "lieu", "code INSEE"),
        ({"nom_utilise": "Le_Goff"}, "nom_utilise", "Un nom ne contient que des lettres"),
        ({"telephone": "peut-être"}, "telephone", "Ce numéro n’est pas valide"),
        ({"email": "maelys"}, "email", "Ce courriel n’est pas valide"),
        ({"employeur": "Inconnue"}, "employeur", "n’est pas au registre"),
        ({"employeur": ""}, "employeur", "Remplissez ce champ."),
        ({"poste": ""}, "poste", "Remplissez ce champ."),
        ({"type": ""}, "type", "Remplissez ce champ."),
        ({"debut": "hier"}, "debut", "Écrivez jour, mois, année"),
    ],
)
def test_what_is_refused_is_said_at_its_field_and_nothing_typed_is_lost(
    desk: Poste, monde: Monde, changes: dict[str, str], name: str, sentence: str
) -> None:
    before = people(monde)
    answer = desk.post(NEW, demand(**changes))
    assert answer.status_code == 422
    [error] = re.findall(rf'id="f-{name}-e">.*?</svg>(.*?)</span>', answer.text)
    assert sentence in unescape(error)
    assert f'<li><a href="#f-{name}">' in answer.text
    kept = {**TYPED, **changes}
    for other in ("nom_naissance", "prenoms", "naissance", "lieu", "telephone", "email", "employeur", "poste", "debut"):
        assert field(answer.text, other) == kept[other]
    assert people(monde) == before


def test_without_employer_somebody_is_registered_and_employed_later(desk: Poste) -> None:
    nobody = dict.fromkeys(("employeur", "poste", "type", "debut"), "")
    page = desk.post(NEW, demand(naissance="18071990", etape="verifier", **nobody))
    assert "Sans employeur connu" in page.text
    created = desk.post(NEW, {**hidden(page.text), "etape": "creer"})
    sheet = created.headers["Location"]
    assert "Aucun employeur connu." in desk.get(sheet).text


def test_between_several_establishments_one_is_chosen(desk: Poste, monde: Monde) -> None:
    run(
        monde,
        "INSERT INTO etablissement SELECT tenant_id, gen_random_uuid(), adherent_id, '73282932000082', nom || ' Nord'"
        " FROM etablissement WHERE tenant_id = :tenant",
        tenant=monde.a.tenant_id,
    )
    answer = desk.post(NEW, demand(naissance="19071990"))
    assert answer.status_code == 422
    assert "Plusieurs établissements correspondent" in answer.text
    [north] = re.findall(r'<option value="([^"]+)">[^<]* Nord', answer.text)
    sheet = registered(desk, naissance="19071990", etablissement=north)
    assert "Chantiers de la Brière Nord" in desk.get(sheet).text
    run(monde, "DELETE FROM contrat WHERE etablissement_id = :north", north=north)
    run(monde, "DELETE FROM etablissement WHERE id = :north", north=north)


@pytest.mark.parametrize("role", [Role.DIR, Role.DPO, Role.AUD, Role.PRO, Role.ASS])
def test_no_other_role_keeps_the_register(pages: Site, monde: Monde, role: Role) -> None:
    poste, zoe = Poste(pages, monde.a[role]), monde.a.zoe.travailleur_id
    for path in (NEW, f"/salaries/{zoe}", f"/salaries/{zoe}/modifier"):
        assert poste.get(path).status_code == 403
    assert poste.post(NEW, demand()).status_code == 403


# ──── The dossier


def test_the_medecin_constitutes_the_dossier_of_his_equipe_from_the_sheet(
    desk: Poste, medecin: Poste, monde: Monde
) -> None:
    sheet = registered(desk, naissance="20071990")
    page = medecin.get(sheet).text
    assert f'<option value="{monde.a.equipe_id}" selected>' in page
    done = medecin.post(f"{sheet}/dossier", {"equipe": str(monde.a.equipe_id)})
    assert done.status_code == 303
    assert medecin.get(done.headers["Location"]).status_code == 200
    again = medecin.post(f"{sheet}/dossier", {"equipe": str(monde.a.equipe_id)})
    assert again.status_code == 409
    assert done.headers["Location"] in again.text
    assert medecin.post(f"{sheet}/dossier", {"equipe": ""}).status_code == 422


@pytest.mark.exigence("HAB-01", partielle="un dossier confié à personne, suivi par le secteur")
def test_the_dossier_is_left_to_the_equipes_of_the_sector_when_there_are_any(
    desk: Poste, medecin: Poste, monde: Monde
) -> None:
    sheet = registered(desk, naissance="11031977")
    assert "du secteur" not in medecin.get(sheet).text
    refused = medecin.post(f"{sheet}/dossier", {"equipe": "secteur"})
    assert refused.status_code == 422
    assert "Aucune équipe ne suit ce salarié par le secteur" in refused.text
    form = {"etablissement": str(monde.a.etablissement_id), "secteur": str(monde.a.secteur_id)}
    assert desk.post("/secteurs/rattachement", form).status_code == 303
    try:
        assert "Celles du secteur\u00a0: Équipe Besson, Équipe Vasseur" in unescape(medecin.get(sheet).text)
        done = medecin.post(f"{sheet}/dossier", {"equipe": "secteur"})
        assert done.status_code == 303
        page = medecin.get(done.headers["Location"])
        assert page.status_code == 200
        assert "suivent ce dossier par le secteur" in page.text
    finally:
        run(monde, "DELETE FROM secteur_etablissement")


@pytest.mark.parametrize("role", [Role.ADM, Role.IPRP, Role.ASST])
def test_others_read_who_constitutes_it_and_do_not(pages: Site, monde: Monde, desk: Poste, role: Role) -> None:
    sheet = registered(desk, naissance={Role.ADM: "21071990", Role.IPRP: "22071990"}.get(role, "23071990"))
    poste = Poste(pages, monde.a[role])
    page = poste.get(sheet).text
    assert "Constituer le dossier" not in page
    assert "R. 4624-45-3" in page
    assert poste.post(f"{sheet}/dossier", {"equipe": str(monde.a.equipe_id)}).status_code == 403


def test_the_search_offers_the_dossier_to_who_may_constitute_it(desk: Poste, medecin: Poste) -> None:
    sheet = registered(desk, nom_naissance="Lozac’h", naissance="24071990")
    for poste, offered in ((medecin, True), (desk, False)):
        page = poste.get(poste.post("/recherche", {"q": "lozach"}).headers["Location"]).text
        assert (f'href="{sheet}#dossier"' in page) is offered
        assert ("un professionnel de santé le constitue." in page) is not offered
        assert f'href="{sheet}"' in page
        assert f'href="{NEW}"' in page


def test_the_sheet_leads_to_the_dossier_except_the_administration(desk: Poste, medecin: Poste, monde: Monde) -> None:
    zoe = monde.a.zoe
    here = f"/salaries/{zoe.travailleur_id}"
    assert f'href="/dossiers/{zoe.dossier_id}"' in medecin.get(here).text
    assert f'href="{here}/modifier"' in medecin.get(f"/dossiers/{zoe.dossier_id}").text
    assert "/dossiers/" not in desk.get(here).text
    assert "Ce salarié a un dossier dans ce service." in desk.get(here).text


# ──── Changes


def test_used_names_and_contact_change_and_strict_traits_are_read_only(desk: Poste) -> None:
    sheet = registered(desk, naissance="25071990")
    page = desk.get(f"{sheet}/modifier").text
    assert "Les traits stricts ne se modifient pas ici." in page
    assert 'name="nom_naissance"' not in page
    values = {
        "nom_utilise": "le floc’h",
        "prenom_utilise": "",
        "telephone": "",
        "email": "m@exemple.test",
        "adresse": "",
    }
    assert desk.post(f"{sheet}/modifier", values).status_code == 303
    shown = unescape(desk.get(sheet).text)
    assert "LE FLOC'H" in shown
    assert "m@exemple.test" in shown
    assert "0612345678" not in shown
    refused = desk.post(f"{sheet}/modifier", {**values, "email": "m@", "telephone": "0298"})
    assert refused.status_code == 422
    assert field(refused.text, "email") == "m@"
    assert desk.post(f"{sheet}/modifier", {**values, "nom_naissance": "AUTRE"}).status_code == 422
    assert "KERVELLA" in desk.get(sheet).text


def test_an_employment_is_added_once_and_ended(desk: Poste) -> None:
    sheet = registered(desk, naissance="26071990")
    other = {
        "employeur": "73282932000074",
        "poste": "Cariste",
        "type": "interim",
        "debut": "01102026",
        "operation_id": str(new_id()),
    }
    assert desk.post(f"{sheet}/emplois", {**other, "employeur": "nulle part"}).status_code == 422
    for _ in range(2):
        assert desk.post(f"{sheet}/emplois", other).status_code == 303
    page = desk.get(f"{sheet}/modifier").text
    assert page.count("<b>Cariste</b>") == 1
    ends = re.findall(r'action="([^"]+/fin)"', page)
    assert len(ends) == 2
    refused = desk.post(ends[0], {"fin": "01092026"})
    assert refused.status_code == 422
    assert field(refused.text, "fin") == "01092026"
    assert desk.post(ends[0], {"fin": "31102026"}).status_code == 303
    assert "du 01/10/2026 au 31/10/2026" in desk.get(sheet).text


def test_an_employment_ends_at_the_address_of_its_holder_alone(desk: Poste, monde: Monde) -> None:
    sheet = registered(desk, naissance="27071990")
    [end] = re.findall(r'action="([^"]+/fin)"', desk.get(f"{sheet}/modifier").text)
    other = end.replace(sheet, f"/salaries/{monde.a.zoe.travailleur_id}")
    assert desk.post(other, {"fin": "31122026"}).status_code == 404


@pytest.mark.exigence("TEN-01", partielle="adresses du registre")
def test_somebody_of_another_tenant_is_not_found(desk: Poste, medecin: Poste, monde: Monde) -> None:
    there = f"/salaries/{monde.b.zoe.travailleur_id}"
    for path in (there, f"{there}/modifier"):
        answer = desk.get(path)
        assert answer.status_code == 404
        assert "ADRUN" not in answer.text
    assert desk.post(f"{there}/modifier", {"telephone": "0612345678"}).status_code == 404
    assert medecin.post(f"{there}/dossier", {"equipe": str(monde.a.equipe_id)}).status_code == 404
    sheet = registered(desk, naissance="28071990")
    assert medecin.post(f"{sheet}/dossier", {"equipe": str(monde.b.equipe_id)}).status_code == 404


def test_each_access_leaves_one_trace(desk: Poste, pages: Site, monde: Monde) -> None:
    sheet = registered(desk, naissance="29071990")
    acts = {
        "dossier.search": [
            lambda: desk.get(sheet),
            lambda: desk.get(f"{sheet}/modifier"),
            lambda: desk.post(NEW, demand(etape="verifier", naissance="30071990")),
        ],
        "registre.update": [
            lambda: desk.post(NEW, demand(naissance="30071990")),
            lambda: desk.post(f"{sheet}/modifier", {**NO_CONTACT, "nom_utilise": "Salaün"}),
        ],
    }
    for action, done in acts.items():
        for act in done:
            before = {name: len(pages.traces(name)) for name in acts}
            assert act().status_code in {200, 303}
            after = {name: len(pages.traces(name)) - before[name] for name in acts}
            assert after == {**dict.fromkeys(acts, 0), action: 1}
