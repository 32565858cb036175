"""The technical journal is short-lived: what is past its rule leaves, nothing else does, and what left is told."""

from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spst.kernel.ids import new_id
from spst.traces import jobs
from spst.traces.services import record_technical
from tests.factories.scelle import Scelle

pytestmark = pytest.mark.exigence("TRA-06", partielle="la conservation")
MINUTE = timedelta(minutes=1)
PURGE = "traces.journal_technique_purge"


class At:
    """A clock that shows one instant."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


def limit(scelle: Scelle) -> datetime:
    """Twelve months ago, by the calendar and the clock of the database."""
    found: datetime = scelle.sql("SELECT now() - interval '12 months'")[0][0]
    return found


def happened(scelle: Scelle, name: str, at: datetime) -> None:
    record_technical(scelle.monde.runtime.engine, At(at), name, 2, {}, new_id())


def kept(scelle: Scelle) -> list[str]:
    return [name for (name,) in scelle.sql("SELECT evenement FROM journal_technique ORDER BY at")]


def test_everything_older_than_the_rule_leaves_and_nothing_younger(scelle: Scelle) -> None:
    edge = limit(scelle)
    for name, at in {
        "tres_ancien": edge - timedelta(days=4000),
        "ancien": edge - MINUTE,
        "recent": edge + MINUTE,
        "d_aujourd_hui": edge + timedelta(days=364),
    }.items():
        happened(scelle, name, at)
    assert jobs.purge_journal_technique(scelle.monde.runtime) == 2
    assert kept(scelle) == ["recent", "d_aujourd_hui", PURGE]


def test_what_left_is_told_with_how_many_from_when_to_when_and_before_which_instant(scelle: Scelle) -> None:
    edge = limit(scelle)
    oldest, newest = edge - timedelta(days=9), edge - MINUTE
    for at in (oldest, edge - timedelta(days=3), newest):
        happened(scelle, "connexion.refusee", at)
    jobs.purge_journal_technique(scelle.monde.runtime)
    ((faits,),) = scelle.sql("SELECT faits FROM journal_technique WHERE evenement = %s", PURGE)
    assert faits["lignes"] == 3
    assert datetime.fromisoformat(faits["plus_ancienne"]) == oldest
    assert datetime.fromisoformat(faits["plus_recente"]) == newest
    assert newest < datetime.fromisoformat(faits["avant"]) <= limit(scelle)
    assert jobs.purge_journal_technique(scelle.monde.runtime) == 0
    assert kept(scelle) == [PURGE], "what was purged is told once"


def test_a_clock_of_ours_that_runs_ahead_purges_nothing_more(scelle: Scelle) -> None:
    happened(scelle, "recent", limit(scelle) + timedelta(days=30))
    ahead = scelle.monde.runtime.clock.now() + timedelta(days=400)
    runtime = scelle.monde.runtime
    before, runtime.clock = runtime.clock, At(ahead)
    try:
        assert jobs.purge_journal_technique(runtime) == 0
    finally:
        runtime.clock = before
    assert kept(scelle) == ["recent"]


def test_a_rule_that_changed_holds_from_its_day(scelle: Scelle) -> None:
    happened(scelle, "de_huit_mois", limit(scelle) + timedelta(days=120))
    scelle.sql("UPDATE regle_conservation SET duree_mois = 6 WHERE code = 'JOURNAL_TECHNIQUE'")
    try:
        scelle.sql("UPDATE regle_conservation SET effective_from = now()::date + 2 WHERE code = 'JOURNAL_TECHNIQUE'")
        with pytest.raises(DBAPIError, match="no rows"):
            jobs.purge_journal_technique(scelle.monde.runtime)
        scelle.sql("UPDATE regle_conservation SET effective_from = '2021-10-14' WHERE code = 'JOURNAL_TECHNIQUE'")
        assert jobs.purge_journal_technique(scelle.monde.runtime) == 1
    finally:
        scelle.sql(
            """UPDATE regle_conservation SET duree_mois = 12, effective_from = '2021-10-14'
               WHERE code = 'JOURNAL_TECHNIQUE'"""
        )


def test_the_traces_of_dossiers_and_their_heads_stay_however_old(scelle: Scelle) -> None:
    scelle.write(3)
    scelle.seal()
    scelle.sql("UPDATE trace SET at = at - interval '45 years'")
    tables = ("trace", "trace_reserve", "trace_feuille", "trace_tete", "trace_cle")
    before = {table: scelle.sql(f"SELECT count(*) FROM {table}") for table in tables}
    happened(scelle, "ancien", limit(scelle) - MINUTE)
    assert jobs.purge_journal_technique(scelle.monde.runtime) == 1
    assert {table: scelle.sql(f"SELECT count(*) FROM {table}") for table in tables} == before
    assert before["trace"] == [(3,)]


@pytest.mark.parametrize("role", ["app_url", "ops_url"])
def test_nobody_takes_a_line_away_by_a_statement_of_his_own(scelle: Scelle, role: str) -> None:
    happened(scelle, "ancien", limit(scelle) - MINUTE)
    url = getattr(scelle.monde.database, role).replace("+psycopg", "")
    for statement in (
        "DELETE FROM journal_technique",
        "UPDATE journal_technique SET niveau = 1",
        "TRUNCATE journal_technique",
    ):
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
    assert kept(scelle) == ["ancien"]


def test_who_operates_does_not_run_the_purge_of_the_worker(scelle: Scelle) -> None:
    url = scelle.monde.database.ops_url.replace("+psycopg", "")
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT purge_journal_technique()")


def test_the_rule_is_dated_and_names_its_source(scelle: Scelle) -> None:
    with scelle.monde.runtime.engine.connect() as connection:
        row = connection.execute(
            text("SELECT duree_mois, article, effective_from FROM regle_conservation WHERE code = 'JOURNAL_TECHNIQUE'")
        ).one()
    assert (row.duree_mois, row.article, row.effective_from.isoformat()) == (12, "CNIL 2021-122", "2021-10-14")
