"""Intake: one delivery read once, hashed and, once it is judged, staged for publication.

A small delivery is held in memory; a large one goes straight into staging, compressed, and is judged from
there, so that what was judged is what is stored and memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from rawzone_assets.contract import codes
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Content, Feed, Judgement
from rawzone_assets.contract.findings import Finding, Findings
from rawzone_assets.contract.naming import is_in_the_future
from rawzone_assets.zone import codec, layout, sidecar
from rawzone_assets.zone.decision import Candidate
from rawzone_assets.zone.drafts import Draft
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.judge import Request
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.landing import HELD_IN_MEMORY, ChangedWhileRead, Unreadable
from rawzone_assets.zone.receipt import Receipt, Verdict, learned, printable_path, timestamp
from rawzone_assets.zone.staged_content import StagedContent
from rawzone_assets.zone.staging import Batch, Blob
from rawzone_assets.zone.survey import Delivery

Settled = Verdict | Finding | ChangedWhileRead | Unreadable
"""Why a delivery is not judged: its verdict when exactly this was dealt with before, a finding when it must not
even be kept, or what kept it from being read: it did not keep still, or is not ours to read."""


class Reading(Protocol):
    """One pass over a delivery. Iterate for its blocks; the rest is known once they have been read.

    Iterating raises ``ChangedWhileRead`` or ``Unreadable``.
    """

    def __iter__(self) -> Iterator[bytes]: ...

    @property
    def sha256(self) -> str:
        """That of exactly the bytes given out."""

    @property
    def size(self) -> int:
        """How many these were."""

    @property
    def forms(self) -> tuple[tuple[int, str], ...]:
        """Size and SHA-256 of every form in which a producer may have seen it."""

    @property
    def adopted(self) -> Mapping[str, str] | None:
        """What the receipt says of a delivery that did not come through landing."""


class Source(Protocol):
    """Where deliveries are read from: landing, or a pile that is adopted."""

    def read(self, landed: Landed) -> Reading: ...

    def read_sidecar(self, landed: Landed) -> bytes | None: ...

    def several(self) -> AbstractContextManager[None]:
        """To be entered around reading several of one folder, which need not be looked for each time."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A delivery that was read and is to be judged."""

    delivery: Delivery
    reading: Reading
    held: bytes | None
    unnamed: Path | None  # where it was staged already, when it was too large to hold
    content: Content
    is_met: bool = False  # some receipt is of the same bytes

    @property
    def request(self) -> Request:
        """What a judge is asked."""
        recognized = self.delivery.recognized
        return recognized.feed, self.content, recognized.capture


class Intake:
    """Turns deliveries into drafts for one batch."""

    def __init__(
        self,
        files: Files,
        source: Source,
        index: Index,
        batch: Batch,
        *,
        clock: Callable[[], datetime],
        syncers: Executor | None = None,
    ) -> None:
        """With ``syncers`` staged bytes are made durable while other deliveries are judged."""
        self._files = files
        self._source = source
        self._index = index
        self._batch = batch
        self._clock = clock
        self._syncers = syncers

    def open_all(self, deliveries: Iterable[Delivery]) -> list[Opened | Settled]:
        """Read deliveries, in order; what of them is still to be judged, and what became of the others."""
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
            held, rest = begin(reading, size=delivery.landed.size)
            if held is not None:
                content = BytesContent(held)
            else:
                encoding = codec.encoding_for(delivery.recognized.capture.name)
                blocks = rest if encoding == "identity" else codec.compress_stream(rest)
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
            return replace(opened, is_met=True)
        if opened.unnamed:
            self._files.remove(opened.unnamed)
        return settled

    def draft(
        self, opened: Opened, judgement: Judgement, *, objections: Findings, contract: dict[str, Any]
    ) -> Draft:
        """Stage a judged delivery.

        ``objections`` holds findings that its place and name have raised already.
        """
        delivery = opened.delivery
        candidate, receipt = assess(
            delivery,
            judgement,
            opened.reading,
            source=self._source,
            clock=self._clock,
            objections=objections,
            contract=contract,
        )
        blob = None
        if opened.is_met and self._is_stored(candidate):
            if opened.unnamed:
                self._files.remove(opened.unnamed)
        else:
            blob = self._stage(candidate, opened)
            if self._syncers:
                self._batch.sync_soon(blob, self._syncers)
        return Draft(candidate=candidate, receipt=receipt, blob=blob, feed=delivery.recognized.feed)

    def _is_stored(self, candidate: Candidate) -> bool:
        """Whether it is expected to be a duplicate, whose bytes need no staging."""
        with self._index.at_rest():
            return not candidate.refused and bool(self._index.stored(candidate.feed, candidate.sha256))

    def _stage(self, candidate: Candidate, opened: Opened) -> Blob:
        held, refused, encoding = opened.held, candidate.refused, codec.encoding_for(candidate.name)
        if held is None:
            assert opened.unnamed is not None  # noqa: S101  one of the two holds the bytes
            return self._batch.settle(opened.unnamed, candidate.sha256, encoding, refused=refused)
        if encoding == "identity":
            return self._batch.stage(candidate.sha256, [held], encoding, refused=refused)
        compressed = codec.compress(held)
        return self._batch.stage(candidate.sha256, [compressed], encoding, refused=refused)


def erasure_of(index: Index, sha256: str) -> Finding | None:
    """Why bytes with this hash are neither stored nor copied, or ``None`` when they may be."""
    for erasure in index.custody.erasures(sha256=sha256)[:1]:
        authority = erasure.record["authority"]
        return codes.ERASED_BY_LAW(
            f"the same bytes were erased by law in commit {erasure.seq}, by authority of {authority}"
        )
    return None


def begin(reading: Iterable[bytes], *, size: int) -> tuple[bytes | None, Iterable[bytes]]:
    """All bytes of a reading that fits into memory, else ``None`` and all its blocks, still to be read.

    ``size`` is that of the file: what is packed in it may turn out too large only on the way.
    """
    blocks = iter(reading)
    if size > HELD_IN_MEMORY:
        return None, blocks
    held: list[bytes] = []
    left = HELD_IN_MEMORY
    for block in blocks:
        held.append(block)
        left -= len(block)
        if left < 0:
            return None, chain(held, blocks)
    return b"".join(held), ()


def assess(
    delivery: Delivery,
    judgement: Judgement,
    reading: Reading,
    *,
    source: Source,
    clock: Callable[[], datetime],
    objections: Findings,
    contract: dict[str, Any],
) -> tuple[Candidate, Receipt]:
    """What is known of a judged delivery. The decision and what follows from it are still missing."""
    landed, capture, feed = delivery.landed, delivery.recognized.capture, delivery.recognized.feed
    stated = sidecar.beside(landed, source)
    for finding in (stated.finding, stated.mismatch_with_all(reading.forms)):
        if finding:
            objections.add(finding)
    path, path_bytes = printable_path(landed.full_path)
    raised = objections.result()
    candidate = Candidate(
        feed=feed.id,
        folder=layout.object_folder(feed.id, capture.day, by_month=feed.by_month),
        name=capture.name,
        day=capture.day,
        landing_path=path,
        sha256=reading.sha256,
        refused=judgement.refused or any(finding.blocking for finding in raised),
    )
    findings = sorted((*raised, *judgement.findings), key=lambda finding: not finding.blocking)
    extractor = None
    if stated.extractor_name or stated.extractor_version:
        extractor = {"name": stated.extractor_name, "version": stated.extractor_version}
    receipt = Receipt(
        verdict=Verdict.PROMOTED,  # the decision sets it
        landing_path=path,
        landing_path_bytes=path_bytes,
        feed=delivery.feed_id,
        partition=delivery.partition,
        name=capture.name,
        captured_at=timestamp(capture.captured_at),
        validated_at=timestamp(clock()),
        source_system=stated.source_system or delivery.recognized.platform.source_system,
        extractor=extractor,
        contract=contract,
        sha256=reading.sha256,
        size=reading.size,
        landed=landed.identity,
        adopted=reading.adopted,
        findings=tuple(finding.as_json() for finding in findings),
        shadow_findings=tuple(finding.as_json() for finding in (*objections.shadow(), *judgement.shadow)),
        **learned(judgement.facts),
    )
    return candidate, receipt


def place_objections(delivery: Delivery, *, start: Any, now: datetime) -> Findings:
    """Findings that a delivery's stamp raises before it is opened."""
    capture = delivery.recognized.capture
    future = is_in_the_future(capture, now)
    return stamp_objections(delivery.recognized.feed, capture, start=start, future=future)


def stamp_objections(feed: Feed, capture: Capture, *, start: Any, future: bool) -> Findings:
    """Findings that the time of a capture raises, whatever was captured."""
    objections = feed.gathering()
    if capture.day < start:
        objections.add(
            codes.BEFORE_START(f"the capture day {capture.day} is before the feed's first partition {start}")
        )
    if future:
        objections.add(
            codes.CAPTURED_IN_FUTURE(f"the stamp {capture.captured_at:%Y-%m-%d %H:%M} UTC lies in the future")
        )
    return objections
