"""What a travailleur wants to be told by e-mail, and the messages that are still to leave."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.models import Base, TenantRow, behind, outside_tenants, to_tenant_row
from spst.kernel.row_security import Section, Wall

_HIS_OWN = Wall(
    Section.TECHNIQUE,
    readers=(),
    own="dossier_id",
    own_write=True,
    services=("courriel",),
    update=True,
    delete=True,
)
"""He alone reads and writes it, and the job that sends: to nobody else, of whatever family, do these rows exist."""


class AbonnementCourriel(TenantRow, Base):
    """Where somebody asked to be told that there is something new. Deleted when he stops: nothing is kept of the address."""

    __tablename__ = "abonnement_courriel"
    __table_args__ = (
        to_tenant_row("dossier", "dossier_id"),
        to_tenant_row("travailleur", "travailleur_id"),
        UniqueConstraint("tenant_id", "id", "dossier_id"),
        CheckConstraint("(confirmed_at IS NULL) = (code_sealed IS NOT NULL)", name="code"),
        CheckConstraint("(confirmed_at IS NULL) = (resume_on IS NULL)", name="resume"),
        Index("abonnement_courriel_dossier_uq", "tenant_id", "dossier_id", unique=True),
        Index("abonnement_courriel_resume_ix", "tenant_id", "resume_on"),
        behind(_HIS_OWN),
    )

    dossier_id: Mapped[UUID]
    travailleur_id: Mapped[UUID]
    adresse_sealed: Mapped[bytes]
    """Under the dossier's key, as `code_sealed`: six digits, erased once they were given."""
    code_sealed: Mapped[bytes | None]
    expires_at: Mapped[datetime]
    """Of the code, UTC."""
    tries_left: Mapped[int] = mapped_column(SmallInteger)
    confirmed_at: Mapped[datetime | None]
    resume_on: Mapped[date | None]
    """Days before this one, in Paris, were looked at: told, or found empty."""
    envoye_at: Mapped[datetime | None]
    """When his server last took a message, UTC."""
    prevenu_on: Mapped[date | None]
    """The day, in Paris, on which it last took one that says that there is something new: at most one a day."""
    refuse_at: Mapped[datetime | None]
    """His server refuses this address for good: nothing more is sent."""
    echec_at: Mapped[datetime | None]
    """The last message was given up, after as many tries as there are."""


class Courriel(TenantRow, Base):
    """A message to send: written with what causes it, deleted once a server took it, in the transaction of its trace.

    Its id is its Message-ID: a server to which it is handed twice can tell.
    """

    __tablename__ = "courriel"
    __table_args__ = (
        to_tenant_row("abonnement_courriel", "abonnement_id", "dossier_id", ondelete="CASCADE"),
        CheckConstraint("genre IN ('confirmation', 'nouveau')", name="genre"),
        Index("courriel_abonnement_uq", "tenant_id", "abonnement_id", unique=True),
        Index("courriel_prochain_ix", "tenant_id", "prochain_at"),
        behind(_HIS_OWN),
    )

    dossier_id: Mapped[UUID]
    abonnement_id: Mapped[UUID]
    genre: Mapped[str] = mapped_column(Text)
    tentatives: Mapped[int] = mapped_column(SmallInteger)
    prochain_at: Mapped[datetime]
    """No sooner than this is it tried, UTC; while somebody tries, when he is given up for dead."""


class ReglageCourriel(Base):
    """From which hour of Paris workers are told, by the day from which it holds."""

    __tablename__ = "reglage_courriel"
    __table_args__ = (
        CheckConstraint("heure BETWEEN 0 AND 23", name="heure"),
        outside_tenants("One hour for all: a message that left at another would tell by its hour."),
    )

    effective_from: Mapped[date] = mapped_column(primary_key=True)
    heure: Mapped[int] = mapped_column(SmallInteger)
