"""The main job with scripts switched off: forms and links do it all."""

import pytest
from playwright.sync_api import expect

from tests.e2e.journeys import steps
from tests.e2e.journeys.conftest import Somebody

NOTE, TOLD = "Tendinite de l’épaule droite.", "Alternez les gestes au-dessus de l’épaule."
KIND = "Visite de reprise après accident du travail"


@pytest.mark.exigence("DMS-06", partielle="sans script : un bouton enregistre")
@pytest.mark.exigence("ETH-01", partielle="rien ne dépend d’un script")
def test_medecin_holds_a_visit_without_script(somebody: Somebody) -> None:
    medecin = somebody(scripts=False)
    steps.when_he_enters(medecin, "CHARVOLIN-TEST")
    medecin.page.get_by_role("search").get_by_role("searchbox").or_(medecin.page.locator("#q")).fill("hermann gatien")
    medecin.page.locator("#q").press("Enter")
    medecin.page.get_by_role("link", name="HERMANN Gatien").click()
    medecin.sees("Dossier de Gatien HERMANN")
    steps.when_he_starts(medecin, KIND)
    steps.notes(medecin).fill(NOTE)
    medecin.page.get_by_role("button", name="Enregistrer les notes").click()
    medecin.reads("Les notes sont enregistrées.")
    expect(steps.notes(medecin)).to_have_value(NOTE)
    steps.for_the_worker(medecin).fill(TOLD)
    medecin.page.get_by_role("button", name="Terminer la visite").click()
    medecin.reads("ni vous ni personne ne peut modifier la visite")
    expect(steps.for_the_worker(medecin)).to_have_value(TOLD)
    medecin.page.get_by_role("region", name="Terminer la visite").get_by_role("button").click()
    medecin.reads("La visite est terminée.")
    expect(steps.part(medecin, "Remis au salarié")).to_contain_text(TOLD)
    medecin.page.locator("details.me summary").click()
    medecin.page.get_by_role("button", name="Fermer la session").click()
    medecin.reads("Votre session est fermée.")
