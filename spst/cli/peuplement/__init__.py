"""Demonstration data: two SPSTs with their staff, the INSi test series, invented workers with ten years of follow-up.

Everybody is invented or belongs to a public test series. The same seed and number give the same people and the same ids.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from spst.cli.demo.accounts import CompteDemonstration
from spst.cli.peuplement.remplissage import Peuplement
from spst.kernel.config import Config, Environment
from spst.wiring.plugs import plug_rooms
from spst.wiring.runtime import build_runtime

_QUIET_S = 2.0
_EVERY_S = 1.0


def populate(*, workers: int) -> list[CompteDemonstration]:
    """Fill the database of the environment; returns the accounts, none when it was filled already."""
    with _peuplement() as peuplement:
        return peuplement.fill(workers)


def refresh() -> int:
    """Agendas for today, where today has none; returns in how many SPSTs some were made."""
    with _peuplement() as peuplement:
        return peuplement.refresh()


@contextmanager
def _peuplement() -> Iterator[Peuplement]:
    plug_rooms()
    config = Config.from_environment()
    ops, owner = (libpq(Environment().text(f"DATABASE_URL_{role}")) for role in ("OPS", "OWNER"))
    runtime = build_runtime(config)
    try:
        yield Peuplement(runtime, ops, owner, config.psc.issuer, Narrator())
    finally:
        runtime.engine.dispose()


def libpq(url: str) -> str:
    """SQLAlchemy's address, for psycopg itself."""
    return url.replace("+psycopg", "", 1)


class Narrator:
    """Says how far the loading is, once it has lasted long enough for somebody to wonder."""

    def __init__(self) -> None:
        self._started = self._last = time.monotonic()

    def __call__(self, spst: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._started < _QUIET_S or (now - self._last < _EVERY_S and done < total):
            return
        self._last = now
        sys.stdout.write(f"  {spst}\u00a0: {done} travailleurs sur {total}\n")
        sys.stdout.flush()
