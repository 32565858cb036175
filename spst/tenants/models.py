"""The SPST and how it is organised."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.ids import new_id
from spst.kernel.models import Base, TenantRow, behind, outside_tenants, to_tenant_row
from spst.kernel.row_security import Section, Wall


class TypeSpst(StrEnum):
    """Interentreprises, autonome, or the national service of domestic employment (C. trav. L. 4622-7, L. 4622-4; SPSTN)."""

    SPSTI = "SPSTI"
    SPSTA = "SPSTA"
    SPSTN = "SPSTN"


class Tenant(Base):
    """Public part of an SPST: what its log-in page and its portal show before anybody is known."""

    __tablename__ = "tenant"
    __table_args__ = (
        CheckConstraint("type IN ('SPSTI', 'SPSTA', 'SPSTN')", name="type"),
        CheckConstraint("siren ~ '^[0-9]{9}$'", name="siren"),
        CheckConstraint("finess IS NULL OR finess ~ '^[0-9A-Z]{9}$'", name="finess"),
        CheckConstraint("telephone IS NULL OR telephone ~ '^[+]?[0-9]{10,15}$'", name="telephone"),
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{1,40}$'", name="slug"),
        outside_tenants("Public identity of each SPST, read before a tenant is chosen."),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    nom: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    siren: Mapped[str] = mapped_column(Text, unique=True)
    finess: Mapped[str | None] = mapped_column(Text)
    agrement: Mapped[str | None] = mapped_column(Text)
    """Reference of the agrément (C. trav. D. 4622-48)."""
    telephone: Mapped[str | None] = mapped_column(Text)
    courriel: Mapped[str | None] = mapped_column(Text)
    """Where workers reach the SPST: shown on every page of its portal."""
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]


class Structure(TenantRow, Base):
    """An establishment of the SPST, by which Pro Santé Connect names where a professional works."""

    __tablename__ = "structure"
    __table_args__ = (
        CheckConstraint("siret ~ '^[0-9]{14}$'", name="siret"),
        Index("structure_siret_uq", "tenant_id", "siret", unique=True),
        behind(Wall(Section.TECHNIQUE, writers=("direction",), services=("exploitation",), update=True)),
    )

    siret: Mapped[str] = mapped_column(Text)
    finess: Mapped[str | None] = mapped_column(Text)
    nom: Mapped[str] = mapped_column(Text)


_READ_BY_TRAVAILLEURS = Wall(
    Section.TECHNIQUE,
    readers=("sante", "delegue", "administratif", "direction", "equipe", "travailleur"),
    writers=("direction",),
    services=("exploitation",),
    update=True,
)
"""Who follows him, and where he is expected: the travailleur reads it in his portal."""


class Centre(TenantRow, Base):
    """A place where workers are received."""

    __tablename__ = "centre"
    __table_args__ = (
        to_tenant_row("structure", "structure_id"),
        behind(_READ_BY_TRAVAILLEURS),
    )

    structure_id: Mapped[UUID]
    nom: Mapped[str] = mapped_column(Text)
    commune: Mapped[str] = mapped_column(Text)


class Secteur(TenantRow, Base):
    """A part of the SPST's territory or trades, entrusted to teams (C. trav. D. 4622-25)."""

    __tablename__ = "secteur"
    __table_args__ = (behind(Wall(Section.TECHNIQUE, writers=("direction",), services=("exploitation",), update=True)),)

    nom: Mapped[str] = mapped_column(Text)


class Equipe(TenantRow, Base):
    """An équipe pluridisciplinaire: whose members follow the workers that are entrusted to it (C. trav. L. 4622-8)."""

    __tablename__ = "equipe"
    __table_args__ = (
        to_tenant_row("secteur", "secteur_id"),
        to_tenant_row("centre", "centre_id"),
        behind(_READ_BY_TRAVAILLEURS),
    )

    nom: Mapped[str] = mapped_column(Text)
    secteur_id: Mapped[UUID]
    centre_id: Mapped[UUID]
