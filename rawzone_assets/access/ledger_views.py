"""Ledger views: files, findings and the ledger itself for those who ask in SQL.

Files and findings are asked of the Parquet catalog, so that a question costs what it reads and not the whole
ledger. What can be read at all is ``catalog``'s to say; ``_FILES`` says the same to DuckDB.
"""

from __future__ import annotations

from collections.abc import Collection
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from rawzone_assets.access.parquet_catalog import ParquetCatalog, catalog_of, open_catalog
from rawzone_assets.zone import upkeep
from rawzone_assets.zone.ledger import EMPTY
from rawzone_assets.zone.zone import Zone

if TYPE_CHECKING:
    import duckdb

_RECEIPTS = "_receipts"
_REPAIRED = "_repaired"
_CUSTODY = "_custody"
_LEDGER = pa.schema(
    {
        "seq": pa.int64(),
        "committed_at": pa.timestamp("us", tz="UTC"),
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
_FORMS = pa.schema(
    {
        "repaired_key": pa.string(),
        "repaired_sha256": pa.string(),
        "form_sha256": pa.string(),
        "form_size": pa.int64(),
        "form_encoding": pa.string(),
    }
)

# A version of a name is a digest, and its place that of the first receipt that has it, refused or not: bytes
# that come back are no news. What readers get is the newest version that was accepted at all.
_FILES = """
WITH placed AS (
    SELECT *, (seq, line) AS place, verdict IN ('promoted', 'duplicate') AS accepted
    FROM _receipts WHERE sha256 IS NOT NULL AND name IS NOT NULL
), versions AS (
    SELECT *,
        min(place) OVER version AS arrived,
        min(place) FILTER (accepted) OVER version AS listed
    FROM placed WINDOW version AS (PARTITION BY feed, "partition", name, sha256)
), names AS (
    SELECT *, max(arrived) FILTER (accepted)
        OVER (PARTITION BY feed, "partition", name) AS newest
    FROM versions
)
SELECT feed, "partition", name, key, CAST(revision AS BIGINT) AS revision,
    place = listed AND arrived = newest AND kept_in IS DISTINCT FROM 'erased' AS is_newest,
    verdict, sha256, size,
    coalesce(form_size, stored_size) AS stored_size,
    coalesce(form_sha256, stored_sha256) AS stored_sha256,
    coalesce(form_encoding, encoding) AS encoding,
    records, data_min, data_max, captured_at, promoted_at, source_system, contract.schema AS schema_file,
    fingerprint, substance, duplicate_of, revises, access, landing_path, seq, "at" AS committed_at,
    coalesce(kept_in, 'hot') AS whereabouts
FROM names
LEFT JOIN _repaired ON verdict = 'promoted' AND key = repaired_key AND sha256 = repaired_sha256
LEFT JOIN _custody ON key = kept_key
WHERE accepted
"""

_FINDINGS = """
WITH found AS (
    SELECT *, unnest(findings) AS finding, false AS is_shadow FROM _receipts
    UNION ALL
    SELECT *, unnest(shadow_findings) AS finding, true AS is_shadow FROM _receipts
)
SELECT feed, "partition", name, key, verdict, finding."check" AS "check", finding.code AS code,
    finding.blocking AS blocking, finding.message AS message,
    CAST(json_merge_patch('{}', to_json(finding."where")) AS VARCHAR) AS place,
    is_shadow, sha256, landing_path, seq, "at" AS committed_at
FROM found
"""


def add_views(connection: duckdb.DuckDBPyConnection, zone: Zone, names: Collection[str]) -> list[Path]:
    """Add these views to a connection; returns the folder they read, if any.

    ``raw_files`` and ``raw_findings`` read the catalog, brought up to date now. Where it cannot be written they
    are tables in memory instead. ``raw_ledger`` always is one.

    Raises:
        LedgerDamaged: A commit is damaged or breaks the chain.
        StorageFailed: The ledger cannot be read, or the catalog not be written.
    """
    if "raw_ledger" in names:
        connection.register("raw_ledger", _ledger_table(zone))
    queries = {"raw_files": _FILES, "raw_findings": _FINDINGS}
    asked = {name: query for name, query in queries.items() if name in names}
    if not asked:
        return []
    connection.register(_REPAIRED, _forms(zone))
    connection.register(_CUSTODY, _custody(zone))
    with open_catalog(zone) as catalog:
        lasting = catalog.folder == catalog_of(zone).folder
        what = "VIEW" if lasting else "TABLE"
        connection.execute(f"CREATE {what} {_RECEIPTS} AS {_select(catalog)}")
        for name, query in asked.items():
            connection.execute(f"CREATE {what} {name} AS {query}")
        return [catalog.folder] if lasting else []


def _select(catalog: ParquetCatalog) -> str:
    pattern = f"{escape(str(catalog.folder))}/*.parquet".replace("'", "''")
    return f"SELECT * FROM read_parquet('{pattern}', hive_partitioning = false)"  # noqa: S608


def _forms(zone: Zone) -> pa.Table:
    """In which form objects are stored that a repair may have left in another than their receipts say.

    Of two copies only one is read, and that need not be the one which was repaired: the index knows.
    """
    places = (event.record["place"].partition("/") for event in zone.index.upkeep.repairs())
    keys = dict.fromkeys(key for root, _, key in places if root in (upkeep.RAW, upkeep.ARCHIVE))
    found = (receipt for key in keys if (receipt := zone.index.promoted_as(key)))
    forms = ((r.key, r.sha256, r.stored_sha256, r.stored_size, r.encoding) for r in found)
    rows = [dict(zip(_FORMS.names, form, strict=True)) for form in forms]
    return pa.Table.from_pylist(rows, schema=_FORMS)


def _custody(zone: Zone) -> pa.Table:
    """Where objects are that ever left raw, as it is now."""
    rows = [
        {"kept_key": kept.key, "kept_in": str(kept.custody.whereabouts)} for kept in zone.index.custody.kept()
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema({"kept_key": pa.string(), "kept_in": pa.string()}))


def _ledger_table(zone: Zone) -> pa.Table:
    """A row a record of the ledger, of whatever kind; ``body`` is the whole record as JSON."""
    rows: list[dict[str, Any]] = [
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
