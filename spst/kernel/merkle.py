"""Merkle trees of RFC 9162 (Certificate Transparency 2.0), section 2.1: hashes, proofs, and what verifies them.

A tree of `size` leaves is split at the largest power of two below its size, again and again. A leaf is
`SHA-256(0x00 ‖ entry)`, a node `SHA-256(0x01 ‖ left ‖ right)`, the empty tree `SHA-256("")`: the prefixes keep a leaf from
being taken for a node. An inclusion proof says that a leaf stands at an index under a root; a consistency proof says that the
tree of an older root is the beginning of the tree of a newer one. Both are lists of hashes, O(log size) of them.

Leaves, roots, nodes and items of proofs are 32 bytes. Functions that take `leaves` hold them all; a tree too large for that
keeps its complete nodes somewhere (`Frontier.append` gives them) and makes proofs by reading a few (`prove`).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


class ProofRefused(Exception):
    """A proof does not show what it is given for: altered, cut, too long, or of another leaf or tree."""


class Node(NamedTuple):
    """The root of a complete subtree: `2 ** level` leaves from `position * 2 ** level` on. A leaf is of level 0."""

    level: int
    position: int


ReadNodes = Callable[[Sequence[Node]], Sequence[bytes]]
"""Hashes of stored nodes, in the order they were asked for."""


def leaf_hash(entry: bytes) -> bytes:
    """
    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """The right edge of a tree: all that is needed to append to it and to know its root.

    `hashes`: those of the complete subtrees that make it up, the largest first (`nodes_of(range(size))`).
    """

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> Iterator[tuple[Node, bytes]]:
        """Add a leaf; gives it and the nodes that it completes, from the lowest up. To be consumed whole."""
        node, made = Node(0, self.size), leaf
        self.size += 1
        self.hashes.append(leaf)
        yield node, made
        while node.position & 1:
            right, left = self.hashes.pop(), self.hashes.pop()
            node, made = Node(node.level + 1, node.position >> 1), node_hash(left, right)
            self.hashes.append(made)
            yield node, made

    @property
    def root(self) -> bytes:
        return fold(self.hashes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """Root over adjacent complete subtrees, the largest first.

    >>> fold([]) == EMPTY_ROOT
    True
    """
    if not hashes:
        return EMPTY_ROOT
    folded = hashes[-1]
    for left in reversed(hashes[:-1]):
        folded = node_hash(left, folded)
    return folded


def root(leaves: Iterable[bytes]) -> bytes:
    """Root of the tree of these leaf hashes (RFC 9162, 2.1.1)."""
    edge = Frontier()
    for leaf in leaves:
        for _ in edge.append(leaf):
            pass
    return edge.root


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """That leaf `index` stands in the tree of `leaves` (RFC 9162, 2.1.3.1). Raises: IndexError."""
    return [root(leaves[span.start : span.stop]) for span in inclusion_spans(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """That the first `old_size` leaves are the beginning of `leaves` (RFC 9162, 2.1.4.1). Raises: IndexError."""
    return [root(leaves[span.start : span.stop]) for span in consistency_spans(old_size, len(leaves))]


def prove(spans: Sequence[range], read: ReadNodes) -> list[bytes]:
    """The proof that these spans make, in one reading of stored nodes."""
    parts = [nodes_of(span) for span in spans]
    found = iter(read([node for part in parts for node in part]))
    return [fold([next(found) for _ in part]) for part in parts]


def inclusion_spans(index: int, size: int) -> list[range]:
    """Leaves under each item of an inclusion proof, from the leaf's neighbour up. Raises: IndexError."""
    if not 0 <= index < size:
        raise IndexError(f"no leaf {index} in a tree of {size}")
    start, end, spans = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append(range(middle, end))
            end = middle
        else:
            spans.append(range(start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old_size: int, size: int) -> list[range]:
    """Leaves under each item of a consistency proof. Raises: IndexError.

    The old root is known to whoever verifies: where the old tree is one complete subtree, the proof leaves it out.
    """
    if not 0 < old_size <= size:
        raise IndexError(f"no tree of {old_size} at the beginning of one of {size}")
    start, end, spans = 0, size, []
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            spans.append(range(middle, end))
            end = middle
        else:
            spans.append(range(start, middle))
            start = middle
    return [*([range(start, end)] if start else []), *spans[::-1]]


def nodes_of(span: range) -> list[Node]:
    """The complete subtrees that make up a span of leaves, the largest first.

    `span` begins where a subtree at least as large may begin: every span of a proof does, and a whole tree.

    >>> nodes_of(range(8, 15))
    [Node(level=2, position=2), Node(level=1, position=6), Node(level=0, position=14)]
    """
    nodes, start = [], span.start
    for level in reversed(range(len(span).bit_length())):
        if len(span) >> level & 1:
            nodes.append(Node(level, start >> level))
            start += 1 << level
    return nodes


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Check that `leaf` stands at `index` under the root `expected` of `size` leaves (RFC 9162, 2.1.3.2).

    Raises: ProofRefused.
    """
    _check_hashes(leaf, expected, *proof)
    if not 0 <= index < size:
        raise ProofRefused(f"no leaf {index} in a tree of {size}")
    found = leaf
    for item, is_left in _climb(index, size - 1, proof):
        found = node_hash(item, found) if is_left else node_hash(found, item)
    if found != expected:
        raise ProofRefused("the leaf does not lead to this root")


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `old_root` is the beginning of the tree of `new_root` (RFC 9162, 2.1.4.2).

    An empty old tree begins every tree: its root and an empty proof are all that is asked. Raises: ProofRefused.
    """
    _check_hashes(old_root, new_root, *proof)
    if not 0 <= old_size <= new_size:
        raise ProofRefused(f"a tree of {old_size} does not begin one of {new_size}")
    if old_size in {0, new_size}:
        _verify_trivial(old_size, old_root, new_size, new_root, proof)
        return
    # The old root itself begins the path when the old tree is one complete subtree.
    items = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not items:
        raise ProofRefused("the proof is too short")
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = items[0]
    for item, is_left in _climb(position, last, items[1:]):
        if is_left:
            old, new = node_hash(item, old), node_hash(item, new)
        else:
            new = node_hash(new, item)
    if old != old_root:
        raise ProofRefused("the proof does not lead to the older root")
    if new != new_root:
        raise ProofRefused("the proof does not lead to the newer root")


def _climb(position: int, last: int, proof: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Items of a proof from a node to the root, each with whether it stands on the left of the path.

    `position`: of the node at its level; `last`: of the last node of that level. Raises: ProofRefused, when there are more or
    fewer items than the way is long.
    """
    for item in proof:
        if last == 0:
            raise ProofRefused("the proof is too long")
        is_left = bool(position & 1) or position == last
        # A last node without neighbour on its right rises unchanged until it is itself on the right.
        while is_left and position and not position & 1:
            position, last = position >> 1, last >> 1
        yield item, is_left
        position, last = position >> 1, last >> 1
    if last:
        raise ProofRefused("the proof is too short")


def _verify_trivial(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Nothing to prove: the old tree is empty, or is the new one."""
    if proof:
        raise ProofRefused("the proof is too long")
    if old_root != (new_root if old_size == new_size else EMPTY_ROOT):
        raise ProofRefused("two roots for one size")


def _check_hashes(*hashes: bytes) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise ProofRefused(f"a hash has {HASH_BYTES} bytes")


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
