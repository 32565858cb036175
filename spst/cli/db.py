"""`spst db`: the schema of a database."""

from pathlib import Path

import click
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory

import spst
from spst.cli.output import json_option, show
from spst.kernel.bootstrap import LOGIN_ROLES, Passwords, bootstrap
from spst.kernel.config import Environment

_MIGRATIONS = Path(spst.__file__).parents[1] / "migrations"


def migrate(owner_url: str) -> str:
    """Bring a database to the last schema, as `spst_owner`; returns its revision."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    command.upgrade(config, "head")
    return str(ScriptDirectory.from_config(config).get_current_head())


@click.group(help="Base de données.")
def db() -> None:
    pass


@db.command(help="Met la base au dernier schéma, par DATABASE_URL_OWNER.")
@json_option
def upgrade(as_json: bool) -> None:
    revision = migrate(Environment().text("DATABASE_URL_OWNER"))
    show({"revision": revision}, f"La base est au schéma {revision}.", as_json=as_json)


@db.command("bootstrap")
@json_option
def bootstrap_database(as_json: bool) -> None:
    """Crée les rôles, la base et la fonction de contexte. À refaire après un changement de mot de passe ou de clé.

    Lit DATABASE_URL_SUPERUSER (adresse libpq), DATABASE_NAME, DATABASE_PASSWORD_OWNER, _APP, _OPS et SPST_CONTEXT_KEY.
    """
    environment = Environment()
    name = environment.optional("DATABASE_NAME", "spst")
    passwords = Passwords(**{role: environment.text(f"DATABASE_PASSWORD_{role.upper()}") for role in LOGIN_ROLES})
    bootstrap(environment.text("DATABASE_URL_SUPERUSER"), name, passwords, environment.key("SPST_CONTEXT_KEY"))
    show({"base": name}, f"La base {name} et ses rôles sont prêts. Suite\u00a0: spst db upgrade", as_json=as_json)
