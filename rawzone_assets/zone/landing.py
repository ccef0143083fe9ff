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
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from rawzone_assets.contract.naming import SIDECAR_SUFFIX
from rawzone_assets.zone.codec import BLOCK
from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.files import kind_of
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.landing_errors import LandingMissing
from rawzone_assets.zone.scanning import FOLDER, Scan, scan_below

HELD_IN_MEMORY = 64 * 2**20
_SIDECAR_LIMIT = 64 * 1024


class ChangedWhileRead(Exception):
    """The landed file is not the one that was found, or changed under the reader; it is read again later."""


class SidecarUnreadable(Exception):
    """A sidecar lies beside a delivery and says nothing; the text says why."""


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
        self._last = _LastFolder()

    def scan(self) -> Scan:
        """Find every file below landing.

        Raises:
            LandingMissing: There is no such folder.
            StorageFailed: It cannot be listed.
        """
        try:
            root = self._open_root()
        except (FileNotFoundError, NotADirectoryError):
            raise self.missing() from None
        except OSError as error:
            raise StorageFailed("list the landing folder", error) from error
        try:
            return scan_below(root)
        except OSError as error:
            error.filename = error.filename if isinstance(error.filename, str) else str(self.root)
            raise StorageFailed("list the landing folder", error) from error
        finally:
            os.close(root)

    def missing(self) -> LandingMissing:
        """What is to be said where there is no such folder."""
        kind = None
        with suppress(OSError):
            kind = kind_of(self.root.lstat())
        return LandingMissing(self.root, instead="link to no folder" if kind == "link" else kind)

    def read(self, landed: Landed) -> LandedReading:
        """The file's bytes, read once and hashed on the way."""
        return LandedReading(self, landed)

    def read_sidecar(self, landed: Landed) -> bytes | None:
        """The bytes of the sidecar beside a delivery, or ``None`` when it has none.

        Raises:
            SidecarUnreadable: There is one, but it is no regular file, too large, or not ours to read.
        """
        if not landed.sidecar:
            return None
        try:
            descriptor = self._open(landed.path + SIDECAR_SUFFIX)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise SidecarUnreadable("it is no regular file")
                said = os.read(descriptor, _SIDECAR_LIMIT + 1)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            return None
        except OSError as error:
            link = error.errno in _LINK_IN_THE_WAY
            reason = "it is no regular file" if link else (error.strerror or "open failed").lower()
            raise SidecarUnreadable(reason) from None
        if len(said) > _SIDECAR_LIMIT:
            raise SidecarUnreadable(f"it is larger than {_SIDECAR_LIMIT:,} bytes")
        return said

    def open(self, landed: Landed) -> int:
        """A descriptor of the landed file, reached without following any link; to be closed.

        Raises:
            ChangedWhileRead: It is gone or something else lies in its place.
            Unreadable: This user may not open it.
        """
        try:
            return self._open(landed.path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ChangedWhileRead(landed.label) from error
        except OSError as error:
            if error.errno in _LINK_IN_THE_WAY:
                raise ChangedWhileRead(landed.label) from error
            raise Unreadable(landed.label, (error.strerror or "open failed").lower()) from error

    @contextmanager
    def several(self) -> Iterator[None]:
        """While this thread reads several files, the folder of one stays open for the next.

        One that is moved away meanwhile is read from where it is now, and what is put in its place is not.
        """
        self._last.is_kept = True
        try:
            yield
        finally:
            self._last.is_kept = False
            self._last.leave()

    def _open(self, path: str) -> int:
        folder, _, name = path.rpartition("/")
        last = self._last
        try:
            if last.descriptor is None or last.path != folder:
                last.leave()
                last.path, last.descriptor = folder, self._open_folder(folder)
            return os.open(name, _READ, dir_fd=last.descriptor)
        finally:
            if not last.is_kept:
                last.leave()

    def _open_folder(self, path: str) -> int:
        """Walk to a folder component by component: a link in any of them is refused."""
        current = self._open_root()
        for folder in filter(None, path.split("/")):
            try:
                inner = os.open(folder, FOLDER, dir_fd=current)
            finally:
                os.close(current)
            current = inner
        return current

    def _open_root(self) -> int:
        """The landing folder itself may be a link: where it lies is the operator's to say."""
        return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


class _LastFolder(threading.local):
    """The folder that a thread went to last, while it is open."""

    path = ""
    descriptor: int | None = None
    is_kept = False

    def leave(self) -> None:
        descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            os.close(descriptor)


class LandedReading:
    """One pass over a landed file. Iterate for blocks; ``sha256`` is that of exactly those bytes."""

    adopted: Mapping[str, str] | None = None  # it came the usual way

    def __init__(self, landing: Landing, landed: Landed) -> None:
        self._landing = landing
        self._landed = landed
        self._sha256 = ""

    @property
    def sha256(self) -> str:
        if not self._sha256:
            raise RuntimeError("the file was not read to its end")
        return self._sha256

    @property
    def size(self) -> int:
        return self._landed.size

    @property
    def forms(self) -> tuple[tuple[int, str], ...]:
        return ((self.size, self.sha256),)

    def __iter__(self) -> Iterator[bytes]:
        """The blocks of the file.

        Raises:
            ChangedWhileRead: The file is not, or did not stay, the one that was found.
            Unreadable: This user may not read it, or the disk failed.
        """
        landed = self._landed
        digest = hashlib.sha256()
        descriptor = self._landing.open(landed)
        try:
            self._require_still(descriptor)
            left = landed.size
            while block := self._block(descriptor, BLOCK):
                left -= len(block)
                if left < 0:
                    raise ChangedWhileRead(landed.label)
                digest.update(block)
                yield block
                if not left and len(block) < BLOCK:  # and this was its end
                    break
            if left:
                raise ChangedWhileRead(landed.label)
            self._require_still(descriptor)
        finally:
            os.close(descriptor)
        self._sha256 = digest.hexdigest()

    def whole(self) -> bytes:
        """All bytes of a file that is small enough to hold; raises as iterating does."""
        descriptor = self._landing.open(self._landed)
        try:
            self._require_still(descriptor)
            # One byte more than it should have shows a file that grew.
            data = self._block(descriptor, self._landed.size + 1)
            self._require_still(descriptor)
        finally:
            os.close(descriptor)
        if len(data) != self._landed.size:  # the system may give less than was asked for
            return b"".join(self)
        self._sha256 = hashlib.sha256(data).hexdigest()
        return data

    def _require_still(self, descriptor: int) -> None:
        if not self._landed.is_still(os.fstat(descriptor)):
            raise ChangedWhileRead(self._landed.label)

    def _block(self, descriptor: int, most: int) -> bytes:
        try:
            return os.read(descriptor, most)
        except OSError as error:
            raise Unreadable(self._landed.label, (error.strerror or "read failed").lower()) from error


# O_NONBLOCK so that opening a pipe put in the file's place returns at once.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LINK_IN_THE_WAY = frozenset({errno.ELOOP, errno.ENXIO})  # a link; a socket
