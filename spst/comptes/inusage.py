"""Accounts that nobody uses: listed, and suspended at night; never the last one of the direction (AUT-06)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from spst.comptes import comptes_queries as queries
from spst.comptes import revues, sessions
from spst.comptes import services_comptes as comptes
from spst.comptes.comptes_queries import CompteVu
from spst.comptes.errors import LastDirection
from spst.comptes.models import Compte, compte_stands
from spst.habilitations import services as habilitations
from spst.kernel.acteur import service
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.tenants import services as tenants
from spst.traces import services as traces

_SERVICE, _MOTIF = service("connexion"), Motif(CodeMotif.TECHNIQUE)


def unused(ctx: Context, found: Sequence[CompteVu]) -> list[CompteVu]:
    """Of these accounts, those that were suspended for it, and those that will be the next night."""
    limit = _limit(ctx)
    return [
        one for one in found if one.inusite or (one.suspended_at is None and not one.has_left and _since(one) < limit)
    ]


def suspend_unused(runtime: Runtime) -> int:
    """The work of the night, SPST by SPST; returns how many accounts were suspended."""
    return sum(
        _suspend_if_unused(runtime, spst.id, one)
        for spst in tenants.in_service(runtime)
        for one in _candidates(runtime, spst.id)
    )


def _candidates(runtime: Runtime, tenant_id: UUID) -> list[UUID]:
    with unit_of_work(runtime, tenant_id, _SERVICE, _MOTIF, origin="job") as ctx:
        return list(ctx.session.scalars(select(Compte.id).where(*_is_unused(ctx)).order_by(_USED_AT, Compte.id)))


def _suspend_if_unused(runtime: Runtime, tenant_id: UUID, compte_id: UUID) -> bool:
    """One account, one transaction, one trace. Whoever logged in meanwhile is left alone."""
    try:
        with unit_of_work(runtime, tenant_id, _SERVICE, _MOTIF, origin="job") as ctx:
            habilitations.require(ctx, "session.close")
            queries.head(ctx, compte_id, lock=True)
            comptes.keep_a_direction(ctx, compte_id)
            why = f"Non utilisé depuis {revues.reglages(ctx).inusage_jours}\u00a0jours"
            change = update(Compte).where(Compte.id == compte_id, *_is_unused(ctx)).returning(Compte.id)
            values = {"suspended_at": ctx.clock.now(), "suspended_why": why, "inusite": True}
            if ctx.session.scalar(change.values(**values)) is None:
                return False
            sessions.end_all(ctx, compte_id)
            traces.record(ctx, "compte.update", details={"compte": str(compte_id), "geste": "inusage"})
            return True
    except LastDirection:
        return False


_USED_AT = func.greatest(Compte.created_at, Compte.last_login_at, Compte.counted_from)


def _is_unused(ctx: Context) -> tuple[ColumnElement[bool], ...]:
    return (
        Compte.tenant_id == ctx.tenant_id,
        compte_stands(ctx.clock.now()),
        _limit(ctx) > _USED_AT,
    )


def _limit(ctx: Context) -> datetime:
    return ctx.clock.now() - timedelta(days=revues.reglages(ctx).inusage_jours)


def _since(compte: CompteVu) -> datetime:
    return max(filter(None, (compte.created_at, compte.last_login_at, compte.counted_from)))
