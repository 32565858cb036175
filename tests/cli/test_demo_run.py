"""The whole demonstration as its user meets it, from an empty folder to nothing running."""

import http.client
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psycopg
import pytest

from spst.cli.demo.folder import DATABASE, DemoFolder
from tests.e2e.demonstration import free_ports
from tests.scale import SCALE


class Demonstration:
    def __init__(self, folder: Path, port: int, *, reset: bool = False) -> None:
        self.folder, self.port = folder, port
        arguments = ["--port", str(port), "--data", str(folder), "--workers", "5", *(["--reset"] if reset else [])]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "spst.cli", "demo", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""

    @property
    def output(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def wait_ready(self) -> None:
        for line in self.output:
            self.said += line
            if line.startswith(f"Prêt : http://127.0.0.1:{self.port}"):
                return
        pytest.fail(self.said)

    def stop(self, signal_number: int = signal.SIGINT) -> int:
        self.process.send_signal(signal_number)
        return self.end()

    def end(self) -> int:
        """The exit code, once everything was said."""
        self.said += self.output.read()
        self.output.close()
        return self.process.wait(30)

    def descendants(self) -> list[int]:
        """Pids of the programs and of the database server."""
        lock = self.folder / "postgres" / "data" / "postmaster.pid"
        return [*children_of(self.process.pid), int(lock.read_text().splitlines()[0])]


def children_of(pid: int) -> list[int]:
    """Read off every process: the kernel's own list may miss some while others of them end."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # After the name in brackets, which may hold anything: state, then parent.
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(entry.parent.name))
    return sorted(found)


@contextmanager
def demonstration(folder: Path, port: int, *, reset: bool = False) -> Iterator[Demonstration]:
    started = Demonstration(folder, port, reset=reset)
    try:
        started.wait_ready()
        yield started
    finally:
        if started.process.poll() is None:
            started.stop()


@pytest.fixture
def port() -> int:
    return free_ports()


@pytest.fixture(scope="module")
def folder(reachable_dir: Callable[[], Path]) -> Path:
    """Filled by the first run, and found again by each of the others, however the one before ended."""
    return reachable_dir() / "demo"


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def workers(folder: Path) -> list[str]:
    with psycopg.connect(DemoFolder(folder).cluster.superuser_conninfo, dbname=DATABASE) as connection:
        return [str(row[0]) for row in connection.execute("SELECT id FROM travailleur ORDER BY id")]


def wait_all_gone(pidfds: list[int]) -> bool:
    remaining = list(pidfds)
    while remaining:
        ended = select.select(remaining, [], [], 15)[0]
        if not ended:
            return False
        remaining = [pidfd for pidfd in remaining if pidfd not in ended]
    return True


@pytest.fixture(scope="module")
def left(folder: Path) -> tuple[list[str], str]:
    """What the first run made, before a power cut: who was there, under which secrets."""
    port = free_ports()
    with demonstration(folder, port) as first:
        status, body = get(port, "/sante")
        assert (status, type(json.loads(body))) == (200, dict)
        assert "spst demo totp" in first.said
        seen = workers(folder)
        assert seen
        then_a_power_cut_stops_everything(first)
    return seen, DemoFolder(folder).accounts_file.read_text()


def then_it_stops_cleanly(started: Demonstration) -> None:
    running = [os.pidfd_open(pid) for pid in started.descendants()]
    assert len(running) == 6
    assert started.stop() == 0
    assert wait_all_gone(running)


def then_a_power_cut_stops_everything(started: Demonstration) -> None:
    """But the database, which the next run finds and takes over."""
    programs = [os.pidfd_open(pid) for pid in started.descendants()[:-1]]
    started.stop(signal.SIGKILL)
    assert wait_all_gone(programs)


def then_a_program_that_dies_is_named_and_stops_the_rest(started: Demonstration) -> None:
    running = [os.pidfd_open(pid) for pid in started.descendants()]
    os.kill(started.descendants()[0], signal.SIGKILL)
    assert started.end() == 1
    assert "psc" in started.said
    assert wait_all_gone(running)


def then_a_database_that_is_killed_is_named_and_stops_the_rest(started: Demonstration) -> None:
    *programs, database = started.descendants()
    running = [os.pidfd_open(pid) for pid in programs]
    os.kill(database, signal.SIGKILL)
    assert started.end() == 1
    assert "PostgreSQL" in started.said
    assert wait_all_gone(running)


ENDINGS = (
    (False, then_it_stops_cleanly),
    (False, then_a_database_that_is_killed_is_named_and_stops_the_rest),
    (True, then_a_program_that_dies_is_named_and_stops_the_rest),
)
"""`make test` sees the first; the parts of the others are seen by test_demo_folder and test_demo_children."""


@pytest.mark.exigence("OPS-01", partielle="l’installation sur une machine neuve est vérifiée par make run lui-même")
@pytest.mark.parametrize(("reset", "ending"), ENDINGS[: None if SCALE > 1 else 1])
def test_one_command_runs_it_and_finds_its_people_again_after_a_power_cut(
    folder: Path, port: int, left: tuple[list[str], str], reset: bool, ending: Callable[[Demonstration], None]
) -> None:
    """After a reset, the same people stand under new secrets."""
    seen, secret = left
    with demonstration(folder, port, reset=reset) as again:
        assert workers(folder) == seen
        assert (DemoFolder(folder).accounts_file.read_text() == secret) is not reset
        ending(again)
