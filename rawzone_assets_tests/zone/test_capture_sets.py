"""Sets: 'Folder = one capture of four files. A dump with fewer than four is incomplete; validate the set'."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.modes import Mode
from rawzone_assets.health.consistency import consistency_of
from rawzone_assets.health.status import read_status
from rawzone_assets.platforms import all_platforms, find_feed
from rawzone_assets.zone.capture_sets import incomplete_sets, set_findings
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

FEED = find_feed("metaads/campaigns")
NOON = datetime(2025, 5, 28, 12, tzinfo=UTC)
TIMES = {"created_time": "2025-05-23T06:14:51-0700", "updated_time": "2025-05-23T07:07:19-0700"}
NODE = {"name": "A", "status": "PAUSED", **TIMES}
RECORDS = {
    "campaigns.json": NODE | {"id": "11", "objective": "OUTCOME_ENGAGEMENT"},
    "adsets.json": NODE | {"id": "21", "campaign_id": "11", "targeting": {}},
    "ads.json": NODE | {"id": "31", "campaign_id": "11", "adset_id": "21", "creative": {"id": "41"}},
    "insights.json": {
        "campaign_id": "11",
        "date_start": "2025-05-01",
        "date_stop": "2025-05-27",
        "spend": "1.5",
        "impressions": "3",
        "clicks": "1",
        "reach": "2",
    },
}
FOUR = tuple(RECORDS)


class Dumps:
    """One zone, and an extractor that lands dumps."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "landing").mkdir()

    def land(
        self, *members: str, folder: str = "meta_ads_dump_20250527_123754", data: bytes | None = None
    ) -> None:
        for member in members:
            path = self.home / "landing" / folder / member
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(
                json.dumps([RECORDS[member]]).encode() + b"\n" * len(folder) if data is None else data
            )

    def promote(self) -> list[str]:
        with self.zone() as zone:
            ready = zone.survey(all_platforms(), settle=0).ready
            outcome = promote(zone, ready, judge=judge, run_id="test")
        return [str(receipt.verdict) for receipt in outcome.receipts]

    def zone(self) -> Zone:
        settings = Settings.from_environment({"RAWZONE_RESERVE": "0"}, home=self.home)
        return Zone(settings, clock=lambda: NOON)

    def incomplete(self) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
        with self.zone() as zone:
            zone.index.catch_up()
            receipts = [entry.receipt for entry in zone.index.entries(feeds=[FEED.id])]
        return [(found.folder, found.missing, found.refused) for found in incomplete_sets(FEED, receipts)]


@pytest.fixture
def dumps(tmp_path) -> Dumps:
    return Dumps(tmp_path)


class TestAFolderOfFour:
    def test_is_whole_wherever_dumps_lie(self, dumps):
        for folder in ("20250526_180701", "metaads/20250526_184101", "meta_ads_dump_20250527_123754"):
            dumps.land(*FOUR, folder=folder)
        assert dumps.promote() == ["promoted"] * 12
        assert dumps.incomplete() == []

    def test_is_whole_when_some_repeat_the_dump_before(self, dumps):
        dumps.land(*FOUR, data=None)
        dumps.promote()
        dumps.land(*FOUR[:3], folder="meta_ads_dump_20250527_131455", data=None)
        for member in FOUR[:3]:
            first = dumps.home / "landing" / "meta_ads_dump_20250527_123754" / member
            (dumps.home / "landing" / "meta_ads_dump_20250527_131455" / member).write_bytes(first.read_bytes())
        dumps.land("insights.json", folder="meta_ads_dump_20250527_131455")
        assert sorted(dumps.promote()) == ["duplicate"] * 4
        assert dumps.incomplete() == []


class TestAFolderOfFewer:
    @pytest.mark.parametrize("absent", FOUR)
    def test_is_promoted_all_the_same_and_told_by_what_it_lacks(self, dumps, absent):
        dumps.land(*(member for member in FOUR if member != absent))
        assert dumps.promote() == ["promoted"] * 3
        assert dumps.incomplete() == [("meta_ads_dump_20250527_123754", (absent,), ())]

    @pytest.mark.parametrize("folder", ["metaads/20250527", "meta_ads_dump_20250527_123754_257580"])
    def test_is_told_whatever_its_folder_s_stamp_is_made_of(self, dumps, folder):
        dumps.land(*FOUR[:3], folder=folder)
        dumps.promote()
        assert dumps.incomplete() == [(folder, FOUR[3:], ())]
        dumps.land(FOUR[3], folder=folder)
        dumps.promote()
        assert dumps.incomplete() == []

    def test_is_told_no_longer_once_the_others_have_come(self, dumps):
        dumps.land("campaigns.json")
        dumps.promote()
        assert dumps.incomplete()[0][1] == FOUR[1:]
        dumps.land("adsets.json", "insights.json")
        dumps.promote()
        assert dumps.incomplete()[0][1] == ("ads.json",)
        dumps.land("ads.json")
        dumps.promote()
        assert dumps.incomplete() == []

    def test_is_made_whole_by_a_file_that_comes_under_its_dated_name(self, dumps):
        dumps.land(*FOUR[:3])
        dumps.promote()
        late = dumps.home / "landing" / "metaads" / "insights_20250527_123754.json"
        late.parent.mkdir()
        late.write_text(json.dumps([RECORDS["insights.json"]]))
        dumps.promote()
        assert dumps.incomplete() == []

    def test_is_told_with_its_refused_members(self, dumps):
        dumps.land(*FOUR[:2])
        dumps.land("ads.json", data=b'{"error": {"code": 190, "message": "expired"}}')
        assert sorted(dumps.promote()) == ["promoted", "promoted", "quarantined"]
        assert dumps.incomplete() == [("meta_ads_dump_20250527_123754", ("insights.json",), ("ads.json",))]

    def test_changes_no_receipt(self, dumps):
        dumps.land("campaigns.json")
        dumps.promote()
        with dumps.zone() as zone:
            zone.index.catch_up()
            (receipt,) = [entry.receipt for entry in zone.index.entries(feeds=[FEED.id])]
            head = zone.index.head
            (found,) = incomplete_sets(FEED, [receipt])
            assert zone.index.catch_up() == head
        assert (receipt.verdict, receipt.findings) == (Verdict.PROMOTED, ())
        (finding,) = set_findings(FEED, found)
        assert (finding.code, finding.check, finding.blocking) == (
            "RZ-INCOMPLETE-SET",
            "metric_completeness",
            False,
        )
        folder, lacks = "meta_ads_dump_20250527_123754/", "adsets.json, ads.json, insights.json"
        assert finding.message == f"the capture in {folder} is not whole: lacks {lacks}"

    def test_is_in_the_status_for_two_weeks(self, dumps):
        dumps.land("campaigns.json")
        dumps.land("campaigns.json", folder="meta_ads_dump_20250501_000000", data=b"[]")
        dumps.promote()
        with dumps.zone() as zone:
            (feed,) = [feed for feed in read_status(zone, all_platforms()).feeds if feed.feed == FEED.id]
        assert len(feed.incomplete) == 1
        assert "20250527" in feed.incomplete[0]


class TestTheDayOfAFolder:
    """A capture that is not whole stands among what is inconsistent on its day, until it is whole."""

    def days(self, dumps: Dumps, *feeds) -> list[list[tuple[str, tuple[str, ...], tuple[str, ...]]]]:
        with dumps.zone() as zone:
            zone.index.catch_up()
            found = consistency_of(zone, feeds or [FEED], since=date(2025, 5, 26), until=date(2025, 5, 28))
        assert all(day.is_consistent is not bool(day.incomplete) for day in found if day.delivered)
        return [[(item.folder, item.missing, item.refused) for item in day.incomplete] for day in found]

    def test_lists_it_with_what_it_lacks(self, dumps):
        dumps.land(*FOUR, folder="20250526_180701")
        dumps.land(*FOUR[:2])
        dumps.land("ads.json", data=b"[")
        dumps.promote()
        lacks = ("meta_ads_dump_20250527_123754", ("insights.json",), ("ads.json",))
        assert self.days(dumps) == [[], [lacks], []]

    def test_lists_it_no_longer_once_the_others_have_come(self, dumps):
        dumps.land("campaigns.json")
        dumps.promote()
        assert len(self.days(dumps)[1]) == 1
        dumps.land(*FOUR[1:])
        dumps.promote()
        assert self.days(dumps) == [[], [], []]

    def test_does_not_when_the_feed_is_to_keep_silent_about_it(self, dumps):
        dumps.land("campaigns.json")
        dumps.promote()
        assert self.days(dumps, replace(FEED, modes={"RZ-INCOMPLETE-SET": Mode.SHADOW})) == [[], [], []]


class TestWhatIsNoSet:
    def test_files_dated_by_their_names_are_deliveries_of_their_own(self, dumps):
        target = dumps.home / "landing" / "metaads" / "campaigns_20250527_123754.json"
        target.parent.mkdir()
        target.write_text(json.dumps([RECORDS["campaigns.json"]]))
        assert dumps.promote() == ["promoted"]
        assert dumps.incomplete() == []

    def test_a_folder_of_nothing_but_refusals_is_told_by_those(self, dumps):
        dumps.land("campaigns.json", data=b"<html>")
        assert dumps.promote() == ["quarantined"]
        assert dumps.incomplete() == []

    def test_feeds_of_single_files_have_none(self, dumps):
        dumps.land("campaigns.json")
        dumps.promote()
        with dumps.zone() as zone:
            zone.index.catch_up()
            receipts = [entry.receipt for entry in zone.index.entries()]
        assert incomplete_sets(find_feed("metaads/daily"), receipts) == ()
