"""The oracle's forms: what days, counts and amounts are, written anew from FORMATS.md and validation_rules.md.

Nothing of ``rawzone_assets`` is imported in the ``oracle_`` modules: what they say is a second opinion. They
speak of accepted deliveries only and yield each rule that one breaks, in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

Broken = Iterator[str]

MOST = 10**15


def is_day(text: Any) -> bool:
    if not (isinstance(text, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text)):
        return False
    try:
        return datetime.strptime(text, "%Y-%m-%d").date() is not None  # noqa: DTZ007
    except ValueError:
        return False


def is_moment(text: Any) -> bool:
    if not isinstance(text, str) or not re.fullmatch(
        r"[0-9-]{10}T[0-9:]{8}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:?[0-9]{2})", text
    ):
        return False
    try:
        datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007
    except ValueError:
        return False
    return True


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """JSON has one kind of number: 7.0 is whole."""
    return is_number(value) and float(value).is_integer()


def is_count(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch("[0-9]{1,15}", value) is not None
    return is_number(value) and 0 <= value <= MOST and is_whole(value)


def is_decimal(text: Any) -> bool:
    return isinstance(text, str) and re.fullmatch(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)", text) is not None


def is_amount(value: Any) -> bool:
    if isinstance(value, str):
        return is_decimal(value) and not value.startswith("-")
    return is_number(value) and value >= 0


def is_digits(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9]{1,30}", value) is not None


def is_scientific(text: Any) -> bool:
    """What a spreadsheet makes of a long identifier."""
    return isinstance(text, str) and re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+", text) is not None


def is_rewritten_day(text: Any) -> bool:
    """What a spreadsheet makes of a day."""
    return isinstance(text, str) and any(
        re.fullmatch(pattern, text)
        for pattern in (
            r"[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4}",
            r"[0-9]{1,2}/[0-9]{4}",
            r"([0-9]{1,2}-)?[A-Za-z]{3}-[0-9]{2,4}",
            r"[0-9]{1,2}-[A-Za-z]{3}",
        )
    )


def last_day(capture: date) -> str:
    """No datum is later than one day after the capture."""
    return (capture + timedelta(days=1)).isoformat()


def days(rows: Iterable[Any], member: str, capture: date, *, once: bool = True) -> Broken:
    """A series of days: real days, none after the capture, none twice."""
    told: set[str] = set()
    for row in rows:
        day = row.get(member)
        if not is_day(day):
            yield f"{member} is no day"
            continue
        if day > last_day(capture):
            yield f"{member} lies after the capture"
        if once and day in told:
            yield f"{member} repeats a day"
        told.add(day)


def each(rows: Any, what: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The objects of a list, and what is broken when it is no list of objects."""
    if not isinstance(rows, list):
        return [], [f"{what} is no list"]
    objects = [row for row in rows if isinstance(row, dict)]
    return objects, [] if len(objects) == len(rows) else [f"{what} holds something else than objects"]


def unique(values: Iterable[Any], what: str) -> Broken:
    told: set[Any] = set()
    for value in values:
        if value in told:
            yield f"{what} stands twice"
        told.add(value)
