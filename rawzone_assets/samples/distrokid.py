"""DistroKid's deliveries: which pages and reports there are samples of, and what must become of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from rawzone_assets.samples.distrokid_pages import Page, Row, good_page, sign_in_page
from rawzone_assets.samples.distrokid_reports import Report, good_report
from rawzone_assets.samples.sample import Case, Routine, Verdict
from rawzone_assets.samples.tiktok_exports import zipped

Make = Callable[[date, Random], bytes]


def _page(change: Callable[[Page, date], Page] = lambda page, _day: page) -> Make:
    return lambda day, rng: change(good_page(day, rng), day).encoded()


def _daily(change: Callable[[list[Row], date], list[Row]]) -> Make:
    """A page with other daily rows and totals that agree with them, so that only the change is wrong."""
    return _page(lambda page, day: page.with_daily(lambda rows: change(rows, day)))


def _report(change: Callable[[Report, date], Report] = lambda report, _day: report) -> Make:
    return lambda day, rng: change(good_report(day, rng), day).encoded()


def _bytes(make: Make, change: Callable[[bytes], bytes]) -> Make:
    return lambda day, rng: change(make(day, rng))


def _streams(title: str, make: Make, *codes: str, verdict: Verdict = "quarantined") -> Case:
    return Case(
        feed="distrokid/streams",
        folder="distrokid/streams",
        name="streams_stats_{stamp}.html",
        make=make,
        title=title,
        codes=codes,
        verdict=verdict,
    )


def _sales(title: str, make: Make, *codes: str, verdict: Verdict = "quarantined") -> Case:
    return Case(
        feed="distrokid/sales",
        folder="distrokid/sales",
        name="sales_report_{stamp}.tsv",
        make=make,
        title=title,
        codes=codes,
        verdict=verdict,
    )


def _cell(column: str, text: str) -> Make:
    return _report(lambda report, _day: report.set(17, column, text))


def _first(rows: list[Row], **members: object) -> list[Row]:
    rows[17].update({name.replace("_", "-"): value for name, value in members.items()})
    return rows


def _fifteen_columns(report: Report, day: date) -> Report:
    report.insert(0, "Date Inserted", day.isoformat()).insert(14, "Recoup (USD)", "0.00000000")
    report.rename("Songwriter Royalties Withheld", "Songwriter Royalties Withheld (USD)")
    report.rename("Song/Album", "Source Type").newline = "\n"
    return report


def _cut_in_last_cell(data: bytes) -> bytes:
    return data.rstrip(b"\r")[:-3]


def _tomorrow_and_more(rows: list[Row], day: date) -> list[Row]:
    return [*rows, *({"category": f"{day + timedelta(days=n)}", "column-1": 9} for n in range(-1, 4))]


_PAGES = (
    _streams("a page as browsers on Windows save it", _page(), verdict="promoted"),
    _streams(
        "a page with LF line ends and the figure above its label",
        _page(lambda page, _day: replace(page, newline="\n", total_above_label=True)),
        verdict="promoted",
    ),
    _streams(
        "a page whose charts are written as scripts may",
        _page(lambda page, _day: page.as_script()),
        verdict="promoted",
    ),
    _streams(
        "a page whose newest day is old",
        lambda day, rng: good_page(day, rng, lag=20).encoded(),
        "RZ-STALE-DATA",
        verdict="promoted",
    ),
    _streams(
        "a page without its 60-day chart and without printed totals",
        _page(lambda page, _day: replace(page.without("trend60day"), total=None)),
        "RZ-CHART-OPTIONAL-MISSING",
        verdict="promoted",
    ),
    _streams(
        "a page whose series has a gap and a new member",
        _daily(lambda rows, _day: _first([*rows[:99], *rows[101:]], bullet="round")),
        "RZ-DAYS-MISSING",
        "RZ-UNKNOWN-FIELD",
        verdict="promoted",
    ),
    _streams(
        "a page out of order", _daily(lambda rows, _day: rows[::-1]), "RZ-DAYS-UNORDERED", verdict="promoted"
    ),
    _streams("a sign-in page", sign_in_page, "RZ-SIGN-IN-PAGE"),
    _streams("a page cut in the middle", _bytes(_page(), lambda data: data[: len(data) // 2]), "RZ-TRUNCATED"),
    _streams("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _streams(
        "a page without its daily chart",
        _page(lambda page, _day: page.without("trend365day")),
        "RZ-CHART-MISSING",
    ),
    _streams(
        "a page with an empty daily chart",
        _page(lambda page, _day: page.with_chart("trend365day", [])),
        "RZ-CHART-MISSING",
    ),
    _streams(
        "a page whose daily chart is no JSON",
        _page(
            lambda page, _day: page.with_chart("trend365day", '[{"category": "2025-01-01", "column-1": NaN}]')
        ),
        "RZ-CHART-MISSING",
    ),
    _streams(
        "a page whose weekly chart is no JSON",
        _page(lambda page, _day: page.with_chart("trendWeekly", "[{broken")),
        "RZ-SHAPE",
    ),
    _streams(
        "a page whose monthly chart sums to less",
        _page(lambda page, _day: page.with_chart("trendMonthly", [{"category": "2025-01", "column-1": 1}])),
        "RZ-PAGE-TOTAL-MISMATCH",
    ),
    _streams(
        "a page whose printed total differs",
        _page(lambda page, _day: replace(page, total=(page.total or 0) + 1)),
        "RZ-PAGE-TOTAL-MISMATCH",
    ),
    _streams(
        "the Apple Music page", _page(lambda page, _day: replace(page, selected="applemusic")), "RZ-WRONG-PAGE"
    ),
    _streams("a negative figure", _daily(lambda rows, _day: _first(rows, column_1=-4)), "RZ-NEGATIVE-COUNT"),
    _streams("a figure that is null", _daily(lambda rows, _day: _first(rows, column_1=None)), "RZ-EMPTY-FIELD"),
    _streams("a figure in words", _daily(lambda rows, _day: _first(rows, column_1="n/a")), "RZ-VALUE-TYPE"),
    _streams(
        "a day that no calendar has",
        _daily(lambda rows, _day: _first(rows, category="2025-02-30")),
        "RZ-VALUE-TYPE",
    ),
    _streams(
        "a row without its figure",
        _daily(lambda rows, _day: [*rows[:-1], {"category": rows[-1]["category"]}]),
        "RZ-MISSING-FIELD",
    ),
    _streams("a day twice", _daily(lambda rows, _day: [*rows, rows[-1]]), "RZ-REPEATED-DAY"),
    _streams("days after the capture", _daily(_tomorrow_and_more), "RZ-FUTURE-DATE"),
    _streams(
        "a page saved as UTF-16", _bytes(_page(), lambda data: data.decode().encode("utf-16")), "RZ-ENCODING"
    ),
    _streams(
        "an error answer under the page's name", lambda _day, _rng: b'{"error": "rate limited"}', "RZ-SHAPE"
    ),
)

_REPORTS = (
    _sales("a report as the bank page writes it", _report(), verdict="promoted"),
    replace(
        _sales(
            "a report with commas, under the site's own name",
            _report(lambda report, _day: replace(report, delimiter=",", newline="\n")),
            verdict="promoted",
        ),
        name="DistroKid_17_{stamp}.csv",
    ),
    replace(
        _sales(
            "a report alone in an archive",
            lambda day, rng: zipped([("DistroKid_17.tsv", good_report(day, rng).encoded())], deflated=True),
            verdict="promoted",
        ),
        name="dk_bank_details_{stamp}.zip",
    ),
    replace(
        _sales(
            "an archive without a report", lambda _d, _r: zipped([("notes.txt", b"x")]), "RZ-ARCHIVE-MEMBERS"
        ),
        name="dk_bank_details_{stamp}.zip",
    ),
    replace(
        _sales(
            "a report without a time in its name or an end after its last row", _report(), verdict="promoted"
        ),
        name="sales_report_{day}.tsv",
        make=_bytes(_report(), lambda data: data.rstrip(b"\r")),
    ),
    replace(
        _sales("a report of 15 columns, in the pages' folder", _report(_fifteen_columns), verdict="promoted"),
        folder="distrokid/streams",
        name="dk_bank_details_{stamp}.tsv",
    ),
    _sales(
        "a report of 2014",
        _report(lambda report, _day: report.drop("Team Percentage", "Songwriter Royalties Withheld")),
        "RZ-LEGACY-LAYOUT",
        verdict="promoted",
    ),
    _sales(
        "a report in Latin-1",
        lambda day, rng: replace(good_report(day, rng, latin=True), encoding="latin-1").encoded(),
        "RZ-LEGACY-ENCODING",
        verdict="promoted",
    ),
    _sales(
        "a report with a byte order mark, CRLF and a new column",
        _report(
            lambda report, _day: replace(
                report.insert(3, "Label", "Example"), newline="\r\n", encoding="utf-8-sig"
            )
        ),
        "RZ-UNKNOWN-FIELD",
        verdict="promoted",
    ),
    _sales(
        "a report with an odd ISRC", _cell("ISRC", "QZ-XYZ-25-00001"), "RZ-VALUE-UNUSUAL", verdict="promoted"
    ),
    _sales("a share above the whole", _cell("Team Percentage", "150"), "RZ-VALUE-UNUSUAL", verdict="promoted"),
    _sales(
        "a report without rows",
        _report(lambda report, _day: replace(report, rows=[])),
        "RZ-EMPTY-RESULT",
        verdict="promoted",
    ),
    _sales(
        "a report that lacks a column",
        _report(lambda report, _day: report.drop("Earnings (USD)")),
        "RZ-MISSING-FIELD",
    ),
    _sales("a report cut inside a row", _bytes(_report(), lambda data: data[:-60]), "RZ-TRUNCATED"),
    _sales("a report cut inside its last cell", _bytes(_report(), _cut_in_last_cell), "RZ-TRUNCATED"),
    _sales("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _sales("a sign-in page under the report's name", sign_in_page, "RZ-HTML-INSTEAD"),
    _sales(
        "a report saved again with semicolons",
        _report(lambda report, _day: replace(report, delimiter=";", newline="\r\n")),
        "RZ-TABLE-SYNTAX",
    ),
    _sales("a row with a cell too many", _cell("Title", "Paper\tLantern"), "RZ-TABLE-SYNTAX"),
    _sales(
        "a report saved as UTF-16",
        _bytes(_report(), lambda data: data.decode().encode("utf-16")),
        "RZ-ENCODING",
    ),
    _sales("a decimal comma", _cell("Earnings (USD)", "0,41520000"), "RZ-VALUE-TYPE"),
    _sales("a thousands separator", _cell("Quantity", "1,204"), "RZ-VALUE-TYPE"),
    _sales("earnings that are no number", _cell("Earnings (USD)", "NaN"), "RZ-VALUE-TYPE"),
    _sales("blank earnings", _cell("Earnings (USD)", ""), "RZ-EMPTY-FIELD"),
    _sales("a blank store", _cell("Store", " "), "RZ-EMPTY-FIELD"),
    _sales("a negative quantity", _cell("Quantity", "-3"), "RZ-NEGATIVE-COUNT"),
    _sales("a UPC in scientific notation", _cell("UPC", "1.98E+11"), "RZ-SPREADSHEET-DAMAGE"),
    _sales("a date rewritten by a spreadsheet", _cell("Reporting Date", "5/27/2025"), "RZ-SPREADSHEET-DAMAGE"),
    _sales(
        "a reporting date after the capture",
        _report(lambda report, day: report.set(17, "Reporting Date", f"{day + timedelta(days=3)}")),
        "RZ-FUTURE-DATE",
    ),
    _sales(
        "a sale after its report",
        _report(lambda report, day: report.set(17, "Sale Month", f"{day + timedelta(days=31):%Y-%m}")),
        "RZ-DATE-ORDER",
    ),
)

CASES = (*_PAGES, *_REPORTS)

ROUTINE = (
    Routine(
        feed="distrokid/streams", folder="distrokid/streams", name="streams_stats_{stamp}.html", make=_page()
    ),
    Routine(
        feed="distrokid/sales",
        folder="distrokid/sales",
        name="sales_report_{stamp}.tsv",
        make=_report(),
        weekday=0,
    ),
)
