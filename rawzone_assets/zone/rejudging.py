"""Rejudging: a stored delivery, checked against its receipt, judged with today's contract.

What replay and backtest have in common. Nothing is written, and nothing is said about what follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rawzone_assets.contract import codes
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed
from rawzone_assets.contract.naming import is_in_the_future
from rawzone_assets.zone import codec
from rawzone_assets.zone.assessing import stamp_objections
from rawzone_assets.zone.custody import form_of
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.judge import Judge
from rawzone_assets.zone.landing import HELD_IN_MEMORY
from rawzone_assets.zone.receipt import Receipt, moment
from rawzone_assets.zone.staged_content import StagedContent
from rawzone_assets.zone.zone import Zone

OF_THE_SIDECAR = frozenset({codes.SIDECAR_MISMATCH.code, codes.SIDECAR_UNREADABLE.code})
"""What a sidecar said of the transfer stays true. The sidecar is not stored, so it cannot be asked again."""


class Unsound(Exception):
    """A stored delivery is not what its receipt says, so it is not judged; the text says how."""


@dataclass(frozen=True, kw_only=True)
class Rejudged:
    """A receipt and what today's contract says of its bytes."""

    entry: Entry
    findings: tuple[Mapping[str, Any], ...]
    shadow_findings: tuple[Mapping[str, Any], ...]
    facts: Facts

    @property
    def receipt(self) -> Receipt:
        return self.entry.receipt

    @property
    def refused(self) -> bool:
        return any(finding["blocking"] for finding in self.findings)


def rejudge(zone: Zone, feed: Feed, entry: Entry, *, judge: Judge) -> Rejudged:
    """Judge the bytes of a promoted or quarantined receipt again, under the name and time they came with.

    ``feed`` is as this installation's policy has it.

    Raises:
        Unsound: The stored bytes are missing, cannot be read, or are not those recorded.
    """
    receipt = entry.receipt
    refuse_erased(zone, receipt)
    content = sound_content(zone.files, path_of(zone, receipt), receipt)
    capture = Capture(
        name=receipt.name or "",
        day=date.fromisoformat(receipt.partition or ""),
        captured_at=moment(receipt.captured_at or ""),
    )
    objections = stamp_objections(
        feed,
        capture,
        start=zone.settings.start or feed.start,
        future=_was_in_the_future(zone, capture, entry),
    )
    try:
        judgement = judge(feed, content, capture)
    except OSError as error:
        raise _unreadable(error) from error
    findings = [
        *(finding.as_json() for finding in objections.result()),
        *(finding for finding in receipt.findings if finding["code"] in OF_THE_SIDECAR),
        *(finding.as_json() for finding in judgement.findings),
    ]
    findings.sort(key=lambda finding: not finding["blocking"])
    shadow = tuple(finding.as_json() for finding in (*objections.shadow(), *judgement.shadow))
    return Rejudged(entry=entry, findings=tuple(findings), shadow_findings=shadow, facts=judgement.facts)


def _was_in_the_future(zone: Zone, capture: Capture, entry: Entry) -> bool:
    """Time must not heal a wrong clock: it counts whether the stamp lay ahead of when the file landed.

    A wrong clock of this machine's it must heal: one that was set back called everything that came a capture
    in the future. The ledger's time never runs backwards, so the commit knows better then; where that time is
    itself one that a clock ran ahead to, it does not.
    """
    validated_at = entry.receipt.validated_at
    judged = moment(validated_at) if validated_at else zone.clock()
    if not is_in_the_future(capture, judged):
        return False
    commit = zone.ledger.commit(entry.seq)
    if commit is None or not judged < commit.at <= zone.clock():
        return True
    return is_in_the_future(capture, commit.at)


def refuse_erased(zone: Zone, receipt: Receipt) -> None:
    """See to it that the bytes of a receipt were not erased, as far as the index has read.

    Raises:
        Unsound: They were.
    """
    with zone.index.at_rest():  # several are judged again at a time
        erasures = zone.index.custody.erasures(sha256=receipt.sha256)
    for erasure in erasures[:1]:
        raise Unsound(f"it was erased by law in commit {erasure.seq}")


def path_of(zone: Zone, receipt: Receipt) -> Path:
    """Where the bytes of a promoted or quarantined receipt lie."""
    if receipt.quarantine:
        return zone.layout.quarantined(receipt.quarantine["path"])
    hot, copy = zone.layout.object(receipt.key or ""), zone.layout.archived(receipt.key or "")
    return copy if zone.files.status(hot) is None and zone.files.status(copy) is not None else hot


def sound_content(files: Files, path: Path, receipt: Receipt) -> Content:
    """A stored delivery as judging sees it, after all its bytes were checked.

    Raises:
        Unsound: They are missing, cannot be read, or are not those recorded.
    """
    size, encoding = receipt.size or 0, receipt.encoding or ""
    is_small = (receipt.stored_size or 0) + size <= HELD_IN_MEMORY
    try:
        with files.open(path) as stream:
            # Held, so that what is judged is what was checked. One byte more shows a longer file.
            held = [stream.read((receipt.stored_size or 0) + 1)] if is_small else None
            codec.check_stored(held or codec.blocks_of(stream), **form_of(receipt))
    except codec.Damaged as problem:
        raise Unsound(str(problem)) from problem
    except FileNotFoundError:
        raise Unsound("its stored copy is missing") from None
    except OSError as error:
        raise _unreadable(error) from error
    if held:
        return BytesContent(b"".join(codec.original_blocks(held, encoding, size)))
    return StagedContent(files=files, path=path, encoding=encoding, size=size)


def _unreadable(error: OSError) -> Unsound:
    return Unsound(f"its stored copy cannot be read ({(error.strerror or 'no reason').lower()})")
