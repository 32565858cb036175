"""What tests read afterwards: the traces that an act left, the statements that it sent, a clock that moves."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, event, text

from spst.kernel.clock import SystemClock
from tests.factories.monde import Monde, Spst


def last_traces(monde: Monde, spst: Spst, number: int = 1) -> list[Row[Any]]:
    """The latest lines of an SPST, the last first."""
    query = text("SELECT * FROM trace WHERE tenant_id = :tenant ORDER BY id DESC, writer_n DESC LIMIT :number")
    with monde.superuser.connect() as connection:
        return list(connection.execute(query, {"tenant": spst.tenant_id, "number": number}))


def count_traces(monde: Monde, spst: Spst) -> int:
    return count(monde, "trace", spst)


def count(monde: Monde, table: str, spst: Spst) -> int:
    with monde.superuser.connect() as connection:
        found = connection.execute(text(f"SELECT count(*) FROM {table} WHERE tenant_id = :t"), {"t": spst.tenant_id})
        return int(found.scalar_one())


def run(monde: Monde, statement: str, **values: Any) -> None:
    """As the superuser, whom no wall stops."""
    with monde.superuser.begin() as connection:
        connection.execute(text(statement), values)


def enters_by(monde: Monde, compte_id: UUID, address: str) -> str:
    """Have somebody enter by a password and a code at this address, and no more by Pro Santé Connect."""
    run(monde, "UPDATE compte SET rpps = NULL, email = :email WHERE id = :id", id=compte_id, email=address)
    return address


@contextmanager
def statements(monde: Monde) -> Iterator[list[str]]:
    """SQL that the application sends meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        sent.append(statement)

    event.listen(monde.runtime.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(monde.runtime.engine, "before_cursor_execute", note)


class Horloge:
    """A clock that a test moves forward."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at or datetime.now(UTC)

    def now(self) -> datetime:
        return self.at

    def forward(self, **duration: float) -> None:
        self.at += timedelta(**duration)


@contextmanager
def clock(monde: Monde) -> Iterator[Horloge]:
    moved = Horloge()
    monde.runtime.clock = moved
    try:
        yield moved
    finally:
        monde.runtime.clock = SystemClock()


def forget_oppositions(monde: Monde, dossier_id: UUID) -> None:
    """Lift whatever a test left in force."""
    run(
        monde, "UPDATE opposition SET withdrawn_at = now() WHERE dossier_id = :d AND withdrawn_at IS NULL", d=dossier_id
    )
