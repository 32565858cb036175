"""Accesses under examination: what workers report, and what the DPO decides. Rows only add up.

TRA-04; RGPD art. 12, 38 and 39.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.models import Base, TenantRow, behind, to_tenant_row
from spst.kernel.row_security import Section, Wall


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


class Instruction(TenantRow, Base):
    """One act of the DPO on a signalement (`cas_id`): taken, closed with an issue and a reason, opened again.

    `reponse_sealed`: what the worker is answered, under the key of his dossier.
    """

    __tablename__ = "instruction"
    __table_args__ = (
        to_tenant_row("compte", "compte_id"),
        CheckConstraint("geste IN ('prise', 'cloture', 'reouverture')", name="geste"),
        CheckConstraint("issue IN ('justifie', 'erreur', 'injustifie', 'sans_objet')", name="issue"),
        CheckConstraint("(geste = 'cloture') = (issue IS NOT NULL)", name="issue_de_cloture"),
        CheckConstraint("(geste = 'cloture') = (reponse_sealed IS NOT NULL)", name="reponse"),
        Index("instruction_cas_ix", "tenant_id", "cas_id"),
        behind(Wall(Section.TECHNIQUE, readers=("direction",), writers=("direction",), own="dossier_id")),
    )

    cas_id: Mapped[UUID]
    dossier_id: Mapped[UUID]
    compte_id: Mapped[UUID]
    at: Mapped[datetime]
    geste: Mapped[str] = mapped_column(Text)
    issue: Mapped[str | None] = mapped_column(Text)
    reponse_sealed: Mapped[bytes | None]
