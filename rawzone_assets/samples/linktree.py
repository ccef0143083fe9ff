"""Linktree's deliveries, made up: what the analytics page's API answers in one session, good, odd and bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

from rawzone_assets.samples.sample import Case, Routine, Verdict, days_back, figure

Answer = dict[str, Any]
Make = Callable[[date, Random], bytes]
_FEED = "social_media/linktree"


def _row(day: date) -> Answer:
    views = figure(_FEED, day) // 40
    clicks = views // 2 + (views % 3 == 0) * views  # visitors who click more than once
    rate = clicks / views if views else 0
    return {
        "totalViews": views,
        "totalClicks": clicks,
        "uniqueViews": max(views - 1, 0)
        + (day.day == 11) * 3,  # more than views on some days, as at the source
        "uniqueClicks": clicks // 2,
        "clickThroughRate": int(rate) if rate == int(rate) else round(rate, 4),
        "date": day.isoformat(),
        "__typename": "AccountActivity",
    }


def _answer(rows: list[Answer]) -> Answer:
    views, clicks = (sum(row[name] for row in rows) for name in ("totalViews", "totalClicks"))
    overview = {
        "totalViews": views,
        "totalClicks": clicks,
        "clickThroughRate": round(clicks / views, 4) if views else 0,
        "timeToClick": 0,
        "clickThroughBenchmark": 80.6429,
        "timeseries": rows,
    }
    return {"data": {"getAccountAnalytics": {"overview": overview}}}


def _json(answer: Any) -> bytes:
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()


def _days(
    change: Callable[[list[Answer], date], list[Answer]] = lambda rows, _day: rows, count: int = 365
) -> Make:
    """The answer about changed days, with totals that agree, so that only the change is wrong."""
    return lambda day, _rng: _json(_answer(change([_row(d) for d in days_back(day, count)], day)))


def _overview(**members: Any) -> Make:
    """The answer with other members in its overview; ``None`` takes a member away."""

    def make(day: date, _rng: Random) -> bytes:
        answer = _answer([_row(d) for d in days_back(day, 365)])
        overview = answer["data"]["getAccountAnalytics"]["overview"] | members
        overview = {name: value for name, value in overview.items() if value is not None}
        return _json({"data": {"getAccountAnalytics": {"overview": overview}}})

    return make


def _member(**members: Any) -> Make:
    """The answer with other members in one of its days, and totals as they were."""

    def make(day: date, _rng: Random) -> bytes:
        answer = _answer([_row(d) for d in days_back(day, 365)])
        row = answer["data"]["getAccountAnalytics"]["overview"]["timeseries"][17]
        row |= members
        return _json(answer)

    return make


def _said(answer: Any) -> Make:
    return lambda _day, _rng: _json(answer)


def _case(
    title: str,
    make: Make,
    *codes: str,
    verdict: Verdict = "quarantined",
    name: str = "graphql_{stamp}_257580.json",
) -> Case:
    return Case(
        feed=_FEED, folder="linktree/analytics", name=name, make=make, title=title, codes=codes, verdict=verdict
    )


_ERRORS = [
    {"message": "Unauthorized", "path": ["getAccountAnalytics"], "extensions": {"code": "UNAUTHENTICATED"}}
]

CASES = (
    _case("an answer about a year", _days(), verdict="promoted"),
    _case(
        "an answer under the specification's name",
        _days(),
        verdict="promoted",
        name="linktree_analytics_{stamp}.json",
    ),
    _case("the page's default of seven days", _days(count=7), verdict="promoted"),
    _case("an answer without days", _days(lambda *_: []), "RZ-EMPTY-RESULT", verdict="promoted"),
    _case("a total that is not the sum", _overview(totalViews=5), "RZ-TOTAL-MISMATCH", verdict="promoted"),
    _case(
        "an answer that has stood still",
        lambda day, rng: _days()(day - timedelta(days=9), rng),
        "RZ-STALE-DATA",
        verdict="promoted",
    ),
    _case("an overview with a new member", _overview(bounceRate=0.4), "RZ-UNKNOWN-FIELD", verdict="promoted"),
    _case("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _case(
        "a challenge page",
        lambda _day, _rng: b"<html><title>Just a moment...</title></html>",
        "RZ-HTML-INSTEAD",
    ),
    _case("an answer cut in the middle", lambda day, rng: _days()(day, rng)[:-700], "RZ-TRUNCATED"),
    _case("an error without data", _said({"errors": _ERRORS, "data": None}), "RZ-ERROR-PAYLOAD"),
    _case(
        "an error beside data",
        lambda day, _rng: _json({"errors": _ERRORS} | _answer([_row(d) for d in days_back(day, 30)])),
        "RZ-ERROR-PAYLOAD",
    ),
    _case(
        "the answer about the signed-in user",
        _said({"data": {"currentUser": {"id": 1, "email": "someone@example.com", "username": "example"}}}),
        "RZ-OTHER-OPERATION",
    ),
    _case(
        "the answer about links",
        _said({"data": {"getAccountAnalytics": {"links": [{"id": 1, "clicks": {"total": 4}}], "socials": {}}}}),
        "RZ-OTHER-OPERATION",
    ),
    _case(
        "the answer about places",
        _said({"data": {"getAccountAnalytics": {"lifetime": {}, "locations": {"cities": []}, "devices": []}}}),
        "RZ-OTHER-OPERATION",
    ),
    _case(
        "the answer about followers",
        _said({"data": {"getFollowers": {"enabled": False}}}),
        "RZ-OTHER-OPERATION",
    ),
    _case("nothing in the envelope", _said({"data": {}}), "RZ-MISSING-FIELD"),
    _case("no data and no error", _said({"data": None}), "RZ-EMPTY-FIELD"),
    _case("an overview without its days", _overview(timeseries=None), "RZ-MISSING-FIELD"),
    _case("a day twice", _days(lambda rows, _day: [*rows, rows[-1]]), "RZ-REPEATED-DAY"),
    _case(
        "the day after tomorrow",
        _days(lambda rows, day: [*rows, _row(day + timedelta(days=2))]),
        "RZ-FUTURE-DATE",
    ),
    _case("negative views", _member(totalViews=-4), "RZ-NEGATIVE-COUNT"),
    _case("a negative rate", _member(clickThroughRate=-0.5), "RZ-NEGATIVE-COUNT"),
    _case("clicks that are null", _member(totalClicks=None), "RZ-EMPTY-FIELD"),
    _case("clicks in words", _member(totalClicks="few"), "RZ-VALUE-TYPE"),
    _case("a day that no calendar has", _member(date="2025-02-30"), "RZ-VALUE-TYPE"),
)

ROUTINE = (
    Routine(
        feed=_FEED,
        folder="linktree/analytics",
        name="graphql_{stamp}_257580.json",
        make=_days(),
    ),
)
