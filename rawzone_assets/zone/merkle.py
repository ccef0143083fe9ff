"""Merkle tree hashing of RFC 6962, section 2.1, and the checking of proofs by RFC 9162, section 2.1. Pure.

A tree is given as a function that tells the hash of any *complete* subtree; how those hashes are kept is the
caller's affair. What leaves are made of is not known here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Subtrees = Callable[[int, int], bytes]
"""``subtrees(level, number)``: the hash over leaves ``number << level`` up to the next multiple."""


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over a complete subtree's hashes, whose number is a power of two."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def root(subtrees: Subtrees, size: int) -> bytes:
    """MTH(D[size])."""
    return _hash_of(subtrees, 0, size) if size else EMPTY_ROOT


def inclusion_path(subtrees: Subtrees, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]), from the leaf's sibling to the root's child."""
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_hash_of(subtrees, middle, end))
            end = middle
        else:
            path.append(_hash_of(subtrees, start, middle))
            start = middle
    return path[::-1]


def consistency_path(subtrees: Subtrees, old: int, size: int) -> list[bytes]:
    """PROOF(old, D[size]); empty when ``old`` is 0, where there is nothing to prove."""
    if old == 0:
        return []
    path: list[bytes] = []
    start, end = 0, size
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_hash_of(subtrees, middle, end))
            end = middle
        else:
            path.append(_hash_of(subtrees, start, middle))
            start = middle
    if start:  # otherwise the verifier holds this hash already: it is the old root
        path.append(_hash_of(subtrees, start, end))
    return path[::-1]


def proves_inclusion(leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf's hash at ``index`` to the root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = node_hash(sibling, found)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and found == root


def proves_consistency(*, old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of ``size`` begins with the one of ``old`` leaves (RFC 9162, section 2.1.4.2)."""
    if not 0 <= old <= size:
        return False
    if old in (0, size):
        expected = root if old else EMPTY_ROOT
        return not path and old_root == expected
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not hashes:
        return False
    first, last = old - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    found_old = found = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            found_old, found = node_hash(sibling, found_old), node_hash(sibling, found)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and found_old == old_root and found == root


def _split(count: int) -> int:
    """The largest power of two smaller than ``count``."""
    return 1 << (count - 1).bit_length() - 1


def _hash_of(subtrees: Subtrees, start: int, end: int) -> bytes:
    """The hash over leaves ``start`` to ``end``; a split starts at a multiple of its left size."""
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return subtrees(level, start >> level)
    middle = start + _split(count)
    return node_hash(_hash_of(subtrees, start, middle), _hash_of(subtrees, middle, end))
