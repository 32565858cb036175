"""Who handed out the code with which somebody enrols: for a while, whoever handed it out could be entering in his place.

The person whose access was given again by another finds the door closed, and says so; until he had the time to, his account is
nobody's second person, and gives nothing to who opened it. Nor is a director whom one person alone named.
Serves PGSSI-S (habilitations), AUTZ-06, AUT-06.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, func, insert, select

from spst.comptes.errors import OwnGiftRefused
from spst.comptes.models import Compte, Habilitation, RemiseInscription
from spst.habilitations import services as habilitations
from spst.kernel.acteur import Role
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.web.filters import personnel

DELAI = timedelta(days=7)
"""TO CONFIRM (PGSSI-S, référentiel d’habilitation): no text gives a delay; a week has the working days of everybody in it."""
_HOLDER = (Compte.tenant_id == RemiseInscription.tenant_id) & (Compte.id == RemiseInscription.remise_par)


def record(ctx: Context, compte_id: UUID) -> None:
    """A code for this account was shown to the actor."""
    values = {"compte_id": compte_id, "remise_at": ctx.clock.now(), "remise_par": ctx.acteur.id}
    ctx.session.execute(insert(RemiseInscription).values(tenant_id=ctx.tenant_id, id=new_id(), **values))


@dataclass(frozen=True, slots=True)
class RemiseVue:
    """The last code of an account. `par`: the colleague who held it, none when the operator gave it."""

    at: datetime
    par: str | None


def last(ctx: Context, compte_id: UUID) -> RemiseVue | None:
    """Nothing for who enters by Pro Santé Connect. Raises: AccessDenied."""
    habilitations.require(ctx, "compte.list")
    query = (
        select(RemiseInscription.remise_at, Compte.civilite, Compte.prenom, Compte.nom)
        .outerjoin(Compte, _HOLDER)
        .where(RemiseInscription.tenant_id == ctx.tenant_id, RemiseInscription.compte_id == compte_id)
        .order_by(RemiseInscription.remise_at.desc())
        .limit(1)
    )
    row = ctx.session.execute(query).one_or_none()
    if row is None:
        return None
    return RemiseVue(row.remise_at, row.nom and personnel(row.civilite, row.prenom, row.nom))


def held_at(ctx: Context, compte_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """When a colleague last held a code for these accounts; nothing of those of which none ever did.

    A code of the operator counts for nothing: he has no account in the SPST.
    """
    query = (
        select(RemiseInscription.compte_id, func.max(RemiseInscription.remise_at))
        .join(Compte, _HOLDER)
        .where(RemiseInscription.tenant_id == ctx.tenant_id, RemiseInscription.compte_id.in_(compte_ids))
        .group_by(RemiseInscription.compte_id)
    )
    return dict(ctx.session.execute(query).all())


def recent(ctx: Context, compte_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Accounts that one colleague alone opened lately, by a code or by the role of direction, with the instant from which that
    no longer counts."""
    opened: dict[UUID, datetime] = {}
    for one in _openings(ctx):
        if one.compte_id in compte_ids:
            opened[one.compte_id] = max(opened.get(one.compte_id, one.at), one.at)
    return {compte_id: at + DELAI for compte_id, at in opened.items()}


def check_gift(ctx: Context, compte_id: UUID) -> None:
    """Nobody gives himself anything through a colleague whose access he opened. Raises: OwnGiftRefused."""
    openings = _openings(ctx)
    if any(one.compte_id == ctx.acteur.id for one in openings) and any(one.par == compte_id for one in openings):
        raise OwnGiftRefused


def _openings(ctx: Context) -> Sequence[Row[UUID, UUID, datetime]]:
    """Which accounts colleagues opened alone these last days: for whom, by whom, when."""
    since = ctx.clock.now() - DELAI
    codes = (
        select(
            RemiseInscription.compte_id,
            RemiseInscription.remise_par.label("par"),
            RemiseInscription.remise_at.label("at"),
        )
        .join(Compte, _HOLDER)
        .where(RemiseInscription.tenant_id == ctx.tenant_id, RemiseInscription.remise_at > since)
    )
    directions = (
        select(
            Habilitation.compte_id,
            Habilitation.granted_by,
            func.greatest(Habilitation.granted_at, Habilitation.starts_at),
        )
        .join(Compte, (Compte.tenant_id == Habilitation.tenant_id) & (Compte.id == Habilitation.granted_by))
        .where(
            Habilitation.tenant_id == ctx.tenant_id,
            Habilitation.role == str(Role.DIR),
            Habilitation.confirmed_by.is_(None),
            func.greatest(Habilitation.granted_at, Habilitation.starts_at) > since,
        )
    )
    return ctx.session.execute(codes.union_all(directions)).all()
