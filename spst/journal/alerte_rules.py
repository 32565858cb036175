"""What is unusual in what one account opened on one day: signals with their points, explained. Pure functions.

A signal alone may stay below `SEUIL`; points add up to 100. Figures are settings of ours, tried on invented days: no text sets
them. Sources of the kinds: CNIL, délibération 2021-122; CNIL on hospitals' records (analysis of traces), 2024.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Any
from uuid import UUID

from spst.kernel.clock import PARIS
from spst.web.filters import nombre, pluriel

SEUIL = 50
TOUT = 100
AROUND = timedelta(days=15)
"""An appointment so near explains an opening: one prepares it, or follows it up."""
MEMOIRE = timedelta(days=30)
"""Of what is usual."""
HOUR = timedelta(hours=1)
IN_AN_HOUR, IN_A_DAY = 30, 100
"""Dossiers below which nothing is a mass reading, however unusual."""
TIMES_AN_HOUR, TIMES_A_DAY = 10, 5
FOR_ONE = 3
"""Dossiers that an appointment or some work explains weigh as one in a mass reading: thirty visits are prepared in an hour."""
MANY_REFUSALS, SOME_REFUSALS = 5, 3
UNEXPECTED, MANY_UNEXPECTED, UNEXPECTED_SHARE = 15, 40, 0.8
NIGHT_FROM, NIGHT_TO = 22, 6
SUNDAY = 7
USUAL_SHARE, USUAL_DAYS = 0.1, 5
"""Of the last month's dossiers, on so many days at least, at such hours: from there they are this person's hours."""


class Lien(StrEnum):
    """What ties an account to the worker whose dossier it opened."""

    PROPRE = "propre"
    HOMONYME = "homonyme"
    COLLEGUE = "collegue"


class Code(StrEnum):
    MASSE_HEURE = "masse_heure"
    MASSE_JOUR = "masse_jour"
    REFUS = "refus"
    HORS_SUIVI = "hors_suivi"
    INATTENDUS = "inattendus"
    PROPRE = "propre"
    HOMONYME = "homonyme"
    COLLEGUE = "collegue"
    HORAIRE = "horaire"


@dataclass(frozen=True, slots=True)
class Acces:
    """One line. `at`: UTC. `hors_suivi`: refused, since the account does not follow this worker; `echu`: refused, since its
    protocol has lapsed; `ecrit`: it wrote something that stays."""

    id: UUID
    at: datetime
    dossier_id: UUID
    permis: bool
    hors_suivi: bool = False
    echu: bool = False
    ecrit: bool = False


@dataclass(frozen=True, slots=True)
class Habitude:
    """Medians of the last month: dossiers in an hour of work, in a day of work (0: unknown). `la_nuit`: share of the dossiers at
    night or on a Sunday, 0 when there were few such days."""

    par_heure: float = 0
    par_jour: float = 0
    la_nuit: float = 0


@dataclass(frozen=True, slots=True)
class Journee:
    """`attendus`: dossiers whose worker has an appointment near that day."""

    acces: Sequence[Acces]
    habitude: Habitude = field(default_factory=Habitude)
    liens: Mapping[UUID, frozenset[Lien]] = field(default_factory=dict)
    attendus: frozenset[UUID] = frozenset()

    @property
    def opened(self) -> list[Acces]:
        return [one for one in self.acces if one.permis]

    @property
    def refused(self) -> list[Acces]:
        """What stayed closed: a right that was put in order the same day refused nothing in the end."""
        opened = {one.dossier_id for one in self.opened}
        return [one for one in self.acces if not one.permis and one.dossier_id not in opened]

    @property
    def explained(self) -> set[UUID]:
        """Dossiers that were expected, or worked upon."""
        return {*self.attendus, *(one.dossier_id for one in self.opened if one.ecrit)}


@dataclass(frozen=True, slots=True)
class Signal:
    """`nombre`: how many; `sur`: of how many, or what is usual; 0 when there is nothing to compare with."""

    code: Code
    points: int
    nombre: int
    sur: float = 0

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "code": str(self.code)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Signal":
        return cls(Code(kept["code"]), kept["points"], kept["nombre"], kept["sur"])

    @property
    def phrase(self) -> str:
        """For the DPO: it names nobody, and no dossier."""
        return _PHRASES[self.code](self)


Rule = Callable[[Journee], Signal | None]


def signals(journee: Journee) -> tuple[Signal, ...]:
    """What is unusual, the weightiest first."""
    found = (one for rule in _RULES for one in [rule(journee)] if one is not None)
    return tuple(sorted(found, key=lambda one: -one.points))


def score(found: Sequence[Signal]) -> int:
    """
    >>> score([Signal(Code.REFUS, 50, 6), Signal(Code.PROPRE, 100, 1)])
    100
    """
    return min(TOUT, sum(one.points for one in found))


def usual(days: Sequence[Sequence[Acces]]) -> Habitude:
    """What the days of the last month show: an hour or a day without any dossier is not one of work."""
    hours = [len(at_work) for day in days for at_work in _by_hour(day)]
    nights = [len(_dossiers([one for one in day if is_unusual_hour(one.at)])) for day in days]
    every = sum(len(_dossiers(day)) for day in days)
    return Habitude(
        par_heure=median(hours) if hours else 0,
        par_jour=median(len(_dossiers(day)) for day in days) if days else 0,
        la_nuit=sum(nights) / every if sum(map(bool, nights)) >= USUAL_DAYS else 0,
    )


def strengthened(kept: Sequence[Signal], found: Sequence[Signal]) -> tuple[Signal, ...]:
    """What was told, and what is found since: of two signals of a kind, the weightier; nothing is taken back."""
    best = {one.code: one for one in kept}
    for one in found:
        known = best.get(one.code)
        if known is None or (one.points, one.nombre) > (known.points, known.nombre):
            best[one.code] = one
    return tuple(sorted(best.values(), key=lambda one: -one.points))


def is_unusual_hour(at: datetime) -> bool:
    """At night or on a Sunday, in Paris. # TO CONFIRM (no text): public holidays are taken for ordinary days."""
    local = at.astimezone(PARIS)
    return local.isoweekday() == SUNDAY or not NIGHT_TO <= local.hour < NIGHT_FROM


def _by_hour(acces: Sequence[Acces]) -> list[set[UUID]]:
    found: dict[int, set[UUID]] = {}
    for one in acces:
        found.setdefault(one.at.astimezone(PARIS).hour, set()).add(one.dossier_id)
    return list(found.values())


def _dossiers(acces: Sequence[Acces]) -> set[UUID]:
    return {one.dossier_id for one in acces}


def _masse_heure(journee: Journee) -> Signal | None:
    """The busiest sixty minutes, wherever they begin."""
    opened = sorted(journee.opened, key=lambda one: one.at)
    explained, normal, first = journee.explained, journee.habitude.par_heure, 0
    most, heaviest = 0, 0.0
    held: dict[UUID, int] = {}
    for one in opened:
        held[one.dossier_id] = held.get(one.dossier_id, 0) + 1
        while one.at - opened[first].at > HOUR:
            left = opened[first].dossier_id
            held[left] -= 1
            if not held[left]:
                del held[left]
            first += 1
        most, heaviest = max((most, heaviest), (len(held), _weight(held, explained)), key=lambda pair: pair[1])
    return Signal(Code.MASSE_HEURE, 60, most, normal) if heaviest >= max(IN_AN_HOUR, TIMES_AN_HOUR * normal) else None


def _masse_jour(journee: Journee) -> Signal | None:
    opened, normal = _dossiers(journee.opened), journee.habitude.par_jour
    if _weight(opened, journee.explained) < max(IN_A_DAY, TIMES_A_DAY * normal):
        return None
    return Signal(Code.MASSE_JOUR, 60, len(opened), normal)


def _weight(dossiers: Collection[UUID], explained: Collection[UUID]) -> float:
    known = sum(one in explained for one in dossiers)
    return len(dossiers) - known + known / FOR_ONE


def _refus(journee: Journee) -> Signal | None:
    refused = sum(not one.echu for one in journee.refused)
    if refused < SOME_REFUSALS:
        return None
    return Signal(Code.REFUS, 50 if refused >= MANY_REFUSALS else 20, refused)


def _hors_suivi(journee: Journee) -> Signal | None:
    asked = len({one.dossier_id for one in journee.refused if one.hors_suivi})
    return Signal(Code.HORS_SUIVI, min(15 * asked + 5 * (asked >= 3), 50), asked) if asked else None


def _inattendus(journee: Journee) -> Signal | None:
    opened = _dossiers(journee.opened)
    strange = len(opened - journee.explained)
    if strange < UNEXPECTED or strange < UNEXPECTED_SHARE * len(opened):
        return None
    return Signal(Code.INATTENDUS, 50 if strange >= MANY_UNEXPECTED else 30, strange, len(opened))


def _lies(journee: Journee, lien: Lien, even_explained: bool) -> int:
    opened = {one.dossier_id for one in journee.acces if lien in journee.liens.get(one.dossier_id, ())}
    return len(opened if even_explained else opened - journee.explained)


def _propre(journee: Journee) -> Signal | None:
    """Somebody else may bear both names: an appointment makes that likelier, and never sure."""
    found, unexplained = (_lies(journee, Lien.PROPRE, even_explained=one) for one in (True, False))
    return Signal(Code.PROPRE, TOUT if unexplained else SEUIL, found) if found else None


def _unexplained(lien: Lien, code: Code) -> Rule:
    def rule(journee: Journee) -> Signal | None:
        found = _lies(journee, lien, even_explained=False)
        return Signal(code, 50, found) if found else None

    return rule


def _horaire(journee: Journee) -> Signal | None:
    if journee.habitude.la_nuit >= USUAL_SHARE:
        return None
    found = len(_dossiers([one for one in journee.opened if is_unusual_hour(one.at)]) - journee.explained)
    return Signal(Code.HORAIRE, min(20 + 5 * found, 50), found) if found else None


_RULES: tuple[Rule, ...] = (
    _masse_heure, _masse_jour, _refus, _hors_suivi, _inattendus, _propre, _unexplained(Lien.HOMONYME, Code.HOMONYME),
    _unexplained(Lien.COLLEGUE, Code.COLLEGUE), _horaire,
)  # fmt: skip


def _usual(signal: Signal) -> str:
    return f" (d’habitude {nombre(round(signal.sur))})" if signal.sur else ""


_NEAR = "sans rendez-vous proche"
_PHRASES: dict[Code, Callable[[Signal], str]] = {
    Code.MASSE_HEURE: lambda s: f"{pluriel(s.nombre, 'dossier')} en moins d’une heure{_usual(s)}.",
    Code.MASSE_JOUR: lambda s: f"{pluriel(s.nombre, 'dossier')} dans la journée{_usual(s)}.",
    Code.REFUS: lambda s: f"{pluriel(s.nombre, 'refus', 'refus')} dans la journée.",
    Code.HORS_SUIVI: lambda s: f"{pluriel(s.nombre, 'dossier')} hors de son suivi, que la politique a refusé d’ouvrir.",
    Code.INATTENDUS: lambda s: (
        f"{pluriel(s.nombre, 'dossier')} sur {nombre(round(s.sur))} {_NEAR}, et sans rien y écrire."
    ),
    Code.PROPRE: lambda s: "Un dossier porte son nom et son prénom.",
    Code.HOMONYME: lambda s: f"{pluriel(s.nombre, 'dossier porte', 'dossiers portent')} son nom de famille, {_NEAR}.",
    Code.COLLEGUE: lambda s: f"{pluriel(s.nombre, 'dossier')} de salariés du service lui-même, {_NEAR}.",
    Code.HORAIRE: lambda s: f"{pluriel(s.nombre, 'dossier')} la nuit ou un dimanche, hors de ses heures habituelles.",
}
