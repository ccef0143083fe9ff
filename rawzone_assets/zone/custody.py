"""Custody: the ledger's records of where objects are kept and what may not leave, and what follows from them.

An ``archived`` record says that a copy of an object was verified in the archive and its hot copy may go; a
``restored`` one that it is hot again, its archive copy staying; an ``erased`` one that bytes were removed by
law. ``hold_added`` and ``hold_released`` tell of legal holds. Their published form is ``SCHEMA``; nothing is
recorded that is not of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rawzone_assets.contract.schemas import deciding_engine
from rawzone_assets.zone.receipt import Record

ARCHIVED = "archived"
RESTORED = "restored"
HOLD_ADDED = "hold_added"
HOLD_RELEASED = "hold_released"
ERASED = "erased"

SCHEMA = "ledger/custody.v1.json"


class Whereabouts(StrEnum):
    """Where the bytes of an object are, as the ledger has it."""

    HOT = "hot"  # in raw; perhaps in the archive as well
    ARCHIVE = "archive"
    ERASED = "erased"


_FORM = ("sha256", "size", "stored_sha256", "stored_size", "encoding")
_LEADS_TO = {ARCHIVED: Whereabouts.ARCHIVE, RESTORED: Whereabouts.HOT, ERASED: Whereabouts.ERASED}


@dataclass(frozen=True, kw_only=True)
class Custody:
    """What the ledger says of the keeping of one object."""

    whereabouts: Whereabouts = Whereabouts.HOT
    seq: int | None = None  # the commit that says so; None: it never left raw
    at: str | None = None
    record: Record | None = None
    has_archive_copy: bool = False

    def after(self, seq: int, at: str, record: Record) -> Custody:
        """What it is once this record is taken in. What was erased stays so."""
        leads_to = _LEADS_TO.get(str(record.get("record")))
        if leads_to is None or self.whereabouts is Whereabouts.ERASED:
            return self
        return Custody(
            whereabouts=leads_to,
            seq=seq,
            at=at,
            record=record,
            has_archive_copy=leads_to is Whereabouts.ARCHIVE
            or (self.has_archive_copy and leads_to is Whereabouts.HOT),
        )


@dataclass(frozen=True, kw_only=True)
class Hold:
    """A legal hold. ``platform`` and ``feed`` both ``None``: of everything. Capture days, both included."""

    id: str
    platform: str | None
    feed: str | None
    since: str | None
    until: str | None
    reason: str
    authority: str
    by: str
    seq: int
    at: str
    released: Record | None = None
    released_seq: int | None = None
    released_at: str | None = None

    @property
    def is_active(self) -> bool:
        return self.released_seq is None

    @property
    def scope(self) -> str:
        """``distrokid/streams from 2024-05-01 to 2024-05-31``."""
        what = self.feed or self.platform or "all feeds"
        since = f" from {self.since}" if self.since else ""
        until = f" to {self.until}" if self.until else ""
        return f"{what}{since}{until}"

    def covers(self, feed: str, days: tuple[str, str]) -> bool:
        """Whether it stands over an object of a feed that can be read under capture days from first to last."""
        if self.feed is not None and feed != self.feed:
            return False
        if self.platform is not None and not f"{feed}/".startswith(f"{self.platform}/"):
            return False
        first, last = days
        return (not self.since or last >= self.since) and (not self.until or first <= self.until)


def object_place(feed: str, partition: str, key: str) -> dict[str, Any]:
    """Which object a record is about."""
    return {"feed": feed, "partition": partition, "key": key}


def archived_record(
    *,
    owner: Mapping[str, Any],
    form: Mapping[str, Any],
    why: str,
    plan: str,
    approved_by: str,
    staged: bool,
) -> dict[str, Any]:
    """An object that was copied to the archive and verified there.

    ``owner`` has feed, partition and key; ``form`` sha256, size, stored_sha256, stored_size and encoding as
    they were read in the archive. ``plan`` is the digest of the approved plan. ``staged`` false: the archive
    held the same bytes already, and they were verified where they lay.
    """
    told = {"why": why, "plan": plan, "approved_by": approved_by, "staged": staged}
    return checked({"record": ARCHIVED, **owner, **form, **told})


def restored_record(
    *, owner: Mapping[str, Any], form: Mapping[str, Any], reason: str | None, by: str
) -> dict[str, Any]:
    """An object that was copied back from the archive and verified. Its archive copy stays."""
    return checked({"record": RESTORED, **owner, **form, "reason": reason, "by": by})


def erased_record(
    *,
    owner: Mapping[str, Any],
    form: Mapping[str, Any],
    place: str,
    reason: str,
    authority: str,
    by: str,
) -> dict[str, Any]:
    """Bytes that are to be removed by law, or were: recorded first, removed then.

    ``place`` is what was erased: ``raw/<key>``, or ``quarantine/<path>``, which has no key in ``owner``.
    """
    told = {"place": place, "reason": reason, "authority": authority, "by": by}
    return checked({"record": ERASED, **owner, **form, **told})


def hold_added_record(
    *,
    hold: str,
    platform: str | None,
    feed: str | None,
    since: str | None,
    until: str | None,
    reason: str,
    authority: str,
    by: str,
) -> dict[str, Any]:
    scope = {"platform": platform, "feed": feed, "since": since, "until": until}
    return checked(
        {"record": HOLD_ADDED, "hold": hold, **scope, "reason": reason, "authority": authority, "by": by}
    )


def hold_released_record(*, hold: Hold, reason: str, authority: str, by: str) -> dict[str, Any]:
    told = {"platform": hold.platform, "feed": hold.feed, "reason": reason, "authority": authority, "by": by}
    return checked({"record": HOLD_RELEASED, "hold": hold.id, **told})


def checked(record: dict[str, Any]) -> dict[str, Any]:
    """The record, found to be of the published form.

    Raises:
        ValueError: It is not, which is a fault of whoever wrote it.
    """
    deciding_engine(SCHEMA).validate(record)
    return record


def form_of(source: Any) -> dict[str, Any]:
    """The digests and sizes of a receipt or a recorded item, as records of custody repeat them."""
    return {name: getattr(source, name) for name in _FORM}


def form_of_record(record: Record) -> dict[str, Any]:
    """The digests and sizes that a record of custody tells."""
    return {name: record[name] for name in _FORM}
