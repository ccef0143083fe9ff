"""File systems that fail: ``FaultyFiles`` refuses one call, ``CrashingFiles`` ends the process at one."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from rawzone_assets.zone.files import Files

CHANGING = frozenset({"create", "sync", "sync_folder", "link", "make_folder", "remove", "remove_folder"})


class Crash(BaseException):
    """The process is gone: nothing it would still do may reach the disk."""


class WatchedFiles:
    """Passes every call on, after ``before(operation, path)`` had its say."""

    def __init__(self, inner: Files) -> None:
        self.inner = inner

    def before(self, operation: str, path: Path) -> None:
        """Raise to make the call fail."""

    def create(self, path: Path, blocks: Iterable[bytes]) -> None:
        self.before("create", path)
        self.inner.create(path, blocks)

    def sync(self, path: Path) -> None:
        self.before("sync", path)
        self.inner.sync(path)

    def sync_folder(self, path: Path) -> None:
        self.before("sync_folder", path)
        self.inner.sync_folder(path)

    def link(self, source: Path, target: Path) -> None:
        self.before("link", target)
        self.inner.link(source, target)

    def make_folder(self, path: Path) -> None:
        self.before("make_folder", path)
        self.inner.make_folder(path)

    def remove(self, path: Path) -> None:
        self.before("remove", path)
        self.inner.remove(path)

    def remove_folder(self, path: Path) -> None:
        self.before("remove_folder", path)
        self.inner.remove_folder(path)

    def open(self, path: Path) -> BinaryIO:
        self.before("open", path)
        return self.inner.open(path)

    def names(self, path: Path) -> list[str]:
        self.before("names", path)
        return self.inner.names(path)

    def status(self, path: Path) -> os.stat_result | None:
        self.before("status", path)
        return self.inner.status(path)

    def lock(self, path: Path, *, wait: bool) -> AbstractContextManager[bool]:
        self.before("lock", path)
        return self.inner.lock(path, wait=wait)

    def free_bytes(self, path: Path) -> int:
        self.before("free_bytes", path)
        return self.inner.free_bytes(path)


class FaultyFiles(WatchedFiles):
    """The ``failing``-th call (from 0) fails with ``code``; a torn one first writes half of its bytes.

    ``for_good``: every later call of that operation fails as well, as on a disk that stays full.
    """

    def __init__(
        self, inner: Files, *, failing: int, code: int, torn: bool = False, for_good: bool = False
    ) -> None:
        super().__init__(inner)
        self.failing = failing
        self.code = code
        self.torn = torn
        self.for_good = for_good
        self.calls: list[tuple[str, Path]] = []
        self.failed: tuple[str, Path] | None = None

    def before(self, operation: str, path: Path) -> None:
        self.calls.append((operation, path))
        again = self.for_good and self.failed is not None and self.failed[0] == operation
        if len(self.calls) - 1 == self.failing or again:
            self.failed = self.failed or (operation, path)
            if operation == "create" and self.torn:
                return
            raise OSError(self.code, os.strerror(self.code), str(path))

    def create(self, path: Path, blocks: Iterable[bytes]) -> None:
        self.before("create", path)
        if not (self.torn and self.failed == ("create", path)):
            self.inner.create(path, blocks)
            return

        def half() -> Iterator[bytes]:
            for block in blocks:
                yield block[: len(block) // 2]
                raise OSError(self.code, os.strerror(self.code), str(path))

        self.inner.create(path, half())


class CrashingFiles(WatchedFiles):
    """Ends the process before its ``last``-th change of the disk (from 0), as SIGKILL does."""

    def __init__(
        self, inner: Files, *, last: int, choose: Callable[[str], bool] = CHANGING.__contains__
    ) -> None:
        super().__init__(inner)
        self.left = last
        self.dead = False
        self._counts = choose

    def before(self, operation: str, path: Path) -> None:
        if self.dead:
            raise Crash
        if self._counts(operation):
            if self.left == 0:
                self.dead = True
                raise Crash
            self.left -= 1


class UnlockedFiles(WatchedFiles):
    """A file system whose locks do nothing, as some network file systems have them."""

    @contextlib.contextmanager
    def lock(self, path: Path, *, wait: bool) -> Iterator[bool]:
        with contextlib.suppress(FileExistsError):
            self.inner.create(path, [])
        yield wait  # nobody's batch ever looks dead


ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES)
