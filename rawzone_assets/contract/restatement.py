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
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

import orjson

from rawzone_assets.contract import codes
from rawzone_assets.contract.day_columns import DayColumn
from rawzone_assets.contract.diary_digests import (
    ABSENT,
    Column,
    Texts,
    as_texts,
    digests_of,
    picked,
    remembered_digests,
)
from rawzone_assets.contract.findings import Finding

MOST_DAYS = 366
"""Of a diary, the newest. Longer histories exist, and what is older than a year is not compared."""

Diary = Mapping[str, str]
"""``from`` (the first day), ``of`` (the names, digested), ``days`` and, if any, ``records`` (base64).

Beside or instead of them stands what a delivery names, see ``acquaintance.py``."""

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
    last = days.newest(until.toordinal())
    if last is None:
        return None
    every_day = range(max(days.span[0], last - (MOST_DAYS - 1)), last + 1)
    rows = days.positions(every_day)
    told = rows if isinstance(rows, range) else [row for row in rows if row is not None]

    def written(digests: Sequence[int]) -> str:
        if len(told) < len(rows):
            each = iter(digests)
            digests = [ABSENT if row is None else next(each) for row in rows]
        return b64encode(bytes(digests)).decode()

    diary = {
        "from": date.fromordinal(every_day[0]).isoformat(),
        "of": hashlib.sha256(orjson.dumps(list(names))).hexdigest()[:4],
    }
    if not by and not days.has_repeats:
        diary["days"] = written(remembered_digests(picked(figures, told), len(told)))
        return diary
    records = _records_by_day(days, told, figures, by)
    diary["days"] = written(digests_of(records))
    if by:
        diary["records"] = written(digests_of([[key for key, _ in of_day] for of_day in records]))
    return diary


def _records_by_day(
    days: DayColumn, rows: Sequence[int], figures: Sequence[Column], by: Sequence[Column]
) -> list[list[tuple[Texts, Texts]]]:
    """All records of the days that stand in these rows, in order: what tells each apart, and its figures."""
    found: dict[int, list[tuple[Texts, Texts]]] = {days.ordinals[row]: [] for row in rows}
    wanted: Sequence[int] = range(len(days.ordinals))
    if len(found) < days.different:
        wanted = [row for row, day in enumerate(days.ordinals) if day in found]
    (ordinals,) = picked([days.ordinals], wanted)
    texts = (as_texts(picked(columns, wanted), len(wanted)) for columns in (by, figures))
    for day, record in zip(ordinals, zip(*texts, strict=True), strict=True):
        found[day].append(record)
    return [sorted(records) for records in found.values()]


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
    if now is None or "from" not in now:
        return
    told, names = _read(now), now["of"]
    left = [told.days]  # stretches of days that none of the diaries so far tells
    since, until = left[0].start, left[0].stop
    compared, changed = 0, list[int]()
    for diary in past:
        if "from" not in diary:  # of what it names alone
            continue
        begins, told_days = _ordinal(diary["from"]), diary["days"]
        ends = begins + len(told_days) * 3 // 4  # or up to two days before
        if ends <= since or begins >= until or diary["of"] != names:
            continue
        before = _read(diary)
        for days in left:
            common, differing = _differences(_shared(days, before.days), told, before)
            compared += common
            changed += differing
        left = [rest for days in left for rest in _without(days, before.days)]
        if not left:
            break
        since, until = left[0].start, left[-1].stop
    if changed:
        verb = "has" if len(changed) == 1 else "have"
        first, last = map(date.fromordinal, (min(changed), max(changed)))
        extent = f"{first}" if len(changed) == 1 else f"from {first} to {last}"
        known = f"{compared:,} days that an earlier delivery told"
        yield codes.RESTATED_DAYS(f"{len(changed):,} of the {known} {verb} other figures now: {extent}")


def _differences(days: range, now: _Days, before: _Days) -> tuple[int, list[int]]:
    """How many of these days can be compared, having the same records, and which then have other figures."""
    here = slice(days.start - now.first, days.stop - now.first)
    there = slice(days.start - before.first, days.stop - before.first)
    records, records_before = now.records[here], before.records[there]
    figures, figures_before = now.figures[here], before.figures[there]
    if records != records_before:
        same = [n for n in range(len(days)) if records[n] == records_before[n]]
        return len(same), [days[n] for n in same if figures[n] != figures_before[n]]
    if figures == figures_before:  # as nearly always
        return len(days), []
    told = zip(days, figures, figures_before, strict=True)
    return len(days), [day for day, now_told, told_before in told if now_told != told_before]


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
