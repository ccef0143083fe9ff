"""Meta Ads' reports, made up: the daily table, and insights by audience, good, odd and bad."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date, timedelta

from rawzone_assets.samples.metaads_accounts import (
    EXPIRED,
    NEXT,
    SIGN_IN,
    Campaign,
    Make,
    Record,
    as_json,
    audience_insights,
    campaigns,
    enveloped,
    made,
    with_first,
    with_members,
)
from rawzone_assets.samples.sample import Case, Routine, Verdict, figure

Table = list[list[str]]
_HEADER = (
    *("date", "campaign_id", "campaign_name", "adset_id", "reach", "cpc", "spend_usd", "clicks", "impressions"),
    *("meta_pixel_events", "is_active"),
)


def _daily(title: str, make: Make, *codes: str, verdict: Verdict = "quarantined") -> Case:
    return Case(
        feed="metaads/daily",
        folder="metaads",
        name="metaads_campaign_daily_{stamp}.csv",
        make=make,
        title=title,
        codes=codes,
        verdict=verdict,
    )


def _audience(title: str, make: Make, *codes: str, verdict: Verdict = "quarantined") -> Case:
    return Case(
        feed="metaads/audience",
        folder="metaads",
        name="audience_insights_{stamp}.json",
        make=make,
        title=title,
        codes=codes,
        verdict=verdict,
    )


def _daily_table(day: date) -> Table:
    """The daily report's rows with their header: thirty days and today, campaigns that delivered."""
    return [
        list(_HEADER),
        *(
            _daily_row(campaign, delivered, day)
            for campaign in campaigns(day)
            for delivered in campaign.delivered(day)
            if (day - delivered).days <= 30
        ),
    ]


def _as_csv(rows: Table, newline: str = "\r\n") -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator=newline).writerows(rows)
    return text.getvalue().encode()


def _daily_row(campaign: Campaign, day: date, capture: date) -> list[str]:
    shown = figure(campaign.name, day)
    clicks = shown // 90
    spend = round(shown / 160, 2)
    events = {"LinkClick": clicks, "PostEngagement": clicks * 2} if clicks else {}
    return [
        day.isoformat(),
        campaign.id,
        campaign.name,
        "",
        str(float(shown * 9 // 10)),
        str(round(spend / clicks, 6) if clicks else 0.0),
        str(spend),
        str(clicks),
        str(shown),
        json.dumps(events),
        str(not campaign.ended(capture)),
    ]


def _table(change: Callable[[Table, date], Table] = lambda rows, _day: rows) -> Make:
    return lambda day, _rng: _as_csv(change(_daily_table(day), day))


def _cell(column: str, text: str) -> Make:
    def change(rows: Table, _day: date) -> Table:
        rows[7][rows[0].index(column)] = text
        return rows

    return _table(change)


def _without_spend(rows: Table, _day: date) -> Table:
    index = rows[0].index("spend_usd")
    return [[cell for number, cell in enumerate(row) if number != index] for row in rows]


def _unmeasured(rows: list[Record], _day: date) -> list[Record]:
    about = ("campaign_id", "age", "gender", "date_start", "date_stop")
    return [{name: row[name] for name in about} for row in rows]


_BY_AGE = audience_insights

_REPORTS = (
    _daily("a report as the extractor writes it on Windows", _table(), verdict="promoted"),
    _daily(
        "a report with LF line ends",
        lambda day, _rng: _as_csv(_daily_table(day), "\n"),
        verdict="promoted",
    ),
    _daily("a report without rows", _table(lambda rows, _day: rows[:1]), "RZ-EMPTY-RESULT", verdict="promoted"),
    _daily(
        "a report with a new column",
        _table(lambda rows, _day: [[*rows[0], "ctr"], *([*row, "0.5"] for row in rows[1:])]),
        "RZ-UNKNOWN-FIELD",
        verdict="promoted",
    ),
    _daily("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _daily("a sign-in page", lambda _day, _rng: SIGN_IN, "RZ-HTML-INSTEAD"),
    _daily("a report cut inside a row", lambda day, rng: _table()(day, rng)[:-9], "RZ-TRUNCATED"),
    _daily("a report without spend", _table(_without_spend), "RZ-MISSING-FIELD"),
    _daily(
        "a report saved again with semicolons",
        lambda day, rng: _table()(day, rng).replace(b",", b";"),
        "RZ-TABLE-SYNTAX",
    ),
    _daily("a campaign and day twice", _table(lambda rows, _day: [*rows, rows[3]]), "RZ-REPEATED-RECORD"),
    _daily(
        "a day after the capture",
        _table(lambda rows, day: [*rows, [f"{day + timedelta(days=2)}", *rows[3][1:]]]),
        "RZ-FUTURE-DATE",
    ),
    _daily("negative spend", _cell("spend_usd", "-0.41"), "RZ-NEGATIVE-AMOUNT"),
    _daily("negative clicks", _cell("clicks", "-2"), "RZ-NEGATIVE-COUNT"),
    _daily("a negative reach", _cell("reach", "-2.0"), "RZ-NEGATIVE-COUNT"),
    _daily("blank spend", _cell("spend_usd", ""), "RZ-EMPTY-FIELD"),
    _daily("half an impression", _cell("impressions", "17.5"), "RZ-VALUE-TYPE"),
    _daily("spend that is no number", _cell("spend_usd", "nan"), "RZ-VALUE-TYPE"),
    _daily("events that are no JSON", _cell("meta_pixel_events", "{'LinkClick': 3}"), "RZ-VALUE-TYPE"),
    _daily("an id in scientific notation", _cell("campaign_id", "1.2E+17"), "RZ-SPREADSHEET-DAMAGE"),
    _daily("a date rewritten by a spreadsheet", _cell("date", "5/27/2025"), "RZ-SPREADSHEET-DAMAGE"),
)

_AUDIENCES = (
    _audience("insights by age and gender", made(_BY_AGE), verdict="promoted"),
    _audience(
        "insights by a breakdown nobody knows, in the API's envelope",
        made(
            _BY_AGE,
            lambda rows, _: enveloped([row | {"user_segment_key": str(n)} for n, row in enumerate(rows)], {}),
        ),
        "RZ-UNKNOWN-FIELD",
        verdict="promoted",
    ),
    _audience(
        "insights without dates",
        made(
            _BY_AGE,
            lambda rows, _: [{k: v for k, v in r.items() if not k.startswith("date")} for r in rows],
        ),
        "RZ-OPTIONAL-BLOCK-MISSING",
        verdict="promoted",
    ),
    _audience("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _audience("a sign-in page", lambda _day, _rng: SIGN_IN, "RZ-HTML-INSTEAD"),
    _audience("the answer to an expired token", lambda _day, _rng: as_json(EXPIRED), "RZ-ERROR-PAYLOAD"),
    _audience(
        "one page of many",
        made(_BY_AGE, lambda rows, _: enveloped(rows, {"next": NEXT})),
        "RZ-MORE-PAGES",
    ),
    _audience(
        "an age and gender twice",
        made(_BY_AGE, lambda rows, _: [*rows, rows[4]]),
        "RZ-REPEATED-RECORD",
    ),
    _audience("an id as a number", with_members(_BY_AGE, campaign_id=120224907266750080), "RZ-NUMERIC-ID"),
    _audience("negative spend", with_members(_BY_AGE, spend="-1"), "RZ-NEGATIVE-AMOUNT"),
    _audience("impressions in words", with_members(_BY_AGE, impressions="many"), "RZ-VALUE-TYPE"),
    _audience(
        "a range beyond the capture",
        with_first(_BY_AGE, date_stop=lambda day: f"{day + timedelta(days=2)}"),
        "RZ-FUTURE-DATE",
    ),
    _audience("breakdowns without a metric", made(_BY_AGE, _unmeasured), "RZ-MISSING-FIELD"),
)

CASES = (*_REPORTS, *_AUDIENCES)

ROUTINE = (
    Routine(feed="metaads/daily", folder="metaads", name="metaads_campaign_daily_{stamp}.csv", make=_table()),
    Routine(
        feed="metaads/audience",
        folder="metaads",
        name="audience_insights_{stamp}.json",
        make=made(_BY_AGE),
        weekday=0,
    ),
)
