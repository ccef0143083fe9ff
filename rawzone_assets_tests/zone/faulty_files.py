"""File systems that fail: ``FaultyFiles`` refuses one call, ``CrashingFiles`` ends the process at one."""

from __future__ import annotations

import contextlib
import errno
import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from rawzone_assets.zone.files import Files, Link
from rawzone_assets_tests.zone.simulated_files import SimulatedFiles, linked_one_by_one, removed_one_by_one

CHANGING = frozenset(
    {"create", "sync", "sync_folder", "link", "make_folder", "remove", "remove_folder", "set_immutable"}
)


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

    def linker(self, source: Path, target: Path) -> AbstractContextManager[Link]:
        return linked_one_by_one(self, source, target)

    def make_folder(self, path: Path) -> None:
        self.before("make_folder", path)
        self.inner.make_folder(path)

    def remove(self, path: Path) -> None:
        self.before("remove", path)
        self.inner.remove(path)

    def remover(self, folder: Path) -> AbstractContextManager[Callable[[str], None]]:
        return removed_one_by_one(self, folder)

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

    def require_writable(self, folder: Path) -> None:
        self.before("require_writable", folder)
        self.inner.require_writable(folder)

    def is_immutable(self, path: Path) -> bool:
        self.before("is_immutable", path)
        return self.inner.is_immutable(path)

    def set_immutable(self, path: Path, *, on: bool) -> None:
        self.before("set_immutable", path)
        self.inner.set_immutable(path, on=on)

    def try_immutable(self, folder: Path) -> None:
        self.before("try_immutable", folder)
        self.inner.try_immutable(folder)


class FaultyFiles(WatchedFiles):
    """The ``failing``-th call, or the ``failing_change``-th change of the disk (from 0), fails with ``code``.

    ``torn``: a write first writes half of its bytes, a reader reads half of them. ``for_good``: every later
    call of that operation fails as well, as on a disk that stays full. ``killed``: the process never gets to
    its next change. A sync that fails takes the bytes with it, see :class:`SimulatedFiles`.
    """

    def __init__(
        self,
        inner: Files,
        *,
        failing: int = -1,
        failing_change: int = -1,
        code: int = errno.EIO,
        torn: bool = False,
        for_good: bool = False,
        killed: bool = False,
    ) -> None:
        super().__init__(inner)
        self.failing = failing
        self.failing_change = failing_change
        self.code = code
        self.torn = torn
        self.for_good = for_good
        self.killed = killed
        self.calls: list[tuple[str, Path]] = []
        self.changes = 0
        self.failed: tuple[str, Path] | None = None

    def before(self, operation: str, path: Path) -> None:
        self.calls.append((operation, path))
        if self.killed and self.failed and operation in CHANGING:
            raise Crash
        again = self.for_good and self.failed is not None and self.failed[0] == operation
        now = self.failing == len(self.calls) - 1
        if operation in CHANGING:
            now = now or self.failing_change == self.changes
            self.changes += 1
        if not now and not again:
            return
        self.failed = self.failed or (operation, path)
        if self.torn and operation in ("create", "open"):
            return
        if operation == "sync" and isinstance(self.inner, SimulatedFiles):
            self.inner.spoil(path)
        raise self._error(path)

    def create(self, path: Path, blocks: Iterable[bytes]) -> None:
        self.before("create", path)
        self.inner.create(path, self._halves(path, blocks) if self._tears("create", path) else blocks)

    def open(self, path: Path) -> BinaryIO:
        stream = super().open(path)
        if not self._tears("open", path):
            return stream
        with stream:
            data = stream.read()
        return _FailingStream(data[: len(data) // 2], self._error(path))

    def _tears(self, operation: str, path: Path) -> bool:
        return self.torn and self.failed == (operation, path) and (self.for_good or self._is_the_one())

    def _is_the_one(self) -> bool:
        return self.failing == len(self.calls) - 1

    def _halves(self, path: Path, blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in blocks:
            yield block[: len(block) // 2]
            raise self._error(path)

    def _error(self, path: Path) -> OSError:
        return OSError(self.code, os.strerror(self.code), str(path))


class _FailingStream(io.BytesIO):
    """Gives what it has, then an error where the end would be."""

    def __init__(self, data: bytes, error: OSError) -> None:
        super().__init__(data)
        self._error = error

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data or size is None or size < 0:
            raise self._error
        return data


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
