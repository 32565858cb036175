"""`spst worker`: the program of background work."""

from pkgutil import resolve_name

import click


@click.command(help="Exécute les travaux de fond.")
def worker() -> None:
    # By name, as gunicorn takes the application: web, worker and command line stand side by side and import none other.
    resolve_name("spst.worker:main")()
