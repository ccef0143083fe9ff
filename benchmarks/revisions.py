"""Revisions: what judging takes now and took in another revision of this repository, measured in turns.

Timed assertions fail on a busy machine and are no tests. That a change made judging dearer shows here: both
revisions judge the same corpus in the same call, each in a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from statistics import median

from benchmarks import judging, reports
from benchmarks.judging import Cost

_HERE = Path(__file__).parents[1]
ALL = "all"

_Turn = Mapping[str, Cost]


class RevisionFailed(Exception):
    """A revision could not be checked out or could not judge; the message holds the end of what was said."""


def measured(
    landing: Path, against: str | None, *, turns: int, repository: Path = _HERE
) -> tuple[list[_Turn], list[_Turn]]:
    """Turn by turn what judging took, with the sum under ``ALL``: now, and in the other revision if any.

    ``repository`` is where the other revision is from.

    Raises:
        RevisionFailed: The other revision is unknown, or its product is used in another way.
    """
    now: list[_Turn] = []
    before: list[_Turn] = []
    with _checked_out(against, repository) as other:
        for _ in range(turns):
            now.append(_with_sum(_judged(_HERE, landing)))
            before += [_with_sum(_judged(other, landing))] if other else []
    return now, before


def table(now: Sequence[_Turn], before: Sequence[_Turn]) -> Iterator[str]:
    """A table of medians, and of ratios turn by turn."""
    yield "| feed | files | MB | CPU s | MB/s | / SHA-256 | / the other revision |"
    yield "|---|---|---|---|---|---|---|"
    for feed, cost in now[0].items():
        seconds = median(turn[feed].judging for turn in now)
        hashing = median(turn[feed].judging / turn[feed].hashing for turn in now)
        pairs = zip(now, before, strict=False)
        ratios = [mine[feed].judging / theirs[feed].judging for mine, theirs in pairs if feed in theirs]
        told = reports.shown(reports.spread(ratios)) if ratios else ""
        yield (
            f"| {feed} | {cost.files:,} | {cost.bytes / 1e6:,.1f} | {seconds:.2f} "
            f"| {cost.bytes / 1e6 / seconds:.0f} | {hashing:.1f} | {told} |"
        )


def _with_sum(costs: _Turn) -> _Turn:
    rows = map(astuple, costs.values())
    return {**costs, ALL: Cost(*map(sum, zip(*rows, strict=True)))}


def _judged(tree: Path, landing: Path) -> dict[str, Cost]:
    """What the product in that folder takes, measured in the same way whichever it is."""
    return judging.read(
        _said(
            (sys.executable, str(Path(judging.__file__)), str(landing)),
            environment={**os.environ, "PYTHONPATH": str(tree)},
        )
    )


@contextmanager
def _checked_out(revision: str | None, repository: Path) -> Iterator[Path | None]:
    """The files of a revision in a folder of their own; nothing when there is none."""
    if revision is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ("git", "-C", str(repository), "worktree")
        _said((*git, "add", "--detach", "--force", str(tree), revision))
        try:
            yield tree
        finally:
            _said((*git, "remove", "--force", str(tree)))


def _said(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise RevisionFailed(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-1000:].strip()}")
    return done.stdout
