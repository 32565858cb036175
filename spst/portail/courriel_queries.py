"""Statements about what travailleurs asked to be told, and about the messages to send."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.portail.courriel_rules import Genre
from spst.portail.models import AbonnementCourriel, Courriel, ReglageCourriel

_COURRIEL = cast(Table, Courriel.__table__)
_AT_ONCE = 500


def abonnement_of(ctx: Context, dossier_id: UUID, *, lock: bool = False) -> AbonnementCourriel | None:
    query = select(AbonnementCourriel).where(
        AbonnementCourriel.tenant_id == ctx.tenant_id, AbonnementCourriel.dossier_id == dossier_id
    )
    return ctx.session.scalars(query.with_for_update() if lock else query).one_or_none()


def forget(ctx: Context, dossier_id: UUID) -> None:
    """The address, and the message that waits for it."""
    ctx.session.execute(
        delete(AbonnementCourriel).where(
            AbonnementCourriel.tenant_id == ctx.tenant_id, AbonnementCourriel.dossier_id == dossier_id
        )
    )


def forget_unconfirmed(ctx: Context, before: datetime) -> int:
    """Addresses whose code ended before an instant and that nobody confirmed; returns how many."""
    old = delete(AbonnementCourriel).where(
        AbonnementCourriel.tenant_id == ctx.tenant_id,
        AbonnementCourriel.confirmed_at.is_(None),
        AbonnementCourriel.expires_at < before,
    )
    return cast(Any, ctx.session.execute(old)).rowcount


def add_courriel(ctx: Context, abonnement: AbonnementCourriel, genre: Genre) -> None:
    """A message to send at once; one that waits already says it as well."""
    ctx.session.execute(
        insert(_COURRIEL)
        .values(
            tenant_id=ctx.tenant_id,
            id=new_id(),
            dossier_id=abonnement.dossier_id,
            abonnement_id=abonnement.id,
            genre=str(genre),
            tentatives=0,
            prochain_at=ctx.clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "abonnement_id"])
    )


def drop_courriel(ctx: Context, abonnement: AbonnementCourriel) -> None:
    ctx.session.execute(
        delete(_COURRIEL).where(_COURRIEL.c.tenant_id == ctx.tenant_id, _COURRIEL.c.abonnement_id == abonnement.id)
    )


def is_waiting(ctx: Context, abonnement: AbonnementCourriel) -> bool:
    query = select(_COURRIEL.c.id).where(
        _COURRIEL.c.tenant_id == ctx.tenant_id, _COURRIEL.c.abonnement_id == abonnement.id
    )
    return ctx.session.execute(query).first() is not None


def next_courriel(ctx: Context) -> Courriel | None:
    """The message that waits longest and may be tried now; whoever tries another is left alone."""
    query = (
        select(Courriel)
        .where(Courriel.tenant_id == ctx.tenant_id, Courriel.prochain_at <= ctx.clock.now())
        .order_by(Courriel.prochain_at, Courriel.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return ctx.session.scalars(query).one_or_none()


def locked(ctx: Context, courriel_id: UUID, abonnement_id: UUID) -> tuple[AbonnementCourriel | None, Courriel | None]:
    """Both rows in the order in which the worker's own acts take them; None for what he has stopped meanwhile."""
    abonnement = ctx.session.get(AbonnementCourriel, (ctx.tenant_id, abonnement_id), with_for_update=True)
    return abonnement, ctx.session.get(Courriel, (ctx.tenant_id, courriel_id), with_for_update=True)


def to_look_at(ctx: Context, today: date) -> Sequence[tuple[UUID, UUID]]:
    """Dossier and travailleur of some of those for whom a day has passed since theirs were looked at."""
    query = (
        select(AbonnementCourriel.dossier_id, AbonnementCourriel.travailleur_id)
        .where(AbonnementCourriel.tenant_id == ctx.tenant_id, *_is_due(today))
        .order_by(AbonnementCourriel.resume_on, AbonnementCourriel.id)
        .limit(_AT_ONCE)
    )
    return [(row.dossier_id, row.travailleur_id) for row in ctx.session.execute(query)]


def due_of(ctx: Context, dossier_id: UUID, today: date) -> AbonnementCourriel | None:
    """The same of one dossier, held until the transaction ends; None when somebody else has looked, or he has stopped."""
    query = select(AbonnementCourriel).where(
        AbonnementCourriel.tenant_id == ctx.tenant_id, AbonnementCourriel.dossier_id == dossier_id, *_is_due(today)
    )
    return ctx.session.scalars(query.with_for_update()).one_or_none()


def _is_due(today: date) -> tuple[Any, ...]:
    """No second message on a day when one went that was late."""
    return (
        AbonnementCourriel.resume_on < today,
        AbonnementCourriel.refuse_at.is_(None),
        or_(AbonnementCourriel.prevenu_on.is_(None), AbonnementCourriel.prevenu_on < today),
    )


def heure(ctx: Context, day: date) -> int:
    """The hour of Paris at which workers are told on a day."""
    query = (
        select(ReglageCourriel.heure)
        .where(ReglageCourriel.effective_from <= day)
        .order_by(ReglageCourriel.effective_from.desc())
        .limit(1)
    )
    return ctx.session.scalars(query).one()
