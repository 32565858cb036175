"""The worker: the second program. It takes jobs from the queue until it is told to stop, and finishes the one it holds."""

from spst.kernel.config import Config
from spst.wiring.jobs import build_jobs
from spst.wiring.plugs import plug_rooms
from spst.wiring.runtime import build_runtime


def main() -> None:
    config = Config.from_environment()
    plug_rooms()
    app = build_jobs(build_runtime(config), config.libpq_url)
    app.run_worker(install_signal_handlers=True)
