"""``python -m benchmarks``: make a corpus, let sides work on it in turns, and report.

python -m benchmarks corpus --size M
python -m benchmarks run --size S --measure promote --sides floor,core,restic --turns 5
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

import click

from benchmarks import core, dagster_days, goals, machine, pairing, reports
from benchmarks.corpora import SEED, Corpus, corpus
from benchmarks.measuring import is_there
from benchmarks.plans import SIZES
from benchmarks.sides import SIDES, is_installed
from rawzone_assets.zone.compression import Compression

_PLACE = Path(tempfile.gettempdir()) / "rawzone-benchmarks"
_MEASURES = ("promote", "verify", "again", "touched")

_size = click.option("--size", type=click.Choice(list(SIZES)), default="S", show_default=True)
_seed = click.option("--seed", type=int, default=SEED, show_default=True, help="What all bytes follow from.")
_folder = click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=_PLACE,
    show_default=True,
    help="Where corpora are kept and the sides work.",
)


@click.group()
def main() -> None:
    """Measure this project against the fewest steps possible and against known tools."""


@main.command(name="corpus")
@_size
@_seed
@_folder
def make_corpus(*, size: str, seed: int, folder: Path) -> None:
    """Make a corpus, or say where it is."""
    started = time.perf_counter()
    made = corpus(size, folder / "corpora", seed=seed)
    took = time.perf_counter() - started
    click.echo(f"{made.folder}: {len(made.files):,} files, {made.bytes / 1e6:,.1f} MB, {took:.1f} s")


@main.command(name="run")
@_size
@_seed
@_folder
@click.option("--measure", type=click.Choice(_MEASURES), default="promote", show_default=True)
@click.option("--sides", default="floor,core", show_default=True, help=f"Of {', '.join(SIDES)}.")
@click.option("--turns", type=click.IntRange(1), default=3, show_default=True)
@click.option("--baseline", help="The side that the others are compared with; the first when not given.")
@click.option("--syncs", is_flag=True, help="Also count fsync and its like, by strace.")
@click.option("--keep", is_flag=True, help="Leave what the sides made; it is deleted at the end.")
def run(
    *,
    size: str,
    seed: int,
    folder: Path,
    measure: str,
    sides: str,
    turns: int,
    baseline: str | None,
    syncs: bool,
    keep: bool,
) -> None:
    """Let sides work in turns, and write a report as JSON and Markdown."""
    names = [name for name in _known(sides, SIDES, "side") if _is_there(name)]
    against = baseline or names[0]
    made = corpus(size, folder / "corpora", seed=seed)
    place = _new_place(folder, f"{measure}-{size}")
    if measure == "promote":
        runs = pairing.promotions(made, names, turns=turns, folder=place, tell=_tell)
    else:
        runs = pairing.repeats(measure, made, names, turns=turns, folder=place, tell=_tell)
    report = {
        "measure": measure,
        "corpus": _about(made, size, seed),
        "baseline": against,
        "turns": turns,
        "sides": pairing.summary(runs, against),
        "runs": pairing.records(runs),
        "machine": machine.described(),
    }
    if syncs and is_there("strace"):
        report["syncs"] = pairing.sync_counts(made, names, folder=place)
    path = reports.write(report, folder / "reports", place.name)
    click.echo(path.read_text(encoding="utf-8"))
    if not keep:
        shutil.rmtree(place)


@main.command(name="goals")
@click.option("--only", help="Some groups of goals, such as large,verify; all when not given.")
@click.option("--turns", type=click.IntRange(1), default=3, show_default=True)
@_folder
def goals_seen(*, only: str | None, turns: int, folder: Path) -> None:
    """Measure every goal, and say which are met: a quarter of an hour on a quiet machine."""
    groups = _known(only, goals.GROUPS, "group") if only else list(goals.GROUPS)
    place = _new_place(folder, "goals")
    bench = goals.Bench(
        corpus=partial(corpus, folder=folder / "corpora"),
        ledgers=folder / "growth",
        place=place,
        turns=turns,
        tell=_tell,
    )
    for line in goals.table(goals.measured(bench, groups)):
        click.echo(line)
    click.echo("\n" + "; ".join(f"{name} {value}" for name, value in machine.described().items()))
    shutil.rmtree(place)


@main.command(name="days")
@click.option("--days", type=click.IntRange(2), default=365, show_default=True)
@_folder
def days_of_dagster(*, days: int, folder: Path) -> None:
    """Tell Dagster of a history that the core promoted: CPU a partition-day with all its checks."""
    place = _new_place(folder, "days")
    told = dagster_days.tell_history(days, place)
    click.echo(
        f"{told.days} days, CPU s: {told.reporting.cpu:.2f} to report, {told.asking.cpu:.2f} to ask once more, "
        f"{told.single_day:.2f} for both of a single day: {1000 * told.per_day:.1f} ms a further day"
    )
    for kind, count in sorted(told.events.items()):
        click.echo(f"{count:6} {kind}")
    shutil.rmtree(place)


@main.command(name="runs")
@click.option("--runs", type=click.IntRange(1), default=15, show_default=True)
@_folder
def single_runs(*, runs: int, folder: Path) -> None:
    """Promote one partition a Dagster run: CPU beside an asset that does nothing."""
    # Imported by the one command that needs it, as Dagster and pandas below: the others start without.
    from benchmarks.single_runs import cost_of_single_runs  # noqa: PLC0415

    place = _new_place(folder, "single")
    for name, (here, elsewhere) in cost_of_single_runs(place, runs=runs).items():
        click.echo(f"{name}: {1000 * here:.0f} ms of CPU, {1000 * elsewhere:.0f} ms in processes it starts")
    shutil.rmtree(place)


@main.command(name="reading")
@click.option("--turns", type=click.IntRange(1), default=9, show_default=True)
@_folder
def read_thirty_days(*, turns: int, folder: Path) -> None:
    """Read thirty days of a feed as one table: CPU beside pandas opening object after object."""
    from benchmarks.reading import KINDS, read_thirty_days  # noqa: PLC0415

    for name, kind in KINDS.items():
        place = _new_place(folder, f"reading-{name}")
        took = read_thirty_days(kind, place, turns=turns)
        first = next(iter(took.values()))[1]
        for way, (records, cpu) in took.items():
            click.echo(
                f"{kind.feed}, {way}: {records:,} records, {1000 * cpu:.1f} ms of CPU, {cpu / first:.2f}"
            )
        shutil.rmtree(place)


@main.command(name="rows")
@_size
@_seed
@_folder
@click.option("--turns", type=click.IntRange(1), default=7, show_default=True)
def ledger_rows(*, size: str, seed: int, folder: Path, turns: int) -> None:
    """Commit a corpus's receipts a thousand at a time: CPU a row beside a bare SQLite table."""
    from benchmarks.ledger_rows import cost_of_rows  # noqa: PLC0415

    place = _new_place(folder, f"rows-{size}")
    took = cost_of_rows(corpus(size, folder / "corpora", seed=seed).landing, place, turns=turns)
    for part, microseconds in took.items():
        click.echo(f"{part}: {microseconds:.1f} us of CPU a row")
    click.echo(f"ledger and index: {(took['ledger'] + took['index']) / took['bare']:.2f} of the bare table")
    shutil.rmtree(place)


@main.command(name="judging")
@_size
@_seed
@_folder
@click.option("--turns", type=click.IntRange(1), default=3, show_default=True)
@click.option("--against", metavar="REVISION", help="A commit of this repository to compare with, in turns.")
def judging(*, size: str, seed: int, folder: Path, turns: int, against: str | None) -> None:
    """Judge a corpus in one process: CPU by feed, beside SHA-256 and beside another revision."""
    from benchmarks import revisions  # noqa: PLC0415

    landing = corpus(size, folder / "corpora", seed=seed).landing
    try:
        now, before = revisions.measured(landing, against, turns=turns)
    except revisions.RevisionFailed as error:
        raise click.ClickException(str(error)) from error
    for line in revisions.table(now, before):
        click.echo(line)


_OWN = ("floor", "floor-fast", "floor-verify", "naive", "core", "core-fast")


@main.command(name="do", hidden=True)
@click.argument("what", type=click.Choice(_OWN))
@click.argument("landing", type=click.Path(path_type=Path))
@click.argument("place", type=click.Path(path_type=Path))
def do(*, what: str, landing: Path, place: Path) -> None:
    """One side's work, as a process that can be measured."""
    if what in ("core", "core-fast"):
        compression = Compression.FAST if what == "core-fast" else Compression.SMALL
        core.promote_core(landing, place, compression=compression)
        return
    # Imported by the one process that needs them: what a side imports is part of what it takes.
    if what == "naive":
        from benchmarks import naive  # noqa: PLC0415

        naive.promote(landing, place)
    elif what in ("floor", "floor-fast"):
        from benchmarks import floor  # noqa: PLC0415

        floor.promote(landing, place, fast=what == "floor-fast")
    else:
        from benchmarks import floor_verifying  # noqa: PLC0415

        floor_verifying.verify(place)


def _new_place(folder: Path, what: str) -> Path:
    """Where one call works. It deletes that at its end only: see ``pairing``."""
    return folder / "runs" / f"{time.strftime('%Y%m%d_%H%M%S')}-{what}"


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _known(asked: str, known: Collection[str], kind: str) -> list[str]:
    names = [name.strip() for name in asked.split(",")]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.UsageError(f"there is no {kind} {unknown[0]!r}; known {kind}s are {', '.join(known)}")
    return names


def _is_there(side: str) -> bool:
    if is_installed(side):
        return True
    click.echo(f"{side} is left out: {SIDES[side].needs} is not installed", err=True)
    return False


def _about(made: Corpus, size: str, seed: int) -> dict[str, Any]:
    return {"size": size, "seed": seed, "files": len(made.files), "bytes": made.bytes}


if __name__ == "__main__":
    main()
