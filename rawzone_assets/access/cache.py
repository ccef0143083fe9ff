"""A cache on local disk for zones whose bytes are far away: stored forms by SHA-256, bounded in size.

Nothing depends on it. What it gives is checked like anything that is read, what it cannot keep is read from the
zone, and deleting its folder at any time costs only speed. Any number of threads and processes may share it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from rawzone_assets.access.file_locks import locked
from rawzone_assets.zone.layout import cached_path
from rawzone_assets.zone.local_files import LocalFiles

_FILES = LocalFiles()  # waits for no pipe that lies in the place of a file
_PART = ".part"
_KEPT_FREE = 10  # a tenth of the bound is freed at once, so that the folder is seldom listed


class ByteCache:
    """Files in ``folder`` of together at most ``most_bytes``, unfinished ones included."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self.most_bytes = most_bytes

    def open(self, digest: str) -> BinaryIO | None:
        """The kept bytes, or ``None``. Whoever has them open may read on when they are dropped."""
        path = self._path(digest)
        try:
            stream = _FILES.open(path)
        except OSError:
            return None
        with suppress(OSError):
            os.utime(path)  # used now: the least recently used go first
        return stream

    def keep(self, digest: str, size: int, blocks: Iterable[bytes]) -> BinaryIO | None:
        """Copy bytes in and open the copy; ``None`` when they do not fit, are others, or cannot be written."""
        # By chance: in a container every process may have the number of one that was killed.
        part = self.folder / f"{digest}.{secrets.token_hex(8)}{_PART}"
        descriptor = None
        try:
            with self._locked():
                if not self._make_room(size):
                    return None
                # Held until it is whole: others see that it is no leftover, and its size from the start.
                descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.ftruncate(descriptor, size)
            stream = os.fdopen(descriptor, "r+b")
            descriptor = None
            return self._filled(stream, part, digest, size, blocks)
        except OSError:
            return None  # the zone itself answers, or tells what is wrong with it
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def forget(self, digest: str) -> None:
        """Drop what is kept under this hash, if anything is."""
        with suppress(OSError):
            self._path(digest).unlink(missing_ok=True)

    def _filled(
        self, stream: BinaryIO, part: Path, digest: str, size: int, blocks: Iterable[bytes]
    ) -> BinaryIO | None:
        whole = False
        try:
            found, written = hashlib.sha256(), 0
            for block in blocks:
                found.update(block)
                written += len(block)
                if written > size:
                    break
                stream.write(block)
            if (written, found.hexdigest()) == (size, digest):
                stream.flush()
                stream.seek(0)
                path = self._path(digest)
                path.parent.mkdir(mode=0o700, exist_ok=True)
                os.replace(part, path)
                whole = True
        finally:
            if not whole:
                stream.close()
                part.unlink(missing_ok=True)
        return stream if whole else None

    def _make_room(self, size: int) -> bool:
        """Room for a file, accounted for at once; what is thought to be used is never less than what is."""
        if size > self.most_bytes:
            return False
        tally = self.folder / "size"
        try:
            with _FILES.open(tally) as noted:
                used = int(noted.read())
        except (OSError, ValueError):
            used = self.most_bytes  # not known: count
            tally.unlink(missing_ok=True)  # it may be a pipe, whose reader would be waited for
        if used + size > self.most_bytes:
            used = self._evict(self.most_bytes - self.most_bytes // _KEPT_FREE - size)
        if used + size > self.most_bytes:
            return False
        tally.write_text(str(used + size))
        return True

    def _evict(self, goal: int) -> int:
        """Drop the least recently used until no more than ``goal`` bytes are used, or nothing else can go."""
        # First, because one that becomes whole meanwhile may be counted twice, but must not be missed.
        used = sum(map(_unfinished, self.folder.glob(f"*{_PART}")))
        kept = []
        for path in self.folder.glob("*/*"):
            with suppress(OSError):
                status = path.stat()
                kept.append((status.st_mtime_ns, status.st_size, path))
                used += status.st_size
        for _, size, path in sorted(kept):
            if used <= max(goal, 0):
                break
            with suppress(OSError):
                path.unlink()
                used -= size
        return used

    def _path(self, digest: str) -> Path:
        return cached_path(self.folder, digest)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self.folder / "lock", mode=0o600):
            yield


def _unfinished(part: Path) -> int:
    """The size of a file that someone is writing; what a crash left is removed."""
    with suppress(OSError), _FILES.open(part) as stream:
        size = os.fstat(stream.fileno()).st_size
        try:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return size
        part.unlink(missing_ok=True)
    return 0
