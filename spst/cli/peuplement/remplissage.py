"""From an empty schema to two SPSTs at work; and a day later, agendas for that day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import psycopg

from spst.cli.demo.accounts import CompteDemonstration
from spst.cli.peuplement import acces, comptes, entreprises, etablissement, travailleurs
from spst.cli.peuplement.agenda import Agenda, Occupes, days_around
from spst.cli.peuplement.calendrier import TypeLegal
from spst.cli.peuplement.chargement import Chargeur, Lot
from spst.cli.peuplement.dossiers import Dossier, Droit, Redacteur
from spst.cli.peuplement.etablissement import Spst
from spst.cli.peuplement.graine import generator
from spst.cli.peuplement.organisation import COTEAUX, PROFESSIONNELS, SPSTS
from spst.kernel.acteur import Role, service
from spst.kernel.clock import today
from spst.kernel.runtime import Runtime
from spst.visites.rules import bounds_of

_BATCH = 1000
_SLOTS, _FEWEST = 11, 3
_SHARE = 20
"""Where workers are few, an agenda takes no more than its share of them."""
_FIRST, _ENTRUSTED = 40, 6
_EXPLOITATION = service("exploitation")

Progress = Callable[[str, int, int], None]
"""Told the SPST, how many workers are done, out of how many."""


@dataclass(slots=True)
class Peuplement:
    """`ops_conninfo`, `owner_conninfo`: libpq addresses of `spst_ops`, which loads, and of `spst_owner`, which counts.

    `psc_issuer`: who attests the professionals.
    """

    runtime: Runtime
    ops_conninfo: str
    owner_conninfo: str
    psc_issuer: str
    progress: Progress = lambda _spst, _done, _total: None

    def fill(self, workers: int) -> list[CompteDemonstration]:
        """Fill an empty database with `workers` invented workers per SPST, beside the test series of INSi.

        Returns the accounts; none when there is an SPST already, and then nothing changes.
        """
        with psycopg.connect(self.ops_conninfo, autocommit=True) as connection:
            if _has_tenant(connection):
                return []
            chargeur = Chargeur(connection, self.runtime.context_key)
            droit, known, accounts = _read_law(connection), set[UUID](), list[CompteDemonstration]()
            for spst in map(etablissement.found, SPSTS):
                self.runtime.keyring.create_tenant_key(spst.tenant_id)
                chargeur.load(_EXPLOITATION, etablissement.organisation(spst, self.psc_issuer, known))
                for medecin, lot in etablissement.ecrits(spst, self._today):
                    chargeur.load(medecin, lot)
                self._workers(chargeur, spst, droit, workers)
                chargeur.load(spst.medecin, self._agendas(spst, droit, workers, days_around(self._today)))
                first = [travailleurs.invented(spst, rank, self._today) for rank in range(min(workers, _FIRST))]
                entrusted = self._entrusted(self._redacteur(spst, droit), first)
                accounts += [*comptes.professionnels(spst, entrusted), *comptes.enrol(self.runtime, spst)]
                if spst.demo is COTEAUX:
                    accounts.append(comptes.salariee(self.runtime, spst, self._zoe(spst)))
                self._analyze()
                acces.open_again(self.runtime, spst)
        return accounts

    def refresh(self) -> int:
        """New slots for today in each SPST whose agendas are empty today; returns how many SPSTs had some made."""
        made = 0
        with psycopg.connect(self.ops_conninfo, autocommit=True) as connection:
            chargeur, droit = Chargeur(connection, self.runtime.context_key), _read_law(connection)
            for spst in map(etablissement.found, SPSTS):
                state = chargeur.read(spst.medecin, spst.tenant_id, _STATE, bounds_of(self._today))
                has_slots, workers, dossiers, professionnels = state
                if not has_slots:
                    busy = Occupes(frozenset(dossiers), frozenset(professionnels))
                    invented = workers - sum(1 for _ in travailleurs.of_series(spst, self._today))
                    chargeur.load(spst.medecin, self._agendas(spst, droit, invented, [self._today], busy))
                    made += 1
        return made

    def _zoe(self, spst: Spst) -> UUID:
        return next(dossier.id for dossier, _ in travailleurs.of_series(spst, self._today))

    @property
    def _today(self) -> date:
        return today(self.runtime.clock)

    def _redacteur(self, spst: Spst, droit: Droit) -> Redacteur:
        return Redacteur(spst, droit, self.runtime.keyring, self._today)

    def _workers(self, chargeur: Chargeur, spst: Spst, droit: Droit, workers: int) -> None:
        lot = Lot(spst.tenant_id)
        entreprises.add_companies(lot, spst, range(entreprises.number_for(workers)))
        chargeur.load(spst.medecin, lot)
        redacteur = self._redacteur(spst, droit)
        series = list(travailleurs.of_series(spst, self._today))
        self._make_keys(spst, [dossier for dossier, _ in series])
        lot = Lot(spst.tenant_id)
        for dossier, personne in series:
            redacteur.write(lot, dossier, (personne.matricule, personne.oid) if personne.matricule else None)
        chargeur.load(spst.medecin, lot)
        for start in range(0, workers, _BATCH):
            if start == _BATCH:
                self._analyze()
            ranks = range(start, min(start + _BATCH, workers))
            chargeur.load(spst.medecin, self._batch(spst, redacteur, ranks))
            self.progress(spst.demo.nom, ranks.stop, workers)

    def _analyze(self) -> None:
        """Count the rows: plans of key checks made on empty tables would read whole SPSTs, and are then made anew."""
        with psycopg.connect(self.owner_conninfo, autocommit=True) as connection:
            connection.execute("ANALYZE")

    def _batch(self, spst: Spst, redacteur: Redacteur, ranks: range) -> Lot:
        dossiers = [travailleurs.invented(spst, rank, self._today) for rank in ranks]
        self._make_keys(spst, dossiers)
        lot = Lot(spst.tenant_id)
        for dossier in dossiers:
            redacteur.write(lot, dossier)
        if ranks.start == 0:
            self._entrust(spst, redacteur, lot, dossiers)
        return lot

    def _entrust(self, spst: Spst, redacteur: Redacteur, lot: Lot, dossiers: list[Dossier]) -> None:
        """A few workers of suivi simple entrusted by name to the médecin praticien correspondant (R. 4623-43, R. 4623-44)."""
        correspondents = (one.psc for one in PROFESSIONNELS if one.spst == spst.demo.slug and one.role is Role.MPC)
        for psc in correspondents:
            for dossier in self._entrusted(redacteur, dossiers):
                start = max(dossier.poste.debut, self._today - timedelta(days=200))
                lot.add("suivi", id=dossier.ids(), dossier_id=dossier.id, compte_id=spst.comptes[psc], starts_on=start)

    def _entrusted(self, redacteur: Redacteur, dossiers: list[Dossier]) -> list[Dossier]:
        simple = [dossier for dossier in dossiers[:_FIRST] if redacteur.situation(dossier).regime == "SIS"]
        return simple[:_ENTRUSTED]

    def _make_keys(self, spst: Spst, dossiers: list[Dossier]) -> None:
        self.runtime.keyring.create_dossier_keys(spst.tenant_id, [dossier.id for dossier in dossiers])

    def _agendas(self, spst: Spst, droit: Droit, workers: int, days: list[date], busy: Occupes | None = None) -> Lot:
        """Those of the test series come first, so that everybody finds them in today's agendas."""
        now, busy = self.runtime.clock.now(), busy or Occupes()
        ranks = list(range(min(workers, 1000)))
        generator(spst.demo.slug, "agenda", days[0]).shuffle(ranks)
        series = (dossier for dossier, personne in travailleurs.of_series(spst, self._today) if not personne.fini)
        drawn: Iterator[Dossier] = (travailleurs.invented(spst, rank, self._today) for rank in ranks)
        free = (dossier for dossier in chain(series, drawn) if dossier.id not in busy.dossiers)
        lot, conductors = Lot(spst.tenant_id), {c.compte_id for e in spst.equipes for c in e.conducteurs}
        slots = max(_FEWEST, min(_SLOTS, workers // (len(conductors) * _SHARE // 5)))
        agenda = Agenda(spst, droit.types, self._redacteur(spst, droit), now, busy)
        agenda.write(lot, days, free, slots)
        return lot


_STATE = """
    SELECT EXISTS (SELECT FROM rendez_vous WHERE starts_at >= %s AND starts_at < %s),
           (SELECT count(*) FROM travailleur),
           (SELECT coalesce(array_agg(dossier_id), '{}') FROM visite WHERE closed_at IS NULL AND abandoned_at IS NULL),
           (SELECT coalesce(array_agg(professionnel_id), '{}') FROM visite WHERE closed_at IS NULL AND abandoned_at IS NULL)
"""


def _has_tenant(connection: psycopg.Connection[Any]) -> bool:
    return connection.execute("SELECT FROM tenant LIMIT 1").fetchone() is not None


def _read_law(connection: psycopg.Connection[Any]) -> Droit:
    """Types of visit and exposures as the law data of the schema hold them."""
    types = connection.execute(
        "SELECT code, effective_from, libelle_agenda, regimes, praticiens, interval_max_mois FROM type_visite"
        " WHERE effective_to IS NULL"
    )
    codes = connection.execute("SELECT code, libelle, sir FROM nomenclature_exposition").fetchall()
    return Droit(
        types={
            row[0]: TypeLegal(row[0], row[1], row[2], frozenset(row[3]), frozenset(row[4]), row[5]) for row in types
        },
        libelles={code: libelle for code, libelle, _ in codes},
        sir={code: sir for code, _, sir in codes},
    )
