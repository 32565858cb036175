"""Housekeeping of the traces: partitions made ahead, the technical journal purged when its time is over."""

from sqlalchemy import text

from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.traces.services import add_technical

MONTHS_AHEAD = 24
_PURGE = text("SELECT lignes, avant, plus_ancienne, plus_recente FROM purge_journal_technique()")


def make_partitions(runtime: Runtime) -> int:
    """Monthly partitions of the traces, two years ahead; returns how many were made."""
    with runtime.engine.begin() as connection:
        return int(connection.execute(text("SELECT make_trace_partitions(:n)"), {"n": MONTHS_AHEAD}).scalar_one())


def purge_journal_technique(runtime: Runtime) -> int:
    """Lines past the rule in force are deleted; returns how many. A line of the same transaction tells what left.

    The rule is a dated row (`RegleConservation`: twelve months, CNIL 2021-122), and the clock that of the database. The traces of
    dossiers are never concerned.
    """
    with runtime.engine.begin() as connection:
        done = connection.execute(_PURGE).one()
        if done.lignes:
            faits = {name: getattr(done, name).isoformat() for name in ("avant", "plus_ancienne", "plus_recente")}
            told = {"lignes": done.lignes, **faits}
            add_technical(connection, runtime.clock, "traces.journal_technique_purge", 1, told, new_id())
        return int(done.lignes)
