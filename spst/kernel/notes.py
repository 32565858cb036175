"""Signed notes of C2SP (c2sp.org/signed-note, c2sp.org/tlog-cosignature): a text, and lines that sign it with Ed25519.

A note is a text that ends in a newline, an empty line, then signature lines `— <key name> base64(key id ‖ signature)`. Two
kinds of key are spoken here: `ED25519` signs the text; `TIMESTAMPED` also says when, in seconds since 1970. Whoever verifies
holds the keys beforehand, as lines `<name>+<key id>+base64(kind ‖ public key)`; signatures of other keys are not looked at.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519, TIMESTAMPED = 0x01, 0x04
MAX_NOTE = 1_000_000
MAX_SIGNATURES = 64

_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+=*)")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteRefused(Exception):
    """A note is not well formed, or no key that is trusted signed it."""


class KeyUnknown(NoteRefused):
    """No key that is trusted signed the note; others may have."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key by its name. `raw`: 32 bytes (RFC 8032)."""

    name: str
    kind: int
    raw: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.raw).decode()}"

    @classmethod
    def parse(cls, line: str) -> "VerifierKey":
        """
        >>> str(VerifierKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"))
        'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'

        Raises: NoteRefused.
        """
        name, _, rest = line.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        material = _decoded(encoded)
        if len(material) != 33 or material[0] not in {ED25519, TIMESTAMPED} or not name or re.search(r"\s", name):
            raise NoteRefused("this is no key of a kind that is known here")
        key = cls(name, material[0], material[1:])
        if key.id.hex() != key_id:
            raise NoteRefused("the id of the key is not that of its name and bytes")
        return key


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key by its name. `seed`: 32 bytes."""

    name: str
    kind: int
    seed: bytes = field(repr=False)

    @property
    def public(self) -> VerifierKey:
        return VerifierKey(self.name, self.kind, self._private.public_key().public_bytes_raw())

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def line(self, text: str, at: datetime) -> str:
        """One signature line over `text`. `at`: what a timestamped key says, to the second; the other does not look at it."""
        when = int(at.timestamp()).to_bytes(8, "big") if self.kind == TIMESTAMPED else b""
        signature = when + self._private.sign(_signed(text, when))
        return f"— {self.name} {base64.b64encode(self.public.id + signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """A line of a note that a known key made. `at`: UTC, of a timestamped key."""

    key: VerifierKey
    at: datetime | None


def sign(text: str, keys: Iterable[SigningKey], at: datetime) -> str:
    """The note of `text`, signed by each of `keys`. Raises: NoteRefused, when the text cannot be one."""
    _check_text(text)
    return f"{text}\n{''.join(key.line(text, at) for key in keys)}"


def open_note(note: str, keys: Sequence[VerifierKey]) -> tuple[str, list[Signature]]:
    """The text of a note and who of `keys` signed it, at least one.

    Raises: KeyUnknown; NoteRefused, also when a signature of a known key does not hold, whatever the others say.
    """
    text, lines = _split(note)
    found = [_verified(text, line, keys) for line in lines]
    known = [signature for signature in found if signature is not None]
    if not known:
        raise KeyUnknown("no key that is trusted signed this")
    return text, known


def text_of(note: str) -> str:
    """The text alone, nothing verified. Raises: NoteRefused."""
    return _split(note)[0]


def _split(note: str) -> tuple[str, list[str]]:
    if len(note) > MAX_NOTE or "\n\n" not in note or not note.endswith("\n"):
        raise NoteRefused("this is no signed note")
    text, _, rest = note.rpartition("\n\n")
    _check_text(f"{text}\n")
    lines = rest.splitlines()
    if not 0 < len(lines) <= MAX_SIGNATURES or not all(_LINE.fullmatch(line) for line in lines):
        raise NoteRefused("the signatures of the note cannot be read")
    return f"{text}\n", lines


def _check_text(text: str) -> None:
    if not text.endswith("\n") or _CONTROLS.search(text):
        raise NoteRefused("the text of a note ends in a newline and holds no other control sign")


def _verified(text: str, line: str, keys: Sequence[VerifierKey]) -> Signature | None:
    """None for a key that is not known here."""
    read = _LINE.fullmatch(line)
    if read is None:
        raise NoteRefused("the signatures of the note cannot be read")
    body = _decoded(read["signature"])
    key = next((one for one in keys if one.name == read["name"] and one.id == body[:4]), None)
    if key is None:
        return None
    when = body[4:12] if key.kind == TIMESTAMPED else b""
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(body[4 + len(when) :], _signed(text, when))
    except InvalidSignature as error:
        raise NoteRefused("a signature does not hold: the text or the line was altered") from error
    return Signature(key, _instant(when))


def _instant(when: bytes) -> datetime | None:
    if not when:
        return None
    try:
        return datetime.fromtimestamp(int.from_bytes(when, "big"), UTC)
    except (OverflowError, ValueError) as error:
        raise NoteRefused("the instant of a signature is out of bounds") from error


def _signed(text: str, when: bytes) -> bytes:
    """What is signed: the text, under a header that keeps both kinds apart when there is an instant."""
    head = f"cosignature/v1\ntime {int.from_bytes(when, 'big')}\n" if when else ""
    return f"{head}{text}".encode()


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteRefused("this is not base64") from error
