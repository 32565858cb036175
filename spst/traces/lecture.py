"""The sealed journal of an SPST as it stands, in the order of its tree: what a verification or an export goes through.

Read a few thousand lines at a time, each under a context signed anew: an SPST has millions of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, func, select, text

from spst.kernel.context import Context
from spst.kernel.merkle import leaf_hash
from spst.kernel.unit_of_work import bind_context
from spst.traces.models import Trace, TraceFeuille
from spst.traces.rules import SALT_BYTES, Empreinte, Event, is_signed
from spst.traces.services import mark_key

_PAGE = 5000
_TRACE = cast(Table, Trace.__table__)
_FEUILLE = cast(Table, TraceFeuille.__table__)
_AT = func.least(func.greatest(_TRACE.c.at, datetime(1970, 1, 1, tzinfo=UTC)), datetime(9000, 1, 1, tzinfo=UTC))
"""Instants that Python cannot hold are brought back into its bounds, where they no longer lead to what was sealed."""
_LINE = (*(column for column in _TRACE.c if column.name != "at"), _AT.label("at"))
_BESIDE = text("""
    SELECT trace_id, dossier_id, acteur_id, motif, precision, sel FROM trace_reserve
    WHERE tenant_id = :tenant AND trace_id = ANY (:ids)
""")
_NAMES = tuple(name for name in Event.__slots__ if not name.startswith("motif_"))
_IDS = text("""
    SELECT id, xid FROM trace WHERE tenant_id = :tenant AND (xid, id) > (:xid, :id) ORDER BY xid, id LIMIT :limit
""")
_PLACED = text("SELECT rang, trace_id FROM trace_feuille WHERE tenant_id = :tenant AND trace_id = ANY (:ids)")
"""By their keys alone: were the rank bounded here too, a plan made once for all values would walk every place of the journal."""
_LEAVES = text(
    "SELECT rang, trace_id, empreinte FROM trace_feuille WHERE tenant_id = :tenant AND trace_id = ANY (:ids)"
)


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
    """A place of the tree. `ligne`: None when the line is not there; `is_salted`: whether its salt and reason are."""

    rang: int
    trace_id: UUID
    empreinte: bytes
    ligne: Ligne | None
    is_salted: bool


def pages(taille: int) -> Iterator[range]:
    """The first `taille` places, some thousands at a time."""
    return (range(start, min(start + _PAGE, taille)) for start in range(0, taille, _PAGE))


def sealed(ctx: Context, page: range) -> list[Feuille]:
    """The places of a page that are kept, in their order."""
    bind_context(ctx)
    query = select(_FEUILLE.c.rang, _FEUILLE.c.trace_id, _FEUILLE.c.empreinte)
    query = query.where(_FEUILLE.c.tenant_id == ctx.tenant_id, _FEUILLE.c.rang >= page.start)
    rows = ctx.session.execute(query.where(_FEUILLE.c.rang < page.stop).order_by(_FEUILLE.c.rang)).all()
    ids = [row.trace_id for row in rows]
    beside = _beside(ctx, ids)
    lines = {line.event.id: line for line in _lines(ctx, ids, beside)}
    return [
        Feuille(row.rang, row.trace_id, row.empreinte, lines.get(row.trace_id), row.trace_id in beside) for row in rows
    ]


def _beside(ctx: Context, ids: list[UUID]) -> dict[UUID, Any]:
    """Salts and reasons of lines by their ids. Read by keys, as the lines are, and not joined to them: the planner expects one
    row of an SPST where all of them come."""
    return {row.trace_id: row for row in ctx.session.execute(_BESIDE, {"tenant": ctx.tenant_id, "ids": ids})}


def _lines(ctx: Context, ids: list[UUID], beside: dict[UUID, Any] | None = None) -> list[Ligne]:
    """Lines by their ids, in the order of their transactions, each with what stands beside it."""
    beside = _beside(ctx, ids) if beside is None else beside
    query = select(*_LINE).where(_TRACE.c.tenant_id == ctx.tenant_id, _TRACE.c.id == func.any(ids))
    rows = ctx.session.execute(query.order_by(_TRACE.c.xid, _TRACE.c.id)).all()
    return [_ligne(ctx, row, beside.get(row.id)) for row in rows]


def unsealed(ctx: Context, taille: int) -> Iterator[Ligne]:
    """Lines that have no place among the first `taille`, those of the oldest transaction first.

    All lines are gone through by their key and their places looked up apart: joined, the planner would read every place once
    for each line.
    """
    after = (-1, UUID(int=0))
    while page := _next_ids(ctx, after):
        bind_context(ctx)
        ids = [row.id for row in page]
        placed = {trace_id for trace_id, rang in places(ctx, ids).items() if 0 <= rang < taille}
        if missing := [one for one in ids if one not in placed]:
            yield from _lines(ctx, missing)
        after = (page[-1].xid, page[-1].id)


def places(ctx: Context, ids: list[UUID]) -> dict[UUID, int]:
    """Ranks of lines by their ids, of those that have one."""
    rows = ctx.session.execute(_PLACED, {"tenant": ctx.tenant_id, "ids": ids})
    return {row.trace_id: int(row.rang) for row in rows}


def _next_ids(ctx: Context, after: tuple[int, UUID]) -> list[Any]:
    values = {"tenant": ctx.tenant_id, "xid": after[0], "id": after[1], "limit": _PAGE}
    return list(ctx.session.execute(_IDS, values))


def of_dossier(ctx: Context, dossier_id: UUID) -> Iterator[Ligne]:
    """Every line of a dossier, in the order of its transactions."""
    query = select(_TRACE.c.id).where(_TRACE.c.tenant_id == ctx.tenant_id, _TRACE.c.dossier_id == dossier_id)
    yield from _lines(ctx, list(ctx.session.scalars(query)))


def at_their_places(ctx: Context, lignes: list[Ligne]) -> list[Feuille]:
    """The places of these lines, in the order of the tree; those that wait for their seal have none."""
    lines = {ligne.event.id: ligne for ligne in lignes}
    rows = ctx.session.execute(_LEAVES, {"tenant": ctx.tenant_id, "ids": list(lines)})
    found = [Feuille(int(row.rang), row.trace_id, row.empreinte, lines[row.trace_id], True) for row in rows]
    return sorted(found, key=lambda feuille: feuille.rang)


def _ligne(ctx: Context, row: Any, beside: Any | None) -> Ligne:
    values = {name: getattr(row, name) for name in _NAMES}
    values |= {"sections": tuple(row.sections), "regles": tuple(row.regles)}
    if beside is None:
        return Ligne(Event(**values), None, row.empreinte, None, row.writer_id, row.writer_n, row.signature, row.xid)
    event = Event(**values, motif_code=beside.motif, motif_precision=beside.precision)
    computed = _computed(ctx, beside, event)
    return Ligne(event, beside.sel, row.empreinte, computed, row.writer_id, row.writer_n, row.signature, row.xid)


def _computed(ctx: Context, beside: Any, event: Event) -> Empreinte | None:
    """What would be sealed of the line as it stands. None when it cannot have been sealed so: whoever changed it may have put
    anything into it, and the reason is read by the dossier and the actor that stand beside it."""
    if len(beside.sel) != SALT_BYTES:
        return None
    if (beside.dossier_id, beside.acteur_id) != (event.dossier_id, event.acteur_id):
        return None
    try:
        return event.empreinte(beside.sel, mark_key(ctx, event.dossier_id))
    except (ValueError, TypeError, OverflowError):
        return None
