"""Findings: single objections to a delivery, and the bounded collection that gathers them.

A finding is a value, never an exception. Messages say what is wrong and what was expected, but never
repeat a value that could be secret or personal: places (line, pointer, offset) lead the reader to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from rawzone_assets.contract.exposures import exposes
from rawzone_assets.contract.modes import ALWAYS_ENFORCED, Mode

MOST_FINDINGS_PER_CODE = 20
"""A delivery with a million bad rows is explained by its first twenty and a count."""

_LONGEST_PLACE = 400
_LONGEST_LOOKED_AT = 4096
_NOT_SHOWN = "…"


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

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Place:
        """Read back what :meth:`as_json` wrote; co-ordinates of a later version are passed over."""
        return cls(**{name: record[name] for name in cls.__dataclass_fields__ if name in record})

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
            where=Place.from_json(where) if where else None,
        )


@dataclass
class Findings:
    """Gathers findings, keeping at most ``MOST_FINDINGS_PER_CODE`` of each code and counting the rest.

    The one place through which every finding passes, so the one where modes take effect, and where a message or
    place that gives something away is blacked out: member and column names are the source's, not ours.
    """

    checks: Mapping[Role, str]
    modes: Mapping[str, Mode] = field(default_factory=dict)
    _kept: list[Finding] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        count = self._counts.get(finding.code, 0) + 1
        self._counts[finding.code] = count
        if count <= MOST_FINDINGS_PER_CODE:
            check = self.checks.get(finding.role, self.checks[Role.STRUCTURE])
            self._kept.append(replace(_blacked_out(finding), check=check))

    def extend(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.add(finding)

    def copy(self) -> Findings:
        """The same findings, to which others can be added in vain."""
        return replace(self, _kept=[*self._kept], _counts={**self._counts})

    def become(self, other: Findings) -> None:
        """Hold what a copy holds, to which others were added with good reason."""
        self._kept, self._counts = other._kept, other._counts

    @property
    def blocking(self) -> bool:
        """Whether anything stands in the way of reading on. Modes do not make the unreadable readable."""
        return any(finding.blocking for finding in self._kept)

    @property
    def refused(self) -> bool:
        """Whether the delivery is refused by what was gathered, with the modes in force."""
        return any(finding.blocking for finding in self.result())

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._kept)

    def result(self) -> tuple[Finding, ...]:
        """All kept findings but those in shadow, blocking ones first."""
        if not self._kept:  # as nearly always
            return ()
        shown = [
            replace(finding, blocking=False) if self._mode(finding) is Mode.WARN else finding
            for finding in self._with_counts()
            if self._mode(finding) is not Mode.SHADOW
        ]
        return tuple(sorted(shown, key=lambda finding: not finding.blocking))

    def shadow(self) -> tuple[Finding, ...]:
        """The kept findings in shadow, as they would act if they were enforced."""
        if not self._kept:
            return ()
        return tuple(finding for finding in self._with_counts() if self._mode(finding) is Mode.SHADOW)

    def _mode(self, finding: Finding) -> Mode:
        enforced = finding.code in ALWAYS_ENFORCED
        return Mode.ENFORCE if enforced else self.modes.get(finding.code, Mode.ENFORCE)

    def _with_counts(self) -> list[Finding]:
        """What was kept; the last of an overlong code says how many more there are."""
        shown = list(self._kept)
        for code, count in self._counts.items():
            if count > MOST_FINDINGS_PER_CODE:
                last = max(i for i, f in enumerate(shown) if f.code == code)
                more = count - MOST_FINDINGS_PER_CODE
                message = f"{shown[last].message} (and {more} more like it)"
                shown[last] = replace(shown[last], message=message)
        return shown


def _blacked_out(finding: Finding) -> Finding:
    """The finding without what its message or place gives away, and with a place of bounded length."""
    message = finding.message
    if exposes(message):
        message = "what it is about could be secret or personal and is not shown"
    where = finding.where
    if where and any((where.pointer, where.column_name, where.css)):
        where = replace(
            where,
            pointer=_shown(where.pointer),
            column_name=_shown(where.column_name),
            css=_shown(where.css),
        )
    elif message is finding.message:
        return finding
    return replace(finding, message=message, where=where)


def _shown(name: str | None) -> str | None:
    """A name or pointer; of a pointer only the parts that give something away are blacked out."""
    if name is None:
        return None
    shown = name[:_LONGEST_LOOKED_AT]
    if exposes(shown):  # before it is cut: half a secret has no form any more
        shown = "/".join(_NOT_SHOWN if exposes(part) else part for part in shown.split("/"))
        shown = _NOT_SHOWN if exposes(shown) else shown
    return shown if len(shown) <= _LONGEST_PLACE else shown[:_LONGEST_PLACE] + _NOT_SHOWN
