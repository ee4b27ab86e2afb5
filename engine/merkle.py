"""Merkle tree hashes after RFC 9162 section 2.1.1, with SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_LEAF, _NODE = b"\x00", b"\x01"  # the prefixes that keep a leaf from ever passing for a node


def leaf_hash(data: bytes) -> bytes:
    """The 32-byte hash of one entry: HASH(0x00 || d[0]), RFC 9162 section 2.1.1."""
    return hashlib.sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The 32-byte hash of two subtrees: HASH(0x01 || left || right), RFC 9162 section 2.1.1."""
    return hashlib.sha256(_NODE + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The 32-byte root over leaf hashes (not entries) in their order; of no leaves, SHA-256 of nothing.

    One pass. `stack` holds the roots of the complete subtrees to the left, largest first: one for every 1 in the binary
    form of the number of leaves so far (RFC 9162 section 2.1.2).
    """
    stack: list[bytes] = []
    for size, leaf in enumerate(leaves):
        node, carry = leaf, size
        while carry & 1:
            node, carry = node_hash(stack.pop(), node), carry >> 1
        stack.append(node)
    return _folded(stack)


def _folded(stack: list[bytes]) -> bytes:
    """The root over complete subtrees given largest first: each is the left neighbour of all that follow it."""
    if not stack:
        return hashlib.sha256(b"").digest()
    node = stack[-1]
    for left in reversed(stack[:-1]):
        node = node_hash(left, node)
    return node
