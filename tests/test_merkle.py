"""Merkle roots: RFC 9162 section 2.1.1. Other people's vectors are read in place, outside this project."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from engine.merkle import leaf_hash, node_hash, root

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
