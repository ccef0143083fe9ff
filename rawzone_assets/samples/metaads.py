"""Meta Ads' deliveries: which dumps and reports there are samples of, and what must become of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from rawzone_assets.samples import metaads_accounts as account
from rawzone_assets.samples.metaads_accounts import (
    EXPIRED,
    NEXT,
    SIGN_IN,
    Make,
    as_json,
    enveloped,
    made,
    with_first,
    with_members,
)
from rawzone_assets.samples.sample import Case, Routine, Verdict


def _dump(
    title: str, name: str, make: Make, *codes: str, verdict: Verdict = "quarantined", folder: str = "metaads"
) -> Case:
    return Case(
        feed="metaads/campaigns",
        folder=folder,
        name=f"{name}_{{stamp}}.json",
        make=make,
        title=title,
        codes=codes,
        verdict=verdict,
    )


def _folder(title: str, name: str, make: Make, *codes: str, folder: str) -> Case:
    """A good dump that is dated by its folder."""
    case = _dump(title, name, make, *codes, verdict="promoted", folder=folder)
    return replace(case, name=f"{name}.json")


_STAMPED = "metaads/{stamp}"
_BESIDE = "meta_ads_dump_{stamp}"
_CAMPAIGNS, _ADSETS, _ADS = account.campaign_records, account.adset_records, account.ad_records
_BY_CAMPAIGN, _BY_ADSET = account.campaign_insights, account.adset_insights

_DUMPS = (
    _folder("campaigns in a stamped folder", "campaigns", made(_CAMPAIGNS), folder=_STAMPED),
    _folder("ad sets in a folder beside the platforms'", "adsets", made(_ADSETS), folder=_BESIDE),
    _folder("insights in a folder of nothing but a stamp", "insights", made(_BY_CAMPAIGN), folder="{stamp}"),
    _folder("ads in a stamped folder", "ads", made(_ADS), folder=_STAMPED),
    _folder("insights by ad set", "insights", made(_BY_ADSET), folder=f"metaads/{_BESIDE}"),
    _dump(
        "insights by campaign, as the first dumps had them", "insights", made(_BY_CAMPAIGN), verdict="promoted"
    ),
    replace(
        _dump("campaigns without a time in their name", "campaigns", made(_CAMPAIGNS), verdict="promoted"),
        name="campaigns_{day}.json",
    ),
    _dump(
        "the API's own answer, all on one page",
        "campaigns",
        made(_CAMPAIGNS, lambda rows, _day: enveloped(rows, {})),
        verdict="promoted",
    ),
    _dump(
        "a new account's empty list", "ads", made(_ADS, lambda *_: []), "RZ-EMPTY-RESULT", verdict="promoted"
    ),
    _dump(
        "a new account's empty answer",
        "insights",
        lambda _day, _rng: b'{"data": []}',
        "RZ-EMPTY-RESULT",
        verdict="promoted",
    ),
    _dump(
        "a campaign with a field nobody knows",
        "campaigns",
        with_members(_CAMPAIGNS, primary_attribution="DEFAULT", spend_cap="500000"),
        "RZ-UNKNOWN-FIELD",
        verdict="promoted",
    ),
    _dump(
        "ads of which the campaign was not asked for",
        "ads",
        made(_ADS, lambda rows, _day: [{k: v for k, v in row.items() if k != "campaign_id"} for row in rows]),
        "RZ-OPTIONAL-BLOCK-MISSING",
        verdict="promoted",
    ),
    _dump(
        "ads without their creative",
        "ads",
        made(_ADS, lambda rows, _day: [{k: v for k, v in row.items() if k != "creative"} for row in rows]),
        "RZ-OPTIONAL-BLOCK-MISSING",
        verdict="promoted",
    ),
    _dump(
        "insights of a range long past",
        "insights",
        lambda day, _rng: as_json(_BY_ADSET(day - timedelta(days=30))),
        "RZ-STALE-DATA",
        verdict="promoted",
    ),
    _dump(
        "a click-through rate above 1, metrics as numbers, a paused week",
        "insights",
        with_members(_BY_CAMPAIGN, ctr="104.5", spend=0, clicks=0, cpc=None),
        verdict="promoted",
    ),
    _dump("no bytes", "campaigns", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _dump("a sign-in page", "adsets", lambda _day, _rng: SIGN_IN, "RZ-HTML-INSTEAD"),
    _dump(
        "the answer to an expired token", "campaigns", lambda _day, _rng: as_json(EXPIRED), "RZ-ERROR-PAYLOAD"
    ),
    _dump("ads cut in the middle", "ads", lambda day, rng: made(_ADS)(day, rng)[:-400], "RZ-TRUNCATED"),
    _dump(
        "the first page of many",
        "campaigns",
        made(_CAMPAIGNS, lambda rows, _day: enveloped(rows, {"next": NEXT})),
        "RZ-MORE-PAGES",
    ),
    _dump(
        "the last page of many",
        "ads",
        made(_ADS, lambda rows, _day: enveloped(rows, {"previous": NEXT})),
        "RZ-MORE-PAGES",
    ),
    _dump("an id as a number", "campaigns", with_members(_CAMPAIGNS, id=120224907266750080), "RZ-NUMERIC-ID"),
    _dump("a campaign's id as a number", "adsets", with_members(_ADSETS, campaign_id=1.2e17), "RZ-NUMERIC-ID"),
    _dump("an id in scientific notation", "ads", with_members(_ADS, id="1.2022E+17"), "RZ-SPREADSHEET-DAMAGE"),
    _dump(
        "a campaign twice",
        "campaigns",
        made(_CAMPAIGNS, lambda rows, _: [*rows, rows[0]]),
        "RZ-REPEATED-RECORD",
    ),
    _dump(
        "a row of insights twice, with other metrics",
        "insights",
        made(_BY_ADSET, lambda rows, _day: [*rows, rows[0] | {"reach": "1", "spend": "0.01"}]),
        "RZ-REPEATED-RECORD",
    ),
    _dump(
        "campaigns of two accounts",
        "campaigns",
        made(_CAMPAIGNS, lambda rows, _: [row | {"account_id": f"9{n % 2}"} for n, row in enumerate(rows)]),
        "RZ-MIXED-ACCOUNTS",
    ),
    _dump(
        "an action counted below zero",
        "insights",
        with_members(_BY_ADSET, actions=[{"action_type": "link_click", "value": "-3"}]),
        "RZ-NEGATIVE-AMOUNT",
    ),
    _dump("a campaign without its id", "campaigns", with_members(_CAMPAIGNS, id=None), "RZ-MISSING-FIELD"),
    _dump(
        "ad sets under the campaigns' name",
        "campaigns",
        made(_ADSETS),
        "RZ-OTHER-OPERATION",
        "RZ-UNKNOWN-FIELD",
        "RZ-OPTIONAL-BLOCK-MISSING",
    ),
    _dump(
        "ads under the ad sets' name",
        "adsets",
        made(_ADS),
        "RZ-OTHER-OPERATION",
        "RZ-UNKNOWN-FIELD",
        "RZ-OPTIONAL-BLOCK-MISSING",
    ),
    _dump("insights under the ads' name", "ads", made(_BY_ADSET), "RZ-OTHER-OPERATION", "RZ-MISSING-FIELD"),
    _dump(
        "insights of nothing named",
        "insights",
        with_members(_BY_CAMPAIGN, campaign_id=None),
        "RZ-MISSING-FIELD",
    ),
    _dump(
        "insights with spend of null",
        "insights",
        made(_BY_CAMPAIGN, lambda rows, _: [row | {"spend": None} for row in rows]),
        "RZ-EMPTY-FIELD",
    ),
    _dump("insights without spend", "insights", with_members(_BY_CAMPAIGN, spend=None), "RZ-MISSING-FIELD"),
    _dump("an object instead of a list", "adsets", lambda _day, _rng: b'{"adsets": []}', "RZ-SHAPE"),
    _dump("negative spend", "insights", with_members(_BY_ADSET, spend="-3.41"), "RZ-NEGATIVE-AMOUNT"),
    _dump("negative impressions", "insights", with_members(_BY_ADSET, impressions="-1"), "RZ-NEGATIVE-COUNT"),
    _dump("spend with a currency sign", "insights", with_members(_BY_ADSET, spend="$3.41"), "RZ-VALUE-TYPE"),
    _dump("a budget in currency units", "adsets", with_members(_ADSETS, daily_budget="5.00"), "RZ-VALUE-TYPE"),
    _dump(
        "a time without its offset",
        "campaigns",
        with_members(_CAMPAIGNS, created_time="2025-05-23T06:57:56"),
        "RZ-VALUE-TYPE",
    ),
    _dump(
        "a range that ends before it begins",
        "insights",
        with_first(
            _BY_ADSET, date_start=lambda day: f"{day}", date_stop=lambda day: f"{day - timedelta(days=1)}"
        ),
        "RZ-DATE-ORDER",
    ),
    _dump(
        "insights beyond the capture",
        "insights",
        with_first(_BY_ADSET, date_stop=lambda day: f"{day + timedelta(days=2)}"),
        "RZ-FUTURE-DATE",
    ),
    _dump(
        "a campaign of the day after tomorrow",
        "campaigns",
        with_first(_CAMPAIGNS, created_time=lambda day: f"{day + timedelta(days=2)}T00:00:00-0700"),
        "RZ-FUTURE-DATE",
    ),
)

CASES = _DUMPS

ROUTINE = (
    *(
        Routine(feed="metaads/campaigns", folder=_STAMPED, name=f"{name}.json", make=made(records))
        for name, records in (
            ("campaigns", _CAMPAIGNS),
            ("adsets", _ADSETS),
            ("ads", _ADS),
            ("insights", _BY_ADSET),
        )
    ),
)
