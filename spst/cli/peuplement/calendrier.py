"""Which visits a worker had, when, and who conducted them: what the law in force each day allowed.

Source: C. trav. art. R. 4624-10 to R. 4624-28; types and performers as `type_visite` holds them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from uuid import UUID

from spst.kernel.acteur import Role
from spst.kernel.clock import add_months

HISTORY = timedelta(days=3652)
_MONTH = 30
_NURSE = 0.6


@dataclass(frozen=True, slots=True)
class TypeLegal:
    code: str
    effective_from: date
    libelle_agenda: str
    regimes: frozenset[str]
    praticiens: frozenset[str]
    interval_max_mois: int | None

    def serves(self, regime: str, on: date) -> bool:
        return regime in self.regimes and on >= self.effective_from


@dataclass(frozen=True, slots=True)
class Conducteur:
    """Somebody who conducts visits; `since`: his first day in the SPST."""

    role: Role
    compte_id: UUID
    since: date


@dataclass(frozen=True, slots=True)
class Situation:
    """The follow-up of one worker: his regime, and since when he holds his post."""

    regime: str
    expositions: tuple[str, ...]
    sexe: str
    naissance: date
    debut: date


Types = dict[str, TypeLegal]


def visits(source: Random, types: Types, situation: Situation, today: date) -> list[tuple[date, str]]:
    """Days and types, in order, none in the future, at most one a day."""
    first = max(situation.debut, today - HISTORY, date(2017, 1, 9))
    found = [*_periodic(source, situation, first, today), *_others(source, situation, first, today)]
    kept: dict[date, str] = {}
    for day, code in sorted(found):
        worked = _worked(day)
        if first - timedelta(days=7) <= worked < today and types[code].serves(situation.regime, worked):
            kept.setdefault(worked, code)
    return list(kept.items())


def conductor(source: Random, type_: TypeLegal, team: Sequence[Conducteur], on: date) -> Conducteur | None:
    """A member of the équipe whom the text allows; an infirmier rather often, as SPSTs do."""
    able = [one for one in team if one.role in type_.praticiens and one.since <= on]
    nurses = [one for one in able if one.role is Role.INF]
    doctors = [one for one in able if one.role is not Role.INF]
    wants_nurse = source.random() < _NURSE
    chosen = source.random()
    among = (nurses or doctors) if wants_nurse else (doctors or nurses)
    return among[int(chosen * len(among))] if among else None


def _periodic(source: Random, situation: Situation, first: date, today: date) -> Iterator[tuple[date, str]]:
    steps = _steps(situation)
    if first == situation.debut:
        day, code = _initial(source, situation)
        yield day, code
    else:
        day = first - timedelta(days=source.randrange(1, 20 * _MONTH))
    turn = 0
    while day < today:
        code, shortest, longest = steps[turn % len(steps)]
        day = add_months(day, source.randrange(shortest, longest)) + timedelta(days=source.randrange(25))
        turn += 1
        yield day, code


def _steps(situation: Situation) -> Sequence[tuple[str, int, int]]:
    """What comes back, after how many months at least and at most."""
    if situation.regime == "SIS":
        return (("VIPP_SIS", 40, 59),)
    if situation.regime == "SIA":
        return (("VIPP_SIA", 26, 35),)
    if "RI_A" in situation.expositions:
        return (("EMAP_A", 10, 11),)
    if "JEUNE_TR" in situation.expositions:
        return (("EMAP_J", 10, 11),)
    return (("VINT", 19, 23), ("EMAP", 20, 23))


def _initial(source: Random, situation: Situation) -> tuple[date, str]:
    """Before the post where the law wants it, within three months otherwise."""
    before = situation.debut - timedelta(days=source.randrange(1, 6))
    after = situation.debut + timedelta(days=source.randrange(10, 85))
    if situation.regime == "SIR":
        return before, "EMAI"
    return (before, "VIPI_A") if situation.regime == "SIA" else (after, "VIPI")


def _others(source: Random, situation: Situation, first: date, today: date) -> Iterator[tuple[date, str]]:
    """Visits that no period calls: after an absence, on request, in mid-career, with the nurse."""
    for chance, code in ((0.16, "REPR_MAL"), (0.05, "REPR_AT"), (0.07, "DEM_SAL"), (0.03, "DEM_EMP"), (0.06, "ENTI")):
        day = first + timedelta(days=int(source.random() * (today - first).days))
        if source.random() < chance:
            yield day, code
            if code == "REPR_MAL":
                yield day - timedelta(days=30), "PREP"
    if situation.sexe == "F" and source.random() < 0.3:
        birth_of_child = situation.naissance + timedelta(days=source.randrange(24 * 365, 38 * 365))
        yield birth_of_child + timedelta(days=130), "REPR_MAT"
    mid_career = date(situation.naissance.year + 45, 1 + source.randrange(12), 1 + source.randrange(28))
    yield mid_career, "MICA"


def _worked(day: date) -> date:
    """The day itself, or the Monday after it."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
