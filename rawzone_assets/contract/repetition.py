"""Repetition: content that came before. Pure: what came before, zone has looked up.

That a second capture says the same is common; that every capture says the same for longer than the feed's data
may stand still is the sign of a session that has ended upstream.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Cadence
from rawzone_assets.contract.findings import Finding


def same_content(key: str, captured_at: datetime) -> Finding:
    """The advisory finding that the object ``key``, captured before, says the same in other bytes."""
    return codes.SAME_CONTENT(f"the same content as {key}, captured {captured_at:%Y-%m-%d %H:%M} UTC")


def standstill_findings(since: datetime, captured_at: datetime, cadence: Cadence) -> Iterator[Finding]:
    """The advisory finding that nothing has changed in the captures from ``since`` on, when that is long."""
    days = (captured_at - since).days
    if days >= cadence.stale_after_days:
        allowed = f"the feed's data may stand still for {cadence.stale_after_days}"
        message = f"content identical although {days} days newer: unchanged since {since:%Y-%m-%d}; {allowed}"
        yield codes.CONTENT_UNCHANGED(message)
