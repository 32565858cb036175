"""The seal: lines a second beside plain inserts, what a proof reads among millions of places, what a line weighs.

`BENCH_LEAVES` (10 000 000): places of the large journal, made once and kept with the other data.
"""

import hashlib
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid5

import click
import psycopg
from sqlalchemy import text

from bench.mesure import Act, Mesure, medians
from bench.montage import Terrain
from spst.adapters.tetes.dossier import FolderOfHeads
from spst.cli.demo.folder import DATABASE
from spst.kernel import merkle
from spst.kernel.acteur import service
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.ids import new_id
from spst.kernel.merkle import Frontier
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.traces import arbre, scellement
from spst.traces import services as traces
from spst.traces.tetes import Scelleur

LINES = 40_000
_AT_ONCE = 1_000
_LARGE = UUID("01900000-0000-7000-8000-00000000bebe")
"""A journal without SPST: nothing but places and nodes."""
_TABLES = ("trace_reserve", "trace_feuille", "trace_noeud", "trace_tete")
_SEALER, _MOTIF = service("scellement"), Motif(CodeMotif.TECHNIQUE)
_PLAIN = text("""
    INSERT INTO trace_feuille (tenant_id, rang, trace_id, empreinte)
    SELECT :tenant, * FROM unnest(CAST(:rangs AS bigint[]), CAST(:ids AS uuid[]), CAST(:empreintes AS bytea[]))
""")


def measures(terrain: Terrain) -> Iterator[Mesure]:
    runtime = terrain.runtime()
    yield sealing(terrain, runtime)
    yield proof(terrain, runtime)


def sealing(terrain: Terrain, runtime: Runtime) -> Mesure:
    """Microseconds a line: read, checked, placed, hashed, signed; beside the insert of as many rows of the same table."""
    tenant = new_id()
    runtime.keyring.create_tenant_key(tenant)
    before = _weight(terrain)
    _write(terrain, runtime, tenant)
    with tempfile.TemporaryDirectory() as folder:
        scelleur = Scelleur(os.urandom(32), FolderOfHeads(Path(folder)))
        start = time.perf_counter()
        looked = None
        while (done := scellement.seal(runtime, scelleur, tenant, looked)).sealed:
            looked = done.looked
        ours = time.perf_counter() - start
    weight = (_weight(terrain) - before) / LINES
    click.echo(json.dumps({"measure": "traces.bytes_per_event", "bytes": round(weight)}))
    floor = _insert_plainly(runtime)
    per_line, per_row = ours / LINES * 1e6, floor / LINES * 1e6
    return Mesure(
        "traces.seal",
        round(per_line, 1),
        round(per_row, 1),
        round(ours / floor, 2),
        round(LINES / ours),
        round(LINES / floor),
    )


def _write(terrain: Terrain, runtime: Runtime, tenant: UUID) -> None:
    for _ in range(LINES // _AT_ONCE):
        with unit_of_work(runtime, tenant, terrain.medecin, Motif(CodeMotif.SUIVI), origin="bench") as ctx:
            for _ in range(_AT_ONCE):
                traces.record(ctx, "dossier.open", new_id(), ["S1", "S2", "S3"])


def _insert_plainly(runtime: Runtime) -> float:
    tenant, spent = new_id(), 0.0
    for first in range(0, LINES, scellement.BATCH):
        rangs = list(range(first, first + scellement.BATCH))
        rows = {"rangs": rangs, "ids": [new_id() for _ in rangs], "empreintes": [os.urandom(64) for _ in rangs]}
        start = time.perf_counter()
        with unit_of_work(runtime, tenant, _SEALER, _MOTIF, origin="bench") as ctx:
            ctx.session.execute(_PLAIN, {"tenant": tenant, **rows})
        spent += time.perf_counter() - start
    return spent


def _weight(terrain: Terrain) -> int:
    """Bytes of the traces and of their seal, indexes included."""
    with psycopg.connect(terrain.superuser, dbname=DATABASE) as connection:
        query = """SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
                   WHERE c.relname = ANY (%s) OR c.relname ~ '^trace_(2[0-9]{3}_[0-9]{2}|defaut)$' AND c.relkind = 'r'"""
        row = connection.execute(query, [list(_TABLES)]).fetchone()
    return int(row[0]) if row else 0


def proof(terrain: Terrain, runtime: Runtime) -> Mesure:
    """An inclusion proof, beside one statement that reads as many leaves by their key."""
    size = int(os.environ.get("BENCH_LEAVES", "10000000"))
    _grow(terrain, size)
    chance = random.Random(9162)
    places = [chance.randrange(size) for _ in range(500)]
    rows = [arbre.rows_of(merkle.inclusion_spans(place, size)) for place in places]
    spread = {"leaves": size, "rows_mean": round(sum(rows) / len(rows), 1), "rows_max": max(rows)}
    click.echo(json.dumps({"measure": "traces.proof.rows", **spread, "log2": size.bit_length()}))
    ours, floor = medians(_proving(runtime, places, size), _reading(runtime, places, round(sum(rows) / len(rows))))
    return Mesure("traces.proof", ours, floor, round(ours / floor, 2))


def _proving(runtime: Runtime, places: list[int], size: int) -> Act:
    def act(n: int) -> None:
        with unit_of_work(runtime, _LARGE, _SEALER, _MOTIF, origin="bench") as ctx:
            spans = merkle.inclusion_spans(places[n % len(places)], size)
            merkle.prove(spans, lambda nodes: arbre.read_nodes(ctx, nodes))

    return act


def _reading(runtime: Runtime, places: list[int], count: int) -> Act:
    query = text("SELECT rang, empreinte FROM trace_feuille WHERE tenant_id = :t AND rang = ANY (:rangs)")

    def act(n: int) -> None:
        with unit_of_work(runtime, _LARGE, _SEALER, _MOTIF, origin="bench") as ctx:
            rangs = [(places[n % len(places)] + step * 1009) % 1_000_000 for step in range(count)]
            ctx.session.execute(query, {"t": _LARGE, "rangs": rangs}).all()

    return act


def _grow(terrain: Terrain, size: int) -> None:
    """The large journal, as the owner of the server lays it down: its tree is true, its lines are nobody's."""
    with psycopg.connect(terrain.superuser, dbname=DATABASE) as connection:
        row = connection.execute("SELECT max(rang) + 1 FROM trace_feuille WHERE tenant_id = %s", [_LARGE]).fetchone()
        if row and row[0] == size:
            return
        click.echo(f"Journal de mesure\u00a0: {size} lignes…", err=True)
        connection.execute("SET session_replication_role = replica")
        for table in ("trace_feuille", "trace_noeud"):
            connection.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [_LARGE])
        _copy(connection, size)
        connection.execute("ANALYZE trace_feuille, trace_noeud")


def _copy(connection: psycopg.Connection[tuple[object, ...]], size: int) -> None:
    edge, nodes = Frontier(), []
    with connection.cursor().copy(
        "COPY trace_feuille (tenant_id, rang, trace_id, empreinte) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["uuid", "int8", "uuid", "bytea"])
        for rang in range(size):
            half = hashlib.sha256(rang.to_bytes(8, "big")).digest()
            copy.write_row((_LARGE, rang, uuid5(_LARGE, str(rang)), half + half))
            made = edge.append(merkle.leaf_hash(half + half))
            nodes += [(_LARGE, node.level, node.position, one) for node, one in made if arbre.is_kept(node)]
    with connection.cursor().copy(
        "COPY trace_noeud (tenant_id, niveau, rang, hash) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["uuid", "int2", "int8", "bytea"])
        for node in nodes:
            copy.write_row(node)
