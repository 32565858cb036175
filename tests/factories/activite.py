"""Ordinary days of an SPST, drawn at random: who opens what, with which appointments; and single accesses at a chosen instant."""

import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from spst.dmst import services as dmst
from spst.dmst.models import Dossier, Suivi
from spst.entreprises.models import Contrat
from spst.identite import rules as identite
from spst.identite.models import Travailleur
from spst.kernel.acteur import Acteur
from spst.kernel.clock import PARIS
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from spst.kernel.unit_of_work import unit_of_work
from spst.traces import services as traces
from spst.visites.models import RendezVous
from tests.factories.monde import LONG_AGO, Monde

EXPECTED, REFUSED, WRITTEN, PREPARING = 0.88, 0.01, 0.2, 0.02
"""Shares: openings near an appointment; of a dossier that one does not follow; of the others, that write; days of preparation."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A clock that stands still."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Activite:
    """In the first SPST of a world. `known`: appointments already made, by worker and week."""

    monde: Monde
    chance: random.Random = field(default_factory=lambda: random.Random(20261124))
    known: set[tuple[UUID, int]] = field(default_factory=set)

    def worker(
        self,
        nom: str,
        prenom: str = "LOU",
        *,
        followed: bool = True,
        employer: UUID | None = None,
        contrat: tuple[date, date | None] = (LONG_AGO.date(), None),
    ) -> UUID:
        """Somebody of the register; returns his dossier. `employer`: an establishment; `contrat`: first and last day there."""
        dossier_id, rows = self._rows(nom, prenom, followed)
        if employer:
            of = {"tenant_id": rows[0].tenant_id, "travailleur_id": rows[0].id, "etablissement_id": employer}
            rows.append(Contrat(type="CDI", poste="Accueil", starts_on=contrat[0], ends_on=contrat[1], **of))
        self.monde.add(*rows)
        return dossier_id

    def workers(self, noms: Iterable[str]) -> list[UUID]:
        """Many at once, followed."""
        made = [self._rows(nom, "LOU", followed=True) for nom in noms]
        self.monde.add(*(row for _, rows in made for row in rows))
        return [dossier_id for dossier_id, _ in made]

    def _rows(self, nom: str, prenom: str, followed: bool) -> tuple[UUID, list[Any]]:
        a = self.monde.a
        key, travailleur_id, dossier_id = {"tenant_id": a.tenant_id}, new_id(), new_id()
        self.monde.runtime.keyring.create_dossier_key(a.tenant_id, dossier_id)
        equipe_id = a.equipe_id if followed else a.autre_equipe_id
        return dossier_id, [
            Travailleur(
                id=travailleur_id, nom_naissance=nom, prenoms=prenom, premier_prenom=prenom, sexe="F",
                date_naissance=date(1990, 1, 2), statut_ins="provisoire", nom_cle=identite.search_key(nom, prenom),
                created_at=LONG_AGO, updated_at=LONG_AGO, **key,
            ),
            Dossier(id=dossier_id, travailleur_id=travailleur_id, created_at=LONG_AGO, created_by=a.medecin.id, **key),
            Suivi(dossier_id=dossier_id, equipe_id=equipe_id, starts_on=LONG_AGO.date(), **key),
        ]  # fmt: skip

    def expect(self, dossiers: Iterable[UUID], jour: date) -> None:
        """Appointments with the médecin near that day."""
        for dossier_id in dossiers:
            if (dossier_id, jour.toordinal() // 7) not in self.known:
                self.known.add((dossier_id, jour.toordinal() // 7))
                self.appointment(dossier_id, at(jour, 9) + timedelta(days=self.chance.randint(-7, 7)))

    def appointment(self, dossier_id: UUID, starts_at: datetime) -> None:
        """With the médecin; it was kept."""
        a = self.monde.a
        with self.monde.superuser.connect() as connection:
            query = Dossier.__table__.select().where(Dossier.id == dossier_id)
            travailleur_id = connection.execute(query).one().travailleur_id
        row = RendezVous(
            tenant_id=a.tenant_id, id=new_id(), travailleur_id=travailleur_id, compte_id=a.medecin.id,
            centre_id=a.centre_id, starts_at=starts_at, duree_min=30, libelle="Visite périodique",
            statut="recu", updated_at=starts_at,
        )  # fmt: skip
        self.monde.add(row)

    def open(self, who: Acteur, dossier_id: UUID, when: datetime, action: str = "dossier.open") -> None:
        """An access that was allowed."""
        runtime = replace(self.monde.runtime, clock=Moment(when))
        with unit_of_work(runtime, self.monde.a.tenant_id, who, Motif(CodeMotif.SUIVI), origin="test") as ctx:
            traces.record(ctx, action, dossier_id, ("S1", "S3"))

    def is_refused(self, who: Acteur, dossier_id: UUID, when: datetime) -> None:
        """What the policy itself refuses."""
        runtime = replace(self.monde.runtime, clock=Moment(when))
        with (
            suppress(AccessDenied),
            unit_of_work(runtime, self.monde.a.tenant_id, who, Motif(CodeMotif.SUIVI), origin="test") as ctx,
        ):
            dmst.open_dossier(ctx, dossier_id)
            raise AssertionError("it opened")

    def ordinary_day(self, who: Acteur, jour: date, dossiers: Sequence[UUID], others: Sequence[UUID]) -> int:
        """Returns how many dossiers were asked for. `others`: of workers whom nobody here follows."""
        preparing = self.chance.random() < PREPARING
        count = 40 if preparing else max(1, round(self.chance.gauss(20, 5)))
        for n in range(count):
            when = at(jour, 14) + timedelta(minutes=3 * n) if preparing else at(jour, self.chance.uniform(8, 18))
            dossier_id = self.chance.choice(dossiers)
            if self.chance.random() < REFUSED:
                self.is_refused(who, self.chance.choice(others), when)
            elif preparing or self.chance.random() < EXPECTED:
                self.expect([dossier_id], jour)
                self.open(who, dossier_id, when)
            else:
                self.open(who, dossier_id, when, "courrier.add" if self.chance.random() < WRITTEN else "dossier.open")
        return count


def at(jour: date, hour: float) -> datetime:
    """An hour of Paris on that day, 8.5 for half past eight."""
    return datetime.combine(jour, time(), PARIS) + timedelta(hours=hour)
