"""Marks: whether any of many short texts stands in a longer one, asked once for all of them.

Looking for thirty texts one after another costs thirty passes over a delivery. The compiled schema engine's
patterns look for all at once, at the speed of memory when none is there, which is how nearly all deliveries
are. It only answers yes or no: which of them it was, and where, is asked again by whoever got a yes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, wraps

import jsonschema_rs

OTHER = "\x7f"
"""What stands for each byte that is not ASCII in an :func:`ascii_text`."""

_ASCII_ONLY = bytes(range(128)) + OTHER.encode() * 128
_NEVER_THERE = b"\x01\x02\x03\x04"
_STRETCH, _PARTS = 4_096, 8  # characters; both found by trying
_MOST_REMEMBERED = 2**20


def remembering(make: Callable[[bytes], str]) -> Callable[[bytes], str]:
    """The function, which knows its latest answer: whoever looks at a delivery asks for the same in turn."""
    latest = (b"", "")

    @wraps(make)
    def made(data: bytes) -> str:
        nonlocal latest
        known, text = latest  # as one: threads share it
        if known is not data:
            text = make(data)
            if len(data) <= _MOST_REMEMBERED:
                latest = data, text
        return text

    return made


@remembering
def ascii_text(data: bytes) -> str:
    """The bytes as a text of as many characters, in which those that are not ASCII are ``OTHER``.

    The engine reads such a text as it lies in memory, and positions in it are those of the bytes.
    """
    return (data if data.isascii() else data.translate(_ASCII_ONLY)).decode("ascii")


@remembering
def folded_text(data: bytes) -> str:
    """The same in small letters: making it is faster than looking for marks in any case."""
    return ascii_text(data).lower()


def escaped(text: bytes) -> str:
    """A pattern of exactly this ASCII text."""
    return "".join(f"\\x{byte:02x}" for byte in text)


def linear_pattern(pattern: str) -> jsonschema_rs.Draft202012Validator:
    """Whose ``is_valid`` says whether the pattern is found in a text.

    The linear engine searches for plain texts with vector instructions and never backtracks.
    """
    return jsonschema_rs.Draft202012Validator(
        {"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions(), offline=True
    )


class Marks:
    """A set of ASCII texts. One of a single character must be the only one: it would slow the others down."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        wanted = set(texts)
        # Where a longer one stands, the shorter one in it does too.
        self.texts = tuple(sorted(t for t in wanted if not any(o in t for o in wanted if o != t)))
        if not all(self.texts) or (len(self.texts) > 1 and min(map(len, self.texts)) < 2):
            raise ValueError(f"these marks cannot be sought together: {self.texts}")
        self._alone = self.texts[0].decode("ascii") if len(self.texts[0]) == 1 else None

    def are_in(self, text: str, start: int = 0, end: int | None = None) -> bool:
        """Whether one of them stands in that part of a text. One that is not ASCII takes ten times as long."""
        if self._alone:
            return text.find(self._alone, start, end) >= 0
        return self._found.is_valid(text[start:end])

    def stretches(
        self, text: str, start: int, end: int, *, length: int, before: int = 0, beyond: int
    ) -> Iterator[tuple[int, int]]:
        """The stretches of at most that length from ``start`` to ``end`` that have a mark near them, in order.

        Near is what begins up to so many characters ``before`` or ends ``beyond``. A few parts are asked, and
        parts of parts, not one stretch after another: most of a text has no marks.
        """
        waiting = [(start, end)]
        while waiting:
            first, last = waiting.pop()
            if first >= last or not self.are_in(text, max(0, first - before), last + beyond):
                continue
            if last - first <= length:
                yield first, last
            else:
                step = max(length, 1 + (last - first) // _PARTS)
                parts = [(at, min(at + step, last)) for at in range(first, last, step)]
                waiting += reversed(parts)

    @cached_property
    def _found(self) -> jsonschema_rs.Draft202012Validator:
        sought = self.texts
        if len(sought) > 1 and len({text[:1] for text in sought}) == 1:
            # Of texts that begin alike the engine looks for the beginning, which may be everywhere.
            sought = (*sought, _NEVER_THERE)
        # Characters as escapes: none of a mark means anything to the pattern.
        return linear_pattern("|".join(map(escaped, sought)))


class Seldom:
    """A pattern that matches seldom: it is tried only where one of its marks stands.

    Matches must begin at a mark and be shorter than ``longest``.
    """

    def __init__(self, pattern: re.Pattern[str], marks: Marks, *, longest: int) -> None:
        self._pattern, self._marks, self._longest = pattern, marks, longest

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """The matches in an ASCII text, in order."""
        for start, end in self._marks.stretches(text, 0, len(text), length=_STRETCH, beyond=self._longest):
            for found in self._pattern.finditer(text, start, end + self._longest):
                if found.start() >= end:
                    break  # the next stretch's
                yield found
