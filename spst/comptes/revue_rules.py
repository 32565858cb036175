"""A review of the accounts: when it is due, what is signed. Pure functions."""

import calendar
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

REVUE_MOIS, INUSAGE_JOURS = 3, 90
"""What an SPST has until it chooses: a review each quarter, ninety days without use (PGSSI-S, habilitations)."""
INTERVALLES = (1, 2, 3, 4, 6, 12)
INUSAGES = (30, 60, 90, 120, 180, 365)
GARDER, RETIRER = "garder", "retirer"


@dataclass(frozen=True, slots=True)
class Reglages:
    """`revue_mois`: a review at least that often; `inusage_jours`: an account without use for that long is suspended."""

    revue_mois: int = REVUE_MOIS
    inusage_jours: int = INUSAGE_JOURS


def due_on(last: date, mois: int) -> date:
    """The day by which the next review is signed, counted in calendar months; in a shorter month, its last day.

    >>> due_on(date(2026, 11, 30), 3)
    datetime.date(2027, 2, 28)
    """
    year, month = divmod(last.month - 1 + mois, 12)
    year, month = last.year + year, month + 1
    return date(year, month, min(last.day, calendar.monthrange(year, month)[1]))


def canonical(head: Mapping[str, object], lignes: Iterable[Mapping[str, object]]) -> bytes:
    """What is fingerprinted: JSON in UTF-8, keys sorted, no space; instants in UTC, ids and days as text.

    >>> canonical({"b": None, "a": datetime(2026, 11, 23, tzinfo=UTC)}, [])
    b'{"lignes":[],"revue":{"a":"2026-11-23T00:00:00+00:00","b":null}}'
    """
    whole = {"revue": _plain(head), "lignes": [_plain(ligne) for ligne in lignes]}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    return {name: _as_json(value) for name, value in values.items()}


def _as_json(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if value is None or isinstance(value, int | str) else str(value)
