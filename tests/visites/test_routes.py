"""Pages of a visit: status, redirect, what a refused form shows; the autosave protocol."""

import re
from datetime import UTC, datetime
from html import unescape
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from spst.kernel.acteur import Acteur, Role
from spst.kernel.clock import PARIS
from spst.kernel.ids import new_id
from tests.factories.monde import Monde
from tests.factories.releves import last_traces
from tests.factories.site import Site
from tests.visites.conftest import Lines, appointment, close, start, traces_left, write

pytestmark = pytest.mark.usefixtures("clean")
JSON = {"Accept": "application/json"}


class Poste:
    """Somebody at work in a browser."""

    def __init__(self, pages: Site, acteur: Acteur, spst: object = None) -> None:
        self.pages = pages
        self.client: FlaskClient = pages.at_work(acteur, spst)  # type: ignore[arg-type]

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.pages.get(self.client, path, **headers)

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> TestResponse:
        return self.pages.post(self.client, path, form, **headers)

    def note(
        self, visite_id: UUID, texte: str, revision: int = 0, changes: dict[str, str] | None = None
    ) -> TestResponse:
        form = {"rubrique": "entretien", "texte": texte, "revision": str(revision), "operation_id": str(uuid4())}
        return self.post(f"/visites/{visite_id}/notes", {**form, **(changes or {})}, **JSON)


@pytest.fixture
def infirmier(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a.infirmier)


@pytest.fixture
def visite_id(monde: Monde) -> UUID:
    return start(monde)


def shown(answer: TestResponse, code: str) -> str:
    found = re.search(rf'<textarea[^>]*id="r-{code}"[^>]*>\n?(.*?)</textarea>', answer.text, re.S)
    assert found, answer.text
    return unescape(found[1])


# ──── Start


def test_the_choice_lists_every_type_and_closes_those_of_the_medecin(infirmier: Poste, monde: Monde) -> None:
    page = infirmier.get(f"/dossiers/{monde.a.zoe.dossier_id}/visites/nouvelle")
    assert last_traces(monde, monde.a)[0].action == "dossier.open", "no visit was read"
    assert page.status_code == 200
    assert page.text.count('name="type"') == 28
    first, others = page.text.split("Les autres visites")
    assert " disabled" not in first
    assert "Pour un autre régime" not in first
    assert all(" disabled" in one or "Pour un autre régime" in one for one in others.split('name="type"')[1:])
    assert "L.\u00a04624-2, R.\u00a04624-24, R.\u00a04624-25" in page.text


@pytest.mark.parametrize("rendez_vous", ["0198c1f0-0000-7000-8000-000000000001", "x"])
def test_the_choice_for_an_appointment_that_does_not_exist_is_not_found(
    infirmier: Poste, monde: Monde, rendez_vous: str
) -> None:
    path = f"/dossiers/{monde.a.zoe.dossier_id}/visites/nouvelle?rendez_vous={rendez_vous}"
    assert infirmier.get(path).status_code == 404


def opening(type_: str = "VIPP_SIS", date: str | None = None) -> dict[str, str]:
    today = datetime.now(UTC).strftime("%d%m%Y")
    return {"type": type_, "date": today if date is None else date, "operation_id": str(new_id())}


def test_a_form_sent_twice_opens_one_visit(infirmier: Poste, monde: Monde) -> None:
    form, path = opening(), f"/dossiers/{monde.a.zoe.dossier_id}/visites"
    first, second = infirmier.post(path, form), infirmier.post(path, form)
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"] == f"/visites/{form['operation_id']}"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"date": "31132026"}, "Le mois 13 n’existe pas."),
        ({"date": "01012099"}, "dans l’avenir"),
        ({"date": ""}, "Remplissez ce champ."),
        ({"type": "EMAI"}, "Votre rôle ne mène pas cette visite"),
        ({"type": ""}, "Choisissez un type de visite."),
        ({"type": "X" * 19}, "n’existe pas à cette date"),
    ],
)
def test_a_refused_opening_shows_the_form_with_what_was_typed(
    infirmier: Poste, monde: Monde, changes: dict[str, str], sentence: str
) -> None:
    form = {**opening(), **changes}
    answer = infirmier.post(f"/dossiers/{monde.a.zoe.dossier_id}/visites", form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{form["operation_id"]}"' in answer.text
    assert f'value="{form["date"]}"' in answer.text


def test_a_refused_opening_says_over_the_form_what_to_mend_and_leads_there(infirmier: Poste, monde: Monde) -> None:
    answer = infirmier.post(f"/dossiers/{monde.a.zoe.dossier_id}/visites", opening("", "31132026"))
    summary = answer.text[
        answer.text.index('id="a-revoir"') : answer.text.index("<form", answer.text.index("a-revoir"))
    ]
    assert "2 champs à revoir" in unescape(summary).replace("\u00a0", " ")
    assert "autofocus" in summary
    for field, sentence in (("type", "Choisissez un type de visite."), ("date", "Le mois 13 n’existe pas.")):
        assert f'href="#f-{field}"' in summary
        assert f'id="f-{field}"' in answer.text
        assert sentence in summary
    assert re.search(r'class="dock".*<button[^>]*form="ouverture">', answer.text, re.S)


def test_the_example_of_a_date_is_one_that_its_field_could_take(
    infirmier: Poste, monde: Monde, visite_id: UUID
) -> None:
    opening_page = infirmier.get(f"/dossiers/{monde.a.zoe.dossier_id}/visites/nouvelle").text
    assert f"jj/mm/aaaa, par exemple {datetime.now(PARIS):%d/%m/%Y}" in opening_page
    visit_page = infirmier.get(f"/visites/{visite_id}").text
    assert f"jj/mm/aaaa, par exemple 01/09/{datetime.now(UTC).year + 1}" in visit_page
    assert "31121975" not in opening_page + visit_page


def test_another_visit_still_open_is_shown_instead_of_a_second_one(
    infirmier: Poste, monde: Monde, visite_id: UUID
) -> None:
    answer = infirmier.post(f"/dossiers/{monde.a.zoe.dossier_id}/visites", opening("DEM_SAL"))
    assert answer.headers["Location"] == f"/visites/{visite_id}"
    assert "déjà cette visite en cours" in infirmier.get(f"/visites/{visite_id}").text


# ──── Read


def test_the_page_of_an_open_visit_takes_notes_and_shows_the_last_ones(infirmier: Poste, monde: Monde) -> None:
    before = start(monde)
    write(monde, before, "Sommeil correct.")
    close(monde, before)
    visite_id = start(monde)
    write(monde, visite_id, "Acouphènes brefs.")
    page = infirmier.get(f"/visites/{visite_id}")
    assert page.status_code == 200
    assert shown(page, "entretien") == "Acouphènes brefs."
    assert "Sommeil correct." in page.text
    assert "Suivi simple (SIS)" in page.text
    assert f'data-autosave-url="/visites/{visite_id}/notes"' in page.text


@pytest.mark.exigence("DMS-06", partielle="page d’une visite close")
def test_the_page_of_a_closed_visit_is_read_and_completed(infirmier: Poste, monde: Monde, visite_id: UUID) -> None:
    write(monde, visite_id, "Note de travail.")
    close(monde, visite_id)
    page = infirmier.get(f"/visites/{visite_id}")
    assert "data-rubrique" not in page.text
    assert "Note de travail." in page.text
    assert "Portez vos bouchons moulés." in page.text
    answer = infirmier.post(f"/visites/{visite_id}/complements", {"texte": "Audiogramme reçu."})
    assert answer.status_code == 303
    assert "Audiogramme reçu." in infirmier.get(f"/visites/{visite_id}").text


def test_a_complement_signed_again_is_said_to_be_signed_already_and_traced_once(
    infirmier: Poste, monde: Monde, visite_id: UUID
) -> None:
    close(monde, visite_id)
    seen: Lines = []
    with traces_left(monde, seen):
        for sentence in ("Le complément est signé.", "Ce complément était déjà signé. Rien n’est ajouté."):
            answer = infirmier.post(f"/visites/{visite_id}/complements", {"texte": "Audiogramme reçu."})
            assert answer.headers["Location"] == f"/visites/{visite_id}#complements"
            page = infirmier.get(f"/visites/{visite_id}").text
            assert sentence in page[page.index('id="avis"') :]
            assert page.count("Audiogramme reçu.") == 1
    assert [line[0] for line in seen].count("visite.complete") == 1


def test_a_refused_complement_is_said_at_the_top_and_kept_in_its_field(
    infirmier: Poste, monde: Monde, visite_id: UUID
) -> None:
    close(monde, visite_id)
    answer = infirmier.post(f"/visites/{visite_id}/complements", {"texte": "x" * 20_001})
    assert answer.status_code == 422
    assert 'href="#f-texte">Complément</a>' in answer.text
    assert "x" * 20_001 in answer.text


def test_a_refused_addendum_keeps_what_was_typed(infirmier: Poste, visite_id: UUID) -> None:
    answer = infirmier.post(f"/visites/{visite_id}/complements", {"texte": "trop tôt"})
    assert answer.status_code == 422


@pytest.mark.exigence("TEN-01", partielle="adresses des visites")
def test_another_tenant_gets_404_and_another_team_an_explained_403(pages: Site, monde: Monde, visite_id: UUID) -> None:
    there = Poste(pages, monde.b.medecin, monde.b)
    elsewhere = Poste(pages, monde.a.medecin_ailleurs)
    for verb, path in (("get", ""), *(("post", path) for path in ("/notes", "/cloture", "/abandon", "/complements"))):
        form = {"texte": "x", "confirme": "oui", "texte.entretien": "x"} if verb == "post" else {}
        form = {"texte": "x"} if path == "/complements" else form
        path = f"/visites/{visite_id}{path}"
        absent = there.get(path) if verb == "get" else there.post(path, form)
        refused = elsewhere.get(path) if verb == "get" else elsewhere.post(path, form)
        assert absent.status_code == 404, path
        assert str(visite_id) not in absent.text.replace(path, "")
        assert refused.status_code == 403, path
        assert "Vous ne suivez pas ce salarié" in refused.text


@pytest.mark.parametrize("role", [Role.ADM, Role.DIR, Role.IPRP, Role.ASST, Role.PRO])
def test_other_families_do_not_reach_a_visit(pages: Site, monde: Monde, visite_id: UUID, role: Role) -> None:
    poste = Poste(pages, monde.a[role])
    assert poste.get(f"/visites/{visite_id}").status_code == 403
    assert poste.note(visite_id, "x").status_code == 403


# ──── The autosave protocol


@pytest.mark.exigence("DMS-06", partielle="protocole d’enregistrement")
def test_a_note_is_acknowledged_with_its_revision(infirmier: Poste, visite_id: UUID) -> None:
    answer = infirmier.note(visite_id, "Gêne auditive.")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["revision"] == 1
    assert datetime.fromisoformat(answer.json["saved_at"]).tzinfo is not None
    operation = {"operation_id": str(uuid4())}
    second = infirmier.note(visite_id, "Gêne auditive, à droite.", 1, operation)
    assert infirmier.note(visite_id, "Gêne auditive, à droite.", 1, operation).json == second.json


def test_a_stale_save_gets_both_texts(infirmier: Poste, visite_id: UUID) -> None:
    infirmier.note(visite_id, "fenêtre de gauche")
    answer = infirmier.note(visite_id, "fenêtre de droite")
    assert answer.status_code == 409
    assert answer.json == {
        "revision": 1,
        "texte": "fenêtre de gauche",
        "saved_at": answer.json and answer.json["saved_at"],
        "auteur": None,
    }


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"texte": "x" * 20_001}, "trop long"),
        ({"rubrique": "diagnostic"}, "n’existe pas"),
        ({"revision": "-1"}, "incomplet"),
        ({"revision": "9" * 12}, "incomplet"),
        ({"revision": "un"}, "incomplet"),
        ({"operation_id": "x"}, "incomplet"),
        ({"inconnu": "x"}, "incomplet"),
    ],
)
def test_a_save_that_cannot_be_kept_says_why(
    infirmier: Poste, visite_id: UUID, changes: dict[str, str], sentence: str
) -> None:
    answer = infirmier.note(visite_id, "x", changes=changes)
    assert answer.status_code == 422
    assert answer.json is not None
    assert sentence in answer.json["message"]


@pytest.mark.parametrize(("texte", "status"), [("nul\x00", 400), ("x" * 1_100_000, 413)])
def test_a_save_that_is_no_text_is_plainly_refused(infirmier: Poste, visite_id: UUID, texte: str, status: int) -> None:
    assert infirmier.note(visite_id, texte).status_code == status


def test_bidi_marks_and_line_ends_do_not_hinder_a_save(infirmier: Poste, visite_id: UUID) -> None:
    assert infirmier.note(visite_id, "a\u202eb\r\n😀 مرحبا").status_code == 200
    assert shown(infirmier.get(f"/visites/{visite_id}"), "entretien") == "ab\n😀 مرحبا"


def test_a_save_without_session_is_told_so(pages: Site, visite_id: UUID) -> None:
    client = pages.client()
    answer = pages.post(client, f"/visites/{visite_id}/notes", {"texte": "x"}, **JSON)
    assert answer.status_code == 401


def test_a_save_after_the_closing_says_that_the_visit_is_closed(
    infirmier: Poste, monde: Monde, visite_id: UUID
) -> None:
    close(monde, visite_id)
    answer = infirmier.note(visite_id, "trop tard")
    assert answer.status_code == 409
    assert answer.json is not None
    assert "déjà clôturée" in answer.json["message"]
    assert "revision" not in answer.json


# ──── Without script


def typed(**notes: str) -> dict[str, str]:
    form = {f"revision.{code}": "0" for code in ("entretien", "poste", "examen", "suites", "information")}
    return {
        **form,
        **{f"texte.{code}": notes.get(code, "") for code in ("entretien", "poste", "examen", "suites", "information")},
    }


def test_the_save_button_keeps_every_note_typed_and_no_empty_one(
    infirmier: Poste, monde: Monde, visite_id: UUID
) -> None:
    answer = infirmier.post(f"/visites/{visite_id}/notes", typed(entretien="dort bien", poste="soudage"))
    assert answer.status_code == 303
    page = infirmier.get(f"/visites/{visite_id}")
    assert (shown(page, "entretien"), shown(page, "poste")) == ("dort bien", "soudage")
    with monde.superuser.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM visite_note")).scalar_one() == 2


@pytest.mark.parametrize("form", [{}, typed()], ids=["no field", "nothing typed"])
def test_a_form_without_a_note_says_nothing_was_kept_and_finds_the_visit_first(
    pages: Site, infirmier: Poste, monde: Monde, visite_id: UUID, form: dict[str, str]
) -> None:
    answer = infirmier.post(f"/visites/{visite_id}/notes", form)
    assert answer.status_code == 303
    assert "Les notes sont enregistrées" not in infirmier.get(answer.headers["Location"]).text
    elsewhere = Poste(pages, monde.b[Role.INF], monde.b)
    assert elsewhere.post(f"/visites/{visite_id}/notes", form).status_code == 404


def test_a_note_emptied_after_the_visit_was_closed_is_not_said_to_be_kept(
    infirmier: Poste, monde: Monde, visite_id: UUID
) -> None:
    write(monde, visite_id, "dort bien")
    close(monde, visite_id)
    answer = infirmier.post(f"/visites/{visite_id}/notes", {"revision.entretien": "1", "texte.entretien": ""})
    assert (answer.status_code, "déjà clôturée" in answer.text) == (409, True)


def test_a_conflict_without_script_shows_both_texts_and_keeps_the_rest(
    infirmier: Poste, monde: Monde, visite_id: UUID
) -> None:
    write(monde, visite_id, "autre fenêtre")
    answer = infirmier.post(f"/visites/{visite_id}/notes", typed(entretien="celle-ci", poste="soudage"))
    assert answer.status_code == 409
    assert shown(answer, "entretien") == "celle-ci"
    assert "autre fenêtre" in answer.text
    assert 'name="revision.entretien" value="1"' in answer.text
    assert shown(infirmier.get(f"/visites/{visite_id}"), "poste") == "soudage"


def test_a_form_of_a_visit_closed_meanwhile_offers_its_text_as_an_addendum(
    infirmier: Poste, monde: Monde, visite_id: UUID
) -> None:
    close(monde, visite_id)
    answer = infirmier.post(f"/visites/{visite_id}/notes", typed(entretien="tapé trop tard"))
    assert answer.status_code == 409
    assert "tapé trop tard" in answer.text
    assert "déjà clôturée" in answer.text


def test_the_end_is_asked_then_confirmed(infirmier: Poste, monde: Monde, visite_id: UUID) -> None:
    asked = infirmier.post(f"/visites/{visite_id}/cloture", typed(information="Bouchons moulés."))
    assert asked.status_code == 303
    page = infirmier.get(asked.headers["Location"])
    assert 'id="cloture-q"' in page.text
    done = infirmier.post(f"/visites/{visite_id}/cloture", {"confirme": "oui"})
    assert done.headers["Location"] == f"/dossiers/{monde.a.zoe.dossier_id}"
    again = infirmier.post(f"/visites/{visite_id}/cloture", {"confirme": "oui"})
    assert again.headers["Location"] == f"/visites/{visite_id}"


def test_the_end_without_a_word_for_the_worker_says_where_to_write_it(infirmier: Poste, visite_id: UUID) -> None:
    answer = infirmier.post(f"/visites/{visite_id}/cloture", {"confirme": "oui"})
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("#information")
    page = infirmier.get(answer.headers["Location"])
    assert "Écrivez ce que vous remettez au salarié" in page.text


def test_the_end_carries_orientation_and_next_date(infirmier: Poste, monde: Monde, visite_id: UUID) -> None:
    write(monde, visite_id, "Bouchons moulés.", "information")
    late = {"confirme": "oui", "prochaine_visite_on": "01012099"}
    refused = infirmier.post(f"/visites/{visite_id}/cloture", late)
    assert refused.status_code == 422
    assert "dans les 60 mois au plus" in refused.text
    assert 'href="#f-prochaine_visite_on"' in refused.text
    assert refused.text.count('id="f-prochaine_visite_on"') == 1
    assert 'value="01012099"' in refused.text
    form = {"confirme": "oui", "orientation_medecin": "oui", "prochaine_visite_on": "01032027"}
    assert infirmier.post(f"/visites/{visite_id}/cloture", form).status_code == 303
    with monde.superuser.connect() as connection:
        row = connection.execute(text("SELECT orientation_medecin, prochaine_visite_on::text FROM conclusion")).one()
    assert tuple(row) == (True, "2027-03-01")
    assert "1er mars 2027" in infirmier.get(f"/visites/{visite_id}").text


@pytest.mark.parametrize("act", ["notes", "cloture", "abandon", "complements"])
def test_the_address_of_an_act_leads_to_its_page(infirmier: Poste, visite_id: UUID, act: str) -> None:
    answer = infirmier.get(f"/visites/{visite_id}/{act}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/visites/{visite_id}")


def test_a_refused_act_names_the_address_of_its_page(infirmier: Poste, monde: Monde, visite_id: UUID) -> None:
    write(monde, visite_id, "Bouchons moulés.", "information")
    form = {"confirme": "oui", "prochaine_visite_on": "01012099"}
    refused = infirmier.post(f"/visites/{visite_id}/cloture", form).text
    assert f'<meta name="adresse" content="/visites/{visite_id}">' in refused
    path = f"/dossiers/{monde.a.zoe.dossier_id}/visites"
    assert f'<meta name="adresse" content="{path}/nouvelle">' in infirmier.post(path, opening("")).text


# ──── Abandon


def test_its_author_abandons_an_open_visit_after_a_question(infirmier: Poste, monde: Monde, visite_id: UUID) -> None:
    page = infirmier.get(f"/visites/{visite_id}")
    assert f'href="/visites/{visite_id}?abandonner" data-dialog="abandon"' in page.text
    assert 'id="abandon-q"' in infirmier.get(f"/visites/{visite_id}?abandonner").text
    write(monde, visite_id, "mauvais salarié")
    done = infirmier.post(f"/visites/{visite_id}/abandon")
    assert (done.status_code, done.headers["Location"]) == (303, f"/dossiers/{monde.a.zoe.dossier_id}")
    dossier = infirmier.get(done.headers["Location"]).text
    assert "La visite est abandonnée. Ce qui y était écrit reste lisible" in dossier
    assert "visite abandonnée</a>" in dossier
    kept = infirmier.get(f"/visites/{visite_id}").text
    assert "Abandonnée le" in kept
    assert "mauvais salarié" in kept
    assert 'action="' not in kept[kept.index("<main") : kept.index("</main>")]
    again = infirmier.post(f"/visites/{visite_id}/abandon")
    assert again.headers["Location"] == f"/visites/{visite_id}"
    assert "a été abandonnée" in infirmier.get(again.headers["Location"]).text


def test_a_visit_abandoned_with_nothing_written_is_nowhere(infirmier: Poste, visite_id: UUID) -> None:
    done = infirmier.post(f"/visites/{visite_id}/abandon")
    dossier = infirmier.get(done.headers["Location"]).text
    assert "elle n’apparaît plus" in dossier
    assert str(visite_id) not in dossier


def test_a_colleague_is_not_offered_to_abandon_and_is_told_why_not(pages: Site, monde: Monde, visite_id: UUID) -> None:
    medecin = Poste(pages, monde.a.medecin)
    assert "abandon" not in medecin.get(f"/visites/{visite_id}?abandonner").text
    answer = medecin.post(f"/visites/{visite_id}/abandon")
    assert "Seul le professionnel qui a ouvert la visite" in medecin.get(answer.headers["Location"]).text


def test_what_was_typed_in_a_visit_abandoned_meanwhile_is_shown_to_be_copied(infirmier: Poste, visite_id: UUID) -> None:
    infirmier.post(f"/visites/{visite_id}/abandon")
    assert infirmier.note(visite_id, "trop tard").status_code == 409
    answer = infirmier.post(f"/visites/{visite_id}/notes", typed(entretien="tapé trop tard"))
    assert (answer.status_code, "tapé trop tard" in answer.text) == (409, True)


def test_a_form_that_opened_an_abandoned_visit_comes_back_ready_to_open_another(infirmier: Poste, monde: Monde) -> None:
    form, path = opening(), f"/dossiers/{monde.a.zoe.dossier_id}/visites"
    opened = infirmier.post(path, form).headers["Location"]
    infirmier.post(f"{opened}/abandon")
    again = infirmier.post(path, {**form, "type": "DEM_SAL"})
    assert again.status_code == 409
    assert "a servi à une visite que vous avez abandonnée" in again.text
    fresh = re.search(r'name="operation_id" value="([^"]+)"', again.text)
    assert fresh
    answer = infirmier.post(path, {**form, "type": "DEM_SAL", "operation_id": fresh[1]})
    assert answer.headers["Location"] == f"/visites/{fresh[1]}"


# ──── Appointments


@pytest.fixture
def rdv(monde: Monde) -> UUID:
    return appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, datetime.now(UTC))


def test_the_register_notes_an_arrival_and_offers_to_undo_it(pages: Site, monde: Monde, rdv: UUID) -> None:
    poste = Poste(pages, monde.a[Role.ADM])
    answer = poste.post(f"/rendez-vous/{rdv}/statut?statut=arrive")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/journee?jour=")
    page = poste.get(answer.headers["Location"])
    assert "Arrivée notée." in page.text
    undo = f"/rendez-vous/{rdv}/statut?statut=convoque"
    assert undo in page.text
    assert poste.post(undo).status_code == 303


@pytest.mark.parametrize("statut", ["", "recu", "parti"])
def test_a_state_that_nobody_sets_by_hand_is_refused(pages: Site, monde: Monde, rdv: UUID, statut: str) -> None:
    answer = Poste(pages, monde.a[Role.ADM]).post(f"/rendez-vous/{rdv}/statut", {"statut": statut})
    assert answer.status_code in {303, 422}
    with monde.superuser.connect() as connection:
        assert connection.execute(text("SELECT statut FROM rendez_vous")).scalar_one() == "convoque"


def test_an_appointment_of_another_tenant_is_not_found(pages: Site, monde: Monde, rdv: UUID) -> None:
    answer = Poste(pages, monde.b[Role.ADM], monde.b).post(f"/rendez-vous/{rdv}/statut?statut=arrive")
    assert answer.status_code == 404
