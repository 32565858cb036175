"""Somebody at a browser: what he is shown is kept, what the console says is heard, each page is looked at from all sides."""

from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.e2e.checks import axe_violations, overflow, shoot
from tests.e2e.demonstration import Demonstration
from tests.scale import SCALE

DESK = (1440, 900)
ZOOMED = (960, 600)
"""A desk of 1440 at 150 % of zoom."""
PHONE = (390, 844)
CHECKED = (DESK, PHONE) if SCALE > 1 else (DESK,)
"""Where the checker of barriers looks; every sample meets it on a phone."""
PATIENCE_MS = 10_000


@dataclass
class Visitor:
    """`read`: every page that he looked at, as the browser held it."""

    page: Page
    demonstration: Demonstration
    read: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def sees(self, title: str) -> None:
        """The page that answers: its one title says what it is about. Keys are heard once its scripts have run."""
        expect(self.page.get_by_role("heading", level=1, name=title)).to_be_attached()
        self.page.wait_for_load_state()

    def reads(self, text: str) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def goes_to(self, path: str) -> None:
        self.page.goto(self.demonstration.url + path)

    def is_refused(self, path: str, status: int = 403) -> None:
        """Asks for a page, and is told why not. A browser writes each refusal to its console: that one is no fault."""
        answer = self.page.goto(self.demonstration.url + path)
        assert answer is not None
        assert answer.status == status, path
        self.read.append(self.page.content())
        self.forgive(status)

    def forgive(self, status: int) -> None:
        self.heard[:] = [said for said in self.heard if f"status of {status}" not in said]

    def finds_sound(self, name: str) -> None:
        """No barrier, nothing cut, at a desk, zoomed, on a phone; a picture of each for people to look at."""
        self.read.append(self.page.content())
        own = self.page.viewport_size
        for width, height in (DESK, ZOOMED, PHONE):
            self.page.set_viewport_size({"width": width, "height": height})
            assert overflow(self.page) == 0, (name, width)
            if (width, height) in CHECKED:
                assert axe_violations(self.page) == [], (name, width)
            self.page.evaluate("scrollTo(0, 0)")
            shoot(self.page, f"parcours-{name}-{width}")
        assert own is not None
        self.page.set_viewport_size(own)
        assert self.heard == [], name

    def never_read(self, *words: str) -> None:
        for word in words:
            assert not [html for html in self.read if word in html], word


def visitor(
    chromium: Browser, demonstration: Demonstration, size: tuple[int, int] = DESK, *, scripts: bool = True
) -> Visitor:
    """A browser that nobody has used yet."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="fr-FR",
        timezone_id="Europe/Paris",
        java_script_enabled=scripts,
    )
    arrived = Visitor(context.new_page(), demonstration)
    arrived.page.set_default_timeout(PATIENCE_MS)

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and arrived.page.url.startswith(demonstration.url):
            arrived.heard.append(message.text)

    arrived.page.on("console", listen)
    arrived.page.on("pageerror", lambda error: arrived.heard.append(str(error)))
    return arrived
