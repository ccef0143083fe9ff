"""Ledger lines: a record of the ledger of any kind as one line for a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from rawzone_assets.contract.wording import counted, readable_size
from rawzone_assets.zone import custody, record_kinds, upkeep
from rawzone_assets.zone.receipt import Record


def ledger_line(seq: int, at: datetime, record: Record) -> str:
    """Number and time of the commit, what happened, and to what. The text may hold what a file's name holds."""
    kind = str(record.get("record"))
    word = record["verdict"] if kind == "receipt" else kind
    return f"{seq:>6}  {at:%Y-%m-%d %H:%M:%S}  {word:<12}  {_TOLD.get(kind, _facts)(record)}"


def _receipt(record: Record) -> str:
    became = f" -> {record['key']}" if record["key"] else ""
    reasons = sorted({finding["code"] for finding in record["findings"]})
    why = f"  [{', '.join(reasons)}]" if reasons else ""
    return f"{record['landing_path']}{became}{why}"


def _replayed(record: Record) -> str:
    became = f" -> {record['key']}" if record["key"] else ""
    refused = record["refused"].get("seq")
    return f"{record['landing_path']}, refused in commit {refused}, is {record['outcome']} now{became}"


def _scrubbed(record: Record) -> str:
    again = len(record["sound_again"])
    healed = f", {again} sound again" if again else ""
    files, size = counted(record["files"], "file"), readable_size(record["bytes"])
    read = f"{files} ({size}) re-read since {record['began']}"
    return f"{read}, {record['damaged']} damaged{healed}"


def _damaged(record: Record) -> str:
    return f"{record['place']}: {record['problem']}"


def _repaired(record: Record) -> str:
    source = f"{record['source']['kind']} {record['source']['path']}"
    kept = f", the damaged bytes are kept as {record['evidence']}" if record["evidence"] else ""
    return f"{record['place']} from {source} ({record['problem']}){kept}"


def _erased(record: Record) -> str:
    return f"{record['place']} by authority of {record['authority']}: {record['reason']}"


def _drilled(record: Record) -> str:
    return (
        f"{record['place']}: restored for a trial, {record['problem'] or record['note'] or record['outcome']}"
    )


def _facts(record: Record) -> str:
    """What a record of a later version says: its plain facts, each by its name."""
    plain = {name: value for name, value in record.items() if isinstance(value, str | int | float)}
    return ", ".join(f"{name} {value}" for name, value in plain.items() if name != "record")


_TOLD: Mapping[str, Callable[[Record], str]] = {
    "receipt": _receipt,
    "replayed": _replayed,
    upkeep.SCRUBBED: _scrubbed,
    upkeep.DAMAGED: _damaged,
    upkeep.REPAIRED: _repaired,
    custody.ERASED: _erased,
    record_kinds.DRILLED: _drilled,
}
