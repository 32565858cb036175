"""The sealed journal of an SPST as it stands, in the order of its tree: what a verification or an export goes through.

Read a few thousand lines at a time, each under a context signed anew: an SPST has millions of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, func, select

from spst.kernel.context import Context
from spst.kernel.merkle import leaf_hash
from spst.kernel.unit_of_work import bind_context
from spst.traces.models import Trace, TraceFeuille, TraceReserve
from spst.traces.rules import SALT_BYTES, Empreinte, Event, is_signed
from spst.traces.services import mark_key

_PAGE = 5000
_TRACE = cast(Table, Trace.__table__)
_RESERVE = cast(Table, TraceReserve.__table__)
_FEUILLE = cast(Table, TraceFeuille.__table__)
_AT = func.least(func.greatest(_TRACE.c.at, datetime(1970, 1, 1, tzinfo=UTC)), datetime(9000, 1, 1, tzinfo=UTC))
"""Instants that Python cannot hold are brought back into its bounds, where they no longer lead to what was sealed."""
_LINE = (
    *(column for column in _TRACE.c if column.name != "at"),
    _AT.label("at"),
    _RESERVE.c.motif,
    _RESERVE.c.precision,
    _RESERVE.c.sel,
    _RESERVE.c.dossier_id.label("reserve_dossier_id"),
    _RESERVE.c.acteur_id.label("reserve_acteur_id"),
)
_OF_LINE = (_RESERVE.c.tenant_id == _TRACE.c.tenant_id) & (_RESERVE.c.trace_id == _TRACE.c.id)
_AT_PLACE = (_TRACE.c.tenant_id == _FEUILLE.c.tenant_id) & (_TRACE.c.id == _FEUILLE.c.trace_id)
_NAMES = tuple(name for name in Event.__slots__ if not name.startswith("motif_"))


@dataclass(frozen=True, slots=True)
class Ligne:
    """One line as the database shows it now. `computed`: what would be sealed of `event`; None when the salt is gone."""

    event: Event
    sel: bytes | None
    empreinte: bytes
    computed: Empreinte | None
    writer_id: UUID
    writer_n: int
    signature: bytes
    xid: int

    @property
    def is_whole(self) -> bool:
        """Whether what the line says is what it says that it sealed."""
        return self.computed is not None and self.computed.octets == self.empreinte

    @property
    def leaf(self) -> bytes:
        return leaf_hash(self.empreinte)

    def is_signed(self, trace_key: bytes) -> bool:
        event = self.event
        return is_signed(trace_key, self.signature, event.tenant_id, event.id, self.writer_id, self.writer_n, self.leaf)


@dataclass(frozen=True, slots=True)
class Feuille:
    """A place of the tree. `ligne`: None when the line is not there."""

    rang: int
    trace_id: UUID
    empreinte: bytes
    ligne: Ligne | None


def pages(taille: int) -> Iterator[range]:
    """The first `taille` places, some thousands at a time."""
    return (range(start, min(start + _PAGE, taille)) for start in range(0, taille, _PAGE))


def sealed(ctx: Context, page: range) -> list[Feuille]:
    """The places of a page that are kept, in their order."""
    bind_context(ctx)
    places = _FEUILLE.outerjoin(_TRACE, _AT_PLACE).outerjoin(_RESERVE, _OF_LINE)
    query = select(_FEUILLE.c.rang, _FEUILLE.c.trace_id, _FEUILLE.c.empreinte.label("sealed"), *_LINE).select_from(
        places
    )
    query = query.where(_FEUILLE.c.tenant_id == ctx.tenant_id, _FEUILLE.c.rang >= page.start)
    rows = ctx.session.execute(query.where(_FEUILLE.c.rang < page.stop).order_by(_FEUILLE.c.rang))
    return [Feuille(row.rang, row[1], row.sealed, _ligne(ctx, row) if row.id else None) for row in rows]


def unsealed(ctx: Context, taille: int) -> Iterator[Ligne]:
    """Lines that have no place among the first `taille`, those of the oldest transaction first."""
    bind_context(ctx)
    place = select(_FEUILLE.c.rang).where(_AT_PLACE, _FEUILLE.c.rang >= 0, _FEUILLE.c.rang <= taille - 1).exists()
    query = select(*_LINE).select_from(_TRACE.outerjoin(_RESERVE, _OF_LINE))
    query = query.where(_TRACE.c.tenant_id == ctx.tenant_id, ~place).order_by(_TRACE.c.xid, _TRACE.c.id)
    for row in ctx.session.execute(query.execution_options(yield_per=_PAGE)):
        yield _ligne(ctx, row)


def of_dossier(ctx: Context, dossier_id: UUID) -> Iterator[Ligne]:
    """Every line of a dossier, the oldest first."""
    query = select(*_LINE).select_from(_TRACE.outerjoin(_RESERVE, _OF_LINE))
    query = query.where(_TRACE.c.tenant_id == ctx.tenant_id, _TRACE.c.dossier_id == dossier_id).order_by(_TRACE.c.id)
    for row in ctx.session.execute(query):
        yield _ligne(ctx, row)


def _ligne(ctx: Context, row: Any) -> Ligne:
    values = {name: getattr(row, name) for name in _NAMES}
    values |= {"sections": tuple(row.sections), "regles": tuple(row.regles)}
    event = Event(**values, motif_code=row.motif, motif_precision=row.precision)
    sel = bytes(row.sel) if row.sel is not None else None
    return Ligne(
        event, sel, row.empreinte, _computed(ctx, row, event, sel), row.writer_id, row.writer_n, row.signature, row.xid
    )


def _computed(ctx: Context, row: Any, event: Event, sel: bytes | None) -> Empreinte | None:
    """What would be sealed of the line as it stands. None when it cannot have been sealed so: whoever changed it may have put
    anything into it, and the reason is read by the dossier and the actor that stand beside it."""
    if sel is None or len(sel) != SALT_BYTES:
        return None
    if (row.reserve_dossier_id, row.reserve_acteur_id) != (event.dossier_id, event.acteur_id):
        return None
    try:
        return event.empreinte(sel, mark_key(ctx, event.dossier_id))
    except (ValueError, TypeError, OverflowError):
        return None
