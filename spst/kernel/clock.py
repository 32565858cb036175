"""Time, given to whoever needs it so that tests may set it."""

from datetime import UTC, date, datetime
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
