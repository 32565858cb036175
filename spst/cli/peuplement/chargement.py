"""Many rows at once, with every wall standing.

PostgreSQL refuses COPY into a table whose row security applies to the role, and no role of this product escapes it: the owner is
held too (FORCE), and a superuser would prove nothing. So rows are copied into temporary tables of the connection, then inserted
from there under a signed context, as any act of the product: policies, keys and triggers check each row. This asks only for
`spst_ops`, which may make temporary tables, so it serves a distant server as well as the demonstration's own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import sql

from spst.kernel.acteur import Acteur
from spst.kernel.signing import sign_context
from spst.wiring.models import load_models

_VISITE, _NOTE, _RANG = "visite", "visite_note", "rang"


class Lot:
    """Rows of one SPST to be loaded together, by table. Columns that a row does not name are NULL.

    A visite has a `rang` besides its columns: its place in the life of its dossier, from 1.
    """

    def __init__(self, tenant_id: UUID) -> None:
        self.tenant_id = tenant_id
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def add(self, table: str, **values: Any) -> None:
        values["tenant_id"] = self.tenant_id
        self.rows[table].append(values)


class Chargeur:
    """Loads lots through one connection of `spst_ops`. A lot is one transaction, and must take less than a minute."""

    def __init__(self, connection: psycopg.Connection[Any], context_key: bytes) -> None:
        self._connection = connection
        self._key = context_key
        tables = load_models().metadata.sorted_tables
        self._columns = {table.name: [column.name for column in table.columns] for table in tables}
        self._columns[_VISITE].append(_RANG)
        self._ready: set[str] = set()

    def load(self, acteur: Acteur, lot: Lot) -> None:
        """Insert the rows in the name of `acteur`, tables in the order of their keys."""
        with self._transaction(acteur, lot.tenant_id):
            for table in self._columns:
                if table in lot.rows and table not in {_VISITE, _NOTE}:
                    self._copy(table, lot.rows[table])
                    self._insert(table, self._columns[table])
                elif table == _VISITE and table in lot.rows:
                    self._live_visites(lot)

    def read(self, acteur: Acteur, tenant_id: UUID, query: LiteralString, values: Sequence[Any]) -> tuple[Any, ...]:
        """The one row of a query on one SPST."""
        with self._transaction(acteur, tenant_id):
            row = self._connection.execute(query, values).fetchone()
        assert row is not None
        return row

    @contextmanager
    def _transaction(self, acteur: Acteur, tenant_id: UUID) -> Iterator[None]:
        with self._connection.transaction():
            signed = sign_context(self._key, tenant_id, acteur, datetime.now(UTC))
            self._connection.execute("SELECT set_config('spst.ctx', %s, true)", [signed])
            yield

    def _live_visites(self, lot: Lot) -> None:
        """The visites of each dossier one after the other: opened, noted, closed. The database knows no other way."""
        rows = lot.rows[_VISITE]
        self._copy(_VISITE, rows)
        self._copy(_NOTE, lot.rows[_NOTE])
        for rang in range(1, 1 + max(row[_RANG] for row in rows)):
            closed = [row for row in rows if row[_RANG] == rang and row["closed_at"]]
            self._connection.execute(self._opening(), {_RANG: rang})
            self._connection.execute(self._noting(), {_RANG: rang})
            self._connection.execute(
                _CLOSING, {"ids": [row["id"] for row in closed], "instants": [row["closed_at"] for row in closed]}
            )

    def _opening(self) -> sql.Composed:
        kept = [name for name in self._columns[_VISITE] if name not in {_RANG, "closed_at"}]
        return sql.SQL("INSERT INTO visite ({}) SELECT {} FROM {} WHERE rang = %(rang)s").format(
            _listed(kept), _listed(kept), _staging(_VISITE)
        )

    def _noting(self) -> sql.Composed:
        columns = self._columns[_NOTE]
        return sql.SQL(
            "INSERT INTO visite_note ({}) SELECT {} FROM {} n"
            " WHERE EXISTS (SELECT FROM {} v WHERE v.id = n.visite_id AND v.rang = %(rang)s)"
        ).format(_listed(columns), _listed(columns), _staging(_NOTE), _staging(_VISITE))

    def _insert(self, table: str, columns: list[str]) -> None:
        self._connection.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
                sql.Identifier(table), _listed(columns), _listed(columns), _staging(table)
            )
        )

    def _copy(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        columns = self._columns[table]
        self._make_ready(table)
        target = sql.SQL("COPY {} ({}) FROM STDIN").format(_staging(table), _listed(columns))
        with self._connection.cursor() as cursor, cursor.copy(target) as copy:
            for row in rows:
                copy.write_row([row.get(name) for name in columns])

    def _make_ready(self, table: str) -> None:
        """A temporary table of the same shape, emptied by each commit."""
        if table in self._ready:
            return
        self._connection.execute(
            sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DELETE ROWS AS SELECT *{} FROM {} WHERE false").format(
                _staging(table), sql.SQL(", 0 AS rang" if table == _VISITE else ""), sql.Identifier(table)
            )
        )
        self._ready.add(table)


# By key, and not by a join: under row security the planner expects one visite in the whole SPST, and would read them all.
_CLOSING = """
    UPDATE visite SET closed_at = (%(instants)s::timestamptz[])[array_position(%(ids)s::uuid[], id)]
    WHERE tenant_id = (SELECT spst_ctx.tenant()) AND id = ANY (%(ids)s::uuid[])
"""


def _staging(table: str) -> sql.Identifier:
    return sql.Identifier(f"charge_{table}")


def _listed(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
