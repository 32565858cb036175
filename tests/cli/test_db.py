"""`spst db`: an operator brings an empty server to a running schema with two commands."""

import base64
import json
import os
import secrets
import subprocess
import sys

import psycopg
import pytest

from spst.kernel.cluster import Cluster

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
