"""``rawzone archive`` and ``rawzone hold``: exit codes, JSON, and one sentence for each mistake."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from rawzone_assets.samples import samples
from rawzone_assets_tests.commands.conftest import Rawzone, promote_all
from rawzone_assets_tests.zone.conftest import folder_in_memory

FEED = "distrokid/streams"
OLD = date(2024, 2, 10)


@pytest.fixture(scope="module")
def old_zone(tmp_path_factory):
    home = tmp_path_factory.mktemp("old")
    for feed in (FEED, "toolost/spotify"):
        for sample in samples(feed, capture=OLD):
            path = home / "landing" / sample.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sample.data)
    promote_all(home)
    first = Rawzone(home).record("ls", feed=FEED)
    again = home / "landing" / "distrokid" / "streams_stats_20240212_080000.html"
    again.write_bytes(Rawzone(home).landed(first))
    promote_all(home)
    return home


@pytest.fixture
def zone(old_zone):
    with folder_in_memory() as folder:
        shutil.copytree(old_zone, folder / "zone")
        yield Rawzone(folder / "zone")


@pytest.fixture
def plan(zone):
    path = str(zone.home / "plan.json")
    assert zone("archive", "plan", "--out", path).code == 0
    return path


def apply(zone, plan, *options):
    return zone("archive", "apply", plan, "--approved-by", "Ada", "--share", "100", *options)


def test_restore_is_told_keys_or_a_choice_of_them(zone):
    """What was chosen beside the keys was left out without a word."""
    for given in ((), ("some/key", "--feed", "distrokid"), ("some/key", "--since", "2024-01-01")):
        outcome = zone("archive", "restore", *given)
        assert (outcome.code, "Say what to restore" in outcome.err) == (2, True)


class TestPlan:
    def test_says_how_to_go_on(self, zone):
        outcome = zone("archive", "plan", "--out", str(zone.home / "plan.json"))
        assert "would move from raw to the archive" in outcome.text
        assert "--approved-by NAME --share 100" in outcome.err

    def test_of_an_empty_ledger_is_none(self, nowhere):
        nowhere.home.mkdir()
        outcome = nowhere("archive", "plan", "--json")
        assert (outcome.code, outcome.out) == (2, b"")
        assert "The ledger is empty" in outcome.err

    def test_that_names_no_file_says_that_there_is_nothing_to_apply(self, zone):
        outcome = zone("archive", "plan", "--older-than", "36500", "--out", str(zone.home / "plan.json"))
        assert (outcome.code, outcome.err.count("\n")) == (0, 1)
        assert "names no file, so there is nothing to apply" in outcome.err

    def test_printed_as_json_can_be_applied(self, zone):
        path = zone.home / "printed.json"
        path.write_bytes(zone("archive", "plan", "--json").out)
        assert apply(zone, str(path)).code == 0

    def test_written_tells_its_digest_as_json(self, zone):
        path = zone.home / "plan.json"
        (record,) = zone("archive", "plan", "--out", str(path), "--json").records
        assert record["digest"] == json.loads(path.read_bytes())["digest"]
        assert record["files"] == len(json.loads(path.read_bytes())["files"])

    def test_written_to_a_path_that_is_no_text_is_told_as_json(self, zone):
        (record,) = zone("archive", "plan", "--out", str(zone.home / "plan\udcff.json"), "--json").records
        assert record["plan"] == f"{zone.home}/plan\\xff.json"
        assert (zone.home / "plan\udcff.json").is_file()

    def test_never_overwrites_a_file(self, zone, plan):
        outcome = zone("archive", "plan", "--out", plan)
        assert (outcome.code, "exists already" in outcome.err) == (2, True)

    def test_of_one_platform_leaves_the_others(self, zone):
        (record,) = zone("archive", "plan", "toolost", "--json").records
        assert {one["feed"] for one in record["files"]} == {"toolost/spotify"}

    def test_in_a_folder_without_a_zone_is_refused(self, nowhere):
        outcome = nowhere("archive", "plan")
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert not nowhere.home.exists()


class TestApply:
    def test_tells_each_file_as_json(self, zone, plan):
        outcome = apply(zone, plan, "--json")
        *files, summary = outcome.records
        assert (outcome.code, summary["archived"], summary["not_archived"]) == (0, len(files), 0)
        assert {one["outcome"] for one in files} == {"archived"}

    def test_of_more_than_half_a_feed_is_a_finding(self, zone, plan):
        outcome = zone("archive", "apply", plan, "--approved-by", "Ada", "--json")
        assert (outcome.code, outcome.records[0]["record"]) == (1, "refused")
        assert "--share 100" in outcome.err

    def test_under_a_hold_is_a_finding(self, zone, plan):
        assert zone("hold", "add", "--reason", "case", "--authority", "court").code == 0
        outcome = apply(zone, plan)
        assert (outcome.code, outcome.out) == (1, b"")
        assert "hold-1 of all feeds, case (by court)" in outcome.err
        assert not (zone.home / "archive").exists()

    def test_of_an_edited_plan_is_a_finding(self, zone, plan):
        Path(plan).write_text(Path(plan).read_text().replace("days old", "months old"))
        outcome = apply(zone, plan)
        assert (outcome.code, "was edited" in outcome.err) == (1, True)

    @pytest.mark.parametrize("approved_by", ["", "  "])
    def test_without_a_name_is_a_wrong_usage(self, zone, plan, approved_by):
        assert zone("archive", "apply", plan, "--approved-by", approved_by).code == 2

    def test_of_a_plan_that_is_not_there_is_a_wrong_usage(self, zone):
        outcome = apply(zone, str(zone.home / "none.json"))
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)

    def test_names_what_is_in_the_way(self, zone, plan):
        key = json.loads(Path(plan).read_bytes())["files"][0]["key"]
        (zone.home / "archive" / key).parent.mkdir(parents=True)
        (zone.home / "archive" / key).write_bytes(b"other")
        outcome = apply(zone, plan)
        assert (outcome.code, f"not archived: {key}: " in outcome.text) == (1, True)

    def test_leaves_everything_readable_by_every_way(self, zone, plan):
        before = {record["key"]: zone("cat", record["key"]).out for record in zone("ls", "--json").records}
        head = str(zone("status", "--json").records[-1]["head_seq"])
        seen = [record["key"] for record in zone("ls", "--as-of", head, "--json").records]
        rows = zone("sql", "select * from distrokid_streams order by all").out
        assert apply(zone, plan).code == 0
        assert [record["key"] for record in zone("ls", "--as-of", head, "--json").records] == seen
        shutil.rmtree(zone.home / "state")  # the projection is built again, from the archive
        assert zone("sql", "select * from distrokid_streams order by all").out == rows
        assert {record["whereabouts"] for record in zone("ls", "--json").records} == {"archive"}
        assert {key: zone("cat", key).out for key in before} == before
        path = zone("ls", FEED, "--json").records[0]["path"]
        assert zone("show", path, "--json").records[0]["custody"]["whereabouts"] == "archive"
        assert zone("backtest", FEED).code == 0
        folder = str(zone.home / "export")
        assert zone("export", FEED, "--to", "sha256sums", folder).code == 0
        assert zone("prove", next(iter(before)), "-o", str(zone.home / "proof")).code == 0
        assert zone("status", "--json").records[-1]["archived"] == len(set(before))
        assert zone("repair").text == "Nothing needs repair.\n"


class TestRestore:
    def test_by_a_duplicates_name_brings_back_the_object(self, zone, plan):
        apply(zone, plan)
        record = next(r for r in zone("ls", "--json").records if r["verdict"] == "duplicate")
        assert zone("archive", "restore", record["name"]).code == 0
        assert (zone.home / "raw" / record["key"]).exists()

    @pytest.mark.parametrize("arguments", [[], ["key", "--feed", FEED], ["no/such/key"], ["--feed", "nobody"]])
    def test_of_nothing_in_particular_is_a_wrong_usage(self, zone, arguments):
        outcome = zone("archive", "restore", *arguments)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)

    def test_of_what_is_in_raw_changes_nothing(self, zone):
        outcome = zone("archive", "restore", "--feed", FEED, "--json")
        assert (outcome.code, outcome.records[0]["restored"]) == (0, 0)


class TestHold:
    TOLD = ("--reason", "case 12", "--authority", "court")

    def test_is_told_as_json(self, zone):
        (record,) = zone("hold", "add", "--feed", FEED, "--since", "2024-01-01", *self.TOLD, "--json").records
        assert (record["id"], record["active"], record["feed"]) == ("hold-1", True, FEED)
        assert zone("hold", "ls", "--json").records == [record]

    def test_is_in_force_until_it_is_released_once(self, zone):
        zone("hold", "add", *self.TOLD)
        assert "is lifted" in zone("hold", "release", "hold-1", *self.TOLD).text
        assert "was lifted already" in zone("hold", "release", "hold-1", *self.TOLD).text
        assert zone("hold", "ls", "--json").records == []
        (record,) = zone("hold", "ls", "--all", "--json").records
        assert (record["active"], record["released"]["reason"]) == (False, "case 12")

    @pytest.mark.parametrize(
        "arguments",
        [
            ["add", "--feed", "distrokid/stream", *TOLD],
            ["add", "--platform", "distrokit", *TOLD],
            ["add", "--feed", FEED, "--platform", "distrokid", *TOLD],
            ["add", "--since", "2024-02-01", "--until", "2024-01-01", *TOLD],
            ["add", "--since", "2024-02-31", *TOLD],
            ["add", "--reason", " ", "--authority", "court"],
            ["add", "--reason", "caf\udce9", "--authority", "court"],
            ["add", *TOLD, "--by", "\udcff"],
            ["add", "--authority", "court"],
            ["release", "hold-1", *TOLD],
            ["release", "hold-1"],
            ["release", "hold-\udcff", *TOLD],
        ],
    )
    def test_that_holds_nothing_is_a_wrong_usage(self, zone, arguments):
        outcome = zone("hold", *arguments)
        assert (outcome.code, outcome.out, bool(outcome.err)) == (2, b"", True)
        assert zone("hold", "ls", "--all", "--json").records == []

    def test_is_in_the_report_of_what_it_covers(self, zone):
        zone("hold", "add", "--platform", "distrokid", *self.TOLD)
        assert "case 12 (court" in zone("report", FEED).text
        assert "case 12" not in zone("report", "toolost/spotify").text
