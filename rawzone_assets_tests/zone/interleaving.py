"""The race campaign: at every point of one command another process runs a whole command of its own.

Two real processes meet in a few of these orders; here they meet in all of them. With locks the other process
comes only where it could: while the zone's lock is free. Without, it comes everywhere, because the lock makes
racing cheap and not correct (ADR 3).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rawzone_assets.zone.errors import ZoneError
from rawzone_assets_tests.zone.faulty_files import Crash, CrashingFiles, UnlockedFiles
from rawzone_assets_tests.zone.invariants import Oracle, check_states, read_landing, receipts_of
from rawzone_assets_tests.zone.power_loss import Campaign, Opening, open_plain
from rawzone_assets_tests.zone.simulated_files import SimulatedFiles
from rawzone_assets_tests.zone.tiny_platform import LandingFolder, look, promote_all
from rawzone_assets_tests.zone.works import Work


@dataclass
class Races:
    """One command overtaken by another, at each of its steps in turn."""

    home: Path
    first: Work
    second: Work
    lands: Mapping[str, bytes] = field(default_factory=dict)  # what an extractor drops just before the second
    locked: bool = True
    dies: bool = False  # the second is killed on its way
    opening: Opening = open_plain
    tried: int = 0
    violations: list[str] = field(default_factory=list)
    _steps: int = 0

    def run(self, *, every: int = 1, until_broken: bool = False) -> None:
        campaign = Campaign(self.home, self.first)
        start = campaign.start()
        self._steps = len(campaign.record(start.copy()))
        for step in range(0, self._steps, every):
            if until_broken and self.violations:
                return
            self._overtake(start.copy(), step)
            self._take_away_what_landed()

    def _overtake(self, files: SimulatedFiles, step: int) -> None:
        layer = files if self.locked else UnlockedFiles(files)
        left, label = step, ""

        def watch(operation: str, path: Path) -> None:
            nonlocal left, label
            left -= 1
            if left >= 0 or (self.locked and files.is_locked(self.home / "raw/_staging/lock")):
                return  # the other process waits until the lock is free
            label = f"overtaken before {operation} {path}"
            files.watch = None
            LandingFolder(self.home).put_all(self.lands)
            life = CrashingFiles(layer, last=self._lifetime(step)) if self.dies else layer
            with self._tolerance(), self.opening(self.home, life, False) as other, suppress(Crash):
                self.second.run(other, lambda *_: None)
            oracle.acknowledge(self._trees(files)[0])

        files.watch = watch
        oracle = Oracle()
        try:
            with self._tolerance(), self.opening(self.home, layer, False) as zone:
                self.first.run(zone, lambda *_: None)
        except Exception as error:  # noqa: BLE001  whatever goes wrong is a violation, and the campaign goes on
            self.violations.append(f"step {step}, {label}: {type(error).__name__}: {error}")
            return
        finally:
            files.watch = None
        if not label:
            return  # the command ended before the lock was free
        self.tried += 1
        problems = oracle.check(*self._trees(files), recovered=False)
        problems += self._settle(files, oracle)
        self.violations += [f"step {step}, {label}: {problem}" for problem in problems]

    def _lifetime(self, step: int) -> int:
        """How many changes the second makes: each number has its turn, the late ones more often."""
        return self._steps - 1 - random.Random(step).randrange(self._steps * 2 // 3)

    def _take_away_what_landed(self) -> None:
        landing = LandingFolder(self.home)
        for path in self.lands:
            (landing.root / path).unlink(missing_ok=True)
        for landed in (*self.first.before, self.first.landed):
            landing.put_all({path: data for path, data in landed.items() if path in self.lands})

    def _settle(self, files: SimulatedFiles, oracle: Oracle) -> list[str]:
        oracle.acknowledge(self._trees(files)[0])
        with self.opening(self.home, files, False) as zone:
            self.first.run(zone, lambda *_: None)
            self.second.run(zone, lambda *_: None)
            promote_all(zone).raise_for_environment()
            states = look(zone).states()
        raw, quarantine = self._trees(files)
        landing = read_landing(self.home / "landing")
        problems = oracle.check(raw, quarantine)
        problems += check_states(states, landing, receipts_of(raw))
        problems += [f"I6: {path} still waits" for path, state in states.items() if state == "waiting"]
        return problems

    def _tolerance(self) -> suppress | nullcontext[None]:
        """Without a lock a command may end with a sentence, but it must not do damage."""
        return nullcontext() if self.locked else suppress(ZoneError)

    def _trees(self, files: SimulatedFiles) -> tuple[Mapping, Mapping]:
        return files.tree(self.home / "raw"), files.tree(self.home / "quarantine")
