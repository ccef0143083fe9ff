"""Script values: objects and lists as page scripts write them, read without running anything.

What pages hand to their charts looks like JSON and mostly is, but a browser also takes a comma after the last
row, single quotes, bare member names and comments. Anything that would have to be evaluated is no value here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jsonschema_rs
import orjson

from rawzone_assets.contract import digests
from rawzone_assets.contract.exact_values import EXACT, Number

DEEPEST = 60
"""Levels. Chart options nest about five deep."""
_USUAL_DEPTH = 6
MOST_PIECES = 500_000
"""Names, texts, numbers and marks. A page of all charts has some ten thousand."""

_TOKEN = re.compile(
    r"""(?>\s*(?:(?://[^\r\n]*|/\*(?>[^*]|\*(?!/))*\*/)\s*)*)"""
    r"""(?P<token>[\[\]{},:]|"(?>[^"\\\r\n]|\\(?:\r\n|.))*"|"""
    r"""'(?>[^'\\\r\n]|\\(?:\r\n|.))*'|[-A-Za-z0-9_.$+]+)""",
    re.DOTALL,
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[Ee][+-]?[0-9]+)?")
_BARE_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(\r\n|.))", re.DOTALL)
_ESCAPED = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "0": "\0",
    "\n": "",
    "\r\n": "",
    "\r": "",
}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}
_DECODER = json.JSONDecoder()
_LIKELY_ENDS = {"[": "]", "{": "};"}


class NotAValueError(ValueError):
    """The script does not write a plain object or list at this place, or not to its end."""


def read_value(script: str, start: int) -> Any:
    """The object or list that starts at ``start``.

    Raises:
        NotAValueError: There is none, it has no end, or something in it would have to be evaluated.
    """
    if script[start : start + 1] not in _LIKELY_ENDS:
        raise NotAValueError
    try:
        value = _read_json(script, start)
    except (ValueError, RecursionError):
        value = _Reader(script=script, position=start).read()
        if digests.canonical(value) is None:  # halves of characters, which only scripts can write
            raise NotAValueError from None
    if _nests_too_deeply(value):
        raise NotAValueError
    return value


def _read_json(script: str, start: int) -> Any:
    """The value, where it is strict JSON."""
    likely_end = script.find(_LIKELY_ENDS[script[start]], start) + 1
    if likely_end:
        try:
            return orjson.loads(script[start:likely_end])  # no list or object begins with another whole one
        except orjson.JSONDecodeError:
            pass  # it is a list of lists, say
    end = _DECODER.raw_decode(script, start)[1]
    # Read again strictly: the standard decoder only served to find the end, it lets NaN through.
    return orjson.loads(script[start:end])


def read_exactly(script: str, start: int) -> Any:
    """The value that ``read_value`` accepted at ``start``, with each number as it is written."""
    try:
        return EXACT.raw_decode(script, start)[0]
    except (ValueError, RecursionError):
        return _Reader(script=script, position=start, number=Number).read()


def _nests_too_deeply(value: Any) -> bool:
    if _usual_depth().is_valid(value):
        return False
    level = [value]
    for _ in range(DEEPEST):
        level = [
            part
            for inner in level
            for part in (inner.values() if type(inner) is dict else inner)
            if type(part) is dict or type(part) is list
        ]
        if not level:
            return False
    return any(level)


@cache
def _usual_depth() -> jsonschema_rs.Draft202012Validator:
    """Accepts what nests no deeper than charts do, five times as fast as it can be walked through here."""
    flat: dict[str, Any] = {"not": {"type": ["array", "object"]}}
    inside = {f"inside{level}": _holding(f"inside{level + 1}") for level in range(_USUAL_DEPTH)}
    schema = {"$ref": "#/$defs/inside0", "$defs": {**inside, f"inside{_USUAL_DEPTH}": flat}}
    return jsonschema_rs.Draft202012Validator(schema, offline=True)


def _holding(name: str) -> dict[str, Any]:
    part = {"$ref": f"#/$defs/{name}"}
    return {"items": part, "additionalProperties": part}


def starts_of_items(script: str, start: int) -> tuple[int, ...]:
    """Where the items of the list at ``start`` start; ``read_value`` must have accepted it."""
    reader = _Reader(script=script, position=start, most=len(script))
    reader.read()
    return tuple(reader.starts)


@dataclass(kw_only=True)
class _Reader:
    """Reads one value, token by token, and notes where its own items start."""

    script: str
    position: int
    starts: list[int] = field(default_factory=list)
    most: int = MOST_PIECES
    pieces: int = 0
    number: Callable[[str], Any] = field(default_factory=lambda: _number)

    def read(self) -> Any:
        return self._value(self._next()[0], depth=0)

    def _next(self) -> tuple[str, int]:
        """The next token and where it starts."""
        found = _TOKEN.match(self.script, self.position)
        self.pieces += 1
        if found is None or self.pieces > self.most:
            raise NotAValueError
        self.position = found.end()
        return found["token"], found.start("token")

    def _value(self, piece: str, *, depth: int) -> Any:
        if depth > DEEPEST:
            raise NotAValueError
        if piece == "[":
            return [self._item(*item, depth=depth) for item in self._parts("]")]
        if piece == "{":
            return dict(self._member(*item, depth=depth) for item in self._parts("}"))
        if piece[0] in "\"'":
            return _text(piece)
        if piece in _WORDS:
            return _WORDS[piece]
        if _NUMBER.fullmatch(piece):
            return self.number(piece)
        raise NotAValueError

    def _item(self, piece: str, at: int, *, depth: int) -> Any:
        if depth == 0:
            self.starts.append(at)
        return self._value(piece, depth=depth + 1)

    def _member(self, piece: str, _at: int, *, depth: int) -> tuple[str, Any]:
        if piece[0] in "\"'":
            name = _text(piece)
        elif _BARE_NAME.fullmatch(piece) or _NUMBER.fullmatch(piece):
            name = piece
        else:
            raise NotAValueError
        if self._next()[0] != ":":
            raise NotAValueError
        return name, self._value(self._next()[0], depth=depth + 1)

    def _parts(self, closing: str) -> Iterator[tuple[str, int]]:
        """The first piece of each part up to the closing bracket; one comma may follow the last."""
        following = self._next()
        while following[0] != closing:
            yield following
            separator = self._next()
            if separator[0] == closing:
                return
            if separator[0] != ",":
                raise NotAValueError
            following = self._next()


def _text(piece: str) -> str:
    text = _ESCAPE.sub(_unescaped, piece[1:-1])
    # Scripts write characters beyond the 65,536th as two halves.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else _ESCAPED.get(escape[3], escape[3])


def _number(piece: str) -> Any:
    try:
        return orjson.loads(piece)
    except orjson.JSONDecodeError as error:  # beyond what a float holds
        raise NotAValueError from error
