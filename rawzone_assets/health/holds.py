"""Holds: adding and releasing legal holds, as commits. What they cover is ``zone.custody``'s to say."""

from __future__ import annotations

from rawzone_assets.zone.custody import Hold, hold_added_record, hold_released_record
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.zone import Zone


class NoSuchHold(ZoneError):
    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"There is no hold {wanted!r}: 'rawzone hold ls --all' lists those that there ever were."
        )


class HoldOver(ZoneError):
    """Something was to leave hot storage, or to be erased, that is under a hold."""

    def __init__(self, key: str, holds: list[Hold]) -> None:
        told = "; ".join(f"{hold.id} of {hold.scope}, {hold.reason} (by {hold.authority})" for hold in holds)
        super().__init__(
            f"{key} is under a hold ({told}), so it stays where it is: lift that first with 'rawzone "
            "hold release', or leave the file out."
        )
        self.key = key
        self.holds = tuple(holds)


def add_hold(
    zone: Zone,
    *,
    platform: str | None = None,
    feed: str | None = None,
    since: str | None = None,
    until: str | None = None,
    reason: str,
    authority: str,
    by: str,
    run_id: str = "hold",
) -> Hold:
    """Put a hold on a platform, a feed, or everything; ``since`` and ``until`` are capture days, included.

    Raises:
        ZoneError: It could not be recorded.
    """
    identity = ""

    def records() -> list[Record]:
        nonlocal identity
        identity = zone.index.holds.next_id()
        scope = {"platform": platform, "feed": feed, "since": since, "until": until}
        return [hold_added_record(hold=identity, **scope, reason=reason, authority=authority, by=by)]

    zone.publisher(run_id).record(records)
    return _hold(zone, identity)


def release_hold(
    zone: Zone, identity: str, *, reason: str, authority: str, by: str, run_id: str = "hold"
) -> tuple[Hold, bool]:
    """Lift a hold; the hold, and whether this lifted it or another did before.

    Raises:
        NoSuchHold: There never was one of this ID.
        ZoneError: It could not be recorded.
    """

    def records() -> list[Record]:
        hold = _hold(zone, identity)
        if not hold.is_active:
            return []
        return [hold_released_record(hold=hold, reason=reason, authority=authority, by=by)]

    commit = zone.publisher(run_id).record(records)
    return _hold(zone, identity), commit is not None


def require_no_hold(zone: Zone, feed: str, key: str) -> None:
    """See to it that no hold stands over an object.

    Raises:
        HoldOver: One does.
    """
    holds = zone.index.holds.over(feed, key)
    if holds:
        raise HoldOver(key, holds)


def _hold(zone: Zone, identity: str) -> Hold:
    hold = zone.index.holds.find(identity)
    if hold is None:
        raise NoSuchHold(identity)
    return hold
