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
from spst.kernel.merkle import leaf_hash
from spst.kernel.unit_of_work import bind_context
from spst.traces.models import Trace, TraceFeuille, TraceReserve
from spst.traces.rules import SALT_BYTES, Empreinte, Event, sign_row
from spst.traces.services import mark_key

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
        expected = sign_row(trace_key, self.writer_id, self.writer_n, self.leaf, self.event.id)
        return hmac.compare_digest(expected, self.signature)


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
    place = select(_FEUILLE.c.rang).where(_AT_PLACE, _FEUILLE.c.rang < taille).exists()
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
    is_hashed = sel is not None and len(sel) == SALT_BYTES
    computed = event.empreinte(sel, mark_key(ctx, event.dossier_id)) if sel and is_hashed else None
    return Ligne(event, sel, row.empreinte, computed, row.writer_id, row.writer_n, row.signature, row.xid)
