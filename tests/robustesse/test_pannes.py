"""Parts that fail in the middle of an act: it is as if the act had not been asked, and the next one works."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from flask import request_started
from sqlalchemy import event, text
from werkzeug.test import TestResponse

from spst.kernel.acteur import Role
from spst.web.guards import PUBLIC
from tests.robustesse.base import content
from tests.robustesse.formulaires import WITHOUT_SCRIPT, Formulaire
from tests.robustesse.poste import Poste
from tests.robustesse.scene import Scene
from tests.robustesse.tous import FORMS

KILL = text("""
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'spst_app'
""")
TRACE_FAILS = """
    CREATE TABLE essai_panne (en_cours boolean NOT NULL);
    INSERT INTO essai_panne VALUES (false);
    CREATE FUNCTION essai_panne() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            IF (SELECT en_cours FROM essai_panne) THEN
                RAISE EXCEPTION 'plus de place' USING ERRCODE = '53100';
            END IF;
            RETURN NEW;
        END $$;
    CREATE TRIGGER essai_panne BEFORE INSERT ON trace FOR EACH ROW EXECUTE FUNCTION essai_panne();
"""


@pytest.fixture(scope="module", autouse=True)
def _trace_may_fail(scene: Scene) -> None:
    with scene.monde.superuser.begin() as connection:
        connection.execute(text(TRACE_FAILS))


@contextmanager
def disk_full(scene: Scene) -> Iterator[None]:
    """No line of the traces can be written."""
    _set_failing(scene, True)
    try:
        yield
    finally:
        _set_failing(scene, False)


def _set_failing(scene: Scene, failing: bool) -> None:
    with scene.monde.superuser.begin() as connection:
        connection.execute(text("UPDATE essai_panne SET en_cours = :failing"), {"failing": failing})


@contextmanager
def cut_at(scene: Scene, rank: int) -> Iterator[list[str]]:
    """Every connection of the application is cut just before its statement number `rank`, or before a commit (0)."""
    sent: list[str] = []

    def cut() -> None:
        with scene.monde.superuser.connect() as connection:
            connection.execute(KILL)

    def before(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)
        if len(sent) == rank:
            cut()

    def commit(_conn: Any) -> None:
        if rank == 0 and any("INSERT INTO trace " in one for one in sent) and "cut" not in sent:
            sent.append("cut")
            cut()

    engine = scene.monde.runtime.engine
    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "commit", commit)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "commit", commit)


def asked(form: Formulaire, scene: Scene) -> tuple[Poste, Callable[[], TestResponse]]:
    poste, path, right = form.arrange(scene)
    pairs = [(name, values[0]) for name, values in right.items()]
    _ = poste.token
    return poste, lambda: poste.post(path, pairs, **form.headers)


def told_unavailable(answer: TestResponse) -> None:
    assert answer.status_code == 503, answer.text[:2000]
    assert answer.headers.get("Retry-After") == "5" or answer.is_json
    said = answer.text
    if not answer.is_json:
        assert "Le service ne répond pas" in said
        assert re.search(r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}", said)
    assert "psycopg" not in said
    assert "terminat" not in said


CUT = ("visites.start", "visites.save_note", "visites.close", "visites.complete", "actes.add_courrier", "comptes.grant")


@pytest.mark.parametrize("endpoint", CUT)
def test_an_act_cut_at_any_statement_is_done_whole_or_not_at_all(scene: Scene, endpoint: str) -> None:
    form = FORMS[endpoint]
    with cut_at(scene, -1) as sent:
        assert asked(form, scene)[1]().status_code < 400
    number = len(sent)
    assert number > 5
    for rank in (0, *range(1, number + 1, max(1, number // 9))):
        poste, act = asked(form, scene)
        before = content(scene.monde)
        with cut_at(scene, rank):
            answer = act()
        if answer.status_code >= 400:
            told_unavailable(answer)
            assert content(scene.monde) == before, (endpoint, rank)
        assert poste.get("/compte").status_code == 200, "the next request works, in the same session"


@pytest.mark.parametrize("path", ["/dossiers/{}", "/dossiers/{}/acces", "/journee", "/compte", "/recherche"])
def test_a_page_cut_at_any_statement_says_so_and_opens_the_next_time(scene: Scene, path: str) -> None:
    poste = scene.of(Role.MDT)
    address = path.format(scene.a.zoe.dossier_id)
    with cut_at(scene, -1) as sent:
        assert poste.get(address).status_code == 200
    with cut_at(scene, len(sent)):
        told_unavailable(scene.of(Role.MDT).get(address))  # its forms would have a token that nobody kept
    with cut_at(scene, -1) as sent:
        assert poste.get(address).status_code == 200
    for rank in range(1, len(sent) + 1, max(1, len(sent) // 6)):
        with cut_at(scene, rank):
            told_unavailable(poste.get(address))
        assert poste.get(address).status_code == 200
    with cut_at(scene, 1):
        answer = poste.get(address, **{"HX-Request": "true"})
    assert answer.status_code == 503
    assert "<html" not in answer.text


def test_a_script_is_told_in_json_that_the_base_is_gone(scene: Scene) -> None:
    _, act = asked(FORMS["visites.save_note"], scene)
    with cut_at(scene, 3):
        answer = act()
    assert (answer.status_code, answer.is_json) == (503, True)


def test_the_public_pages_say_it_too(scene: Scene) -> None:
    poste = Poste(scene.site, scene.site.client())
    for path in (
        "/connexion/psc",
        f"/p/{scene.a.slug}",
        f"/p/{scene.a.slug}/connexion",
        "/connexion/psc/retour?state=a",
    ):
        with cut_at(scene, 1):
            answer = poste.get(path)
        assert answer.status_code == 503, path
        assert "ne répond pas" in answer.text
    with cut_at(scene, 1):
        assert poste.get("/sante").status_code == 503
    assert poste.get("/sante").status_code == 200


@pytest.mark.parametrize("left", [0, 1], ids=["none for the session", "none for the act"])
def test_more_requests_than_connections_are_told_that_the_service_is_busy(scene: Scene, left: int) -> None:
    """Whoever waits too long for a connection, before his session is read or after, reads it as any other failure."""
    poste, engine = scene.of(Role.MDT), scene.monde.runtime.engine
    pool: Any = engine.pool
    patience, pool._timeout = pool._timeout, 0.05
    taken = [engine.connect() for _ in range(pool.size() - left)]

    def take_the_last(*_: object, **__: object) -> None:
        taken.append(engine.connect())

    try:
        with request_started.connected_to(take_the_last) if left else nullcontext():
            told_unavailable(poste.get("/journee"))
    finally:
        pool._timeout = patience
        for connection in taken:
            connection.close()
    assert poste.get("/journee").status_code == 200


# ──── Traces


def writing(scene: Scene) -> list[Formulaire]:
    """Forms whose act leaves a trace of the SPST; what comes before a tenant is known is written in the technical journal."""
    views = scene.site.app.view_functions
    named = [form for form in FORMS.values() if getattr(views[form.endpoint], "policy_action", PUBLIC) != PUBLIC]
    return [*named, FORMS["connexion.choose"], FORMS["portail_connexion.logout"], WITHOUT_SCRIPT]


SEARCHES = {
    "recherche.keep",
    "comptes.search_comptes",
    "secteurs.search",
    "secteurs.choose",
    "secteurs.undo",
    "dossier.say",
    "cles.ask_creation",
    "cles.add",
    "cles.remove",
    "revues.sign",
}
"""They keep what was typed, and lead to the page that is traced; are refused as they stand, or
write in the technical journal."""


@pytest.mark.exigence("TRA-01", partielle="chaque route qui écrit ; les lectures sont comptées ailleurs")
@pytest.mark.exigence("TRA-02", partielle="une trace qui échoue annule l’acte")
def test_an_act_whose_trace_cannot_be_written_is_not_done(scene: Scene) -> None:
    for form in writing(scene):
        if form.endpoint in SEARCHES:
            continue
        _, act = asked(form, scene)
        before, sessions = content(scene.monde), live_sessions(scene)
        with disk_full(scene):
            answer = act()
        assert answer.status_code == 503, (form.endpoint, answer.status_code)
        assert content(scene.monde) == before, form.endpoint
        assert live_sessions(scene) == sessions, form.endpoint


def live_sessions(scene: Scene) -> int:
    with scene.monde.superuser.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM session WHERE tenant_id IS NOT NULL")).scalar_one())


def test_a_page_whose_trace_cannot_be_written_shows_nothing(scene: Scene) -> None:
    dossier_id = scene.a.zoe.dossier_id
    scene.forget_visits()
    visite_id = scene.visite()
    medecin, directrice, zoe = scene.of(Role.MDT), scene.of(Role.DIR), scene.of(Role.SAL)
    pages = [
        *((medecin, path) for path in (f"/dossiers/{dossier_id}", f"/dossiers/{dossier_id}/acces", "/journee")),
        *((medecin, path) for path in (f"/visites/{visite_id}", f"/dossiers/{dossier_id}/visites/nouvelle")),
        *(
            (directrice, f"/direction/{page}")
            for page in ("accueil", "comptes", "journal", "journal/export.csv", "politique")
        ),
        *(
            (zoe, f"/p/{scene.a.slug}/{page}")
            for page in ("accueil", "visites", "emplois", "identite", "acces", "droits")
        ),
    ]
    for poste, path in pages:
        assert poste.get(path).status_code == 200, path
        with disk_full(scene):
            answer = poste.get(path)
        assert answer.status_code == 503, path
        assert "ADRUN" not in answer.text.upper(), path
        assert "Prigent" not in answer.text


def test_a_refusal_that_cannot_be_written_is_still_a_refusal(scene: Scene) -> None:
    infirmier = scene.of(Role.INF)
    path = f"/dossiers/{scene.a.toussaint.dossier_id}"
    assert infirmier.get(path).status_code == 403
    with disk_full(scene):
        answer = infirmier.get(path)
    assert answer.status_code in {403, 503}
    assert "ADRTROIS" not in answer.text.upper()
