"""Delegations by written protocol, and the versions of a tenant's own policy."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.models import Base, TenantRow, behind, to_tenant_row
from spst.kernel.row_security import Section, Wall


class Delegation(TenantRow, Base):
    """A médecin entrusts S1, S2 or both to an IPRP or an assistant, under his responsibility (R. 4624-45-5 al. 2).

    `dossier_id` None: all the dossiers that the delegate follows. Instants in UTC; `ends_on` is excluded.
    """

    __tablename__ = "delegation"
    __table_args__ = (
        to_tenant_row("compte", "delegant_id"),
        to_tenant_row("compte", "delegue_id"),
        CheckConstraint("sections <@ ARRAY['S1', 'S2'] AND cardinality(sections) > 0", name="sections"),
        CheckConstraint("ends_on > starts_on", name="periode"),
        Index("delegation_delegue_ix", "tenant_id", "delegue_id"),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=("sante", "delegue", "direction"),
                writers=("sante",),
                update=True,
            )
        ),
    )

    delegant_id: Mapped[UUID]
    delegue_id: Mapped[UUID]
    sections: Mapped[list[str]] = mapped_column(ARRAY(Text))
    dossier_id: Mapped[UUID | None]
    starts_on: Mapped[datetime]
    ends_on: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    protocole: Mapped[str] = mapped_column(Text)
    """Reference of the written protocol."""
    created_at: Mapped[datetime]


class PolitiqueVersion(TenantRow, Base):
    """A policy that the SPST published; without any, the default that ships with the product is in force. Never changed."""

    __tablename__ = "politique_version"
    __table_args__ = (
        CheckConstraint("numero > 0", name="numero"),
        Index("politique_version_numero_uq", "tenant_id", "numero", unique=True),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=("sante", "delegue", "administratif", "direction", "equipe", "travailleur"),
                writers=("direction",),
                services=("connexion", "portail"),
            )
        ),
    )

    numero: Mapped[int]
    texte: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime]
    published_by: Mapped[UUID]
