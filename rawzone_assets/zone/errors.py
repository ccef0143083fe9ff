"""Errors of the environment: what an operator must act on. A refused delivery is never one of these.

Each message is one sentence that says what, where and what to do; commands print it and exit with 2.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from rawzone_assets.contract.plain_text import printable

_MORE_FILES = "raise this user's limit of open files (ulimit -n)"
_ADVICE = {
    errno.ENOSPC: ("the disk is full", "free space or move the zone, then run the command again"),
    errno.EDQUOT: ("the disk quota is used up", "raise the quota, then run the command again"),
    errno.EACCES: ("permission is denied", "give this user access, then run the command again"),
    errno.EPERM: ("the operation is not permitted", "give this user access, then run the command again"),
    errno.EROFS: ("the file system is read-only", "mount it writable, then run the command again"),
    errno.EIO: ("the disk reports an input/output error", "check the disk before anything else"),
    errno.ENAMETOOLONG: ("the path is too long", "choose shorter folders for the zone"),
    errno.EMLINK: ("the file system allows no more links", "keep the zone on a file system with hard links"),
    errno.ENOTDIR: ("a folder of the path is a file", "set the folder to another place"),
    errno.EMFILE: ("too many files are open", f"{_MORE_FILES}, then run the command again"),
    errno.EPIPE: (
        "a process that writes for this one ended early",
        "the system's log may say what killed it; run the command again",
    ),
}


class ZoneError(Exception):
    """The environment keeps the zone from working; nothing was lost.

    Its sentence reaches terminals, logs and the UI, and may name a landed file: it is made plain here.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


class NamesMisread(ZoneError):
    """This process reads names of files as something else than UTF-8, and the ledger keeps them for ever."""

    def __init__(self, encoding: str) -> None:
        super().__init__(
            f"Names of files are read as {encoding} here, so a delivery would be recorded by another name than "
            "it has: set PYTHONUTF8=1 in the environment of this process and start it again."
        )


class LandingMissing(ZoneError):
    def __init__(self, landing: Path) -> None:
        super().__init__(
            f"The landing folder {landing} does not exist: create it or set RAWZONE_LANDING to the folder "
            "where the extractors drop their files."
        )


class LandingAway(LandingMissing):
    """Landing is an empty folder where the disk of the extractors was: no sign that nothing came."""

    problem = "is empty, and what was read there before lay on another disk"
    remedy = "mount that disk; if landing was moved and emptied on purpose, put any file or folder into it"

    def __init__(self, landing: Path) -> None:
        ZoneError.__init__(
            self, f"The landing folder {landing} {self.problem}, so nothing was looked for: {self.remedy}."
        )


class StorageFailed(ZoneError):
    """The operating system refused a read or write."""

    def __init__(self, doing: str, error: OSError) -> None:
        place = error.filename2 or error.filename
        where = f" at {place}" if place else ""
        what, advice = _ADVICE.get(
            error.errno or 0,
            ((error.strerror or str(error)).lower(), "see to it, then run the command again"),
        )
        super().__init__(f"Cannot {doing}{where}: {what}; {advice}. Nothing was lost.")


class RootsNested(ZoneError):
    """Two of the zone's folders are one, or one lies in another."""

    def __init__(self, inner: str, inner_root: Path, outer: str, outer_root: Path) -> None:
        super().__init__(
            f"The {inner} folder {inner_root} lies in the {outer} folder {outer_root}, so nothing is written: "
            f"set RAWZONE_{inner.upper()} to a folder of its own."
        )


class PileMissing(ZoneError):
    def __init__(self, pile: Path) -> None:
        super().__init__(f"There is no folder {pile} to adopt files from: check the path.")


class PileNotApart(ZoneError):
    """What is to be adopted is the zone's own, or holds it."""

    def __init__(self, pile: Path, name: str, root: Path) -> None:
        super().__init__(
            f"{pile} and the zone's {name} folder {root} are one, or one lies in the other, so nothing is "
            "adopted: name a folder of old files that has nothing of this zone in it."
        )


class NotAPath(ZoneError):
    def __init__(self, variable: str, value: str) -> None:
        super().__init__(
            f"{variable} is set to {value}, but this version keeps its zone on local folders only: "
            "set it to a path."
        )


class UnwritablePath(ZoneError):
    """A root of the zone whose path is no text, so that neither JSON nor Dagster could name it."""

    def __init__(self, path: Path) -> None:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        super().__init__(
            f"The path {shown} is not in UTF-8, so nothing could say where the zone lies: rename the folder, "
            "or name another one."
        )


class BadSetting(ZoneError):
    def __init__(self, variable: str, value: str, expected: str) -> None:
        super().__init__(f"{variable} is set to {value!r}, which is not {expected}: correct or unset it.")


class BadPolicy(ZoneError):
    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"The policy {path} cannot be used ({problem}), so nothing is judged: correct it.")


class BadKey(ZoneError):
    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"The key file {path} cannot be used ({problem}): correct it, or make a new key with "
            "'rawzone key generate'."
        )


class KeyKept(ZoneError):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists already, and a key is never overwritten: name another file.")


class SigningUnavailable(ZoneError):
    def __init__(self) -> None:
        super().__init__(
            "Signatures need the package 'cryptography', which is not installed: "
            "run 'pip install rawzone[signing]', or unset RAWZONE_SIGNING_KEY."
        )


class CompressionUnavailable(ZoneError):
    def __init__(self) -> None:
        super().__init__(
            "RAWZONE_COMPRESSION is set to fast, which needs the package 'isal', which is not installed: "
            "run 'pip install rawzone[fast]', or unset it."
        )


class CheckpointContradicted(ZoneError):
    """What would be signed contradicts what was signed before."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"No checkpoint is signed, because the zone is not the one that the last signed checkpoint {path} "
            f"was taken of ({problem}): run 'rawzone verify', and move that file away only if the zone was "
            "restored on purpose."
        )


class OtherOrigin(ZoneError):
    def __init__(self, old: str, new: str) -> None:
        super().__init__(
            f"The checkpoint is of {old}, but the zone now hands out its checkpoints as {new}: "
            f"set RAWZONE_ORIGIN to {old} for a proof that leads on from it."
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


class IndexFailed(ZoneError):
    """The look-up table beside the ledger cannot be used."""

    def __init__(self, path: Path | None, problem: Exception) -> None:
        super().__init__(
            f"The index {path or 'in memory'} cannot be used ({problem}): free space or delete that file, then "
            "run the command again; it is rebuilt from the ledger, and nothing was lost."
        )


def _named(paths: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


class UnreadableLanding(ZoneError):
    """Some landed files could not be read; all others were dealt with."""

    def __init__(self, paths: tuple[str, ...], reasons: Iterable[str]) -> None:
        told = list(dict.fromkeys(reasons))
        helps = {
            os.strerror(errno.EMFILE).lower(): _MORE_FILES,
            os.strerror(errno.EACCES).lower(): "give this user read access",
            os.strerror(errno.EPERM).lower(): "give this user read access",
        }
        advice = " and ".join(dict.fromkeys(helps.get(reason.lower(), "see to its disk") for reason in told))
        super().__init__(
            f"Could not read {_named(paths)} in landing ({'; '.join(told)}): {advice}, then run the command "
            "again; every other file was dealt with."
        )


class UnlistedLanding(ZoneError):
    """What lies in some folders of landing could not be seen; all else was dealt with."""

    def __init__(self, folders: Sequence[str]) -> None:
        super().__init__(
            f"Could not list {_named(folders)} in landing: see to the disk or give this user read access, then "
            "run the command again; every other folder was dealt with."
        )


class UnknownObject(ZoneError):
    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"Nothing in the ledger has the key, SHA-256, name or landing path {wanted!r}: "
            "'rawzone ls' and 'rawzone log' list what there is."
        )


class AmbiguousObject(ZoneError):
    def __init__(self, wanted: str, keys: tuple[str, ...]) -> None:
        shown = ", ".join(keys[:5])
        super().__init__(f"{wanted!r} means more than one object ({shown}): give the whole key.")


class ObjectDamaged(ZoneError):
    def __init__(self, key: str, problem: str) -> None:
        super().__init__(
            f"The object {key} is damaged ({problem}), so none of its bytes are given out: "
            "'rawzone repair --dry-run' says whether it can be put back, and from where."
        )


class ObjectAway(ObjectDamaged):
    """Bytes were asked for that lie on a disk that is not there: nothing is known of damage."""

    def __init__(self, key: str, away: RootAway) -> None:
        ZoneError.__init__(self, f"{key} cannot be read now, which is no damage: {away.state}")


class ObjectErased(ObjectDamaged):
    """Bytes were asked for that were erased by law."""

    def __init__(self, key: str, day: str, reason: str, authority: str) -> None:
        ZoneError.__init__(
            self,
            f"{key} was erased by law on {day} (by authority of {authority}: {reason}), so its bytes are "
            "nowhere in this zone: its receipt and digest stay, 'rawzone show' tells them.",
        )


class DiskAlmostFull(ZoneError):
    """Writing would use the space that is kept free."""

    def __init__(self, root: Path, free: int, reserve: int) -> None:
        super().__init__(
            f"The disk of {root} is almost full ({free // 2**20} MiB free, {reserve // 2**20} MiB are kept in "
            "reserve), so what does not fit was not written and nothing was lost: free space, or lower "
            "RAWZONE_RESERVE."
        )


class NotPromoted(ZoneError):
    """Bytes were asked for that are not in raw."""

    def __init__(self, wanted: str, verdict: str) -> None:
        advice = {
            "quarantined": "'rawzone quarantine show' says why and where its copy lies",
            "unrecognized": "it was left in landing, and 'rawzone show' says why",
        }.get(verdict, "'rawzone show' says what became of it")
        super().__init__(f"{wanted!r} is {verdict}, so raw holds no object of it: {advice}.")


class JudgeUnavailable(ZoneError):
    """No worker can judge; the deliveries stay in landing."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The process that judges deliveries could not start or does not know {what}, so nothing was "
            "promoted: run 'rawzone doctor', and read what that process wrote above."
        )
