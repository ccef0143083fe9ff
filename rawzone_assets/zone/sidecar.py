"""Sidecars: what a producer may say about its delivery, in ``<delivery name>.meta.json``.

A JSON object, every field optional: ``captured_at`` (ISO 8601; without an offset it is local time of the
platform, as stamps are), ``source_system``, ``extractor`` ``{"name", "version"}``, ``size``, ``sha256``. A size
or hash that the bytes do not have shows a cut transfer and blocks; a sidecar that cannot be read is only a
warning.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.stamps import may_be_meant
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.landing import SidecarUnreadable

_LONGEST_TEXT = 200


class HasSidecars(Protocol):
    """Where deliveries lie."""

    def read_sidecar(self, landed: Landed) -> bytes | None:
        """The bytes of the sidecar beside a delivery, or ``None``; raises ``SidecarUnreadable``."""


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """The producer's statements; ``finding`` is set when they cannot be read."""

    captured_at: datetime | None = None  # in UTC, or naive: in the time zone of the platform
    source_system: str | None = None
    extractor_name: str | None = None
    extractor_version: str | None = None
    size: int | None = None
    sha256: str | None = None
    finding: Finding | None = None

    def mismatch_with_all(self, forms: Iterable[tuple[int, str]]) -> Finding | None:
        """The blocking finding when the producer wrote none of these forms, each a size and a SHA-256."""
        if self.size is None and self.sha256 is None:
            return None
        found = [self.mismatch(size=size, sha256=sha256) for size, sha256 in forms]
        return found[0] if all(found) else None

    def mismatch(self, *, size: int, sha256: str) -> Finding | None:
        """The blocking finding when the landed bytes are not those the producer wrote."""
        if self.size is not None and self.size != size:
            return codes.SIDECAR_MISMATCH(f"the sidecar states {self.size} bytes, the file has {size}")
        if self.sha256 is not None and self.sha256.lower() != sha256:
            return codes.SIDECAR_MISMATCH("the sidecar states another SHA-256 than the file has")
        return None


def beside(landed: Landed, landing: HasSidecars) -> Sidecar:
    """What is said of a landed file. A sidecar that is a link, a pipe or huge is not read, and that is said."""
    try:
        return parse(landing.read_sidecar(landed))
    except SidecarUnreadable as problem:
        return _unreadable(str(problem))


def parse(data: bytes | None) -> Sidecar:
    """Read a sidecar's bytes; ``None`` means there is none."""
    if data is None:
        return _NONE
    try:
        stated: Any = orjson.loads(data.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError:
        return _unreadable("it is not JSON")
    if not isinstance(stated, dict):
        return _unreadable("it is not a JSON object")
    extractor = stated.get("extractor") or {}
    size, captured = stated.get("size"), stated.get("captured_at")
    captured_at = _moment(captured)
    problems = {
        "'extractor' is not an object with name and version": not isinstance(extractor, dict),
        "'size' is not a whole number": size is not None and type(size) is not int,
        "'captured_at' is not an ISO 8601 time of the years 1970 to 2999": (
            captured is not None and not captured_at
        ),
    }
    for problem, found in problems.items():
        if found:
            return _unreadable(problem)
    return Sidecar(
        captured_at=captured_at,
        source_system=_text(stated.get("source_system")),
        extractor_name=_text(extractor.get("name")),
        extractor_version=_text(extractor.get("version")),
        size=size,
        sha256=_text(stated.get("sha256")),
    )


_NONE = Sidecar()


def _unreadable(problem: str) -> Sidecar:
    return Sidecar(finding=codes.SIDECAR_UNREADABLE(f"the sidecar was not used: {problem}"))


def _text(value: object) -> str | None:
    return str(value)[:_LONGEST_TEXT] if isinstance(value, str | int | float) else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if not moment or not may_be_meant(moment):
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
