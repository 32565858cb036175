"""What a trace is made of, and its hash: pure functions on values."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785

from spst.kernel.merkle import leaf_hash

VERSION = 1
SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the traces, before it is signed. Instants in UTC."""

    tenant_id: UUID
    id: UUID
    at: datetime
    acteur_id: UUID
    role: str
    action: str
    decision: str
    correlation_id: UUID
    origin: str
    delegation_id: UUID | None = None
    dossier_id: UUID | None = None
    sections: tuple[str, ...] = ()
    politique_version: str = ""
    regles: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    session_hash: str | None = None
    motif_code: str | None = None
    motif_precision: str | None = None

    def canonical(self) -> bytes:
        """The event as canonical JSON (RFC 8785): the same bytes for whoever verifies it, in any language."""
        return rfc8785.dumps({"v": VERSION, **{name: _plain(getattr(self, name)) for name in self.__slots__}})

    def leaf(self, salt: bytes) -> bytes:
        """Leaf hash over `salt ‖ canonical JSON`; without the salt a guessed event cannot be confirmed."""
        if len(salt) != SALT_BYTES:
            raise ValueError(f"a salt has {SALT_BYTES} bytes")
        return leaf_hash(salt + self.canonical())


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, tuple):
        return list(value)
    return value


def sign_row(key: bytes, writer_id: UUID, writer_n: int, leaf: bytes) -> bytes:
    """What ties a row to the process that wrote it and to its place in that process's numbering."""
    return hmac.digest(key, writer_id.bytes + writer_n.to_bytes(8, "big") + leaf, hashlib.sha256)
