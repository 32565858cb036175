"""Starts a simulator as a child process and talks to its admin door."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import requests

SIMULATORS = Path(__file__).resolve().parents[2] / "simulators"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0


class SimulatorError(RuntimeError):
    """The simulator did not start, or its admin door refused the verb."""


@dataclass(frozen=True)
class Simulator:
    """A running stand-in; `url` is its issuer."""

    name: str
    port: int
    url: str
    _process: subprocess.Popen[str]
    _errors: IO[str]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def admin(self, verb: str, **options: Any) -> dict[str, Any]:
        """Runs one verb of the admin door (simulators/README.md lists them)."""
        answer = requests.post(f"{self.origin}/admin/{verb}", json=options, timeout=10)
        body: dict[str, Any] = answer.json()
        if not answer.ok:
            raise SimulatorError(f"{self.name} {verb}: {body['error']}")
        return body

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                stream.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(name: str, port: int | None = None, env: Mapping[str, str] | None = None) -> Simulator:
    """Starts `simulators/<name>/main.mjs` and returns when it listens; without a port, on a free one."""
    chosen = port or free_port()
    errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by stop
    # STOP_WITH_STDIN: the child leaves when this process dies, whatever the way.
    child_env = {"PATH": os.environ["PATH"], "PORT": str(chosen), "STOP_WITH_STDIN": "1", **(env or {})}
    process = subprocess.Popen(
        ["node", str(SIMULATORS / name / "main.mjs")],
        env=child_env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
    )
    url = _wait_until_ready(name, process)
    simulator = Simulator(name, chosen, url, process, errors)
    if not url:
        errors.seek(0)
        said = errors.read()
        simulator.stop()
        raise SimulatorError(f"{name} did not start: {said}")
    return simulator


def _wait_until_ready(name: str, process: subprocess.Popen[str]) -> str:
    """The issuer announced by the ready line, or nothing when the program ended or was too slow."""
    assert process.stdout is not None
    guard = threading.Timer(START_TIMEOUT_S, process.kill)
    guard.start()
    try:
        line = process.stdout.readline()
    finally:
        guard.cancel()
    announced = line.strip().removeprefix(f"{name}: prêt ")
    return announced if announced != line.strip() else ""
