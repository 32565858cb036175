"""Time, given to whoever needs it so that tests may set it."""

from calendar import monthrange
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


def add_months(day: date, months: int) -> date:
    """The same day of a later month; in a shorter month, its last day.

    >>> add_months(date(2025, 11, 30), 3)
    datetime.date(2026, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
