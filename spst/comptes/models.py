"""Accounts of an SPST: their roles, demands, reviews, équipes, cards and certificates."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Index,
    Text,
    and_,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.models import Base, TenantRow, behind, to_tenant_row
from spst.kernel.row_security import Section, Wall

_TECHNIQUE = Wall(
    Section.TECHNIQUE,
    readers=("sante", "delegue", "administratif", "direction", "equipe", "travailleur"),
    writers=("direction",),
    services=("exploitation", "connexion"),
    update=True,
)
_DIRECTION = Wall(Section.TECHNIQUE, readers=("direction",), writers=("direction",), update=True)


class Compte(TenantRow, Base):
    """A member of the SPST's staff as a user. The worker reads the name and function of whoever opened his record."""

    __tablename__ = "compte"
    __table_args__ = (
        CheckConstraint("rpps IS NULL OR rpps ~ '^[0-9]{11}$'", name="rpps"),
        CheckConstraint("rpps IS NOT NULL OR email IS NOT NULL", name="identifiant"),
        CheckConstraint("NOT inusite OR suspended_at IS NOT NULL", name="inusite"),
        Index("compte_rpps_uq", "tenant_id", "rpps", unique=True),
        Index("compte_email_uq", "tenant_id", text("lower(email)"), unique=True),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=("sante", "delegue", "administratif", "direction", "equipe", "travailleur"),
                writers=("direction",),
                services=("exploitation", "connexion"),
                watchers=("surveillance",),
                update=True,
            )
        ),
    )

    civilite: Mapped[str] = mapped_column(Text)
    """"M.", "Mme" or "Dr", as the person is addressed."""
    nom: Mapped[str] = mapped_column(Text)
    prenom: Mapped[str] = mapped_column(Text)
    rpps: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    suspended_why: Mapped[str | None] = mapped_column(Text)
    departs_at: Mapped[datetime | None]
    """From this instant nothing that the account holds opens anything: roles, équipes, habilitations by name, sessions."""
    last_login_at: Mapped[datetime | None]
    """Sessions are purged; this stays."""
    counted_from: Mapped[datetime] = mapped_column(server_default=text("now()"))
    """From when its disuse counts, beside the last log-in: its reopening, or the day on which it was written down."""
    inusite: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Suspended because nobody used it."""


class CompteNom(TenantRow, Base):
    """What an account was called until `until_at`: written by the database when its name changes, and never after."""

    __tablename__ = "compte_nom"
    __table_args__ = (
        to_tenant_row("compte", "compte_id"),
        Index("compte_nom_compte_ix", "tenant_id", "compte_id", "until_at"),
        behind(Wall(Section.TECHNIQUE, readers=("direction",), writers=("direction",))),
    )

    compte_id: Mapped[UUID]
    civilite: Mapped[str] = mapped_column(Text)
    prenom: Mapped[str] = mapped_column(Text)
    nom: Mapped[str] = mapped_column(Text)
    until_at: Mapped[datetime]
    changed_by: Mapped[UUID]


def compte_stands(now: datetime | Any) -> ColumnElement[bool]:
    """Whether an account opens anything at `now`: neither suspended nor gone."""
    return and_(Compte.suspended_at.is_(None), or_(Compte.departs_at.is_(None), Compte.departs_at > now))


class Habilitation(TenantRow, Base):
    """A role granted to an account, from when to when, by whom, on which evidence (PGSSI-S, habilitations)."""

    __tablename__ = "habilitation"
    __table_args__ = (
        to_tenant_row("compte", "compte_id"),
        to_tenant_row("role_demande", "demande_id"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="periode"),
        CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmation"),
        CheckConstraint(
            "confirmed_by IS NULL OR (confirmed_by <> granted_by AND confirmed_by <> compte_id)", name="deux_personnes"
        ),
        Index("habilitation_compte_ix", "tenant_id", "compte_id"),
        behind(_TECHNIQUE),
    )

    compte_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    granted_by: Mapped[UUID]
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]
    hors_structure: Mapped[bool] = mapped_column(default=False)
    """The tenant vouches for somebody whom PSC places in no structure of it (identity_security 1.6, rule 2)."""
    attestation: Mapped[str | None] = mapped_column(Text)
    """The legal route by which the role stands when PSC's evidence alone does not show it."""
    demande_id: Mapped[UUID | None]
    """From which a role of health came: `granted_by` asked for it, `confirmed_by` confirmed it (a trigger holds this)."""
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[UUID | None]


class RemiseInscription(TenantRow, Base):
    """`remise_par` alone gave somebody without RPPS number the means to enter: written once, and never changed.

    `nature`: "code" when a code of enrolment was shown to him, who hands it over; "reouverture" when he opened the account again.
    """

    __tablename__ = "remise_inscription"
    __table_args__ = (
        to_tenant_row("compte", "compte_id"),
        CheckConstraint("nature IN ('code', 'reouverture')", name="nature"),
        Index("remise_inscription_compte_ix", "tenant_id", "compte_id", "remise_at"),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=("sante", "delegue", "direction"),
                writers=("direction",),
                services=("exploitation",),
            )
        ),
    )

    compte_id: Mapped[UUID]
    nature: Mapped[str] = mapped_column(Text)
    remise_at: Mapped[datetime]
    remise_par: Mapped[UUID]


class RoleDemande(TenantRow, Base):
    """A role of health that somebody of the direction asks for an account: it opens nothing until somebody else confirms it.

    `issue`: "accordee" or "ecartee", once it is closed. Closed once, and never rewritten (a trigger holds this).
    """

    __tablename__ = "role_demande"
    __table_args__ = (
        to_tenant_row("compte", "compte_id"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="periode"),
        CheckConstraint("asked_by <> compte_id", name="autrui"),
        CheckConstraint("issue IN ('accordee', 'ecartee')", name="issue"),
        CheckConstraint("(issue IS NULL) = (closed_at IS NULL) AND (issue IS NULL) = (closed_by IS NULL)", name="fin"),
        CheckConstraint(
            "issue IS DISTINCT FROM 'accordee' OR (closed_by <> asked_by AND closed_by <> compte_id)",
            name="deux_personnes",
        ),
        Index(
            "role_demande_ouverte_uq",
            "tenant_id",
            "compte_id",
            "role",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        behind(_DIRECTION),
    )

    compte_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    hors_structure: Mapped[bool]
    attestation: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
    issue: Mapped[str | None] = mapped_column(Text)


class ReglageComptes(TenantRow, Base):
    """How often an SPST reviews its accounts, and after how many days without use one is suspended. One row; none: the usual."""

    __tablename__ = "reglage_comptes"
    __table_args__ = (
        CheckConstraint("revue_mois BETWEEN 1 AND 12", name="revue_mois"),
        CheckConstraint("inusage_jours BETWEEN 30 AND 365", name="inusage_jours"),
        Index("reglage_comptes_uq", "tenant_id", unique=True),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=("direction",),
                writers=("direction",),
                services=("connexion",),
                update=True,
            )
        ),
    )

    revue_mois: Mapped[int]
    inusage_jours: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID]


class Revue(TenantRow, Base):
    """A review of what the accounts hold, frozen when it opens and closed by a signature; one at a time, immutable once signed.

    `lignes`: how many were frozen. `empreinte`: SHA-256, in hex, of its canonical lines.
    """

    __tablename__ = "revue"
    __table_args__ = (
        CheckConstraint(
            "(signed_at IS NULL) = (signed_by IS NULL) AND (signed_at IS NULL) = (empreinte IS NULL)", name="signature"
        ),
        CheckConstraint("empreinte ~ '^[0-9a-f]{64}$'", name="empreinte"),
        Index("revue_ouverte_uq", "tenant_id", unique=True, postgresql_where=text("signed_at IS NULL")),
        behind(_DIRECTION),
    )

    opened_at: Mapped[datetime]
    opened_by: Mapped[UUID]
    lignes: Mapped[int]
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[UUID | None]
    empreinte: Mapped[str | None] = mapped_column(Text)


class RevueLigne(TenantRow, Base):
    """One thing that one account held when the review opened, as it was named then, and what was decided of it.

    `nature`: "role", "nominative", "equipe" or "compte" (an account that holds nothing else); `objet_id`: its row.
    """

    __tablename__ = "revue_ligne"
    __table_args__ = (
        to_tenant_row("revue", "revue_id"),
        to_tenant_row("compte", "compte_id"),
        CheckConstraint("nature IN ('role', 'nominative', 'equipe', 'compte')", name="nature"),
        CheckConstraint("decision IN ('garder', 'retirer')", name="decision"),
        CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL)", name="decidee"
        ),
        CheckConstraint("decided_by <> compte_id", name="autrui"),
        Index("revue_ligne_rang_uq", "tenant_id", "revue_id", "rang", unique=True),
        behind(_DIRECTION),
    )

    revue_id: Mapped[UUID]
    rang: Mapped[int]
    compte_id: Mapped[UUID]
    personne: Mapped[str] = mapped_column(Text)
    nature: Mapped[str] = mapped_column(Text)
    objet_id: Mapped[UUID]
    objet: Mapped[str] = mapped_column(Text)
    """Code of the role or of the habilitation, name of the équipe."""
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(Text)
    commentaire: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]


class MoyenIdentification(TenantRow, Base):
    """A card, certificate or mailbox of the SPST: whose it is, when it ends, who answers for it. Withdrawn, never deleted."""

    __tablename__ = "moyen_identification"
    __table_args__ = (
        to_tenant_row("compte", "compte_id"),
        to_tenant_row("compte", "responsable_id"),
        CheckConstraint(
            "nature IN ('cps', 'cpf', 'cpe', 'ecps', 'certificat_organisation', 'certificat_authentification',"
            " 'certificat_signature', 'boite_mssante', 'boite_apicrypt')",
            name="nature",
        ),
        CheckConstraint("(compte_id IS NULL) <> (service IS NULL)", name="porteur"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_at IS NULL) = (withdrawn_why IS NULL)",
            name="retrait",
        ),
        Index(
            "moyen_identification_reference_uq",
            "tenant_id",
            "nature",
            "reference",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        behind(_DIRECTION),
    )

    nature: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    """Number of the card or certificate, address of the mailbox; never a secret."""
    compte_id: Mapped[UUID | None]
    service: Mapped[str | None] = mapped_column(Text)
    """Who holds it, when it is nobody's own."""
    responsable_id: Mapped[UUID]
    expires_on: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_why: Mapped[str | None] = mapped_column(Text)


class EquipeMembre(TenantRow, Base):
    """An account in an équipe: the follow-up relation between a professional and the workers entrusted to that équipe."""

    __tablename__ = "equipe_membre"
    __table_args__ = (
        to_tenant_row("compte", "compte_id"),
        to_tenant_row("equipe", "equipe_id"),
        Index("equipe_membre_compte_ix", "tenant_id", "compte_id"),
        behind(_TECHNIQUE),
    )

    compte_id: Mapped[UUID]
    equipe_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
