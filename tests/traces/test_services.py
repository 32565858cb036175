"""No act without its trace, no trace without its act; nobody changes a line, and a missing one shows."""

import json
import logging
import re
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from spst.entreprises.models import Adherent
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.ids import first_id_at, instant_of, new_id
from spst.kernel.merkle import leaf_hash
from spst.traces import services as traces
from spst.traces.models import Trace, TraceReserve
from spst.traces.rules import Event, commitment, line_salt, mark, sign_row
from tests.factories.monde import Monde, Spst


def lines(monde: Monde, spst: Spst | None = None) -> list[Trace]:
    with monde.work((spst or monde.a).medecin, spst or monde.a) as ctx:
        return list(ctx.session.scalars(select(Trace).order_by(Trace.id)))


def last_with_reserve(monde: Monde) -> tuple[Trace, TraceReserve]:
    with monde.work(monde.a.medecin) as ctx:
        line = ctx.session.scalars(select(Trace).order_by(Trace.id.desc()).limit(1)).one()
        return line, ctx.session.get_one(TraceReserve, (line.tenant_id, line.id))


@pytest.mark.exigence("TRA-01")
def test_one_request_leaves_one_line_per_dossier_whose_sections_add_up(monde: Monde) -> None:
    before = len(lines(monde))
    with monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S1", "S2"])
        traces.record(ctx, "dossier.open", monde.a.pierre.dossier_id, ["S1"])
    written = lines(monde)[before:]
    assert [(line.dossier_id, line.sections) for line in written] == [
        (monde.a.zoe.dossier_id, ["S1", "S2", "S3"]),
        (monde.a.pierre.dossier_id, ["S1"]),
    ]


@pytest.mark.exigence("TRA-01")
def test_an_act_that_is_undone_leaves_no_line(monde: Monde) -> None:
    before = len(lines(monde))
    with pytest.raises(ZeroDivisionError), monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
        _ = 1 // 0
    assert len(lines(monde)) == before


@pytest.mark.exigence("TRA-01")
def test_a_trace_that_cannot_be_written_undoes_the_act(monde: Monde) -> None:
    with psycopg.connect(monde.database.superuser_conninfo, autocommit=True) as superuser:
        superuser.execute("REVOKE INSERT ON trace FROM spst_app")
        try:
            with pytest.raises(DBAPIError), monde.work(monde.a.medecin) as ctx:
                ctx.session.add(Adherent(tenant_id=ctx.tenant_id, siren="775670417", raison_sociale="Sans trace"))
                traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
        finally:
            superuser.execute("GRANT INSERT ON trace TO spst_app")
    with monde.work(monde.a.medecin) as ctx:
        assert ctx.session.scalar(select(Adherent.id).where(Adherent.siren == "775670417")) is None


@pytest.mark.exigence("TRA-02")
def test_a_line_refuses_facts_that_its_action_does_not_name(monde: Monde) -> None:
    with pytest.raises(traces.TraceFieldUnknown), monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"], {"diagnostic": "asthme"})


@pytest.mark.exigence("TRA-02")
def test_an_action_outside_the_registry_cannot_be_traced(monde: Monde) -> None:
    with pytest.raises(traces.TraceFieldUnknown), monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.peek", monde.a.zoe.dossier_id, ["S3"])


@pytest.mark.exigence("TRA-02")
def test_the_direction_reads_lines_but_neither_their_reason_nor_their_salt(monde: Monde) -> None:
    with monde.work(monde.a.medecin, motif=Motif(CodeMotif.VISITE, "CANARI-motif")) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
    with monde.work(monde.a.directrice) as ctx:
        assert ctx.session.scalars(select(Trace)).all()
        assert ctx.session.scalars(select(TraceReserve)).all() == []
    _, reserve = last_with_reserve(monde)
    assert (reserve.motif, reserve.precision) == ("visite", "CANARI-motif")


@pytest.mark.exigence("TRA-03")
@pytest.mark.parametrize("role", ["app_url", "owner_url", "superuser_url"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET role = 'ADM'",
        "DELETE FROM {}",
        "TRUNCATE {}",
    ],
)
@pytest.mark.parametrize("table", ["trace", "the month's partition", "the default partition"])
def test_nobody_changes_a_line(monde: Monde, role: str, statement: str, table: str) -> None:
    """Neither the application, nor the owner, nor a superuser who did not first take the triggers away."""
    with monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
    before = len(lines(monde))
    name = {"trace": "trace", "the default partition": "trace_defaut"}.get(table) or partition_of_now(monde)
    url = getattr(monde.database, role).replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        try:
            changed = connection.execute(statement.format(name)).rowcount
        except psycopg.errors.InsufficientPrivilege:
            connection.rollback()
        else:
            assert changed <= 0
    assert len(lines(monde)) == before
    assert {line.role for line in lines(monde)} != {"ADM"}


def partition_of_now(monde: Monde) -> str:
    with psycopg.connect(monde.database.superuser_conninfo) as connection:
        row = connection.execute("SELECT tableoid::regclass::text FROM trace ORDER BY id DESC LIMIT 1").fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.exigence("TEN-01")
def test_a_partition_read_directly_shows_nothing(monde: Monde) -> None:
    """A policy stands on the parent only: without row security of its own, a partition would be a back door."""
    name = partition_of_now(monde)
    with psycopg.connect(monde.database.superuser_conninfo, autocommit=True) as superuser:
        superuser.execute(f"GRANT SELECT ON {name} TO spst_app")
        try:
            with monde.work(monde.a.medecin) as ctx:
                assert ctx.session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() == 0
        finally:
            superuser.execute(f"REVOKE SELECT ON {name} FROM spst_app")


def test_partitions_stand_two_years_ahead_and_lines_fall_in_their_month(monde: Monde) -> None:
    with psycopg.connect(monde.database.superuser_conninfo) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT relname FROM pg_class WHERE relname ~ '^trace_2[0-9]{3}_[0-9]{2}$' ORDER BY 1"
            )
        ]
    assert len(names) == 25
    with monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
    line = lines(monde)[-1]
    assert partition_of_now(monde) == line.at.strftime("trace_%Y_%m")


def test_the_worker_keeps_partitions_ahead_without_being_allowed_to_make_tables(monde: Monde) -> None:
    with monde.runtime.engine.begin() as connection:
        assert connection.execute(text("SELECT make_trace_partitions(26)")).scalar_one() == 2
        assert connection.execute(text("SELECT make_trace_partitions(26)")).scalar_one() == 0


@pytest.mark.exigence("TRA-01")
def test_a_line_is_written_in_ones_own_name_only(monde: Monde) -> None:
    values = {
        "tenant_id": monde.a.tenant_id,
        "id": new_id(),
        "at": monde.runtime.clock.now(),
        "role": "MDT",
        "action": "dossier.open",
        "sections": [],
        "decision": "permis",
        "politique_version": "",
        "regles": [],
        "details": {},
        "correlation_id": new_id(),
        "origin": "test",
        "empreinte": b"",
        "writer_id": new_id(),
        "writer_n": 1,
        "signature": b"",
    }
    with pytest.raises(DBAPIError, match="row-level security"), monde.work(monde.a.infirmier) as ctx:
        ctx.session.add(Trace(acteur_id=monde.a.medecin.id, **values))
        ctx.session.flush()


@pytest.mark.exigence("TRA-03")
def test_committed_lines_are_numbered_without_gap_and_signed(monde: Monde) -> None:
    before = len(lines(monde))
    for _ in range(3):
        with monde.work(monde.a.medecin) as ctx:
            traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
            traces.record(ctx, "dossier.open", monde.a.pierre.dossier_id, ["S3"])
        with pytest.raises(ZeroDivisionError), monde.work(monde.a.medecin) as ctx:
            traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
            _ = 1 // 0
    written = lines(monde)[before:]
    assert len({line.writer_id for line in written}) == 1
    first = written[0].writer_n
    assert sorted(line.writer_n for line in written) == list(range(first, first + 6))
    for line in written:
        leaf = leaf_hash(line.empreinte)
        key = monde.runtime.trace_key
        expected = sign_row(key, line.tenant_id, line.id, line.writer_id, line.writer_n, leaf)
        assert line.signature == expected


@pytest.mark.exigence("TRA-03")
def test_a_transaction_that_failed_gives_its_numbers_back_and_the_writer_goes_on(monde: Monde) -> None:
    """Whoever makes a transaction fail does not make a writer end, and with it what shows that a line of his is missing."""
    with monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
    known = lines(monde)[-1]
    with pytest.raises(ZeroDivisionError), monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
        ctx.before_commit.append(lambda _: divmod(1, 0) and None)
    with monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
    after = lines(monde)[-1]
    assert (after.writer_id, after.writer_n) == (known.writer_id, known.writer_n + 1)


@pytest.mark.exigence("TRA-03")
def test_after_a_commit_whose_outcome_is_unknown_another_writer_starts(monde: Monde) -> None:
    with monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
    known = lines(monde)[-1]
    with pytest.raises(DBAPIError), monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
        ctx.before_commit.append(cut_the_connection)
    with monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
    after = lines(monde)[-1]
    assert after.writer_id != known.writer_id
    assert after.writer_n == 1


def cut_the_connection(ctx: Context) -> None:
    """Between the last statement and the commit."""
    pid = ctx.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with psycopg.connect(
        ctx.runtime.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.mark.exigence("TRA-01")
def test_a_database_that_swallows_a_line_undoes_the_act(monde: Monde) -> None:
    before = len(lines(monde))
    with psycopg.connect(monde.database.superuser_conninfo, autocommit=True) as superuser:
        superuser.execute("CREATE FUNCTION avale() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
        superuser.execute("CREATE TRIGGER avale BEFORE INSERT ON trace FOR EACH ROW EXECUTE FUNCTION avale()")
        try:
            with pytest.raises(traces.TraceLost), monde.work(monde.a.medecin) as ctx:
                ctx.session.add(Adherent(tenant_id=ctx.tenant_id, siren="552081317", raison_sociale="Sans trace"))
                traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
        finally:
            superuser.execute("DROP TRIGGER avale ON trace; DROP FUNCTION avale")
    assert len(lines(monde)) == before
    with monde.work(monde.a.medecin) as ctx:
        assert ctx.session.scalar(select(Adherent.id).where(Adherent.siren == "552081317")) is None


@pytest.mark.exigence("TRA-03")
def test_what_is_sealed_of_a_line_is_that_of_the_line_its_salt_and_its_dossier(monde: Monde) -> None:
    with monde.work(monde.a.medecin, motif=Motif(CodeMotif.SUIVI, "rappel")) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3", "S1"])
    line, reserve = last_with_reserve(monde)
    names = [name for name in Event.__slots__ if not name.startswith("motif_")]
    values = {name: getattr(line, name) for name in names}
    values |= {"sections": tuple(line.sections), "regles": tuple(line.regles)}
    event = Event(**values, motif_code=reserve.motif, motif_precision=reserve.precision)
    key = monde.runtime.keyring.mark_key(line.tenant_id, monde.a.zoe.dossier_id)
    assert event.empreinte(reserve.sel, key).octets == line.empreinte


@pytest.mark.exigence("TRA-02")
def test_the_leaf_hash_leaves_with_the_log_stream_and_nothing_of_the_person_does(
    monde: Monde, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="spst.traces"), monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
    record = caplog.records[-1]
    line = lines(monde)[-1]
    assert (record.leaf, record.n) == (leaf_hash(line.empreinte).hex(), line.writer_n)  # type: ignore[attr-defined]
    assert "ADRUN" not in json.dumps(record.__dict__, default=str)


@pytest.mark.exigence("TRA-03")
def test_who_holds_the_key_of_a_dossier_recognises_its_lines_and_no_others(monde: Monde) -> None:
    with monde.work(monde.a.medecin) as ctx:
        for personne in (monde.a.zoe, monde.a.pierre):
            traces.record(ctx, "dossier.open", personne.dossier_id, ["S3"])
    key = monde.runtime.keyring.mark_key(monde.a.tenant_id, monde.a.zoe.dossier_id)
    assert len(key) == 32
    of_zoe, of_pierre = (
        {line.dossier_id: line for line in lines(monde)}[one.dossier_id] for one in (monde.a.zoe, monde.a.pierre)
    )
    assert mark(key, of_zoe.empreinte[:16]) == of_zoe.empreinte[16:32]
    assert mark(key, of_pierre.empreinte[:16]) != of_pierre.empreinte[16:32]


def test_a_line_of_one_tenant_is_invisible_to_the_other(monde: Monde) -> None:
    with monde.work(monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", monde.a.zoe.dossier_id, ["S3"])
    assert {line.tenant_id for line in lines(monde)} == {monde.a.tenant_id}
    assert monde.a.tenant_id not in {line.tenant_id for line in lines(monde, monde.b)}


EVENTS = st.builds(
    Event,
    tenant_id=st.uuids(),
    id=st.uuids(),
    at=st.datetimes(),
    acteur_id=st.uuids(),
    role=st.text(max_size=5),
    action=st.text(max_size=20),
    decision=st.sampled_from(["permis", "refuse"]),
    correlation_id=st.uuids(),
    origin=st.text(max_size=8),
    sections=st.lists(st.sampled_from(["S1", "S2", "S3"])).map(tuple),
    details=st.dictionaries(st.text(max_size=5), st.integers(-(2**50), 2**50), max_size=3),
)


@given(EVENTS)
def test_the_canonical_form_is_one_json_line_whatever_is_in_it(event: Event) -> None:
    """CR, LF, quotes and escapes in any field stay inside one record."""
    salt = b"s" * 16
    canonical = event.canonical(salt)
    assert re.search(rb"[\x00-\x1f]", canonical) is None
    assert json.loads(canonical)["id"] == str(event.id)
    sealed = event.empreinte(salt, None)
    assert sealed.resume == sha256(line_salt(salt) + canonical).digest()
    assert sealed.leaf == leaf_hash(sealed.jeton + sealed.marque + sealed.resume)
    assert sealed.leaf != event.empreinte(b"t" * 16, None).leaf


@given(EVENTS, st.text(max_size=20))
def test_a_line_commits_to_its_reason_without_telling_it(event: Event, precision: str) -> None:
    salt, why = b"s" * 16, replace(event, motif_code="exceptionnel", motif_precision=f"motif {precision}")
    assert b"exceptionnel" not in why.canonical(salt)
    assert json.loads(why.canonical(salt))["reserve"] == commitment(salt, "exceptionnel", f"motif {precision}").hex()
    assert why.empreinte(salt, None) != event.empreinte(salt, None)
    assert why.canonical(salt) != why.canonical(b"t" * 16)


@given(st.datetimes(min_value=instant_of(UUID(int=1 << 80)).replace(tzinfo=None)))
def test_an_id_carries_its_instant_so_that_ids_sort_by_time(at) -> None:  # type: ignore[no-untyped-def]
    aware = at.replace(tzinfo=instant_of(new_id()).tzinfo)
    made = new_id(aware)
    assert abs((instant_of(made) - aware).total_seconds()) < 0.002
    assert first_id_at(aware) <= made
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
