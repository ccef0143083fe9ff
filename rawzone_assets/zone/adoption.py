"""Adoption: what promoting an existing pile would come to, before anything is written.

To adopt it then is :func:`promotion.promote` with the pile as the source: the same reading, judging, staging
and commits as from landing, so a crash leaves what every promotion leaves, and adopting again goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Content
from rawzone_assets.contract.findings import Finding
from rawzone_assets.zone import decision
from rawzone_assets.zone.assessing import assess, place_objections
from rawzone_assets.zone.contracts import contract_of
from rawzone_assets.zone.drafts import Draft
from rawzone_assets.zone.intake import erasure_of
from rawzone_assets.zone.judge import Judge
from rawzone_assets.zone.landing import ChangedWhileRead, Unreadable
from rawzone_assets.zone.pile import Pile
from rawzone_assets.zone.reading import begin
from rawzone_assets.zone.receipt import Receipt, timestamp
from rawzone_assets.zone.staged_content import StagedContent
from rawzone_assets.zone.survey import Delivery
from rawzone_assets.zone.zone import Zone

_AT_ONCE = 256


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What would become of one file: a receipt; nothing, as its bytes are known; or why it cannot be read."""

    delivery: Delivery
    receipt: Receipt | None = None
    finding: Finding | None = None  # why it must not even be kept
    problem: Unreadable | ChangedWhileRead | None = None


def foresee(
    zone: Zone,
    pile: Pile,
    ready: Sequence[Delivery],
    *,
    judge: Judge,
    parallel: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Foreseen]:
    """Read and judge each file and say what it would become; nothing is written.

    Findings that compare a delivery with the past are left out: they never refuse one. ``progress`` is told how
    many files are done.
    """
    past = decision.Batch(zone.index)

    def drafted(delivery: Delivery) -> Draft | Unreadable | ChangedWhileRead:
        try:
            return _draft(zone, pile, delivery, judge=judge)
        except (Unreadable, ChangedWhileRead) as problem:
            return problem

    with ThreadPoolExecutor(max_workers=parallel) as pool:
        for first in range(0, len(ready), _AT_ONCE):
            batch = ready[first : first + _AT_ONCE]
            for delivery, draft in zip(batch, pool.map(drafted, batch), strict=True):
                if not isinstance(draft, Draft):
                    yield Foreseen(delivery=delivery, problem=draft)
                    continue
                finding = erasure_of(zone.index, draft.candidate.sha256)
                made = past.decide(draft.candidate) if finding is None else None
                receipt = draft.receipt_for(made, timestamp(zone.clock())) if made and made.verdict else None
                yield Foreseen(delivery=delivery, receipt=receipt, finding=finding)
            if progress:
                progress(first + len(batch))


def _draft(zone: Zone, pile: Pile, delivery: Delivery, *, judge: Judge) -> Draft:
    feed = zone.settings.policy.applied_to(delivery.recognized.feed)
    delivery = replace(delivery, recognized=replace(delivery.recognized, feed=feed))
    landed = delivery.landed
    reading = pile.read(landed)
    held, rest = begin(reading, landed)
    content: Content
    if held is not None:
        content = BytesContent(held)
    else:
        for _ in rest:
            pass
        encoding = "gzip" if landed.packed else "identity"
        content = StagedContent(
            files=zone.files, path=pile.root / landed.path, encoding=encoding, size=reading.size
        )
    candidate, receipt = assess(
        delivery,
        judge(feed, content, delivery.recognized.capture),
        reading,
        source=pile,
        judged_at=timestamp(zone.clock()),
        objections=place_objections(delivery, start=zone.settings.start or feed.start, now=zone.clock()),
        contract=contract_of(feed, delivery.recognized.capture.name),
    )
    return Draft(candidate=candidate, receipt=receipt, blob=None, feed=feed)
