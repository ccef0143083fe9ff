"""Receipts and findings as commands print them, for people and as records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Place
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.receipt import timestamp


def receipt_record(entry: Entry, at: datetime) -> dict[str, Any]:
    """A receipt with the number and time of its commit."""
    return {**entry.receipt.as_record(), "seq": entry.seq, "at": timestamp(at)}


def finding_lines(findings: Iterable[Mapping[str, Any]], *, remedies: bool = True) -> list[str]:
    """Findings for a person, each with its place; what to do is said once a code."""
    lines: list[str] = []
    advised: set[str] = set()
    for finding in findings:
        place = str(Place(**finding["where"])) if finding.get("where") else ""
        word = "blocks" if finding["blocking"] else "warns"
        where = f" ({place})" if place else ""
        lines.append(f"{word}  {finding['code']} [{finding['check']}] {finding['message']}{where}")
        code = codes.find(finding["code"])
        if remedies and code and code.code not in advised:
            advised.add(code.code)
            lines.append(f"        what to do: {code.remedy}")
    return lines
