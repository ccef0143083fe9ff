"""Drafts: judged deliveries with their staged bytes, and the receipts they become once decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.plain_text import printable_json
from rawzone_assets.zone.decision import Candidate, Decision
from rawzone_assets.zone.receipt import Receipt, Record, Verdict, canonical
from rawzone_assets.zone.staging import Batch, Blob

_IN_FINDINGS = (
    "feed",
    "partition",
    "name",
    "landing_path",
    "captured_at",
    "sha256",
    "size",
    "contract",
    "findings",
)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A candidate, its receipt so far, and its staged bytes.

    ``blob`` is ``None`` when the delivery was expected to be a duplicate, whose bytes are not stored again.
    """

    candidate: Candidate
    receipt: Receipt
    blob: Blob | None
    feed: Feed | None = None  # the contract, when the delivery is still to be compared with the past

    def has_bytes_for(self, decision: Decision) -> bool:
        """Whether the decision can be carried out. If not, the delivery stays pending until next time."""
        return self.blob is not None or decision.verdict is Verdict.DUPLICATE

    def receipt_for(self, decision: Decision, at: str) -> Receipt:
        """The receipt of a decided draft, committed at this timestamp."""
        stored: Mapping[str, Any] = {}
        if self.blob and decision.verdict is not Verdict.DUPLICATE:
            stored = {
                "stored_sha256": self.blob.stored_sha256,
                "stored_size": self.blob.stored_size,
                "encoding": self.blob.encoding,
            }
        refused = decision.verdict is Verdict.QUARANTINED
        return self.receipt.changed(
            verdict=decision.verdict or self.receipt.verdict,
            key=decision.key,
            revision=decision.revision,
            duplicate_of=decision.duplicate_of,
            revises=decision.revises,
            promoted_at=None if refused else at,
            quarantine=(
                {"path": decision.quarantine_path or "", "findings": decision.findings_path or ""}
                if refused
                else None
            ),
            **stored,
        )

    @classmethod
    def from_record(cls, batch: Batch, record: Record) -> Draft:
        """Read a draft back from the staged commit of a crashed batch that must be decided again."""
        receipt = Receipt.from_record(record)
        places = batch.places.of(record)
        candidate = Candidate(
            feed=receipt.feed or "",
            folder=(receipt.key or "").rpartition("/")[0],
            name=receipt.name or "",
            day=date.fromisoformat(receipt.partition or ""),
            landing_path=receipt.landing_path,
            sha256=receipt.sha256 or "",
            refused=receipt.verdict is Verdict.QUARANTINED,
            replay=receipt.replays is not None,
        )
        blob = None
        if places:
            blob = Blob(
                staged_in=places[0].staged_in,
                staged_as=places[0].staged_as,
                stored_sha256=receipt.stored_sha256 or "",
                stored_size=receipt.stored_size or 0,
                encoding=receipt.encoding or "",
            )
        return cls(candidate=candidate, receipt=receipt, blob=blob)


def findings_document(record: Record) -> bytes:
    """``findings.json``: why a delivery was refused. Without times: the same refusal is the same file.

    People open it as it lies there, so it holds no character that steers what shows it.
    """
    return printable_json(canonical({name: record[name] for name in _IN_FINDINGS})) + b"\n"
