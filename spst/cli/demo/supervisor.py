"""From an empty folder to a running product, and back to nothing running."""

import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg

import spst
from spst.cli.demo.accounts import load_accounts, table
from spst.cli.demo.children import (
    Children,
    StopRequested,
    clean_environment,
    install_stop_handlers,
    spst_command,
)
from spst.cli.demo.folder import DATABASE, DemoFolder, DemoRefused
from spst.kernel.bootstrap import bootstrap
from spst.kernel.config import Environment

_REPOSITORY = Path(spst.__file__).parents[1]
_PSC_REALM = "/auth/realms/esante-wallet"
_FC_BASE = "/api/v2"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the programs answer: the site, the stand-ins of Pro Santé Connect and FranceConnect+, then the mailbox to read and
    the mail server that fills it."""

    port: int

    @property
    def ports(self) -> tuple[int, int, int, int, int]:
        return self.port, self.port + 1, self.port + 2, self.port + 3, self.port + 4

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def psc_issuer(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}{_PSC_REALM}"

    @property
    def fc_issuer(self) -> str:
        return f"http://127.0.0.1:{self.port + 2}{_FC_BASE}"

    @property
    def mailbox(self) -> str:
        return f"http://127.0.0.1:{self.port + 3}"

    @property
    def smtp_port(self) -> int:
        return self.port + 4


def run(folder: DemoFolder, *, port: int, workers: int, reset: bool) -> None:
    """Raises: DemoRefused with the remedy. Returns once Ctrl-C or SIGTERM has stopped everything."""
    addresses = Addresses(port)
    with folder.locked():
        _check_ports(addresses)
        install_stop_handlers()
        children = Children(folder.log)
        try:
            environment = _prepare(folder, addresses, workers=workers, reset=reset)
            _start(children, folder, addresses, environment)
            click.echo(table(load_accounts(folder), addresses.site))
            click.echo(f"\nE-mails envoyés\u00a0: {addresses.mailbox}")
            click.echo(f"Prêt : {addresses.site}\nCtrl-C arrête tout. Données\u00a0: {folder.root}")
            children.watch(lambda: folder.cluster.has_process)
        except StopRequested:
            click.echo("\nArrêt…")
        finally:
            children.stop()
            folder.cluster.stop()
    click.echo("Tout est arrêté.")


def _check_ports(addresses: Addresses) -> None:
    for port in addresses.ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise DemoRefused(
                    f"Le port {port} est déjà pris. La démonstration a besoin des ports {addresses.ports[0]} à "
                    f"{addresses.ports[-1]}\u00a0: fermez le programme qui l’occupe, ou choisissez "
                    f"d’autres ports, par exemple PORT={addresses.port + 100} make run"
                ) from error


def _prepare(folder: DemoFolder, addresses: Addresses, *, workers: int, reset: bool) -> dict[str, str]:
    """The database, up to date and filled; returns the configuration of the programs."""
    if reset or folder.is_half_filled:
        folder.reset()
    click.echo("Base de données…")
    folder.cluster.ensure()
    folder.cluster.start()
    environment = folder.environment() | product_settings(addresses)
    context_key = Environment(environment).key("SPST_CONTEXT_KEY")
    bootstrap(folder.cluster.superuser_conninfo, DATABASE, folder.passwords(), context_key)
    _run_step("schéma", folder, environment, "db", "upgrade")
    if not _has_tenant(folder):
        click.echo(f"Données de démonstration\u00a0: {workers} travailleurs par SPST…")
        with folder.filling():
            _run_step("remplissage", folder, environment, "demo", "fill", "--workers", str(workers), shown=True)
    else:
        _run_step("journée", folder, environment, "demo", "refresh")
    return environment


def product_settings(addresses: Addresses) -> dict[str, str]:
    return {
        "PORT": str(addresses.port),
        "PUBLIC_URL": addresses.site,
        "PSC_ISSUER": addresses.psc_issuer,
        "PSC_METADATA_URL": f"{addresses.psc_issuer}/.well-known/wallet-openid-configuration",
        "PSC_CLIENT_ID": "spst-demonstration",
        "FC_ISSUER": addresses.fc_issuer,
        "FC_METADATA_URL": f"{addresses.fc_issuer}/.well-known/openid-configuration",
        "FC_CLIENT_ID": "spst-demonstration",
        "SPST_SMTP_HOST": "127.0.0.1",
        "SPST_SMTP_PORT": str(addresses.smtp_port),
        "SPST_SMTP_SECURITY": "aucune",
        "SPST_SMTP_FROM": "ne-pas-repondre@demonstration.invalid",
    }


def _run_step(
    name: str, folder: DemoFolder, environment: Mapping[str, str], *arguments: str, shown: bool = False
) -> None:
    """A command of the product, as an operator would run it. `shown`: what it prints is for whoever waits.

    Raises: DemoRefused with what it said.
    """
    log = folder.log(name)
    with log.open("wb") as output:
        done = subprocess.run(
            spst_command(*arguments),
            env=clean_environment(environment),
            cwd=_REPOSITORY,
            stdout=None if shown else output,
            stderr=output,
            check=False,
        )
    if done.returncode != 0:
        end = log.read_text(encoding="utf-8", errors="replace")[-1500:].strip()
        raise DemoRefused(f"L’étape «\u00a0{name}\u00a0» a échoué.\n{end}\nJournal\u00a0: {log}")


def _has_tenant(folder: DemoFolder) -> bool:
    with psycopg.connect(folder.cluster.superuser_conninfo, dbname=DATABASE) as connection:
        row = connection.execute("SELECT EXISTS (SELECT FROM tenant)").fetchone()
    return row is not None and bool(row[0])


def _start(children: Children, folder: DemoFolder, addresses: Addresses, environment: Mapping[str, str]) -> None:
    click.echo("Simulateurs, pages et travaux de fond…")
    node = _node()
    psc = children.start("psc", [node, "psc/main.mjs"], _psc_settings(folder, addresses), _REPOSITORY / "simulators")
    fc = children.start(
        "franceconnect", [node, "franceconnect/main.mjs"], _fc_settings(folder, addresses), _REPOSITORY / "simulators"
    )
    mailbox = children.start(
        "courriel", [node, "courriel/main.mjs"], _mailbox_settings(addresses), _REPOSITORY / "simulators"
    )
    web = children.start("web", spst_command("serve", "--port", str(addresses.port)), environment, _REPOSITORY)
    children.start("worker", spst_command("worker"), environment, _REPOSITORY)
    children.wait_ready(psc, addresses.ports[1], f"{_PSC_REALM}/.well-known/wallet-openid-configuration")
    children.wait_ready(fc, addresses.ports[2], f"{_FC_BASE}/.well-known/openid-configuration")
    children.wait_ready(mailbox, addresses.ports[3], "/")
    children.wait_ready(web, addresses.port, "/sante")


def _psc_settings(folder: DemoFolder, addresses: Addresses) -> dict[str, str]:
    return {
        "PORT": str(addresses.ports[1]),
        "CLIENT_ID": "spst-demonstration",
        "CLIENT_SECRET": folder.secret("PSC_CLIENT_SECRET"),
        "REDIRECT_URIS": f"{addresses.site}/connexion/psc/retour",
        "POST_LOGOUT_REDIRECT_URIS": f"{addresses.site}/",
        "BACKCHANNEL_LOGOUT_URI": f"{addresses.site}/connexion/psc/fin-de-session",
    }


def _fc_settings(folder: DemoFolder, addresses: Addresses) -> dict[str, str]:
    return {
        "PORT": str(addresses.ports[2]),
        "CLIENT_ID": "spst-demonstration",
        "CLIENT_SECRET": folder.secret("FC_CLIENT_SECRET"),
        "REDIRECT_URIS": f"{addresses.site}/connexion/franceconnect/retour",
        "POST_LOGOUT_REDIRECT_URIS": f"{addresses.site}/connexion/franceconnect/fin",
    }


def _mailbox_settings(addresses: Addresses) -> dict[str, str]:
    return {"PORT": str(addresses.ports[3]), "SMTP_PORT": str(addresses.smtp_port)}


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise DemoRefused(
            "Node.js est introuvable. Installez le paquet «\u00a0nodejs\u00a0» (version 20), puis relancez."
        )
    if not (_REPOSITORY / "simulators" / "node_modules").exists():
        raise DemoRefused("Les simulateurs ne sont pas installés. Lancez\u00a0: make install")
    return node
