"""Upkeep: the ledger's records of what was re-read, found damaged and repaired (DESIGN section 6).

A ``scrubbed`` record says which commits had all their stored files re-read in one session, a ``damaged`` one
names one file, a ``repaired`` one says what was put in its place, from where, and where the damaged bytes are
kept. A *place* is a path below the zone with its root's name: ``raw/<key>``, ``quarantine/<path>`` or
``archive/<key>``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rawzone_assets.zone import custody
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.receipt import Record

SCRUBBED = "scrubbed"
DAMAGED = "damaged"
REPAIRED = "repaired"
RAW = "raw"
QUARANTINE = "quarantine"
ARCHIVE = "archive"
EVIDENCE_FOLDER = "_evidence"

Spans = Sequence[tuple[int, int]]
"""First and last commit of each run of commits, both included."""


def scrubbed_record(
    *, began: str, spans: Spans, files: int, size: int, damaged: int, sound_again: Sequence[str]
) -> dict[str, Any]:
    """A session of the rolling scrub. ``began`` is when it started to read: what it read is as old as that."""
    return {
        "record": SCRUBBED,
        "began": began,
        "spans": [list(span) for span in spans],
        "files": files,
        "bytes": size,
        "damaged": damaged,
        "sound_again": list(sound_again),
    }


def damaged_record(
    *, place: str, kind: str, problem: str, feed: str | None, partition: str | None, key: str | None
) -> dict[str, Any]:
    """A file that a scrub found not to be as recorded."""
    told = {"place": place, "kind": kind, "problem": problem, "feed": feed, "partition": partition, "key": key}
    return {"record": DAMAGED, **told}


def repaired_record(
    *,
    place: str,
    owner: Mapping[str, str | None],
    original: Mapping[str, Any],
    stored: Mapping[str, Any],
    problem: str,
    source: Mapping[str, str],
    evidence: str | None,
    staged: bool = True,
) -> dict[str, Any]:
    """What was put in the place of a damaged or missing file.

    ``owner`` has feed, partition and key, ``original`` sha256 and size, ``stored`` stored_sha256, stored_size
    and encoding. The stored form differs from the receipt's only when no compressor here gives the old one.
    ``staged`` false: it lies in its place already, and this only says so.
    """
    facts = {"place": place, "problem": problem, "source": dict(source), "evidence": evidence, "staged": staged}
    return {"record": REPAIRED, **facts, **owner, **original, **stored}


def evidence_facts(sha256: str | None, size: int | None) -> dict[str, Any]:
    """What a ``repaired`` record says of the damaged bytes that were kept; nothing of what is no file."""
    return {"evidence_sha256": sha256, "evidence_size": size}


def place_of(layout: Layout, path: Path) -> str:
    """The place of a path below raw, quarantine or archive."""
    root = next(name for name in (RAW, ARCHIVE, QUARANTINE) if path.is_relative_to(root_of(layout, name)))
    return f"{root}/{path.relative_to(root_of(layout, root)).as_posix()}"


def path_of_place(layout: Layout, place: str) -> Path:
    """Where a place lies: ``raw/<key>``, ``archive/<key>`` or ``quarantine/<path>``."""
    return Path(location_of(layout, place))


def location_of(layout: Layout, place: str) -> str:
    """The path of a place as text, which takes a fifth of the time, for each of very many files."""
    root, _, inner = place.partition("/")
    return f"{root_of(layout, root)}/{inner}"


def root_of(layout: Layout, name: str) -> Path:
    """The folder of a place's root."""
    return {RAW: layout.raw, ARCHIVE: layout.archive}.get(name, layout.quarantine)


def with_archive_copy(place: str) -> list[str]:
    """The place, and of an object in raw that of its copy in the archive as well."""
    root, _, inner = place.partition("/")
    return [place, f"{ARCHIVE}/{inner}"] if root == RAW else [place]


def no_longer_damaged(record: Record) -> Sequence[str]:
    """The places that a record says are sound again, or at which no file is expected any more.

    No scrub looks for one that left, so none could find it sound.
    """
    kind = record.get("record")
    if kind == SCRUBBED:
        return list(record["sound_again"])
    if kind == custody.ARCHIVED:
        return [f"{RAW}/{record['key']}"]
    if kind == custody.ERASED:
        return with_archive_copy(record["place"])
    return [record["place"]] if kind == REPAIRED else []


def evidence_place(batch: str, place: str) -> str:
    """Where a repair keeps the bytes that it takes away from ``place``."""
    return f"{QUARANTINE}/{EVIDENCE_FOLDER}/{batch}/{place}"


def spans_of(record: Record) -> list[tuple[int, int]]:
    """The commits that a ``scrubbed`` record covers."""
    return [(int(first), int(last)) for first, last in record["spans"]]
