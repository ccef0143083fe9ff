"""Landing: the extractors' folder, scanned and read but never changed.

A landed file is told apart by (path, device, inode, size, mtime_ns, ctime_ns): a late file with an old mtime
is found, and a file put in another's place is noticed. There is no time cursor. Only regular files inside
landing are opened, one path component at a time without following links, so that no link can lead outside.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rawzone_assets.contract.naming import DONE_SUFFIX, SIDECAR_SUFFIX, ignored_name
from rawzone_assets.zone.codec import BLOCK
from rawzone_assets.zone.errors import LandingMissing, StorageFailed
from rawzone_assets.zone.receipt import printable_path

HELD_IN_MEMORY = 32 * 2**20
_SIDECAR_LIMIT = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Landed:
    """One entry found below landing."""

    path: str  # relative, "/" between parts; bytes that are no UTF-8 as surrogates
    regular: bool
    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    done: bool = False  # a .done marker lies beside it
    sidecar: bool = False

    @property
    def label(self) -> str:
        """The path as receipts and messages show it."""
        return printable_path(self.path)[0]

    @property
    def signature(self) -> str:
        return f"{self.device}:{self.inode}:{self.size}:{self.mtime_ns}:{self.ctime_ns}"

    @property
    def identity(self) -> dict[str, str]:
        """What a receipt keeps so that a rebuilt index knows this file again.

        As text: nanoseconds and inodes exceed 2^53, beyond which JSON numbers (RFC 8785) are not exact.
        """
        return {
            "device": str(self.device),
            "inode": str(self.inode),
            "size": str(self.size),
            "mtime_ns": str(self.mtime_ns),
            "ctime_ns": str(self.ctime_ns),
        }

    def is_still(self, status: os.stat_result) -> bool:
        """Whether an open file is the one that was found, unchanged."""
        found = (self.device, self.inode, self.size, self.mtime_ns, self.ctime_ns)
        return stat.S_ISREG(status.st_mode) and _identity(status) == found

    def settled(self, *, now: float, settle: float) -> bool:
        """Whether the file has kept still long enough to be read.

        The change time is used because neither a copy nor ``touch`` can set it back.
        """
        return self.done or settle <= 0 or now - self.ctime_ns / 1e9 >= settle


@dataclass(frozen=True, kw_only=True)
class Scan:
    """Everything below landing at one moment."""

    files: tuple[Landed, ...]
    ignored: tuple[tuple[str, str], ...]  # (label, reason)
    unreadable: tuple[str, ...]  # folders that could not be listed


class ChangedWhileRead(Exception):
    """The landed file is not the one that was found, or changed under the reader; it is read again later."""


class Unreadable(Exception):
    """The operating system does not let this user read the landed file."""

    def __init__(self, label: str, reason: str) -> None:
        super().__init__(f"{label}: {reason}")
        self.label = label
        self.reason = reason


class Landing:
    """Reads one landing folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def scan(self) -> Scan:
        """Find every file below landing.

        Raises:
            LandingMissing: There is no such folder.
        """
        if not self.root.is_dir():
            raise LandingMissing(self.root)
        found: list[Landed] = []
        ignored: list[tuple[str, str]] = []
        unreadable: list[str] = []
        folders = [""]
        while folders:
            prefix = folders.pop()
            try:
                with os.scandir(self.root / prefix) as entries:
                    listing = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                if not prefix:
                    raise StorageFailed("list the landing folder", error) from error
                unreadable.append(printable_path(prefix.rstrip("/"))[0])
                continue
            names = {entry.name for entry in listing}
            for entry in listing:
                path = f"{prefix}{entry.name}"
                reason = ignored_name(entry.name)
                if reason:
                    ignored.append((printable_path(path)[0], reason))
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(f"{path}/")
                else:
                    try:
                        landed = _landed(path, entry, names)
                    except PermissionError:  # the folder may be listed, but not entered
                        unreadable.append(printable_path(prefix.rstrip("/") or ".")[0])
                        break
                    if landed:
                        found.append(landed)
        found.sort(key=lambda landed: landed.path)
        return Scan(files=tuple(found), ignored=tuple(ignored), unreadable=tuple(unreadable))

    def read(self, landed: Landed) -> Reading:
        """The file's bytes, read once and hashed on the way."""
        return Reading(self, landed)

    def read_sidecar(self, landed: Landed) -> bytes | None:
        """The bytes of the sidecar beside a delivery, or ``None`` when it has none that can be read."""
        if not landed.sidecar:
            return None
        path = landed.path + SIDECAR_SUFFIX
        try:
            with self._descend(path) as (folder, name):
                descriptor = os.open(name, _READ, dir_fd=folder)
                try:
                    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                        return None
                    return os.read(descriptor, _SIDECAR_LIMIT + 1)[:_SIDECAR_LIMIT]
                finally:
                    os.close(descriptor)
        except OSError:
            return None

    @contextmanager
    def open(self, landed: Landed) -> Iterator[int]:
        """A descriptor of the landed file, reached without following any link.

        Raises:
            ChangedWhileRead: It is gone or something else lies in its place.
            Unreadable: This user may not open it.
        """
        try:
            with self._descend(landed.path) as (folder, name):
                descriptor = os.open(name, _READ, dir_fd=folder)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ChangedWhileRead(landed.label) from error
        except OSError as error:
            if error.errno in _LINK_IN_THE_WAY:
                raise ChangedWhileRead(landed.label) from error
            raise Unreadable(landed.label, (error.strerror or "open failed").lower()) from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _descend(self, path: str) -> Iterator[tuple[int, str]]:
        """Walk to the file's folder component by component: a link in any of them is refused."""
        *folders, name = path.split("/")
        current = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for folder in folders:
                inner = os.open(
                    folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=current
                )
                os.close(current)
                current = inner
            yield current, name
        finally:
            os.close(current)


class Reading:
    """One pass over a landed file. Iterate for blocks; ``sha256`` is that of exactly those bytes."""

    def __init__(self, landing: Landing, landed: Landed) -> None:
        self._landing = landing
        self._landed = landed
        self._digest = hashlib.sha256()
        self._finished = False

    @property
    def sha256(self) -> str:
        if not self._finished:
            raise RuntimeError("the file was not read to its end")
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        """The blocks of the file.

        Raises:
            ChangedWhileRead: The file is not, or did not stay, the one that was found.
            Unreadable: This user may not read it, or the disk failed.
        """
        landed = self._landed
        with self._landing.open(landed) as descriptor:
            if not landed.is_still(os.fstat(descriptor)):
                raise ChangedWhileRead(landed.label)
            left = landed.size
            while block := self._block(descriptor):
                left -= len(block)
                if left < 0:
                    raise ChangedWhileRead(landed.label)
                self._digest.update(block)
                yield block
            if left or not landed.is_still(os.fstat(descriptor)):
                raise ChangedWhileRead(landed.label)
        self._finished = True

    def _block(self, descriptor: int) -> bytes:
        try:
            return os.read(descriptor, BLOCK)
        except OSError as error:
            raise Unreadable(self._landed.label, (error.strerror or "read failed").lower()) from error


# O_NONBLOCK so that opening a pipe put in the file's place returns at once.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LINK_IN_THE_WAY = frozenset({errno.ELOOP, errno.ENXIO})  # a link; a socket


def _landed(path: str, entry: os.DirEntry[str], names: set[str]) -> Landed | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None  # gone since it was listed
    device, inode, size, mtime_ns, ctime_ns = _identity(status)
    return Landed(
        path=path,
        regular=stat.S_ISREG(status.st_mode),
        device=device,
        inode=inode,
        size=size,
        mtime_ns=mtime_ns,
        ctime_ns=ctime_ns,
        done=entry.name + DONE_SUFFIX in names,
        sidecar=entry.name + SIDECAR_SUFFIX in names,
    )


def _identity(status: os.stat_result) -> tuple[int, int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
