"""Merkle trees: the vectors, every small size against a second writing, and proofs that must be refused."""

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spst.kernel.merkle import (
    EMPTY_ROOT,
    Frontier,
    Node,
    ProofRefused,
    consistency_proof,
    consistency_spans,
    inclusion_proof,
    inclusion_spans,
    leaf_hash,
    nodes_of,
    prove,
    root,
    verify_consistency,
    verify_inclusion,
)
from tests.kernel import naif

pytestmark = pytest.mark.exigence("TRA-03", partielle="hashes and proofs")

ENTRIES = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
"""Of the test suite of RFC 6962's own implementation."""
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
LARGEST = 300


def entries(size: int) -> list[bytes]:
    return [n.to_bytes(2, "big") for n in range(size)]


@cache
def leaves(size: int) -> tuple[bytes, ...]:
    return tuple(leaf_hash(entry) for entry in entries(size))


@cache
def naive_root(size: int) -> bytes:
    return naif.mth(entries(size))


@pytest.mark.parametrize("size", ROOTS)
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    assert root([leaf_hash(entry) for entry in ENTRIES[:size]]).hex() == ROOTS[size]


@pytest.mark.parametrize("size", range(LARGEST + 1))
def test_every_size_has_the_root_and_the_inclusion_proofs_of_the_second_writing(size: int) -> None:
    assert root(leaves(size)) == naive_root(size)
    for index in {0, size // 3, size // 2, size - 2, size - 1} & set(range(size)):
        proof = inclusion_proof(leaves(size), index)
        assert proof == naif.path(index, entries(size))
        verify_inclusion(leaves(size)[index], index, size, proof, naive_root(size))


@pytest.mark.parametrize("size", range(1, LARGEST + 1))
def test_every_size_is_shown_to_begin_a_larger_one_as_the_second_writing_shows_it(size: int) -> None:
    for larger in sorted({size, size + 1, size + size // 2, LARGEST} & set(range(size, LARGEST + 1))):
        proof = consistency_proof(leaves(larger), size)
        assert proof == naif.subproof(size, entries(larger))
        verify_consistency(size, naive_root(size), larger, naive_root(larger), proof)


def test_every_leaf_of_every_size_up_to_seventy_is_proved() -> None:
    for size in range(1, 71):
        for index in range(size):
            verify_inclusion(leaves(size)[index], index, size, inclusion_proof(leaves(size), index), naive_root(size))


def test_the_empty_tree_begins_every_tree() -> None:
    verify_consistency(0, EMPTY_ROOT, 5, root(leaves(5)), [])
    with pytest.raises(ProofRefused):
        verify_consistency(0, root(leaves(1)), 5, root(leaves(5)), [])
    with pytest.raises(ProofRefused):
        verify_consistency(0, EMPTY_ROOT, 5, root(leaves(5)), [EMPTY_ROOT])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_a_leaf_that_is_not_in_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        inclusion_proof(leaves(size), index)
    with pytest.raises(ProofRefused):
        verify_inclusion(leaf_hash(b""), index, size, [], leaf_hash(b""))


@pytest.mark.parametrize(("old_size", "size"), [(0, 3), (4, 3), (-1, 3)])
def test_a_tree_that_is_no_beginning_has_no_proof(old_size: int, size: int) -> None:
    with pytest.raises(IndexError):
        consistency_proof(leaves(size), old_size)


FILES = sorted((Path(__file__).parent / "merkle_refuses").glob("*.json"))
WRONG = [
    pytest.param(case, id=f"{file.stem}: {case['cas']}")
    for file in FILES
    for case in json.loads(file.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("case", WRONG)
def test_a_proof_that_was_tampered_with_is_refused(case: dict[str, Any]) -> None:
    proof = [bytes.fromhex(item) for item in case["preuve"]]
    with pytest.raises(ProofRefused):
        if "feuille" in case:
            verify_inclusion(
                bytes.fromhex(case["feuille"]), case["rang"], case["taille"], proof, bytes.fromhex(case["racine"])
            )
        else:
            old, new = bytes.fromhex(case["racine_avant"]), bytes.fromhex(case["racine"])
            verify_consistency(case["taille_avant"], old, case["taille"], new, proof)


def test_the_files_of_refused_proofs_hold_every_kind_of_both_proofs() -> None:
    assert {file.stem for file in FILES} == {"altered", "truncated", "swapped", "trailing"}
    assert len(WRONG) >= 60


@given(st.integers(2, 120), st.data())
def test_no_other_item_no_other_order_and_no_other_length_makes_a_proof(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(leaves(size), index)
    place = data.draw(st.integers(0, len(proof) - 1))
    flipped = bytes([proof[place][0] ^ 1]) + proof[place][1:]
    for wrong in (
        [*proof[:place], flipped, *proof[place + 1 :]],
        [*proof[:place], *proof[place + 1 :]],
        [*proof[:place], proof[place], *proof[place:]],
        [*proof, EMPTY_ROOT],
        [*proof[:place], proof[place][:31], *proof[place + 1 :]],
    ):
        with pytest.raises(ProofRefused):
            verify_inclusion(leaves(size)[index], index, size, wrong, root(leaves(size)))


@given(st.integers(1, 200), st.integers(0, 100), st.data())
def test_proofs_read_from_stored_nodes_are_those_of_the_leaves(size: int, more: int, data: st.DataObject) -> None:
    stored: dict[Node, bytes] = {}
    edge = Frontier()
    for leaf in leaves(size + more):
        stored.update(edge.append(leaf))
    index = data.draw(st.integers(0, size - 1))

    def read(nodes: Any) -> list[bytes]:
        return [stored[node] for node in nodes]

    assert prove(inclusion_spans(index, size), read) == inclusion_proof(leaves(size), index)
    assert prove(consistency_spans(size, size + more), read) == consistency_proof(leaves(size + more), size)
    assert read(nodes_of(range(size + more))) == edge.hashes


def test_a_proof_among_ten_million_leaves_asks_for_a_few_dozen_nodes() -> None:
    size, chance = 10_000_000, random.Random(1)
    asked = [sum(len(nodes_of(span)) for span in inclusion_spans(chance.randrange(size), size)) for _ in range(200)]
    assert max(asked) <= 2 * size.bit_length()
