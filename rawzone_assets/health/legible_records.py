"""Legible records: what can still be read of a commit that is damaged.

Nothing vouches for it any more. It is taken for what must exist all the same, and only where it has the form of
a record: then the files that it speaks of are looked for, and not called foreign.
"""

from __future__ import annotations

from typing import Any

import orjson

from rawzone_assets.zone import custody
from rawzone_assets.zone.receipt import Receipt, Record, Verdict

_RECEIPT_FIELDS = Receipt(verdict=Verdict.PROMOTED, landing_path="").as_record().keys()
_SOMETIMES = {"adopted"}


def legible_records(data: bytes) -> list[Record]:
    """The receipts and records of custody that can still be read in a damaged commit's file."""
    records: list[Record] = []
    for line in data.splitlines()[1:]:
        try:
            record: Any = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if not isinstance(record, dict):
            continue
        if (record.keys() - _SOMETIMES == _RECEIPT_FIELDS and _is_usable(record)) or custody.is_custody(record):
            records.append(record)
    return records


def _is_usable(record: Record) -> bool:
    """Whether a receipt from a damaged commit still has the form of one; its values may be wrong."""
    places = record["quarantine"]
    texts = [record[name] for name in ("record", "verdict", "partition", "encoding", "sha256", "stored_sha256")]
    texts.append(record["landing_path"])
    sizes = [record[name] for name in ("size", "stored_size")]
    if record["verdict"] == Verdict.QUARANTINED:
        texts += [places.get("path"), places.get("findings")] if isinstance(places, dict) else [None]
    elif record["verdict"] == Verdict.PROMOTED:
        texts.append(record["key"])
    else:
        return False
    return all(isinstance(text, str) for text in texts) and all(type(size) is int for size in sizes)
