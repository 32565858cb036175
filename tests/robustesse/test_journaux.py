"""What a day of work leaves in the logs and in the technical journal: ids and codes, nobody's trait, nothing typed."""

import logging
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import text

from spst.kernel.acteur import Role
from tests.factories.ecoute import Written, listening
from tests.robustesse.formulaires import WITHOUT_SCRIPT
from tests.robustesse.poste import Pairs, Poste
from tests.robustesse.scene import Scene
from tests.robustesse.tous import FORMS

CANARY = "Canari"
"""Stands in everything that is typed below."""
TRAITS = (
    "ADRUN",
    "Adrun",
    "ADRTROIS",
    "ARTAGNAN",
    "Zoe",
    "TOUSSAINT",
    "31/12/1975",
    "1975-12-31",
    "VASSEUR",
    "Prigent",
)
NIR = re.compile(r"(?<![0-9a-f])[12]\d{12}(\d{2})?(?![0-9a-f])")
TOKEN = re.compile(r"eyJ[\w-]{5,}|csrf|Bearer", re.I)
RAW_KEY = re.compile(r"(?<![\w-])[A-Za-z0-9_-]{43}(?![\w-])")
"""What stands in a session's cookie."""


@pytest.fixture
def written() -> Iterator[Written]:
    with listening() as heard:
        yield heard


def typed(values: dict[str, tuple[str, ...]], *, spoilt: bool) -> Pairs:
    """Right values, marked where a text may stand; spoilt, every field holds what no rule takes."""
    for name, (first, *_) in values.items():
        free = bool(first) and " " in first
        if spoilt:
            yield name, f"{CANARY} 2 99 12 99 999 999 42 {first}"
        else:
            yield name, f"{first} {CANARY}" if free and name not in {"mot_de_passe", "confirmation"} else first


@pytest.mark.exigence("TRA-02", partielle="ni trait, ni jeton, ni saisie dans traces, journaux et journal technique")
def test_a_day_of_work_tells_logs_and_traces_nothing_of_anybody(scene: Scene, written: Written) -> None:
    secrets = _work_all_day(scene)
    _asks_what_is_refused(scene)
    stored = [line for table in ("journal_technique", "compteur", "trace") for line in _stored(scene, table)]
    told = [*written.lines, *written.values, *stored]
    assert len(written.lines) > 150
    for line in told:
        for trait in (CANARY, CANARY.lower(), *TRAITS):
            assert trait not in line, (trait, line[:600])
        assert not NIR.search(line), line[:600]
        assert not TOKEN.search(line), line[:600]
        assert not RAW_KEY.search(line), line[:600]
        assert not any(secret in line for secret in secrets), line[:600]


def _work_all_day(scene: Scene) -> list[str]:
    """Every form, right then spoilt, and every page; the values that open something."""
    secrets: list[str] = []
    for form in (*FORMS.values(), WITHOUT_SCRIPT):
        for spoilt in (False, True):
            poste, path, right = form.arrange(scene)
            secrets += [poste.token, *_cookies(poste)]
            poste.post(path, list(typed(right, spoilt=spoilt)), **form.headers)
    for role in (Role.MDT, Role.INF, Role.ADM, Role.DIR, Role.SAL):
        poste = scene.of(role)
        for rule in scene.site.app.url_map.iter_rules():
            if "GET" in (rule.methods or set()) and "psc" not in rule.rule:
                poste.get(_address(scene, rule.rule) + f"?q={CANARY}&naissance=31121975&code={CANARY}&state={CANARY}")
    return [secret for secret in secrets if secret]


def _cookies(poste: Poste) -> list[str]:
    found = (poste.client.get_cookie(f"spst-{espace}-8000", domain="127.0.0.1") for espace in ("pro", "portail"))
    return [cookie.value for cookie in found if cookie is not None]


def _address(scene: Scene, rule: str) -> str:
    a = scene.a
    path = rule.replace("<uuid:dossier_id>", str(a.zoe.dossier_id)).replace("<slug>", a.slug)
    path = path.replace("<uuid:travailleur_id>", str(a.zoe.travailleur_id))
    return re.sub(r"<[^>]+>", lambda found: str(uuid4()) if "uuid" in found[0] else CANARY, path)


def _asks_what_is_refused(scene: Scene) -> None:
    """Refusals, forgeries, failures: what is logged the most."""
    poste = scene.of(Role.INF)
    poste.get(f"/dossiers/{scene.a.toussaint.dossier_id}")
    poste.get(f"/{CANARY}/ADRUN/299129999999942")
    poste.get(f"/journee?jour={CANARY}")
    poste.send("/recherche", f"q={CANARY}+ADRUN".encode(), "application/x-www-form-urlencoded")
    poste.send("/recherche", f"q={CANARY}%ff".encode(), "application/x-www-form-urlencoded")
    poste.post("/recherche", [("q", f"{CANARY}\x00")], Origin=f"https://{CANARY}.test")
    poste.get(
        "/journee", **{"User-Agent": f"{CANARY}\x1b[31m ADRUN", "X-Forwarded-For": CANARY, "Referer": f"/{CANARY}"}
    )
    cut = scene.of(Role.INF)
    assert cut.token
    with scene.monde.superuser.connect() as connection:
        kill = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'spst_app'"
        connection.execute(text(f"{kill} AND datname = current_database()"))
    assert cut.post("/recherche", [("q", f"{CANARY} ADRUN")]).status_code == 503
    assert cut.post("/recherche", [("q", f"{CANARY} ADRUN")]).status_code == 303


def _stored(scene: Scene, table: str) -> list[str]:
    with scene.monde.superuser.connect() as connection:
        return [str(line) for line in connection.execute(text(f"SELECT t::text FROM {table} t")).scalars()]


def test_a_line_feed_or_a_terminal_sign_makes_no_second_line(written: Written) -> None:
    forged = 'a\n{"niveau": "info", "message": "faux"}\r\x1b[2J\u2028'
    logging.getLogger("spst.web").warning("refused", extra={"endpoint": forged, "reason": forged})
    (line,) = written.lines
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
