"""docs/reading.md: every example in it, run on a zone of generated deliveries."""

import csv
import io
import json
import re
import shlex
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest

from rawzone_assets_tests.access.independent_reader import main_rows

TEXT = (Path(__file__).parents[2] / "docs" / "reading.md").read_text()
COMMANDS = re.search(r"```bash\n(.*?)```", TEXT, re.DOTALL)[1]
EXAMPLES = {
    next(word for word in ("by_store", "by_country", "daily_streams", "newest") if word in code): code
    for code in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
}


@pytest.fixture
def run(own, tmp_path, monkeypatch):
    """Run an example as its reader does, in a folder of its own; the names it leaves."""
    monkeypatch.setenv("RAWZONE_HOME", str(own.home))
    monkeypatch.chdir(tmp_path)

    def run_example(name: str) -> dict:
        left: dict = {"__name__": "example"}
        exec(compile(EXAMPLES[name], f"reading.md: {name}", "exec"), left)  # noqa: S102
        return left

    return run_example


def landed(own, feed: str) -> list[dict]:
    """What the deliveries that can be read hold, as a second reader sees it."""
    listed = own("ls", feed, "--json").records
    return [row for one in listed for row in main_rows(feed, one["name"], own.landed(one))]


def earned_by(rows: list[dict], column: str) -> dict:
    sums: dict = defaultdict(Decimal)
    for row in rows:
        sums[row[column]] += Decimal(row["Earnings (USD)"])
    return dict(sums)


def test_each_command_answers(own):
    commands = [shlex.split(f"rawzone {rest}")[1:] for rest in COMMANDS.split("rawzone ")[1:]]
    tables, stores, days, codes = [own(*command) for command in commands]
    assert [done.code for done in (tables, stores, days, codes)] == [0, 0, 0, 0]
    assert "distrokid_streams__trendWeekly" in tables.text
    assert "Spotify" in stores.text
    assert len(list(csv.DictReader(io.StringIO(days.text)))) == 365
    assert len(codes.records) == 5


def test_the_python_connection_leads_to_the_receipts(run):
    rows = run("newest")["rows"]
    assert len(rows) == 7
    assert all(key.endswith(".json.gz") and place.startswith("/") for key, place, *_ in rows)


def test_pandas_sums_are_those_of_the_landed_bytes(own, run):
    found = run("by_country")["by_country"]
    assert {name: Decimal(str(value)) for name, value in found.items()} == earned_by(
        landed(own, "distrokid/sales"), "Country of Sale"
    )


def test_polars_sums_are_those_of_the_landed_bytes(own, run):
    assert own("sql", "SELECT count(*) FROM distrokid_sales").code == 0
    found = run("by_store")["by_store"]
    assert dict(zip(found["Store"], found["Earnings (USD)"], strict=True)) == earned_by(
        landed(own, "distrokid/sales"), "Store"
    )


def test_the_staging_asset_reads_its_partition_and_is_materialized(own, run, tmp_path):
    definitions: dg.Definitions = run("daily_streams")["defs"]
    key = dg.AssetKey(["staging", "toolost", "daily_streams"])
    assert dg.AssetKey(["raw", "toolost", "spotify"]) in definitions.resolve_asset_graph().get(key).parent_keys
    (day, *_) = [one["partition"] for one in own("ls", "toolost/spotify", "--json").records]
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection={key}, asset_check_selection=set()
    )
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance, partition_key=day).success
        facts = instance.get_latest_materialization_event(key).asset_materialization.metadata
    expected = {
        row["date"]: int(row["streams"])
        for one in own("ls", "toolost/spotify", "--since", day, "--until", day, "--json").records
        for row in main_rows("toolost/spotify", one["name"], own.landed(one))
    }
    assert json.loads((tmp_path / "staging/toolost/daily_streams" / f"{day}.json").read_text()) == expected
    assert facts["streams"].value == sum(expected.values()) > 0
    assert facts["rows"].value == len(expected)
