"""What people do, in their words. Each step waits for its answer."""

import re
from contextlib import suppress
from typing import Any

from playwright.sync_api import Error, Locator, expect

from tests.e2e.journeys.visitor import Visitor

COTEAUX = "SPSTI TEST DES COTEAUX"
METALLURGIE = "SPST AUTONOME TEST METALLURGIE"
POUR_LE_SALARIE = "Texte remis au salarié"
SAVED = re.compile(r"Enregistré à \d?\d:\d\d:\d\d")


# ──── In and out


def when_he_proves_who_he_is(who: Visitor, name: str) -> None:
    """By card or telephone, at Pro Santé Connect's stand-in."""
    who.goes_to("/")
    who.page.get_by_role("link", name="Pro Santé Connect").click()
    who.page.get_by_role("button", name=name).click()
    who.page.wait_for_url(f"{who.demonstration.url}/**")


def when_he_chooses_his_service(who: Visitor, spst: str) -> None:
    who.sees("Dans quel service travaillez-vous")
    who.page.get_by_role("radio", name=spst).first.check()
    who.page.get_by_role("button", name="Entrer").click()


def when_he_enters(who: Visitor, name: str, spst: str | None = None) -> None:
    """From the first page to "Ma journée". `spst`: for somebody who works in several."""
    when_he_proves_who_he_is(who, name)
    if spst is not None:
        when_he_chooses_his_service(who, spst)
    then_his_day_is_there(who)


def when_she_enters_by_password(who: Visitor, account: dict[str, Any]) -> None:
    who.goes_to("/connexion")
    who.page.get_by_role("link", name="Mot de passe et code").click()
    who.page.get_by_label("Identifiant").fill(account["compte"])
    who.page.get_by_label("Mot de passe").fill(account["mot_de_passe"])
    who.page.get_by_role("button", name="Continuer").click()
    who.page.get_by_label("Code à six chiffres").fill(who.demonstration.code(account))
    who.page.get_by_role("button", name="Ouvrir la session").click()
    expect(menu(who)).to_be_visible()


def when_he_leaves(who: Visitor) -> None:
    menu(who).locator("summary").click()
    who.page.get_by_role("button", name="Fermer la session").click()


def menu(who: Visitor) -> Locator:
    return who.page.locator("details.me")


def then_nothing_comes_back(who: Visitor, *words: str) -> None:
    """The Back button, as often as one likes, after leaving. Of an answer to a form, the browser itself keeps nothing."""
    for _ in range(4):
        with suppress(Error):
            who.page.go_back(wait_until="load")
        for word in words:
            expect(who.page.locator("body")).not_to_contain_text(word)


# ──── The day


def then_his_day_is_there(who: Visitor) -> None:
    expect(who.page.get_by_role("heading", name="Rendez-vous", exact=True)).to_be_visible()


def given_somebody_is_waited_for(who: Visitor) -> Locator:
    """The last of the day, put back in waiting when he has come already: what the demonstration's hour makes of him."""
    last = who.page.locator("[data-rendez-vous]").last
    if last.get_by_role("button", name="Noter l’arrivée").count() == 0:
        last.locator("summary").click()
        last.get_by_role("button", name="Remettre en attente").click()
    expect(last.get_by_role("button", name="Noter l’arrivée")).to_be_visible()
    return last


def when_he_notes_the_arrival(who: Visitor, expected: Locator) -> None:
    expected.get_by_role("button", name="Noter l’arrivée").click()
    expect(expected).to_contain_text(re.compile(r"Arrivée? à \d?\d:\d\d"))


def when_he_undoes(who: Visitor) -> None:
    who.page.get_by_role("button", name=re.compile("Annuler")).click()


# ──── The dossier


def when_he_seeks(who: Visitor, typed: str) -> None:
    """Ctrl K from wherever he is."""
    who.page.keyboard.press("Control+k")
    who.page.keyboard.type(typed)
    expect(who.page.locator("#q-liste [role=option]").first).to_be_visible()


def when_he_opens_the_first_found(who: Visitor) -> None:
    who.page.keyboard.press("ArrowDown")
    who.page.keyboard.press("Enter")
    who.page.wait_for_url("**/dossiers/**")


def when_he_opens_the_dossier_of(who: Visitor, typed: str, name: str) -> str:
    """Its path."""
    when_he_seeks(who, typed)
    when_he_opens_the_first_found(who)
    who.sees(f"Dossier de {name}")
    return who.page.url.removeprefix(who.demonstration.url)


def part(who: Visitor, title: str) -> Locator:
    return who.page.locator("section.sheet", has=who.page.get_by_role("heading", level=2, name=title, exact=True))


def then_the_part_is_closed(who: Visitor, title: str, article: str) -> None:
    """In its place, hatched, with the text that closes it."""
    expect(part(who, title).locator(".closed")).to_contain_text(article)


def then_the_part_is_open(who: Visitor, title: str) -> None:
    expect(part(who, title)).to_be_visible()
    expect(part(who, title).locator(".closed")).to_have_count(0)


# ──── The visit


def when_he_starts(who: Visitor, kind: str) -> str:
    """A visit of this kind, from the open dossier. Its path."""
    who.page.get_by_role("link", name="Ouvrir une visite").click()
    who.page.get_by_role("radio", name=kind).check()
    who.page.get_by_role("button", name="Ouvrir la visite").click()
    who.sees(kind)
    return who.page.url.removeprefix(who.demonstration.url)


def notes(who: Visitor) -> Locator:
    """Where one writes for colleagues, the first of the rubrics."""
    return who.page.get_by_role("textbox", name="Vos notes").first


def for_the_worker(who: Visitor) -> Locator:
    return who.page.get_by_role("textbox", name=POUR_LE_SALARIE)


def when_he_types(who: Visitor, where: Locator, text: str) -> None:
    where.click()
    who.page.keyboard.type(text)
    then_it_is_saved(where)


def then_it_is_saved(where: Locator) -> None:
    """Nothing was pressed: the mark beside the field says the hour."""
    expect(where.locator("xpath=ancestor::div[@class='field']").locator("[data-mark]")).to_have_text(SAVED)


def when_he_ends_the_visit(who: Visitor) -> None:
    who.page.keyboard.press("F9")
    who.page.get_by_role("dialog").get_by_role("button", name="Terminer la visite").click()
    who.reads("La visite est terminée.")
