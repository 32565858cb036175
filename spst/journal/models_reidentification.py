"""What the direction asks of a médecin about a reference of the journal, and what it is told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.models import Base, TenantRow, behind, to_tenant_row
from spst.kernel.row_security import Section, Wall

PURGE = "reidentification"
"""Purpose of the job that takes identities away."""


class Reidentification(TenantRow, Base):
    """Somebody of the direction asks whose dossier a reference is; a médecin du travail, who is somebody else, agrees or refuses.

    `asked_at`, `lapses_at`, `decided_at`, `expires_at`, `closed_at`: UTC. The two ends are dated when they begin: another delay
    tomorrow changes nothing of today's. Texts are sealed under the key of the dossier. No text of law: TRA-05, derived.
    """

    __tablename__ = "reidentification"
    __table_args__ = (
        to_tenant_row("compte", "asked_by"),
        to_tenant_row("dossier", "dossier_id"),
        CheckConstraint("raison IN ('controle', 'demande', 'violation', 'autorite', 'autre')", name="raison"),
        CheckConstraint("lapses_at > asked_at AND expires_at > decided_at", name="periode"),
        CheckConstraint("issue IN ('accordee', 'refusee')", name="issue"),
        CheckConstraint(
            "(issue IS NULL) = (decided_at IS NULL) AND (issue IS NULL) = (decided_by IS NULL)", name="fin"
        ),
        CheckConstraint("(expires_at IS NOT NULL) = (issue IS NOT DISTINCT FROM 'accordee')", name="duree"),
        CheckConstraint("decided_by <> asked_by", name="autrui"),
        Index("reidentification_attente_ix", "tenant_id", postgresql_where=text("issue IS NULL AND closed_at IS NULL")),
        Index("reidentification_asked_by_ix", "tenant_id", "asked_by", "asked_at"),
        behind(Wall(Section.TECHNIQUE, readers=("sante", "direction"), services=(PURGE,), update=True)),
    )

    dossier_id: Mapped[UUID]
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID]
    lapses_at: Mapped[datetime]
    raison: Mapped[str] = mapped_column(Text)
    texte_sealed: Mapped[bytes]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    issue: Mapped[str | None] = mapped_column(Text)
    reponse_sealed: Mapped[bytes | None]
    expires_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class ReidentificationIdentite(TenantRow, Base):
    """Name, first name and date of birth, sealed: the médecin who agrees hands them over, since the direction reads no register.

    A trigger lets nobody else put them here. Taken away when the asker closes, or the night after they end.
    """

    __tablename__ = "reidentification_identite"
    __table_args__ = (
        to_tenant_row("reidentification", "id"),
        behind(Wall(Section.TECHNIQUE, readers=("sante", "direction"), services=(PURGE,), delete=True)),
    )

    identite_sealed: Mapped[bytes]
