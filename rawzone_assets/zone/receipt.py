"""Receipts: the lineage record of one verdict, as the ledger keeps it.

A receipt is written once and read for years, so it is plain JSON with whole numbers and strings only:
its canonical form (RFC 8785) is then simply sorted keys without blanks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from rawzone_assets.contract.feed import Facts

Record = Mapping[str, Any]

_ESCAPE = re.compile(r"\\x[0-9a-f]{2}")


class Verdict(StrEnum):
    """What became of a delivery."""

    PROMOTED = "promoted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    UNRECOGNIZED = "unrecognized"


ACCEPTED = (Verdict.PROMOTED, Verdict.DUPLICATE)
"""Of deliveries whose bytes can be read in raw."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One delivery's verdict with everything an auditor asks about it."""

    verdict: Verdict
    landing_path: str
    feed: str | None = None
    partition: str | None = None  # the capture day as written in the name
    name: str | None = None  # the stored name, without a revision
    key: str | None = None  # the object's path in raw; a duplicate's is that of the stored object
    revision: int | None = None
    captured_at: str | None = None
    validated_at: str | None = None
    promoted_at: str | None = None
    source_system: str | None = None
    extractor: Mapping[str, str | None] | None = None
    contract: Mapping[str, Any] | None = None
    sha256: str | None = None
    size: int | None = None
    stored_sha256: str | None = None
    stored_size: int | None = None
    encoding: str | None = None
    records: int | None = None
    data_min: str | None = None
    data_max: str | None = None
    fingerprint: str | None = None
    substance: str | None = None
    outline: tuple[str, ...] | None = None  # the structure behind the fingerprint, when it is new to the feed
    diary: Mapping[str, str] | None = None  # digests of what it tells of days, to be compared with others'
    text: Mapping[str, Any] | None = None
    duplicate_of: str | None = None
    revises: str | None = None
    quarantine: Mapping[str, str] | None = None  # {"path", "findings"} below the quarantine root
    replays: Mapping[str, Any] | None = None  # {"seq", "path"}: the refusal that a replay has taken back
    landed: Mapping[str, str] | None = None  # device, inode, size, mtime_ns, ctime_ns of the landed file
    landing_path_bytes: str | None = None  # hex, when landing_path is not the path itself
    adopted: Mapping[str, str] | None = None  # of an existing pile's file: whence, its mtime, how it was packed
    findings: tuple[Mapping[str, Any], ...] = field(default=())
    shadow_findings: tuple[Mapping[str, Any], ...] = field(default=())  # of rules that are only being tried
    access: str | None = None  # "open", "personal" or "secret": who may see it
    access_reasons: Mapping[str, int] | None = None  # kinds of exposure and how often, never a value

    @property
    def landed_signature(self) -> str:
        """The landed file's identity at the time of the receipt, as :attr:`Landed.signature` writes it."""
        landed = self.landed or {}
        return ":".join(str(landed.get(name)) for name in ("device", "inode", "size", "mtime_ns", "ctime_ns"))

    def changed(self, **changes: Any) -> Receipt:
        """As ``dataclasses.replace`` does, at a twentieth of its price: it has forty fields."""
        changed = object.__new__(Receipt)
        object.__setattr__(changed, "__dict__", vars(self) | changes)
        return changed

    def as_records(self) -> list[dict[str, Any]]:
        """What the ledger keeps of this receipt: itself and, of a replay, the link to the refusal."""
        return [self.as_record(), *([self._replayed()] if self.replays else [])]

    def as_record(self) -> dict[str, Any]:
        """The JSON object of this receipt. Every field is present, absent facts as ``null``.

        But for ``adopted``: only what did not come through landing says so.
        """
        record: dict[str, Any] = {"record": "receipt", **vars(self)}
        if self.adopted is None:
            del record["adopted"]
        record["verdict"] = str(self.verdict)
        record["outline"] = list(self.outline) if self.outline else None
        record["findings"] = [dict(finding) for finding in self.findings]
        record["shadow_findings"] = [dict(finding) for finding in self.shadow_findings]
        return record

    def _replayed(self) -> dict[str, Any]:
        """The ``replayed`` record. It has no ``verdict``: that is what tells a receipt."""
        told = ("feed", "partition", "name", "landing_path", "sha256", "key")
        link = {"record": "replayed", "outcome": str(self.verdict), "refused": dict(self.replays or {})}
        return {**link, **{name: getattr(self, name) for name in told}}

    @classmethod
    def from_record(cls, record: Record) -> Receipt:
        """Read a ledger line back; fields that a later version added are passed over."""
        known = {name: record[name] for name in cls.__dataclass_fields__ if name in record}
        known["verdict"] = Verdict(record["verdict"])
        known["findings"] = tuple(record["findings"])
        known["shadow_findings"] = tuple(record.get("shadow_findings", ()))
        known["outline"] = tuple(record["outline"]) if record.get("outline") else None
        return cls(**known)


def learned(facts: Facts) -> dict[str, Any]:
    """The fields of a receipt that say what judging learned of the content."""
    return {
        "records": facts.records,
        "data_min": facts.data_min,
        "data_max": facts.data_max,
        "fingerprint": facts.fingerprint,
        "substance": facts.substance,
        "outline": facts.outline or None,
        "diary": facts.diary,
        "text": dict(facts.text),
        "access": str(facts.access) if facts.access else None,
        "access_reasons": dict(facts.access_reasons) if facts.access_reasons is not None else None,
    }


def canonical(record: Record) -> bytes:
    """RFC 8785 of a record whose numbers are whole and whose keys are ASCII."""
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)


def timestamp(moment: datetime) -> str:
    """``2024-05-22T21:30:22.000000Z``: sorts as text."""
    # Five times faster than strftime, and a receipt has three.
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds').removesuffix('+00:00')}Z"


def moment(text: str) -> datetime:
    """Read back what :func:`timestamp` wrote."""
    if len(text) != len("2024-05-22T21:30:22.000000Z") or text[10] != "T" or text[-1] != "Z":
        raise ValueError(f"{text!r} is no time as the ledger writes it")
    # Sixty times faster than strptime, and a report reads two times a commit.
    return datetime.fromisoformat(text)


def printable_path(path: str) -> tuple[str, str | None]:
    r"""A landing path as text, and its bytes as hex when the text is not the path itself.

    Bytes that are no UTF-8 become ``\xff``. A path that holds just that text is escaped as well, because two
    files must never have one label.
    """
    if path.isascii() and "\\x" not in path:  # as nearly all are
        return path, None
    raw = path.encode(errors="surrogateescape")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        pass
    else:
        if not _ESCAPE.search(text):
            return path, None
    return raw.replace(b"\\", b"\\\\").decode(errors="backslashreplace"), raw.hex()
