"""Rules for lists of records: identifiers, accounts, date ranges. The list may be the whole document.

A record is an object; a member that is null is as good as absent. Series of one record a day, and sums over
them, are in ``rules.py``; what their texts look like is ``record_texts.py``'s part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from operator import itemgetter, le
from typing import Any

import orjson

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.reading import Reading
from rawzone_assets.contract.rules import Rule, stale

_MOST_COMPARED = 30  # members of a record


def no_value_twice(path: str, member: str) -> Rule:
    """Each record has a value of its own: its identifier."""

    def rule(reading: Reading) -> Iterator[Finding]:
        first: dict[Any, int] = {}
        column = reading.column(path, member)
        told = [value for value in column if value is not None]
        for index, value in enumerate(column if len(set(told)) < len(told) else ()):
            if value is not None and first.setdefault(value, index) != index:
                message = f"the {member} is that of record {first[value]} (records count from 0)"
                yield codes.REPEATED_RECORD(message, reading.at(path, index, member))

    return rule


def no_record_twice(path: str, *, measures: tuple[str, ...]) -> Rule:
    """No two records agree in everything but what is measured.

    What identifies a record is not listed, because sources are asked for ever other breakdowns: an unknown
    member tells records apart.
    """
    measured = frozenset(measures)

    def rule(reading: Reading) -> Iterator[Finding]:
        first: dict[bytes, int] = {}
        records = reading.whole_rows(path, but=measured)
        for index, record in enumerate(() if _clearly_differ(reading, path, measured) else records):
            about = {name: value for name, value in record.items() if name not in measured}
            key = orjson.dumps(about, option=orjson.OPT_SORT_KEYS)
            if first.setdefault(key, index) != index:
                message = f"differs from record {first[key]} (records count from 0) at most in what is measured"
                yield codes.REPEATED_RECORD(message, reading.at(path, index))

    return rule


def _clearly_differ(reading: Reading, path: str, measures: frozenset[str]) -> bool:
    """Whether the first members of the first record, but for measures, already tell all records apart.

    What differs is written differently. What does not, as ``1`` and ``1.0``, may be all the same: it says no.
    """
    records = reading.rows(path)
    # Some, lest a record of a hundred thousand members be compared with as many records.
    names = [name for name in islice(records[0], _MOST_COMPARED) if name not in measures] if records else []
    try:
        told = set(zip(*(reading.column(path, name) for name in names), strict=True))
    except TypeError:  # some hold more than a value
        return False
    return len(told) == len(records)


def some_above_zero(path: str, member: str) -> Rule:
    """The records' figures are not all 0, if there are any; digits in a string count as numbers."""

    def rule(reading: Reading) -> Iterator[Finding]:
        are_any = False
        for figure in reading.column(path, member):
            if figure is not None:
                if int(figure) != 0:  # as nearly always the first
                    return
                are_any = True
        if are_any:
            yield codes.ALL_ZERO(f"every {member} is 0", reading.at(path))

    return rule


def one_value(path: str, member: str) -> Rule:
    """All records that have the member agree in it: the account they are of."""

    def rule(reading: Reading) -> Iterator[Finding]:
        named = [
            (index, value) for index, value in enumerate(reading.column(path, member)) if value is not None
        ]
        for index, value in named:
            if value != named[0][1]:
                message = f"another {member} than in record {named[0][0]} (records count from 0)"
                yield codes.MIXED_ACCOUNTS(message, reading.at(path, index, member))

    return rule


def none_has(path: str, *foreign: str) -> Rule:
    """No record has a member that only records of another kind have: dumps under each other's names."""

    def rule(reading: Reading) -> Iterator[Finding]:
        records = reading.rows(path)
        if not all(isinstance(record, dict) for record in records):
            return  # which the schema refuses
        for index, record in enumerate(() if _no_record_has(reading, path, foreign) else records):
            found = [member for member in foreign if record.get(member) is not None]
            if found:
                message = f"records of this kind have no {found[0]!r}: another dump under this one's name"
                yield codes.OTHER_OPERATION(message, reading.at(path, index, found[0]))

    return rule


def _no_record_has(reading: Reading, path: str, members: Sequence[str]) -> bool:
    """Whether none of the members stands in any record."""
    count = len(reading.rows(path))
    return all(reading.column(path, member).count(None) == count for member in members)


def one_of(path: str, *members: str) -> Rule:
    """Each record has at least one of the members."""

    def rule(reading: Reading) -> Iterator[Finding]:
        all_have_one = any(None not in reading.column(path, member) for member in members)
        columns = () if all_have_one else [reading.column(path, member) for member in members]
        for index, values in enumerate(zip(*columns, strict=True)):
            if all(value is None for value in values):
                yield codes.MISSING_FIELD(f"none of {', '.join(members)} is there", reading.at(path, index))

    return rule


def in_all_or_none(path: str, *members: str) -> Rule:
    """Members that every record has when it is asked for them: one that lacks it has lost it."""

    def rule(reading: Reading) -> Iterator[Finding]:
        records = reading.rows(path)
        for member in members:
            column = reading.column(path, member)
            if not 0 < column.count(None) < len(column):
                continue
            for index in (index for index, value in enumerate(column) if value is None):
                is_there = member in records[index]
                message = (
                    f"the field {member!r} is {'null' if is_there else 'missing'}, which other records have"
                )
                code = codes.EMPTY_FIELD if is_there else codes.MISSING_FIELD
                yield code(message, reading.at(path, index, member))

    return rule


def usually_in_some(path: str, *members: str) -> Rule:
    """Members that at least one record of nearly every delivery has."""

    def rule(reading: Reading) -> Iterator[Finding]:
        records = reading.rows(path)
        for member in members:
            if records and reading.column(path, member).count(None) == len(records):
                message = f"no record has the field {member!r}"
                yield codes.OPTIONAL_BLOCK_MISSING(message, reading.at(path))

    return rule


def some_has_one_of(path: str, *members: str) -> Rule:
    """At least one record of nearly every delivery has at least one of the members."""

    def rule(reading: Reading) -> Iterator[Finding]:
        if reading.rows(path) and _no_record_has(reading, path, members):
            message = f"no record has any of {', '.join(members)}"
            yield codes.OPTIONAL_BLOCK_MISSING(message, reading.at(path))

    return rule


def range_in_order(path: str, first: str, last: str) -> Rule:
    """No range of days ends before it begins."""

    def rule(reading: Reading) -> Iterator[Finding]:
        columns = reading.column(path, first), reading.column(path, last)
        ranges = () if _are_in_order(*columns) else zip(*columns, strict=True)
        for index, (begins, ends) in enumerate(ranges):
            if begins is not None and ends is not None and begins > ends:
                message = f"{first} {begins} lies after {last} {ends}"
                yield codes.DATE_ORDER(message, reading.at(path, index, first))

    return rule


def _are_in_order(begins: Sequence[Any], ends: Sequence[Any]) -> bool:
    """Whether every range has both ends, in order."""
    return None not in begins and None not in ends and all(map(le, begins, ends))


def _newest(series: Sequence[Sequence[Any]], member: str) -> int:
    """The latest moment of all points, in seconds since 1970; -1 where there is none."""
    return max(map(int, map(itemgetter(member), chain.from_iterable(series))), default=-1)


def no_future_moment(path: str, points: str, member: str) -> Rule:
    """No point of a record's series, in seconds since 1970, lies more than one day beyond the capture."""

    def rule(reading: Reading) -> Iterator[Finding]:
        last = (reading.capture.captured_at + timedelta(days=1)).timestamp()
        series = [held or () for held in reading.column(path, points)]
        for index, held in enumerate(series if _newest(series, member) > last else ()):
            for number, point in enumerate(held):
                if int(point[member]) > last:
                    message = f"{member} lies after the capture on {reading.capture.day}"
                    yield codes.FUTURE_DATE(message, reading.at(path, index, points, number, member))

    return rule


def fresh_moments(path: str, points: str, member: str) -> Rule:
    """The newest point of all series, in seconds since 1970, is not older than the usual lag allows."""

    def rule(reading: Reading) -> Iterator[Finding]:
        last = (reading.capture.captured_at + timedelta(days=1)).timestamp()
        newest = _newest([held or () for held in reading.column(path, points)], member)
        if 0 <= newest <= last:  # later ones are another rule's business
            day = datetime.fromtimestamp(newest, UTC).date()
            yield from stale(day, reading.feed, reading.capture, lambda: reading.at(path))

    return rule


def no_future_time(path: str, *members: str) -> Rule:
    """No time of something done lies more than one day beyond the capture, each by its own clock."""

    def rule(reading: Reading) -> Iterator[Finding]:
        last = (reading.capture.day + timedelta(days=1)).isoformat()
        columns = [(member, [time or "" for time in reading.column(path, member)]) for member in members]
        are_late = any(max(times, default="")[: len(last)] > last for _, times in columns)
        for index in range(len(reading.rows(path)) if are_late else 0):
            for member, times in columns:
                if times[index][: len(last)] > last:
                    message = f"{member} lies after the capture on {reading.capture.day}"
                    yield codes.FUTURE_DATE(message, reading.at(path, index, member))

    return rule
