"""YouTube: result tables of the Analytics API."""

from __future__ import annotations

from datetime import timedelta

from rawzone_assets.contract.feed import Cadence, Feed, Platform
from rawzone_assets.contract.findings import Role
from rawzone_assets.contract.json_documents import JsonFormat
from rawzone_assets.contract.operations import Operation
from rawzone_assets.contract.projection import Projection
from rawzone_assets.contract.restatement import Figures
from rawzone_assets.contract.result_tables import ResultTable, no_row_twice, rows_as_headed
from rawzone_assets.contract.rules import fresh, no_future_day, not_empty
from rawzone_assets.contract.series import Series

_DAYS = Series(path="/rows", day="day", headers="/columnHeaders")
_TABLE = ResultTable(
    headers="/columnHeaders",
    rows="/rows",
    day="day",
    # Likes and comments are differences of a day: what is taken back counts below zero.
    counts=(
        *("views", "estimatedMinutesWatched", "averageViewDuration", "averageViewPercentage"),
        *("subscribersGained", "subscribersLost"),
    ),
)

_COUNTS = (
    *("views", "redViews", "engagedViews", "likes", "dislikes", "comments", "shares"),
    *("subscribersGained", "subscribersLost", "videosAddedToPlaylists", "videosRemovedFromPlaylists"),
    *("estimatedMinutesWatched", "estimatedRedMinutesWatched"),
)
_AMOUNTS = (
    *("averageViewDuration", "averageViewPercentage", "viewerPercentage", "annotationClickThroughRate"),
    *("cardClickRate", "cardTeaserClickRate", "estimatedRevenue", "estimatedAdRevenue", "grossRevenue", "cpm"),
)
_LABELS = ("month", "country", "video", "channel", "deviceType", "operatingSystem", "ageGroup", "gender")
_PROJECTION = Projection(
    rows="/rows",
    headers="/columnHeaders",
    # Columns of other names are kept as well, beside these.
    columns={
        "day": {"type": "string", "format": "date"},
        **{name: {"type": "string"} for name in _LABELS},
        **{name: {"type": "integer"} for name in _COUNTS},
        **{name: {"type": "number"} for name in _AMOUNTS},
    },
)

_CHANNEL = Feed(
    id="social_media/youtube",
    title="YouTube channel analytics",
    description="""\
The Analytics API's `resultTable`: a list of columns, and rows whose cells follow their order. **Unproven**:
built from the API's reference, no real file was seen.

**Covers** the range that was requested. The answer names neither the channel nor the range.

**Legitimate**: no `rows` at all, when there is nothing to report; the newest two or three days absent, until
all metrics of a day exist; any metrics and dimensions.

**Blocks**: an error answer; answers of the Data API (`youtube#channelListResponse`) and of other operations;
rows of another width than the columns, cells of another type than their column's; a day (or a day and country)
twice; a day after the capture; one page of many (`nextPageToken`); negative views, minutes, percentages
viewed, or subscribers gained or lost.
""",
    names=("channel_analytics_<ts>.json",),
    format=JsonFormat(
        own="columnHeaders",
        operation=Operation(path="/kind", kind="youtubeAnalytics#resultTable"),
        series=_DAYS,
        figures=Figures(settled_after=2),  # metrics and dimensions are those the answer names
        rules=(
            not_empty("/rows"),
            rows_as_headed(_TABLE),
            no_row_twice(_TABLE),
            no_future_day(_DAYS),
            fresh(_DAYS),
        ),
    ),
    schema="social_media/youtube.v1.json",
    version=1,
    rules_version=1,
    checks={
        Role.STRUCTURE: "schema_compliance",
        Role.COMPLETENESS: "completeness",
        Role.TYPES: "schema_compliance",
        Role.TIME: "date_consistency",
        Role.IDENTITY: "platform_consistency",
    },
    cadence=Cadence(every=timedelta(days=3), lag_days=3, stale_after_days=7),
    by_month=False,
    projection=_PROJECTION,
)

PLATFORM = Platform(
    id="social_media/youtube",
    title="YouTube",
    source_system="YouTube Analytics API",
    timezone="America/Los_Angeles",
    feeds=(_CHANNEL,),
    folders=("youtube",),
)
