"""`spst db`: an operator brings an empty server to a running schema with two commands."""

import base64
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from psycopg.rows import dict_row

from spst.adapters.cles.fichier import FileKeyStore
from spst.comptes.local_queries import SCEAU
from spst.kernel.cluster import Cluster
from spst.kernel.crypto.keyring import Keyring
from spst.kernel.ids import new_id
from tests.database import Database, Databases

pytestmark = pytest.mark.exigence("OPS-02", partielle="la préparation de la base; l’image et la surveillance restent")


def spst(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "spst.cli", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_empty_server_is_ready_after_bootstrap_and_upgrade(cluster: Cluster) -> None:
    passwords = {role: secrets.token_hex(8) for role in ("OWNER", "APP", "OPS")}
    environment = {
        "DATABASE_URL_SUPERUSER": cluster.superuser_conninfo,
        "DATABASE_NAME": "exploitation",
        "SPST_CONTEXT_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        **{f"DATABASE_PASSWORD_{role}": value for role, value in passwords.items()},
    }
    with psycopg.connect(cluster.superuser_conninfo) as connection:
        known = connection.execute("SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'spst_%'").fetchall()
    try:
        for _ in range(2):
            done = spst(environment, "db", "bootstrap", "--json")
            assert (done.returncode, json.loads(done.stdout)) == (0, {"base": "exploitation"}), done.stderr
        owner = cluster.url("spst_owner", passwords["OWNER"], "exploitation")
        done = spst({"DATABASE_URL_OWNER": owner}, "db", "upgrade", "--json")
        assert done.returncode == 0, done.stderr
        app = cluster.url("spst_app", passwords["APP"], "exploitation").replace("+psycopg", "")
        with psycopg.connect(app) as connection:
            assert connection.execute("SELECT count(*) FROM type_visite").fetchone() == (28,)
    finally:
        with psycopg.connect(cluster.superuser_conninfo, autocommit=True) as connection:
            for role, password in known:
                if password:
                    connection.execute(f"ALTER ROLE {role} PASSWORD '{password}'")


def test_a_missing_secret_stops_with_its_name(cluster: Cluster) -> None:
    done = spst({"DATABASE_URL_SUPERUSER": cluster.superuser_conninfo}, "db", "bootstrap")
    assert done.returncode != 0
    assert "DATABASE_PASSWORD_OWNER" in done.stderr
    assert "Traceback" not in done.stderr


def at_revision(database: Database, revision: str) -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", "migrations")
    config.set_main_option("sqlalchemy.url", database.owner_url.replace("%", "%%"))
    command.upgrade(config, revision)


@pytest.mark.exigence("AUT-02")
def test_authenticators_of_before_the_seal_are_sealed_as_they_stand(databases: Databases, tmp_path: Path) -> None:
    """Nobody enrols again; without the root key the upgrade stops before it changed anything, and names it."""
    root_key, identite_id = secrets.token_bytes(32), new_id()
    with databases.empty() as database:
        at_revision(database, "0019")
        with psycopg.connect(database.superuser_conninfo) as connection:
            connection.execute(
                "INSERT INTO identite_electronique (id, iss, sub) VALUES (%s, 'urn:test', 'anne')", [identite_id]
            )
            connection.execute(
                "INSERT INTO authentificateur (identite_id, mot_de_passe, totp_sealed, totp_confirmed_at,"
                " totp_last_step, codes_secours) VALUES (%s, 'haché', '\\x00ff', now(), 58000000, ARRAY['a', 'b'])",
                [identite_id],
            )
        without = spst({"DATABASE_URL_OWNER": database.owner_url}, "db", "upgrade")
        assert (without.returncode, "SPST_ROOT_KEY" in without.stderr, "Traceback" in without.stderr) == (
            1,
            True,
            False,
        )
        key = base64.urlsafe_b64encode(root_key).decode()
        done = spst({"DATABASE_URL_OWNER": database.owner_url, "SPST_ROOT_KEY": key}, "db", "upgrade")
        assert done.returncode == 0, done.stderr
        with psycopg.connect(database.superuser_conninfo, row_factory=dict_row) as connection:
            row = connection.execute("SELECT * FROM authentificateur").fetchone()
    assert row is not None
    assert row["mot_de_passe"] == "haché"
    assert SCEAU.holds(Keyring(root_key, FileKeyStore(tmp_path / "cles.sqlite")), row)
