"""The director changes the policy by pages alone: draft, difference, trial, opinion, proposal, confirmation by somebody else."""

import re
from collections.abc import Iterator

import pytest

from spst.comptes import remises
from spst.habilitations import services as habilitations
from spst.kernel.acteur import Acteur, Role
from spst.kernel.ids import new_id
from spst.traces import services as traces
from tests.factories.monde import Monde, colleague
from tests.factories.releves import run
from tests.pilotage.conftest import Navigateur, Pages

PAGE = "/direction/politique"
DRAFT = f"{PAGE}/brouillon"


@pytest.fixture(autouse=True)
def clean(monde: Monde) -> Iterator[None]:
    yield
    run(monde, "DELETE FROM politique_brouillon")
    run(monde, "DELETE FROM politique_version")


@pytest.fixture
def director(pages: Pages) -> Navigateur:
    return pages.enter(pages.monde.a.directrice)


@pytest.fixture
def second(pages: Pages) -> Navigateur:
    return pages.enter(colleague(pages.monde, pages.monde.a, Role.DIR))


AVIS = {"avis": "favorable", "rendu_le": "18112026", "precision": "Sans réserve."}


def cell(page: str, name: str) -> tuple[str, str]:
    """What a cell of the draft says, and what the next press would post."""
    found = re.search(rf'id="c-{name}" name="case" value="([^"]+)"><b>([^<]+)</b>', page)
    assert found, page
    return found[2], found[1]


def press(who: Navigateur, name: str) -> str:
    _, value = cell(who.get(DRAFT).text, name)
    assert who.post(f"{DRAFT}/cellule", case=value).status_code == 303
    return cell(who.get(DRAFT).text, name)[0]


def propose(who: Navigateur) -> None:
    assert who.post(DRAFT).status_code == 303
    press(who, "INF-S4")
    assert who.post(f"{DRAFT}/avis", **typed(who)).status_code == 303
    assert (
        who.post(f"{DRAFT}/proposition", **typed(who), motif="Les courriers restent aux médecins.").status_code == 303
    )


def revision(who: Navigateur) -> str:
    found = re.search(r'name="revision" value="(\d+)"', who.get(DRAFT).text)
    assert found
    return found[1]


def typed(who: Navigateur) -> dict[str, str]:
    """What the form of the opinion and of the reason posts, the reason aside."""
    return {**AVIS, "revision": revision(who)}


def file_a_letter(pages: Pages, acteur: Acteur, times: int = 1) -> None:
    for _ in range(times):
        with pages.monde.work(acteur) as ctx:
            habilitations.require(ctx, "courrier.add", pages.monde.a.zoe.dossier_id)
            traces.record(ctx, "courrier.add", pages.monde.a.zoe.dossier_id, ["S4"])


@pytest.mark.exigence("HAB-02")
@pytest.mark.exigence("HAB-04")
def test_director_drafts_sees_the_difference_and_the_trial_publishes_with_a_colleague_and_the_nurse_feels_it(
    pages: Pages, director: Navigateur, second: Navigateur
) -> None:
    nurse, zoe = pages.monde.a.infirmier, pages.monde.a.zoe.dossier_id
    file_a_letter(pages, nurse, times=3)
    propose(director)
    page = second.get(DRAFT).text
    assert "1 changement" in page.replace("\u00a0", " ")
    assert "Infirmier en santé au travail, courriers</b><br>Remplir → <b>lire</b>" in page.replace("\n", "")
    assert "était\u00a0: remplir" in page
    trial = second.get(f"{DRAFT}/essai").text
    assert re.search(r"accès qui seraient refusés</dt><dd>3<", trial)
    assert "Ne pourrait plus" in trial
    assert pages.monde.a.zoe.nom not in trial
    confirmed = second.post(f"{DRAFT}/confirmation", revision=revision(second))
    assert confirmed.headers["Location"] == f"{PAGE}/versions/1"
    with pages.monde.work(nurse) as ctx:
        assert not habilitations.permitted(ctx, zoe).can_fill("S4")
        assert habilitations.permitted(ctx, zoe).can_consult("S4")
    told = director.get(f"{PAGE}/versions/1").text
    for said in ("Les courriers restent aux médecins.", "Favorable", "18 novembre 2026", "R-155", "Sans réserve."):
        assert said in told


@pytest.mark.exigence("HAB-02")
@pytest.mark.exigence("AUT-06")
def test_who_was_enrolled_again_by_the_one_who_proposes_is_told_that_she_cannot_confirm_yet(
    pages: Pages, director: Navigateur
) -> None:
    her = colleague(pages.monde, pages.monde.a, Role.DIR)
    second = pages.enter(her)
    propose(director)
    read = revision(second)
    with pages.monde.work(pages.monde.a.directrice) as ctx:
        remises.record(ctx, her.id)
    page = second.get(DRAFT).text
    assert "Un collègue a, à lui seul, ouvert votre accès" in page
    assert "/confirmation" not in page
    refused = second.post(f"{DRAFT}/confirmation", revision=read)
    assert (refused.status_code, "vous pourrez confirmer après le" in refused.text) == (422, True)


@pytest.mark.exigence("HAB-02")
def test_cell_goes_round_what_the_law_allows_and_changes_are_taken_back(director: Navigateur) -> None:
    director.post(DRAFT)
    assert [press(director, "INF-S4") for _ in range(3)] == ["Lire", "Fermé", "Remplir"]
    assert [press(director, "MDT-S8") for _ in range(2)] == ["Fermé", "Lire"]
    press(director, "IPRP-S2")
    assert director.post(f"{DRAFT}/annulation").status_code == 303
    page = director.get(DRAFT).text
    assert cell(page, "IPRP-S2")[0] == "Remplir"
    for closed in ("ASST-S3", "MPC-S8", "ADM-S1", "DIR-S3"):
        assert f'id="c-{closed}"' not in page


@pytest.mark.exigence("HAB-03")
@pytest.mark.parametrize(
    "forged", ["ASST:S3:lire", "DIR:S3:remplir", "INF:S9:lire", "INF:S4:tout", "SAL:S1:ferme", "", "INF"]
)
def test_forged_cell_changes_nothing_and_is_said(director: Navigateur, forged: str) -> None:
    director.post(DRAFT)
    answer = director.post(f"{DRAFT}/cellule", case=forged)
    assert answer.status_code == 422
    assert "Aucun changement" in director.get(DRAFT).text


def test_proposal_without_opinion_without_change_or_without_reason_is_refused_and_nothing_typed_is_lost(
    director: Navigateur,
) -> None:
    director.post(DRAFT)
    same = director.post(f"{DRAFT}/proposition", **typed(director), motif="Pour voir")
    assert same.status_code == 422
    assert "ne change rien" in same.text
    assert "Pour voir</textarea>" in same.text
    press(director, "INF-S4")
    unheard = director.post(f"{DRAFT}/proposition", revision=revision(director), motif="Pour voir")
    assert unheard.status_code == 422
    assert "Choisissez dans la liste." in unheard.text
    assert "Pour voir</textarea>" in unheard.text
    late = director.post(f"{DRAFT}/avis", **{**typed(director), "rendu_le": "01012190", "precision": "À voir"})
    assert late.status_code == 422
    assert "n’a pas encore eu lieu" in late.text
    assert 'value="À voir"' in late.text
    assert director.post(f"{DRAFT}/avis", **{**typed(director), "rendu_le": "32/13/2026"}).status_code == 422


def test_reason_begun_before_the_opinion_is_noted_is_kept_with_it(director: Navigateur) -> None:
    director.post(DRAFT)
    assert director.post(f"{DRAFT}/avis", **typed(director), motif="Les courriers").status_code == 303
    press(director, "INF-S4")
    assert "Les courriers</textarea>" in director.get(DRAFT).text


@pytest.mark.exigence("HAB-02")
def test_proposal_of_a_draft_that_somebody_else_changed_since_it_was_read_is_refused(
    director: Navigateur, second: Navigateur
) -> None:
    director.post(DRAFT)
    press(director, "INF-S3")
    read = typed(second)
    press(director, "IPRP-S2")
    refused = second.post(f"{DRAFT}/proposition", **read, motif="Pour voir")
    assert refused.status_code == 422
    assert "a changé depuis que vous l’avez lu" in refused.text
    assert "Pour voir</textarea>" in refused.text
    assert second.post(f"{DRAFT}/proposition", **typed(second), motif="Pour voir").status_code == 303


def test_second_press_on_a_draft_that_is_gone_leads_to_the_policy_in_force(
    director: Navigateur, second: Navigateur
) -> None:
    propose(director)
    read = revision(second)
    assert "/versions/1" in second.post(f"{DRAFT}/confirmation", revision=read).headers["Location"]
    for path, form in {"confirmation": {"revision": read}, "cellule": {"case": "INF:S4:lire"}, "abandon": {}}.items():
        assert second.post(f"{DRAFT}/{path}", **form).headers["Location"] == PAGE
    assert "n’est plus ouvert" in second.get(PAGE).text


@pytest.mark.exigence("HAB-02")
def test_who_proposed_is_offered_to_take_it_back_never_to_confirm_it(director: Navigateur, second: Navigateur) -> None:
    propose(director)
    page = director.get(DRAFT).text
    assert "Reprendre le brouillon" in page
    assert "/confirmation" not in page
    refused = director.post(f"{DRAFT}/confirmation", revision=revision(second))
    assert refused.status_code == 422
    assert "Personne ne confirme ce qu’il a proposé" in refused.text
    assert "Version livrée" in director.get(PAGE).text


def test_first_page_of_the_second_person_says_that_a_policy_waits_for_her(
    director: Navigateur, second: Navigateur
) -> None:
    said = "attend votre décision depuis le"
    director.post(DRAFT)
    assert said not in second.get("/direction/accueil").text
    director.post(f"{DRAFT}/abandon")
    propose(director)
    assert said in second.get("/direction/accueil").text
    assert said not in director.get("/direction/accueil").text


def test_second_person_sends_it_back_and_says_why(director: Navigateur, second: Navigateur) -> None:
    propose(director)
    assert second.post(f"{DRAFT}/renvoi", pourquoi="").status_code == 422
    assert second.post(f"{DRAFT}/renvoi", pourquoi="Précisez quels courriers.").status_code == 303
    page = director.get(DRAFT).text
    assert "Précisez quels courriers." in page
    assert cell(page, "INF-S4")[0] == "Lire"


def test_settings_are_part_of_the_draft(director: Navigateur) -> None:
    director.post(DRAFT)
    assert director.post(f"{DRAFT}/reglages", inactivite="10", motif_INF="oui").status_code == 303
    page = director.get(DRAFT).text
    assert "15 minutes → <b>10 minutes</b>" in page
    assert "motif hors rendez-vous" in page
    assert director.post(f"{DRAFT}/reglages", inactivite="600").status_code == 422


@pytest.mark.exigence("HAB-04")
def test_free_question_is_answered_with_the_rule_and_what_counts_for_this_account(
    pages: Pages, director: Navigateur
) -> None:
    iprp = pages.monde.a[Role.IPRP].id
    page = director.post(f"{PAGE}/question", compte=str(iprp), volet="S2").text
    assert "Lire : non." in page.replace("\u00a0", " ").replace("\u202f", " ")
    assert "Règle P-113" in page
    assert "Aucune délégation sur ce volet." in page
    delegation = pages.monde.delegate(pages.monde.a, pages.monde.a[Role.IPRP], "S2")
    page = director.post(f"{PAGE}/question", compte=str(iprp), volet="S2").text
    assert "Règle P-013" in page
    assert "Une délégation sur ce volet est en cours." in page
    run(pages.monde, "DELETE FROM delegation WHERE id = :id", id=delegation)
    desk = director.post(f"{PAGE}/question", compte=str(pages.monde.a[Role.ADM].id), volet="S1").text
    assert "Règle P-104" in desk
    director_id = str(pages.monde.a.directrice.id)
    assert "sans contenu ni nom" in director.post(f"{PAGE}/question", compte=director_id, volet="S8").text
    assert director.post(f"{PAGE}/question", compte="", volet="S1").status_code == 422
    assert director.post(f"{PAGE}/question", compte=str(new_id()), volet="S1").status_code == 404


@pytest.mark.exigence("HAB-04")
@pytest.mark.parametrize("role", [Role.DPO, Role.AUD])
def test_who_reads_no_account_is_not_shown_a_question_that_he_could_not_ask(pages: Pages, role: Role) -> None:
    assert pages.enter(pages.monde.a[role]).get(f"{PAGE}/question").status_code == 403


def test_question_says_that_a_reason_would_be_asked(pages: Pages, director: Navigateur) -> None:
    nurse = str(pages.monde.a.infirmier.id)
    director.post(DRAFT)
    director.post(f"{DRAFT}/reglages", inactivite="20", motif_INF="oui")
    asked = director.post(f"{PAGE}/question", compte=nurse, volet="S3", brouillon="oui").text
    assert "Dit pourquoi avant d’ouvrir" in asked
    assert "Dit pourquoi" not in director.post(f"{PAGE}/question", compte=nurse, volet="S3").text


def test_question_can_be_put_to_the_draft(pages: Pages, director: Navigateur) -> None:
    nurse = str(pages.monde.a.infirmier.id)
    director.post(DRAFT)
    press(director, "INF-S4")
    now = director.post(f"{PAGE}/question", compte=nurse, volet="S4").text
    then = director.post(f"{PAGE}/question", compte=nurse, volet="S4", brouillon="oui").text
    assert "Règle P-008" in now
    assert "Règle R-155" in then
    assert "selon le brouillon" in then


@pytest.mark.exigence("HAB-02")
def test_journal_says_which_cell_was_changed_and_how(director: Navigateur) -> None:
    director.post(DRAFT)
    press(director, "INF-S4")
    lines = director.get("/direction/journal").text.replace("\u00a0", " ")
    assert "Changer une case du brouillon : Infirmier en santé au travail, courriers, lire" in lines


@pytest.mark.exigence("HAB-02")
def test_two_versions_are_compared_cell_by_cell(director: Navigateur, second: Navigateur) -> None:
    propose(director)
    second.post(f"{DRAFT}/confirmation", revision=revision(second))
    page = director.get(f"{PAGE}/comparaison?avant=1&apres=0").text
    assert "1 différence" in page.replace("\u00a0", " ")
    assert "Lire → <b>remplir</b>" in page
    assert "Version 1" in director.get(f"{PAGE}/versions").text
    assert director.get(f"{PAGE}/comparaison?avant=x&apres=99").status_code == 200
    assert director.get(f"{PAGE}/versions/7").status_code == 404


@pytest.mark.exigence("HAB-02")
@pytest.mark.parametrize("role", [Role.DPO, Role.AUD])
def test_dpo_and_auditor_read_the_draft_and_change_nothing(pages: Pages, director: Navigateur, role: Role) -> None:
    propose(director)
    reader = pages.enter(pages.monde.a[role])
    page = reader.get(DRAFT).text
    assert "/confirmation" not in page
    assert "/renvoi" not in page
    for path in ("", "/cellule", "/annulation", "/reglages", "/avis", "/proposition", "/confirmation", "/abandon"):
        assert reader.post(f"{DRAFT}{path}", case="INF:S4:lire", revision="1").status_code in {403, 422}
    assert "Version livrée" in reader.get(PAGE).text


@pytest.mark.parametrize("role", [Role.MDT, Role.INF, Role.ADM])
def test_policy_of_the_direction_is_closed_to_other_families(pages: Pages, role: Role) -> None:
    other = pages.enter(pages.monde.a[role])
    assert other.get(DRAFT).status_code == 403
    assert other.post(DRAFT).status_code == 403


def test_draft_of_another_spst_is_not_seen(pages: Pages, director: Navigateur) -> None:
    propose(director)
    elsewhere = pages.enter(pages.monde.b.directrice, pages.monde.b)
    assert elsewhere.get(DRAFT).headers["Location"] == PAGE
    assert "Reprendre le brouillon" not in elsewhere.get(PAGE).text
