"""Accesses under examination: what workers report, what rules point out, and what the DPO decides. What people say only adds up.

TRA-04, TRA-05; RGPD art. 12, 38 and 39; CNIL, délibération 2021-122 (logs are analysed, and do not serve to judge the staff).
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.models import Base, TenantRow, behind, to_tenant_row
from spst.kernel.row_security import Section, Wall

SURVEILLANCE = "surveillance"
"""Purpose of the job that looks for unusual accesses."""


class Signalement(TenantRow, Base):
    """An access that the worker reports, or all of them when `trace_id` is None. `texte_sealed`: his words, under the key of
    his dossier."""

    __tablename__ = "signalement"
    __table_args__ = (
        to_tenant_row("dossier", "dossier_id"),
        CheckConstraint("raison IN ('inconnu', 'sans_rapport', 'proche', 'moment', 'manque', 'autre')", name="raison"),
        Index("signalement_dossier_ix", "tenant_id", "dossier_id"),
        behind(Wall(Section.TECHNIQUE, readers=("direction",), writers=(), own="dossier_id", own_write=True)),
    )

    dossier_id: Mapped[UUID]
    trace_id: Mapped[UUID | None]
    at: Mapped[datetime]
    raison: Mapped[str] = mapped_column(Text)
    texte_sealed: Mapped[bytes | None]


class Alerte(TenantRow, Base):
    """What rules found unusual in what one account opened on one day (of Paris). `score`: 50 to 100.

    `signaux`: what was found, each with its points and counts (`alerte_rules.Signal`): no name, no dossier. `rang`: 0, then one
    more for each alerte of that day that was closed before something else was found. `examined_at`: lines before it were looked
    at, and are settled once it is closed.
    """

    __tablename__ = "alerte"
    __table_args__ = (
        to_tenant_row("compte", "compte_id"),
        CheckConstraint("score BETWEEN 1 AND 100", name="score"),
        Index("alerte_jour_uq", "tenant_id", "compte_id", "jour", "rang", unique=True),
        behind(Wall(Section.TECHNIQUE, readers=("direction",), writers=(), services=(SURVEILLANCE,), update=True)),
    )

    compte_id: Mapped[UUID]
    jour: Mapped[date]
    rang: Mapped[int] = mapped_column(SmallInteger)
    score: Mapped[int] = mapped_column(SmallInteger)
    signaux: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    at: Mapped[datetime]
    updated_at: Mapped[datetime]
    examined_at: Mapped[datetime]


class AlerteRepere(Base):
    """Until when the traces of an SPST were looked at (UTC)."""

    __tablename__ = "alerte_repere"
    __table_args__ = (behind(Wall(Section.TECHNIQUE, readers=(), writers=(), services=(SURVEILLANCE,), update=True)),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Instruction(TenantRow, Base):
    """One act of the DPO on a signalement or an alerte (`cas_id`): taken, closed with an issue and a reason, opened again.

    A signalement is closed with `reponse_sealed`, what the worker is answered, under the key of his dossier (`dossier_id`); an
    alerte with `motif`, why, in words that name nobody.
    """

    __tablename__ = "instruction"
    __table_args__ = (
        to_tenant_row("compte", "compte_id"),
        CheckConstraint("geste IN ('prise', 'cloture', 'reouverture')", name="geste"),
        CheckConstraint("issue IN ('justifie', 'erreur', 'injustifie', 'sans_objet')", name="issue"),
        CheckConstraint("(geste = 'cloture') = (issue IS NOT NULL)", name="issue_de_cloture"),
        CheckConstraint("(geste = 'cloture') = (num_nonnulls(motif, reponse_sealed) = 1)", name="raison"),
        CheckConstraint("motif IS NULL OR dossier_id IS NULL", name="motif"),
        Index("instruction_cas_ix", "tenant_id", "cas_id"),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=("direction",),
                writers=("direction",),
                own="dossier_id",
                watchers=(SURVEILLANCE,),
            )
        ),
    )

    cas_id: Mapped[UUID]
    dossier_id: Mapped[UUID | None]
    compte_id: Mapped[UUID]
    at: Mapped[datetime]
    geste: Mapped[str] = mapped_column(Text)
    issue: Mapped[str | None] = mapped_column(Text)
    motif: Mapped[str | None] = mapped_column(Text)
    reponse_sealed: Mapped[bytes | None]
