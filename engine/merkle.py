"""Merkle trees after RFC 9162 section 2.1, with SHA-256: hashes, roots, and proofs of inclusion and consistency.

Proofs are made and checked by unlike algorithms, so that a mistake in one shows in the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

_LEAF, _NODE = b"\x00", b"\x01"  # the prefixes that keep a leaf from ever passing for a node
_BYTES = 32
_SHA256 = hashlib.sha256


def leaf_hash(data: bytes) -> bytes:
    """The 32-byte hash of one entry: HASH(0x00 || d[0]), RFC 9162 section 2.1.1."""
    return hashlib.sha256(_LEAF + data).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The same of each of many."""
    return [_SHA256(_LEAF + data).digest() for data in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The 32-byte hash of two subtrees: HASH(0x01 || left || right), RFC 9162 section 2.1.1."""
    return hashlib.sha256(_NODE + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The 32-byte root over leaf hashes (not entries) in their order; of no leaves, SHA-256 of nothing."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root


class Tree:
    """A tree that grows by a leaf at a time and keeps no leaf: enough to know its root at every size.

    `stack` holds the roots of the complete subtrees to the left, largest first: one for every 1 in the binary form of
    the number of leaves so far (RFC 9162 section 2.1.2).
    """

    __slots__ = ("_stack", "size")

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Nothing; the tree has one more leaf hash at its right end."""
        node, carry = leaf, self.size
        while carry & 1:
            node, carry = node_hash(self._stack.pop(), node), carry >> 1
        self._stack.append(node)
        self.size += 1

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Nothing; the tree has these leaf hashes more, in their order."""
        whole = len(leaves)
        if not whole or whole & (whole - 1) or self.size % whole:
            for leaf in leaves:
                self.add(leaf)
            return
        level, carry = leaves, self.size // whole  # a complete subtree, hashed level by level, hangs in as one node
        while len(level) > 1:
            pairs = iter(level)
            level = [_SHA256(_NODE + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
        node = level[0]
        while carry & 1:
            node, carry = node_hash(self._stack.pop(), node), carry >> 1
        self._stack.append(node)
        self.size += whole

    @property
    def root(self) -> bytes:
        """The 32-byte root over the leaves so far."""
        return _folded(self._stack)


def _folded(stack: list[bytes]) -> bytes:
    """The root over complete subtrees given largest first: each is the left neighbour of all that follow it."""
    if not stack:
        return hashlib.sha256(b"").digest()
    node = stack[-1]
    for left in reversed(stack[:-1]):
        node = node_hash(left, node)
    return node


# --------------------------------------------------------------------------------------------------------- proofs


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from leaf `index` (counted from 0) to the root, lowest first: PATH, RFC 9162 2.1.3.1.

    ValueError when there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} among {len(leaves)}")
    proof: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(root(leaves[middle:high]))
            high = middle
        else:
            proof.append(root(leaves[low:middle]))
            low = middle
    return proof[::-1]


def inclusion_holds(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether `proof` shows `leaf` to be leaf `index` of the tree of `size` with that root: RFC 9162 2.1.3.2."""
    if not 0 <= index < size or len(leaf) != _BYTES:
        return False
    fn, sn, node = index, size - 1, leaf
    for each in proof:
        if sn == 0 or len(each) != _BYTES:
            return False
        if fn & 1 or fn == sn:
            node = node_hash(each, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, each)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and node == expected


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """The hashes that show the tree of the first `old` leaves to be the beginning of this one: RFC 9162 2.1.4.1.

    ValueError unless 0 < old <= the number of leaves: of an empty tree there is nothing to prove.
    """
    if not 0 < old <= len(leaves):
        raise ValueError(f"no proof leads from {old} leaves to {len(leaves)}")
    proof: list[bytes] = []
    low, high, known = 0, len(leaves), True  # known: the old tree's own root is this subtree, and needs no saying
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(root(leaves[middle:high]))
            high = middle
        else:
            proof.append(root(leaves[low:middle]))
            low, known = middle, False
    return (proof if known else [*proof, root(leaves[low:high])])[::-1]


def consistency_holds(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `old` leaves is the beginning of that of `new`: RFC 9162 2.1.4.2.

    Of an empty tree nothing can be shown, so `old` = 0 never holds.
    """
    if not 0 < old <= new or any(len(each) != _BYTES for each in proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:  # a power of two: the old root is itself the first node
        path.insert(0, old_root)
    if not path:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for each in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(each, first), node_hash(each, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, each)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == new_root


def _split(size: int) -> int:
    """The largest power of two below `size`: where RFC 9162 section 2.1.1 divides a tree."""
    return 1 << (size - 1).bit_length() - 1
