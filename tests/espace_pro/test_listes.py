"""Lists and searches on screen: what is closed stays, with its article, and leads to the sheet of the register."""

import re
from html import unescape

import pytest

from spst.kernel.acteur import Acteur, Role
from tests.espace_pro.test_pages import now
from tests.espace_pro.test_recherche import FETCH, dossier, search
from tests.factories.confies import entrusted, opposed
from tests.factories.monde import Monde, Personne
from tests.factories.releves import statements
from tests.factories.site import Site
from tests.visites.conftest import appointment, clean, start  # noqa: F401 - clean is a fixture
from tests.visites.test_routes import Poste

pytestmark = pytest.mark.usefixtures("clean")
OPPOSED = "Le salarié s’oppose à l’accès des professionnels placés sous l’autorité du médecin du travail"
NOT_FOLLOWED = "Vous ne suivez pas ce salarié. Seule son équipe de suivi ouvre son dossier"


@pytest.fixture
def infirmier(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a.infirmier)


@pytest.fixture
def medecin(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a.medecin)


def sheet(personne: Personne) -> str:
    return f"/salaries/{personne.travailleur_id}"


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", unescape(html))).replace("\u00a0", " ")


def leads_to(page: str, personne: Personne) -> bool:
    """The dossier or an act on it; the page that says why it is closed is none."""
    return re.search(rf'="{dossier(personne)}(?!/pourquoi")', page) is not None


def row(page: str, nom: str) -> str:
    [found] = [one for one in re.findall(r"<tr>.*?</tr>", page, re.S) if nom in one]
    return str(found)


def suggested(poste: Poste, q: str) -> str:
    return str(poste.post("/recherche/suggestions", {"q": q}, **FETCH).text)


# ──── Oppositions


@pytest.mark.exigence("HAB-07", partielle="recherche et suggestions")
def test_the_infirmier_finds_and_opens_then_finds_closed_then_opens_again(
    infirmier: Poste, medecin: Poste, monde: Monde
) -> None:
    zoe = monde.a.zoe
    assert f'href="{dossier(zoe)}"' in search(infirmier, "adrun").text
    with opposed(monde, zoe, "professionnels"):
        page = search(infirmier, "adrun").text
        assert not leads_to(page, zoe)
        closed = row(page, "ADRUN")
        assert f'href="{sheet(zoe)}"' in closed
        assert 'class="closed ' in closed
        assert f"Dossier fermé. {OPPOSED} (R. 4624-45-6, L. 4624-8)." in plain(closed)
        assert "31/12/1975" in closed
        options = suggested(infirmier, "adrun")
        assert (leads_to(options, zoe), f'data-url="{sheet(zoe)}"' in options) == (False, True)
        assert OPPOSED in plain(options)
        assert dossier(zoe) in search(medecin, "adrun").text
        assert "closed" not in row(search(medecin, "adrun").text, "ADRUN")
        assert infirmier.get(dossier(zoe)).status_code == 403
    assert dossier(zoe) in search(infirmier, "adrun").text
    assert dossier(zoe) in suggested(infirmier, "adrun")


@pytest.mark.exigence("TEN-01", partielle="une opposition ne ferme rien ailleurs")
def test_an_opposition_closes_nothing_in_the_other_tenant(pages: Site, monde: Monde) -> None:
    with opposed(monde, monde.a.zoe, "mpc", "professionnels"):
        page = search(Poste(pages, monde.b.infirmier, monde.b), "adrun").text
    assert dossier(monde.b.zoe) in page
    assert "Dossier fermé" not in page


@pytest.mark.exigence("HAB-08", partielle="la recherche de qui ne suit pas le salarié")
def test_whoever_does_not_follow_is_told_so_in_the_list_and_reaches_the_sheet(infirmier: Poste, monde: Monde) -> None:
    toussaint = monde.a.toussaint
    closed = row(search(infirmier, "toussaint").text, "ADRTROIS")
    assert f"Dossier fermé. {NOT_FOLLOWED} (L. 1110-4 I CSP, R. 4624-45-5). À qui demander" in plain(closed)
    page = infirmier.get(sheet(toussaint))
    assert page.status_code == 200
    assert NOT_FOLLOWED in plain(page.text)
    assert not leads_to(page.text, toussaint)


@pytest.mark.exigence("HAB-03", partielle="rien du dossier à l’administration")
def test_the_administration_is_told_nothing_of_dossiers_open_or_closed(pages: Site, monde: Monde) -> None:
    poste = Poste(pages, monde.a[Role.ADM])
    appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, now())
    with opposed(monde, monde.a.zoe, "mpc", "professionnels"):
        shown = search(poste, "adrun").text + suggested(poste, "adrun")
        shown += poste.get(sheet(monde.a.zoe)).text + poste.get("/journee").text
    assert "ADRUN" in shown
    assert "Dossier fermé" not in shown
    assert "/dossiers/" not in shown


@pytest.mark.exigence("HAB-07", partielle="la fiche du registre")
def test_the_sheet_offers_the_dossier_only_while_it_opens(infirmier: Poste, medecin: Poste, monde: Monde) -> None:
    zoe = monde.a.zoe
    assert dossier(zoe) in infirmier.get(sheet(zoe)).text
    assert dossier(zoe) in infirmier.get(f"{sheet(zoe)}/modifier").text
    with opposed(monde, zoe, "professionnels"):
        page = infirmier.get(sheet(zoe)).text
        assert not leads_to(page, zoe)
        assert f"Dossier fermé. {OPPOSED}" in plain(page)
        assert not leads_to(infirmier.get(f"{sheet(zoe)}/modifier").text, zoe)
        assert dossier(zoe) in medecin.get(sheet(zoe)).text


@pytest.mark.exigence("HAB-07", partielle="la journée")
def test_the_day_says_in_place_that_a_dossier_is_closed_and_leads_to_none(
    infirmier: Poste, medecin: Poste, monde: Monde
) -> None:
    zoe, pierre = monde.a.zoe, monde.a.pierre
    for acteur in (monde.a.infirmier, monde.a.medecin):
        appointment(monde, monde.a, acteur, zoe, now())
    appointment(monde, monde.a, monde.a.infirmier, pierre, now())
    visite_id = start(monde, monde.a.infirmier, dossier=zoe.dossier_id)
    assert f'href="/visites/{visite_id}"' in infirmier.get("/journee").text
    with opposed(monde, zoe, "professionnels"):
        page = infirmier.get("/journee").text
        assert "ADRUN" in page
        assert not leads_to(page, zoe)
        assert dossier(pierre) in page
        assert plain(page).count("Dossier fermé (R. 4624-45-6, L. 4624-8)") == 1
        assert OPPOSED in plain(page)
        assert str(visite_id) not in page
        assert dossier(zoe) in medecin.get("/journee").text
    page = infirmier.get("/journee").text
    assert dossier(zoe) in page
    assert f'href="/visites/{visite_id}"' in page


@pytest.mark.exigence("HAB-07", partielle="la journée d’un délégué")
def test_the_day_leads_a_delegate_to_what_was_delegated_and_says_what_is_closed(pages: Site, monde: Monde) -> None:
    asst, zoe, pierre = monde.a[Role.ASST], monde.a.zoe, monde.a.pierre
    monde.delegate(monde.a, asst, "S1", "S2", dossier_id=zoe.dossier_id)
    for one in (zoe, pierre):
        appointment(monde, monde.a, monde.a.medecin, one, now())
    page = Poste(pages, asst).get("/journee").text
    assert (leads_to(page, zoe), leads_to(page, pierre)) == (True, False)
    assert "Ce volet vous demande une délégation du médecin du travail" in plain(page)
    with opposed(monde, zoe, "mpc", "professionnels"):
        page = Poste(pages, asst).get("/journee").text
        assert not leads_to(page, zoe)
        assert "Le salarié réserve son dossier au médecin du travail" in plain(page)


@pytest.mark.parametrize("acteur", ["infirmier", "mpc"])
def test_a_search_costs_the_same_statements_for_one_row_and_for_three(pages: Site, monde: Monde, acteur: str) -> None:
    poste = Poste(pages, monde.a.infirmier if acteur == "infirmier" else monde.a[Role.MPC])
    costs = []
    with entrusted(monde, monde.a.zoe, monde.a.pierre, monde.a.toussaint):
        token = {"csrf_token": pages.token(poste.client)}
        for q, rows in (("adrun", 1), ("ad", 2)):
            with statements(monde) as sent:
                answer = poste.post("/recherche/suggestions", {"q": q, **token}, **FETCH)
            costs.append(len([one for one in sent if "set_config" not in one]))
            assert answer.text.count("data-url") == rows
    assert costs[0] == costs[1] <= (12 if acteur == "infirmier" else 13), (
        "two of them for the protocol of who is supervised, one for whom its médecin follows"
    )


# ──── The médecin praticien correspondant


@pytest.mark.exigence("HAB-09", partielle="recherche, suggestions, fiche, création")
def test_an_mpc_finds_on_screen_who_is_entrusted_to_him_and_no_sign_of_others(pages: Site, monde: Monde) -> None:
    mpc, zoe = Poste(pages, monde.a[Role.MPC]), monde.a.zoe
    with entrusted(monde, monde.a.toussaint):
        page = search(mpc, "adr").text
        assert "ADRTROIS" in page
        assert "ADRUN" not in page
        assert "1 dossier" in plain(page)
        assert "Seuls les salariés qui vous sont confiés sont cherchés" in plain(page)
        assert "/salaries/nouveau" not in page
        options = suggested(mpc, "adr")
        assert ("ADRTROIS" in options, "ADRUN" in options) == (True, False)
        assert "Voir les" not in options
        assert "Seuls les salariés" in plain(suggested(mpc, "adrun"))
        assert mpc.get(sheet(monde.a.toussaint)).status_code == 200
        refused = mpc.get(sheet(zoe))
        assert refused.status_code == 403
        assert "n’est pas confié au médecin praticien correspondant (L. 4624-8 al. 3, R. 4623-43)" in plain(
            refused.text
        )
        assert "ADRUN" not in refused.text


@pytest.mark.exigence("HAB-09", partielle="agenda")
def test_the_day_of_an_mpc_holds_those_entrusted_to_him(pages: Site, monde: Monde) -> None:
    acteur: Acteur = monde.a[Role.MPC]
    rdv = appointment(monde, monde.a, acteur, monde.a.zoe, now())
    appointment(monde, monde.a, acteur, monde.a.pierre, now())
    mpc = Poste(pages, acteur)
    with entrusted(monde, monde.a.zoe):
        page = mpc.get("/journee").text
        assert ("ADRUN" in page, "ARTAGNAN" in page) == (True, False)
        with opposed(monde, monde.a.zoe, "mpc"):
            assert "ADRUN" not in mpc.get("/journee").text
            assert mpc.post(f"/rendez-vous/{rdv}/statut", {"statut": "arrive"}).status_code == 403
        assert mpc.post(f"/rendez-vous/{rdv}/statut", {"statut": "arrive"}).status_code == 303
