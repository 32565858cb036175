"""The dossier, the headers of what it holds, and the parts that no other room owns (S1, S4, S6, S7)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.models import Base, TenantRow, behind, outside_tenants, to_tenant_row
from spst.kernel.row_security import Section, Wall

_EVERYBODY_OF_THE_SPST = ("sante", "delegue", "administratif", "direction", "equipe")


class SectionDmst(Base):
    """The parts of the dossier as the law lists them, by the date of the text (R. 4624-45-4, R. 4624-45-5)."""

    __tablename__ = "section_dmst"
    __table_args__ = (outside_tenants("National law, the same for every SPST."),)

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    effective_from: Mapped[date] = mapped_column(primary_key=True)
    effective_to: Mapped[date | None]
    rang: Mapped[int] = mapped_column(SmallInteger)
    titre: Mapped[str] = mapped_column(Text)
    contenu: Mapped[str] = mapped_column(Text)
    article: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class Dossier(TenantRow, Base):
    """The header of a dossier, readable inside the tenant: it says that there is one, and nothing of what it holds."""

    __tablename__ = "dossier"
    __table_args__ = (
        to_tenant_row("travailleur", "travailleur_id"),
        Index("dossier_travailleur_uq", "tenant_id", "travailleur_id", unique=True),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=_EVERYBODY_OF_THE_SPST,
                writers=("sante",),
                own="id",
                own_claim="dossier",
                services=("portail",),
                watchers=("surveillance",),
            )
        ),
    )

    travailleur_id: Mapped[UUID]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class Entete(TenantRow, Base):
    """To which dossier and section an id belongs: known before its content, so that a refusal can be explained."""

    __tablename__ = "entete"
    __table_args__ = (
        to_tenant_row("dossier", "dossier_id"),
        UniqueConstraint("tenant_id", "id", "dossier_id"),
        CheckConstraint("section IN ('S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7')", name="section"),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=_EVERYBODY_OF_THE_SPST,
                writers=("sante", "delegue"),
                own="dossier_id",
                own_write=True,
            )
        ),
    )

    dossier_id: Mapped[UUID]
    section: Mapped[str] = mapped_column(Text)


class Suivi(TenantRow, Base):
    """Who follows a dossier: an équipe, or by name one professional to whom the worker is entrusted (MPC)."""

    __tablename__ = "suivi"
    __table_args__ = (
        to_tenant_row("dossier", "dossier_id"),
        to_tenant_row("equipe", "equipe_id"),
        to_tenant_row("compte", "compte_id"),
        CheckConstraint("num_nonnulls(equipe_id, compte_id) = 1", name="qui"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="periode"),
        Index("suivi_dossier_ix", "tenant_id", "dossier_id"),
        Index("suivi_equipe_ix", "tenant_id", "equipe_id"),
        behind(Wall(Section.REGISTRE, own="dossier_id", update=True)),
    )

    dossier_id: Mapped[UUID]
    equipe_id: Mapped[UUID | None]
    compte_id: Mapped[UUID | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class Regime(TenantRow, Base):
    """Follow-up regime of a dossier in a period: SIS, SIA or SIR (R. 4624-16, -17, -22). It tells of exposures, hence S2."""

    __tablename__ = "regime"
    __table_args__ = (
        to_tenant_row("dossier", "dossier_id"),
        CheckConstraint("regime IN ('SIS', 'SIA', 'SIR')", name="regime"),
        Index("regime_dossier_ix", "tenant_id", "dossier_id", text("effective_from DESC")),
        behind(Wall(Section.S2, own="dossier_id", update=True)),
    )

    dossier_id: Mapped[UUID]
    regime: Mapped[str] = mapped_column(Text)
    effective_from: Mapped[date]
    effective_to: Mapped[date | None]
    article: Mapped[str] = mapped_column(Text)


class MedecinTraitant(TenantRow, Base):
    """Identity and contact of the médecin traitant (S1), encrypted."""

    __tablename__ = "medecin_traitant"
    __table_args__ = (
        to_tenant_row("entete", "id", "dossier_id"),
        Index("medecin_traitant_dossier_ix", "tenant_id", "dossier_id"),
        behind(Wall(Section.S1, own="dossier_id")),
    )

    dossier_id: Mapped[UUID]
    nom_sealed: Mapped[bytes]
    contact_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class Courrier(TenantRow, Base):
    """A letter between health professionals (S4), as it was received or sent; never changed."""

    __tablename__ = "courrier"
    __table_args__ = (
        to_tenant_row("entete", "id", "dossier_id"),
        CheckConstraint("sens IN ('recu', 'envoye')", name="sens"),
        Index("courrier_dossier_ix", "tenant_id", "dossier_id"),
        behind(Wall(Section.S4, own="dossier_id")),
    )

    dossier_id: Mapped[UUID]
    sens: Mapped[str] = mapped_column(Text)
    date_courrier: Mapped[date]
    correspondant_sealed: Mapped[bytes]
    objet_sealed: Mapped[bytes]
    texte_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class Information(TenantRow, Base):
    """The worker was informed of his rights and of who may read the dossier (S6; R. 4624-45-4 6°, R. 4624-45-6)."""

    __tablename__ = "information"
    __table_args__ = (
        to_tenant_row("entete", "id", "dossier_id"),
        CheckConstraint("canal IN ('remise', 'courrier', 'portail')", name="canal"),
        Index("information_dossier_ix", "tenant_id", "dossier_id"),
        behind(Wall(Section.S6, own="dossier_id")),
    )

    dossier_id: Mapped[UUID]
    notice_version: Mapped[str] = mapped_column(Text)
    canal: Mapped[str] = mapped_column(Text)
    given_on: Mapped[date]
    precision_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class Opposition(TenantRow, Base):
    """The worker's oppositions (S7; R. 4624-45-6): to the MPC, to the professionals under the médecin's authority, to transfers.

    Never to his own médecin du travail nor to the constitution of the dossier (R. 4624-45-8 al. 3).
    """

    __tablename__ = "opposition"
    __table_args__ = (
        to_tenant_row("entete", "id", "dossier_id"),
        CheckConstraint("portee IN ('mpc', 'professionnels', 'transfert')", name="portee"),
        Index("opposition_dossier_ix", "tenant_id", "dossier_id"),
        Index(
            "opposition_en_vigueur_uq",
            "tenant_id",
            "dossier_id",
            "portee",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        behind(Wall(Section.S7, own="dossier_id", own_write=True, update=True)),
    )

    dossier_id: Mapped[UUID]
    portee: Mapped[str] = mapped_column(Text)
    declared_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    precision_sealed: Mapped[bytes | None]
    created_by: Mapped[UUID]


class OppositionEnVigueur(Base):
    """Which oppositions run on a dossier now, where a decision about a delegate can read it too (R. 4624-45-6).

    A trigger on `opposition` writes it and nobody else may, so that it never differs from S7. It tells that access is
    restricted, neither when nor why; to the families that no section is ever opened to, it tells nothing.
    """

    __tablename__ = "opposition_en_vigueur"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "dossier_id"),
        to_tenant_row("dossier", "dossier_id"),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=("sante", "delegue"),
                writers=("sante",),
                own="dossier_id",
                own_write=True,
                update=True,
            )
        ),
    )

    tenant_id: Mapped[UUID]
    dossier_id: Mapped[UUID]
    mpc: Mapped[bool]
    professionnels: Mapped[bool]
    transfert: Mapped[bool]
