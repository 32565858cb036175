"""The médecin du travail's own story, from the first page to the log-out."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.journeys import steps
from tests.e2e.journeys.conftest import Somebody
from tests.e2e.journeys.visitor import Visitor

KIND = "Visite à la demande du travailleur"
PARTS = (
    "Visites et santé",
    "Emplois et expositions",
    "Identité",
    "Courriers",
    "Remis au salarié",
    "Information sur les droits",
    "Oppositions et consentements",
    "Journal des accès",
)


@pytest.mark.exigence("AUT-01")
@pytest.mark.exigence("DMS-06")
@pytest.mark.exigence("OPS-01")
@pytest.mark.exigence("ETH-01", partielle="the automatic checker, on each page that a médecin meets")
def test_medecin_goes_through_a_day_with_a_worker(somebody: Somebody) -> None:
    medecin = somebody()
    medecin.goes_to("/")
    medecin.sees("Ouvrir votre session")
    medecin.finds_sound("connexion")
    steps.when_he_proves_who_he_is(medecin, "ROUVIERE-TEST")
    medecin.finds_sound("choix-du-service")
    steps.when_he_chooses_his_service(medecin, steps.COTEAUX)

    when_he_looks_at_his_days(medecin)
    expected = steps.given_somebody_is_waited_for(medecin)
    steps.when_he_notes_the_arrival(medecin, expected)
    medecin.finds_sound("journee")
    steps.when_he_undoes(medecin)
    expect(expected.get_by_role("button", name="Noter l’arrivée")).to_be_visible()

    steps.when_he_seeks(medecin, "adrûn-zoé")
    medecin.finds_sound("recherche-au-vol")
    steps.when_he_opens_the_dossier_of(medecin, "ADRUN ZOÉ", "Zoe ADRUN")
    then_he_reads_every_part(medecin)
    when_he_hides_the_screen_from_the_corridor(medecin)

    steps.when_he_starts(medecin, KIND)
    when_he_writes_and_reloads(medecin, "Acouphènes le soir depuis l’été.")
    steps.when_he_types(medecin, steps.for_the_worker(medecin), "Vos oreilles ont besoin de repos.")
    medecin.finds_sound("visite")
    when_he_ends_it_after_reading_what_it_means(medecin)

    then_it_cannot_be_changed_but_completed(medecin, "L’ORL a répondu, rien de grave.")
    steps.when_he_leaves(medecin)
    expect(medecin.page.get_by_text("Votre session est fermée.")).to_be_visible()
    medecin.finds_sound("session-fermee")
    steps.then_nothing_comes_back(medecin, "ADRUN", "Acouphènes")


def when_he_looks_at_his_days(medecin: Visitor) -> None:
    days, title = medecin.page.get_by_role("navigation", name="Jour affiché"), medecin.page.locator("h1")
    steps.then_his_day_is_there(medecin)
    today = title.inner_text()
    for step in (2, 0):
        days.get_by_role("link").nth(step).click()
        expect(title).not_to_have_text(today)
        days.get_by_role("link", name="Aujourd’hui").click()
        expect(title).to_have_text(today)


def then_he_reads_every_part(medecin: Visitor) -> None:
    medecin.sees("Dossier de Zoe ADRUN")
    for title in PARTS:
        medecin.page.get_by_role("navigation", name="Volets du dossier").get_by_role("link", name=title).click()
        steps.then_the_part_is_open(medecin, title)
        expect(steps.part(medecin, title)).to_be_in_viewport()
    medecin.finds_sound("dossier")
    medecin.page.get_by_role("link", name="Voir qui a ouvert ce dossier").click()
    medecin.sees("Qui a ouvert ce dossier")
    medecin.reads("Dr Camille Rouviere-Test")
    medecin.finds_sound("acces-au-dossier")
    medecin.page.get_by_role("link", name="Revenir au dossier").click()
    medecin.sees("Dossier de Zoe ADRUN")


def when_he_hides_the_screen_from_the_corridor(medecin: Visitor) -> None:
    hidden = medecin.page.locator("#visites [data-sensitive]")
    medecin.page.keyboard.press("F2")
    expect(hidden).to_have_attribute("aria-hidden", "true")
    medecin.finds_sound("dossier-discret")
    medecin.page.keyboard.press("F2")
    expect(hidden).not_to_have_attribute("aria-hidden", "true")


def when_he_writes_and_reloads(medecin: Visitor, text: str) -> None:
    steps.when_he_types(medecin, steps.notes(medecin), text)
    medecin.page.reload()
    expect(steps.notes(medecin)).to_have_value(text)
    steps.then_it_is_saved(steps.notes(medecin))


def when_he_ends_it_after_reading_what_it_means(medecin: Visitor) -> None:
    medecin.page.keyboard.press("F9")
    expect(medecin.page.get_by_role("dialog")).to_contain_text("ni vous ni personne ne peut modifier la visite")
    medecin.finds_sound("visite-cloture")
    medecin.page.get_by_role("dialog").get_by_role("button", name="Terminer la visite").click()
    medecin.reads("La visite est terminée.")


def then_it_cannot_be_changed_but_completed(medecin: Visitor, addendum: str) -> None:
    medecin.page.get_by_role("link", name=KIND).first.click()
    medecin.reads("Acouphènes le soir depuis l’été.")
    expect(medecin.page.get_by_text(re.compile("Close le .* à"))).to_be_visible()
    expect(medecin.page.get_by_role("textbox", name="Vos notes")).to_have_count(0)
    expect(medecin.page.get_by_role("button", name="Terminer la visite")).to_have_count(0)
    medecin.page.get_by_label("Ajouter un complément").fill(addendum)
    medecin.page.get_by_role("button", name="Signer ce complément").click()
    expect(medecin.page.locator("#complements")).to_contain_text(addendum)
    expect(medecin.page.locator("#complements")).to_contain_text("Dr Camille Rouviere-Test")
    medecin.finds_sound("visite-close")
