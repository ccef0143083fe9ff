"""DistroKid: saved statistics pages and bank-detail exports."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from rawzone_assets.contract import codes
from rawzone_assets.contract import table_rules as table
from rawzone_assets.contract.archives import ZipFormat
from rawzone_assets.contract.feed import Cadence, Feed, Platform, Variant
from rawzone_assets.contract.findings import Role
from rawzone_assets.contract.html_pages import BlocksFormat, HtmlFormat, PageTotal, SignIn
from rawzone_assets.contract.projection import Projection
from rawzone_assets.contract.restatement import Figures
from rawzone_assets.contract.rules import (
    ascending_without_gaps,
    fresh,
    no_day_twice,
    no_future_day,
    sums_agree,
    total_is_sum,
)
from rawzone_assets.contract.series import Series
from rawzone_assets.contract.table_rows import CSV, TSV, Dialect
from rawzone_assets.contract.tables import TableFormat

_DAILY = Series(path="/trend365day", day="category", value="column-1")
_WEEKLY = Series(path="/trendWeekly", day="category", value="column-1")
_MONTHLY = Series(path="/trendMonthly", day="category", value="column-1")

_APPLE_DAILY = Series(path="/last365days/dataProvider", day="field", value="value")
_SIGN_IN = SignIn(form="signinForm", title="Upload & sell your music")
_PAGE_CHECKS = {
    Role.STRUCTURE: "html_structure",
    Role.COMPLETENESS: "required_fields",
    Role.TYPES: "data_types",
    Role.TIME: "timestamp_consistency",
    Role.IDENTITY: "html_structure",
}

_STREAMS = Feed(
    id="distrokid/streams",
    title="DistroKid streams page",
    description="""\
The statistics page for Spotify, saved by the extractor as the browser holds it.

**Covers** the whole history up to 365 days: one row a day in the chart `trend365day`.

**Legitimate**: "Password", "Sign in" and "Recaptcha" in hidden parts of every good page; the same figures under
other bytes in each capture (trackers write random ids); CRLF or LF; past days restated; a newest day usually
two days before the capture (more than four is a warning: up to fourteen have been seen).

**Blocks**: a sign-in page, a page cut short, another store's page, a missing, empty or unreadable daily chart,
a day twice or after the capture, a figure that is no whole number from 0 on, and sums of the weekly or monthly
chart or a printed total that differ from the daily chart's (they agreed in every capture seen).

**Personal data**: pages hold the account's e-mail address and session ids. They are stored, never shown.
""",
    names=("streams_stats_<ts>.html",),
    format=HtmlFormat(
        chart="trend365day",
        series=_DAILY,
        figures=Figures(of=("column-1",)),
        optional_charts=("trend60day", "trendWeekly", "trendMonthly"),
        total=PageTotal(label="Last 365 days", element_id="last365", chart="trend365day"),
        sign_in=_SIGN_IN,
        own_page="streams",
        other_pages=("applemusic",),
        rules=(
            no_day_twice(_DAILY),
            no_future_day(_DAILY),
            ascending_without_gaps(_DAILY),
            fresh(_DAILY),
            sums_agree(_DAILY, (_WEEKLY, _MONTHLY)),
        ),
    ),
    schema="distrokid/streams.v1.json",
    version=1,
    rules_version=1,
    checks=_PAGE_CHECKS,
    cadence=Cadence(every=timedelta(days=7), lag_days=2, stale_after_days=4),
    by_month=True,
    max_size=16 * 2**20,
    usual_exposures=frozenset({"e-mail", "session-id"}),
)

_APPLE_MUSIC = Feed(
    id="distrokid/apple_music",
    title="DistroKid Apple Music page",
    description="""\
The statistics page for Apple Music, saved by the extractor as the browser holds it.

**Covers** the whole history up to 365 days: one row a day in the block `last365days` of the variable
`chartData`, with thirteen further blocks about tracks, playlists, countries and listeners.

**Legitimate**: blocks that say they are empty (`isEmpty`), all of them for a new account; absent days; a
partial newest day, one to four days before the capture; "Password" and "Sign in" in hidden parts of every
good page.

**Blocks**: a sign-in page, a page cut short, another store's page, missing or unreadable `chartData`, a block
that says it failed, an empty daily block that does not say so, a day twice or after the capture, a figure
that is no whole number from 0 on, and a total, stated or printed, that is not the sum (they agreed in every
capture seen).

**Personal data**: pages hold the account's e-mail address and session ids. They are stored, never shown.
""",
    names=("applemusic_stats_<ts>.html",),
    format=BlocksFormat(
        variable="chartData",
        daily="last365days",
        series=_APPLE_DAILY,
        figures=Figures(of=("value",)),
        optional_blocks=("byMonth", "byWeek", "tracks1year", "country1year"),
        total=PageTotal(label="Last 365 days", element_id="last365", chart="last365days"),
        sign_in=_SIGN_IN,
        own_page="applemusic",
        other_pages=("streams",),
        rules=(
            no_day_twice(_APPLE_DAILY),
            no_future_day(_APPLE_DAILY),
            fresh(_APPLE_DAILY),
            total_is_sum("/last365days/total", _APPLE_DAILY, codes.PAGE_TOTAL_MISMATCH),
        ),
    ),
    schema="distrokid/apple_music.v1.json",
    version=1,
    rules_version=1,
    checks=_PAGE_CHECKS,
    projection=Projection(omitted=("dataProvider",)),
    usual_exposures=frozenset({"e-mail", "session-id"}),
    cadence=Cadence(every=timedelta(days=2), lag_days=1, stale_after_days=7),
    by_month=True,
    max_size=16 * 2**20,
)

_SALES_NAMES = ("sales_report_<ts>", "dk_bank_details_<ts>", "DistroKid_<any>_<ts>", "DistroKid_<ts>")
_QUOTED_TSV = Dialect(delimiter="\t", quoted=True)
_SALES_TABLE = TableFormat(
    kind="tsv",
    dialect=TSV,
    other_dialects=(_QUOTED_TSV,),
    day="Reporting Date",
    legacy_charset="latin-1",
    even_decimals=True,
    may_repeat=True,
    rules=(
        table.not_after_capture("Reporting Date"),
        table.month_not_after("Sale Month", "Reporting Date"),
    ),
)
_SALES_CSV = replace(_SALES_TABLE, kind="csv", other_dialects=(_QUOTED_TSV, CSV))

_SALES = Feed(
    id="distrokid/sales",
    title="DistroKid bank details",
    description="""\
Earnings by store, country and month: the tab-separated export of the bank page.

**Covers** the whole history, or what was filtered before the export; the file does not say which.

**Legitimate**: lines that end in CR only; no line end after the last row; Latin-1 in old files; negative
earnings and `-0.00000000` (claw-backs); a quantity of 0; blank ISRCs in album rows; rows that agree in date,
store, ISRC and country; 13 columns, the 15 columns of 2025, and the 11 columns of 2014, in any order. The same
table as `.csv` (commas or tabs, told apart by the header) or alone in a `.zip`, as `.tsv` or `.csv` of any
name, in a folder or not. Names that the site gives (`DistroKid_….tsv`) tell no capture time: a stamped folder,
a sidecar or a stamp before the extension must.

**Warns**: ten or more different rows that stand again in the same order, which an export or page written twice
leaves (`RZ-REPEATED-ROWS`); a team percentage below 0 or above 100 (`RZ-VALUE-UNUSUAL`).

**Blocks**: a missing column or required value, rows of another width, numbers and dates of another form
(decimal commas, thousands separators, `NaN`), negative quantities, identifiers in scientific notation, a sale
month after its reporting date, a reporting date after the capture, and a file that ends inside a row.
""",
    names=tuple(f"{name}.tsv" for name in _SALES_NAMES),
    format=_SALES_TABLE,
    schema="distrokid/sales.v1.json",
    variants=(
        Variant(
            names=tuple(f"{name}.csv" for name in _SALES_NAMES),
            format=_SALES_CSV,
            schema="distrokid/sales.v1.json",
        ),
        Variant(
            names=tuple(f"{name}.zip" for name in _SALES_NAMES),
            format=ZipFormat(member="*.[ct]sv", inside=_SALES_CSV),
            schema="distrokid/sales.v1.json",
        ),
    ),
    version=1,
    rules_version=1,
    checks={
        Role.STRUCTURE: "schema_compliance",
        Role.COMPLETENESS: "required_fields",
        Role.TYPES: "data_types",
        Role.TIME: "timestamp_consistency",
        Role.IDENTITY: "schema_compliance",
    },
    cadence=Cadence(every=timedelta(days=31), lag_days=20, stale_after_days=75),
    by_month=False,
    max_size=2 * 2**30,
)

PLATFORM = Platform(
    id="distrokid",
    title="DistroKid",
    source_system="distrokid.com",
    timezone="America/Los_Angeles",
    feeds=(_STREAMS, _APPLE_MUSIC, _SALES),
)
