"""Headers on every answer, forgeries, and input that no page of ours would send."""

import json
import logging
import re

import pytest
from flask.testing import FlaskClient

from spst.comptes.sessions import SessionsInDatabase
from spst.kernel.errors import ServiceUnavailable
from spst.web.logging import JsonFormatter
from spst.wiring.web import build_web
from tests.factories.site import ORIGIN, SCREEN, Site, config_for
from tests.web.conftest import ERRORS

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
PATHS = ("/", "/connexion", "/compte", "/sante", "/session", "/introuvable", "/static/absent.css", "/essai/dossier")


def paths(site: Site) -> list[tuple[str, str]]:
    """Every route that takes no argument, and every kind of error."""
    simple = {
        rule.rule for rule in site.app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())
    }
    return [("GET", path) for path in sorted(simple | set(PATHS))] + [
        *(("GET", f"/essai/erreur/{kind}") for kind in ERRORS),
        ("POST", "/connexion"),
        ("POST", "/deconnexion"),
        ("POST", "/essai/formulaire"),
        ("PUT", "/compte"),
        ("GET", "/compte?x=%00"),
        ("GET", "/compte?x=%ff"),
    ]


@pytest.mark.parametrize("inside", [False, True], ids=["nobody", "medecin"])
def test_every_answer_carries_every_header_errors_included(site: Site, inside: bool) -> None:
    for method, path in paths(site):
        client = site.at_work(site.monde.a.medecin) if inside else site.client()
        answer = client.open(path, method=method, base_url=ORIGIN, headers=SCREEN)
        for name, value in EXPECTED.items():
            assert answer.headers.get(name) == value, (method, path, name)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert f"form-action 'self' {site.psc.origin}" in policy, path
        if "/static/" not in path:
            assert answer.headers["Cache-Control"] == "no-store", path


def test_error_pages_tell_a_reference_and_no_stack(site: Site) -> None:
    page = site.get(site.client(), "/essai/erreur/ZeroDivisionError")
    assert page.status_code == 500
    assert "ZeroDivisionError" not in page.text
    assert "Traceback" not in page.text
    assert re.search(r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}", page.text)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("NotFound", 404),
        ("AccessDenied", 403),
        ("Conflict", 409),
        ("RuleViolation", 422),
        ("TooManyRequests", 429),
        ("ServiceUnavailable", 503),
        ("ZeroDivisionError", 500),
    ],
)
def test_error_is_a_page_a_fragment_or_json_as_it_was_asked(site: Site, kind: str, status: int) -> None:
    client, path = site.client(), f"/essai/erreur/{kind}"
    page = site.get(client, path)
    fragment = site.get(client, path, **{"HX-Request": "true"})
    program = site.get(client, path, Accept="application/json")
    assert (page.status_code, fragment.status_code, program.status_code) == (status, status, status)
    assert "<!doctype html>" in page.text
    assert "<!doctype html>" not in fragment.text
    assert set(program.get_json()) == {"erreur", "reference", "code"}
    assert page.headers.get("Retry-After") == {429: "60", 503: "5"}.get(status)


def test_error_met_by_nobody_opens_no_session(site: Site) -> None:
    before = len(site.sessions())
    assert "Set-Cookie" not in site.get(site.client(), "/introuvable").headers
    assert len(site.sessions()) == before


KEEPS_SOMETHING = {"/connexion/psc", "/p/<slug>/connexion", "/essai/message"}
"""A log-in that begins, until the provider sends the browser back (limited by address); and these tests' own message."""


def test_pages_asked_by_nobody_leave_nothing_in_the_database(site: Site) -> None:
    """Every public page, by a browser without a cookie, as a program that fills tables would ask for it."""
    asked, before = [], len(site.sessions())
    for rule in site.app.url_map.iter_rules():
        if rule.rule in KEEPS_SOMETHING or set(rule.arguments) - {"slug"} or "GET" not in (rule.methods or set()):
            continue
        path = rule.rule.replace("<slug>", site.monde.a.slug)
        asked.append(path)
        for _ in range(3):
            site.get(site.client(), path)
    assert {"/connexion", "/connexion/locale", "/inscription/mot-de-passe", f"/p/{site.monde.a.slug}"} <= set(asked)
    assert len(site.sessions()) == before


def test_form_of_nobody_is_bound_to_the_browser_that_was_given_it(site: Site) -> None:
    """No session holds its secret: the browser does, and a token signed over another one is refused."""
    mine, theirs, before = site.client(), site.client(), len(site.sessions())
    form, other = {"csrf_token": site.token(mine)}, {"csrf_token": site.token(theirs)}
    codes = [post_as_is(mine, form), post_as_is(mine, other), post_as_is(site.client(), form), post_as_is(mine, {})]
    assert codes == [200, 400, 400, 400]
    assert len(site.sessions()) == before


def test_form_of_nobody_stays_good_when_a_log_in_begins_in_another_window(site: Site) -> None:
    client = site.client()
    form = {"csrf_token": site.token(client)}
    site.get(client, "/connexion/psc")
    assert post_as_is(client, form) == 200


@pytest.mark.parametrize("value", ["", "x", "A" * 40, "a" * 41, "é"])
def test_secret_that_this_program_did_not_make_up_is_ignored(site: Site, value: str) -> None:
    client = site.client()
    client.set_cookie("spst-formulaire-8000", value, domain="127.0.0.1")
    assert post_as_is(client, {"csrf_token": site.token(client)}) == 200
    kept = client.get_cookie("spst-formulaire-8000", domain="127.0.0.1")
    assert kept is not None
    assert kept.value != value


def test_secret_of_the_forms_of_nobody_opens_no_form_of_a_session(site: Site) -> None:
    client = site.at_work(site.monde.a.medecin)
    stranger = site.client()
    form = {"csrf_token": site.token(stranger)}
    planted = stranger.get_cookie("spst-formulaire-8000", domain="127.0.0.1")
    assert planted is not None
    client.set_cookie("spst-formulaire-8000", planted.value, domain="127.0.0.1")
    assert post_as_is(client, form) == 400


def post_as_is(client: FlaskClient, form: dict[str, str]) -> int:
    return client.post("/essai/formulaire", base_url=ORIGIN, data=form, headers=SCREEN).status_code


def send(site: Site, client: FlaskClient, **headers: str) -> int:
    form = {"csrf_token": site.token(client), "a": "b"}
    return client.post("/essai/formulaire", base_url=ORIGIN, data=form, headers={**SCREEN, **headers}).status_code


def test_change_without_token_is_refused_on_every_route(site: Site) -> None:
    client = site.at_work(site.monde.a.medecin)
    for rule in site.app.url_map.iter_rules():
        if not (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"} or rule.arguments:
            continue
        if getattr(site.app.view_functions[rule.endpoint], "from_servers", False):
            continue
        answer = client.post(rule.rule, base_url=ORIGIN, data={"a": "b"}, headers=SCREEN)
        assert answer.status_code in {400, 303}, rule.rule
        if answer.status_code == 303:  # the portal's own routes: this professional has no session there
            assert rule.rule.startswith(("/p/", "/connexion/franceconnect")), rule.rule


def test_token_of_another_session_is_refused(site: Site) -> None:
    mine, theirs = site.at_work(site.monde.a.medecin), site.at_work(site.monde.a.infirmier)
    form = {"csrf_token": site.token(theirs)}
    assert mine.post("/essai/formulaire", base_url=ORIGIN, data=form, headers=SCREEN).status_code == 400


def test_change_asked_by_another_site_is_refused_even_with_its_token(site: Site) -> None:
    client = site.at_work(site.monde.a.medecin)
    assert send(site, client) == 200
    assert send(site, client, **{"Sec-Fetch-Site": "same-origin"}) == 200
    assert send(site, client, **{"Sec-Fetch-Site": "cross-site"}) == 403
    assert send(site, client, **{"Sec-Fetch-Site": "same-site"}) == 403
    assert send(site, client, Origin="https://evil.test") == 403
    assert send(site, client, Origin=ORIGIN) == 200


def test_expired_session_is_told_to_a_form_and_to_a_script_as_such(site: Site) -> None:
    answer = site.client().post(
        "/deconnexion", base_url=ORIGIN, data={}, headers={**SCREEN, "X-Requested-With": "fetch"}
    )
    assert (answer.status_code, answer.get_json()["erreur"]) == (
        401,
        "Votre session est fermée. Ouvrez-en une nouvelle.",
    )


@pytest.mark.parametrize("text", ["a\x00b", "\ufffd", "\x00"])
def test_form_with_a_nul_or_broken_utf8_is_plainly_refused(site: Site, text: str) -> None:
    client = site.at_work(site.monde.a.medecin)
    assert site.post(client, "/essai/formulaire", {"texte": text}).status_code == 400


def test_bytes_that_are_no_utf8_are_plainly_refused(site: Site) -> None:
    client = site.at_work(site.monde.a.medecin)
    body = f"csrf_token={site.token(client)}&texte=%ff%fe".encode()
    answer = client.post(
        "/essai/formulaire",
        base_url=ORIGIN,
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers=SCREEN,
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body", [b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', b'{"\\u0000": 1}', b"{", b"[" * 100_000, b'{"a": "\xff"}']
)
def test_json_that_postgresql_could_not_keep_is_plainly_refused(site: Site, body: bytes) -> None:
    client = site.at_work(site.monde.a.medecin)
    headers = {**SCREEN, "X-CSRF-Token": site.token(client)}
    answer = client.post(
        "/essai/formulaire", base_url=ORIGIN, data=body, content_type="application/json", headers=headers
    )
    assert (answer.status_code, answer.content_type) == (400, "application/json")


def test_accents_emoji_and_marks_of_direction_pass(site: Site) -> None:
    client = site.at_work(site.monde.a.medecin)
    text = "Zoé Œuvrard 👩‍⚕️ \u202eabc\u2066 ’ \u00a0!"
    assert site.post(client, "/essai/formulaire", {"texte": text}).get_json()["texte"] == text


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "application/json", "multipart/form-data"]
)
def test_ten_megabytes_are_refused_in_french(site: Site, content_type: str) -> None:
    client = site.at_work(site.monde.a.medecin)
    answer = client.post(
        "/essai/formulaire", base_url=ORIGIN, data=b"a" * 10_000_000, content_type=content_type, headers=SCREEN
    )
    assert answer.status_code == 413
    assert "trop long" in answer.text


def test_hundred_thousand_accented_signs_pass(site: Site) -> None:
    client = site.at_work(site.monde.a.medecin)
    assert site.post(client, "/essai/formulaire", {"texte": "é" * 100_000}).status_code == 200


def test_cookie_that_is_no_identifier_is_ignored(site: Site) -> None:
    for value in ("x", "a" * 43 + "!", "../../etc", "%00", "é"):
        client = site.client()
        client.set_cookie("spst-pro-8000", value, domain="127.0.0.1")
        assert site.get(client, "/compte").status_code == 303


def test_messages_are_shown_once_on_the_next_page(site: Site) -> None:
    client = site.at_work(site.monde.a.medecin)
    site.get(client, "/essai/message")
    first, second = site.get(client, "/compte").text, site.get(client, "/compte").text
    assert "C’est enregistré." in first
    assert "Rendez-vous déplacé." in first
    assert "C’est enregistré." not in second
    assert "Rendez-vous déplacé." not in second


def test_health_tells_the_base_without_session(site: Site) -> None:
    answer = site.get(site.client(), "/sante")
    assert answer.get_json() | {"version": ""} == {"statut": "ok", "base": True, "version": ""}
    assert "Set-Cookie" not in answer.headers


def test_log_line_of_an_error_quotes_nothing_that_it_says() -> None:
    try:
        raise ValueError("DUPONT 185126913812345")
    except ValueError as error:
        record = logging.LogRecord("spst.web", logging.ERROR, "f", 1, "unexpected", (), (type(error), error, None))
        record.nom = "DUPONT"
        line = JsonFormatter().format(record)
    assert "DUPONT" not in line
    assert json.loads(line)["erreur"]["type"] == "builtins.ValueError"


def test_cookie_in_service_is_secure_and_bound_to_the_host(site: Site) -> None:
    config = config_for(site.psc.url, public_url="https://dmst.test")
    app = build_web(config, site.monde.runtime)
    client = app.test_client()
    for path, cookie in (("/connexion", r"formulaire=[0-9a-f]{40}"), ("/connexion/psc", r"pro=[\w-]{43}")):
        answer = client.get(path, base_url="https://dmst.test", headers=SCREEN)
        assert re.fullmatch(
            rf"__Host-spst-{cookie}; Secure; HttpOnly; Path=/; SameSite=Lax", answer.headers["Set-Cookie"]
        )
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_flood_of_log_ins_is_slowed_down_and_says_when_to_come_back(site: Site) -> None:
    into_a_new_window = 301 - int(site.clock.now().timestamp()) % 300
    site.clock.move(seconds=into_a_new_window)
    answers = [site.get(site.client(), "/connexion/psc") for _ in range(61)]
    assert [answer.status_code for answer in answers[:60]] == [303] * 60
    assert answers[60].status_code == 429
    assert answers[60].headers["Retry-After"] == "300"
    site.clock.move(minutes=6)
    assert site.get(site.client(), "/connexion/psc").status_code == 303


def test_database_that_does_not_answer_logs_nobody_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = site.at_work(site.monde.a.medecin)

    def down(*_: object, **__: object) -> None:
        raise ServiceUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(SessionsInDatabase, "load", down)
        answer = site.get(client, "/compte")
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (503, False)
    assert site.get(client, "/compte").status_code == 200
