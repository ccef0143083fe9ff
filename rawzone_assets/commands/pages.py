"""Pages: files that commands write for people to open, each whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

from rawzone_assets.commands.surroundings import fail, fail_unwritten


def refuse_existing(paths: Iterable[Path]) -> None:
    """End the command if one of these files is there: what may have been handed out stays as it was."""
    for path in paths:
        if os.path.lexists(path):
            fail_as_it_exists(path)


def fail_as_it_exists(path: Path) -> NoReturn:
    """End the command, because this file is there."""
    fail(f"{path} exists already and is not overwritten: name another file.")


def write_page(path: Path, page: str, *, what: str = "The page") -> None:
    """Write or replace a page: a reader of the old one must not find half of the new one.

    A link is followed, as it would be by whoever opened the file.
    """
    path = Path(os.path.realpath(path))
    # Not the path's own methods: they raise where no file can be, and what is wrong there is told below.
    if os.path.exists(path) and not os.path.isfile(path):  # root would put a file in the place of /dev/null
        fail(f"{what} cannot be written to {path}, which is no file: name another one.")
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        unfinished.write_text(page, encoding="utf-8")
        os.replace(unfinished, path)
    except OSError as error:
        with suppress(OSError):  # it may be one that cannot even be named
            unfinished.unlink()
        fail_unwritten(what, path, error)
