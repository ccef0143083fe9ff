"""Restatement: whether days that earlier deliveries told have other figures now. Pure.

What a delivery tells of days is kept as a diary: a byte of digest for each day, of at most a year, so that
receipts stay small and hold no figure. The newest days always change, being partial or not all counted yet: a
diary leaves out what the feed's usual lag and its ``settled_after`` say may still move, and its newest day.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding

MOST_DAYS = 366
"""Of a diary, the newest. Longer histories exist, and what is older than a year is not compared."""

Diary = Mapping[str, str]
"""``from`` (the first day), ``of`` (the names, digested), ``days`` and, if any, ``records`` (base64)."""

_ABSENT = 0
_LONGEST_NUMBER = 40
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


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one record tells of a day: by what it is told apart from others of the day, and its figures."""

    day: date
    by: Sequence[Any]
    figures: Sequence[Any]


def diary_of(told: Iterable[Told], names: Sequence[str], *, until: date, by_record: bool) -> Diary | None:
    """The diary of the days up to ``until``; ``None`` when there is none of them."""
    days: dict[date, list[tuple[list[str], list[str]]]] = {}
    for record in told:
        if record.day <= until:
            entry = [_plain(value) for value in record.by], [_plain(value) for value in record.figures]
            days.setdefault(record.day, []).append(entry)
    if not days:
        return None
    last = max(days)
    first = max(min(days), last - (MOST_DAYS - 1) * _DAY)
    window = [sorted(days.get(first + n * _DAY, [])) for n in range((last - first).days + 1)]
    diary = {
        "from": first.isoformat(),
        "of": hashlib.sha256(orjson.dumps(list(names))).hexdigest()[:4],
        "days": b64encode(bytes(_digest(entries) for entries in window)).decode(),
    }
    if by_record:
        keys = ([by for by, _ in entries] for entries in window)
        diary["records"] = b64encode(bytes(_digest(entries) for entries in keys)).decode()
    return diary


def restatement_findings(now: Diary | None, past: Iterable[Diary]) -> Iterator[Finding]:
    """The advisory finding that days have other figures than the newest delivery had that told them.

    ``past`` are the diaries of earlier deliveries, newest first. A day that came or went within what both tell
    is told otherwise, unless days have several records: which they are changes rightly, campaigns end.
    """
    if now is None:
        return
    here = _read(now)
    left = set(here)
    compared, changed = 0, []
    for diary in past:
        if diary["of"] != now["of"] or not left:
            continue
        before = _read(diary)
        for day in left & before.keys():
            (figures, records), (figures_before, records_before) = here[day], before[day]
            if records == records_before:
                compared += 1
                if figures != figures_before:
                    changed.append(day)
        left -= before.keys()
    if changed:
        verb = "has" if len(changed) == 1 else "have"
        extent = f"{min(changed)}" if len(changed) == 1 else f"from {min(changed)} to {max(changed)}"
        known = f"{compared:,} days that an earlier delivery told"
        yield codes.RESTATED_DAYS(f"{len(changed):,} of the {known} {verb} other figures now: {extent}")


def _read(diary: Diary) -> dict[date, tuple[int, int]]:
    """The digests of each day: of its figures, and of which records it has."""
    first = date.fromisoformat(diary["from"])
    days = b64decode(diary["days"])
    records = b64decode(diary["records"]) if "records" in diary else bytes(len(days))
    return {first + n * _DAY: pair for n, pair in enumerate(zip(days, records, strict=True))}


def _digest(entries: Sequence[Any]) -> int:
    """From 1 to 255, or 0 when there is nothing."""
    if not entries:
        return _ABSENT
    return 1 + int.from_bytes(hashlib.sha256(orjson.dumps(entries)).digest()[:8]) % 255


def _plain(value: Any) -> str:
    """A figure as text that is the same however the source writes it: ``"843"``, ``843``, ``843.0``."""
    text = "" if value is None else str(value)
    if len(text) > _LONGEST_NUMBER:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return str((number + 0).normalize()) if number.is_finite() else text
