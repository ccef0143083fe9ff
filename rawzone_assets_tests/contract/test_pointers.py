"""JSON pointers as RFC 6901 writes them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.pointers import parts_of, pointer, resolve


def test_parts_are_escaped():
    assert pointer(("a/b", "m~n", 0, "")) == "/a~1b/m~0n/0/"
    assert pointer(()) == ""


@given(parts=st.lists(st.text(max_size=5), max_size=4))
def test_parts_survive(parts: list[str]):
    assert parts_of(pointer(parts)) == tuple(parts)


def test_the_examples_of_the_rfc_resolve():
    document = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8}
    assert resolve(document, "") is document
    assert resolve(document, "/foo/0") == "bar"
    assert resolve(document, "/") == 0
    assert resolve(document, "/a~1b") == 1
    assert resolve(document, "/m~0n") == 8


def test_what_is_not_there_is_none():
    for text in ("/x", "/foo/2", "/foo/x", "/foo/-1", "/foo/0/y"):
        assert resolve({"foo": [1, 2]}, text) is None
