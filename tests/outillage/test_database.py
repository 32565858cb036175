import psycopg

from tests.database import Database, Databases


def ask(url: str, statement: str) -> object:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_module_gets_every_role_on_a_migrated_database(database: Database) -> None:
    for role in ("app", "owner", "ops"):
        assert ask(getattr(database, f"{role}_url"), "SELECT current_user::text") == f"spst_{role}"
    assert ask(database.superuser_url, "SELECT count(*) FROM alembic_version") == 1


def test_what_one_database_holds_another_does_not(databases: Databases) -> None:
    with databases.clone() as first, databases.clone() as second:
        with psycopg.connect(first.superuser_conninfo) as connection:
            connection.execute("CREATE TABLE temoin ()")
        assert ask(first.superuser_url, "SELECT to_regclass('temoin')::text") == "temoin"
        assert ask(second.superuser_url, "SELECT to_regclass('temoin')::text") is None


def test_strangers_cannot_connect_to_a_clone(database: Database) -> None:
    acl = str(ask(database.superuser_url, "SELECT datacl::text FROM pg_database WHERE datname = current_database()"))
    assert "{=" not in acl
    assert ",=" not in acl
