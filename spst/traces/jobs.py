"""Housekeeping of the traces: partitions made ahead, the technical journal purged when its time is over."""

from datetime import timedelta

from sqlalchemy import delete, text

from spst.kernel.runtime import Runtime
from spst.traces.models import JournalTechnique

MONTHS_AHEAD = 24
JOURNAL_KEPT = timedelta(days=365)
"""CNIL, délibération 2021-122: six months to one year for logs without a documented need of internal control."""


def make_partitions(runtime: Runtime) -> int:
    """Monthly partitions of the traces, two years ahead; returns how many were made."""
    with runtime.engine.begin() as connection:
        return int(connection.execute(text("SELECT make_trace_partitions(:n)"), {"n": MONTHS_AHEAD}).scalar_one())


def purge_journal_technique(runtime: Runtime) -> int:
    """Lines older than a year are deleted; returns how many. The traces of dossiers are never concerned."""
    before = runtime.clock.now() - JOURNAL_KEPT
    with runtime.engine.begin() as connection:
        return connection.execute(delete(JournalTechnique).where(JournalTechnique.at < before)).rowcount
