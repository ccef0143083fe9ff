"""Rules for documents: constructors of the checks that a schema cannot say, such as sums and dates.

A rule is a function from a ``Reading`` to findings; a feed's format value holds the rules it wants. What a
reading gives out its schema accepts, so rules need not doubt types: one that asks for what was refused ends
there. Rules for tables are in ``table_rules.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import pairwise

from rawzone_assets.contract import codes
from rawzone_assets.contract.codes import Code
from rawzone_assets.contract.feed import Capture, Feed
from rawzone_assets.contract.findings import Finding, Place
from rawzone_assets.contract.pointers import resolve
from rawzone_assets.contract.reading import Reading
from rawzone_assets.contract.series import Series

Rule = Callable[[Reading], Iterator[Finding]]


def no_day_twice(series: Series) -> Rule:
    """Each day stands once."""

    def rule(reading: Reading) -> Iterator[Finding]:
        first: dict[date, int] = {}
        days = series.accepted_days(reading)
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
        extent = series.accepted_days(reading).extent
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


def not_empty(path: str) -> Rule:
    """The list holds something; an empty one is possible but worth a look."""

    def rule(reading: Reading) -> Iterator[Finding]:
        if not reading.rows(path):
            yield codes.EMPTY_RESULT("the list is empty", reading.at(path))

    return rule


def holds_something(path: str) -> Rule:
    """The list or object at the path is not empty; an empty one is possible but worth a look."""

    def rule(reading: Reading) -> Iterator[Finding]:
        if not reading.value(path):
            yield codes.EMPTY_RESULT("there is nothing in it", reading.at(path))

    return rule


def is_no_other(*paths: str, code: Code) -> Rule:
    """Nothing stands at these paths, where only other answers have anything: ``code`` says which they are.

    For answers of which little is known and little demanded. What another schema lists, this one may not.
    """

    def rule(reading: Reading) -> Iterator[Finding]:
        for path in paths:
            if resolve(reading.document, path) is not None:
                yield code(f"{path} belongs to an answer of another kind", reading.at(path))
                return

    return rule


def total_is_sum(total: str, series: Series, code: Code = codes.TOTAL_MISMATCH) -> Rule:
    """The number at ``total`` is the sum of the series. Absent totals are another rule's business."""

    def rule(reading: Reading) -> Iterator[Finding]:
        stated = reading.value(total)
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
            if not reading.holds(path):
                yield code(f"the part {path} is absent", reading.at(path))

    return rule
