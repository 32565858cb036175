"""The job that looks for unusual accesses, every two minutes, SPST by SPST: who opened what, and what is usual.

It reads lines, names of the register, appointments: nothing of a dossier. Serves RGPD art. 32; CNIL, délibération 2021-122.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

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
from spst.tenants.models import Tenant
from spst.traces import services as traces

_ALERTE = cast(Table, Alerte.__table__)
_REPERE = cast(Table, AlerteRepere.__table__)
_ACTEUR, _MOTIF = service(SURVEILLANCE), Motif(CodeMotif.TECHNIQUE)
_AGAIN = timedelta(minutes=5)
"""A line commits after its instant: each round begins a little before the last one ended."""
_FIRST = timedelta(days=1)
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
    with runtime.engine.connect() as connection:
        tenants = list(connection.scalars(select(Tenant.id).where(Tenant.suspended_at.is_(None)).order_by(Tenant.id)))
    return sum(_watch(runtime, tenant_id, memoire) for tenant_id in tenants)


def _watch(runtime: Runtime, tenant_id: UUID, memoire: Memoire) -> int:
    with unit_of_work(runtime, tenant_id, _ACTEUR, _MOTIF, origin="job") as ctx:
        if not is_alone(ctx, SURVEILLANCE, tenant_id):
            return 0
        now, since = ctx.clock.now(), _since(ctx)
        found = sum(_examine(ctx, memoire, compte_id, jour) for compte_id, jour in queries.active(ctx, since, now))
        mark = upsert(_REPERE).values(tenant_id=tenant_id, at=now)
        ctx.session.execute(mark.on_conflict_do_update(index_elements=["tenant_id"], set_={"at": now}))
        return found


def _since(ctx: Context) -> datetime:
    last = ctx.session.scalar(select(_REPERE.c.at).where(_REPERE.c.tenant_id == ctx.tenant_id))
    return ctx.clock.now() - _FIRST if last is None else last - _AGAIN


def _examine(ctx: Context, memoire: Memoire, compte_id: UUID, jour: date) -> bool:
    """What one account did on one day, after what was already examined of it; whether something was pointed out anew."""
    known = _known(ctx, compte_id, jour)
    done = instructions.of_cas(ctx, [one.id for one in known])
    closed_at = [done[one.id][-1].at for one in known if instructions.etat_of(done.get(one.id, ())) is Etat.CLOS]
    acces = queries.accesses(ctx, compte_id, jour, max(closed_at, default=None))
    found = rules.signals(_journee(ctx, memoire, compte_id, jour, acces))
    if len(closed_at) < len(known):
        _raise(ctx, known[-1], found)
        return False
    if rules.score(found) < rules.SEUIL:
        return False
    _open(ctx, compte_id, jour, len(known), found)
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


def _open(ctx: Context, compte_id: UUID, jour: date, rang: int, found: tuple[Signal, ...]) -> None:
    habilitations.require(ctx, "alerte.open")
    now = ctx.clock.now()
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
        )
    )
    traces.record(ctx, "alerte.open")


def _raise(ctx: Context, known: Any, found: tuple[Signal, ...]) -> None:
    """What an open one rests upon, as the day goes on. It is never weakened: what was told stays told."""
    kept = [one.to_json() for one in found]
    if rules.score(found) < known.score or kept == known.signaux:
        return
    changed = {"score": rules.score(found), "signaux": kept, "updated_at": ctx.clock.now()}
    ctx.session.execute(
        update(_ALERTE).where(_ALERTE.c.tenant_id == ctx.tenant_id, _ALERTE.c.id == known.id).values(**changed)
    )
