"""The doctor: what is wrong with this installation, one line a check, each with what to do.

It asks whether the zone can work here: versions, folders, file system, clock, ledger, index. Whether stored
bytes are still true is the scrub's question. It changes nothing: its probe files have names of their own and
are gone when it returns.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.wording import counted
from rawzone_assets.health import clock
from rawzone_assets.health.checks import Check, Health, failed, ok, warn
from rawzone_assets.health.protection import hard_links_check, tried_protection
from rawzone_assets.health.space import space_check
from rawzone_assets.zone.errors import (
    LedgerDamaged,
    LedgerGone,
    LedgerLeftBehind,
    LedgerNewer,
    StorageFailed,
    advice_on,
)
from rawzone_assets.zone.files import Files, link_to_nothing, nearest_folder, what_lies_there
from rawzone_assets.zone.index import index_path
from rawzone_assets.zone.index_database import kept_head, looking_into
from rawzone_assets.zone.index_decisions import DecisionQueries
from rawzone_assets.zone.index_seen import SeenFiles
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.landing import ChangedWhileRead, Landing, Unreadable
from rawzone_assets.zone.landing_errors import LandingAway, LandingMissing
from rawzone_assets.zone.layout import nested
from rawzone_assets.zone.ledger import EMPTY, Head, Ledger, commit_number
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.presence import absent_roots, stored_without_ledger
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.staging import leftovers


def examine_zone(
    settings: Settings, platforms: Iterable[Platform], *, now: datetime, files: Files | None = None
) -> Iterator[Check]:
    """Look at folders, file system, space, time zones, staging, ledger and index, one after the other."""
    files = files or LocalFiles()
    layout = settings.layout
    yield _landing(settings)
    writable: set[str] = set()
    for name, root in _written_roots(settings).items():
        check = _writable(name, root)
        if check.health is Health.OK:
            writable.add(name)
        yield check
    yield _apart(settings)
    for name, root in _written_roots(settings).items():
        if name in writable and name != "state":
            yield _file_system(name, root, files)
        who = "archiving" if name == "archive" else "promotion"
        yield space_check(name, root, settings.reserve, files, spent=f"{who} writes nothing until then")
    yield _time_zones(platforms)
    yield _staging(settings, files)
    ledger = Ledger(files, layout.ledger)
    head, check = _ledger(ledger, settings, files)
    yield check
    links = hard_links_check()
    if links:
        yield links
    if head is not None:
        yield tried_protection(layout, files, ledger, head, wanted=settings.immutable)
        yield _clock(head, now)
        yield _index(settings, head)
        yield from _absent(settings, files)


def _written_roots(settings: Settings) -> dict[str, Path]:
    layout = settings.layout
    roots = {"raw": layout.raw, "quarantine": layout.quarantine, "state": layout.state}
    return {**roots, "archive": layout.archive} if os.path.isdir(layout.archive) else roots


def _landing(settings: Settings) -> Check:
    name, root = "landing", settings.layout.landing
    landing = Landing(root)
    try:
        scan = landing.scan()
    except LandingMissing as error:
        return failed(name, f"{root} {error.problem}", error.remedy)
    except StorageFailed as error:
        return failed(name, str(error), "give this user read access")
    if scan.bare_on is not None and _was_elsewhere(settings, scan.bare_on):
        return failed(name, f"{root} {LandingAway.problem}", LandingAway.remedy)
    unreadable = [
        *scan.unreadable,
        *(landed.label for landed in scan.files if not _is_readable(landing, landed)),
    ]
    if unreadable:
        shown = ", ".join(sorted(unreadable)[:3])
        return failed(
            name,
            f"{counted(len(unreadable), 'entry', 'entries')} cannot be read: {shown}",
            "give this user read access",
        )
    return ok(name, f"{root}, {counted(len(scan.files), 'file')}, all readable")


def _was_elsewhere(settings: Settings, device: int) -> bool:
    path = index_path(settings.layout.state, settings.layout.ledger)
    with suppress(OSError, sqlite3.Error):  # what these mean, other checks say
        if path.exists():
            with looking_into(path) as database:
                return SeenFiles(database).lay_elsewhere(device)
    return False


def _is_readable(landing: Landing, landed: Landed) -> bool:
    if not landed.regular or landed.borrowed:
        return True  # never opened, and no fault of permissions
    try:
        os.close(landing.open(landed))
    except Unreadable:
        return False
    except ChangedWhileRead:
        pass  # gone meanwhile
    return True


def _writable(name: str, root: Path) -> Check:
    if link := link_to_nothing(root):
        return failed(name, f"the link {link} leads to nothing", "mount or put back what it leads to")
    standing = nearest_folder(root)
    if not standing.is_dir():
        return failed(
            name, f"{standing} is a file, not a folder", f"move it away or choose another {name} folder"
        )
    if not os.access(standing, os.W_OK | os.X_OK, effective_ids=True):
        return failed(name, f"{standing} cannot be written", "give this user write access")
    if standing != root:
        return ok(name, f"{root} will be created by the first promotion")
    return ok(name, f"{root} can be read and written")


def _apart(settings: Settings) -> Check:
    name = "separate folders"
    roots = settings.layout.apart
    if pair := nested(roots):
        inner, outer = pair
        seen = f"{inner} ({roots[inner]}) lies in {outer} ({roots[outer]}): every command refuses this"
        return failed(name, seen, f"set RAWZONE_{inner.upper()} to a folder of its own")
    return ok(name, "no root lies in another")


def _file_system(name: str, root: Path, files: Files) -> Check:
    """Publishing rests on exclusive links, recovery on locks that die with their process: try both."""
    title = f"file system of {name}"
    folder = root / "_staging"
    folder = folder if folder.is_dir() else nearest_folder(root)
    probe = folder / f".rawzone-doctor-{uuid4().hex}"
    linked = probe.with_name(probe.name + ".link")
    try:
        with files.lock(probe, wait=False) as held, files.lock(probe, wait=False) as twice:
            if not held or twice:
                return failed(
                    title, f"{folder} grants a lock twice", "use a file system with flock, not this mount"
                )
            files.link(probe, linked)
            with suppress(FileExistsError):
                files.link(probe, linked)
                return failed(title, f"{folder} lets a link replace a file", "use a POSIX file system")
        files.sync_folder(folder)
    except OSError as error:
        remedy = "keep the zone on a local POSIX file system with hard links and locks, writable for this user"
        return failed(title, f"{folder}: {(error.strerror or str(error)).lower()}", remedy)
    finally:
        for path in (linked, probe):
            with suppress(OSError):
                files.remove(path)
    return ok(title, "hard links, locks and syncs work")


def _time_zones(platforms: Iterable[Platform]) -> Check:
    name = "time zones"
    zones = {zone for p in platforms for zone in (p.timezone, *(feed.timezone for feed in p.feeds)) if zone}
    missing: list[str] = []
    for zone in sorted(zones):
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            missing.append(zone)
    if missing:
        return failed(name, f"unknown here: {', '.join(missing)}", "install the package tzdata")
    return ok(name, ", ".join(sorted(zones)))


def _staging(settings: Settings, files: Files) -> Check:
    name = "staging"
    try:
        batches = leftovers(files, settings.layout)
    except OSError as error:
        what, remedy = advice_on(error)
        return failed(name, f"{error.filename} cannot be listed ({what})", remedy)
    if problem := what_lies_there(files.status(settings.layout.zone_lock)):
        return failed(name, f"{settings.layout.zone_lock}: {problem}", "move it away")
    if batches:
        remedy = "nothing if a promotion is running; else run 'rawzone promote', which finishes them first"
        return warn(name, f"in flight or interrupted: {counted(len(batches), 'batch', 'batches')}", remedy)
    return ok(name, "no batch was left behind")


def _ledger(ledger: Ledger, settings: Settings, files: Files) -> tuple[Head | None, Check]:
    """The newest two commits and the numbers of all; every commit's bytes are for the scrub to read."""
    name = "ledger"
    remedy = LedgerDamaged.remedy
    try:
        numbers = [number for number in map(commit_number, ledger.names()) if number is not None]
        if not numbers:
            stored = stored_without_ledger(files, settings.layout)
            seen = f"{ledger.folder} {LedgerLeftBehind.problem(stored)}" if stored else ""
            nothing = ok(name, "empty: nothing has been promoted yet")
            return EMPTY, failed(name, seen, LedgerLeftBehind.remedy) if stored else nothing
        if numbers != list(range(len(numbers))):
            gap = next(seq for seq in range(len(numbers)) if numbers[seq] != seq)
            return None, failed(name, f"commit {gap} is missing", remedy)
        head = EMPTY
        for seq in numbers[-2:]:
            commit = ledger.commit(seq)
            if commit is None or (head.seq >= 0 and commit.prev != head.sha256):
                return None, failed(name, f"commit {seq} does not follow the one before it", remedy)
            head = commit.head
    except (LedgerDamaged, LedgerNewer) as error:
        return None, failed(name, error.problem, error.remedy)
    except OSError as error:
        what, remedy = advice_on(error)
        return None, failed(name, f"{error.filename} cannot be read ({what})", remedy)
    return head, ok(name, f"{counted(len(numbers), 'commit')}, head {head.sha256}")


def _clock(head: Head, now: datetime) -> Check:
    name = "clock"
    if seen := clock.contradiction(head, now):
        return warn(name, seen, clock.REMEDY)
    return ok(name, f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _index(settings: Settings, head: Head) -> Check:
    name = "index"
    path = index_path(settings.layout.state, settings.layout.ledger)
    rebuilt = f"remove {path}: it is derived and the next command builds it again"
    try:
        if not path.exists():
            return ok(name, "not built yet: the next command reads the ledger and builds it")
        with looking_into(path) as database:
            built = kept_head(database)
    except sqlite3.Error as error:
        return warn(name, f"{path} cannot be read ({error})", rebuilt)
    except OSError as error:
        what, remedy = advice_on(error)
        return failed(name, f"{path} cannot be looked at ({what})", remedy)
    if built.seq > head.seq == EMPTY.seq:
        return failed(name, f"the ledger {LedgerGone.problem(built.seq)}", LedgerGone.remedy(path))
    if built.seq > head.seq or (built.seq == head.seq >= 0 and built.sha256 != head.sha256):
        return warn(name, f"{path} was built from another ledger", rebuilt)
    behind = head.seq - built.seq
    late = f"{counted(behind, 'commit')} behind: the next command catches up"
    return ok(name, late if behind else "in step with the ledger")


def _absent(settings: Settings, files: Files) -> Iterator[Check]:
    """Roots that are empty although files are recorded in them: a disk or a setting is missing."""
    path = index_path(settings.layout.state, settings.layout.ledger)
    with suppress(OSError, sqlite3.Error):  # what these mean, other checks say
        if path.exists():
            with looking_into(path) as database:
                index = DecisionQueries(database)
                away = list(absent_roots(files, settings.layout, index.holds_files))
            for one in away:
                yield failed(f"files of {one.name}", f"{one.root} {one.problem}", one.remedy(one.name))
