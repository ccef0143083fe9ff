"""TikTok: exports of its creator studio, and answers of its APIs."""

from __future__ import annotations

from datetime import timedelta

from rawzone_assets.contract import codes
from rawzone_assets.contract.acquaintance import Named
from rawzone_assets.contract.archives import ZipFormat
from rawzone_assets.contract.feed import Cadence, Feed, Platform, Variant
from rawzone_assets.contract.findings import Role
from rawzone_assets.contract.json_documents import JsonFormat, Status
from rawzone_assets.contract.projection import Projection
from rawzone_assets.contract.proportions import column_within
from rawzone_assets.contract.record_rules import fresh_moments, no_future_moment, no_value_twice
from rawzone_assets.contract.restatement import Figures
from rawzone_assets.contract.rules import holds_something, is_no_other, not_empty
from rawzone_assets.contract.table_rows import CSV
from rawzone_assets.contract.table_wholes import (
    WholeRule,
    all_hours,
    identified_by,
    not_all_undefined,
    not_all_zero,
    shares_of_one,
)
from rawzone_assets.contract.tables import TableFormat
from rawzone_assets.contract.yearless import Daily

_CHECKS = {
    Role.STRUCTURE: "schema_compliance",
    Role.COMPLETENESS: "completeness",
    Role.TYPES: "schema_compliance",
    Role.TIME: "date_consistency",
    Role.IDENTITY: "platform_consistency",
}
_WEEKLY = Cadence(every=timedelta(days=7), lag_days=2, stale_after_days=10)
_STATUSES = (Status(path="/error/code", good=("ok", 0)), Status(path="/code", good=(0, "0", "ok")))

# By which answers in the same envelope are told, as nothing is known of what TikTok's holds: Linktree's,
# Spotify's, Too Lost's as its extractor wraps them, and Meta's.
_OF_OTHERS = (
    *("/data/getAccountAnalytics", "/data/currentUser", "/data/songs", "/data/totalStreams"),
    *("/data/discovery", "/paging/cursors", "/data/0/campaign_id"),
)


def _daily(*figures: str, rules: tuple[WholeRule, ...] = ()) -> TableFormat:
    return TableFormat(
        kind="csv",
        dialect=CSV,
        daily=Daily(column="Date"),
        figures=Figures(of=figures),
        whole_rules=(not_all_undefined(figures[0]), *rules),
    )


_OVERVIEW = _daily(
    *("Video Views", "Profile Views", "Likes", "Comments", "Shares"),
    rules=(column_within("Likes", "Video Views"),),
)
_SMALL = 4 * 2**20  # a year of days has 15 KB

_ANALYTICS = Feed(
    id="tiktok/analytics",
    title="TikTok overview",
    description="""\
Views, likes, comments and shares by day: the studio's Overview export, as CSV or in its zip, or an API's
answer.

**Covers** 7, 28, 60 or 365 days. Rows have **no year**: it follows from the first day in the zip's name, else
from the capture day, walking back from the newest row. The zip's epoch (UTC, on the last day) dates its
capture.

**Legitimate**: a byte order mark, every cell quoted, no line end after the last row; negative comments;
`undefined` cells; a header without rows; days in any of some 25 languages (in others they cannot be judged,
which warns).

**Warns**: nothing but `undefined` views (`RZ-EMPTY-RESULT`); more likes than views in every row
(`RZ-PART-ABOVE-WHOLE`).

**Blocks**: an archive that is cut, damaged, encrypted or holds anything but `Overview.csv`; a web page or an
error answer; missing columns; counts that are no whole numbers from 0 on; a day twice or after the capture;
days rewritten by a spreadsheet (`28-May`); of the API's answers, one page of many (`has_more`, `page_info`),
another platform's, and trends.

**Unproven**: the JSON form. Nobody has shown us such a file.
""",
    names=("tiktok_analytics_<ts>.csv", "Overview_<ts>.csv"),
    format=_OVERVIEW,
    schema="tiktok/analytics.v1.json",
    variants=(
        Variant(
            names=("Overview_<day>_<epoch>_<handle>.zip",),
            format=ZipFormat(member="Overview.csv", inside=_OVERVIEW),
            schema="tiktok/analytics.v1.json",
        ),
        Variant(
            names=("tiktok_analytics_<ts>.json",),
            format=JsonFormat(
                own="data",
                statuses=_STATUSES,
                rules=(
                    holds_something("/data"),
                    is_no_other(*_OF_OTHERS, code=codes.WRONG_PLATFORM),
                    is_no_other("/data/list/0/hashtag_id", code=codes.OTHER_OPERATION),
                ),
            ),
            schema="tiktok/analytics_api.v1.json",
        ),
    ),
    version=1,
    rules_version=1,
    checks=_CHECKS,
    cadence=_WEEKLY,
    by_month=False,
    max_size=_SMALL,
)

_VIDEOS = Feed(
    id="tiktok/videos",
    title="TikTok videos",
    description="""\
The recent posts with their totals up to the capture: the studio's Content export.

**Covers** the posts of about a week. Only the file's name dates it: days have no year. Zips are known of the
overview alone: those of other exports stay in landing (`RZ-UNKNOWN-NAME`).

**Legitimate**: empty titles, commas, quotes, line ends and emoji in titles; negative comments; new columns.

**Warns**: no views at all (`RZ-ALL-ZERO`), or more likes than views in every row (`RZ-PART-ABOVE-WHOLE`);
links to the videos of an account that no recent delivery was of (`RZ-ALL-STRANGERS`).

**Blocks**: missing columns, a row without its link, the same video id twice, totals that are no whole numbers.
""",
    names=("video_performance_<ts>.csv", "Content_<ts>.csv"),
    format=TableFormat(
        kind="csv",
        dialect=CSV,
        named=Named(by="Video link", what="account", pattern=r"/@([^/?]+)/", least=1),
        whole_rules=(
            identified_by("Video link", r"/(?:video|photo)/([0-9]{6,25})"),
            not_all_zero("Total views"),
            column_within("Total likes", "Total views"),
        ),
    ),
    schema="tiktok/videos.v1.json",
    version=1,
    rules_version=1,
    checks=_CHECKS,
    cadence=_WEEKLY,
    by_month=False,
    max_size=_SMALL,
)

_AUDIENCE = Feed(
    id="tiktok/audience",
    title="TikTok audience",
    description="""\
Who follows and watches: five small exports, each with columns of its own.

**Covers** a year of days (`followers`, `viewers`), seven days by hour (`activity`), or the moment of the
capture (`gender`, `territories`, which hold no date at all).

**Legitimate**: `undefined` before data existed, beside real zeros; negative differences; hours to come that
are 0; a header without rows; shares that sum only about to 1.

**Warns**: nothing but `undefined` followers or viewers (`RZ-EMPTY-RESULT`); more new or returning viewers than
viewers in every row (`RZ-PART-ABOVE-WHOLE`).

**Blocks**: missing columns, counts that are no whole numbers from 0 on, shares outside 0 to 1, a day (in
`activity` an hour), gender or territory twice, a day after the capture. A day of `activity` without all its
24 hours warns.
""",
    names=("tiktok_followers_<ts>.csv", "FollowerHistory_<ts>.csv"),
    format=_daily("Followers"),
    schema="tiktok/audience_followers.v1.json",
    variants=(
        Variant(
            names=("tiktok_viewers_<ts>.csv", "Viewers_<ts>.csv"),
            format=_daily(
                *("Total Viewers", "New Viewers", "Returning Viewers"),
                rules=(
                    column_within("New Viewers", "Total Viewers"),
                    column_within("Returning Viewers", "Total Viewers"),
                ),
            ),
            schema="tiktok/audience_viewers.v1.json",
        ),
        Variant(
            names=("tiktok_gender_<ts>.csv", "FollowerGender_<ts>.csv"),
            format=TableFormat(
                kind="csv",
                dialect=CSV,
                whole_rules=(shares_of_one("Distribution"), identified_by("Gender", r"^(.+)$")),
            ),
            schema="tiktok/audience_gender.v1.json",
        ),
        Variant(
            names=("tiktok_territories_<ts>.csv", "FollowerTopTerritories_<ts>.csv"),
            format=TableFormat(
                kind="csv",
                dialect=CSV,
                whole_rules=(shares_of_one("Distribution"), identified_by("Top territories", r"^(.+)$")),
            ),
            schema="tiktok/audience_territories.v1.json",
        ),
        Variant(
            names=("tiktok_activity_<ts>.csv", "FollowerActivity_<ts>.csv"),
            format=TableFormat(
                kind="csv",
                dialect=CSV,
                daily=Daily(column="Date", once=False),
                unique=("Date", "Hour"),
                whole_rules=(all_hours("Date", "Hour"),),
            ),
            schema="tiktok/audience_activity.v1.json",
        ),
    ),
    version=1,
    rules_version=1,
    checks=_CHECKS,
    cadence=_WEEKLY,
    by_month=False,
    max_size=_SMALL,
)

_TRENDS = Feed(
    id="tiktok/trends",
    title="TikTok trends",
    description="""\
Hashtags that rise, as the Creative Center's API lists them. **Unproven**: nobody has shown us such a file;
members are those that other people's code reads, and little is demanded.

**Covers** what rises at the moment of the capture.

**Legitimate**: an empty list, unknown members, numbers as digits in strings, further pages (`pagination`): the
top of the list is what is wanted.

**Warns**: curves that all end more than ten days before the capture (`RZ-STALE-DATA`).

**Blocks**: an error answer (`code` other than 0), a missing list, a hashtag twice, negative counts, a point of
its curve after the capture.
""",
    names=("tiktok_trends_<ts>.json",),
    format=JsonFormat(
        own="data",
        statuses=_STATUSES,
        records="/data/list",
        whole=False,  # the top of a list of thousands
        rules=(
            not_empty("/data/list"),
            no_value_twice("/data/list", "hashtag_id"),
            no_future_moment("/data/list", "trend", "time"),
            fresh_moments("/data/list", "trend", "time"),
        ),
    ),
    schema="tiktok/trends.v1.json",
    version=1,
    rules_version=1,
    checks=_CHECKS,
    cadence=_WEEKLY,
    by_month=False,
    projection=Projection(omitted=("data",)),
)

PLATFORM = Platform(
    id="tiktok",
    title="TikTok",
    source_system="tiktok.com",
    timezone="America/Los_Angeles",
    feeds=(_ANALYTICS, _VIDEOS, _AUDIENCE, _TRENDS),
    extractor_logs=("follower_debug_<any>.json",),
)
