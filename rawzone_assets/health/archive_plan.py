"""Plans of what is to move to the archive: made, written for a person to approve, and read back.

A plan is bound to the ledger's head and to its own digest. What it says of the ledger is said again by the
ledger when it is applied; the digest shows that what is applied is what was approved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from rawzone_assets.contract.schemas import deciding_engine
from rawzone_assets.contract.wording import counted, readable_size
from rawzone_assets.health.retention import Clock, Due, due_objects
from rawzone_assets.zone.custody import form_of
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.ledger import Head
from rawzone_assets.zone.receipt import Verdict, canonical, moment, timestamp
from rawzone_assets.zone.zone import Zone

SCHEMA = "ledger/archive_plan.v1.json"
KEPT_FOR = timedelta(days=30)
"""By the ledger's clock: what was approved longer ago than this is to be looked at again."""
MOST_BYTES = 1 << 30
"""Bytes of a plan's file."""


class PlanRefused(ZoneError):
    """A plan is not carried out. Nothing moved because of it, or nothing more."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One object that is to move."""

    feed: str
    partition: str
    key: str
    sha256: str
    size: int
    stored_sha256: str
    stored_size: int
    encoding: str
    since: str  # from when its age counts
    why: str

    @property
    def owner(self) -> dict[str, str]:
        return {"feed": self.feed, "partition": self.partition, "key": self.key}


@dataclass(frozen=True, kw_only=True)
class Share:
    """What would move of one feed, and how much of its files in raw that is. Bytes."""

    feed: str
    files: int
    bytes: int
    stored_bytes: int
    hot_files: int
    percent: int  # rounded up
    first: str  # capture days
    last: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to move, and what stays although it is due."""

    ledger: Head
    made_at: datetime
    counted_to: datetime | None  # the time up to which ages count
    older_than: int | None
    retention: dict[str, dict[str, int]]
    feeds: tuple[Share, ...]
    held: tuple[dict[str, Any], ...]
    files: tuple[Planned, ...]
    holds: tuple[str, ...] = field(default=())  # the scopes and reasons of those that keep something
    back: int = 0  # files that are due and were restored too lately

    @property
    def summary(self) -> list[str]:
        """What a person reads before approving it."""
        at = f"{self.ledger.at:%Y-%m-%d %H:%M} UTC" if self.ledger.at else ""
        stored = readable_size(sum(share.stored_bytes for share in self.feeds))
        up_to = f"{self.counted_to:%Y-%m-%d %H:%M} UTC" if self.counted_to != self.ledger.at else "then"
        moving = f"{counted(len(self.files), 'file')} ({stored} as stored) would move from raw to the archive."
        lines = [
            moving if self.files else "Nothing would move from raw to the archive.",
            f"Made of the ledger up to commit {self.ledger.seq} of {at}; ages are counted up to {up_to}.",
        ]
        lines += [
            f"{share.feed}: {counted(share.files, 'file')} of {share.first} to {share.last}, "
            f"{readable_size(share.stored_bytes)}, {share.percent} % of its {share.hot_files} in raw"
            for share in self.feeds
        ]
        if self.held:
            lines.append(f"{counted(len(self.held), 'file')} due stay because of a hold:")
            lines += list(self.holds)
        if self.back:
            back = counted(self.back, "file")
            lines.append(f"{back} due stay because they were restored within the feed's recent days.")
        return lines

    @property
    def digest(self) -> str:
        return hashlib.sha256(canonical(self._body())).hexdigest()

    def document(self, *, indented: bool = True) -> bytes:
        """The plan as JSON, to be read and approved."""
        option = orjson.OPT_APPEND_NEWLINE | (orjson.OPT_INDENT_2 if indented else 0)
        return orjson.dumps({**self._body(), "digest": self.digest}, option=option)

    def _body(self) -> dict[str, Any]:
        at = timestamp(self.ledger.at) if self.ledger.at else ""
        return {
            "record": "archive_plan",
            "version": 1,
            "summary": self.summary,
            "ledger": {"seq": self.ledger.seq, "head": self.ledger.sha256, "at": at},
            "made_at": timestamp(self.made_at),
            "older_than_days": self.older_than,
            "retention": self.retention,
            "feeds": [vars(share) for share in self.feeds],
            "held": list(self.held),
            "files": [vars(planned) for planned in self.files],
        }


@dataclass(frozen=True, kw_only=True)
class Approved:
    """A plan as it was read from its file: what apply needs of it."""

    digest: str
    ledger: Head
    made_at: datetime
    older_than: int | None
    retention: dict[str, dict[str, int]]
    files: tuple[Planned, ...]


def make_plan(zone: Zone, feeds: Sequence[str] | None = None, *, older_than: int | None = None) -> Plan:
    """What is due now. The index has caught up."""
    due = list(due_objects(zone, feeds, older_than=older_than))
    moving = [_planned(one) for one in due if one.moves]
    held = [one for one in due if one.holds]
    holds = {hold.id: hold for one in held for hold in one.holds}
    names = sorted({planned.feed for planned in moving})
    return Plan(
        ledger=zone.index.head,
        made_at=max(zone.clock(), zone.index.head.at or zone.clock()),
        counted_to=Clock.of(zone).now,
        older_than=older_than,
        retention={feed: vars(zone.settings.policy.retention_of(feed)) for feed in names},
        feeds=tuple(_share(zone, [planned for planned in moving if planned.feed == feed]) for feed in names),
        held=tuple(
            {
                "feed": one.object.receipt.feed,
                "key": one.object.receipt.key,
                "holds": [hold.id for hold in one.holds],
            }
            for one in held
        ),
        files=tuple(moving),
        back=sum(one.is_back and not one.holds for one in due),
        holds=tuple(f"{hold.id} of {hold.scope}: {hold.reason} ({hold.authority})" for hold in holds.values()),
    )


def read_plan(data: bytes, name: str) -> Approved:
    """A plan read back from its file.

    Raises:
        PlanRefused: It is no plan, or not as it was written.
    """
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise PlanRefused(
            f"{name} is no plan (it is not JSON): make one with 'rawzone archive plan'."
        ) from None
    if not deciding_engine(SCHEMA).is_valid(document):
        raise PlanRefused(f"{name} is no plan of this version: make one with 'rawzone archive plan'.")
    digest = document.pop("digest")
    try:
        is_as_written = hashlib.sha256(canonical(document)).hexdigest() == digest
    except (orjson.JSONEncodeError, TypeError):
        is_as_written = False
    if not is_as_written:
        raise PlanRefused(
            f"{name} was edited after it was made (its digest is not that of its content), so nothing is "
            "moved: make the plan you want with 'rawzone archive plan' and its options."
        )
    ledger = document["ledger"]
    try:
        at, made_at = moment(ledger["at"]), moment(document["made_at"])
    except ValueError:
        raise PlanRefused(f"{name} is no plan of this version: make one with 'rawzone archive plan'.") from None
    return Approved(
        digest=digest,
        ledger=Head(seq=ledger["seq"], sha256=ledger["head"], at=at),
        made_at=made_at,
        older_than=document["older_than_days"],
        retention=document["retention"],
        files=tuple(
            Planned(**{field: one[field] for field in Planned.__dataclass_fields__})
            for one in document["files"]
        ),
    )


def percent_of(part: int, whole: int) -> int:
    """How much of the whole it is, rounded up."""
    return -(-100 * part // whole) if whole else 0


def hot_files(zone: Zone, feed: str) -> int:
    """The objects of a feed that are in raw."""
    promoted = sum(
        total.receipts
        for total in zone.index.tallies.totals()
        if total.feed == feed and total.verdict is Verdict.PROMOTED
    )
    gone = sum(total.files for total in zone.index.custody.totals() if total.feed == feed)
    return promoted - gone


def _planned(due: Due) -> Planned:
    receipt = due.object.receipt
    return Planned(
        feed=receipt.feed or "",
        partition=receipt.partition or "",
        key=receipt.key or "",
        **form_of(receipt),
        since=due.object.newest_capture,
        why=due.why,
    )


def _share(zone: Zone, moving: Sequence[Planned]) -> Share:
    feed = moving[0].feed
    hot = hot_files(zone, feed)
    days = [planned.partition for planned in moving]
    return Share(
        feed=feed,
        files=len(moving),
        bytes=sum(planned.size for planned in moving),
        stored_bytes=sum(planned.stored_size for planned in moving),
        hot_files=hot,
        percent=percent_of(len(moving), hot),
        first=min(days),
        last=max(days),
    )
