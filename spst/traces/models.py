"""Rows of the traces. They never change: grants, triggers and policies refuse it, on every partition.

Those of a dossier leave at the end of its retention, by one function and no other way (`traces.destruction`).
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, PrimaryKeyConstraint, SmallInteger, Text, text
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
        CheckConstraint("writer_n > 0", name="writer_n"),
        Index("trace_xid_ix", "tenant_id", "xid", "id"),
        {
            **behind(
                Wall(
                    Section.S8,
                    own="dossier_id",
                    services=("scellement", "verification", "conservation"),
                    watchers=("surveillance",),
                )
            ),
            "postgresql_partition_by": "RANGE (id)",
        },
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
    empreinte: Mapped[bytes]
    """What is sealed of the line (`rules.Empreinte`, 64 bytes)."""
    writer_id: Mapped[UUID]
    writer_n: Mapped[int]
    signature: Mapped[bytes]
    xid: Mapped[int] = mapped_column(BigInteger, server_default=text("(pg_current_xact_id()::text::bigint)"))
    """The transaction that wrote the line: the sealer takes them in that order. No part of what is hashed."""


class TraceReserve(Base):
    """What a line keeps from the direction: why the dossier was opened, and the salt of its leaf.

    Read by health professionals and the worker himself. Salt and row are destroyed together at the end of retention, so
    that the hash that stays tells nothing.
    """

    __tablename__ = "trace_reserve"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "trace_id"),
        behind(Wall(Section.S8, readers=("sante",), own="dossier_id", services=("verification", "conservation"))),
    )

    tenant_id: Mapped[UUID]
    trace_id: Mapped[UUID]
    dossier_id: Mapped[UUID | None]
    acteur_id: Mapped[UUID]
    motif: Mapped[str] = mapped_column(Text)
    precision: Mapped[str | None] = mapped_column(Text)
    sel: Mapped[bytes]


_PUBLIC = Wall(
    Section.TECHNIQUE,
    readers=("sante", "direction", "travailleur", "service:verification", "service:conservation"),
    writers=(),
    services=("scellement",),
)
"""Hashes and signatures tell nothing of anybody: whoever reads traces verifies them. The sealer alone adds to them."""


class TraceFeuille(Base):
    """Where a sealed trace stands in the tree of its SPST, and what was sealed of it, which outlives it."""

    __tablename__ = "trace_feuille"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "rang"),
        CheckConstraint("rang >= 0", name="rang"),
        Index("trace_feuille_trace_uq", "tenant_id", "trace_id", unique=True),
        behind(_PUBLIC),
    )

    tenant_id: Mapped[UUID]
    rang: Mapped[int] = mapped_column(BigInteger)
    """From 0, without gap."""
    trace_id: Mapped[UUID]
    empreinte: Mapped[bytes]


class TraceNoeud(Base):
    """A complete node of the tree, of one level in `arbre.STRIDE`: the others are computed from those below."""

    __tablename__ = "trace_noeud"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "niveau", "rang"), behind(_PUBLIC))

    tenant_id: Mapped[UUID]
    niveau: Mapped[int] = mapped_column(SmallInteger)
    rang: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes]


class TraceTete(Base):
    """A signed head: the journal as it stood at that size. `at`: UTC, to the second, as the note says it."""

    __tablename__ = "trace_tete"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "taille"), behind(_PUBLIC))

    tenant_id: Mapped[UUID]
    taille: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)
    xid: Mapped[int] = mapped_column(BigInteger)
    """Lines of every older transaction are sealed: where the next sealing begins."""


class TraceCle(Base):
    """The public keys that sign the heads larger than `depuis`; `passage`: the note by which the keys before named them."""

    __tablename__ = "trace_cle"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "depuis"), behind(_PUBLIC))

    tenant_id: Mapped[UUID]
    depuis: Mapped[int] = mapped_column(BigInteger)
    journal: Mapped[str] = mapped_column(Text)
    horloge: Mapped[str] = mapped_column(Text)
    passage: Mapped[str | None] = mapped_column(Text)


class TraceHorodatage(Base):
    """What a time-stamping authority said of a head. `at`: its instant, UTC; `jeton`: its answer (RFC 3161), DER."""

    __tablename__ = "trace_horodatage"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "taille"), behind(_PUBLIC))

    tenant_id: Mapped[UUID]
    taille: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    jeton: Mapped[bytes]


class TraceDestruction(Base):
    """An entry of the ledger of destructions: the signed note that says which places lost their lines (`registre.Ecriture`).

    Written by the function that destroys, in the same transaction, and by nobody else.
    """

    __tablename__ = "trace_destruction"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "numero"),
        CheckConstraint("numero > 0", name="numero"),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=("sante", "direction", "travailleur", "service:verification", "service:conservation"),
                writers=(),
            )
        ),
    )

    tenant_id: Mapped[UUID]
    numero: Mapped[int] = mapped_column(BigInteger)
    """From 1, without gap."""
    note: Mapped[str] = mapped_column(Text)


class RegleConservation(Base):
    """How long something is kept, by the date of the text. `depuis`: from which fact the months are counted.

    `familles`, `codes`: exposures that the rule is about. Source: C. trav. art. R. 4624-45-9, R. 4412-55, R. 4451-83, R. 4426-9;
    CNIL, délibération 2021-122.
    """

    __tablename__ = "regle_conservation"
    __table_args__ = (
        CheckConstraint(
            "depuis IN ('derniere_visite', 'deces', 'fin_exposition', 'naissance', 'evenement')", name="depuis"
        ),
        CheckConstraint("duree_mois > 0", name="duree_mois"),
        outside_tenants("National law, the same for every SPST."),
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    effective_from: Mapped[date] = mapped_column(primary_key=True)
    effective_to: Mapped[date | None]
    libelle: Mapped[str] = mapped_column(Text)
    depuis: Mapped[str] = mapped_column(Text)
    duree_mois: Mapped[int] = mapped_column(SmallInteger)
    familles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    article: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class JournalTechnique(Base):
    """Security events that have no tenant yet: a refused log-in, a forged token. Kept 12 months (CNIL 2021-122).

    The application adds lines and takes none away: one function of the database purges those whose time is over.
    """

    __tablename__ = "journal_technique"
    __table_args__ = (outside_tenants("Security events before a tenant is known: refused log-ins, forged tokens."),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    evenement: Mapped[str] = mapped_column(Text)
    niveau: Mapped[int] = mapped_column(SmallInteger)
    """1 information, 2 refusal, 3 attack suspected."""
    faits: Mapped[dict[str, Any]] = mapped_column(JSONB)
    correlation_id: Mapped[UUID]
