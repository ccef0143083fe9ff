"""YouTube's deliveries, made up after the API's reference: result tables good, odd and bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

from rawzone_assets.samples.sample import Case, Routine, Verdict, days_back, figure

Answer = dict[str, Any]
Make = Callable[[date, Random], bytes]
Row = Any
_FEED = "social_media/youtube"
_LAG = 3
_HEADERS = (
    ("day", "DIMENSION", "STRING"),
    ("views", "METRIC", "INTEGER"),
    ("estimatedMinutesWatched", "METRIC", "INTEGER"),
    ("averageViewPercentage", "METRIC", "FLOAT"),
    ("subscribersGained", "METRIC", "INTEGER"),
    ("likes", "METRIC", "INTEGER"),
)
_COUNTRY = ("country", "DIMENSION", "STRING")


def _row(day: date) -> Row:
    views = figure(_FEED, day)
    likes = views // 30 - (day.day == 3) * views // 20  # taken back by more than were given
    return [day.isoformat(), views, views * 2, round(31 + views % 40 / 3, 2), views // 200, likes]


def _answer(rows: list[Row] | None, headers: tuple[tuple[str, str, str], ...] = _HEADERS) -> Answer:
    columns = [{"name": name, "columnType": about, "dataType": kind} for name, about, kind in headers]
    answer: Answer = {"kind": "youtubeAnalytics#resultTable", "columnHeaders": columns}
    return answer if rows is None else answer | {"rows": rows}


def _json(answer: Any) -> bytes:
    return json.dumps(answer, indent=2).encode()


def _rows(change: Callable[[list[Row], date], list[Row]] = lambda rows, _day: rows, lag: int = _LAG) -> Make:
    return lambda day, _rng: _json(
        _answer(change([_row(d) for d in days_back(day - timedelta(days=lag), 90)], day))
    )


def _cell(column: int, cell: Any) -> Make:
    def change(rows: list[Row], _day: date) -> list[Row]:
        rows[4][column] = cell
        return rows

    return _rows(change)


def _by_country(day: date, repeated: tuple[str, ...] = ()) -> bytes:
    days = days_back(day - timedelta(days=_LAG), 30)
    rows = [[d.isoformat(), country, figure(country, d)] for d in days for country in ("US", "DE", *repeated)]
    return _json(_answer(rows, (_HEADERS[0], _COUNTRY, _HEADERS[1])))


def _said(answer: Any) -> Make:
    return lambda _day, _rng: _json(answer)


def _case(title: str, make: Make, *codes: str, verdict: Verdict = "quarantined") -> Case:
    return Case(
        feed=_FEED,
        folder="social_media/youtube",
        name="channel_analytics_{stamp}.json",
        make=make,
        title=title,
        codes=codes,
        verdict=verdict,
    )


_QUOTA = {
    "error": {
        "code": 403,
        "message": 'The request cannot be completed because you have exceeded your <a href="/quota">quota</a>.',
        "errors": [{"domain": "youtube.quota", "reason": "quotaExceeded"}],
        "status": "PERMISSION_DENIED",
    }
}
_CHANNEL = {
    "kind": "youtube#channelListResponse",
    "items": [{"kind": "youtube#channel", "statistics": {"viewCount": "9041", "hiddenSubscriberCount": False}}],
}

CASES = (
    _case("a table by day", _rows(), verdict="promoted"),
    _case("a table by day and country", lambda day, _rng: _by_country(day), verdict="promoted"),
    _case(
        "a table of totals, without days", _said(_answer([[9041, 18082]], _HEADERS[1:3])), verdict="promoted"
    ),
    _case("no rows at all", _said(_answer(None)), "RZ-EMPTY-RESULT", verdict="promoted"),
    _case("a table that has stood still", _rows(lag=20), "RZ-STALE-DATA", verdict="promoted"),
    _case(
        "a member nobody knows",
        _said(_answer([]) | {"page": 1}),
        "RZ-UNKNOWN-FIELD",
        "RZ-EMPTY-RESULT",
        verdict="promoted",
    ),
    _case("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _case("a sign-in page", lambda _day, _rng: b"<!doctype html><title>Sign in</title>", "RZ-HTML-INSTEAD"),
    _case("a table cut in the middle", lambda day, rng: _rows()(day, rng)[:-300], "RZ-TRUNCATED"),
    _case("the answer to an exhausted quota", _said(_QUOTA), "RZ-ERROR-PAYLOAD"),
    _case("the Data API's answer about the channel", _said(_CHANNEL), "RZ-OTHER-OPERATION"),
    _case(
        "one page of many",
        _said(_answer([]) | {"nextPageToken": "CAoQAA"}),
        "RZ-MORE-PAGES",
        "RZ-UNKNOWN-FIELD",
        "RZ-EMPTY-RESULT",
    ),
    _case("rows without headers", _said({"rows": [["2025-05-01", 1]]}), "RZ-MISSING-FIELD"),
    _case("no headers", _said(_answer([], ())), "RZ-SHAPE", "RZ-EMPTY-RESULT"),
    _case("a row that is no list", _rows(lambda rows, _day: [*rows, {"day": "2025-05-01"}]), "RZ-SHAPE"),
    _case("a row that lacks a cell", _rows(lambda rows, _day: [*rows[:-1], rows[-1][:-1]]), "RZ-SHAPE"),
    _case("a row with a cell too many", _rows(lambda rows, _day: [*rows[:-1], [*rows[-1], 0]]), "RZ-SHAPE"),
    _case("views that are null", _cell(1, None), "RZ-EMPTY-FIELD"),
    _case("views in a string", _cell(1, "9041"), "RZ-VALUE-TYPE"),
    _case("half a view", _cell(1, 17.5), "RZ-VALUE-TYPE"),
    _case("a day that no calendar has", _cell(0, "2025-02-30"), "RZ-VALUE-TYPE"),
    _case("negative views", _cell(1, -3), "RZ-NEGATIVE-COUNT"),
    _case("a day twice", _rows(lambda rows, _day: [*rows, rows[-1]]), "RZ-REPEATED-DAY"),
    _case("a day and country twice", lambda day, _rng: _by_country(day, ("US",)), "RZ-REPEATED-RECORD"),
    _case(
        "a day after the capture",
        _rows(lambda rows, day: [*rows, _row(day + timedelta(days=2))]),
        "RZ-FUTURE-DATE",
    ),
)

ROUTINE = (
    Routine(feed=_FEED, folder="social_media/youtube", name="channel_analytics_{stamp}.json", make=_rows()),
)
