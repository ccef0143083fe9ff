"""Alert delivery as the doctor sees it: whether anybody looks, and whether what is told arrives."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from rawzone_assets.contract.wording import counted
from rawzone_assets.health.alert_book import read_book
from rawzone_assets.health.checks import Check, failed, ok, warn
from rawzone_assets.zone.errors import ZoneError

_SILENT_AFTER = timedelta(minutes=15)


def alerts_check(state: Path, *, now: datetime) -> Check:
    """One line on alerts. A channel that takes nothing fails; a sensor that does not run is a warning."""
    name = "alerts"
    try:
        book = read_book(state)
    except ZoneError as error:
        return failed(name, str(error), "move that file away")
    if book is None or book.looked_at is None:
        remedy = "nothing if you do not use alerts; else start Dagster's daemon with the sensor 'alerts' on"
        return ok(name, f"nothing was ever looked at: {remedy}")
    if book.outbox.troubled:
        seen = "; ".join(
            f"{channel.name} did not take {counted(len(channel.waiting), 'message')} ({channel.problem})"
            for channel in book.outbox.troubled
        )
        return failed(name, seen, "correct RAWZONE_ALERT_URLS, then try it with 'rawzone alerts test'")
    if now - book.looked_at > _SILENT_AFTER:
        seen = f"the sensor looked last at {book.looked_at:%Y-%m-%d %H:%M} UTC"
        return warn(name, seen, "start Dagster's daemon and see that the sensor 'alerts' is on")
    if book.looked_at - now > _SILENT_AFTER:
        seen = f"the sensor looked last at {book.looked_at:%Y-%m-%d %H:%M} UTC, in this clock's future"
        remedy = (
            "set this machine's clock; if it is right, Dagster evaluates no sensor before that time: stop its "
            "daemon, run 'dagster schedule wipe', which makes it forget when it did, and start it again"
        )
        return failed(name, seen, remedy)
    incidents = len(book.incidents.open)
    shown = ", ".join(book.outbox.channels) or "no channel"
    return ok(name, f"{incidents} incidents open, told to {shown}, and all of it was taken")
