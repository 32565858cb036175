"""Somebody leaves: from an instant on, nothing that his account holds opens anything.

Felt at the next request (AUTZ-05, AUT-06).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, update

from spst.comptes import comptes_queries as queries
from spst.comptes import independance, octrois
from spst.comptes.errors import CompteRefused, LastDirection, OwnCompteRefused
from spst.comptes.models import Compte, EquipeMembre, Habilitation, RoleDemande
from spst.habilitations.models import HabilitationNominative
from spst.kernel.acteur import Role
from spst.kernel.context import Context
from spst.kernel.locks import one_at_a_time
from spst.traces import services as traces

_GONE = "Cette personne est déjà partie. Rouvrez son compte, puis accordez-lui ses rôles."


def plan(ctx: Context, compte_id: UUID, at: datetime) -> None:
    """Write down from when somebody is gone; his roles, équipes and habilitations by name stay written, and end then.

    Raises: CompteNotFound, CompteRefused, LastDirection.
    """
    so_far = _of_somebody_else(ctx, compte_id)
    if so_far is not None and so_far <= ctx.clock.now():
        raise CompteRefused(_GONE)
    if at <= ctx.clock.now():
        raise CompteRefused("Ce jour est passé. Pour fermer ce compte tout de suite, suspendez-le.")
    one_at_a_time(ctx, "direction", ctx.tenant_id)
    if str(Role.DIR) in queries.open_roles(ctx, compte_id) and not queries.other_directions(ctx, compte_id):
        raise LastDirection
    _set(ctx, compte_id, at)
    traces.record(ctx, "compte.update", details={"compte": str(compte_id), "geste": "depart"})


def cancel(ctx: Context, compte_id: UUID) -> None:
    """Somebody stays after all, with all he has. Raises: CompteNotFound, CompteRefused."""
    departs_at = _of_somebody_else(ctx, compte_id)
    if departs_at is None:
        raise CompteRefused("Aucun départ n’est prévu pour ce compte.")
    if departs_at <= ctx.clock.now():
        raise CompteRefused(_GONE)
    independance.check_gift(ctx, compte_id)
    _set(ctx, compte_id, None)
    traces.record(ctx, "compte.update", details={"compte": str(compte_id), "geste": "reintegration"})


def end_rights(ctx: Context, compte_id: UUID, at: datetime) -> None:
    """End row by row what a departure ended, and what was asked before it: who comes back starts from nothing."""
    mine = {"revoked_at": at, "revoked_by": ctx.acteur.id}
    for table in (Habilitation, HabilitationNominative):
        held = (table.tenant_id == ctx.tenant_id, table.compte_id == compte_id, table.revoked_at.is_(None))
        ctx.session.execute(update(table).where(*held).values(**mine))
    asked = (
        RoleDemande.tenant_id == ctx.tenant_id,
        RoleDemande.compte_id == compte_id,
        RoleDemande.closed_at.is_(None),
    )
    set_aside = {"closed_at": ctx.clock.now(), "closed_by": ctx.acteur.id, "issue": "ecartee"}
    ctx.session.execute(update(RoleDemande).where(*asked).values(**set_aside))
    runs = or_(EquipeMembre.ends_at.is_(None), EquipeMembre.ends_at > at)
    member = (EquipeMembre.tenant_id == ctx.tenant_id, EquipeMembre.compte_id == compte_id, runs)
    ctx.session.execute(update(EquipeMembre).where(*member).values(ends_at=at))


def _of_somebody_else(ctx: Context, compte_id: UUID) -> datetime | None:
    """The departure that is planned so far."""
    compte = octrois.authorised(ctx, compte_id, "compte.update")
    if compte_id == ctx.acteur.id:
        raise OwnCompteRefused("Personne ne décide de son propre départ. Demandez à un autre administrateur.")
    return compte.departs_at


def _set(ctx: Context, compte_id: UUID, at: datetime | None) -> None:
    mine = update(Compte).where(Compte.tenant_id == ctx.tenant_id, Compte.id == compte_id)
    ctx.session.execute(mine.values(departs_at=at))
