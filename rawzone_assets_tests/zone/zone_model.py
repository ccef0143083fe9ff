"""What a zone must come to, said again in plain dictionaries: ADR 4 as a table and DESIGN 4 as string formats.

It knows the tiny platform's two feeds by heart and shares no code with the zone.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

_NAMES = {
    "notes": re.compile(r"note_(\d{4})(0\d|1[0-2])(\d\d)(?:_\d{6})?\.(txt|zip)"),
    "sums": re.compile(r"sum_(\d{4})(0\d|1[0-2])(\d\d)(?:_\d{6})?\.csv"),
}
_PASSED_OVER = re.compile(r"\..*|~\$.*|.*\.(?:(?i:part|tmp|crdownload)|done|meta\.json)", re.DOTALL)


@dataclass(frozen=True)
class Fate:
    """What the receipt of one delivery must say."""

    path: str
    verdict: str
    sha256: str | None = None
    key: str | None = None
    revision: int | None = None
    duplicate_of: str | None = None
    revises: str | None = None
    quarantine: str | None = None


@dataclass
class ZoneModel:
    landing: dict[str, bytes] = field(default_factory=dict)
    fates: list[Fate] = field(default_factory=list)
    _dealt: dict[tuple[str, str], str] = field(default_factory=dict)  # (path, sha256) -> verdict
    _newest: dict[str, str] = field(default_factory=dict)  # path -> newest verdict
    _objects: dict[tuple[str, str], str] = field(default_factory=dict)  # (feed, sha256) -> key
    _names: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # (feed, name) -> keys
    _refusals: dict[tuple[str, str], int] = field(default_factory=dict)

    def promote(self, paths: list[str] | None = None) -> None:
        """Deal with these landed paths or with all, as ADR 4 has it."""
        chosen = sorted(self.landing) if paths is None else paths
        deliveries = [(self._stamp(path), path) for path in chosen if self.feed(path)]
        for _, path in sorted(deliveries):
            self._promote(path, self.landing[path])
        if paths is None:
            for path in chosen:
                if not self.feed(path) and not self.ignored(path) and self._newest.get(path) != "unrecognized":
                    self._note(Fate(path, "unrecognized"))

    def states(self) -> dict[str, str]:
        """The state of each landed file; a file is waiting until its present bytes were dealt with."""
        return {path: self._state(path, data) for path, data in self.landing.items()}

    @staticmethod
    def ignored(path: str) -> bool:
        return any(_PASSED_OVER.fullmatch(part) for part in path.split("/"))

    @classmethod
    def feed(cls, path: str) -> str | None:
        folder, _, name = path.rpartition("/")
        if cls.ignored(path) or folder.split("/")[0] != "tiny":
            return None
        return next((feed for feed, pattern in _NAMES.items() if pattern.fullmatch(name)), None)

    def _state(self, path: str, data: bytes) -> str:
        if self.ignored(path):
            return "ignored"
        if not self.feed(path):
            return "unrecognized" if self._newest.get(path) == "unrecognized" else "waiting"
        return self._dealt.get((path, hashlib.sha256(data).hexdigest()), "waiting")

    @staticmethod
    def _stamp(path: str) -> str:
        stamp = re.search(r"_(\d{8}(?:_\d{6})?)\.", path)
        return stamp[1].ljust(15, "0") if stamp else ""

    def _promote(self, path: str, data: bytes) -> None:
        feed, name, sha256 = self.feed(path), path.rpartition("/")[2], hashlib.sha256(data).hexdigest()
        if feed is None or (path, sha256) in self._dealt:
            return
        match = _NAMES[feed].fullmatch(name)
        assert match is not None
        year, month = match[1], match[2]
        gz = "" if name.endswith(".zip") else ".gz"
        if data == b"" or data.startswith(b"bad") or year < "2024":
            count = self._refusals[feed, sha256] = self._refusals.get((feed, sha256), 0) + 1
            folder = sha256[:12] + (f".r{count}" if count > 1 else "")
            place = f"tiny/{feed}/{year}/{month}/{folder}/{name}{gz}"
            fate = Fate(path, "quarantined", sha256, quarantine=place)
        elif (feed, sha256) in self._objects:
            key = self._objects[feed, sha256]
            fate = Fate(path, "duplicate", sha256, key=key, duplicate_of=key)
        else:
            earlier = self._names.setdefault((feed, name), [])
            stem, _, extension = name.rpartition(".")
            stored = name if not earlier else f"{stem}.r{len(earlier) + 1}.{extension}"
            folder = f"{year}/{month}" if feed == "notes" else year
            key = f"tiny/{feed}/{folder}/{stored}{gz}"
            fate = Fate(
                path, "promoted", sha256, key, len(earlier) + 1, revises=earlier[-1] if earlier else None
            )
            earlier.append(key)
            self._objects[feed, sha256] = key
        self._note(fate)

    def _note(self, fate: Fate) -> None:
        self.fates.append(fate)
        self._newest[fate.path] = fate.verdict
        if fate.sha256:
            self._dealt[fate.path, fate.sha256] = fate.verdict
