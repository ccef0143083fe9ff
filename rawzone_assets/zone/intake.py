"""Intake: one delivery read once, hashed, judged, and staged for publication.

A small delivery is held in memory; a large one goes straight into staging, compressed, and is judged from
there, so that what was judged is what is stored and memory stays bounded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from rawzone_assets.contract import codes
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Content, Feed, Judgement
from rawzone_assets.contract.findings import Findings
from rawzone_assets.zone import codec, layout, sidecar
from rawzone_assets.zone.decision import Candidate
from rawzone_assets.zone.drafts import Draft
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.landing import HELD_IN_MEMORY, Landing
from rawzone_assets.zone.receipt import Receipt, Verdict, learned, printable_path, timestamp
from rawzone_assets.zone.sidecar import Sidecar
from rawzone_assets.zone.staged_content import StagedContent
from rawzone_assets.zone.staging import Batch, Blob
from rawzone_assets.zone.survey import Delivery

Judge = Callable[[Feed, Content, Capture], Judgement]


class Intake:
    """Turns deliveries into drafts for one batch."""

    def __init__(
        self,
        files: Files,
        landing: Landing,
        index: Index,
        batch: Batch,
        *,
        judge: Judge,
        clock: Callable[[], datetime],
    ) -> None:
        self._files = files
        self._landing = landing
        self._index = index
        self._batch = batch
        self._judge = judge
        self._clock = clock

    def draft(self, delivery: Delivery, *, objections: Findings, contract: dict[str, Any]) -> Draft | Verdict:
        """Read, judge and stage one delivery; its verdict when exactly this was dealt with before.

        ``objections`` holds findings that its place and name have raised already.

        Raises:
            ChangedWhileRead: The file did not keep still.
            Unreadable: This user may not read it.
        """
        landed, capture = delivery.landed, delivery.recognized.capture
        feed, encoding = delivery.recognized.feed, codec.encoding_for(capture.name)
        reading = self._landing.read(landed)
        held: bytes | None = None
        unnamed: Path | None = None
        content: Content
        if landed.size <= HELD_IN_MEMORY:
            held = b"".join(reading)
            content = BytesContent(held)
        else:
            unnamed = self._batch.stage_unnamed(
                reading if encoding == "identity" else codec.compress_stream(reading)
            )
            content = StagedContent(files=self._files, path=unnamed, encoding=encoding, size=landed.size)
        sha256 = reading.sha256
        decided = self._index.already_decided(feed.id, capture.name, sha256, landed.label)
        if decided:
            if unnamed:
                self._files.remove(unnamed)
            return decided
        stated = sidecar.beside(landed, self._landing)
        for finding in (stated.finding, stated.mismatch(size=landed.size, sha256=sha256)):
            if finding:
                objections.add(finding)
        judgement = self._judge(feed, content, capture)
        refused = objections.refused or judgement.refused
        candidate = Candidate(
            feed=feed.id,
            folder=layout.object_folder(feed.id, capture.day, by_month=feed.by_month),
            name=capture.name,
            day=capture.day,
            landing_path=landed.label,
            sha256=sha256,
            refused=refused,
        )
        receipt = self._receipt(
            delivery,
            judgement=judgement,
            objections=objections,
            stated=stated,
            sha256=sha256,
            contract=contract,
        )
        return Draft(
            candidate=candidate,
            receipt=receipt,
            blob=self._stage(candidate, held, unnamed, encoding),
            feed=feed,
        )

    def _stage(
        self, candidate: Candidate, held: bytes | None, unnamed: Path | None, encoding: str
    ) -> Blob | None:
        stored_already = not candidate.refused and self._index.stored(candidate.feed, candidate.sha256)
        if held is None:
            assert unnamed is not None  # noqa: S101  one of the two holds the bytes
            if stored_already:
                self._files.remove(unnamed)
                return None
            return self._batch.settle(unnamed, candidate.sha256, encoding, refused=candidate.refused)
        if stored_already:
            return None
        if encoding == "identity":
            return self._batch.stage(candidate.sha256, [held], encoding, refused=candidate.refused)
        compressed = codec.compress(held)
        # A compressor's fault would otherwise be found years later, when landing is long gone.
        if hashlib.sha256(codec.decompress(compressed)).hexdigest() != candidate.sha256:
            raise AssertionError("the compressor did not give back the bytes it was given")
        return self._batch.stage(candidate.sha256, [compressed], encoding, refused=candidate.refused)

    def _receipt(
        self,
        delivery: Delivery,
        *,
        judgement: Judgement,
        objections: Findings,
        stated: Sidecar,
        sha256: str,
        contract: dict[str, Any],
    ) -> Receipt:
        landed, capture = delivery.landed, delivery.recognized.capture
        findings = sorted((*objections.result(), *judgement.findings), key=lambda finding: not finding.blocking)
        extractor = None
        if stated.extractor_name or stated.extractor_version:
            extractor = {"name": stated.extractor_name, "version": stated.extractor_version}
        path, path_bytes = printable_path(landed.path)
        return Receipt(
            verdict=Verdict.PROMOTED,  # the decision sets it
            landing_path=path,
            landing_path_bytes=path_bytes,
            feed=delivery.feed_id,
            partition=delivery.partition,
            name=capture.name,
            captured_at=timestamp(capture.captured_at),
            validated_at=timestamp(self._clock()),
            source_system=stated.source_system or delivery.recognized.platform.source_system,
            extractor=extractor,
            contract=contract,
            sha256=sha256,
            size=landed.size,
            landed=landed.identity,
            findings=tuple(finding.as_json() for finding in findings),
            shadow_findings=tuple(finding.as_json() for finding in (*objections.shadow(), *judgement.shadow)),
            **learned(judgement.facts),
        )


def place_objections(delivery: Delivery, *, start: Any, future: bool) -> Findings:
    """Findings that a delivery's stamp raises before it is opened."""
    return stamp_objections(delivery.recognized.feed, delivery.recognized.capture, start=start, future=future)


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
