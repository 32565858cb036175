"""Identifiers: UUIDv7, so that rows sort by time and no id says anything about a person."""

import secrets
import time
from datetime import UTC, datetime
from uuid import UUID


def new_id(at: datetime | None = None) -> UUID:
    """A new UUIDv7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then 74 random bits.

    `at`: an aware instant to carry instead of now, for rows that tell the past.
    """
    milliseconds = time.time_ns() // 1_000_000 if at is None else int(at.timestamp() * 1000)
    random = secrets.randbits(74)
    value = milliseconds << 80
    value |= 0x7 << 76
    value |= (random >> 62) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return UUID(int=value)


def instant_of(identifier: UUID) -> datetime:
    """The UTC instant, to the millisecond, that a UUIDv7 carries."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, tz=UTC)


def first_id_at(at: datetime) -> UUID:
    """The lowest UUIDv7 of an instant: the bound of a partition."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
