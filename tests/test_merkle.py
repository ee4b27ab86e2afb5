"""Merkle roots and proofs: RFC 9162 section 2.1. Other people's vectors are read in place, outside this project."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from engine.merkle import (
    Tree,
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
)

VECTORS = Path(__file__).resolve().parents[2] / "shared" / "vectors" / "merkle"
needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="the Merkle vectors (shared/vectors/merkle) are absent")

# The eight entries and the roots over the first 0 to 8 of them that Certificate Transparency's own tests use.
ENTRIES = [
    bytes.fromhex(text)
    for text in ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def by_definition(entries: list[bytes]) -> bytes:
    """MTH(D_n) word for word as RFC 9162 section 2.1.1 defines it, over entries."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + by_definition(entries[:k]) + by_definition(entries[k:])).digest()


def leaves(entries: list[bytes]) -> list[bytes]:
    return [leaf_hash(entry) for entry in entries]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert root(leaves(ENTRIES[:size])).hex() == ROOTS[size]


def test_every_size_to_130_has_the_root_of_the_definition() -> None:
    for size in range(131):
        entries = [index.to_bytes(2) for index in range(size)]
        assert root(leaves(entries)) == by_definition(entries), size


def test_a_leaf_and_a_node_of_the_same_bytes_differ() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
    assert node_hash(left, right) != node_hash(right, left)


def test_leaves_may_come_from_a_stream() -> None:
    assert root(leaf for leaf in leaves(ENTRIES)).hex() == ROOTS[8]


def test_one_changed_moved_or_missing_leaf_changes_the_root() -> None:
    whole = leaves(ENTRIES)
    others = [[leaf_hash(b"other") if i == j else leaf for j, leaf in enumerate(whole)] for i in range(8)]
    others += [whole[:i] + whole[i + 1 :] for i in range(8)]
    others += [[*whole[:i], whole[i + 1], whole[i], *whole[i + 2 :]] for i in range(7)]
    assert ROOTS[8] not in {root(other).hex() for other in others}


@needs_vectors
def test_the_roots_of_the_published_happy_paths_are_ours() -> None:
    seen = 0
    for path in sorted(VECTORS.glob("*/*/happy-path.json")):
        vector = json.loads(path.read_bytes())
        sizes = {"inclusion": [("treeSize", "root")], "consistency": [("size1", "root1"), ("size2", "root2")]}
        for size, expected in sizes.get(path.parent.parent.name, []):
            assert root(leaves(ENTRIES[: vector[size]])) == base64.b64decode(vector[expected]), path
            seen += 1
    assert seen == 15


@needs_vectors
def test_the_leaves_of_the_published_inclusion_proofs_are_ours() -> None:
    for path in sorted((VECTORS / "inclusion").glob("*/happy-path.json")):
        vector = json.loads(path.read_bytes())
        assert leaf_hash(ENTRIES[vector["leafIdx"]]) == base64.b64decode(vector["leafHash"]), path


# ---- proofs


def test_every_leaf_of_every_size_to_40_is_proved_and_nothing_else_is() -> None:
    whole = [leaf_hash(index.to_bytes(2)) for index in range(40)]
    for size in range(1, 41):
        top = root(whole[:size])
        for index in range(size):
            proof = inclusion_proof(whole[:size], index)
            assert inclusion_holds(whole[index], index, size, proof, top)
            assert not inclusion_holds(whole[index], index + 1, size, proof, top)
            assert not inclusion_holds(leaf_hash(b"other"), index, size, proof, top)
            assert not inclusion_holds(whole[index], index, size, [*proof, top], top)
            assert not inclusion_holds(whole[index], index, size, proof[:-1], top) or size == 1


def test_every_older_tree_to_size_40_is_proved_to_be_the_beginning() -> None:
    whole = [leaf_hash(index.to_bytes(2)) for index in range(40)]
    roots = [root(whole[:size]) for size in range(41)]
    for new in range(1, 41):
        for old in range(1, new + 1):
            proof = consistency_proof(whole[:new], old)
            assert consistency_holds(old, new, roots[old], roots[new], proof)
            assert not consistency_holds(old, new, roots[old - 1], roots[new], proof)
            assert not consistency_holds(old, new, roots[old], roots[new - 1], proof)
            assert not consistency_holds(old, new, roots[old], roots[new], [*proof, roots[1]])


def test_a_tree_rewritten_below_the_old_size_has_no_proof_of_consistency() -> None:
    whole = leaves(ENTRIES)
    forged = [leaf_hash(b"other"), *whole[1:]]
    for old in range(1, 9):
        assert not consistency_holds(old, 8, root(whole[:old]), root(forged), consistency_proof(forged, old))


@pytest.mark.parametrize("index", [-1, 0, 8])
def test_a_leaf_that_is_not_there_has_no_proof(index: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof([] if index == 0 else leaves(ENTRIES), index)
    with pytest.raises(ValueError, match="no proof leads"):
        consistency_proof(leaves(ENTRIES), 0 if index == 0 else 9)


def test_nothing_is_proved_of_an_empty_tree() -> None:
    empty = bytes.fromhex(ROOTS[0])
    assert not inclusion_holds(leaf_hash(b""), 0, 0, [], empty)
    assert not consistency_holds(0, 0, empty, empty, [])
    assert not consistency_holds(0, 1, empty, bytes.fromhex(ROOTS[1]), [])


def test_a_tree_that_grows_knows_its_root_at_every_size() -> None:
    tree = Tree()
    for size, leaf in enumerate(leaves(ENTRIES)):
        assert tree.size == size and tree.root.hex() == ROOTS[size]
        tree.add(leaf)


# ---- other people's vectors of proofs: most must fail


def vectors(kind: str) -> list[dict[str, Any]]:
    found = [json.loads(path.read_bytes()) for path in sorted((VECTORS / kind).rglob("*.json"))]
    for vector in found:
        vector["proof"] = [base64.b64decode(each) for each in vector["proof"] or []]
        for name in {"root", "root1", "root2", "leafHash"} & vector.keys():
            vector[name] = base64.b64decode(vector[name])
    return found


@needs_vectors
def test_every_published_inclusion_proof_is_judged_as_published() -> None:
    found = vectors("inclusion")
    for each in found:
        held = inclusion_holds(each["leafHash"], each["leafIdx"], each["treeSize"], each["proof"], each["root"])
        assert held is not each["wantErr"], each["desc"]
    assert (len(found), sum(each["wantErr"] for each in found)) == (98, 92)


@needs_vectors
def test_every_published_consistency_proof_is_judged_as_published() -> None:
    found = vectors("consistency")
    for each in found:
        held = consistency_holds(each["size1"], each["size2"], each["root1"], each["root2"], each["proof"])
        assert held is not each["wantErr"], each["desc"]
    assert (len(found), sum(each["wantErr"] for each in found)) == (98, 92)


@needs_vectors
def test_every_published_proof_of_a_leaf_in_a_subtree_is_judged_as_published() -> None:
    """A subtree from `start` to `end` is a tree of its own if it begins where RFC 9162 would cut one so large."""
    found = vectors("subtreeinclusion")
    for each in found:
        start, size = each["start"], each["end"] - each["start"]
        stands = size > 0 and start % (1 << (size - 1).bit_length()) == 0
        held = inclusion_holds(each["leafHash"], each["leafIdx"] - start, size, each["proof"], each["root"])
        assert (stands and held) is not each["wantErr"], each["desc"]
    assert len(found) == 204


@needs_vectors
def test_every_published_proof_of_a_subtree_that_begins_the_tree_is_judged_as_published() -> None:
    """Those that start at 0 are RFC 9162's own; Vires makes no use of the others, nor of empty ones."""
    found = [each for each in vectors("subtreeconsistency") if each["start"] == 0 and each["end"] > 0]
    for each in found:
        held = consistency_holds(each["end"], each["size"], each["root1"], each["root2"], each["proof"])
        assert held is not each["wantErr"], each["desc"]
    assert len(found) > 80
