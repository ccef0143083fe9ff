"""The benchmarks on their smallest corpus: what they compare does the same work. Nothing here is timed."""

import gzip
import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import timedelta
from math import isfinite
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.agreement import disagreements
from benchmarks.core import verdicts_of
from benchmarks.corpora import corpus
from benchmarks.dagster_days import events_of
from benchmarks.goals import Bench, Seen, measured, table
from benchmarks.ledger_rows import cost_of_rows
from benchmarks.measuring import is_there
from benchmarks.plans import LAST_DAY, SIZES, broken_cases, plan
from benchmarks.scanning import Guide
from benchmarks.sides import SIDES
from benchmarks.verdicts import accepts
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import recognize
from rawzone_assets.platforms import all_platforms

pytest.importorskip("selectolax")

from benchmarks import floor, floor_verifying, growth, reading, revisions
from benchmarks.fast_engines import FAST
from benchmarks.naive_engines import NAIVE

EVERY_FEED = {feed.id for platform in all_platforms() for feed in platform.feeds}


@pytest.fixture(scope="module")
def smallest(tmp_path_factory):
    return corpus("ci", tmp_path_factory.mktemp("corpora"))


def run_benchmark(folder, *arguments):
    result = CliRunner().invoke(main, ["run", "--size", "ci", "--folder", str(folder), *arguments])
    assert result.exit_code == 0, result.output
    (report,) = (folder / "reports").glob("*.json")
    return json.loads(report.read_bytes())


def test_the_bytes_of_a_corpus_depend_on_its_seed_alone(smallest, tmp_path):
    again = corpus("ci", tmp_path / "again")
    other = corpus("ci", tmp_path / "other", seed=8)
    assert again.files == smallest.files
    assert {f.sha256 for f in other.files if f.size} & {f.sha256 for f in again.files if f.size} != {
        f.sha256 for f in again.files if f.size
    }


def test_a_corpus_holds_every_feed_and_copies_and_broken_files(smallest):
    assert {file.feed for file in smallest.files if file.verdict == "promoted"} == EVERY_FEED
    kinds = [file.verdict for file in smallest.files]
    assert (len(kinds), kinds.count("duplicate"), kinds.count("quarantined")) == (60, 2, 14)


@pytest.mark.parametrize(
    ("size", "files"), [("ci", 60), ("S", 1_000), ("M", 10_000), ("T", 20_000), ("D", 60_000)]
)
def test_every_size_has_the_files_it_is_named_for_each_once(size, files):
    paths = [file.path for file in plan(SIZES[size], seed=7)]
    assert len(paths) == len(set(paths)) == files


def test_our_own_judge_comes_to_the_verdicts_that_a_corpus_expects(smallest):
    for file in smallest.files:
        about = recognize(file.path, all_platforms())
        data = (smallest.landing / file.path).read_bytes()
        judged = judge(about.feed, BytesContent(data), about.capture)
        assert judged.refused == (file.verdict == "quarantined"), (file.path, judged.findings)


@pytest.mark.parametrize("case", broken_cases(), ids=lambda case: f"{case.feed}: {case.title}")
def test_both_yardsticks_refuse_every_broken_delivery_that_a_corpus_may_hold(case):
    for back in range(6):  # where a file is cut depends on how long its last figures are
        sample = case.build(LAST_DAY - timedelta(days=back), seed=7, minute=3)
        about = Guide().about(sample.path)
        assert not accepts(about.feed, sample.data, about.day, FAST), sample.path
        assert not accepts(about.feed, sample.data, about.day, NAIVE), sample.path


def test_the_shortcut_for_names_tells_what_recognizing_them_tells(smallest):
    guide = Guide()
    for file in [*smallest.files, *smallest.files]:
        about, whole = guide.about(file.path), recognize(file.path, all_platforms())
        assert (about.day, about.name, about.feed.id) == (
            whole.capture.day,
            whole.capture.name,
            whole.feed.id,
        )


def test_a_side_that_skips_work_is_found_out(smallest):
    lazy = [(file.path, "promoted") for file in smallest.files]
    wrong = disagreements(smallest, lazy)
    assert any("expected 1 quarantined, got 1 promoted" in sentence for sentence in wrong)
    assert not disagreements(smallest, [(file.path, file.verdict) for file in smallest.files])
    assert disagreements(smallest, [(file.path, file.verdict) for file in smallest.files[1:]])


def test_floor_naive_and_our_core_promote_alike_and_are_reported(tmp_path):
    report = run_benchmark(tmp_path, "--sides", "floor,floor-fast,naive,core,core-fast", "--turns", "1")
    assert set(report["sides"]) == {"floor", "floor-fast", "naive", "core", "core-fast"}
    for side in report["sides"].values():
        assert side["cpu"] > 0
        assert side["peak"] > 10
        assert side["stored"] > 100_000
    for side in ("floor", "core"):
        fast = report["sides"][f"{side}-fast"]["stored"]
        assert fast > report["sides"][side]["stored"], "fast is larger"
    assert report["sides"]["floor"]["cpu_ratio"]["median"] == 1
    assert {"python", "cores", "deflate", "commit"} <= set(report["machine"])
    page = next((tmp_path / "reports").glob("*.md")).read_text()
    assert "| naive |" in page
    assert not list((tmp_path / "runs").iterdir())


def test_files_with_other_times_are_read_again_by_sides_that_did_their_work_before(tmp_path):
    report = run_benchmark(
        tmp_path, "--measure", "touched", "--sides", "core,sha256sum", "--turns", "1", "--keep"
    )
    assert set(report["sides"]) == {"core", "sha256sum"}
    home = next((tmp_path / "runs").iterdir()) / "core"
    told = verdicts_of(next((tmp_path / "corpora").iterdir()) / "landing", home)
    assert len(told) == 60, "what is read again is no other delivery"


@pytest.mark.parametrize(
    ("side", "script"),
    [
        ("restic-new", "restic -q init && restic -q backup /in"),
        (
            "borg-zstd-new",
            "borg init -e none /x/repository && borg create -C zstd,3 /x/repository::first /in",
        ),
    ],
)
def test_a_new_repository_is_made_while_it_is_measured(side, script):
    new, usual = SIDES[side], SIDES[side.removesuffix("-new")]
    command = new.promote(Path("/in"), Path("/x"))
    assert command.argv == ("sh", "-c", script)
    assert command.environment == usual.promote(Path("/in"), Path("/x")).environment
    assert new.prepare(Path("/in"), Path("/x")) == ()


def test_the_floor_of_verifying_notices_another_byte(smallest, tmp_path):
    floor.promote(smallest.landing, tmp_path, workers=1)
    floor_verifying.verify(tmp_path)
    victim = next((tmp_path / "raw").rglob("*.json.gz"))
    victim.chmod(0o644)
    victim.write_bytes(gzip.compress(b"{}"))
    with pytest.raises(floor_verifying.NotAsRecorded, match="1 objects are missing, 1 are foreign"):
        floor_verifying.verify(tmp_path)


def test_a_row_of_ledger_and_index_is_measured_beside_a_bare_table_of_the_same_receipts(smallest, tmp_path):
    took = cost_of_rows(smallest.landing, tmp_path, turns=1)
    assert (list(took), min(took.values()) > 0) == (["ledger", "index", "bare"], True)
    with closing(sqlite3.connect(tmp_path / "bare-0.sqlite3")) as database:
        (kept,) = database.execute("SELECT count(DISTINCT sha256) FROM receipt").fetchone()
    (index,) = (tmp_path / "ours-0" / "state").glob("*.sqlite3")
    with closing(sqlite3.connect(index)) as database:
        (followed,) = database.execute("SELECT count(DISTINCT sha256) FROM receipt").fetchone()
    assert kept == followed > 0


@pytest.fixture
def bench(smallest, tmp_path):
    return Bench(
        corpus=lambda size: smallest,
        ledgers=tmp_path / "ledgers",
        place=tmp_path / "place",
        turns=1,
        tell=print,
        days=3,
        landed=8,
        starts=1,
    )


def measure(bench, group, *, goals):
    """What a day more takes may be below 0."""
    seen = [*measured(bench, [group])]
    assert all(isfinite(value) for one in seen for value in one.values)
    _, _, *rows = table(seen)
    assert len(rows) == len(seen) == goals
    assert all(row.split(" | ")[-1] in {"daring |", "met |", "**missed** |"} for row in rows)


@pytest.mark.parametrize(("group", "goals"), [("start", 2), ("one-delivery", 2), ("rows", 2), ("look", 2)])
def test_every_goal_of_a_group_is_measured_and_has_a_row_that_says_whether_it_is_met(bench, group, goals):
    """A tick of the sensor that finds something to do would raise."""
    measure(bench, group, goals=goals)


def test_the_days_of_a_history_are_measured_and_told_in_one_event_a_day_and_check(bench):
    """A bare backfill raises unless Dagster knows each of the days."""
    measure(bench, "days", goals=3)
    told = events_of(bench.place / "days" / "home")
    assert (told["ASSET_MATERIALIZATION"], told["ASSET_CHECK_EVALUATION"]) == (3, 15)


def test_a_partition_is_promoted_in_a_run_beside_runs_of_assets_that_do_nothing(bench):
    measure(bench, "one-run", goals=1)
    days = 2 * (4 + 1)  # two kinds of runs promote, four times each and once to begin with
    place = bench.place / "single"
    assert len(list((place / "zone" / "raw" / "_ledger").glob("*.jsonl"))) == days
    with closing(sqlite3.connect(place / "dagster" / "history" / "runs" / "index.db")) as database:
        told = database.execute(
            "SELECT count(*) FROM asset_check_executions WHERE asset_key LIKE '%trends%' "
            "AND execution_status = 'SUCCEEDED' AND evaluation_event IS NOT NULL"
        ).fetchone()
    assert told == (days * 5,)  # planned or not, all five checks of each day are told


def test_what_a_zone_of_some_receipts_is_asked_and_promotes_is_measured(tmp_path):
    (figures,) = growth.measured([200], tmp_path, turns=1).values()
    assert figures["receipts"] >= [200]
    assert figures["promoted"] == [1000]
    assert min(figures[name][0] for name in ("open_s", "duplicate_s", "month_s", "promote_cpu_s")) > 0


def test_a_goal_is_met_by_the_median_of_its_turns():
    bars = {"what": "one beside another", "must": 1.5, "daring": 1.2}
    rows = [*table(Seen(**bars, values=values) for values in ([1.1, 9, 1], [1.4, 1, 1.5], [1.6], [0.05]))]
    assert rows[2:] == [
        "| one beside another | 1.50 | 1.20 | 1.10 [1.00 to 9.00] | daring |",
        "| one beside another | 1.50 | 1.20 | 1.40 [1.00 to 1.50] | met |",
        "| one beside another | 1.50 | 1.20 | 1.60 | **missed** |",
        "| one beside another | 1.50 | 1.20 | 1/20 | daring |",
    ]


@pytest.fixture
def repository(tmp_path):
    """One whose product knows one platform. What the tests are in may have no history, or be someone else's."""
    here, folder = Path(revisions.__file__).parents[1], tmp_path / "repository"
    for name in ("rawzone_assets", "schemas"):
        shutil.copytree(here / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "rawzone_assets" / "platforms" / "__init__.py").open("a") as code:
        code.write("\n\nknown = all_platforms\n\n\ndef all_platforms():\n    return known()[:1]\n")
    git = ("git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org")
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "one platform")):
        subprocess.run((*git, *command), check=True)
    return folder


def test_judging_is_measured_beside_itself_in_another_revision(smallest, repository):
    """Each revision judges what it knows, feed beside feed; one that does not exist is named."""
    now, before = revisions.measured(smallest.landing, "HEAD", turns=1, repository=repository)
    (turn,), (other,) = now, before
    assert turn.keys() == {*EVERY_FEED, revisions.ALL}
    assert other.keys() == {"distrokid/apple_music", "distrokid/sales", "distrokid/streams", revisions.ALL}
    assert all(turn[feed].files == cost.files for feed, cost in other.items() if feed != revisions.ALL)
    assert turn[revisions.ALL].files == len(smallest.files)
    _, _, *rows = revisions.table(now, before)
    compared = {row.split(" | ")[0].removeprefix("| ") for row in rows if row.endswith("] |")}
    assert compared == other.keys()
    with pytest.raises(revisions.RevisionFailed, match="no-such-revision"):
        revisions.measured(smallest.landing, "no-such-revision", turns=1, repository=repository)


@pytest.mark.parametrize("name", reading.KINDS)
def test_every_way_of_reading_thirty_days_comes_to_the_same_records(tmp_path, name):
    took = reading.read_thirty_days(reading.KINDS[name], tmp_path, turns=1)
    ((records, *others),) = [[*dict.fromkeys(records for records, _ in took.values())]]
    assert (len(took), others) == (3, [])
    assert records > reading.DAYS


@pytest.mark.skipif(not is_there("strace"), reason="counting needs strace")
def test_the_floor_syncs_every_object_once_and_every_folder_once(tmp_path):
    report = run_benchmark(tmp_path, "--sides", "floor", "--turns", "1", "--syncs")
    objects = sum(file["verdict"] == "promoted" for file in expected(tmp_path))
    assert report["syncs"]["floor"]["sync_file_range"] == objects
    assert report["syncs"]["floor"]["fsync"] >= objects


def expected(folder: Path):
    (records,) = folder.glob("corpora/*/expected.jsonl")
    return [json.loads(line) for line in records.read_text().splitlines()]
