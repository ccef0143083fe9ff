"""Whether this machine's clock and the ledger's time contradict each other, in one sentence for all to tell."""

from __future__ import annotations

from datetime import datetime, timedelta

from rawzone_assets.zone.ledger import Head

_SKEW = timedelta(minutes=1)  # no two hosts' clocks are the same
REMEDY = (
    "set this machine's clock; if it is right, that commit was made under a wrong one, and new ones repeat its "
    "time until it has come: docs/operations.md#a-clock-that-was-wrong says what that means"
)


def contradiction(head: Head, now: datetime) -> str | None:
    """What is to be said of a ledger whose newest commit is of a time to come."""
    if head.at is None or head.at - now <= _SKEW:
        return None
    return f"the newest commit is of {head.at:%Y-%m-%d %H:%M:%S} UTC, which this clock calls the future"
