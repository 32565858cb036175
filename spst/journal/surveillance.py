"""The job that looks for unusual accesses, every two minutes, SPST by SPST: who opened what, and what is usual.

It reads lines, names of the register, appointments: nothing of a dossier. Serves RGPD art. 32; CNIL, délibération 2021-122.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import SQLAlchemyError

from spst.habilitations import services as habilitations
from spst.journal import alerte_rules as rules
from spst.journal import instructions
from spst.journal import surveillance_queries as queries
from spst.journal.alerte_rules import Acces, Habitude, Journee, Signal
from spst.journal.instructions import Etat
from spst.journal.models import SURVEILLANCE, Alerte, AlerteRepere
from spst.kernel.acteur import service
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.ids import new_id
from spst.kernel.locks import is_alone
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.tenants import services as tenants
from spst.traces import services as traces

_log = logging.getLogger("spst.surveillance")
_ALERTE = cast(Table, Alerte.__table__)
_REPERE = cast(Table, AlerteRepere.__table__)
_ACTEUR, _MOTIF = service(SURVEILLANCE), Motif(CodeMotif.TECHNIQUE)
_AGAIN = timedelta(minutes=5)
"""A line commits after its instant: each round begins a little before the last one ended."""
_FIRST, _FURTHEST = timedelta(days=1), timedelta(days=7)
_FEW = 10
"""Dossiers in a day below which nothing is compared with what is usual."""


@dataclass(slots=True)
class Memoire:
    """What is usual of each account, kept from one round to the next: of a given day it does not change."""

    jour: date | None = None
    habitudes: dict[UUID, Habitude] = field(default_factory=dict)

    def of(self, compte_id: UUID, jour: date, read: Callable[[], Habitude]) -> Habitude:
        if jour != self.jour:
            self.jour, self.habitudes = jour, {}
        if compte_id not in self.habitudes:
            self.habitudes[compte_id] = read()
        return self.habitudes[compte_id]


def watch(runtime: Runtime, memoire: Memoire) -> int:
    """One round over every SPST; returns how many days of somebody were pointed out anew."""
    return sum(_watch(runtime, spst.id, memoire) for spst in tenants.in_service(runtime))


def _watch(runtime: Runtime, tenant_id: UUID, memoire: Memoire) -> int:
    """Each account in a transaction of its own: one that fails is told in the log, and keeps no other from being looked at.
    The mark moves once all were."""
    try:
        with _work(runtime, tenant_id) as ctx:
            until = ctx.clock.now()
            active = queries.active(ctx, _since(ctx), until)
        found = [_tried(runtime, tenant_id, memoire, *one) for one in active]
        if None not in found:
            with _work(runtime, tenant_id) as ctx:
                mark = upsert(_REPERE).values(tenant_id=tenant_id, at=until)
                ctx.session.execute(mark.on_conflict_do_update(index_elements=["tenant_id"], set_={"at": until}))
    except SQLAlchemyError as error:
        _log.error("surveillance failed", extra={"tenant": str(tenant_id), "cause": type(error).__name__})
        return 0
    return sum(map(bool, found))


def _tried(runtime: Runtime, tenant_id: UUID, memoire: Memoire, compte_id: UUID, jour: date) -> bool | None:
    """None when it failed."""
    try:
        with _work(runtime, tenant_id) as ctx:
            return is_alone(ctx, SURVEILLANCE, compte_id) and _examine(ctx, memoire, compte_id, jour)
    except SQLAlchemyError as error:
        told = {"tenant": str(tenant_id), "compte": str(compte_id), "cause": type(error).__name__}
        _log.error("surveillance failed", extra=told)
        return None


def _work(runtime: Runtime, tenant_id: UUID) -> AbstractContextManager[Context]:
    return unit_of_work(runtime, tenant_id, _ACTEUR, _MOTIF, origin="job")


def _since(ctx: Context) -> datetime:
    """Never further back than some days: whoever cannot be examined does not keep the others waiting."""
    last = ctx.session.scalar(select(_REPERE.c.at).where(_REPERE.c.tenant_id == ctx.tenant_id))
    now = ctx.clock.now()
    return now - _FIRST if last is None else max(last - _AGAIN, now - _FURTHEST)


def _examine(ctx: Context, memoire: Memoire, compte_id: UUID, jour: date) -> bool:
    """What one account did on one day, after what was judged of it; whether something was pointed out anew."""
    now, known = ctx.clock.now(), _known(ctx, compte_id, jour)
    for one in known:
        instructions.hold(ctx, one.id)
    done = instructions.of_cas(ctx, [one.id for one in known])
    closed = {one.id for one in known if instructions.etat_of(done.get(one.id, ())) is Etat.CLOS}
    settled = max((one.examined_at for one in known if one.id in closed), default=None)
    found = rules.signals(_journee(ctx, memoire, compte_id, jour, queries.accesses(ctx, compte_id, jour, settled)))
    still_open = [one for one in known if one.id not in closed]
    if still_open:
        _strengthen(ctx, still_open[-1], found, now)
        return False
    if rules.score(found) < rules.SEUIL or not queries.is_account(ctx, compte_id):
        return False
    _open(ctx, compte_id, jour, len(known), found, now)
    return True


def _journee(ctx: Context, memoire: Memoire, compte_id: UUID, jour: date, acces: list[Acces]) -> Journee:
    dossiers = {one.dossier_id for one in acces}
    return Journee(
        acces,
        _habitude(ctx, memoire, compte_id, jour, acces),
        queries.liens(ctx, compte_id, dossiers, jour),
        queries.attendus(ctx, dossiers, jour, rules.AROUND),
    )


def _habitude(ctx: Context, memoire: Memoire, compte_id: UUID, jour: date, acces: list[Acces]) -> Habitude:
    """Looked for when something is compared with it: most days of most people are short, and in daylight."""
    few = len({one.dossier_id for one in acces}) < _FEW
    if few and not any(rules.is_unusual_hour(one.at) for one in acces):
        return Habitude()

    def read() -> Habitude:
        return rules.usual(list(queries.days_before(ctx, compte_id, jour, rules.MEMOIRE)))

    return memoire.of(compte_id, jour, read)


def _known(ctx: Context, compte_id: UUID, jour: date) -> list[Any]:
    query = (
        select(_ALERTE)
        .where(_ALERTE.c.tenant_id == ctx.tenant_id, _ALERTE.c.compte_id == compte_id, _ALERTE.c.jour == jour)
        .order_by(_ALERTE.c.rang)
    )
    return list(ctx.session.execute(query))


def _open(ctx: Context, compte_id: UUID, jour: date, rang: int, found: tuple[Signal, ...], now: datetime) -> None:
    habilitations.require(ctx, "alerte.open")
    ctx.session.execute(
        insert(_ALERTE).values(
            tenant_id=ctx.tenant_id,
            id=new_id(now),
            compte_id=compte_id,
            jour=jour,
            rang=rang,
            score=rules.score(found),
            signaux=[one.to_json() for one in found],
            at=now,
            updated_at=now,
            examined_at=now,
        )
    )
    traces.record(ctx, "alerte.open")


def _strengthen(ctx: Context, known: Any, found: tuple[Signal, ...], now: datetime) -> None:
    """What an open one rests upon, as the day goes on. It is never weakened: what was told stays told."""
    kept = tuple(Signal.from_json(one) for one in known.signaux)
    signals = rules.strengthened(kept, found)
    changed: dict[str, Any] = {"examined_at": now}
    if signals != kept:
        changed |= {"score": rules.score(signals), "signaux": [one.to_json() for one in signals], "updated_at": now}
    ctx.session.execute(
        update(_ALERTE).where(_ALERTE.c.tenant_id == ctx.tenant_id, _ALERTE.c.id == known.id).values(**changed)
    )
