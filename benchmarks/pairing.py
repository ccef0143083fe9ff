"""Pairing: sides measured in turns, A B A B, and compared turn by turn.

A machine drifts: what ran in the same turn was measured on the same machine. No run's output is deleted before
the last run ended, because ext4 steps over inodes freed in the last minutes one by one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.agreement import disagreements
from benchmarks.corpora import Corpus
from benchmarks.measuring import Command, Measured, bytes_below, run, syncs
from benchmarks.reports import spread
from benchmarks.sides import SIDES, Side

Tell = Callable[[str], None]


class Disagreement(Exception):
    """A side came to other verdicts than its corpus expects, so its time tells nothing."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One side's run in one turn."""

    side: str
    turn: int
    measured: Measured
    stored: int  # bytes


def promotions(corpus: Corpus, names: Sequence[str], *, turns: int, folder: Path, tell: Tell) -> list[Run]:
    """Each side promotes the corpus into a new place, ``turns`` times.

    Raises:
        Disagreement: A side that judges came to other verdicts than expected.
        CommandFailed: A side failed.
    """
    return list(_promotions(corpus, names, turns, folder, tell))


def _promotions(corpus: Corpus, names: Sequence[str], turns: int, folder: Path, tell: Tell) -> Iterator[Run]:
    for turn in range(turns):
        for name in names:
            side, place = SIDES[name], folder / f"{turn}-{name}"
            measured = _promoted(corpus, name, side, place)
            stored = bytes_below(place / side.stored)
            yield _told(Run(side=name, turn=turn, measured=measured, stored=stored), tell)


def _promoted(corpus: Corpus, name: str, side: Side, place: Path) -> Measured:
    prepare(side, corpus, place)
    measured = run(side.promote(corpus.landing, place), place / "log")
    if side.verdicts:
        wrong = disagreements(corpus, side.verdicts(corpus.landing, place))
        if wrong:
            raise Disagreement(f"{name} disagrees about {len(wrong)} files, first {wrong[0]}")
    return measured


def prepare(side: Side, corpus: Corpus, place: Path) -> None:
    """What a side needs before it can start."""
    place.mkdir(parents=True)
    for command in side.prepare(corpus.landing, place):
        run(command, place / "log")


def repeats(
    what: str, corpus: Corpus, names: Sequence[str], *, turns: int, folder: Path, tell: Tell
) -> list[Run]:
    """Each side verifies what it promoted before, or promotes again with nothing new, ``turns`` times.

    Before each promotion of ``touched`` files all of them get another time, so that they are read once more.
    """
    commands: dict[str, Command] = {}
    for name in names:
        side, place = SIDES[name], folder / name
        make = {"verify": side.verify, "again": side.again, "touched": side.touched}[what]
        if make is None:
            raise ValueError(f"{name} has no way to {what}")
        _promoted(corpus, name, side, place)
        commands[name] = make(corpus.landing, place)
        run(commands[name], place / "log")  # to warm up
    runs = []
    for turn in range(turns):
        for name, command in commands.items():
            if what == "touched":
                _touch(corpus)
            measured = run(command, folder / name / "log")
            runs.append(_told(Run(side=name, turn=turn, measured=measured, stored=0), tell))
    return runs


def _touch(corpus: Corpus) -> None:
    for file in corpus.files:
        os.utime(corpus.landing / file.path)


def sync_counts(corpus: Corpus, names: Sequence[str], *, folder: Path) -> dict[str, dict[str, int]]:
    """How often each side syncs while it promotes the corpus."""
    counts = {}
    for name in names:
        side, place = SIDES[name], folder / f"syncs-{name}"
        prepare(side, corpus, place)
        counts[name] = syncs(side.promote(corpus.landing, place), place / "log")
    return counts


def _told(done: Run, tell: Tell) -> Run:
    measured = done.measured
    tell(
        f"turn {done.turn} {done.side:<10} {measured.wall:7.2f} s wall {measured.cpu:7.2f} s CPU "
        f"{measured.peak:5.0f} MiB, others {measured.foreign:.2f} cores"
    )
    return done


def summary(runs: Sequence[Run], baseline: str) -> dict[str, dict[str, Any]]:
    """For each side its medians, and how it compares with the baseline, turn by turn."""
    sides = dict.fromkeys(run.side for run in runs)
    base = {run.turn: run.measured for run in runs if run.side == baseline}
    return {name: _summary_of([run for run in runs if run.side == name], base) for name in sides}


def _summary_of(runs: Sequence[Run], base: Mapping[int, Measured]) -> dict[str, Any]:
    figures: dict[str, Any] = {
        what: median(getattr(run.measured, what) for run in runs) for what in ("wall", "cpu", "peak", "foreign")
    }
    figures["turns"] = len(runs)
    figures["stored"] = median(run.stored for run in runs)
    for what in ("wall", "cpu"):
        found = _ratios(runs, base, what)
        if found:
            figures[f"{what}_ratio"] = spread(found)
    return figures


def ratios(runs: Sequence[Run], side: str, baseline: str, what: str = "wall") -> list[float]:
    """How a side compares with another, turn by turn; ``what`` is a figure of :class:`Measured`."""
    base = {run.turn: run.measured for run in runs if run.side == baseline}
    return _ratios([run for run in runs if run.side == side], base, what)


def _ratios(runs: Sequence[Run], base: Mapping[int, Measured], what: str) -> list[float]:
    return [getattr(run.measured, what) / getattr(base[run.turn], what) for run in runs if run.turn in base]


def records(runs: Sequence[Run]) -> list[dict[str, Any]]:
    return [{"side": run.side, "turn": run.turn, "stored": run.stored, **asdict(run.measured)} for run in runs]
