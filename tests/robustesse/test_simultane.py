"""The same act twice at once, from two windows or by a double click: one effect, nothing lost, everything said."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import unescape
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from spst.kernel.acteur import Role
from spst.kernel.ids import new_id
from spst.visites import services as visites
from tests.factories.attente import until
from tests.robustesse.formulaires import today
from tests.robustesse.poste import Pairs, Poste
from tests.robustesse.scene import Scene

JSON = {"X-Requested-With": "fetch"}


def at_once(*acts: Callable[[], TestResponse]) -> list[TestResponse]:
    """All of them leave at the same instant."""
    start = threading.Barrier(len(acts))

    def leave(act: Callable[[], TestResponse]) -> TestResponse:
        start.wait(10)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(leave, acts))


def windows(scene: Scene, role: Role, number: int = 2) -> list[Poste]:
    made = [scene.of(role) for _ in range(number)]
    assert all(poste.token for poste in made)
    return made


def sending(poste: Poste, path: str, form: Pairs, **headers: str) -> Callable[[], TestResponse]:
    return lambda: poste.post(path, form, **headers)


def figure(scene: Scene, query: str, **values: object) -> int:
    with scene.monde.superuser.connect() as connection:
        return int(connection.execute(text(query), values).scalar_one())


@contextmanager
def held(scene: Scene, lock: str, **values: object) -> Iterator[Callable[[int], None]]:
    """Holds rows, so that acts wait behind one another for certain; gives a function that waits until `n` of them do."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    def wait_for(number: int) -> None:
        until(lambda: figure(scene, waiting) >= number, "nothing waits", 10)

    with scene.monde.superuser.begin() as connection:
        connection.execute(text(lock), values)
        yield wait_for


def behind(scene: Scene, acts: list[Callable[[], TestResponse]], lock: str, **values: object) -> list[TestResponse]:
    """Every act has read what it reads, and waits for the same rows; then they are let go."""
    with ThreadPoolExecutor(len(acts)) as pool:
        with held(scene, lock, **values) as until:
            done = [pool.submit(act) for act in acts]
            until(len(acts))
        return [one.result(timeout=30) for one in done]


def test_a_visit_started_twice_at_once_is_one_visit(scene: Scene) -> None:
    path = f"/dossiers/{scene.a.zoe.dossier_id}/visites"
    for same_form in (True, False):
        scene.forget_visits()
        one = str(new_id())
        ids = [one if same_form else str(new_id()) for _ in range(4)]
        acts = [
            sending(poste, path, [("type", "DEM_MDT"), ("date", today()), ("operation_id", identifier)])
            for poste, identifier in zip(windows(scene, Role.MDT, 4), ids, strict=True)
        ]
        answers = at_once(*acts)
        assert [answer.status_code for answer in answers] == [303] * 4
        assert len({answer.headers["Location"] for answer in answers}) == 1
        assert figure(scene, "SELECT count(*) FROM visite") == 1
        assert figure(scene, "SELECT count(*) FROM entete WHERE section = 'S3'") == 1


@pytest.mark.exigence("DMS-06", partielle="deux clôtures à la fois")
def test_a_visit_closed_twice_at_once_is_closed_once(scene: Scene) -> None:
    scene.forget_visits()
    visite_id = scene.visite()
    acts = [
        sending(poste, f"/visites/{visite_id}/cloture", [("confirme", "oui")]) for poste in windows(scene, Role.MDT, 3)
    ]
    answers = behind(scene, acts, "SELECT FROM visite WHERE id = :id FOR UPDATE", id=visite_id)
    assert [answer.status_code for answer in answers] == [303] * 3
    assert sorted(answer.headers["Location"].split("/")[1] for answer in answers) == ["dossiers", "visites", "visites"]
    assert figure(scene, "SELECT count(*) FROM conclusion WHERE visite_id = :id", id=visite_id) == 1


@pytest.mark.exigence("DMS-06", partielle="deux fenêtres sur une même note")
def test_a_note_typed_in_two_windows_loses_neither_text(scene: Scene) -> None:
    scene.forget_visits()
    visite_id = scene.visite()
    texts = [f"Texte de la fenêtre {rank}." for rank in range(3)]
    acts = [
        sending(poste, f"/visites/{visite_id}/notes", note(texte), **JSON)
        for poste, texte in zip(windows(scene, Role.MDT, 3), texts, strict=True)
    ]
    answers = at_once(*acts)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    kept = texts[[answer.status_code for answer in answers].index(200)]
    for answer in answers:
        if answer.status_code == 409:
            assert (answer.get_json()["texte"], answer.get_json()["revision"]) == (kept, 1)
    assert stored(scene, visite_id) == kept


def test_without_script_the_page_of_a_conflict_holds_both_texts(scene: Scene) -> None:
    scene.forget_visits()
    visite_id = scene.visite()
    first, second = windows(scene, Role.MDT)
    path = f"/visites/{visite_id}/notes"
    assert first.post(path, note("Écrit ici."), **JSON).status_code == 200
    answer = second.post(path, [("texte.entretien", "Écrit là."), ("revision.entretien", "0")])
    assert answer.status_code == 409
    assert "Écrit là." in unescape(answer.text)
    assert stored(scene, visite_id) == "Écrit ici."


def note(texte: str, revision: int = 0) -> list[tuple[str, str]]:
    return [
        ("rubrique", "entretien"),
        ("texte", texte),
        ("revision", str(revision)),
        ("operation_id", str(uuid4())),
    ]


def stored(scene: Scene, visite_id: UUID) -> str:
    with scene.monde.work(scene.a.medecin) as ctx:
        seen = visites.visite(ctx, visite_id)
    found = next(part.note for part in seen.rubriques if part.rubrique.code == "entretien")
    return found.texte if found else ""


def test_the_same_save_sent_again_is_acknowledged_again(scene: Scene) -> None:
    """A browser that lost the answer repeats: same operation, same text."""
    scene.forget_visits()
    path, form = f"/visites/{scene.visite()}/notes", note("Acouphènes brefs.")
    answers = at_once(*(sending(poste, path, form, **JSON) for poste in windows(scene, Role.MDT, 3)))
    assert [answer.status_code for answer in answers] == [200] * 3
    assert {answer.get_json()["revision"] for answer in answers} == {1}


@pytest.mark.exigence("DMS-06", partielle="clôture pendant un enregistrement")
def test_what_is_saved_while_the_visit_closes_is_in_it_or_given_back(scene: Scene) -> None:
    for turn in range(4):
        scene.forget_visits()
        visite_id = scene.visite()
        typing, closing = windows(scene, Role.MDT)
        texte = f"Dernière phrase {turn}."
        saved, closed = at_once(
            sending(typing, f"/visites/{visite_id}/notes", note(texte), **JSON),
            sending(closing, f"/visites/{visite_id}/cloture", [("confirme", "oui")]),
        )
        assert closed.status_code == 303
        assert saved.status_code in {200, 409}, saved.text
        assert (stored(scene, visite_id) == texte) is (saved.status_code == 200)
        if saved.status_code == 409:
            assert "clôturée" in saved.get_json()["message"]
            late = typing.post(f"/visites/{visite_id}/notes", [("texte.entretien", texte), ("revision.entretien", "0")])
            assert late.status_code == 409
            assert texte in unescape(late.text), "what came too late waits in the field of the addendum"


def test_an_addendum_signed_twice_is_one_addendum(scene: Scene) -> None:
    scene.forget_visits()
    visite_id = scene.closed()
    path = f"/visites/{visite_id}/complements"
    answers = at_once(*(sending(p, path, [("texte", "Audiogramme reçu.")]) for p in windows(scene, Role.MDT, 3)))
    assert [answer.status_code for answer in answers] == [303] * 3
    assert figure(scene, "SELECT count(*) FROM addendum") == 1


def test_a_role_granted_twice_at_once_is_granted_once(scene: Scene) -> None:
    compte_id = scene.compte()
    path = f"/direction/comptes/{compte_id}/roles"
    answers = at_once(*(sending(poste, path, [("role", "ADM")]) for poste in windows(scene, Role.DIR, 3)))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422]
    assert figure(scene, "SELECT count(*) FROM habilitation WHERE compte_id = :id", id=compte_id) == 1
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert "déjà ce rôle" in refused.text


def test_two_directions_cannot_take_each_other_s_role_away_at_once(scene: Scene) -> None:
    """An SPST always keeps somebody who can open accounts."""
    with scene.monde.superuser.connect() as connection:
        query = text("SELECT id FROM habilitation WHERE tenant_id = :t AND compte_id = :c AND role = 'DIR'")
        own = connection.execute(query, {"t": scene.a.tenant_id, "c": scene.a.directrice.id}).scalar_one()
    second = scene.compte(rpps="81000777777")
    first_poste = scene.of(Role.DIR)
    assert first_poste.post(f"/direction/comptes/{second}/roles", [("role", "DIR")]).status_code == 303
    other = Poste(scene.site, scene.site.at_work(scene.acteur(second, Role.DIR)))
    with scene.monde.superuser.connect() as connection:
        query = text("SELECT id FROM habilitation WHERE compte_id = :c")
        theirs = connection.execute(query, {"c": second}).scalar_one()
    assert first_poste.token
    assert other.token
    acts = [
        sending(first_poste, f"/direction/roles/{theirs}/retrait", []),
        sending(other, f"/direction/roles/{own}/retrait", []),
    ]
    answers = behind(scene, acts, "SELECT FROM compte WHERE tenant_id = :t FOR UPDATE", t=scene.a.tenant_id)
    assert all(answer.status_code < 500 for answer in answers)
    left = figure(
        scene,
        "SELECT count(*) FROM habilitation WHERE tenant_id = :t AND role = 'DIR' AND revoked_at IS NULL",
        t=scene.a.tenant_id,
    )
    with scene.monde.superuser.begin() as connection:
        connection.execute(text("UPDATE habilitation SET revoked_at = NULL WHERE id = :id"), {"id": own})
    assert left == 1


def test_an_account_created_twice_at_once_is_one_account(scene: Scene) -> None:
    email = f"{uuid4().hex}@essai.test"
    form = [("civilite", "Mme"), ("prenom", "Anne"), ("nom", "Prigent"), ("email", email)]
    answers = at_once(*(sending(poste, "/direction/comptes", form) for poste in windows(scene, Role.DIR, 3)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422]
    assert figure(scene, "SELECT count(*) FROM compte WHERE email = :email", email=email) == 1


def test_an_account_put_twice_in_an_equipe_is_in_it_once(scene: Scene) -> None:
    compte_id = scene.compte()
    form = [("equipe", str(scene.a.equipe_id))]
    path = f"/direction/comptes/{compte_id}/equipes"
    answers = at_once(*(sending(poste, path, form) for poste in windows(scene, Role.DIR, 3)))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422]
    assert figure(scene, "SELECT count(*) FROM equipe_membre WHERE compte_id = :id", id=compte_id) == 1


def test_of_two_activation_codes_issued_at_once_one_serves(scene: Scene) -> None:
    path = f"/dossiers/{scene.a.zoe.dossier_id}/activation"
    acts = [sending(poste, path, []) for poste in windows(scene, Role.MDT, 3)]
    answers = at_once(*acts)
    assert [answer.status_code for answer in answers] == [200] * 3
    valid = figure(
        scene,
        "SELECT count(*) FROM code_activation WHERE travailleur_id = :t AND used_at IS NULL AND revoked_at IS NULL",
        t=scene.a.zoe.travailleur_id,
    )
    assert valid == 1


def test_an_opposition_recorded_twice_at_once_is_in_force_once(scene: Scene) -> None:
    scene.lift_oppositions()
    path = f"/dossiers/{scene.a.zoe.dossier_id}/oppositions"
    answers = at_once(*(sending(poste, path, [("objet", "transfert")]) for poste in windows(scene, Role.MDT, 3)))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422]
    assert figure(scene, "SELECT count(*) FROM opposition WHERE withdrawn_at IS NULL") == 1
    assert "déjà enregistrée" in next(answer for answer in answers if answer.status_code == 422).text
    scene.lift_oppositions()


def test_an_exposure_ended_twice_at_once_keeps_its_first_end(scene: Scene) -> None:
    exposition_id = scene.exposition()
    path = f"/dossiers/{scene.a.zoe.dossier_id}/expositions/{exposition_id}/fin"
    acts = [
        sending(poste, path, [("fin", f"0{day}/05/2026")]) for day, poste in enumerate(windows(scene, Role.MDT, 3), 1)
    ]
    answers = behind(scene, acts, "SELECT FROM exposition WHERE id = :id FOR UPDATE", id=exposition_id)
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422]
    day = [answer.status_code for answer in answers].index(303) + 1
    assert figure(scene, "SELECT extract(day FROM ends_on) FROM exposition WHERE id = :id", id=exposition_id) == day


def test_a_session_ended_while_it_acts_leaves_nothing_half_done(scene: Scene) -> None:
    for _ in range(3):
        poste = scene.of(Role.MDT)
        path = f"/dossiers/{scene.a.zoe.dossier_id}/informations"
        assert poste.token
        before = figure(scene, "SELECT count(*) FROM information")
        act, _left = at_once(
            sending(poste, path, [("support", "remise")]), sending(poste, "/deconnexion", [("portee", "application")])
        )
        assert act.status_code in {303, 400, 401}
        done = act.status_code == 303 and act.headers["Location"].startswith("/dossiers")
        assert figure(scene, "SELECT count(*) FROM information") == before + int(done)
