"""Backtest: what today's contract would say of everything a feed has stored. Nothing is written.

Objects and open refusals are read, checked against their receipts, judged again and compared with what their
receipts say. Duplicates are not: their bytes are those of an object. What to do about a difference is for the
contract's author to say, or for a replay.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from rawzone_assets.contract.feed import Feed
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.judge import Judge
from rawzone_assets.zone.past import OF_THE_PAST
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.rejudging import Rejudged, Unsound, rejudge
from rawzone_assets.zone.zone import Zone

_AT_ONCE = 256
"""Judged before the next are read from the index, so that a long history does not pile up."""


class Change(StrEnum):
    """How today's judgement of a stored delivery differs from its receipt."""

    NONE = "none"
    NEWLY_REFUSED = "newly_refused"
    NEWLY_ACCEPTED = "newly_accepted"
    FINDINGS = "findings"  # the verdict stays


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One stored delivery, judged again: the codes that only today's contract, or only the receipt, finds."""

    entry: Entry
    change: Change
    added: tuple[str, ...]
    removed: tuple[str, ...]
    blocking: tuple[str, ...]  # what blocks it today


@dataclass(frozen=True, kw_only=True)
class Unjudged:
    """A stored delivery that cannot be judged, and why."""

    entry: Entry
    reason: str


def backtest(
    zone: Zone,
    feed: Feed,
    *,
    judge: Judge,
    since: str | None = None,
    until: str | None = None,
    parallel: int = 1,
) -> Generator[Compared | Unjudged, None, None]:
    """Compare each stored delivery of a feed with what contract and policy say today. Close it before the zone.

    ``parallel`` deliveries are read and judged at a time; ``judge`` must allow that.
    """
    feed = zone.settings.policy.applied_to(feed)

    def compared(entry: Entry) -> Compared | Unjudged:
        try:
            return compare(rejudge(zone, feed, entry, judge=judge))
        except Unsound as problem:
            return Unjudged(entry=entry, reason=str(problem))

    stored = _stored(zone, feed, since, until)
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        while batch := list(islice(stored, _AT_ONCE)):
            yield from pool.map(compared, batch)


def compare(rejudged: Rejudged) -> Compared:
    """How today's judgement of a delivery differs from the receipt's, but for what only the past can tell."""
    before = {finding["code"] for finding in rejudged.receipt.findings} - OF_THE_PAST
    now = {finding["code"] for finding in rejudged.findings}
    was_refused = rejudged.receipt.verdict is Verdict.QUARANTINED
    change = Change.NONE
    if rejudged.refused != was_refused:
        change = Change.NEWLY_REFUSED if rejudged.refused else Change.NEWLY_ACCEPTED
    elif before != now:
        change = Change.FINDINGS
    return Compared(
        entry=rejudged.entry,
        change=change,
        added=tuple(sorted(now - before)),
        removed=tuple(sorted(before - now)),
        blocking=tuple(sorted({f["code"] for f in rejudged.findings if f["blocking"]})),
    )


def _stored(zone: Zone, feed: Feed, since: str | None, until: str | None) -> Iterator[Entry]:
    only: Sequence[str] = [feed.id]
    gone = {erasure.sha256 for erasure in zone.index.custody.erasures()}  # by law: nothing is left to judge
    for entry in zone.index.entries(feeds=only, since=since, until=until, verdicts=[Verdict.PROMOTED]):
        if entry.receipt.sha256 not in gone:
            yield entry
    yield from zone.index.entries(feeds=only, since=since, until=until, open_refusals=True)
