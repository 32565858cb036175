"""Types of visit, appointments, visits, notes, conclusions, addenda."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.models import Base, TenantRow, behind, outside_tenants, to_tenant_row
from spst.kernel.row_security import Section, Wall

_OUVERTE = text("closed_at IS NULL AND abandoned_at IS NULL")


class TypeVisite(Base):
    """Visits and exams that the law knows, by the date of the text. `praticiens`: roles that may conduct them."""

    __tablename__ = "type_visite"
    __table_args__ = (outside_tenants("National law, the same for every SPST."),)

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    effective_from: Mapped[date] = mapped_column(primary_key=True)
    effective_to: Mapped[date | None]
    libelle: Mapped[str] = mapped_column(Text)
    libelle_agenda: Mapped[str] = mapped_column(Text)
    """What the agenda shows to administrative staff: never the rule nor the motive."""
    regimes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    praticiens: Mapped[list[str]] = mapped_column(ARRAY(Text))
    interval_max_mois: Mapped[int | None] = mapped_column(SmallInteger)
    article: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class RendezVous(TenantRow, Base):
    """A slot in somebody's agenda: who, when, how long, under a scheduling label."""

    __tablename__ = "rendez_vous"
    __table_args__ = (
        to_tenant_row("travailleur", "travailleur_id"),
        to_tenant_row("compte", "compte_id"),
        to_tenant_row("centre", "centre_id"),
        CheckConstraint("statut IN ('convoque', 'arrive', 'en_cours', 'recu', 'absent', 'excuse')", name="statut"),
        CheckConstraint("duree_min BETWEEN 5 AND 480", name="duree"),
        Index("rendez_vous_agenda_ix", "tenant_id", "compte_id", "starts_at"),
        Index("rendez_vous_jour_ix", "tenant_id", "starts_at"),
        Index("rendez_vous_travailleur_ix", "tenant_id", "travailleur_id"),
        behind(Wall(Section.REGISTRE, own="travailleur_id", watchers=("surveillance",), update=True)),
    )

    travailleur_id: Mapped[UUID]
    compte_id: Mapped[UUID]
    centre_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    duree_min: Mapped[int] = mapped_column(SmallInteger)
    libelle: Mapped[str] = mapped_column(Text)
    statut: Mapped[str] = mapped_column(Text)
    arrived_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class Visite(TenantRow, Base):
    """A visit or exam. Open until `closed_at`, or `abandoned_at` when it was opened by mistake.

    Then neither it nor its notes change (trigger of the database). An abandoned visit was not held: it has no conclusion, takes
    no addendum, and the travailleur is never shown it (POR-05).
    """

    __tablename__ = "visite"
    __table_args__ = (
        to_tenant_row("entete", "id", "dossier_id"),
        to_tenant_row("compte", "professionnel_id"),
        UniqueConstraint("tenant_id", "id", "dossier_id"),
        to_tenant_row("rendez_vous", "rendez_vous_id"),
        Index("visite_dossier_ix", "tenant_id", "dossier_id", text("started_at DESC")),
        CheckConstraint("closed_at IS NULL OR abandoned_at IS NULL", name="fin"),
        Index("visite_ouverte_ix", "tenant_id", "professionnel_id", postgresql_where=_OUVERTE),
        Index(
            "visite_ouverte_uq",
            "tenant_id",
            "dossier_id",
            "professionnel_id",
            unique=True,
            postgresql_where=_OUVERTE,
        ),
        Index(
            "visite_rendez_vous_uq",
            "tenant_id",
            "rendez_vous_id",
            unique=True,
            postgresql_where=text("abandoned_at IS NULL"),
        ),
        behind(Wall(Section.S3, own="dossier_id", update=True)),
    )

    dossier_id: Mapped[UUID]
    type_code: Mapped[str] = mapped_column(Text)
    professionnel_id: Mapped[UUID]
    rendez_vous_id: Mapped[UUID | None]
    started_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    abandoned_at: Mapped[datetime | None]


class VisiteNote(TenantRow, Base):
    """A working note: one per visit, rubric and author, with its revision. Never shown to the worker (POR-05)."""

    __tablename__ = "visite_note"
    __table_args__ = (
        to_tenant_row("visite", "visite_id", "dossier_id"),
        Index("visite_note_uq", "tenant_id", "visite_id", "rubrique", "auteur_id", unique=True),
        behind(Wall(Section.S3, own=None, update=True)),
    )

    dossier_id: Mapped[UUID]
    visite_id: Mapped[UUID]
    rubrique: Mapped[str] = mapped_column(Text)
    auteur_id: Mapped[UUID]
    texte_sealed: Mapped[bytes]
    revision: Mapped[int]
    operation_id: Mapped[UUID]
    saved_at: Mapped[datetime]
    traced_at: Mapped[datetime]
    """When this editing period left its trace; later saves of the same session within ten minutes add none."""
    traced_session: Mapped[str | None] = mapped_column(Text)


class Conclusion(TenantRow, Base):
    """What a visit concludes and tells the worker (S5), written once, when the visit closes."""

    __tablename__ = "conclusion"
    __table_args__ = (
        to_tenant_row("entete", "id", "dossier_id"),
        to_tenant_row("visite", "visite_id", "dossier_id"),
        Index("conclusion_visite_uq", "tenant_id", "visite_id", unique=True),
        Index("conclusion_dossier_ix", "tenant_id", "dossier_id"),
        behind(Wall(Section.S5, own="dossier_id")),
    )

    dossier_id: Mapped[UUID]
    visite_id: Mapped[UUID]
    information_sealed: Mapped[bytes]
    """What was said to the worker about his exposures, risks and means of protection (R. 4624-45-4 5°)."""
    orientation_medecin: Mapped[bool]
    prochaine_visite_on: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class Addendum(TenantRow, Base):
    """A dated complement to a closed visit, in its author's name."""

    __tablename__ = "addendum"
    __table_args__ = (
        to_tenant_row("visite", "visite_id", "dossier_id"),
        Index("addendum_visite_ix", "tenant_id", "visite_id"),
        behind(Wall(Section.S3, own=None)),
    )

    dossier_id: Mapped[UUID]
    visite_id: Mapped[UUID]
    texte_sealed: Mapped[bytes]
    auteur_id: Mapped[UUID]
    added_at: Mapped[datetime]
