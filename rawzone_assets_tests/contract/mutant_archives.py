"""Mutations of archives: other names, members, methods and sizes; bytes before, between and after.

Archives are written with the standard library, so what is wrong with one is what the step says and no more.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from dataclasses import dataclass, field, replace

from mutant_bytes import PIECES, Step, changed_bytes

NAMES = (
    "Overview.csv", "overview.csv", "../Overview.csv", "/Overview.csv", "a/Overview.csv", "Overview.csv/",
    "Content.csv",
    "C:\\Overview.csv", "..\\Overview.csv", "Overview.csv\0", "", "é.csv", "Overview.zip", "Overview (1).csv",
)  # fmt: skip
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True, kw_only=True)
class Archive:
    members: tuple[tuple[str, bytes], ...]
    method: int = zipfile.ZIP_STORED
    minute: int = 0
    comment: bytes = b""
    streamed: bool = False  # sizes follow the data
    edits: tuple[Step, ...] = field(default=())  # of the written bytes, in this order

    def written(self) -> bytes:
        buffer = io.BytesIO()
        target = _Unseekable(buffer) if self.streamed else buffer
        with warnings.catch_warnings(), zipfile.ZipFile(target, "w", self.method) as archive:
            warnings.simplefilter("ignore", UserWarning)  # a name that stands there already is meant
            archive.comment = self.comment
            for name, data in self.members:
                entry = zipfile.ZipInfo(name, date_time=(2025, 6, 12, 10, self.minute % 60, 0))
                entry.compress_type = self.method
                archive.writestr(entry, data)
        data = buffer.getvalue()
        for step in self.edits:
            data = _edited(data, step)
        return data


class _Unseekable(io.RawIOBase):
    """A pipe: the standard library writes sizes after the data."""

    def __init__(self, target: io.BytesIO) -> None:
        self._target = target

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self._target.write(data)


def changed_archive(archive: Archive, step: Step) -> Archive:
    """The archive after one step; what is in its member is mutated elsewhere."""
    what, where, how = step
    inside = archive.members[0][1] if archive.members else b""
    changes = (
        lambda: replace(archive, method=METHODS[how % len(METHODS)]),
        lambda: replace(archive, minute=how % 60),
        lambda: replace(archive, streamed=True),
        lambda: replace(archive, comment=PIECES[how % len(PIECES)].replace(b"PK", b"pk")),  # no second end
        lambda: replace(archive, members=((NAMES[how % len(NAMES)], inside),)),
        lambda: replace(
            archive, members=(*archive.members, (NAMES[how % len(NAMES)], PIECES[where % len(PIECES)]))
        ),
        lambda: replace(archive, members=()),
        lambda: replace(archive, edits=(*archive.edits, step)),
        lambda: replace(archive, edits=(*archive.edits, step)),
        lambda: replace(archive, edits=(*archive.edits, step)),
    )
    return changes[what % len(changes)]()


def _edited(data: bytes, step: Step) -> bytes:
    """Bytes of an archive changed: anywhere, or one number of a header."""
    what, where, how = step
    if what % 4:
        return changed_bytes(data, (what // 4, where, how))
    marks = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06")
    at = data.find(marks[where % 3])
    if at < 0:
        return data
    position = at + 4 + how % 18
    value = (0, 1, 8, 0xFFFF, 0x0800, 0x0809)[how // 64 % 6]
    return data[:position] + struct.pack("<H", value) + data[position + 2 :]
