"""Pages that hold their charts in one variable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random

import pytest

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture
from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import find_feed
from rawzone_assets.samples.distrokid_apple_music import good_apple_page

FEED = find_feed("distrokid/apple_music")
DAY = date(2025, 6, 12)
CAPTURE = Capture(
    name="applemusic_stats_20250612_100000.html", day=DAY, captured_at=datetime(2025, 6, 12, 17, tzinfo=UTC)
)
PAGE = good_apple_page(DAY, Random(1))


def judged(page):
    return judge(FEED, BytesContent(page if isinstance(page, bytes) else page.encoded()), CAPTURE)


def codes(page):
    return [finding.code for finding in judged(page).findings]


def with_value(text):
    return replace(PAGE, value=text)


class TestTheVariable:
    def test_texts_may_hold_what_ends_statements(self):
        assert b"One; two}" in PAGE.encoded()
        judgement = judged(PAGE)
        assert judgement.findings == ()
        assert (judgement.facts.records, judgement.facts.data_max) == (299, "2025-06-11")

    def test_the_same_figures_have_one_substance_whatever_trackers_write(self):
        other = replace(PAGE, rng=Random(2))
        assert other.encoded() != replace(PAGE, rng=Random(1)).encoded()
        assert judged(other).facts.substance == judged(PAGE).facts.substance

    @pytest.mark.parametrize(
        "value",
        [
            "{",
            "null",
            "[1]",
            '{"last365days": {"total": NaN}}',
            "{'last365days': f(1)}",
            "{'last365days': {}",
            '{"a":' * 300 + "1" + "}" * 300,
            '{"a":' * 100000,
            '"text"',
            '{"last365days": "\\ud800"}',
        ],
        ids=lambda value: value[:20],
    )
    def test_a_value_that_is_no_plain_object_is_a_missing_chart(self, value):
        assert codes(with_value(value)) == ["RZ-CHART-MISSING"]

    def test_many_assignments_do_not_take_many_readings(self):
        endless = "1;\n" + "var chartData = {" * 20_000
        assert codes(with_value(endless)) == ["RZ-CHART-MISSING"]

    def test_the_last_assignment_counts_as_in_a_browser(self):
        data = PAGE.encoded().replace(b"var chartData =", b"var chartData = null;\r\nvar chartData =")
        assert codes(data) == []

    @pytest.mark.parametrize(
        "other",
        [
            b"var chartData = [];",
            b"let chartData = {};",
            b"chartData = undefined;",
            b"if (chartData == {}) f();",
        ],
    )
    def test_a_script_s_own_variable_of_that_name_hides_nothing(self, other):
        assert codes(PAGE.encoded().replace(b"</body>", b"<script>" + other + b"</script></body>")) == []

    @pytest.mark.parametrize(
        "start",
        [
            b"window.chartData =",
            b"var chartData; chartData=",
            b"const chartData  =  ",
            b"var days, chartData =",
            b"'use strict'\nchartData =",
            b"var\nchartData =",
            b"if (ready) chartData =",
            b"if (late) wait(); else chartData =",
            b"/* all charts */ chartData =",
        ],
    )
    def test_it_may_be_set_in_any_of_the_usual_ways(self, start):
        assert codes(PAGE.encoded().replace(b"var chartData =", start)) == []

    @pytest.mark.parametrize("comment", ["// {}", "/* {} */"])
    def test_an_assignment_in_a_comment_is_none(self, comment):
        old = "var chartData = {'last365days': {'isEmpty': 0, 'total': 1, 'dataProvider': []}};"
        data = PAGE.encoded()
        end = data.index(b"\n", data.index(b"chartData ="))
        assert codes(data[:end] + b"\n" + comment.replace("{}", old, 1).encode() + data[end:]) == []

    def test_a_page_that_only_mentions_the_variable_has_no_chart(self):
        assert codes(PAGE.encoded().replace(b"var chartData =", b"chartData.x =")) == ["RZ-CHART-MISSING"]

    @pytest.mark.parametrize("start", [b"war chartData =", b"the window.chartData =", b"variable\tchartData ="])
    def test_a_script_that_no_browser_runs_sets_nothing(self, start):
        """One changed letter of ``var`` is a damaged file: what stands behind it is no better known."""
        assert codes(PAGE.encoded().replace(b"var chartData =", start)) == ["RZ-CHART-MISSING"]


class TestBlocks:
    def with_daily(self, **members):
        block = {**PAGE.data["last365days"], **members}
        return replace(PAGE, data={**PAGE.data, "last365days": block})

    def test_a_failed_block_is_refused_where_it_stands(self):
        page = replace(PAGE, data={**PAGE.data, "age1year": {"error": "timeout for user 77"}})
        (finding,) = judged(page).findings
        assert (finding.code, finding.where.pointer) == ("RZ-ERROR-PAYLOAD", "/age1year/error")
        assert "timeout" not in finding.message

    @pytest.mark.parametrize("error", [None, "", False, 0])
    def test_an_error_that_says_nothing_is_none(self, error):
        assert codes(self.with_daily(error=error)) == []

    @pytest.mark.parametrize("error", ["0", "false", " "])
    def test_an_error_that_says_no_is_none(self, error):
        assert codes(self.with_daily(error=error)) == []

    def test_a_finding_tells_block_row_and_line(self):
        rows = [dict(row) for row in PAGE.data["last365days"]["dataProvider"]]
        rows[7]["value"] = -1
        (finding, *_) = judged(self.with_daily(dataProvider=rows)).findings
        assert finding.where.pointer == "/last365days/dataProvider/7/value"
        line = (
            PAGE.encoded()
            .decode()
            .splitlines()
            .index(
                next(text for text in PAGE.encoded().decode().splitlines() if text.startswith("var chartData"))
            )
        )
        assert finding.where.line == line + 1

    @pytest.mark.parametrize("total", [0, 1, "7"])
    def test_the_stated_total_must_be_the_sum(self, total):
        assert codes(self.with_daily(total=total)) == ["RZ-PAGE-TOTAL-MISMATCH"]

    def test_a_total_in_digits_is_as_good_as_a_number(self):
        assert codes(self.with_daily(total=str(PAGE.printed))) == []

    @pytest.mark.parametrize(("rows", "code"), [([], "RZ-CHART-MISSING"), (None, "RZ-EMPTY-FIELD")])
    def test_an_empty_daily_block_must_say_so(self, rows, code):
        assert codes(self.with_daily(dataProvider=rows, total=0)) == [code]
        for word in (1, True, "1", "true"):
            empty = replace(self.with_daily(dataProvider=rows, total=0, isEmpty=word), printed=0)
            assert codes(empty) == ["RZ-EMPTY-RESULT"]
        for word in (0, False, "0", "false", "False", None):
            full = self.with_daily(dataProvider=rows, total=0, isEmpty=word)
            assert codes(full) == [code]

    def test_a_daily_block_that_is_null_is_an_empty_field(self):
        (finding,) = judged(replace(PAGE, data={**PAGE.data, "last365days": None})).findings
        assert (finding.code, finding.check) == ("RZ-EMPTY-FIELD", "required_fields")
        assert finding.where.pointer == "/last365days"

    @pytest.mark.parametrize("total", [None, ...])
    def test_an_empty_daily_block_may_lack_its_total_and_no_other(self, total):
        without = {} if total is ... else {"total": total}
        block = {"isEmpty": 1, "dataProvider": [], **without}
        empty = replace(PAGE, data={**PAGE.data, "last365days": block}, printed=0)
        assert codes(empty) == ["RZ-EMPTY-RESULT"]
        full = {"isEmpty": 0, "dataProvider": PAGE.data["last365days"]["dataProvider"], **without}
        (finding,) = judged(replace(PAGE, data={**PAGE.data, "last365days": full})).findings
        code = "RZ-MISSING-FIELD" if total is ... else "RZ-EMPTY-FIELD"
        assert (finding.code, finding.where.pointer) == (code, "/last365days/total")

    @pytest.mark.parametrize("nothing", [[], "", None])
    def test_a_secondary_block_may_be_nothing(self, nothing):
        assert codes(replace(PAGE, data={**PAGE.data, "age1year": nothing})) == []
