"""The fault campaign: one call to the disk fails, and what the user is told and left with.

After the failure the oracle looks at the disk as it is, after a loss of power, and after the command was run
again; and once more after a loss of power then, because a sync that failed may have lost what is still read.
"""

from __future__ import annotations

import errno
import itertools
import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rawzone_assets.zone.errors import ZoneError
from rawzone_assets_tests.zone.faulty_files import Crash, FaultyFiles
from rawzone_assets_tests.zone.invariants import Oracle, Tree, check_states, read_landing, receipts_of
from rawzone_assets_tests.zone.power_loss import (
    Campaign,
    Opening,
    everything_survives,
    nothing_survives,
    open_plain,
)
from rawzone_assets_tests.zone.simulated_files import SimulatedFiles
from rawzone_assets_tests.zone.tiny_platform import look, promote_all
from rawzone_assets_tests.zone.works import Work

ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.EDQUOT)
_SENTENCE = re.compile(r"[A-Z][^\n]+\.")


@dataclass
class FaultBench:
    """A command on a simulated zone that is copied, broken and repaired for each fault."""

    home: Path
    work: Work
    opening: Opening = open_plain
    start: SimulatedFiles | None = None  # else the zone as the command finds it
    thorough: bool = False  # every loss of power after every fault, else they take turns
    tried: int = 0
    violations: list[str] = field(default_factory=list)
    _met: set[Hashable] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.start = self.start or Campaign(self.home, self.work).start()
        self.landing = read_landing(self.home / "landing")

    def calls(self) -> list[tuple[str, Path]]:
        """The calls that the undisturbed command makes."""
        files = FaultyFiles(self.start.copy())
        with self._open(files) as zone:
            self.work.run(zone, lambda *_: None)
        return files.calls

    def fail_each(
        self,
        codes: Iterable[int] = itertools.cycle(ERRORS),
        *,
        only: tuple[str, ...] = (),
        every: int = 1,
        until_broken: bool = False,
        **kind: bool,
    ) -> None:
        """Let each call of the command fail in turn, or each of the operations named in ``only``."""
        calls = self.calls()
        chosen = [number for number, (operation, _) in enumerate(calls) if not only or operation in only]
        for number, code in zip(chosen[::every], codes, strict=False):
            if until_broken and self.violations:
                return
            self.fail(failing=number, code=code, **kind)

    def fail(self, **fault: Any) -> None:
        self.tried += 1
        disk = self.start.copy()
        faulty = FaultyFiles(disk, **fault)
        oracle = Oracle()
        problems = self._disturbed(faulty, disk, oracle)
        problems += oracle.check(*self._trees(disk), recovered=False)
        if read_landing(self.home / "landing") != self.landing:
            problems.append("I4: landing was changed")
        losses = (None, nothing_survives(), everything_survives())
        for loss in losses if self.thorough else losses[:: 1 + self.tried % 2][:2]:
            left = disk.after_power_loss(loss) if loss else disk.copy()
            # An earlier fault left the very same: nothing after it would be different.
            same = (left.state(), oracle.state())
            if same in self._met:
                continue
            self._met.add(same)
            how = f"after power loss ({loss.name})" if loss else "run again"
            problems += [f"{how}: {problem}" for problem in self._repair(left, oracle.copy())]
        what = f"{faulty.failed} failing with {errno.errorcode[faulty.code]}"
        self.violations += [f"{what}: {problem}" for problem in problems]

    def _disturbed(self, faulty: FaultyFiles, disk: SimulatedFiles, oracle: Oracle) -> list[str]:
        """Run the command: one sentence or nothing is what its user may see."""

        def acknowledge(*_: object) -> None:
            oracle.acknowledge(disk.tree(self.home / "raw"))

        acknowledge()
        try:
            with self._open(faulty) as zone:
                self.work.run(zone, acknowledge)
            acknowledge()
        except ZoneError as error:
            return [] if _SENTENCE.fullmatch(str(error)) else [f"it said {error}"]
        except Crash:
            return []
        except Exception as error:  # noqa: BLE001  anything else would reach the user as a traceback
            return [f"it raised {type(error).__name__}: {error}"]
        return []

    def _repair(self, disk: SimulatedFiles, oracle: Oracle) -> list[str]:
        try:
            with self._open(disk) as zone:
                self.work.run(zone, lambda *_: None)
                promote_all(zone).raise_for_environment()
                states = look(zone).states()
            problems = oracle.check(*self._trees(disk))
            problems += check_states(states, self.landing, receipts_of(disk.tree(self.home / "raw")))
            problems += [f"I6: {path} still waits" for path, state in states.items() if state == "waiting"]
            before = self._trees(disk)
            oracle.acknowledge(before[0])
            with self._open(disk) as zone:
                if self.work.run(zone, lambda *_: None) or self._trees(disk) != before:
                    problems.append("I7: running it again changed the zone")
        except Exception as error:  # noqa: BLE001  whatever goes wrong is a violation, and the campaign goes on
            return [f"{type(error).__name__}: {error}"]
        lost = disk.after_power_loss(nothing_survives())
        problems += [
            f"and then all lost: {problem}" for problem in oracle.check(*self._trees(lost), recovered=False)
        ]
        return problems

    def _open(self, files: Any) -> Any:
        return self.opening(self.home, files, False)

    def _trees(self, files: SimulatedFiles) -> tuple[Tree, Tree]:
        return files.tree(self.home / "raw"), files.tree(self.home / "quarantine")
