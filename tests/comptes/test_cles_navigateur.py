"""A passkey in Chromium, with a device that we did not write: added, used, copied, held by another site, removed."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from spst.kernel.acteur import Role
from spst.traces.models import JournalTechnique
from spst.wiring.web import build_web
from tests.comptes.test_routes_local import PASSWORD, Navigateur, enrol, invite, next_code
from tests.e2e.checks import axe_violations, console_is_clean, overflow, shoot
from tests.factories.monde import Monde
from tests.factories.site import config_for
from tests.simulators.launcher import free_port

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
WIDTHS = (1440, 390)
ENTER = "Entrer avec une clé d’accès"
BY_KEY = pytest.mark.exigence("AUT-04", partielle="clé d’accès")


@dataclass(slots=True)
class Served:
    monde: Monde
    app: Any
    port: int

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def reasons(self) -> list[str]:
        with Session(self.monde.superuser) as session:
            query = select(JournalTechnique.faits).where(JournalTechnique.evenement == "connexion_cle.refusee")
            return [faits["motif"] for faits in session.scalars(query.order_by(JournalTechnique.id))]


@pytest.fixture(scope="module")
def served(monde: Monde) -> Iterator[Served]:
    port = free_port()
    app = build_web(config_for("http://127.0.0.1:1", public_url=f"http://127.0.0.1:{port}"), monde.runtime)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Served(monde, app, port)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": WIDTHS[0], "height": 844}, locale="fr-FR")
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    yield opened
    context.close()


class Appareil:
    """Chromium's own virtual authenticator, by its protocol."""

    def __init__(self, page: Page, **options: object) -> None:
        self._protocol: CDPSession = page.context.new_cdp_session(page)
        self._protocol.send("WebAuthn.enable")
        made = self._protocol.send("WebAuthn.addVirtualAuthenticator", {"options": {**DEVICE, **options}})
        self._id = {"authenticatorId": made["authenticatorId"]}

    def keys(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._protocol.send("WebAuthn.getCredentials", self._id)["credentials"]
        return found

    def replace(self, key: dict[str, Any], **changes: Any) -> None:
        """The same key, copied from elsewhere."""
        self._protocol.send("WebAuthn.clearCredentials", self._id)
        self._protocol.send("WebAuthn.addCredential", {**self._id, "credential": {**key, **changes}})

    def recognises(self, owner: bool) -> None:
        self._protocol.send("WebAuthn.setUserVerified", {**self._id, "isUserVerified": owner})


def look(page: Page, name: str) -> None:
    for width in reversed(WIDTHS):
        page.set_viewport_size({"width": width, "height": 844})
        assert axe_violations(page) == [], width
        assert overflow(page) <= 0, width
        shoot(page, f"{name}-{width}")


def enter_by_password(served: Served, page: Page, *roles: Role) -> None:
    email, code, _ = invite(served.monde, *roles)
    totp = enrol(Navigateur(served.app.test_client()), code)
    page.goto(f"{served.origin}/connexion/locale?suite=/compte")
    look(page, "cles-entree")
    page.get_by_label("Identifiant").fill(email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Code à six chiffres").fill(next_code(totp))
    page.get_by_role("button", name="Ouvrir la session").click()


def add_key(page: Page, nom: str) -> None:
    page.get_by_label("Nom de la clé").fill(nom)
    page.get_by_role("button", name="Ajouter une clé sur cet appareil").click()


def enter_by_key(served: Served, page: Page) -> None:
    page.goto(f"{served.origin}/connexion/locale?suite=/compte/cles")
    page.get_by_role("button", name=ENTER).click()


@pytest.mark.exigence("AUT-04")
def test_key_is_added_enters_is_copied_then_removed(served: Served, page: Page) -> None:
    device = Appareil(page)
    with console_is_clean(page):
        enter_by_password(served, page, Role.DIR)
        page.get_by_role("link", name="Voir et ajouter mes clés").click()
        page.get_by_text("Aucune clé.").wait_for()
        look(page, "cles-aucune")
        add_key(page, "Portable du bureau")
        page.get_by_text("La clé est ajoutée.").wait_for()
        look(page, "cles-ajoutee")
    [key] = device.keys()
    assert (key["isResidentCredential"], key["rpId"]) == (True, "localhost")
    add_key(page, "Encore lui")
    expect(page.get_by_role("alert")).to_have_text("Cet appareil a déjà une de vos clés.")
    look(page, "cles-deja")
    page.context.clear_cookies()
    with console_is_clean(page):
        enter_by_key(served, page)
        expect(page.get_by_role("heading", name="Mes clés d’accès", level=1)).to_be_visible()
        assert page.get_by_role("cell", name="Jamais encore").count() == 0
    copied = device.keys()[0]
    when_a_copy_that_counted_less_is_used(served, page, device, copied)
    device.replace(copied, signCount=40)
    enter_by_key(served, page)
    page.get_by_role("button", name="Retirer Portable du bureau").click()
    page.get_by_text("La clé est retirée").wait_for()
    page.context.clear_cookies()
    enter_by_key(served, page)
    expect(page.get_by_text("Cette clé d’accès n’ouvre rien ici.")).to_be_visible()
    look(page, "cles-refusee")
    assert served.reasons()[-1] == "retiree"


def when_a_copy_that_counted_less_is_used(served: Served, page: Page, device: Appareil, copied: dict[str, Any]) -> None:
    device.replace(copied, signCount=0)
    page.context.clear_cookies()
    enter_by_key(served, page)
    expect(page.get_by_text("Cette clé d’accès n’ouvre rien ici.")).to_be_visible()
    assert served.reasons()[-1] == "compteur"


@BY_KEY
def test_answer_obtained_by_another_site_of_this_machine_opens_nothing(served: Served, page: Page) -> None:
    """Its name is ours, so the device answers it; its port is not."""
    device = Appareil(page)
    enter_by_password(served, page, Role.DPO)
    page.goto(f"{served.origin}/compte/cles")
    add_key(page, "Portable")
    page.get_by_text("La clé est ajoutée.").wait_for()
    page.context.clear_cookies()
    page.goto(f"{served.origin}/connexion/locale")
    options = page.evaluate(
        """async () => (await fetch("/connexion/locale/cle/defi", {method: "POST",
            headers: {"X-CSRFToken": document.querySelector("meta[name=csrf-token]").content}})).json()"""
    )
    attacker = page.context.new_page()
    attacker.route(
        "http://localhost:9/**", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html")
    )
    attacker.goto("http://localhost:9/")
    theirs = Appareil(attacker)
    theirs.replace(device.keys()[0])
    answer = attacker.evaluate(
        """async (options) => JSON.stringify((await navigator.credentials.get({publicKey:
            PublicKeyCredential.parseRequestOptionsFromJSON(options)})).toJSON())""",
        options,
    )
    page.evaluate(
        """(answer) => { const form = document.querySelector("form[data-cle]");
            form.querySelector("[name=reponse]").value = answer; form.submit(); }""",
        answer,
    )
    expect(page.get_by_text("Cette clé d’accès n’ouvre rien ici.")).to_be_visible()
    assert served.reasons()[-1] == "origine"


def test_device_that_does_not_recognise_its_owner_is_said_and_password_remains(served: Served, page: Page) -> None:
    device = Appareil(page)
    enter_by_password(served, page, Role.DIR)
    page.goto(f"{served.origin}/compte/cles")
    device.recognises(owner=False)
    add_key(page, "Portable")
    expect(page.get_by_role("alert")).to_contain_text("Rien n’a été reçu de votre appareil.")
    assert device.keys() == []
    page.context.clear_cookies()
    enter_by_key(served, page)
    expect(page.get_by_role("alert")).to_contain_text("entrez par mot de passe et code")
    look(page, "cles-rien")


def test_page_under_a_number_leads_to_the_same_page_under_its_name(served: Served, page: Page) -> None:
    page.goto(f"http://127.0.0.1:{served.port}/connexion/locale")
    look(page, "cles-numero")
    page.get_by_role("link", name="Ouvrez la même page par son nom").click()
    page.get_by_role("button", name=ENTER).wait_for()
    assert page.url == f"{served.origin}/connexion/locale"


def test_without_script_password_and_code_remain(served: Served, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served.origin}/connexion/locale")
    expect(page.get_by_role("button", name=ENTER)).to_be_hidden()
    expect(page.get_by_role("button", name="Continuer")).to_be_visible()
    context.close()
