"""The tree of an SPST's traces, as the database keeps it: its leaves, and one level of nodes in `STRIDE`.

A node between two kept levels is computed from at most `2 ** (STRIDE - 1)` kept ones below, so a proof still reads
O(log size) rows, and the nodes take a fifteenth of the rows that all of them would.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import text

from spst.kernel import merkle
from spst.kernel.context import Context
from spst.kernel.merkle import Frontier, Node

STRIDE = 4

_ADD_FEUILLES = text("""
    INSERT INTO trace_feuille (tenant_id, rang, trace_id, empreinte)
    SELECT :tenant, * FROM unnest(CAST(:rangs AS bigint[]), CAST(:ids AS uuid[]), CAST(:empreintes AS bytea[]))
""")
_ADD_NOEUDS = text("""
    INSERT INTO trace_noeud (tenant_id, niveau, rang, hash)
    SELECT :tenant, * FROM unnest(CAST(:niveaux AS smallint[]), CAST(:rangs AS bigint[]), CAST(:hashes AS bytea[]))
""")


_LEAVES = text("SELECT rang, empreinte FROM trace_feuille WHERE tenant_id = :tenant AND rang = ANY (:rangs)")
_NODES = text(
    "SELECT rang, hash FROM trace_noeud WHERE tenant_id = :tenant AND niveau = :niveau AND rang = ANY (:rangs)"
)

_COUNT = text("SELECT count(*) FROM trace_noeud WHERE tenant_id = :tenant")


class NodesMissing(Exception):
    """Nodes or leaves that the size of the tree promises are not there."""


def frontier(ctx: Context, size: int) -> Frontier:
    """The right edge of the tree as it is kept. Raises: NodesMissing."""
    return Frontier(size, read_nodes(ctx, merkle.nodes_of(range(size))))


def append(ctx: Context, edge: Frontier, leaves: Iterable[tuple[UUID, bytes]]) -> None:
    """Keep leaves after `edge`, which moves on: ids of their traces, and what is sealed of them."""
    rangs, ids, empreintes = [], [], []
    kept: list[tuple[Node, bytes]] = []
    for trace_id, empreinte in leaves:
        rangs.append(edge.size)
        ids.append(trace_id)
        empreintes.append(empreinte)
        kept += [(node, made) for node, made in edge.append(merkle.leaf_hash(empreinte)) if is_kept(node)]
    values = {"tenant": ctx.tenant_id, "rangs": rangs, "ids": ids, "empreintes": empreintes}
    ctx.session.execute(_ADD_FEUILLES, values)
    if kept:
        levels, positions = [node.level for node, _ in kept], [node.position for node, _ in kept]
        made = {"niveaux": levels, "rangs": positions, "hashes": [one for _, one in kept]}
        ctx.session.execute(_ADD_NOEUDS, {"tenant": ctx.tenant_id, **made})


def read_nodes(ctx: Context, nodes: Sequence[Node]) -> list[bytes]:
    """Hashes of nodes, in one statement per level whatever their number. Raises: NodesMissing."""
    parts = [_kept_below(node) for node in nodes]
    wanted = {node for part in parts for node in part}
    found = _read_leaves(ctx, wanted) | _read_kept(ctx, wanted)
    if len(found) < len(wanted):
        raise NodesMissing(f"{len(wanted) - len(found)} of {len(wanted)} nodes")
    return [merkle.root(found[node] for node in part) for part in parts]


def rows_of(spans: Iterable[range]) -> int:
    """How many rows a proof over these spans reads."""
    return len({kept for span in spans for node in merkle.nodes_of(span) for kept in _kept_below(node)})


def differing(ctx: Context, nodes: Sequence[tuple[Node, bytes]]) -> list[Node]:
    """Those of these kept nodes that are missing, or another."""
    found = _read_kept(ctx, [node for node, _ in nodes])
    return [node for node, made in nodes if found.get(node) != made]


def kept_count(ctx: Context) -> int:
    """Nodes that are kept, wherever they stand."""
    return int(ctx.session.execute(_COUNT, {"tenant": ctx.tenant_id}).scalar_one())


def expected_count(size: int) -> int:
    """Nodes that a tree of this size keeps."""
    return sum(size >> level for level in range(STRIDE, size.bit_length(), STRIDE))


def is_kept(node: Node) -> bool:
    return node.level > 0 and node.level % STRIDE == 0


def _kept_below(node: Node) -> list[Node]:
    """The leaves or kept nodes that lie right under a node, or the node itself."""
    up = node.level % STRIDE
    return [Node(node.level - up, position) for position in range(node.position << up, (node.position + 1) << up)]


def _read_leaves(ctx: Context, wanted: Iterable[Node]) -> dict[Node, bytes]:
    rangs = [node.position for node in wanted if node.level == 0]
    if not rangs:
        return {}
    rows = ctx.session.execute(_LEAVES, {"tenant": ctx.tenant_id, "rangs": rangs})
    return {Node(0, row.rang): merkle.leaf_hash(row.empreinte) for row in rows}


def _read_kept(ctx: Context, wanted: Iterable[Node]) -> dict[Node, bytes]:
    """A statement per level, each by the key of the table: rows are read where they stand, whatever the planner expects."""
    by_level: dict[int, list[int]] = defaultdict(list)
    for node in wanted:
        by_level[node.level].append(node.position)
    by_level.pop(0, None)
    found: dict[Node, bytes] = {}
    for level, rangs in by_level.items():
        rows = ctx.session.execute(_NODES, {"tenant": ctx.tenant_id, "niveau": level, "rangs": rangs})
        found |= {Node(level, row.rang): row.hash for row in rows}
    return found
