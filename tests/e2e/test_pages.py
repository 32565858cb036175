"""Every page, from its sample view-model: readable by everybody, at every width, within its weight."""

import gzip
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from spst.web.assets import FOLDER
from tests.e2e import checks, preview, samples
from tests.scale import SCALE

PAGES = [sample for sample in samples.every() if not sample.is_fragment]
VIEWS = {"1440": (1440, 900), "390": (390, 844)}
CHECKED = tuple(VIEWS) if SCALE > 1 else ("390",)
"""Journeys meet the checker at 1440."""
NARROWEST = 320
LAYOUTS = (1281, 1025, 769)
"""The narrowest of each (frontend/styles: 80, 64 and 48 rem); 1440 at 150 % of zoom is 960 wide."""
WHOLE = {sample.name if SCALE > 1 else sample.template: sample.name for sample in reversed(PAGES)}.values()
"""One sample of each template meets every layout; its other states meet a desk and phones."""
WEIGHT_MAX = 90_000


@pytest.mark.exigence("ETH-01", partielle="the automatic checker only; the criteria grid comes with its own issue")
@pytest.mark.parametrize("sample", PAGES, ids=lambda sample: sample.name)
def test_a_page_has_no_barrier_and_nothing_cut(same_page: Page, preview_url: str, sample: samples.Sample) -> None:
    page = same_page
    with checks.console_is_clean(page):
        page.goto(f"{preview_url}/{sample.name}.html")
        for view, (width, height) in VIEWS.items():
            page.set_viewport_size({"width": width, "height": height})
            checks.shoot(page, f"{sample.name}-{view}")
            assert checks.overflow(page) == 0, view
            if view in CHECKED:
                assert checks.axe_violations(page) == [], view
        for width in (*(LAYOUTS if sample.name in WHOLE else ()), NARROWEST):
            page.set_viewport_size({"width": width, "height": 800})
            assert checks.overflow(page) == 0, width


def test_the_stylesheet_of_every_page_locks_no_screen_upright(page: Page, preview_url: str) -> None:
    page.goto(f"{preview_url}/journee.html")
    assert checks.axe_violations(page, stylesheets=True) == []


@pytest.mark.parametrize("sample", samples.every(), ids=lambda sample: sample.name)
def test_a_page_carries_no_inline_script_or_style(sample: samples.Sample) -> None:
    html = preview.render(sample)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", html)


@pytest.mark.parametrize("sample", samples.every(), ids=lambda sample: sample.name)
def test_french_punctuation_never_starts_a_line(sample: samples.Sample) -> None:
    text = re.sub(r"<[^>]+>", "", preview.render(sample))
    assert re.findall(r".{0,30}\w [;:!?»](?!\w).{0,10}|« .{0,10}|\w'\w.{0,10}", text) == []


@pytest.mark.exigence(
    "ETH-02", partielle="weight of the pages of professionals, gzip; the budget of the whole comes later"
)
@pytest.mark.parametrize("name", ["journee", "recherche-500", "dossier", "visite"])
def test_a_page_with_all_it_loads_stays_within_its_weight(chromium: Browser, preview_url: str, name: str) -> None:
    page = chromium.new_page()
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.removeprefix(preview_url)))
    page.goto(f"{preview_url}/{name}.html", wait_until="networkidle")
    page.close()
    html = preview.render(next(sample for sample in PAGES if sample.name == name))
    files = [FOLDER / path.removeprefix("/static/dist/") for path in asked if path.startswith("/static/dist/")]
    weight = len(gzip.compress(html.encode())) + sum(len(gzip.compress(file.read_bytes())) for file in files)
    assert len(asked) <= 12
    assert weight <= WEIGHT_MAX


@pytest.mark.parametrize("name", ["politique", "journee"])
def test_every_tab_of_the_menu_is_seen_whole_on_a_phone(page: Page, preview_url: str, name: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{preview_url}/{name}.html")
    for tab in page.locator(".nav a").all():
        box = tab.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390, tab.text_content()


@pytest.mark.parametrize("name", ["visite", "dossier"])
def test_the_list_of_parts_stays_in_sight_while_the_page_scrolls(page: Page, preview_url: str, name: str) -> None:
    page.goto(f"{preview_url}/{name}.html")
    page.evaluate("scrollTo({top: 700, behavior: 'instant'})")
    expect(page.locator(".rail a").first).to_be_in_viewport(ratio=1)
