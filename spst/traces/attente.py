"""Traces that are committed and not sealed yet, in the order in which they will be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from spst.kernel.context import Context
from spst.kernel.merkle import leaf_hash
from spst.kernel.unit_of_work import bind_context
from spst.traces.rules import is_signed

_PAGE = 5000
_FEW = 20
"""Lines that are looked at to know whether any waits: a batch may have stopped inside a transaction."""
_SNAPSHOT = text("""
    SELECT pg_snapshot_xmin(s)::text::bigint AS oldest, pg_snapshot_xmax(s)::text::bigint AS next
    FROM pg_current_snapshot() s
""")
_WAITING = """
    SELECT t.id, t.xid, t.empreinte, t.writer_id, t.writer_n, t.signature FROM trace t
    WHERE t.tenant_id = :tenant AND {bounds} AND (t.xid, t.id) > (:xid, :id)
    ORDER BY t.xid, t.id LIMIT :limit
"""
_SINCE = text(_WAITING.format(bounds="t.xid < :oldest"))
_EVERYWHERE = text(_WAITING.format(bounds="(t.xid < :oldest OR t.xid >= :next)"))
# Apart, by keys: joined to the lines, places would be gone through once for each of them (docs/performance.md, "Filling").
_PLACED = text("SELECT trace_id FROM trace_feuille WHERE tenant_id = :tenant AND trace_id = ANY (:ids)")
_LAST_ID = UUID(int=2**128 - 1)

Curseur = tuple[int, UUID]
"""Transaction and id of a line: the order in which lines are taken."""


@dataclass(frozen=True, slots=True)
class Bornes:
    """Transactions whose lines are taken: from `since` to the one before `oldest`, which may still be under way.

    `after`: the last line that was looked at and left out; those before it were, too.
    A counter that is behind `since` belongs to another server, to which the database was brought: its own old lines then bear
    numbers that are still to come, and everything that was not sealed is looked for.
    """

    since: int
    oldest: int
    next: int
    after: Curseur | None = None

    @property
    def is_elsewhere(self) -> bool:
        return self.next < self.since

    @property
    def start(self) -> Curseur:
        if self.is_elsewhere:
            return (-1, _LAST_ID)
        return max((self.since - 1, _LAST_ID), self.after or (-1, _LAST_ID))


def bornes(ctx: Context, since: int, after: Curseur | None = None) -> Bornes:
    row = ctx.session.execute(_SNAPSHOT).one()
    return Bornes(since, row.oldest, row.next, after)


def is_empty(ctx: Context, found: Bornes) -> bool:
    return next(lines(ctx, found, _FEW), None) is None


def lines(ctx: Context, found: Bornes, at_once: int = _PAGE) -> Iterator[Any]:
    """`id, xid, empreinte, writer_id, writer_n, signature` of lines without place, oldest transaction first."""
    after = found.start
    while page := _page(ctx, found, after, at_once):
        placed = set(
            ctx.session.execute(_PLACED, {"tenant": ctx.tenant_id, "ids": [line.id for line in page]}).scalars()
        )
        yield from (line for line in page if line.id not in placed)
        if len(page) < at_once:
            return
        after = (page[-1].xid, page[-1].id)
        # A context that ended meanwhile would show no more lines, as if there were none.
        bind_context(ctx)


def is_ours(ctx: Context, line: Any) -> bool:
    leaf = leaf_hash(line.empreinte)
    return is_signed(ctx.runtime.trace_key, line.signature, ctx.tenant_id, line.id, line.writer_id, line.writer_n, leaf)


def _page(ctx: Context, found: Bornes, after: Curseur, limit: int) -> list[Any]:
    values = {"tenant": ctx.tenant_id, "oldest": found.oldest, "xid": after[0], "id": after[1], "limit": limit}
    if found.is_elsewhere:
        return list(ctx.session.execute(_EVERYWHERE, {**values, "next": found.next}))
    return list(ctx.session.execute(_SINCE, values))
