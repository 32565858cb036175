"""Sessions and tokens that are not, or are no longer, those of the person who sends them; requests no browser would send."""

from collections.abc import Callable, Iterator
from itertools import cycle, islice

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from spst.kernel.acteur import Role
from spst.web.cookies import new_cookie_value
from spst.web.guards import PUBLIC
from spst.wiring.web import build_web
from tests.factories.site import ORIGIN, SCREEN, config_for
from tests.robustesse.base import content
from tests.robustesse.formulaires import Formulaire
from tests.robustesse.poste import FORM, Poste, encoded
from tests.robustesse.scene import Scene
from tests.robustesse.tous import FORMS
from tests.scale import SCALE

PRO, PORTAIL = "spst-pro-8000", "spst-portail-8000"


@pytest.fixture(autouse=True)
def _at_the_hour(scene: Scene) -> Iterator[None]:
    yield
    scene.site.clock.ahead *= 0


def value_of(poste: Poste, name: str = PRO) -> str:
    cookie = poste.client.get_cookie(name, domain="127.0.0.1")
    assert cookie is not None
    return cookie.value


def with_cookie(scene: Scene, name: str, value: str) -> Poste:
    client = scene.site.client()
    client.set_cookie(name, value, domain="127.0.0.1")
    return Poste(scene.site, client)


def forged(scene: Scene) -> Poste:
    return with_cookie(scene, PRO, new_cookie_value())


def truncated(scene: Scene) -> Poste:
    return with_cookie(scene, PRO, value_of(scene.of(Role.MDT))[:-1])


def altered(scene: Scene) -> Poste:
    value = value_of(scene.of(Role.MDT))
    return with_cookie(scene, PRO, ("A" if value[0] != "A" else "B") + value[1:])


def hash_itself(scene: Scene) -> Poste:
    """Whoever read the table has no cookie."""
    return with_cookie(scene, PRO, scene.session_of(scene.a.medecin)[:43])


def of_the_portal(scene: Scene) -> Poste:
    return with_cookie(scene, PRO, value_of(scene.of(Role.SAL), PORTAIL))


def of_another_port(scene: Scene) -> Poste:
    return with_cookie(scene, "spst-pro-8001", value_of(scene.of(Role.MDT)))


def of_another_name(scene: Scene) -> Poste:
    return with_cookie(scene, "__Host-spst-pro", value_of(scene.of(Role.MDT)))


def after_log_out(scene: Scene) -> Poste:
    poste = scene.of(Role.MDT)
    value = value_of(poste)
    assert poste.post("/deconnexion", [("portee", "application")]).status_code == 303
    return with_cookie(scene, PRO, value)


def idle(scene: Scene) -> Poste:
    poste = scene.of(Role.MDT)
    scene.site.clock.move(minutes=31)
    return poste


def too_old(scene: Scene) -> Poste:
    poste = scene.of(Role.MDT)
    scene.site.clock.move(hours=5)
    return poste


def of_another_browser(scene: Scene) -> Poste:
    poste = scene.of(Role.MDT)
    poste.client.environ_base["HTTP_USER_AGENT"] = "Un autre navigateur"
    return poste


def of_nobody(scene: Scene) -> Poste:
    return Poste(scene.site, scene.site.client())


WRONG = (
    forged, truncated, altered, hash_itself, of_the_portal, of_another_port, of_another_name, after_log_out, idle, too_old,
    of_nobody,
)  # fmt: skip


@pytest.mark.exigence("AUT-02", partielle="sessions fausses, coupées, finies, d’un autre espace")
@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_a_session_that_is_not_one_opens_no_page(scene: Scene, wrong: Callable[[Scene], Poste]) -> None:
    dossier_id = scene.a.zoe.dossier_id
    poste = wrong(scene)
    for path in (f"/dossiers/{dossier_id}", f"/dossiers/{dossier_id}/acces", "/journee", "/recherche", "/compte"):
        answer = poste.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith("/connexion"), path
        assert "ADRUN" not in answer.text
    fetched = poste.get(f"/dossiers/{dossier_id}", **{"X-Requested-With": "fetch"})
    assert (fetched.status_code, fetched.get_json()["code"]) == (401, 401)


def test_a_session_of_another_browser_is_refused_and_ends(scene: Scene) -> None:
    poste = scene.of(Role.MDT)
    assert poste.get("/compte").status_code == 200
    stolen = poste.client.get("/compte", base_url=ORIGIN, headers={"User-Agent": "Un autre navigateur"})
    assert stolen.status_code == 303
    assert poste.get("/compte").status_code == 303, "a session seen in two browsers is nobody's any more"


def test_a_session_of_the_staff_opens_nothing_of_the_portal(scene: Scene) -> None:
    poste = with_cookie(scene, PORTAIL, value_of(scene.of(Role.MDT)))
    for page in ("accueil", "visites", "identite", "acces"):
        assert poste.get(f"/p/{scene.a.slug}/{page}").status_code == 303


# ──── Forgeries


def refused_forms(scene: Scene) -> Iterator[tuple[Formulaire, Poste, str, list[tuple[str, str]]]]:
    for form in FORMS.values():
        poste, path, right = form.arrange(scene)
        view = scene.site.app.view_functions[form.endpoint]
        if not getattr(view, "from_servers", False):
            yield form, poste, path, [(name, values[0]) for name, values in right.items()]


@pytest.mark.exigence("AUT-02", partielle="jetons de formulaire")
def test_no_form_is_taken_without_its_token_or_from_elsewhere(scene: Scene) -> None:
    theirs = scene.of(Role.INF).token
    for form, poste, path, right in refused_forms(scene):
        own = poste.token
        before = content(scene.monde)
        sent: list[tuple[int, TestResponse]] = [
            (400, poste.send(path, encoded(right), FORM)),
            (400, poste.send(path, encoded([("csrf_token", ""), *right]), FORM)),
            (400, poste.send(path, encoded([("csrf_token", theirs), *right]), FORM)),
            (400, poste.send(path, encoded([("csrf_token", own[:-3]), *right]), FORM)),
            (400, poste.send(f"{path}?csrf_token={own}", encoded(right), FORM)),
            *(
                (403, poste.post(path, right, **{"Sec-Fetch-Site": site}))
                for site in ("cross-site", "same-site", "none", "x")
            ),
            *(
                (403, poste.post(path, right, Origin=origin))
                for origin in ("https://evil.test", "null", "http://127.0.0.1:8001")
            ),
        ]
        for status, answer in sent:
            assert answer.status_code == status, (form.endpoint, answer.status_code)
            assert 'lang="fr"' in answer.text or answer.is_json
        assert content(scene.monde) == before, form.endpoint


def test_token_of_a_session_that_ended_is_refused(scene: Scene) -> None:
    poste = scene.of(Role.MDT)
    old = poste.token
    scene.site.clock.move(minutes=31)
    path = f"/dossiers/{scene.a.zoe.dossier_id}/informations"
    answer = poste.send(path, encoded([("csrf_token", old), ("support", "remise")]), FORM)
    assert answer.status_code == 401
    assert "session" in answer.text


# ──── Methods, content types, headers, addresses


def test_a_method_that_a_route_does_not_know_is_refused_in_french(scene: Scene) -> None:
    poste = scene.of(Role.MDT)
    before = content(scene.monde)
    for rule in scene.site.app.url_map.iter_rules():
        path = _filled(scene, rule.rule)
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "ABSURDE"):
            answer = poste.open(method, path, headers={"X-CSRFToken": poste.token})
            assert answer.status_code in {400, 403, 404, 405}, (method, rule.rule)
            assert 'lang="fr"' in answer.text or answer.is_json, (method, rule.rule)
    assert content(scene.monde) == before


def test_head_says_what_get_says_and_options_opens_nothing(scene: Scene) -> None:
    poste = scene.of(Role.MDT)
    for rule in scene.site.app.url_map.iter_rules():
        path = _filled(scene, rule.rule)
        options = poste.open("OPTIONS", path)
        assert (options.status_code, options.data) == (200, b""), rule.rule
        if "GET" in (rule.methods or set()) and "/connexion" not in rule.rule:
            head = poste.open("HEAD", path)
            assert (head.status_code < 500, head.data) == (True, b""), rule.rule
            assert head.status_code == poste.get(path).status_code, rule.rule


def _filled(scene: Scene, rule: str) -> str:
    path = rule.replace("<uuid:dossier_id>", str(scene.a.zoe.dossier_id)).replace("<slug>", scene.a.slug)
    path = (
        path.replace("<path:filename>", "absent.css").replace("<path:reste>", "nulle-part").replace("<int:numero>", "0")
    )
    while "<uuid:" in path:
        start = path.index("<uuid:")
        path = path[:start] + "00000000-0000-7000-8000-000000000000" + path[path.index(">", start) + 1 :]
    return path


BODIES: tuple[tuple[str, bytes], ...] = (
    ("text/plain", b"texte=a"),
    ("application/xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    ("application/octet-stream", bytes(range(256))),
    ("application/json", b'{"texte": "a", "confirme": "oui"}'),
    ("application/json", b"[" * 2_000 + b"]" * 2_000),
    ("application/json", b"null"),
    ("application/json; charset=utf-16", '{"texte": "a"}'.encode("utf-16")),
    ("multipart/form-data", b"--x\r\n\r\n--x--"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=texte\r\n\r\nsans fin"),
    ("multipart/form-data; boundary=", b"----"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name=f; filename="../../a"\r\n\r\na\r\n--x--\r\n',
    ),
    ("multipart/form-data; boundary=" + "x" * 5_000, b"a"),
    ("application/x-www-form-urlencoded; charset=utf-7", b"inattendu=+ADw-script+AD4-"),
    ("application/x-www-form-urlencoded", b"%"),
    ("application/x-www-form-urlencoded", b"a=1&" * 20_000),
    ("application/x-www-form-urlencoded", b"&".join(b"c%d=1" % rank for rank in range(5_000))),
    ("é/ü", b"a"),
    ("", b"a=b"),
)
BODIES_EACH = min(5 * SCALE, len(BODIES))


def test_a_body_that_is_no_form_changes_nothing(scene: Scene) -> None:
    """Each form meets some of the bodies in turn, all of them in the long runs; one form meets the heaviest too."""
    turn = cycle([one for one in BODIES if len(one[1]) < 10_000])
    for form in FORMS.values():
        if form.endpoint in {"connexion_locale.check_password", "connexion_locale.choose_password"}:
            continue  # the cost of each is that of a password; their fields are those of the others
        poste, path, right = form.arrange(scene)
        if not right or form.endpoint in {"connexion.leave", "recherche.suggest"}:
            continue  # what is sent may be nothing
        token = poste.token
        before = content(scene.monde)
        for kind, body in BODIES if form.endpoint == "visites.complete" else islice(turn, BODIES_EACH):
            answer = poste.send(path, body, kind, **{"X-CSRFToken": token})
            assert answer.status_code < 500, (form.endpoint, kind, body[:40])
            assert answer.status_code >= 300, (form.endpoint, kind, body[:40])
        assert form.kept_apart or content(scene.monde) == before, form.endpoint


ABSURD = {
    "X-Forwarded-For": "unknown, 1.2.3.4:80, ::1%eth0, '; --",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Host": "evil.test",
    "X-Forwarded-Port": "-1",
    "X-Forwarded-Prefix": "/../..",
    "Forwarded": 'for="_hidden";proto=x;host=evil.test',
    "X-Real-IP": "a" * 3_000,
    "X-Original-URL": "/direction/accueil",
    "X-HTTP-Method-Override": "DELETE",
    "Accept": "*/*;q=abc, ;;;",
    "Accept-Language": "xx-" * 500,
    "Accept-Encoding": "bombe",
    "If-None-Match": '"' * 50,
    "If-Modified-Since": "hier",
    "Range": "bytes=9999999999999999999-",
    "Cookie": "; ; =; a; spst-pro-8000; spst-pro-8000=" + "x" * 4_000,
    "Content-Length": "0",
    "HX-Request": "peut-être",
    "X-Presence": "1",
    "Expect": "100-continue",
}


@pytest.mark.parametrize("name", sorted(ABSURD))
def test_absurd_headers_change_neither_the_answer_nor_where_it_sends(scene: Scene, name: str) -> None:
    poste = of_nobody(scene) if name == "Cookie" else scene.of(Role.MDT)
    for path in ("/", "/journee", "/connexion", "/connexion/locale", "/sante", "/static/absent.css", "/introuvable"):
        answer = poste.get(path, **{name: ABSURD[name]})
        assert answer.status_code < 500, path
        assert "evil.test" not in answer.text + str(answer.headers), path
        assert not answer.headers.get("Location", "/").startswith(("//", "http")), path


@pytest.mark.parametrize(
    "host", ["evil.test", "127.0.0.1:8000@evil.test", "a b", "hôte-é.test", "", "x" * 300, "[::1", "127.0.0.1:999999"]
)
def test_absurd_host_is_quoted_nowhere(scene: Scene, host: str) -> None:
    poste = scene.of(Role.MDT)
    for path in ("/", "/compte", "/connexion/psc/retour", "/introuvable", "/static//absent", "/dossiers//acces"):
        answer = poste.get(path, Host=host)
        assert answer.status_code < 500, (path, host)
        assert not host or host not in answer.text + str(answer.headers)


@pytest.fixture(scope="module")
def in_service(scene: Scene) -> Flask:
    """The same program behind a proxy that speaks TLS."""
    return build_web(config_for("http://127.0.0.1:9", public_url="https://dmst.test"), scene.monde.runtime)


@pytest.mark.parametrize(
    "address", ["unknown", "1.2.3.4:5678", "[2001:db8::1]:443", "fe80::1%eth0", "", "é", "1.2.3.4, x", "999.1.1.1"]
)
def test_proxy_that_names_no_address_stops_nobody(in_service: Flask, address: str) -> None:
    """What the proxy writes is not ours to choose; an attempt without a readable address is counted with the others."""
    headers = {**SCREEN, "X-Forwarded-For": address, "X-Forwarded-Proto": "https"}
    answer = in_service.test_client().get(
        "/connexion/franceconnect/retour", base_url="http://dmst.test", headers=headers
    )
    assert answer.status_code == 404


TRAVERSALS = (
    "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/%2e%2e%2fapp.py", "/static/..%252fapp.py",
    "/static/....//app.py", "/static/..\\app.py", "/static/..%5capp.py", "/static//etc/passwd", "/static/%2fetc%2fpasswd",
    "/static/dist/../../app.py", "/static/.", "/static/", "/static/%00", "/static/a%0d%0aSet-Cookie:%20a=b", "/static/~root",
    "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "///evil.test/", "/.git/config", "/.env",
    "/dossiers/..%2f..%2fdirection/accueil", "/dossiers/%252e%252e%252f", "/visites/%c0%ae%c0%ae/", "/p/../direction/accueil",
    "/p/..%2fdirection/accueil", "/p/coteaux/..%2f..%2fdirection%2faccueil", "/p/%2e%2e/accueil", "/connexion/../compte",
    "/connexion?suite=//evil.test", "/connexion?suite=/%5cevil.test", "/connexion?suite=https:evil.test", "/journee;a=b",
    "/journee%3fjour=x", "/journee/", "/journee%00", "/journee%ff", "/\u202egnol", "/é",
)  # fmt: skip


@pytest.mark.parametrize("path", TRAVERSALS)
def test_an_address_that_climbs_finds_nothing(scene: Scene, path: str) -> None:
    for poste in (scene.of(Role.MDT), of_nobody(scene)):
        answer = poste.get(path)
        assert answer.status_code in {200, 303, 308, 400, 403, 404, 405}, answer.text[:500]
        assert "make_app" not in answer.text
        assert "root:x:" not in answer.text
        assert "Set-Cookie: a=b" not in str(answer.headers)
        target = answer.headers.get("Location", "/")
        assert target.startswith("/"), target
        assert not target.startswith(("//", "/\\")), target
        if "direction" in path:
            assert answer.status_code != 200


@pytest.mark.parametrize(
    "path",
    [
        "/" + "a" * 60_000,
        "/recherche?page=" + "9" * 5_000,
        "/journee?" + "&".join(f"p{rank}={rank}" for rank in range(5_000)),
        "/journee?jour=" + "2026-11-22" * 5_000,
        "/direction/journal?" + "&".join("du=01/01/2026" for _ in range(2_000)),
        "/p/" + "a" * 60_000,
        "/p/coteaux/" + "a/" * 10_000,
        "/connexion?suite=/" + "é" * 10_000,
        "/connexion/psc/retour?state=" + "a" * 50_000 + "&code=" + "b" * 50_000,
        "/connexion/franceconnect/retour?state=é&code=" + "b" * 50_000,
        "/connexion/franceconnect/fin?state=" + "x" * 50_000,
        "/static/" + "a" * 5_000,
    ],
    ids=lambda path: path[:40],
)
def test_very_long_addresses_are_answered(scene: Scene, path: str) -> None:
    for poste in (scene.of(Role.MDT), scene.of(Role.DIR), of_nobody(scene)):
        answer = poste.get(path)
        assert answer.status_code < 500
        assert len(answer.data) < 2_000_000


def test_every_public_page_is_told_apart_from_the_closed_ones(scene: Scene) -> None:
    """Nobody reads what names an action; what is public is written here, so that one more is seen."""
    views = scene.site.app.view_functions
    public = {name for name, view in views.items() if getattr(view, "policy_action", None) == PUBLIC}
    assert {name.partition(".")[0] for name in public} == {
        "cles", "connexion", "connexion_ecps", "connexion_locale", "fournisseur", "portail", "portail_connexion",
        "portail_courriel", "presence", "sante",
    }  # fmt: skip
