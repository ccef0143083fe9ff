"""Promotion: the way of landed files into raw, in batches of one feed each.

``promote`` reads, judges and publishes; ``decision`` alone says what becomes of a delivery. A refused
delivery is a result, never an exception, and one file that cannot be read holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Any, TypeVar

from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.modes import Mode, Secrets
from rawzone_assets.contract.naming import as_delivered
from rawzone_assets.contract.schemas import load_schema
from rawzone_assets.zone.drafts import Draft
from rawzone_assets.zone.errors import DiskAlmostFull, KeyOccupied, UnreadableLanding
from rawzone_assets.zone.index_seen import SeenFile, Standing
from rawzone_assets.zone.intake import Intake, Judge, Source, place_objections
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.landing import ChangedWhileRead, Unreadable
from rawzone_assets.zone.receipt import Receipt, Verdict, printable_path
from rawzone_assets.zone.room import PLENTY
from rawzone_assets.zone.survey import Delivery, Waiting
from rawzone_assets.zone.zone import Zone

MOST_FILES = 256
MOST_BYTES = 24 * 2**20
"""A batch is limited by bytes too, so that a few large reports do not hold hundreds of small ones in memory."""

_SYNCS_AT_ONCE = 8

_Done = TypeVar("_Done")
Progress = Callable[[Sequence[Delivery], "Outcome"], None]


@dataclass(kw_only=True)
class Outcome:
    """What a promotion came to, batch by batch."""

    receipts: list[Receipt] = field(default_factory=list)
    unchanged: int = 0
    waiting: list[Waiting] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    occupied: list[KeyOccupied] = field(default_factory=list)
    full: DiskAlmostFull | None = None  # the first that did not fit

    def count(self, verdict: Verdict) -> int:
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
            raise UnreadableLanding(labels, self.unreadable[0].reason)
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

    ``parallel`` deliveries of a batch are read, judged and staged at a time; ``judge`` must allow that.
    ``source`` is where they lie, if not in landing.

    Raises:
        ZoneError: The environment failed. What was committed stays, everything else stays in landing.
    """
    outcome = Outcome()
    for feed, batch in _batches(deliveries):
        spare = _is_oversized(batch[0])
        try:
            done = _promote_batch(
                zone,
                feed,
                batch,
                judge=judge,
                run_id=run_id,
                source=source or zone.landing,
                parallel=parallel,
                reserves=PLENTY if spare else 1,
            )
        except DiskAlmostFull as full:  # a smaller delivery may still fit
            done = Outcome(waiting=[_no_room(batch[0])]) if spare else Outcome(full=full)
        outcome.receipts += done.receipts
        outcome.unchanged += done.unchanged
        outcome.waiting += done.waiting
        outcome.unreadable += done.unreadable
        outcome.occupied += done.occupied
        outcome.full = outcome.full or done.full
        if progress:
            progress(batch, done)
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


def contract_of(feed: Feed, name: str) -> dict[str, Any]:
    """The contract as receipts name it: enough to judge the same bytes the same way again."""
    feed = as_delivered(feed, name)
    contract: dict[str, Any] = {
        "feed_version": feed.version,
        "schema": f"schemas/{feed.schema}",
        "schema_sha256": load_schema(feed.schema).sha256,
        "rules_version": feed.rules_version,
    }
    modes = {code: str(mode) for code, mode in sorted(feed.modes.items()) if mode is not Mode.ENFORCE}
    if modes:
        contract["modes"] = modes
    if feed.secrets is not Secrets.FLAG:
        contract["secrets"] = str(feed.secrets)
    return contract


def _is_oversized(delivery: Delivery) -> bool:
    """Whether it will be refused for its size: a copy is kept, but not at the expense of good deliveries."""
    return delivery.landed.size > delivery.recognized.feed.max_size


def _no_room(delivery: Delivery) -> Waiting:
    reason = "larger than its feed allows, and the disk has no room to spare for a copy"
    return Waiting(landed=delivery.landed, feed_id=delivery.feed_id, reason=reason)


def _promote_batch(
    zone: Zone,
    feed: Feed,
    deliveries: list[Delivery],
    *,
    judge: Judge,
    run_id: str,
    source: Source,
    parallel: int,
    reserves: int,
) -> Outcome:
    outcome = Outcome()
    reserve = reserves * zone.settings.reserve
    feed = zone.settings.policy.applied_to(feed)
    deliveries = [
        replace(delivery, recognized=replace(delivery.recognized, feed=feed)) for delivery in deliveries
    ]
    publisher = zone.publisher(run_id)
    now = zone.clock()
    start: date = zone.settings.start or feed.start
    zone.refuse_when_full(reserve=reserve)
    with publisher.batch(reserve=reserve) as batch, _syncers(parallel) as syncers:
        zone.index.catch_up()
        intake = Intake(zone.files, source, zone.index, batch, judge=judge, clock=zone.clock, syncers=syncers)
        drafts: list[tuple[Delivery, Draft]] = []
        done: list[tuple[Delivery, Verdict]] = []
        unwanted: list[tuple[Delivery, Finding]] = []

        def draft(delivery: Delivery) -> Draft | Verdict | Finding | ChangedWhileRead | Unreadable:
            objections = place_objections(delivery, start=start, now=now)
            try:
                return intake.draft(
                    delivery,
                    objections=objections,
                    contract=contract_of(feed, delivery.recognized.capture.name),
                )
            except (ChangedWhileRead, Unreadable) as problem:
                return problem

        for delivery, drafted in zip(deliveries, _each(draft, deliveries, parallel), strict=True):
            if isinstance(drafted, Verdict):
                done.append((delivery, drafted))
            elif isinstance(drafted, Draft):
                drafts.append((delivery, drafted))
            elif isinstance(drafted, Finding):
                unwanted.append((delivery, drafted))
            elif isinstance(drafted, Unreadable):
                outcome.unreadable.append(drafted)
            else:
                outcome.waiting.append(
                    Waiting(landed=delivery.landed, feed_id=feed.id, reason="changed while it was read")
                )
        published = publisher.publish(batch, [draft for _, draft in drafts])
    outcome.receipts += published.receipts
    strangers = [(delivery.landed, finding) for delivery, finding in unwanted]
    outcome.receipts += record_unrecognized(zone, strangers, run_id=run_id)
    zone.remember((delivery, Verdict.UNRECOGNIZED) for delivery, _ in unwanted)
    outcome.occupied += published.occupied
    unchanged = {id(draft) for draft in published.unchanged}
    for delivery, drafted in drafts:
        if id(drafted) in unchanged:
            done.append((delivery, zone.verdict_on(drafted.candidate) or drafted.receipt.verdict))
    outcome.unchanged += len(done)
    zone.remember(done)
    return outcome


@contextmanager
def _syncers(parallel: int) -> Iterator[Executor | None]:
    """Threads that wait for the disk: several at once share a write of its journal. None for one at a time."""
    if parallel <= 1:
        yield None
        return
    with ThreadPoolExecutor(max_workers=_SYNCS_AT_ONCE) as pool:
        yield pool


def _each(work: Callable[[Delivery], _Done], deliveries: list[Delivery], parallel: int) -> Iterator[_Done]:
    """The results in order; with one at a time also the work is done in order, in this thread."""
    if parallel <= 1:
        yield from map(work, deliveries)
        return
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        yield from pool.map(work, deliveries)


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
