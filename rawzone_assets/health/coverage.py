"""Coverage: how much of what is stored was re-read within a window. Pure.

The rolling scrub tells it from the ledger's files, as it trusts no index; those who only look are told it from
the index, so that they can ask all day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rawzone_assets.zone.index_tallies import Batch
from rawzone_assets.zone.receipt import timestamp

_LONGEST_WINDOW = 36500  # days


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much was re-read within the window, of the zone or of one feed."""

    total_bytes: int
    covered_bytes: int
    oldest: str | None  # when the file unread for longest was read, UTC; None where there is no file

    @property
    def percent(self) -> float:
        """Rounded down: it is a hundred only where all was read."""
        return 10_000 * self.covered_bytes // self.total_bytes / 100 if self.total_bytes else 100.0


@dataclass(kw_only=True)
class _Sum:
    total: int = 0
    covered: int = 0
    oldest: str | None = None

    def add(self, size: int, read: str, since: str) -> None:
        self.total += size
        self.covered += size if read >= since else 0
        self.oldest = read if self.oldest is None or read < self.oldest else self.oldest

    def coverage(self) -> Coverage:
        return Coverage(total_bytes=self.total, covered_bytes=self.covered, oldest=self.oldest)


def coverage_of(
    batches: Iterable[Batch], scrubs: Sequence[tuple[int, int, str]], *, now: datetime, window: float
) -> tuple[Coverage, dict[str, Coverage]]:
    """How much was re-read in the last ``window`` days: of all, and of each feed.

    A commit's files are as old as the newest scrub that covered the commit, or as the commit itself.
    """
    stored = [batch for batch in batches if batch.stored_size]
    scrubbed = _newest_scrubs(scrubs, last=max((batch.seq for batch in stored), default=-1))
    read = ((b.feed, b.stored_size, max(b.at, scrubbed.get(b.seq, ""))) for b in stored)
    return covered(read, now=now, window=window)


def covered(
    stored: Iterable[tuple[str, int, str]], *, now: datetime, window: float
) -> tuple[Coverage, dict[str, Coverage]]:
    """How much was re-read in the last ``window`` days, of all and of each feed.

    ``stored`` are feeds, stored bytes, and when these were read last, as the ledger writes it.
    """
    # A century ago at most: no calendar has the days before its first.
    since = timestamp(now - timedelta(days=min(window, _LONGEST_WINDOW)))
    whole, by_feed = _Sum(), dict[str, _Sum]()
    for feed, size, read in stored:
        for found in (whole, by_feed.setdefault(feed, _Sum())):
            found.add(size, read, since)
    return whole.coverage(), {feed: found.coverage() for feed, found in by_feed.items()}


def _newest_scrubs(scrubs: Sequence[tuple[int, int, str]], *, last: int) -> dict[int, str]:
    """Commit to when the newest scrub of it began.

    Newest first, each commit is visited once, however often it was scrubbed: ``free`` leads past those done.
    """
    free = list(range(last + 2))

    def next_free(seq: int) -> int:
        while free[seq] != seq:
            free[seq] = free[free[seq]]
            seq = free[seq]
        return seq

    found: dict[int, str] = {}
    for first, end, began in sorted(scrubs, key=lambda span: span[2], reverse=True):
        seq = next_free(min(max(first, 0), last + 1))
        while seq <= min(end, last):
            found[seq] = began
            free[seq] = seq + 1
            seq = next_free(seq)
    return found
