"""Series: lists of records with one day each, as rules and diaries ask for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rawzone_assets.contract.day_columns import DayColumn
from rawzone_assets.contract.findings import Place
from rawzone_assets.contract.reading import Reading


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
        ended = self.accepted_days(reading).extent
        started = self._days(reading, self.begins).extent if self.begins else None
        return (min(started[0], ended[0]), ended[1]) if started and ended else ended

    def days(self, reading: Reading) -> DayColumn:
        """The days of the records that have one.

        Raises:
            PartRefusedError: a record's day was refused.
        """
        if reading.refused.parts:
            self.column(reading, self.day)
        return self.accepted_days(reading)

    def accepted_days(self, reading: Reading) -> DayColumn:
        """The days of the records that have one, without those that were refused."""
        return reading.days(self.path, self.day) if self.headers is None else self._days(reading, self.day)

    def dated(self, reading: Reading) -> Iterator[tuple[int, date]]:
        """The index and day of each record that has one which was not refused."""
        days = self.accepted_days(reading)
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
        headers = reading.whole_rows(self.headers) if self.headers is not None else []
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
        names = [header["name"] for header in reading.whole_rows(self.headers)]
        return names.index(name) if name in names else None
