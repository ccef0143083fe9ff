"""Meta Ads: which paths are its deliveries, when they were captured, and what one page of many is."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import ClassVar

import pytest

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Judgement
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, Unrecognized, recognize
from rawzone_assets.contract.stored_names import as_delivered
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.layout import object_folder

URL = "https://graph.example/v19.0/x?access_token=EAAB-do-not-print"


def recognized(path: str) -> Recognized:
    found = recognize(path, all_platforms())
    assert isinstance(found, Recognized), found
    return found


def judged(path: str, document: object) -> Judgement:
    found = recognized(path)
    return judge(found.feed, BytesContent(json.dumps(document).encode()), found.capture)


class TestNames:
    """The same file names in a stamped folder: metaads/20240522_083045/campaigns.json."""

    @pytest.mark.parametrize("name", ["campaigns", "adsets", "ads", "insights"])
    @pytest.mark.parametrize(
        "folder",
        [
            "metaads/20240522_083045",
            "metaads/meta_ads_dump_20240522_083045",
            "meta_ads_dump_20240522_083045",
            "20240522_083045",  # where the first dumps lay
        ],
    )
    def test_a_dump_is_dated_by_its_folder_and_stored_under_a_dated_name(self, folder, name):
        found = recognized(f"{folder}/{name}.json")
        assert found.feed.id == "metaads/campaigns"
        assert found.capture.name == f"{name}_20240522_083045.json"
        assert as_delivered(found.feed, found.capture.name).schema == f"metaads/{name}.v1.json"

    @pytest.mark.parametrize(
        "folder",
        ["metaads", "metaads/202405", "metaads/latest", "metaads/20241322_083045", "metaads/20240522_0830"],
    )
    def test_a_folder_without_a_stamp_dates_nothing(self, folder):
        found = recognize(f"{folder}/campaigns.json", all_platforms())
        assert isinstance(found, Unrecognized)
        assert found.finding.code == "RZ-NO-DATE"

    @pytest.mark.parametrize("folder", ["metaads/20240522", "metaads/meta_ads_dump_20240522", "20240522"])
    def test_a_folder_s_stamp_may_be_a_day_as_a_name_s_may(self, folder):
        capture = recognized(f"{folder}/campaigns.json").capture
        assert (capture.name, capture.day) == ("campaigns_20240522.json", date(2024, 5, 22))

    def test_other_files_in_a_stamped_folder_are_nobodys(self):
        found = recognize("20240522_083045/streams_stats_20240522.html", all_platforms())
        assert isinstance(found, Unrecognized)
        assert found.finding.code == "RZ-UNKNOWN-NAME"

    def test_a_report_made_by_hand_is_unknown(self):
        found = recognize("metaads/metaads_complete_export_20240522.csv", all_platforms())
        assert isinstance(found, Unrecognized)

    def test_dumps_are_stamped_in_utc_and_reports_in_local_time(self):
        dump = recognized("metaads/campaigns_20240522_020000.json")
        report = recognized("metaads/metaads_campaign_daily_20240522_020000.csv")
        assert dump.capture.captured_at == datetime(2024, 5, 22, 2, tzinfo=UTC)
        assert report.capture.captured_at == datetime(2024, 5, 22, 9, tzinfo=UTC)
        assert dump.capture.day == report.capture.day == date(2024, 5, 22)

    @pytest.mark.parametrize(
        ("path", "folder"),
        [
            ("metaads/insights_20240522.json", "metaads/campaigns/2024/05"),
            ("metaads/metaads_campaign_daily_20240522_083045.csv", "metaads/daily/2024"),
            ("metaads/audience_insights_20240522.json", "metaads/audience/2024"),
        ],
    )
    def test_raw_folders_are_those_of_the_specification(self, path, folder):
        found = recognized(path)
        assert object_folder(found.feed.id, found.capture.day, by_month=found.feed.by_month) == folder


class TestPages:
    """paging.next present = only one page was saved; its URL holds the access token."""

    @pytest.mark.parametrize("link", ["next", "previous"])
    def test_one_page_of_many_is_refused_without_its_link(self, link):
        judgement = judged("metaads/ads_20250612.json", {"data": [], "paging": {"cursors": {}, link: URL}})
        (finding,) = [finding for finding in judgement.findings if finding.blocking]
        assert finding.code == "RZ-MORE-PAGES"
        assert finding.check == "metric_completeness"
        assert finding.where
        assert finding.where.pointer == f"/paging/{link}"
        assert "EAAB" not in str(judgement)

    @pytest.mark.parametrize(
        "paging", [{}, {"cursors": {"before": "a", "after": "b"}}, {"next": None}, {"next": ""}, None]
    )
    def test_cursors_alone_are_a_whole_answer(self, paging):
        judgement = judged("metaads/ads_20250612.json", {"data": [], "paging": paging})
        assert [finding.code for finding in judgement.findings] == ["RZ-EMPTY-RESULT"]

    def test_a_page_is_judged_further(self):
        judgement = judged("metaads/ads_20250612.json", {"data": [{"id": 1}], "paging": {"next": URL}})
        assert {"RZ-MORE-PAGES", "RZ-NUMERIC-ID", "RZ-MISSING-FIELD"} <= {f.code for f in judgement.findings}

    def test_cursors_are_not_part_of_what_was_said(self):
        rows = [{"id": "1", "name": "x", "status": "PAUSED"}]
        bare = judged("metaads/campaigns_20250612.json", rows).facts
        paged = judged(
            "metaads/campaigns_20250612.json", {"data": rows, "paging": {"cursors": {"after": "b"}}}
        ).facts
        assert bare.substance == paged.substance
        assert bare.records == paged.records == 1


class TestIdentifiers:
    """ids have 18 digits: they must be JSON strings."""

    @pytest.mark.parametrize("identifier", [120224907266750075, 1.2e17, 7])
    def test_a_number_is_refused_under_account_integrity(self, identifier):
        judgement = judged(
            "metaads/campaigns_20250612.json", [{"id": identifier, "name": "x", "status": "PAUSED"}]
        )
        (finding,) = [finding for finding in judgement.findings if finding.blocking]
        assert (finding.code, finding.check) == ("RZ-NUMERIC-ID", "account_integrity")

    @pytest.mark.parametrize("identifier", [True, None, {}, ""])
    def test_what_is_neither_number_nor_text_is_refused_otherwise(self, identifier):
        judgement = judged(
            "metaads/campaigns_20250612.json", [{"id": identifier, "name": "x", "status": "PAUSED"}]
        )
        assert judgement.refused
        assert "RZ-NUMERIC-ID" not in {finding.code for finding in judgement.findings}


class TestInsights:
    """Schema changed overnight under one name: both levels are accepted."""

    def test_rows_of_any_level_are_accepted(self):
        common = {"spend": "1", "impressions": "2", "clicks": "0", "reach": "2"}
        dates = {"date_start": "2025-06-12", "date_stop": "2025-06-12"}
        for level in (
            {"campaign_id": "1"},
            {"campaign_id": "1", "adset_id": "2"},
            {"ad_id": "3"},
            {"account_id": "4"},
        ):
            assert judged("metaads/insights_20250612.json", [level | common | dates]).findings == ()

    @pytest.mark.parametrize(("stop", "codes"), [("2025-06-13", []), ("2025-06-14", ["RZ-FUTURE-DATE"])])
    def test_a_range_may_end_one_day_after_the_capture_but_not_two(self, stop, codes):
        row = {"campaign_id": "1", "spend": "0", "impressions": "7", "clicks": "0", "reach": "5"}
        judgement = judged(
            "metaads/insights_20250612.json", [row | {"date_start": "2025-06-01", "date_stop": stop}]
        )
        assert [finding.code for finding in judgement.findings] == codes

    def test_the_data_reach_from_the_first_beginning_to_the_last_end(self):
        row = {"spend": "0", "impressions": "0", "date_start": "2025-05-01"}
        rows = [row | {"campaign_id": str(n), "date_stop": f"2025-06-{n:02d}"} for n in (10, 12, 11)]
        rows[1]["date_start"] = "2022-06-12"
        facts = judged("metaads/insights_20250612.json", rows).facts
        assert (facts.records, facts.data_min, facts.data_max) == (3, "2022-06-12", "2025-06-12")

    @pytest.mark.parametrize("member", ["campaign_id", "adset_id"])
    def test_an_identifier_that_other_rows_have_is_missed_where_it_lacks(self, member):
        rows = [insight(n) for n in range(3)]
        del rows[1][member]
        (finding,) = [f for f in judged("metaads/insights_20250612.json", rows).findings if f.blocking]
        assert (finding.code, finding.check) == ("RZ-MISSING-FIELD", "metric_completeness")
        assert finding.where.pointer == f"/1/{member}"

    def test_actions_hold_one_number_each_and_those_of_their_attribution_windows(self):
        actions = [{"action_type": "link_click", "value": "55", "1d_view": "3", "7d_click": 52}]
        actions += [{"action_device": "iphone", "1d_click": "2"}]
        values = [{"action_type": "omni_purchase", "value": "-2.50"}]
        rows = [insight(1) | {"actions": actions, "action_values": values, "cost_per_action_type": actions}]
        assert judged("metaads/insights_20250612.json", rows).findings == ()

    @pytest.mark.parametrize(
        ("value", "code"), [("many", "RZ-VALUE-TYPE"), ("-3", "RZ-NEGATIVE-AMOUNT"), (None, "RZ-EMPTY-FIELD")]
    )
    def test_what_is_no_number_from_0_on_among_actions_is_told_with_its_place(self, value, code):
        rows = [insight(1) | {"actions": [{"action_type": "link_click", "value": value}]}]
        (finding,) = judged("metaads/insights_20250612.json", rows).findings
        assert (finding.code, finding.where.pointer) == (code, "/0/actions/0/value")


def insight(number: int) -> dict[str, object]:
    return {
        "campaign_id": "120224907266750075",
        "adset_id": f"12022490726680{number:04d}",
        "date_start": "2025-06-01",
        "date_stop": "2025-06-12",
        "spend": "36.24",
        "impressions": "19629",
        "clicks": "216",
        "reach": "16940",
    }


class TestAds:
    """An ad is of an ad set; everything else about it is asked for or not."""

    AD = {  # noqa: RUF012
        "name": "AD1",
        "status": "ACTIVE",
        "adset_id": "120224903624060075",
        "creative": {"id": "2594406180904571"},
        "created_time": "2025-05-23T06:14:51-0700",
        "updated_time": "2025-05-23T07:07:19-0700",
    }

    def codes(self, *ads: dict[str, object]) -> list[str]:
        rows = [self.AD | {"id": f"12022490362410{n:04d}"} | ad for n, ad in enumerate(ads)]
        return [finding.code for finding in judged("metaads/ads_20250612.json", rows).findings]

    def test_a_dump_without_campaigns_is_accepted_with_a_warning(self):
        assert self.codes({}, {}) == ["RZ-OPTIONAL-BLOCK-MISSING"]

    def test_one_ad_without_the_campaign_that_others_have_is_refused(self):
        assert self.codes({"campaign_id": "1"}, {}) == ["RZ-MISSING-FIELD"]

    def test_ads_may_hold_the_targeting_of_their_ad_set(self):
        assert self.codes({"campaign_id": "1", "targeting": {"age_min": 18}}) == ["RZ-UNKNOWN-FIELD"]


class TestBreakdowns:
    """Audience is 'insights with `age, gender` (or country) breakdown keys', which plain insights lack."""

    ROW: ClassVar[dict[str, str]] = {
        "campaign_id": "1", "spend": "1.5", "date_start": "2024-05-01", "date_stop": "2024-05-22",
    }  # fmt: skip

    def codes(self, **breakdown: str) -> list[str]:
        rows = [self.ROW | breakdown, self.ROW | {"campaign_id": "2"}]
        return [finding.code for finding in judged("metaads/audience_insights_20240522.json", rows).findings]

    @pytest.mark.parametrize("name", ["age", "gender", "country", "platform_position"])
    def test_any_of_them_in_any_row_makes_it_audience(self, name):
        assert self.codes(**{name: "unknown"}) == []

    @pytest.mark.parametrize("age", ["18-24", "65+", "unknown", "Unknown"])
    def test_an_age_is_a_range(self, age):
        assert self.codes(age=age) == []

    def test_insights_under_its_name_are_accepted_with_a_warning(self):
        assert self.codes() == ["RZ-OPTIONAL-BLOCK-MISSING"]

    def test_no_rows_lack_none(self):
        assert [f.code for f in judged("metaads/audience_insights_20240522.json", []).findings] == [
            "RZ-EMPTY-RESULT"
        ]


class TestErrorAnswers:
    """'{"error": {"message", "type": "OAuthException", "code": 190, ...}}'"""

    @pytest.mark.parametrize("name", ["campaigns", "adsets", "ads", "insights", "audience_insights"])
    @pytest.mark.parametrize("code", [190, 4, 17, 80004, 613, 100, 200])
    def test_are_refused_with_their_code_and_place_and_without_their_message(self, name, code):
        error = {"message": "Session of J. Doe has expired", "type": "OAuthException", "code": code}
        (finding,) = judged(f"metaads/{name}_20250612.json", {"error": error}).findings
        assert (finding.code, finding.check) == ("RZ-ERROR-PAYLOAD", "response_structure")
        assert finding.message == f"an error answer, told by its member 'error', with the code {code}"
        assert finding.where.pointer == "/error"

    def test_a_code_that_could_be_a_secret_is_not_shown(self):
        error = {"error": {"code": "EAABsbCS1iHgBOZB0x"}}
        (finding,) = judged("metaads/campaigns_20250612.json", error).findings
        assert "EAAB" not in finding.message


class TestMixUps:
    """A dump under another's name is called that, and not a dump that has lost its fields."""

    INSIGHT: ClassVar[dict[str, str]] = {
        "campaign_id": "1",
        "adset_id": "2",
        "spend": "1.5",
        "impressions": "3",
        "date_start": "2024-05-01",
        "date_stop": "2024-05-22",
    }

    @pytest.mark.parametrize("name", ["campaigns", "adsets", "ads"])
    def test_insights_under_the_name_of_a_list_are_told_first(self, name):
        findings = judged(f"metaads/{name}_20240522_083045.json", [self.INSIGHT] * 2).findings
        assert findings[0].code == "RZ-OTHER-OPERATION"
        assert "another dump" in findings[0].message
        assert "RZ-MISSING-FIELD" in {finding.code for finding in findings}

    def test_ad_sets_and_ads_under_the_name_of_campaigns_are_told(self):
        for member in ("campaign_id", "adset_id"):
            node = {"id": "1", "name": "a", "status": "ACTIVE", member: "2"}
            findings = judged("metaads/campaigns_20240522_083045.json", [node]).findings
            assert findings[0].code == "RZ-OTHER-OPERATION"

    @pytest.mark.parametrize("record", [7, None, "x", [], [7]])
    def test_what_is_no_list_of_records_is_no_mix_up(self, record):
        told = {f.code for f in judged("metaads/campaigns_20240522_083045.json", [record]).findings}
        assert "RZ-OTHER-OPERATION" not in told
        assert told
