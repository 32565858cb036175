"""A new person of the register from the keyboard alone, with and without script: no barrier, nothing typed in an address."""

import pytest
from playwright.sync_api import expect

from tests.e2e.checks import axe_violations, console_is_clean, overflow
from tests.espace_pro.test_recherche_navigateur import Opened, at_work, lines, origin  # noqa: F401 - fixtures

TYPED = ("Trévidic", "Maëlys, Anne", "", "F", "", "29019", *[""] * 5, "73282932000074", "Cariste", "CDD", "01092026")
BORN = {True: "03021988", False: "04021988"}


@pytest.mark.exigence("INS-10", partielle="la recherche avant création, au guichet")
@pytest.mark.parametrize("with_script", [True, False], ids=["with script", "without script"])
def test_the_desk_registers_and_the_medecin_constitutes_from_the_keyboard(
    at_work: Opened,  # noqa: F811
    lines: list[str],  # noqa: F811
    with_script: bool,
) -> None:
    page = at_work(with_script)
    with console_is_clean(page):
        page.goto("/recherche")
        page.get_by_role("link", name="Créer une identité").press("Enter")
        page.get_by_label("Nom de naissance").focus()
        for value in (*TYPED[:4], BORN[with_script], *TYPED[5:]):
            page.keyboard.type(value)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("TREVIDIC")).to_be_visible()
        assert not with_script or axe_violations(page) == []
        page.get_by_role("button", name="Créer l’identité").press("Enter")
        page.wait_for_url("**/salaries/*-*")
        expect(page.get_by_text("Identité provisoire")).to_be_visible()
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert not with_script or axe_violations(page) == []
            assert overflow(page) == 0
        page.get_by_role("button", name="Constituer le dossier").press("Enter")
        page.wait_for_url("**/dossiers/*")
        page.get_by_role("link", name="Modifier").first.press("Enter")
        page.wait_for_url("**/modifier")
        assert not with_script or axe_violations(page) == []
    assert not any("trevidic" in line.lower() or "1988" in line for line in [*lines, page.url])
