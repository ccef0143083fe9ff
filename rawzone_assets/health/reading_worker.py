"""The worker process that re-reads: Python decompresses one file at a time in a process, so there are several.

Started by ``reading_ahead`` with the descriptors of two sockets, for requests and answers. It only ever says
that a file is sound; what is wrong with another is for who asked to find out. It imports little, because that
is paid for once a processor.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress

from rawzone_assets.zone import codec

FIELDS = 6
"""What is told of a file: path, encoding, SHA-256 and size, stored SHA-256 and size."""
SEPARATOR = "\0"
SOUND, NOT_SOUND = "+", "-"

LONGEST = 2**18
"""Bytes of a request; what a socket gives out beyond what it was asked for is lost."""
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # as ``LocalFiles.open``


def is_sound(fields: Sequence[str]) -> bool:
    """Whether a file is there, and all of it can be held in memory and is as told."""
    path, encoding, sha256, size, stored_sha256, stored_size = fields
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return False
            stored = os.read(descriptor, int(stored_size) + 1)  # one byte more shows a longer file
        finally:
            os.close(descriptor)
        content = codec.content_of(
            stored,
            encoding=encoding,
            size=int(size),
            sha256=sha256,
            stored_size=int(stored_size),
            stored_sha256=stored_sha256,
        )
    except (OSError, ValueError, OverflowError, MemoryError):
        return False
    return content is not None


def main() -> None:
    requests, answers = map(int, sys.argv[1:])
    with suppress(ConnectionError):  # who asked is gone
        while request := os.read(requests, LONGEST):
            number, *fields = os.fsdecode(request).split(SEPARATOR)
            files = zip(*[iter(fields)] * FIELDS, strict=True)
            marks = "".join(SOUND if is_sound(file) else NOT_SOUND for file in files)
            os.write(answers, f"{number}{SEPARATOR}{marks}".encode())


if __name__ == "__main__":
    main()
