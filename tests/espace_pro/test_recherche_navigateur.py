"""The search in a browser, from the box of the frame to the second page and back, without script too."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from spst.espace_pro import routes_recherche
from tests.e2e.checks import console_is_clean
from tests.factories.monde import Monde
from tests.factories.site import SCREEN, Site
from tests.simulators.launcher import free_port

Opened = Callable[[bool], Page]


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """Request lines as a proxy in front of the site would write them."""
    return []


@pytest.fixture(scope="module")
def origin(pages: Site, lines: list[str]) -> Iterator[str]:
    def written(environ: dict[str, Any], start: Any) -> Any:
        lines.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}")
        return pages.app(environ, start)

    port = free_port()
    server = make_server("127.0.0.1", port, written, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def at_work(chromium: Browser, pages: Site, monde: Monde, origin: str) -> Iterator[Opened]:
    made = []

    def opened(with_script: bool) -> Page:
        cookie = pages.at_work(monde.a.medecin).get_cookie("spst-pro-8000", domain="127.0.0.1")
        assert cookie is not None
        context = chromium.new_context(
            user_agent=SCREEN["User-Agent"],
            java_script_enabled=with_script,
            viewport={"width": 1440, "height": 900},
            locale="fr-FR",
            base_url=origin,
        )
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": origin}])
        made.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield opened
    for context in made:
        context.close()


def says_nothing(lines: list[str], page: Page) -> bool:
    return not any("adr" in line.lower() for line in [*lines, page.url])


@pytest.mark.parametrize("with_script", [True, False], ids=["with script", "without script"])
def test_a_search_goes_on_and_back_and_no_address_tells_of_it(
    at_work: Opened, lines: list[str], monkeypatch: pytest.MonkeyPatch, with_script: bool
) -> None:
    monkeypatch.setattr(routes_recherche, "PAGE", 1)
    page = at_work(with_script)
    with console_is_clean(page):
        page.goto("/journee")
        page.get_by_label("Rechercher un dossier").fill("adr")
        page.keyboard.press("Enter")
        results = page.locator("#resultats tbody th")
        expect(results).to_contain_text("ADRTROIS")
        page.get_by_role("link", name="Suivants").click()
        expect(results).to_contain_text("ADRUN")
        page.reload()
        expect(results).to_contain_text("ADRUN")
        page.go_back()
        expect(results).to_contain_text("ADRTROIS")
    assert says_nothing(lines, page)


def test_typing_suggests_and_choosing_opens(at_work: Opened, lines: list[str], monde: Monde) -> None:
    page = at_work(True)
    with console_is_clean(page):
        page.goto("/journee")
        page.get_by_label("Rechercher un dossier").press_sequentially("adru")
        expect(page.locator("#q-liste [role=option]")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/dossiers/{monde.a.zoe.dossier_id}")
    assert says_nothing(lines, page)


def test_results_change_as_one_types_and_reloading_finds_them_again(at_work: Opened, lines: list[str]) -> None:
    page = at_work(True)
    with console_is_clean(page):
        page.goto("/recherche")
        page.locator("#r-q").press_sequentially("adrun")
        results = page.locator("#resultats tbody th")
        expect(results).to_contain_text("ADRUN")
        page.wait_for_url("**/recherche?r=*")
        page.reload()
        expect(results).to_contain_text("ADRUN")
        expect(page.locator("#r-q")).to_have_value("adrun")
    assert says_nothing(lines, page)


@pytest.mark.parametrize("width", [1440, 1281, 1024, 390])
def test_the_invitation_of_the_box_is_readable_whole(at_work: Opened, width: int) -> None:
    page = at_work(True)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/journee")
    box = page.get_by_role("combobox", name="Rechercher un dossier par nom, prénom ou date de naissance")
    assert box.get_attribute("placeholder") == "Nom ou naissance"
    box.evaluate("field => { field.value = field.placeholder }")
    assert box.evaluate("field => field.scrollWidth <= field.clientWidth")
