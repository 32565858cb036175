"""What an attack of the whole product once reached, and must not reach again."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from marshmallow import ValidationError

from spst.web.fields import Form, Ligne
from tests.database import Database
from tests.factories.attente import until

_WORKER = """
import asyncio, sys
from procrastinate import App, PsycopgConnector
from spst.worker import work
def new_app():
    app = App(connector=PsycopgConnector(conninfo=sys.argv[1]))
    app.periodic(cron="7 3 1 1 *")(app.task(name="menage")(lambda timestamp: None))
    return app
asyncio.run(work(new_app, retry_s=0.2))
"""


class Nom(Form):
    nom = Ligne(required=True, maximum=100)


# ──── A person without a name, in the traces of whoever was read


@pytest.mark.parametrize("sign", ["\u200b", "\u2060", "\u00ad", "\u200f", "\u3164", "\u2800", "\U000e0041", "\u202e"])
def test_a_name_without_ink_is_no_name(sign: str) -> None:
    with pytest.raises(ValidationError):
        Nom().load({"nom": sign * 3})
    assert Nom().load({"nom": f"DU{sign}RAND"}) == {"nom": "DURAND"}


# ──── A place that no wall of the database divides


@pytest.mark.parametrize("role", ["app", "ops"])
def test_nothing_is_left_in_large_objects_for_another_spst(database: Database, role: str) -> None:
    url = getattr(database, f"{role}_url").replace("+psycopg", "", 1)
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT lo_from_bytea(0, 'un secret')")


# ──── The database goes away for an instant


@pytest.fixture
def worker(database: Database) -> Iterator[subprocess.Popen[bytes]]:
    url = database.app_url.replace("+psycopg", "", 1)
    process = subprocess.Popen([sys.executable, "-c", _WORKER, url], stderr=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


def test_worker_outlives_a_cut_of_the_database_and_still_stops_when_asked(
    database: Database, worker: subprocess.Popen[bytes]
) -> None:
    wait_listening(database)
    with closed(database), pytest.raises(subprocess.TimeoutExpired):
        worker.wait(1.5)
    wait_listening(database)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0


@contextlib.contextmanager
def closed(database: Database) -> Iterator[None]:
    """Nobody connects, and whoever was connected no longer is: what a restart of the server looks like from outside."""
    with psycopg.connect(database.superuser_conninfo, dbname="postgres", autocommit=True) as server:
        server.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database.name])
        try:
            yield
        finally:
            server.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true")


def wait_listening(database: Database) -> None:
    query = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = %s AND query LIKE 'LISTEN%%')"
    with psycopg.connect(database.superuser_conninfo, dbname="postgres", autocommit=True) as server:
        until(lambda: server.execute(query, [database.name]).fetchone() == (True,), "the worker does not listen")
