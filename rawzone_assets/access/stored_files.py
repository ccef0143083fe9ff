"""Stored files: opening what should be one, or saying what lies in its place instead."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from rawzone_assets.zone import codec
from rawzone_assets.zone.files import Files, what_lies_there


def open_stored(files: Files, path: Path) -> BinaryIO:
    """Open a stored file for reading.

    Raises:
        FileNotFoundError: Nothing lies there.
        codec.Damaged: Something else than a file does.
        OSError: The system refuses to read it.
    """
    try:
        return files.open(path)
    except FileNotFoundError:
        raise
    except OSError:
        if problem := what_lies_there(files.status(path)):
            raise codec.Damaged(problem) from None
        raise
