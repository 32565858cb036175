"""What is read for a decision: what was given in writing and runs now, and the policy that the SPST published last."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from spst.habilitations.models import (
    AccesExceptionnel,
    Delegation,
    HabilitationNominative,
    PolitiqueVersion,
    Supervision,
)
from spst.kernel.context import Context

_Ecrit = TypeVar("_Ecrit", Delegation, Supervision)


def delegations_in_force(ctx: Context, compte_id: UUID) -> list[Delegation]:
    """Delegations given to an account that run now, the latest begun first, whatever dossier they cover."""
    return _running(ctx, Delegation, Delegation.delegue_id == compte_id)


def supervisions_in_force(ctx: Context, compte_id: UUID) -> list[Supervision]:
    """Protocols that put an account under the authority of a médecin du travail now, the latest begun first."""
    return _running(ctx, Supervision, Supervision.supervise_id == compte_id)


def _running(ctx: Context, table: type[_Ecrit], is_his: ColumnElement[bool]) -> list[_Ecrit]:
    now = ctx.clock.now()
    query = (
        select(table)
        .where(
            table.tenant_id == ctx.tenant_id,
            is_his,
            table.starts_on <= now,
            table.ends_on > now,
            or_(table.revoked_at.is_(None), table.revoked_at > now),
        )
        .order_by(table.starts_on.desc(), table.id)
    )
    return list(ctx.session.scalars(query))


def has_acces_exceptionnel(ctx: Context, dossier_id: UUID) -> bool:
    """Whether an exceptional access of the actor to this dossier runs now."""
    now = ctx.clock.now()
    query = select(AccesExceptionnel.id).where(
        AccesExceptionnel.tenant_id == ctx.tenant_id,
        AccesExceptionnel.compte_id == ctx.acteur.id,
        AccesExceptionnel.dossier_id == dossier_id,
        AccesExceptionnel.expires_at > now,
        AccesExceptionnel.ended_at.is_(None),
    )
    return ctx.session.scalars(query).first() is not None


def has_nominative(ctx: Context, code: str) -> bool:
    """Whether the actor holds a habilitation by name now."""
    query = select(HabilitationNominative.id).where(
        HabilitationNominative.tenant_id == ctx.tenant_id,
        HabilitationNominative.compte_id == ctx.acteur.id,
        HabilitationNominative.code == code,
        HabilitationNominative.revoked_at.is_(None),
    )
    return ctx.session.scalars(query).first() is not None


def last_politique_numero(ctx: Context) -> int | None:
    """Number of the policy in force; None while the SPST has published none."""
    found = last_politique(ctx)
    return None if found is None else found[0]


def last_politique(ctx: Context) -> tuple[int, UUID] | None:
    """The policy in force, by its number and its row, which never changes; None while the SPST has published none."""
    query = (
        select(PolitiqueVersion.numero, PolitiqueVersion.id)
        .where(PolitiqueVersion.tenant_id == ctx.tenant_id, PolitiqueVersion.published_at <= ctx.clock.now())
        .order_by(PolitiqueVersion.numero.desc())
        .limit(1)
    )
    found = ctx.session.execute(query).first()
    return None if found is None else (found.numero, found.id)


def published_at(ctx: Context, numero: int) -> datetime | None:
    """When a version came into force; None for the one that ships with the product."""
    query = select(PolitiqueVersion.published_at).where(
        PolitiqueVersion.tenant_id == ctx.tenant_id, PolitiqueVersion.numero == numero
    )
    return ctx.session.scalar(query)


def politique_choix(ctx: Context, numero: int) -> dict[str, Any] | None:
    query = select(PolitiqueVersion.choix).where(
        PolitiqueVersion.tenant_id == ctx.tenant_id, PolitiqueVersion.numero == numero
    )
    return ctx.session.scalar(query)


def politique_texte(ctx: Context, numero: int) -> str:
    query = select(PolitiqueVersion.texte).where(
        PolitiqueVersion.tenant_id == ctx.tenant_id, PolitiqueVersion.numero == numero
    )
    return ctx.session.scalars(query).one()
