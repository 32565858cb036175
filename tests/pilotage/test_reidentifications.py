"""« De qui est ce dossier ? »: asked from the journal, answered in the médecin's day, read by whoever asked."""

import re

import pytest
from sqlalchemy import text

from spst.journal import services
from spst.kernel.acteur import Role
from tests.factories.monde import colleague
from tests.pilotage.conftest import Navigateur, Pages

pytestmark = pytest.mark.exigence("TRA-05", partielle="la ré-identification à l’écran")
LIST = "/direction/reidentifications"
WHY = "Un accès hors de tout rendez-vous."


@pytest.fixture(autouse=True)
def nothing_asked(pages: Pages) -> None:
    with pages.monde.superuser.begin() as connection:
        connection.execute(text("DELETE FROM reidentification_identite"))
        connection.execute(text("DELETE FROM reidentification"))


@pytest.fixture
def dpo(pages: Pages) -> Navigateur:
    return pages.enter(pages.monde.a[Role.DPO])


@pytest.fixture
def medecin(pages: Pages) -> Navigateur:
    return pages.enter(pages.monde.a.medecin)


def reference(pages: Pages) -> str:
    a = pages.monde.a
    with pages.monde.work(a.medecin) as ctx:
        return services.reference_of(ctx, a.zoe.dossier_id)


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match, page
    return match[1]


def ask(pages: Pages, asker: Navigateur, **changes: str) -> int:
    form = {"dossier": reference(pages), "raison": "controle", "texte": WHY, **changes}
    return asker.post(LIST, **form).status_code


def test_a_reference_is_asked_answered_read_and_closed(pages: Pages, dpo: Navigateur, medecin: Navigateur) -> None:
    asked = reference(pages)
    link = found(
        r'href="(/direction/reidentifications\?dossier=[^"]+)"', dpo.get(f"/direction/journal?dossier={asked}").text
    )
    assert f'value="{asked}"' in dpo.get(link).text
    assert ask(pages, dpo) == 303
    assert "Attend un médecin" in dpo.get(LIST).text
    assert "Demande de ré-identification" in medecin.get("/journee").text
    queue = medecin.get("/reidentifications").text
    for said in (WHY, asked, "Vérifier un accès inhabituel"):
        assert said in queue
    assert "ADRUN" not in queue
    assert medecin.post(found(r'action="(/reidentifications/[^"]+)"', queue), accord="oui").status_code == 303
    assert "Aucune demande n’attend" in medecin.get("/reidentifications").text
    told = dpo.get(found(rf'href="({LIST}/[^"]+)"', dpo.get(LIST).text)).text
    assert pages.monde.a.zoe.nom in told
    assert "Cette lecture est inscrite au dossier" in told
    close = found(rf'action="({LIST}/[^"]+/cloture)"', told)
    assert dpo.post(close).status_code == 303
    after = dpo.get(LIST).text
    assert "Close" in after
    assert pages.monde.a.zoe.nom not in after
    assert dpo.get(close.removesuffix("/cloture")).headers["Location"] == LIST
    assert "Aucun accord n’est en cours" in dpo.get(LIST).text


def test_a_refusal_says_why_and_is_kept_when_it_does_not(pages: Pages, dpo: Navigateur, medecin: Navigateur) -> None:
    ask(pages, dpo)
    action = found(r'action="(/reidentifications/[^"]+)"', medecin.get("/reidentifications").text)
    again = medecin.post(action, accord="non")
    assert again.status_code == 422
    assert "Dites pourquoi vous refusez." in again.text
    assert re.search(r'value="non" checked', again.text)
    assert medecin.post(action, accord="non", reponse="Rien ne le demande.").status_code == 303
    assert "Rien ne le demande." in dpo.get(LIST).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dossier": "D-0000-0000"}, "Aucun dossier de votre service n’a cette référence"),
        ({"dossier": "D-1"}, "Une référence de dossier s’écrit D-7F2K-901M."),
        ({"texte": "Court"}, "Dites pourquoi en quelques mots"),
        ({"raison": "curiosite"}, "Choisissez dans la liste."),
    ],
)
def test_what_cannot_be_asked_is_said_beside_what_was_typed(
    pages: Pages, dpo: Navigateur, changes: dict[str, str], said: str
) -> None:
    form = {"dossier": reference(pages), "raison": "controle", "texte": WHY, **changes}
    answer = dpo.post(LIST, **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert form["dossier"] in answer.text


def test_the_auditor_is_offered_nothing_and_refused_the_page(pages: Pages) -> None:
    auditor = pages.enter(pages.monde.a[Role.AUD])
    assert LIST not in auditor.get("/direction/journal").text
    assert auditor.get(LIST).status_code == 403


def test_a_colleague_sees_none_of_it(pages: Pages, dpo: Navigateur, medecin: Navigateur) -> None:
    ask(pages, dpo)
    medecin.post(found(r'action="(/reidentifications/[^"]+)"', medecin.get("/reidentifications").text), accord="oui")
    path = found(rf'href="({LIST}/[^"]+)"', dpo.get(LIST).text)
    other = pages.enter(colleague(pages.monde, pages.monde.a, Role.DIR))
    assert reference(pages) not in other.get(LIST).text
    assert other.get(path).headers["Location"] == LIST
    there = pages.enter(pages.monde.b.directrice, pages.monde.b)
    assert there.get(path).status_code == 404
