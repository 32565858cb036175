"""Seals of rows that stand outside tenants: HMAC-SHA-256, under a key that the database never holds, of what a row says.

No wall stands around such a table, and what it holds says who is let in, or in whose name contexts are signed. So each row
carries the seal of this program: whoever writes into the database without the root key makes no such row and changes none.
He may only put back an earlier state of the same row.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import rfc8785

from spst.kernel.crypto.keyring import Keyring


@dataclass(frozen=True, slots=True)
class Sceau:
    """How one table is sealed, in its column `sceau`. `columns`: those that decide anything, the key among them."""

    table: str
    columns: tuple[str, ...]

    def sealed(self, keyring: Keyring, values: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of a row with their seal: every writer passes here. A column that `values` leaves out is null."""
        canonical = rfc8785.dumps({name: _plain(values.get(name)) for name in self.columns})
        return {**values, "sceau": keyring.stamp(self.table, canonical)}

    def holds(self, keyring: Keyring, row: Mapping[str, Any]) -> bool:
        """Whether this program wrote the row as it stands."""
        try:
            expected: bytes = self.sealed(keyring, row)["sceau"]
        except rfc8785.CanonicalizationError:
            return False
        return hmac.compare_digest(expected, row["sceau"])


def _plain(value: Any) -> Any:
    """The same before the row is written and after it is read back."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return json.loads(json.dumps(value))
    return value
