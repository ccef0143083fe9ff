"""Which path everything has. The only module that builds paths inside the zone (DESIGN section 4)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from rawzone_assets.zone import codec

LEDGER_FOLDER = "_ledger"
STAGING_FOLDER = "_staging"
LOST_AND_FOUND = "lost+found"  # at the top of an ext4, root's alone: a root of the zone may be such a top
COLUMNAR_WORK = "_work"
_LEDGER_DIGITS = 20
REFUSAL_DIGITS = 12
_LONGEST_NAME = 200  # bytes; file systems allow 255, and a revision and .gz are still to come


@dataclass(frozen=True)
class Layout:
    """The roots of a zone and the places below them."""

    landing: Path
    raw: Path
    quarantine: Path
    archive: Path
    state: Path  # local and disposable: the index
    columnar_apart: Path | None = None  # when the projection is kept elsewhere than below ``state``

    @property
    def ledger(self) -> Path:
        return self.raw / LEDGER_FOLDER

    @property
    def columnar(self) -> Path:
        """The columnar projection: derived and disposable like all of ``state``, but read by others."""
        return self.columnar_apart or self.state / "columnar"

    @property
    def scratch(self) -> Path:
        """Where restore drills bring objects back to, with the lock of whoever does."""
        return self.state / "restore-drill"

    def columnar_work(self, feed_id: str) -> Path:
        """Where the days of a feed are written before they appear, with the lock of whoever does."""
        return self.columnar / COLUMNAR_WORK / feed_id.replace("/", "__")

    @property
    def apart(self) -> dict[str, Path]:
        """The roots that must not lie in each other, by name."""
        roots = {name: getattr(self, name) for name in ("landing", "raw", "quarantine", "archive", "state")}
        return {**roots, "columnar": self.columnar_apart} if self.columnar_apart else roots

    @property
    def staging(self) -> Path:
        """The redo log of raw: batches in flight."""
        return self.raw / STAGING_FOLDER

    @property
    def quarantine_staging(self) -> Path:
        """Quarantine may be another file system, so its bytes are staged on it."""
        return self.quarantine / STAGING_FOLDER

    @property
    def archive_staging(self) -> Path:
        """The archive may be another file system too."""
        return self.archive / STAGING_FOLDER

    @property
    def stagings(self) -> tuple[Path, ...]:
        """Every folder in which batches are staged."""
        return self.staging, self.quarantine_staging, self.archive_staging

    @property
    def zone_lock(self) -> Path:
        return self.staging / "lock"

    def object(self, key: str) -> Path:
        return self.raw / key

    def archived(self, key: str) -> Path:
        """Where the object of a key lies once retention has moved it."""
        return self.archive / key

    def quarantined(self, path: str) -> Path:
        return self.quarantine / path

    def commit(self, seq: int) -> Path:
        return self.ledger / ledger_name(seq)


def nested(roots: Mapping[str, Path]) -> tuple[str, str] | None:
    """The first of the named roots that is or lies in another, and that other, whatever links lead there.

    A root inside landing would be taken for deliveries; roots inside each other would call each other foreign.
    """
    known = {name: _folder_itself(root) for name, root in roots.items()}
    real = {name: Path(os.path.realpath(root)) for name, root in roots.items()}
    above = {name: {_folder_itself(p) for p in (path, *path.parents)} for name, path in real.items()}
    for inner in roots:
        for outer in roots:
            if inner != outer and known[outer] in above[inner]:
                return inner, outer
    return None


def _folder_itself(path: Path) -> tuple[int, int] | str:
    """What tells a folder from every other: device and inode; for one that is not there yet, its real path."""
    try:
        status = path.stat()
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


def cached_path(cache: Path, stored_sha256: str) -> Path:
    """Where a cache of stored bytes keeps those of this hash."""
    return cache / stored_sha256[:2] / stored_sha256


def ledger_name(seq: int) -> str:
    return f"{seq:0{_LEDGER_DIGITS}d}.jsonl"


def object_folder(feed_id: str, day: date, *, by_month: bool) -> str:
    """``distrokid/streams/2024/05`` or ``distrokid/sales/2024``, as the specification's tree has it."""
    return f"{feed_id}/{day.year}/{day.month:02}" if by_month else f"{feed_id}/{day.year}"


def object_key(folder: str, name: str, revision: int) -> str:
    """``<folder>/streams_stats_20240522_143022.html.gz``; revisions as ``<stem>.r2.<ext>.gz``."""
    return f"{folder}/{_stored_name(_with_revision(fitting(name), revision))}"


def quarantine_paths(feed_id: str, name: str, day: date, sha256: str, earlier: int) -> tuple[str, str]:
    """Where a refused delivery and its findings go, below the quarantine root.

    Each refusal has a folder of its own. ``earlier`` counts those of the feed whose hash begins alike: the same
    bytes again (stored perhaps by another compressor), or others made to collide in twelve digits.
    """
    number = "" if earlier == 0 else f".r{earlier + 1}"
    folder = f"{feed_id}/{day.year}/{day.month:02}/{sha256[:REFUSAL_DIGITS]}{number}"
    return f"{folder}/{_stored_name(fitting(name))}", f"{folder}/findings.json"


def _stored_name(name: str) -> str:
    return name if codec.encoding_for(name) == "identity" else f"{name}.gz"


def fitting(name: str) -> str:
    """The name, or for one too long its beginning, a hash of all of it, and its extension."""
    if len(name) <= _LONGEST_NAME // 4:  # as nearly all are: a character takes four bytes at most
        return name
    encoded = name.encode()
    if len(encoded) <= _LONGEST_NAME:
        return name
    extension = PurePosixPath(name).suffix
    if len(extension.encode()) > 20:
        extension = ""
    digest = hashlib.sha256(encoded).hexdigest()[:16]
    return f"{encoded[:150].decode(errors='ignore')}~{digest}{extension}"


def _with_revision(name: str, revision: int) -> str:
    if revision == 1:
        return name
    stem, dot, extension = name.rpartition(".")
    return f"{stem}.r{revision}.{extension}" if dot else f"{name}.r{revision}"
