"""Tables: read in chunks of bounded size, judged by pandera exactly as the row's JSON Schema says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging_support import DAY, Judged, judged

from rawzone_assets.contract import table_examination
from rawzone_assets.contract.content import SMALL, BytesContent
from rawzone_assets.contract.findings import Place
from rawzone_assets.contract.schemas import deciding_engine, explaining_engine
from rawzone_assets.contract.table_cells import refused_cells
from rawzone_assets.contract.table_cuts import cut_to_nothing
from rawzone_assets.contract.table_rules import Chunk
from rawzone_assets.contract.table_shapes import (
    checks_of,
    header_findings,
    resolve_header,
    shape_of,
    usual_text,
)
from rawzone_assets.samples.distrokid_reports import COLUMNS, Report, good_report

FEED, SCHEMA = "distrokid/sales", "distrokid/sales.v1.json"
Change = Callable[[Report], object]


def report(**changes: object) -> Report:
    made = good_report(DAY, Random(1), weeks=2)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def judged_report(made: Report) -> Judged:
    return judged(FEED, made.encoded())


class TestText:
    """Line ends, byte order marks and old encodings are recorded, never held against a file."""

    @pytest.mark.parametrize("newline", ["\r", "\n", "\r\n"])
    @pytest.mark.parametrize("final", [True, False])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    def test_any_line_end_and_mark_is_legitimate(self, newline: str, encoding: str, *, final: bool):
        result = judged_report(report(newline=newline, final_newline=final, encoding=encoding))
        assert result.codes == []
        assert result.facts.records == 80
        assert result.facts.substance == judged_report(report()).facts.substance
        assert result.facts.fingerprint == judged_report(report()).facts.fingerprint

    def test_facts_tell_the_span_of_reporting_dates(self):
        made = report()
        dates = [row[0] for row in made.rows]
        facts = judged_report(made).facts
        assert (facts.data_min, facts.data_max) == (min(dates), max(dates))
        assert facts.text == {"charset": "utf-8", "bom": False, "newline": "cr"}

    def test_latin_1_is_read_and_told(self):
        made = good_report(DAY, Random(1), weeks=2, latin=True)
        utf8 = judged_report(made)
        made.encoding = "latin-1"
        latin = judged_report(made)
        assert latin.codes == ["RZ-LEGACY-ENCODING"]
        assert latin.facts.text["charset"] == "latin-1"
        assert latin.facts.substance == utf8.facts.substance

    def test_quotes_are_ordinary_characters(self):
        assert judged_report(report().set(2, "Title", '"Heroes" 12" mix "')).codes == []

    def test_blank_lines_are_no_rows(self):
        data = report().encoded() + b"\r\r"
        assert judged(FEED, data).facts.records == 80


class TestHeaders:
    """Columns are known by name, in any order, and by the names that other layouts give them."""

    @pytest.mark.parametrize("column", COLUMNS)
    def test_each_missing_column_is_named(self, column: str):
        finding = judged_report(report().drop(column)).only("RZ-MISSING-FIELD")
        assert column in finding.message
        assert finding.where
        assert finding.where.column_name == column

    def test_columns_may_come_in_any_order(self):
        made = report()
        order = list(range(13))
        Random(3).shuffle(order)
        made.header = [made.header[i] for i in order]
        made.rows = [[row[i] for i in order] for row in made.rows]
        assert judged_report(made).codes == []

    def test_fifteen_columns_with_either_name_are_known(self):
        for rename in (True, False):
            made = report().insert(0, "Date Inserted", "2025-06-01").insert(14, "Recoup (USD)", "0.00000000")
            made.rename("Songwriter Royalties Withheld", "Songwriter Royalties Withheld (USD)")
            if rename:
                made.rename("Song/Album", "Source Type")
            assert judged_report(made).codes == []

    def test_the_layout_of_2014_is_accepted_as_a_whole_only(self):
        old = report().drop("Team Percentage", "Songwriter Royalties Withheld")
        assert judged_report(old).codes == ["RZ-LEGACY-LAYOUT"]
        assert judged_report(old.drop("Store")).blocking == ["RZ-MISSING-FIELD"] * 3
        older = report().drop("Team Percentage", "Songwriter Royalties Withheld").insert(0, "New", "1")
        assert judged_report(older).blocking == ["RZ-MISSING-FIELD"] * 2

    @pytest.mark.parametrize("share", ["100", "0", "33.34", "5", ""])
    def test_a_share_of_a_team_is_a_percentage(self, share: str):
        assert judged_report(report().set(5, "Team Percentage", share)).codes == []

    @pytest.mark.parametrize("share", ["101", "1794", "-50"])
    def test_another_share_of_a_team_warns(self, share: str):
        """As quantities do that have changed places with them."""
        finding = judged_report(report().set(5, "Team Percentage", share)).only("RZ-VALUE-UNUSUAL")
        assert finding.where
        assert finding.where.column_name == "Team Percentage"

    def test_an_unknown_column_only_warns(self):
        finding = judged_report(report().insert(4, "Label", "x")).only("RZ-UNKNOWN-FIELD")
        assert finding.where
        assert finding.where.column == 5

    def test_a_column_twice_is_no_table(self):
        assert judged_report(report().insert(4, "Store", "x")).blocking == ["RZ-TABLE-SYNTAX"]

    @pytest.mark.parametrize("data", [b"a,b\r1,2\r", b"\t\t\t\r", b"x" * 2_000_000, b"\t" * 900 + b"\r"])
    def test_what_is_no_header_is_no_table(self, data: bytes):
        assert judged(FEED, data).blocking == ["RZ-TABLE-SYNTAX"]


class TestCells:
    """Refused cells are told with line and column."""

    @pytest.mark.parametrize(
        ("column", "text", "code"),
        [
            ("Quantity", "-3", "RZ-NEGATIVE-COUNT"),
            ("Quantity", "1.0", "RZ-VALUE-TYPE"),
            ("Quantity", "", "RZ-EMPTY-FIELD"),
            ("Quantity", "١٢", "RZ-VALUE-TYPE"),
            ("Earnings (USD)", "NaN", "RZ-VALUE-TYPE"),
            ("Earnings (USD)", "inf", "RZ-VALUE-TYPE"),
            ("Earnings (USD)", "", "RZ-EMPTY-FIELD"),
            ("Earnings (USD)", "1,204.50", "RZ-VALUE-TYPE"),
            ("Earnings (USD)", "0,5", "RZ-VALUE-TYPE"),
            ("Earnings (USD)", "1.2E-05", "RZ-SPREADSHEET-DAMAGE"),
            ("Songwriter Royalties Withheld", "none", "RZ-VALUE-TYPE"),
            ("Reporting Date", "2025-02-30", "RZ-VALUE-TYPE"),
            ("Reporting Date", "5/27/2025", "RZ-SPREADSHEET-DAMAGE"),
            ("Sale Month", "May-25", "RZ-SPREADSHEET-DAMAGE"),
            ("Sale Month", "2025-13", "RZ-VALUE-TYPE"),
            ("UPC", "1.98E+11", "RZ-SPREADSHEET-DAMAGE"),
            ("Store", "", "RZ-EMPTY-FIELD"),
            ("Title", " \u00a0", "RZ-EMPTY-FIELD"),
        ],
    )
    def test_have_their_own_codes(self, column: str, text: str, code: str):
        finding = judged_report(report().set(5, column, text)).only(code)
        assert finding.where
        assert (finding.where.line, finding.where.column_name) == (7, column)
        assert finding.blocking

    @pytest.mark.parametrize(
        ("column", "text"),
        [
            ("Quantity", "0"),
            ("Earnings (USD)", "-0.00000000"),
            ("Earnings (USD)", "-12.5"),
            ("ISRC", ""),
            ("UPC", ""),
            ("Team Percentage", ""),
            ("Country of Sale", ""),
            ("Title", "NA"),
            ("Store", "null"),
        ],
    )
    def test_that_are_odd_but_real_pass(self, column: str, text: str):
        assert judged_report(report().set(5, column, text)).codes == []

    @pytest.mark.parametrize(("column", "text"), [("ISRC", "qz-1"), ("UPC", "12a")])
    def test_that_are_unusual_only_warn(self, column: str, text: str):
        assert judged_report(report().set(5, column, text)).codes == ["RZ-VALUE-UNUSUAL"]

    def test_that_are_unusual_are_told_with_what_is_usual_there(self):
        finding = judged_report(report().set(5, "ISRC", "US-ABC-25-00001")).only("RZ-VALUE-UNUSUAL")
        usual = "^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$"
        assert finding.message == f"not of the form seen so far: expected a text that matches {usual}"
        assert usual_text("^(?!undefined$)") == "any text but 'undefined'"

    def test_that_repeat_are_never_dropped(self):
        made = report()
        made.rows += made.rows
        assert judged_report(made).facts.records == 160


class TestDates:
    """Nothing is reported before it is sold, nor after it was captured."""

    def test_the_day_after_the_capture_passes_and_the_next_does_not(self):
        assert judged_report(report().set(5, "Reporting Date", "2025-06-13")).codes == []
        assert judged_report(report().set(5, "Reporting Date", "2025-06-14")).blocking == ["RZ-FUTURE-DATE"]

    def test_the_month_of_the_report_passes_and_the_next_does_not(self):
        made = report().set(5, "Reporting Date", "2025-06-01").set(5, "Sale Month", "2025-06")
        assert judged_report(made).codes == []
        finding = judged_report(made.set(5, "Sale Month", "2025-07")).only("RZ-DATE-ORDER")
        assert finding.where
        assert finding.where.line == 7

    def test_old_data_only_warn(self):
        old = good_report(DAY.replace(year=2024), Random(1), weeks=1)
        assert judged_report(old).codes == ["RZ-STALE-DATA"]


class TestCuts:
    """A file that ends inside a row is refused; a file without a last line end is not."""

    def test_every_cut_inside_the_last_rows_is_found_or_leaves_whole_rows(self):
        data = report().encoded().rstrip(b"\r")
        whole = {position for position, byte in enumerate(data) if byte == 13} | {len(data)}
        for cut in range(len(data) - 200, len(data)):
            result = judged(FEED, data[:cut])
            is_whole = cut in whole or cut - 1 in whole
            assert ("RZ-TRUNCATED" in result.codes) != is_whole, data[:cut][-40:]

    def test_a_ragged_row_inside_is_a_syntax_error_with_its_line(self):
        made = report()
        made.rows[4] = made.rows[4][:5]
        finding = judged_report(made).only("RZ-TABLE-SYNTAX")
        assert finding.where
        assert finding.where.line == 6

    def test_a_last_row_of_more_cells_than_the_header_was_not_cut(self):
        made = report()
        made.rows[-1] = [*made.rows[-1], "more"]
        assert judged_report(made).codes == ["RZ-TABLE-SYNTAX"]

    def test_a_header_that_is_refused_is_not_also_called_one_without_rows(self):
        made = report()
        column = made.header.index("Quantity")
        made.header.pop(column)
        made.rows.clear()
        assert judged_report(made).codes == ["RZ-MISSING-FIELD"]

    def test_fewer_decimals_are_fine_where_rows_differ_at_all(self):
        made = report(final_newline=False).set(3, "Earnings (USD)", "1.123456789")
        assert judged_report(made.set(79, "Earnings (USD)", "1.25")).codes == []

    def test_fewer_decimals_are_fine_where_rows_differ(self):
        made = report(final_newline=False).set(3, "Earnings (USD)", "1.5").set(79, "Earnings (USD)", "1.25")
        assert judged_report(made).codes == []

    @pytest.mark.parametrize("last", ["2.4", "2", "0"])
    def test_few_decimals_that_agree_in_all_rows_but_the_last_are_chance(self, last):
        made = report(final_newline=False)
        for row in range(79):
            made = made.set(row, "Earnings (USD)", "1.25")
        assert judged_report(made.set(79, "Earnings (USD)", last)).codes == []

    @pytest.mark.parametrize(("usual", "codes"), [("1.12345", []), ("1.123456", ["RZ-TRUNCATED"])])
    def test_as_many_decimals_as_nobody_writes_by_chance_tell_a_cut(self, usual: str, codes: list[str]):
        made = report(final_newline=False)
        for row in range(79):
            made = made.set(row, "Earnings (USD)", usual)
        assert judged_report(made.set(79, "Earnings (USD)", usual[:-1])).codes == codes


class TestChunks:
    """The size of chunks changes neither findings nor facts."""

    @pytest.mark.parametrize("limits", [(1, 10**9), (7, 10**9), (10**9, 1), (10**9, 997)])
    def test_of_any_size_give_the_same(self, limits: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
        made = (
            report(final_newline=False)
            .set(5, "Quantity", "-1")
            .set(70, "UPC", "1E+5")
            .set(79, "Earnings (USD)", "0.1")
        )
        whole = judged_report(made).judgement
        monkeypatch.setattr(table_examination, "CHUNK_ROWS", limits[0])
        monkeypatch.setattr(table_examination, "CHUNK_CELL_CHARACTERS", limits[1])
        pieces = judged_report(made).judgement
        assert set(pieces.findings) == set(whole.findings)
        assert pieces.facts == whole.facts

    def test_after_a_thousand_bad_cells_rows_are_only_counted(self):
        made = report()
        made.rows = [[*made.rows[9][:7], "-1", *made.rows[9][8:]]] * 30_000
        result = judged_report(made)
        assert result.facts.records == 30_000
        assert set(result.codes) == {"RZ-NEGATIVE-COUNT"}


CELLS = st.one_of(
    st.none(),
    st.text(max_size=6).map(lambda text: text or None),
    st.sampled_from(
        [
            "2025-03-01",
            "2025-02-30",
            "2025-03",
            "May-25",
            "0",
            "-3",
            "1.50",
            "-0.00000000",
            "NaN",
            "1,5",
            "1.98E+11",
        ]
    ),
)


class TestAgreement:
    """The pandera schema is derived from the row's JSON Schema and accepts exactly the rows that it accepts."""

    @settings(max_examples=60, deadline=None)
    @given(rows=st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, CELLS)), min_size=1, max_size=16))
    def test_pandera_and_json_schema_agree_about_every_row(self, rows: list[dict[str, str | None]]):
        chunk = Chunk(
            columns={name: [row[name] for row in rows] for name in COLUMNS}, lines=list(range(len(rows)))
        )
        refused = {finding.where.line for finding in refused_cells(shape_of(SCHEMA), chunk) if finding.where}
        for engine in (deciding_engine(SCHEMA), explaining_engine(SCHEMA)):
            assert refused == {line for line, row in enumerate(rows) if not engine.is_valid(row)}

    def test_a_demand_that_pandera_cannot_make_is_a_fault_of_the_schema(self):
        with pytest.raises(ValueError, match="maxLength"):
            checks_of({"type": "string", "maxLength": 3})

    def test_every_understood_demand_is_made(self):
        checks = checks_of({"type": "string", "pattern": "^a", "minLength": 2, "enum": ["ab", "b"]})
        accepted = [text for text in ("a", "ab", "b", "ac") if all(check.accepts(text) for check in checks)]
        assert accepted == ["ab"]


@pytest.mark.parametrize("before", range(13))
def test_another_row_without_its_last_cell_is_seen_wherever_a_piece_of_a_large_table_ends(before: int):
    blank, piece = b"2025-06-10\t\n", 2**17
    begun = b"day\tsum\n" + b"a\t1\n" * (piece // 4)
    data = begun[: piece - before - 1] + b"\n" + blank + b"a\t1\n" * SMALL + b"b\t"
    assert cut_to_nothing(BytesContent(data), "\t", records=9, place=Place(line=9)) is None


def test_an_alias_beside_its_own_column_is_an_unknown_column():
    shape = shape_of(SCHEMA)
    alias, column = next(iter(shape.aliases.items()))
    assert resolve_header(shape, [alias]).columns == (column,)
    assert resolve_header(shape, [alias, column]).columns == (None, column)
    assert resolve_header(shape, [column, alias]).columns == (column, None)


@pytest.mark.parametrize("is_current", [True, False])
def test_only_a_layout_of_other_times_is_spoken_of(*, is_current: bool):
    shape = shape_of(SCHEMA)
    layout = replace(shape.layouts[0], current=is_current)
    names = [name for name in shape.required if name not in layout.lacks]
    told = header_findings(replace(shape, layouts=(layout,)), resolve_header(shape, names), 1)
    assert [finding.code for finding in told] == ([] if is_current else ["RZ-LEGACY-LAYOUT"])
