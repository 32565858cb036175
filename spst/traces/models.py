"""Rows of the traces. They never change: grants, triggers and policies refuse it, on every partition."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.ids import new_id
from spst.kernel.models import Base, TenantRow, behind, outside_tenants
from spst.kernel.row_security import Section, Wall


class Trace(TenantRow, Base):
    """One access or act, allowed or refused. No value, no name, no NIR; its reason stands in `TraceReserve`.

    Partitioned by month of `id` (UUIDv7). `at`: UTC, microseconds. `writer_id`, `writer_n`: numbering without gap of the
    process that wrote it; `signature`: HMAC-SHA-256 over writer, number and leaf hash, under a key the database never sees.
    """

    __tablename__ = "trace"
    __table_args__ = (
        CheckConstraint("decision IN ('permis', 'refuse')", name="decision"),
        Index("trace_dossier_ix", "tenant_id", "dossier_id", text("id DESC")),
        Index("trace_acteur_ix", "tenant_id", "acteur_id", text("id DESC")),
        {**behind(Wall(Section.S8, own="dossier_id")), "postgresql_partition_by": "RANGE (id)"},
    )

    at: Mapped[datetime]
    acteur_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(Text)
    delegation_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(Text)
    dossier_id: Mapped[UUID | None]
    sections: Mapped[list[str]] = mapped_column(ARRAY(Text))
    decision: Mapped[str] = mapped_column(Text)
    politique_version: Mapped[str] = mapped_column(Text)
    regles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Counts and kinds of filter of a search, the number of lines of an export: facts of the action registry only."""
    session_hash: Mapped[str | None] = mapped_column(Text)
    correlation_id: Mapped[UUID]
    origin: Mapped[str] = mapped_column(Text)
    leaf_hash: Mapped[bytes]
    writer_id: Mapped[UUID]
    writer_n: Mapped[int]
    signature: Mapped[bytes]


class TraceReserve(Base):
    """What a line keeps from the direction: why the dossier was opened, and the salt of its leaf.

    Read by health professionals and the worker himself. Salt and row are destroyed together at the end of retention, so
    that the hash that stays tells nothing.
    """

    __tablename__ = "trace_reserve"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "trace_id"),
        behind(Wall(Section.S8, readers=("sante",), own="dossier_id")),
    )

    tenant_id: Mapped[UUID]
    trace_id: Mapped[UUID]
    dossier_id: Mapped[UUID | None]
    acteur_id: Mapped[UUID]
    motif: Mapped[str] = mapped_column(Text)
    precision: Mapped[str | None] = mapped_column(Text)
    sel: Mapped[bytes]


class JournalTechnique(Base):
    """Security events that have no tenant yet: a refused log-in, a forged token. Kept 12 months (CNIL 2021-122)."""

    __tablename__ = "journal_technique"
    __table_args__ = (outside_tenants("Security events before a tenant is known: refused log-ins, forged tokens."),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    evenement: Mapped[str] = mapped_column(Text)
    niveau: Mapped[int] = mapped_column(SmallInteger)
    """1 information, 2 refusal, 3 attack suspected."""
    faits: Mapped[dict[str, Any]] = mapped_column(JSONB)
    correlation_id: Mapped[UUID]
