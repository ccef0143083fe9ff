"""What Dagster's pages list of an asset's materializations: all of them, the newest day as what it is now."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from rawzone_assets.definitions import build_definitions
from rawzone_assets.orchestration import event_batches
from rawzone_assets.orchestration.local_runs import promote_landing
from rawzone_assets.orchestration.names import UNRECOGNIZED, landing_key, raw_key
from rawzone_assets.orchestration.reindex import reindex
from rawzone_assets_tests.orchestration.desk import NOTES

FIRST = datetime(2024, 3, 1, tzinfo=UTC)
DAYS = [f"{FIRST + timedelta(days=number):%Y-%m-%d}" for number in range(60)]
KEYS = (raw_key(NOTES), landing_key(NOTES))


def land_all(desk) -> None:
    for day in DAYS:
        desk.land(day.replace("-", ""))


def by_hand(desk) -> dg.DagsterInstance:
    promote_landing(desk.instance, desk.overrides, build=build_definitions, platforms=[desk.platform])
    return desk.instance


def by_the_sensor(desk) -> dg.DagsterInstance:
    for request in desk.tick().run_requests:
        desk.carry_out(request)
    return desk.instance


def by_a_reindex(desk) -> dg.DagsterInstance:
    by_hand(desk)
    folder = desk.home / "new-dagster"
    folder.mkdir()
    instance = dg.DagsterInstance.local_temp(str(folder), overrides={"telemetry": {"enabled": False}})
    with desk.zone() as zone:
        list(reindex(instance, zone, (desk.platform,)))
    return instance


@pytest.mark.parametrize("told", [by_hand, by_the_sensor, by_a_reindex])
class TestAHistory:
    def test_every_day_is_listed(self, desk, told):
        """The UI keeps one of several events of the same run, millisecond and type."""
        land_all(desk)
        instance = told(desk)
        for key in KEYS:
            records = instance.fetch_materializations(key, limit=1000).records
            listed = {(record.run_id, int(record.timestamp * 1000)) for record in records}
            assert len(listed) == len(records) == len(DAYS)

    def test_the_newest_day_is_what_the_asset_shows(self, desk, told):
        land_all(desk)
        instance = told(desk)
        for key in KEYS:
            newest = instance.get_latest_materialization_event(key)
            assert newest.asset_materialization.partition == DAYS[-1]


def test_the_list_of_runs_says_which_asset_a_promotion_by_hand_was_for(desk):
    desk.land("20240501")
    desk.land("20240502", name="sums")
    desk.land("20240503", name="sums")
    desk.land_as("tiny/whatsthis.txt", "no feed")
    by_hand(desk)
    runs = {run.tags["rawzone/feed"]: run for run in desk.instance.get_runs()}
    named = {name: run.asset_selection for name, run in runs.items()}
    assert named == {
        NOTES: {raw_key(NOTES)},
        "tiny/sums": {raw_key("tiny/sums")},
        "unrecognized": {UNRECOGNIZED},
    }
    assert not any(run.asset_check_selection for run in runs.values())
    assert runs[NOTES].tags["dagster/partition"] == "2024-05-01"


def test_moments_are_those_that_were_wanted_or_the_next_free_ones():
    moments, event = event_batches.Moments(), dg.AssetMaterialization("an_asset")
    given = [
        moments.of(event, at) for at in (5.0, 5.0, 5.0009, 5.0, 6.25, 1_795_728_094.997, 1_795_728_094.997)
    ]
    assert given[0] == 5.0
    assert given[4] == 6.25
    milliseconds = [int(at * 1000) for at in given]
    assert milliseconds[:5] == [5000, 5001, 5002, 5003, 6250]
    assert len(set(milliseconds)) == len(given)


def test_an_older_moment_stays_what_it_was_and_other_assets_have_their_own():
    """The newest event of an asset tells how fresh it is: none may take the time of another."""
    moments, one, other = (
        event_batches.Moments(),
        dg.AssetMaterialization("one"),
        dg.AssetMaterialization("two"),
    )
    assert [moments.of(one, 9.0), moments.of(one, 5.0), moments.of(other, 9.0)] == [9.0, 5.0, 9.0]
    assert moments.of(one, 5.0) == pytest.approx(5.0015)
