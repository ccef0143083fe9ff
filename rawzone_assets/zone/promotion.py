"""Promotion: the way of landed files into raw, in batches of one feed each.

``promote`` reads, judges and publishes; ``decision`` alone says what becomes of a delivery. A refused
delivery is a result, never an exception, and one file that cannot be read holds up no other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.findings import Finding
from rawzone_assets.zone.committed import Committed
from rawzone_assets.zone.drafting import BatchUnderWay, Drafting
from rawzone_assets.zone.drafts import Draft
from rawzone_assets.zone.errors import DiskAlmostFull, KeyOccupied
from rawzone_assets.zone.index_seen import SeenFile, Standing
from rawzone_assets.zone.judge import Judge
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.landing import Unreadable
from rawzone_assets.zone.landing_errors import UnreadableLanding
from rawzone_assets.zone.reading import Source
from rawzone_assets.zone.receipt import Receipt, Verdict, printable_path
from rawzone_assets.zone.room import PLENTY
from rawzone_assets.zone.survey import Delivery, Waiting
from rawzone_assets.zone.zone import Zone

MOST_FILES = 256
MOST_BYTES = 24 * 2**20
"""A batch is limited by bytes too, so that a few large reports do not hold hundreds of small ones in memory."""

Progress = Callable[[Sequence[Delivery], "Outcome"], None]


@dataclass(kw_only=True)
class Outcome:
    """What a promotion, or a batch of it, came to."""

    receipts: Sequence[Receipt] = ()
    commit: int | None = None  # the number under which a batch was committed
    unchanged: int = 0
    waiting: list[Waiting] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    occupied: list[KeyOccupied] = field(default_factory=list)
    full: DiskAlmostFull | None = None  # the first that did not fit

    def count(self, verdict: Verdict) -> int:
        if isinstance(self.receipts, Committed):
            return self.receipts.verdicts[verdict]
        return sum(receipt.verdict is verdict for receipt in self.receipts)

    def raise_for_environment(self) -> None:
        """Raise what an operator must act on, after everything else was done.

        Raises:
            ZoneError: The disk is almost full, a file could not be read, or a foreign one occupies a key.
        """
        if self.full:
            raise self.full
        if self.unreadable:
            labels = tuple(problem.label for problem in self.unreadable)
            raise UnreadableLanding(labels, [problem.reason for problem in self.unreadable])
        if self.occupied:
            raise self.occupied[0]


def promote(
    zone: Zone,
    deliveries: Iterable[Delivery],
    *,
    judge: Judge,
    run_id: str,
    source: Source | None = None,
    parallel: int = 1,
    progress: Progress | None = None,
) -> Outcome:
    """Promote, link or quarantine each delivery, in the order given, as one commit a batch.

    ``parallel`` deliveries are judged at a time, and a batch is drafted while the one before is published;
    ``judge`` must allow that. ``source`` is where they lie, if not in landing.

    ``progress`` is told what each batch came to, with its receipts. Those of the whole outcome are read from
    the ledger again when they are asked for: memory does not grow with them.

    Raises:
        ZoneError: The environment failed. What was committed stays, everything else stays in landing.
    """
    receipts = Committed(zone.ledger)
    outcome = Outcome(receipts=receipts)

    def begin(feed: Feed, batch: Sequence[Delivery]) -> BatchUnderWay:
        reserves = PLENTY if _is_oversized(batch[0]) else 1
        return drafting.begin(feed, batch, reserve=reserves * zone.settings.reserve)

    def settle(batch: BatchUnderWay) -> None:
        done = _settled(zone, batch, run_id)
        if done.full and done.full.leaves_room and len(batch.deliveries) > 1:
            # One that does not fit, or whose refused copy does not, must not hold up those that do.
            feed, middle = batch.deliveries[0].recognized.feed, len(batch.deliveries) // 2
            for half in (batch.deliveries[:middle], batch.deliveries[middle:]):
                settle(begin(feed, half))
            return
        if done.commit is not None:
            receipts.add_commit(done.commit, [one for one in done.receipts if not _is_stranger(one)])
        receipts.add([one for one in done.receipts if _is_stranger(one)])
        outcome.unchanged += done.unchanged
        outcome.waiting += done.waiting
        outcome.unreadable += done.unreadable
        outcome.occupied += done.occupied
        outcome.full = outcome.full or done.full
        if progress:
            progress(batch.deliveries, done)

    source = source or zone.landing
    with Drafting(zone, source, judge=judge, run_id=run_id, parallel=parallel) as drafting:
        under_way: deque[BatchUnderWay] = deque()
        for feed, batch in _batches(deliveries):
            under_way.append(begin(feed, batch))
            while under_way and not drafting.may_begin(under_way):
                settle(under_way.popleft())
        while under_way:
            settle(under_way.popleft())
    return outcome


def record_unrecognized(
    zone: Zone, strangers: Sequence[tuple[Landed, Finding]], *, run_id: str
) -> tuple[Receipt, ...]:
    """Record landed files of no feed, once each; they stay where they are."""
    receipts = []
    for landed, finding in strangers:
        path, path_bytes = printable_path(landed.full_path)
        record = {**finding.as_json(), "check": "recognized"}
        receipts.append(
            Receipt(
                verdict=Verdict.UNRECOGNIZED,
                landing_path=path,
                landing_path_bytes=path_bytes,
                size=landed.size,
                landed=landed.identity,
                findings=(record,),
            )
        )
    if not receipts:
        return ()
    recorded = zone.publisher(run_id).record_unrecognized(receipts)
    # A path may have been a delivery in between: what it is now is what counts.
    zone.index.remember(
        SeenFile(landed.label, landed.entity, Standing(None, Verdict.UNRECOGNIZED)) for landed, _ in strangers
    )
    return recorded


def _is_oversized(delivery: Delivery) -> bool:
    """Whether it will be refused for its size: a copy is kept, but not at the expense of good deliveries."""
    return delivery.landed.size > delivery.recognized.feed.max_size


def _is_stranger(receipt: Receipt) -> bool:
    """Whether it was recorded beside a batch: its bytes were erased by law."""
    return receipt.verdict is Verdict.UNRECOGNIZED


def _no_room(delivery: Delivery) -> Waiting:
    reason = "larger than its feed allows, and the disk has no room to spare for a copy"
    return Waiting(landed=delivery.landed, feed_id=delivery.feed_id, reason=reason)


def _settled(zone: Zone, batch: BatchUnderWay, run_id: str) -> Outcome:
    """Publish a batch, once all of it is drafted; what that came to."""
    try:
        return _published(zone, batch, run_id)
    except DiskAlmostFull as full:  # a smaller delivery may still fit
        first = batch.deliveries[0]
        return Outcome(waiting=[_no_room(first)]) if _is_oversized(first) else Outcome(full=full)


def _published(zone: Zone, batch: BatchUnderWay, run_id: str) -> Outcome:
    outcome = Outcome()
    drafts: list[tuple[Delivery, Draft]] = []
    done: list[tuple[Delivery, Verdict]] = []
    unwanted: list[tuple[Delivery, Finding]] = []
    with batch:
        for delivery, drafted in batch.drafts():
            if isinstance(drafted, Draft):
                drafts.append((delivery, drafted))
            elif isinstance(drafted, Verdict):
                done.append((delivery, drafted))
            elif isinstance(drafted, Finding):
                unwanted.append((delivery, drafted))
            elif isinstance(drafted, Unreadable):
                outcome.unreadable.append(drafted)
            else:
                reason = "changed while it was read"
                outcome.waiting.append(Waiting(landed=delivery.landed, feed_id=delivery.feed_id, reason=reason))
        published = batch.publish([draft for _, draft in drafts])
    outcome.receipts = published.receipts
    outcome.commit = published.commit.seq if published.commit else None
    if unwanted:
        strangers = [(delivery.landed, finding) for delivery, finding in unwanted]
        outcome.receipts = (*published.receipts, *record_unrecognized(zone, strangers, run_id=run_id))
        zone.remember((delivery, Verdict.UNRECOGNIZED) for delivery, _ in unwanted)
    outcome.occupied += published.occupied
    unchanged = {id(draft) for draft in published.unchanged}
    for delivery, drafted in drafts:
        if id(drafted) in unchanged:
            done.append((delivery, zone.verdict_on(drafted.candidate) or drafted.receipt.verdict))
    outcome.unchanged += len(done)
    if done:
        zone.remember(done)
    return outcome


def _batches(deliveries: Iterable[Delivery]) -> Iterator[tuple[Feed, list[Delivery]]]:
    for _, group in groupby(deliveries, key=lambda delivery: delivery.feed_id):
        batch: list[Delivery] = []
        size = 0
        for delivery in group:
            full = len(batch) >= MOST_FILES or size + delivery.landed.size > MOST_BYTES
            if batch and (full or _is_oversized(delivery) or _is_oversized(batch[0])):
                yield batch[0].recognized.feed, batch
                batch, size = [], 0
            batch.append(delivery)
            size += delivery.landed.size
        if batch:
            yield batch[0].recognized.feed, batch
