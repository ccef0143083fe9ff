"""Releasing: the one case in which the zone takes an object out of raw (docs/adr/0044).

Ledger first: only an object whose newest record of custody is ``archived`` is released, and only after its
archive copy was read from where it lies and found to hold exactly the recorded bytes. Whoever calls holds the
zone's lock. The archive copy stays for good, so the bytes lie in at least one place at every moment.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rawzone_assets.zone import codec, custody
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.sealing import require_unsealing


@dataclass(frozen=True, kw_only=True)
class NotReleased:
    """A hot copy that was not released although its object is recorded as archived, and why."""

    key: str
    path: Path
    problem: str


def release(files: Files, layout: Layout, index: Index, records: Iterable[Record]) -> list[NotReleased]:
    """Take away the hot copies of what these records say is archived; what could not go, and why.

    The index must have caught up. Repeating it changes nothing.

    Raises:
        OSError: The disk refused. The next command that holds the lock goes on.
    """
    kept: list[NotReleased] = []
    folders: set[Path] = set()
    for record in records:
        if record.get("record") != custody.ARCHIVED:
            continue
        key = record["key"]
        path = layout.object(key)
        if files.status(path) is None:
            folders.add(path.parent)  # gone, but perhaps not for good: its folder may not be synced
            continue
        problem = _objection(files, layout, index, key)
        if problem:
            kept.append(NotReleased(key=key, path=path, problem=problem))
            continue
        if files.is_immutable(path):
            files.set_immutable(path, on=False)
        files.remove(path)
        folders.add(path.parent)
    for folder in sorted(folders):
        if files.status(folder) is not None:
            files.sync_folder(folder)
    return kept


def require_release(files: Files, layout: Layout, keys: Iterable[str]) -> None:
    """See to it that sealed hot copies could be released, before anything is recorded.

    Raises:
        CannotUnseal: They could not.
        OSError: A file cannot be looked at.
    """
    require_unsealing(files, map(layout.object, keys), layout.staging, undone="archived")


def verify_copy(files: Files, path: Path, record: Record) -> str | None:
    """What is wrong with a copy of the object that a record describes, as its disk has it; ``None``: nothing.

    Raises:
        OSError: The file is there and cannot be read.
    """
    status = files.status(path)
    if status is None:
        return "it is missing"
    if not stat.S_ISREG(status.st_mode):
        return "it is no regular file"
    try:
        with files.open(path) as stream:
            _from_disk(stream)
            codec.check_stored(codec.blocks_of(stream), **custody.form_of_record(record))
    except codec.Damaged as problem:
        return str(problem)
    return None


def _from_disk(stream: BinaryIO) -> None:
    """Have the disk asked for what was just written to it, where the system can be told to forget it."""
    with suppress(OSError):  # a file system without pages, or a system without the call's effect
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _objection(files: Files, layout: Layout, index: Index, key: str) -> str | None:
    """Why a hot copy must stay: it is not recorded as archived, or one of the two is not what was recorded."""
    kept = index.custody.of(key)
    if kept.whereabouts is not Whereabouts.ARCHIVE or kept.record is None:
        return "the ledger has it as hot"
    problem = verify_copy(files, layout.archived(key), kept.record)
    if problem:
        return f"its archive copy {layout.archived(key)} does not verify ({problem})"
    problem = verify_copy(files, layout.object(key), kept.record)
    return f"it does not hold the recorded bytes ({problem}), so it is not ours to remove" if problem else None
