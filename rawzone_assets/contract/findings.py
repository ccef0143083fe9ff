"""Findings: single objections to a delivery, and the bounded collection that gathers them.

A finding is a value, never an exception. Messages say what is wrong and what was expected, but never
repeat a value that could be secret or personal: places (line, pointer, offset) lead the reader to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

MOST_FINDINGS_PER_CODE = 20
"""A delivery with a million bad rows is explained by its first twenty and a count."""


class Role(StrEnum):
    """What a finding is about; each feed names the asset check that answers for it."""

    STRUCTURE = "structure"
    COMPLETENESS = "completeness"
    TYPES = "types"
    TIME = "time"
    IDENTITY = "identity"
    INTEGRITY = "integrity"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a finding is, by whichever co-ordinates its format has; lines and columns count from 1."""

    line: int | None = None
    column: int | None = None
    column_name: str | None = None
    pointer: str | None = None  # JSON pointer, RFC 6901
    css: str | None = None
    offset: int | None = None  # byte offset from the start of the delivery

    def as_json(self) -> dict[str, Any]:
        """Only the co-ordinates that are known."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def __str__(self) -> str:
        parts = [
            f"line {self.line}" if self.line is not None else "",
            f"column {self.column}" if self.column is not None else "",
            f"'{self.column_name}'" if self.column_name is not None else "",
            f"at {self.pointer or '/'}" if self.pointer is not None else "",
            f"element {self.css}" if self.css is not None else "",
            f"byte {self.offset}" if self.offset is not None else "",
        ]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One objection. ``blocking`` findings quarantine the delivery, the others only warn."""

    code: str
    role: Role
    message: str
    blocking: bool
    where: Place | None = None
    check: str = ""  # the feed's name for ``role``; filled in when the finding is gathered

    def as_json(self) -> dict[str, Any]:
        """The form that receipts, ``findings.json`` and ``--json`` carry."""
        return {
            "code": self.code,
            "check": self.check,
            "message": self.message,
            "blocking": self.blocking,
            "where": self.where.as_json() if self.where else None,
        }

    @classmethod
    def from_json(cls, record: dict[str, Any], role: Role = Role.STRUCTURE) -> Finding:
        """Read back what :meth:`as_json` wrote; the role is not stored, the check name is."""
        where = record.get("where")
        return cls(
            code=record["code"],
            role=role,
            check=record["check"],
            message=record["message"],
            blocking=record["blocking"],
            where=Place(**where) if where else None,
        )


@dataclass
class Findings:
    """Gathers findings, keeping at most ``MOST_FINDINGS_PER_CODE`` of each code and counting the rest."""

    checks: dict[Role, str]
    _kept: list[Finding] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        count = self._counts.get(finding.code, 0) + 1
        self._counts[finding.code] = count
        if count <= MOST_FINDINGS_PER_CODE:
            check = self.checks.get(finding.role, self.checks[Role.STRUCTURE])
            self._kept.append(replace(finding, check=check))

    def extend(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.add(finding)

    @property
    def blocking(self) -> bool:
        return any(finding.blocking for finding in self._kept)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._kept)

    def result(self) -> tuple[Finding, ...]:
        """All kept findings, blocking ones first; the last of an overlong code says how many more there are."""
        shown = list(self._kept)
        for code, count in self._counts.items():
            if count > MOST_FINDINGS_PER_CODE:
                last = max(i for i, f in enumerate(shown) if f.code == code)
                more = count - MOST_FINDINGS_PER_CODE
                message = f"{shown[last].message} (and {more} more like it)"
                shown[last] = replace(shown[last], message=message)
        return tuple(sorted(shown, key=lambda finding: not finding.blocking))
