"""`spst demo` and its neighbours."""

from pathlib import Path
from pkgutil import resolve_name

import click

from spst.cli.demo.accounts import current_code, load_accounts, save_accounts
from spst.cli.demo.folder import DemoFolder, default_folder
from spst.cli.demo.supervisor import run
from spst.cli.output import json_option, show

_WORKERS = 300

data_option = click.option(
    "--data",
    envvar="SPST_DATA",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_folder,
    show_default="/var/lib/spst, ou ~/.local/share/spst sans droits d’administrateur",
    help="Dossier des données de la démonstration.",
)
workers_option = click.option(
    "--workers", type=click.IntRange(min=1), default=_WORKERS, show_default=True, help="Travailleurs fictifs par SPST."
)


@click.group(
    invoke_without_command=True, help="Lance la démonstration\u00a0: base, simulateurs, pages, travaux de fond."
)
@click.option("--port", envvar="PORT", type=click.IntRange(1024, 65531), default=8000, show_default=True)
@data_option
@workers_option
@click.option("--reset", envvar="RESET", is_flag=True, help="Repart de zéro.")
@click.pass_context
def demo(context: click.Context, port: int, data: Path, workers: int, reset: bool) -> None:
    if context.invoked_subcommand is None:
        run(DemoFolder(data), port=port, workers=workers, reset=reset)


@demo.command(help="Donne le code à usage unique d’un compte de démonstration.")
@click.argument("compte")
@data_option
@json_option
def totp(compte: str, data: Path, as_json: bool) -> None:
    code = current_code(load_accounts(DemoFolder(data)), compte)
    show({"compte": compte, "code": code}, code, as_json=as_json)


@demo.command(hidden=True, help="Remplit la base de la démonstration, une fois.")
@data_option
@workers_option
def fill(data: Path, workers: int) -> None:
    # By name: whoever fills the data imports every room, and only a filling pays for that.
    if accounts := resolve_name("spst.cli.peuplement:populate")(workers=workers):
        save_accounts(DemoFolder(data), accounts)


@demo.command(hidden=True, help="Donne des rendez-vous à la journée d’aujourd’hui, si elle n’en a pas.")
def refresh() -> None:
    resolve_name("spst.cli.peuplement:refresh")()
