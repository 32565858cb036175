import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from spst.kernel.cluster import Cluster, ClusterError


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(statement.encode())


def query(url: str, statement: str) -> str:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return str(row[0])


@pytest.fixture(scope="module")
def durable(reachable_dir: Callable[[], Path]) -> Iterator[Cluster]:
    made = Cluster(reachable_dir() / "postgres")
    made.ensure()
    made.start()
    yield made
    made.stop()


def test_a_new_cluster_answers_in_utc_and_utf8(durable: Cluster) -> None:
    assert durable.running
    assert query(durable.superuser_url, "SHOW timezone") == "UTC"
    assert query(durable.superuser_url, "SHOW server_encoding") == "UTF8"


def test_the_server_listens_on_no_network_address(durable: Cluster) -> None:
    assert query(durable.superuser_url, "SHOW listen_addresses") == ""


def test_the_superuser_password_is_readable_by_its_owner_alone(durable: Cluster) -> None:
    password_file = Path(durable.log_file).parents[1] / "superuser"
    assert password_file.stat().st_mode & 0o777 == 0o600
    assert password_file.stat().st_uid == os.geteuid()


def test_a_wrong_password_is_refused_even_on_the_socket(durable: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        query(durable.url("postgres", "devine", "postgres"), "SELECT 1")


def test_the_server_does_not_keep_the_home_of_who_started_it(durable: Cluster) -> None:
    execute(durable.superuser_url, "CREATE TABLE home (path text); COPY home FROM PROGRAM 'echo \"$HOME\"'")
    assert query(durable.superuser_url, "SELECT path FROM home") == str(durable.log_file.parent)


def test_the_log_of_the_server_quotes_no_value(durable: Cluster) -> None:
    with pytest.raises(psycopg.DataError):
        query(durable.superuser_url, "SELECT 'MARTIN-CANARI'::int")
    execute(durable.superuser_url, "CREATE TABLE personne (nom text UNIQUE)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        execute(durable.superuser_url, "INSERT INTO personne VALUES ('MARTIN-CANARI'), ('MARTIN-CANARI')")
    assert "MARTIN-CANARI" not in durable.log_file.read_text(encoding="utf-8")


def test_starting_twice_leaves_the_server_as_it_is(durable: Cluster) -> None:
    before = query(durable.superuser_url, "SELECT pg_postmaster_start_time()")
    durable.ensure()
    durable.start()
    assert query(durable.superuser_url, "SELECT pg_postmaster_start_time()") == before


def test_a_second_run_finds_the_same_data(durable: Cluster) -> None:
    execute(durable.superuser_url, "CREATE TABLE kept AS SELECT 42 AS n")
    durable.stop()
    assert not durable.running
    durable.ensure()
    durable.start()
    assert query(durable.superuser_url, "SELECT n FROM kept") == "42"


def test_a_killed_server_starts_again_with_what_was_committed(durable: Cluster) -> None:
    execute(durable.superuser_url, "CREATE TABLE committed AS SELECT 43 AS n")
    durable.kill()
    durable.start()
    assert query(durable.superuser_url, "SELECT n FROM committed") == "43"


def test_a_lock_whose_pid_now_belongs_to_another_program_does_not_block(durable: Cluster) -> None:
    durable.stop()
    lock = durable.log_file.parent / "postmaster.pid"
    lock.write_text(
        f"{os.getpid()}\n{durable.log_file.parent}\n1\n5432\n/nulle/part\n\n  1 1\nready\n", encoding="ascii"
    )
    assert not durable.running
    durable.start()
    assert durable.running


def test_two_clusters_run_side_by_side(durable: Cluster, reachable_dir: Callable[[], Path]) -> None:
    other = Cluster(reachable_dir() / "postgres", durable=False)
    other.ensure()
    other.start()
    try:
        assert query(other.superuser_url, "SHOW fsync") == "off"
        assert query(durable.superuser_url, "SHOW fsync") == "on"
    finally:
        other.stop()


def test_a_folder_too_deep_for_a_socket_gets_a_short_one(reachable_dir: Callable[[], Path]) -> None:
    deep = Cluster(reachable_dir() / ("profond-" * 12) / "postgres", durable=False)
    deep.ensure()
    deep.start()
    try:
        assert query(deep.superuser_url, "SELECT 1") == "1"
    finally:
        deep.stop()


def test_an_interrupted_creation_is_done_again(reachable_dir: Callable[[], Path]) -> None:
    home = reachable_dir() / "postgres"
    (home / "data").mkdir(parents=True)
    (home / "data" / "PG_VERSION").write_text("15\n")
    fresh = Cluster(home, durable=False)
    fresh.ensure()
    fresh.start()
    fresh.stop()


def test_a_private_parent_stops_root_with_the_remedy_and_hinders_nobody_else(
    reachable_dir: Callable[[], Path],
) -> None:
    private = reachable_dir() / "prive"
    private.mkdir(mode=0o700)
    fresh = Cluster(private / "postgres", durable=False)
    if os.geteuid() != 0:
        fresh.ensure()
        return
    with pytest.raises(ClusterError, match=rf"ne peut pas entrer dans {private}.*SPST_DATA=/var/lib/spst"):
        fresh.ensure()
