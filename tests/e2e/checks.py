"""What every page must pass, on samples and in journeys alike: axe, nothing cut, nothing refused by the policy."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import ConsoleMessage, Error, Page

from tests.e2e.preview import ROOT

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
SCREENSHOTS = ROOT / "build" / "screenshots"


def axe_violations(page: Page, *, stylesheets: bool = False) -> list[str]:
    """Rules broken on the page, each with the first elements that break it.

    `stylesheets`: fetch and read them too, for the one rule about them; every page has the same.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"{AXE}; null")
    found: list[str] = page.evaluate(
        """async (preload) => (await axe.run(document, {resultTypes: ['violations'], preload})).violations
            .map(({id, nodes}) => `${id}: ${nodes.slice(0, 3).map(({target}) => target).join(' ; ')}`)""",
        stylesheets,
    )
    return found


def overflow(page: Page) -> int:
    """How many pixels the page itself scrolls sideways; only its framed parts may."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@contextmanager
def console_is_clean(page: Page) -> Iterator[None]:
    """No error in the console: a script that fails, an asset that misses, an act that the policy refuses."""
    heard: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            heard.append(message.text)

    def fail(error: Error) -> None:
        heard.append(str(error))

    page.on("console", listen)
    page.on("pageerror", fail)
    yield
    page.remove_listener("console", listen)
    page.remove_listener("pageerror", fail)
    assert heard == []


def shoot(page: Page, name: str) -> None:
    """Keeps a picture of the whole page in build/screenshots, for people to look at, when they ask: `make captures`."""
    if "CAPTURES" not in os.environ:
        return
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
