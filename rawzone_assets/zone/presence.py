"""Presence: whether a root of the zone is there. A disk that is not mounted leaves an empty folder, or none.

What is staged is no sign of it, for the next promotion stages wherever it is sent; nor is what every new file
system has at its top.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from rawzone_assets.zone.errors import LedgerLeftBehind, RootAway
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.layout import LOST_AND_FOUND, STAGING_FOLDER, Layout, ledger_name
from rawzone_assets.zone.object_errors import ObjectAway, ObjectDamaged, ObjectUnreadable
from rawzone_assets.zone.staging import leftovers
from rawzone_assets.zone.upkeep import ARCHIVE, QUARANTINE

_NO_SIGN = (STAGING_FOLDER, LOST_AND_FOUND)


def apart(layout: Layout) -> dict[str, Path]:
    """The roots that may lie on disks of their own while the ledger is read, by name."""
    return {QUARANTINE: layout.quarantine, ARCHIVE: layout.archive}


def absent_roots(files: Files, layout: Layout, holds_files: Callable[[str], bool]) -> Iterator[RootAway]:
    """What is to be said of roots that are empty although files are recorded in them.

    ``holds_files`` says whether any are, of a root's name.

    Raises:
        OSError: One cannot be looked at.
    """
    for name, root in apart(layout).items():
        if not is_present(files, root) and holds_files(name):
            yield RootAway(name, root)


def stored_without_ledger(files: Files, layout: Layout) -> Path | None:
    """A file that was stored where no ledger is any more; ``None`` where there is one, or nothing was stored.

    What is stored is read-only, and nothing else that lies there by mistake is likely to be.

    Raises:
        OSError: A folder cannot be looked at.
    """
    if files.status(layout.ledger / ledger_name(0)) is not None:
        return None
    return next(chain(_read_only(files, layout.raw), _read_only(files, layout.archive)), None)


def require_ledger(files: Files, layout: Layout) -> None:
    """See to it that a zone without any commit is a new one, not one whose ledger was left behind.

    A batch that is in flight may have linked its files already.

    Raises:
        LedgerLeftBehind: Files lie there that were stored under one.
        OSError: A folder cannot be looked at.
    """
    if not leftovers(files, layout):
        stored = stored_without_ledger(files, layout)
        if stored is not None:
            raise LedgerLeftBehind(layout.ledger, stored)


def _read_only(files: Files, folder: Path) -> Iterator[Path]:
    if files.status(folder) is None:
        return
    for name in files.names(folder):
        path = folder / name
        status = None if name.startswith("_") or name == LOST_AND_FOUND else files.status(path)
        if status and stat.S_ISDIR(status.st_mode):
            yield from _read_only(files, path)
        elif status and stat.S_ISREG(status.st_mode) and not status.st_mode & 0o222:
            yield path


def require_present(files: Files, name: str, root: Path) -> None:
    """See to it that a root in which files are recorded is not an empty place where its disk should be.

    Raises:
        RootAway: It is.
        OSError: It cannot be looked at.
    """
    if not is_present(files, root):
        raise RootAway(name, root)


def missing(files: Files, layout: Layout, key: str, path: Path | None) -> ObjectUnreadable:
    """What is to be said of an object that is not at its recorded place: it is damaged, or its disk is away.

    Raises:
        OSError: The disk cannot be looked at.
    """
    for name, root in apart(layout).items():
        if path is not None and path.is_relative_to(root) and not is_present(files, root):
            return ObjectAway(key, RootAway(name, root))
    return ObjectDamaged(key, f"{path} is missing")


def is_present(files: Files, root: Path) -> bool:
    """Whether anything lies in a root but what is no sign of its disk.

    Raises:
        OSError: It cannot be looked at.
    """
    try:
        names = files.names(root)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return any(name not in _NO_SIGN for name in names)
