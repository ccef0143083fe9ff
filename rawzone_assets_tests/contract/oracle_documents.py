"""The oracle for JSON deliveries: what an accepted answer of each platform must hold to.

From validation_rules.md, in plain Python; see ``oracle_forms`` for what an oracle is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from oracle_forms import (
    Broken,
    days,
    each,
    is_amount,
    is_count,
    is_day,
    is_decimal,
    is_digits,
    is_moment,
    is_number,
    is_rewritten_day,
    is_scientific,
    is_whole,
    last_day,
    unique,
)

DEEPEST = 254


class NoDocument(Exception):
    """The bytes are no JSON by RFC 8259."""


def document_of(data: bytes) -> Any:
    """The document that the bytes are.

    Raises:
        NoDocument: They are none.
    """
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
        document = json.loads(text, parse_constant=_refuse, parse_int=_number, parse_float=_finite)
        json.dumps(document, ensure_ascii=False).encode("utf-8")  # a lone surrogate is no character
    except (ValueError, RecursionError) as error:
        raise NoDocument(str(error)[:80]) from None
    return document


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number beyond what any reader holds")
    return number


def _number(text: str) -> Any:
    return int(text) if len(text) < 300 else _finite(text)


def broken_by_document(feed: str, name: str, document: Any, capture: date) -> Broken:
    """The rules that an accepted document breaks."""
    if isinstance(document, dict):
        yield from _error_answer(document, feed)
    rule = next(rule for (owner, start), rule in _RULES.items() if owner == feed and name.startswith(start))
    yield from rule(document, capture)


def _error_answer(document: dict[str, Any], feed: str) -> Broken:
    if feed.startswith("tiktok/"):
        error, code = document.get("error"), document.get("code")
        if isinstance(error, dict) and not _is_good(error.get("code"), ("ok", 0)):
            yield "the answer says that it failed"
        if not _is_good(code, (0, "0", "ok")):
            yield "the answer says that it failed"
    elif any(document.get(name) for name in ("error", "errors")):
        yield "the answer is an error"


def _is_good(code: Any, good: tuple[Any, ...]) -> bool:
    return code is None or any(code == value and type(code) is type(value) for value in good)


def _unwrapped(document: Any, own: str, platforms: tuple[str, ...]) -> tuple[Any, list[str]]:
    """The answer inside the extractor's wrapper, and whether the wrapper names another platform."""
    if isinstance(document, dict) and "data" in document and own not in document:
        named = document.get("platform")
        wrong = isinstance(named, str) and named.strip().lower() not in platforms
        return document["data"], ["the wrapper names another platform"] if wrong else []
    return document, []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _counted_days(answer: dict[str, Any], member: str, capture: date, *, optional: bool = False) -> Broken:
    if answer.get(member) is None and optional:
        return
    rows, broken = each(answer.get(member), member)
    yield from broken
    yield from days(rows, "date", capture)
    yield from _all(rows, is_count, "streams", member)


def _all(rows: list[dict[str, Any]], accepts: Callable[[Any], bool], *members: str) -> Broken:
    *names, where = members
    for name in names:
        if not all(name in row and accepts(row[name]) for row in rows):
            yield f"{name} in {where} is absent or not of its form"


def _maybe(accepts: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or accepts(value)


def _if_there(rows: list[dict[str, Any]], accepts: Callable[[Any], bool], *names: str) -> Broken:
    for name in names:
        if not all(row.get(name) is None or accepts(row[name]) for row in rows):
            yield f"{name} is not of its form"


def toolost_spotify(document: Any, capture: date) -> Broken:
    answer, broken = _unwrapped(document, "streams", ("spotify",))
    yield from broken
    answer = _object(answer)
    yield from _error_answer(answer, "toolost/spotify")
    yield from _counted_days(answer, "streams", capture)
    discovery = answer.get("discovery")
    if discovery is not None:
        rows, broken = each(discovery, "discovery")
        yield from broken
        yield from _if_there(rows, is_day, "date")
        yield from _if_there(rows, is_count, "streams")
        yield from _if_there(rows, lambda fee: is_number(fee) or is_decimal(fee), "fees")


def toolost_apple(document: Any, capture: date) -> Broken:
    answer, broken = _unwrapped(document, "totalStreams", ("apple", "apple_music", "applemusic", "apple music"))
    yield from broken
    answer = _object(answer)
    yield from _error_answer(answer, "toolost/analytics")
    yield from _counted_days(answer, "totalStreams", capture)
    yield from _counted_days(answer, "totalShazam", capture, optional=True)
    for member in ("tracksTotal", "countryTotal"):
        if answer.get(member) is not None:
            rows, broken = each(answer[member], member)
            yield from broken
            yield from _all(rows, is_count, "streams", member)
    yield from _if_there([answer], is_count, "streamTotal")


def _pages(document: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """The list of a Marketing API answer, bare or in its envelope."""
    if not isinstance(document, dict):
        return each(document, "the answer")
    rows, broken = each(document.get("data"), "data")
    paging = document.get("paging")
    links = [paging.get(name) for name in ("next", "previous")] if isinstance(paging, dict) else []
    return rows, [*broken, *(["further pages are missing"] if any(links) else [])]


_TIMES = ("created_time", "updated_time")
_FOREIGN: Mapping[str, tuple[str, ...]] = {
    "campaigns": ("campaign_id", "adset_id", "date_start"),
    "adsets": ("adset_id", "date_start"),
    "ads": ("date_start",),
}
_PARENTS: Mapping[str, tuple[str, ...]] = {
    "campaigns": (),
    "adsets": ("campaign_id",),
    "ads": ("adset_id",),
}


def meta_nodes(kind: str) -> Callable[[Any, date], Broken]:
    def rule(document: Any, capture: date) -> Broken:
        rows, broken = _pages(document)
        yield from broken
        yield from _all(rows, is_digits, "id", *_PARENTS[kind], "the dump")
        yield from _if_there(rows, is_digits, "campaign_id")
        yield from unique((row.get("id") for row in rows), "an id")
        yield from _all(rows, lambda value: isinstance(value, str), "name", "the dump")
        yield from _all(rows, lambda value: isinstance(value, str) and value != "", "status", "the dump")
        yield from _one_account(rows)
        yield from _if_there(rows, is_moment, *_TIMES)
        for name in _TIMES:
            if any(str(row.get(name) or "")[:10] > last_day(capture) for row in rows):
                yield f"{name} lies after the capture"
        if any(row.get(name) is not None for row in rows for name in _FOREIGN[kind]):
            yield "a record is of another dump"
        if kind != "ads":
            yield from _if_there(rows, is_count, "daily_budget", "lifetime_budget", "budget_remaining")

    return rule


def _one_account(rows: list[dict[str, Any]]) -> Broken:
    accounts = [row["account_id"] for row in rows if row.get("account_id") is not None]
    if not all(isinstance(account, str) and account and not is_scientific(account) for account in accounts):
        yield "account_id is not of its form"
    elif len(set(accounts)) > 1:
        yield "records of several accounts"


_METRICS = ("spend", "frequency", "cpc", "cpm", "cpp", "ctr")
_COUNTS = ("impressions", "clicks", "inline_link_clicks", "unique_clicks", "reach")
_ACTIONS = ("actions", "action_values", "cost_per_action_type")


def meta_insights(*, strict: bool) -> Callable[[Any, date], Broken]:
    def rule(document: Any, capture: date) -> Broken:
        rows, broken = _pages(document)
        yield from broken
        if strict:
            yield from _all(rows, is_day, "date_start", "date_stop", "the insights")
            yield from _all(rows, is_amount, "spend", "the insights")
            yield from _all(rows, is_count, "impressions", "the insights")
            levels = ("campaign_id", "adset_id", "ad_id", "account_id")
        else:
            levels = (*_METRICS, *_COUNTS, *_ACTIONS)
        if any(all(row.get(name) is None for name in levels) for row in rows):
            yield "a record without identity or metric"
        yield from _if_there(rows, is_day, "date_start", "date_stop")
        yield from _if_there(rows, is_amount, *_METRICS)
        yield from _if_there(rows, is_count, *_COUNTS)
        yield from _if_there(rows, is_digits, "campaign_id", "adset_id", "ad_id")
        yield from _one_account(rows)
        for row in rows:
            begins, ends = row.get("date_start"), row.get("date_stop")
            if begins is not None and ends is not None and begins > ends:
                yield "a range ends before it begins"
            if any(day is not None and day > last_day(capture) for day in (begins, ends)):
                yield "a range after the capture"
        measured = {*_METRICS, *_COUNTS, *_ACTIONS}
        about = ({name: row[name] for name in row if name not in measured} for row in rows)
        yield from unique((json.dumps(row, sort_keys=True) for row in about), "a record but for its metrics")

    return rule


def tiktok_api(document: Any, _capture: date) -> Broken:
    if not isinstance(document, dict) or not isinstance(document.get("data"), (dict, list)):
        yield "no data"


def tiktok_trends(document: Any, _capture: date) -> Broken:
    rows, broken = each(_object(_object(document).get("data")).get("list"), "data.list")
    yield from broken
    yield from unique((row["hashtag_id"] for row in rows if "hashtag_id" in row), "a hashtag")
    yield from _if_there(rows, is_count, "publish_cnt", "video_views", "rank")
    if not all(
        isinstance(row["hashtag_id"], str) or is_whole(row["hashtag_id"]) for row in rows if "hashtag_id" in row
    ):
        yield "a hashtag_id that is none"


def linktree(document: Any, capture: date) -> Broken:
    data = _object(_object(document).get("data"))
    overview = _object(_object(data.get("getAccountAnalytics")).get("overview"))
    yield from _all([overview], is_count, "totalViews", "totalClicks", "the overview")
    rows, broken = each(overview.get("timeseries"), "timeseries")
    yield from broken
    yield from days(rows, "date", capture)
    yield from _all(rows, is_count, "totalViews", "totalClicks", "timeseries")
    yield from _if_there(rows, is_count, "uniqueViews", "uniqueClicks")
    yield from _if_there([overview, *rows], lambda ratio: is_number(ratio) and ratio >= 0, "clickThroughRate")


_NOT_NEGATIVE = (
    "views",
    "estimatedMinutesWatched",
    "averageViewDuration",
    "subscribersGained",
    "subscribersLost",
)


def youtube(document: Any, capture: date) -> Broken:
    document = _object(document)
    kind = document.get("kind")
    if kind not in (None, "youtubeAnalytics#resultTable"):
        yield "an answer of another kind"
    headers, broken = each(document.get("columnHeaders"), "columnHeaders")
    yield from broken
    names = [header.get("name") for header in headers]
    if not headers or not all(isinstance(name, str) and name for name in names):
        yield "no columns"
        return
    yield from unique(names, "a column")
    rows = document.get("rows")
    rows = [] if rows is None else rows
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and len(row) == len(headers) for row in rows
    ):
        yield "rows of another width than the columns"
        return
    for index, header in enumerate(headers):
        accepts = {"STRING": lambda cell: isinstance(cell, str), "INTEGER": is_whole, "FLOAT": is_number}.get(
            header.get("dataType"), lambda _cell: True
        )
        cells = [row[index] for row in rows]
        if not all(accepts(cell) for cell in cells):
            yield "a cell of another type than its column's"
        if names[index] == "day" and not all(is_day(cell) and cell <= last_day(capture) for cell in cells):
            yield "no day, or a day after the capture"
        if names[index] in _NOT_NEGATIVE and any(is_number(cell) and cell < 0 for cell in cells):
            yield "a negative count"
    keys = [index for index, header in enumerate(headers) if header.get("columnType") == "DIMENSION"]
    if keys:
        yield from unique((json.dumps([row[key] for key in keys]) for row in rows), "a row but for its metrics")


def spotify_songs(document: Any, _capture: date) -> Broken:
    answer, broken = _unwrapped(document, "songs", ("spotify",))
    yield from broken
    rows, broken = each(_object(answer).get("songs"), "songs")
    yield from broken
    yield from _all(rows, lambda value: isinstance(value, str) and value != "", "trackName", "songs")
    yield from _all(rows, is_count, "numStreams", "songs")
    yield from _if_there(rows, is_count, "numListeners", "numSavers", "numCanvasViews")
    yield from unique((row["id"] for row in rows if "id" in row), "a song's id")
    if any(is_rewritten_day(row.get("releaseDate")) for row in rows):
        yield "a release date rewritten by a spreadsheet"


def spotify_metrics(document: Any, _capture: date) -> Broken:
    if not isinstance(document, dict) or not document:
        yield "no object with something in it"


_RULES: Mapping[tuple[str, str], Callable[[Any, date], Broken]] = {
    ("toolost/spotify", ""): toolost_spotify,
    ("toolost/analytics", ""): toolost_apple,
    ("metaads/campaigns", "campaigns"): meta_nodes("campaigns"),
    ("metaads/campaigns", "adsets"): meta_nodes("adsets"),
    ("metaads/campaigns", "ads_"): meta_nodes("ads"),
    ("metaads/campaigns", "insights"): meta_insights(strict=True),
    ("metaads/audience", ""): meta_insights(strict=False),
    ("tiktok/analytics", ""): tiktok_api,
    ("tiktok/trends", ""): tiktok_trends,
    ("social_media/linktree", ""): linktree,
    ("social_media/youtube", ""): youtube,
    ("social_media/spotify", "spotify_songs"): spotify_songs,
    ("social_media/spotify", "artist_metrics"): spotify_metrics,
}
