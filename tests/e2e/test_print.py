"""On paper: A4, whatever the screen; nothing cut, nothing to press, and when it was printed."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e import checks

PAPER: ViewportSize = {"width": 700, "height": 990}
"""A4 between its margins, narrower than the smallest desk: the rules of phones must not apply there."""
PAGES = (
    "journee",
    "journee-longue",
    "recherche-500",
    "acces",
    "acces-feuille",
    "dossier",
    "dossier-long",
    "visite",
    "visite-close",
    "visite-abandonnee",
    "secteurs-trouves",
    "secteur",
)


@pytest.fixture
def paper(same_page: Page, preview_url: str) -> Page:
    same_page.set_viewport_size(PAPER)
    same_page.emulate_media(media="print")
    return same_page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_on_paper_says_when_it_was_printed_and_holds_nothing_to_press(
    paper: Page, preview_url: str, name: str
) -> None:
    paper.goto(f"{preview_url}/{name}.html")
    expect(paper.get_by_text("Imprimé le 23/11/2026 à 10:42 par Dr Claire Vasseur")).to_be_visible()
    assert checks.overflow(paper) <= 0
    for act in ("button", "select", ".btn", ".acts-in", ".nav", ".segments", ".filters"):
        assert paper.locator(f"{act}:visible").count() == 0, act


@pytest.mark.parametrize("name", ["recherche-500", "acces", "secteur"])
def test_a_table_stays_a_table_on_paper(paper: Page, preview_url: str, name: str) -> None:
    paper.goto(f"{preview_url}/{name}.html")
    row = paper.locator("tbody tr").first
    assert row.evaluate("row => getComputedStyle(row).display") == "table-row"
    assert paper.locator("thead").evaluate("head => getComputedStyle(head).clipPath") == "none"


def test_the_filter_of_a_list_is_written_on_it(paper: Page, preview_url: str) -> None:
    paper.goto(f"{preview_url}/recherche-500.html")
    expect(paper.get_by_text(re.compile("Recherche.: «.martin.»"))).to_be_visible()


@pytest.mark.parametrize("name", ["dossier", "acces", "visite"])
def test_a_dossier_on_paper_begins_with_whose_it_is(paper: Page, preview_url: str, name: str) -> None:
    paper.goto(f"{preview_url}/{name}.html")
    spine = paper.locator(".spine")
    expect(spine).to_contain_text("ADRUN")
    expect(spine).to_contain_text("31/12/1975")
    assert spine.locator(".spine-name a").evaluate("name => getComputedStyle(name).color") == "rgb(0, 0, 0)"


def test_a_long_note_is_printed_whole(paper: Page, preview_url: str) -> None:
    paper.goto(f"{preview_url}/visite.html")
    note = paper.locator("#r-entretien")
    note.fill("Une ligne.\n" * 40)
    assert note.evaluate("text => text.scrollHeight <= text.clientHeight + 1")


def test_a_list_that_the_screen_shortens_is_printed_whole(paper: Page, preview_url: str) -> None:
    paper.goto(f"{preview_url}/dossier-long.html")
    for part in ("#visites", "#remises"):
        lines = f"{part} .more .entry"
        assert paper.locator(f"{lines}:visible").count() == paper.locator(lines).count() > 0
    for summary in paper.locator(".more > summary").all():
        expect(summary).to_be_hidden()


def test_a_long_list_shows_the_last_three_and_opens(page: Page, preview_url: str) -> None:
    page.goto(f"{preview_url}/dossier-long.html")
    lines = page.locator("#remises .entry")
    assert [line.is_visible() for line in lines.all()] == [True, True, True, False, False]
    page.locator("#remises").get_by_text("Tout afficher (5)").click()
    assert all(line.is_visible() for line in lines.all())
    expect(page.locator("#remises").get_by_text("N’afficher que les 3 derniers")).to_be_visible()


def test_the_sheet_is_a4(page: Page, preview_url: str) -> None:
    page.goto(f"{preview_url}/journee.html")
    sheet = page.pdf(prefer_css_page_size=True)
    [width, height] = map(float, re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", sheet)[0])
    assert (round(width), round(height)) == (595, 842)


@pytest.mark.parametrize(
    ("name", "ended"),
    [
        ("visite-close", "Close le 23/11/2026 à 10:58"),
        ("visite-abandonnee", "Abandonnée le 23/11/2026 à 10:12"),
    ],
)
def test_a_visit_on_paper_says_when_it_ended(paper: Page, preview_url: str, name: str, ended: str) -> None:
    paper.goto(f"{preview_url}/{name}.html")
    expect(paper.locator(".page-head").get_by_text(ended)).to_be_visible()
    checks.shoot(paper, f"{name}-papier")


def test_the_policy_lies_across_the_sheet_and_no_word_of_it_is_cut(page: Page, preview_url: str) -> None:
    page.goto(f"{preview_url}/politique.html")
    sheet = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", sheet)
    assert {tuple(round(float(side)) for side in box) for box in boxes} == {(842, 595)}
    page.set_viewport_size({"width": 1032, "height": 700})
    page.emulate_media(media="print")
    assert checks.overflow(page) <= 0
    cut = page.locator(".matrix thead th, .matrix thead span, .cell").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth && one.clientWidth).map(one => one.textContent)"
    )
    assert cut == []
    broken = page.locator(".matrix thead th").evaluate_all("all => all.map(one => getComputedStyle(one).overflowWrap)")
    assert set(broken) == {"normal"}
