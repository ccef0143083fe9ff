"""Linktree and YouTube: platforms of one feed, which has the platform's own id."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Judgement
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.layout import object_folder, object_key


def recognized(path: str) -> Recognized:
    found = recognize(path, all_platforms())
    assert isinstance(found, Recognized), found
    return found


def judged(path: str, document: object) -> Judgement:
    found = recognized(path)
    return judge(found.feed, BytesContent(json.dumps(document).encode()), found.capture)


def overview(days: list[date], **members: object) -> dict[str, object]:
    rows = [{"date": f"{day}", "totalViews": 2, "totalClicks": 3, "clickThroughRate": 1.5} for day in days]
    totals = {"totalViews": 2 * len(rows), "totalClicks": 3 * len(rows), "clickThroughRate": 1.5}
    return {"data": {"getAccountAnalytics": {"overview": totals | {"timeseries": rows} | members}}}


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (
            "social_media/linktree/linktree_analytics_20240522_120000.json",
            "social_media/linktree/2024/linktree_analytics_20240522_120000.json.gz",
        ),
        (
            "linktree/analytics/graphql_20250527_141844_257580.json",
            "social_media/linktree/2025/graphql_20250527_141844_257580.json.gz",
        ),
        (
            "social_media/youtube/channel_analytics_20240522.json",
            "social_media/youtube/2024/channel_analytics_20240522.json.gz",
        ),
        (
            "youtube/channel_analytics_20240522.json",
            "social_media/youtube/2024/channel_analytics_20240522.json.gz",
        ),
    ],
)
def test_keys_are_those_of_the_specification(path, key):
    found = recognized(path)
    assert found.feed.id == found.platform.id
    folder = object_folder(found.feed.id, found.capture.day, by_month=found.feed.by_month)
    assert object_key(folder, found.capture.name, 1) == key


class TestLinktree:
    """FORMATS 6."""

    def codes(self, document: object) -> list[str]:
        return [f.code for f in judged("linktree/graphql_20250612_070000_000001.json", document).findings]

    def days(self, count: int, last: date = date(2025, 6, 12)) -> list[date]:
        return [last - timedelta(days=back) for back in range(count)]

    def test_a_rate_above_1_and_today_are_fine(self):
        assert self.codes(overview(self.days(365))) == []

    @pytest.mark.parametrize("count", [1, 7, 27, 28])
    def test_the_default_of_seven_days_which_every_session_saves_is_no_fault(self, count):
        assert self.codes(overview(self.days(count))) == []

    @pytest.mark.parametrize(("ahead", "codes"), [(1, []), (2, ["RZ-FUTURE-DATE"])])
    def test_a_day_may_lie_one_day_after_the_capture_but_not_two(self, ahead, codes):
        assert self.codes(overview(self.days(30, date(2025, 6, 12) + timedelta(days=ahead)))) == codes

    @pytest.mark.parametrize("errors", [[{"message": "x"}], {"message": "x"}, "x"])
    def test_errors_beside_data_are_an_error(self, errors):
        assert self.codes(overview(self.days(30)) | {"errors": errors}) == ["RZ-ERROR-PAYLOAD"]

    def test_an_empty_list_of_errors_is_none(self):
        assert self.codes(overview(self.days(30)) | {"errors": []}) == ["RZ-UNKNOWN-FIELD"]

    def test_each_total_is_compared_with_its_own_days(self):
        (finding,) = judged(
            "linktree/graphql_20250612_070000.json", overview(self.days(30), totalClicks=91)
        ).findings
        assert (finding.code, finding.blocking) == ("RZ-TOTAL-MISMATCH", False)
        assert finding.where
        assert finding.where.pointer == "/data/getAccountAnalytics/overview/totalClicks"

    def test_another_operation_is_named_but_nothing_in_it(self):
        document = {"data": {"currentUser": {"email": "someone@example.com"}}}
        judgement = judged("linktree/graphql_20250612_070000.json", document)
        (finding,) = (found for found in judgement.findings if found.blocking)
        assert (finding.code, finding.check) == ("RZ-OTHER-OPERATION", "schema_compliance")
        assert "currentUser" in finding.message
        assert "example.com" not in str(judgement)


class TestYouTube:
    """FORMATS 7."""

    HEADERS = (
        {"name": "day", "columnType": "DIMENSION", "dataType": "STRING"},
        {"name": "views", "columnType": "METRIC", "dataType": "INTEGER"},
    )

    def judged(self, **members: object) -> Judgement:
        document = {"kind": "youtubeAnalytics#resultTable", "columnHeaders": list(self.HEADERS)} | members
        return judged("youtube/channel_analytics_20250612.json", document)

    @pytest.mark.parametrize("members", [{}, {"rows": []}, {"rows": None}])
    def test_no_rows_are_no_data(self, members):
        assert [(f.code, f.blocking) for f in self.judged(**members).findings] == [("RZ-EMPTY-RESULT", False)]

    @pytest.mark.parametrize(("age", "codes"), [(3, []), (7, []), (8, ["RZ-STALE-DATA"])])
    def test_the_newest_days_may_be_absent(self, age, codes):
        judgement = self.judged(rows=[[f"{date(2025, 6, 12) - timedelta(days=age)}", 1]])
        assert [finding.code for finding in judgement.findings] == codes

    def test_facts_are_read_by_the_headers(self):
        facts = self.judged(rows=[["2025-06-09", 1], ["2025-06-08", 2]]).facts
        assert (facts.records, facts.data_min, facts.data_max) == (2, "2025-06-08", "2025-06-09")

    def test_a_table_without_its_kind_is_told_by_its_columns(self):
        document = {"columnHeaders": list(self.HEADERS), "rows": [["2025-06-09", 1]]}
        assert judged("youtube/channel_analytics_20250612.json", document).findings == ()


def test_an_error_answer_is_placed_at_its_member_and_named_by_its_code_alone():
    errors = [{"message": "no session for someone@example.org", "extensions": {"code": "UNAUTHENTICATED"}}]
    answers = {
        "linktree/graphql_20250527_141844_257580.json": {"errors": errors, "data": None},
        "youtube/channel_analytics_20250527.json": {"error": {"code": 403, "message": "<a href='x'>quota</a>"}},
    }
    told = [judged(path, answer).findings[0] for path, answer in answers.items()]
    assert [finding.where.pointer for finding in told] == ["/errors", "/error"]
    assert [finding.message.rpartition(" ")[2] for finding in told] == ["UNAUTHENTICATED", "403"]


@pytest.mark.parametrize("part", ["timeToClick", "clickThroughBenchmark"])
@pytest.mark.parametrize("value", [None, 12.5, "12s", {"average": 3}, [1]])
def test_parts_of_linktrees_overview_whose_form_nobody_knows_may_have_any(part, value):
    days = [date(2025, 5, 27) - timedelta(days=back) for back in range(29, -1, -1)]
    judgement = judged("linktree/graphql_20250527_141844_257580.json", overview(days, **{part: value}))
    assert judgement.findings == ()
