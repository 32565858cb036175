"""The other roles go through their own day under the policy that ships, and meet what the law closes to them."""

import pytest
from playwright.sync_api import expect

from tests.e2e.journeys import steps
from tests.e2e.journeys.conftest import Somebody, VisiteRacontee
from tests.e2e.journeys.visitor import Visitor
from tests.scale import SCALE

LAW = "R. 4624-45-5"
HEALTH = (
    "Visites et santé",
    "Courriers",
    "Remis au salarié",
    "Information sur les droits",
    "Oppositions et consentements",
)
ENTRUSTED = "MASSON Patrice"
"""To Dr Valmont, by name, in the demonstration."""
CARERS = (
    ("DELMAS-TEST", "ADRUN Zoe", "Entretien infirmier"),
    ("BAUMGARTNER-TEST", "ADRUN Zoe", "Visite de préreprise"),
    ("GRANDVAUX-TEST", "HERMANN Gatien", "Visite de préreprise"),
)
"""The nurse; in the long runs the interne and the collaborateur too, whose day habilitations/test_foule completes."""
HAB_01 = pytest.mark.exigence("HAB-01")


@HAB_01
@pytest.mark.exigence("AUT-01")
@pytest.mark.parametrize(("name", "worker", "kind"), CARERS[: None if SCALE > 1 else 1])
def test_who_works_under_a_medecin_holds_visits(somebody: Somebody, name: str, worker: str, kind: str) -> None:
    carer = somebody()
    steps.when_he_enters(carer, name)
    surname, _, first = worker.partition(" ")
    steps.when_he_opens_the_dossier_of(carer, worker.lower(), f"{first} {surname}")
    for title in ("Identité", "Emplois et expositions", *HEALTH):
        steps.then_the_part_is_open(carer, title)
    then_the_journal_is_for_the_medecin(carer)
    steps.when_he_starts(carer, kind)
    steps.when_he_types(carer, steps.notes(carer), "Dort mal depuis le passage de nuit.")
    steps.when_he_types(carer, steps.for_the_worker(carer), "Parlez-en à votre médecin traitant.")
    steps.when_he_ends_the_visit(carer)
    expect(steps.part(carer, "Visites et santé")).to_contain_text(kind)


def then_the_journal_is_for_the_medecin(carer: Visitor) -> None:
    """This SPST keeps it so; the law would let the nurse read it."""
    steps.then_the_part_is_closed(carer, "Journal des accès", "Votre service réserve la lecture du journal")


@HAB_01
def test_iprp_reads_and_fills_what_is_delegated_and_nothing_else(
    somebody: Somebody, visite_racontee: VisiteRacontee
) -> None:
    iprp = somebody()
    steps.when_he_enters(iprp, "OUAZZANI-TEST")
    steps.when_he_opens_the_dossier_of(iprp, "adrun zoe", "Zoe ADRUN")
    steps.then_the_part_is_open(iprp, "Emplois et expositions")
    for title in HEALTH:
        steps.then_the_part_is_closed(iprp, title, LAW)
    iprp.finds_sound("dossier-iprp")
    when_she_adds_an_exposure(iprp)
    iprp.is_refused(visite_racontee.visite)
    iprp.never_read(visite_racontee.notee, visite_racontee.remise, visite_racontee.kind)


def when_she_adds_an_exposure(iprp: Visitor) -> None:
    iprp.page.get_by_text("Ajouter une exposition").click()
    added = iprp.page.locator("form", has=iprp.page.get_by_role("button", name="Ajouter l’exposition"))
    added.get_by_label("Exposition", exact=True).select_option(label="Bruit")
    added.get_by_label("Premier jour").fill("01092019")
    added.get_by_label("Dernier jour").fill("31082020")
    added.get_by_label("D’où le savez-vous").select_option(index=1)
    added.get_by_role("button", name="Ajouter l’exposition").click()
    iprp.reads("L’exposition est ajoutée.")


@HAB_01
def test_assistant_keeps_identity_and_exposures_by_delegation(
    somebody: Somebody, visite_racontee: VisiteRacontee
) -> None:
    assistant = somebody()
    steps.when_he_enters(assistant, "LE GOFF-TEST")
    steps.when_he_notes_the_arrival(assistant, steps.given_somebody_is_waited_for(assistant))
    steps.when_he_opens_the_dossier_of(assistant, "adrun zoe", "Zoe ADRUN")
    for title in ("Identité", "Emplois et expositions"):
        steps.then_the_part_is_open(assistant, title)
    for title in HEALTH:
        steps.then_the_part_is_closed(assistant, title, LAW)
    assistant.page.get_by_text("Changer le médecin traitant").click()
    assistant.page.get_by_label("Nom du médecin traitant").fill("Dr Solange Essai-Test")
    assistant.page.get_by_label("Adresse ou téléphone").fill("04 72 00 00 00")
    assistant.page.get_by_role("button", name="Noter le médecin traitant").click()
    assistant.reads("Le médecin traitant est noté.")
    assistant.reads("Dr Solange Essai-Test, 04 72 00 00 00")
    assistant.is_refused(visite_racontee.visite)
    assistant.never_read(visite_racontee.notee, visite_racontee.remise)


@HAB_01
def test_administrative_staff_keep_the_agenda_and_open_no_dossier(
    somebody: Somebody, visite_racontee: VisiteRacontee
) -> None:
    desk = somebody()
    steps.when_she_enters_by_password(desk, desk.demonstration.account("Administrative", "COTEAUX"))
    steps.then_his_day_is_there(desk)
    steps.when_he_notes_the_arrival(desk, steps.given_somebody_is_waited_for(desk))
    expect(desk.page.get_by_role("link", name="Ouvrir")).to_have_count(0)
    desk.finds_sound("journee-administratif")
    when_she_seeks_a_worker(desk, "adrun zoé")
    row = desk.page.get_by_role("row", name="ADRUN Zoe")
    expect(row).to_contain_text("31/12/1975")
    desk.finds_sound("recherche-administratif")
    row.get_by_role("link").first.click()
    desk.reads("Nom de naissance")
    desk.finds_sound("identite-administratif")
    desk.is_refused(visite_racontee.dossier)
    desk.reads("Le contenu du dossier est fermé aux fonctions administratives")
    desk.reads("L. 4624-8, R. 4624-45-5")
    desk.finds_sound("dossier-refuse")
    desk.is_refused(visite_racontee.visite)
    desk.is_refused("/direction/journal")
    desk.never_read(visite_racontee.notee, visite_racontee.remise, visite_racontee.kind, "275126322074974")


def when_she_seeks_a_worker(desk: Visitor, typed: str) -> None:
    desk.page.get_by_role("link", name="Rechercher").click()
    desk.page.get_by_label("Nom ou prénom").fill(typed)
    desk.page.get_by_role("main").get_by_role("button", name="Chercher").click()


@HAB_01
def test_correspondent_opens_the_dossiers_entrusted_to_her_alone(
    somebody: Somebody, visite_racontee: VisiteRacontee
) -> None:
    correspondent = somebody()
    steps.when_he_enters(correspondent, "VALMONT-TEST")
    steps.when_he_opens_the_dossier_of(correspondent, ENTRUSTED.lower(), "Patrice MASSON")
    for title in HEALTH:
        steps.then_the_part_is_open(correspondent, title)
    correspondent.is_refused(visite_racontee.dossier)
    correspondent.reads("Ce salarié n’est pas confié au médecin praticien correspondant")
    correspondent.is_refused(visite_racontee.visite)
    correspondent.never_read(visite_racontee.notee, visite_racontee.remise)


@HAB_01
def test_social_worker_is_told_kindly_that_no_dossier_opens(somebody: Somebody) -> None:
    social = somebody()
    steps.when_he_proves_who_he_is(social, "FERRAND-TEST")
    social.reads("Votre rôle n’ouvre pas de dossier")
    social.finds_sound("sans-dossier")
    for path in ("/journee", "/recherche", "/direction/journal"):
        social.is_refused(path)


@pytest.mark.exigence("AUT-01")
@pytest.mark.parametrize("name", ["OKONKWO-TEST", "MOREAU-TEST"])
def test_who_is_no_longer_attested_in_the_service_does_not_enter(somebody: Somebody, name: str) -> None:
    gone = somebody()
    steps.when_he_proves_who_he_is(gone, name)
    gone.sees("La session ne s’est pas ouverte")
    gone.forgive(403)
    gone.goes_to("/journee")
    gone.sees("Ouvrir votre session")


@HAB_01
def test_data_protection_officer_reads_who_opened_what_but_no_content(
    somebody: Somebody, visite_racontee: VisiteRacontee
) -> None:
    officer = somebody()
    steps.when_she_enters_by_password(officer, officer.demonstration.account("Délégué", "COTEAUX"))
    for link, title in (("Journal des accès", "Journal des accès"), ("Politique", "Qui peut lire, qui peut remplir")):
        officer.page.get_by_role("link", name=link, exact=True).click()
        officer.sees(title)
        officer.read.append(officer.page.content())
    for path in (visite_racontee.dossier, visite_racontee.visite, "/journee", "/recherche", "/direction/comptes"):
        officer.is_refused(path)
    officer.never_read(visite_racontee.notee, visite_racontee.remise, visite_racontee.kind, "ADRUN")
