"""Recognizing: what a landed file is, before it is opened.

By its path as names are declared, by its sidecar where the path lacks a date, and by its kind and size: some
that have a delivery's name are left where they are, unread.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.naming import Ignored, Recognized, Unrecognized
from rawzone_assets.zone import sidecar
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.scanning import MOST_LEVELS
from rawzone_assets.zone.sidecar import HasSidecars

MOST_COPIED = 2**30
"""Bytes. What its feed's limit refuses is copied into quarantine up to this size, else left in landing."""

Recognize = Callable[[str, datetime | None], Recognized | Unrecognized | Ignored]
"""What the file at a path is, given the time that its sidecar states."""


def recognized_as(
    source: HasSidecars, landed: Landed, recognize: Recognize
) -> Recognized | Unrecognized | Ignored:
    """What a file is: by its path, its sidecar where the path lacks a date, its kind and size."""
    if landed.too_deep:
        deep = f"it is a folder below {MOST_LEVELS} others and was not entered"
        return Unrecognized(finding=codes.NOT_A_REGULAR_FILE(deep))
    recognized = recognize(landed.path, None)
    if (
        isinstance(recognized, Unrecognized)
        and (landed.sidecar or landed.packed)
        and recognized.finding.code == codes.NO_DATE.code
    ):
        stated = sidecar.beside(landed, source).captured_at
        if stated is not None:
            recognized = recognize(landed.path, stated)
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
