"""Who was shown the code with which somebody enrols, or opened his account again: he could be entering in his place
(`independance`).

Serves PGSSI-S (habilitations), AUT-06.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select

from spst.comptes.models import Compte, RemiseInscription
from spst.habilitations import services as habilitations
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.web.filters import personnel

HOLDER = (Compte.tenant_id == RemiseInscription.tenant_id) & (Compte.id == RemiseInscription.remise_par)
"""The account of who did it: the operator has none."""
CODE, REOUVERTURE = "code", "reouverture"


def record(ctx: Context, compte_id: UUID, nature: str = CODE) -> None:
    """A code for this account was shown to the actor, or he opened it again."""
    values = {"compte_id": compte_id, "nature": nature, "remise_at": ctx.clock.now(), "remise_par": ctx.acteur.id}
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
        .outerjoin(Compte, HOLDER)
        .where(*_codes(ctx), RemiseInscription.compte_id == compte_id)
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
        .join(Compte, HOLDER)
        .where(*_codes(ctx), RemiseInscription.compte_id.in_(compte_ids))
        .group_by(RemiseInscription.compte_id)
    )
    return dict(ctx.session.execute(query).all())


def _codes(ctx: Context) -> tuple[ColumnElement[bool], ...]:
    return RemiseInscription.tenant_id == ctx.tenant_id, RemiseInscription.nature == CODE
