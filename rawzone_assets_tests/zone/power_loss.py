"""The crash campaign: every point at which a promotion can be interrupted, and what must hold afterwards.

``record`` runs a promotion on a simulated disk and keeps the disk as it was before each change; ``interrupt``
then crashes each of them in several ways, recovers, promotes, and asks the oracle.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rawzone_assets.zone.files import Files
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.invariants import Oracle, Tree, check_states, read_landing, receipts_of
from rawzone_assets_tests.zone.simulated_files import Loss, SimulatedFiles
from rawzone_assets_tests.zone.tiny_platform import NOW, look, promote_all, settings_for

Opening = Callable[[Path, Files, bool], Zone]


def open_plain(home: Path, files: Files, with_index: bool) -> Zone:  # noqa: FBT001
    return Zone(settings_for(home, with_index=with_index), files=files, clock=lambda: NOW)


def losses(seed: int, random_ones: int) -> Iterator[Loss]:
    """Ways to lose power: nothing unsynced survives, all of it does, or some of it."""
    yield Loss("all lost", lambda: False, lambda _: b"")
    yield Loss("all kept", lambda: True, lambda data: data)
    yield Loss("names kept, bytes zeroed", lambda: True, lambda data: bytes(len(data)))
    for number in range(random_ones):
        chance = random.Random(f"{seed}-{number}")
        yield Loss(
            f"subset {number}",
            lambda chance=chance: chance.random() < 0.5,
            lambda data, chance=chance: data[: chance.randint(0, len(data))],
        )


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
    opening: Opening = open_plain
    tried: int = 0
    violations: list[str] = field(default_factory=list)

    def files(self) -> SimulatedFiles:
        return SimulatedFiles(self.home)

    # --- recording -------------------------------------------------------------------------------

    def record(
        self, files: SimulatedFiles, *, with_index: bool = False, recovery_only: bool = False
    ) -> list[Moment]:
        """Promote on ``files`` and keep every moment of it; the last is that after everything."""
        moments: list[Moment] = []
        acknowledged = self.raw(files)

        def keep(operation: str, path: Path) -> None:
            name = f"{operation} {path.relative_to(self.home) if path.is_relative_to(self.home) else path}"
            moments.append(Moment(len(moments), name, files.copy(), acknowledged, self._read_index()))

        def note(*_: object) -> None:
            nonlocal acknowledged
            acknowledged = self.raw(files)

        files.watch = keep
        try:
            with self.opening(self.home, files, with_index) as zone:
                if recovery_only:
                    zone.recover()
                else:
                    promote_all(zone, progress=note)
        finally:
            files.watch = None
        acknowledged = self.raw(files)
        moments.append(Moment(len(moments), "the end", files.copy(), acknowledged, self._read_index()))
        return moments

    # --- crashing --------------------------------------------------------------------------------

    def interrupt(
        self,
        moments: Iterable[Moment],
        *,
        seed: int = 0,
        random_ones: int = 2,
        with_index: bool = False,
        every_way: bool = False,
        until_broken: bool = False,
    ) -> None:
        """Crash at each moment, and check what is left before recovery, after it and after more work.

        ``every_way`` tries a kill and every loss at each moment; else the ways take turns, two at a moment.
        """
        for moment in moments:
            ways = [None, *losses(seed + moment.number, random_ones)]
            turn = moment.number % len(ways)
            for loss in ways if every_way else (ways[turn], ways[turn - 2]):
                if until_broken and self.violations:
                    return
                if loss is None:
                    self._after_kill(moment, with_index=with_index)
                else:
                    self._after_power_loss(moment, loss, with_index=with_index)

    def _after_power_loss(self, moment: Moment, loss: Loss, *, with_index: bool) -> None:
        self.tried += 1
        label = f"{moment}, {loss.name}"
        oracle = Oracle()
        oracle.acknowledge(moment.acknowledged)
        files = moment.files.after_power_loss(loss)
        self._restore_index(moment.index if with_index else {})
        self._ask(oracle, files, label, recovered=False)
        self._come_back(oracle, files, label, with_index=with_index)

    def _after_kill(self, moment: Moment, *, with_index: bool) -> None:
        """The next process builds on what the killed one left; then the power goes and takes all it can."""
        self.tried += 1
        label = f"{moment}, killed"
        oracle = Oracle()
        oracle.acknowledge(moment.acknowledged)
        files = moment.files.copy()
        self._restore_index(moment.index if with_index else {})
        self._ask(oracle, files, label, recovered=False)
        self._come_back(oracle, files, label, with_index=with_index)
        oracle.acknowledge(self.raw(files))  # it reported every file as dealt with
        for loss in losses(moment.number, 1):
            self._ask(
                oracle, files.after_power_loss(loss), f"{label}, gone on, then {loss.name}", recovered=False
            )

    def _come_back(self, oracle: Oracle, files: SimulatedFiles, label: str, *, with_index: bool) -> None:
        try:
            with self.opening(self.home, files, with_index) as zone:
                zone.recover()
            self._ask(oracle, files, f"{label}, recovered")
            oracle.acknowledge(self.raw(files))
            with self.opening(self.home, files, with_index) as zone:
                promote_all(zone).raise_for_environment()
                states = look(zone).states()
            self._ask(oracle, files, f"{label}, promoted")
            once = (self.raw(files), self.quarantine(files))
            with self.opening(self.home, files, with_index) as zone:
                again = promote_all(zone)
        except Exception as error:  # noqa: BLE001  whatever goes wrong is a violation, and the campaign goes on
            self.violations.append(f"{label}: {type(error).__name__}: {error}")
            return
        if again.receipts or (self.raw(files), self.quarantine(files)) != once:
            self.violations.append(f"{label}: I7: promoting again changed the zone")
        landing = read_landing(self.home / "landing")
        problems = check_states(states, landing, receipts_of(self.raw(files)))
        problems += [f"I6: {path} still waits" for path, state in states.items() if state == "waiting"]
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
