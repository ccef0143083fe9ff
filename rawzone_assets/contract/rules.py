"""Rules for documents: constructors of the checks that a schema cannot say, such as sums and dates.

A rule is a function from a ``Reading`` to findings; a feed's format value holds the rules it wants. Rules run
only on documents that their schema accepts, so they need not doubt types. Rules for tables are in
``table_rules.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Any

from rawzone_assets.contract import codes
from rawzone_assets.contract.codes import Code
from rawzone_assets.contract.day_columns import DayColumn
from rawzone_assets.contract.feed import Capture, Feed
from rawzone_assets.contract.findings import Finding, Place
from rawzone_assets.contract.pointers import parts_of, resolve


@dataclass(kw_only=True)
class Reading:
    """A document as rules see it. ``place`` turns the parts of a pointer into a place in the delivery.

    Every rule about the same records asks for the same lists: they are found once.
    """

    document: Any
    feed: Feed
    capture: Capture
    place: Callable[[tuple[str | int, ...]], Place]
    _rows: dict[str, list[Any]] = field(default_factory=dict, compare=False)
    _columns: dict[tuple[str, str | int], Sequence[Any]] = field(default_factory=dict, compare=False)
    _ragged: set[str] = field(default_factory=set, compare=False)
    _days: dict[tuple[str, str | int], DayColumn] = field(default_factory=dict, compare=False)

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The list of objects at ``path``; absent or empty lists are alike here."""
        rows = self._rows.get(path)
        if rows is None:
            found = resolve(self.document, path)
            rows = self._rows[path] = found if isinstance(found, list) else []
        return rows

    def column(self, path: str, member: str | int) -> Sequence[Any]:
        """What each record at ``path`` has under a name or at a position; ``None`` for nothing."""
        asked = path, member
        column = self._columns.get(asked)
        if column is None and isinstance(member, int) and path not in self._ragged:
            try:
                columns = enumerate(zip(*self.rows(path), strict=True))
                self._columns.update(((path, position), column) for position, column in columns)
            except ValueError:  # rows of several lengths
                self._ragged.add(path)
            column = self._columns.get(asked)
        if column is None:
            column = self._columns[asked] = _column(self.rows(path), member)
        return column

    def days(self, path: str, member: str | int) -> DayColumn:
        """The days that stand in a column."""
        asked = path, member
        days = self._days.get(asked)
        if days is None:
            days = self._days[asked] = DayColumn.read(self.column(path, member))
        return days

    def at(self, path: str, *parts: str | int) -> Place:
        return self.place((*parts_of(path), *parts))


def _column(rows: list[Any], member: str | int) -> list[Any]:
    if rows and (isinstance(member, int) or member in rows[0]):
        try:
            return list(map(itemgetter(member), rows))
        except LookupError:  # some record has none
            pass
    if isinstance(member, str):
        return [row.get(member) for row in rows]
    return [row[member] if member < len(row) else None for row in rows]


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
        ended = self.days(reading).extent
        started = self._days(reading, self.begins).extent if self.begins else None
        return (min(started[0], ended[0]), ended[1]) if started and ended else ended

    def days(self, reading: Reading) -> DayColumn:
        """The days of the records that have one."""
        return reading.days(self.path, self.day) if self.headers is None else self._days(reading, self.day)

    def dated(self, reading: Reading) -> Iterator[tuple[int, date]]:
        """The index and day of each record that has one."""
        days = self.days(reading)
        return zip(days.indexes, days.dates, strict=True)

    def total(self, reading: Reading) -> int:
        """The sum of the figures, which sources write as numbers or as digits; ``null`` is a gap in a chart."""
        values = self.column(reading, self.value)
        kinds = set(map(type, values))
        if kinds <= {int}:
            return sum(values)
        return sum(map(int, values) if None not in values else [int(v) for v in values if v is not None])

    def place_of_day(self, reading: Reading, index: int) -> Place:
        member = self._member(reading, self.day)
        return reading.at(self.path, index, *(() if member is None else (member,)))

    def measures(self, reading: Reading, named: tuple[str, ...]) -> tuple[str, ...]:
        """The figures named, or all that the columns say are figures."""
        return named or self._columns(reading, "METRIC")

    def others(self, reading: Reading, named: tuple[str, ...]) -> tuple[str, ...]:
        """What is named to tell a day's records apart, or all that the columns say does, beside the day."""
        return named or tuple(name for name in self._columns(reading, "DIMENSION") if name != self.day)

    def _columns(self, reading: Reading, kind: str) -> tuple[str, ...]:
        headers = reading.rows(self.headers) if self.headers is not None else []
        return tuple(sorted(header["name"] for header in headers if header["columnType"] == kind))

    def column(self, reading: Reading, name: str) -> Sequence[Any]:
        """What each record has under a name; ``None`` for nothing."""
        member = self._member(reading, name)
        if member is None:
            return [None] * len(reading.rows(self.path))
        return reading.column(self.path, member)

    def _days(self, reading: Reading, name: str) -> DayColumn:
        member = self._member(reading, name)
        return DayColumn(ordinals=[], indexes=()) if member is None else reading.days(self.path, member)

    def _member(self, reading: Reading, name: str) -> str | int | None:
        """By what a record is asked for the value of that name: the name, or the column's position."""
        if self.headers is None:
            return name
        names = [header["name"] for header in reading.rows(self.headers)]
        return names.index(name) if name in names else None


def no_day_twice(series: Series) -> Rule:
    """Each day stands once."""

    def rule(reading: Reading) -> Iterator[Finding]:
        first: dict[date, int] = {}
        days = series.days(reading)
        for index, day in series.dated(reading) if days.has_repeats else ():
            if day in first:
                message = f"{day} stands here and in row {first[day]} (rows count from 0)"
                yield codes.REPEATED_DAY(message, series.place_of_day(reading, index))
            first.setdefault(day, index)

    return rule


def no_future_day(series: Series) -> Rule:
    """No day lies more than one day beyond the capture: sources count in other time zones than we do."""

    def rule(reading: Reading) -> Iterator[Finding]:
        last = reading.capture.day + timedelta(days=1)
        extent = series.days(reading).extent
        for index, day in series.dated(reading) if extent and extent[1] > last else ():
            if day > last:
                message = f"{day} lies after the capture on {reading.capture.day}"
                yield codes.FUTURE_DATE(message, series.place_of_day(reading, index))

    return rule


def fresh(series: Series) -> Rule:
    """The newest day is not older than the source's usual lag allows."""

    def rule(reading: Reading) -> Iterator[Finding]:
        extent = series.days(reading).extent
        if extent:
            yield from stale(extent[1], reading.feed, reading.capture, lambda: reading.at(series.path))

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
        are_ordered = days.in_a_row or days.ordinals == sorted(days.ordinals)
        for (_, before), (index, day) in pairwise(() if are_ordered else series.dated(reading)):
            if day < before:
                yield codes.DAYS_UNORDERED(f"{day} follows {before}", series.place_of_day(reading, index))
                break
        if days.extent:
            first, last = days.extent
            span = (last - first).days + 1
            missing = span - days.different
            if missing:
                message = f"{missing} of the {span} days from {first} to {last} are missing"
                yield codes.DAYS_MISSING(message, reading.at(series.path))

    return rule


def covers(series: Series, days: int) -> Rule:
    """The series is as long as captures of its feed are; a shorter one is right, but only a part."""

    def rule(reading: Reading) -> Iterator[Finding]:
        present = series.days(reading).different
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
        found = series.total(reading) if stated is not None else 0
        if stated is not None and int(stated) != found:
            message = f"the total stated is not the sum of {series.path}, {found:,}"
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
