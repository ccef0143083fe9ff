"""The forms of records: what a line of the ledger must say for whoever relies on it (``schemas/ledger``).

Whoever may write to the ledger can hash anything, so right hashes make no record. A path that would lead out of
the zone is as wrong as one that is missing: what a record names is linked, read and, by law, removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rawzone_assets.contract.schemas import deciding_engine, refusals
from rawzone_assets.zone import custody, upkeep
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.record_kinds import DRILL_SCHEMA, DRILLED

RECEIPT_SCHEMA = "ledger/receipt.v1.json"
UPKEEP_SCHEMA = "ledger/upkeep.v1.json"

_SCHEMAS = {
    "receipt": RECEIPT_SCHEMA,
    **dict.fromkeys((upkeep.SCRUBBED, upkeep.DAMAGED, upkeep.REPAIRED, "replayed"), UPKEEP_SCHEMA),
    **dict.fromkeys((custody.ARCHIVED, custody.RESTORED, custody.ERASED), custody.SCHEMA),
    **dict.fromkeys((custody.HOLD_ADDED, custody.HOLD_RELEASED), custody.SCHEMA),
    DRILLED: DRILL_SCHEMA,
}
_LEADS_OUT = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|\0")  # a path with an empty, "." or ".." part
_MAY_LEAVE = (custody.ARCHIVED, custody.RESTORED, custody.ERASED, DRILLED)
"""Kinds whose published form, which is never edited, says nothing of where paths may lead."""


def fault_of(records: Iterable[Record]) -> str | None:
    """What is wrong with the first of these records that has not the form of its kind."""
    for number, record in enumerate(records, start=1):
        schema = _SCHEMAS[record["record"]]
        if not deciding_engine(schema).is_valid(record):
            return f"its record {number} is not of the form in schemas/{schema}{_where(schema, record)}"
        if float in map(type, record.values()):  # which schemas take for a whole number, and readers do not
            return f"its record {number} has a number that is not written as a whole one"
        if record["record"] in _MAY_LEAVE:
            for path in (record.get("key"), record.get("place")):
                if path is not None and _LEADS_OUT.search(path):
                    return f"a path in its record {number} leads out of the zone"
    return None


def _where(schema: str, record: Record) -> str:
    """The first place that the schema refuses, if it is a member of its own."""
    for refusal in refusals(schema, record):
        for place in refusal.places:
            if place:
                return f" ({'/'.join(map(str, place))})"
    return ""
