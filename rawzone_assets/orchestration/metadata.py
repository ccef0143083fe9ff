"""Metadata: what materializations and evaluations show of a day, from its receipts. Kept below 8 kB an event.

Dagster stores each event twice and sends it with every query of the asset, so tables are capped and the full
list is named by its path in the ledger. Numbers worth a plot stay numbers.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any

import dagster as dg

from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.findings import Place
from rawzone_assets.contract.plain_text import printable
from rawzone_assets.contract.wording import counted
from rawzone_assets.orchestration import column_schemas
from rawzone_assets.orchestration.days import Day
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.notes import encode_base64
from rawzone_assets.zone.receipt import ACCEPTED, Receipt, Verdict
from rawzone_assets.zone.record_tree import RecordTree, TreeUnsound
from rawzone_assets.zone.zone import Zone

MOST_FINDINGS = 50
MOST_PROBLEMS = 30
MOST_FILES = 4  # 350 bytes each
MOST_HASHES = 8  # 110 bytes each
_MOST_COLUMNS = 20  # 200 bytes each; where there are more, they stand with the asset alone
_MOST_TABLE_BYTES = 4500  # of a findings table; with Dagster's own wrapping some 6 kB
_LONGEST_MESSAGE = 300

Finding = tuple[Receipt, Mapping[str, Any]]


def of_materialization(zone: Zone, feed: Feed, day: Day, ledger: Mapping[str, Any]) -> dict[str, Any]:
    """Everything an operator or auditor asks about what can be read of a day; ``ledger`` are its facts."""
    accepted = day.accepted
    promoted = [receipt for receipt in accepted if receipt.verdict is Verdict.PROMOTED]
    size = sum(receipt.size or 0 for receipt in accepted)
    stored = sum(receipt.stored_size or 0 for receipt in promoted)
    known = [receipt.records for receipt in day.newest if receipt.records is not None]
    records = sum(known) if known else None
    facts: dict[str, Any] = {
        "files": len(accepted),
        "bytes": size,
        "stored_bytes": stored,
        "compression_ratio": round(sum(r.size or 0 for r in promoted) / stored, 2) if stored else None,
        "records": records,
        "dagster/row_count": records,
        "dagster/partition_row_count": records,
        "data_min": min((r.data_min for r in accepted if r.data_min), default=None),
        "data_max": max((r.data_max for r in accepted if r.data_max), default=None),
        "revisions": sum((receipt.revision or 1) > 1 for receipt in promoted),
        "duplicates": len(accepted) - len(promoted),
        "quarantined": len(day.refused),
        "captured_at": max((r.captured_at for r in accepted if r.captured_at), default=None),
        "promoted_at": max((r.promoted_at for r in accepted if r.promoted_at), default=None),
        "source_system": _joined(receipt.source_system for receipt in accepted),
        "extractor": _joined(_extractor(receipt) for receipt in accepted),
        "contract_version": _joined(_contract(receipt) for receipt in accepted),
        **ledger,
        "day_commits": f"{day.commits[0]} to {day.commits[1]}",
        "full_list": dg.MetadataValue.path(str(zone.ledger.path(day.commits[1]))),
        "dagster/uri": _folder(zone, accepted).as_uri(),
        "delivered": _files_table(day),
        **_commands(day),
        "rules": _rules(feed, day),
        "sha256": dg.MetadataValue.json(_hashes(accepted)),
    }
    columns = column_schemas.of_raw(feed, described=False)
    if 0 < len(columns.columns) <= _MOST_COLUMNS:
        facts["dagster/column_schema"] = columns
    return {name: value for name, value in facts.items() if value is not None}


def head_facts(zone: Zone) -> dict[str, Any]:
    """The ledger's head alone; nothing of an empty ledger."""
    head = zone.index.head
    return {"ledger_seq": head.seq, "ledger_head": head.sha256} if head.at else {}


def ledger_facts(zone: Zone) -> dict[str, Any]:
    """The ledger's head and tree: Dagster's database bears witness elsewhere to what the ledger said.

    The tree is left out where its hashes cannot be kept or the ledger is found damaged: what was promoted is
    to be reported all the same, and damage is the scrub's to tell.
    """
    head, facts = zone.index.head, head_facts(zone)
    with suppress(ZoneError, TreeUnsound), RecordTree.of(zone) as tree:
        if tree.is_kept:
            tree.catch_up()
            size = tree.size_at(head.seq)
            facts |= {"tree_size": size, "tree_root": encode_base64(tree.root(size))}
    return facts


def findings_table(findings: Sequence[Finding]) -> dg.MetadataValue[Any]:
    """Findings with their file and place, as many as fit."""
    rows: list[dg.TableRecord] = []
    room = _MOST_TABLE_BYTES
    for receipt, finding in findings[:MOST_FINDINGS]:
        row = {
            "file": object_name(receipt),
            "code": str(finding["code"]),
            "where": printable(str(Place(**finding["where"]))) if finding.get("where") else "",
            "message": printable(_shortened(str(finding["message"]))),
            "effect": "refused" if finding["blocking"] else "warning",
        }
        room -= 45 + sum(len(name) + len(text) + 12 for name, text in row.items())
        if room < 0 and rows:
            break
        rows.append(dg.TableRecord(row))
    columns = ("file", "code", "where", "message", "effect")
    schema = dg.TableSchema(columns=[dg.TableColumn(name, "string") for name in columns])
    return dg.MetadataValue.table(records=rows, schema=schema)


def problems_table(problems: Sequence[tuple[str, str]]) -> dg.MetadataValue[Any]:
    """Damaged objects and what is wrong with each, as many as fit."""
    rows = [
        dg.TableRecord({"key": printable(key), "problem": problem}) for key, problem in problems[:MOST_PROBLEMS]
    ]
    schema = dg.TableSchema.from_name_type_dict({"key": "string", "problem": "string"})
    return dg.MetadataValue.table(records=rows, schema=schema)


def object_name(receipt: Receipt) -> str:
    """The name by which a person finds the delivery again: the landed one, and its revision if there is one."""
    if receipt.verdict is Verdict.PROMOTED and (receipt.revision or 1) > 1 and receipt.key:
        return printable(PurePosixPath(receipt.key).name.removesuffix(".gz"))
    return printable(receipt.name or receipt.landing_path)


def _files_table(day: Day) -> dg.MetadataValue[Any]:
    """The newest deliveries; long hashes overflow in the UI, so the whole ones stand beside the table.

    ``commit`` is the number of the ledger's file that holds the receipt.
    """
    accepted = [entry for entry in day.entries if entry.receipt.verdict in ACCEPTED]
    rows = [
        dg.TableRecord(
            {
                "landed_as": printable(entry.receipt.landing_path),
                "verdict": str(entry.receipt.verdict),
                "bytes": entry.receipt.size or 0,
                "sha256": (entry.receipt.sha256 or "")[:12],
                "commit": entry.seq,
                "name": object_name(entry.receipt),
                "key": printable(entry.receipt.key or ""),
            }
        )
        for entry in accepted[: -MOST_FILES - 1 : -1]
    ]
    kinds = {"landed_as": "string", "verdict": "string", "bytes": "int", "sha256": "string", "commit": "int"}
    kinds |= {"name": "string", "key": "string"}
    return dg.MetadataValue.table(records=rows, schema=dg.TableSchema.from_name_type_dict(kinds))


def _commands(day: Day) -> dict[str, str]:
    """What to type for the newest delivery's bytes, its receipt, and the day. A name may hold anything.

    Texts of their own, not a table: the UI breaks their lines, and cuts a table off at the page's edge.
    """
    newest = day.accepted[-1]
    key, name = newest.key or "", newest.name or ""
    typed = {
        "get_the_receipt": f"rawzone show {newest.sha256}",
        "list_the_day": f"rawzone ls {day.feed_id} --since {day.partition} --until {day.partition}",
    }
    if key.isprintable() and name.isprintable():
        typed["get_the_bytes"] = f"rawzone cat {shlex.quote(key)} > {shlex.quote(name)}"
        typed["get_the_receipt"] = f"rawzone show {shlex.quote(key)}"
    return dict(sorted(typed.items()))


def _rules(feed: Feed, day: Day) -> str:
    """Which of the contract's checks the readable deliveries passed, and with how many warnings."""
    warned = Counter(
        finding["check"] for receipt in day.newest for finding in receipt.findings if not finding["blocking"]
    )
    told = {name: f" ({counted(number, 'warning')})" for name, number in warned.items()}
    return f"passed: {', '.join(name + told.get(name, '') for name in feed.check_names)}"


def _hashes(receipts: Sequence[Receipt]) -> dict[str, str | int]:
    """Name to the whole SHA-256, as ``sha256sum`` prints it of the landed file."""
    hashes: dict[str, str | int] = {object_name(r): r.sha256 or "" for r in receipts[-MOST_HASHES:]}
    if len(receipts) > MOST_HASHES:
        hashes["(more, see full_list)"] = len(receipts) - MOST_HASHES
    return hashes


def _folder(zone: Zone, receipts: Sequence[Receipt]) -> Any:
    key = next((r.key for r in receipts if r.verdict is Verdict.PROMOTED), receipts[0].key) or ""
    return zone.layout.object(key).parent


def _joined(values: Iterable[str | None]) -> str | None:
    return printable(", ".join(sorted({value for value in values if value}))) or None


def _extractor(receipt: Receipt) -> str | None:
    stated = receipt.extractor or {}
    return " ".join(str(part) for part in (stated.get("name"), stated.get("version")) if part) or None


def _contract(receipt: Receipt) -> str | None:
    contract = receipt.contract
    return f"{contract.get('feed_version')}.{contract.get('rules_version')}" if contract else None


def _shortened(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[: _LONGEST_MESSAGE - 1]}…"
