"""Reindex: an empty Dagster instance, told the ledger, shows what the original shows."""

import json
import shutil
import threading
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

import dagster as dg
import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.orchestration import reindex as module
from rawzone_assets.orchestration import witness
from rawzone_assets.orchestration.names import CONSISTENCY, UNRECOGNIZED, landing_key, raw_key
from rawzone_assets.orchestration.partitions import feed_partitions
from rawzone_assets.orchestration.reindex import reindex
from rawzone_assets.orchestration.targets import newest_targets
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.receipt import moment
from rawzone_assets_tests.orchestration.desk import DAILY, NOON, NOTES, PLATFORM, Desk
from rawzone_assets_tests.zone.conftest import folder_in_memory

SUMS = "tiny/sums"
ASSETS = [kind(feed) for kind in (raw_key, landing_key) for feed in (NOTES, SUMS)]
END = NOON + timedelta(days=1)  # of the life that is told
_OF_THE_MOMENT = {"ledger_seq", "ledger_head", "tree_size", "tree_root"}  # the head when it was told


@contextmanager
def opened(folder):
    with dg.DagsterInstance.local_temp(str(folder), overrides={"telemetry": {"enabled": False}}) as instance:
        yield instance


@pytest.fixture
def empty(home):
    folder = home / "new-dagster"
    folder.mkdir()
    with opened(folder) as instance:
        yield instance


@pytest.fixture(scope="module")
def past():
    """A folder with the zone and the instance of some weeks of a life, and an instance told its ledger."""
    with folder_in_memory() as folder:
        for name in ("dagster", "new-dagster"):
            (folder / name).mkdir()
        with opened(folder / "dagster") as instance, opened(folder / "new-dagster") as new:
            desk = Desk(home=folder / "data", instance=instance)
            live(desk)
            first = told(desk, new)
        yield folder, first


@pytest.fixture
def lived(home, past):
    """A desk of that life, which a test may go on with."""
    folder, _ = past
    for name in ("dagster", "data"):
        shutil.copytree(folder / name, home / name, symlinks=True)
    with opened(home / "dagster") as instance:
        yield Desk(home=home / "data", instance=instance, now=END)


@pytest.fixture
def retold(home, past):
    """The instance that was empty and was told of it, and what it was told."""
    folder, first = past
    shutil.copytree(folder / "new-dagster", home / "retold")
    with opened(home / "retold") as instance:
        yield instance, first


def told(desk, instance, **options) -> Counter:
    """What a reindex told, added up."""
    with desk.zone() as zone:
        found = list(reindex(instance, zone, (PLATFORM,), **options))
    return Counter(
        materialized=sum(item.materialized for item in found if item.name in (NOTES, SUMS)),
        evaluations=sum(item.evaluations for item in found),
    )


def live(desk) -> None:
    """Some weeks of a zone's life, with everything that a day can hold."""
    for number in range(12):
        desk.land(f"202405{number + 10}", f"{number}\n")
        desk.tick()  # notes the arrival
        desk.run(f"2024-05-{number + 10}")
    desk.land("20240511", "bad", time="080000")
    desk.land("20240512", "odd\n", time="080000")
    desk.land("20240513", "another revision\n")
    desk.land("20191231")  # before the first partition
    desk.land_as("tiny/notes_20240514_090000.json", "20240510\n0\n")  # a duplicate
    desk.land("20240516", "bad", time="070000")
    desk.land_as("tiny/whatsthis.txt", "no feed")
    desk.land("20240520", name="sums")
    settle(desk)
    desk.land("20240516", "mended", time="070000")
    desk.land("20240503", "older and later\n")
    settle(desk)
    desk.now = END
    settle(desk)


def settle(desk) -> None:
    """Ticks and their runs until there is nothing to do."""
    for _ in range(5):
        requests = [
            r for sensor in ("landing", "feed_watch") for r in desk.tick(sensor=sensor).run_requests or ()
        ]
        for request in requests:
            assert desk.carry_out(request).success
        if not requests:
            return
    raise AssertionError(f"still something to do: {requests}")


def shown(metadata) -> dict:
    return {name: repr(value) for name, value in metadata.items() if name not in _OF_THE_MOMENT}


def state(instance) -> dict:
    """Everything that the UI says of our assets, without when and by which run it was told."""
    found = {}
    for key in (*ASSETS, CONSISTENCY, UNRECOGNIZED):
        partitions = sorted(instance.get_materialized_partitions(key))
        found[key.to_user_string(), "partitions"] = partitions
        found[key.to_user_string(), "versions"] = witness.content_by_partition(instance, key, partitions)
        for partition in partitions:
            wanted = dg.AssetRecordsFilter(key, asset_partitions=[partition])
            (record,) = instance.fetch_materializations(wanted, limit=1).records
            found[key.to_user_string(), partition] = shown(record.asset_materialization.metadata)
    for check in checks():
        rows = instance.event_log_storage.get_asset_check_partition_info([check])
        found[check, "states"] = {
            info.partition_key: (info.latest_execution_status.value, info.is_current)
            for info in rows
            if info.partition_key
        }
        history = instance.event_log_storage.get_asset_check_execution_history(check, limit=500)
        for record in reversed(history):
            evaluation = record.event.dagster_event.event_specific_data
            if isinstance(evaluation, dg.AssetCheckEvaluation):
                found[check, evaluation.partition] = (
                    evaluation.passed,
                    evaluation.severity,
                    evaluation.description,
                    shown(evaluation.metadata),
                )
    return found


def checks() -> list[dg.AssetCheckKey]:
    ours = [
        dg.AssetCheckKey(raw_key(f), n) for f in (NOTES, SUMS) for n in (*DAILY, "freshness", "open_refusals")
    ]
    return [
        *ours,
        dg.AssetCheckKey(CONSISTENCY, "cross_platform_consistency"),
        dg.AssetCheckKey(UNRECOGNIZED, "all_recognized"),
    ]


class TestEmptyInstance:
    """'The ledger reported to an empty instance gives the same asset, partition and check state.'"""

    def test_shows_what_the_original_shows(self, lived, retold):
        new, first = retold
        assert first["materialized"] >= 14
        before, after = state(lived.instance), state(new)
        # Landing in the original shows the last arrival of a day, the ledger knows all of them.
        several = {(f"landing/{NOTES}", f"2024-05-{day}") for day in (11, 12, 13, 14, 16)}
        for name in several:
            assert len(json.dumps(after.pop(name))) >= len(json.dumps(before.pop(name))) - 20
        versions = [found.pop((f"landing/{NOTES}", "versions")) for found in (before, after)]
        assert {day for day in versions[0] if versions[0][day] != versions[1][day]} <= {d for _, d in several}
        # The consistency of days that are out of its window was told when they were in it.
        for found in (before, after):
            for name in [name for name in found if "consistency" in str(name)]:
                if name[1] in ("partitions", "versions", "states") or name[1] < "2024-05-20":
                    found.pop(name)
        assert before.keys() == after.keys()
        for name, value in before.items():
            assert after[name] == value, name

    def test_has_nothing_left_to_be_told(self, lived, retold, empty):
        days = {feed.id: feed_partitions(feed, None) for feed in PLATFORM.feeds}
        with lived.zone() as zone:
            # Noted, so that no sensor need look at the whole ledger within a tick.
            assert witness.is_marked(retold[0], zone, zone.index.head.seq)
            assert witness.unreported(retold[0], zone, days) == {}
            assert witness.unreported(empty, zone, days).keys() == days.keys()

    def test_a_dead_feed_stays_dead_for_dagsters_own_freshness(self, desk, empty):
        desk.land("20240501")
        desk.land("20240503")
        desk.run("2024-05-03")
        desk.now += timedelta(days=1)
        desk.run("2024-05-01")
        told(desk, empty)
        for key in (raw_key(NOTES), landing_key(NOTES)):
            newest = empty.get_latest_materialization_event(key)
            with desk.zone() as zone:
                receipts = [entry.receipt for entry in zone.index.entries(feeds=[NOTES])]
            promoted = max(moment(r.promoted_at) for r in receipts).timestamp()
            assert 0 <= newest.timestamp - promoted < 0.01  # each has a millisecond of its own
            assert newest.asset_materialization.partition == "2024-05-01"

    def test_a_day_of_nothing_but_refusals_is_told_as_of_its_verdict_and_bears_witness(self, desk, empty):
        desk.land("20240501", "bad")
        desk.run("2024-05-01")
        desk.now += timedelta(days=1)
        told(desk, empty)
        (record,) = empty.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(raw_key(NOTES), "integrity"), limit=1
        )
        with desk.zone() as zone:
            (entry,) = zone.index.entries(feeds=[NOTES])
            head = zone.index.head.sha256
        assert record.event.timestamp == moment(entry.receipt.validated_at).timestamp()
        assert record.event.dagster_event.event_specific_data.metadata["ledger_head"].value == head

    def test_the_ledger_is_told_also_while_landing_is_away_and_where_no_lock_can_be_had(self, desk, empty):
        desk.land("20240501")
        desk.run("2024-05-01")
        (desk.home / "landing").rename(desk.home / "away")
        (desk.home / "state" / "reindex.lock").mkdir()  # opening it to lock it fails
        assert told(desk, empty)["materialized"] == 1

    def test_a_zone_without_a_ledger_has_nothing_to_tell_but_that_nothing_came(self, desk, empty):
        assert told(desk, empty)["materialized"] == 0
        assert told(desk, empty) == Counter(materialized=0, evaluations=0)

    def test_the_run_that_holds_the_events_is_recorded(self, desk, empty):
        desk.land("20240501")
        desk.run("2024-05-01")
        told(desk, empty)
        (run,) = empty.get_runs(dg.RunsFilter(tags={"rawzone/feed": NOTES}))
        assert run.status is dg.DagsterRunStatus.SUCCESS
        assert not empty.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        materialized = empty.get_latest_materialization_event(raw_key(NOTES))
        assert materialized.run_id == run.run_id


class TestKnownInstance:
    def test_nothing_is_told_twice(self, lived, retold):
        new, _ = retold
        before = state(new)
        assert told(lived, new) == Counter()
        assert state(new) == before

    def test_nor_by_two_at_once(self, lived, empty):
        second: list[Counter] = []
        with lived.zone() as zone:
            first = reindex(empty, zone, (PLATFORM,))
            next(first)  # the other feed is not told yet
            thread = threading.Thread(target=lambda: second.append(told(lived, empty)))
            thread.start()
            thread.join(timeout=1)
            list(first)
        thread.join(timeout=60)
        assert second == [Counter(materialized=0, evaluations=0)]

    def test_the_original_needs_nothing(self, lived):
        before = state(lived.instance)
        assert told(lived, lived.instance) == Counter()
        assert state(lived.instance) == before

    def test_days_whose_run_was_deleted_are_told_again(self, desk):
        desk.land("20240501")
        lost = desk.run("2024-05-01")
        desk.land("20240502")
        desk.run("2024-05-02")
        desk.instance.delete_run(lost.run_id)
        assert desk.materialized() == {"2024-05-02"}
        assert told(desk, desk.instance)["materialized"] == 1
        assert desk.materialized() == {"2024-05-01", "2024-05-02"}
        assert set(desk.verdicts("shape").values()) == {"SUCCEEDED"}

    def test_what_was_wiped_is_shown_again(self, lived):
        """Dagster hides what is older than the wipe, and the ledger's times are."""
        before = {asset: lived.instance.get_materialized_partitions(asset) for asset in ASSETS}
        lived.instance.wipe_assets(ASSETS)
        assert not any(lived.instance.get_materialized_partitions(asset) for asset in ASSETS)
        assert told(lived, lived.instance)["materialized"] == sum(
            len(before[raw_key(f)]) for f in (NOTES, SUMS)
        )
        assert {asset: lived.instance.get_materialized_partitions(asset) for asset in ASSETS} == before
        assert told(lived, lived.instance) == Counter(materialized=0, evaluations=0)

    def test_a_day_that_changed_after_a_reindex_can_be_told_once_more(self, desk, empty):
        desk.land("20240501", "bad")
        desk.run("2024-05-01")
        told(desk, empty)
        desk.land("20240501", "good")
        desk.run("2024-05-01")
        assert told(desk, empty)["materialized"] == 1
        (info,) = empty.event_log_storage.get_asset_check_partition_info(
            [dg.AssetCheckKey(raw_key(NOTES), "shape")]
        )
        assert (info.latest_execution_status.value, info.is_current) == ("SUCCEEDED", True)

    @pytest.mark.parametrize("options", [{}, {"feeds": [NOTES]}])
    def test_what_a_run_promotes_meanwhile_is_told_after_it(self, desk, monkeypatch, options):
        """Else what was told of the day as it was before hides a refusal."""
        desk.land("20240510")
        with desk.zone() as zone:
            promote(zone, zone.survey([PLATFORM], settle=0).ready, judge=judge, run_id="by hand")

        def overtaken(*asked):
            monkeypatch.setattr(module, "newest_targets", newest_targets)
            desk.land("20240510", "bad", time="080000")
            settle(desk)
            return newest_targets(*asked)

        monkeypatch.setattr(module, "newest_targets", overtaken)
        told(desk, desk.instance, **options)
        settle(desk)
        assert not desk.evaluation("shape", "2024-05-10").passed

    def test_one_feed_can_be_told_alone_and_the_days_are_counted(self, desk, empty):
        desk.land("20240501")
        desk.land("20240502", name="sums")
        desk.run("2024-05-01")
        desk.run("2024-05-02", feed_id=SUMS)
        steps = []
        told(desk, empty, feeds=[SUMS], progress=lambda done, total: steps.append((done, total)))
        assert empty.get_materialized_partitions(raw_key(SUMS)) == {"2024-05-02"}
        assert empty.get_materialized_partitions(raw_key(NOTES)) == set()
        assert steps == [(1, 1)]


def test_what_is_known_of_many_days_at_once_is_what_is_known_of_each(lived):
    """Some days were judged several times, so their evaluations stand before and after those of others."""
    with lived.zone() as zone:
        days = zone.index.days_by_commit(NOTES)
    assert len(days) > 10, "fewer are asked for one by one"
    at_once = witness.recorded_days(lived.instance, NOTES, days)
    each = {day: witness.recorded_days(lived.instance, NOTES, [day])[day] for day in days}
    assert at_once == each
    assert {known.state for known in at_once.values()} > {None}
