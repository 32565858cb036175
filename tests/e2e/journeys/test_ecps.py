"""Entering by e-CPS without leaving the workstation: the two digits, the telephone, the day."""

from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.journeys import steps
from tests.e2e.journeys.conftest import Somebody
from tests.e2e.journeys.visitor import Visitor
from tests.factories.attente import until

NAME, PERSON, RPPS = "CHARVOLIN-TEST", "PSC-09", "10099000092"
CHOICE = "Entrer avec mon e-CPS, sans quitter ce poste"
CIBA = "urn:openid:params:grant-type:ciba"


def told(who: Visitor, verb: str, **options: Any) -> dict[str, Any]:
    """The admin door of Pro Santé Connect's stand-in, which plays the telephone."""
    answer = requests.post(f"{who.demonstration.psc}/admin/{verb}", json=options, timeout=10)
    answer.raise_for_status()
    read: dict[str, Any] = answer.json()
    return read


def given_he_entered_here_before(who: Visitor) -> None:
    steps.when_he_enters(who, NAME)
    steps.when_he_leaves(who)
    who.page.wait_for_url(f"{who.demonstration.url}/connexion**")


def when_he_asks_his_telephone(who: Visitor) -> str:
    """The two digits that the page shows."""
    who.goes_to("/connexion")
    who.page.get_by_role("link", name=CHOICE).click()
    who.page.get_by_label("Numéro RPPS").fill(f"{RPPS[:5]} {RPPS[5:]}")
    who.page.get_by_role("button", name="Envoyer la demande à mon e-CPS").click()
    shown = who.page.get_by_role("img", name="Nombre à comparer")
    expect(shown).to_be_visible()
    return shown.inner_text().replace("\n", "")


def waiting_on_the_telephone(who: Visitor) -> str:
    pending = [one for one in told(who, "ciba")["pending"] if one["person"] == PERSON]
    return str(pending[0]["binding_message"])


def errors_of_polls(who: Visitor) -> list[str]:
    asked = told(who, "received")["requests"]
    return [one["error"] for one in asked if one["params"].get("grant_type") == CIBA and one.get("error")]


@pytest.mark.exigence("AUT-03")
def test_medecin_enters_by_e_cps_without_leaving_his_workstation(somebody: Somebody) -> None:
    medecin = somebody()
    medecin.goes_to("/connexion/e-cps")
    medecin.sees("Passez d’abord par Pro Santé Connect")
    medecin.finds_sound("ecps-inconnu")
    given_he_entered_here_before(medecin)
    told(medecin, "ciba_pace", strict=True)
    told(medecin, "forget")
    shown = when_he_asks_his_telephone(medecin)
    assert shown == waiting_on_the_telephone(medecin)
    medecin.finds_sound("ecps-attente")
    while not errors_of_polls(medecin):
        medecin.page.wait_for_event("response", lambda answered: answered.url.endswith("/connexion/e-cps/attente"))
    told(medecin, "ciba_answer", person=PERSON, answer="approve")
    steps.then_his_day_is_there(medecin)
    assert set(errors_of_polls(medecin)) == {"authorization_pending"}, "asked at the pace that was announced"
    steps.when_he_leaves(medecin)
    medecin.sees("Votre session est fermée")
    assert told(medecin, "ciba")["pending"] == []


@pytest.mark.exigence("AUT-03")
def test_medecin_enters_by_e_cps_without_script_and_is_told_when_it_is_refused(somebody: Somebody) -> None:
    medecin = somebody(scripts=False)
    steps.when_he_proves_who_he_is(medecin, NAME)
    medecin.page.locator("details.me summary").click()
    medecin.page.get_by_role("button", name="Fermer la session").click()
    medecin.page.wait_for_url(f"{medecin.demonstration.url}/connexion**")
    when_he_asks_his_telephone(medecin)
    told(medecin, "ciba_answer", person=PERSON, answer="deny")
    confirmed = medecin.page.get_by_role("button", name="J’ai confirmé")
    refused = medecin.page.get_by_role("main").get_by_text("La demande a été refusée sur le téléphone.")

    def is_told() -> bool:
        """Pressed before its turn, the button says that nothing has come yet."""
        expect(confirmed.or_(refused)).to_be_visible()
        if refused.count():
            return True
        confirmed.click()
        return False

    until(is_told, "the refusal is never told")
