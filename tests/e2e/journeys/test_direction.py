"""The direction's story: who opened what, without content; who works here; what the policy says."""

import csv
import re
from io import StringIO
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import expect

from tests.e2e.journeys import steps
from tests.e2e.journeys.conftest import Somebody, VisiteRacontee
from tests.e2e.journeys.visitor import Visitor

NEW = {"civilite": "Mme", "prenom": "Nouvelle", "nom": "VENUE-TEST", "email": "venue@coteaux.test"}
PASSWORD = "quatre mots sans rapport 1874"
LOOKED_AT = re.compile(r"Dr\sCamille Rouviere-Test")


@pytest.mark.exigence("AUT-04", partielle="mot de passe et TOTP ; ni clé d’accès ni fournisseur du SPST")
@pytest.mark.exigence("HAB-01")
def test_direction_sees_who_opened_what_and_never_what_it_says(
    somebody: Somebody, visite_racontee: VisiteRacontee, tmp_path: Path
) -> None:
    direction = somebody()
    when_she_enters_looking_at_each_door(direction)
    direction.sees("Votre service cette semaine")
    direction.finds_sound("direction-accueil")
    reference = when_she_follows_the_medecin_in_the_journal(direction)
    exported = when_she_downloads_the_journal(direction, tmp_path / "journal.csv")
    assert [line for line in exported if reference in line and "Ouvrir le dossier" in line]
    when_she_reads_the_policy(direction)
    for path in (visite_racontee.dossier, visite_racontee.visite, "/journee", "/recherche"):
        direction.is_refused(path)
    direction.read.append(str(exported))
    direction.never_read(visite_racontee.notee, visite_racontee.remise, visite_racontee.kind, "ADRUN", "Zoe")
    newcomer = somebody()
    when_she_makes_room_for_a_newcomer(direction, newcomer)
    when_she_takes_the_role_back(direction)
    newcomer.page.get_by_role("link", name="Rechercher").click()
    newcomer.sees("Ouvrir votre session")
    steps.when_he_leaves(direction)
    direction.sees("Votre session est fermée")
    steps.then_nothing_comes_back(direction, "VENUE-TEST", "Rôles accordés")


def when_she_enters_looking_at_each_door(direction: Visitor) -> None:
    account = direction.demonstration.account("Direction", "COTEAUX")
    direction.goes_to("/connexion/locale")
    direction.finds_sound("mot-de-passe")
    direction.page.get_by_label("Identifiant").fill(account["compte"])
    direction.page.get_by_label("Mot de passe").fill(account["mot_de_passe"])
    direction.page.get_by_role("button", name="Continuer").click()
    direction.sees("Donnez le code de votre application")
    direction.finds_sound("code-a-six-chiffres")
    direction.page.get_by_label("Code à six chiffres").fill(direction.demonstration.code(account))
    direction.page.get_by_role("button", name="Ouvrir la session").click()


def when_she_follows_the_medecin_in_the_journal(direction: Visitor) -> str:
    """The opaque reference of the dossier that Dr Rouvière opened."""
    direction.page.get_by_role("link", name="Journal des accès").click()
    direction.sees("Journal des accès")
    filters = direction.page.get_by_role("form", name="Filtrer le journal")
    filters.get_by_label("Personne ou rôle").select_option(label="Dr\u00a0Camille Rouviere-Test")
    filters.get_by_label("Volet").select_option(index=1)
    filters.get_by_role("button", name="Filtrer").click()
    opened = direction.page.get_by_role("row").filter(has_text="Ouvrir le dossier").first
    expect(opened).to_contain_text(LOOKED_AT)
    expect(opened).to_contain_text("Permis")
    direction.finds_sound("direction-journal")
    reference = opened.get_by_role("link").first.inner_text()
    assert re.fullmatch(r"D-[0-9A-Z]{4}-[0-9A-Z]{4}", reference)
    return reference


def when_she_downloads_the_journal(direction: Visitor, target: Path) -> list[list[str]]:
    """All that the filters show, read back as a spreadsheet would."""
    with direction.page.expect_download() as download:
        direction.page.get_by_role("link", name="Exporter en CSV").click()
    download.value.save_as(target)
    lines = list(csv.reader(StringIO(target.read_text(encoding="utf-8-sig")), delimiter=";"))
    assert all(LOOKED_AT.search(str(line)) for line in lines if "Ouvrir le dossier" in line)
    return lines


def when_she_reads_the_policy(direction: Visitor) -> None:
    direction.page.get_by_role("link", name="Politique", exact=True).click()
    direction.sees("Qui peut lire, qui peut remplir")
    direction.reads("Le contenu du dossier est fermé à la direction")
    direction.finds_sound("direction-politique")


def when_she_makes_room_for_a_newcomer(direction: Visitor, newcomer: Visitor) -> None:
    """An account without RPPS: enrolled by a code that is handed over, then given a role."""
    direction.page.get_by_role("link", name="Comptes", exact=True).click()
    direction.sees("Qui travaille ici, et dans quel rôle")
    direction.finds_sound("direction-comptes")
    direction.page.get_by_role("link", name="Créer un compte").click()
    direction.page.get_by_label("Civilité").select_option(NEW["civilite"])
    direction.page.get_by_label("Prénom").fill(NEW["prenom"])
    direction.page.get_by_label("Nom", exact=True).fill(NEW["nom"])
    direction.page.get_by_label("Courriel").fill(NEW["email"])
    direction.finds_sound("direction-nouveau-compte")
    direction.page.get_by_role("button", name="Créer le compte").click()
    direction.sees("Remettez ce code à")
    direction.finds_sound("direction-code-inscription")
    spare = when_the_newcomer_enrols(newcomer, direction.page.locator(".one-time").inner_text())
    direction.page.get_by_role("link", name="C’est noté, accorder un rôle").click()
    direction.page.get_by_label("Rôle", exact=True).select_option(label="Administratif")
    direction.page.get_by_role("button", name="Accorder ce rôle").click()
    direction.reads("Rôle accordé")
    when_the_newcomer_enters(newcomer, spare)


def when_the_newcomer_enrols(newcomer: Visitor, code: str) -> str:
    """One of the recovery codes that she is left with."""
    newcomer.goes_to("/inscription")
    newcomer.finds_sound("inscription")
    newcomer.page.get_by_label("Code d’inscription").fill(code)
    newcomer.page.get_by_role("button", name="Continuer").click()
    newcomer.page.get_by_label("Mot de passe").fill(PASSWORD)
    newcomer.page.get_by_label("Le même, une seconde fois").fill(PASSWORD)
    newcomer.finds_sound("inscription-mot-de-passe")
    newcomer.page.get_by_role("button", name="Continuer").click()
    newcomer.sees("Ajoutez ce compte à votre application")
    newcomer.finds_sound("inscription-application")
    secret = newcomer.page.locator("figcaption b").inner_text().replace(" ", "")
    newcomer.page.get_by_label("Code à six chiffres").fill(pyotp.TOTP(secret).now())
    newcomer.page.get_by_role("button", name="Vérifier et terminer").click()
    newcomer.sees("Gardez ces dix codes de secours")
    newcomer.finds_sound("inscription-codes-de-secours")
    return newcomer.page.locator(".recovery li").first.inner_text()


def when_the_newcomer_enters(newcomer: Visitor, spare: str) -> None:
    newcomer.page.get_by_role("link", name="Ouvrir ma session").click()
    newcomer.goes_to("/connexion/locale")
    newcomer.page.get_by_label("Identifiant").fill(NEW["email"])
    newcomer.page.get_by_label("Mot de passe").fill(PASSWORD)
    newcomer.page.get_by_role("button", name="Continuer").click()
    newcomer.page.get_by_text("Je n’ai plus mon application").click()
    newcomer.page.get_by_label("Code de secours").fill(spare)
    newcomer.page.get_by_role("button", name="Utiliser ce code").click()
    steps.then_his_day_is_there(newcomer)


def when_she_takes_the_role_back(direction: Visitor) -> None:
    direction.page.reload()
    direction.reads("dernier acte à")
    direction.finds_sound("direction-compte")
    direction.page.get_by_role("link", name=re.compile("Retirer le rôle Administrati")).click()
    direction.finds_sound("direction-retrait")
    direction.page.get_by_role("button", name="Retirer ce rôle").click()
    expect(direction.page.get_by_text("Rôle retiré. Les sessions de ce compte sont fermées.")).to_be_visible()
