"""The job queue: which work runs when. Its tables stand in the same database, so that a job commits with what caused it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from procrastinate import App, PsycopgConnector

from spst.comptes import inusage, limites, sessions
from spst.journal import surveillance
from spst.journal.surveillance import Memoire
from spst.kernel.runtime import Runtime
from spst.traces import horodatage, verification
from spst.traces import jobs as traces
from spst.traces.ports import Horodateur
from spst.traces.tetes import Scelleur

_log = logging.getLogger("spst.worker")
QUEUE = "menage"


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work that comes back, with the number of things done as its only result. `cron`: UTC."""

    name: str
    cron: str
    run: Callable[[Runtime], int]


HOUSEKEEPING = (
    Periodic("comptes.purge_sessions", "*/10 * * * *", sessions.purge),
    Periodic("comptes.purge_compteurs", "7 3 * * *", limites.purge),
    Periodic("comptes.suspend_unused", "37 2 * * *", inusage.suspend_unused),
    Periodic("journal.watch", "*/2 * * * *", partial(surveillance.watch, memoire=Memoire())),
    Periodic("traces.make_partitions", "17 3 * * *", traces.make_partitions),
    Periodic("traces.purge_journal_technique", "27 3 * * *", traces.purge_journal_technique),
)


def build_jobs(
    runtime: Runtime, conninfo: str, scelleur: Scelleur | None = None, horodateur: Horodateur | None = None
) -> App:
    """`conninfo`: libpq, the application's own role."""
    app = App(connector=PsycopgConnector(conninfo=conninfo))
    for work in (*HOUSEKEEPING, *_checking(scelleur), *_stamping(horodateur)):
        task = app.task(name=work.name, queue=QUEUE, queueing_lock=work.name)(_logged(work, runtime))
        app.periodic(cron=work.cron)(task)
    return app


def _checking(scelleur: Scelleur | None) -> tuple[Periodic, ...]:
    if scelleur is None:
        return ()
    return (Periodic("traces.verify_all", "7 1 * * *", partial(verification.verify_all, scelleur=scelleur)),)


def _stamping(horodateur: Horodateur | None) -> tuple[Periodic, ...]:
    if horodateur is None:
        return ()
    return (Periodic("traces.stamp_heads", "47 * * * *", partial(horodatage.stamp_heads, horodateur=horodateur)),)


def _logged(work: Periodic, runtime: Runtime) -> Callable[[int], None]:
    def run(timestamp: int) -> None:
        """`timestamp`: when the work was due, Unix seconds; procrastinate gives it to periodic tasks."""
        _log.info("job", extra={"job": work.name, "done": work.run(runtime), "due": timestamp})

    return run
