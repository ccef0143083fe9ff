"""Diary digests: what the figures of a day are digested to, the same however a source writes them.

A byte for each day, from the SHA-256 of its records as JSON. Receipts are kept and compared for years: of the
same figures it is always the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation, Overflow
from functools import lru_cache
from itertools import repeat
from struct import Struct
from typing import Any

import orjson

ABSENT = 0
"""In place of the digest of a day that is not told."""

Column = Sequence[Any]
Texts = tuple[str, ...]

_LONGEST_NUMBER = 40
_EXACT = 28  # digits of a decimal number that are never rounded
_MOST_KNOWN = 8_192
_FIRST_BYTES = Struct(">Q24x")  # of a SHA-256, as a number


def remembered_digests(figures: Sequence[Column], rows: Sequence[int]) -> Sequence[int]:
    """The digests of days with one record each, in those rows. Captures tell the same days again and again."""
    columns, count = _picked(figures, rows), len(rows)
    alike = [column if _are_unmistakable(column) else list(_column_as_texts(column)) for column in columns]
    # A single figure is looked up as it is.
    records: Sequence[Any] = alike[0] if len(alike) == 1 else list(zip(*alike, strict=True)) or [()] * count
    digests = list(map(_known_digests.get, records, repeat(ABSENT)))
    new = [row for row, digest in enumerate(digests) if digest == ABSENT]
    if new:
        if len(_known_digests) > _MOST_KNOWN:
            _known_digests.clear()
        texts = [
            _column_as_texts(values) if looked_up is column else values
            for values, looked_up, column in zip(_picked(alike, new), alike, columns, strict=True)
        ]
        told = _digests_of_single_records(list(zip(*texts, strict=True)) or [()] * len(new))
        for row, digest in zip(new, told, strict=True):
            digests[row] = _known_digests[records[row]] = digest
    return digests


_known_digests: dict[Any, int] = {}


def digests_of(days: Iterable[Sequence[Any]]) -> Sequence[int]:
    """Of the records of each day, from 1 to 255."""
    return _bytes_of(map(orjson.dumps, days))


def _digests_of_single_records(records: Sequence[Texts]) -> Sequence[int]:
    """As :func:`digests_of` of days that have one record each, told apart by nothing: written all at once."""
    written = orjson.dumps(records)[2:-2].split(b"],[")
    if len(written) != len(records):  # what parts them stands in a text, too
        return digests_of([[((), texts)] for texts in records])
    return _bytes_of([b"[[[],[%b]]]" % texts for texts in written])


def _bytes_of(written: Iterable[bytes]) -> Sequence[int]:
    sums = b"".join([hashlib.sha256(entries).digest() for entries in written])
    return [1 + number % 255 for (number,) in _FIRST_BYTES.iter_unpack(sums)]


@lru_cache(maxsize=1_024)
def digest_of_many_days(keys: Sequence[Texts]) -> int:
    """What all days are told apart by is the same, as a rule."""
    return digests_of([keys])[0]


def _picked(columns: Sequence[Column], rows: Sequence[int]) -> list[Column]:
    first, count = rows[0] if rows else 0, len(rows)
    if rows == list(range(first, first + count)):  # one after the other, as nearly always
        return [column[first : first + count] for column in columns]
    return [[column[row] for row in rows] for column in columns]


def as_texts(columns: Sequence[Column], rows: Sequence[int]) -> list[Texts]:
    """Those rows with each value as a text."""
    if not columns:
        return [()] * len(rows)
    return list(zip(*map(_column_as_texts, _picked(columns, rows)), strict=True))


def _column_as_texts(column: Column) -> Iterable[str]:
    if _NUMBERS.issuperset(map(type, column)):
        with suppress(orjson.JSONEncodeError):  # too large for it
            texts = orjson.dumps(column)[1:-1].decode()  # a tenth of the time that `str` takes for fractions
            if "e" not in texts and "n" not in texts:
                return [text if text[-1] != "0" else _normalized(text) for text in texts.split(",")]
    return map(_plain, column)


def _are_unmistakable(column: Column) -> bool:
    """Whether equal values are equal figures: 1, 1.0 and true are equal, and not written alike."""
    return _PLAIN.issuperset(map(type, column))


_PLAIN = frozenset({int, str, type(None)})
_NUMBERS = frozenset({int, float})


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
