"""Erasure under crash and fault, of bytes that lie everywhere a zone can hold them.

At every moment: nothing is gone that the ledger does not say was erased. And once the command has been run
again, or any other that writes, no byte of it is anywhere in the home.
"""

import errno
import gzip
from contextlib import suppress
from dataclasses import replace

import pytest

from rawzone_assets.health import erasure
from rawzone_assets.health.erasure import plan_erasure
from rawzone_assets.health.repair import repair
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.files import ensure_folder
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.health.archive_campaign import LATER
from rawzone_assets_tests.health.archive_support import archive_due, restore_all, set_policy
from rawzone_assets_tests.health.test_erasure import DIGEST, LANDED, MARK, ORDER
from rawzone_assets_tests.zone.faulty_files import Crash, FaultyFiles
from rawzone_assets_tests.zone.invariants import Oracle
from rawzone_assets_tests.zone.power_loss import everything_survives, losses, losses_of_one, nothing_survives
from rawzone_assets_tests.zone.simulated_files import SimulatedFiles
from rawzone_assets_tests.zone.tiny_platform import LandingFolder, promote_all, settings_for

NOTE = "tiny/notes/2024/05/note_20240522.txt.gz"
ROOTS = ("raw", "quarantine", "archive")


def open_zone(home, files) -> Zone:
    """With an index in memory, a cache, and the columns in a folder that the simulated disk has too."""
    settings = settings_for(home, with_index=False)
    layout = replace(settings.layout, columnar_apart=home / "columns")
    settings = replace(settings, layout=layout, cache=home / "cache")
    return Zone(settings, files=files, clock=lambda: LATER)


def put(files, path, data):
    for folder in sorted(ensure_folder(files, path.parent)):
        files.sync_folder(folder)
    files.create(path, [data])
    files.sync(path)
    files.sync_folder(path.parent)


@pytest.fixture
def start(tmp_path) -> SimulatedFiles:
    """The marker in raw, archive, quarantine, among a repair's evidence, in columns and in the cache."""
    home = tmp_path
    set_policy(home)
    LandingFolder(home).put_all({**LANDED, "tiny/pack_a_20240525.a": b"bad" + MARK})
    files = SimulatedFiles(home)
    with open_zone(home, files) as zone:
        promote_all(zone)
        archive_due(zone)
        restore_all(zone)
        damaged = zone.layout.object(NOTE)
        files.remove(damaged)
        files.put_foreign(damaged, gzip.compress(b"damaged " + MARK, mtime=0))
        assert repair(zone, run_id="repair").repaired
        stored = next(e.receipt for e in zone.index.find(NOTE)).stored_sha256 or ""
        put(files, home / "columns/_work/tiny__notes/lock", b"")
        put(files, home / "columns/_work/tiny__notes/cut off/main.parquet", MARK)
        put(files, home / "columns/tiny/notes/2024-05-22.0123456789abcdef/main.parquet", MARK)
        put(files, home / "columns/tiny/notes/2024-05-23.0123456789abcdef/main.parquet", MARK)
        put(files, home / "columns/tiny/notes/2024-05-24.0123456789abcdef/main.parquet", b"of others")
        put(files, home / "cache" / stored[:2] / stored, gzip.compress(MARK, mtime=0))
    whole = files.after_power_loss(everything_survives())
    assert {path.split("/")[0] for path in holders(home, whole)} == {*ROOTS, "columns", "cache"}
    return whole


def holders(home, files) -> list[str]:
    found = []
    for path, entry in files.tree(home).items():
        data = gzip.decompress(entry.data) if entry.data.startswith(b"\x1f\x8b") else entry.data
        if MARK.strip() in data:
            found.append(path)
    return found


def left_behind(home, files) -> list[str]:
    """Where it lies, or would lie again after a loss of power."""
    return holders(home, files) + holders(home, files.after_power_loss(nothing_survives()))


REFUSED = b"bad" + MARK


def run(home, files) -> object:
    """Erase the object's content and the refusal's, as the second step of the command does."""
    with open_zone(home, files) as zone:
        zone.recover()
        zone.index.catch_up()
        digests = [DIGEST, *(e.receipt.sha256 for e in zone.index.entries(verdicts=["quarantined"]))]
        plan = plan_erasure(zone, digests, **ORDER)
        if not plan.targets:
            return []
        return erasure.erase(zone, digests, code=plan.code, by="Ada", **ORDER).erased


def objections(home, files, oracle, *, recovered) -> list[str]:
    return oracle.check(*(files.tree(home / root) for root in ROOTS), recovered=recovered)


def check(home, files, label, *, straight_on) -> list[str]:
    """What is wrong at once, and after the next command, which is the same again or any other that writes."""
    oracle = Oracle()
    problems = objections(home, files, oracle, recovered=False)
    try:
        if not straight_on:
            with open_zone(home, files) as zone:
                zone.recover()
                zone.index.catch_up()
                is_recorded = bool(zone.index.custody.erasures())
            if is_recorded and (left := left_behind(home, files)):
                problems.append(f"recovered, and {left} still hold it")
        run(home, files)
        problems += objections(home, files, oracle, recovered=True)
        problems += [f"run again, and {path} still holds it" for path in left_behind(home, files)]
        others = home / "columns/tiny/notes/2024-05-24.0123456789abcdef/main.parquet"
        problems += [] if files.status(others) else ["the columns of another day are gone"]
        if run(home, files):
            problems.append("there was something left to erase")
    except Exception as error:  # noqa: BLE001  whatever goes wrong is a violation, and the campaign goes on
        problems.append(f"{type(error).__name__}: {error}")
    return [f"{label}: {problem}" for problem in problems]


def crash(home, start, *, every=1, alone=False) -> tuple[int, list[str]]:
    files, moments = start.copy(), []
    files.watch = lambda operation, path: moments.append((f"{operation} {path.name}", files.copy()))
    run(home, files)
    files.watch = None
    tried, problems = 0, []
    for number, (operation, disk) in list(enumerate([*moments, ("the end", files)]))[::every]:
        ways = [None, *losses(number, 1), *(losses_of_one(disk.changes_at_risk()) if alone else ())]
        for loss in ways:
            tried += 1
            left = disk.after_power_loss(loss) if loss else disk.copy()
            label = f"step {number} ({operation}), {loss.name if loss else 'killed'}"
            problems += check(home, left, label, straight_on=tried % 2 == 1)
    return tried, problems


def fail(home, start, *, every=1, code=errno.EIO) -> tuple[int, list[str]]:
    calm = FaultyFiles(start.copy())
    run(home, calm)
    problems = []
    chosen = list(range(len(calm.calls)))[::every]
    for failing in chosen:
        disk = start.copy()
        with suppress(Crash, ZoneError):
            run(home, FaultyFiles(disk, failing=failing, code=code))
        operation, path = calm.calls[failing]
        problems += check(home, disk, f"{operation} {path.name} failing", straight_on=failing % 2 == 1)
    return len(chosen), problems


def test_undisturbed_no_byte_is_left_in_the_home(tmp_path, start):
    files = start.copy()
    assert len(run(tmp_path, files)) == 3
    assert holders(tmp_path, files) == []


def test_a_crash_anywhere_loses_nothing_unrecorded_and_leaves_nothing(tmp_path, start, tell):
    tried, problems = crash(tmp_path, start, every=3)
    tell(f"an erasure of everything: {tried} crashes")
    assert problems[:12] == []


def test_nor_does_a_call_that_fails(tmp_path, start, tell):
    tried, problems = fail(tmp_path, start, every=7)
    tell(f"an erasure of everything: {tried} faults")
    assert problems[:12] == []


@pytest.mark.campaign
def test_at_every_moment_in_every_way(tmp_path, start, tell):
    tried, problems = crash(tmp_path, start, alone=True)
    tell(f"an erasure of everything, at every moment: {tried} crashes")
    assert problems[:12] == []


@pytest.mark.campaign
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EACCES], ids=errno.errorcode.get)
def test_whatever_call_fails(tmp_path, start, tell, code):
    tried, problems = fail(tmp_path, start, code=code)
    tell(f"an erasure of everything, {errno.errorcode[code]}: {tried} faults")
    assert problems[:12] == []
