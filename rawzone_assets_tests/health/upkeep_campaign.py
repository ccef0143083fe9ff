"""Crashes and faults of repair and scrub: what differs from other commands is that the zone is damaged before.

So the oracle is asked only when the repair was run again. Before that, at every moment: whatever was sound is
sound, and the damaged bytes lie somewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from pathlib import Path

from rawzone_assets.health.repair import repair
from rawzone_assets.health.rolling import scrub_rolling
from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.faulty_files import FaultyFiles
from rawzone_assets_tests.zone.invariants import Oracle
from rawzone_assets_tests.zone.power_loss import everything_survives, losses
from rawzone_assets_tests.zone.simulated_files import SimulatedFiles
from rawzone_assets_tests.zone.tiny_platform import LandingFolder, open_zone, promote_all
from rawzone_assets_tests.zone.works import FIRST

Run = Callable[[Zone], object]
_SENTENCE = re.compile(r"[A-Z][^\n]+\.")


def run_repair(zone: Zone) -> object:
    return repair(zone, run_id="repair").repaired


def run_scrub(zone: Zone) -> object:
    scrub_rolling(zone, run_id="scrub", budget=3600, window=30, most_files=2)
    return None


@dataclass
class UpkeepCampaign:
    """A small zone with damage in every kind of file, and a command that is interrupted on it."""

    home: Path
    run: Run
    tried: int = 0
    violations: list[str] = field(default_factory=list)
    _met: set[Hashable] = field(default_factory=set)

    @property
    def crashes(self) -> str:
        """What was tried, for the end of a test run."""
        return f"{self.tried} crashes that left {len(self._met)} different disks"

    def __post_init__(self) -> None:
        LandingFolder(self.home).put_all(FIRST)
        files = SimulatedFiles(self.home)
        with self.open(files) as zone:
            promote_all(zone)
        self.start = files.after_power_loss(everything_survives())
        self.sound: dict[str, bytes] = {}
        self.damaged: dict[str, bytes] = {}
        for place, entry in self.files_of(self.start).items():
            if "_ledger" in place or "_staging" in place:
                continue
            if len(self.sound) < len(self.damaged):
                self.sound[place] = entry
            elif len(self.damaged) == 2:  # one is gone, the others are altered
                self.start.remove(self.home / place)
                self.damaged[place] = b""
            else:
                self.damaged[place] = entry[:-1] + bytes([entry[-1] ^ 1])
                self._alter(place)
        self.start = self.start.after_power_loss(everything_survives())

    def _alter(self, place: str) -> None:
        number = self.start._number(self.home / place)
        node = self.start._nodes[number]
        self.start._nodes[number] = replace(node, data=node.data[:-1] + bytes([node.data[-1] ^ 1]))

    def open(self, files: object) -> Zone:
        return open_zone(self.home, files=files, with_index=False)

    def files_of(self, files: SimulatedFiles) -> dict[str, bytes]:
        trees = {root: files.tree(self.home / root) for root in ("raw", "quarantine")}
        return {
            f"{root}/{path}": entry.data
            for root, tree in trees.items()
            for path, entry in sorted(tree.items())
            if entry.kind == "file"
        }

    # --- crashes ---------------------------------------------------------------------------------

    def moments(self) -> list[tuple[str, SimulatedFiles]]:
        files, moments = self.start.copy(), []
        files.watch = lambda operation, path: moments.append((f"{operation} {path.name}", files.copy()))
        with self.open(files) as zone:
            self.run(zone)
        files.watch = None
        return [*moments, ("the end", files)]

    def interrupt(self, *, every: int = 1, random_ones: int = 2, until_broken: bool = False) -> int:
        """Crash at each moment in every way, then run the command again; how many moments there are."""
        moments = self.moments()
        for number, (operation, files) in list(enumerate(moments))[::every]:
            for loss in (None, *losses(number, random_ones)):
                if until_broken and self.violations:
                    break
                self.tried += 1
                left = files.after_power_loss(loss) if loss else files.copy()
                if (same := left.state()) in self._met:
                    continue  # an earlier crash left the very same
                self._met.add(same)
                self.check(left, f"step {number} ({operation}), {loss.name if loss else 'killed'}")
        return len(moments)

    def fail_each(self, code: int, *, every: int = 1) -> None:
        """Let each call, or every so many, fail once, then run the command again."""
        files = FaultyFiles(self.start.copy())
        with self.open(files) as zone:
            self.run(zone)
        for failing in range(0, len(files.calls), every):
            self.tried += 1
            disk = self.start.copy()
            faulty = FaultyFiles(disk, failing=failing, code=code)
            label = f"call {failing} {files.calls[failing][0]} failing"
            try:
                with self.open(faulty) as zone:
                    self.run(zone)
            except ZoneError as error:
                if not _SENTENCE.fullmatch(str(error)):
                    self.violations.append(f"{label}: it said {error}")
            except Exception as error:  # noqa: BLE001  anything else would reach the user as a traceback
                self.violations.append(f"{label}: {type(error).__name__}: {error}")
            self.check(disk, label)

    def check(self, files: SimulatedFiles, label: str) -> None:
        self.violations += [f"{label}, at once: {problem}" for problem in self.lost(files)]
        try:
            with self.open(files) as zone:
                self.run(zone)
            self.violations += [f"{label}, run again: {problem}" for problem in self.lost(files)]
            with self.open(files) as zone:
                repair(zone, run_id="last")
                report = scrub(zone)
            before = self.files_of(files)
            with self.open(files) as zone:
                repair(zone, run_id="once more")
        except Exception as error:  # noqa: BLE001  whatever goes wrong is a violation, and the campaign goes on
            self.violations.append(f"{label}: {type(error).__name__}: {error}")
            return
        if self.files_of(files) != before:
            self.violations.append(f"{label}: repairing a sound zone changed it")
        trees = (files.tree(self.home / "raw"), files.tree(self.home / "quarantine"))
        problems = [*Oracle().check(*trees), *self.lost(files)]
        problems += [f"{damage.path}: {damage.problem}" for damage in (*report.damages, *report.weaknesses)]
        told = {r["place"] for r in _records(trees[0]) if r["record"] == "repaired"}
        problems += [f"no record of the repair of {place}" for place in self.damaged.keys() - told]
        self.violations += [f"{label}, repaired: {problem}" for problem in problems]

    def lost(self, files: SimulatedFiles) -> list[str]:
        """Sound files that are not as they were, and damaged bytes that are nowhere any more."""
        there = self.files_of(files)
        problems = [f"{place} was touched" for place, data in self.sound.items() if there.get(place) != data]
        kept = set(there.values())
        gone = [place for place, data in self.damaged.items() if data and data not in kept]
        return [*problems, *(f"the damaged bytes of {place} are gone" for place in gone)]


def _records(raw: object) -> list[dict]:
    commits = sorted(path for path in raw if path.startswith("_ledger/"))
    return [json.loads(line) for path in commits for line in raw[path].data.splitlines()[1:]]
