"""Pages over HTTP, beside their shells: the same gunicorn serves both, in turns."""

import hashlib
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote

from bench import actes
from bench.mesure import Act, Mesure, compare
from bench.montage import Terrain
from spst.comptes import sessions
from spst.web.cookies import hash_of, new_cookie_value
from spst.web.ports import Espace
from spst.web.sessions import Cookies

_AGENT = "spst-bench"
_READY_S = 30


def measures(terrain: Terrain) -> Iterator[Mesure]:
    with _server(terrain) as port:
        cookie = _log_in(terrain)

        def getting(path: Callable[[int], str]) -> Callable[[], Act]:
            return lambda: lambda n: _get(port, path(n), cookie)

        dossiers, names = terrain.dossiers, terrain.names
        yield compare(
            "page.consult",
            getting(lambda n: f"/dossiers/{dossiers[n % len(dossiers)]}"),
            getting(lambda n: f"/bench/dossiers/{dossiers[n % len(dossiers)]}"),
        )
        yield compare(
            "page.search",
            getting(lambda n: f"/recherche?q={quote(' '.join(names[n % len(names)]))}"),
            getting(lambda n: f"/bench/recherche?q={quote(' '.join(names[n % len(names)]))}"),
        )


def _get(port: int, path: str, cookie: str) -> None:
    """A connection each time: synchronous workers close theirs."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Cookie": cookie, "User-Agent": _AGENT})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != http.client.OK:
        raise RuntimeError(f"{path}: {response.status} {body[:200]!r}")


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
