"""What a log-in reads: identities and links before any tenant, then accounts and grants of each SPST."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select, update

from spst.comptes import rules
from spst.comptes.models import Compte, Habilitation, compte_stands
from spst.comptes.models_connexion import IdentiteElectronique, Rattachement
from spst.kernel.acteur import Role
from spst.kernel.context import Context
from spst.tenants.models import Structure, Tenant
from spst.web.filters import personnel


@dataclass(frozen=True, slots=True)
class Identite:
    """`sub`: None until the first log-in that opened something."""

    id: UUID
    sub: str | None
    rpps: str | None


@dataclass(frozen=True, slots=True)
class Lien:
    """An SPST that an identity may ask to enter, and under which account."""

    tenant_id: UUID
    compte_id: UUID
    spst: str
    siren: str
    finess: str | None
    suspended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Octroye:
    """A grant in force of an account that is not suspended, and how its holder is addressed."""

    nom: str
    octroi: rules.Octroi
    ends_at: datetime | None


def identity(connection: Connection, iss: str, sub: str, rpps: str | None) -> Identite | None:
    """By (iss, sub), else by the RPPS that an SPST invited; never by a name nor an e-mail address (ASVS 6.8.1)."""
    known = select(IdentiteElectronique.id, IdentiteElectronique.sub, IdentiteElectronique.rpps).where(
        IdentiteElectronique.iss == iss
    )
    row = connection.execute(known.where(IdentiteElectronique.sub == sub)).one_or_none()
    if row is None and rpps is not None:
        row = connection.execute(known.where(IdentiteElectronique.rpps == rpps)).one_or_none()
    return Identite(row.id, row.sub, row.rpps) if row else None


def bind_sub(connection: Connection, identite_id: UUID, sub: str) -> bool:
    """Tie an invited RPPS to who came with it first; False when somebody else was faster."""
    query = update(IdentiteElectronique).where(
        IdentiteElectronique.id == identite_id,
        IdentiteElectronique.sub.is_(None) | (IdentiteElectronique.sub == sub),
    )
    return connection.execute(query.values(sub=sub)).rowcount == 1


def identity_of_sub(connection: Connection, iss: str, sub: str) -> UUID | None:
    query = select(IdentiteElectronique.id).where(IdentiteElectronique.iss == iss, IdentiteElectronique.sub == sub)
    return connection.scalar(query)


def links(connection: Connection, identite_id: UUID) -> list[Lien]:
    """SPSTs of an identity, by name."""
    query = (
        select(
            Rattachement.tenant_id,
            Rattachement.compte_id,
            Tenant.nom.label("spst"),
            Tenant.siren,
            Tenant.finess,
            Tenant.suspended_at,
        )
        .join(Tenant, Tenant.id == Rattachement.tenant_id)
        .where(Rattachement.identite_id == identite_id, Rattachement.revoked_at.is_(None))
        .order_by(Tenant.nom)
    )
    return [Lien(**row) for row in connection.execute(query).mappings()]


def grants(ctx: Context, compte_id: UUID) -> list[Octroye]:
    """Roles that an account may take now; none when it is suspended, or gone."""
    query = (
        select(Habilitation, Compte.civilite, Compte.prenom, Compte.nom)
        .join(Compte, (Compte.tenant_id == Habilitation.tenant_id) & (Compte.id == Habilitation.compte_id))
        .where(
            Habilitation.tenant_id == ctx.tenant_id,
            Habilitation.compte_id == compte_id,
            compte_stands(ctx.clock.now()),
        )
        .order_by(Habilitation.granted_at)
    )
    now = ctx.clock.now()
    return [
        Octroye(
            personnel(civilite, prenom, nom),
            rules.Octroi(Role(row.role), row.hors_structure, row.attestation is not None),
            row.ends_at,
        )
        for row, civilite, prenom, nom in ctx.session.execute(query)
        if rules.is_in_force(row.starts_at, row.ends_at, row.revoked_at, now)
    ]


def structures(ctx: Context, lien: Lien) -> rules.Structures:
    query = select(Structure.siret, Structure.finess).where(Structure.tenant_id == ctx.tenant_id)
    rows = ctx.session.execute(query).all()
    finess = {row.finess for row in rows} | {lien.finess}
    return rules.Structures(
        lien.siren, frozenset(row.siret for row in rows), frozenset(number for number in finess if number)
    )
