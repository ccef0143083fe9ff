"""Rules for documents: constructors of the checks that a schema cannot say, such as sums and dates.

A rule is a function from a ``Reading`` to findings; a feed's format value holds the rules it wants. Rules run
only on documents that their schema accepts, so they need not doubt types. Rules for tables are in
``table_rules.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Any

from rawzone_assets.contract import codes
from rawzone_assets.contract.codes import Code
from rawzone_assets.contract.feed import Capture, Feed
from rawzone_assets.contract.findings import Finding, Place
from rawzone_assets.contract.forms import day_of
from rawzone_assets.contract.pointers import parts_of, resolve


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A document as rules see it. ``place`` turns the parts of a pointer into a place in the delivery."""

    document: Any
    feed: Feed
    capture: Capture
    place: Callable[[tuple[str | int, ...]], Place]
    _dated: dict[Series, list[tuple[int, date]]] = field(default_factory=dict, compare=False)

    def dated(self, series: Series) -> list[tuple[int, date]]:
        """The index and day of each record of a series that has one. Every rule about days asks again."""
        if series not in self._dated:
            self._dated[series] = list(series.read_days(self))
        return self._dated[series]

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The list of objects at ``path``; absent or empty lists are alike here."""
        found = resolve(self.document, path)
        return found if isinstance(found, list) else []

    def at(self, path: str, *parts: str | int) -> Place:
        return self.place((*parts_of(path), *parts))


Rule = Callable[[Reading], Iterator[Finding]]


@dataclass(frozen=True, kw_only=True)
class Series:
    """A list of records with one day each: where it is, and which members hold the day and the figure.

    Records are objects, or lists of cells when ``headers`` says where the list of their columns is. Those that
    cover a range up to ``day`` have its first day in ``begins``.
    """

    path: str
    day: str
    value: str = ""
    begins: str = ""
    headers: str | None = None

    def extent(self, reading: Reading) -> tuple[date, date] | None:
        """The first and the last day that the records speak of."""
        days = self.days(reading)
        started = replace(self, day=self.begins).days(reading) if self.begins else []
        return (min(days + started), max(days)) if days else None

    def days(self, reading: Reading) -> list[date]:
        return [day for _, day in self.dated(reading)]

    def dated(self, reading: Reading) -> list[tuple[int, date]]:
        """The index and day of each record that has one."""
        return reading.dated(self)

    def read_days(self, reading: Reading) -> Iterator[tuple[int, date]]:
        """Read them; :meth:`dated` remembers."""
        texts = self._column(reading, self.day)
        if texts and set(map(type, texts)) == {str}:
            days = list(map(day_of, texts))
            yield from ((index, day) for index, day in enumerate(days) if day)
            return
        for index, text in self._values(reading, self.day):
            day = day_of(text) if isinstance(text, str) else None
            if day:
                yield index, day

    def total(self, reading: Reading) -> int:
        """The sum of the figures, which sources write as numbers or as digits; ``null`` is a gap in a chart."""
        values = self._column(reading, self.value)
        if values is None:
            values = [value for _, value in self._values(reading, self.value)]
        return sum([int(value) for value in values if value is not None])

    def place_of_day(self, reading: Reading, index: int) -> Place:
        member = self._member(reading, self.day)
        return reading.at(self.path, index, *(() if member is None else (member,)))

    def cells(self, reading: Reading, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
        """What each record has under each of the names; ``None`` for nothing."""
        rows: list[Any] = list(reading.rows(self.path))
        members = [self._member(reading, name) for name in names]
        if not members:
            return [()] * len(rows)
        columns = (self._column(reading, name) for name in names)
        return list(
            zip(
                *(
                    [_cell(row, member) for row in rows] if column is None else column
                    for member, column in zip(members, columns, strict=True)
                ),
                strict=True,
            )
        )

    def measures(self, reading: Reading, named: tuple[str, ...]) -> tuple[str, ...]:
        """The figures named, or all that the columns say are figures."""
        return named or self._columns(reading, "METRIC")

    def others(self, reading: Reading, named: tuple[str, ...]) -> tuple[str, ...]:
        """What is named to tell a day's records apart, or all that the columns say does, beside the day."""
        return named or tuple(name for name in self._columns(reading, "DIMENSION") if name != self.day)

    def _columns(self, reading: Reading, kind: str) -> tuple[str, ...]:
        headers = reading.rows(self.headers) if self.headers is not None else []
        return tuple(sorted(header["name"] for header in headers if header["columnType"] == kind))

    def _column(self, reading: Reading, name: str) -> list[Any] | None:
        """What stands under a name, where every record has it; ``None`` where some record may not."""
        member, rows = self._member(reading, name), reading.rows(self.path)
        if member is None or not rows or set(map(type, rows)) != {list if isinstance(member, int) else dict}:
            return None
        try:
            return list(map(itemgetter(member), rows))
        except LookupError:
            return None

    def _values(self, reading: Reading, name: str) -> Iterator[tuple[int, Any]]:
        member = self._member(reading, name)
        rows: list[Any] = list(reading.rows(self.path))
        for index, row in enumerate(rows):
            is_there = member in row if isinstance(row, dict) else isinstance(member, int) and member < len(row)
            if is_there:
                yield index, row[member]

    def _member(self, reading: Reading, name: str) -> str | int | None:
        """By what a record is asked for the value of that name: the name, or the column's position."""
        if self.headers is None:
            return name
        names = [header["name"] for header in reading.rows(self.headers)]
        return names.index(name) if name in names else None


def _cell(row: Any, member: str | int | None) -> Any:
    if isinstance(row, dict):
        return row.get(member)
    return row[member] if isinstance(member, int) and member < len(row) else None


def no_day_twice(series: Series) -> Rule:
    """Each day stands once."""

    def rule(reading: Reading) -> Iterator[Finding]:
        first: dict[date, int] = {}
        days = series.days(reading)
        for index, day in series.dated(reading) if len(set(days)) < len(days) else ():
            if day in first:
                message = f"{day} stands here and in row {first[day]} (rows count from 0)"
                yield codes.REPEATED_DAY(message, series.place_of_day(reading, index))
            first.setdefault(day, index)

    return rule


def no_future_day(series: Series) -> Rule:
    """No day lies more than one day beyond the capture: sources count in other time zones than we do."""

    def rule(reading: Reading) -> Iterator[Finding]:
        last = reading.capture.day + timedelta(days=1)
        is_late = max(series.days(reading), default=last) > last
        for index, day in series.dated(reading) if is_late else ():
            if day > last:
                message = f"{day} lies after the capture on {reading.capture.day}"
                yield codes.FUTURE_DATE(message, series.place_of_day(reading, index))

    return rule


def fresh(series: Series) -> Rule:
    """The newest day is not older than the source's usual lag allows."""

    def rule(reading: Reading) -> Iterator[Finding]:
        days = series.days(reading)
        if days:
            yield from stale(max(days), reading.feed, reading.capture, lambda: reading.at(series.path))

    return rule


def stale(
    newest: date, feed: Feed, capture: Capture, where: Callable[[], Place | None] = lambda: None
) -> Iterator[Finding]:
    """The advisory finding that the newest day is old, if it is."""
    age = (capture.day - newest).days
    if age > feed.cadence.stale_after_days:
        usual = f"usual are {feed.cadence.lag_days}, up to {feed.cadence.stale_after_days}"
        yield codes.STALE_DATA(f"the newest day is {newest}, {age} days before the capture; {usual}", where())


def ascending_without_gaps(series: Series) -> Rule:
    """The days ascend one by one. Only for feeds whose captures have always done so."""

    def rule(reading: Reading) -> Iterator[Finding]:
        days = series.days(reading)
        for (_, before), (index, day) in pairwise(series.dated(reading) if days != sorted(days) else ()):
            if day < before:
                yield codes.DAYS_UNORDERED(f"{day} follows {before}", series.place_of_day(reading, index))
                break
        present = set(days)
        if present:
            span = (max(present) - min(present)).days + 1
            missing = span - len(present)
            if missing:
                message = f"{missing} of the {span} days from {min(present)} to {max(present)} are missing"
                yield codes.DAYS_MISSING(message, reading.at(series.path))

    return rule


def covers(series: Series, days: int) -> Rule:
    """The series is as long as captures of its feed are; a shorter one is right, but only a part."""

    def rule(reading: Reading) -> Iterator[Finding]:
        present = len(set(series.days(reading)))
        if 0 < present < days:
            message = f"{present} days, where captures have {days} or more"
            yield codes.SHORT_RANGE(message, reading.at(series.path))

    return rule


def not_empty(path: str) -> Rule:
    """The list holds something; an empty one is possible but worth a look."""

    def rule(reading: Reading) -> Iterator[Finding]:
        if not reading.rows(path):
            yield codes.EMPTY_RESULT("the list is empty", reading.at(path))

    return rule


def holds_something(path: str) -> Rule:
    """The list or object at the path is not empty; an empty one is possible but worth a look."""

    def rule(reading: Reading) -> Iterator[Finding]:
        if not resolve(reading.document, path):
            yield codes.EMPTY_RESULT("there is nothing in it", reading.at(path))

    return rule


def total_is_sum(total: str, series: Series, code: Code = codes.TOTAL_MISMATCH) -> Rule:
    """The number at ``total`` is the sum of the series. Absent totals are another rule's business."""

    def rule(reading: Reading) -> Iterator[Finding]:
        stated = resolve(reading.document, total)
        if stated is not None and int(stated) != series.total(reading):
            message = f"the total stated is not the sum of {series.path}, {series.total(reading):,}"
            yield code(message, reading.at(total))

    return rule


def sums_agree(series: Series, others: tuple[Series, ...], code: Code = codes.PAGE_TOTAL_MISMATCH) -> Rule:
    """Each of the other series that has any rows sums to the same total as the first."""

    def rule(reading: Reading) -> Iterator[Finding]:
        total = series.total(reading)
        for other in others:
            if reading.rows(other.path) and other.total(reading) != total:
                message = f"sums to {other.total(reading):,}, but {series.path} to {total:,}"
                yield code(message, reading.at(other.path))

    return rule


def usually_present(*paths: str, code: Code = codes.OPTIONAL_BLOCK_MISSING) -> Rule:
    """Secondary parts that nearly every delivery has."""

    def rule(reading: Reading) -> Iterator[Finding]:
        for path in paths:
            if resolve(reading.document, path) is None:
                yield code(f"the part {path} is absent", reading.at(path))

    return rule
