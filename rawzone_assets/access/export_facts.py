"""What an export says of itself: feed, range, the ledger it was taken from, and who judged what is in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from rawzone_assets import __version__
from rawzone_assets.access.catalog import Listed
from rawzone_assets.zone.ledger import Head
from rawzone_assets.zone.receipt import Verdict, timestamp

RECEIPTS = "receipts.jsonl"
SOFTWARE = f"rawzone {__version__}"

Contract = tuple[int | None, str | None, str | None, int | None]
"""Version of the feed, schema file and its SHA-256, version of the rules."""


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """An object that belongs in the export and whose bytes are damaged or gone."""

    path: str
    sha256: str | None
    seq: int
    problem: str


@dataclass(kw_only=True)
class Facts:
    """The facts of one export, gathered while it is written."""

    feed: str
    since: str | None
    until: str | None
    newest_only: bool
    head: Head
    files: int = 0
    size: int = 0  # bytes
    duplicates: int = 0
    first_day: str | None = None
    last_day: str | None = None
    first_seq: int | None = None
    last_seq: int | None = None
    last_at: str | None = None  # when the newest of their commits was made
    contracts: Counter[Contract] = field(default_factory=Counter)
    unreadable: list[Unreadable] = field(default_factory=list)

    def note(self, listed: Listed, size: int, at: str) -> None:
        """Count a file in."""
        receipt = listed.receipt
        self.files += 1
        self.size += size
        self.duplicates += receipt.verdict is Verdict.DUPLICATE
        day = receipt.partition or ""
        self.first_day = min(self.first_day or day, day)
        self.last_day = max(self.last_day or day, day)
        self.first_seq = listed.seq if self.first_seq is None else min(self.first_seq, listed.seq)
        self.last_seq = listed.seq if self.last_seq is None else max(self.last_seq, listed.seq)
        self.last_at = max(self.last_at or at, at)
        self.contracts[contract_of(receipt.contract)] += 1

    @property
    def name(self) -> str:
        """``distrokid/streams 2024-05-01..2024-05-31``: the feed and the capture days asked for, or there."""
        return f"{self.feed} {self.since or self.first_day or ''}..{self.until or self.last_day or ''}"

    @property
    def at(self) -> str | None:
        """The ledger's time: that of the newest commit known to the export."""
        return timestamp(self.head.at) if self.head.at else None

    def document(self) -> bytes:
        """The same as JSON, for programs."""
        facts: dict[str, Any] = {
            "record": "export",
            **{name: value for name, value in vars(self).items() if name not in ("head", "contracts")},
            "unreadable": [asdict(item) for item in self.unreadable],
            "ledger": {"seq": self.head.seq, "head": self.head.sha256, "at": self.at},
            "contracts": [
                {**contract_record(contract), "files": count}
                for contract, count in sorted(self.contracts.items(), key=repr)
            ],
            "software": SOFTWARE,
        }
        return orjson.dumps(
            facts, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )


def contract_of(contract: Any) -> Contract:
    """Which contract judged, as a receipt tells it."""
    told = contract or {}
    version, schema = told.get("feed_version"), told.get("schema")
    return version, schema, told.get("schema_sha256"), told.get("rules_version")


def contract_record(contract: Contract) -> dict[str, Any]:
    """A contract as JSON, each part under its name."""
    return dict(zip(("feed_version", "schema", "schema_sha256", "rules_version"), contract, strict=True))
