"""Intake: deliveries read once, hashed, judged and staged for publication.

A small delivery is held in memory; a large one goes straight into staging, compressed, and is judged from
there, so that what was judged is what is stored and memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from rawzone_assets.contract import codes
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Content, Feed, Judgement
from rawzone_assets.contract.findings import Finding
from rawzone_assets.zone import codec
from rawzone_assets.zone.assessing import assess, place_objections
from rawzone_assets.zone.contracts import contract_of
from rawzone_assets.zone.decision import Candidate
from rawzone_assets.zone.drafts import Draft
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.judge import Judge, Request, judge_all
from rawzone_assets.zone.landing import ChangedWhileRead, Unreadable
from rawzone_assets.zone.reading import Reading, Source, begin
from rawzone_assets.zone.receipt import Verdict, timestamp
from rawzone_assets.zone.staged_content import StagedContent
from rawzone_assets.zone.staging import Batch, Blob
from rawzone_assets.zone.survey import Delivery
from rawzone_assets.zone.zone import Zone

Settled = Verdict | Finding | ChangedWhileRead | Unreadable
"""Why a delivery is not judged: its verdict when exactly this was dealt with before, a finding when it must not
even be kept, or what kept it from being read: it did not keep still, or is not ours to read."""

Drafted = Draft | Settled

_LARGE = 2**22
"""Bytes that take so long to judge that they are compressed meanwhile, by another thread."""


class Opened(NamedTuple):
    """A delivery that was read and is to be judged."""

    delivery: Delivery
    reading: Reading
    held: bytes | None
    unnamed: Path | None  # where it was staged already, when it was too large to hold
    content: Content
    is_met: bool = False  # some receipt is of the same bytes
    compressed: bytes | None = None  # their stored form, if it is there already

    @property
    def request(self) -> Request:
        """What a judge is asked."""
        recognized = self.delivery.recognized
        return recognized.feed, self.content, recognized.capture


class Intake:
    """Turns deliveries of one feed into drafts for one batch."""

    def __init__(
        self,
        zone: Zone,
        source: Source,
        feed: Feed,
        batch: Batch,
        *,
        judge: Judge,
        now: datetime,
        waiters: Executor | None = None,
    ) -> None:
        """``now`` tells what was captured in the future.

        With ``waiters`` large deliveries are compressed while they are judged.
        """
        self._files = zone.files
        self._index = zone.index
        self._clock = zone.clock
        self._compression = zone.settings.compression
        self._start = zone.settings.start or feed.start
        self._source = source
        self._feed = feed
        self._batch = batch
        self._judge = judge
        self._now = now
        self._waiters = waiters

    def draft(self, deliveries: Sequence[Delivery]) -> list[Drafted]:
        """Read, judge and stage some deliveries; what they came to, in order."""
        found = self._open_all(deliveries)
        requests = [one.request for one in found if isinstance(one, Opened)]
        if (
            self._waiters
            and sum(one.delivery.landed.size for one in found if isinstance(one, Opened)) >= _LARGE
        ):
            judging = self._waiters.submit(judge_all, self._judge, requests)
            found = [self._compressed(one) if isinstance(one, Opened) else one for one in found]
            judgements = iter(judging.result())
        else:
            judgements = iter(judge_all(self._judge, requests))
        judged_at = timestamp(self._clock())
        return [
            self._drafted(one, next(judgements), judged_at) if isinstance(one, Opened) else one for one in found
        ]

    def _open_all(self, deliveries: Iterable[Delivery]) -> list[Opened | Settled]:
        """Read deliveries; what of them is still to be judged, and what became of the others."""
        with self._source.several():
            read = [self._read(delivery) for delivery in deliveries]
        digests = [one.reading.sha256 for one in read if isinstance(one, Opened)]
        with self._index.at_rest():
            # Of most bytes there is neither, and nothing else need be asked about them.
            met = self._index.past.hashes_told_of(digests) | self._index.custody.erased_among(digests)
            return [
                self._looked_up(one) if isinstance(one, Opened) and one.reading.sha256 in met else one
                for one in read
            ]

    def _read(self, delivery: Delivery) -> Opened | ChangedWhileRead | Unreadable:
        reading = self._source.read(delivery.landed)
        unnamed: Path | None = None
        content: Content
        try:
            held, rest = begin(reading, delivery.landed)
            if held is not None:
                content = BytesContent(held)
            else:
                encoding = codec.encoding_for(delivery.recognized.capture.name)
                blocks = rest if encoding == "identity" else self._compression.compress_stream(rest)
                unnamed = self._batch.stage_unnamed(blocks)
                content = StagedContent(files=self._files, path=unnamed, encoding=encoding, size=reading.size)
        except (ChangedWhileRead, Unreadable) as problem:
            # It is kept until the promotion ends, and where it came from holds what was read so far.
            problem.__cause__ = problem.__context__ = None
            return problem.with_traceback(None)
        return Opened(delivery=delivery, reading=reading, held=held, unnamed=unnamed, content=content)

    def _looked_up(self, opened: Opened) -> Opened | Verdict | Finding:
        """What became of bytes that were met before."""
        recognized, sha256 = opened.delivery.recognized, opened.reading.sha256
        name, label = recognized.capture.name, opened.delivery.landed.label
        settled = self._index.already_decided(recognized.feed.id, name, sha256, label) or erasure_of(
            self._index, sha256
        )
        if settled is None:
            return opened._replace(is_met=True)
        if opened.unnamed:
            self._files.remove(opened.unnamed)
        return settled

    def _drafted(self, opened: Opened, judgement: Judgement, judged_at: str) -> Draft:
        """Stage a judged delivery."""
        delivery = opened.delivery
        candidate, receipt = assess(
            delivery,
            judgement,
            opened.reading,
            source=self._source,
            judged_at=judged_at,
            objections=place_objections(delivery, start=self._start, now=self._now),
            contract=contract_of(self._feed, delivery.recognized.capture.name),
        )
        blob = None
        if opened.is_met and self._is_stored(candidate):
            if opened.unnamed:
                self._files.remove(opened.unnamed)
        else:
            blob = self._stage(candidate, opened)
        return Draft(candidate=candidate, receipt=receipt, blob=blob, feed=delivery.recognized.feed)

    def _compressed(self, opened: Opened) -> Opened:
        """With its stored form, unless it may not be wanted."""
        is_packed = codec.encoding_for(opened.delivery.recognized.capture.name) == "identity"
        if opened.held is None or opened.is_met or is_packed:
            return opened
        return opened._replace(compressed=self._compression.compress(opened.held))

    def _is_stored(self, candidate: Candidate) -> bool:
        """Whether it is expected to be a duplicate, whose bytes need no staging."""
        with self._index.at_rest():
            return not candidate.refused and bool(self._index.stored(candidate.feed, candidate.sha256))

    def _stage(self, candidate: Candidate, opened: Opened) -> Blob:
        held, refused, encoding = opened.held, candidate.refused, codec.encoding_for(candidate.name)
        if held is None:
            assert opened.unnamed is not None  # noqa: S101  one of the two holds the bytes
            blob = self._batch.settle(opened.unnamed, candidate.sha256, encoding, refused=refused)
            self._batch.sync_soon(blob)
            return blob
        stored = held if encoding == "identity" else opened.compressed or self._compression.compress(held)
        return self._batch.stage_soon(candidate.sha256, stored, encoding, refused=refused)


def erasure_of(index: Index, sha256: str) -> Finding | None:
    """Why bytes with this hash are neither stored nor copied, or ``None`` when they may be."""
    for erasure in index.custody.erasures(sha256=sha256)[:1]:
        authority = erasure.record["authority"]
        return codes.ERASED_BY_LAW(
            f"the same bytes were erased by law in commit {erasure.seq}, by authority of {authority}"
        )
    return None
