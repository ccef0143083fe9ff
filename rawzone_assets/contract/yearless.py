"""Yearless days: which year is meant by days that are written as ``May 28``, and what is wrong with them.

A file covers at most a year and ends shortly before its capture, so its newest row is the latest such day not
after the capture, and all others lie in the year before it. A name that tells the first day settles the years
from the other end. What a text means as month and day is ``months.py``'s part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby, islice, pairwise

from rawzone_assets.contract import codes
from rawzone_assets.contract.calendar_runs import Run
from rawzone_assets.contract.feed import Capture
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.forms import day_of, is_date
from rawzone_assets.contract.months import (
    LONGEST_DAY,
    MonthDay,
    language_of,
    may_be_a_day,
    readings,
    year_of,
)
from rawzone_assets.contract.stamps import first_day
from rawzone_assets.contract.table_rules import Chunk

MOST_AHEAD = 31
"""Days. A newest row that would come so soon after the capture is no row of a year ago: none ends so early."""

MOST_OF_ONE_TABLE = 1_000
"""Findings. Nobody reads further, and each takes time."""

_WINDOW = 365  # days before the newest one
_A_MONTH_BACK = 366 - 31  # in steps forward through a year
_LEAP_YEAR = 2024


@dataclass(frozen=True, kw_only=True)
class Days:
    """The days of a table's rows, ``None`` where a row's cannot be told, and the objections to them."""

    dates: tuple[date | None, ...] = ()
    findings: tuple[Finding, ...] = ()
    in_a_row: bool = False  # each day in one row, after the day before it

    @property
    def extent(self) -> tuple[date, ...]:
        """The first day and the last; nothing if none is known."""
        known = [
            day for day in (self.dates[:: len(self.dates) - 1 or 1] if self.in_a_row else self.dates) if day
        ]
        return (min(known), max(known)) if known else ()

    def rows_in_a_row(self, most: int, until: date) -> range:
        """At most so many rows of the days up to ``until``, of days in a row the last."""
        stop = min((until - self.extent[0]).days + 1, len(self.dates))
        return range(max(0, stop - most), max(0, stop))


@dataclass(frozen=True, kw_only=True)
class Daily:
    """The column that holds the days, and whether each may stand once."""

    column: str
    once: bool = True

    def read(self, table: Chunk, capture: Capture) -> Days:
        """The days of all rows; the table must be whole."""
        cells = table.columns.get(self.column, [])
        # Each day in one row, or in several that follow one another, as hours do.
        days = list(cells) if self.once else [cell for cell, _ in groupby(cells)]
        dated = _dates_in_a_row(days, capture)
        if dated and dated[-1] <= _last_possible(capture):
            each = dated
            if not self.once:
                date_of = dict(zip(days, dated, strict=True))
                each = [date_of[cell] for cell in cells]
            return Days(dates=tuple(each), findings=tuple(_window(dated, capture)), in_a_row=self.once)
        meanings, findings = _meanings(table, self.column, cells)
        dates = resolve(meanings, capture=capture, first=first_day(capture.name))
        findings.extend(islice(self._objections(table, meanings, dates, capture), MOST_OF_ONE_TABLE))
        return Days(dates=tuple(dates), findings=tuple(findings))

    def _objections(
        self,
        table: Chunk,
        meanings: Sequence[date | MonthDay | None],
        dates: Sequence[date | None],
        capture: Capture,
    ) -> Iterator[Finding]:
        known = [(row, day) for row, day in enumerate(dates) if day]
        for row, meaning in enumerate(meanings):
            if meaning and dates[row] is None:
                message = "the year up to the newest row has no such day"
                yield codes.VALUE_TYPE(message, table.place(row, self.column))
        yield from self._future(table, known, capture)
        if self.once:
            yield from self._repeats(table, known)
        yield from self._order(table, known, whole=len(known) == len(dates))
        yield from _window([day for _, day in known], capture)

    def _future(self, table: Chunk, known: list[tuple[int, date]], capture: Capture) -> Iterator[Finding]:
        limit = _last_possible(capture)
        for row, day in known:
            if day > limit:
                message = f"{day} lies after the capture on {capture.day}"
                yield codes.FUTURE_DATE(message, table.place(row, self.column))

    def _repeats(self, table: Chunk, known: list[tuple[int, date]]) -> Iterator[Finding]:
        first: dict[date, int] = {}
        for row, day in known:
            if first.setdefault(day, row) != row:
                message = f"{day} stands here and in line {table.lines[first[day]]}"
                yield codes.REPEATED_DAY(message, table.place(row, self.column))

    def _order(self, table: Chunk, known: list[tuple[int, date]], *, whole: bool) -> Iterator[Finding]:
        for (_, before), (row, day) in pairwise(known):
            if day < before:
                yield codes.DAYS_UNORDERED(f"{day} follows {before}", table.place(row, self.column))
                break
        present = {day for _, day in known}
        if present and whole:  # a day that cannot be read may be the missing one
            span = (max(present) - min(present)).days + 1
            if span > len(present):
                window = f"{span} days from {min(present)} to {max(present)}"
                yield codes.DAYS_MISSING(f"{span - len(present)} of the {window} are missing")


def resolve(
    meanings: Sequence[date | MonthDay | None], *, capture: Capture, first: date | None = None
) -> list[date | None]:
    """The dates meant. Days that stand with their year keep it; ``None`` stays ``None``.

    ``first`` is used when the rows do begin on it; otherwise the capture alone tells the years.
    """
    days = [meaning for meaning in meanings if isinstance(meaning, tuple)]
    if not days:
        return [meaning if isinstance(meaning, date) else None for meaning in meanings]
    year: Callable[[MonthDay], date | None]
    if first and days[0] == (first.month, first.day):
        year = _within(_on_or_after, first)
    else:
        newest = days[0] if _runs_backwards(days) else days[-1]
        year = _within(_on_or_before, _on_or_before(newest, capture.day + timedelta(days=MOST_AHEAD)))
    return [year(meaning) if isinstance(meaning, tuple) else meaning for meaning in meanings]


def _dates_in_a_row(cells: Sequence[str | None], capture: Capture) -> Sequence[date]:
    """The days of the calendar that the cells are, if certainly each is the one after the cell before it.

    ``resolve`` would say the same: of a year of days in a row none can be meant to lie in another year.
    """
    oldest = day_of(cells[0]) if cells and cells[0] else None
    if oldest:
        run = Run(oldest, len(cells))
        return run.dates if cells == run.texts else ()
    if not 0 < len(cells) <= _WINDOW or max(map(len, filter(None, cells)), default=0) > LONGEST_DAY:
        return ()
    understood = _understood(frozenset(cells))
    days = list(map(understood.get, cells))
    first = first_day(capture.name)
    if days[0] is None or days[-1] is None:
        return ()
    if not first or days[0] != (first.month, first.day):
        newest = _on_or_before(days[-1], capture.day + timedelta(days=MOST_AHEAD))
        first = newest - timedelta(days=len(days) - 1)
    run = Run(first, len(days))
    return run.dates if days == run.month_days else ()


@lru_cache(maxsize=64)
def _understood(cells: frozenset[str | None]) -> Mapping[str | None, MonthDay]:
    """What the cells mean, if most of them are days and all stand without a year; a year's hundreds recur."""
    texts = [cell for cell in cells if cell]
    language = language_of(texts)
    if language is None or year_of(" ".join(texts)):
        return {}
    return {text: day for text in texts if (day := readings(text).get(language))}


def _meanings(
    table: Chunk, column: str, cells: Sequence[str | None]
) -> tuple[list[date | MonthDay | None], list[Finding]]:
    """What each cell means. Cells of another form have been refused already and mean nothing here."""
    dates: list[date | MonthDay | None] = [day_of(text) if text else None for text in cells]
    if all(dates):
        return dates, []
    texts = {text for text in cells if text and not is_date(text) and may_be_a_day(text)}
    language = language_of(texts)
    findings: list[Finding] = []
    meanings: list[date | MonthDay | None] = []
    for row, text in enumerate(cells):
        meaning: date | MonthDay | None = None
        if text and is_date(text):
            meaning = date.fromisoformat(text)
        elif text in texts and language:
            meaning = _with_its_year(text, readings(text).get(language))
            if meaning is None:
                message = f"no day of the calendar in {language}, the language of the other rows"
                findings.append(codes.VALUE_TYPE(message, table.place(row, column)))
        elif text in texts and not findings:
            message = "the month names are of no known language, so days cannot be judged"
            findings.append(codes.DATES_UNREADABLE(message, table.place(row, column)))
        meanings.append(meaning)
    return meanings, findings


def _with_its_year(text: str, day: MonthDay | None) -> date | MonthDay | None:
    """A day that is written with its year, as its date; ``None`` when that year has no such day."""
    year = year_of(text)
    return _dated(day, year) if day and year else day


def _last_possible(capture: Capture) -> date:
    """Sources count in other time zones than we do."""
    return capture.day + timedelta(days=1)


def _window(known: Sequence[date], capture: Capture) -> Iterator[Finding]:
    """Whether the rows are the days that the name tells, if it tells any."""
    first = first_day(capture.name)
    if first is None:
        return
    if first > capture.day:
        yield codes.DATE_ORDER(f"the name's first day, {first}, lies after its last, {capture.day}")
    elif known:
        begins, ends = min(known), max(known)
        if begins != first or abs((ends - capture.day).days) > 1:
            message = f"rows run from {begins} to {ends}, the name says {first} to {capture.day}"
            yield codes.WINDOW_MISMATCH(message)


def _runs_backwards(days: Sequence[MonthDay]) -> bool:
    """Whether most rows lie shortly before the row above them: newest first."""
    steps = [(_of_year(after) - _of_year(before)) % 366 for before, after in pairwise(days)]
    return sum(step >= _A_MONTH_BACK for step in steps) * 2 > len(steps)


@lru_cache(maxsize=366)
def _of_year(day: MonthDay) -> int:
    return date(_LEAP_YEAR, *day).timetuple().tm_yday


def _within(year: Callable[[MonthDay, date], date], limit: date) -> Callable[[MonthDay], date | None]:
    """The year of a day counted from ``limit``; ``None`` when more than a year off, as a February 29 can be."""

    def found(day: MonthDay) -> date | None:
        meant = year(day, limit)
        return meant if abs((meant - limit).days) <= _WINDOW else None

    return found


def _on_or_before(day: MonthDay, limit: date) -> date:
    return next(found for year in range(limit.year, 0, -1) if (found := _dated(day, year)) and found <= limit)


def _on_or_after(day: MonthDay, limit: date) -> date:
    return next(found for year in range(limit.year, 9999) if (found := _dated(day, year)) and found >= limit)


def _dated(day: MonthDay, year: int) -> date | None:
    try:
        return date(year, *day)
    except ValueError:  # February 29
        return None
