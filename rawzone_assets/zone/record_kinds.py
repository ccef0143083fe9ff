"""The kinds of records that this version writes and understands.

What a kind means decides where bytes are and what may leave. A ledger that holds another kind was continued by
a newer version: passing over it would call missing what was moved, and bring back what was erased.
"""

from __future__ import annotations

from collections.abc import Iterable

from rawzone_assets.zone import custody, upkeep
from rawzone_assets.zone.receipt import Record

DRILLED = "drilled"
DRILL_SCHEMA = "ledger/drill.v1.json"

KINDS = frozenset(
    {
        "receipt",
        "replayed",
        upkeep.SCRUBBED,
        upkeep.DAMAGED,
        upkeep.REPAIRED,
        custody.ARCHIVED,
        custody.RESTORED,
        custody.ERASED,
        custody.HOLD_ADDED,
        custody.HOLD_RELEASED,
        DRILLED,
    }
)


def unknown_kinds(records: Iterable[Record]) -> list[str]:
    """The kinds among these that this version does not know."""
    kinds = {str(record.get("record")) for record in records}
    return sorted(kinds - KINDS)
