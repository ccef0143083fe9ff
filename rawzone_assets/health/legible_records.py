"""Legible records: what can still be read of a commit that is damaged.

Nothing vouches for it any more. It is taken for what must exist all the same, and only where it has the form of
its kind: then the files that it speaks of are looked for, and not called foreign.
"""

from __future__ import annotations

from typing import Any

import orjson

from rawzone_assets.zone.custody import ARCHIVED, ERASED, RESTORED
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.record_forms import fault_of

_KINDS = ("receipt", ARCHIVED, RESTORED, ERASED)


def legible_records(data: bytes) -> list[Record]:
    """The receipts and records of custody that can still be read in a damaged commit's file."""
    records: list[Record] = []
    for line in data.split(b"\n")[1:]:
        try:
            record: Any = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(record, dict) and record.get("record") in _KINDS and fault_of([record]) is None:
            records.append(record)
    return records
