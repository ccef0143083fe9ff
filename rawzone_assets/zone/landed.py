"""Landed: one entry below landing, and what the index knows it again by."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter

from rawzone_assets.zone.receipt import printable_path

ENTITY = struct.Struct("<QQqqq")
"""Device, inode, size and times of nearly every file; see :func:`entity_of`."""


@dataclass(frozen=True, kw_only=True, slots=True)
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
    borrowed: bool = False  # another name of a file that its folder's owner may not even read
    too_deep: bool = False  # a folder below MOST_LEVELS others, which was not entered
    origin: str = ""  # what its full path has before ``path``, when it does not lie in landing; ends with "/"
    packed: bool = False  # gzip that is to be unpacked; only what lies in a pile is ever taken so

    @property
    def full_path(self) -> str:
        """The path that tells it from all other files: relative to landing, or absolute."""
        return self.origin + self.path

    @property
    def label(self) -> str:
        """The full path as receipts and messages show it."""
        return printable_path(self.full_path)[0]

    @property
    def signature(self) -> str:
        return f"{self.device}:{self.inode}:{self.size}:{self.mtime_ns}:{self.ctime_ns}"

    @property
    def entity(self) -> bytes:
        """The same, packed: what the index knows a landed file again by."""
        return entity_of(self.device, self.inode, self.size, self.mtime_ns, self.ctime_ns)

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
        return stat.S_ISREG(status.st_mode) and identity_of(status) == found

    def settled(self, *, now: float, settle: float) -> bool:
        """Whether the file has kept still long enough to be read.

        The change time is used because neither a copy nor ``touch`` can set it back.
        """
        return self.done or settle <= 0 or now - self.ctime_ns / 1e9 >= settle


def entity_from(identity: Mapping[str, str]) -> bytes:
    """The entity of a landed file as :attr:`Landed.entity` is, from what its receipt keeps of it."""
    return entity_of(*map(int, _identified(identity)))


def begins_as_on(device: int) -> bytes:
    """What the entities of all files on a disk begin with."""
    return _DEVICE.pack(device)


def identity_of(status: os.stat_result) -> tuple[int, int, int, int, int]:
    """What tells a file, and one state of it, from all others."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def entity_of(*identity: int) -> bytes:
    """An identity, packed."""
    try:
        return ENTITY.pack(*identity)
    except struct.error:
        # Anybody may give a file a time in the year 2500, which 64 bits of nanoseconds do not hold.
        return repr(identity).encode()


def identity_in(entity: bytes) -> tuple[int, ...]:
    """The identity that was packed."""
    if len(entity) == ENTITY.size:
        return ENTITY.unpack(entity)
    return tuple(map(int, entity.decode().strip("()").split(",")))


_identified = itemgetter("device", "inode", "size", "mtime_ns", "ctime_ns")
_DEVICE = struct.Struct("<Q")
