"""What the scripts do in a real browser, against a server whose answers each test writes."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e import checks, preview, samples

Answer = tuple[int, dict[str, Any]]


class Autosave:
    """The server of notes: remembers what it was sent, answers what the test says."""

    def __init__(self, page: Page, answer: Callable[[dict[str, str]], Answer | None]) -> None:
        self.sent: list[dict[str, str]] = []
        self.answer = answer
        page.route("**/autosave", self._serve)

    def _serve(self, route: Route) -> None:
        form = {name: values[0] for name, values in parse_qs(route.request.post_data or "").items()}
        form["token"] = route.request.headers.get("x-csrf-token", "")
        self.sent.append(form)
        reply = self.answer(form)
        if reply is None:
            route.abort("internetdisconnected")
        else:
            route.fulfill(status=reply[0], content_type="application/json", body=json.dumps(reply[1]))


def kept(form: dict[str, str]) -> Answer:
    return 200, {"revision": int(form["revision"]) + 1, "saved_at": "2026-11-23T09:43:08Z"}


@pytest.fixture
def visit(page: Page, preview_url: str) -> Page:
    page.goto(f"{preview_url}/visite.html")
    return page


def mark_of(page: Page, code: str) -> Any:
    return page.locator(f"#{code} [data-mark]")


@pytest.mark.exigence("DMS-06", partielle="the browser's part; that nothing is lost on the server is shown with it")
def test_a_note_saves_as_it_is_typed_and_says_its_hour(visit: Page) -> None:
    server = Autosave(visit, kept)
    visit.locator("#r-poste").press_sequentially("Meulage 2 heures")
    expect(mark_of(visit, "poste")).to_have_text("Enregistré à 10:43:08")
    assert [form["texte"] for form in server.sent] == ["Meulage 2 heures"]
    assert server.sent[0]["rubrique"] == "poste"
    assert server.sent[0]["revision"] == "0"
    assert server.sent[0]["token"] == "preview"
    assert re.fullmatch(r"[0-9a-f-]{36}", server.sent[0]["operation_id"])


def test_a_lost_connection_is_said_and_the_same_operation_is_tried_again(visit: Page) -> None:
    answers = iter([False, True])
    server = Autosave(visit, lambda form: kept(form) if next(answers) else None)
    visit.locator("#r-poste").fill("Meulage")
    expect(visit.locator("#hors-ligne")).to_be_visible()
    expect(mark_of(visit, "poste")).to_have_text("Hors ligne, votre texte est gardé dans cette page")
    expect(mark_of(visit, "poste")).to_have_text("Enregistré à 10:43:08")
    expect(visit.locator("#hors-ligne")).to_be_hidden()
    assert server.sent[0] == server.sent[1]


def test_a_conflict_shows_both_texts_and_keeps_the_one_chosen(visit: Page) -> None:
    theirs = {"texte": "Vu hier : rien.", "saved_at": "2026-11-23T09:41:07Z", "auteur": "M. Le Roux"}
    server = Autosave(visit, lambda form: kept(form) if form["revision"] == "5" else (409, {"revision": 5, **theirs}))
    visit.locator("#r-poste").fill("Meulage")
    conflict = visit.locator("#poste .conflict")
    expect(conflict).to_contain_text("M. Le Roux a changé ce texte à 10:41:07. Gardez sa valeur ou la vôtre.")
    expect(conflict.locator("blockquote")).to_have_text(["Vu hier : rien.", "Meulage"])
    assert checks.axe_violations(visit) == []
    checks.shoot(visit, "visite-conflit-1440")
    conflict.get_by_role("button", name="Garder la vôtre").click()
    expect(mark_of(visit, "poste")).to_have_text("Enregistré à 10:43:08")
    expect(conflict).to_have_count(0)
    assert server.sent[-1]["texte"] == "Meulage"


def test_a_refused_text_stays_and_says_why(visit: Page) -> None:
    Autosave(visit, lambda form: (422, {"message": "Ce texte contient un signe invisible. Retirez-le."}))
    visit.locator("#r-poste").fill("Meulage")
    expect(visit.locator("#r-poste-e")).to_have_text("Ce texte contient un signe invisible. Retirez-le.")
    expect(visit.locator("#r-poste")).to_have_value("Meulage")


def test_an_ended_session_locks_the_screen_and_gives_the_text_back(visit: Page) -> None:
    session = {"csrf_token": "new", "compte_id": "c-1", "restant_s": 1200}
    opened = False

    def answer(form: dict[str, str]) -> Answer:
        return kept(form) if opened else (401, {})

    server = Autosave(visit, answer)
    visit.route("**/session", lambda route: route.fulfill(json=session))
    visit.locator("#r-poste").fill("Meulage")
    lock = visit.locator("#verrou")
    expect(lock).to_be_visible()
    expect(lock).to_contain_text("Écran verrouillé. Votre saisie est intacte.")
    assert checks.axe_violations(visit) == []
    checks.shoot(visit, "visite-verrou-1440")
    opened = True
    lock.get_by_role("button", name="Reprendre ici").click()
    expect(lock).to_be_hidden()
    expect(mark_of(visit, "poste")).to_have_text("Enregistré à 10:43:08")
    assert server.sent[-1]["token"] == "new"


def test_somebody_else_at_the_desk_does_not_unlock_the_page(visit: Page) -> None:
    Autosave(visit, lambda form: (401, {}))
    other = {"csrf_token": "new", "compte_id": "c-2", "restant_s": 1200}
    visit.route("**/session", lambda route: route.fulfill(json=other))
    visit.locator("#r-poste").fill("Meulage")
    visit.locator("#verrou").get_by_role("button", name="Reprendre ici").click()
    expect(visit.locator("#verrou-autre")).to_be_visible()
    expect(visit.locator("#verrou")).to_be_visible()


OTHER_WINDOW = (409, {"revision": 5, "texte": "Ligne.\n" * 12, "saved_at": "2026-11-23T09:41:07Z", "auteur": None})


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=str)
def test_a_conflict_of_ones_own_windows_is_said_so_and_stands_over_the_dock(visit: Page, size: tuple[int, int]) -> None:
    visit.set_viewport_size({"width": size[0], "height": size[1]})
    Autosave(visit, lambda _: OTHER_WINDOW)
    visit.locator("#r-suites").fill("Meulage")
    conflict = visit.locator("#suites .conflict")
    expect(conflict).to_contain_text("Vous avez changé ce texte dans une autre fenêtre à 10:41:07.")
    checks.shoot(visit, f"visite-conflit-{size[0]}")
    last = conflict.get_by_role("button").last.bounding_box()
    dock = visit.locator(".dock").bounding_box()
    assert last
    assert dock
    assert last["y"] + last["height"] < dock["y"]


def test_the_end_is_not_asked_while_a_text_waits_for_a_choice_and_leads_to_it(visit: Page) -> None:
    Autosave(visit, lambda _: OTHER_WINDOW)
    visit.locator("#r-poste").fill("Meulage")
    conflict = visit.locator("#poste .conflict")
    expect(conflict).to_be_visible()
    visit.locator("#r-suites").focus()
    visit.keyboard.press("F9")
    expect(visit.locator("#avis")).to_contain_text("Poste et expositions")
    expect(visit.locator("#avis")).to_contain_text("choisissez d’abord entre les deux textes")
    expect(visit.locator("#cloture")).to_be_hidden()
    expect(conflict.get_by_role("button").first).to_be_focused()
    expect(conflict).to_be_in_viewport()


def test_the_end_is_not_asked_while_a_text_cannot_be_saved(visit: Page) -> None:
    Autosave(visit, lambda _: None)
    visit.locator("#r-poste").fill("Meulage")
    visit.locator("[data-terminer]").click()
    expect(visit.locator("#avis")).to_contain_text("n’est pas encore enregistré")
    expect(visit.locator("#r-poste")).to_be_focused()
    expect(visit.locator("#cloture")).to_be_hidden()


def test_f6_notes_that_there_is_nothing_to_report_and_can_be_undone(visit: Page) -> None:
    Autosave(visit, kept)
    visit.locator("#r-examen").focus()
    visit.keyboard.press("F6")
    expect(visit.locator("#r-examen")).to_have_value("Rien à signaler.")
    visit.get_by_role("button", name=re.compile("Annuler")).click()
    expect(visit.locator("#r-examen")).to_have_value("")


def test_f6_leaves_a_rubric_that_says_something_and_tells_so(visit: Page) -> None:
    server = Autosave(visit, kept)
    before = visit.locator("#r-entretien").input_value()
    visit.locator("#r-entretien").focus()
    visit.keyboard.press("F6")
    expect(visit.locator("#avis")).to_contain_text("Cette rubrique a déjà un texte")
    expect(visit.locator("#r-entretien")).to_have_value(before)
    assert server.sent == []


def test_the_end_of_a_visit_waits_for_the_last_save(visit: Page) -> None:
    server = Autosave(visit, kept)
    closed: list[str] = []

    def close(route: Route) -> None:
        closed.append(f"after {len(server.sent)} save")
        route.fulfill(body="<p>Close</p>", content_type="text/html")

    visit.route("**/cloture", close)
    visit.locator("#r-poste").fill("Meulage")
    visit.keyboard.press("F9")
    dialog = visit.locator("#cloture")
    expect(dialog).to_be_visible()
    assert checks.axe_violations(visit) == []
    dialog.get_by_role("button", name="Terminer la visite").click()
    visit.wait_for_url("**/cloture")
    assert closed == ["after 1 save"]


@pytest.mark.exigence("ETH-01", partielle="keyboard of the day list; the other journeys follow their pages")
def test_the_day_is_walked_through_at_the_keyboard(page: Page, preview_url: str) -> None:
    page.goto(f"{preview_url}/journee.html")
    page.keyboard.press("j")
    expect(page.locator("[aria-current=true]")).to_contain_text("ADRUN Zoé")
    page.keyboard.press("j")
    expect(page.locator("[aria-current=true]")).to_contain_text("DURAND Jean")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dossier.html")


def test_whoever_marks_arrivals_at_the_keyboard_goes_on_from_where_he_was(page: Page, preview_url: str) -> None:
    page.route(
        lambda url: True,
        lambda route: (
            route.fulfill(status=303, headers={"location": f"{preview_url}/journee.html"})
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    page.goto(f"{preview_url}/journee.html")
    waiting = page.locator("[data-rendez-vous]", has=page.locator("form[data-arrivee]")).first
    name = waiting.locator("h3").inner_text()
    while not page.locator("[aria-current=true] form[data-arrivee]").count():
        page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("a")
    expect(page.locator("[data-rendez-vous][aria-current=true]")).to_be_focused()
    expect(page.locator("[data-rendez-vous][aria-current=true]")).to_contain_text(name)


def test_letters_can_be_switched_off_from_the_list_of_keys(page: Page, preview_url: str) -> None:
    page.goto(f"{preview_url}/journee.html")
    page.keyboard.press("?")
    keys = page.locator("#clavier")
    expect(keys).to_contain_text("rendez-vous suivant")
    assert checks.axe_violations(page) == []
    checks.shoot(page, "clavier-1440")
    keys.locator("#clavier-lettres").uncheck()
    keys.get_by_role("button").click()
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(keys).to_be_hidden()
    expect(page.locator("[aria-current=true]")).to_have_count(0)


def test_discreet_mode_holds_from_page_to_page_without_a_flash(page: Page, preview_url: str) -> None:
    page.goto(f"{preview_url}/dossier.html")
    page.keyboard.press("F2")
    expect(page.locator("#visites [data-sensitive]")).to_have_attribute("aria-hidden", "true")
    assert checks.axe_violations(page) == []
    checks.shoot(page, "dossier-discret-1440")
    page.goto(f"{preview_url}/visite.html", wait_until="commit")
    page.wait_for_selector("#r-entretien", state="attached")
    assert page.locator("html").get_attribute("data-discreet") == ""
    page.get_by_role("button", name=re.compile("Tout montrer")).click()
    expect(page.locator("[data-sensitive][inert]")).to_have_count(0)


def test_ctrl_k_seeks_from_inside_a_note(visit: Page) -> None:
    named = {sample.name: sample for sample in samples.every()}
    fragment = preview.render(named["_suggestions"])
    sent: list[tuple[str, str | None, str | None]] = []

    def suggest(route: Route) -> None:
        asked = route.request
        sent.append((asked.method, asked.post_data, asked.headers.get("x-csrf-token")))
        route.fulfill(body=fragment, content_type="text/html")

    visit.route("**/suggestions", suggest)
    visit.locator("#r-poste").focus()
    visit.keyboard.press("Control+k")
    visit.keyboard.type("mar")
    expect(visit.locator("#q-liste [role=option]")).to_have_count(9)
    assert sent == [("POST", "q=mar", "preview")]
    checks.shoot(visit, "recherche-liste-1440")
    assert checks.axe_violations(visit) == []
    visit.keyboard.press("ArrowDown")
    expect(visit.locator("#q")).to_have_attribute("aria-activedescendant", "q-1")
    visit.keyboard.press("Enter")
    visit.wait_for_url("**/dossier.html")


def test_results_change_as_the_name_is_typed(page: Page, preview_url: str) -> None:
    named = {sample.name: sample for sample in samples.every()}
    page.goto(f"{preview_url}/recherche.html")
    html = preview.environment().get_template("espace_pro/_resultats.html").render(**named["recherche-vide"].model)
    asked: list[str | None] = []

    def serve(route: Route) -> None:
        asked.append(route.request.post_data)
        route.fulfill(body=html, content_type="text/html")

    page.route("**/recherche.html", serve)
    with checks.console_is_clean(page):
        page.locator("#r-q").press_sequentially("guiloux")
        expect(page.locator("#resultats")).to_contain_text("Aucun dossier pour")
    assert len(asked) == 1
    assert "q=guiloux" in str(asked[0])
    assert "guiloux" not in page.url


def test_a_page_that_a_refused_act_answered_takes_its_own_address(page: Page, preview_url: str) -> None:
    page.goto(f"{preview_url}/visite-a-abandonner.html")
    expect(page).to_have_url(f"{preview_url}/visite.html")


def test_a_text_that_is_signed_does_not_come_back_in_the_field(page: Page, preview_url: str) -> None:
    page.goto(f"{preview_url}/visite-close.html")
    field = page.locator("#f-texte")
    signed = page.locator("[data-signe]").first.inner_text()
    for typed, kept in ((signed, ""), ("pas encore signé", "pas encore signé")):
        field.fill(typed)
        page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow'))")
        expect(field).to_have_value(kept)


def test_a_form_sent_after_the_session_ended_stays_under_the_lock_and_leaves_once_it_is_opened(
    page: Page, preview_url: str
) -> None:
    sent: list[str] = []

    def receive(route: Route) -> None:
        sent.append(route.request.post_data or "")
        route.fulfill(body="ok")

    page.route("**/suspension", receive)
    page.route("**/session", lambda route: route.fulfill(status=401, json={}))
    page.goto(f"{preview_url}/compte.html")
    page.get_by_label("Motif").fill("Absente")
    page.get_by_role("button", name="Suspendre ce compte").click()
    expect(page.locator("#verrou")).to_be_visible()
    assert sent == []
    session = {"csrf_token": "new", "compte_id": "c-1", "restant_s": 1200}
    page.unroute("**/session")
    page.route("**/session", lambda route: route.fulfill(json=session))
    page.locator("#verrou").get_by_role("button", name="Reprendre ici").click()
    expect(page.get_by_label("Motif")).to_have_value("Absente")
    with page.expect_navigation():
        page.get_by_role("button", name="Suspendre ce compte").click()
    assert len(sent) == 1
    assert "motif=Absente" in sent[0]
    assert "csrf_token=new" in sent[0]
