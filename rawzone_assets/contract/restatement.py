"""Restatement: whether days that earlier deliveries told have other figures now. Pure.

What a delivery tells of days is kept as a diary: a byte of digest for each day, of at most a year, so that
receipts stay small and hold no figure. The newest days always change, being partial or not all counted yet: a
diary leaves out what the feed's usual lag and its ``settled_after`` say may still move, and its newest day.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation, Overflow
from functools import lru_cache
from itertools import repeat
from struct import Struct
from typing import Any, NamedTuple

import orjson

from rawzone_assets.contract import codes
from rawzone_assets.contract.day_columns import DayColumn
from rawzone_assets.contract.findings import Finding

MOST_DAYS = 366
"""Of a diary, the newest. Longer histories exist, and what is older than a year is not compared."""

Diary = Mapping[str, str]
"""``from`` (the first day), ``of`` (the names, digested), ``days`` and, if any, ``records`` (base64)."""

_ABSENT = 0
_LONGEST_NUMBER = 40
_EXACT = 28  # digits of a decimal number that are never rounded
_DAY = timedelta(days=1)
_MOST_KNOWN = 8_192
_FIRST_BYTES = Struct(">Q24x")  # of a SHA-256, as a number

Column = Sequence[Any]
_Texts = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Which figures of a day are compared: members or columns, and ``by`` what a day's records are told apart.

    Those of a result table need not be named: its metrics, by its other dimensions. ``settled_after`` are the
    days, beyond the usual lag, after which figures are not expected to change.
    """

    of: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    settled_after: int = 1

    def last_settled(self, captured: date, newest: date, lag_days: int) -> date:
        """The newest day that is not expected to change any more."""
        before_newest = newest - _DAY if newest > date.min else newest
        return min(captured - (lag_days + self.settled_after) * _DAY, before_newest)


def diary_of(
    days: DayColumn,
    figures: Sequence[Column],
    names: Sequence[str],
    *,
    until: date,
    by: Sequence[Column] = (),
) -> Diary | None:
    """The diary of the days up to ``until``; ``None`` when there is none of them.

    ``figures`` are columns with a value for each of ``days``, and so is in ``by`` what a day's records are told
    apart by.
    """
    row_of, newest = days.position_of, until.toordinal()
    last = newest if newest in row_of else max((day for day in row_of if day <= newest), default=None)
    if last is None or days.extent is None:
        return None
    every_day = range(max(days.extent[0].toordinal(), last - (MOST_DAYS - 1)), last + 1)
    row_of_each = list(map(row_of.get, every_day))

    def written(digests: Sequence[int]) -> str:
        told = iter(digests)
        each = (
            digests
            if None not in row_of_each
            else [_ABSENT if row is None else next(told) for row in row_of_each]
        )
        return b64encode(bytes(each)).decode()

    diary = {
        "from": date.fromordinal(every_day[0]).isoformat(),
        "of": hashlib.sha256(orjson.dumps(list(names))).hexdigest()[:4],
    }
    if not by and not days.has_repeats:
        rows = [row for row in row_of_each if row is not None]
        diary["days"] = written(_remembered_digests(_picked(figures, rows), len(rows)))
        return diary
    entries: dict[int, list[tuple[_Texts, _Texts]]] = {day: [] for day in every_day if day in row_of}
    rows = [row for row, day in enumerate(days.ordinals) if day in entries]
    records = zip(_as_texts(by, rows), _as_texts(figures, rows), strict=True)
    for row, record in zip(rows, records, strict=True):
        entries[days.ordinals[row]].append(record)
    ordered = [sorted(told) for told in entries.values()]
    diary["days"] = written(_digests(ordered))
    if by:
        apart = [tuple([key for key, _ in told]) for told in ordered]
        diary["records"] = written(list(map(_digest_of_many_days, apart)))
    return diary


def rows_of_diary(days: Sequence[date | None], until: date) -> list[int]:
    """Where those days stand that a diary needs: of the settled ones the newest year, and the oldest.

    A day since the oldest one that does not stand there is told to have no figures.
    """
    settled = [day for day in days if day and day <= until]
    if not settled:
        return []
    oldest, newest = min(settled), max(settled)
    first = max(oldest.toordinal(), newest.toordinal() - (MOST_DAYS - 1))
    since = date.fromordinal(first)
    return [row for row, day in enumerate(days) if day and (since <= day <= until or day == oldest)]


def restatement_findings(now: Diary | None, past: Iterable[Diary]) -> Iterator[Finding]:
    """The advisory finding that days have other figures than the newest delivery had that told them.

    ``past`` are the diaries of earlier deliveries, newest first. A day that came or went within what both tell
    is told otherwise, unless days have several records: which they are changes rightly, campaigns end.
    """
    if now is None:
        return
    told, names = _read(now), now["of"]
    left = [told.days]  # stretches of days that none of the diaries so far tells
    since, until = left[0].start, left[0].stop
    compared, changed = 0, list[date]()
    for diary in past:
        begins, told_days = _ordinal(diary["from"]), diary["days"]
        ends = begins + len(told_days) * 3 // 4 - told_days.count("=", -2)
        if ends <= since or begins >= until or diary["of"] != names:
            continue
        before = _read(diary)
        for days in left:
            common, differing = _differences(_shared(days, before.days), told, before)
            compared += common
            changed += map(date.fromordinal, differing)
        left = [rest for days in left for rest in _without(days, before.days)]
        if not left:
            break
        since, until = left[0].start, left[-1].stop
    if changed:
        verb = "has" if len(changed) == 1 else "have"
        extent = f"{min(changed)}" if len(changed) == 1 else f"from {min(changed)} to {max(changed)}"
        known = f"{compared:,} days that an earlier delivery told"
        yield codes.RESTATED_DAYS(f"{len(changed):,} of the {known} {verb} other figures now: {extent}")


def _differences(days: range, now: _Days, before: _Days) -> tuple[int, list[int]]:
    """How many of these days can be compared, having the same records, and which then have other figures."""
    here = slice(days.start - now.first, days.stop - now.first)
    there = slice(days.start - before.first, days.stop - before.first)
    records, records_before = now.records[here], before.records[there]
    figures, figures_before = now.figures[here], before.figures[there]
    if records == records_before and figures == figures_before:  # as nearly always
        return len(days), []
    comparable = [n for n in range(len(days)) if records[n] == records_before[n]]
    return len(comparable), [days[n] for n in comparable if figures[n] != figures_before[n]]


def _shared(days: range, others: range) -> range:
    start = max(days.start, others.start)
    return range(start, max(start, min(days.stop, others.stop)))


def _without(days: range, others: range) -> list[range]:
    """What is left of some days, in order, once others are taken away."""
    earlier = range(days.start, min(days.stop, others.start))
    later = range(max(days.start, others.stop), days.stop)
    return [rest for rest in (earlier, later) if rest]


class _Days(NamedTuple):
    """A diary taken apart: for each day the digests of its figures and of which records it has."""

    first: int  # the first day's ordinal
    figures: bytes
    records: bytes

    @property
    def days(self) -> range:
        return range(self.first, self.first + len(self.figures))


def _read(diary: Diary) -> _Days:
    return _taken_apart(diary["from"], diary["days"], diary.get("records"))


@lru_cache(maxsize=64)  # what is new now is compared with the deliveries that come next
def _taken_apart(first: str, encoded_days: str, encoded_records: str | None) -> _Days:
    days = a2b_base64(encoded_days)
    records = bytes(len(days)) if encoded_records is None else a2b_base64(encoded_records)
    if len(days) != len(records):
        raise ValueError("a diary tells of other days than it has records")
    return _Days(_ordinal(first), days, records)


@lru_cache(maxsize=1_024)
def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _remembered_digests(columns: Sequence[Column], count: int) -> Sequence[int]:
    """The digests of so many days with one record each. Captures tell the same days again and again."""
    alike = [column if _are_unmistakable(column) else list(_column_as_texts(column)) for column in columns]
    # A single figure is looked up as it is.
    records: Sequence[Any] = alike[0] if len(alike) == 1 else list(zip(*alike, strict=True)) or [()] * count
    digests = list(map(_known_digests.get, records, repeat(_ABSENT)))
    new = [row for row, digest in enumerate(digests) if digest == _ABSENT]
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


def _digests(days: Iterable[Sequence[Any]]) -> Sequence[int]:
    """From 1 to 255."""
    return _bytes_of(map(orjson.dumps, days))


def _digests_of_single_records(records: Sequence[_Texts]) -> Sequence[int]:
    """As :func:`_digests` of days that have one record each, told apart by nothing: written all at once."""
    written = orjson.dumps(records)[2:-2].split(b"],[")
    if len(written) != len(records):  # what parts them stands in a text, too
        return _digests([[((), texts)] for texts in records])
    return _bytes_of([b"[[[],[%b]]]" % texts for texts in written])


def _bytes_of(written: Iterable[bytes]) -> Sequence[int]:
    sums = b"".join([hashlib.sha256(entries).digest() for entries in written])
    return [1 + number % 255 for (number,) in _FIRST_BYTES.iter_unpack(sums)]


@lru_cache(maxsize=1_024)
def _digest_of_many_days(keys: Sequence[_Texts]) -> int:
    """What all days are told apart by is the same, as a rule."""
    return _digests([keys])[0]


def _picked(columns: Sequence[Column], rows: Sequence[int]) -> list[Column]:
    first, count = rows[0] if rows else 0, len(rows)
    if rows == list(range(first, first + count)):  # one after the other, as nearly always
        return [column[first : first + count] for column in columns]
    return [[column[row] for row in rows] for column in columns]


def _as_texts(columns: Sequence[Column], rows: Sequence[int]) -> list[_Texts]:
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
