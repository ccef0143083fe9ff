"""Throughput: how fast deliveries were promoted while promotion was at work, told from the ledger alone. Pure.

A batch was at work from when its first delivery had been judged until it was committed; batches at the same
time count once. So the judging of each batch's first delivery is not in it: the smaller the batches, the more
flattering the figure. What a crashed process began and a later one finished says nothing about speed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rawzone_assets.zone.index_tallies import Batch
from rawzone_assets.zone.receipt import moment

_LONGEST = timedelta(hours=1)  # a batch is at most some MiB: longer means that it was interrupted


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """What was decided and how long it took."""

    files: int = 0
    bytes: int = 0  # original
    seconds: float = 0.0  # at work, waits between batches not counted

    @property
    def files_per_second(self) -> float | None:
        return self.files / self.seconds if self.seconds else None

    @property
    def bytes_per_second(self) -> float | None:
        return self.bytes / self.seconds if self.seconds else None


def throughput_of(batches: Iterable[Batch]) -> Throughput:
    """The throughput of these batches together."""
    files = size = 0
    spans: list[tuple[datetime, datetime]] = []
    for batch in batches:
        began, ended = moment(batch.began or batch.at), moment(batch.at)
        if timedelta() < ended - began <= _LONGEST:
            files += batch.receipts
            size += batch.size
            spans.append((began, ended))
    return Throughput(files=files, bytes=size, seconds=_covered(spans).total_seconds())


def _covered(spans: list[tuple[datetime, datetime]]) -> timedelta:
    """How much time the spans cover, counted once."""
    covered = timedelta()
    reached: datetime | None = None
    for began, ended in sorted(spans):
        start = began if reached is None else max(began, reached)
        if ended > start:
            covered += ended - start
            reached = ended
    return covered
