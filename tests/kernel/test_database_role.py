"""The process refuses a database role that could get round row security."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine, text

from spst.kernel.database import RoleTooPowerful, open_engine
from tests.database import Database

pytestmark = pytest.mark.exigence("TEN-01")

RAISED = {
    "superutilisateur": ("ALTER ROLE spst_app SUPERUSER", "ALTER ROLE spst_app NOSUPERUSER"),
    "BYPASSRLS": ("ALTER ROLE spst_app BYPASSRLS", "ALTER ROLE spst_app NOBYPASSRLS"),
    "membre": ("GRANT essai_puissant TO spst_app", "REVOKE essai_puissant FROM spst_app"),
    "propriétaire": ("ALTER TABLE travailleur OWNER TO spst_app", "ALTER TABLE travailleur OWNER TO spst_owner"),
    "TRUNCATE": ("GRANT TRUNCATE ON travailleur TO spst_app", "REVOKE TRUNCATE ON travailleur FROM spst_app"),
}


@pytest.fixture
def superuser(database: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.superuser_conninfo, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS essai_puissant")
        connection.execute("CREATE ROLE essai_puissant BYPASSRLS")
        yield connection
        connection.execute("DROP ROLE essai_puissant")


def test_the_applications_own_role_is_accepted(database: Database) -> None:
    open_engine(database.app_url).dispose()


@pytest.mark.parametrize("reason", RAISED)
def test_a_role_that_is_too_powerful_stops_the_start(
    database: Database, superuser: psycopg.Connection, reason: str
) -> None:
    raise_it, lower_it = RAISED[reason]
    superuser.execute(raise_it)
    try:
        with pytest.raises(RoleTooPowerful, match=reason):
            open_engine(database.app_url)
    finally:
        superuser.execute(lower_it)


@pytest.mark.parametrize("role", ["owner_url", "superuser_url"])
def test_the_owner_and_the_superuser_do_not_serve_pages(database: Database, role: str) -> None:
    with pytest.raises(RoleTooPowerful):
        open_engine(getattr(database, role))


def test_the_owner_sees_no_row_either(database: Database) -> None:
    """FORCE: the migrations' role is under the same policies, and no policy opens to it."""
    engine = create_engine(database.owner_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM travailleur")).scalar_one() == 0
    engine.dispose()
