"""The tree hashes and proofs of RFC 6962: against its published vectors, its own words, and another library."""

import hashlib
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree, verify_inclusion

from rawzone_assets.zone import merkle

# The reference leaves and roots of Certificate Transparency, as its implementations publish them.
LEAVES = [
    bytes.fromhex(digits)
    for digits in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
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
INCLUSIONS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
CONSISTENCIES = {
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
MANY = 60


# --- the RFC's definitions, word for word and slow -------------------------------------------------


def sha256(data):
    return hashlib.sha256(data).digest()


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d):
    if not d:
        return sha256(b"")
    if len(d) == 1:
        return sha256(b"\x00" + d[0])
    k = split(len(d))
    return sha256(b"\x01" + mth(d[:k]) + mth(d[k:]))


def path(m, d):
    if len(d) == 1:
        return []
    k = split(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m, d, b):
    if m == len(d):
        return [] if b else [mth(d)]
    k = split(len(d))
    return [*subproof(m, d[:k], b), mth(d[k:])] if m <= k else [*subproof(m - k, d[k:], False), mth(d[:k])]


# --- the code under test, given leaves ----------------------------------------------------------


def subtrees_of(leaves):
    @cache
    def subtree(level, number):
        if level == 0:
            return merkle.leaf_hash(leaves[number])
        return merkle.node_hash(subtree(level - 1, 2 * number), subtree(level - 1, 2 * number + 1))

    return subtree


def leaves_of(count):
    return [bytes([number, number * 7 % 251]) for number in range(count)]


class TestPublishedVectors:
    """The leaves, roots and proofs that Certificate Transparency's implementations share."""

    @pytest.mark.parametrize("size", range(9))
    def test_roots(self, size):
        assert merkle.root(subtrees_of(LEAVES), size).hex() == ROOTS[size]

    @pytest.mark.parametrize(("index", "size"), INCLUSIONS)
    def test_inclusion(self, index, size):
        found = merkle.inclusion_path(subtrees_of(LEAVES), index, size)
        assert [entry.hex() for entry in found] == INCLUSIONS[index, size]

    @pytest.mark.parametrize(("old", "size"), CONSISTENCIES)
    def test_consistency(self, old, size):
        found = merkle.consistency_path(subtrees_of(LEAVES), old, size)
        assert [entry.hex() for entry in found] == CONSISTENCIES[old, size]


class TestEveryShapeOfTree:
    def test_roots_and_paths_are_those_of_the_definitions(self, tell):
        leaves = leaves_of(MANY)
        subtrees = subtrees_of(leaves)
        for size in range(MANY + 1):
            assert merkle.root(subtrees, size) == mth(leaves[:size])
            for index in range(size):
                assert merkle.inclusion_path(subtrees, index, size) == path(index, leaves[:size])
            for old in range(1, size + 1):
                expected = subproof(old, leaves[:size], True)
                assert merkle.consistency_path(subtrees, old, size) == expected
        tell(f"proofs: all {MANY * (MANY + 1)} inclusion and consistency paths up to {MANY} leaves")

    def test_every_record_is_proved_and_no_other_place_or_root(self):
        leaves = leaves_of(MANY)
        subtrees = subtrees_of(leaves)
        for size in range(1, MANY + 1):
            root = merkle.root(subtrees, size)
            for index in range(size):
                found = merkle.inclusion_path(subtrees, index, size)
                leaf = merkle.leaf_hash(leaves[index])
                right = {"index": index, "size": size, "path": found, "root": root}
                assert merkle.proves_inclusion(leaf, **right)
                assert not merkle.proves_inclusion(merkle.leaf_hash(b"other"), **right)
                assert not merkle.proves_inclusion(leaf, **{**right, "root": bytes(32)})
                assert not merkle.proves_inclusion(leaf, **{**right, "path": [*found, root]})
                for other in {-1, index - 1, index + 1, index ^ 2, size} - {index}:
                    assert not merkle.proves_inclusion(leaf, **{**right, "index": other})
                for number in range(len(found)):
                    shorter = [*found[:number], *found[number + 1 :]]
                    wrong = [*found[:number], bytes(32), *found[number + 1 :]]
                    assert not merkle.proves_inclusion(leaf, **{**right, "path": shorter})
                    assert not merkle.proves_inclusion(leaf, **{**right, "path": wrong})

    def test_a_path_of_another_length_proves_nothing_though_its_hashes_lead_to_the_roots(self):
        """A checkpoint says how large its tree is, and so how long a path must be."""
        first, second, third, beside = map(merkle.leaf_hash, leaves_of(4))
        two = merkle.node_hash(first, second)
        assert not merkle.proves_inclusion(second, index=0, size=1, path=[first], root=two)
        three = merkle.node_hash(two, third)
        longer = {"old_root": merkle.node_hash(beside, three), "path": [third, beside, two, beside]}
        root = merkle.node_hash(beside, merkle.node_hash(two, merkle.node_hash(third, beside)))
        assert not merkle.proves_consistency(old=3, size=4, root=root, **longer)
        assert not merkle.proves_consistency(old=1, old_root=first, size=3, root=two, path=[second])

    def test_every_growth_is_proved_and_no_other(self):
        subtrees = subtrees_of(leaves_of(MANY))
        roots = [merkle.root(subtrees, size) for size in range(MANY + 1)]
        for size in range(MANY + 1):
            for old in range(size + 1):
                found = merkle.consistency_path(subtrees, old, size)
                right = {
                    "old": old,
                    "old_root": roots[old],
                    "size": size,
                    "root": roots[size],
                    "path": found,
                }
                assert merkle.proves_consistency(**right)
                assert not merkle.proves_consistency(**{**right, "old_root": bytes(32)})
                assert not merkle.proves_consistency(**{**right, "path": [*found, bytes(32)]})
                if old:
                    assert not merkle.proves_consistency(**{**right, "root": bytes(32)})
                if found:
                    assert not merkle.proves_consistency(**{**right, "path": []})
                for number in range(len(found)):
                    wrong = [*found[:number], bytes(32), *found[number + 1 :]]
                    assert not merkle.proves_consistency(**{**right, "path": wrong})
                    assert not merkle.proves_consistency(
                        **{**right, "path": found[:number] + found[number + 1 :]}
                    )
            assert not merkle.proves_consistency(
                old=size + 1, old_root=roots[size], size=size, root=roots[size], path=[]
            )

    def test_a_tree_that_was_rewritten_is_not_a_growth_of_the_old_one(self):
        leaves = leaves_of(40)
        before = subtrees_of(leaves)
        for altered in range(13):
            after = subtrees_of([*leaves[:altered], b"forged", *leaves[altered + 1 :]])
            assert not merkle.proves_consistency(
                old=13,
                old_root=merkle.root(before, 13),
                size=40,
                root=merkle.root(after, 40),
                path=merkle.consistency_path(after, 13, 40),
            )


class TestAgainstAnotherLibrary:
    """pymerkle follows RFC 9162 with code of its own."""

    @given(st.lists(st.binary(max_size=40), min_size=1, max_size=70), st.data())
    def test_roots_and_paths_agree(self, leaves, data):
        other = InmemoryTree(algorithm="sha256")
        for leaf in leaves:
            other.append_entry(leaf)
        subtrees = subtrees_of(leaves)
        size = data.draw(st.integers(1, len(leaves)))
        index = data.draw(st.integers(0, size - 1))
        old = data.draw(st.integers(1, size))
        assert merkle.root(subtrees, size) == other.get_state(size)
        proof = other.prove_inclusion(index + 1, size)
        # pymerkle puts the leaf's own hash first.
        assert [merkle.leaf_hash(leaves[index]), *merkle.inclusion_path(subtrees, index, size)] == proof.path
        verify_inclusion(merkle.leaf_hash(leaves[index]), merkle.root(subtrees, size), proof)
        # Its consistency proofs have a form of their own, so ours must lead from its states to its states.
        assert merkle.proves_consistency(
            old=old,
            old_root=other.get_state(old),
            size=size,
            root=other.get_state(size),
            path=merkle.consistency_path(subtrees, old, size),
        )
