"""``rawzone demo`` with its UI, as a newcomer runs it: a real process, a real Dagster, Ctrl-C at the end."""

import json
import signal
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime

import dagster as dg
import pytest

from rawzone_assets.orchestration.names import HEALTH_JOB, ZONE_HEALTH, raw_key
from rawzone_assets.platforms import all_feeds
from rawzone_assets_tests.browser.demo_zone import clean_environment
from rawzone_assets_tests.processes import eventually, free_port, running
from rawzone_assets_tests.zone.conftest import folder_in_memory

RAWZONE = (sys.executable, "-c", "from rawzone_assets.cli import main; main()")

IN_USE = (
    *("RAWZONE_LANDING", "RAWZONE_RAW", "RAWZONE_QUARANTINE", "RAWZONE_ARCHIVE", "RAWZONE_STATE"),
    *("RAWZONE_COLUMNAR", "RAWZONE_CACHE", "RAWZONE_OPENLINEAGE"),
)
"""What whoever has a zone may have set when he looks at the demonstration."""


def ask(home, *arguments):
    """The JSON lines that a command answers over the zone."""
    done = subprocess.run(
        [*RAWZONE, "--home", str(home), *arguments, "--json"],
        env=clean_environment(),
        capture_output=True,
        check=False,
    )
    return list(map(json.loads, done.stdout.splitlines()))


@pytest.fixture(scope="module")
def demo():
    """Where the demonstration took place, what it said, and whether its UI answered."""
    with folder_in_memory() as folder:
        yield demonstration(folder)


def demonstration(folder):
    home, said, port = folder / "data", folder / "said", free_port()
    command = [*RAWZONE, "demo", "--days", "1", "--port", str(port), "--home", str(home)]
    in_use = {name: str(folder / "in use" / name) for name in IN_USE}
    with running(command, log=said, env=clean_environment(**in_use), cwd=folder) as process:
        assert eventually(lambda: "Ctrl-C" in said.read_text(), process=process), said.read_text()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=60) as answer:
            knows = json.load(answer)
        assert eventually(lambda: "Incident" in (home / "dagster" / "demo.log").read_text(), process=process)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    return home, said.read_text(), knows, process.returncode


def test_the_address_of_the_ui_stays_on_the_screen_and_dagsters_log_goes_to_a_file(demo):
    home, said, knows, code = demo
    assert "dagster_version" in knows
    assert code == 0
    assert "Incident" not in said
    assert str(home / "dagster" / "demo.log") in said
    assert said.rstrip().endswith("Stop with Ctrl-C.\nStopping Dagster.")


def test_bad_samples_are_told_and_are_no_failure(demo):
    _, said, _, code = demo
    assert (code, "quarantined:" in said) == (0, True)


def test_nothing_of_a_zone_in_use_is_touched(demo):
    """What was wrong with the samples went into its alert book, and days of its projection were removed."""
    home = demo[0]
    assert not (home.parent / "in use").exists()
    assert (home / "state/alerts/book.json").exists()


def test_every_feed_has_accepted_something(demo):
    counts = {line["feed"]: line["files"] for line in ask(demo[0], "status") if "feed" in line}
    assert set(counts) == {feed.id for feed in all_feeds()}
    assert all(counts.values()), counts


def test_what_is_told_of_a_day_has_its_columns_and_stays_small(demo):
    """Those of a feed with more than twenty stand with its asset alone."""
    with dg.DagsterInstance.from_config(str(demo[0] / "dagster")) as instance:
        events = {feed.id: instance.get_latest_materialization_event(raw_key(feed.id)) for feed in all_feeds()}
    told = {feed_id: event.asset_materialization for feed_id, event in events.items()}
    wide = {feed_id for feed_id, one in told.items() if "dagster/column_schema" not in one.metadata}
    assert wide == {"metaads/audience", "metaads/campaigns", "social_media/spotify", "social_media/youtube"}
    assert max(len(dg.serialize_value(one)) for one in told.values()) < 12_000


def test_the_health_report_is_there_to_be_looked_at(demo):
    with dg.DagsterInstance.from_config(str(demo[0] / "dagster")) as instance:
        runs = instance.get_runs(filters=dg.RunsFilter(job_name=HEALTH_JOB))
        assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS]
        report = instance.get_latest_materialization_event(ZONE_HEALTH)
    assert report
    assert report.asset_materialization
    assert report.asset_materialization.metadata["files"].value > 0


def test_nothing_was_captured_later_than_now(demo):
    captured = [line["captured_at"] for line in ask(demo[0], "log") if line["captured_at"]]
    assert max(map(datetime.fromisoformat, captured)) < datetime.now(UTC)
