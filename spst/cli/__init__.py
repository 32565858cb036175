"""`spst`, the command line: exit 0 done, 1 refused or failed, 2 wrong use. `--json` on all that print facts."""

import sys

import click

from spst.cli import db, policy, serve, tenant, traces, worker
from spst.cli.demo import commands as demonstration
from spst.cli.demo.folder import DemoRefused
from spst.kernel.cluster import ClusterError
from spst.kernel.config import ConfigurationMissing
from spst.kernel.database import RoleTooPowerful
from spst.kernel.errors import SpstError


@click.group(help="Dossier médical en santé au travail : exploitation et démonstration.")
def cli() -> None:
    pass


cli.add_command(db.db)
cli.add_command(policy.policy)
cli.add_command(serve.serve)
cli.add_command(tenant.tenant)
cli.add_command(traces.traces)
cli.add_command(worker.worker)
cli.add_command(demonstration.demo)


def main() -> None:
    """A refusal is told in one sentence; anything unforeseen keeps its traceback, for whoever mends it."""
    try:
        cli()
    except (SpstError, ConfigurationMissing, RoleTooPowerful, ClusterError, DemoRefused) as refusal:
        click.echo(f"Refusé\u00a0: {refusal}", err=True)
        sys.exit(1)
