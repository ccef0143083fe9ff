"""Stamps: the dates and times that names carry, and what they mean in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from functools import cache

_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:_(\d\d)(\d\d)(\d\d)(?:_(\d{6}))?)?", re.ASCII)
_FIRST_DAY = re.compile(r"_(\d{4}-\d{2}-\d{2})_\d{10}_", re.ASCII)


def parse_stamp(stamp: str) -> datetime | None:
    """``YYYYMMDD[_HHMMSS[_ffffff]]`` as a naive local time, or ``None`` when it is no date of the calendar."""
    found = _STAMP.fullmatch(stamp)
    if found is None:
        return None
    try:  # four times as fast as ``strptime``, which also reads the digits of other scripts
        local = _of_numbers(*map(int, found.groups("0")))
    except ValueError:
        return None
    return local if may_be_meant(local) else None


def may_be_meant(moment: datetime) -> bool:
    """Whether a source of a label can mean that year: of others, digits or an empty field look like a date."""
    return 1970 <= moment.year < 3000


def _of_numbers(*numbers: int) -> datetime:
    year, month, day, hour, minute, second, fraction = numbers
    # The zone is the platform's, added by the caller.
    return datetime(year, month, day, hour, minute, second, fraction)  # noqa: DTZ001


def first_day(name: str) -> date | None:
    """The first day of the data, when the name tells it beside the capture's epoch."""
    found = _FIRST_DAY.search(name)
    stamp = parse_stamp(found[1].replace("-", "")) if found else None
    return stamp.date() if stamp else None


def stamp_of(match: re.Match[str]) -> datetime | None:
    """When a name of a template says its file was captured: local, naive; or UTC, aware where it has an epoch.

    A name that gives only a reporting month means the first day on which that month is over: the earliest on
    which its report can have been captured, and the same for every copy of it.
    """
    tokens = match.groupdict()
    if "month" in tokens:
        month, year = int(tokens["month"][:2]), int(tokens["month"][3:])
        return parse_stamp(f"{year + month // 12:04d}{month % 12 + 1:02d}01") if 1 <= month <= 12 else None
    if "epoch" in tokens:
        if parse_stamp(tokens["day"].replace("-", "")) is None:
            return None
        return datetime.fromtimestamp(int(tokens["epoch"]), UTC)
    return parse_stamp(tokens["ts"])


def to_utc(local: datetime, zone: str) -> datetime:
    """A naive local time as UTC; in the hour that a clock change repeats, the earlier of the two is meant."""
    return local.replace(tzinfo=_zone(zone)).astimezone(UTC)


def as_stamped(told: datetime, zone: str) -> datetime:
    """A time as a stamp of that zone says it; one without an offset is told so already."""
    return told.astimezone(_zone(zone)).replace(tzinfo=None) if told.tzinfo else told


@cache
def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # noqa: PLC0415  who judges needs no time zones, which take five milliseconds

    return ZoneInfo(name)
