"""The one file-operations layer: every call by which the zone changes or reads its own disk.

``zone/`` reaches the raw and quarantine roots through a ``Files`` value only, so tests can make each call
fail, crash or forget. There is deliberately no rename and no overwrite: the interface cannot express
replacing a file. Paths are absolute. Every method raises ``OSError`` as the operating system gives it. The
local disk is ``local_files.py``'s.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

Link = Callable[[str, str], None]
"""Gives the file of the first name, in one folder, the second name in another."""


class Files(Protocol):
    """What a zone needs of a file system."""

    def create(self, path: Path, blocks: Iterable[bytes]) -> None:
        """Write a new, read-only file; ``FileExistsError`` when there is one. Not yet durable."""
        ...

    def sync(self, path: Path) -> None:
        """Make a file's bytes survive power loss."""
        ...

    def sync_folder(self, path: Path) -> None:
        """Make the names in a folder survive power loss."""
        ...

    def link(self, source: Path, target: Path) -> None:
        """Give a file a second name; ``FileExistsError`` when the name is taken. Never replaces."""
        ...

    def linker(self, source: Path, target: Path) -> contextlib.AbstractContextManager[Link]:
        """Does as ``link`` for names in these two folders, which are not looked for each time."""
        ...

    def make_folder(self, path: Path) -> None:
        """Create one folder in an existing one; ``FileExistsError`` when it is there."""
        ...

    def remove(self, path: Path) -> None:
        """Remove one name of a file: of a staged one or an unfinished publication.

        Only ``replacing`` (damaged bytes that are kept elsewhere), ``releasing`` (objects that are archived)
        and ``erasing`` (what the law wants gone) take away what is published.
        """
        ...

    def remover(self, folder: Path) -> contextlib.AbstractContextManager[Callable[[str], None]]:
        """Does as ``remove`` for names in this folder, which is not looked for each time."""
        ...

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        ...

    def open(self, path: Path) -> BinaryIO:
        """Open a regular file for reading, not following a link in its last part."""
        ...

    def names(self, path: Path) -> list[str]:
        """The names in a folder, sorted."""
        ...

    def status(self, path: Path) -> os.stat_result | None:
        """The file's status without following a link, or ``None`` when there is no such name."""
        ...

    def lock(self, path: Path, *, wait: bool) -> contextlib.AbstractContextManager[bool]:
        """Hold an exclusive lock that dies with this process; yields whether it was had."""
        ...

    def free_bytes(self, path: Path) -> int:
        """Bytes that may still be written to the file system of an existing folder."""
        ...

    def require_writable(self, folder: Path) -> None:
        """See to it that this user may add files to a folder and take them away, without doing so."""
        ...

    def is_immutable(self, path: Path) -> bool:
        """Whether a file carries the flag that keeps even its owner from changing or removing it."""
        ...

    def set_immutable(self, path: Path, *, on: bool) -> None:
        """Put that flag on a file, or take it off. Needs CAP_LINUX_IMMUTABLE and a file system that has it."""
        ...

    def try_immutable(self, folder: Path) -> None:
        """Do so with a file in that folder which has no name, so that nothing can be left behind."""
        ...


def ensure_folder(files: Files, path: Path) -> set[Path]:
    """Create ``path`` and its missing ancestors; the folders whose entries changed and need a sync."""
    missing: list[Path] = []
    current = path
    while files.status(current) is None:
        missing.append(current)
        current = current.parent
    changed: set[Path] = set()
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):  # another writer made it meanwhile: it may not be synced yet
            files.make_folder(folder)
        changed.add(folder.parent)
    return changed


def sync_folders(files: Files, folders: Iterable[Path], *, roots: Sequence[Path]) -> None:
    """Make the names in these folders survive power loss: all in ``roots``, and those above as far as may be.

    Whoever made a folder above that this user may not list answers for it.

    Raises:
        OSError: One cannot be synced.
    """
    for folder in sorted(folders):
        try:
            files.sync_folder(folder)
        except PermissionError:
            if any(folder.is_relative_to(root) for root in roots):
                raise


def is_folder(files: Files, path: Path) -> bool:
    """Whether a folder lies there, and no link to one.

    Raises:
        OSError: It cannot be looked at.
    """
    status = files.status(path)
    return status is not None and stat.S_ISDIR(status.st_mode)


def what_lies_there(status: os.stat_result | None) -> str | None:
    """``a folder lies in its place``: what is wrong with what should be a regular file, if that is not one."""
    if status is None or stat.S_ISREG(status.st_mode):
        return None
    return f"a {kind_of(status)} lies in its place"


def kind_of(status: os.stat_result) -> str:
    """``file``, ``folder``, ``link``, ``pipe``, ``socket`` or ``device``."""
    return _KINDS.get(stat.S_IFMT(status.st_mode), "device")


def why_unread(files: Files, path: Path, error: OSError) -> str:
    """Why what should be a regular file could not be read: what lies there instead, or what the system says."""
    problem = None
    with contextlib.suppress(OSError):
        problem = what_lies_there(files.status(path))
    return problem or f"it cannot be read ({(error.strerror or 'no reason').lower()})"


def link_to_nothing(path: Path) -> Path | None:
    """The path itself or the closest folder above it that is a link whose target is not there, if one is."""
    # Where this user may not look, both say no.
    return next((p for p in (path, *path.parents) if os.path.islink(p) and not os.path.exists(p)), None)


def nearest_folder(path: Path) -> Path:
    """The path itself, or the closest folder above it that exists."""
    while path != path.parent:
        try:
            path.stat()
        except OSError:  # not there, or in a folder that this user may not enter
            path = path.parent
        else:
            break
    return path


_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}
