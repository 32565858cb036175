"""The worker's story, on a telephone: her record, her visits, who opened it and why."""

import re

import pytest

from tests.e2e.journeys import steps
from tests.e2e.journeys.conftest import Somebody, VisiteRacontee
from tests.e2e.journeys.visitor import PHONE, Visitor

MENU = {
    "Mes visites": "Mes visites",
    "Mes emplois et expositions": "Mes emplois",
    "Mon identité": "Mon identité",
    "Qui a ouvert mon dossier": "Qui a ouvert mon dossier",
    "Mes droits": "Mes droits",
}
STRANGER = "KOWALSKA-TEST"


@pytest.mark.exigence("AUT-05")
@pytest.mark.exigence("TRA-04", partielle="la liste ; la preuve à emporter vient avec le scellement")
@pytest.mark.exigence("POR-01", partielle="identité, emplois, expositions, visites ; pas encore les documents")
@pytest.mark.exigence("POR-05")
def test_worker_reads_what_is_hers_and_who_read_it(somebody: Somebody, visite_racontee: VisiteRacontee) -> None:
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
