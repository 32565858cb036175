"""A crowd on the tables of both SPSTs, drawn from a seed, and beside it what is true of it now.

One of each role works as he should; of those to whom the law opens something, two more as it comes. Dossiers: one for each fact
that closes, then some as they come. Équipes, sectors, entrusted workers, protocols, delegations, replacements, oppositions:
running, over, still to come or taken back, given by médecins of whom some have left. An account and a worker have the same id in
both SPSTs.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import zip_longest
from typing import Any
from uuid import UUID

from spst.comptes.models import Compte, EquipeMembre, Habilitation
from spst.dmst import services as dmst
from spst.dmst.models import Dossier, Regime, Suivi
from spst.entreprises.models import Adherent, Contrat, Etablissement, SecteurEtablissement
from spst.habilitations.models import AccesExceptionnel, Delegation, Remplacement, Supervision
from spst.habilitations.moteur import Situation
from spst.habilitations.ports import Faits
from spst.identite.models import Travailleur
from spst.kernel.acteur import Acteur, Role
from spst.kernel.ids import new_id
from spst.kernel.models import Base
from spst.tenants.models import Equipe, Secteur
from tests.factories.monde import LONG_AGO, NATURES, STAFF, Monde, Spst
from tests.habilitations import loi

HIRED = (*STAFF, *[role for role in STAFF if role in loi.SANTE | loi.DELEGUES] * 2)
"""First those who are at work as they should be."""
MARKED: tuple[set[str], ...] = (set(), {"SIR"}, {"mpc"}, {"professionnels"}, {"mpc", "professionnels"})
"""What closes each of the first dossiers, which are all followed; of those after them, chance decides."""
DOSSIERS = len(MARKED) + 2
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
_READING = frozenset({"consulter", "dossier.open", "identite.consult", "exposition.consult"})
_REPLACING = frozenset({Role.MDT, Role.COLL, Role.INT})
"""Médecins, or nearly: R. 4623-15, R. 4623-28."""


class Etat(StrEnum):
    EN_COURS = "en cours"
    ECHU = "échu"
    A_VENIR = "à venir"
    RETIRE = "retiré"


@dataclass(slots=True)
class Fiche:
    """One worker with his dossier, and what is true of it now. `secteur`: équipes of the sector where he works."""

    dossier_id: UUID
    acteur: Acteur
    equipes: set[UUID] = field(default_factory=set)
    secteur: set[UUID] = field(default_factory=set)
    nommes: set[UUID] = field(default_factory=set)
    oppositions: set[str] = field(default_factory=set)
    is_sir: bool = False


@dataclass(frozen=True, slots=True)
class Donnee:
    """A delegation in force. `dossier_id` None: for all that the médecin who gave it follows."""

    delegue_id: UUID
    volets: frozenset[str]
    dossier_id: UUID | None
    lecture_seule: bool
    medecin_id: UUID | None = None

    def gives(self, question: str) -> bool:
        return question in _READING or not self.lecture_seule


@dataclass(slots=True, repr=False)
class Peuple:
    """One SPST: its people, and what stands now in favour of each account. `usual`: those who are at work as they should be."""

    spst: Spst
    acteurs: list[Acteur] = field(default_factory=list)
    usual: set[UUID] = field(default_factory=set)
    fiches: list[Fiche] = field(default_factory=list)
    equipes: defaultdict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    remplace: defaultdict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    avis: defaultdict[UUID, list[tuple[UUID, bool]]] = field(default_factory=lambda: defaultdict(list))
    """Protocols in force: with whom, and whether each delegates the avis."""
    delegations: list[Donnee] = field(default_factory=list)
    exceptionnels: set[tuple[UUID, UUID]] = field(default_factory=set)

    def __repr__(self) -> str:
        return self.spst.slug

    def situations(self, acteur: Acteur, fiche: Fiche, question: str, cibles: Sequence[str]) -> list[Situation]:
        """In which he stands towards a dossier; several when two delegations would serve as well, as he acts under one."""
        return [self._situation(acteur, fiche, given) for given in self._delegues(acteur, fiche, question, cibles)]

    def _situation(self, acteur: Acteur, fiche: Fiche, delegation: frozenset[str]) -> Situation:
        faits = Faits(
            du_spst=True,
            suivi=self._follows(acteur, fiche),
            confie_mpc=acteur.id in fiche.nommes,
            # The wall of S2 hides it from anybody else, who is then told what would close.
            regime_sir=fiche.is_sir or acteur.role not in loi.SANTE,
            opposition_mpc="mpc" in fiche.oppositions,
            opposition_professionnels="professionnels" in fiche.oppositions,
            opposition_transfert="transfert" in fiche.oppositions,
            dossier_of_actor=acteur == fiche.acteur,
        )
        written = [avis for medecin, avis in self.avis.get(acteur.id, ()) if self._suit(medecin, fiche)]
        return Situation(
            faits=faits,
            delegation=delegation,
            supervision=bool(written),
            avis_delegue=any(written),
            motif_donne=True,
            deux_facteurs=acteur.facteurs == 2,
        )

    def _follows(self, acteur: Acteur, fiche: Fiche) -> bool:
        return self._suit(acteur.id, fiche, stands_in=acteur.role in _REPLACING)

    def _suit(self, compte_id: UUID, fiche: Fiche, *, stands_in: bool = True) -> bool:
        people = {compte_id, *(self.remplace[compte_id] if stands_in else ())}
        his = set[UUID]().union(*(self.equipes[one] for one in people))
        return bool(people & fiche.nommes) or bool(his & (fiche.equipes or fiche.secteur))

    def _delegues(self, acteur: Acteur, fiche: Fiche, question: str, cibles: Sequence[str]) -> list[frozenset[str]]:
        found = [
            one.volets.intersection(cibles)
            for one in self.delegations
            if one.delegue_id == acteur.id
            and one.dossier_id in (None, fiche.dossier_id)
            and one.gives(question)
            and one.medecin_id is not None
            and self._suit(one.medecin_id, fiche)
        ]
        most = max(map(len, found), default=0)
        return [one for one in found if len(one) == most] or [frozenset()]


class Semeur:
    """Lays down the crowd of one SPST. `ids`: those of its accounts and workers, the same elsewhere."""

    def __init__(self, monde: Monde, spst: Spst, chance: random.Random, ids: Sequence[UUID]) -> None:
        self._monde, self._chance = monde, chance
        self._ids, self._key = iter(ids), {"tenant_id": spst.tenant_id}
        self._rows: list[Base] = []
        self.peuple = Peuple(spst)
        self._equipes = [new_id() for _ in range(3)]
        self._partis: list[UUID] = []

    def sow(self, elsewhere: UUID) -> Peuple:
        """`elsewhere`: a dossier of the other SPST, which a delegation may name by mistake."""
        secteur_of = self._organise()
        self._hire()
        for rank in range(DOSSIERS):
            fiche = self._register(secteur_of)
            self._follow(fiche, is_marked=rank < len(MARKED))
            self._watch(fiche, {"SIR"} <= MARKED[rank] if rank < len(MARKED) else None)
        for acteur in self.peuple.acteurs:
            self._write_for(acteur, elsewhere)
        self._monde.add(*self._rows)
        for fiche, closes in zip_longest(self.peuple.fiches, MARKED):
            self._oppose(fiche, closes)
        return self.peuple

    def _organise(self) -> dict[UUID, set[UUID]]:
        """Two sectors of one and two équipes, three establishments; returns the équipes of each placed one."""
        nord, sud, adherent = new_id(), new_id(), new_id()
        self._put(Secteur(id=nord, nom="Nord", **self._key), Secteur(id=sud, nom="Sud", **self._key))
        self._put(Adherent(id=adherent, siren=self._digits(9), raison_sociale="Chantiers de la Foule", **self._key))
        for equipe, secteur in zip(self._equipes, (nord, sud, sud), strict=True):
            centre = self.peuple.spst.centre_id
            self._put(Equipe(id=equipe, nom="Équipe", secteur_id=secteur, centre_id=centre, **self._key))
        by_sector = {nord: {self._equipes[0]}, sud: set(self._equipes[1:])}
        placed: dict[UUID, set[UUID]] = {}
        for secteur, etat in ((nord, Etat.EN_COURS), (sud, Etat.EN_COURS), (sud, self._etat())):
            etablissement = new_id()
            self._put(
                Etablissement(id=etablissement, adherent_id=adherent, siret=self._digits(14), nom="Chantier", **self._key),
                SecteurEtablissement(
                    secteur_id=secteur, etablissement_id=etablissement, created_at=LONG_AGO,
                    created_by=self.peuple.spst.directrice.id, **_days(etat), **self._key,
                ),
            )  # fmt: skip
            placed[etablissement] = by_sector[secteur] if etat is Etat.EN_COURS else set()
        return placed

    def _hire(self) -> None:
        for rank, role in enumerate(HIRED):
            compte_id, usual = next(self._ids), rank < len(STAFF)
            if role not in self.peuple.spst.staff:
                continue
            if usual:
                self.peuple.usual.add(compte_id)
            facteurs = 2 if usual else self._chance.choice([2, 2, 1])
            acteur = Acteur(compte_id, role, session_hash="s-foule", facteurs=facteurs)
            self._account(acteur.id, role)
            self.peuple.acteurs.append(acteur)
            for equipe in self._equipes:
                if usual or self._chance.random() < 0.6:
                    etat = self._etat(acteur.id)
                    self._put(EquipeMembre(compte_id=acteur.id, equipe_id=equipe, **_instants(etat), **self._key))
                    self._note(etat, self.peuple.equipes[acteur.id], equipe)
        for gone in ({"revoked_at": NOW - DAY}, {"suspended_at": NOW - DAY}, {"departs_at": NOW - DAY}):
            self._partis.append(new_id())
            self._account(self._partis[-1], Role.MDT, **gone)

    def _account(self, compte_id: UUID, role: Role, *, revoked_at: datetime | None = None, **gone: Any) -> None:
        email = f"{compte_id}@foule.test"
        self._put(
            Compte(id=compte_id, civilite="Mme", nom="FOULE", prenom="Test", email=email, created_at=LONG_AGO,
                   **gone, **self._key),
            Habilitation(compte_id=compte_id, role=str(role), starts_at=LONG_AGO, granted_by=compte_id,
                         granted_at=LONG_AGO, revoked_at=revoked_at, **self._key),
        )  # fmt: skip

    def _register(self, secteur_of: dict[UUID, set[UUID]]) -> Fiche:
        """A worker, where he works, and who follows him there."""
        travailleur_id, spst, etat = next(self._ids), self.peuple.spst, self._etat()
        fiche = Fiche(new_id(), Acteur(travailleur_id, Role.SAL, session_hash="s-foule", facteurs=2))
        etablissement = self._chance.choice([*secteur_of])
        self._put(
            Travailleur(id=travailleur_id, nom_naissance="FOULE", prenoms="TEST", premier_prenom="TEST",
                        date_naissance=LONG_AGO.date(), sexe="I", statut_ins="provisoire", nom_cle="FOULE TEST",
                        created_at=LONG_AGO, updated_at=LONG_AGO, **self._key),
            Dossier(id=fiche.dossier_id, travailleur_id=travailleur_id, created_at=LONG_AGO, created_by=spst.medecin.id,
                    **self._key),
            Contrat(travailleur_id=travailleur_id, etablissement_id=etablissement, type="CDI", poste="Soudeuse TIG",
                    **_days(etat), **self._key),
        )  # fmt: skip
        if etat is Etat.EN_COURS:
            fiche.secteur = secteur_of[etablissement]
        return fiche

    def _follow(self, fiche: Fiche, *, is_marked: bool) -> None:
        chance, of_dossier = self._chance, {"dossier_id": fiche.dossier_id, **self._key}
        if is_marked or chance.random() < 0.6:
            equipe, etat = chance.choice(self._equipes), Etat.EN_COURS if is_marked else self._etat()
            self._entrust(fiche.equipes, etat, equipe, equipe_id=equipe, **of_dossier)
        for acteur in self.peuple.acteurs:
            if chance.random() < (0.1 if acteur.role is not Role.MPC else 1 if is_marked else 0.6):
                self._entrust(fiche.nommes, self._etat(acteur.id), acteur.id, compte_id=acteur.id, **of_dossier)
        self.peuple.fiches.append(fiche)

    def _entrust(self, to: set[UUID], etat: Etat, who: UUID, **columns: UUID) -> None:
        self._put(Suivi(**columns, **_days(etat)))
        self._note(etat, to, who)

    def _watch(self, fiche: Fiche, is_sir: bool | None) -> None:
        """Suivi renforcé, or not; it may also be over, or still to come."""
        if is_sir is None:
            is_sir = self._chance.random() < 0.4
        etat = Etat.EN_COURS if is_sir else self._chance.choice([Etat.ECHU, Etat.A_VENIR])
        starts, ends = _period(etat)
        self._put(
            Regime(dossier_id=fiche.dossier_id, regime="SIR", effective_from=starts.date(),
                   effective_to=ends and ends.date(), article="R. 4624-22", **self._key)
        )  # fmt: skip
        fiche.is_sir = is_sir

    def _write_for(self, acteur: Acteur, elsewhere: UUID) -> None:
        """To delegates mostly delegations, and now and then to somebody whose role makes nothing of it."""
        chance, who = self._chance, acteur.id
        for _ in range(chance.randint(1, 3) if acteur.role in NATURES else 0):
            self._supervise(acteur)
        if acteur.role in loi.DELEGUES and who in self.peuple.usual:
            self._give(Donnee(who, frozenset({"S1", "S2"}), None, lecture_seule=acteur.role is Role.ASST))
        else:
            for _ in range(chance.randint(1, 4) if acteur.role in loi.DELEGUES else chance.random() < 0.2):
                self._give(self._draw(who, elsewhere))
        medecins = [one.id for one in self.peuple.acteurs if one.role is Role.MDT and one.id != who]
        if chance.random() < 0.6:
            medecin, etat = chance.choice(medecins), self._etat()
            self._put(
                Remplacement(medecin_id=medecin, remplacant_id=who, created_at=LONG_AGO, created_by=medecin,
                             **_written(etat), **self._key)
            )  # fmt: skip
            self._note(etat, self.peuple.remplace[who], medecin)
        if acteur.role in (Role.MDT, Role.INF):
            for fiche in self.peuple.fiches[::2]:
                self._let_past(who, fiche, runs=chance.random() < 0.7)

    def _let_past(self, who: UUID, fiche: Fiche, *, runs: bool) -> None:
        self._put(
            AccesExceptionnel(dossier_id=fiche.dossier_id, compte_id=who, opened_at=NOW - DAY,
                              expires_at=NOW + DAY * (1 if runs else -0.5), **self._key)
        )  # fmt: skip
        if runs:
            self.peuple.exceptionnels.add((who, fiche.dossier_id))

    def _supervise(self, acteur: Acteur) -> None:
        etat, (medecin, stands) = self._etat(acteur.id), self._medecin(acteur.id)
        avis = acteur.role is Role.INT and self._chance.random() < 0.5
        self._put(
            Supervision(medecin_id=medecin, supervise_id=acteur.id, nature=NATURES[acteur.role], delegue_avis=avis,
                        protocole="Foule", created_at=LONG_AGO, **_written(etat), **self._key)
        )  # fmt: skip
        if etat is Etat.EN_COURS and stands:
            self.peuple.avis[acteur.id].append((medecin, avis))

    def _draw(self, who: UUID, elsewhere: UUID) -> Donnee:
        chance, of_one = self._chance, [elsewhere, *(one.dossier_id for one in self.peuple.fiches)]
        return Donnee(
            delegue_id=who,
            volets=frozenset(chance.sample(["S1", "S2"], chance.randint(1, 2))),
            dossier_id=chance.choice([None, None, None, *of_one]),
            lecture_seule=chance.random() < 0.3,
        )

    def _give(self, given: Donnee) -> None:
        etat, (medecin, stands) = self._etat(given.delegue_id), self._medecin(given.delegue_id)
        self._put(
            Delegation(delegant_id=medecin, delegue_id=given.delegue_id, sections=sorted(given.volets),
                       dossier_id=given.dossier_id, actes=["lire"] if given.lecture_seule else None,
                       protocole="Foule", created_at=LONG_AGO, **_written(etat), **self._key)
        )  # fmt: skip
        if etat is Etat.EN_COURS and stands:
            self.peuple.delegations.append(replace(given, medecin_id=medecin))

    def _medecin(self, receiver: UUID) -> tuple[UUID, bool]:
        """Who gives in writing, and whether he may: a médecin who practises here, one who left, or an auditor.

        To those who are at work as they should be, the one who follows all that they follow.
        """
        acteurs = self.peuple.acteurs
        standing = receiver in self.peuple.usual or self._chance.random() < 0.6
        others = [*self._partis, *(one.id for one in acteurs if one.role is Role.AUD)]
        usual = receiver in self.peuple.usual
        medecins = [one.id for one in acteurs if one.role is Role.MDT and (not usual or one.id in self.peuple.usual)]
        return self._chance.choice(medecins if standing else others), standing

    def _oppose(self, fiche: Fiche, closes: Collection[str] | None) -> None:
        """By himself, in the portal; what does not close was taken back, now and then."""
        for portee in ("mpc", "professionnels", "transfert"):
            stays = self._chance.random() < 0.3 if closes is None else portee in closes
            if not stays and self._chance.random() < 0.7:
                continue
            with self._monde.work(fiche.acteur, self.peuple.spst, dossier_id=fiche.dossier_id) as ctx:
                opposition = dmst.record_opposition(ctx, fiche.dossier_id, portee=portee)
                if not stays:
                    dmst.withdraw_opposition(ctx, opposition)
            fiche.oppositions.update({portee} if stays else ())

    def _etat(self, whose: UUID | None = None) -> Etat:
        return (
            Etat.EN_COURS
            if whose in self.peuple.usual
            else self._chance.choice([Etat.EN_COURS] * 4 + [Etat.ECHU, Etat.A_VENIR, Etat.RETIRE, Etat.RETIRE])
        )

    def _digits(self, number: int) -> str:
        return "".join(self._chance.choices("0123456789", k=number))

    def _put(self, *rows: Base) -> None:
        self._rows += rows

    def _note(self, etat: Etat, where: set[UUID], what: UUID) -> None:
        if etat is Etat.EN_COURS:
            where.add(what)


def _period(etat: Etat) -> tuple[datetime, datetime | None]:
    if etat is Etat.A_VENIR:
        return NOW + 3 * DAY, None
    return NOW - 60 * DAY, None if etat is Etat.EN_COURS else NOW - 3 * DAY


def _instants(etat: Etat) -> dict[str, Any]:
    return dict(zip(("starts_at", "ends_at"), _period(etat), strict=True))


def _days(etat: Etat) -> dict[str, Any]:
    starts, ends = _period(etat)
    return {"starts_on": starts.date(), "ends_on": ends and ends.date()}


def _written(etat: Etat) -> dict[str, Any]:
    """What is given in writing has an end from the start, and may be taken back before it."""
    starts, ends = _period(Etat.EN_COURS if etat is Etat.RETIRE else etat)
    return {
        "starts_on": starts,
        "ends_on": ends or NOW + 300 * DAY,
        "revoked_at": NOW - DAY if etat is Etat.RETIRE else None,
    }


def sow(monde: Monde, seed: int) -> tuple[Peuple, Peuple]:
    """Two SPSTs. The same seed draws the same crowd."""
    chance, ids = random.Random(seed), [new_id() for _ in range(len(HIRED) + DOSSIERS)]
    b = Semeur(monde, monde.b, chance, ids).sow(elsewhere=monde.a.zoe.dossier_id)
    a = Semeur(monde, monde.a, chance, ids).sow(elsewhere=b.fiches[0].dossier_id)
    return a, b
