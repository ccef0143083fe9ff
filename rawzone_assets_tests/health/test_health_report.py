"""The health report: every figure is the one that a reader of ledger files and landing would count anew."""

import hashlib
import json
import os
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawzone_assets.contract.judging import judge
from rawzone_assets.health.erasure import erase, plan_erasure
from rawzone_assets.health.forecast import Outlook
from rawzone_assets.health.recorded import read_recorded
from rawzone_assets.health.report import flow_of, read_health
from rawzone_assets.health.rolling import coverage, scrub_rolling
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import write_landing
from rawzone_assets.zone import promotion, upkeep
from rawzone_assets.zone.receipt import moment, timestamp
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.health.damaging import overwrite
from rawzone_assets_tests.zone.strange_disks import small_disk
from rawzone_assets_tests.zone.tiny_platform import TINY, LandingFolder, promote_all, settings_for
from rawzone_assets_tests.zone.works import replay

START = datetime(2024, 6, 1, 12, tzinfo=UTC)
NOTES, SUMS = "tiny/notes", "tiny/sums"


@contextmanager
def a_fast_folder():
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder).resolve()


class Clock:
    """Goes on by a second whenever it is looked at."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def home():
    with a_fast_folder() as folder:
        (folder / "landing").mkdir()
        yield folder


@pytest.fixture
def zone(home, clock):
    with Zone(settings_for(home), clock=clock) as zone:
        yield zone


@pytest.fixture
def landing(home):
    return LandingFolder(home)


def health_of(zone):
    return read_health(zone, [TINY])


def feed_of(health, name=NOTES):
    return next(feed for feed in health.feeds if feed.status.feed == name)


def ledger_records(home: Path) -> list[dict]:
    """Every record as it stands in the ledger's files, with its commit's number and time."""
    records = []
    for path in sorted((home / "raw" / "_ledger").glob("*.jsonl")):
        header, *lines = map(json.loads, path.read_text().splitlines())
        records += [{**line, "_seq": header["seq"], "_at": header["at"]} for line in lines]
    return records


class Counted:
    """The figures of one feed, counted anew from files and never from the index."""

    def __init__(self, home: Path, feed: str) -> None:
        mine = [r for r in ledger_records(home) if r["record"] == "receipt" and r["feed"] == feed]
        by = Counter(r["verdict"] for r in mine)
        came = [r for r in mine if not r["replays"]]
        promoted = [r for r in mine if r["verdict"] == "promoted"]
        accepted = {}
        for number, r in enumerate(mine):
            if r["verdict"] != "quarantined":
                accepted[r["name"], r["sha256"]] = number
        self.files = by["promoted"] + by["duplicate"]
        self.bytes = sum(r["size"] for r in promoted)
        self.stored = sum((home / "raw" / r["key"]).stat().st_size for r in promoted)
        self.deliveries = len(came)
        self.refused = sum(r["verdict"] == "quarantined" for r in came)
        self.open = sum(
            r["verdict"] == "quarantined" and accepted.get((r["name"], r["sha256"]), -1) < number
            for number, r in enumerate(mine)
        )
        name = {NOTES: "note_*", SUMS: "sum_*"}[feed]
        waiting = [path.stat().st_size for path in (home / "landing" / "tiny" / "late").glob(name)]
        self.waiting, self.waiting_bytes = len(waiting), sum(waiting)
        spans = {}
        for r in mine:
            began, _ = spans.get(r["_seq"], (r["validated_at"], None))
            spans[r["_seq"]] = (min(began, r["validated_at"]), r["_at"])
        # Batches of one process come one after the other, so their spans add up.
        self.seconds = sum((moment(end) - moment(begin)).total_seconds() for begin, end in spans.values())
        self.receipts = len(mine)


def figures(feed) -> dict[str, object]:
    status = feed.status
    return {
        "files": status.files,
        "bytes": status.bytes,
        "stored": status.stored_bytes,
        "deliveries": status.deliveries,
        "refused": status.refused,
        "open": status.quarantined,
        "waiting": status.waiting,
        "waiting_bytes": status.waiting_bytes,
        "seconds": feed.work.seconds,
        "receipts": feed.work.files,
    }


contents = st.sampled_from([b"one\n", b"two\n", b"bad one", b"bad two", b"three\n" * 50])
names = st.sampled_from(
    [
        f"tiny/{kind}_202405{day:02}.{end}"
        for kind, end in (("note", "txt"), ("sum", "csv"))
        for day in range(1, 6)
    ]
)
landings = st.lists(st.dictionaries(names, contents, max_size=6), max_size=4)


@settings(max_examples=60, deadline=None)
@given(landings=landings, last=st.dictionaries(names, contents, max_size=3), replays=st.booleans())
def test_figures_are_those_counted_from_the_ledgers_files_and_landing(landings, last, replays):
    with a_fast_folder() as home:
        landing = LandingFolder(home)
        landing.put_all({})
        with Zone(settings_for(home), clock=Clock()) as zone:
            for files in landings:
                landing.put_all(files)
                promote_all(zone)
            if replays:
                replay(zone, lambda: None)
            landing.put_all({path.replace("tiny/", "tiny/late/"): data for path, data in last.items()})
            health = health_of(zone)
            for name in (NOTES, SUMS):
                assert figures(feed_of(health, name)) == vars(Counted(home, name))
            whole, by_feed = coverage(read_recorded(zone), now=zone.clock(), window=zone.settings.scrub_window)
            assert (health.coverage.total_bytes, health.coverage.covered_bytes) == (
                whole.total_bytes,
                whole.covered_bytes,
            )
            assert {f.status.feed: f.coverage.total_bytes for f in health.feeds if f.coverage.total_bytes} == {
                name: found.total_bytes for name, found in by_feed.items() if found.total_bytes
            }
            ledger = sum(path.stat().st_size for path in (home / "raw").rglob("*.jsonl"))
            assert zone.index.tallies.ledger_bytes() == ledger


class TestZones:
    def test_an_empty_zone_has_every_feed_and_nothing_to_look_at(self, zone):
        health = health_of(zone)
        assert [feed.status.feed for feed in health.feeds] == [NOTES, SUMS]
        assert health.total.files == health.total.waiting == health.damaged == 0
        assert health.total.quarantine_rate is None
        assert health.total.ratio is None
        assert health.throughput.files_per_second is None
        assert health.coverage.percent == 100.0
        assert all(disk.forecast.outlook is Outlook.UNKNOWN for disk in health.disks)
        assert health.concerns == ()

    def test_a_zone_that_only_refused_holds_nothing_and_says_what_it_refused(self, zone, landing):
        landing.put_all({f"tiny/note_2024050{day}.txt": b"bad %d" % day for day in (1, 2, 3)})
        promote_all(zone)
        feed = feed_of(health_of(zone))
        assert (feed.status.files, feed.status.bytes, feed.status.ratio) == (0, 0, None)
        assert (feed.status.refused, feed.status.quarantined, feed.status.quarantine_rate) == (3, 3, 1.0)
        assert feed.status.newest_data is feed.status.data_lag_days is None
        assert feed.coverage.total_bytes > 0

    def test_every_declared_feed_has_its_figures_and_its_group(self, tmp_path):
        written = write_landing(tmp_path / "landing", days=2, until=START.date(), bad=False)
        config = Settings.from_environment(
            {"RAWZONE_SETTLE": "0", "RAWZONE_START": "2020-01-01"}, home=tmp_path
        )
        with Zone(config, clock=lambda: START) as zone:
            promotion.promote(zone, zone.survey(all_platforms()).ready, judge=judge, run_id="test")
            health = read_health(zone, all_platforms())
        came = Counter(sample.feed for sample in written if sample.feed)
        declared = sorted(feed.id for platform in all_platforms() for feed in platform.feeds)
        assert set(came) <= set(declared)
        assert {feed.status.feed: feed.status.deliveries for feed in health.feeds} == {
            feed: came[feed] for feed in declared
        }
        assert sorted(name for feeds in health.groups.values() for name in feeds) == declared
        assert health.total.deliveries == sum(came.values())
        assert health.total.bytes == sum(feed.status.bytes for feed in health.feeds)

    def test_a_feed_that_is_no_longer_declared_stands_apart(self, zone, landing):
        landing.put("tiny/sum_20240501.csv", b"x")
        promote_all(zone)
        health = read_health(zone, [replace(TINY, feeds=TINY.feeds[:1])])
        assert health.groups == {"tiny": (NOTES,), "": (SUMS,)}
        assert feed_of(health, SUMS).status.files == 1

    def test_a_ledger_ahead_of_this_clock_is_something_to_look_at(self, zone, landing, clock):
        landing.put("tiny/note_20240501.txt", b"x")
        promote_all(zone)
        assert not any("clock" in sentence for sentence in health_of(zone).concerns)
        clock.now -= timedelta(days=1)
        assert any("which this clock calls the future" in sentence for sentence in health_of(zone).concerns)

    def test_without_landing_the_backlog_is_unknown_and_the_rest_is_told(self, zone, landing):
        landing.put("tiny/note_20240501.txt", b"x")
        promote_all(zone)
        landing.root.rename(landing.root.with_name("unmounted"))
        health = health_of(zone)
        assert health.total.files == 1
        assert health.total.waiting is health.total.waiting_bytes is None
        assert any("landing" in sentence for sentence in health.concerns)

    def test_replays_are_no_deliveries(self, zone, landing):
        landing.put("tiny/note_20240501.txt", b"bad one")
        promote_all(zone)
        replay(zone, lambda: None)
        status = feed_of(health_of(zone)).status
        assert (status.files, status.deliveries, status.refused, status.quarantined) == (1, 1, 1, 0)


class TestBacklog:
    def test_what_waits_is_counted_with_its_bytes_and_since_when(self, zone, landing):
        began = datetime.now(UTC) - timedelta(minutes=1)
        landing.put_all({"tiny/note_20240501.txt": b"12345", "tiny/note_20240502.txt": b"678"})
        status = feed_of(health_of(zone)).status
        assert (status.waiting, status.waiting_bytes) == (2, 8)
        oldest = min((landing.root / "tiny").iterdir(), key=lambda path: path.stat().st_ctime_ns)
        assert moment(status.waiting_since).timestamp() == pytest.approx(oldest.stat().st_ctime, abs=0.001)
        assert moment(status.waiting_since) > began

    def test_a_backlog_of_a_day_is_something_to_look_at(self, zone, landing, clock):
        landing.put("tiny/note_20240501.txt", b"x")
        clock.now = datetime.now(UTC) + timedelta(hours=1)
        assert not any("waiting" in sentence for sentence in health_of(zone).concerns)
        clock.now += timedelta(days=1)
        assert any("tiny/notes has 1 file waiting" in sentence for sentence in health_of(zone).concerns)


class TestScrub:
    def test_coverage_is_what_the_scrub_itself_says(self, zone, landing, clock):
        for day in range(1, 7):
            landing.put(f"tiny/note_2024050{day}.txt", b"%d" % day * day * 100)
            promote_all(zone)
        clock.now += timedelta(days=40)
        assert health_of(zone).coverage.covered_bytes == 0
        assert any("'rawzone scrub'" in sentence for sentence in health_of(zone).concerns)
        session = scrub_rolling(zone, run_id="scrub", budget=0, window=30, most_files=1)
        assert 0 < session.coverage.covered_bytes < session.coverage.total_bytes
        assert health_of(zone).coverage == session.coverage
        session = scrub_rolling(zone, run_id="scrub", budget=1e9, window=30)
        assert health_of(zone).coverage == session.coverage
        assert health_of(zone).coverage.percent == 100

    @settings(max_examples=50, deadline=None)
    @given(
        spans=st.lists(st.tuples(st.integers(-2, 12), st.integers(-2, 12), st.integers(0, 30)), max_size=8),
        empty=st.sets(st.integers(0, 9)),
    )
    def test_each_commit_is_as_old_as_its_newest_scrub(self, spans, empty):
        """What a scrub covered before it was erased, and commits that stored nothing, count for nothing."""
        from rawzone_assets.health.coverage import coverage_of  # noqa: PLC0415
        from rawzone_assets.zone.index_tallies import Batch  # noqa: PLC0415

        def at(day: int) -> str:
            return timestamp(START + timedelta(days=day))

        batches = [
            Batch(
                seq=seq,
                feed=NOTES,
                began=None,
                at=at(seq),
                receipts=1,
                size=1,
                stored_size=0 if seq in empty else 2**seq,
            )
            for seq in range(10)
        ]
        scrubs = [(first, last, at(day)) for first, last, day in spans]
        read = {
            seq: max([seq, *(day for first, last, day in spans if first <= seq <= last)])
            for seq in range(10)
            if seq not in empty
        }
        found, by_feed = coverage_of(batches, scrubs, now=START + timedelta(days=30), window=15)
        assert found.covered_bytes == sum(2**seq for seq in read if read[seq] >= 15)
        assert found.oldest == (at(min(read.values())) if read else None)
        assert set(by_feed) == ({NOTES} if read else set())

    def test_what_was_erased_by_law_is_no_more_in_any_of_them(self, zone, landing, clock):
        """No scrub reads it again: it counted as unread and as damaged for ever."""
        order = {"reason": "a request", "authority": "an office"}
        landing.put("tiny/note_20240501.txt", b"x")
        landing.put("tiny/again/note_20240501.txt", b"x")  # a duplicate
        promote_all(zone)
        landing.put("tiny/note_20240501.txt", b"y\ny")
        landing.put("tiny/note_20240502.txt", b"bad")
        promote_all(zone)
        (path,) = (zone.settings.home / "raw/tiny/notes").rglob("note_20240501.txt.gz")
        overwrite(path, b"rotten")
        scrub_rolling(zone, run_id="scrub", budget=1e9, window=30)
        zone.index.catch_up()
        before = health_of(zone)
        assert (before.damaged, before.total.files) == (1, 3)
        gone = [hashlib.sha256(data).hexdigest() for data in (b"x", b"bad")]
        stored = path.parent / "note_20240501.r2.txt.gz"
        erase(zone, gone, code=plan_erasure(zone, gone, **order).code, by="Ada", **order)
        clock.now += timedelta(days=40)
        session = scrub_rolling(zone, run_id="scrub", budget=1e9, window=30)
        zone.index.catch_up()
        after = health_of(zone)
        assert (after.coverage, after.damaged) == (session.coverage, 0)
        total = after.total
        assert (total.objects, total.duplicates, total.revisions) == (1, 0, 1)
        assert (total.bytes, total.stored_bytes) == (3, stored.stat().st_size)
        assert (total.deliveries, total.refused) == (before.total.deliveries, before.total.refused)

    def test_damage_is_counted_until_it_is_repaired_or_found_sound(self, zone, landing):
        landing.put("tiny/note_20240501.txt", b"x")
        landing.put("tiny/note_20240502.txt", b"y")
        promote_all(zone)
        places = [f"raw/{record['key']}" for record in ledger_records(zone.settings.home)]

        def record(*records):
            zone.publisher("scrub").record(lambda: list(records))
            zone.index.catch_up()
            return health_of(zone)

        def damaged(place):
            return upkeep.damaged_record(
                place=place, kind="damaged", problem="cut", feed=NOTES, partition=None, key=None
            )

        found = record(*map(damaged, places), damaged(places[0]))
        assert (found.damaged, feed_of(found).damaged, feed_of(found, SUMS).damaged) == (2, 2, 0)
        assert any("2 stored files known to be damaged" in sentence for sentence in found.concerns)
        sound = upkeep.scrubbed_record(
            began=timestamp(START), spans=[], files=1, size=1, damaged=1, sound_again=places[:1]
        )
        assert record(sound).damaged == 1
        last = ledger_records(zone.settings.home)[1]
        repaired = upkeep.repaired_record(
            place=places[1],
            owner={"feed": NOTES, "partition": last["partition"], "key": last["key"]},
            original={"sha256": last["sha256"], "size": last["size"]},
            stored={"stored_sha256": "0" * 64, "stored_size": 1000, "encoding": "gzip"},
            problem="cut",
            source={"kind": "test"},
            evidence=None,
            staged=False,
        )
        before = health_of(zone).total.stored_bytes
        after = record(repaired)
        assert after.damaged == 0
        # A repair by another compressor leaves another stored size, and that is what counts from then on.
        assert after.total.stored_bytes - before == 1000 - last["stored_size"]


class TestDisks:
    def test_roots_on_one_disk_are_told_once_with_all_that_is_the_zones(self, zone, landing, home):
        landing.put("tiny/note_20240501.txt", b"x" * 5000)
        landing.put("tiny/note_20240502.txt", b"bad")
        promote_all(zone)
        (disk,) = health_of(zone).disks
        assert disk.roots == ("landing", "raw", "quarantine", "state")
        real = sum(
            path.stat().st_size
            for root in disk.roots
            for path in (home / root).rglob("*")
            if path.is_file() and path.name not in ("findings.json", "lock") and "_staging" not in path.parts
        )
        assert disk.zone_bytes == real
        assert 0 < disk.free <= disk.size

    def test_growth_is_that_of_whole_days_after_the_first(self, zone, landing, clock, home):
        landing.put("tiny/note_20240101.txt", b"import" * 100_000)
        promote_all(zone)
        per_day = []
        for day in range(30):
            clock.now = START + timedelta(days=day + 1)
            before = _zone_size(home)
            landing.put(f"tiny/note_202406{day + 1:02}.zip", bytes(range(256)) * 40)
            promote_all(zone)
            per_day.append(_zone_size(home) - before)
        clock.now = START + timedelta(days=31)
        (disk,) = health_of(zone).disks
        outlook = disk.forecast
        assert outlook.days_known == 30
        ledger_and_landing = sum(per_day) / len(per_day)
        # The index grows in pages, so it is told as its share of the ledger.
        index = sum(path.stat().st_size for path in (home / "state").iterdir())
        ledger = sum(path.stat().st_size for path in (home / "raw" / "_ledger").iterdir())
        indexed = index / ledger * (ledger / 31)
        assert outlook.bytes_per_day == pytest.approx(ledger_and_landing + indexed, rel=0.1)

    @pytest.mark.parametrize("root", ["landing", "quarantine"])
    def test_a_full_disk_is_told_by_what_is_not_written_there(self, home, clock, root):
        """Promotion only reads landing: it was said to write nothing because landing's disk was full."""
        (home / "landing").mkdir(exist_ok=True)
        settings = replace(settings_for(home), reserve=2**21)
        with small_disk(home / root, size=2**20), Zone(settings, clock=clock) as zone:
            (disk,) = [disk for disk in health_of(zone).disks if disk.roots == (root,)]
        expected = "extractors have no room" if root == "landing" else "promotion writes nothing"
        assert expected in disk.sentence

    def test_a_full_disk_is_something_to_look_at(self, home, clock):
        with Zone(replace(settings_for(home), reserve=2**62), clock=clock) as zone:
            health = health_of(zone)
        assert health.disks[0].forecast.outlook is Outlook.FULL
        assert any("promotion writes nothing" in sentence for sentence in health.concerns)


def _zone_size(home: Path) -> int:
    roots = ("landing", "raw", "quarantine")
    return sum(path.stat().st_size for root in roots for path in (home / root).rglob("*") if path.is_file())


class TestFlow:
    def test_a_day_counts_what_was_accepted_and_refused_of_its_captures(self, zone, landing, clock):
        landing.put_all(
            {
                "tiny/note_20240601.txt": b"a",
                "tiny/note_20240601_101010.txt": b"b",
                "tiny/note_20240531.txt": b"bad",
                "tiny/sum_20240531.csv": b"c",
                "tiny/note_20240101.txt": b"too long ago for the picture",
            }
        )
        promote_all(zone)
        health = health_of(zone)
        flow = {f"{day.day}": (day.accepted, day.refused) for day in flow_of(health.feeds)}
        assert len(flow) == 28
        assert {day: counts for day, counts in flow.items() if any(counts)} == {
            "2024-05-31": (1, 1),
            "2024-06-01": (2, 0),
        }
