"""The crash campaign: every point at which a command can be interrupted, and what must hold afterwards.

``record`` runs a command on a simulated disk and keeps the disk as it was before each change; ``interrupt``
then crashes each of them in several ways, recovers, runs the command again, and asks the oracle.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.invariants import Oracle, Tree, check_states, read_landing, receipts_of
from rawzone_assets_tests.zone.simulated_files import Loss, SimulatedFiles
from rawzone_assets_tests.zone.tiny_platform import NOW, LandingFolder, look, promote_all, settings_for
from rawzone_assets_tests.zone.works import PROMOTE_FIRST, Work

Opening = Callable[[Path, Files, bool], Zone]
Wrapping = Callable[[SimulatedFiles], Files]


def open_plain(home: Path, files: Files, with_index: bool) -> Zone:  # noqa: FBT001
    return Zone(settings_for(home, with_index=with_index), files=files, clock=lambda: NOW)


def nothing_survives() -> Loss:
    return Loss("all lost", lambda: False, lambda _: b"")


def everything_survives() -> Loss:
    return Loss("all kept", lambda: True, lambda data: data)


def losses(seed: int, random_ones: int) -> Iterator[Loss]:
    """Ways to lose power: nothing unsynced survives, all of it does, or some of it."""
    yield nothing_survives()
    yield everything_survives()
    yield Loss("names kept, bytes zeroed", lambda: True, lambda data: bytes(len(data)))
    for number in range(random_ones):
        chance = random.Random(f"{seed}-{number}")
        tear = _cut if number % 2 == 0 else _with_holes
        yield Loss(
            f"subset {number}",
            lambda chance=chance: chance.random() < 0.5,
            lambda data, chance=chance, tear=tear: tear(data, chance),
        )


def two_in_turn(ways: Sequence[Loss | None], number: int) -> list[Loss | None]:
    """Two of the ways to crash at the moment of that number, so that all of them take turns."""
    turn = number % len(ways)
    return [ways[turn], ways[turn - 2]]


def losses_of_one(changes: int) -> Iterator[Loss]:
    """Of the changes of names at risk, each one lost alone, and each one kept alone."""
    for chosen in range(changes):
        for kept in (False, True):
            turn = iter(range(changes + 1))
            yield Loss(
                f"only change {chosen} {'kept' if kept else 'lost'}",
                lambda turn=turn, chosen=chosen, kept=kept: (next(turn) == chosen) is kept,
                lambda data, kept=kept: data if kept else b"",
            )


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randint(0, len(data))]


def _with_holes(data: bytes, chance: random.Random) -> bytes:
    """Later bytes reached the disk before earlier ones."""
    size = max(1, len(data) // 7)
    blocks = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(block if chance.random() < 0.6 else bytes(len(block)) for block in blocks)


@dataclass(frozen=True)
class Moment:
    """The disk before one change of it, and what had been acknowledged by then."""

    number: int
    operation: str
    files: SimulatedFiles
    acknowledged: Tree
    index: dict[str, bytes]

    def __str__(self) -> str:
        return f"before step {self.number} ({self.operation})"


@dataclass
class Campaign:
    """One simulated zone in ``home``, whose landing is real, and the number of things tried on it."""

    home: Path
    work: Work = PROMOTE_FIRST
    opening: Opening = open_plain
    with_index: bool = False
    tried: int = 0
    violations: list[str] = field(default_factory=list)
    _met: set[Hashable] = field(default_factory=set)
    _landing: dict[str, tuple[object, ...]] = field(default_factory=dict)

    # --- recording -------------------------------------------------------------------------------

    def start(self, files: SimulatedFiles | None = None) -> SimulatedFiles:
        """The zone as the command finds it, all of it durable, and landing beside it."""
        files = files or SimulatedFiles(self.home)
        landing = LandingFolder(self.home)
        for landed in self.work.before:
            landing.put_all(landed)
            with self.opening(self.home, files, self.with_index) as zone:
                promote_all(zone).raise_for_environment()
        landing.put_all(self.work.landed)
        self._landing = read_landing(landing.root)
        return files.after_power_loss(everything_survives())

    def record(
        self,
        files: SimulatedFiles,
        *,
        work: Work | None = None,
        through: Wrapping | None = None,
        acknowledged: Tree | None = None,
    ) -> list[Moment]:
        """Run the command and keep every moment of it; the last is that after everything.

        ``through`` puts a faulty layer in between; then the command may fail, as long as it says so. What a
        dead process was the last to do is not ``acknowledged``, although it is there.
        """
        moments: list[Moment] = []
        acknowledged = self.raw(files) if acknowledged is None else acknowledged

        def keep(operation: str, path: Path) -> None:
            name = f"{operation} {path.relative_to(self.home) if path.is_relative_to(self.home) else path}"
            moments.append(Moment(len(moments), name, files.copy(), acknowledged, self._read_index()))

        def note(*_: object) -> None:
            nonlocal acknowledged
            acknowledged = self.raw(files)

        files.watch = keep
        used = through(files) if through else files
        try:
            with suppress(*([ZoneError] if through else [])):
                with self.opening(self.home, used, self.with_index) as zone:
                    (work or self.work).run(zone, note)
                note()
        finally:
            files.watch = None
        moments.append(Moment(len(moments), "the end", files.copy(), acknowledged, self._read_index()))
        return moments

    def interrupted_recoveries(self, moments: Iterable[Moment], recovery: Work) -> Iterator[list[Moment]]:
        """The moments of the recovery after each of these: one after a kill, one after each loss of power."""
        for moment in moments:
            for loss in (None, *losses(moment.number, 2)):
                files = moment.files.after_power_loss(loss) if loss else moment.files.copy()
                self._restore_index(moment.index)
                how = f"{moment}, {loss.name if loss else 'killed'}"
                yield [
                    replace(inner, operation=f"{inner.operation}, recovering from a crash {how}")
                    for inner in self.record(files, work=recovery, acknowledged=moment.acknowledged)
                ]

    # --- crashing --------------------------------------------------------------------------------

    def interrupt(
        self,
        moments: Sequence[Moment],
        *,
        seed: int = 0,
        random_ones: int = 3,
        every_way: bool = False,
        each_alone: bool = False,
        until_broken: bool = False,
    ) -> None:
        """Crash at each moment, and check what is left before recovery, after it and after more work.

        ``every_way`` tries a kill and every loss at each moment, else the ways take turns, two at a moment;
        ``each_alone`` also every loss of a single change.
        """
        for moment in moments:
            ways = [None, *losses(seed + moment.number, random_ones)]
            chosen = ways if every_way else two_in_turn(ways, moment.number)
            if each_alone:
                chosen += losses_of_one(moment.files.changes_at_risk())
            for loss in chosen:
                if until_broken and self.violations:
                    return
                if loss is None:
                    self._after_kill(moment)
                else:
                    self._after_power_loss(moment, loss)

    def _after_power_loss(self, moment: Moment, loss: Loss) -> None:
        self.tried += 1
        label = f"{moment}, {loss.name}"
        oracle = Oracle()
        oracle.acknowledge(moment.acknowledged)
        files = moment.files.after_power_loss(loss)
        if self._has_met(moment, files):
            return
        self._restore_index(moment.index)
        self._ask(oracle, files, label, recovered=False)
        self._come_back(oracle, files, label, straight_on=moment.number % 2 == 1)

    def _after_kill(self, moment: Moment) -> None:
        """The next process builds on what the killed one left; then the power goes and takes all it can."""
        self.tried += 1
        label = f"{moment}, killed"
        oracle = Oracle()
        oracle.acknowledge(moment.acknowledged)
        files = moment.files.copy()
        if self._has_met(moment, files):
            return
        self._restore_index(moment.index)
        self._ask(oracle, files, label, recovered=False)
        self._come_back(oracle, files, label, straight_on=moment.number % 2 == 1)
        oracle.acknowledge(self.raw(files))  # it reported every file as dealt with
        for loss in losses(moment.number, 1):
            self._ask(
                oracle, files.after_power_loss(loss), f"{label}, gone on, then {loss.name}", recovered=False
            )

    def _has_met(self, moment: Moment, files: SimulatedFiles) -> bool:
        """Whether an earlier crash left the very same: nothing after it would be different."""
        same = (
            files.state(),
            frozenset(moment.acknowledged.items()),
            frozenset(moment.index.items()),
            moment.number % 2,  # how the command comes back
        )
        met = same in self._met
        self._met.add(same)
        return met

    @property
    def crashes(self) -> str:
        """What was tried, for the end of a test run."""
        return f"{self.tried} crashes that left {len(self._met)} different disks"

    def _come_back(self, oracle: Oracle, files: SimulatedFiles, label: str, *, straight_on: bool) -> None:
        """The command is run again, ``straight_on`` without being told that there is something to recover."""
        try:
            if not straight_on:
                with self.opening(self.home, files, self.with_index) as zone:
                    zone.recover()
                self._ask(oracle, files, f"{label}, recovered")
                oracle.acknowledge(self.raw(files))
            with self.opening(self.home, files, self.with_index) as zone:
                self.work.run(zone, lambda *_: None)
                promote_all(zone).raise_for_environment()
                states = look(zone).states()
            self._ask(oracle, files, f"{label}, run again")
            once = (self.raw(files), self.quarantine(files))
            with self.opening(self.home, files, self.with_index) as zone:
                again = self.work.run(zone, lambda *_: None)
        except Exception as error:  # noqa: BLE001  whatever goes wrong is a violation, and the campaign goes on
            self.violations.append(f"{label}: {type(error).__name__}: {error}")
            return
        if again or (self.raw(files), self.quarantine(files)) != once:
            self.violations.append(f"{label}: I7: running it again changed the zone")
        landing = read_landing(self.home / "landing")
        problems = check_states(states, landing, receipts_of(self.raw(files)))
        problems += [f"I6: {path} still waits" for path, state in states.items() if state == "waiting"]
        problems += ["I4: landing was changed"] if landing != self._landing else []
        self.violations += [f"{label}: {problem}" for problem in problems]

    def _ask(self, oracle: Oracle, files: SimulatedFiles, label: str, *, recovered: bool = True) -> None:
        problems = oracle.check(self.raw(files), self.quarantine(files), recovered=recovered)
        self.violations += [f"{label}: {problem}" for problem in problems]

    def raw(self, files: SimulatedFiles) -> Tree:
        return files.tree(self.home / "raw")

    def quarantine(self, files: SimulatedFiles) -> Tree:
        return files.tree(self.home / "quarantine")

    # --- the index, which lies outside the simulated disk ----------------------------------------

    def _read_index(self) -> dict[str, bytes]:
        folder = self.home / "state"
        return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}

    def _restore_index(self, index: dict[str, bytes]) -> None:
        folder = self.home / "state"
        shutil.rmtree(folder, ignore_errors=True)
        if index:
            folder.mkdir()
            for name, data in index.items():
                (folder / name).write_bytes(data)
