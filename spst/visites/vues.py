"""What the door of this room gives to pages: frozen values, never rows of the database."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from spst.dmst.services import EnTete
from spst.visites.rules import Rubrique, StatutRdv, TypeLegal
from spst.web.filters import personnel


@dataclass(frozen=True, slots=True)
class Personne:
    """A member of the staff as a page names him: "Dr Claire Vasseur"."""

    id: UUID
    civilite: str
    prenom: str
    nom: str

    @property
    def affiche(self) -> str:
        return personnel(self.civilite, self.prenom, self.nom)


def personne(row: Row[Any]) -> Personne:
    """The staff columns of a statement (queries.STAFF)."""
    return Personne(row.staff_id, row.civilite, row.prenom, row.nom)


@dataclass(frozen=True, slots=True)
class Salarie:
    """A travailleur as the register knows him, with his main employer (the oldest contract, D. 4624-59)."""

    id: UUID
    nom_naissance: str
    prenom: str
    nom_utilise: str | None
    sexe: str
    naissance: date
    poste: str | None = None
    employeur: str | None = None


@dataclass(frozen=True, slots=True)
class VoletSante:
    """What an agenda adds for a health professional who follows the dossier."""

    statut_ins: str
    regime: str | None
    visite_id: UUID | None
    visite_type: str | None
    visite_ouverte: bool
    derniere_type: str | None
    derniere_on: date | None


@dataclass(frozen=True, slots=True)
class RendezVousVu:
    id: UUID
    starts_at: datetime
    duree_min: int
    libelle: str
    statut: StatutRdv
    arrived_at: datetime | None
    salarie: Salarie
    praticien: Personne
    centre: str
    dossier: EnTete | None
    """None when there is no dossier yet."""
    sante: VoletSante | None
    """None for the register's roles, and for who does not follow this dossier."""


@dataclass(frozen=True, slots=True)
class EtatChange:
    """What an appointment was before its state changed, to undo with; its day, to go back to."""

    avant: StatutRdv
    jour: date


@dataclass(frozen=True, slots=True)
class VisiteOuverte:
    """A visit that its professional has still to close."""

    id: UUID
    dossier_id: UUID
    started_at: datetime
    nom_naissance: str
    prenom: str


@dataclass(frozen=True, slots=True)
class Agenda:
    jour: date
    rendez_vous: tuple[RendezVousVu, ...]
    ouvertes: tuple[VisiteOuverte, ...]
    """The actor's own open visits, whatever their day."""


@dataclass(frozen=True, slots=True)
class TypeOuvert:
    """A type of visit of the day's law; `ferme`: the sentence that closes it to this role."""

    type: TypeLegal
    ferme: str | None
    is_of_regime: bool
    """False when the type belongs to another regime than the dossier's; True while no regime is known."""


@dataclass(frozen=True, slots=True)
class Choix:
    """The types of visit for a worker. `propose`: the only one that suits both his regime and his appointment, if any."""

    types: tuple[TypeOuvert, ...]
    propose: str | None


@dataclass(frozen=True, slots=True)
class Bandeau:
    """Who a page is about. `depuis`: since when there is a dossier; `regime`: None without S2."""

    dossier_id: UUID
    depuis: date
    nom_naissance: str
    prenom: str
    nom_utilise: str | None
    prenom_utilise: str | None
    naissance: date
    lieu: str | None
    sexe: str
    statut_ins: str
    poste: str | None
    employeur: str | None
    regime: str | None


@dataclass(frozen=True, slots=True)
class VisitePassee:
    id: UUID
    type: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class NoteVue:
    auteur: Personne
    texte: str
    revision: int
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Precedent:
    """What the last closed visit that says something in this rubrique says."""

    texte: str
    le: datetime
    auteur: Personne


@dataclass(frozen=True, slots=True)
class RubriqueVue:
    """`note`: the reader's own. `autres`: those of his colleagues, in this visit."""

    rubrique: Rubrique
    note: NoteVue | None
    autres: tuple[NoteVue, ...]
    precedent: Precedent | None


@dataclass(frozen=True, slots=True)
class ConclusionVue:
    """What the visit told the worker (S5)."""

    information: str
    orientation_medecin: bool
    prochaine_visite_on: date | None


@dataclass(frozen=True, slots=True)
class AddendumVu:
    auteur: Personne
    texte: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class VisiteVue:
    id: UUID
    dossier_id: UUID
    type_code: str
    type: str
    professionnel: Personne
    started_at: datetime
    closed_at: datetime | None
    abandoned_at: datetime | None
    arrived_at: datetime | None
    rubriques: tuple[RubriqueVue, ...]
    conclusion: ConclusionVue | None
    complements: tuple[AddendumVu, ...]
    dernieres: tuple[VisitePassee, ...]
    """The closed visits before this one, latest first."""
    peut_remplir: bool
    peut_cloturer: bool
    peut_abandonner: bool
    peut_orienter: bool


@dataclass(frozen=True, slots=True)
class LigneHistorique:
    """A visit on the timeline. `conclusion`: None while it is open, when it was abandoned, or when S5 is closed to the reader."""

    id: UUID
    type: str
    professionnel: Personne
    started_at: datetime
    closed_at: datetime | None
    abandoned_at: datetime | None
    conclusion: ConclusionVue | None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None and self.abandoned_at is None


@dataclass(frozen=True, slots=True)
class VisiteAbandonnee:
    """`gardee`: something was written in it, which stays in the dossier."""

    dossier_id: UUID
    gardee: bool


@dataclass(frozen=True, slots=True)
class NoteSaved:
    revision: int
    saved_at: datetime
