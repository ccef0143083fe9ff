"""The bench for promotions with writers: a landing large enough that they start, strikes, and what must hold.

After each strike a promotion that nobody disturbs must come to exactly what the undisturbed one came to:
objects, quarantine and receipts.
"""

from __future__ import annotations

import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets_tests.zone import struck_promotion
from rawzone_assets_tests.zone.invariants import (
    Oracle,
    Tree,
    check_states,
    read_landing,
    read_tree,
    receipts_of,
)
from rawzone_assets_tests.zone.strikes import MARKED, WRITING
from rawzone_assets_tests.zone.tiny_platform import LandingFolder, look, open_zone, promote_all
from rawzone_assets_tests.zone.tokens import Tokens

PATIENCE = 240  # seconds; whoever takes longer is taken not to end
SENTENCE = re.compile(r"[A-Z][^\n]+\.")

_REASONS = {
    "kill": "ended early",
    "tear": "ended early",
    "occupy": "file exists",
    "EDQUOT": "quota",
    "EIO": "input/output error",
    "EMFILE": "too many files are open",
    "ENOSPC": "the disk is full",
}

FIRST = {"tiny/note_20240101.txt": b"promoted long before\n"}


def many(chance: random.Random) -> dict[str, bytes]:
    """Good, refused and repeated deliveries of two feeds, and a stranger."""

    def some(begin: bytes = b"") -> bytes:
        return begin + chance.randbytes(chance.randint(100, 2_000))

    landed = {}
    for number in range(220):
        name = f"tiny/note_20240522_{number // 60:02}{number % 60:02}00.txt"
        kind = number % 11
        landed[name] = chance.choice([*landed.values()]) if kind == 7 else some(b"bad" if kind == 5 else b"")
    for number in range(40):
        landed[f"tiny/sum_20240523_00{number:02}00.csv"] = some(b"bad" if number % 9 == 4 else b"")
    return {**landed, "tiny/stranger.txt": some()}


@dataclass(frozen=True)
class Zone:
    """What a zone holds, but for its ledger's cut into commits."""

    raw: Tree
    quarantine: Tree
    receipts: list[dict[str, Any]]

    @classmethod
    def at(cls, home: Path) -> Zone:
        raw, quarantine = trees(home)
        objects = {path: e for path, e in raw.items() if not path.startswith(("_ledger/", "_staging"))}
        refusals = {path: e for path, e in quarantine.items() if not path.startswith("_staging")}
        # A disk that is mounted anew has another number.
        receipts = [{**r, "landed": {**r["landed"], "device": None}} for r in receipts_of(raw)]
        return cls(objects, refusals, receipts)

    def differences(self, other: Zone) -> Iterator[str]:
        for name in ("raw", "quarantine"):
            ours, others = getattr(self, name), getattr(other, name)
            yield from (f"{name}/{path} is not as undisturbed" for path in _unequal(ours, others))
        if self.receipts != other.receipts:
            yield f"{len(self.receipts)} receipts are not the {len(other.receipts)} of undisturbed promotion"

    def differences_but_for_order(self, other: Zone) -> Iterator[str]:
        """Which of several equal deliveries comes first decides which is stored, and as whose duplicate."""
        if self._dealt_with() != other._dealt_with():
            yield "what was dealt with is not what undisturbed promotion deals with"

    def _dealt_with(self) -> tuple[Counter[tuple[str, ...]], int]:
        kept = (Verdict.PROMOTED, Verdict.DUPLICATE)
        dealt = [
            (r["landing_path"], r["sha256"], "kept" if r["verdict"] in kept else r["verdict"])
            for r in self.receipts
        ]
        return Counter(dealt), len(self.raw)


def _unequal(one: Tree, other: Tree) -> list[str]:
    return sorted(path for path in {*one, *other} if one.get(path) != other.get(path))


def trees(home: Path) -> tuple[Tree, Tree]:
    return read_tree(home / "raw"), read_tree(home / "quarantine")


def said_wrongly(exit_code: int, told: list[dict[str, Any]]) -> list[str]:
    """What a user was shown that is no sentence of its own, and an end that is none."""
    problems = [f"its user saw {line['raised']}" for line in told if "raised" in line]
    said = [line["said"] for line in told if "said" in line]
    problems += [f"it said {sentence}" for sentence in said if not SENTENCE.fullmatch(sentence)]
    known = (struck_promotion.FINE, struck_promotion.FAILED, -signal.SIGKILL)
    return problems + ([] if exit_code in known else [f"it ended with {exit_code}"])


def remaining(processes: list[int]) -> list[int]:
    """Those of these processes that do not end."""
    left = []
    for process in processes:
        try:
            descriptor = os.pidfd_open(process)
        except ProcessLookupError:
            continue
        ended, _, _ = select.select([descriptor], [], [], PATIENCE)
        os.close(descriptor)
        left += [] if ended else [process]
    return left


@dataclass
class Bench:
    """One landing, and a zone that is begun again for each strike."""

    home: Path
    work: Path  # a folder for what is no part of the home
    seed: int = 7
    tried: int = 0
    with_writers: int = 0
    unstruck: int = 0
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.told = self.work / "told"
        self.tokens = Tokens(self.work / "tokens")
        command = [sys.executable, "-m", struck_promotion.__name__]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        landing = LandingFolder(self.home)
        landing.put_all(FIRST)
        with open_zone(self.home) as zone:
            promote_all(zone).raise_for_environment()
        landing.put_all(many(random.Random(self.seed)))
        self.landing = read_landing(landing.root)
        shutil.copytree(self.home, self.work / "start", symlinks=True)
        self.calls = self._calm()

    def close(self) -> None:
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()
        self.tokens.close()

    def _calm(self) -> Counter[tuple[str, str]]:
        """Promote by one thread, which is what counts, then by writers; how often these made each call."""
        with open_zone(self.home) as zone:
            promote_all(zone).raise_for_environment()
        self.reference = Zone.at(self.home)
        count = self.work / "count"
        self.begin_again()
        assert self.promote(count=str(count)) == [struck_promotion.FINE]
        assert self.writers(), "no writer was started"
        assert self.differences() == []
        lines = map(json.loads, count.read_text().splitlines())
        return Counter((line["role"], line["call"]) for line in lines)

    def begin_again(self) -> None:
        self.oracle = Oracle()
        for name in ("raw", "quarantine", "state"):
            shutil.rmtree(self.home / name, ignore_errors=True)
            start = self.work / "start" / name
            if start.is_dir():
                shutil.copytree(start, self.home / name)

    # --- promoting -------------------------------------------------------------------------------

    def order(self, **more: Any) -> dict[str, Any]:
        orders = {"home": self.home, "told": self.told, "tokens": self.tokens.path}
        return {"calls": [], "object": self._object(), **{k: str(v) for k, v in orders.items()}, **more}

    def _object(self) -> str:
        return str(next(path for path in (self.home / "raw/tiny").rglob("*.gz") if "20240101" in path.name))

    def begin(self, **order: Any) -> None:
        """Let processes promote."""
        self.told.write_bytes(b"")
        self._server.stdin.write(json.dumps(self.order(**order)) + "\n")
        self._server.stdin.flush()

    def ended(self) -> list[int]:
        """How they ended; one that does not is killed, which is a violation."""
        if not self.has_ended(within=PATIENCE):
            self.violations.append(f"it does not end: {self.lines()}")
            for process in self.noted("promoting"):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        return json.loads(self._server.stdout.readline())

    def has_ended(self, *, within: float = 0) -> bool:
        return bool(select.select([self._server.stdout], [], [], within)[0])

    def promote(self, **order: Any) -> list[int]:
        """How each of the processes ended that the order is for."""
        self.begin(**order)
        return self.ended()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.told.read_text().splitlines()]

    def noted(self, name: str) -> list[Any]:
        return [line[name] for line in self.lines() if name in line]

    def writers(self) -> list[int]:
        return self.noted("writer")

    # --- striking --------------------------------------------------------------------------------

    def strike(self, call: str, how: str, nth: int, **order: Any) -> None:
        """Strike the n-th of these calls, then hold what is left to all that must be."""
        self.strike_each({"call": call, "how": how, "nth": nth, **order})

    def strike_each(self, *strikes: dict[str, Any]) -> None:
        """Strike one promotion after the other before one is left in peace."""
        self.begin_again()
        problems = [problem for strike in strikes for problem in self._struck(**strike)]
        self.violations += [f"{strikes}: {problem}" for problem in problems + self.after()]

    def _struck(self, call: str, how: str, nth: int, **order: Any) -> Iterator[str]:
        self.tokens.lay(nth)
        ended = self.promote(calls=[call], how=how, **order)
        said, is_struck = self.noted("said"), MARKED not in self.tokens.left()
        self.unstruck += not is_struck
        yield from self.objections(ended)
        if not is_struck and {*ended} != {struck_promotion.FINE}:
            yield f"it failed before: {said}"
        # Whoever is told to write and cannot is heard of: else nobody knows what is durable.
        if is_struck and order["role"] == WRITING and not any(_REASONS[how] in one for one in said):
            yield f"nobody heard of it: {said}"

    def objections(self, ended: list[int]) -> list[str]:
        """To how promotions ended, and to what they left."""
        self.tried += 1
        self.with_writers += bool(self.writers())
        problems = [problem for code in ended for problem in said_wrongly(code, self.lines())]
        problems += [f"the writer {process} remains" for process in remaining(self.writers())]
        problems += self.oracle.check(*trees(self.home), recovered=False)
        self.oracle.acknowledge(trees(self.home)[0])
        return problems

    def after(self, *, in_order: bool = True) -> list[str]:
        """Objections to what the next promotion makes of it."""
        problems = []
        try:
            if self.tried % 2:  # by one thread, which takes less time
                with open_zone(self.home) as zone:
                    promote_all(zone).raise_for_environment()
            elif self.promote() != [struck_promotion.FINE]:
                problems.append(f"the next promotion ended so: {self.lines()}")
        except ZoneError as error:
            problems.append(f"the next promotion said {error}")
        problems += self.oracle.check(*trees(self.home))
        return problems + self.differences(in_order=in_order)

    def differences(self, home: Path | None = None, *, in_order: bool = True) -> list[str]:
        """From what undisturbed promotion leaves, here or in a copy of this home."""
        home = home or self.home
        found = Zone.at(home)
        differences = found.differences if in_order else found.differences_but_for_order
        problems = list(differences(self.reference))
        with open_zone(home) as zone:
            states = look(zone).states()
            problems += [f"scrub names {damage}" for damage in scrub(zone).damages]
        problems += check_states(states, self.landing, found.receipts)
        problems += [f"I6: {path} still waits" for path, state in states.items() if state == "waiting"]
        problems += ["I4: landing was changed"] if read_landing(home / "landing") != self.landing else []
        for root in ("raw", "quarantine"):
            staged = home / root / "_staging"
            left = sorted({path.name for path in staged.iterdir()} - {"lock"}) if staged.exists() else []
            problems += [f"{root}/_staging/{name} is left" for name in left]
        return problems
