"""Restatement: whether days that earlier deliveries told have other figures now. Pure.

What a delivery tells of days is kept as a diary: a byte of digest for each day, of at most a year, so that
receipts stay small and hold no figure. The newest days always change, being partial or not all counted yet: a
diary leaves out what the feed's usual lag and its ``settled_after`` say may still move, and its newest day.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import orjson

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding

MOST_DAYS = 366
"""Of a diary, the newest. Longer histories exist, and what is older than a year is not compared."""

Diary = Mapping[str, str]
"""``from`` (the first day), ``of`` (the names, digested), ``days`` and, if any, ``records`` (base64)."""

_ABSENT = 0
_LONGEST_NUMBER = 40
_EXACT = 28  # digits of a decimal number that are never rounded
_DAY = timedelta(days=1)


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
        return min(captured - (lag_days + self.settled_after) * _DAY, newest - _DAY)


class Told(NamedTuple):
    """What one record tells of a day: by what it is told apart from others of the day, and its figures."""

    day: date
    by: Sequence[Any]
    figures: Sequence[Any]


def diary_of(
    told: Iterable[Told | tuple[date, Sequence[Any], Sequence[Any]]],
    names: Sequence[str],
    *,
    until: date,
    by_record: bool,
) -> Diary | None:
    """The diary of the days up to ``until``; ``None`` when there is none of them."""
    settled = [record for record in told if record[0] <= until]
    if not settled:
        return None
    ordinals = [record[0].toordinal() for record in settled]
    oldest, last = min(ordinals), max(ordinals)
    first = max(oldest, last - (MOST_DAYS - 1))
    if oldest < first:
        settled = [record for record, ordinal in zip(settled, ordinals, strict=True) if ordinal >= first]
        ordinals = [ordinal for ordinal in ordinals if ordinal >= first]
    records: list[tuple[Sequence[Any], Sequence[Any]]] = [(record[1], record[2]) for record in settled]
    digests: Callable[[tuple[Any, ...]], tuple[int, int]] = _remembered_digests
    # Equal values are equal figures, but for those whose type shows: 1, 1.0 and true are not written alike.
    if not _PLAIN.issuperset(map(type, chain.from_iterable(chain.from_iterable(records)))):
        digests = _digests_of_texts
        records = list(zip(*(_as_texts(cells) for cells in zip(*records, strict=True)), strict=True))
    days: dict[int, tuple[Any, ...]] = dict(zip(ordinals, zip(records, strict=True), strict=True))
    if len(days) < len(ordinals):  # days with several records
        days = dict.fromkeys(days, ())
        for ordinal, record in zip(ordinals, records, strict=True):
            days[ordinal] += (record,)
    told_of = [digests(days.get(day, ())) for day in range(first, last + 1)]
    diary = {
        "from": date.fromordinal(first).isoformat(),
        "of": hashlib.sha256(orjson.dumps(list(names))).hexdigest()[:4],
        "days": b64encode(bytes([figures for figures, _ in told_of])).decode(),
    }
    if by_record:
        diary["records"] = b64encode(bytes([by for _, by in told_of])).decode()
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
    told = _read(now)
    left = [told.days]  # stretches of days that none of the diaries so far tells
    compared, changed = 0, list[date]()
    for diary in past:
        if not left:
            break
        begins = date.fromisoformat(diary["from"]).toordinal()
        ends = begins + len(diary["days"]) * 3 // 4  # a day or two more than it tells: Base64 fills up
        if diary["of"] != now["of"] or begins >= left[-1].stop or ends < left[0].start:
            continue
        before = _read(diary)
        for days in left:
            common, differing = _differences(_shared(days, before.days), told, before)
            compared += common
            changed += map(date.fromordinal, differing)
        left = [rest for days in left for rest in _without(days, before.days)]
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
    first = date.fromisoformat(diary["from"]).toordinal()
    days = b64decode(diary["days"])
    records = b64decode(diary["records"]) if "records" in diary else bytes(len(days))
    if len(days) != len(records):
        raise ValueError("a diary tells of other days than it has records")
    return _Days(first, days, records)


def _digests(told: Sequence[tuple[Sequence[Any], Sequence[Any]]]) -> tuple[int, int]:
    """The digests of a day's records, and of what these are told apart by."""
    texts = [(tuple(map(_remembered_plain, by)), tuple(map(_remembered_plain, of))) for by, of in told]
    return _digests_of_texts(texts)


def _digests_of_texts(told: Sequence[tuple[Sequence[str], Sequence[str]]]) -> tuple[int, int]:
    """The same of records whose values are texts already."""
    if not told:
        return _ABSENT, _ABSENT
    entries = told if len(told) == 1 else sorted(told)
    return _digest(entries), _digest_of_many_days(tuple([by for by, _ in entries]))


_PLAIN = frozenset({int, str, type(None)})
_remembered_digests = lru_cache(maxsize=16_384)(_digests)  # captures tell the same days again and again


def _digest(entries: Sequence[Any]) -> int:
    """From 1 to 255."""
    return 1 + int.from_bytes(hashlib.sha256(orjson.dumps(entries)).digest()[:8]) % 255


_digest_of_many_days = lru_cache(maxsize=1_024)(_digest)  # all days are told apart by the same, or by nothing


def _as_texts(rows: Sequence[Sequence[Any]]) -> Sequence[tuple[str, ...]]:
    """The rows with each value as text. Numbers recur, but for those with a fraction."""
    if not rows[0]:
        return [()] * len(rows)
    texts = (
        map(_remembered_plain if _PLAIN.issuperset(map(type, column)) else _plain, column)
        for column in zip(*rows, strict=True)
    )
    return list(zip(*texts, strict=True))


def _plain(value: Any) -> str:
    """A figure as text that is the same however the source writes it: ``"843"``, ``843``, ``843.0``."""
    text = "" if value is None else str(value)
    if text.isdecimal() and text.isascii() and len(text) < _EXACT and text[0] != "0" and text[-1] != "0":
        return text
    if type(value) is float and "e" not in text and not text.endswith(".0"):
        return text  # as `Decimal` writes it too
    return _normalized(text)


_remembered_plain = lru_cache(maxsize=16_384)(_plain)


@lru_cache(maxsize=16_384)
def _normalized(text: str) -> str:
    if len(text) > _LONGEST_NUMBER:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return str((number + 0).normalize()) if number.is_finite() else text
