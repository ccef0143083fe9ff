"""Launches: which runs a sensor should ask for, and when again after a failure. Pure.

Level-triggered: what is pending now decides, never what was seen before. The cursor holds one short entry for
each feed with something pending, so that the same pending set is not launched twice a minute.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_LONGEST_SPAN = timedelta(days=31)
_MOST_MONTHS = 12
_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 5, 25, 120))
"""Before the first and each further attempt. The last pause repeats for ever: a disk that is freed overnight
must not wait for a person, and twelve failed runs a day are bearable."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The newest launch for a pending set."""

    fingerprint: str
    number: int
    at: datetime

    @property
    def next_at(self) -> datetime:
        """When the same set may be launched again."""
        return self.at + _PAUSES[min(self.number, len(_PAUSES) - 1)]


def fingerprint(parts: Iterable[str]) -> str:
    """A pending set in eight digits."""
    return hashlib.sha256("\n".join(sorted(parts)).encode(errors="surrogateescape")).hexdigest()[:8]


def next_attempt(previous: Attempt | None, pending: str, now: datetime) -> Attempt | None:
    """The attempt to launch now, or ``None`` while the pause after the last one lasts."""
    if previous is None or previous.fingerprint != pending:
        return Attempt(fingerprint=pending, number=1, at=now)
    if now < previous.next_at:
        return None
    return Attempt(fingerprint=pending, number=previous.number + 1, at=now)


def spans(days: Sequence[str]) -> list[tuple[str, str]]:
    """First and last day of each run: one run for up to a month, else one a calendar month or year.

    A range run costs the same whether its days hold something or not, so holes need no run of their own.
    """
    ordered = sorted(days)
    if not ordered:
        return []
    first, last = date.fromisoformat(ordered[0]), date.fromisoformat(ordered[-1])
    if last - first < _LONGEST_SPAN:
        return [(ordered[0], ordered[-1])]
    by_month = _grouped(ordered, len("2024-05"))
    return by_month if len(by_month) <= _MOST_MONTHS else _grouped(ordered, len("2024"))


def yearly_spans(days: Sequence[str]) -> list[tuple[str, str]]:
    """One run a calendar year, for a caller that waits for the end anyway."""
    return _grouped(sorted(days), len("2024"))


def read_cursor(cursor: str | None) -> dict[str, Attempt]:
    """The attempts that a sensor noted; none when the cursor is empty or not ours."""
    try:
        noted = json.loads(cursor or "{}")
        return {
            name: Attempt(fingerprint=entry[0], number=int(entry[1]), at=datetime.fromtimestamp(entry[2], UTC))
            for name, entry in noted.items()
        }
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
        return {}


def write_cursor(attempts: Mapping[str, Attempt]) -> str:
    """The attempts as the sensor keeps them between two ticks: JSON, which must stay small."""
    noted = {name: [a.fingerprint, a.number, int(a.at.timestamp())] for name, a in sorted(attempts.items())}
    return json.dumps(noted, separators=(",", ":"))


def _grouped(days: Sequence[str], prefix: int) -> list[tuple[str, str]]:
    groups: dict[str, list[str]] = {}
    for day in days:
        groups.setdefault(day[:prefix], []).append(day)
    return [(group[0], group[-1]) for group in groups.values()]
