"""The worker: the second program. It takes jobs from the queue until it is told to stop, and finishes the one it holds; beside
them, in a thread of its own, it seals the traces.

The queue's library ends its run without an error when the database goes away: it is started again until the database answers.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from procrastinate import App
from procrastinate.exceptions import ConnectorException

from spst.kernel.config import Config, SealConfig
from spst.kernel.runtime import Runtime
from spst.traces.scellement import keep_sealing
from spst.traces.tetes import Scelleur
from spst.wiring.jobs import Dehors, build_jobs
from spst.wiring.plugs import plug_rooms
from spst.wiring.runtime import build_horodateur, build_messagerie, build_runtime, build_scelleur

_log = logging.getLogger("spst.worker")
_RETRY_S = 5


def main() -> None:
    config = Config.from_environment()
    plug_rooms()
    seal = SealConfig.from_environment()
    runtime, scelleur = build_runtime(config), build_scelleur(seal)
    dehors = Dehors(scelleur, build_horodateur(seal), build_messagerie(config))
    with sealing(runtime, scelleur):
        asyncio.run(work(lambda: build_jobs(runtime, config, dehors)))


@contextmanager
def sealing(runtime: Runtime, scelleur: Scelleur) -> Iterator[None]:
    """Beside the jobs: their queue waits for whoever is slow, and a seal may not."""
    stop = threading.Event()
    thread = threading.Thread(target=keep_sealing, args=(runtime, scelleur, stop), name="scellement", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


async def work(new_app: Callable[[], App], retry_s: float = _RETRY_S) -> None:
    """Until SIGTERM or SIGINT, whatever happens to the database meanwhile."""
    asked = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, asked.set)
    while not asked.is_set():
        await _until_cut(new_app(), asked)
        if not asked.is_set():
            _log.warning("queue lost, starting again")
            with suppress(TimeoutError):
                await asyncio.wait_for(asked.wait(), retry_s)


async def _until_cut(app: App, asked: asyncio.Event) -> None:
    running, told = asyncio.create_task(_run(app)), asyncio.create_task(asked.wait())
    await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not running.done():
        running.cancel()
    with suppress(asyncio.CancelledError, ConnectorException):
        await running


async def _run(app: App) -> None:
    async with app.open_async():
        # What was done is in the log; kept, the work of each minute would be half a million rows a year.
        await app.run_worker_async(install_signal_handlers=False, delete_jobs="successful")
