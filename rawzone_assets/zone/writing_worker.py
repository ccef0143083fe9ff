"""The worker process that writes staged files and makes them durable.

Started by ``writing``. A request is a line (a folder, then name and size of each file) and their bytes, an
answer the number of what failed, 0 when nothing did. It ends with its standard input.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from typing import BinaryIO

from rawzone_assets.zone.local_files import created

SEPARATOR, END = b"\0", b"\n"


def request_for(folder: str, files: Iterable[tuple[str, bytes]]) -> list[bytes]:
    """The pieces of a request."""
    named = [(os.fsencode(name), data) for name, data in files]
    parts = [os.fsencode(folder), *(part for name, data in named for part in (name, b"%d" % len(data)))]
    return [SEPARATOR.join(parts) + END, *(data for _, data in named)]


def may_be_told(folder: str) -> bool:
    """Whether a request can name this folder."""
    return os.fsdecode(END) not in folder


def _write(requests: BinaryIO, line: bytes) -> None:
    """Write and sync the files of a request: the descriptor that wrote is the one that hears of failures."""
    folder, *told = line.removesuffix(END).split(SEPARATOR)
    names, sizes = map(os.fsdecode, told[::2]), map(int, told[1::2])
    files = [(name, requests.read(size)) for name, size in zip(names, sizes, strict=True)]
    inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    written: list[int] = []
    try:
        for name, data in files:
            written.append(created(name, [data], folder=inside))
        for descriptor in written:  # several written first may share a write of the disk
            os.fsync(descriptor)
    finally:
        for descriptor in (*written, inside):
            os.close(descriptor)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the promoting process's to answer
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while line := requests.readline():
        try:
            _write(requests, line)
            failed = 0
        except OSError as error:
            failed = error.errno or -1
        answers.write(b"%d\n" % failed)
        answers.flush()


if __name__ == "__main__":
    main()
