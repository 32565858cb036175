"""Pages of exceptional access: a fresh log-in, a reason, an hour; the other médecin, the worker and the DPO are told."""

import re

import pytest

from spst.kernel.acteur import Role
from tests.factories.monde import Monde, colleague
from tests.factories.site import Site
from tests.habilitations.test_exceptionnel import letters_closed_to_medecins  # noqa: F401 - an autouse fixture
from tests.visites.test_routes import Poste

pytestmark = pytest.mark.exigence("HAB-06")
FORM = {"raison": "urgence", "texte": "Malaise au poste."}


@pytest.fixture
def medecin(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a.medecin)


def path(monde: Monde) -> str:
    return f"/dossiers/{monde.a.zoe.dossier_id}/acces-exceptionnel"


def test_medecin_opens_reads_and_another_reads_his_reason_again(pages: Site, medecin: Poste, monde: Monde) -> None:
    dossier = f"/dossiers/{monde.a.zoe.dossier_id}"
    assert "Demander un accès exceptionnel" in medecin.get(dossier).text
    asked = medecin.get(path(monde)).text
    assert "Ouvrir pour 60 minutes" in asked
    assert "Votre service vous y ferme : <b>courriers</b>" in asked.replace("\u00a0", " ")
    assert medecin.post(path(monde), FORM).status_code == 303
    opened = medecin.get(dossier).text
    assert "Accès exceptionnel en cours" in opened
    assert "Votre service ferme le volet S4" not in opened
    reviewer = Poste(pages, colleague(monde, monde.a, Role.MDT))
    assert "exceptionnel à relire" in reviewer.get("/journee").text
    queue = reviewer.get("/acces-exceptionnels").text
    assert "Malaise au poste." in queue
    assert "ADRUN" not in queue
    action = re.search(r'action="(/acces-exceptionnels/[^"]+/relecture)"', queue)
    assert action
    assert reviewer.post(action[1], {"avis": "justifie"}).status_code == 303
    assert "Tout est relu" in reviewer.get("/acces-exceptionnels").text
    assert medecin.post(action[1], {"avis": "justifie"}).status_code == 303
    assert medecin.post(f"{path(monde)}/fin").status_code == 303
    assert "Votre service ferme le volet S4" in medecin.get(dossier).text


def test_review_without_an_opinion_keeps_what_was_typed_and_both_read_the_verdict_later(
    pages: Site, medecin: Poste, monde: Monde
) -> None:
    medecin.post(path(monde), FORM)
    reviewer = Poste(pages, colleague(monde, monde.a, Role.MDT))
    action = re.search(r'action="(/acces-exceptionnels/[^"]+/relecture)"', reviewer.get("/acces-exceptionnels").text)
    assert action
    refused = reviewer.post(action[1], {"reponse": "Le Dr Besson répondait."})
    assert (refused.status_code, 'value="Le Dr Besson répondait."' in refused.text) == (422, True)
    assert "Dites si le motif est justifié." in refused.text
    reviewer.post(action[1], {"avis": "injustifie", "reponse": "Le Dr Besson répondait."})
    for who in (reviewer, medecin):
        page = who.get("/acces-exceptionnels").text
        assert "Le Dr Besson répondait." in page
        assert "Malaise au poste." not in page
    stranger = Poste(pages, colleague(monde, monde.a, Role.MDT))
    assert "Le Dr Besson répondait." not in stranger.get("/acces-exceptionnels").text


@pytest.mark.parametrize("form", [{}, {"raison": "urgence"}, {"texte": "x"}, {"raison": "envie", "texte": "x"}])
def test_without_a_reason_nothing_opens_and_what_was_typed_stays(
    medecin: Poste, monde: Monde, form: dict[str, str]
) -> None:
    page = medecin.post(path(monde), form)
    assert page.status_code == 422
    assert form.get("texte", "") in page.text
    assert "Demander un accès exceptionnel" in medecin.get(f"/dossiers/{monde.a.zoe.dossier_id}").text


def test_old_log_in_must_be_made_again_first(pages: Site, medecin: Poste, monde: Monde) -> None:
    pages.clock.move(minutes=6)
    try:
        page = medecin.get(path(monde)).text
        assert "Me reconnecter" in page
        assert "fraiche=1" in page
        assert "Ouvrir pour 60 minutes" not in page
        pages.clock.move(minutes=6)
        late = medecin.post(path(monde), FORM)
        assert late.status_code == 422
        assert "Malaise au poste." in late.text
    finally:
        pages.clock.move(minutes=-12)


def test_worker_and_dpo_are_told(pages: Site, medecin: Poste, monde: Monde) -> None:
    medecin.post(path(monde), FORM)
    home = Poste(pages, monde.a[Role.DPO]).get("/direction/accueil").text
    assert "accès exceptionnel" in home
    assert "Malaise" not in home
    zoe = pages.at_work(monde.a.zoe.acteur)
    told = pages.get(zoe, f"/p/{monde.a.slug}/accueil").text
    assert "par accès exceptionnel" in told
    assert "Malaise au poste." in told
    reviewer = Poste(pages, colleague(monde, monde.a, Role.MDT))
    action = re.search(r'action="(/acces-exceptionnels/[^"]+/relecture)"', reviewer.get("/acces-exceptionnels").text)
    assert action
    reviewer.post(action[1], {"avis": "injustifie", "reponse": "Le Dr Besson répondait."})
    told = pages.get(zoe, f"/p/{monde.a.slug}/accueil").text
    assert "relu ce motif\u00a0: injustifié" in told.replace(" :", "\u00a0:")
    assert "Le Dr Besson répondait." in told


@pytest.mark.parametrize("role", [Role.INF, Role.COLL, Role.IPRP, Role.ADM, Role.DIR])
def test_other_functions_find_no_such_page(pages: Site, monde: Monde, role: Role) -> None:
    other = Poste(pages, monde.a[role])
    assert other.post(path(monde), FORM).status_code == 403
    assert other.get("/acces-exceptionnels").status_code == 403
