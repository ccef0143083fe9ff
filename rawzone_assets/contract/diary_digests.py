"""Diary digests: what the figures of a day are digested to, the same however a source writes them.

A byte for each day, from the SHA-256 of its records as JSON. Receipts are kept and compared for years: of the
same figures it is always the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation, Overflow
from functools import cache, lru_cache
from itertools import repeat
from struct import Struct
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import jsonschema_rs

ABSENT = 0
"""In place of the digest of a day that is not told."""

Column = Sequence[Any]
Texts = tuple[str, ...]

_LONGEST_NUMBER = 40
_EXACT = 28  # digits of a decimal number that are never rounded
_MOST_KNOWN = 8_192
_OF_NUMBERS = b"0123456789-.,;"  # and of what parts them
_FIRST_BYTES = Struct(">Q24x")  # of a SHA-256, as a number


def remembered_digests(columns: Sequence[Column], count: int) -> Sequence[int]:
    """The digests of so many days with one record each. Captures tell the same days again and again."""

    def digests_at(rows: Sequence[int]) -> Sequence[int]:
        return _digests_of_single_records(picked(columns, rows), len(rows))

    if len(columns) == 1 and _TOLD_APART.issuperset(map(type, columns[0])):
        return _looked_up(columns[0], digests_at)
    records = _as_json(columns)
    if records is None:
        return _digests_of_single_records(columns, count)
    return _looked_up(
        records, lambda rows: _digests_of_numbers([records[row] for row in rows]) or digests_at(rows)
    )


_known_digests: dict[Any, int] = {}
_TOLD_APART = frozenset({int, str, type(None)})
"""Types of figures that are looked up as they are. Of 1, 1.0 and true, which are equal, they have only one."""


def _looked_up(records: Sequence[Any], digests_at: Callable[[Sequence[int]], Sequence[int]]) -> Sequence[int]:
    """The digest of each record, of which those that are equal have the same figures.

    ``digests_at`` tells those of the rows whose records were not met before.
    """
    digests = list(map(_known_digests.get, records, repeat(ABSENT)))
    if ABSENT in digests:
        new = [row for row, digest in enumerate(digests) if digest == ABSENT]
        told = digests_at(new)
        for row, digest in zip(new, told, strict=True):
            digests[row] = digest
        if len(_known_digests) > _MOST_KNOWN:
            _known_digests.clear()
        _known_digests.update(zip([records[row] for row in new], told, strict=True))
    return digests


def _as_json(columns: Sequence[Column]) -> Sequence[bytes] | None:
    """Each record's figures as JSON, without what stands round them.

    ``None`` if a null may be a number that JSON has none for, or if what parts records stands in one of them.
    """
    try:
        written = orjson.dumps(list(zip(*columns, strict=True)))
    except orjson.JSONEncodeError:  # a number that is too large for it
        return None
    records = written[2:-2].split(b"],[")
    return records if columns and b"null" not in written and len(records) == len(columns[0]) else None


def _digests_of_numbers(records: Sequence[bytes]) -> Sequence[int] | None:
    """As :func:`_digests_of_single_records`, given their JSON, if they are made of plain numbers only."""
    written = b",;,".join(records) + b","
    if written.translate(None, _OF_NUMBERS):  # a text, a list, true, false or an exponent
        return None
    # Only numbers that end in 0 are not written as `_plain` does.
    *before, rest = written.split(b"0,")
    parts: list[bytes] = []
    for piece in before:
        kept, comma, begun = piece.rpartition(b",")
        parts += (kept, comma, _normal_form(f"{begun.decode()}0").encode(), b",")
    texts = b"".join([*parts, rest])[:-1].replace(b",", b'","').split(b'",";","')
    return _bytes_of([b'[[[],["%b"]]]' % text for text in texts])


def digests_of(days: Iterable[Sequence[Any]]) -> Sequence[int]:
    """Of the records of each day, from 1 to 255."""
    return _bytes_of(map(orjson.dumps, days))


def _digests_of_single_records(columns: Sequence[Column], count: int) -> Sequence[int]:
    """As :func:`digests_of` of days that have one record each, told apart by nothing: written all at once."""
    records = as_texts(columns, count)
    written = orjson.dumps(records)[2:-2].split(b"],[")
    if len(written) != count:  # what parts them stands in a text, too
        return digests_of([[((), texts)] for texts in records])
    return _bytes_of([b"[[[],[%b]]]" % texts for texts in written])


def _bytes_of(written: Iterable[bytes]) -> Sequence[int]:
    sums = b"".join([hashlib.sha256(entries).digest() for entries in written])
    return [1 + number % 255 for (number,) in _FIRST_BYTES.iter_unpack(sums)]


def picked(columns: Sequence[Column], rows: Sequence[int]) -> list[Column]:
    """Those rows of the columns."""
    if isinstance(rows, range):
        return [column[rows.start : rows.stop] for column in columns]
    return [[*map(column.__getitem__, rows)] for column in columns]


def as_texts(columns: Sequence[Column], count: int) -> list[Texts]:
    """So many records with each value as a text."""
    return list(zip(*map(_column_as_texts, columns), strict=True)) if columns else [()] * count


def _column_as_texts(column: Column) -> Iterable[str]:
    kinds = set(map(type, column))
    if kinds == {str} and _as_written().is_valid(",".join(column) + ","):
        return [text if text[-1] != "0" else _normalized(text) for text in column]
    if kinds == {type(None)}:
        return [_plain(None)] * len(column)
    if kinds and kinds <= {int, float}:
        with suppress(orjson.JSONEncodeError):  # too large for it
            texts = orjson.dumps(column)[1:-1].decode()  # a tenth of the time that `str` takes for fractions
            if "e" not in texts and "n" not in texts:
                return [text if text[-1] != "0" else _normalized(text) for text in texts.split(",")]
    return map(_plain, column)


@cache
def _as_written() -> jsonschema_rs.Draft202012Validator:
    """Finds each of many texts, all before commas, to end in 0 or to be a number in its normal form."""
    from rawzone_assets.contract.marks import linear_pattern  # noqa: PLC0415  most processes digest nothing

    number = r"-?(?:[1-9][0-9]{0,17}(?:\.[0-9]{0,8}[1-9])?|0\.0{0,5}(?:[1-9][0-9]{0,18})?[1-9])"
    return linear_pattern(rf"^(?:(?:{number}|[^,]*0),)+$")


def _plain(value: Any) -> str:
    """A figure as text that is the same however the source writes it: ``"843"``, ``843``, ``843.0``."""
    text = "" if value is None else str(value)
    if text.isdecimal() and text.isascii() and len(text) < _EXACT and text[0] != "0" and text[-1] != "0":
        return text
    if type(value) is float and "e" not in text and not text.endswith(".0"):
        return text  # as `Decimal` writes it too
    return _normalized(text)


def _normalized(text: str) -> str:
    return text if len(text) > _LONGEST_NUMBER else _normal_form(text)


@lru_cache(maxsize=16_384)
def _normal_form(text: str) -> str:
    try:
        number = Decimal(text)
        return str((number + 0).normalize()) if number.is_finite() else text
    except (InvalidOperation, Overflow):
        return text
