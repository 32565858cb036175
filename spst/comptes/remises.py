"""Who handed out the code with which somebody enrols: for a while, whoever handed it out could be entering in his place.

The person whose access was given again by another finds the door closed, and says so; until he had the time to, his account is
nobody's second person. Serves PGSSI-S (habilitations), AUTZ-06, AUT-06.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select

from spst.comptes.models import Compte, RemiseInscription
from spst.habilitations import services as habilitations
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


def recent(ctx: Context, compte_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Accounts for which a colleague held a code lately, with the instant from which that no longer counts.

    A code of the operator counts for nothing: he has no account in the SPST.
    """
    latest = func.max(RemiseInscription.remise_at)
    query = (
        select(RemiseInscription.compte_id, latest)
        .join(Compte, _HOLDER)
        .where(RemiseInscription.tenant_id == ctx.tenant_id, RemiseInscription.compte_id.in_(compte_ids))
        .group_by(RemiseInscription.compte_id)
        .having(latest > ctx.clock.now() - DELAI)
    )
    return {compte_id: at + DELAI for compte_id, at in ctx.session.execute(query)}
