"""The sealed journal of an SPST as it stands, in the order of its tree: what a verification or an export goes through.

Read a few thousand lines at a time, each under a context signed anew: an SPST has millions of them.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, select

from spst.kernel.context import Context
from spst.kernel.unit_of_work import bind_context
from spst.traces.models import Trace, TraceFeuille, TraceReserve
from spst.traces.rules import SALT_BYTES, Event, sign_row

_PAGE = 5000
_TRACE = cast(Table, Trace.__table__)
_RESERVE = cast(Table, TraceReserve.__table__)
_FEUILLE = cast(Table, TraceFeuille.__table__)
_LINE = (*_TRACE.c, _RESERVE.c.motif, _RESERVE.c.precision, _RESERVE.c.sel)
_OF_LINE = (_RESERVE.c.tenant_id == _TRACE.c.tenant_id) & (_RESERVE.c.trace_id == _TRACE.c.id)
_AT_PLACE = (_TRACE.c.tenant_id == _FEUILLE.c.tenant_id) & (_TRACE.c.id == _FEUILLE.c.trace_id)
_NAMES = tuple(name for name in Event.__slots__ if not name.startswith("motif_"))


@dataclass(frozen=True, slots=True)
class Ligne:
    """One line as the database shows it now; `event` is what its hash is taken over."""

    event: Event
    sel: bytes | None
    leaf: bytes
    writer_id: UUID
    writer_n: int
    signature: bytes
    xid: int

    @property
    def computed(self) -> bytes | None:
        """The leaf hash of what the line says now; None when the salt is gone."""
        return None if self.sel is None or len(self.sel) != SALT_BYTES else self.event.leaf(self.sel)

    def is_signed(self, trace_key: bytes) -> bool:
        expected = sign_row(trace_key, self.writer_id, self.writer_n, self.leaf, self.event.id)
        return hmac.compare_digest(expected, self.signature)


@dataclass(frozen=True, slots=True)
class Feuille:
    """A place of the tree. `ligne`: None when the line is not there."""

    rang: int
    trace_id: UUID
    hash: bytes
    ligne: Ligne | None


def pages(taille: int) -> Iterator[range]:
    """The first `taille` places, some thousands at a time."""
    return (range(start, min(start + _PAGE, taille)) for start in range(0, taille, _PAGE))


def sealed(ctx: Context, page: range) -> list[Feuille]:
    """The places of a page that are kept, in their order."""
    bind_context(ctx)
    places = _FEUILLE.outerjoin(_TRACE, _AT_PLACE).outerjoin(_RESERVE, _OF_LINE)
    query = select(_FEUILLE.c.rang, _FEUILLE.c.trace_id, _FEUILLE.c.hash, *_LINE).select_from(places)
    query = query.where(_FEUILLE.c.tenant_id == ctx.tenant_id, _FEUILLE.c.rang >= page.start)
    rows = ctx.session.execute(query.where(_FEUILLE.c.rang < page.stop).order_by(_FEUILLE.c.rang))
    return [Feuille(row.rang, row[1], row.hash, _ligne(row) if row.id else None) for row in rows]


def unsealed(ctx: Context, taille: int) -> Iterator[Ligne]:
    """Lines that have no place among the first `taille`, those of the oldest transaction first."""
    bind_context(ctx)
    place = select(_FEUILLE.c.rang).where(_AT_PLACE, _FEUILLE.c.rang < taille).exists()
    query = select(*_LINE).select_from(_TRACE.outerjoin(_RESERVE, _OF_LINE))
    query = query.where(_TRACE.c.tenant_id == ctx.tenant_id, ~place).order_by(_TRACE.c.xid, _TRACE.c.id)
    for row in ctx.session.execute(query.execution_options(yield_per=_PAGE)):
        yield _ligne(row)


def _ligne(row: Any) -> Ligne:
    values = {name: getattr(row, name) for name in _NAMES}
    values |= {"sections": tuple(row.sections), "regles": tuple(row.regles)}
    event = Event(**values, motif_code=row.motif, motif_precision=row.precision)
    sel = bytes(row.sel) if row.sel is not None else None
    return Ligne(event, sel, row.leaf_hash, row.writer_id, row.writer_n, row.signature, row.xid)
