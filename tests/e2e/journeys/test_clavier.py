"""The médecin's path again, without a mouse: Tab, Enter, Space, arrows and the keys that the screen tells of."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.journeys import steps
from tests.e2e.journeys.conftest import Somebody
from tests.e2e.journeys.visitor import Visitor

KIND = "Visite médicale de mi-carrière"
NOTE, TOLD, ADDED = "Gêne au genou gauche.", "Faites varier vos postures.", "Radiographie normale."
FOCUSED = """() => {
  const at = document.activeElement;
  if (at === document.body) return '';
  return [at.labels?.[0]?.textContent, at.getAttribute('aria-label'), at.textContent].find(t => t?.trim()) ?? '';
}"""
RINGED = """() => [document.activeElement, document.activeElement.closest('label')]
  .some(at => at && getComputedStyle(at).outlineStyle !== 'none')"""
FAR = 150
"""Tab presses after which somebody would have given up."""


@pytest.mark.exigence("ETH-01", partielle="le clavier seul, sur tout le parcours du médecin")
def test_medecin_goes_through_a_visit_without_a_mouse(somebody: Somebody) -> None:
    medecin = somebody()
    medecin.goes_to("/")
    enter_on(medecin, "Pro Santé Connect")
    medecin.page.wait_for_url(f"{medecin.demonstration.psc}/**")
    enter_on(medecin, "ROUVIERE-TEST")
    medecin.page.wait_for_url(f"{medecin.demonstration.url}/**")
    medecin.sees("Dans quel service travaillez-vous")
    choose(medecin, re.compile("COTEAUX"))
    enter_on(medecin, "Entrer")
    steps.then_his_day_is_there(medecin)
    medecin.page.wait_for_load_state()
    medecin.page.keyboard.press("j")
    expect(medecin.page.locator("[aria-current=true]")).to_be_focused()
    medecin.page.keyboard.press("j")

    steps.when_he_opens_the_dossier_of(medecin, "nessi", "Michelangelo NESSI")
    enter_on(medecin, "Ouvrir une visite")
    medecin.sees("Quelle visite ouvrez-vous")
    choose(medecin, re.compile(KIND))
    enter_on(medecin, "Ouvrir la visite")
    medecin.sees(KIND)
    medecin.page.keyboard.press("Alt+1")
    medecin.page.keyboard.type(NOTE)
    steps.then_it_is_saved(steps.notes(medecin))
    tab_to(medecin, re.compile(steps.POUR_LE_SALARIE))
    medecin.page.keyboard.type(TOLD)
    steps.then_it_is_saved(steps.for_the_worker(medecin))
    medecin.page.keyboard.press("F9")
    expect(medecin.page.get_by_role("dialog")).to_be_visible()
    enter_on(medecin, "Terminer la visite")
    medecin.reads("La visite est terminée.")

    enter_on(medecin, KIND)
    medecin.sees(KIND)
    tab_to(medecin, re.compile("Ajouter un complément"))
    medecin.page.keyboard.type(ADDED)
    enter_on(medecin, "Signer ce complément")
    expect(medecin.page.locator("#complements")).to_contain_text(ADDED)
    enter_on(medecin, "Rouviere-Test")
    enter_on(medecin, "Fermer la session")
    expect(medecin.page.get_by_text("Votre session est fermée.")).to_be_visible()


def tab_to(who: Visitor, name: re.Pattern[str]) -> None:
    """By Tab alone, until the focus is on what bears this name, and is seen there."""
    for _ in range(FAR):
        who.page.keyboard.press("Tab")
        if name.search(str(who.page.evaluate(FOCUSED))):
            assert who.page.evaluate(RINGED)
            return
    raise AssertionError(f"Tab never reaches {name.pattern}")


def enter_on(who: Visitor, name: str) -> None:
    tab_to(who, re.compile(name))
    who.page.keyboard.press("Enter")


def choose(who: Visitor, name: re.Pattern[str]) -> None:
    """In the group of choices: the arrows, from the first on."""
    tab_to(who, re.compile("."))
    while who.page.evaluate("document.activeElement.type") != "radio":
        tab_to(who, re.compile("."))
    who.page.keyboard.press("Space")
    for _ in range(FAR):
        if name.search(str(who.page.evaluate(FOCUSED))):
            return
        who.page.keyboard.press("ArrowDown")
    raise AssertionError(f"the arrows never reach {name.pattern}")
