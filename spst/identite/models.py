"""Civil identity (register), matricule (S1), and the links of the portal."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.models import Base, TenantRow, behind, to_tenant_row
from spst.kernel.row_security import Section, Wall


class StatutIns(StrEnum):
    """The four statuses of an identity (RNIV, volet 1)."""

    PROVISOIRE = "provisoire"
    RECUPEREE = "recuperee"
    VALIDEE = "validee"
    QUALIFIEE = "qualifiee"


class Travailleur(TenantRow, Base):
    """Civil identity and contact of a person followed by the SPST.

    Traits as the RNIV writes them: capitals, no diacritics, hyphens and apostrophes kept. `prenoms`: all birth given names.
    `lieu_naissance`: INSEE code of commune or country, 5 characters. Keys are normalised for search (rules.search_key).
    """

    __tablename__ = "travailleur"
    __table_args__ = (
        CheckConstraint("statut_ins IN ('provisoire', 'recuperee', 'validee', 'qualifiee')", name="statut_ins"),
        CheckConstraint("sexe IN ('F', 'M', 'I')", name="sexe"),
        Index("travailleur_nom_ix", "tenant_id", "nom_cle"),
        Index("travailleur_naissance_ix", "tenant_id", "date_naissance", "nom_cle"),
        behind(Wall(Section.REGISTRE, own="id", services=("portail",), watchers=("surveillance",), update=True)),
    )

    nom_naissance: Mapped[str] = mapped_column(Text)
    prenoms: Mapped[str] = mapped_column(Text)
    premier_prenom: Mapped[str] = mapped_column(Text)
    nom_utilise: Mapped[str | None] = mapped_column(Text)
    prenom_utilise: Mapped[str | None] = mapped_column(Text)
    date_naissance: Mapped[date]
    sexe: Mapped[str] = mapped_column(Text)
    lieu_naissance: Mapped[str | None] = mapped_column(Text)
    statut_ins: Mapped[str] = mapped_column(Text)
    decede_on: Mapped[date | None]
    telephone: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    adresse: Mapped[str | None] = mapped_column(Text)
    nom_cle: Mapped[str] = mapped_column(Text(collation="C"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class NomToken(Base):
    """A word of somebody's names, so that "MARTIN" finds "DUPONT-MARTIN" by a range scan that row security leaves fast."""

    __tablename__ = "nom_token"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "token", "travailleur_id"),
        Index("nom_token_travailleur_ix", "tenant_id", "travailleur_id", "token"),
        to_tenant_row("travailleur", "travailleur_id"),
        behind(Wall(Section.REGISTRE, delete=True)),
    )

    tenant_id: Mapped[UUID]
    token: Mapped[str] = mapped_column(Text(collation="C"))
    travailleur_id: Mapped[UUID]


class MatriculeIns(TenantRow, Base):
    """Matricule INS of a dossier, encrypted, with a blind index (CSP art. R. 1111-8-1 and following)."""

    __tablename__ = "matricule_ins"
    __table_args__ = (
        Index("matricule_ins_index_uq", "tenant_id", "index_aveugle", unique=True),
        Index("matricule_ins_dossier_uq", "tenant_id", "dossier_id", unique=True),
        behind(Wall(Section.S1, own="dossier_id", update=True)),
    )

    dossier_id: Mapped[UUID]
    matricule_sealed: Mapped[bytes]
    """13 characters and key, e.g. "275126322074974", under the dossier's key."""
    oid: Mapped[str] = mapped_column(Text)
    index_aveugle: Mapped[bytes]


class CodeActivation(TenantRow, Base):
    """The code by which a worker first enters his portal: at least 64 bits, hashed, 15 days, 5 tries."""

    __tablename__ = "code_activation"
    __table_args__ = (
        to_tenant_row("travailleur", "travailleur_id"),
        Index("code_activation_travailleur_ix", "tenant_id", "travailleur_id"),
        behind(Wall(Section.TECHNIQUE, readers=("sante", "delegue"), services=("portail",), update=True)),
    )

    travailleur_id: Mapped[UUID]
    code_hash: Mapped[str] = mapped_column(Text)
    issued_by: Mapped[UUID]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries_left: Mapped[int]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class LienPortail(TenantRow, Base):
    """An electronic identity that enters the portal as this travailleur. Suspended when its traits no longer match."""

    __tablename__ = "lien_portail"
    __table_args__ = (
        to_tenant_row("travailleur", "travailleur_id"),
        Index("lien_portail_identite_uq", "tenant_id", "identite_id", unique=True),
        behind(Wall(Section.TECHNIQUE, readers=("sante",), own="travailleur_id", services=("portail",), update=True)),
    )

    travailleur_id: Mapped[UUID]
    identite_id: Mapped[UUID]
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    suspended_why: Mapped[str | None] = mapped_column(Text)


class EvenementIdentite(TenantRow, Base):
    """Something about an identity that a person must look at: a portal match that failed, traits that changed."""

    __tablename__ = "evenement_identite"
    __table_args__ = (behind(Wall(Section.TECHNIQUE, readers=("sante",), services=("portail",), update=True)),)

    travailleur_id: Mapped[UUID | None]
    type: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
