"""Too Lost: answers of its analytics portal about Spotify and Apple Music, and its sales reports."""

from __future__ import annotations

from datetime import timedelta

from rawzone_assets.contract import table_rules as table
from rawzone_assets.contract.feed import Cadence, Feed, Platform
from rawzone_assets.contract.findings import Role
from rawzone_assets.contract.json_documents import JsonFormat, Wrapper
from rawzone_assets.contract.restatement import Figures
from rawzone_assets.contract.rules import (
    fresh,
    no_day_twice,
    no_future_day,
    not_empty,
    total_is_sum,
    usually_present,
)
from rawzone_assets.contract.series import Series
from rawzone_assets.contract.table_rows import CSV, TSV, Dialect
from rawzone_assets.contract.tables import TableFormat

_CHECKS = {
    Role.STRUCTURE: "json_schema",
    Role.COMPLETENESS: "response_completeness",
    Role.TYPES: "json_schema",
    Role.TIME: "data_freshness",
    Role.IDENTITY: "platform_consistency",
}
_WRAPPER = Wrapper()  # {"timestamp", "source", "platform", "data"}, written by the scheduled extractor
_SPOTIFY_DAYS = Series(path="/streams", day="date", value="streams")
_APPLE_DAYS = Series(path="/totalStreams", day="date", value="streams")
_SHAZAM_DAYS = Series(path="/totalShazam", day="date", value="streams")

_SPOTIFY = Feed(
    id="toolost/spotify",
    title="Too Lost: Spotify",
    description="""\
The portal's answer about Spotify, as the extractor saved it, with or without its wrapper.

**Covers** January 1 to about two days before the capture.

**Legitimate**: counts as digits in strings or as numbers; days in any order and days absent; an empty
`discovery`; almost nothing in the first days of January, because the window begins anew.

**Blocks**: text that is not JSON or is cut short, a web page or an error answer, an answer about another
platform, missing `streams`, a day twice or after the capture, a count that is no whole number from 0 on.
""",
    names=("spotify_metrics_<ts>.json", "toolost_spotify_<ts>.json", "spotify_analytics_<ts>.json"),
    format=JsonFormat(
        own="streams",
        series=_SPOTIFY_DAYS,
        figures=Figures(of=("streams",)),
        wrapper=_WRAPPER,
        platform_names=("spotify",),
        foreign=("totalStreams", "totalShazam", "tracksTotal", "countryTotal", "streamTotal"),
        rules=(
            not_empty("/streams"),
            no_day_twice(_SPOTIFY_DAYS),
            no_future_day(_SPOTIFY_DAYS),
            fresh(_SPOTIFY_DAYS),
            usually_present("/discovery"),
        ),
    ),
    schema="toolost/spotify.v1.json",
    version=1,
    rules_version=1,
    checks=_CHECKS,
    cadence=Cadence(every=timedelta(days=7), lag_days=2, stale_after_days=7),
    by_month=False,
)

_ANALYTICS = Feed(
    id="toolost/analytics",
    title="Too Lost: Apple Music",
    description="""\
The portal's answer about Apple Music and Shazam, as the extractor saved it, with or without its wrapper.

**Covers** January 1 to about four days before the capture.

**Legitimate**: counts as numbers or as digits in strings (`totalShazam`); days in any order and days absent;
almost nothing in the first days of January, because the window begins anew.

**Blocks**: text that is not JSON or is cut short, a web page or an error answer, an answer about another
platform, missing `totalStreams`, a day twice or after the capture, a count that is no whole number from 0 on.
A `streamTotal` that is not the sum, or absent tracks and countries, only warn.
""",
    names=("toolost_analytics_<ts>.json", "toolost_apple_<ts>.json", "apple_analytics_<ts>.json"),
    format=JsonFormat(
        own="totalStreams",
        series=_APPLE_DAYS,
        figures=Figures(of=("streams",)),
        wrapper=_WRAPPER,
        platform_names=("apple", "apple_music", "applemusic", "apple music"),
        foreign=("streams", "discovery"),
        rules=(
            not_empty("/totalStreams"),
            no_day_twice(_APPLE_DAYS),
            no_day_twice(_SHAZAM_DAYS),
            no_future_day(_APPLE_DAYS),
            no_future_day(_SHAZAM_DAYS),
            fresh(_APPLE_DAYS),
            total_is_sum("/streamTotal", _APPLE_DAYS),
            usually_present("/totalShazam", "/tracksTotal", "/countryTotal", "/streamTotal"),
        ),
    ),
    schema="toolost/analytics.v1.json",
    version=1,
    rules_version=1,
    checks=_CHECKS,
    cadence=Cadence(every=timedelta(days=7), lag_days=4, stale_after_days=9),
    by_month=False,
)

_SALES = Feed(
    id="toolost/sales",
    title="Too Lost: sales by track",
    description="""\
The sales report of one month, by track. **Unproven**: nobody has shown us a real file. Its name was seen
(`@05-2025-70799.csv`), its columns are those of the help article, so this contract demands little.

**Capture day**: the name tells the reporting month only. The first day after that month counts as captured, the
earliest on which the report can have been complete; a sidecar's `captured_at` does not change that.

**Covers** one reporting month, as far as the name can be believed.

**Legitimate**: commas, semicolons or tabs, told apart by the header; columns in any order, and others than are
listed (our list is cut at its end; `RZ-SCHEMA-DRIFT` tells when they change);
dates in any form; Latin-1; the same sale in several rows.

**Warns**: ten or more different rows that stand again in the same order (`RZ-REPEATED-ROWS`).

**Blocks**: a missing column of `transaction_id`, `sale_date`, `reporting_date`, `channel`, `units`, or a
blank in one of them; rows of another width; units that are no whole number from 0 on; identifiers in
scientific notation; an ISO `sale_date`, a day or a month, after the month.
""",
    names=("@<month>-<n>.csv",),
    format=TableFormat(
        kind="csv",
        dialect=CSV,
        other_dialects=(Dialect(delimiter=";", quoted=True), TSV, Dialect(delimiter="\t", quoted=True)),
        day="sale_date",
        legacy_charset="latin-1",
        may_repeat=True,
        rules=(table.not_after_capture("sale_date"),),
    ),
    schema="toolost/sales.v1.json",
    version=1,
    rules_version=1,
    checks=_CHECKS,
    # The name dates a report to the end of its month; it can be downloaded weeks later.
    cadence=Cadence(every=timedelta(days=31), lag_days=30, stale_after_days=200, grace=timedelta(days=45)),
    by_month=False,
    max_size=2**30,
)

PLATFORM = Platform(
    id="toolost",
    title="Too Lost",
    source_system="toolost.com",
    timezone="America/Los_Angeles",
    feeds=(_SPOTIFY, _ANALYTICS, _SALES),
    extractor_logs=("extraction_log_<ts>.json", "extraction_failure_<ts>.json"),
)
