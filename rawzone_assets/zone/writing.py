"""Writing: what is staged is written and made durable while other deliveries are read and judged.

Tiny files are many, and a thread has to get Python's lock back after every call for each of them. So processes
do it, some files at a time, as soon as there are many. None of them decides anything: they are told the bytes,
and what they could not write or sync is the failure of whoever waits for it.
"""

from __future__ import annotations

import errno
import os
import queue
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from rawzone_assets.zone import writing_worker
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.own_processes import command_of, environment_with

_AT_ONCE = 8  # several that wait for the disk share a write of its journal
_MANY = 8
"""Requests of tiny files for which it pays to start processes."""
_LARGE = 2**20
"""Bytes of a request that take longer to write than to hand over."""


class NewFile(NamedTuple):
    """A file to be written: its name and all of its bytes."""

    name: str
    data: bytes


class Writers:
    """Threads that write and sync, with processes at their side. A context manager."""

    def __init__(self, files: Files) -> None:
        """The processes write the local disk: of a zone on other files the threads do it."""
        self._files = files
        self._threads = ThreadPoolExecutor(max_workers=_AT_ONCE)
        self._idle: queue.LifoQueue[_Writer] = queue.LifoQueue()
        self._may_start = type(files) is LocalFiles
        self._left_to_threads = _MANY
        self._counting = threading.Lock()
        self._outstanding = 0

    @property
    def outstanding(self) -> int:
        """Bytes handed over and not written yet."""
        return self._outstanding

    def write(self, folder: Path, files: Sequence[NewFile]) -> Future[None]:
        """Create these files in a folder and make their bytes durable; its name for them is not yet.

        The outcome raises ``OSError`` when one of them was there or the disk refused.
        """
        size = sum(len(file.data) for file in files)
        with self._counting:
            self._outstanding += size
        return self._threads.submit(self._write, folder, files, size)

    def sync(self, path: Path) -> Future[None]:
        """Make a file durable that is written already."""
        return self._threads.submit(self._files.sync, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown()
        with suppress(queue.Empty):
            while True:
                self._idle.get_nowait().end()

    def _write(self, folder: Path, files: Sequence[NewFile], size: int) -> None:
        try:
            writer = self._writer(folder, size)
            if writer is None:
                for file in files:
                    self._files.create(folder / file.name, [file.data])
                for file in files:
                    self._files.sync(folder / file.name)
                return
            try:
                writer.write(folder, files)
            except BaseException:
                writer.end()
                raise
            self._idle.put(writer)
        finally:
            with self._counting:
                self._outstanding -= size

    def _writer(self, folder: Path, size: int) -> _Writer | None:
        """An idle process, or a new one; ``None`` when a thread does as well."""
        if size > _LARGE or not writing_worker.may_be_told(str(folder)):
            return None
        with self._counting:
            if self._left_to_threads:
                self._left_to_threads -= 1
                return None
        with suppress(queue.Empty):
            while not (writer := self._idle.get_nowait()).lives():
                writer.end()  # it had answered for all that it was asked
            return writer
        if self._may_start:
            try:
                return _Writer()
            except OSError:  # no memory, processes or descriptors left: what a try takes, threads would lack
                self._may_start = False
        return None


class _Writer:
    """One process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            command_of(writing_worker.__name__),
            env=environment_with({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def write(self, folder: Path, files: Sequence[NewFile]) -> None:
        """Raises ``OSError`` as the process met it, or when the process is gone."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the writer was started without pipes")
        with suppress(BrokenPipeError):  # the missing answer tells it
            stdin.writelines(writing_worker.request_for(str(folder), files))
            stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise OSError(errno.EPIPE, "a process that writes for this one ended early", str(folder))
        if failed := int(answer):
            raise OSError(failed, os.strerror(failed), str(folder))

    def lives(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        self._process.kill()
        self._process.wait()
