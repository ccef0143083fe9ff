"""``rawzone promote`` and ``rawzone demo``: runs in this process, exit codes, nothing on the wrong stream."""

import errno
import json
import os
import shutil
from datetime import date

import dagster as dg
import pytest
from click.testing import CliRunner

from rawzone_assets.cli import root
from rawzone_assets.contract.judging import judge
from rawzone_assets.orchestration.names import raw_key
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import samples
from rawzone_assets.zone.compression import Compression
from rawzone_assets.zone.landing import LandedReading
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

FEED = "distrokid/streams"


@pytest.fixture
def rawzone(home, environment):
    def call(*arguments):
        result = CliRunner().invoke(root, ["--home", str(home / "data"), *arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def landing(home):
    folder = home / "data" / "landing"
    folder.mkdir(parents=True)
    return folder


def land(landing, *verdicts: str, feed: str = FEED) -> dict[str, str]:
    """Land a delivery a day, from 1 June on, that must get this verdict; path to verdict."""
    landed = {}
    for number, verdict in enumerate(verdicts):
        cases = samples(feed, capture=date(2025, 6, 1 + number))
        sample = next(sample for sample in cases if sample.verdict == verdict)
        path = landing / sample.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sample.data)
        landed[sample.path] = verdict
    return landed


def lines(result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


class TestPromote:
    def test_good_deliveries_end_with_0_and_a_line_each(self, rawzone, landing):
        promised = land(landing, "promoted", "promoted") | land(landing, "promoted", feed="toolost/spotify")
        result = rawzone("promote", "--now", "--json")
        assert result.exit_code == 0
        assert {line["landing_path"]: line["verdict"] for line in lines(result)} == promised
        for line in lines(result):
            assert {"feed", "key", "sha256", "findings"} <= line.keys()

    def test_refused_and_unrecognized_files_end_with_1_and_say_why(self, rawzone, landing):
        land(landing, "promoted", "quarantined")
        (landing / "distrokid" / "notes.txt").write_text("remember the milk")
        result = rawzone("promote", "--now")
        assert result.exit_code == 1
        assert "1 quarantined:" in result.stdout
        assert "RZ-UNKNOWN-NAME" in result.stdout
        again = rawzone("promote", "--now", "--json")
        assert (again.exit_code, again.stdout) == (0, "")

    def test_the_runs_show_in_the_dagster_of_the_home(self, rawzone, landing, home, monkeypatch):
        land(landing, "promoted", "promoted")
        rawzone("promote", "--now")
        monkeypatch.setenv("DAGSTER_HOME", str(home / "data" / "dagster"))
        with dg.DagsterInstance.get() as instance:
            days = instance.get_materialized_partitions(raw_key(FEED))
            assert days == {"2025-06-01", "2025-06-02"}
            assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.SUCCESS}

    def test_days_and_feeds_narrow_it(self, rawzone, landing):
        land(landing, *["promoted"] * 4)
        land(landing, *["promoted"] * 4, feed="toolost/spotify")
        narrow = ("--since", "2025-06-02", "--until", "2025-06-03")
        result = rawzone("promote", FEED, *narrow, "--now", "--json")
        found = {(line["feed"], line["partition"]) for line in lines(result)}
        assert found == {(FEED, "2025-06-02"), (FEED, "2025-06-03")}

    def test_what_still_settles_is_said_on_the_other_stream(self, rawzone, landing):
        land(landing, "promoted")
        result = rawzone("promote", "--json")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "left waiting" in result.stderr
        assert "--now does not wait" in result.stderr
        assert "Nothing new has landed" not in rawzone("promote").stderr

    def test_a_folder_that_cannot_be_listed_is_not_called_nothing_new(self, rawzone, landing, monkeypatch):
        land(landing, "promoted")
        rawzone("promote", "--now")
        (landing / "distrokid" / "broken").mkdir()
        opened = os.open

        def fail(path, *arguments, **options):
            if path == "broken":
                raise OSError(errno.EIO, os.strerror(errno.EIO), path)
            return opened(path, *arguments, **options)

        monkeypatch.setattr(os, "open", fail)
        result = rawzone("promote", "--now")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("Could not list distrokid/broken in landing: see to the disk")
        land(landing, "promoted", "promoted")
        assert rawzone("promote", "--now").exit_code == 2
        assert rawzone("ls", FEED).stdout.count("\n") == 2, "all else is dealt with"

    @pytest.mark.parametrize("form", [(), ("--json",)])
    def test_what_changed_while_it_was_read_is_not_called_nothing_new(
        self, rawzone, landing, monkeypatch, form
    ):
        """It waits, as a file that settles does; only reading it can tell."""
        (name,) = land(landing, "promoted")
        block = LandedReading._block

        def hook(reading, descriptor, most):
            (landing / name).touch()
            return block(reading, descriptor, most)

        monkeypatch.setattr(LandedReading, "_block", hook)
        result = rawzone("promote", "--now", *form)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == f"1 file is left waiting ({name}: changed while it was read).\n"

    def test_runs_store_what_they_promote_as_the_setting_says(self, rawzone, landing, home, monkeypatch):
        monkeypatch.setenv("RAWZONE_COMPRESSION", "fast")
        landed = land(landing, "promoted", "promoted")
        assert rawzone("promote", "--now").exit_code == 0
        forms = {Compression.FAST.compress((landing / path).read_bytes()) for path in landed}
        assert {path.read_bytes() for path in (home / "data" / "raw").rglob("*.gz")} == forms

    def test_an_unknown_feed_ends_with_2_and_names_the_known_ones(self, rawzone):
        result = rawzone("promote", "distrokid/vinyl")
        assert result.exit_code == 2
        assert "distrokid/sales, distrokid/streams" in result.stderr

    def test_a_missing_landing_folder_ends_with_2_and_creates_nothing(self, rawzone, home):
        result = rawzone("promote")
        assert result.exit_code == 2
        assert "does not exist" in result.stderr
        assert not (home / "data").exists()

    def test_an_environment_in_the_way_ends_with_2_and_one_sentence(self, rawzone, landing, monkeypatch):
        land(landing, "promoted", "promoted")
        monkeypatch.setenv("RAWZONE_RESERVE", str(2**60))
        result = rawzone("promote", "--now", "--json")
        assert result.exit_code == 2
        (sentence,) = result.stderr.splitlines()
        assert "is almost full" in sentence

    @pytest.mark.usefixtures("landing")
    def test_an_unusable_dagster_home_ends_with_2_and_one_sentence(self, rawzone, monkeypatch):
        monkeypatch.setenv("DAGSTER_HOME", "/nowhere/at/all")
        result = rawzone("promote")
        assert result.exit_code == 2
        assert "DAGSTER_HOME" in result.stderr


class TestPromoteAgain:
    """Dagster is not asked when it surely knows all; each of these times it does not, or may not."""

    @pytest.fixture
    def told(self, rawzone, landing, home, monkeypatch):
        """A zone whose Dagster was told of one day; the function says of which days it knows."""
        land(landing, "promoted")
        rawzone("promote", "--now")

        def days() -> set[str]:
            monkeypatch.delenv(
                "DAGSTER_HOME"
            )  # the first call set it, which in a process of its own nobody sees
            assert rawzone("promote", "--now").exit_code == 0
            with dg.DagsterInstance.from_config(str(home / "data" / "dagster")) as instance:
                return instance.get_materialized_partitions(raw_key(FEED))

        return days

    def test_a_home_that_was_lost_is_told_everything_again(self, told, home):
        shutil.rmtree(home / "data" / "dagster")
        assert told() == {"2025-06-01"}

    def test_a_database_that_was_put_back_to_an_earlier_state_is_told_the_rest(self, told, landing, home):
        earlier = home / "earlier"
        shutil.copytree(home / "data" / "dagster", earlier)
        land(landing, "promoted", "promoted")
        assert told() == {"2025-06-01", "2025-06-02"}
        shutil.rmtree(home / "data" / "dagster")
        earlier.rename(home / "data" / "dagster")
        assert told() == {"2025-06-01", "2025-06-02"}

    def test_what_was_promoted_without_dagster_is_told(self, told, landing, home):
        land(landing, "promoted", "promoted")
        with Zone(Settings.from_environment({"RAWZONE_RESERVE": "0"}, home=home / "data")) as zone:
            promote(zone, zone.survey(all_platforms(), settle=0).ready, judge=judge, run_id="library")
        assert told() == {"2025-06-01", "2025-06-02"}

    @pytest.mark.usefixtures("told")
    def test_a_feed_that_was_promoted_alone_leaves_the_rest_to_be_told(self, rawzone, landing):
        (landing / "notes.txt").write_text("remember the milk")
        land(landing, "promoted", "promoted")
        assert rawzone("promote", FEED, "--now").exit_code == 0
        assert "notes.txt" in rawzone("promote", "--now").stdout

    @pytest.mark.usefixtures("told")
    def test_a_home_that_cannot_be_used_any_more_is_said(self, rawzone, monkeypatch):
        monkeypatch.setenv("DAGSTER_HOME", "/nowhere/at/all")
        assert rawzone("promote").exit_code == 2


class TestDemo:
    def test_a_landing_folder_with_files_is_left_alone(self, rawzone, landing):
        (landing / "mine").touch()
        refused = rawzone("demo", "--no-ui", "--days", "1")
        assert (refused.exit_code, "holds files of your own" in refused.stderr) == (2, True)
        assert [path.name for path in landing.iterdir()] == ["mine"]

    @pytest.mark.usefixtures("landing")
    def test_an_empty_one_is_filled_with_json_a_line_a_delivery_and_a_zone_in_use_is_kept_away_from(
        self, rawzone, home, monkeypatch
    ):
        """That some samples are bad is no failure. All words go to the other stream."""
        monkeypatch.setenv("RAWZONE_LANDING", str(home / "real"))
        monkeypatch.setenv("DAGSTER_HOME", str(home / "real"))
        first = rawzone("demo", "--no-ui", "--days", "1", "--json")
        assert first.exit_code == 0
        assert {"promoted", "quarantined", "unrecognized"} <= {line["verdict"] for line in lines(first)}
        assert "The zone is in" in first.stderr
        monkeypatch.delenv("RAWZONE_LANDING")
        again = rawzone("demo", "--no-ui", "--days", "1", "--json")
        assert (again.exit_code, again.stdout) == (0, "")
        in_words = rawzone("demo", "--no-ui", "--days", "1")
        assert (in_words.exit_code, "all feeds" in in_words.stdout) == (0, True)
        assert rawzone("verify").exit_code == 0
        assert not (home / "real").exists()


class TestACaptureOfSeveralFiles:
    """'A dump with fewer than four is incomplete; validate the set as well as each file.'"""

    def test_is_a_warning_of_its_day_until_the_others_have_come(self, rawzone, home):
        dump = home / "data" / "landing" / "meta_ads_dump_20250527_123754"
        dump.mkdir(parents=True)
        lists = {name: json.dumps([]) for name in ("campaigns", "adsets", "ads", "insights")}
        (dump / "campaigns.json").write_text(lists["campaigns"])

        def told() -> list[tuple[str, str]]:
            rawzone("promote", "--now")
            with dg.DagsterInstance.from_config(str(home / "data" / "dagster")) as instance:
                key = dg.AssetCheckKey(raw_key("metaads/campaigns"), "metric_completeness")
                (record,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
            evaluation = record.evaluation
            assert evaluation.passed
            rows = evaluation.metadata["findings"].value.records
            return [(row.data["code"], row.data["message"]) for row in rows if "SET" in row.data["code"]]

        ((code, message),) = told()
        assert code == "RZ-INCOMPLETE-SET"
        assert message.endswith("lacks adsets.json, ads.json, insights.json")
        for name in ("adsets", "ads", "insights"):
            (dump / f"{name}.json").write_text(lists[name] + "\n" * len(name))
        assert told() == []

    @pytest.mark.parametrize("mode", ["shadow", "warn", "enforce"])
    def test_a_session_that_saved_its_short_answer_alone_is_a_warning_of_its_day(self, rawzone, home, mode):
        (home / "data").mkdir(exist_ok=True)
        (home / "data" / "policy.toml").write_text(f'[modes]\nRZ-SHORT-RANGE = "{mode}"\n')
        landing = home / "data" / "landing" / "linktree"
        landing.mkdir(parents=True)
        rows = [{"date": f"2025-06-{day:02}", "totalViews": 2, "totalClicks": 3} for day in range(6, 13)]
        totals = {"totalViews": 14, "totalClicks": 21, "clickThroughRate": 1.5}
        answer = {"data": {"getAccountAnalytics": {"overview": totals | {"timeseries": rows}}}}
        (landing / "graphql_20250612_070000_000001.json").write_text(json.dumps(answer))
        rawzone("promote", "--now")
        with dg.DagsterInstance.from_config(str(home / "data" / "dagster")) as instance:
            key = dg.AssetCheckKey(raw_key("social_media/linktree"), "date_consistency")
            (record,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
        assert record.evaluation.passed
        if mode == "shadow":
            assert "findings" not in record.evaluation.metadata
            return
        (row,) = record.evaluation.metadata["findings"].value.records
        assert row.data["code"] == "RZ-SHORT-RANGE"
        assert row.data["effect"] == "warning"  # nothing of it is refused, whatever the mode


class TestReindexCommand:
    def test_a_new_dagster_home_is_told_once(self, rawzone, landing, home, monkeypatch):
        land(landing, "promoted", "quarantined")
        rawzone("promote", "--now")
        (home / "new").mkdir()
        monkeypatch.setenv("DAGSTER_HOME", str(home / "new"))
        first = rawzone("reindex", "--json")
        assert first.exit_code == 0
        told = {record["name"]: record for record in lines(first)}
        assert (told[FEED]["days"], told[FEED]["materialized"]) == (2, 1)
        again = lines(rawzone("reindex", "--json"))
        assert {record["materialized"] + record["evaluations"] + record["arrivals"] for record in again} == {0}
        with dg.DagsterInstance.get() as instance:
            assert instance.get_materialized_partitions(raw_key(FEED)) == {"2025-06-01"}
        assert "Dagster knows all" in rawzone("reindex").stderr

    def test_without_a_ledger_it_says_so(self, rawzone, landing):
        outcome = rawzone("reindex")
        assert outcome.exit_code == 2
        assert "There is no ledger" in outcome.stderr
        assert not (landing.parent / "dagster").exists()
