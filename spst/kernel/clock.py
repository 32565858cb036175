"""Time, given to whoever needs it so that tests may set it."""

from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def today(clock: Clock, zone: ZoneInfo = PARIS) -> date:
    """The calendar day of the SPST, not of the server."""
    return clock.now().astimezone(zone).date()


def midnight(day: date, zone: ZoneInfo = PARIS) -> datetime:
    """When a day of the SPST begins, UTC.

    >>> midnight(date(2026, 7, 14)).isoformat()
    '2026-07-13T22:00:00+00:00'
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)
