"""A made-up advertising account: its campaigns, ad sets and ads as they are on a day, and what they achieved.

Everything follows from the day alone, so that captures of other days agree about the past.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from rawzone_assets.samples.sample import days_back, figure

Record = dict[str, Any]
Make = Callable[[date, Random], bytes]
Records = Callable[[date], list[Record]]

SIGN_IN = b"<!DOCTYPE html>\n<html><head><title>Log in to Facebook</title></head><body></body></html>\n"
EXPIRED = {
    "error": {
        "message": "Error validating access token: Session has expired.",
        "type": "OAuthException",
        "code": 190,
        "error_subcode": 463,
        "fbtrace_id": "Axxxxxxxxxxxxxxxxxxxxxx",
    }
}
NEXT = "https://graph.facebook.example/v19.0/act_1/campaigns?access_token=EXAMPLE&after=QVFI"
_ZONE = ZoneInfo("America/Los_Angeles")
_FIRST = date(2023, 1, 9)
_EVERY, _RUNS, _SHOWN = 16, 30, 9  # days between campaigns, days each runs, campaigns a dump shows
_SETS = 2
_TITLES = ("PAPER LANTERN", "LOW TIDE", "CAFÉ NOIR", "SOMMER / WINTER")


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One campaign: the number it has in the account's history, and the day it began."""

    number: int
    began: date

    @property
    def id(self) -> str:
        return _id(self.number, 0)

    @property
    def name(self) -> str:
        return f"{_TITLES[self.number % len(_TITLES)]} - BROAD {self.number}"

    def ended(self, day: date) -> bool:
        return (day - self.began).days >= _RUNS

    def delivered(self, day: date) -> list[date]:
        """The days with figures until ``day``."""
        last = min(day, self.began + timedelta(days=_RUNS - 1))
        return days_back(last, (last - self.began).days + 1)


def campaigns(day: date) -> list[Campaign]:
    """The newest campaigns on ``day``, newest first, as the API lists them."""
    begun = max((day - _FIRST).days - 1, _EVERY) // _EVERY + 1  # one that began today has no figures yet
    numbers = range(begun - 1, max(begun - 1 - _SHOWN, -1), -1)
    return [Campaign(number=number, began=_FIRST + timedelta(days=number * _EVERY)) for number in numbers]


def campaign_records(day: date) -> list[Record]:
    return [
        {
            "id": campaign.id,
            "name": campaign.name,
            "status": _status(campaign, day),
            "objective": "OUTCOME_ENGAGEMENT",
            "start_time": _time(campaign.began, 9, 0),
            **_times(campaign, day),
        }
        for campaign in campaigns(day)
    ]


def adset_records(day: date) -> list[Record]:
    records: list[Record] = []
    for campaign in campaigns(day):
        for number in range(1, _SETS + 1):
            record: Record = {
                "id": _id(campaign.number, number),
                "name": f"New Engagement Ad Set {number}",
                "status": _status(campaign, day),
                "campaign_id": campaign.id,
            }
            if number == 1:  # a campaign's first ad set has a budget of its own, the others share
                record |= {
                    "daily_budget": "500",
                    "lifetime_budget": "0",
                    "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
                    "pacing_type": ["standard"],
                }
            record["targeting"] = {"age_min": 18, "age_max": 44, "geo_locations": {"countries": ["US", "DE"]}}
            record["optimization_goal"] = "OFFSITE_CONVERSIONS"
            records.append(record | {"start_time": _time(campaign.began, 9, 0)} | _times(campaign, day))
    return records


def ad_records(day: date) -> list[Record]:
    return [
        {
            "id": _id(campaign.number, 10 + number),
            "name": f"AD{number}",
            "status": "ACTIVE",
            "adset_id": _id(campaign.number, number),
            "campaign_id": campaign.id,
            "effective_status": "ADSET_PAUSED" if campaign.ended(day) else "ACTIVE",
            "creative": {"id": f"99000000000{campaign.number:04d}"},
            "tracking_specs": [{"action.type": ["post_engagement"], "page": ["440000000000017"]}],
            **_times(campaign, day),
        }
        for campaign in campaigns(day)
        for number in range(1, _SETS + 1)
    ]


def campaign_insights(day: date) -> list[Record]:
    """Lifetime rows at the level of campaigns, without names, as the first dumps had them."""
    return [_lifetime(campaign, day, {"campaign_id": campaign.id}, 1) for campaign in campaigns(day)]


def adset_insights(day: date) -> list[Record]:
    """Lifetime rows at the level of ad sets, with names, as the later dumps had them."""
    return [
        _lifetime(
            campaign,
            day,
            {
                "campaign_id": campaign.id,
                "campaign_name": campaign.name,
                "adset_id": _id(campaign.number, number),
                "adset_name": f"New Engagement Ad Set {number}",
            },
            number,
        )
        for campaign in campaigns(day)
        for number in range(1, _SETS + 1)
    ]


def audience_insights(day: date) -> list[Record]:
    """The newest campaign's figures by age and gender."""
    campaign = campaigns(day)[0]
    return [
        _lifetime(campaign, day, {"campaign_id": campaign.id, "age": age, "gender": gender}, number)
        for number, (age, gender) in enumerate(
            ((age, gender) for age in ("18-24", "25-34", "35-44") for gender in ("female", "male", "unknown")),
            start=2,
        )
    ]


def as_json(document: Any) -> bytes:
    return json.dumps(document, indent=2).encode()


def made(records: Records, change: Callable[[list[Record], date], Any] = lambda rows, _day: rows) -> Make:
    return lambda day, _rng: as_json(change(records(day), day))


def with_members(records: Records, index: int = 1, **members: Any) -> Make:
    """The dump with other members in one record; ``None`` takes a member away."""

    def change(rows: list[Record], _day: date) -> list[Record]:
        rows[index] = {name: value for name, value in (rows[index] | members).items() if value is not None}
        return rows

    return made(records, change)


def enveloped(rows: list[Record], paging: dict[str, Any]) -> Record:
    return {"data": rows, "paging": {"cursors": {"before": "QVFIUm", "after": "QVFIUn"}} | paging}


def with_first(records: Records, **members: Callable[[date], Any]) -> Make:
    """The dump with its first record changed to what follows from the capture day."""

    def change(rows: list[Record], day: date) -> list[Record]:
        return [rows[0] | {name: value_on(day) for name, value_on in members.items()}, *rows[1:]]

    return made(records, change)


def _lifetime(campaign: Campaign, day: date, about: Record, share: int) -> Record:
    shown = sum(figure(campaign.name, delivered) for delivered in campaign.delivered(day)) // share
    clicks = shown // 90
    spend = shown / 160
    metrics: Record = {"spend": f"{spend:.2f}", "impressions": str(shown), "clicks": str(clicks)}
    if clicks:  # what is undefined is absent
        metrics |= {"cpc": f"{spend / clicks:.6f}", "ctr": f"{100 * clicks / shown:.6f}"}
    return {
        **about,
        **metrics,
        "reach": str(shown * 4 // 5),
        "date_start": campaign.began.isoformat(),
        "date_stop": day.isoformat(),
    }


def _id(campaign: int, part: int) -> str:
    return f"1200{campaign:06d}{part:05d}075"


def _status(campaign: Campaign, day: date) -> str:
    return "PAUSED" if campaign.ended(day) else "ACTIVE"


def _times(campaign: Campaign, day: date) -> Record:
    changed = campaign.began + timedelta(days=_RUNS) if campaign.ended(day) else campaign.began
    return {"created_time": _time(campaign.began, 8, 27), "updated_time": _time(changed, 10, 4)}


def _time(day: date, hour: int, minute: int) -> str:
    """With the offset of that day: winter and summer stand in one file."""
    second = Random(f"{day}/{hour}/{minute}").randint(0, 59)
    return datetime.combine(day, time(hour, minute, second), _ZONE).strftime("%Y-%m-%dT%H:%M:%S%z")
