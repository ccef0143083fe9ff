"""What Dagster loads: which assets and checks there are, and what loading them costs."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import dagster as dg
import pytest
import yaml
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster._serdes import deserialize_value, serialize_value

from rawzone_assets.cli import root
from rawzone_assets.definitions import build_definitions, defs
from rawzone_assets.orchestration.dagster_home import shared_file
from rawzone_assets.orchestration.names import raw_key
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.setting_errors import BadSetting
from rawzone_assets_tests.orchestration.desk import NOTES

FEEDS = {feed.id: feed for platform in all_platforms() for feed in platform.feeds}


@pytest.mark.filterwarnings("ignore:Property .ScheduleDefinition.environment_vars:DeprecationWarning")
@pytest.mark.parametrize("which", ["the platforms", "a platform of a test"])
def test_the_definitions_reach_the_web_server(desk, which):
    """They cross a process border in Dagster's own words, which ``definitions validate`` does not try."""
    definitions = defs if which == "the platforms" else desk.definitions
    told = serialize_value(RepositorySnap.from_def(definitions.get_repository_def()))
    assert isinstance(deserialize_value(told), RepositorySnap)


def specs(definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def test_the_commands_that_assets_name_are_commands(desk):
    """What the UI shows to be typed is taken by the command line as it stands there."""
    named = {
        line.partition(" #")[0]
        for spec in specs(desk.definitions).values()
        for value in spec.metadata.values()
        if isinstance(value, dg.TextMetadataValue | dg.MarkdownMetadataValue)
        for line in value.value.splitlines()
        if line.startswith("rawzone ")
    }
    assert {words.split()[1] for words in named} >= {
        "ls",
        "cat",
        "show",
        "quarantine",
        "verify",
        "status",
        "sql",
    }
    for words in named:
        _, command, *arguments = shlex.split(words.partition(" > ")[0])
        context = click.Context(root)
        root.get_command(context, command).make_context(command, arguments, parent=context)


class TestNames:
    """The keys are what alerts, dashboards and people's bookmarks hold on to."""

    def test_a_platform_gives_these_assets(self, desk):
        assert sorted(specs(desk.definitions)) == [
            "columnar/tiny/notes",
            "columnar/tiny/sums",
            "health/consistency",
            "health/fixity",
            "health/restore_drill",
            "landing/tiny/notes",
            "landing/tiny/sums",
            "landing/unrecognized",
            "raw/tiny/notes",
            "raw/tiny/sums",
            "source/tiny",
            "zone/health",
            "zone/health/tiny",
        ]

    def test_a_feed_gives_these_checks(self, desk):
        keys = desk.definitions.resolve_asset_graph().asset_check_keys
        assert sorted(key.name for key in keys if key.asset_key == raw_key(NOTES)) == [
            "completeness",
            "freshness",
            "integrity",
            "open_refusals",
            "shape",
            "times",
            "types",
        ]

    @pytest.mark.parametrize("feed_id", FEEDS)
    def test_every_declared_feed_has_the_checks_of_the_specification(self, feed_id):
        keys = defs.resolve_asset_graph().asset_check_keys
        names = {key.name for key in keys if key.asset_key == raw_key(feed_id)}
        assert names == {*FEEDS[feed_id].check_names, "integrity", "freshness", "open_refusals"}

    def test_raw_descends_from_landing_and_landing_from_its_source(self, desk):
        found = specs(desk.definitions)
        parents = {name: [dep.asset_key.to_user_string() for dep in spec.deps] for name, spec in found.items()}
        assert parents[f"raw/{NOTES}"] == [f"landing/{NOTES}"]
        assert parents[f"landing/{NOTES}"] == ["source/tiny"]


class TestSpecs:
    def test_raw_says_what_it_is(self):
        spec = specs(defs)["raw/distrokid/sales"]
        assert spec.group_name == "distrokid"
        assert spec.kinds == {"tsv", "csv", "zip", "gzip"}
        assert spec.tags["zone"] == "raw"
        assert spec.owners == ["team:data-engineering"]
        assert (
            spec.code_version == f"{FEEDS['distrokid/sales'].version}.{FEEDS['distrokid/sales'].rules_version}"
        )
        assert "Blocks" in spec.description
        columns = {column.name for column in spec.metadata["dagster/column_schema"].columns}
        assert {"Reporting Date", "Earnings (USD)"} <= columns

    @pytest.mark.parametrize(
        ("feed_id", "some"),
        [
            ("distrokid/streams", {"category", "column-1"}),
            ("toolost/spotify", {"date", "streams"}),
            ("metaads/campaigns", {"campaign_id", "adset_id", "impressions"}),
            ("tiktok/audience", {"Followers", "Gender"}),
        ],
    )
    def test_documents_and_feeds_of_several_forms_tell_the_columns_of_their_records(self, feed_id, some):
        columns = [
            column.name for column in specs(defs)[f"raw/{feed_id}"].metadata["dagster/column_schema"].columns
        ]
        assert some <= set(columns)
        assert len(columns) == len(set(columns))

    @pytest.mark.parametrize("feed_id", FEEDS)
    def test_every_raw_asset_tells_its_columns(self, feed_id):
        assert specs(defs)[f"raw/{feed_id}"].metadata["dagster/column_schema"].columns

    def test_today_is_a_partition_and_the_start_can_be_set(self, monkeypatch):
        monkeypatch.setenv("RAWZONE_START", "2025-03-01")
        days = specs(build_definitions())["raw/distrokid/streams"].partitions_def
        assert days.get_first_partition_key() == "2025-03-01"
        assert days.end_offset == 1
        assert days.timezone == "UTC"

    @pytest.mark.parametrize("layer", ["landing", "raw"])
    @pytest.mark.parametrize("feed_id", FEEDS)
    def test_landing_and_raw_are_late_when_the_cadence_and_its_grace_say_so(self, layer, feed_id):
        policy = specs(defs)[f"{layer}/{feed_id}"].freshness_policy
        cadence = FEEDS[feed_id].cadence
        assert policy.warn_window.to_timedelta() == cadence.every
        assert policy.fail_window.to_timedelta() == cadence.every + cadence.patience

    def test_an_unknown_executor_is_refused_with_a_sentence(self, monkeypatch):
        monkeypatch.setenv("RAWZONE_EXECUTOR", "quantum")
        with pytest.raises(BadSetting, match="in_process or multiprocess"):
            build_definitions()

    def test_everything_runs_by_default_without_a_click(self, desk):
        repository = desk.definitions.get_repository_def()
        assert {sensor.name for sensor in repository.sensor_defs} == {
            "landing",
            "feed_watch",
            "alerts",
            "columnar",
        }
        running = [sensor.default_status.value for sensor in repository.sensor_defs]
        running += [schedule.default_status.value for schedule in repository.schedule_defs]
        assert running == ["RUNNING"] * 7

    def test_they_are_valid(self):
        dg.Definitions.validate_loadable(defs)
        dg.Definitions.validate_loadable(build_definitions())


class TestCatalogue:
    """'The catalogue page of each asset documents the feed.'"""

    @pytest.mark.parametrize("feed_id", FEEDS)
    def test_every_asset_of_a_feed_says_what_it_is_and_where_it_is_declared(self, feed_id):
        found = specs(defs)
        for layer in ("landing", "raw"):
            spec = found[f"{layer}/{feed_id}"]
            assert spec.description
            assert spec.owners
            assert spec.kinds
            assert spec.metadata["documentation"].value.startswith("docs/validation_rules.md#")
            declaration, *schemas = spec.metadata["dagster/code_references"].code_references
            line = Path(declaration.file_path).read_text().splitlines()[declaration.line_number - 1]
            assert f'id="{feed_id}"' in line
            assert [Path(schema.file_path).is_file() for schema in schemas] == [True] * len(
                FEEDS[feed_id].schemas
            )
        assert f"rawzone ls {feed_id}" in found[f"raw/{feed_id}"].metadata["commands"].value

    def test_every_asset_has_an_owner_and_a_description(self):
        bare = [name for name, spec in specs(defs).items() if not (spec.owners and spec.description)]
        assert bare == []

    def test_every_job_sensor_and_schedule_says_what_it_does(self, desk):
        repository = desk.definitions.get_repository_def()
        jobs = [job for job in repository.get_all_jobs() if job.name != "__ASSET_JOB"]
        shown = [*jobs, *repository.sensor_defs, *repository.schedule_defs]
        assert [item.name for item in shown if not item.description] == []

    def test_the_documentation_link_leads_to_a_heading(self):
        headings = shared_file("docs/validation_rules.md").read_text()
        for feed_id in FEEDS:
            assert f"\n## {feed_id}\n" in headings

    def test_the_graph_is_the_one_that_people_have_bookmarked(self):
        """Dashboards, alerts and staging hold on to these names: change them with a migration only."""
        graph = defs.resolve_asset_graph()
        drawn = sorted(
            f"{key.to_user_string()} [{graph.get(key).group_name}] <- "
            + ", ".join(sorted(parent.to_user_string() for parent in graph.get(key).parent_keys))
            for key in graph.get_all_asset_keys()
        )
        assert "\n".join(drawn) + "\n" == (Path(__file__).parent / "asset_graph.txt").read_text()


class TestLoading:
    def test_loading_imports_no_table_library_and_needs_no_environment(self):
        program = (
            "import sys, rawzone_assets.definitions\n"
            "print(sorted({'pandas', 'pandera', 'pyarrow', 'numpy'} & set(sys.modules)))"
        )
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("RAWZONE", "DAGSTER"))
        }
        done = subprocess.run(
            [sys.executable, "-W", "error::DeprecationWarning", "-c", program],
            env=kept,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout.strip(), done.stderr) == ("[]", "")

    def test_the_workspace_names_the_code_location_as_the_project_does(self):
        (location,) = yaml.safe_load(shared_file("workspace.yaml").read_text())["load_from"]
        assert location == {
            "python_module": {"module_name": "rawzone_assets.definitions", "location_name": "rawzone"}
        }


class TestInstance:
    def test_our_dagster_yaml_works_wherever_it_is_copied(self, tmp_path, monkeypatch):
        (tmp_path / "dagster.yaml").write_text(shared_file("dagster.yaml").read_text())
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
        with dg.DagsterInstance.get() as instance:
            assert not instance.telemetry_enabled
            assert not instance.nux_enabled
            assert instance.run_monitoring_enabled
            limits = instance.get_concurrency_config().run_queue_config.tag_concurrency_limits
            assert limits[0]["key"] == "rawzone/feed"
            database = Path(instance.storage_directory())
        assert tmp_path in database.parents
