"""The programs of a demonstration: started together, watched, stopped together. None is restarted in silence."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from spst.cli.demo.folder import DemoRefused

_READY_S = 90
_STOP_S = 8
_LOOK_S = 0.5


class StopRequested(BaseException):
    """Ctrl-C or SIGTERM: not an error, and no handler of errors should see it."""


@dataclass(slots=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def end_of_log(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-1500:].strip()


class Children:
    """Every child is in a session of its own, so that Ctrl-C reaches the supervisor alone, which stops them in order."""

    def __init__(self, log: Callable[[str], Path]) -> None:
        self._log = log
        self._children: list[Child] = []

    def start(self, name: str, command: list[str], environment: Mapping[str, str], cwd: Path) -> Child:
        """The child also gets SIGTERM from the kernel when the supervisor is killed: no orphan keeps the ports."""
        log = self._log(name)
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *command],
                env=clean_environment(environment),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def wait_ready(self, child: Child, port: int, path: str) -> None:
        """Until GET answers 200. Raises: DemoRefused when the child dies first, or takes too long."""
        deadline = time.monotonic() + _READY_S
        while not _answers(port, path):
            if child.process.poll() is not None:
                raise DemoRefused(f"«\u00a0{child.name}\u00a0» s’est arrêté au démarrage.\n{child.end_of_log()}")
            if time.monotonic() > deadline:
                raise DemoRefused(f"«\u00a0{child.name}\u00a0» ne répond pas.\n{child.end_of_log()}")
            time.sleep(0.1)

    def watch(self, database_lives: Callable[[], bool] = lambda: True) -> NoReturn:
        """Wait for the first child that dies, or for the database, which is none of ours to wait for.

        Raises: DemoRefused naming it; StopRequested comes through.
        """
        while True:
            if not database_lives():
                raise DemoRefused("«\u00a0PostgreSQL\u00a0» s’est arrêté. Tout est arrêté.")
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if ended is None:
                time.sleep(_LOOK_S)
                continue
            for child in self._children:
                if child.process.pid == ended.si_pid:
                    raise DemoRefused(
                        f"«\u00a0{child.name}\u00a0» s’est arrêté (code {child.process.wait()}). Tout est arrêté.\n"
                        f"{child.end_of_log()}\nJournal\u00a0: {child.log}"
                    )
            os.waitpid(ended.si_pid, 0)

    def stop(self) -> None:
        """Ask all to stop in the order they were started, then wait; what does not stop in time is killed."""
        for child in self._children:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + _STOP_S
        for child in self._children:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Only what a program is told: the demonstration does not depend on who starts it, nor leak it."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONUNBUFFERED": "1", **environment}


def spst_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "spst.cli", *arguments]


def install_stop_handlers() -> None:
    """Explicit for SIGINT too: a shell that starts us in the background has it ignored."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)  # one request is enough: the stop itself is not to be cut short
        raise StopRequested

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
