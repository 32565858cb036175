"""When an account is somebody else than who opened it: not for a while, when one colleague alone did.

He held the code with which it enrols, opened it again, or named it director alone: he could be the one who enters. The person
whose access another gave again finds the door closed, and says so; until he had the time to, his account is nobody's second
person (`habilitations.deux_personnes`), and gives nothing to who opened it. Serves PGSSI-S (habilitations), AUTZ-06, AUT-06.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, func, select

from spst.comptes.errors import OwnGiftRefused
from spst.comptes.models import Compte, Habilitation, RemiseInscription
from spst.comptes.remises import HOLDER
from spst.kernel.acteur import Role
from spst.kernel.context import Context

DELAI = timedelta(days=7)
"""TO CONFIRM (PGSSI-S, référentiel d’habilitation): no text gives a delay; a week has the working days of everybody in it."""


def recent(ctx: Context, compte_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Accounts that one colleague alone opened lately (a code, opened again, the role of direction), with the instant from which
    that no longer counts."""
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
    remises = (
        select(
            RemiseInscription.compte_id,
            RemiseInscription.remise_par.label("par"),
            RemiseInscription.remise_at.label("at"),
        )
        .join(Compte, HOLDER)
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
    return ctx.session.execute(remises.union_all(directions)).all()
