"""The rights of a service, told by those who hold them: its policy, what gets past it for an hour, the review of its accounts."""

import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Locator, expect

from spst.cli.demo.folder import DATABASE, DemoFolder
from spst.habilitations import choix as choices
from spst.habilitations.choix import Choix, Niveau
from spst.kernel.acteur import Role
from spst.kernel.ids import new_id
from tests.e2e.demonstration import Demonstration
from tests.e2e.journeys import steps
from tests.e2e.journeys.conftest import Somebody
from tests.e2e.journeys.visitor import PHONE, Visitor, visitor

NURSE = "PEYRACHE-TEST"
CELL = "Infirmier en santé au travail, volet S4"
CHANGE = "Infirmier en santé au travail, courriers"
MOTIF = "Les courriers restent aux médecins."
LETTER = "Scanner thoracique"
WHY = "Malaise au poste, le scanner dit s’il peut être transporté."
GONE = "Ugo Marcoux-Test"
LEFT = "Parti au 1er du mois."


# ──── Who is there


@pytest.fixture(scope="module")
def desks(chromium: Browser, demonstration: Demonstration) -> Iterator[list[Visitor]]:
    """The two people of the direction of one service, who enter once for all these stories."""
    present = []
    for account in accounts(demonstration, "Direction", steps.METALLURGIE):
        present.append(visitor(chromium, demonstration))
        steps.when_she_enters_by_password(present[-1], account)
    yield present
    for one in present:
        one.page.context.close()


@pytest.fixture
def direction(desks: list[Visitor]) -> Iterator[list[Visitor]]:
    """What one story reads and hears is not the next one's."""
    for one in desks:
        one.read.clear()
        one.heard.clear()
    yield desks
    assert [said for one in desks for said in one.heard] == []


def accounts(demonstration: Demonstration, role: str, spst: str) -> list[dict[str, Any]]:
    every = json.loads((demonstration.folder / "secrets" / "comptes.json").read_text(encoding="utf-8"))
    return [one for one in every if role in one["role"] and spst in one["spst"]]


# ──── The policy, which other stories find as it was


@contextmanager
def database(demonstration: Demonstration) -> Iterator[psycopg.Connection[Any]]:
    """A version that was published is never taken away by a page: this is not an act of the product."""
    cluster = DemoFolder(demonstration.folder).cluster
    with psycopg.connect(cluster.superuser_conninfo, dbname=DATABASE) as connection:
        yield connection


@pytest.fixture
def policy_put_back(demonstration: Demonstration) -> Iterator[None]:
    """Published again, the policy that ships would say the same by other rules, in other words."""
    yield
    with database(demonstration) as connection:
        connection.execute("DELETE FROM politique_brouillon")
        connection.execute("DELETE FROM politique_version")


def given_the_service_closes_letters_to_medecins(demonstration: Demonstration) -> None:
    made = choices.with_niveau(Choix(), Role.MDT, "S4", Niveau.FERME)
    values = {"id": new_id(), "texte": choices.texte_of(made), "choix": json.dumps(choices.to_json(made))}
    with database(demonstration) as connection:
        connection.execute(
            "INSERT INTO politique_version (tenant_id, id, numero, texte, choix, published_at, published_by)"
            " SELECT t.id, %(id)s, 1, %(texte)s, %(choix)s, now(), c.id"
            " FROM tenant t JOIN compte c ON c.tenant_id = t.id WHERE t.slug = 'coteaux' AND c.email = 'dir@coteaux.test'",
            values,
        )


@pytest.mark.exigence("HAB-02")
@pytest.mark.exigence("HAB-04", partielle="ni question libre, ni nombre connu d’avance")
@pytest.mark.usefixtures("policy_put_back")
def test_director_closes_letters_to_nurses_with_a_colleague_and_the_nurse_feels_it_at_her_next_click(
    somebody: Somebody, direction: list[Visitor]
) -> None:
    director, second = direction
    nurse = somebody()
    steps.when_he_enters(nurse, NURSE)
    steps.when_he_opens_the_dossier_of(nurse, "adrun zoe", "Zoe ADRUN")
    steps.then_the_part_is_open(nurse, "Courriers")

    when_she_closes_the_letters_in_a_draft(director)
    then_she_sees_what_it_would_change(director)
    when_she_proposes_it(director)
    when_the_second_person_confirms(second)

    when_she_clicks_on_the_name_of_her_worker(nurse)
    steps.then_the_part_is_closed(nurse, "Courriers", "Votre service ferme")
    steps.then_the_part_is_open(nurse, "Visites et santé")
    nurse.finds_sound("dossier-volet-ferme-par-le-service")
    then_the_version_says_who_decided_it(director)
    director.never_read("ADRUN")
    second.never_read("ADRUN")


def when_she_closes_the_letters_in_a_draft(director: Visitor) -> None:
    director.page.get_by_role("link", name="Politique", exact=True).click()
    director.page.get_by_role("button", name="Préparer une modification").click()
    director.reads("Aucun changement")
    for level in ("Lire", "Fermé"):
        director.page.get_by_role("button", name=CELL).click()
        expect(director.page.get_by_role("button", name=CELL)).to_contain_text(level)


def then_she_sees_what_it_would_change(director: Visitor) -> None:
    """In French, then on the accesses of these last weeks: the nurse's of just now among them."""
    changes = director.page.locator("#changements")
    expect(changes).to_contain_text("1 changement")
    expect(changes).to_contain_text(f"{CHANGE}Remplir → fermé")
    trial = director.page.locator("#essai")
    expect(trial.get_by_role("row", name="Peyrache-Test")).to_contain_text("Ne lirait plus : courriers")
    director.finds_sound("politique-brouillon")


def when_she_proposes_it(director: Visitor) -> None:
    """What she has begun to write survives a setting that she tries and takes back; the page stays where she reads it."""
    why = director.page.get_by_label("Pourquoi ce changement")
    why.fill(MOTIF)
    director.page.get_by_role("radio", name="Favorable", exact=True).check()
    director.page.get_by_label("Rendu le").fill("12012026")
    director.page.get_by_role("checkbox", name="Médecin du travail").scroll_into_view_if_needed()
    stands = director.page.evaluate("scrollY")
    director.page.get_by_role("checkbox", name="Médecin du travail").check()
    expect(director.page.locator("#changements")).to_contain_text("2 changements")
    assert stands > 0
    assert director.page.evaluate("scrollY") == pytest.approx(stands, abs=150)
    director.page.keyboard.press("Control+z")
    expect(director.page.locator("#changements")).to_contain_text("1 changement")
    expect(why).to_have_value(MOTIF)
    expect(director.page.get_by_role("radio", name="Favorable", exact=True)).to_be_checked()
    director.page.get_by_role("button", name="Proposer la publication").click()
    director.reads("Une autre personne de la direction doit la confirmer.")
    expect(director.page.get_by_role("button", name=re.compile("Confirmer"))).to_have_count(0)


def when_the_second_person_confirms(second: Visitor) -> None:
    second.page.get_by_role("link", name="Politique", exact=True).click()
    second.page.get_by_role("link", name="Lire la proposition").click()
    second.reads(MOTIF)
    expect(second.page.locator("#changements")).to_contain_text(f"{CHANGE}Remplir → fermé")
    second.finds_sound("politique-a-confirmer")
    second.page.get_by_role("button", name="Confirmer la version 1").click()
    second.reads("La version 1 s’applique dès maintenant.")
    second.finds_sound("politique-version")


def when_she_clicks_on_the_name_of_her_worker(nurse: Visitor) -> None:
    nurse.page.get_by_role("region", name="Identité du salarié").get_by_role("link").click()
    nurse.sees("Dossier de Zoe ADRUN")


def then_the_version_says_who_decided_it(director: Visitor) -> None:
    director.page.get_by_role("link", name="Politique", exact=True).click()
    director.page.get_by_role("link", name="Versions").click()
    director.sees("Versions de la politique")
    published = director.page.get_by_role("listitem").filter(has_text="En vigueur")
    for said in ("Étienne Fourneron-Test", "Irène Dalmasso-Test", "favorable", MOTIF, f"{CHANGE}Remplir → fermé"):
        expect(published).to_contain_text(said)


# ──── Past the policy, for an hour


@pytest.mark.exigence("HAB-06", partielle="ni le nombre que lisent DPO et direction, ni la fin de l’heure")
@pytest.mark.usefixtures("policy_put_back")
def test_medecin_opens_for_an_hour_what_his_service_closes_another_reads_why_and_the_worker_is_told(
    somebody: Somebody, demonstration: Demonstration
) -> None:
    medecin = somebody()
    steps.when_he_enters(medecin, "CHARVOLIN-TEST")
    steps.when_he_opens_the_dossier_of(medecin, "adrtrois dominique", "Dominique ADRTROIS")
    when_he_files_a_letter(medecin)
    code = when_he_hands_over_a_code(medecin)
    given_the_service_closes_letters_to_medecins(demonstration)

    medecin.page.reload()
    steps.then_the_part_is_closed(medecin, "Courriers", "Votre service ferme")
    when_he_opens_it_all_the_same(medecin)
    steps.then_the_part_is_open(medecin, "Courriers")
    expect(steps.part(medecin, "Courriers")).to_contain_text(LETTER)
    medecin.finds_sound("dossier-acces-exceptionnel")

    reviewer = somebody()
    steps.when_he_enters(reviewer, "ROUVIERE-TEST", steps.COTEAUX)
    when_another_reads_his_reason_again(reviewer)
    reviewer.never_read("ADRTROIS", LETTER)

    when_he_ends_it_before_its_hour(medecin)
    then_the_worker_is_told(somebody(PHONE), code)


def when_he_files_a_letter(medecin: Visitor) -> None:
    medecin.page.get_by_text("Classer un courrier").click()
    filed = steps.part(medecin, "Courriers")
    filed.get_by_label("Date du courrier").fill("12012026")
    filed.get_by_label("Correspondant").fill("Dr Lemoine, pneumologue")
    filed.get_by_label("Objet").fill(LETTER)
    filed.get_by_label("Texte du courrier").fill("Pas d’anomalie.")
    filed.get_by_role("button", name="Classer le courrier").click()
    expect(steps.part(medecin, "Courriers")).to_contain_text(LETTER)


def when_he_hands_over_a_code(medecin: Visitor) -> str:
    medecin.page.get_by_role("button", name="Donner un code d’activation").click()
    medecin.sees("Remettez ce code")
    code = medecin.page.locator(".one-time").inner_text()
    medecin.page.get_by_role("link", name="C’est remis, revenir au dossier").click()
    medecin.sees("Dossier de Dominique ADRTROIS")
    return code


def when_he_opens_it_all_the_same(medecin: Visitor) -> None:
    medecin.page.get_by_role("link", name="Demander un accès exceptionnel").click()
    medecin.sees("Ouvrir ce dossier par accès exceptionnel")
    medecin.finds_sound("acces-exceptionnel")
    medecin.page.get_by_role("radio", name="Urgence pour la santé du salarié").check()
    medecin.page.get_by_label("En une phrase, pourquoi maintenant").fill(WHY)
    medecin.page.get_by_role("button", name="Ouvrir pour 60 minutes").click()
    medecin.reads("Accès exceptionnel en cours")


def when_another_reads_his_reason_again(reviewer: Visitor) -> None:
    reviewer.page.get_by_role("link", name=re.compile("exceptionnel.* à relire")).click()
    reviewer.sees("Un accès exceptionnel attend votre relecture")
    reviewer.reads(WHY)
    reviewer.reads("Charvolin-Test")
    reviewer.finds_sound("acces-exceptionnels")
    reviewer.page.get_by_role("radio", name="Justifié", exact=True).check()
    reviewer.page.get_by_role("button", name="Noter ma relecture").click()
    reviewer.sees("Tout est relu")


def when_he_ends_it_before_its_hour(medecin: Visitor) -> None:
    medecin.page.get_by_role("button", name="Terminer maintenant").click()
    medecin.reads("Accès exceptionnel terminé.")
    steps.then_the_part_is_closed(medecin, "Courriers", "Votre service ferme")


def then_the_worker_is_told(worker: Visitor, code: str) -> None:
    worker.goes_to("/p/coteaux")
    worker.page.get_by_role("link", name="FranceConnect+").click()
    worker.page.get_by_role("button", name="Dominique ADRTROIS").click()
    worker.page.get_by_label("Code d’activation").fill(code)
    worker.page.get_by_role("button", name="Ouvrir mon espace").click()
    worker.sees("Bonjour Dominique")
    for said in ("a ouvert votre dossier par accès exceptionnel", WHY, "Un autre médecin a relu ce motif : justifié"):
        worker.reads(said)
    worker.finds_sound("salarie-acces-exceptionnel")
    worker.page.get_by_role("link", name="Voir qui a ouvert mon dossier").click()
    worker.sees("Qui a ouvert mon dossier")
    worker.reads("a ouvert votre dossier par accès exceptionnel")


# ──── The review of the accounts


@pytest.mark.exigence("AUT-06", partielle="la revue ; ni arrivée ni départ")
def test_direction_reviews_the_accounts_signs_and_takes_the_review_away(
    direction: list[Visitor], tmp_path: Path
) -> None:
    director, second = direction
    when_she_opens_a_review(director)
    when_she_takes_back_the_role_of_who_left(director)
    when_everything_else_is_kept(director)
    director.reads("Ce sont vos droits : une autre personne de la direction en décide.")
    expect(director.page.get_by_role("button", name="Signer la revue")).to_have_count(0)
    director.finds_sound("revue-en-cours")

    second.goes_to(director.page.url.removeprefix(second.demonstration.url))
    when_everything_else_is_kept(second)
    second.page.get_by_role("button", name="Signer la revue").click()
    second.reads("La revue est signée. Ce qui était à retirer l’est.")
    second.reads("L’empreinte recalculée sur les lignes est la même.")
    second.finds_sound("revue-signee")

    lines = when_she_downloads_it(second, tmp_path / "revue.csv")
    then_the_file_holds_the_lines_and_the_signature(second, lines)
    then_who_left_has_no_role_any_more(director)


def when_she_opens_a_review(director: Visitor) -> None:
    director.page.get_by_role("link", name="Comptes", exact=True).click()
    director.page.get_by_role("link", name="Revue", exact=True).click()
    director.sees("Qui garde quels droits")
    director.page.get_by_role("button", name="Ouvrir une revue").click()
    director.reads("La liste est figée à cet instant.")


def when_she_takes_back_the_role_of_who_left(director: Visitor) -> None:
    """What she is writing on another line stays, and is no decision."""
    name = next(one for one in undecided(director) if GONE not in director.page.locator(f"[id='{one}']").inner_text())
    other = director.page.locator(f"[id='{name}']")
    other.get_by_label("Commentaire").fill("À voir avec elle")
    other.get_by_label("Commentaire").press("Enter")
    gone = director.page.locator("section.sheet", has_text=GONE).locator("li", has_text="Administratif")
    gone.get_by_label("Commentaire").fill(LEFT)
    gone.get_by_role("button", name="Retirer").click()
    expect(gone).to_contain_text("À retirer par M. Étienne Fourneron-Test")
    expect(director.page.locator("#signature")).to_contain_text("1 à retirer")
    expect(other).to_contain_text("À décider")
    expect(other.get_by_label("Commentaire")).to_have_value("À voir avec elle")


def when_everything_else_is_kept(who: Visitor) -> None:
    """Whatever nobody has decided yet, and is not one's own."""
    for name in undecided(who):
        line = who.page.locator(f"[id='{name}']")
        line.get_by_role("button", name="Garder").click()
        expect(line).to_contain_text("Gardé par")


def undecided(who: Visitor) -> list[str]:
    """Ids of the lines that wait for whoever reads."""
    lines = lines_of(who).filter(has_text="À décider").filter(has=who.page.get_by_role("button", name="Garder"))
    return [str(name) for name in lines.evaluate_all("found => found.map(one => one.id)")]


def lines_of(who: Visitor) -> Locator:
    return who.page.locator(".roles-list > li")


def when_she_downloads_it(who: Visitor, target: Path) -> list[list[str]]:
    with who.page.expect_download() as download:
        who.page.get_by_role("link", name="Exporter en CSV").click()
    download.value.save_as(target)
    return list(csv.reader(StringIO(target.read_text(encoding="utf-8-sig")), delimiter=";"))


def then_the_file_holds_the_lines_and_the_signature(who: Visitor, lines: list[list[str]]) -> None:
    told = {line[0]: line[1:] for line in lines[: lines.index([])]}
    assert told["Signée le"][1] == "Mme Irène Dalmasso-Test"
    assert told["Empreinte SHA-256"] == [who.page.locator("code.hash").inner_text()]
    header, *below = lines[lines.index([]) + 1 :]
    rows = [dict(zip(header, row, strict=True)) for row in below]
    assert len(rows) == int(told["Lignes"][0]) == lines_of(who).count()
    assert {row["Décision"] for row in rows} == {"Garder", "Retirer"}
    (gone,) = (row for row in rows if row["Décision"] == "Retirer")
    assert (gone["Personne"], gone["Commentaire"]) == (f"M. {GONE}", LEFT)


def then_who_left_has_no_role_any_more(director: Visitor) -> None:
    director.page.get_by_role("link", name="Comptes", exact=True).click()
    director.page.get_by_role("link", name=GONE).click()
    roles = director.page.get_by_role("region", name="Rôles")
    expect(roles).to_contain_text("Administratif")
    expect(roles).to_contain_text("retiré le")
    director.finds_sound("compte-sans-role")
