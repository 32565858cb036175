"""What the seal asks of the outside: somewhere to keep heads that the database cannot reach, and a clock that is not ours."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol
from uuid import UUID


class TetesUnavailable(Exception):
    """The copies of heads cannot be read or written: nothing is sealed meanwhile, nothing is lost."""


class TetesContradicted(Exception):
    """Another head of the same size was copied before: two histories."""


class CopieDesTetes(Protocol):
    """Heads as they were signed, in a place that whoever owns the database does not write to."""

    def add(self, tenant_id: UUID, taille: int, at: datetime, note: str) -> None:
        """Keep a head, durably; keeping it again changes nothing. Raises: TetesUnavailable, TetesContradicted."""

    def last(self, tenant_id: UUID) -> str | None:
        """The largest head that is kept. Raises: TetesUnavailable."""

    def all(self, tenant_id: UUID) -> Iterator[str]:
        """Every head, the smallest first. Raises: TetesUnavailable."""

    def add_destruction(self, tenant_id: UUID, numero: int, note: str) -> None:
        """Keep an entry of the ledger of destructions, likewise. Raises: TetesUnavailable, TetesContradicted."""

    def destructions(self, tenant_id: UUID) -> Iterator[tuple[int, str]]:
        """Every entry with its number, the first ones first. Raises: TetesUnavailable."""


class HorodatageRefused(Exception):
    """The time-stamping authority refused, or its answer does not hold."""


class Horodateur(Protocol):
    """A time-stamping authority (RFC 3161)."""

    def stamp(self, data: bytes) -> bytes:
        """A time-stamp token over SHA-256 of `data`, checked, as DER.

        Raises: HorodatageRefused; ServiceUnavailable.
        """

    def instant_of(self, data: bytes, token: bytes) -> datetime:
        """The instant, in UTC, that a token of this authority gives to `data`. Raises: HorodatageRefused."""
