"""Columnar assets: each feed's projection in Dagster, of the days of raw, materialized for real."""

import json
from dataclasses import replace
from datetime import date

import dagster as dg
import pytest

from rawzone_assets.access.projected_tables import tables
from rawzone_assets.definitions import build_definitions, defs
from rawzone_assets.health.erasure import erase, plan_erasure
from rawzone_assets.orchestration import columnar
from rawzone_assets.orchestration.logs import QUIET
from rawzone_assets.orchestration.names import FEED_TAG, RANGE_END, RANGE_START, columnar_key, raw_key
from rawzone_assets.orchestration.overrides import Overrides
from rawzone_assets.platforms import all_platforms, find_feed
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.access.test_projection import FEEDS

FEED = "toolost/spotify"
KEY = columnar_key(FEED)


@pytest.fixture
def settings(home) -> Settings:
    (home / "data" / "landing" / "toolost").mkdir(parents=True)
    environment = {"RAWZONE_SETTLE": "0", "RAWZONE_RESERVE": "0", "RAWZONE_START": "2025-06-01"}
    return Settings.from_environment(environment, home=home / "data")


@pytest.fixture
def definitions(settings) -> dg.Definitions:
    platforms = tuple(platform for platform in all_platforms() if platform.id == "toolost")
    return build_definitions(Overrides(settings=settings, platforms=platforms))


@pytest.fixture
def instance(home):
    (home / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
        yield instance


def land(settings: Settings, day: str, *counts: int) -> None:
    days = [{"date": f"2025-05-{number:02}", "streams": str(count)} for number, count in enumerate(counts, 1)]
    path = settings.layout.landing / "toolost" / f"toolost_spotify_{day.replace('-', '')}.json"
    path.write_text(json.dumps({"streams": days, "discovery": []}))


def run(definitions, instance, *keys, first: str, last: str | None = None):
    """A run for each of the assets, in this order; what became of the last."""
    job = definitions.resolve_implicit_global_asset_job_def()
    return [
        job.get_subset(asset_selection={key}, asset_check_selection=set()).execute_in_process(
            instance=instance,
            partition_key=None if last else first,
            tags={RANGE_START: first, RANGE_END: last} if last else {},
            run_config=QUIET,
            raise_on_error=False,
        )
        for key in keys
    ][-1]


def materialization(instance, day: str) -> dict:
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(KEY, asset_partitions=[day]), limit=1
    ).records
    return {name: entry.value for name, entry in records[0].asset_materialization.metadata.items()}


class TestMaterializing:
    def test_a_run_after_raw_projects_what_was_promoted(self, settings, definitions, instance):
        land(settings, "2025-06-02", 5, 7, 9)
        assert run(definitions, instance, raw_key(FEED), KEY, first="2025-06-02").success
        facts = materialization(instance, "2025-06-02")
        assert (facts["dagster/row_count"], facts["deliveries"], facts["unprojected"]) == (3, 1, 0)
        assert facts["rows_by_table"] == {"streams": 3}
        assert facts["dagster/uri"].startswith(settings.layout.columnar.as_uri())

    def test_a_range_tells_of_exactly_the_days_that_have_deliveries(self, settings, definitions, instance):
        land(settings, "2025-06-02", 5)
        land(settings, "2025-06-05", 6)
        run(definitions, instance, raw_key(FEED), first="2025-06-01", last="2025-06-07")
        assert run(definitions, instance, KEY, first="2025-06-01", last="2025-06-07").success
        assert instance.get_materialized_partitions(KEY) == {"2025-06-02", "2025-06-05"}

    def test_a_revision_is_a_new_version_of_the_day_and_a_second_look_is_not(
        self, settings, definitions, instance
    ):
        def version() -> str:
            run(definitions, instance, raw_key(FEED), KEY, first="2025-06-02")
            event = instance.get_latest_materialization_event(KEY).asset_materialization
            return event.tags["dagster/data_version"]

        land(settings, "2025-06-02", 5)
        first, again = version(), version()
        land(settings, "2025-06-02", 6, 7)
        assert first == again != version()
        assert materialization(instance, "2025-06-02")["dagster/row_count"] == 2

    def test_a_damaged_object_fails_the_run_and_is_named(self, settings, definitions, instance):
        land(settings, "2025-06-02", 5)
        run(definitions, instance, raw_key(FEED), first="2025-06-02")
        with Zone(settings) as zone:
            zone.index.catch_up()
            (entry,) = zone.index.entries(feeds=[FEED])
        path = settings.layout.object(entry.receipt.key)
        path.chmod(0o644)
        path.write_bytes(b"damaged")
        done = run(definitions, instance, KEY, first="2025-06-02")
        assert not done.success
        failures = [event.step_failure_data.error.message for event in done.all_events if event.is_step_failure]
        assert entry.receipt.key in failures[0]
        assert materialization(instance, "2025-06-02")["not_projected"][0]["key"] == entry.receipt.key


class TestSensor:
    """What raw has and columns lack, whatever came before: no update is missed, and no gap costs a run."""

    @staticmethod
    def look(definitions, instance, cursor: str | None = None) -> dg.SensorResult:
        context = dg.build_sensor_context(
            instance=instance,
            definitions=definitions,
            cursor=cursor,
            resources={"zone": definitions.resources["zone"]},
        )
        return definitions.resolve_sensor_def("columnar")(context)

    @staticmethod
    def carry_out(definitions, instance, request: dg.RunRequest):
        (key,) = request.asset_selection
        first = request.partition_key or request.tags[RANGE_START]
        last = None if request.partition_key else request.tags[RANGE_END]
        return run(definitions, instance, key, first=first, last=last)

    def test_a_day_that_raw_has_anew_while_it_is_projected_is_projected_as_it_is_then(
        self, settings, definitions, instance, monkeypatch
    ):
        """Its columns are told later than raw told of the delivery that is not among them."""
        self.history(settings, definitions, instance, "2025-06-02")
        tell = columnar._materialization

        def tell_late(*told):
            monkeypatch.setattr(columnar, "_materialization", tell)
            land(settings, "2025-06-02", 6, 7, 8)
            assert run(definitions, instance, raw_key(FEED), first="2025-06-02").success
            return tell(*told)

        monkeypatch.setattr(columnar, "_materialization", tell_late)
        assert run(definitions, instance, KEY, first="2025-06-02").success
        assert self.look(definitions, instance).run_requests == []
        assert materialization(instance, "2025-06-02")["rows"] == 3

    def test_a_day_of_which_the_law_had_everything_erased_is_told_to_be_empty(
        self, settings, definitions, instance
    ):
        """Nothing could be projected, so a run was asked for every two hours, for ever."""
        self.history(settings, definitions, instance, "2025-06-02", "2025-06-03")
        order = {"reason": "a request", "authority": "an office"}
        with Zone(settings) as zone:
            zone.index.catch_up()
            gone = [next(zone.index.entries(feeds=[FEED], since="2025-06-03")).receipt.sha256]
            erase(zone, gone, code=plan_erasure(zone, gone, **order).code, by="Ada", **order)
        (request,) = self.look(definitions, instance).run_requests
        assert self.carry_out(definitions, instance, request).success
        assert self.look(definitions, instance).run_requests == []
        assert materialization(instance, "2025-06-02")["rows"] == 2
        facts = materialization(instance, "2025-06-03")
        assert (facts["rows"], facts["deliveries"]) == (0, 0)

    def history(self, settings, definitions, instance, *days: str) -> None:
        for day in days:
            land(settings, day, 5, int(day[-1]))
        run(definitions, instance, raw_key(FEED), first=days[0], last=days[-1])

    def test_days_that_raw_held_before_the_first_look_are_one_run_with_their_gaps(
        self, settings, definitions, instance
    ):
        """A history promoted by hand, or told by a reindex, before a daemon ever ran."""
        self.history(settings, definitions, instance, "2025-06-02", "2025-06-05", "2025-06-09")
        first = self.look(definitions, instance)
        (request,) = first.run_requests
        assert request.asset_selection == [KEY]
        assert (request.tags[RANGE_START], request.tags[RANGE_END]) == ("2025-06-02", "2025-06-09")
        assert self.carry_out(definitions, instance, request).success
        assert instance.get_materialized_partitions(KEY) == {"2025-06-02", "2025-06-05", "2025-06-09"}
        later = self.look(definitions, instance, first.cursor)
        assert not later.run_requests
        assert later.skip_reason.skip_message == "every day of raw is projected"
        assert later.cursor == "{}"

    def test_a_day_that_raw_has_anew_is_asked_for_however_old(self, settings, definitions, instance):
        self.history(settings, definitions, instance, "2025-06-02", "2025-06-05")
        self.carry_out(definitions, instance, self.look(definitions, instance).run_requests[0])
        land(settings, "2025-06-02", 6, 7)
        run(definitions, instance, raw_key(FEED), first="2025-06-02")
        (request,) = self.look(definitions, instance).run_requests
        assert request.partition_key == "2025-06-02"

    def test_what_a_failed_run_left_is_asked_for_again_after_a_pause(self, settings, definitions, instance):
        self.history(settings, definitions, instance, "2025-06-02", "2025-06-05")
        first = self.look(definitions, instance)
        obstacle = settings.layout.columnar
        obstacle.parent.mkdir(parents=True, exist_ok=True)
        obstacle.write_text("no folder")
        assert not self.carry_out(definitions, instance, first.run_requests[0]).success
        soon = self.look(definitions, instance, first.cursor)
        assert not soon.run_requests
        assert "still pending after attempt 1" in soon.skip_reason.skip_message
        noted = json.loads(soon.cursor)
        assert list(noted) == [f"columnar/{FEED}"]
        noted[f"columnar/{FEED}"][2] -= 3600  # an hour ago
        (again,) = self.look(definitions, instance, json.dumps(noted)).run_requests
        assert again.run_key != first.run_requests[0].run_key

    def test_a_run_of_it_holds_up_no_promotion_of_the_feed(self, settings, definitions, instance):
        """Runs of one tag are made one at a time, and the landing sensor waits for active ones."""
        self.history(settings, definitions, instance, "2025-06-02", "2025-06-05")
        (request,) = self.look(definitions, instance).run_requests
        assert request.tags[FEED_TAG] == f"columnar/{FEED}"

    def test_a_history_of_all_feeds_is_asked_for_a_few_runs_a_tick(self, settings, instance):
        """Dagster's daemon launches them all before it looks at landing and alerts again."""
        every = build_definitions(Overrides(settings=replace(settings, start=date(2024, 1, 1))))
        for feed_id in FEEDS:
            for day in ("2024-03-01", "2025-06-02"):
                instance.report_runless_asset_event(dg.AssetMaterialization(raw_key(feed_id), partition=day))
        asked, cursor = [], None
        while (looked := self.look(every, instance, cursor)).run_requests:
            assert len(looked.run_requests) <= 4
            asked += [request.asset_selection[0] for request in looked.run_requests]
            cursor = looked.cursor
        assert set(asked) == {columnar_key(feed_id) for feed_id in FEEDS}

    def test_it_runs_without_a_click(self):
        sensor = defs.resolve_sensor_def("columnar")
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING


class TestDefinitions:
    @pytest.mark.parametrize("feed_id", FEEDS)
    def test_each_feed_has_one_with_the_partitions_of_raw_and_its_columns(self, feed_id):
        found = {spec.key: spec for spec in defs.resolve_all_asset_specs()}
        spec = found[columnar_key(feed_id)]
        assert [dep.asset_key for dep in spec.deps] == [raw_key(feed_id)]
        assert spec.partitions_def == found[raw_key(feed_id)].partitions_def
        assert (spec.kinds, spec.tags["zone"]) == ({"parquet"}, "columnar")
        documented = {column.name for column in spec.metadata["dagster/column_schema"].columns}
        feed = find_feed(feed_id)
        main = {column.name for table in tables(feed) if table.is_main for column in table.columns}
        assert documented >= main | {"_key", "_sha256", "_captured_at", "_row"}
        assert all(f"__{table.name}`" in spec.metadata["tables"].value for table in tables(feed))

    def test_a_form_that_nobody_can_read_has_an_asset_that_says_so(self, desk):
        desk.land("20240501")
        desk.run("2024-05-01")
        done = run(desk.definitions, desk.instance, columnar_key("tiny/notes"), first="2024-05-01")
        assert done.success
        records = desk.instance.fetch_materializations(columnar_key("tiny/notes"), limit=1).records
        facts = records[0].asset_materialization.metadata
        assert facts["unprojected"].value == 1
        assert "nothing is known about the columns" in facts["not_projected"].value[0]["reason"]

    def test_what_is_told_of_a_day_stays_small(self, settings, definitions, instance):
        folder = settings.layout.landing / "toolost"
        for minute in range(30):
            (folder / f"toolost_spotify_20250602_10{minute:02}00.json").write_text(
                json.dumps({"streams": [{"date": "2025-05-01", "streams": minute}]})
            )
        run(definitions, instance, raw_key(FEED), KEY, first="2025-06-02")
        event = instance.get_latest_materialization_event(KEY)
        assert len(dg.serialize_value(event.asset_materialization)) < 8000
