"""Nomenclature, jobs held, exposures."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.models import Base, TenantRow, behind, outside_tenants, to_tenant_row
from spst.kernel.row_security import Section, Wall


class NomenclatureExposition(Base):
    """Exposures that the law names, by the date of the text: the first release of a replaceable nomenclature."""

    __tablename__ = "nomenclature_exposition"
    __table_args__ = (outside_tenants("National nomenclature, the same for every SPST."),)

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    effective_from: Mapped[date] = mapped_column(primary_key=True)
    effective_to: Mapped[date | None]
    libelle: Mapped[str] = mapped_column(Text)
    famille: Mapped[str] = mapped_column(Text)
    sir: Mapped[str] = mapped_column(Text)
    """"yes", "no" or "conditional": whether it opens a suivi individuel renforcé (R. 4624-23)."""
    facteur_l4161: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class Emploi(TenantRow, Base):
    """A job held, in this SPST's companies or before: what the worker says or a contract shows."""

    __tablename__ = "emploi"
    __table_args__ = (
        to_tenant_row("entete", "id", "dossier_id"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="periode"),
        UniqueConstraint("tenant_id", "id", "dossier_id"),
        to_tenant_row("emploi", "corrige_id", "dossier_id"),
        Index("emploi_dossier_ix", "tenant_id", "dossier_id"),
        Index("emploi_corrige_uq", "tenant_id", "corrige_id", unique=True),
        behind(Wall(Section.S2, own="dossier_id", update=True)),
    )

    dossier_id: Mapped[UUID]
    intitule: Mapped[str] = mapped_column(Text)
    employeur: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    source: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    corrige_id: Mapped[UUID | None]
    """The row that this one replaces; a row is never deleted, and replaced at most once."""


class Exposition(TenantRow, Base):
    """An exposure in a period, coded. `source`: declare, etude_poste, fds, duerp, fiche_entreprise, mesure, liste_employeur."""

    __tablename__ = "exposition"
    __table_args__ = (
        to_tenant_row("entete", "id", "dossier_id"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="periode"),
        CheckConstraint(
            "source IN ('declare', 'etude_poste', 'fds', 'duerp', 'fiche_entreprise', 'mesure', 'liste_employeur')",
            name="source",
        ),
        UniqueConstraint("tenant_id", "id", "dossier_id"),
        to_tenant_row("exposition", "corrige_id", "dossier_id"),
        Index("exposition_dossier_ix", "tenant_id", "dossier_id"),
        Index("exposition_corrige_uq", "tenant_id", "corrige_id", unique=True),
        behind(Wall(Section.S2, own="dossier_id", update=True)),
    )

    dossier_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    source: Mapped[str] = mapped_column(Text)
    commentaire_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
    corrige_id: Mapped[UUID | None]
    """The row that this one replaces; a row is never deleted, and replaced at most once."""
