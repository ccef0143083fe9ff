"""The survey: every landed file in exactly one state (invariant I6).

Level-triggered: what landing holds now, less what the index knows. It reads names and file times only, so
it stays cheap for a sensor that looks twice a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Feed, Platform
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.naming import (
    Ignored,
    Owners,
    Recognized,
    Unrecognized,
    is_in_the_future,
    recognize,
)
from rawzone_assets.zone import sidecar
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.landed import MOST_LEVELS, Landed
from rawzone_assets.zone.landing import Landing
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.sidecar import HasSidecars

MOST_COPIED = 2**30
"""Bytes. What its feed's limit refuses is copied into quarantine up to this size, else left in landing."""


Recognize = Callable[[str, tuple[Platform, ...], datetime | None], Recognized | Unrecognized | Ignored]
"""What the file at a path is, given the time that its sidecar states."""

_VERDICTS = {str(verdict): verdict for verdict in Verdict}


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A landed file matched to its feed."""

    landed: Landed
    recognized: Recognized

    @property
    def feed_id(self) -> str:
        return self.recognized.feed.id

    @property
    def partition(self) -> str:
        return self.recognized.capture.day.isoformat()


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A landed file that is not dealt with yet, and why."""

    landed: Landed
    feed_id: str | None
    reason: str

    @property
    def label(self) -> str:
        return self.landed.label


@dataclass(frozen=True, kw_only=True)
class Survey:
    """All of landing at one moment. The labels of the parts do not overlap."""

    ready: tuple[Delivery, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    unrecognized: tuple[tuple[Landed, Finding], ...] = ()  # not recorded yet
    decided: Mapping[str, tuple[str | None, Verdict]] = field(default_factory=dict)  # label -> feed, verdict
    ignored: tuple[tuple[str, str], ...] = ()
    unreadable: tuple[str, ...] = ()  # folders
    size: int = 0  # bytes of all that lies there but for what is ignored

    def states(self) -> dict[str, str]:
        """Each landed file's one state, by its label."""
        states = {label: "ignored" for label, _ in self.ignored}
        states.update({landed.label: "waiting" for landed, _ in self.unrecognized})
        states.update({delivery.landed.label: "waiting" for delivery in self.ready})
        states.update({item.label: "waiting" for item in self.waiting})
        states.update({label: str(verdict) for label, (_, verdict) in self.decided.items()})
        return states


def survey(
    landing: Landing, index: Index, platforms: Iterable[Platform], *, now: datetime, settle: float
) -> Survey:
    """Look at landing and say what each file is.

    Raises:
        LandingMissing: There is no landing folder.
    """
    known_platforms = tuple(platforms)
    scan = landing.scan()
    seen = index.seen()
    ready: list[Delivery] = []
    waiting: list[Waiting] = []
    strangers: list[tuple[Landed, Finding]] = []
    decided: dict[str, tuple[str | None, Verdict]] = {}
    owners = Owners(known_platforms)
    for landed in scan.files:
        label = landed.label
        before = seen.get(label)
        # Nearly all of a large landing was decided before. Its names are looked at all the same: a declaration
        # that changed may give them to another feed.
        if (
            before
            and before[1]
            and before[0] == landed.signature
            and landed.regular
            and not landed.borrowed
            and owners.feed_of(landed.path) == before[1]
        ):
            decided[label] = (before[1], _VERDICTS[before[2]])
            continue
        recognized = recognized_as(landing, landed, known_platforms)
        if isinstance(recognized, Ignored):  # its folder is: the scan passes over such folders already
            continue
        signature, feed_id, verdict = seen.get(label, ("", None, ""))
        if isinstance(recognized, Unrecognized):
            if verdict == Verdict.UNRECOGNIZED:
                decided[label] = (None, Verdict.UNRECOGNIZED)
            elif not landed.settled(now=now.timestamp(), settle=settle):
                waiting.append(Waiting(landed=landed, feed_id=None, reason="still settling"))
            else:
                strangers.append((landed, recognized.finding))
            continue
        delivery = Delivery(landed=landed, recognized=recognized)
        if signature == landed.signature and feed_id == delivery.feed_id:
            decided[label] = (feed_id, Verdict(verdict))
            continue
        reason = _not_yet(delivery, now=now, settle=settle)
        if reason:
            waiting.append(Waiting(landed=landed, feed_id=delivery.feed_id, reason=reason))
        else:
            ready.append(delivery)
    # Feed by feed, oldest capture first: a duplicate then refers to the earliest file.
    ready.sort(key=lambda d: (d.feed_id, d.recognized.capture.captured_at, d.landed.path))
    return Survey(
        ready=tuple(ready),
        waiting=tuple(waiting),
        unrecognized=tuple(strangers),
        decided=decided,
        ignored=scan.ignored,
        unreadable=scan.unreadable,
        size=sum(landed.size for landed in scan.files),
    )


def recognized_as(
    source: HasSidecars,
    landed: Landed,
    platforms: tuple[Platform, ...],
    *,
    recognize: Recognize = recognize,
) -> Recognized | Unrecognized | Ignored:
    """What a file is: by its path, its sidecar where the path lacks a date, its kind and size."""
    if landed.too_deep:
        deep = f"it is a folder below {MOST_LEVELS} others and was not entered"
        return Unrecognized(finding=codes.NOT_A_REGULAR_FILE(deep))
    recognized = recognize(landed.path, platforms, None)
    if (
        isinstance(recognized, Unrecognized)
        and (landed.sidecar or landed.packed)
        and recognized.finding.code == codes.NO_DATE.code
    ):
        stated = sidecar.beside(landed, source).captured_at
        if stated is not None:
            recognized = recognize(landed.path, platforms, stated)
    if isinstance(recognized, Recognized) and not _is_text(recognized.capture.name):
        return Unrecognized(finding=codes.UNKNOWN_NAME("its name is not valid UTF-8"))
    finding = left_alone(landed, recognized.feed) if isinstance(recognized, Recognized) else None
    return Unrecognized(finding=finding) if finding else recognized


def left_alone(landed: Landed, feed: Feed) -> Finding | None:
    """Why an entry that has a delivery's name is not opened at all, or ``None`` (ADR 20)."""
    if not landed.regular:
        return codes.NOT_A_REGULAR_FILE("it is a link, pipe, socket or device and was not opened")
    if landed.borrowed:
        return codes.BORROWED_FILE("it is another name of a private file that its folder's owner does not own")
    limit = max(feed.max_size, MOST_COPIED)
    if landed.size > limit:
        return codes.TOO_LARGE(f"above {limit:,} bytes no copy is kept, the file has {landed.size:,}")
    return None


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _not_yet(delivery: Delivery, *, now: datetime, settle: float) -> str | None:
    if not delivery.landed.settled(now=now.timestamp(), settle=settle):
        return "still settling"
    capture = delivery.recognized.capture
    # A stamp of tomorrow is a zone ahead of UTC: its partition begins soon. Further ahead is a wrong stamp.
    if capture.day > now.date() and not is_in_the_future(capture, now):
        return f"its day {capture.day} has not begun in UTC"
    return None


def with_feeds(found: Survey, feeds: Iterable[str]) -> Survey:
    """The part of a survey that concerns some feeds."""
    wanted = set(feeds)
    return replace(
        found,
        ready=tuple(delivery for delivery in found.ready if delivery.feed_id in wanted),
        waiting=tuple(item for item in found.waiting if item.feed_id in wanted),
        decided={label: pair for label, pair in found.decided.items() if pair[0] in wanted},
    )
