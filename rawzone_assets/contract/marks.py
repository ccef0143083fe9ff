"""Marks: whether any of many short texts stands in a longer one, asked once for all of them.

Looking for thirty texts one after another costs thirty passes over a delivery. The compiled schema engine's
patterns look for all at once, at the speed of memory when none is there, which is how nearly all deliveries
are. It only answers yes or no: which of them it was, and where, is asked again by whoever got a yes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

import jsonschema_rs

OTHER = "\x7f"
"""What stands for each byte that is not ASCII in an :func:`ascii_text`."""

_ASCII_ONLY = bytes(range(128)) + OTHER.encode() * 128
_BLOCK = 8_192
_MOST_REMEMBERED = 2**20
_latest: list[tuple[bytes, str]] = []


def ascii_text(data: bytes) -> str:
    """The bytes as a text of as many characters, in which those that are not ASCII are ``OTHER``.

    The engine reads such a text as it lies in memory, and positions in it are those of the bytes. The latest
    is remembered: whoever reads a page asks for it, and whoever looks for what it exposes asks again.
    """
    if data.isascii():
        return data.decode("ascii")
    known = _latest[-1:]  # as one: threads share it
    if known and known[0][0] is data:
        return known[0][1]
    text = data.translate(_ASCII_ONLY).decode("ascii")
    _latest[:] = [(data, text)] if len(data) <= _MOST_REMEMBERED else []
    return text


class Marks:
    """A set of ASCII texts. One of a single character must be the only one: it would slow the others down."""

    def __init__(self, texts: Iterable[bytes], *, in_any_case: bool = False) -> None:
        wanted = set(texts)
        self._flags = "(?i)" if in_any_case else ""
        # Where a longer one stands, the shorter one in it does too.
        self.texts = tuple(sorted(t for t in wanted if not any(o in t for o in wanted if o != t)))
        if not all(self.texts) or (len(self.texts) > 1 and min(map(len, self.texts)) < 2):
            raise ValueError(f"these marks cannot be sought together: {self.texts}")
        self._alone = self.texts[0].decode("ascii") if len(self.texts[0]) == 1 else None

    def are_in(self, text: str) -> bool:
        """Whether one of them stands in ``text``, an ASCII one, or reading it takes ten times as long."""
        return self._alone in text if self._alone else self._found.is_valid(text)

    @cached_property
    def _found(self) -> jsonschema_rs.Draft202012Validator:
        # Characters as escapes: none of a mark means anything to the pattern.
        pattern = "|".join("".join(f"\\x{byte:02x}" for byte in text) for text in self.texts)
        # The linear engine, which searches for plain texts with vector instructions.
        return jsonschema_rs.Draft202012Validator(
            {"pattern": self._flags + pattern}, pattern_options=jsonschema_rs.RegexOptions(), offline=True
        )


class Seldom:
    """A pattern that matches seldom: it is tried only in the blocks of a text in which one of its marks stands.

    Matches must begin at a mark and be shorter than ``longest``.
    """

    def __init__(self, pattern: re.Pattern[str], marks: Marks, *, longest: int) -> None:
        self._pattern, self._marks, self._longest = pattern, marks, longest

    def finditer(self, text: str, end: int | None = None) -> Iterator[re.Match[str]]:
        """The matches in an ASCII text up to ``end``, in order."""
        whole = len(text) if end is None else end
        for start in range(0, whole, _BLOCK):
            beyond = min(start + _BLOCK + self._longest, whole)
            if not self._marks.are_in(text[start:beyond]):
                continue
            for found in self._pattern.finditer(text, start, beyond):
                if found.start() >= start + _BLOCK:
                    break  # the next block's
                yield found
