"""Pages over HTTP, beside their shells: the same gunicorn serves both, in turns."""

import hashlib
import http.client
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

from bench import actes
from bench.mesure import Act, Mesure, compare
from bench.montage import Terrain
from spst.comptes import sessions
from spst.web.cookies import hash_of, new_cookie_value
from spst.web.ports import Espace
from spst.web.sessions import Cookies

_AGENT = "spst-bench"
_READY_S = 30
_SEARCHES = 16
"""A session keeps no more than twenty."""


def measures(terrain: Terrain) -> Iterator[Mesure]:
    with _server(terrain) as port:
        cookie = _log_in(terrain)
        asked = _remembered(port, cookie, [" ".join(name) for name in terrain.names[:_SEARCHES]])

        def getting(path: Callable[[int], str]) -> Callable[[], Act]:
            return lambda: lambda n: _get(port, path(n), cookie)

        dossiers = terrain.dossiers
        yield compare(
            "page.consult",
            getting(lambda n: f"/dossiers/{dossiers[n % len(dossiers)]}"),
            getting(lambda n: f"/bench/dossiers/{dossiers[n % len(dossiers)]}"),
        )
        yield compare(
            "page.search",
            getting(lambda n: f"/recherche?{asked[n % len(asked)]}"),
            getting(lambda n: f"/bench/recherche?{asked[n % len(asked)]}"),
        )


def _remembered(port: int, cookie: str, queries: list[str]) -> list[str]:
    """Searches as the form posts them, by what the site calls each in addresses; the shell is told the words too."""
    form = _send(port, "GET", "/recherche", cookie)[1]
    token = re.search(r'name="csrf_token" value="([^"]+)"', form.decode())
    assert token is not None
    found = []
    for query in queries:
        body = urlencode({"csrf_token": token[1], "q": query, "naissance": ""})
        location = _send(port, "POST", "/recherche", cookie, body)[2]
        found.append(f"{urlsplit(location).query}&q={quote(query)}")
    return found


def _get(port: int, path: str, cookie: str) -> None:
    status, body, _ = _send(port, "GET", path, cookie)
    if status != http.client.OK:
        raise RuntimeError(f"{path}: {status} {body[:200]!r}")


def _send(port: int, method: str, path: str, cookie: str, body: str | None = None) -> tuple[int, bytes, str]:
    """A connection each time: synchronous workers close theirs. Returns status, body and where it redirects."""
    headers = {"Cookie": cookie, "User-Agent": _AGENT}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read(), response.headers.get("Location", "")


def _log_in(terrain: Terrain) -> str:
    """A session as a log-in would leave it."""
    runtime, value = terrain.runtime(), new_cookie_value()
    values = {
        "id_hash": hash_of(value),
        "acteur_id": terrain.medecin.id,
        "role": str(terrain.medecin.role),
        "facteurs": 2,
        "auth_at": datetime.now(UTC),
        "agent_hash": hashlib.sha256(_AGENT.encode()).hexdigest(),
    }
    actes.in_work(terrain, runtime, lambda ctx: sessions.add(ctx, Espace.PRO, **values))
    runtime.engine.dispose()
    return f"{Cookies.of(terrain.config).name(Espace.PRO)}={value}"


@contextmanager
def _server(terrain: Terrain) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "-w", "2", "-b", f"127.0.0.1:{port}", "--log-level", "error"]
    process = subprocess.Popen(
        [*command, "bench.coquille:create_app()"], env={**terrain.environment, "PATH": "/usr/bin:/bin"}
    )
    try:
        _wait(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _get(port, "/sante", "")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("the site did not start")
