"""The worker's story in a browser, in his words: phone and desk, axe on each page, pictures kept for people to look at."""

import gzip
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from spst.dmst import services as dmst
from spst.kernel.acteur import Role
from spst.kernel.errors import AccessDenied
from tests.e2e.checks import axe_violations, console_is_clean, overflow, shoot
from tests.factories.releves import run
from tests.portail.conftest import BIRTH, Portail
from tests.portail.test_pages import Followed
from tests.simulators.launcher import free_port

LONGEST = {
    "nom": "DE LA ROCHEFOUCAULD-MONTBEL-TEST D'ARTAGNAN DE L'HERAULT",
    "prenoms": "MARIE-ANTOINETTE EUPHRASIE CHRISTOPHORA",
}
MENU = (
    "Accueil",
    "Mes visites",
    "Mes emplois et expositions",
    "Mon identité",
    "Qui a ouvert mon dossier",
    "Mes droits",
)
WEIGHT_MAX = 90_000
PHONE, ZOOMED, DESK = 390, 960, 1440
"""At 150 % of zoom a screen of 1440 is 960 wide."""
WIDTHS = (DESK, ZOOMED, PHONE)
ETH_01 = pytest.mark.exigence("ETH-01", partielle="portal: checker and keyboard; the grid comes with its issue")


@pytest.fixture(scope="module")
def origin() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def site(portail_of_module: Portail) -> Iterator[Portail]:
    server = make_server(
        "127.0.0.1", int(portail_of_module.origin.rpartition(":")[2]), portail_of_module.app, threaded=True
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield portail_of_module
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Workers read on their telephones."""
    context = chromium.new_context(viewport={"width": PHONE, "height": 844}, locale="fr-FR", timezone_id="Europe/Paris")
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    yield opened
    context.close()


def check(page: Page, name: str) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        assert width == ZOOMED or axe_violations(page) == [], width
        assert overflow(page) <= 0, width
        shoot(page, f"portail-{name}-{width}")


def full(site: Portail, born: date) -> Followed:
    spst = site.monde.a
    followed = Followed(site, spst, **LONGEST, date_naissance=born)
    for year in range(6):
        due = datetime.now(UTC).date() + timedelta(days=200 + year)
        followed.visite(
            "Portez vos bouchons moulés quand vous meulez.\nÉcartez-vous des fumées de soudage, même dehors. Revenez me "
            "voir si vos oreilles sifflent.",
            acteur=spst.medecin if year % 2 else spst.infirmier,
            prochaine_visite_on=due,
        )
    followed.everything_else()
    with pytest.raises(AccessDenied), site.monde.work(spst[Role.IPRP]) as ctx:
        dmst.open_dossier(ctx, followed.dossier_id)
    for _ in range(30):
        with site.monde.work(spst.infirmier) as ctx:
            dmst.open_dossier(ctx, followed.dossier_id)
    followed.rendez_vous(datetime.now(UTC) + timedelta(days=12))
    return followed


def enter(site: Portail, page: Page, followed: Followed, born: date) -> None:
    """From the address on the letter to the first page."""
    person = site.at_franceconnect(followed.name, given_name=LONGEST["prenoms"].title(), birthdate=born.isoformat())
    page.goto(f"{site.origin}/p/coteaux")
    check(page, "bienvenue")
    page.get_by_role("link", name="S’identifier avec FranceConnect+").click()
    page.locator(f"button[value='{person}']").click()
    page.get_by_label("Code d’activation").wait_for()
    check(page, "activation")
    page.get_by_label("Code d’activation").fill("ZZZZ")
    page.get_by_role("button", name="Ouvrir mon espace").click()
    page.get_by_text("Un code compte 16 lettres et chiffres").wait_for()
    check(page, "activation-incomplete")
    page.get_by_label("Code d’activation").fill("ZZZZ-ZZZZ-ZZZZ-ZZZZ")
    page.get_by_role("button", name="Ouvrir mon espace").click()
    page.get_by_role("heading", name="Votre espace ne s’est pas ouvert").wait_for()
    check(page, "refusee")
    page.get_by_role("link", name="Reprendre avec mon code").click()
    page.get_by_label("Code d’activation").fill(site.code(followed.spst, followed.personne).lower().replace("-", " "))
    page.get_by_role("button", name="Ouvrir mon espace").click()
    page.get_by_role("heading", name="Bonjour").wait_for()


@ETH_01
def test_worker_activates_reads_everything_and_leaves(site: Portail, page: Page) -> None:
    site.fc.admin("reset")
    born = BIRTH + timedelta(days=1)  # nobody is a homonym
    enter(site, page, full(site, born), born)
    with console_is_clean(page):
        for title in MENU:
            page.get_by_role("navigation", name="Espaces").get_by_role("link", name=title, exact=True).click()
            page.wait_for_load_state()
            check(page, title.lower().replace(" ", "-").replace("é", "e"))
        page.get_by_role("navigation", name="Espaces").get_by_role("link", name="Qui a ouvert mon dossier").click()
        page.get_by_role("link", name="Refus", exact=True).click()
        page.wait_for_load_state()
        check(page, "refus")
        page.goto(f"{site.origin}/p/coteaux/accueil")
    page.locator("details.me > summary").click()
    page.get_by_role("button", name="Fermer la session").click()
    page.get_by_role("heading", name="Votre espace est fermé").wait_for()
    check(page, "au-revoir")
    page.goto(f"{site.origin}/p/coteaux/rien")
    check(page, "introuvable")


@ETH_01
def test_empty_record_reads_well(site: Portail, page: Page) -> None:
    site.fc.admin("reset")
    followed = Followed(site, site.monde.a)
    person = site.at_franceconnect(followed.name)
    page.goto(f"{site.origin}/p/coteaux/connexion")
    page.locator(f"button[value='{person}']").click()
    page.get_by_label("Code d’activation").fill(site.code(followed.spst, followed.personne))
    page.get_by_role("button", name="Ouvrir mon espace").click()
    page.get_by_role("heading", name="Bonjour").wait_for()
    check(page, "vide-accueil")
    for name in ("visites", "emplois", "identite", "acces", "acces?filtre=refus", "droits"):
        page.goto(f"{site.origin}/p/coteaux/{name}")
        check(page, f"vide-{name.replace('?filtre=', '-')}")


LONG_ADDRESS = f"{'marieantoinette' * 4}@{'messageriepersonnelle' * 2}.example.test"


@ETH_01
@pytest.mark.exigence("TRA-04", partielle="prévenir par e-mail")
def test_being_told_by_e_mail_reads_well_wherever_it_stands(site: Portail, page: Page) -> None:
    site.fc.admin("reset")
    followed = Followed(site, site.monde.a)
    person = site.at_franceconnect(followed.name)
    page.goto(f"{site.origin}/p/coteaux/connexion")
    page.locator(f"button[value='{person}']").click()
    page.get_by_label("Code d’activation").fill(site.code(followed.spst, followed.personne))
    page.get_by_role("button", name="Ouvrir mon espace").click()
    page.get_by_role("heading", name="Bonjour").wait_for()
    page.goto(f"{site.origin}/p/coteaux/acces")
    told = page.get_by_role("region", name="Me prévenir par e-mail")
    told.get_by_label("Votre adresse e-mail").fill("zoe@exemple")
    told.get_by_role("button", name="Recevoir un code").click()
    page.get_by_text("Cette adresse n’est pas complète").wait_for()
    assert page.get_by_label("Votre adresse e-mail").input_value() == "zoe@exemple"
    check(page, "courriel-adresse-fausse")
    page.get_by_label("Votre adresse e-mail").fill(LONG_ADDRESS)
    page.get_by_role("button", name="Recevoir un code").click()
    page.get_by_text("À confirmer").wait_for()
    for name, change, seen in (
        ("part", "envoye_at = NULL", "Un code part vers"),
        ("refusee", "refuse_at = now()", "refuse notre message"),
        ("echec", "refuse_at = NULL, echec_at = now()", "n’a pas pu partir"),
        ("expiree", "echec_at = NULL, expires_at = now() - interval '1 hour'", "ne sert plus"),
    ):
        shows(site, page, followed, name, change, seen)
    told.get_by_role("button", name="Envoyer un nouveau code").click()
    page.get_by_text("Un nouveau code part").wait_for()
    told.get_by_label("Code reçu").fill("12345")
    told.get_by_role("button", name="Confirmer").click()
    page.get_by_text("Ce n’est pas le bon code").wait_for()
    check(page, "courriel-code-faux")
    page.get_by_role("link", name="Revenir à la page précédente").click()
    page.get_by_text("À confirmer").wait_for()
    for name, change, seen in (
        ("en-marche", "code_sealed = NULL, confirmed_at = now(), resume_on = current_date", "En marche"),
        ("en-panne", "echec_at = now()", "Nous réessaierons au prochain"),
        ("arretee", "refuse_at = now()", "nous n’y écrivons plus"),
    ):
        shows(site, page, followed, name, change, seen)
    told.get_by_role("button", name="Ne plus me prévenir").click()
    told.get_by_label("Votre adresse e-mail").wait_for()
    assert LONG_ADDRESS not in page.content()


def shows(site: Portail, page: Page, followed: Followed, name: str, change: str, seen: str) -> None:
    run(site.monde, f"UPDATE abonnement_courriel SET {change} WHERE dossier_id = :id", id=followed.dossier_id)
    page.reload()
    page.get_by_text(seen).wait_for()
    check(page, f"courriel-{name}")


@ETH_01
def test_door_and_list_are_used_from_the_keyboard_alone(site: Portail, page: Page) -> None:
    site.fc.admin("reset")
    followed = Followed(site, site.monde.a)
    person = site.at_franceconnect(followed.name)
    page.goto(f"{site.origin}/p/coteaux")
    tab_to(page, "S’identifier avec FranceConnect+")
    page.keyboard.press("Enter")
    page.locator(f"button[value='{person}']").press("Enter")
    page.get_by_label("Code d’activation").wait_for()
    assert page.evaluate("document.activeElement.name") == "code"
    page.keyboard.type(site.code(followed.spst, followed.personne))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Bonjour").wait_for()
    tab_to(page, "Qui a ouvert mon dossier")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Qui a ouvert mon dossier").wait_for()
    tab_to(page, "Refus")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Les refus").wait_for()


def tab_to(page: Page, text: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == text:
            return
    raise AssertionError(f"{text} is not reached by Tab")


@pytest.mark.exigence("ETH-02", partielle="weight of the portal's pages, gzip; the budget of the whole comes later")
def test_page_with_all_it_loads_stays_within_its_weight(site: Portail, page: Page) -> None:
    loaded: dict[str, int] = {}
    page.on("response", lambda answer: loaded.update({answer.url: len(gzip.compress(answer.body()))}))
    page.goto(f"{site.origin}/p/coteaux", wait_until="networkidle")
    assert len(loaded) <= 12
    assert sum(loaded.values()) <= WEIGHT_MAX, loaded
