"""Presence: whether a root of the zone is there. A disk that is not mounted leaves an empty folder, or none.

What is staged is no sign of it, for the next promotion stages wherever it is sent; nor is what every new file
system has at its top.
"""

from __future__ import annotations

from pathlib import Path

from rawzone_assets.zone.errors import RootAway
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.layout import LOST_AND_FOUND, STAGING_FOLDER

_NO_SIGN = (STAGING_FOLDER, LOST_AND_FOUND)


def require_present(files: Files, name: str, root: Path) -> None:
    """See to it that a root in which files are recorded is not an empty place where its disk should be.

    Raises:
        RootAway: It is.
        OSError: It cannot be looked at.
    """
    if not is_present(files, root):
        raise RootAway(name, root)


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
