"""Writers broken on purpose, in one way each; what does not notice them proves nothing of writers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from rawzone_assets.zone import local_files, writing, writing_worker
from rawzone_assets.zone.batch_writing import BatchWriting
from rawzone_assets.zone.writing import NewFile


def _nothing() -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Broken:
    """What is changed in each writer, what in the process that promotes, and what must notice it."""

    name: str
    noticed_by: str  # calm, power loss, or the call of a strike and how it strikes
    in_writers: Callable[[], None] = _nothing
    in_promotion: Callable[[], None] = _nothing

    def __str__(self) -> str:
        return self.name


class _Os:
    """The module ``os``, or what stands in its place, with some calls of its own."""

    def __init__(self, inner: Any, **own: Any) -> None:
        self._inner = inner
        self.__dict__.update(own)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _sync_nothing() -> None:
    writing_worker.os = _Os(writing_worker.os, fsync=lambda _: None)


def _sync_before_writing() -> None:
    def open_synced(*arguments: Any, **named: Any) -> int:
        descriptor = opened(*arguments, **named)
        os.fsync(descriptor)
        return descriptor

    opened = local_files.os.open
    local_files.os = _Os(local_files.os, open=open_synced)
    _sync_nothing()


def _shrug_at_failed_syncs() -> None:
    def sync(descriptor: int) -> None:
        with suppress(OSError):
            fsync(descriptor)

    fsync = writing_worker.os.fsync
    writing_worker.os = _Os(writing_worker.os, fsync=sync)


def _shrug_at_failures() -> None:
    def shrug(requests: BinaryIO, line: bytes) -> None:
        with suppress(OSError):
            write(requests, line)

    write = writing_worker._write
    writing_worker._write = shrug


def _answer_before_it_syncs() -> None:
    def main() -> None:
        while line := sys.stdin.buffer.readline():
            writing_worker._write(sys.stdin.buffer, line)
            sys.stdout.buffer.write(b"0\n")
            sys.stdout.buffer.flush()
            while written:
                with suppress(OSError):
                    fsync(written[0])
                os.close(written.pop(0))

    written: list[int] = []
    fsync = writing_worker.os.fsync
    writing_worker.os = _Os(writing_worker.os, fsync=lambda descriptor: written.append(os.dup(descriptor)))
    writing_worker.main = main


def _replace_what_is_there() -> None:
    def open_any(path: str, flags: int, *arguments: Any, **named: Any) -> int:
        descriptor = -1
        with suppress(FileExistsError):
            descriptor = opened(path, flags, *arguments, **named)
        if descriptor < 0:
            descriptor = os.open(path, flags & ~os.O_EXCL | os.O_TRUNC, *arguments, **named)
        return descriptor

    opened = local_files.os.open
    local_files.os = _Os(local_files.os, open=open_any)


def _keep_what_is_there() -> None:
    """Another's file is taken for the one that was to be written."""

    def create(path: str, blocks: Iterable[bytes], *, folder: int | None = None) -> int:
        try:
            return created(path, blocks, folder=folder)
        except FileExistsError:
            return os.open(path, os.O_RDONLY, dir_fd=folder)

    created = writing_worker.created
    writing_worker.created = create


def _swap_names() -> None:
    def swapped(folder: str, told: Sequence[NewFile]) -> Any:
        names = [file.name for file in told]
        return request_for(folder, [NewFile(n, file.data) for n, file in zip(names[::-1], told, strict=True)])

    request_for = writing_worker.request_for
    writing_worker.request_for = swapped


def _take_silence_for_success() -> None:
    def write(writer: Any, folder: Path, told: Sequence[NewFile]) -> None:
        try:
            write_told(writer, folder, told)
        except OSError as error:
            if "ended early" not in str(error):
                raise

    write_told = writing._Writer.write
    writing._Writer.write = write


def _wait_for_nobody() -> None:
    def is_done(batch: BatchWriting, folder: Path, name: str) -> bool:
        return bool(batch._begun.get((folder, name)))

    BatchWriting.is_done = is_done


def _forget_the_rest() -> None:
    BatchWriting.hand_over_rest = lambda _: None


_ALL = (
    Broken(name="nothing is synced", noticed_by="power loss", in_writers=_sync_nothing),
    Broken(name="synced before it is written", noticed_by="power loss", in_writers=_sync_before_writing),
    Broken(name="a failed sync is passed over", noticed_by="sync EIO", in_writers=_shrug_at_failed_syncs),
    Broken(name="a failure is not answered", noticed_by="write ENOSPC", in_writers=_shrug_at_failures),
    Broken(name="the answer comes before the sync", noticed_by="sync EIO", in_writers=_answer_before_it_syncs),
    Broken(name="what is there is replaced", noticed_by="create occupy", in_writers=_replace_what_is_there),
    Broken(name="what is there is kept", noticed_by="create occupy", in_writers=_keep_what_is_there),
    Broken(name="names are swapped", noticed_by="calm", in_promotion=_swap_names),
    Broken(name="a dead writer is believed", noticed_by="sync kill", in_promotion=_take_silence_for_success),
    Broken(name="nobody is waited for", noticed_by="sync EIO", in_promotion=_wait_for_nobody),
    Broken(name="the rest is forgotten", noticed_by="calm", in_promotion=_forget_the_rest),
)
BROKEN = {broken.name: broken for broken in _ALL}
