"""The worker's story, on a telephone: her record, her visits, who opened it and why."""

import re
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Locator, expect

from tests.e2e.journeys import steps
from tests.e2e.journeys.conftest import Somebody, VisiteRacontee
from tests.e2e.journeys.visitor import PHONE, Visitor
from tests.factories import verificateur
from tests.factories.attente import until

MENU = {
    "Mes visites": "Mes visites",
    "Mes emplois et expositions": "Mes emplois",
    "Mon identité": "Mon identité",
    "Qui a ouvert mon dossier": "Qui a ouvert mon dossier",
    "Mes droits": "Mes droits",
}
STRANGER = "KOWALSKA-TEST"
WONDERS = "Je ne l’ai pas vue ce jour-là."
ANSWER = "Votre médecin a relu son compte rendu après la visite."


@pytest.mark.exigence("AUT-05")
@pytest.mark.exigence("TRA-03")
@pytest.mark.exigence("TRA-04")
@pytest.mark.exigence("POR-01", partielle="identité, emplois, expositions, visites ; pas encore les documents")
@pytest.mark.exigence("POR-05")
def test_worker_reads_what_is_hers_who_read_it_and_takes_the_proof_away(
    somebody: Somebody, visite_racontee: VisiteRacontee, tmp_path: Path
) -> None:
    zoe = somebody(PHONE)
    when_she_proves_who_she_is(zoe, "Zoe ADRUN")
    when_she_gives(zoe, "ZZZZ-ZZZZ-ZZZZ-ZZZZ")
    told = then_she_is_told_nothing_of_anybody(zoe)
    assert then_a_stranger_is_told_the_same(somebody(PHONE), its_code(zoe)) == told
    zoe.page.get_by_role("link", name="Reprendre avec mon code").click()
    when_she_gives(zoe, its_code(zoe).lower())
    zoe.sees("Bonjour Zoe")
    zoe.finds_sound("salarie-accueil")
    for link, title in MENU.items():
        zoe.page.get_by_role("navigation", name="Espaces").get_by_role("link", name=link, exact=True).click()
        zoe.sees(title)
        zoe.finds_sound(f"salarie-{link.lower().replace(' ', '-')}")
    then_she_knows_of_the_visit(zoe, visite_racontee)
    zoe.never_read(visite_racontee.notee)
    then_her_proof_verifies_without_us(zoe, tmp_path / "preuve.zip")
    when_she_reports_an_access(zoe)
    dpo = somebody()
    when_the_dpo_answers(dpo)
    dpo.never_read(visite_racontee.notee, visite_racontee.remise, "ADRUN", "Zoe")
    then_she_reads_the_answer(zoe)
    when_she_asks_to_be_told(zoe, "zoe.perso@example.test")
    then_she_confirms_with_the_code_of_the_message(zoe, "zoe.perso@example.test")
    then_she_stops_in_one_gesture(zoe)
    steps.when_he_leaves(zoe)
    zoe.sees("Votre espace est fermé")
    steps.then_nothing_comes_back(zoe, "ADRUN", visite_racontee.remise)


def its_code(worker: Visitor) -> str:
    """Of the demonstration's worker, as it was printed at the start."""
    said = worker.demonstration.account("Salarié", steps.COTEAUX)["acces"]
    return re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", said)[0]


def when_she_proves_who_she_is(worker: Visitor, name: str) -> None:
    worker.goes_to("/p/coteaux")
    worker.sees("Mon espace santé au travail")
    worker.page.get_by_role("link", name="FranceConnect+").click()
    worker.page.get_by_role("button", name=name).click()
    worker.sees("Donnez votre code d’activation")


def when_she_gives(worker: Visitor, code: str) -> None:
    worker.page.get_by_label("Code d’activation").fill(code)
    worker.page.get_by_role("button", name="Ouvrir mon espace").click()


def then_she_is_told_nothing_of_anybody(worker: Visitor) -> str:
    worker.sees("Votre espace ne s’est pas ouvert")
    worker.heard.clear()
    return worker.page.get_by_role("main").inner_text()


def then_a_stranger_is_told_the_same(stranger: Visitor, code: str) -> str:
    """Even with a code that is good for somebody else, which stays good."""
    when_she_proves_who_she_is(stranger, STRANGER)
    when_she_gives(stranger, code)
    return then_she_is_told_nothing_of_anybody(stranger)


def then_she_knows_of_the_visit(zoe: Visitor, told: VisiteRacontee) -> None:
    espaces = zoe.page.get_by_role("navigation", name="Espaces")
    espaces.get_by_role("link", name="Mes visites", exact=True).click()
    zoe.reads(told.kind)
    zoe.reads(told.remise)
    espaces.get_by_role("link", name="Qui a ouvert mon dossier", exact=True).click()
    zoe.reads("médecin du travail, a ouvert votre dossier")


def then_her_proof_verifies_without_us(zoe: Visitor, path: Path) -> None:
    """The visit was closed some time ago: a seal stands over it, and the file shows that nothing else is about her."""
    zoe.reads("Liste scellée")
    zoe.page.get_by_text("Comment la vérifier").click()
    zoe.reads("LISEZ-MOI.html")
    with zoe.page.expect_download() as taken:
        zoe.page.get_by_role("link", name="Télécharger la preuve").click()
    taken.value.save_as(path)
    assert taken.value.suggested_filename.startswith("preuve-acces-")
    said = verificateur.run(path)
    assert (said.returncode, "La preuve tient" in said.stdout) == (0, True), said.stdout
    assert "Aucune autre ligne scellée ne vous concerne, depuis le début." in said.stdout


def when_she_reports_an_access(zoe: Visitor) -> None:
    by_her_doctor = zoe.page.get_by_role("listitem").filter(has_text="Rouviere-Test")
    by_her_doctor.get_by_role("link", name="Signaler l’accès").first.click()
    zoe.sees("Cet accès vous étonne")
    zoe.finds_sound("salarie-signaler")
    zoe.page.get_by_label("Ce que vous voulez ajouter").fill(WONDERS)
    zoe.page.get_by_label("Autre chose").check()
    zoe.page.get_by_role("button", name="Envoyer").click()
    zoe.sees("Qui a ouvert mon dossier")
    zoe.reads("Votre signalement est envoyé")
    zoe.reads(WONDERS)
    zoe.finds_sound("salarie-signalement")


def when_the_dpo_answers(dpo: Visitor) -> None:
    steps.when_she_enters_by_password(dpo, dpo.demonstration.account("Délégué", "COTEAUX"))
    dpo.sees("Votre service cette semaine")
    dpo.page.get_by_role("navigation").get_by_role("link", name="Accès à examiner").click()
    dpo.sees("Accès à examiner")
    dpo.finds_sound("dpo-acces-a-examiner")
    dpo.page.get_by_role("main").get_by_role("row").filter(has_text="Autre chose").get_by_role("link").click()
    dpo.reads(WONDERS)
    dpo.page.get_by_role("button", name="Prendre en charge").click()
    dpo.reads("Pris en charge")
    dpo.page.get_by_label("Accès justifié").check()
    dpo.page.get_by_label("Votre réponse au salarié").fill(ANSWER)
    dpo.page.get_by_role("button", name="Répondre et clore").click()
    dpo.reads("Le salarié lit votre réponse dans son espace.")
    dpo.finds_sound("dpo-acces-clos")


def then_she_reads_the_answer(zoe: Visitor) -> None:
    zoe.page.reload()
    zoe.reads("L’accès était justifié.")
    zoe.reads(ANSWER)
    zoe.reads("a traité un accès que vous avez signalé pour répondre à votre demande")
    zoe.finds_sound("salarie-reponse")


def told(zoe: Visitor) -> Locator:
    return zoe.page.get_by_role("region", name="Me prévenir par e-mail")


def when_she_asks_to_be_told(zoe: Visitor, address: str) -> None:
    told(zoe).get_by_label("Votre adresse e-mail").fill(address)
    told(zoe).get_by_role("button", name="Recevoir un code").click()
    expect(told(zoe)).to_contain_text(address)
    expect(told(zoe)).to_contain_text("À confirmer")
    zoe.finds_sound("salarie-courriel-attente")


def then_she_confirms_with_the_code_of_the_message(zoe: Visitor, address: str) -> None:
    """The message leaves by itself, from the program of background work, and tells nothing but its code."""
    until(lambda: bool(mails(zoe, address)), "no message")
    [mail] = mails(zoe, address)
    assert "ADRUN" not in mail["raw"]
    assert "dossier" not in mail["text"]
    told(zoe).get_by_label("Code reçu").fill(re.findall(r"\d{3} \d{3}", mail["text"])[0])
    told(zoe).get_by_role("button", name="Confirmer").click()
    expect(told(zoe)).to_contain_text("En marche")
    zoe.finds_sound("salarie-courriel-en-marche")


def mails(zoe: Visitor, address: str) -> list[dict[str, Any]]:
    received = requests.post(f"{zoe.demonstration.courriel}/admin/received", json={}, timeout=10).json()
    return [mail for mail in received["mails"] if mail["to"] == [address]]


def then_she_stops_in_one_gesture(zoe: Visitor) -> None:
    told(zoe).get_by_role("button", name="Ne plus me prévenir").click()
    expect(told(zoe).get_by_label("Votre adresse e-mail")).to_have_value("")
    zoe.reads("votre adresse est effacée")
