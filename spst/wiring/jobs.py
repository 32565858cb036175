"""The job queue: which work runs when. Its tables stand in the same database, so that a job commits with what caused it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from procrastinate import App, PsycopgConnector

from spst.comptes import inusage, limites, sessions
from spst.journal import reidentification, surveillance
from spst.journal.surveillance import Memoire
from spst.kernel.config import Config
from spst.kernel.jobs import QUEUE
from spst.kernel.runtime import Runtime
from spst.portail import courriel_jobs, courriels
from spst.portail.ports_courriel import Messagerie
from spst.traces import destruction, horodatage, verification
from spst.traces import jobs as traces
from spst.traces.ports import Horodateur
from spst.traces.tetes import Scelleur

_log = logging.getLogger("spst.worker")


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
    Periodic("portail.forget_courriels", "47 3 * * *", courriel_jobs.forget_courriels),
    Periodic("journal.purge_reidentifications", "47 2 * * *", reidentification.purge),
    Periodic("traces.make_partitions", "17 3 * * *", traces.make_partitions),
    Periodic("traces.purge_journal_technique", "27 3 * * *", traces.purge_journal_technique),
)


@dataclass(frozen=True, slots=True)
class Dehors:
    """What jobs reach outside of this program, each None where this deployment has none."""

    scelleur: Scelleur | None = None
    horodateur: Horodateur | None = None
    messagerie: Messagerie | None = None


def build_jobs(runtime: Runtime, config: Config, dehors: Dehors) -> App:
    app = App(connector=PsycopgConnector(conninfo=config.libpq_url))
    reaching_out = (
        *_checking(dehors.scelleur),
        *_stamping(dehors.horodateur),
        *_mailing(dehors.messagerie, config.public_url),
    )
    for work in (*HOUSEKEEPING, *reaching_out):
        task = app.task(name=work.name, queue=QUEUE, queueing_lock=work.name)(_logged(work, runtime))
        app.periodic(cron=work.cron)(task)
    return app


def _checking(scelleur: Scelleur | None) -> tuple[Periodic, ...]:
    if scelleur is None:
        return ()
    return (
        Periodic("traces.tell_due", "37 0 * * *", partial(destruction.tell_due, scelleur=scelleur)),
        Periodic("traces.verify_all", "7 1 * * *", partial(verification.verify_all, scelleur=scelleur)),
    )


def _stamping(horodateur: Horodateur | None) -> tuple[Periodic, ...]:
    if horodateur is None:
        return ()
    return (Periodic("traces.stamp_heads", "47 * * * *", partial(horodatage.stamp_heads, horodateur=horodateur)),)


def _mailing(messagerie: Messagerie | None, public_url: str) -> tuple[Periodic, ...]:
    """Each minute: who asks for a code waits for it, though the commit of the asking wakes this work by itself."""
    if messagerie is None:
        return ()
    send = partial(courriel_jobs.send_courriels, messagerie=messagerie, public_url=public_url)
    return (Periodic(courriels.TASK, "* * * * *", send),)


def _logged(work: Periodic, runtime: Runtime) -> Callable[[int], None]:
    def run(timestamp: int) -> None:
        """`timestamp`: when the work was due, Unix seconds; procrastinate gives it to periodic tasks."""
        _log.info("job", extra={"job": work.name, "done": work.run(runtime), "due": timestamp})

    return run
