"""Means of tests of a hostile disk: small disks, folders that are swapped, and who looked where."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

_LIBC = ctypes.CDLL(None, use_errno=True)
_AT_FDCWD, _EXCHANGE = -100, 2
_ACCESS, _OPEN = 0x1, 0x20


def exchange(one: Path, other: Path) -> None:
    """Swap two names at once, so that there is no moment without one of them."""
    if _LIBC.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(one))


class Swapper:
    """An attacker that swaps two names without pause while the block runs."""

    def __init__(self, one: Path, other: Path) -> None:
        self._one, self._other = one, other
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._swap)
        self.swaps = 0

    def _swap(self) -> None:
        while not self._over.is_set():
            exchange(self._one, self._other)
            self.swaps += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


class Watched:
    """Notes every opening and reading of a folder and of the files in it, whoever does it (inotify)."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths

    def __enter__(self) -> Self:
        self._descriptor = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            pytest.skip("this system has no inotify to tell who opened a file")
        for path in self._paths:
            _LIBC.inotify_add_watch(self._descriptor, os.fsencode(path), _ACCESS | _OPEN)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def seen(self) -> list[str]:
        """What was opened or read since."""
        events: list[str] = []
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._descriptor, 1 << 16):
                while data:
                    _, mask, _, length = struct.unpack_from("iIII", data)
                    events.append(f"{mask:#x} {data[16 : 16 + length].rstrip(bytes(1)).decode()}")
                    data = data[16 + length :]
        return events


@contextlib.contextmanager
def small_disk(folder: Path, *, size: int, kind: str = "tmpfs") -> Iterator[Path]:
    """A disk of its own, mounted at a folder: ``tmpfs``, or ``ext4`` in a file. Skips where that cannot be."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    folder.mkdir(parents=True, exist_ok=True)
    image = folder.with_name(folder.name + ".image")
    if kind == "ext4":
        if not shutil.which("mkfs.ext4"):
            pytest.skip("there is no mkfs.ext4 here")
        image.write_bytes(b"")
        os.truncate(image, size)
        _run("mkfs.ext4", "-q", "-m", "0", str(image))
        mounted = _run("mount", "-o", "loop", str(image), str(folder), check=False)
    else:
        mounted = _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder), check=False)
    if mounted:
        image.unlink(missing_ok=True)
        pytest.skip(f"this system does not let us mount {kind}")
    try:
        yield folder
    finally:
        _run("umount", str(folder))
        image.unlink(missing_ok=True)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """While the block runs, the disk mounted at a folder can only be read."""
    _run("mount", "-o", "remount,ro", str(folder))
    try:
        yield
    finally:
        _run("mount", "-o", "remount,rw", str(folder))


def _run(*command: str, check: bool = True) -> int:
    return subprocess.run(command, check=check, capture_output=True).returncode
