"""Errors of the environment: what an operator must act on. A refused delivery is never one of these.

Each message is one sentence that says what, where and what to do; commands print it and exit with 2.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from rawzone_assets import __version__
from rawzone_assets.contract.plain_text import printable
from rawzone_assets.contract.wording import room_of
from rawzone_assets.zone.files import link_to_nothing

MORE_FILES = "raise this user's limit of open files (ulimit -n)"
_ADVICE = {
    errno.ENOSPC: ("the disk is full", "free space or move the zone, then run the command again"),
    errno.EDQUOT: ("the disk quota is used up", "raise the quota, then run the command again"),
    errno.EACCES: ("permission is denied", "give this user access, then run the command again"),
    errno.EPERM: ("the operation is not permitted", "give this user access, then run the command again"),
    errno.EROFS: ("the file system is read-only", "mount it writable, then run the command again"),
    errno.EIO: ("the disk reports an input/output error", "check the disk before anything else"),
    errno.ENAMETOOLONG: ("the path is too long", "choose shorter folders for the zone"),
    errno.EMLINK: ("the file system allows no more links", "keep the zone on a file system with hard links"),
    errno.ENOTDIR: (
        "something else lies in the place of a folder",
        "move it away or set the folder to another place, then run the command again",
    ),
    errno.EISDIR: ("something that is no file lies in its place", "move it away, then run the command again"),
    errno.ELOOP: ("a link lies in its place", "put there what it leads to, then run the command again"),
    errno.EMFILE: ("too many files are open", f"{MORE_FILES}, then run the command again"),
    errno.EPIPE: (
        "a process that writes for this one ended early",
        "the system's log may say what killed it; run the command again",
    ),
}


def advice_on(error: OSError) -> tuple[str, str]:
    """What the operating system's refusal means, and what to do about it."""
    if error.errno == errno.ENOENT and error.filename:
        path = Path(os.fsdecode(error.filename))
        if link := link_to_nothing(path):
            return (
                f"the link {'that lies there' if link == path else link} leads to nothing",
                "mount or put back what it leads to, then run the command again",
            )
    told = (error.strerror or str(error)).lower(), "see to it, then run the command again"
    return _ADVICE.get(error.errno or 0, told)


class ZoneError(Exception):
    """The environment keeps the zone from working; nothing was lost.

    Its sentence reaches terminals, logs and the UI, and may name a landed file: it is made plain here.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


class StorageFailed(ZoneError):
    """The operating system refused a read or write."""

    def __init__(self, doing: str, error: OSError) -> None:
        place = error.filename2 or error.filename
        where = f" at {place}" if place else ""
        what, advice = advice_on(error)
        super().__init__(f"Cannot {doing}{where}: {what}; {advice}. Nothing was lost.")


class CheckpointContradicted(ZoneError):
    """What would be signed contradicts what was signed before."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"No checkpoint is signed, because the zone is not the one that the last signed checkpoint {path} "
            f"was taken of ({problem}): run 'rawzone verify', and move that file away only if the zone was "
            "restored on purpose."
        )


class CannotProtect(ZoneError):
    """The immutable flag is asked for and cannot be set."""

    def __init__(self, root: Path, error: OSError) -> None:
        super().__init__(
            f"RAWZONE_IMMUTABLE is set, but the immutable flag cannot be put on files in {root} "
            f"({(error.strerror or str(error)).lower()}), so nothing is written: promote with "
            "CAP_LINUX_IMMUTABLE on ext4, XFS or Btrfs, or unset it."
        )


class CannotUnseal(ZoneError):
    """A sealed file cannot be taken away. ``undone``: what therefore was not done to any."""

    def __init__(self, path: Path, error: OSError, *, undone: str) -> None:
        super().__init__(
            f"{path} carries the immutable flag, and this user cannot take it off "
            f"({(error.strerror or str(error)).lower()}), so nothing was {undone}: run the command with "
            "CAP_LINUX_IMMUTABLE, as promotion does."
        )


class RootAway(ZoneError):
    """A root of the zone is empty although files are recorded in it."""

    problem = "is not there or empty, and the ledger says that files lie in it"

    def __init__(self, name: str, root: Path) -> None:
        super().__init__(
            f"{root} {self.problem}, so nothing was done: {self.remedy(name)}, then run the command again."
        )
        self.name = name
        self.root = root
        self.state = f"{root} {self.problem}: {self.remedy(name)}."  # for whoever goes on all the same

    @staticmethod
    def remedy(name: str) -> str:
        """What to do about it. A variable that one shell has not set looks like a disk that is away."""
        variable = f"RAWZONE_{name.upper()}"
        return (
            f"mount its disk, set {variable} to where they lie, or put them back with 'rawzone repair --refill'"
        )


class KeyOccupied(ZoneError):
    """A file that no receipt knows lies where an object must go."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is occupied by a file that the ledger does not know, so nothing was written there: "
            "move that file away, then run the command again."
        )
        self.path = path


class ArchiveDiffers(ZoneError):
    """The archive holds other bytes where a copy must go."""

    def __init__(self, hot: Path, copy: Path, problem: str) -> None:
        super().__init__(
            f"{copy} lies where the copy of {hot} must go, and is not that object ({problem}), so neither was "
            "touched: find out whose it is, move it away, then run the command again."
        )


class LedgerDamaged(ZoneError):
    remedy = "run 'rawzone verify' for all that is damaged, and 'rawzone repair --from COPY' to put it back"

    def __init__(self, path: Path, problem: str) -> None:
        self.problem = f"{path} is damaged ({problem})"
        super().__init__(f"The ledger file {self.problem}, so nothing is written: {self.remedy}.")


class LedgerNewer(ZoneError):
    """The ledger was continued by a version that knows more than this one."""

    remedy = "use that version or a newer one"

    def __init__(self, what: str, version: object) -> None:
        by = f"Raw Zone {version}" if isinstance(version, str) else "another version"
        self.problem = f"holds {what}, which {by} wrote and this version ({__version__}) does not understand"
        super().__init__(
            f"The ledger {self.problem}, so nothing is said of this zone and nothing written: {self.remedy}."
        )


class LedgerGone(ZoneError):
    """Nothing is left of a ledger that was read before: what follows would begin the zone anew."""

    def __init__(self, ledger: Path, seq: int, index: Path | None) -> None:
        super().__init__(
            f"The ledger {ledger} {self.problem(seq)}, so nothing is written: {self.remedy(index)}, "
            "then run the command again."
        )

    @staticmethod
    def problem(seq: int) -> str:
        """What is wrong with the ledger, whose commit ``seq`` the index has read."""
        return f"is empty, but its commit {seq} was read before"

    @staticmethod
    def remedy(index: Path | None) -> str:
        """What to do about it."""
        return f"mount the disk that holds it or, if it was emptied on purpose, remove {index or 'the index'}"


class LedgerLeftBehind(ZoneError):
    """No ledger lies beside files that were stored under one: what follows would begin over them."""

    remedy = (
        "put it back from where it is kept, for some copying leaves out names that begin with _, or take the "
        "files over into another zone with 'rawzone adopt', or, if no zone ever stored that file, move it away"
    )

    def __init__(self, ledger: Path, stored: Path) -> None:
        super().__init__(
            f"The ledger {ledger} {self.problem(stored)}, so nothing is said of this zone and nothing written: "
            f"{self.remedy}; then run the command again."
        )

    @staticmethod
    def problem(stored: Path) -> str:
        return f"is empty, but {stored} was stored under one"


class IndexFailed(ZoneError):
    """The look-up table beside the ledger cannot be used."""

    def __init__(self, path: Path | None, problem: Exception) -> None:
        super().__init__(
            f"The index {path or 'in memory'} cannot be used ({problem}): free space or delete that file, then "
            "run the command again; it is rebuilt from the ledger, and nothing was lost."
        )


class DiskAlmostFull(ZoneError):
    """Writing would use the space that is kept free."""

    def __init__(self, root: Path, free: int, reserve: int) -> None:
        super().__init__(
            f"The disk of {root} is almost full ({room_of(free, reserve)}), so what does not fit was not "
            "written and nothing was lost: free space, or lower RAWZONE_RESERVE."
        )
        self.leaves_room = free > reserve  # for something smaller


class JudgeUnavailable(ZoneError):
    """No worker can judge; the deliveries stay in landing."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The process that judges deliveries could not start or does not know {what}, so nothing was "
            "promoted: run 'rawzone doctor', and read what that process wrote above."
        )
