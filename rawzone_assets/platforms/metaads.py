"""Meta Ads: dumps of the Marketing API, and the daily report drawn from it."""

from __future__ import annotations

from datetime import timedelta

from rawzone_assets.contract import table_rules as table
from rawzone_assets.contract.acquaintance import Named
from rawzone_assets.contract.feed import Cadence, Feed, Platform, Variant
from rawzone_assets.contract.findings import Role
from rawzone_assets.contract.json_documents import JsonFormat, Wrapper
from rawzone_assets.contract.proportions import column_within, members_within
from rawzone_assets.contract.record_rules import (
    in_all_or_none,
    no_future_time,
    no_record_twice,
    no_value_twice,
    none_has,
    one_of,
    one_value,
    range_in_order,
    some_above_zero,
    some_has_one_of,
    usually_in_some,
)
from rawzone_assets.contract.record_texts import not_rounded, usually_like
from rawzone_assets.contract.restatement import Figures
from rawzone_assets.contract.rules import Rule, fresh, no_future_day, not_empty
from rawzone_assets.contract.series import Series
from rawzone_assets.contract.table_rows import CSV
from rawzone_assets.contract.table_wholes import not_all_zero
from rawzone_assets.contract.tables import TableFormat

_CHECKS = {
    Role.STRUCTURE: "response_structure",
    Role.COMPLETENESS: "metric_completeness",
    Role.TYPES: "response_structure",
    Role.TIME: "date_range_consistency",
    Role.IDENTITY: "account_integrity",
}
# {"data": [...], "paging": {...}}, when the API's answer is saved instead of the list drawn from it.
_ENVELOPE = Wrapper(platform="", marks=("paging", "summary"))
_RANGES = Series(path="", day="date_stop", begins="date_start")
_MEASURES = (
    *("spend", "impressions", "clicks", "inline_link_clicks", "unique_clicks", "reach", "frequency"),
    *("cpc", "cpm", "cpp", "ctr", "actions", "action_values", "cost_per_action_type"),
)
_BREAKDOWNS = (
    *("age", "gender", "country", "region", "dma"),
    *("publisher_platform", "platform_position", "impression_device", "device_platform"),
)
_METRICS = (
    not_empty(""),
    no_record_twice("", measures=_MEASURES),
    one_value("", "account_id"),
    in_all_or_none("", "campaign_id", "adset_id", "ad_id"),
    range_in_order("", "date_start", "date_stop"),
    no_future_day(Series(path="", day="date_start")),
    no_future_day(_RANGES),
    fresh(_RANGES),
    not_rounded("", "campaign_id"),
    some_above_zero("", "impressions"),
    members_within("", ("clicks", "impressions"), ("reach", "impressions"), ("cpc", "spend")),
)


def _nodes(*rules: Rule, foreign: tuple[str, ...]) -> JsonFormat:
    """A list of nodes (campaigns, ad sets, ads) as they are now; ``foreign`` members are other lists'."""
    return JsonFormat(
        records="",
        named=Named(by="id", what="campaign, ad set or ad"),
        wrapper=_ENVELOPE,
        telling=(none_has("", *foreign),),
        rules=(
            not_empty(""),
            no_value_twice("", "id"),
            not_rounded("", "id"),
            one_value("", "account_id"),
            in_all_or_none("", "campaign_id"),
            no_future_time("", "created_time", "updated_time"),
            *rules,
        ),
    )


_CAMPAIGNS = Feed(
    id="metaads/campaigns",
    title="Meta Ads: campaigns, ad sets, ads and insights",
    description="""\
The four dumps of one capture, in four files: `campaigns`, `adsets` and `ads` as they are now, `insights` as
what they achieved. Either dated by name or together in a folder dated by its name, in UTC.

**Covers** the account's present state; insights mostly the whole life of each campaign or ad set (37 months at
most), one row each.

**Legitimate**: a bare list, or `{data, paging}`; an empty list; fields absent when they are not set, metrics
when undefined (`cpc` without clicks); budgets in cents and metrics in currency units, both as strings; offsets
that change with daylight saving; insights of another level than yesterday's; a reach that fell (it is an
estimate); a click-through rate above 1; dumps that equal the last one's.

**Warns**: a folder with fewer than the four, as long as the others have not come (`RZ-INCOMPLETE-SET`); its
files are promoted all the same. Insights with more clicks or reach than impressions, or a higher price of a
click than what was spent, in every row (`RZ-PART-ABOVE-WHOLE`). Three campaigns, ad sets or ads and more, none
of which was in a recent dump (`RZ-ALL-STRANGERS`). Insights without any impressions (`RZ-ALL-ZERO`), and
identifiers that all end as rounded numbers do (`RZ-VALUE-UNUSUAL`).

**Blocks**: an error answer; one page of many (`paging.next`: what is absent would pass for deleted, and the
link holds the access token); identifiers that are numbers or in scientific notation; an `id` twice, or rows of
insights that differ in nothing but metrics; one dump under another's name; several accounts; negative or
non-numeric metrics; a range that ends before it begins; times and days after the capture.
""",
    names=("campaigns_<ts>.json",),
    stamped_folder_names=("campaigns.json",),
    capture_set=("campaigns.json", "adsets.json", "ads.json", "insights.json"),
    format=_nodes(
        usually_in_some("", "objective", "created_time", "updated_time"),
        foreign=("campaign_id", "adset_id", "date_start"),
    ),
    schema="metaads/campaigns.v1.json",
    variants=(
        Variant(
            names=("adsets_<ts>.json",),
            stamped_folder_names=("adsets.json",),
            format=_nodes(
                usually_in_some("", "targeting", "created_time", "updated_time"),
                foreign=("adset_id", "date_start"),
            ),
            schema="metaads/adsets.v1.json",
        ),
        Variant(
            names=("ads_<ts>.json",),
            stamped_folder_names=("ads.json",),
            format=_nodes(
                usually_in_some("", "campaign_id", "creative", "created_time", "updated_time"),
                foreign=("date_start",),
            ),
            schema="metaads/ads.v1.json",
        ),
        Variant(
            names=("insights_<ts>.json",),
            stamped_folder_names=("insights.json",),
            format=JsonFormat(
                series=_RANGES,
                named=Named(by="campaign_id", what="campaign"),
                wrapper=_ENVELOPE,
                rules=(
                    *_METRICS,
                    one_of("", "campaign_id", "adset_id", "ad_id", "account_id"),
                    usually_in_some("", "clicks", "reach"),
                ),
            ),
            schema="metaads/insights.v1.json",
        ),
    ),
    version=1,
    rules_version=1,
    checks=_CHECKS,
    cadence=Cadence(every=timedelta(days=2), lag_days=0, stale_after_days=7),
    by_month=True,
    timezone="UTC",  # the dump's extractor stamps with utcnow(), alone among all
)

_DAILY = Feed(
    id="metaads/daily",
    title="Meta Ads: daily report",
    description="""\
One row a campaign and day, drawn from the insights by the extractor. **Unproven**: only the name was seen, the
columns are read from the extractor's code.

**Covers** today and the 30 days before; today is partial.

**Legitimate**: floats where counts are meant (`1794.0`); a blank `adset_id`; JSON in a cell; `is_active` as of
the extraction on past rows too; days without a row, and campaigns that vanish after a week of silence; CRLF or
LF. When there was nothing to report no file comes.

**Warns**: more clicks than impressions, or a higher price of a click than what was spent, in every row
(`RZ-PART-ABOVE-WHOLE`); three campaigns and more, none of which was in a recent report (`RZ-ALL-STRANGERS`); no
impressions at all (`RZ-ALL-ZERO`).

**Blocks**: a missing metric, a campaign and day twice, a day after the capture, negative spend or counts,
numbers and dates of another form, identifiers in scientific notation, and a file that ends inside a row.
""",
    names=("metaads_campaign_daily_<ts>.csv",),
    format=TableFormat(
        kind="csv",
        dialect=CSV,
        day="date",
        # No reach, which is an estimate. Spend and clicks move for some days: invalid clicks are taken back.
        figures=Figures(
            of=("spend_usd", "clicks", "impressions"), by=("campaign_id", "adset_id"), settled_after=3
        ),
        named=Named(by="campaign_id", what="campaign"),
        unique=("date", "campaign_id", "adset_id"),
        rules=(table.not_after_capture("date"),),
        whole_rules=(
            not_all_zero("impressions"),
            column_within("clicks", "impressions"),
            column_within("cpc", "spend_usd"),
        ),
    ),
    schema="metaads/daily.v1.json",
    version=1,
    rules_version=1,
    checks=_CHECKS,
    cadence=Cadence(every=timedelta(days=2), lag_days=0, stale_after_days=7),
    by_month=False,
    max_size=16 * 2**20,  # every row's identity is held in memory; a real file has some hundred
)

_AUDIENCE = Feed(
    id="metaads/audience",
    title="Meta Ads: audience",
    description="""\
Insights broken down by age, gender, country or placement. **Unproven**: nobody's file was seen, so the contract
demands forms and no particular field.

**Covers** the range that was requested.

**Legitimate**: a bare list, or `{data, paging}`; breakdowns that are not listed here; rows without dates.

**Warns**: no row that is broken down by anything listed here, as plain insights are not; an `age` that is no
range or a `gender` nobody knows (`RZ-VALUE-UNUSUAL`); what insights warn of.

**Blocks**: what blocks insights: error answers, one page of many, numeric identifiers, rows that differ in
nothing but metrics, several accounts, negative or non-numeric metrics, ranges that end before they begin or lie
in the future; and rows without any metric.
""",
    names=("audience_insights_<ts>.json",),
    format=JsonFormat(
        series=_RANGES,
        named=Named(by="campaign_id", what="campaign"),
        wrapper=_ENVELOPE,
        rules=(
            *_METRICS,
            one_of("", *_MEASURES),
            usually_in_some("", "date_start", "date_stop"),
            some_has_one_of("", *_BREAKDOWNS),
            usually_like("", "age", r"[0-9]+-[0-9]+|[0-9]+\+|(?i:unknown)"),
            usually_like("", "gender", r"(?i:female|male|unknown)"),
        ),
    ),
    schema="metaads/audience.v1.json",
    version=1,
    rules_version=1,
    checks=_CHECKS,
    cadence=Cadence(every=timedelta(days=31), lag_days=0, stale_after_days=31),
    by_month=False,
)

PLATFORM = Platform(
    id="metaads",
    title="Meta Ads",
    source_system="Meta Marketing API",
    timezone="America/Los_Angeles",
    feeds=(_CAMPAIGNS, _DAILY, _AUDIENCE),
    # Dumps lie beside the platforms' folders, not in one: first in a stamped folder, later in a prefixed one.
    folders=("<ts>", "meta_ads_dump_<ts>"),
)
