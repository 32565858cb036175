"""What rules point out, for the DPO: who, which day, what is unusual and by how much; he closes each with a reason.

It names no worker and no dossier: who bears the same name as somebody of the staff would be known by it. Serves TRA-05;
RGPD art. 32, 38 and 39; CNIL, délibération 2021-122 (traces are not used to judge the staff).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, select

from spst.habilitations import services as habilitations
from spst.journal import instructions
from spst.journal.alerte_rules import Signal
from spst.journal.errors import CasChanged, CasNotFound
from spst.journal.instructions import MOST_CLOSED, Cas, Etat, Issue, Suite
from spst.journal.models import Alerte
from spst.kernel.context import Context
from spst.traces import services as traces

_ALERTE = cast(Table, Alerte.__table__)


@dataclass(frozen=True, slots=True)
class AlerteVue:
    """`jour`: of Paris; `at`, `updated_at`: UTC, when it was pointed out, and last strengthened."""

    id: UUID
    compte_id: UUID
    jour: date
    score: int
    signaux: tuple[Signal, ...]
    at: datetime
    updated_at: datetime
    etat: Etat
    suites: tuple[Suite, ...]

    @property
    def version(self) -> str:
        """What changes with its signals."""
        return self.updated_at.isoformat()


def queue(ctx: Context) -> tuple[AlerteVue, ...]:
    """Those that wait, the weightiest first; then the latest that are closed. Raises: AccessDenied."""
    habilitations.require(ctx, "alerte.consult")
    found = _read(ctx)
    still_open = sorted((one for one in found if one.etat is not Etat.CLOS), key=lambda one: -one.score)
    closed = [one for one in reversed(found) if one.etat is Etat.CLOS][:MOST_CLOSED]
    traces.record(ctx, "alerte.consult", details={"lignes": len(still_open) + len(closed)})
    return (*still_open, *closed)


def waiting(ctx: Context) -> int:
    """How many wait for the actor; none for who examines none. No act, no trace."""
    if not habilitations.may(ctx, "alerte.consult"):
        return 0
    return sum(one.etat is not Etat.CLOS for one in _read(ctx))


def get(ctx: Context, cas_id: UUID) -> AlerteVue:
    """Raises: AccessDenied, CasNotFound."""
    habilitations.require(ctx, "alerte.consult")
    traces.record(ctx, "alerte.consult")
    return _one(ctx, cas_id)


def take(ctx: Context, cas_id: UUID) -> None:
    """Raises: AccessDenied, CasNotFound, CasTaken, OwnCas."""
    instructions.take(ctx, _decided(ctx, cas_id, "cas_pris"))


def close(ctx: Context, cas_id: UUID, issue: Issue, motif: str, vu: str) -> None:
    """`vu`: the `version` that was read: nobody judges what he has not seen.

    Raises: AccessDenied, CasNotFound, CasClosed, CasChanged, OwnCas.
    """
    cas = _decided(ctx, cas_id, "cas_clos")
    instructions.hold(ctx, cas_id)
    if _one(ctx, cas_id).version != vu:
        raise CasChanged
    instructions.close(ctx, cas, issue, motif)


def reopen(ctx: Context, cas_id: UUID) -> None:
    """Raises: AccessDenied, CasNotFound, CasNotClosed, OwnCas."""
    instructions.reopen(ctx, _decided(ctx, cas_id, "cas_rouvert"))


def _decided(ctx: Context, cas_id: UUID, geste: str) -> Cas:
    habilitations.require(ctx, "alerte.decide")
    found = _one(ctx, cas_id)
    traces.record(ctx, "alerte.decide", details={"geste": geste})
    return Cas(cas_id, None, found.compte_id)


def _one(ctx: Context, cas_id: UUID) -> AlerteVue:
    found = _read(ctx, _ALERTE.c.id == cas_id)
    if not found:
        raise CasNotFound
    return found[0]


def _read(ctx: Context, *conditions: Any) -> Sequence[AlerteVue]:
    query = select(_ALERTE).where(_ALERTE.c.tenant_id == ctx.tenant_id, *conditions).order_by(_ALERTE.c.id)
    rows = ctx.session.execute(query).all()
    done = instructions.of_cas(ctx, [row.id for row in rows])
    return [_vue(row, done.get(row.id, ())) for row in rows]


def _vue(row: Any, suites: tuple[Suite, ...]) -> AlerteVue:
    return AlerteVue(
        id=row.id,
        compte_id=row.compte_id,
        jour=row.jour,
        score=row.score,
        signaux=tuple(Signal.from_json(one) for one in row.signaux),
        at=row.at,
        updated_at=row.updated_at,
        etat=instructions.etat_of(suites),
        suites=suites,
    )
