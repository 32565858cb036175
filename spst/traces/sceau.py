"""What seals the traces of an SPST: a head of their tree, the keys that sign it, and how a key hands over to the next.

A head is a checkpoint of C2SP (c2sp.org/tlog-checkpoint): the origin of the journal, its size, the root of its tree. Two keys
sign it: one for the head, one that also says when (c2sp.org/tlog-cosignature). Both are derived, for each SPST, from one secret
that the database never holds; when the secret changes, the old key signs a note that names the new ones, so that whoever
trusts the old key goes on to the new.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from spst.kernel.merkle import HASH_BYTES
from spst.kernel.notes import ED25519, TIMESTAMPED, KeyUnknown, NoteRefused, SigningKey, VerifierKey, open_note, sign

_HANDOVER = "traces.spst/cle-suivante/v1"
"""First line of a note that names the next keys; the origin of a journal is never this."""


@dataclass(frozen=True, slots=True)
class Tete:
    """The head of a journal: all its first `taille` traces, in their order, under one root."""

    origin: str
    taille: int
    racine: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.taille}\n{base64.b64encode(self.racine).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Tete":
        """Raises: NoteRefused."""
        lines = text.split("\n")
        if len(lines) != 4 or not lines[0] or not _is_decimal(lines[1]):
            raise NoteRefused("this is no head of a journal")
        try:
            racine = base64.b64decode(lines[2], validate=True)
        except (binascii.Error, ValueError) as error:
            raise NoteRefused("the root of the head is not base64") from error
        if len(racine) != HASH_BYTES:
            raise NoteRefused("the root of the head is no hash")
        return cls(lines[0], int(lines[1]), racine)


@dataclass(frozen=True, slots=True)
class ClesPubliques:
    """What verifies the heads of one journal, from one secret."""

    journal: VerifierKey
    horloge: VerifierKey

    @classmethod
    def parse(cls, journal: str, horloge: str) -> "ClesPubliques":
        """Raises: NoteRefused."""
        keys = cls(VerifierKey.parse(journal), VerifierKey.parse(horloge))
        if (keys.journal.kind, keys.horloge.kind) != (ED25519, TIMESTAMPED) or keys.journal.name != keys.horloge.name:
            raise NoteRefused("these are not the two keys of one journal")
        return keys

    @property
    def lines(self) -> str:
        return f"{self.journal}\n{self.horloge}\n"


@dataclass(frozen=True, slots=True)
class TeteSignee:
    """A head that trusted keys signed. `at`: UTC, to the second."""

    tete: Tete
    at: datetime
    cles: ClesPubliques


@dataclass(frozen=True, slots=True)
class Sceau:
    """The private keys of one journal."""

    journal: SigningKey
    horloge: SigningKey

    @classmethod
    def derive(cls, secret: bytes, tenant_id: UUID) -> "Sceau":
        """`secret`: 32 bytes, the same for every SPST of an installation."""
        name = origin_of(tenant_id)
        seeds = {use: _derived(secret, f"{name}|{use}") for use in ("journal", "horloge")}
        return cls(SigningKey(name, ED25519, seeds["journal"]), SigningKey(name, TIMESTAMPED, seeds["horloge"]))

    @property
    def publiques(self) -> ClesPubliques:
        return ClesPubliques(self.journal.public, self.horloge.public)

    def sign_head(self, tete: Tete, at: datetime) -> str:
        return sign(tete.text, (self.journal, self.horloge), at)

    def hand_over(self, suivantes: ClesPubliques, taille: int, at: datetime) -> str:
        """The note by which these keys name the ones that sign every head larger than `taille`."""
        return sign(f"{_HANDOVER}\n{self.journal.name}\n{taille}\n{suivantes.lines}", (self.journal,), at)


def origin_of(tenant_id: UUID) -> str:
    """Name of an SPST's journal and of its keys: it outlives a change of address."""
    return f"traces.spst/{tenant_id}"


def open_head(note: str, trusted: Iterable[ClesPubliques]) -> TeteSignee:
    """A head that both keys of one pair of `trusted` signed.

    Raises: KeyUnknown, NoteRefused.
    """
    for cles in trusted:
        try:
            text, signatures = open_note(note, (cles.journal, cles.horloge))
        except KeyUnknown:
            continue
        tete, at = Tete.parse(text), next((one.at for one in signatures if one.at), None)
        if (
            tete.origin != cles.journal.name
            or at is None
            or [one.key for one in signatures] != [cles.journal, cles.horloge]
        ):
            raise NoteRefused("a head bears the origin of its keys and both their signatures, each once")
        return TeteSignee(tete, at, cles)
    raise KeyUnknown("no key that is trusted signed this head")


def open_handover(note: str, trusted: Sequence[ClesPubliques]) -> tuple[ClesPubliques, int]:
    """The keys that a trusted key names as its next, and the size beyond which they sign.

    Raises: NoteRefused.
    """
    text, signatures = open_note(note, [cles.journal for cles in trusted])
    lines = text.split("\n")
    if len(lines) != 6 or lines[0] != _HANDOVER or lines[1] != signatures[0].key.name or not _is_decimal(lines[2]):
        raise NoteRefused("this note names no next key")
    suivantes = ClesPubliques.parse(lines[3], lines[4])
    if suivantes.journal.name != lines[1]:
        raise NoteRefused("the next key belongs to another journal")
    return suivantes, int(lines[2])


def _is_decimal(text: str) -> bool:
    return text.isascii() and text.isdigit() and str(int(text)) == text


def _derived(secret: bytes, info: str) -> bytes:
    """RFC 5869: one secret, independent keys."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info.encode()).derive(secret)
