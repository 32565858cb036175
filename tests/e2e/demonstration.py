"""The product as a stranger meets it: `spst demo` on ports and a folder of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp

from tests.factories.attente import until

WORKERS = 24
READY_WITHIN_S = 180


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A demonstration that answers. `url`: of the site; `psc`, `fc`, `courriel`: origins of the stand-ins."""

    url: str
    psc: str
    fc: str
    courriel: str
    folder: Path
    said: str
    """What it printed while it started, accounts included."""
    given: dict[str, int] = field(default_factory=dict)
    """By account, the half-minute of the last code."""

    def account(self, role: str, spst: str) -> dict[str, Any]:
        accounts = json.loads((self.folder / "secrets" / "comptes.json").read_text(encoding="utf-8"))
        found: dict[str, Any] = next(a for a in accounts if role in a["role"] and spst in a["spst"])
        return found

    def code(self, account: dict[str, Any]) -> str:
        """A code opens one session: one that nobody was given yet. The site takes that of the next half-minute too."""
        totp, compte = pyotp.TOTP(account["totp"]), account["compte"]
        step = self.given[compte] = max(int(time.time()) // totp.interval, self.given.get(compte, 0) + 1)
        until(lambda: int(time.time()) // totp.interval >= step - 1, "the half-minute does not end", totp.interval + 1)
        return totp.generate_otp(step)


@contextmanager
def running(folder: Path) -> Iterator[Demonstration]:
    """Start it, wait for "Prêt", stop it as Ctrl-C would."""
    port = free_ports()
    environment = {**os.environ, "PORT": str(port), "SPST_DATA": str(folder), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "spst.cli", "demo", "--workers", str(WORKERS)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    listener = threading.Thread(target=process.stdout.read, daemon=True)
    try:
        said = _wait_until_ready(process)
        listener.start()
        url, psc, fc, courriel = (f"http://127.0.0.1:{port + rank}" for rank in range(4))
        yield Demonstration(url, psc, fc, courriel, folder, said)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        if listener.is_alive():
            listener.join()
        process.stdout.close()


def _wait_until_ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    watchdog = threading.Timer(READY_WITHIN_S, process.kill)
    watchdog.start()
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            watchdog.cancel()
            return "".join(lines)
    watchdog.cancel()
    raise AssertionError("la démonstration n’a pas démarré :\n" + "".join(lines[-40:]))


def free_ports(count: int = 5) -> int:
    """The first of `count` neighbouring ports that are free."""
    for _ in range(50):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = int(probe.getsockname()[1])
        if first + count < 65536 and all(_is_free(first + offset) for offset in range(count)):
            return first
    raise AssertionError("no neighbouring free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


FolderMaker = Callable[[], Path]
