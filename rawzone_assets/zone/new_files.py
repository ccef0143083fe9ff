"""Files that are handed to a person: new ones, whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from rawzone_assets.zone.local_files import LocalFiles


@contextmanager
def whole_or_gone(path: Path, *, mode: int) -> Iterator[BinaryIO]:
    """A new file to be written. If the block, or the disk with what it wrote, fails, the file is removed again.

    Half of it would be taken for the whole, and since what was handed out is never overwritten, it would also
    refuse the next attempt under the same name.

    Raises:
        OSError: It cannot be written, or (``FileExistsError``) there is one already.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(descriptor)  # some disks tell only now that they are full
        LocalFiles().sync_folder(path.parent)  # a key that was told of is there after a loss of power
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
