"""Agendas around a day, so that "Ma journée" is alive whenever the demonstration starts.

What a morning left is there too: visits closed with their conclusions, one under way, people in the waiting room.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID

from spst.cli.peuplement.calendrier import Conducteur, TypeLegal, Types
from spst.cli.peuplement.chargement import Lot
from spst.cli.peuplement.dossiers import Dossier, Redacteur
from spst.cli.peuplement.etablissement import Equipe, Spst
from spst.cli.peuplement.graine import Ids, generator
from spst.kernel.acteur import Role
from spst.kernel.clock import PARIS
from spst.visites.rules import StatutRdv

_HOURS = tuple(map(time.fromisoformat, "08:30 09:10 09:50 10:30 11:10 11:50 13:40 14:20 15:00 15:40 16:20".split()))
_MINUTES = 30
_EVENING = time(15, 0)
"""Later than that, the day is shown as it stood then: somebody still waits."""
_PERIODIC = {"SIS": ("VIPP_SIS",), "SIA": ("VIPP_SIA",), "SIR": ("EMAP", "VINT")}
_OTHERS = ("REPR_MAL", "DEM_SAL", "PREP", "ENTI")


@dataclass(frozen=True, slots=True)
class Occupes:
    """Who is busy already: dossiers and professionals with an open visit."""

    dossiers: frozenset[UUID] = frozenset()
    professionnels: frozenset[UUID] = frozenset()


class Agenda:
    """Adds the slots of an SPST to a lot. `workers`: dossiers to draw from, of one équipe each."""

    def __init__(self, spst: Spst, types: Types, redacteur: Redacteur, now: datetime, occupes: Occupes) -> None:
        self._spst = spst
        self._types = types
        self._redacteur = redacteur
        self._now = now.astimezone(PARIS)
        self._occupes = occupes

    def write(self, lot: Lot, days: Sequence[date], workers: Iterator[Dossier], slots: int) -> None:
        """Today first: where workers are few, the other days have the rest."""
        waiting: dict[UUID, list[Dossier]] = {equipe.id: [] for equipe in self._spst.equipes}
        for day in days:
            for equipe, who in _conductors(self._spst):
                most = slots if day == self._now.date() else -(-slots * 2 // 3)
                take = _taker(waiting, workers, [e.id for e in self._spst.equipes if who in e.conducteurs])
                self._day(lot, day, equipe, who, take, most)

    def _day(
        self, lot: Lot, day: date, equipe: Equipe, who: Conducteur, take: Callable[[], Dossier | None], most: int
    ) -> None:
        source = generator(self._spst.demo.slug, "agenda", day, who.compte_id)
        ids = Ids(source, (day - date(2017, 1, 2)).days * 100_000)
        starts = [datetime.combine(day, _HOURS[rank * len(_HOURS) // most], PARIS) for rank in range(most)]
        current = self._current(starts)
        # The slot under way draws last: whatever the hour, it is the same worker's, and not one whom everybody tries.
        for rank in sorted(range(most), key=lambda rank: rank == current):
            dossier = take()
            if dossier is None:
                return
            dossier.source, dossier.ids = source, ids
            self._slot(lot, dossier, equipe, who, starts[rank], self._statut(source, rank - current, who))

    def _current(self, starts: Sequence[datetime]) -> int:
        """Rank of the slot that is under way: past the end on days before today, so far ahead on later ones that none has come.

        Two slots of today are always left, whatever the hour.
        """
        day, now = starts[0].date(), self._now
        if day != now.date():
            return len(starts) if day < now.date() else -len(starts)
        shown = min(now, datetime.combine(day, _EVENING, PARIS))
        over = sum(start + timedelta(minutes=_MINUTES) <= shown for start in starts)
        return min(over, len(starts) - 2)

    def _statut(self, source: Random, distance: int, who: Conducteur) -> StatutRdv:
        """What has become of a slot. `distance`: from the one under way, before it when negative."""
        chance = source.random()
        if distance < 0:
            return StatutRdv.RECU if chance < 0.84 else StatutRdv.ABSENT if chance < 0.93 else StatutRdv.EXCUSE
        if distance == 0 and who.compte_id not in self._occupes.professionnels:
            return StatutRdv.EN_COURS
        return StatutRdv.ARRIVE if distance <= 2 else StatutRdv.CONVOQUE

    def _slot(
        self, lot: Lot, dossier: Dossier, equipe: Equipe, who: Conducteur, start: datetime, statut: StatutRdv
    ) -> None:
        type_ = self._type(dossier, who, start.date())
        begun = min(start, self._now - timedelta(minutes=12)).astimezone(UTC)
        present = statut in {StatutRdv.ARRIVE, StatutRdv.EN_COURS, StatutRdv.RECU}
        rdv_id = dossier.ids()
        lot.add(
            "rendez_vous",
            id=rdv_id,
            travailleur_id=dossier.travailleur_id,
            compte_id=who.compte_id,
            centre_id=equipe.centre_id,
            starts_at=start.astimezone(UTC),
            duree_min=_MINUTES,
            libelle=type_.libelle_agenda,
            statut=str(statut),
            arrived_at=begun - timedelta(minutes=4) if present else None,
            updated_at=begun,
        )
        if statut in {StatutRdv.EN_COURS, StatutRdv.RECU}:
            is_open = statut is StatutRdv.EN_COURS
            self._redacteur.visite(lot, dossier, type_, who, begun, rendez_vous_id=rdv_id, is_open=is_open)

    def _type(self, dossier: Dossier, who: Conducteur, day: date) -> TypeLegal:
        """A type that the regime knows and this role may conduct: mostly what comes back by law."""
        regime = self._redacteur.situation(dossier).regime
        codes = (*_PERIODIC[regime] * 3, *_OTHERS)
        able = [
            type_
            for type_ in map(self._types.__getitem__, codes)
            if who.role in type_.praticiens and type_.serves(regime, day)
        ]
        return dossier.source.choice(able)


def days_around(today: date) -> list[date]:
    """Today whatever the day of the week, the working days beside it, and some of next week."""
    before = next(d for n in range(1, 5) if _is_worked(d := today - timedelta(days=n)))
    after = next(d for n in range(1, 5) if _is_worked(d := today + timedelta(days=n)))
    monday = today + timedelta(days=7 - today.weekday())
    return [today, before, after, *(d for n in (1, 3) if (d := monday + timedelta(days=n)) != after)]


def _is_worked(day: date) -> bool:
    return day.weekday() < 5


def _conductors(spst: Spst) -> Iterator[tuple[Equipe, Conducteur]]:
    """Each once, in the first of his équipes."""
    seen = set()
    for equipe in spst.equipes:
        for who in equipe.conducteurs:
            if who.compte_id not in seen and who.role in {Role.MDT, Role.COLL, Role.INT, Role.INF}:
                seen.add(who.compte_id)
                yield equipe, who


def _taker(
    waiting: dict[UUID, list[Dossier]], workers: Iterator[Dossier], equipes: Sequence[UUID]
) -> Callable[[], Dossier | None]:
    """Gives the next dossier of one of these équipes, and keeps those of the others for their own."""

    def take() -> Dossier | None:
        for equipe_id in equipes:
            if waiting[equipe_id]:
                return waiting[equipe_id].pop(0)
        for dossier in workers:
            if dossier.equipe.id in equipes:
                return dossier
            waiting[dossier.equipe.id].append(dossier)
        return None

    return take
