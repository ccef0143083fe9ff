"""Goals of sides: measured by whole processes, ours and others, that do the same work in turns."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks import dagster_days, looking, starting
from benchmarks.goals import MIB, Bench, Groups, Seen
from benchmarks.pairing import ratios


def _large(bench: Bench) -> Iterator[Seen]:
    runs = bench.promoted("M", "floor", "core", "floor-fast", "core-fast", "restic-new")
    yield Seen(what="promote M: wall / floor", must=1.5, daring=1.15, values=ratios(runs, "core", "floor"))
    fast = ratios(runs, "core-fast", "restic-new")
    yield Seen(what="promote M, fast profile: wall / restic, `init` in both", must=1.3, daring=1, values=fast)
    # How far the floor itself is from restic depends on the processor more than on anything else.
    bare = ratios(runs, "floor-fast", "restic-new")
    yield Seen(what="... the floor of that profile: wall / restic", values=bare)
    yield Seen(what="... wall / that floor", must=1.5, values=ratios(runs, "core-fast", "floor-fast"))
    peaks = [run.measured.peak for run in runs if run.side == "core"]
    yield Seen(what="promote M: largest process", must=350, daring=160, unit=MIB, values=peaks)


def _tiny(bench: Bench) -> Iterator[Seen]:
    runs = bench.promoted("T", "floor", "core")
    yield Seen(what="promote T: wall / floor", must=2, daring=1.25, values=ratios(runs, "core", "floor"))


def _naive(bench: Bench) -> Iterator[Seen]:
    runs = bench.promoted("S", "naive", "core", turns=1)  # a minute for the naive side alone
    yield Seen(
        what="promote S: CPU / naive", must=1 / 7, daring=1 / 10, values=ratios(runs, "core", "naive", "cpu")
    )
    wall = ratios(runs, "core", "naive")
    yield Seen(what="promote S: wall / naive", must=1 / 7, daring=1 / 16, values=wall)
    (core,) = (run for run in runs if run.side == "core")
    objects = bench.place / "promote-S-core" / f"{core.turn}-core" / "raw"
    yield Seen(what="size of objects / gzip -6", must=1, daring=0.985, values=[_size_beside_gzip(objects)])


def _size_beside_gzip(raw: Path) -> float:
    ours = usual = 0
    for path in raw.rglob("*.gz"):
        stored = path.read_bytes()
        ours += len(stored)
        usual += len(zlib.compress(gzip.decompress(stored), level=6, wbits=31))
    return ours / usual


def _again(bench: Bench) -> Iterator[Seen]:
    runs = bench.repeated("again", "core", "rawzone", "rclone", "borg-zlib")
    seconds = [run.measured.wall for run in runs if run.side == "rawzone"]
    yield Seen(what="`rawzone promote` of M with nothing new", must=1.5, unit=" s", values=seconds)
    look = looking.survey_takes(bench.corpus("M").landing, bench.place / "again" / "core", turns=bench.turns)
    for peer, must in (("borg-zlib", 0.5), ("rclone", 1.2)):
        beside = [look / run.measured.wall for run in runs if run.side == peer]
        yield Seen(what=f"... in the library: wall / {peer}", must=must, values=beside)


def _touched(bench: Bench) -> Iterator[Seen]:
    runs = bench.repeated("touched", "core", "sha256sum")
    beside = ratios(runs, "core", "sha256sum")
    yield Seen(what="read M once more: wall / `sha256sum`, two at once", must=1, daring=0.6, values=beside)


def _verify(bench: Bench) -> Iterator[Seen]:
    runs = bench.repeated("verify", "core", "restic")
    yield Seen(what="verify M: wall / restic", must=0.9, daring=0.55, values=ratios(runs, "core", "restic"))


def _start(bench: Bench) -> Iterator[Seen]:
    turns = starting.cost_of_starting(bench.place / "starting", turns=bench.starts * bench.turns)
    beside = [turn["the definitions"].cpu / turn["import dagster"].cpu for turn in turns]
    yield Seen(what="the definitions: CPU / `import dagster`", must=1.5, daring=1.15, values=beside)
    helped = [turn["rawzone --help"].cpu for turn in turns]
    yield Seen(what="`rawzone --help`: CPU", must=0.15, unit=" s", values=helped)


def _days(bench: Bench) -> Iterator[Seen]:
    told = dagster_days.tell_history(bench.days, bench.place / "days")
    events = told.events["ASSET_MATERIALIZATION"] / bench.days
    yield Seen(what="materializations / partitions touched", must=1, daring=1, values=[events])
    yield Seen(what="a further day told to Dagster, CPU", must=15, unit=" ms", values=[1000 * told.per_day])
    bare = dagster_days.bare_backfill_of(bench.days, bench.place / "days")
    whole = told.reporting.cpu / bare.cpu
    yield Seen(what="a year's days in one run: CPU / a bare backfill", must=1.5, daring=1.15, values=[whole])


GROUPS: Groups = {
    "large": _large,
    "tiny": _tiny,
    "naive": _naive,
    "again": _again,
    "touched": _touched,
    "verify": _verify,
    "start": _start,
    "days": _days,
}
