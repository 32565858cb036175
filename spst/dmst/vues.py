"""What a page shows of a dossier: values, never rows."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from spst.entreprises.services import ContratVu
from spst.habilitations.services import Droit
from spst.identite.services import Matricule, TravailleurVu
from spst.kernel.acteur import Role


@dataclass(frozen=True, slots=True)
class SectionLegale:
    """A part of the dossier as a text lists it (R. 4624-45-4, R. 4624-45-5)."""

    code: str
    titre: str
    contenu: str
    article: str


@dataclass(frozen=True, slots=True)
class SectionVue:
    """A section and what the actor may do in it; a closed one stays listed, with the sentence and article that close it."""

    legale: SectionLegale
    droit: Droit


@dataclass(frozen=True, slots=True)
class MedecinTraitantVu:
    nom: str
    contact: str
    created_at: datetime
    auteur: str | None


@dataclass(frozen=True, slots=True)
class IdentiteVue:
    """S1: what identity adds to the register. `matricule` only while the identity is qualifiée may be sent out."""

    matricule: Matricule | None
    medecin_traitant: MedecinTraitantVu | None


@dataclass(frozen=True, slots=True)
class CourrierVu:
    """S4. `objet`, `texte`: None for the travailleur, as long as nobody has looked for what concerns third parties in it."""

    id: UUID
    sens: str
    date_courrier: date
    correspondant: str
    objet: str | None
    texte: str | None
    auteur: str | None


@dataclass(frozen=True, slots=True)
class InformationVue:
    """S6. `canal`: remise, courrier, portail."""

    id: UUID
    notice_version: str
    canal: str
    given_on: date
    precision: str | None
    auteur: str | None


@dataclass(frozen=True, slots=True)
class OppositionVue:
    """S7. `portee`: mpc, professionnels, transfert. `auteur` None: the travailleur himself."""

    id: UUID
    portee: str
    declared_at: datetime
    withdrawn_at: datetime | None
    precision: str | None
    auteur: str | None

    @property
    def is_in_force(self) -> bool:
        return self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class Membre:
    """Somebody who follows the dossier, by his équipe or by name (`equipe` None).

    `par_secteur`: that équipe follows it by the sector of an establishment, no équipe being entrusted with the dossier.
    """

    compte_id: UUID
    nom: str
    roles: tuple[Role, ...]
    equipe: str | None
    par_secteur: bool = False

    @property
    def rang(self) -> int:
        """The médecin du travail first, then the doctors who help him, then the others."""
        if Role.MDT in self.roles:
            return 0
        return 1 if {Role.COLL, Role.INT}.intersection(self.roles) else 2


@dataclass(frozen=True, slots=True)
class DossierVu:
    """An open dossier. The content of a closed section is None, and was not read."""

    id: UUID
    created_at: datetime
    identite: TravailleurVu
    emplois: tuple[ContratVu, ...]
    equipe: tuple[Membre, ...]
    sections: tuple[SectionVue, ...]
    s1: IdentiteVue | None
    s4: tuple[CourrierVu, ...] | None
    s6: tuple[InformationVue, ...] | None
    s7: tuple[OppositionVue, ...] | None

    @property
    def medecins(self) -> tuple[Membre, ...]:
        return tuple(membre for membre in self.equipe if Role.MDT in membre.roles)

    def droit(self, section: str) -> Droit:
        return next(vue.droit for vue in self.sections if vue.legale.code == section)


@dataclass(frozen=True, slots=True)
class EquipeVue:
    """An équipe, and whether the actor is one of its members."""

    id: UUID
    nom: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Fermeture:
    """A dossier that the actor may not open: the sentence of a refusal, which names its article, and the article alone."""

    phrase: str
    article: str


@dataclass(frozen=True, slots=True)
class EnTete:
    """That there is a dossier, and whether some section of it opens to the actor.

    `ferme`: why none does; None also for the register's roles, to whom lists say nothing of dossiers.
    """

    dossier_id: UUID
    opens: bool
    ferme: Fermeture | None
