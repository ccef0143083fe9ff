"""Saved pages: told by what they have, never by words they hold; their figures must agree with each other."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from judging_support import DAY, Judged, judged

from rawzone_assets.contract.charts import charts_in
from rawzone_assets.contract.page_markup import PageMarkup
from rawzone_assets.samples.distrokid_pages import Page, good_page

FEED = "distrokid/streams"


def page(length: int = 20) -> Page:
    return good_page(DAY, Random(1), length=length)


def judged_text(text: str) -> Judged:
    return judged(FEED, text.encode())


class TestGoodPages:
    """Pages that were real captures' likenesses are promoted, however they are laid out."""

    def test_hold_the_words_of_sign_in_pages(self):
        text = page().text()
        assert all(word in text for word in ("Password", "Sign in", "Signin", "Recaptcha"))
        assert judged_text(text).codes == []

    def test_have_one_substance_whatever_trackers_and_line_ends_add(self):
        one, other = good_page(DAY, Random(1)), replace(good_page(DAY, Random(2)), newline="\n")
        assert one.encoded() != other.encoded()
        assert judged(FEED, one.encoded()).facts.substance == judged(FEED, other.encoded()).facts.substance
        assert judged(FEED, one.encoded()).facts.text["newline"] == "crlf"

    def test_tell_their_days(self):
        facts = judged_text(page().text()).facts
        newest = DAY - timedelta(days=2)
        assert (facts.records, facts.data_max) == (20, newest.isoformat())
        assert facts.data_min == (newest - timedelta(days=19)).isoformat()

    def test_may_lack_sixty_day_sums_that_equal_the_rest(self):
        changed = page().with_chart("trend60day", [{"category": "x", "column-1": 1}])
        assert judged_text(changed.text()).codes == []

    def test_may_write_their_charts_as_scripts_do(self):
        plain, script = page(), page().as_script()
        assert judged_text(script.text()).codes == []
        assert judged_text(script.text()).facts.substance == judged_text(plain.text()).facts.substance

    def test_in_script_are_refused_at_the_row_too(self):
        text = page().as_script().text()
        row = text.index('"column-1": ', text.index('"trend365day", {'))
        changed = text[:row] + text[row:].replace(": ", ": -", 1)
        finding = judged_text(changed).only("RZ-NEGATIVE-COUNT")
        assert finding.where
        assert finding.where.pointer == "/trend365day/0/column-1"
        assert '"column-1": -' in changed.split("\n")[(finding.where.line or 0) - 1]

    def test_may_call_for_a_chart_again_without_its_data(self):
        again = 'function draw() { AmCharts.makeChart("trend365day", {"dataProvider": rows()}); }'
        text = page().text().replace("</body>", f"<script>{again}</script></body>")
        assert judged_text(text).codes == []

    @pytest.mark.parametrize("provider", ["[]", "weeks()", "weekly", ""])
    def test_without_data_in_a_coarser_chart_only_warn(self, provider: str):
        changed = page().with_chart("trendWeekly", provider)
        assert judged_text(changed.text()).codes == ["RZ-CHART-OPTIONAL-MISSING"]

    def test_may_have_gaps_in_the_coarser_charts_only(self):
        gap = {"category": "x", "column-1": None}
        weekly = page().with_chart("trendWeekly", [*page().charts["trendWeekly"], gap])
        assert judged_text(weekly.text()).codes == []
        daily = page().with_daily(lambda rows: [*rows[:7], rows[7] | {"column-1": None}, *rows[8:]])
        assert judged_text(daily.text()).blocking == ["RZ-EMPTY-FIELD"]

    def test_may_break_their_lines_with_cr_alone(self):
        assert judged_text(page().text().replace("\n", "\r")).codes == []

    def test_may_hold_any_number_of_comments_that_end(self):
        assert judged_text(page().text().replace("</body>", f"{'<!-- ad -->' * 20_000}</body>")).codes == []

    def test_may_hold_markup_that_only_a_tree_resolves(self):
        odd = page().text().replace("</body>", "<!--> <a =b></body>")
        assert PageMarkup(odd.encode()).plain is None
        assert judged_text(odd).codes == []


class TestDays:
    """'One row per day, ISO date, ascending, no gaps, no repeated days in all 21.'"""

    def test_out_of_order_or_missing_are_told(self):
        swapped = page().with_daily(lambda rows: [rows[1], rows[0], *rows[2:]])
        assert judged_text(swapped.text()).codes == ["RZ-DAYS-UNORDERED"]
        missing = page().with_daily(lambda rows: [*rows[:7], rows[8] | {"column-1": 0}, *rows[9:]])
        assert "RZ-DAYS-MISSING" in judged_text(missing.text()).codes

    def test_that_end_more_than_four_days_before_the_capture_are_told(self):
        data = page().encoded()  # its newest day is two days before the capture
        assert judged(FEED, data, DAY + timedelta(days=2)).codes == []
        assert judged(FEED, data, DAY + timedelta(days=3)).codes == ["RZ-STALE-DATA"]


class TestChartsMadeTwice:
    """A page that hands one chart different data contradicts itself: nobody can say which figures are meant."""

    def with_another(self, rows: list[dict] | str, *, before: str = "</head>") -> str:
        written = rows if isinstance(rows, str) else json.dumps(rows)
        script = f'<script>AmCharts.makeChart("trend365day", {{"dataProvider": {written}}});</script>'
        text = page().text()
        assert judged_text(text).codes == []
        return text.replace(before, f"{script}{before}", 1)

    def test_are_refused_when_they_differ(self):
        assert judged_text(self.with_another([{"category": "2025-06-01", "column-1": 7}])).blocking == [
            "RZ-PAGE-TOTAL-MISMATCH"
        ]

    @pytest.mark.parametrize("before", ["</head>", "</body>"])
    def test_are_refused_when_one_cannot_be_read(self, before: str):
        text = self.with_another("[" * 400 + "]" * 400, before=before)
        assert judged_text(text).blocking == ["RZ-PAGE-TOTAL-MISMATCH"]

    def test_may_be_empty_once(self):
        assert judged_text(self.with_another([])).codes == []

    def test_may_once_be_given_data_by_name(self):
        assert judged_text(self.with_another("chartRows")).codes == []

    def test_may_be_the_same(self):
        rows = page().charts["trend365day"]
        assert judged_text(self.with_another(rows)).codes == []

    def test_leave_others_that_only_a_comment_makes(self):
        text = self.with_another(page().charts["trend365day"])
        weekly = 'AmCharts.makeChart("trendWeekly"'
        assert judged_text(text.replace(weekly, f"// {weekly}")).codes == []


class TestTotals:
    """The printed total is found in any layout; only one that is there and differs counts."""

    def layouts(self, figure: str) -> list[str]:
        return [
            f"<table><tr><td>Last 365 days</td><td>{figure}</td></tr></table>",
            f"<table><tr><th>Last 7 days<th>Last 365 days</tr><tr><td>12</td><td>{figure}</td></tr></table>",
            f"<div>{figure}<br>LAST 365 DAYS</div>",
            f"<p>Last 365 days: {figure}</p>",
            f"<p><span>Last 365\n   days</span> <b>{figure}</b> streams</p>",
            f'<div><span id="last365">{figure}</span></div>',
            f"<div>Last 365 days</div><div>{figure} streams</div>",
            f'<p id="last365"><b>Last 365 days</b> <i>{figure}</i></p>',
            f"<svg><text>Last 365 days</text><text>1,000</text></svg><p>Last 365 days</p><p>{figure}</p>",
        ]

    @pytest.mark.parametrize("layout", range(9))
    def test_are_found_in_many_layouts(self, layout: int):
        base = replace(page(200), total=None)
        total = page(200).total or 0
        for figure, codes in ((f"{total:,}", []), (f"{total + 1:,}", ["RZ-PAGE-TOTAL-MISMATCH"])):
            text = base.text().replace("</select>", "</select>" + self.layouts(figure)[layout])
            assert judged_text(text).codes == codes

    @pytest.mark.parametrize("chart", ["trendWeekly", "trendMonthly"])
    def test_of_a_coarser_chart_are_those_of_the_daily_one(self, chart: str):
        changed = page().with_chart(chart, [{"category": "x", "column-1": 1}])
        assert judged_text(changed.text()).blocking == ["RZ-PAGE-TOTAL-MISMATCH"]

    def test_that_are_absent_only_warn(self):
        assert judged_text(replace(page(), total=None).text()).codes == ["RZ-CHART-OPTIONAL-MISSING"]

    @pytest.mark.parametrize(
        "beside",
        [
            "<ul><li>Last 7 days</li><li>Last 60 days</li><li>Last 365 days</li></ul>",
            "<p>Last 365 days</p><svg><text>0</text><text>500</text></svg>",
            "<select><option>7</option><option>Last 365 days</option><option>30</option></select>",
            "<p>Last 365 days</p><p>7 days</p>",
            "<p>Last 365 days</p><!--1,000--><p>soon</p>",
            '<td id="last365">…</td><p>Last 365 days</p><p>12</p>',
            f"<p>Last 365 days{' count, as ever' * 20}.</p><p>2025</p>",
            f"<table><tr><td>2025</td>{'<td>-</td>' * 400}<td>Last 365 days</td></tr></table>",
        ],
        ids=["items", "chart", "options", "another label", "comment", "element", "long text", "long table"],
    )
    def test_are_not_read_from_menus_charts_and_other_labels(self, beside: str):
        text = replace(page(), total=None).text().replace("</select>", "</select>" + beside)
        assert judged_text(text).codes == ["RZ-CHART-OPTIONAL-MISSING"]

    def test_without_any_number_near_only_warn(self):
        text = (
            replace(page(), total=None).text().replace("</select>", "</select><p>Last 365 days</p><p>soon</p>")
        )
        assert judged_text(text).codes == ["RZ-CHART-OPTIONAL-MISSING"]


class TestRefusedPages:
    """What is no statistics page, or contradicts itself, is refused with line and pointer."""

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("  \n", "RZ-TRUNCATED"),
            ("streams_stats.html", "RZ-SHAPE"),
            ('{"error": 1}', "RZ-SHAPE"),
            ("<html><body>", "RZ-TRUNCATED"),
            ("<?xml version='1.0'?><rss></rss><!--</html>-->", "RZ-SHAPE"),
            ("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "RZ-SHAPE"),
            ("<?xml version='1.0'?><html><body>", "RZ-TRUNCATED"),
            ("<![bogus[</html>", "RZ-SHAPE"),
            ("<html><title>Maintenance</title></html>", "RZ-CHART-MISSING"),
            ("<html><title>Upload & sell your music | X</title></html>", "RZ-SIGN-IN-PAGE"),
            ("<html><form class='a signinForm'></form></html>", "RZ-SIGN-IN-PAGE"),
            ("<html><div id='signinForm'></div></html>", "RZ-SIGN-IN-PAGE"),
            ("<html>" + "<b>" * 200_000 + "</html>", "RZ-SHAPE"),
            ("<html>" + "&" * 200_000 + "</html>", "RZ-SHAPE"),
            ("<html>" + "<!--" * 100_000 + "</html>", "RZ-SHAPE"),
            ("<html><a " + "=" * 2_000_000 + "></html>", "RZ-SHAPE"),
        ],
        ids=lambda value: value[:30],
    )
    def test_have_their_own_codes(self, text: str, code: str):
        assert judged_text(text).blocking == [code]

    @pytest.mark.parametrize("opened", ["<!-- ", "<![CDATA["])
    def test_that_open_too_much_are_not_parsed(self, opened: str):
        text = page().text().replace("</body>", f"{opened * 3_000}{' ' * 200_000}</body>")
        assert judged_text(text).only("RZ-SHAPE").message == "the page has more markup than any statistics page"

    def test_without_any_chart_are_called_another_page(self):
        """'The chart is missing' alone would send somebody looking for a change of the statistics page."""
        text = "<html><title>502 Bad Gateway</title><center>nginx</center></html>"
        finding = judged_text(text).only("RZ-CHART-MISSING")
        assert finding.message == (
            "no script makes any of the charts: an error page, a security check or another site's page?"
        )

    def test_are_placed_at_the_row(self):
        text = page(70).with_daily(lambda rows: [*rows[:7], rows[7] | {"column-1": -1}, *rows[8:]]).text()
        finding = judged_text(text).only("RZ-NEGATIVE-COUNT")
        assert finding.where
        assert finding.where.pointer == "/trend365day/7/column-1"
        assert '"column-1": -1' in text.split("\n")[(finding.where.line or 0) - 1]

    def test_are_of_another_store_however_the_page_writes_it(self):
        for written in ("AppleMusic", " applemusic "):
            text = page().text().replace('selected="" value="streams"', f'selected value="{written}"')
            assert judged_text(text).blocking == ["RZ-WRONG-PAGE"]

    def test_are_of_another_store_only_on_positive_evidence(self):
        changed = replace(page(), selected="applemusic")
        assert judged_text(changed.text()).blocking == ["RZ-WRONG-PAGE"]
        assert judged_text(replace(page(), selected="").text()).codes == []

    @pytest.mark.parametrize("store", ["tiktok", "amazon", ""])
    def test_are_of_another_store_that_nobody_has_named_when_the_choice_of_stores_says_so(self, store):
        """'`<option selected="" value="streams">` says which page it is': any other of them denies it."""
        offered = '<option value="streams">Spotify</option>'
        other = f'<option selected="" value="{store}">Another</option>'
        text = page().text().replace('<option selected="" value="streams">Spotify</option>', offered + other)
        finding = judged_text(text).only("RZ-WRONG-PAGE")
        assert finding.where
        assert finding.where.css == "option[selected]"

    def test_are_their_own_whatever_other_choices_say(self):
        other = '<select id="lang"><option selected="" value="de">Deutsch</option></select>'
        for chosen in ("streams", ""):
            assert judged_text(other + replace(page(), selected=chosen).text()).codes == []


class TestCharts:
    """The data array is read to its own end, whatever JavaScript stands round it."""

    def test_end_where_the_array_ends(self):
        rows = [{"category": "a;]});", "column-1": 1}]
        script = f"AmCharts.makeChart( 'x' , {{ dataProvider : {json.dumps(rows)} , graphs: [1]}}); done();"
        assert [(chart.id, chart.rows) for chart in charts_in(script)] == [("x", rows)]

    def test_are_read_whatever_line_ends_stand_between_rows(self):
        script = 'makeChart("x",{"dataProvider":[\r\n{"a":1}\r\n,\r{"a":2}\n]})'
        chart = next(charts_in(script))
        assert chart.rows == [{"a": 1}, {"a": 2}]
        assert script[chart.position_of(1) :].startswith('{"a":2}')

    @pytest.mark.parametrize(
        "provider",
        ["[1", "{}", "rows", "[NaN]", "[" * 100_000, "[" + "9" * 5000 + "]x", '["\\ud800"]', "[f()]", "[1,,2]"],
    )
    def test_that_would_have_to_be_evaluated_or_do_not_end_have_no_rows(self, provider: str):
        (chart,) = charts_in(f'makeChart("x", {{"dataProvider": {provider}')
        assert chart.rows is None or provider.startswith("[9")

    @pytest.mark.parametrize("word", ["remakeChart", "re_makeChart", "2makeChart", "ümakeChart"])
    def test_are_made_by_no_longer_word(self, word: str):
        assert list(charts_in(f'{word}("x", {{"dataProvider": [1]}})')) == []

    @pytest.mark.parametrize("word", ["$.makeChart", "$makeChart", "(makeChart", "makeChart"])
    def test_are_made_by_whoever_has_the_call(self, word: str):
        assert [chart.rows for chart in charts_in(f'{word}("x", {{"dataProvider": [1]}})')] == [[1]]

    def test_have_each_their_own_data(self):
        script = "".join(f'makeChart("{n}", {{"dataProvider": [{n}]}});' for n in range(4))
        assert [(chart.id, chart.rows) for chart in charts_in(script)] == [(f"{n}", [n]) for n in range(4)]

    def test_have_the_first_data_that_can_be_read(self):
        script = 'makeChart("x", {"dataProvider": rows, "dataProvider": [1], "dataProvider": [2]})'
        assert [(chart.rows, chart.problem) for chart in charts_in(script)] == [([1], "")]
        (unreadable,) = charts_in('makeChart("x", {"dataProvider": rows, "dataProvider": [f()]})')
        assert (unreadable.rows, unreadable.problem) == (None, "has a dataProvider that is no list")

    def test_may_have_comments_between_their_parts(self):
        (chart,) = charts_in('makeChart(/* by; day */ "x", {dataProvider: // now\r\n/*]*/ [1, 2,]})')
        assert (chart.id, chart.rows) == ("x", [1, 2])

    @pytest.mark.parametrize("text", ["makeChart(/*", "makeChart(//", "makeChart('x',{dataProvider:/*"])
    def test_of_endless_comments_are_none(self, text: str):
        assert not any(chart.rows for chart in charts_in(text * 20_000))

    @pytest.mark.parametrize(
        "comment",
        [
            "// {}",
            "/* {} */",
            "/* old:\n{}\n*/",
            "done(); // {}",
            "var a='image/*'; /* {} */",
            "// so far /* \n/* {} */",
            "/* {} // */",
        ],
    )
    def test_in_comments_are_made_by_nobody(self, comment: str):
        """Developers leave the call of a release before where it was, with its data in it."""
        text = page().text()
        old = (
            'AmCharts.makeChart("trend365day", {"dataProvider": [{"category": "2020-01-01", "column-1": 7}]});'
        )
        call = text.index('AmCharts.makeChart("trend365day"')
        changed = text[:call] + "\n" + comment.replace("{}", old, 1) + "\n" + text[call:]
        assert judged_text(changed).codes == []

    @pytest.mark.parametrize(
        "start", ["var a = 'x'; //\n", '$.ajax({headers: {Accept: "*/*"}, url: "//x"}); /* a */ ']
    )
    def test_after_comments_and_texts_that_look_like_them_are_made(self, start: str):
        script = f'{start}makeChart("x", {{"dataProvider": [1]}}); /* b */'
        assert [(chart.rows, chart.is_commented_out) for chart in charts_in(script)] == [([1], False)]

    @pytest.mark.parametrize(
        "comment", ["// {}", "/* {} */", "f();// {}", "f(a,/* {} */b)", "if (a){/* {} */}else // {}"]
    )
    def test_in_comments_are_known_as_such_wherever_those_begin_and_end(self, comment: str):
        script = comment.replace("{}", "makeChart('x', {dataProvider: [1]})")
        assert {chart.is_commented_out for chart in charts_in(script)} == {True}

    def test_after_a_comment_that_never_ends_are_made(self):
        script = "/* a */ var accept = 'image/*'; makeChart('x', {dataProvider: [1]}); var all = 'video/*';"
        assert [(chart.rows, chart.is_commented_out) for chart in charts_in(script)] == [([1], False)]

    def test_have_the_data_that_no_comment_hides(self):
        for hidden in ("// dataProvider: [1],\n", "/* dataProvider: [1], */"):
            (chart,) = charts_in(f'makeChart("x", {{ {hidden} "dataProvider": [2]}})')
            assert chart.rows == [2]

    def test_without_a_provider_do_not_borrow_the_next_one(self):
        first, second = charts_in('makeChart("a", {}); makeChart("b", {"dataProvider": [1]})')
        assert (first.rows, second.rows) == (None, [1])
