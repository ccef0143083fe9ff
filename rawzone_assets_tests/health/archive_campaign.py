"""Crashes and faults of archiving, restoring and holding: a file is always readable from at least one place.

At every moment, in every way of losing power, before anything is recovered: the oracle has no objection to the
ledger, and each committed delivery gives its bytes. Then the command is run again, and nothing is left to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from unittest import mock

from rawzone_assets.access.catalog import readable
from rawzone_assets.access.reading import original_bytes
from rawzone_assets.health.archive_plan import make_plan, read_plan
from rawzone_assets.health.archiving import apply_plan
from rawzone_assets.health.holds import add_hold, release_hold
from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone import portions
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.health.archive_support import planned, restore_all, set_policy
from rawzone_assets_tests.zone.faulty_files import Crash, FaultyFiles
from rawzone_assets_tests.zone.invariants import Oracle
from rawzone_assets_tests.zone.power_loss import everything_survives, losses, losses_of_one, two_in_turn
from rawzone_assets_tests.zone.simulated_files import Loss, SimulatedFiles
from rawzone_assets_tests.zone.tiny_platform import NOW, LandingFolder, open_zone, promote_all
from rawzone_assets_tests.zone.works import FIRST

MORE = {**FIRST, "tiny/note_20240526.txt": b"more\n", "tiny/sum_20240524.csv": b"and more\n"}
LATER = NOW + timedelta(days=40)
SENTENCE = re.compile(r"[A-Z/][^\n]+\.")
Opening = Callable[[Path, Files], Zone]


def open_plain(home: Path, files: Files) -> Zone:
    return open_zone(home, files=files, with_index=False, now=LATER)


@dataclass(frozen=True, kw_only=True)
class Move:
    """A command that moves files, the zone it finds, and what is true of every key once it is through."""

    name: str
    before: Callable[[Zone], object]
    run: Callable[[Zone, bytes], object]
    leads_to: Whereabouts

    def __str__(self) -> str:
        return self.name


def apply(zone: Zone, plan: bytes) -> object:
    outcome = apply_plan(zone, read_plan(plan, "plan.json"), approved_by="Ada", share=100)
    for left in outcome.not_moved:
        raise ZoneError(f"{left.key} was not moved: {left.reason}.")
    return outcome.archived


def restore(zone: Zone, _: bytes) -> object:
    outcome = restore_all(zone)
    for left in outcome.not_restored:
        raise ZoneError(f"{left.key} was not restored: {left.reason}.")
    return outcome.restored


def hold(zone: Zone, _: bytes) -> object:
    """Add a hold and lift it; run again it finds both, and does nothing."""
    told = {"reason": "r", "authority": "a", "by": "b"}
    zone.index.catch_up()
    if not zone.index.holds.ever():
        add_hold(zone, feed="tiny/notes", **told)
    return [lifted for lifted in [release_hold(zone, "hold-1", **told)[1]] if lifted]


def archived(zone: Zone) -> None:
    apply_plan(zone, planned(zone), approved_by="Ada", share=100)


def archived_and_restored(zone: Zone) -> None:
    archived(zone)
    restore_all(zone)
    zone.clock = lambda: LATER
    add_hold(zone, platform="tiny", reason="moves the clock", authority="a", by="b")
    release_hold(zone, "hold-1", reason="r", authority="a", by="b")


def nothing(_: Zone) -> None:
    pass


ARCHIVE = Move(name="archive apply", before=nothing, run=apply, leads_to=Whereabouts.ARCHIVE)
AGAIN = Move(
    name="archive apply after a restore",
    before=archived_and_restored,
    run=apply,
    leads_to=Whereabouts.ARCHIVE,
)
RESTORE = Move(name="archive restore", before=archived, run=restore, leads_to=Whereabouts.HOT)
HOLD = Move(name="hold add and release", before=nothing, run=hold, leads_to=Whereabouts.HOT)
MOVES = (ARCHIVE, AGAIN, RESTORE, HOLD)


@dataclass
class ArchiveCampaign:
    """A small zone in simulated memory, and a command that is interrupted on it."""

    home: Path
    move: Move
    opening: Opening = open_plain
    tried: int = 0
    violations: list[str] = field(default_factory=list)
    _met: set[Hashable] = field(default_factory=set)

    def __post_init__(self) -> None:
        set_policy(self.home)
        LandingFolder(self.home).put_all(MORE)
        files = SimulatedFiles(self.home)
        with open_plain(self.home, files) as zone:
            zone.clock = lambda: NOW
            promote_all(zone)
            self.move.before(zone)
            zone.clock = lambda: LATER
            zone.index.catch_up()
            self.plan = make_plan(zone).document()
            self.contents = self.read(zone)
        self.start = files.after_power_loss(everything_survives())
        assert len(self.contents) == 6

    @staticmethod
    def read(zone: Zone) -> list[tuple[str, bytes]]:
        """What every readable name gives."""
        zone.index.catch_up()
        found = [(one.receipt.landing_path, one.stored) for one in readable(zone, all_revisions=True)]
        return [(name, b"".join(original_bytes(zone, stored))) for name, stored in found]

    def run(self, files: Files) -> object:
        """The command, two files a commit, so that it has several."""
        with (
            mock.patch.object(portions, "_FILES_OF_A_COMMIT", 2),
            self.opening(self.home, files) as zone,
        ):
            return self.move.run(zone, self.plan)

    # --- crashes ---------------------------------------------------------------------------------

    def moments(
        self, through: Callable[[SimulatedFiles], Files] | None = None
    ) -> list[tuple[str, SimulatedFiles]]:
        """The disk before each change of it."""
        files, moments = self.start.copy(), []
        files.watch = lambda operation, path: moments.append(
            (f"{operation} {str(path).removeprefix(str(self.home))}", files.copy())
        )
        with suppress(*([ZoneError, Crash] if through else [])):
            self.run(through(files) if through else files)
        files.watch = None
        return [*moments, ("the end", files)]

    def interrupt(
        self,
        moments: list[tuple[str, SimulatedFiles]],
        *,
        every: int = 1,
        random_ones: int = 2,
        in_turn: bool = False,
        each_alone: bool = False,
        until_broken: bool = False,
    ) -> None:
        """Crash at each moment in every way, or in two of them ``in_turn``, then run the command again."""
        for number, (operation, files) in list(enumerate(moments))[::every]:
            ways = [None, *losses(number, random_ones)]
            if in_turn:
                ways = two_in_turn(ways, number // every)
            if each_alone:
                ways += losses_of_one(files.changes_at_risk())
            for loss in ways:
                if until_broken and self.violations:
                    return
                self.tried += 1
                left = files.after_power_loss(loss) if loss else files.copy()
                label = f"step {number} ({operation}), {loss.name if loss else 'killed'}"
                straight_on = self.tried % 2 == 1
                same = (left.state(), straight_on)
                if same not in self._met:  # else an earlier crash left the very same
                    self._met.add(same)
                    self.check(left, label, straight_on=straight_on)

    @property
    def crashes(self) -> str:
        """What was tried, for the end of a test run."""
        return f"{self.tried} crashes that left {len(self._met)} different disks"

    def interrupt_recovery(
        self, moments: list[tuple[str, SimulatedFiles]], *, every: int, in_turn: bool = False
    ) -> int:
        """Crash, then crash the next command's recovery as well; how many points that are."""
        points = 0
        for number, (operation, files) in list(enumerate(moments))[::every]:
            for loss in (None, *losses(number, 1)):
                inner = (files.after_power_loss(loss) if loss else files).copy()
                found: list[tuple[str, SimulatedFiles]] = []
                inner.watch = lambda op, path, inner=inner, found=found: found.append(
                    (f"{op} {path.name}", inner.copy())
                )
                with self.opening(self.home, inner) as zone:
                    zone.recover()
                inner.watch = None
                points += len(found)
                label = f"recovering from {operation}, {loss.name if loss else 'killed'}"
                inside = [(f"{op}, {label}", disk) for op, disk in found[::2]]
                self.interrupt(inside, random_ones=0, in_turn=in_turn)
        return points

    # --- faults ----------------------------------------------------------------------------------

    def fail_each(self, code: int, *, every: int = 1, only: tuple[str, ...] = (), **how: bool) -> None:
        """Let each call, or every so many, fail once, then run the command again."""
        calm = FaultyFiles(self.start.copy())
        self.run(calm)
        chosen = [number for number, (call, _) in enumerate(calm.calls) if not only or call in only]
        for failing in chosen[::every]:
            self.tried += 1
            disk = self.start.copy()
            label = f"call {failing} {calm.calls[failing][0]} {calm.calls[failing][1].name} failing"
            with suppress(Crash):
                try:
                    self.run(FaultyFiles(disk, failing=failing, code=code, **how))
                except ZoneError as error:
                    if not SENTENCE.fullmatch(str(error)):
                        self.violations.append(f"{label}: it said {error}")
                except Exception as error:  # noqa: BLE001  anything else would reach the user as a traceback
                    self.violations.append(f"{label}: {type(error).__name__}: {error}")
            self.check(disk.copy(), label)

    # --- what must hold --------------------------------------------------------------------------

    def check(self, files: SimulatedFiles, label: str, *, straight_on: bool = True) -> None:
        """``straight_on``: the next command is the same again, else it is any other that writes."""
        oracle = Oracle()
        self.violations += self._objections(oracle, files, f"{label}, at once", recovered=False)
        try:
            if not straight_on:
                with self.opening(self.home, files) as zone:
                    zone.recover()
                self.violations += self._objections(oracle, files, f"{label}, recovered")
            self.run(files)
            oracle.acknowledge(files.tree(self.home / "raw"))
            self.violations += self._objections(oracle, files, f"{label}, run again")
            self.violations += self._unfinished(files, label)
            once = self._trees(files)
            again = self.run(files)
            if again or self._trees(files) != once:
                self.violations.append(f"{label}: running it again changed the zone")
        except Exception as error:  # noqa: BLE001  whatever goes wrong is a violation, and the campaign goes on
            self.violations.append(f"{label}: {type(error).__name__}: {error}")
            return
        lost = files.after_power_loss(Loss("all lost", lambda: False, lambda _: b""))
        self.violations += self._objections(oracle, lost, f"{label}, run again, then all lost", recovered=False)

    def _objections(
        self, oracle: Oracle, files: SimulatedFiles, label: str, *, recovered: bool = True
    ) -> Iterator[str]:
        yield from (f"{label}: {p}" for p in oracle.check(*self._trees(files), recovered=recovered))
        try:
            with open_plain(self.home, files) as zone:
                if self.read(zone) != self.contents:
                    yield f"{label}: a reader gets something else"
        except Exception as error:  # noqa: BLE001
            yield f"{label}: a reader is told {type(error).__name__}: {error}"

    def _unfinished(self, files: SimulatedFiles, label: str) -> Iterator[str]:
        with open_plain(self.home, files) as zone:
            zone.index.catch_up()
            for entry in zone.index.entries(verdicts=["promoted"]):
                where = zone.index.custody.of(entry.receipt.key or "").whereabouts
                if where is not self.move.leads_to:
                    yield f"{label}: {entry.receipt.key} is {where}"
            report = scrub(zone)
        for damage in (*report.damages, *report.weaknesses):
            yield f"{label}: {damage.path}: {damage.problem}"

    def _trees(self, files: SimulatedFiles):
        return [files.tree(self.home / root) for root in ("raw", "quarantine", "archive")]


def corrupt(files: SimulatedFiles, path: Path) -> None:
    """Flip a bit of a file on a simulated disk, which says nothing of it."""
    number = files._number(path)
    node = files._nodes[number]
    files._nodes[number] = replace(node, data=node.data[:-1] + bytes([node.data[-1] ^ 1]))
