"""The door of an SPST's own provider, looked at in Chromium: the choice, the code of the first entry, one factor only."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from spst.comptes import fournisseurs
from spst.kernel.acteur import service
from spst.wiring.web import build_web
from tests.comptes.test_fournisseur import SECRET, demande, invite
from tests.e2e.checks import axe_violations, console_is_clean, overflow, shoot
from tests.factories.monde import Monde
from tests.factories.site import config_for
from tests.simulators import launcher
from tests.simulators.launcher import free_port


@pytest.fixture(scope="module")
def origin(monde: Monde) -> Iterator[str]:
    port = free_port()
    found = f"http://127.0.0.1:{port}"
    server = make_server(
        "127.0.0.1", port, build_web(config_for("http://127.0.0.1:1", public_url=found), monde.runtime), threaded=True
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def provider(monde: Monde, origin: str) -> Iterator[launcher.Simulator]:
    returns = f"{origin}/connexion/service/coteaux/retour"
    env = {"CLIENT_ID": "spst", "CLIENT_SECRET": SECRET, "REDIRECT_URIS": returns}
    simulator = launcher.start("fournisseur", env=env)
    with monde.work(service("exploitation")) as ctx:
        fournisseurs.register(ctx, demande(simulator.url))
    yield simulator
    simulator.stop()


@pytest.mark.exigence("AUT-04")
@pytest.mark.parametrize("width", [1440, 390])
def test_staff_enters_by_its_own_provider(
    monde: Monde, chromium: Browser, origin: str, provider: launcher.Simulator, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 844}, locale="fr-FR")
    page = context.new_page()

    def look(name: str) -> None:
        assert axe_violations(page) == []
        assert overflow(page) <= 0
        shoot(page, f"fournisseur-{name}-{width}")

    def come(person: str) -> Any:
        page.goto(f"{origin}/connexion/service/coteaux")
        look("choix")
        page.get_by_role("link", name="Entrer par Annuaire des Coteaux").click()
        page.locator(f"button[value='{person}']").click()

    code, _ = invite(monde, monde.a)
    person = "SP-01" if width == 1440 else "SP-02"
    with console_is_clean(page):
        come(person)
        page.get_by_label("Code d’inscription").wait_for()
        look("code")
        page.get_by_label("Code d’inscription").fill("ABCDE-FGHJK")
    page.get_by_role("button", name="Ouvrir la session").click()
    page.get_by_text("n’est pas valable").wait_for()
    look("code-refuse")
    page.get_by_label("Code d’inscription").fill(code)
    page.get_by_role("button", name="Ouvrir la session").click()
    expect(page.get_by_role("link", name="Journal des accès").first).to_be_visible()
    page.goto(f"{origin}/compte/cles")
    expect(page.get_by_text("Vous n’avez pas besoin de clé d’accès.")).to_be_visible()
    context.clear_cookies()
    provider.admin("break", fault="amr", value=["pwd"])
    come(person)
    expect(page.get_by_role("heading", name="Une seule preuve ne suffit pas")).to_be_visible()
    look("un-facteur")
    context.close()
