"""Goals: what this project wants to be as fast as, each with its bar, its aim, and how that is measured here.

A goal is a ratio to what was measured beside it in the same turns, or a count, or a size. ``must`` is the bar
that no change may break unnoticed, ``daring`` the aim. They were set before most of this was built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median

from benchmarks import pairing
from benchmarks.corpora import Corpus
from benchmarks.pairing import Run, Tell
from benchmarks.sides import is_installed

MIB = " MiB"
_PART = 0.2  # below it a ratio is told as a part of one
_WHOLE = 100  # from it on a figure has no fraction


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A goal and what was measured of it, turn by turn. Less is better, always."""

    what: str
    must: float | None = None
    daring: float | None = None
    unit: str = ""
    values: Sequence[float]

    @property
    def told(self) -> str:
        """Which of the two the median keeps."""
        value = median(self.values)
        if self.daring is not None and value <= self.daring:
            return "daring"
        if self.must is None:
            return ""
        return "met" if value <= self.must else "**missed**"


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where goals are measured, and how often."""

    corpus: Callable[[str], Corpus]  # by its size
    ledgers: Path  # that are made once and kept
    place: Path  # of what sides make
    turns: int
    tell: Tell
    days: int = 365  # of a history that Dagster is told
    landed: int = 100_000  # files that the sensor looks at
    starts: int = 3  # of each process that is only started, a turn

    def promoted(self, size: str, *sides: str, turns: int = 0) -> list[Run]:
        """The runs of those sides that are installed."""
        here = [side for side in sides if is_installed(side)]
        folder = self.place / f"promote-{size}-{sides[-1]}"
        return pairing.promotions(
            self.corpus(size), here, turns=turns or self.turns, folder=folder, tell=self.tell
        )

    def repeated(self, what: str, *sides: str) -> list[Run]:
        """The same once more, on M."""
        here = [side for side in sides if is_installed(side)]
        folder = self.place / what
        return pairing.repeats(what, self.corpus("M"), here, turns=self.turns, folder=folder, tell=self.tell)


Groups = Mapping[str, Callable[[Bench], Iterator[Seen]]]

_SIDES = ("large", "tiny", "naive", "again", "touched", "verify", "start", "days")
_PARTS = ("one-delivery", "rows", "one-run", "look", "reading", "growth")
_MODULES = {
    **dict.fromkeys(_SIDES, "benchmarks.goals_of_sides"),
    **dict.fromkeys(_PARTS, "benchmarks.goals_of_parts"),
}
GROUPS = tuple(_MODULES)
"""Goals that are measured together. What measures them is imported when their turn comes, because the system
counts what this process holds to the memory of each that it starts.
"""


def measured(bench: Bench, groups: Iterable[str]) -> Iterator[Seen]:
    """What was seen of the goals of some groups; of those whose peer is not installed, nothing."""
    for group in groups:
        known: Groups = import_module(_MODULES[group]).GROUPS
        yield from (seen for seen in known[group](bench) if seen.values)


def table(found: Iterable[Seen]) -> Iterator[str]:
    """A row for each goal: the median, and the least and most of all turns."""
    yield "| goal | must | daring | seen | |"
    yield "|---|---|---|---|---|"
    for seen in found:
        bars = (
            f"{_figure(bar, seen.unit)}{seen.unit}" if bar is not None else ""
            for bar in (seen.must, seen.daring)
        )
        yield f"| {seen.what} | {' | '.join(bars)} | {_spread(seen)} | {seen.told} |"


def _spread(seen: Seen) -> str:
    value, least, most = (_figure(take(seen.values), seen.unit) for take in (median, min, max))
    return f"{value}{seen.unit}" if least == most else f"{value} [{least} to {most}]{seen.unit}"


def _figure(value: float, unit: str) -> str:
    """Small ratios as parts of one: a tenth is 1/10."""
    if unit:
        return f"{value:,.0f}" if value >= _WHOLE else f"{value:.3g}"
    return f"1/{1 / value:.3g}" if value < _PART else f"{value:.2f}"
