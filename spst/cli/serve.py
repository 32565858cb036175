"""`spst serve`: the web program, under gunicorn.

Synchronous workers: on CPython 3.11 threads halve the throughput of pages that read the database.
"""

import os
from typing import Any

import click
from gunicorn.app.base import BaseApplication
from gunicorn.util import import_app

_CORES = os.cpu_count() or 1


class _Server(BaseApplication):
    def __init__(self, settings: dict[str, object]) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Called in each worker: a process numbers its own traces, so nothing is shared by a fork."""
        return import_app("spst.app:create_app()")


@click.command(help="Sert les pages et l’interface de programmation.")
@click.option("--port", envvar="PORT", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Adresse d’écoute\u00a0; 0.0.0.0 en conteneur.")
@click.option(
    "--workers",
    type=click.IntRange(1, 2 * _CORES),
    default=min(_CORES + 1, 2 * _CORES),
    show_default=True,
    help="Processus, au plus deux par cœur.",
)
def serve(port: int, host: str, workers: int) -> None:
    settings: dict[str, object] = {
        "bind": f"{host}:{port}",
        "workers": workers,
        "worker_class": "sync",
        "max_requests": 5000,
        "max_requests_jitter": 500,
        "graceful_timeout": 10,
        "control_socket_disable": True,
        "errorlog": "-",
        "accesslog": None,
        "proc_name": "spst-web",
    }
    _Server(settings).run()
