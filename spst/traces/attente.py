"""Traces that are committed and not sealed yet, in the order in which they will be."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from spst.kernel.context import Context
from spst.kernel.merkle import leaf_hash
from spst.traces.rules import sign_row

_PAGE = 5000
_SNAPSHOT = text("""
    SELECT pg_snapshot_xmin(s)::text::bigint AS oldest, pg_snapshot_xmax(s)::text::bigint AS next
    FROM pg_current_snapshot() s
""")
_WAITING = """
    SELECT t.id, t.xid, t.empreinte, t.writer_id, t.writer_n, t.signature FROM trace t
    WHERE t.tenant_id = :tenant AND {bounds} AND (t.xid, t.id) > (:xid, :id)
      AND NOT EXISTS (SELECT FROM trace_feuille f WHERE f.tenant_id = t.tenant_id AND f.trace_id = t.id)
    ORDER BY t.xid, t.id LIMIT :limit
"""
_SINCE = text(_WAITING.format(bounds="t.xid >= :since AND t.xid < :oldest"))
_EVERYWHERE = text(_WAITING.format(bounds="(t.xid < :oldest OR t.xid >= :next)"))
_BEFORE_ALL = (-1, UUID(int=0))


@dataclass(frozen=True, slots=True)
class Bornes:
    """Transactions whose lines are taken: from `since` to the one before `oldest`, which may still be under way.

    A counter that is behind `since` belongs to another server, to which the database was brought: its own old lines then bear
    numbers that are still to come, and everything that was not sealed is looked for.
    """

    since: int
    oldest: int
    next: int

    @property
    def is_elsewhere(self) -> bool:
        return self.next < self.since


def bornes(ctx: Context, since: int) -> Bornes:
    row = ctx.session.execute(_SNAPSHOT).one()
    return Bornes(since, row.oldest, row.next)


def is_empty(ctx: Context, found: Bornes) -> bool:
    return not _page(ctx, found, _BEFORE_ALL, 1)


def lines(ctx: Context, found: Bornes) -> Iterator[Any]:
    """`id, xid, empreinte, writer_id, writer_n, signature`, oldest transaction first."""
    after = _BEFORE_ALL
    while page := _page(ctx, found, after, _PAGE):
        yield from page
        if len(page) < _PAGE:
            return
        after = (page[-1].xid, page[-1].id)


def is_ours(ctx: Context, line: Any) -> bool:
    """Whether a process that holds the key of the traces wrote this line, with this leaf and this number."""
    key = ctx.runtime.trace_key
    expected = sign_row(key, line.writer_id, line.writer_n, leaf_hash(line.empreinte), line.id)
    return hmac.compare_digest(expected, line.signature)


def _page(ctx: Context, found: Bornes, after: tuple[int, UUID], limit: int) -> list[Any]:
    values = {"tenant": ctx.tenant_id, "oldest": found.oldest, "xid": after[0], "id": after[1], "limit": limit}
    if found.is_elsewhere:
        return list(ctx.session.execute(_EVERYWHERE, {**values, "next": found.next}))
    return list(ctx.session.execute(_SINCE, {**values, "since": found.since}))
