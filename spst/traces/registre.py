"""The ledger of destructions: what the lines of a dossier leave behind when they go at the end of its retention.

An entry is a signed note (c2sp.org/signed-note) of the journal's key. It names places of the tree, by which rule they lost their
lines and on whose decision, and the hash of the entry before; neither the dossier nor anything of it. ADR 0013.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from uuid import UUID

from spst.kernel.merkle import HASH_BYTES
from spst.kernel.notes import NoteRefused, open_note, sign
from spst.traces.sceau import ClesPubliques, Sceau

_TITLE = "traces.spst/destruction/v1"
"""First line of an entry; the origin of a journal is never this."""
FIRST = bytes(HASH_BYTES)
"""Stands for the entry before the first."""

_AT = "%Y-%m-%dT%H:%M:%SZ"
_DECISION = re.compile(r"[\w][\w ./:-]{0,79}")
_RULE = re.compile(r"(?P<code>[A-Z_]+) (?P<le>\d{4}-\d\d-\d\d) (?P<article>\S.*)")
_SPAN = re.compile(r"(0|[1-9]\d{0,14})(?:-([1-9]\d{0,14}))?")
_WRITER = re.compile(r"(?P<id>[0-9a-f-]{36}) (?P<nombre>[1-9]\d{0,14}) (?P<dernier>[1-9]\d{0,14})")


@dataclass(frozen=True, slots=True)
class Regle:
    """The rule of retention whose term was reached, and since when it is in force."""

    code: str
    en_vigueur_le: date
    article: str

    def __str__(self) -> str:
        return f"{self.code} {self.en_vigueur_le} {self.article}"


@dataclass(frozen=True, slots=True)
class Ecrivain:
    """Of one writer: how many of its lines were destroyed, and the highest of their numbers.

    No more is needed to tell a number that was destroyed from one that is missing: the others run from 1 without gap.
    """

    id: UUID
    nombre: int
    dernier: int

    def __str__(self) -> str:
        return f"{self.id} {self.nombre} {self.dernier}"


@dataclass(frozen=True, slots=True)
class Ecriture:
    """One destruction. `numero`: from 1. `precedente`: hash of the note before. `at`: UTC, to the second.

    `taille`: of the head under which the places stand. `decision`: reference of whoever decided, without a trait.
    `rangs`: places that lost their lines, in their order. `resume`: SHA-256 over what is sealed at these places.
    """

    origin: str
    numero: int
    precedente: bytes
    at: datetime
    taille: int
    regle: Regle
    decision: str
    resume: bytes
    rangs: tuple[range, ...]
    ecrivains: tuple[Ecrivain, ...]

    @property
    def nombre(self) -> int:
        return sum(len(span) for span in self.rangs)

    @property
    def text(self) -> str:
        lines = (
            _TITLE,
            self.origin,
            str(self.numero),
            base64.b64encode(self.precedente).decode(),
            self.at.astimezone(UTC).strftime(_AT),
            str(self.taille),
            str(self.regle),
            self.decision,
            base64.b64encode(self.resume).decode(),
            ",".join(_said(span) for span in self.rangs),
            *map(str, self.ecrivains),
        )
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> "Ecriture":
        """Raises: NoteRefused."""
        lines = text.split("\n")
        if len(lines) < 12 or lines[0] != _TITLE or lines[-1]:
            raise NoteRefused("this is no entry of a ledger of destructions")
        try:
            return cls(
                origin=lines[1],
                numero=int(lines[2]),
                precedente=_hash(lines[3]),
                at=datetime.strptime(lines[4], _AT).replace(tzinfo=UTC),
                taille=int(lines[5]),
                regle=_rule(lines[6]),
                decision=lines[7],
                resume=_hash(lines[8]),
                rangs=_spans(lines[9]),
                ecrivains=tuple(_writer(line) for line in lines[10:-1]),
            )._checked(text)
        except (ValueError, binascii.Error) as error:
            raise NoteRefused("this entry of the ledger cannot be read") from error

    def _checked(self, text: str) -> "Ecriture":
        """One way to write each entry, and numbers that agree. Raises: ValueError."""
        if self.text != text or self.numero < 1 or self.rangs[-1].stop > self.taille:
            raise ValueError
        if len({one.id for one in self.ecrivains}) < len(self.ecrivains):
            raise ValueError
        if sum(one.nombre for one in self.ecrivains) != self.nombre or any(
            e.dernier < e.nombre for e in self.ecrivains
        ):
            raise ValueError
        return self


def sign_entry(sceau: Sceau, ecriture: Ecriture) -> str:
    """Raises: NoteRefused, when the entry cannot be read again."""
    return sign(Ecriture.parse(ecriture.text).text, (sceau.journal,), ecriture.at)


def open_entry(note: str, chain: Sequence[tuple[int, ClesPubliques]]) -> Ecriture:
    """An entry that the key of its own head signed. `chain`: keys by the size beyond which they sign. Raises: NoteRefused."""
    text, signatures = open_note(note, [cles.journal for _, cles in chain])
    ecriture = Ecriture.parse(text)
    signers = [cles.journal for depuis, cles in chain if depuis < ecriture.taille]
    if [one.key for one in signatures] != signers[-1:] or ecriture.origin != signers[-1].name:
        raise NoteRefused("an entry bears the one signature of the key that signed its head")
    return ecriture


def note_hash(note: str) -> bytes:
    return hashlib.sha256(note.encode()).digest()


def is_decision(reference: str) -> bool:
    """Whether a reference can stand in an entry: 80 signs at most, no line break."""
    return _DECISION.fullmatch(reference) is not None


def spans(rangs: Iterable[int]) -> tuple[range, ...]:
    """Places in their order, those that follow each other together.

    >>> spans([1, 2, 3, 7])
    (range(1, 4), range(7, 8))
    """
    found: list[range] = []
    for rang in rangs:
        if found and found[-1].stop == rang:
            found[-1] = range(found[-1].start, rang + 1)
        else:
            found.append(range(rang, rang + 1))
    return tuple(found)


def writers(numbers: Iterable[tuple[UUID, int]]) -> tuple[Ecrivain, ...]:
    """Of each writer how many, and the highest number."""
    found: dict[UUID, list[int]] = {}
    for writer, number in numbers:
        known = found.setdefault(writer, [0, 0])
        known[:] = known[0] + 1, max(known[1], number)
    return tuple(Ecrivain(writer, *found[writer]) for writer in sorted(found))


def _said(span: range) -> str:
    return str(span.start) if len(span) == 1 else f"{span.start}-{span.stop - 1}"


def _spans(said: str) -> tuple[range, ...]:
    found = tuple(_span(one) for one in said.split(","))
    if any(left.stop >= right.start for left, right in pairwise(found)):
        raise ValueError
    return found


def _span(said: str) -> range:
    read = _SPAN.fullmatch(said)
    if read is None:
        raise ValueError
    start, last = int(read[1]), int(read[2] or read[1])
    if read[2] and last <= start:
        raise ValueError
    return range(start, last + 1)


def _rule(said: str) -> Regle:
    read = _RULE.fullmatch(said)
    if read is None:
        raise ValueError
    return Regle(read["code"], date.fromisoformat(read["le"]), read["article"])


def _writer(said: str) -> Ecrivain:
    read = _WRITER.fullmatch(said)
    if read is None:
        raise ValueError
    return Ecrivain(UUID(read["id"]), int(read["nombre"]), int(read["dernier"]))


def _hash(encoded: str) -> bytes:
    found = base64.b64decode(encoded, validate=True)
    if len(found) != HASH_BYTES:
        raise ValueError
    return found


class Detruites:
    """Places that the ledger says have lost their lines, met in the order of the tree.

    Memory follows the spans of the ledger, not the size of the journal.
    """

    def __init__(self, ecritures: Iterable[Ecriture]) -> None:
        self._entries = [(ecriture, hashlib.sha256()) for ecriture in ecritures]
        named = ((span.start, span.stop, rank) for rank, (one, _) in enumerate(self._entries) for span in one.rangs)
        self._spans = sorted(named)
        self._next = 0

    @property
    def entries(self) -> list[Ecriture]:
        return [ecriture for ecriture, _ in self._entries]

    def meet(self, rang: int, empreinte: bytes) -> bool:
        """Whether an entry names this place, where this is sealed. Places come in their order."""
        while self._next < len(self._spans) and self._spans[self._next][1] <= rang:
            self._next += 1
        is_named = self._next < len(self._spans) and self._spans[self._next][0] <= rang
        if is_named:
            self._entries[self._spans[self._next][2]][1].update(empreinte)
        return is_named

    def differing(self, until: int) -> Iterator[Ecriture]:
        """Entries, among those whose places all come before `until`, that do not name what was sealed there."""
        for ecriture, met in self._entries:
            if ecriture.rangs[-1].stop <= until and met.digest() != ecriture.resume:
                yield ecriture
