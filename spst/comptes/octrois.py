"""How a role comes to an account: what is asked of both, and the row that is laid down."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select

from spst.comptes import comptes_queries as queries
from spst.comptes import independance, octroi_rules
from spst.comptes.comptes_queries import CompteHead
from spst.comptes.errors import CompteNotFound, HabilitationRefused
from spst.comptes.models import Habilitation
from spst.comptes.octroi_rules import Beneficiaire, DemandeRole
from spst.habilitations import services as habilitations
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.tenants.models import Tenant


def head(ctx: Context, compte_id: UUID) -> CompteHead:
    """Raises: CompteNotFound."""
    found = queries.head(ctx, compte_id)
    if found is None:
        raise CompteNotFound
    return found


def authorised(ctx: Context, compte_id: UUID, action: str) -> CompteHead:
    """Find, authorise, then lock. Raises: CompteNotFound, AccessDenied."""
    head(ctx, compte_id)
    habilitations.require(ctx, action)
    locked = queries.head(ctx, compte_id, lock=True)
    if locked is None:
        raise CompteNotFound
    return locked


def check(ctx: Context, compte: CompteHead, demande: DemandeRole) -> None:
    """Whether the actor may give this role to this account now. Raises: HabilitationRefused."""
    if compte.suspended_at is not None:
        raise HabilitationRefused("Ce compte est suspendu. Rouvrez-le d’abord.")
    if compte.departs_at is not None and compte.departs_at <= ctx.clock.now():
        raise HabilitationRefused("Cette personne a quitté le service. Rouvrez d’abord son compte.")
    independance.check_gift(ctx, compte.id)
    type_spst = ctx.session.scalars(select(Tenant.type).where(Tenant.id == ctx.tenant_id)).one()
    to = Beneficiaire(compte.id, compte.rpps is not None, queries.open_roles(ctx, compte.id))
    octroi_rules.check_grant(demande, to, ctx.acteur.id, type_spst, ctx.clock.now())


def add_role(
    ctx: Context,
    compte_id: UUID,
    demande: DemandeRole,
    *,
    demande_id: UUID | None = None,
    asked_by: UUID | None = None,
) -> UUID:
    """Lay the role down; with a demand, `asked_by` grants it and the actor confirms it."""
    habilitation_id, now = new_id(), ctx.clock.now()
    confirmed: tuple[datetime, UUID] | tuple[None, None] = (now, ctx.acteur.id) if demande_id else (None, None)
    ctx.session.execute(
        insert(Habilitation).values(
            tenant_id=ctx.tenant_id,
            id=habilitation_id,
            compte_id=compte_id,
            role=str(demande.role),
            starts_at=demande.starts_at,
            ends_at=demande.ends_at,
            granted_by=asked_by or ctx.acteur.id,
            granted_at=now,
            hors_structure=demande.hors_structure,
            attestation=demande.attestation,
            demande_id=demande_id,
            confirmed_at=confirmed[0],
            confirmed_by=confirmed[1],
        )
    )
    return habilitation_id
