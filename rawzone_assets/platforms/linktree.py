"""Linktree: the GraphQL answers behind its analytics page."""

from __future__ import annotations

from datetime import timedelta

from rawzone_assets.contract.feed import Cadence, Feed, Platform
from rawzone_assets.contract.findings import Role
from rawzone_assets.contract.json_documents import JsonFormat
from rawzone_assets.contract.operations import Operation
from rawzone_assets.contract.projection import Projection
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

_OVERVIEW = "/data/getAccountAnalytics/overview"
_VIEWS = Series(path=f"{_OVERVIEW}/timeseries", day="date", value="totalViews")
_CLICKS = Series(path=f"{_OVERVIEW}/timeseries", day="date", value="totalClicks")

_ANALYTICS = Feed(
    id="social_media/linktree",
    title="Linktree analytics",
    description="""\
Views and clicks of the profile: the answer `getAccountAnalytics.overview` of the analytics page's API, as the
page received it.

**Covers** up to 365 days, the last of which is today and partial. Before it the page asks for its default of
7 days; that answer is stored too, and no fault.

**Warns**: a capture day of which no answer covers 28 days, as long as none has come (`RZ-SHORT-RANGE`): the
extractor could not choose its range. What came is promoted all the same.

**Legitimate**: a click-through rate above 1, as a whole or decimal number; unique views above total views; days
without a single view.

**Blocks**: every other answer of the page (the extractor saves all of them, about 18 a session, under names
that say nothing): links, places, followers, feature flags; answers with `errors`, even beside data; a day twice
or after the capture; negative counts. Totals that are not the sum of the days only warn.

**Personal data**: the `currentUser` answer holds the account's e-mail address. It is refused like the others.
""",
    names=("linktree_analytics_<ts>.json", "graphql_<ts>.json"),
    format=JsonFormat(
        own="data",
        operation=Operation(path=_OVERVIEW),
        series=_VIEWS,
        figures=Figures(of=("totalViews", "totalClicks")),
        rules=(
            not_empty(_VIEWS.path),
            no_day_twice(_VIEWS),
            no_future_day(_VIEWS),
            fresh(_VIEWS),
            total_is_sum(f"{_OVERVIEW}/totalViews", _VIEWS),
            total_is_sum(f"{_OVERVIEW}/totalClicks", _CLICKS),
            usually_present(f"{_OVERVIEW}/clickThroughRate"),
        ),
    ),
    schema="social_media/linktree.v1.json",
    version=1,
    rules_version=1,
    checks={
        Role.STRUCTURE: "schema_compliance",
        Role.COMPLETENESS: "completeness",
        Role.TYPES: "schema_compliance",
        Role.TIME: "date_consistency",
        Role.IDENTITY: "platform_consistency",
    },
    cadence=Cadence(every=timedelta(days=3), lag_days=0, stale_after_days=3),
    by_month=False,
    least_days=28,
    projection=Projection(omitted=("data", "getAccountAnalytics", "overview")),
)

PLATFORM = Platform(
    id="social_media/linktree",
    title="Linktree",
    source_system="linktr.ee",
    timezone="America/Los_Angeles",
    feeds=(_ANALYTICS,),
    folders=("linktree",),
)
