"""Accounts and roles inside a tenant; identities, links and sessions before a tenant is known."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    and_,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.ids import new_id
from spst.kernel.models import Base, TenantRow, behind, outside_tenants, to_tenant_row
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
    """A code of enrolment was shown to `remise_par`, who hands it over: written once, and never changed."""

    __tablename__ = "remise_inscription"
    __table_args__ = (
        to_tenant_row("compte", "compte_id"),
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


class IdentiteElectronique(Base):
    """Somebody as an identity provider knows him: key (iss, sub). `rpps` is known before the first log-in, `sub` after it.

    Links and authenticators hang on it: `sub` is written once, the rest never changes (a trigger holds this).
    """

    __tablename__ = "identite_electronique"
    __table_args__ = (
        Index("identite_electronique_sub_uq", "iss", "sub", unique=True),
        Index("identite_electronique_rpps_uq", "iss", "rpps", unique=True),
        outside_tenants("A person logs in before he chooses the SPST for which he acts."),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    iss: Mapped[str] = mapped_column(Text)
    sub: Mapped[str | None] = mapped_column(Text)
    rpps: Mapped[str | None] = mapped_column(Text)


class Authentificateur(Base):
    """Second path, for staff without RPPS: password (Argon2id) and time-based code, never one without the other."""

    __tablename__ = "authentificateur"
    __table_args__ = (outside_tenants("The password is checked before the SPST is known."),)

    identite_id: Mapped[UUID] = mapped_column(ForeignKey("identite_electronique.id"), primary_key=True)
    mot_de_passe: Mapped[str | None] = mapped_column(Text)
    """Argon2id in its own format, parameters inside."""
    totp_sealed: Mapped[bytes]
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int] = mapped_column(default=0)
    """The last 30-second step that was used: a code opens one session (RFC 6238, 5.2)."""
    codes_secours: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """SHA-256 of the recovery codes that are left."""
    inscription_hash: Mapped[str | None] = mapped_column(Text)
    """SHA-256 of the one-time enrolment code handed over by the operator or the direction."""
    inscription_expires_at: Mapped[datetime | None]
    sceau: Mapped[bytes]
    """HMAC of the row under a key that the database never holds (`sceaux`): SQL alone chooses nobody's password."""


_LOG_IN_ALONE = Wall(Section.TECHNIQUE, readers=(), writers=(), services=("exploitation", "connexion"), update=True)


class FournisseurSpst(TenantRow, Base):
    """The OpenID Connect provider of an SPST's own staff, as its operator registered it."""

    __tablename__ = "fournisseur_spst"
    __table_args__ = (
        CheckConstraint("cardinality(acr) + cardinality(amr) > 0", name="deux_facteurs"),
        Index("fournisseur_spst_un_seul_uq", "tenant_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        behind(_LOG_IN_ALONE),
    )

    nom: Mapped[str] = mapped_column(Text)
    """As its staff calls it, on the button."""
    issuer: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(Text)
    client_secret_sealed: Mapped[bytes]
    acr: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Levels any of which proves two factors; none asked when empty."""
    amr: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Methods any of which proves a second factor; none asked when empty (RFC 8176)."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class LienFournisseur(TenantRow, Base):
    """Who somebody of the second path is at his SPST's provider: (iss, sub), never an e-mail address (ASVS 6.8.1)."""

    __tablename__ = "lien_fournisseur"
    __table_args__ = (
        Index("lien_fournisseur_sub_uq", "tenant_id", "iss", "sub", unique=True),
        behind(_LOG_IN_ALONE),
    )

    identite_id: Mapped[UUID]
    """His identity of the second path, which stands outside tenants."""
    iss: Mapped[str] = mapped_column(Text)
    sub: Mapped[str] = mapped_column(Text)
    enrolement: Mapped[bytes]
    """Names the enrolment whose code made the link: a new one leaves no link of before."""
    created_at: Mapped[datetime]


class CleAcces(Base):
    """A passkey of the second path (WebAuthn): the public half, the private one never leaves the person's device."""

    __tablename__ = "cle_acces"
    __table_args__ = (
        CheckConstraint("sign_count >= 0", name="sign_count"),
        Index("cle_acces_credential_uq", "credential_id", unique=True),
        Index("cle_acces_identite_ix", "identite_id"),
        outside_tenants("A key says by itself whose it is, before the SPST is known."),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    identite_id: Mapped[UUID] = mapped_column(ForeignKey("identite_electronique.id"))
    credential_id: Mapped[bytes]
    """How the device names the key."""
    public_key: Mapped[bytes]
    """COSE (RFC 9052), as the device gave it."""
    sign_count: Mapped[int] = mapped_column(BigInteger)
    """What the device last counted; 0 for ever where it counts nothing. It never goes back: two devices would hold the key."""
    nom: Mapped[str] = mapped_column(Text)
    """As its owner calls it."""
    enrolement_at: Mapped[datetime]
    """The enrolment under which it was added (`authentificateur.totp_confirmed_at`): a new one leaves no key of before."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    sceau: Mapped[bytes]
    """HMAC of the row under a key that the database never holds (`sceaux`): SQL alone adds nobody's key."""


class Rattachement(Base):
    """Which SPST an electronic identity may ask to enter, under which account."""

    __tablename__ = "rattachement"
    __table_args__ = (
        Index("rattachement_identite_uq", "identite_id", "tenant_id", unique=True),
        outside_tenants(
            "The choice between several SPSTs, offered after log-in and before any tenant.",
            Wall(Section.TECHNIQUE, writers=("direction",), services=("exploitation",), update=True, read_by_all=True),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    identite_id: Mapped[UUID] = mapped_column(ForeignKey("identite_electronique.id"))
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"))
    compte_id: Mapped[UUID]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SessionOuverte(Base):
    """A session as the server keeps it: the browser holds 256 random bits, this table their SHA-256 only."""

    __tablename__ = "session"
    __table_args__ = (
        CheckConstraint("espace IN ('pro', 'portail')", name="espace"),
        Index("session_acteur_ix", "tenant_id", "acteur_id"),
        Index("session_idp_ix", "idp_sid"),
        outside_tenants("A request carries a cookie before it has a tenant."),
    )

    id_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    espace: Mapped[str] = mapped_column(Text)
    identite_id: Mapped[UUID | None] = mapped_column(ForeignKey("identite_electronique.id"))
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenant.id"))
    acteur_id: Mapped[UUID | None]
    """The compte, or in the portal the travailleur."""
    role: Mapped[str | None] = mapped_column(Text)
    dossier_id: Mapped[UUID | None]
    """The travailleur's own dossier; None for professionals."""
    facteurs: Mapped[int] = mapped_column(Integer, default=0)
    """Factors proved: 2 opens content, 1 opens nothing but the second factor."""
    auth_at: Mapped[datetime | None]
    idp_sid: Mapped[str | None] = mapped_column(Text)
    idp_sealed: Mapped[bytes | None]
    """What is needed to end the session at the provider: the ID token, sealed."""
    situation: Mapped[str | None] = mapped_column(Text)
    """SIRET of the situation d'exercice that the professional chose."""
    agent_hash: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What Flask keeps between two requests: state of a log-in under way, CSRF secret, messages. No trait, no health datum.

    Traits that it must keep (somebody half-way in, what was searched) are sealed.
    """
    inactivite_min: Mapped[int | None]
    """Minutes without an act after which it closes, as the policy of the SPST said at log-in; None: the product's own limit."""
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    sceau: Mapped[bytes]
    """HMAC of the row under a key that the database never holds (`sceaux`): SQL alone makes no session."""


class Compteur(Base):
    """Counts of attempts, by hashed key and window, behind the rate limits."""

    __tablename__ = "compteur"
    __table_args__ = (
        PrimaryKeyConstraint("cle", "window_at"),
        outside_tenants("Attempts are limited before anybody is known."),
    )

    cle: Mapped[str] = mapped_column(Text)
    window_at: Mapped[datetime]
    n: Mapped[int]
