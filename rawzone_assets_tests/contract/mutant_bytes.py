"""Mutations of bytes: what transfers, editors and disks do to files, whatever the files mean.

A mutation is a pure function of the bytes and of a ``Step``, three numbers that Hypothesis draws and shrinks:
what is done, where, and how. What a format means is not known here; see the other ``mutant_`` modules.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable

Step = tuple[int, int, int]
SCALE = 2**16
"""Steps hold numbers below this one; ``where`` is a share of the whole."""

PIECES = (
    b"\0", b"\xff", codecs.BOM_UTF8, b"\r", b"\n", b"\r\n", b"\t", b",", b";", b'"', b"'", b"[", b"]", b"{",
    b"}",
    b"<", b">", b"-", b"--", b".", b" ", b"0", b"9" * 20, b"9" * 400, b"1e999", b"NaN", b"-Infinity", b"null",
    b"\\ud800", b"\\u0000", b"[" * 600, "é夜".encode(), "é".encode("latin-1"), b"<!--", b"<![", b"</script>",
    b"</html>", b"<script>", b"&#", b"PK\x03\x04", b"PK\x05\x06", b"2099-12-31", b"2025-06-10", b"undefined",
)  # fmt: skip
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "cp1252", "utf-7")
NEWLINES = (b"\n", b"\r\n", b"\r", b"\n\r", b"\r\r\n", b"\n\n")

Mutation = Callable[[bytes, int, int], bytes]


def changed_bytes(data: bytes, step: Step) -> bytes:
    """The bytes after one step."""
    what, where, how = step
    return MUTATIONS[what % len(MUTATIONS)](data, where * len(data) // SCALE, how)


def _flip(data: bytes, at: int, how: int) -> bytes:
    return data[:at] + bytes(byte ^ 1 << how % 8 for byte in data[at : at + 1]) + data[at + 1 :]


def _overwrite(data: bytes, at: int, how: int) -> bytes:
    return data[:at] + bytes([how % 256]) + data[at + 1 :]


def _digit(data: bytes, at: int, how: int) -> bytes:
    """Another digit in place of the next one: figures, days and identifiers that look as good as before."""
    found = next((i for i in range(at, min(at + 2000, len(data))) if 48 <= data[i] <= 57), None)
    return data if found is None else data[:found] + b"%d" % (how % 10) + data[found + 1 :]


def _cut(data: bytes, at: int, how: int) -> bytes:
    return data[:at] + data[at + 1 + how % (64 if how % 3 else 4096) :]


def _truncate(data: bytes, at: int, how: int) -> bytes:
    return data[:at] if how % 2 else data[: len(data) - 1 - how % 40]


def _insert(data: bytes, at: int, how: int) -> bytes:
    return data[:at] + PIECES[how % len(PIECES)] + data[at:]


def _prepend(data: bytes, _at: int, how: int) -> bytes:
    return PIECES[how % len(PIECES)] + data


def _append(data: bytes, _at: int, how: int) -> bytes:
    return data + PIECES[how % len(PIECES)]


def _duplicate(data: bytes, at: int, how: int) -> bytes:
    piece = data[at : at + 1 + how % (80 if how % 3 else 6000)]
    return data[:at] + piece + data[at:]


def _copy(data: bytes, at: int, how: int) -> bytes:
    """A piece of the file once more, elsewhere."""
    source = how * len(data) // SCALE
    return data[:at] + data[source : source + 1 + how % 60] + data[at:]


def _line_twice(data: bytes, at: int, _how: int) -> bytes:
    start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at) + 1
    return data[:end] + data[start:end] + data[end:] if end else data + b"\n" + data[start:]


def _line_gone(data: bytes, at: int, _how: int) -> bytes:
    start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at) + 1
    return data[:start] + (data[end:] if end else b"")


def _other_encoding(data: bytes, _at: int, how: int) -> bytes:
    return data.decode("utf-8", "replace").encode(ENCODINGS[how % len(ENCODINGS)], "replace")


def _other_newlines(data: bytes, at: int, how: int) -> bytes:
    """Other line ends everywhere, or from somewhere on."""
    newline = NEWLINES[how // 2 % len(NEWLINES)]
    start = at if how % 2 else 0
    rest = data[start:].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data[:start] + rest.replace(b"\n", newline)


def _twice(data: bytes, _at: int, _how: int) -> bytes:
    return data + data


def _replace_everywhere(data: bytes, at: int, how: int) -> bytes:
    target = data[at : at + 1]
    return data.replace(target, PIECES[how % len(PIECES)][:8]) if target else data


MUTATIONS: tuple[Mutation, ...] = (
    _flip, _overwrite, _digit, _digit, _cut, _truncate, _insert, _insert, _prepend, _append, _duplicate, _copy,
    _line_twice, _line_gone, _other_encoding, _other_newlines, _twice, _replace_everywhere,
)  # fmt: skip
