"""Replacing: the one case in which a name in the zone comes to mean other bytes than before.

Nothing here overwrites or renames. Damaged bytes get a second name among the evidence, durable before they
lose their first one, so they exist under a name at every moment; then the sound bytes are linked to the free
name as any object is. Whoever calls holds the zone's lock and has a staged commit that finishes or repeats
this after a crash. A sound file is never touched, whatever the plan said (docs/adr/0022).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from rawzone_assets.zone import codec
from rawzone_assets.zone.files import Files, ensure_folder
from rawzone_assets.zone.placements import Placement


def set_aside(files: Files, place: Placement) -> None:
    """Free the place of a repair: move what is damaged there to the evidence. Repeating it changes nothing.

    Raises:
        OSError: The disk refused, or something that cannot be kept as evidence lies there.
    """
    if place.evidence is None:
        return  # no repair, as nearly always
    there, ours = files.status(place.target), files.status(place.staged)
    if there is None or ours is None:
        return
    if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino) or holds(
        files, place.target, place.stored_sha256, ours.st_size
    ):
        return
    if stat.S_ISREG(there.st_mode) and files.is_immutable(place.target):
        files.set_immutable(place.target, on=False)  # a sealed file gets no second name and keeps its first
    changed = ensure_folder(files, place.evidence.parent) | {place.evidence.parent}
    _keep(files, place.target, place.evidence)
    for folder in sorted(changed):
        files.sync_folder(folder)
    files.remove(place.target)  # durable with the name that takes its place


def put_back(files: Files, place: Placement) -> None:
    """Give damaged bytes their name again when nothing could be put there: better damaged than missing."""
    if place.evidence is None or files.status(place.target) or files.status(place.evidence) is None:
        return
    try:
        files.link(place.evidence, place.target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy = place.staged.with_name(f"{place.staged_as}.back")  # on the target's disk, where a link is whole
        with contextlib.suppress(FileNotFoundError):
            files.remove(copy)  # of an attempt that was cut off
        _copy(files, place.evidence, copy)
        files.link(copy, place.target)
    files.sync_folder(place.target.parent)
    files.remove(place.evidence)


def holds(files: Files, path: Path, sha256: str, size: int) -> bool:
    """Whether a regular file of this size and hash lies there; one that cannot be read does not.

    A file of another size is not read: it may be a hole of terabytes.
    """
    try:
        status = files.status(path)
    except OSError:
        return False
    return status is not None and status.st_size == size and digest_of_file(files, path) == sha256


def digest_of_file(files: Files, path: Path) -> str | None:
    """The SHA-256 of a regular file's bytes, or ``None`` when it cannot be read."""
    try:
        with files.open(path) as stream:
            return codec.digest_of(codec.blocks_of(stream))
    except OSError:
        return None


def _keep(files: Files, damaged: Path, evidence: Path) -> None:
    """The damaged file itself under a second name; a copy where that would cross file systems."""
    try:
        files.link(damaged, evidence)
    except FileExistsError:
        there, kept = files.status(damaged), files.status(evidence)
        if there and kept and (there.st_dev, there.st_ino) == (kept.st_dev, kept.st_ino):
            return
        if not _is_cut_copy(there, kept):
            raise
        files.remove(evidence)  # a copy that a crash cut off: the damaged file itself is still in its place
        _copy(files, damaged, evidence)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(files, damaged, evidence)


def _is_cut_copy(there: os.stat_result | None, kept: os.stat_result | None) -> bool:
    return there is not None and kept is not None and there.st_dev != kept.st_dev and stat.S_ISREG(kept.st_mode)


def _copy(files: Files, path: Path, copy: Path) -> None:
    try:
        with files.open(path) as stream:
            files.create(copy, codec.blocks_of(stream))
        files.sync(copy)
    except BaseException:
        with contextlib.suppress(OSError):
            files.remove(copy)
        raise
