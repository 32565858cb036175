"""Companies and who works there. A worker may have several employers at once (C. trav. D. 4624-59)."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.models import Base, TenantRow, behind, to_tenant_row
from spst.kernel.row_security import Section, Wall

_REGISTRE = Wall(Section.REGISTRE, update=True)
_READ_BY_TRAVAILLEURS = Wall(
    Section.REGISTRE,
    readers=("sante", "delegue", "administratif", "travailleur"),
    writers=("sante", "delegue", "administratif"),
    update=True,
)
"""Where he works and which sector that is: the travailleur reads it, since it tells who follows him."""


class Adherent(TenantRow, Base):
    """A company that adheres to the SPST."""

    __tablename__ = "adherent"
    __table_args__ = (
        CheckConstraint("siren ~ '^[0-9]{9}$'", name="siren"),
        Index("adherent_siren_uq", "tenant_id", "siren", unique=True),
        behind(_REGISTRE),
    )

    siren: Mapped[str] = mapped_column(Text)
    raison_sociale: Mapped[str] = mapped_column(Text)


class Etablissement(TenantRow, Base):
    """A workplace of an adhérent. `naf`: activity code (NAF rév. 2)."""

    __tablename__ = "etablissement"
    __table_args__ = (
        CheckConstraint("siret ~ '^[0-9]{14}$'", name="siret"),
        to_tenant_row("adherent", "adherent_id"),
        Index("etablissement_siret_uq", "tenant_id", "siret", unique=True),
        behind(replace(_READ_BY_TRAVAILLEURS, watchers=("surveillance",))),
    )

    adherent_id: Mapped[UUID]
    siret: Mapped[str] = mapped_column(Text)
    nom: Mapped[str] = mapped_column(Text)
    naf: Mapped[str | None] = mapped_column(Text)
    commune: Mapped[str | None] = mapped_column(Text)


class SecteurEtablissement(TenantRow, Base):
    """In which sector an establishment stood, from day to day, both included: its équipes follow who works there.

    Never overwritten: a move ends one row the day before and adds another. A row that ends the day before it starts was
    placed and taken back within a day: it stays, and was in force on none.
    Source: L. 1110-4 I CSP, C. trav. art. D. 4622-25.
    """

    __tablename__ = "secteur_etablissement"
    __table_args__ = (
        to_tenant_row("secteur", "secteur_id"),
        to_tenant_row("etablissement", "etablissement_id"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on - 1", name="periode"),
        Index(
            "secteur_etablissement_en_cours_uq",
            "tenant_id",
            "etablissement_id",
            unique=True,
            postgresql_where=text("ends_on IS NULL"),
        ),
        Index("secteur_etablissement_etablissement_ix", "tenant_id", "etablissement_id"),
        Index("secteur_etablissement_secteur_ix", "tenant_id", "secteur_id"),
        behind(_READ_BY_TRAVAILLEURS),
    )

    secteur_id: Mapped[UUID]
    etablissement_id: Mapped[UUID]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class Contrat(TenantRow, Base):
    """Somebody's employment in an establishment. `type`: CDI, CDD, interim, saisonnier, apprenti, independant, particulier."""

    __tablename__ = "contrat"
    __table_args__ = (
        to_tenant_row("travailleur", "travailleur_id"),
        to_tenant_row("etablissement", "etablissement_id"),
        CheckConstraint(
            "type IN ('CDI', 'CDD', 'interim', 'saisonnier', 'apprenti', 'independant', 'particulier')", name="type"
        ),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="periode"),
        Index("contrat_travailleur_ix", "tenant_id", "travailleur_id"),
        Index("contrat_etablissement_ix", "tenant_id", "etablissement_id"),
        behind(Wall(Section.REGISTRE, own="travailleur_id", watchers=("surveillance",), update=True)),
    )

    travailleur_id: Mapped[UUID]
    etablissement_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(Text)
    poste: Mapped[str] = mapped_column(Text)
    pcs: Mapped[str | None] = mapped_column(Text)
    """Occupation code PCS-ESE (D. 4624-59 2°)."""
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
