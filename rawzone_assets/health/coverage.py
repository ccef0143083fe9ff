"""Coverage: how much of what is stored was re-read within a window, for those who only look.

The rolling scrub tells the same from the ledger's files, as it trusts no index; here the index answers, so that
it can be asked all day. Pure but for the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rawzone_assets.health.rolling import Coverage, beginning_of
from rawzone_assets.zone.index_tallies import Batch


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
    since = beginning_of(window, now)
    scrubbed = _newest_scrubs(scrubs, last=max((batch.seq for batch in stored), default=-1))
    whole, by_feed = _Sum(), dict[str, _Sum]()
    for batch in stored:
        read = max(batch.at, scrubbed.get(batch.seq, ""))
        for found in (whole, by_feed.setdefault(batch.feed, _Sum())):
            found.add(batch.stored_size, read, since)
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
