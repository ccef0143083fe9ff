"""The Dagster UI over the demo zone, as a data engineer uses it: real pages of a real ``dagster dev``."""

import hashlib
import re
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from rawzone_assets.orchestration.names import raw_key
from rawzone_assets.samples import samples
from rawzone_assets_tests.browser import demo_zone
from rawzone_assets_tests.processes import eventually, free_port

pytestmark = pytest.mark.browser
STREAMS = "/assets/raw/distrokid/streams"
FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)  # 731 days: a leap year is among them
EVERY = 60
PLATFORMS = ("distrokid", "metaads", "social_media_linktree", "social_media_spotify", "tiktok", "toolost")


@pytest.fixture(scope="module")
def server(home):
    demo_zone.rest(home, "columnar")  # no page here shows columns, and each of its runs is a process
    with demo_zone.serving(home, port=free_port()) as address:
        yield address


@pytest.fixture(scope="module")
def instance(home):
    with dg.DagsterInstance.from_config(str(home / "dagster")) as opened:
        yield opened


@pytest.fixture(scope="module")
def visit(server, chromium):
    """Open a page of the UI and wait until it shows a text."""
    page = chromium.new_page(viewport={"width": 1500, "height": 1100})
    page.set_default_timeout(60_000)

    def go(path, *, until):
        page.goto(server + path)
        page.get_by_text(until).first.wait_for()
        return page

    return go


@pytest.fixture(scope="module")
def delivery(home):
    """A good page of the newest day that landed."""
    landed = sorted((home / "landing" / "distrokid" / "streams").glob("streams_stats_*.html"))
    named = [path for path in landed if _stored(home, path)]
    return named[-1]


@pytest.fixture(scope="module")
def launched(home, visit, instance):
    """Two years of landed files, and a backfill over them from the asset's own dialog."""
    page = visit("/locations/rawzone/sensors/landing", until="Promotes what has landed")
    # Else the sensor, which needs no telling, is quicker than a person in a dialog.
    page.locator("input[type=checkbox]").first.evaluate("switch_ => switch_.click()")
    assert eventually(lambda: _sensor_rests(instance))
    days = [FIRST + timedelta(days=number) for number in range(0, (LAST - FIRST).days + 1, EVERY)]
    for day in days:
        good = next(s for s in samples("distrokid/streams", capture=day) if s.verdict == "promoted")
        path = home / "landing" / good.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(good.data)
    page = visit(f"{STREAMS}?view=overview", until="DistroKid streams page")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_text("Show all partitions").click()
    field = page.locator("input[type=text]").last
    field.fill(f"[{FIRST}...{LAST}]")
    field.press("Enter")
    page.get_by_text("731 partitions", exact=True).first.wait_for()
    return page, {day.isoformat() for day in days}


class TestTheGraph:
    def test_shows_a_group_for_each_platform(self, visit, look):
        page = visit("/asset-groups", until="distrokid")
        for platform in PLATFORMS:
            page.get_by_text(platform, exact=True).first.wait_for()
        look(page, "graph")

    def test_of_a_platform_leads_from_the_source_over_landing_to_raw(self, visit, look):
        page = visit("/locations/rawzone/asset-groups/distrokid", until="apple_music")
        for name, times in (("distrokid", 1), ("streams", 2), ("sales", 2), ("apple_music", 2)):
            nodes = page.locator("[class*=AssetNode], foreignObject").filter(has_text=name)
            assert eventually(lambda nodes=nodes, times=times: nodes.count() >= times), name
        page.get_by_text(re.compile(r"\d / 7 Passed")).first.wait_for()
        look(page, "graph-distrokid")


class TestTheAssetPage:
    def test_documents_the_feed(self, visit, look):
        page = visit(f"{STREAMS}?view=overview", until="DistroKid streams page")
        for said in ("data-engineering", "raw/distrokid/streams/", "Open declaration", "zone: raw", "landing"):
            page.get_by_text(said).first.wait_for()
        page.get_by_role("button", name="Show more").click()
        page.get_by_text("re-read and hashed").first.wait_for()
        look(page, "asset-overview", height=1700)

    def test_of_a_table_shows_its_columns(self, visit, look):
        page = visit("/assets/raw/distrokid/sales?view=overview", until="Column name")
        for column in ("sale month", "earnings (usd)", "Blank in rows of whole albums"):
            page.get_by_text(column).first.wait_for()
        look(page, "asset-columns")

    def test_shows_its_freshness(self, visit, look):
        page = visit(f"{STREAMS}?view=overview", until="Freshness policy")
        page.get_by_text("Passing", exact=True).first.wait_for()
        page = visit(f"{STREAMS}?view=checks&checkDetail=freshness", until="newest_capture")
        look(page, "freshness-check")

    def test_of_landing_says_which_names_it_takes(self, visit, look):
        page = visit("/assets/landing/distrokid/sales?view=overview", until="What extractors drop")
        page.get_by_text("sales_report_<ts>.tsv").first.wait_for()
        page.get_by_text("distrokid/sales_report_20240522_143022.tsv").first.wait_for()
        look(page, "landing-overview")

    def test_plots_what_is_numeric(self, visit, look):
        page = visit(f"{STREAMS}?view=overview", until="compression_ratio")
        page.get_by_text("Plots", exact=True).first.click()
        page.locator("canvas").first.wait_for()
        for name in ("bytes", "records", "quarantined"):
            page.get_by_text(name, exact=True).first.wait_for()
        look(page, "plots")


class TestHealth:
    def test_is_shown_as_figures_pictures_and_plots(self, visit, look):
        page = visit("/assets/zone/health?view=overview", until="to_look_at")
        look(page, "health", height=1700)
        page.get_by_text("Plots", exact=True).first.click()
        page.locator("canvas").first.wait_for()
        look(page, "health-plots", height=1700)
        page = visit("/assets/zone/health/distrokid?view=overview", until="Metadata")
        look(page, "health-distrokid", height=1700)


class TestAPartition:
    def test_says_what_is_in_it_where_it_came_from_and_how_to_get_it(self, visit, look, delivery):
        day = _day(delivery)
        page = visit(f"{STREAMS}?view=partitions&partition={day}", until="compression_ratio")
        text = page.locator("body").inner_text()
        assert hashlib.sha256(delivery.read_bytes()).hexdigest() in text
        assert f"distrokid/streams/{delivery.name}" in text
        assert f"rawzone cat distrokid/streams/{day[:4]}/{day[5:7]}/{delivery.name}.gz" in text
        look(page, "partition", height=1700)


class TestARedCheck:
    def test_names_files_places_and_reasons(self, visit, look):
        page = visit(f"{STREAMS}?view=checks&checkDetail=open_refusals", until="refused and not replaced")
        for said in ("RZ-TRUNCATED", "RZ-SIGN-", "the page's closing </html> is absent"):
            page.get_by_text(said).first.wait_for()
        look(page, "red-check")

    def test_of_a_day_shows_which_days_are_red(self, visit, look):
        page = visit(f"{STREAMS}?view=checks&checkDetail=html_structure", until="This is a")
        page.get_by_text("Partitions", exact=True).last.click()
        page.get_by_text(re.compile(r"Failed \(\d+\)")).first.wait_for()
        look(page, "red-check-days")


class TestTheSensor:
    def test_says_why_when_a_tick_launches_nothing(self, visit, look, instance):
        assert eventually(lambda: _reasons(instance))
        page = visit("/locations/rawzone/sensors/landing", until="Promotes what has landed")
        page.get_by_role("button", name="0 runs requested", exact=True).first.click()
        reason = page.get_by_text("Skip reason:").locator("..")
        reason.wait_for()
        assert re.search(r"a run is active|nothing new; \d+ files dealt with", reason.inner_text())
        look(page, "sensor-tick")


class TestABackfillPickedInTheDialog:
    """A range over two years of landed files is at most a run a year.

    Last of all: while it runs, checks of its asset show no result.
    """

    def test_is_launched(self, launched, look, instance):
        page, _ = launched
        look(page, "backfill-dialog")
        page.get_by_role("button", name="Launch backfill").click()
        assert eventually(lambda: _ours(instance))

    def test_takes_a_run_a_year_and_materializes_the_days_that_have_files(
        self, launched, instance, visit, look
    ):
        _, days = launched
        (backfill,) = _ours(instance)
        assert eventually(lambda: _ended(instance, backfill.backfill_id))
        runs = instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": backfill.backfill_id}))
        assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS] * 2
        done = instance.get_materialized_partitions(raw_key("distrokid/streams"))
        assert {day for day in done if day <= LAST.isoformat()} == days
        page = visit(f"/runs/b/{backfill.backfill_id}?tab=runs", until=runs[0].run_id[:8])
        look(page, "backfill-runs")
        page = visit(f"/runs/{runs[0].run_id}", until="RUN_SUCCESS")
        told = [entry.user_message for entry in instance.all_logs(runs[0].run_id)]
        assert any(re.match(r"\d+ of \d+ deliveries done", line) for line in told)
        look(page, "backfill-run-log")


def _reasons(instance):
    """What the landing sensor's ticks gave as their reason to launch nothing."""
    return [
        tick.skip_reason
        for state in instance.all_instigator_state()
        if state.instigator_name == "landing"
        for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id)
        if tick.skip_reason
    ]


def _stored(home, path):
    """Whether these very bytes rest in raw, found without our own code."""
    day = _day(path)
    return (home / "raw" / "distrokid" / "streams" / day[:4] / day[5:7] / f"{path.name}.gz").exists()


def _day(path: Path):
    digits = re.search(r"_(\d{4})(\d{2})(\d{2})", path.name)
    return "-".join(digits.groups())


def _sensor_rests(instance):
    states = [s for s in instance.all_instigator_state() if s.instigator_name == "landing"]
    if not states or states[0].status.value != "STOPPED":
        return False
    ticks = instance.get_ticks(states[0].instigator_origin_id, states[0].selector_id, limit=1)
    return all(tick.status.value != "STARTED" for tick in ticks)


def _ours(instance):
    """The backfills of raw alone: what follows from it is launched by Dagster itself."""
    key = raw_key("distrokid/streams")
    return [backfill for backfill in instance.get_backfills() if backfill.asset_selection == [key]]


def _ended(instance, backfill_id):
    return instance.get_backfill(backfill_id).status.value.startswith("COMPLETED")
