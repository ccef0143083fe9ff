"""TikTok's exports about posts, audience and trends, made up: good, odd and bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

from rawzone_assets.samples import tiktok_exports as exports
from rawzone_assets.samples.tiktok_making import (
    SIGN_IN,
    Change,
    Make,
    answering,
    cases_of,
    damaged,
    exported,
    overview,
    routine,
    same,
    with_cell,
    with_rows,
)

_BLOCKED = {"code": 40101, "msg": "no permission", "request_id": "1"}


def _videos(change: Change = same) -> Make:
    return lambda day, rng: change(exports.content(day, rng), day).encoded()


_content = cases_of("videos", "video_performance_{stamp}.csv")
_follower = cases_of("audience", "tiktok_followers_{stamp}.csv")
_viewer = cases_of("audience", "tiktok_viewers_{stamp}.csv")
_gender = cases_of("audience", "tiktok_gender_{stamp}.csv")
_territory = cases_of("audience", "tiktok_territories_{stamp}.csv")
_active = cases_of("audience", "tiktok_activity_{stamp}.csv")
_trend = cases_of("trends", "tiktok_trends_{stamp}.json")

_CONTENTS = (
    _content("posts as the studio writes them", _videos(), verdict="promoted"),
    _content(
        "posts with deleted comments, watch times and an odd link",
        _videos(
            lambda table, _day: (
                table.set(3, "Total comments", "-2")
                .set(2, "Video link", "https://vm.tiktok.com/ZM/")
                .add("Average watch time", "7.3")
            )
        ),
        "RZ-VALUE-UNUSUAL",
        verdict="promoted",
    ),
    _content(
        "an account without posts", _videos(with_rows(lambda _: [])), "RZ-EMPTY-RESULT", verdict="promoted"
    ),
    _content("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _content("a sign-in page", lambda _day, _rng: SIGN_IN, "RZ-HTML-INSTEAD"),
    _content("posts cut short", damaged(_videos(), lambda data: data[:-9]), "RZ-TRUNCATED"),
    _content("posts without views", _videos(lambda table, _day: table.drop("Total views")), "RZ-MISSING-FIELD"),
    _content("a post without its link", _videos(with_cell("Video link", "")), "RZ-EMPTY-FIELD"),
    _content("a post twice", _videos(with_rows(lambda rows: [*rows, rows[2]])), "RZ-REPEATED-RECORD"),
    _content("negative likes", _videos(with_cell("Total likes", "-1")), "RZ-NEGATIVE-COUNT"),
    _content("shares in words", _videos(with_cell("Total shares", "n/a")), "RZ-VALUE-TYPE"),
    _content(
        "views in scientific notation", _videos(with_cell("Total views", "1.2E+6")), "RZ-SPREADSHEET-DAMAGE"
    ),
    _content("a post's day rewritten", _videos(with_cell("Post time", "6/8/2025")), "RZ-SPREADSHEET-DAMAGE"),
    _content("another export under this name", overview(), "RZ-TABLE-SYNTAX"),
)

_AUDIENCES = (
    _follower("a year of followers", exported(exports.followers), verdict="promoted"),
    _viewer("a year of viewers", exported(exports.viewers), verdict="promoted"),
    _gender("followers by gender", lambda _day, _rng: exports.gender().encoded(), verdict="promoted"),
    _territory(
        "followers by territory", lambda _day, _rng: exports.territories().encoded(), verdict="promoted"
    ),
    _active("a week of activity by hour", exported(exports.activity), verdict="promoted"),
    _gender(
        "shares that do not make up a whole",
        lambda _day, _rng: exports.gender().set(0, "Distribution", "0.29").encoded(),
        "RZ-TOTAL-MISMATCH",
        verdict="promoted",
    ),
    _active(
        "activity of a small account",
        exported(exports.activity, with_rows(lambda _: [])),
        "RZ-EMPTY-RESULT",
        verdict="promoted",
    ),
    _follower("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _follower("a sign-in page", lambda _day, _rng: SIGN_IN, "RZ-HTML-INSTEAD"),
    _follower(
        "followers cut short", damaged(exported(exports.followers), lambda data: data[:-5]), "RZ-TRUNCATED"
    ),
    _follower(
        "negative followers", exported(exports.followers, with_cell("Followers", "-5")), "RZ-NEGATIVE-COUNT"
    ),
    _follower(
        "a day of followers twice",
        exported(exports.followers, with_rows(lambda rows: [*rows, rows[-1]])),
        "RZ-REPEATED-DAY",
    ),
    _follower(
        "viewers under the followers' name", exported(exports.viewers), "RZ-MISSING-FIELD", "RZ-UNKNOWN-FIELD"
    ),
    _viewer("viewers in words", exported(exports.viewers, with_cell("New Viewers", "few")), "RZ-VALUE-TYPE"),
    _viewer(
        "viewers after the capture",
        exported(lambda day: exports.viewers(day + timedelta(days=9))),
        "RZ-FUTURE-DATE",
    ),
    _gender(
        "a share in percent",
        lambda _day, _rng: exports.gender().set(0, "Distribution", "59%").encoded(),
        "RZ-VALUE-TYPE",
    ),
    _gender(
        "a share above 1",
        lambda _day, _rng: exports.gender().set(0, "Distribution", "59").encoded(),
        "RZ-VALUE-TYPE",
    ),
    _territory(
        "a territory twice",
        lambda _day, _rng: exports.territories().set(1, "Top territories", "US").encoded(),
        "RZ-REPEATED-RECORD",
    ),
    _active(
        "an hour twice",
        exported(exports.activity, with_rows(lambda rows: [*rows, rows[-1]])),
        "RZ-REPEATED-RECORD",
    ),
    _active("an hour that no day has", exported(exports.activity, with_cell("Hour", "24")), "RZ-VALUE-TYPE"),
)


def _hashtags(change: Callable[[list[dict[str, Any]]], Any] = lambda tags: tags) -> Make:
    def make(day: date, rng: Random) -> bytes:
        tags = [
            {
                "hashtag_id": f"16{number:04d}",
                "hashtag_name": name,
                "publish_cnt": rng.randint(100, 9000),
                "video_views": rng.randint(10_000, 9_000_000),
                "rank": number + 1,
                "rank_diff": rng.randint(-5, 5),
                "trend": [
                    {"time": 86_400 * (day.toordinal() - 719_163 - n), "value": n / 7} for n in range(7, 0, -1)
                ],
            }
            for number, name in enumerate(("newmusic", "paperlantern", "rooftopsession", "夜"))
        ]
        return json.dumps(
            {
                "code": 0,
                "msg": "OK",
                "request_id": "1",
                "data": {"list": change(tags), "pagination": {"page": 1}},
            },
            ensure_ascii=False,
        ).encode()

    return make


_TRENDS = (
    _trend("hashtags as the API lists them", _hashtags(), verdict="promoted"),
    _trend("no hashtags", _hashtags(lambda _: []), "RZ-EMPTY-RESULT", verdict="promoted"),
    _trend("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _trend("a sign-in page", lambda _day, _rng: SIGN_IN, "RZ-HTML-INSTEAD"),
    _trend("an answer without permission", answering(_BLOCKED), "RZ-ERROR-PAYLOAD"),
    _trend("hashtags cut short", damaged(_hashtags(), lambda data: data[:-20]), "RZ-TRUNCATED"),
    _trend("an answer without its list", answering({"code": 0, "data": {}}), "RZ-MISSING-FIELD"),
    _trend("a list that is none", _hashtags(lambda _: "none"), "RZ-SHAPE"),
    _trend("a hashtag twice", _hashtags(lambda tags: [*tags, tags[0]]), "RZ-REPEATED-RECORD"),
    _trend("negative views", _hashtags(lambda tags: [tags[0] | {"video_views": -1}]), "RZ-NEGATIVE-COUNT"),
    _trend(
        "views that are no number",
        damaged(_hashtags(), lambda data: data.replace(b'"rank": 1,', b'"rank": NaN,')),
        "RZ-JSON-SYNTAX",
    ),
    _trend("views in words", _hashtags(lambda tags: [tags[0] | {"video_views": "many"}]), "RZ-VALUE-TYPE"),
)

CASES = (*_CONTENTS, *_AUDIENCES, *_TRENDS)

ROUTINE = (
    routine("videos", "video_performance_{stamp}.csv", _videos()),
    routine("audience", "tiktok_followers_{stamp}.csv", exported(exports.followers)),
    routine("audience", "tiktok_viewers_{stamp}.csv", exported(exports.viewers)),
    routine("audience", "tiktok_activity_{stamp}.csv", exported(exports.activity)),
    routine("trends", "tiktok_trends_{stamp}.json", _hashtags()),
)
