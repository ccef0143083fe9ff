"""Assessing: what is known of a delivery before anything is decided about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture, Feed, Judgement
from rawzone_assets.contract.findings import Findings
from rawzone_assets.contract.naming import is_in_the_future
from rawzone_assets.zone import layout, sidecar
from rawzone_assets.zone.decision import Candidate
from rawzone_assets.zone.reading import Reading, Source
from rawzone_assets.zone.receipt import Receipt, Verdict, learned, printable_path, timestamp
from rawzone_assets.zone.survey import Delivery

_BLANK = Receipt(verdict=Verdict.PROMOTED, landing_path="")  # the decision sets the verdict


def assess(
    delivery: Delivery,
    judgement: Judgement,
    reading: Reading,
    *,
    source: Source,
    judged_at: str,
    objections: Findings,
    contract: dict[str, Any],
) -> tuple[Candidate, Receipt]:
    """What is known of a delivery judged at this timestamp. The decision and what follows are still missing."""
    landed, capture, feed = delivery.landed, delivery.recognized.capture, delivery.recognized.feed
    stated = sidecar.beside(landed, source)
    for finding in (stated.finding, stated.mismatch_with_all(reading.forms)):
        if finding:
            objections.add(finding)
    path, path_bytes = printable_path(landed.full_path)
    raised, findings = objections.result(), judgement.findings
    if raised:
        findings = tuple(sorted((*raised, *findings), key=lambda finding: not finding.blocking))
    candidate = Candidate(
        feed=feed.id,
        folder=layout.object_folder(feed.id, capture.day, by_month=feed.by_month),
        name=capture.name,
        day=capture.day,
        landing_path=path,
        sha256=reading.sha256,
        refused=judgement.refused or any(finding.blocking for finding in raised),
    )
    extractor = None
    if stated.extractor_name or stated.extractor_version:
        extractor = {"name": stated.extractor_name, "version": stated.extractor_version}
    receipt = _BLANK.changed(
        landing_path=path,
        landing_path_bytes=path_bytes,
        feed=delivery.feed_id,
        partition=delivery.partition,
        name=capture.name,
        captured_at=timestamp(capture.captured_at),
        validated_at=judged_at,
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
