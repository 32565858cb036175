"""The day and the dossier, as each role finds them."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import event, text

from spst.kernel.acteur import Role
from tests.factories.monde import Monde, Personne
from tests.factories.site import Site
from tests.visites.conftest import appointment, clean, close, start, write  # noqa: F401 - clean is a fixture
from tests.visites.test_routes import Poste

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def statements(pages: Site) -> Iterator[Callable[[], list[str]]]:
    """Statements of the pages since the last call, transactions aside."""
    sent: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    def take() -> list[str]:
        taken = [s for s in sent if "set_config" not in s]
        sent.clear()
        return taken

    engine = pages.monde.runtime.engine
    event.listen(engine, "before_cursor_execute", note)
    yield take
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def medecin(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a.medecin)


def dossier(personne: Personne) -> str:
    return f"/dossiers/{personne.dossier_id}"


def now() -> datetime:
    return datetime.now(UTC)


# ──── The day


def test_the_day_shows_who_comes_and_what_is_left_to_close(medecin: Poste, monde: Monde) -> None:
    rdv = appointment(monde, monde.a, monde.a.medecin, monde.a.zoe, now())
    visite_id = start(monde, monde.a.medecin, dossier=monde.a.pierre.dossier_id)
    page = medecin.get("/journee")
    assert page.status_code == 200
    assert "ADRUN Zoe" in page.text
    assert "Soudeuse TIG" in page.text
    assert f"/dossiers/{monde.a.zoe.dossier_id}?rendez_vous={rdv}" in page.text
    assert f"/rendez-vous/{rdv}/statut?statut=arrive" in page.text
    assert f'href="/visites/{visite_id}"' in page.text
    assert "Visite à terminer" in page.text


@pytest.mark.exigence("HAB-03", partielle="la journée de l’administration")
def test_the_day_of_the_administration_is_the_register_and_nothing_else(pages: Site, monde: Monde) -> None:
    appointment(monde, monde.a, monde.a.medecin, monde.a.zoe, now())
    appointment(monde, monde.a, monde.a.infirmier, monde.a.pierre, now() + timedelta(minutes=1))
    page = Poste(pages, monde.a[Role.ADM]).get("/journee")
    assert page.text.count("data-rendez-vous") == 2
    assert "Visite périodique" in page.text
    assert "Dr\u00a0Claire Vasseur, Centre Rive-Sud" in page.text
    assert "Mme\u00a0Claire Test-Inf, Centre Rive-Sud" in page.text
    assert "/dossiers/" not in page.text
    assert ">SIS<" not in page.text


def test_a_document_is_asked_of_whom_nobody_has_seen_one(pages: Site, monde: Monde) -> None:
    appointment(monde, monde.a, monde.a.medecin_ailleurs, monde.a.toussaint, now())
    poste = Poste(pages, monde.a.medecin_ailleurs)
    shown = []
    for statut in ("provisoire", "recuperee", "validee", "qualifiee"):
        with monde.superuser.begin() as connection:
            query = text("UPDATE travailleur SET statut_ins = :statut WHERE id = :id")
            connection.execute(query, {"statut": statut, "id": monde.a.toussaint.travailleur_id})
        shown.append("Identité à vérifier" in poste.get("/journee").text)
    assert shown == [True, True, False, False]


def test_days_follow_each_other_without_the_week_end(medecin: Poste) -> None:
    page = medecin.get("/journee?jour=2026-11-20")
    assert "/journee?jour=2026-11-19" in page.text
    assert "/journee?jour=2026-11-23" in page.text


@pytest.mark.parametrize("jour", ["hier", "2026-13-01", "0001-01-01", "9999-12-31"])
def test_a_day_that_does_not_exist_is_not_found(medecin: Poste, jour: str) -> None:
    assert medecin.get(f"/journee?jour={jour}").status_code == 404


def test_the_direction_has_no_day(pages: Site, monde: Monde) -> None:
    assert Poste(pages, monde.a.directrice).get("/journee").status_code == 403


# ──── The dossier


@pytest.mark.exigence("DMS-01", partielle="page du dossier")
def test_the_medecin_reads_the_eight_sections(medecin: Poste, monde: Monde) -> None:
    visite_id = start(monde)
    write(monde, visite_id, "NOTE-DE-TRAVAIL")
    close(monde, visite_id)
    page = medecin.get(dossier(monde.a.zoe))
    assert page.status_code == 200
    assert "VIP périodique (suivi simple)" in page.text
    assert page.text.count("Portez vos bouchons moulés.") == 2
    assert "NOTE-DE-TRAVAIL" not in page.text
    assert "Volet fermé." not in page.text
    assert f"{dossier(monde.a.zoe)}/visites/nouvelle" in page.text


def test_an_infirmier_finds_the_journal_of_the_dossier_closed_and_whom_to_ask(pages: Site, monde: Monde) -> None:
    page = Poste(pages, monde.a.infirmier).get(dossier(monde.a.zoe))
    assert page.text.count("Volet fermé.") == 1
    assert "Votre service réserve la lecture du journal" in page.text
    assert "Dr\u00a0Claire Vasseur" in page.text


def test_an_iprp_reads_by_delegation_what_was_delegated_and_no_more(pages: Site, monde: Monde) -> None:
    start(monde)
    poste = Poste(pages, monde.a[Role.IPRP])
    refused = poste.get(dossier(monde.a.pierre))
    assert refused.status_code == 403
    monde.delegate(monde.a, monde.a[Role.IPRP], "S2", dossier_id=monde.a.zoe.dossier_id)
    page = poste.get(dossier(monde.a.zoe))
    assert page.status_code == 200
    assert page.text.count("Volet fermé") == 7
    assert "VIP périodique" not in page.text
    assert poste.get(dossier(monde.a.pierre)).status_code == 403


@pytest.mark.exigence("HAB-08", partielle="le refus d’un dossier entier")
def test_a_dossier_that_one_does_not_follow_is_refused_with_the_article(pages: Site, monde: Monde) -> None:
    page = Poste(pages, monde.a.medecin_ailleurs).get(dossier(monde.a.zoe))
    assert page.status_code == 403
    assert "Vous ne suivez pas ce salarié" in page.text
    assert page.text.replace("\u00a0", " ").count("L. 1110-4 I CSP") == 1
    assert ".." not in re.sub(r"<[^>]+>", "", page.text)


@pytest.mark.parametrize("role", [Role.ADM, Role.DIR, Role.DPO, Role.AUD, Role.PRO, Role.ASS])
def test_no_other_role_opens_a_dossier(pages: Site, monde: Monde, role: Role) -> None:
    assert Poste(pages, monde.a[role]).get(dossier(monde.a.zoe)).status_code == 403


@pytest.mark.exigence("TEN-01", partielle="adresses du dossier")
def test_the_dossier_of_another_tenant_is_not_found(medecin: Poste, monde: Monde) -> None:
    answer = medecin.get(dossier(monde.b.zoe))
    assert answer.status_code == 404
    assert "ADRUN" not in answer.text


@pytest.mark.exigence("TRA-01", partielle="une ouverture, une trace")
def test_opening_a_dossier_leaves_one_trace_with_the_sections_read(medecin: Poste, monde: Monde, pages: Site) -> None:
    before = len(pages.traces("dossier.open"))
    medecin.get(dossier(monde.a.zoe))
    traced = pages.traces("dossier.open")
    assert len(traced) == before + 1
    assert traced[-1].sections == ["S1", "S2", "S3", "S4", "S5", "S6", "S7"]


def test_the_dossier_costs_the_same_statements_with_one_visit_and_with_eight(
    medecin: Poste, monde: Monde, statements: Callable[[], list[str]]
) -> None:
    counts = []
    medecin.get(dossier(monde.a.zoe))
    for many in (1, 7):
        for _ in range(many):
            close(monde, start(monde))
        statements()
        medecin.get(dossier(monde.a.zoe))
        counts.append(len(statements()))
    assert counts[0] == counts[1] <= 20


COSTS = {"/journee": 10, "/recherche": 9, "/compte": 6}
"""Statements of a page, session included, transactions aside. The search: from what was typed to its results; the day: one of
them for the exceptional accesses, one for the re-identifications that wait for a médecin."""


@pytest.mark.parametrize(("path", "most"), COSTS.items(), ids=COSTS)
def test_a_page_costs_few_statements(
    medecin: Poste, monde: Monde, statements: Callable[[], list[str]], path: str, most: int
) -> None:
    appointment(monde, monde.a, monde.a.medecin, monde.a.zoe, now())
    medecin.get(path)
    asked = medecin.post(path, {"q": "adrun"}).headers["Location"] if path == "/recherche" else path
    statements()
    medecin.get(asked)
    assert len(statements()) <= most


def test_suggestions_cost_few_statements(medecin: Poste, statements: Callable[[], list[str]]) -> None:
    form = {"csrf_token": medecin.pages.token(medecin.client), "q": "adrun"}
    statements()
    assert medecin.post("/recherche/suggestions", form).status_code == 200
    assert len(statements()) <= 9


def test_a_visit_and_a_save_cost_few_statements(
    medecin: Poste, monde: Monde, statements: Callable[[], list[str]]
) -> None:
    visite_id = start(monde, monde.a.medecin)
    medecin.note(visite_id, "un")
    medecin.get(f"/visites/{visite_id}")
    statements()
    medecin.get(f"/visites/{visite_id}")
    assert len(statements()) <= 12
    token = {"csrf_token": medecin.pages.token(medecin.client)}
    statements()
    assert medecin.note(visite_id, "deux", 1, token).status_code == 200
    assert len(statements()) <= 7


# ──── Acts


def test_an_exposure_is_added_and_ended(medecin: Poste, monde: Monde) -> None:
    path = f"{dossier(monde.a.zoe)}/expositions"
    page = medecin.get(dossier(monde.a.zoe))
    [agent, *_] = re.findall(r'<option value="([A-Z0-9_]+)">', page.text)
    form = {"agent": agent, "debut": "03092012", "fin": "", "source": "mesure", "precision": "Atelier B"}
    assert medecin.post(path, form).status_code == 303
    page = medecin.get(dossier(monde.a.zoe))
    [end] = re.findall(r'action="([^"]+/fin)"', page.text)
    assert medecin.post(end, {"fin": "01011990"}).status_code == 422
    assert medecin.post(end, {"fin": "30062021"}).status_code == 303
    assert "/fin" not in medecin.get(dossier(monde.a.zoe)).text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"debut": "31/13/2012"}, "Le mois 13"),
        ({"debut": "03/09/1960"}, "naissance"),
        ({"agent": ""}, "Remplissez ce champ."),
        ({"agent": "INCONNU"}, ""),
        ({"source": "ouï-dire"}, "Choisissez dans la liste."),
    ],
)
def test_a_refused_exposure_shows_its_form_with_what_was_typed(
    medecin: Poste, monde: Monde, changes: dict[str, str], sentence: str
) -> None:
    form = {"agent": "BRUIT", "debut": "03092012", "fin": "", "source": "mesure", "precision": "Atelier B", **changes}
    answer = medecin.post(f"{dossier(monde.a.zoe)}/expositions", form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="Atelier B"' in answer.text
    assert f'value="{form["debut"]}"' in answer.text


def test_information_and_opposition_are_noted_and_lifted(medecin: Poste, monde: Monde) -> None:
    here = dossier(monde.a.pierre)
    assert medecin.post(f"{here}/informations", {"support": "remise"}).status_code == 303
    assert medecin.post(f"{here}/oppositions", {"objet": "transfert"}).status_code == 303
    assert medecin.post(f"{here}/oppositions", {"objet": "transfert"}).status_code == 422
    page = medecin.get(here)
    assert "Notice remise en main propre" in page.text
    assert "Opposition à la consultation de son dossier dans un autre service" in page.text
    [lift] = re.findall(r'action="([^"]+/levee)"', page.text)
    assert medecin.post(lift).status_code == 303
    assert medecin.post(lift).status_code == 422


def test_an_opposition_closes_the_dossier_to_the_infirmier_at_once(pages: Site, monde: Monde) -> None:
    infirmier, medecin = Poste(pages, monde.a.infirmier), Poste(pages, monde.a.medecin)
    here = dossier(monde.a.pierre)
    assert medecin.post(f"{here}/oppositions", {"objet": "professionnels"}).status_code == 303
    assert infirmier.get(here).status_code == 403
    [lift] = re.findall(r'action="([^"]+/levee)"', medecin.get(here).text)
    medecin.post(lift)
    assert infirmier.get(here).status_code == 200


def test_an_activation_code_is_shown_once(medecin: Poste, monde: Monde, pages: Site) -> None:
    answer = medecin.post(f"{dossier(monde.a.zoe)}/activation")
    assert answer.status_code == 200
    [code] = re.findall(r'class="one-time one-line">([^<]+)<', answer.text)
    assert len(code) == 19
    assert "Visites et santé" not in answer.text, "a page of its own, to show or print"
    assert code not in medecin.get(dossier(monde.a.zoe)).text
    with monde.superuser.connect() as connection:
        assert (
            connection.execute(
                text("SELECT count(*) FROM session WHERE data::text LIKE :c"), {"c": f"%{code}%"}
            ).scalar_one()
            == 0
        )


def test_a_letter_and_the_medecin_traitant_are_noted(medecin: Poste, monde: Monde) -> None:
    here = dossier(monde.a.zoe)
    letter = {
        "sens": "recu",
        "date_courrier": "18102025",
        "correspondant": "Dr Amiel",
        "objet": "Compte rendu ORL",
        "texte": "Audiogramme stable.",
    }
    assert medecin.post(f"{here}/courriers", letter).status_code == 303
    assert medecin.post(f"{here}/medecin-traitant", {"nom": "Dr Kerhoas", "contact": "Brest"}).status_code == 303
    page = medecin.get(here)
    assert "Compte rendu ORL" in page.text
    assert "Audiogramme stable." in page.text
    assert "Dr Kerhoas" in page.text
    assert medecin.post(f"{here}/medecin-traitant", {"nom": "", "contact": "Brest"}).status_code == 422


@pytest.mark.parametrize(
    "act", ["informations", "oppositions", "expositions", "activation", "courriers", "medecin-traitant"]
)
def test_acts_are_closed_to_who_does_not_follow_and_unknown_elsewhere(pages: Site, monde: Monde, act: str) -> None:
    form = {
        "informations": {"support": "remise"},
        "oppositions": {"objet": "mpc"},
        "expositions": {"agent": "BRUIT", "debut": "03092012", "fin": "", "source": "mesure", "precision": ""},
        "courriers": {"sens": "recu", "date_courrier": "18102025", "correspondant": "x", "objet": "x", "texte": "x"},
        "medecin-traitant": {"nom": "x", "contact": "x"},
    }.get(act, {})
    path = f"{dossier(monde.a.zoe)}/{act}"
    for acteur in (monde.a.medecin_ailleurs, monde.a[Role.ADM], monde.a.directrice):
        assert Poste(pages, acteur).post(path, form).status_code == 403
    assert Poste(pages, monde.b.medecin, monde.b).post(path, form).status_code == 404


# ──── Who opened it


@pytest.mark.exigence("TRA-04", partielle="la liste du médecin")
def test_the_medecin_reads_who_opened_a_dossier(medecin: Poste, pages: Site, monde: Monde) -> None:
    Poste(pages, monde.a.infirmier).get(dossier(monde.a.zoe))
    page = medecin.get(f"{dossier(monde.a.zoe)}/acces")
    assert page.status_code == 200
    assert "Ouvrir le dossier" in page.text
    assert "Mme\u00a0Claire Test-Inf" in unescape(page.text)
    assert medecin.get(f"{dossier(monde.a.zoe)}/acces?avant=x").status_code == 404


def test_what_a_page_is_sent_besides_its_form_is_refused(medecin: Poste, monde: Monde) -> None:
    answer = medecin.post(f"{dossier(monde.a.zoe)}/informations", {"support": "remise", "given_on": "2020-01-01"})
    assert answer.status_code == 422
