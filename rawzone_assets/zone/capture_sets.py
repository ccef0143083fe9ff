"""Capture sets: whether all files of one capture have come, where a folder stands for a capture of several.

Told anew from the receipts whenever somebody asks, and kept on none of them: a receipt never changes, and a
member may come a minute after the others. Only members in the capture's own folder make a set; files dated by
their names are deliveries of their own, which extractors stamp one by one. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.name_templates import pattern_of
from rawzone_assets.zone.receipt import ACCEPTED, Receipt

_STAMPED = re.compile(rf"(?P<stem>.+)_{pattern_of('<ts>').pattern}(?P<extension>\.[^.]+)", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class IncompleteSet:
    """A capture of which something was accepted, but not every member."""

    folder: str  # below landing
    witness: Receipt  # the member accepted first
    missing: tuple[str, ...]  # never came
    refused: tuple[str, ...]  # came, and was refused

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        lacks = [f"lacks {', '.join(self.missing)}"] if self.missing else []
        refused = [f"refused is {', '.join(self.refused)}"] if self.refused else []
        return f"the capture in {self.folder}/ is not whole: {'; '.join(lacks + refused)}"


def incomplete_sets(feed: Feed, receipts: Iterable[Receipt]) -> tuple[IncompleteSet, ...]:
    """The captures among the feed's receipts that are not whole, by folder; all of a day must be given."""
    captures: dict[str, dict[str, list[Receipt]]] = {}
    for receipt in receipts if feed.capture_set else ():
        found = _STAMPED.fullmatch(receipt.name or "")
        member = found["stem"] + found["extension"] if found else ""
        if found and member in feed.capture_set:
            captures.setdefault(found["ts"], {}).setdefault(member, []).append(receipt)
    sets = (_incomplete(feed, members) for members in captures.values())
    return tuple(sorted((found for found in sets if found), key=lambda found: found.folder))


def set_findings(feed: Feed, found: IncompleteSet) -> tuple[Finding, ...]:
    """The advisory finding on a capture that is not whole, under the feed's check and in its mode."""
    findings = feed.gathering()
    findings.add(codes.INCOMPLETE_SET(found.sentence))
    return findings.result()


def _incomplete(feed: Feed, members: Mapping[str, list[Receipt]]) -> IncompleteSet | None:
    accepted = [receipt for came in members.values() for receipt in came if receipt.verdict in ACCEPTED]
    folders = sorted(
        str(path.parent)
        for member, came in members.items()
        for receipt in came
        if (path := PurePosixPath(receipt.landing_path)).name == member
    )
    lacking = [
        member
        for member in feed.capture_set
        if not any(receipt.verdict in ACCEPTED for receipt in members.get(member, ()))
    ]
    if not accepted or not folders or not lacking:
        return None
    return IncompleteSet(
        folder=folders[0],
        witness=accepted[0],
        missing=tuple(member for member in lacking if member not in members),
        refused=tuple(member for member in lacking if member in members),
    )
