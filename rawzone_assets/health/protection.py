"""Write protection: how well stored files are guarded against being changed or removed, tried on the spot.

Nothing is claimed that was not tried here and now, on stored files themselves and without touching them: a
file is opened for writing and closed again, and asked to be removed as the folder it is not, which passes
through the same permission checks and then fails.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from rawzone_assets.health.checks import Check, Health, failed, ok, warn
from rawzone_assets.zone.errors import LedgerDamaged
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.ledger import Head, Ledger
from rawzone_assets.zone.receipt import Record

_NAME = "write protection"
_MOST_COMMITS = 50  # looked through from either end for an object and a refusal
_STRANGERS = (65534, 65533)  # nobody, and somebody else where the zone is nobody's
_ROOT = 0
_HARD_LINKS = Path("/proc/sys/fs/protected_hardlinks")


class Grade(IntEnum):
    """What stored files are guarded against; each grade includes those before it."""

    NONE = 0
    MODES = 1  # writing by mistake: nobody but root can open them for writing
    USERS = 2  # other users: they can neither write nor remove
    IMMUTABLE = 3  # their own owner and root, until the flag is taken off


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What one user came to with one file: the error of each try, ``None`` where it was let through."""

    path: Path
    user: int
    owner: int  # of the folder, who decides over its names
    write: int | None
    remove: int | None
    immutable: bool

    @property
    def refused(self) -> bool:
        return self.write is not None and self.remove is not None

    @property
    def refused_for_good(self) -> bool:
        """Whether it was the flag that refused, and not only permissions that its owner can change."""
        return self.immutable and {self.write, self.remove} <= {errno.EPERM, errno.EROFS}


@dataclass(frozen=True, kw_only=True)
class Protection:
    """The grade reached, on how many files it was tried, and what stands in the way of a better one."""

    grade: Grade
    files: int
    users: tuple[int, ...]  # who tried
    loose: tuple[Path, ...]  # files with a write bit, folders that others may write to
    writable: tuple[Path, ...]  # files that a user without root's rights could open for writing


def examine_protection(layout: Layout, files: Files, ledger: Ledger, head: Head) -> Protection | None:
    """Try to write and remove the newest and oldest stored files, as every user this process can be.

    As root it takes other users' rights meanwhile, process-wide: for a command, not for a thread among others.
    ``None`` when nothing is stored yet.
    """
    paths = list(dict.fromkeys(_samples(layout, ledger, head)))
    if not paths:
        return None
    owners = {path: path.parent.stat().st_uid for path in paths}
    trials = [trial for user in _users(set(owners.values())) for trial in _as_user(user, owners, files)]
    loose = tuple(_loose(paths, layout))
    without_root = [trial for trial in trials if trial.user != _ROOT]
    writable = tuple({trial.path: None for trial in without_root if trial.write is None})
    return Protection(
        grade=_grade(trials, is_loose=bool(loose or writable)),
        files=len(paths),
        users=tuple(sorted({trial.user for trial in trials})),
        loose=loose,
        writable=writable,
    )


def tried_protection(layout: Layout, files: Files, ledger: Ledger, head: Head, *, wanted: bool) -> Check:
    """The doctor's line, once it was tried; or what keeps this user from trying."""
    try:
        return protection_check(examine_protection(layout, files, ledger, head), wanted=wanted)
    except OSError as error:
        if error.filename is None:  # in a container root may not be allowed to be anybody else
            seen = f"cannot be tried as another user ({(error.strerror or str(error)).lower()})"
            return warn(
                _NAME, seen, "run 'rawzone doctor' as root of the machine, or as the user that promotes"
            )
        seen = f"cannot be tried at {error.filename} ({(error.strerror or str(error)).lower()})"
        return failed(_NAME, seen, "give this user read access")


def protection_check(protection: Protection | None, *, wanted: bool) -> Check:
    """The doctor's line: the grade, and what to do for the next one. ``wanted``: RAWZONE_IMMUTABLE is set."""
    if protection is None:
        return ok(_NAME, "nothing is stored yet: it is tried once something is")
    users = ", ".join("root" if user == _ROOT else f"user {user}" for user in protection.users)
    tried = f"tried on {protection.files} stored files as {users}"
    if protection.writable:
        first = protection.writable[0]
        return failed(
            _NAME, f"{first} can be written ({tried})", f"chmod a-w {first}, and run 'rawzone verify'"
        )
    if protection.loose and protection.grade is Grade.NONE:
        first = protection.loose[0]
        return warn(_NAME, f"{first} has a mode that lets others write ({tried})", f"chmod go-w {first}")
    seen, remedy = _SAID[protection.grade]
    if wanted and protection.grade is not Grade.IMMUTABLE:
        remedy = "RAWZONE_IMMUTABLE is set, but not every file has the flag: promote once more with it set"
        return warn(_NAME, f"{seen} ({tried})", remedy)
    return Check(name=_NAME, health=Health.OK, seen=f"{seen} ({tried})", remedy=remedy)


def hard_links_check() -> Check | None:
    """Whether the kernel lets users land hard links to files of others; ``None`` where it does not say."""
    name = "hard links to others' files"
    try:
        setting = _HARD_LINKS.read_text(encoding="ascii").strip()
    except OSError:
        return None
    if setting == "0":
        remedy = "set fs.protected_hardlinks=1 (sysctl), or writers to landing may have private files copied"
        return warn(name, "the kernel lets users make them", remedy)
    return ok(name, "the kernel refuses them")


_SAID = {
    Grade.NONE: (
        "no user without root's rights could be had to try",
        "run 'rawzone doctor' as the zone's user and as one who only reads",
    ),
    Grade.MODES: (
        "mode bits: the zone's own user cannot write into stored files, but can remove them",
        "run 'rawzone doctor' as the user who only reads (the web server's) to have that grade tried",
    ),
    Grade.USERS: (
        "separate user: another user can neither write nor remove stored files",
        "RAWZONE_IMMUTABLE=1 guards them against their owner and root too (promote with CAP_LINUX_IMMUTABLE)",
    ),
    Grade.IMMUTABLE: ("immutable: neither owner nor root can write or remove stored files", ""),
}


def _grade(trials: list[Trial], *, is_loose: bool) -> Grade:
    """The best grade that every file bore out."""
    deciders = [trial for trial in trials if trial.user in (_ROOT, trial.owner)]
    if deciders and all(trial.refused_for_good for trial in deciders) and all(t.immutable for t in trials):
        return Grade.IMMUTABLE
    mortals = [trial for trial in trials if trial.user != _ROOT]
    if is_loose or not mortals:
        return Grade.NONE
    others = [trial for trial in mortals if trial.user != trial.owner]
    return Grade.USERS if others and all(trial.refused for trial in others) else Grade.MODES


def _samples(layout: Layout, ledger: Ledger, head: Head) -> Iterator[Path]:
    """The newest commit, and an object, a refused copy and its findings from either end of the ledger."""
    if head.seq < 0:
        return
    yield from filter(_is_file, (layout.commit(head.seq), layout.commit(0)))
    newest = range(head.seq, max(-1, head.seq - _MOST_COMMITS), -1)
    oldest = range(min(head.seq + 1, _MOST_COMMITS))
    for numbers in (newest, oldest):
        wanted = {"promoted", "quarantined"}
        for record in _records(ledger, numbers):
            verdict = record.get("verdict")
            if verdict not in wanted:
                continue
            places = (
                [layout.object(record["key"])]
                if verdict == "promoted"
                else [layout.quarantined(place) for place in record["quarantine"].values()]
            )
            if all(map(_is_file, places)):
                wanted.discard(verdict)
                yield from places
            if not wanted:
                break


def _is_file(path: Path) -> bool:
    """Whether a file lies there: of what else does, verify says what it is."""
    return path.is_file() and not path.is_symlink()


def _records(ledger: Ledger, numbers: Iterable[int]) -> Iterator[Record]:
    for seq in numbers:
        with contextlib.suppress(LedgerDamaged, OSError):  # what is damaged, verify names
            commit = ledger.commit(seq)
            yield from commit.records if commit else ()


def _users(owners: set[int]) -> list[int]:
    """Whom this process can be: itself, and as root also the owners and somebody to whom nothing belongs."""
    if os.geteuid() != _ROOT:
        return [os.geteuid()]
    stranger = next(user for user in _STRANGERS if user not in owners)
    return [_ROOT, *sorted(owners - {_ROOT}), stranger]


def _as_user(user: int, owners: Mapping[Path, int], files: Files) -> list[Trial]:
    with _rights_of(user):
        return [_try(path, user, owner, files) for path, owner in owners.items()]


@contextlib.contextmanager
def _rights_of(user: int) -> Iterator[None]:
    before = os.geteuid()
    if user == before:
        yield
        return
    groups, group = os.getgroups(), os.getegid()
    with contextlib.ExitStack() as back:
        os.setgroups([])
        back.callback(os.setgroups, groups)
        os.setegid(user)
        back.callback(os.setegid, group)
        os.seteuid(user)
        back.callback(os.seteuid, before)
        yield


def _try(path: Path, user: int, owner: int, files: Files) -> Trial:
    try:
        immutable = files.is_immutable(path)
    except OSError:
        immutable = False
    return Trial(
        path=path,
        user=user,
        owner=owner,
        write=_error_of_opening(path, os.O_WRONLY),
        remove=_error_of_removing(path),
        immutable=immutable,
    )


def _error_of_opening(path: Path, flags: int) -> int | None:
    try:
        os.close(os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        return error.errno
    return None


def _error_of_removing(path: Path) -> int | None:
    """The error of unlinking, without it: ``rmdir`` asks for the same permissions first, then sees a file."""
    try:
        os.rmdir(path)
    except OSError as error:
        return None if error.errno == errno.ENOTDIR else error.errno
    return None


def _loose(paths: list[Path], layout: Layout) -> Iterator[Path]:
    for path in paths:
        if stat.S_IMODE(path.stat().st_mode) & 0o222:
            yield path
    roots = (layout.raw, layout.quarantine)
    above = {folder for path in paths for folder in path.parents}
    for folder in sorted(folder for folder in above if any(folder.is_relative_to(root) for root in roots)):
        if stat.S_IMODE(folder.stat().st_mode) & 0o022:
            yield folder
