"""What a trace is made of, and its hash: pure functions on values."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785

from spst.kernel.merkle import leaf_hash

VERSION = 2
SALT_BYTES = MARK_BYTES = 16
_RESERVE = ("motif_code", "motif_precision")
"""What the direction does not read of a line."""


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

    def canonical(self, salt: bytes) -> bytes:
        """The event as canonical JSON (RFC 8785): the same bytes for whoever verifies it, in any language.

        The reason stands in it as a commitment only, so that a line is verified by somebody who may not know why.
        """
        shown = {name: _plain(getattr(self, name)) for name in self.__slots__ if name not in _RESERVE}
        reserve = commitment(salt, self.motif_code, self.motif_precision).hex()
        return rfc8785.dumps({"v": VERSION, **shown, "reserve": reserve})

    def empreinte(self, salt: bytes, mark_key: bytes | None) -> "Empreinte":
        """What is sealed of the event. `mark_key`: that of its dossier, None when it has none.

        Without the salt a guessed event cannot be confirmed.
        """
        if len(salt) != SALT_BYTES:
            raise ValueError(f"a salt has {SALT_BYTES} bytes")
        jeton = _drawn_from(salt, b"jeton")
        marque = _drawn_from(salt, b"marque") if mark_key is None else mark(mark_key, jeton)
        return Empreinte(jeton, marque, hashlib.sha256(line_salt(salt) + self.canonical(salt)).digest())


@dataclass(frozen=True, slots=True)
class Empreinte:
    """What a line puts into the tree: nothing can be read in it, and whoever is concerned recognises it.

    `jeton`: 16 random bytes. `marque`: those bytes under the key of the dossier; the worker, who is given that key, sees which
    lines are about him among all of them, and so that none is kept from him. `resume`: hash of the line, under its salt.
    """

    jeton: bytes
    marque: bytes
    resume: bytes

    @property
    def octets(self) -> bytes:
        return self.jeton + self.marque + self.resume

    @property
    def leaf(self) -> bytes:
        return leaf_hash(self.octets)


def mark(mark_key: bytes, jeton: bytes) -> bytes:
    return hmac.digest(mark_key, jeton, hashlib.sha256)[:MARK_BYTES]


def line_salt(salt: bytes) -> bytes:
    """The salt that a line is shown with to whoever may not know its reason: the salt of the reason does not follow from it."""
    return _drawn_from(salt, b"ligne")


def _drawn_from(salt: bytes, use: bytes) -> bytes:
    return hmac.digest(salt, use, hashlib.sha256)[:SALT_BYTES]


def commitment(salt: bytes, code: str | None, precision: str | None) -> bytes:
    """What a line says of its reason: nothing, to whoever has not the salt; that reason and no other, to whoever has."""
    return hmac.digest(salt, b"motif" + rfc8785.dumps({"code": code, "precision": precision}), hashlib.sha256)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, tuple):
        return list(value)
    return value


def sign_row(key: bytes, tenant_id: UUID, trace_id: UUID, writer_id: UUID, writer_n: int, leaf: bytes) -> bytes:
    """HMAC-SHA-256: what ties a row to its SPST and id, to the process that wrote it, and to its place in that one's numbering.

    Without SPST and id, a copy of a row elsewhere would bear a true signature. Raises: OverflowError, for a number that no
    process gives.
    """
    place = tenant_id.bytes + trace_id.bytes + writer_id.bytes + writer_n.to_bytes(8, "big")
    return hmac.digest(key, place + leaf, hashlib.sha256)


def is_signed(
    key: bytes, signature: bytes, tenant_id: UUID, trace_id: UUID, writer_id: UUID, writer_n: int, leaf: bytes
) -> bool:
    """Whether a process that holds the key of the traces wrote this row."""
    if writer_n < 1:
        return False
    return hmac.compare_digest(sign_row(key, tenant_id, trace_id, writer_id, writer_n, leaf), signature)
