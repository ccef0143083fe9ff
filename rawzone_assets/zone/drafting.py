"""Drafting: batches under way, read, judged and staged by threads while the batch before is published.

Publishing is one thread's work, under the zone's lock. Were nothing drafted meanwhile, the judges would stand
idle for as long. What is drafted early is decided like everything else only when its turn to be published has
come, so the outcome does not depend on how far ahead it was begun.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from itertools import chain
from types import TracebackType
from typing import Self

from rawzone_assets.contract.feed import Feed
from rawzone_assets.zone.committing import Published
from rawzone_assets.zone.drafts import Draft
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.garbage import collected_seldom
from rawzone_assets.zone.intake import Drafted, Intake
from rawzone_assets.zone.judge import Judge
from rawzone_assets.zone.landing import HELD_IN_MEMORY
from rawzone_assets.zone.portions import portions
from rawzone_assets.zone.publishing import Publisher
from rawzone_assets.zone.reading import Source
from rawzone_assets.zone.staging import Batch
from rawzone_assets.zone.survey import Delivery
from rawzone_assets.zone.writing import Writers
from rawzone_assets.zone.zone import Zone

_MOST_FILES = 64  # of a portion
_LEAST_BYTES, _MOST_BYTES = 2**18, 2**21  # of a portion, and in between an eighth of its batch
_SHARE = 8  # so that all who draft have some
_MOST_BATCHES, _MOST_BYTES_HELD = 3, 96 * 2**20  # under way: a large report leaves room for others beside it

Drafter = Callable[[Sequence[Delivery]], list[Drafted]]


class Drafting:
    """Begins batches, and sees to it that none is left open. A context manager."""

    def __init__(self, zone: Zone, source: Source, *, judge: Judge, run_id: str, parallel: int) -> None:
        """With ``parallel`` above 1 threads draft; with 1 each delivery is drafted when it is asked for."""
        self._zone = zone
        self._source = source
        self._judge = judge
        self._run_id = run_id
        self._begun: list[BatchUnderWay] = []
        # One more than are judged at a time: while they wait for the judges, it reads and compresses.
        self._drafters = ThreadPoolExecutor(max_workers=parallel + 1) if parallel > 1 else None
        # Who waits for the judges, while a drafter compresses what they judge.
        self._waiters = ThreadPoolExecutor(max_workers=parallel + 1) if parallel > 1 else None
        self._writers = Writers(zone.files) if parallel > 1 else None
        self._stack = ExitStack()

    def may_begin(self, under_way: Collection[BatchUnderWay]) -> bool:
        """Whether another batch may be drafted before one of these is published."""
        if self._drafters is None:
            return False
        return len(under_way) < _MOST_BATCHES and sum(batch.size for batch in under_way) < _MOST_BYTES_HELD

    def begin(self, feed: Feed, deliveries: Iterable[Delivery], *, reserve: int) -> BatchUnderWay:
        """Open a batch of one feed and let it be drafted, with ``reserve`` bytes kept free.

        What cannot be done is raised when the batch is entered, so that those before it are published first.
        """
        feed = self._zone.settings.policy.applied_to(feed)
        batch = BatchUnderWay([_judged_by(feed, one) for one in deliveries])
        self._begun = [*(one for one in self._begun if one.is_open), batch]
        try:
            self._zone.index.catch_up()
            self._zone.refuse_when_away()  # before any folder is made where its disk belongs
            publisher = self._zone.publisher(self._run_id)
            self._zone.refuse_when_full(reserve=reserve)
            staged = batch.open(publisher, publisher.batch(reserve=reserve, writers=self._writers))
            self._zone.index.catch_up()
        except ZoneError as error:
            batch.fail(error)
            return batch
        intake = Intake(
            *(self._zone, self._source, feed, staged),
            judge=self._judge,
            now=self._zone.clock(),
            waiters=self._waiters,
        )
        batch.draft(intake.draft, self._drafters)
        return batch

    def __enter__(self) -> Self:
        self._stack.enter_context(collected_seldom())
        if self._writers:
            self._stack.enter_context(self._writers)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            for batch in self._begun:
                if not batch.is_open:
                    continue
                with suppress(ZoneError):  # it says again what is raised already
                    batch.__exit__(kind, error, trace)
            for pool in (self._drafters, self._waiters):
                if pool:
                    pool.shutdown()


class BatchUnderWay:
    """One batch from its begin to its end. Enter it to publish it; its staging folders go when it is left."""

    def __init__(self, deliveries: list[Delivery]) -> None:
        self.deliveries = deliveries
        self.size = sum(map(_most_held, deliveries))
        self._publisher: Publisher | None = None
        self._staged: Batch | None = None
        self._failure: ZoneError | None = None
        self._drafted: Iterable[Drafted] = ()
        self._drafting: list[Future[list[Drafted]]] = []
        self._stack = ExitStack()
        self.is_open = True

    def open(self, publisher: Publisher, staging: AbstractContextManager[Batch]) -> Batch:
        """Create its staging folders."""
        self._publisher = publisher
        self._staged = self._stack.enter_context(staging)
        return self._staged

    def fail(self, error: ZoneError) -> None:
        """It cannot be drafted; whoever enters it is told."""
        self._failure = error

    def draft(self, work: Drafter, drafters: Executor | None) -> None:
        """Let its deliveries be drafted: by threads from now on, without any one by one when asked for."""
        if drafters:
            most_bytes = min(max(self.size // _SHARE, _LEAST_BYTES), _MOST_BYTES)
            some_each = portions(self.deliveries, _most_held, most=_MOST_FILES, most_size=most_bytes)
            self._drafting = [drafters.submit(work, some) for some in some_each]
            self._drafted = chain.from_iterable(drafting.result() for drafting in self._drafting)
        else:
            self._drafted = chain.from_iterable(work([delivery]) for delivery in self.deliveries)

    def drafts(self) -> Iterator[tuple[Delivery, Drafted]]:
        """What its deliveries came to, in order.

        Raises:
            ZoneError: The environment failed.
            OSError: The disk did.
        """
        return zip(self.deliveries, self._drafted, strict=True)

    def publish(self, drafts: Sequence[Draft]) -> Published:
        """Decide and publish drafts of this batch as one commit; see :meth:`Publisher.publish`."""
        if self._publisher is None or self._staged is None:
            raise RuntimeError("the batch is not open")
        return self._publisher.publish(self._staged, drafts)

    def __enter__(self) -> Self:
        if self._failure:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for drafting in self._drafting:
            drafting.cancel()
        wait(self._drafting)  # nobody may stage any more
        self._drafting, self._drafted, self.is_open = [], (), False
        self._stack.__exit__(kind, error, trace)


def _judged_by(feed: Feed, delivery: Delivery) -> Delivery:
    """The delivery with its feed as the policy has it."""
    if delivery.recognized.feed is feed:  # as nearly always, and of many
        return delivery
    return replace(delivery, recognized=replace(delivery.recognized, feed=feed))


def _most_held(delivery: Delivery) -> int:
    """The bytes that reading it may take in memory; how many are packed in one is known only then."""
    return HELD_IN_MEMORY if delivery.landed.packed else delivery.landed.size
