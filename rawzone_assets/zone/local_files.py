"""Local files: ``Files`` on a local POSIX file system, as Linux has it.

What each call promises is said where the interface is (``files.py``).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from rawzone_assets.zone.files import Link

FILE_MODE = 0o444
FOLDER_MODE = 0o755

# FS_IOC_GETFLAGS and FS_IOC_SETFLAGS of linux/fs.h, _IOR('f', 1, long) and _IOW('f', 2, long).
_GET_FLAGS = 2 << 30 | struct.calcsize("@l") << 16 | ord("f") << 8 | 1
_SET_FLAGS = 1 << 30 | struct.calcsize("@l") << 16 | ord("f") << 8 | 2
_IMMUTABLE = 0x10


class LocalFiles:
    """``Files`` on a local POSIX file system."""

    def create(self, path: Path, blocks: Iterable[bytes]) -> None:
        descriptor = created(path, blocks)
        with _Named(path):
            os.close(descriptor)

    def sync(self, path: Path) -> None:
        _fsync(path, os.O_NOFOLLOW)

    def sync_folder(self, path: Path) -> None:
        _fsync(path, os.O_DIRECTORY)

    def link(self, source: Path, target: Path) -> None:
        os.link(source, target, follow_symlinks=False)

    @contextlib.contextmanager
    def linker(self, source: Path, target: Path) -> Iterator[Link]:
        with _opened(source, os.O_DIRECTORY) as source_folder, _opened(target, os.O_DIRECTORY) as target_folder:

            def link(name: str, other: str) -> None:
                try:
                    os.link(
                        name,
                        other,
                        src_dir_fd=source_folder,
                        dst_dir_fd=target_folder,
                        follow_symlinks=False,
                    )
                except OSError as error:
                    error.filename, error.filename2 = str(source / name), str(target / other)
                    raise

            yield link

    def make_folder(self, path: Path) -> None:
        os.mkdir(path, FOLDER_MODE)

    def remove(self, path: Path) -> None:
        os.unlink(path)

    @contextlib.contextmanager
    def remover(self, folder: Path) -> Iterator[Callable[[str], None]]:
        with _opened(folder, os.O_DIRECTORY) as descriptor:

            def remove(name: str) -> None:
                try:
                    os.unlink(name, dir_fd=descriptor)
                except OSError as error:
                    error.filename = str(folder / name)
                    raise

            yield remove

    def remove_folder(self, path: Path) -> None:
        os.rmdir(path)

    def open(self, path: Path) -> BinaryIO:
        # O_NONBLOCK: a pipe planted at the name must not hang the reader.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise IsADirectoryError(21, "not a regular file", str(path))
        return os.fdopen(descriptor, "rb")

    def names(self, path: Path) -> list[str]:
        return sorted(os.listdir(path))

    def status(self, path: Path) -> os.stat_result | None:
        try:
            return os.stat(path, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    @contextlib.contextmanager
    def lock(self, path: Path, *, wait: bool) -> Iterator[bool]:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(descriptor)

    def is_immutable(self, path: Path) -> bool:
        with _opened(path) as descriptor:
            try:
                return bool(_flags(descriptor) & _IMMUTABLE)
            except OSError as error:
                if error.errno in (errno.ENOTTY, errno.EOPNOTSUPP):
                    return False  # a file system without flags
                raise

    def set_immutable(self, path: Path, *, on: bool) -> None:
        with _opened(path) as descriptor:
            _set_immutable(descriptor, on=on)

    def try_immutable(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
        try:
            _set_immutable(descriptor, on=True)
            _set_immutable(descriptor, on=False)
        finally:
            os.close(descriptor)

    def require_writable(self, folder: Path) -> None:
        if may_write(folder):
            return
        code = errno.EROFS if os.statvfs(folder).f_flag & os.ST_RDONLY else errno.EACCES
        raise OSError(code, os.strerror(code), str(folder))

    def free_bytes(self, path: Path) -> int:
        space = os.statvfs(path)
        return space.f_bavail * space.f_frsize


def may_write(path: Path) -> bool:
    """Whether this user may write to a file, or add to a folder; nothing is tried."""
    wanted = os.W_OK | os.X_OK if path.is_dir() else os.W_OK
    return os.access(path, wanted, effective_ids=os.access in os.supports_effective_ids)


def is_read_only(path: Path) -> bool:
    """Whether the file system that holds a path is mounted read-only."""
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def created(path: Path | str, blocks: Iterable[bytes], *, folder: int | None = None) -> int:
    """Create a file as ``Files.create`` does, in an open folder if one is given; its descriptor, still open."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, FILE_MODE, dir_fd=folder)
    try:
        os.fchmod(descriptor, FILE_MODE)  # the umask must not decide who may read raw
        for block in blocks:
            view = memoryview(block)
            with _Named(path):
                while view:
                    view = view[os.write(descriptor, view) :]
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


class _Named:
    """Calls on a descriptor fail without saying of what, and which disk it is matters to whoever reads that."""

    def __init__(self, path: Path | str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, OSError):
            error.filename = error.filename or str(self._path)


def _fsync(path: Path, flags: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    with _Named(path):
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _opened(path: Path, flags: int = os.O_NOFOLLOW | os.O_NONBLOCK) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    with _Named(path):
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _flags(descriptor: int) -> int:
    # The kernel writes an int where the request's number speaks of a long.
    answer = fcntl.ioctl(descriptor, _GET_FLAGS, bytes(struct.calcsize("@l")))
    return int(struct.unpack_from("@i", answer)[0])


def _set_immutable(descriptor: int, *, on: bool) -> None:
    flags = _flags(descriptor)
    wanted = flags | _IMMUTABLE if on else flags & ~_IMMUTABLE
    if wanted != flags:
        fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("@l", wanted))
