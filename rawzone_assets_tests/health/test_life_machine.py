"""A zone's life in any order: kept, moved, held, erased, damaged and put right, and cut off in any of it.

What must hold needs no model. An oracle that shares no code with the zone (``zone/invariants.py``) objects to
the files exactly when a scrub does, an index that followed each commit says what one built from the ledger
says, and whoever reads a delivery that nothing befell gets the bytes that landed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rawzone_assets.access.catalog import readable
from rawzone_assets.access.reading import original_bytes
from rawzone_assets.contract.judging import judge
from rawzone_assets.health.archive_plan import PlanRefused, make_plan, read_plan
from rawzone_assets.health.archiving import apply_plan
from rawzone_assets.health.erasure import NotConfirmed, erase, plan_erasure
from rawzone_assets.health.holds import HoldOver, add_hold, release_hold
from rawzone_assets.health.repair import repair
from rawzone_assets.health.rolling import scrub_rolling
from rawzone_assets.health.scrub import scrub
from rawzone_assets.health.status import read_status
from rawzone_assets.health.unarchiving import restore_objects
from rawzone_assets.zone import intake, portions
from rawzone_assets.zone import replay as replaying
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.errors import RootAway
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.health.archive_support import set_policy
from rawzone_assets_tests.health.damaging import flip
from rawzone_assets_tests.zone.faulty_files import Crash, CrashingFiles, WatchedFiles
from rawzone_assets_tests.zone.invariants import Oracle, read_landing, read_tree
from rawzone_assets_tests.zone.test_zone_machine import run
from rawzone_assets_tests.zone.tiny_platform import (
    CONTRACT,
    NOTES,
    NOW,
    SUMS,
    TINY,
    LandingFolder,
    open_zone,
    promote_all,
)
from rawzone_assets_tests.zone.works import Forgiving

ORDER = {"reason": "a request", "authority": "a court"}
PATHS = st.sampled_from(
    [
        f"tiny/{stem}_2024{day}.{ext}"
        for stem, ext in (("note", "txt"), ("sum", "csv"))
        for day in ("0401", "0622")
    ]
    + ["tiny/note_20240401.zip", "tiny/other/note_20240401.txt"]
)
DATA = st.sampled_from([b"first\n", b"second\n", b"third\n", b"bad one", b"bad two", b"long\n" * 3])
REFUSALS = (HoldOver, RootAway, NotConfirmed, PlanRefused)  # of what another command changed meanwhile
Command = Callable[[Zone], object]


def replay(zone: Zone) -> object:
    """A damaged copy stays refused, and repair is what that asks for."""
    feeds = [changed(feed, format=Forgiving()) for feed in (NOTES, SUMS)]
    return replaying.replay(zone, feeds, judge=judge, run_id="replay")


def archive(zone: Zone) -> object:
    if zone.index.head.seq < 0:
        return None  # of which the command makes no plan
    plan = read_plan(make_plan(zone).document(), "plan.json")
    return apply_plan(zone, plan, approved_by="Ada", share=100)


def restore(zone: Zone) -> object:
    objects = list(zone.index.custody.kept(whereabouts=Whereabouts.ARCHIVE))
    return restore_objects(zone, objects, by="Ada", reason="wanted")


def erasing(data: bytes) -> Command:
    digests = [hashlib.sha256(data).hexdigest()]

    def erase_it(zone: Zone) -> object:
        code = plan_erasure(zone, digests, **ORDER).code
        return erase(zone, digests, code=code, by="Ada", **ORDER)

    return erase_it


def hold(zone: Zone) -> object:
    active = zone.index.holds.in_force()
    if active:
        return release_hold(zone, active[0].id, by="Ada", **ORDER)
    return add_hold(zone, feed="tiny/notes", by="Ada", **ORDER)


COMMANDS: dict[str, Command] = {
    "promote": promote_all,
    "replay": replay,
    "archive": archive,
    "restore": restore,
    "hold": hold,
    "erase": erasing(b"first\n"),
    "erase refused": erasing(b"bad one"),
    "scrub": lambda zone: scrub_rolling(zone, run_id="scrub", budget=3600, window=30, most_files=2),
    "repair": lambda zone: repair(zone, run_id="repair"),
}


NAMES = st.sampled_from(sorted(COMMANDS))
SHARES = st.floats(0, 1, exclude_max=True)


class Meanwhile(WatchedFiles):
    """Has something done beside at the ``at``-th call."""

    def __init__(self, inner: Files, at: int = -1, begin: Callable[[], Future[None]] | None = None) -> None:
        super().__init__(inner)
        self.calls, self.at, self.begin = 0, at, begin
        self.other: Future[None] | None = None

    def before(self, operation: str, path: Path) -> None:
        self.calls += 1
        if self.calls == self.at and self.begin:
            self.other = self.begin()
            wait([self.other], timeout=0.05)


@dataclass
class Life:
    """A zone in a folder, with what is asked of it after each step."""

    home: Path
    now: datetime = NOW
    landed: set[bytes] = field(default_factory=set)
    oracle: Oracle = field(default_factory=Oracle)
    tally: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        set_policy(self.home)
        (self.home / "landing").mkdir(exist_ok=True)

    def open(self, home: Path | None = None, **options: Any) -> Zone:
        zone = open_zone(home or self.home, **options)
        zone.clock = lambda: self.now
        zone.index.catch_up()
        return zone

    def land(self, files: Mapping[str, bytes]) -> None:
        LandingFolder(self.home).put_all(files)
        self.landed.update(files.values())

    def stored(self) -> list[Path]:
        """Every file that the zone stores for somebody."""
        return [
            path
            for root in ("raw", "quarantine", "archive")
            for path in sorted((self.home / root).rglob("*.*"))
            if path.is_file() and not {"_ledger", "_staging", "_evidence"} & set(path.parts)
        ]

    def carry_out(self, name: str, **options: Any) -> None:
        """A command by a process of its own."""
        with self.open(**options) as zone:
            try:
                COMMANDS[name](zone)
            except REFUSALS as refusal:
                self.tally[f"{name}: {type(refusal).__name__}"] += 1
            else:
                self.tally[name] += 1

    def cut_off(self, name: str, last: int) -> None:
        """A command whose process ends before its change of that number; the next recovers."""
        try:
            self.carry_out(name, files=CrashingFiles(LocalFiles(), last=last))
        except Crash:
            self.tally[f"{name} cut off"] += 1
        with self.open() as zone:
            zone.recover()

    def both(self, first: str, second: str, at: int) -> None:
        """The second begins at some call of the first, which goes on when that waits for it."""
        with ThreadPoolExecutor(1) as pool:
            files = Meanwhile(LocalFiles(), at, lambda: pool.submit(self.carry_out, second))
            self.carry_out(first, files=files)
            if files.other:
                files.other.result()
                self.tally[f"{second} during {first}"] += 1

    def calls_of(self, name: str) -> int:
        """How often the command would call the disk, tried on a copy."""
        with tempfile.TemporaryDirectory(dir=self.home.parent) as folder:
            copy = Path(folder, "copy").resolve()
            shutil.copytree(self.home, copy)
            files = Meanwhile(LocalFiles())
            self.carry_out(name, home=copy, files=files)
        return files.calls

    # --- what must hold --------------------------------------------------------------------------

    def check(self, zone: Zone) -> list[str]:
        """What is wrong with the stored files, which scrub and oracle must agree about."""
        raw, quarantine, archived = (read_tree(self.home / root) for root in ("raw", "quarantine", "archive"))
        objections = self.oracle.check(raw, quarantine, archived)
        self.oracle.acknowledge(raw)
        report = scrub(zone)
        # An empty archive's disk may be away.
        told = [*map(str, (*report.damages, *report.weaknesses)), *map(str, report.absent)]
        assert bool(objections) == bool(told), (objections, told)
        zone.index.catch_up()
        if not told:
            readables = readable(zone, all_revisions=True)
            assert {b"".join(original_bytes(zone, one.stored)) for one in readables} <= self.landed
        with self.open(with_index=False) as fresh:
            assert told_by(zone) == told_by(fresh)
        return told


def told_by(zone: Zone) -> dict[str, object]:
    """What an index says of the ledger."""
    index = zone.index
    return {
        "status": [settled(feed) for feed in read_status(zone, [TINY]).feeds],
        "entries": list(index.entries()),
        "totals": index.tallies.totals(),
        "damage": index.tallies.open_damage(),
        "scrubs": index.tallies.scrubs(),
        "custody": index.custody.totals(),
        "erased": index.custody.erased_totals(),
        "copied": index.custody.copied_bytes(),
        "holds": index.holds.ever(),
        "drills": index.drills.totals(),
        "repairs": index.upkeep.repairs(),
    }


def settled(feed):
    """What is told of a feed but for what waits: the ledger does not tell which files were read again."""
    return changed(feed, waiting=None, waiting_bytes=None, waiting_since=None)


def folder_in_memory() -> Path:
    memory = Path("/dev/shm")  # noqa: S108
    return Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None)).resolve()


class LifeMachine(RuleBasedStateMachine):
    tally: ClassVar[Counter[str]] = Counter()

    @initialize()
    def begin(self):
        self.life = Life(folder_in_memory(), tally=self.tally)
        self.zone = self.life.open()  # whose index follows all that others do

    def teardown(self):
        if hasattr(self, "zone"):
            self.zone.close()
            shutil.rmtree(self.life.home)

    @rule(files=st.dictionaries(PATHS, DATA, min_size=1, max_size=4), promoted=st.booleans())
    def land(self, files, promoted):
        self.life.land(files)
        if promoted:
            self.life.carry_out("promote")

    @rule(path=PATHS)
    def clear_landing_of(self, path):
        (self.life.home / "landing" / path).unlink(missing_ok=True)

    @rule(days=st.integers(1, 40))
    def let_time_pass(self, days):
        self.life.now += timedelta(days=days)

    @rule(which=st.integers(0, 99), how=st.sampled_from([flip, Path.unlink]))
    def damage(self, which, how):
        stored = self.life.stored()
        if stored:
            how(stored[which % len(stored)])

    @rule()
    def begin_anew_without_an_index(self):
        self.zone.close()
        shutil.rmtree(self.life.home / "state")
        self.zone = self.life.open()

    @rule(name=NAMES)
    def command(self, name):
        before = read_landing(self.life.home / "landing")
        self.life.carry_out(name)
        assert read_landing(self.life.home / "landing") == before, "I4"

    @rule(name=NAMES, share=SHARES)
    def command_that_is_cut_off(self, name, share):
        self.life.cut_off(name, int(share * self.life.calls_of(name)))

    @rule(first=NAMES, second=NAMES, share=SHARES)
    def two_commands_at_once(self, first, second, share):
        self.life.both(first, second, at=int(share * self.life.calls_of(first)) + 1)

    @invariant()
    def ledger_index_and_files_tell_the_same(self):
        if hasattr(self, "zone"):
            self.life.check(self.zone)


@contextmanager
def as_in_tests():
    """Feeds without schemas, and few files a commit, so that there are several: for whatever is running."""
    with (
        mock.patch.object(portions, "_FILES_OF_A_COMMIT", 2),
        mock.patch.object(intake, "contract_of", return_value=CONTRACT),
        mock.patch.object(replaying, "contract_of", return_value=CONTRACT),
    ):
        yield


def lives(examples, steps):
    LifeMachine.tally.clear()
    with as_in_tests():
        told = run(LifeMachine, examples, steps)
    return ", ".join([told, *(f"{count} {name}" for name, count in sorted(LifeMachine.tally.items()))])


@pytest.fixture(scope="module")
def lived():
    """A zone with a file of every standing, of which some are damaged, and more that has landed."""
    life = Life(folder_in_memory())
    with as_in_tests():
        life.land({"tiny/note_20240401.txt": b"first\n", "tiny/sum_20240401.csv": b"third\n"})
        for name in ("promote", "archive", "restore"):
            life.carry_out(name)
        life.land({"tiny/note_20240402.txt": b"second\n", "tiny/note_20240401.zip": b"long\n" * 3})
        life.land({"tiny/sum_20240402.csv": b"bad one", "tiny/note_20240403.txt": b"bad two"})
        for name in ("promote", "archive"):
            life.carry_out(name)
        life.land({"tiny/note_20240622.txt": b"first\n", "tiny/sum_20240622.csv": b"first\n"})
        life.carry_out("promote")
        life.land({"tiny/note_20240401.txt": b"fourth\n", "tiny/note_20240623.txt": b"bad three"})
        for path in (
            "raw/tiny/notes/2024/04/note_20240401.txt.gz",
            "archive/tiny/notes/2024/04/note_20240402.txt.gz",
        ):
            flip(life.home / path)
        yield life
    shutil.rmtree(life.home)


@pytest.mark.parametrize("first", sorted(COMMANDS))
class TestTwoCommandsAtOnce:
    """Whichever overtakes the other, and wherever: only what was damaged is wrong, until it is repaired."""

    def test_at_some_calls(self, lived, first, tell):
        tell(f"{first} overtaken: {self.overtaken(lived, first, 3)}")

    @pytest.mark.campaign
    def test_at_many_calls(self, lived, first, tell):
        tell(f"{first} overtaken: {self.overtaken(lived, first, 60)}")

    def overtaken(self, lived, first, moments):
        calls = lived.calls_of(first)
        tried = 0
        for number, second in enumerate(COMMANDS):
            step = max(1, calls // moments)
            for at in range(1 + number * step // len(COMMANDS), calls + 1, step):
                with tempfile.TemporaryDirectory(dir=lived.home.parent) as folder:
                    home = Path(folder, "copy").resolve()
                    shutil.copytree(lived.home, home)
                    life = Life(home, landed=lived.landed)
                    life.both(first, second, at)
                    with life.open() as zone:
                        life.check(zone)
                    life.carry_out("repair")
                    with life.open() as zone:
                        assert life.check(zone) == [], f"{second} at call {at}"
                tried += 1
        return f"{tried} times, within {calls} calls"


class TestAnyLife:
    def test_is_told_by_ledger_index_and_files_alike(self, tell):
        tell(f"lives: {lives(10, 40)}")

    @pytest.mark.campaign
    def test_through_many_long_lives(self, tell):
        tell(f"lives: {lives(400, 50)}")
