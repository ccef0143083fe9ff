"""Adoption lines: what became of the files of a pile, for people (counts and groups) and as records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import click

from rawzone_assets.commands.display import print_table
from rawzone_assets.commands.surroundings import emit, note, printable
from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.wording import counted
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.receipt import Receipt, Verdict
from rawzone_assets.zone.survey import Delivery

_EXAMPLES = 3


class State(StrEnum):
    """What a file of a pile has come to."""

    PROMOTED = "promoted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    KNOWN = "known"
    UNRECOGNIZED = "unrecognized"
    UNREADABLE = "unreadable"
    NOT_UNPACKED = "not_unpacked"
    CHANGING = "changing"
    NOT_DONE = "not_done"
    IGNORED = "ignored"

    @property
    def is_to_be_looked_at(self) -> bool:
        return self not in (State.PROMOTED, State.DUPLICATE, State.KNOWN, State.IGNORED)


_ADOPTED = (State.PROMOTED, State.DUPLICATE, State.QUARANTINED, State.KNOWN)
_REASONS: Mapping[State, str] = {
    State.UNREADABLE: "cannot be read",
    State.NOT_UNPACKED: "cannot be unpacked",
    State.CHANGING: "changed while they were read",
    State.NOT_DONE: "were not adopted",
}
_WHAT_TO_DO: Mapping[str, str] = {
    State.UNREADABLE: "Give this user read access, then adopt again.",
    State.NOT_UNPACKED: "'gzip --test' says what is wrong; put a sound copy in the pile, then adopt again.",
    State.CHANGING: "Adopt again once nobody writes to them.",
    State.NOT_DONE: "See to what the message says, then adopt again: it goes on from here.",
    codes.UNKNOWN_PLATFORM.code: "Say whose they are with --platform, or leave them where they are.",
    codes.UNKNOWN_NAME.code: (
        "Leave what is no delivery; add other names to their feed, or adopt copies that are named as it says."
    ),
    codes.NO_DATE.code: (
        "Adopt copies with the stamp YYYYMMDD_HHMMSS in the name, in a folder named by it, or with a sidecar "
        "that states captured_at."
    ),
    codes.NOT_A_REGULAR_FILE.code: "Links are not followed: adopt the folder that holds the file itself.",
    codes.EXTRACTOR_LOG.code: "Leave them: they are not data.",
}


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """One file of a pile and what it has come to, or would come to."""

    path: str
    state: State
    feed: str | None = None
    partition: str | None = None
    verdict: str | None = None
    receipt: Receipt | None = None
    finding: Finding | None = None
    reason: str | None = None

    @classmethod
    def of_receipt(cls, delivery: Delivery, receipt: Receipt) -> Self:
        return cls(
            path=delivery.landed.label,
            state=State(str(receipt.verdict)),
            feed=receipt.feed,
            partition=receipt.partition,
            verdict=str(receipt.verdict),
            receipt=receipt,
        )

    @classmethod
    def of_delivery(cls, delivery: Delivery, state: State, reason: str | None = None) -> Self:
        return cls(
            path=delivery.landed.label,
            state=state,
            feed=delivery.feed_id,
            partition=delivery.partition,
            reason=reason,
        )

    @classmethod
    def of_finding(cls, landed: Landed, finding: Finding) -> Self:
        return cls(
            path=landed.label,
            state=State.UNRECOGNIZED,
            verdict=str(Verdict.UNRECOGNIZED),
            finding=finding,
            reason=finding.message,
        )

    @property
    def codes(self) -> list[str]:
        """What keeps the file from raw, as codes of findings, else as the state itself."""
        if self.finding:
            return [self.finding.code]
        if self.receipt:
            blocking = (finding["code"] for finding in self.receipt.findings if finding["blocking"])
            return list(dict.fromkeys(blocking))
        return [str(self.state)] if self.state in _REASONS else []

    def as_record(self) -> dict[str, Any]:
        receipt = self.receipt
        findings = [dict(finding) for finding in receipt.findings] if receipt else []
        if self.finding:
            findings = [{**self.finding.as_json(), "check": "recognized"}]
        return {
            "record": "adoption",
            "state": str(self.state),
            "verdict": self.verdict,
            "feed": self.feed,
            "partition": self.partition,
            "landing_path": self.path,
            "key": receipt.key if receipt else None,
            "sha256": receipt.sha256 if receipt else None,
            "size": receipt.size if receipt else None,
            "adopted": dict(receipt.adopted) if receipt and receipt.adopted else None,
            "findings": findings,
            "reason": self.reason,
            "what_to_do": [what_to_do(code) for code in self.codes],
        }


def what_to_do(code: str) -> str:
    """One sentence on files of a pile that a finding or state of this name keeps from raw."""
    known = codes.find(code)
    return _WHAT_TO_DO.get(code) or (known.remedy if known else "")


def show(adopted: Sequence[Adopted], *, pile: Path, applies: bool, as_json: bool, has_platform: bool) -> None:
    """The counts: as a last record, or as tables with what to do about each group that was not promoted."""
    counts = Counter(str(one.state) for one in adopted)
    groups: dict[str, list[Adopted]] = {}
    for one in adopted:
        for code in one.codes:
            groups.setdefault(code, []).append(one)
    if as_json:
        emit(
            {
                "record": "summary",
                "dry_run": not applies,
                "pile": str(pile),
                "files": len(adopted),
                **{str(state): counts.get(str(state), 0) for state in State},
                "objections": {code: len(group) for code, group in sorted(groups.items())},
            }
        )
        return
    _show_feeds([one for one in adopted if one.feed])
    for code, group in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        click.echo()
        for line in _group_lines(code, group, applies=applies, has_platform=has_platform):
            click.echo(printable(line))
    ignored = counts.get(State.IGNORED, 0)
    if ignored:
        note(f"{ignored:,} hidden, unfinished or accompanying files and folders are passed over.")
    refused_before = sum(one.state is State.KNOWN and one.verdict == Verdict.QUARANTINED for one in adopted)
    if refused_before:
        note(
            f"{refused_before:,} of the known were refused: 'rawzone quarantine ls --open' says which, and why."
        )
    note(_closing(counts, pile=pile, applies=applies))


def _show_feeds(adopted: Sequence[Adopted]) -> None:
    cells = Counter((one.feed or "", one.state) for one in adopted)
    feeds = sorted({feed for feed, _ in cells})
    rows = [[feed, *(str(cells.get((feed, state)) or "") for state in _ADOPTED)] for feed in feeds]
    if len(feeds) > 1:
        totals = (sum(cells.get((feed, state), 0) for feed in feeds) for state in _ADOPTED)
        rows.append(["all feeds", *(str(total or "") for total in totals)])
    if rows:
        print_table(["feed", *_ADOPTED], rows, numbers=_ADOPTED)


def _group_lines(code: str, group: Sequence[Adopted], *, applies: bool, has_platform: bool) -> Iterator[str]:
    known = codes.find(code)
    title = f"{code}, {known.title[0].lower()}{known.title[1:]}" if known else _REASONS[State(code)]
    files = counted(len(group), "file")
    refused = " refused" if group[0].state is State.QUARANTINED else " left out" if known else ""
    yield f"{files}{refused}: {title}"
    for one in group[:_EXAMPLES]:
        yield f"  {one.path}" + (f"  ({one.reason})" if one.reason and not one.finding else "")
    if len(group) > _EXAMPLES:
        yield f"  … and {len(group) - _EXAMPLES:,} more: --json lists them all"
    todo = what_to_do(code)
    if code == codes.UNKNOWN_PLATFORM.code and has_platform:
        todo = "Leave them where they are."
    if code == codes.BEFORE_START.code:
        oldest = min(one.partition or "" for one in group)
        then = "run 'rawzone quarantine replay'" if applies else "adopt"
        todo = f"Set RAWZONE_START={oldest} or earlier, then {then}."
    yield f"  what to do: {todo}"


def _closing(counts: Mapping[str, int], *, pile: Path, applies: bool) -> str:
    new = [state for state in _ADOPTED[:3] if counts.get(state)]
    came = ", ".join(f"{counts[state]:,} {state}" for state in new)
    if not applies:
        if not came:
            return f"There is nothing to adopt in {pile}. This was a dry run."
        return (
            f"This was a dry run: {came} is what --apply would come to; nothing was written, and {pile} is "
            "never changed."
        )
    if not came:
        return f"There was nothing to adopt in {pile}; nothing was changed."
    return f"Adopted from {pile}: {came}. Nothing there was changed."
