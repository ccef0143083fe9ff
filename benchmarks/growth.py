"""``python -m benchmarks.growth``: what questions to a zone cost after a thousand receipts and after a million.

Zones with a past of real commits are made once (a million receipts take a minute, and their index two or more),
then every figure is taken by a process of its own. CPU seconds are the figures to trust on a shared machine.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click

from benchmarks import machine
from benchmarks.ledgers import LAST, History, write_ledger
from benchmarks.measuring import cpu_seconds
from rawzone_assets.access.raw import open_raw
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Content, Feed, Judgement
from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import write_landing
from rawzone_assets.zone.index import index_path
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_FILES = 1_000
_LISTED = 15  # times that a month is listed
_DAYS_OF_FILES = 90
_FEED = "toolost/spotify"
_PLACE = Path(tempfile.gettempdir()) / "rawzone-benchmarks" / "growth"
_BARE = (
    "SELECT seq, partition, name, key, verdict, sha256, size, records, captured_at FROM receipt "
    "WHERE feed = ? AND partition BETWEEN ? AND ? ORDER BY partition, name"
)


@click.group()
def main() -> None:
    """Measure how costs grow with the ledger."""


@main.command(name="run")
@click.option("--folder", type=click.Path(path_type=Path), default=_PLACE, show_default=True)
@click.option("--sizes", default=",".join(map(str, SIZES)), show_default=True)
@click.option("--turns", type=click.IntRange(1), default=3, show_default=True)
@click.option("--into", type=click.Path(path_type=Path), required=True, help="The JSON file to write.")
def run(*, folder: Path, sizes: str, turns: int, into: Path) -> None:
    """Take all figures of all sizes, in turns, and write them as JSON."""
    report = {
        "machine": machine.described(),
        "sizes": {
            str(size): {name: statistics.median(taken) for name, taken in figures.items()}
            for size, figures in measured([int(size) for size in sizes.split(",")], folder, turns=turns).items()
        },
    }
    into.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    click.echo(into.read_text(encoding="utf-8"))


def measured(sizes: Sequence[int], folder: Path, *, turns: int) -> dict[int, dict[str, list[float]]]:
    """All figures of zones of so many receipts, turn by turn; what making a zone took is one figure."""
    homes = {size: folder / str(size) for size in sizes}
    made = {size: _made(home, size) for size, home in homes.items()}
    figures: dict[int, dict[str, list[float]]] = {size: {} for size in homes}
    # Copies go when all is measured: for minutes after files were removed, ext4 takes longer to make new ones.
    with tempfile.TemporaryDirectory(prefix="copies-", dir=folder) as copies:
        for _ in range(turns):
            for size, home in homes.items():
                for name, value in {**_asked(home), **_promoted(home, Path(copies))}.items():
                    figures[size].setdefault(name, []).append(value)
    return {
        size: {**{name: [value] for name, value in made[size].items()}, **taken}
        for size, taken in figures.items()
    }


def _made(home: Path, size: int) -> dict[str, float]:
    """Make a zone of that size, unless it is there; what its index took."""
    noted = home / "made.json"
    if not noted.exists():
        shutil.rmtree(home, ignore_errors=True)
        started = time.process_time()
        history: History = write_ledger(home / "raw" / "_ledger", size)
        _hold_something(home / "quarantine")
        took = {"receipts": history.receipts, "commits": history.head.seq + 1}
        took["ledger_made_cpu_s"] = round(time.process_time() - started)
        told = _of_a_process("build", home)
        noted.write_text(json.dumps({**took, **told}), encoding="utf-8")
    return dict(json.loads(noted.read_text(encoding="utf-8")))


def _asked(home: Path) -> dict[str, float]:
    """What questions take, each in a process that was just started."""
    month = (LAST - timedelta(days=30)).isoformat(), LAST.isoformat()
    with open_raw(home) as raw:
        digest = next(raw.find(_FEED, since=month[0])).receipt.sha256 or ""
    place, range_ = ("--home", str(home)), ("--since", month[0], "--until", month[1])
    return {
        **_command("ls_month", *place, "ls", _FEED, *range_, "--json"),
        **_command("show_by_hash", *place, "show", digest, "--json"),
        **_of_a_process("ask", home, digest),
    }


def _promoted(home: Path, copies: Path) -> dict[str, float]:
    """What promoting more takes, in a copy of the zone whose past is linked."""
    copy = Path(tempfile.mkdtemp(dir=copies))
    subprocess.run(["cp", "-al", str(home / "raw"), str(copy / "raw")], check=True)
    _hold_something(copy / "quarantine")
    (copy / "state").mkdir()
    index, copied = (index_path(zone / "state", _settings(zone).layout.ledger) for zone in (home, copy))
    shutil.copy(index, copied)
    with copied.open("rb") as stream:
        os.fsync(stream.fileno())  # else the first sync of what is measured writes all of the copy
    landing = copy / "landing"
    write_landing(landing, days=_DAYS_OF_FILES, until=LAST + timedelta(days=_DAYS_OF_FILES), bad=False)
    told = _of_a_process("promote", copy)
    copied.unlink()  # gigabytes
    return told


def _hold_something(root: Path) -> None:
    """Refused files are recorded there: an empty folder would be taken for a disk that is away."""
    (root / "past").mkdir(parents=True)


# --- what is measured, each in its own process ----------------------------------------------------


@main.command(name="build", hidden=True)
@click.argument("home", type=click.Path(path_type=Path))
def build(home: Path) -> None:
    """Build the index of a ledger."""
    with Zone(_settings(home)) as zone:
        zone.index.catch_up()
        index = index_path(home / "state", zone.layout.ledger)
    size = sum(path.stat().st_size for path in home.joinpath("state").iterdir() if path.stem == index.stem)
    _tell(index_built_cpu_s=round(time.process_time(), 1), index_mb=round(size / 1e6), build_peak_mib=_peak())


@main.command(name="ask", hidden=True)
@click.argument("home", type=click.Path(path_type=Path))
@click.argument("digest")
def ask(home: Path, digest: str) -> None:
    """Open a zone, look for a duplicate, list a month."""
    since, until = (LAST - timedelta(days=30)).isoformat(), LAST.isoformat()
    started = time.perf_counter()
    with open_raw(home) as raw:
        opened = time.perf_counter()
        assert raw.zone.index.stored(_FEED, digest)  # noqa: S101
        found = time.perf_counter()
        listed = len(list(raw.find(_FEED, since=since, until=until)))
        first = time.perf_counter()
        database = raw.zone.index.past._database  # noqa: SLF001  the yardstick asks the same file
        ours = min(cpu_seconds(lambda: list(raw.find(_FEED, since=since, until=until)), times=_LISTED))
        bare = min(
            cpu_seconds(lambda: database.execute(_BARE, (_FEED, since, until)).fetchall(), times=_LISTED)
        )
    _tell(
        open_s=opened - started,
        duplicate_s=found - opened,
        month_s=first - found,
        month_listed=listed,
        month_to_bare_sqlite=ours / bare,
        ask_peak_mib=_peak(),
    )


@main.command(name="promote", hidden=True)
@click.argument("home", type=click.Path(path_type=Path))
def promote_more(home: Path) -> None:
    """Promote a thousand files, as judged a moment before: once with judging them, once without."""
    known: dict[tuple[str, str], Judgement] = {}

    def remembered(feed: Feed, content: Content, capture: Capture) -> Judgement:
        place = (feed.id, capture.name)
        if place not in known:
            known[place] = judge(feed, content, capture)
        return known[place]

    settings = Settings.from_environment(
        {"RAWZONE_RESERVE": "0", "RAWZONE_LANDING": str(home / "landing")}, home=home / "other"
    )
    with Zone(settings) as zone:  # a first time, so that nothing is paid for twice below
        ready = zone.survey(all_platforms(), settle=0).ready[:_FILES]
        promote(zone, ready, judge=remembered, run_id="first")
    with Zone(_settings(home)) as zone:
        ready = zone.survey(all_platforms(), settle=0).ready[:_FILES]
        started = time.process_time()
        outcome = promote(zone, ready, judge=remembered, run_id="more")
        without_judging = time.process_time() - started
    started = time.process_time()
    for delivery in ready:
        recognized = delivery.recognized
        path = home / "landing" / delivery.landed.path
        judge(recognized.feed, BytesContent(path.read_bytes()), recognized.capture)
    judging = time.process_time() - started
    _tell(
        promoted=len(outcome.receipts),
        zone_cpu_s=without_judging,
        promote_cpu_s=without_judging + judging,
        promote_peak_mib=_peak(),
    )


def _settings(home: Path) -> Settings:
    return Settings.from_environment({"RAWZONE_RESERVE": "0"}, home=home)


def _peak() -> int:
    """MiB. Not from getrusage, which counts what the process that started this one had in memory."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024


def _tell(**figures: float) -> None:
    sys.stdout.write(json.dumps(figures))


def _of_a_process(what: str, *arguments: Path | str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.growth", what, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    return dict(json.loads(done.stdout))


def _command(name: str, *arguments: str) -> dict[str, float]:
    """What a command takes from its start to its end: the quickest of some runs, and its processor time."""
    program = "from rawzone_assets.cli import main\nmain()"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAWZONE_")}
    walls, processors = [], []
    for _ in range(5):
        started, before = time.perf_counter(), _of_children()
        subprocess.run(
            [sys.executable, "-c", program, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=Path(__file__).parents[1],
            env=environment,
        )
        walls.append(time.perf_counter() - started)
        processors.append(_of_children() - before)
    return {f"{name}_wall_s": round(min(walls), 3), f"{name}_cpu_s": round(min(processors), 3)}


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
