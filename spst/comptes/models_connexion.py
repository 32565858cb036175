"""How somebody enters: identities, what proves them, links to SPSTs and sessions. Most stand before a tenant is known."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.ids import new_id
from spst.kernel.models import Base, TenantRow, behind, outside_tenants
from spst.kernel.row_security import Section, Wall


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
