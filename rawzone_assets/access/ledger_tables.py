"""Ledger tables: files, findings and the ledger itself as Arrow tables, for those who ask in SQL.

Everything here is a way of looking at receipts; what can be read at all is ``catalog``'s to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any

import orjson
import pyarrow as pa

from rawzone_assets.access.catalog import history, readable
from rawzone_assets.contract.forms import is_date
from rawzone_assets.zone.ledger import EMPTY
from rawzone_assets.zone.receipt import Receipt, Verdict, moment
from rawzone_assets.zone.zone import Zone

_TIME = pa.timestamp("us", tz="UTC")
_FILES = pa.schema(
    {
        "feed": pa.string(),
        "partition": pa.date32(),
        "name": pa.string(),
        "key": pa.string(),
        "revision": pa.int64(),
        "is_newest": pa.bool_(),
        "verdict": pa.string(),
        "sha256": pa.string(),
        "size": pa.int64(),
        "stored_size": pa.int64(),
        "stored_sha256": pa.string(),
        "encoding": pa.string(),
        "records": pa.int64(),
        "data_min": pa.date32(),
        "data_max": pa.date32(),
        "captured_at": _TIME,
        "promoted_at": _TIME,
        "source_system": pa.string(),
        "schema_file": pa.string(),
        "fingerprint": pa.string(),
        "substance": pa.string(),
        "duplicate_of": pa.string(),
        "revises": pa.string(),
        "access": pa.string(),
        "landing_path": pa.string(),
        "seq": pa.int64(),
        "committed_at": _TIME,
    }
)
_FINDINGS = pa.schema(
    {
        "feed": pa.string(),
        "partition": pa.date32(),
        "name": pa.string(),
        "key": pa.string(),
        "verdict": pa.string(),
        "check": pa.string(),
        "code": pa.string(),
        "blocking": pa.bool_(),
        "message": pa.string(),
        "place": pa.string(),
        "is_shadow": pa.bool_(),
        "sha256": pa.string(),
        "landing_path": pa.string(),
        "seq": pa.int64(),
        "committed_at": _TIME,
    }
)
_LEDGER = pa.schema(
    {
        "seq": pa.int64(),
        "committed_at": _TIME,
        "run_id": pa.string(),
        "record": pa.string(),
        "verdict": pa.string(),
        "feed": pa.string(),
        "partition": pa.string(),
        "name": pa.string(),
        "key": pa.string(),
        "sha256": pa.string(),
        "landing_path": pa.string(),
        "body": pa.string(),
    }
)


def files_table(zone: Zone) -> pa.Table:
    """What can be read: a row a promoted delivery or duplicate; ``is_newest`` is what readers get by name."""
    with closing(readable(zone)) as found:
        newest = {_identity(listed.seq, listed.receipt) for listed in found}
    with closing(history(zone, verdicts=[Verdict.PROMOTED, Verdict.DUPLICATE])) as entries:
        rows = [
            {
                **_common(_FILES, entry.receipt),
                "is_newest": _identity(entry.seq, entry.receipt) in newest,
                "schema_file": (entry.receipt.contract or {}).get("schema"),
                "seq": entry.seq,
                "committed_at": at,
            }
            for entry, at in entries
        ]
    return pa.Table.from_pylist(rows, schema=_FILES)


def findings_table(zone: Zone) -> pa.Table:
    """A row a finding of any delivery, refused or not; ``is_shadow`` marks those of rules on trial."""
    with closing(history(zone)) as entries:
        rows = list(_findings(entries))
    return pa.Table.from_pylist(rows, schema=_FINDINGS)


def ledger_table(zone: Zone) -> pa.Table:
    """A row a record of the ledger, of whatever kind; ``body`` is the whole record as JSON.

    Raises:
        LedgerDamaged: The ledger cannot be read to its end.
    """
    rows = [
        {
            **{name: record.get(name) for name in _LEDGER.names if isinstance(record.get(name), str)},
            "seq": commit.seq,
            "committed_at": commit.at,
            "run_id": commit.run_id,
            "record": record.get("record"),
            "body": orjson.dumps(record).decode(),
        }
        for commit in zone.ledger.after(EMPTY)
        for record in commit.records
    ]
    return pa.Table.from_pylist(rows, schema=_LEDGER)


def _findings(entries: Any) -> Iterator[dict[str, Any]]:
    for entry, at in entries:
        receipt: Receipt = entry.receipt
        for is_shadow, findings in ((False, receipt.findings), (True, receipt.shadow_findings)):
            for finding in findings:
                yield {
                    **_common(_FINDINGS, receipt),
                    **{name: finding.get(name) for name in ("check", "code", "blocking", "message")},
                    "place": orjson.dumps(finding["where"]).decode() if finding.get("where") else None,
                    "is_shadow": is_shadow,
                    "seq": entry.seq,
                    "committed_at": at,
                }


def _common(schema: pa.Schema, receipt: Receipt) -> dict[str, Any]:
    """The receipt's facts under the schema's names, in its types."""
    return {field.name: _value(field.type, getattr(receipt, field.name, None)) for field in schema}


def _value(kind: pa.DataType, value: Any) -> Any:
    if kind == pa.date32():
        return date.fromisoformat(value) if isinstance(value, str) and is_date(value) else None
    if kind == _TIME:
        return moment(value) if isinstance(value, str) else None
    return str(value) if kind == pa.string() and value is not None else value


def _identity(seq: int, receipt: Receipt) -> tuple[int, str | None, str | None, str]:
    return seq, receipt.name, receipt.sha256, receipt.landing_path
