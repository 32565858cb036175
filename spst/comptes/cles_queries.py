"""Reads and writes of passkeys: a table that stands outside tenants, hence connections without context.

Each row carries the seal of this program (`sceaux`). One whose seal does not hold opens nothing, as if it were not there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, insert, select, text, update

from spst.comptes.models_connexion import CleAcces
from spst.comptes.sceaux import Sceau
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.traces import services as traces

SCEAU = Sceau(
    "cle_acces",
    (
        "id",
        "identite_id",
        "credential_id",
        "public_key",
        "sign_count",
        "nom",
        "enrolement_at",
        "created_at",
        "last_used_at",
        "revoked_at",
    ),
)
_CLE = CleAcces.__table__
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:cle, 0))")


def of_identity(
    connection: Connection, runtime: Runtime, identite_id: UUID, enrolement_at: datetime
) -> Sequence[Row[Any]]:
    """The keys that still open under the present enrolment, the oldest first."""
    query = select(_CLE).where(
        CleAcces.identite_id == identite_id, CleAcces.enrolement_at == enrolement_at, CleAcces.revoked_at.is_(None)
    )
    found = connection.execute(query.order_by(CleAcces.created_at)).all()
    return [row for row in found if _is_ours(connection, runtime, row)]


def hold_list(connection: Connection, identite_id: UUID) -> None:
    """One at a time adds a key to somebody, so that their number is bounded."""
    connection.execute(_LOCK, {"cle": f"cle_acces|{identite_id}"})


def is_known(connection: Connection, credential_id: bytes) -> bool:
    return connection.scalar(select(CleAcces.id).where(CleAcces.credential_id == credential_id)) is not None


def locked(connection: Connection, runtime: Runtime, condition: Any) -> Row[Any] | None:
    """One key, held until the end of the transaction: of two uses at once the second reads what the first counted."""
    row = connection.execute(select(_CLE).where(condition).with_for_update()).one_or_none()
    return row if row is not None and _is_ours(connection, runtime, row) else None


def add(connection: Connection, runtime: Runtime, **values: Any) -> None:
    connection.execute(insert(CleAcces).values(SCEAU.sealed(runtime.keyring, values)))


def change(connection: Connection, runtime: Runtime, row: Row[Any], **values: Any) -> None:
    """Change a row that `locked` gave."""
    changed = SCEAU.sealed(runtime.keyring, {**row._asdict(), **values})
    query = update(CleAcces).where(CleAcces.id == row.id)
    connection.execute(query.values({name: changed[name] for name in (*values, "sceau")}))


def _is_ours(connection: Connection, runtime: Runtime, row: Row[Any]) -> bool:
    """Whether this program wrote the row as it stands; when not, it is noted, without anything that it said."""
    if SCEAU.holds(runtime.keyring, row._asdict()):
        return True
    facts = {"cle": str(row.id)}
    traces.add_technical(connection, runtime.clock, "cle_acces.falsifiee", 3, facts, new_id())
    return False
