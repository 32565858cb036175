"""What is read for a decision: delegations in force, and the policy that the SPST published last."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from spst.habilitations.models import Delegation, PolitiqueVersion
from spst.kernel.context import Context


def delegations_in_force(ctx: Context, delegue_id: UUID, dossier_id: UUID | None, at: datetime) -> list[Delegation]:
    """Delegations given to `delegue_id` that run at `at` (UTC) and cover the dossier; the latest begun first.

    `dossier_id` None (nothing is constituted yet): general delegations only.
    """
    query = (
        select(Delegation)
        .where(
            Delegation.tenant_id == ctx.tenant_id,
            Delegation.delegue_id == delegue_id,
            Delegation.starts_on <= at,
            Delegation.ends_on > at,
            or_(Delegation.revoked_at.is_(None), Delegation.revoked_at > at),
            or_(Delegation.dossier_id.is_(None), Delegation.dossier_id == dossier_id),
        )
        .order_by(Delegation.starts_on.desc(), Delegation.id)
    )
    return list(ctx.session.scalars(query))


def last_politique_numero(ctx: Context) -> int | None:
    """Number of the policy in force; None while the SPST has published none."""
    query = (
        select(PolitiqueVersion.numero)
        .where(PolitiqueVersion.tenant_id == ctx.tenant_id, PolitiqueVersion.published_at <= ctx.clock.now())
        .order_by(PolitiqueVersion.numero.desc())
        .limit(1)
    )
    return ctx.session.scalars(query).first()


def politique_published_at(ctx: Context, numero: int) -> datetime | None:
    query = select(PolitiqueVersion.published_at).where(
        PolitiqueVersion.tenant_id == ctx.tenant_id, PolitiqueVersion.numero == numero
    )
    return ctx.session.scalar(query)


def politique_texte(ctx: Context, numero: int) -> str:
    query = select(PolitiqueVersion.texte).where(
        PolitiqueVersion.tenant_id == ctx.tenant_id, PolitiqueVersion.numero == numero
    )
    return ctx.session.scalars(query).one()
