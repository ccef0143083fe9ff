"""TikTok's overviews, made up: as table, as archive and as an API's answer, good, odd and bad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from rawzone_assets.samples import tiktok_exports as exports
from rawzone_assets.samples.quoted_tables import Table
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

_ZIP = "Overview_{first}_{epoch}_example.artist.zip"
_NOT_OK: dict[str, Any] = {
    "data": {},
    "error": {"code": "access_token_invalid", "message": "", "log_id": "20240522"},
}


def _zip(change: Change = same, *, lag: int = 0, deflated: bool = False) -> Make:
    """An archive whose rows end on the capture day, as the name says."""
    return lambda day, _rng: exports.zipped(
        [("Overview.csv", change(exports.overview(day, lag=lag), day).encoded())], deflated=deflated, day=day
    )


def _members(*names: str) -> Make:
    return lambda day, _rng: exports.zipped([(name, exports.overview(day, lag=0).encoded()) for name in names])


def _in_language(write: Callable[[date], str], lag: int = 2) -> Change:
    def change(table: Table, day: date) -> Table:
        count = len(table.rows)
        for row in range(count):
            table.set(row, "Date", write(day - timedelta(days=lag + count - 1 - row)))
        return table

    return change


_table = cases_of("analytics", "tiktok_analytics_{stamp}.csv")
_archive = cases_of("analytics", _ZIP)
_answer = cases_of("analytics", "tiktok_analytics_{stamp}.json")

_TABLES = (
    _table("an overview as the studio writes it", overview(), verdict="promoted"),
    _table(
        "an overview of a whole year",
        exported(lambda day: exports.overview(day, length=365)),
        verdict="promoted",
    ),
    _table("an overview in Spanish", overview(_in_language(exports.spanish)), verdict="promoted"),
    _table("an overview in Vietnamese", overview(_in_language(exports.vietnamese)), verdict="promoted"),
    _table(
        "an overview in a language nobody knows",
        overview(_in_language(exports.unknown)),
        "RZ-DATES-UNREADABLE",
        verdict="promoted",
    ),
    _table(
        "an overview with undefined views and a new column",
        overview(lambda table, _day: table.set(0, "Video Views", "undefined").add("Saves", "1")),
        "RZ-UNKNOWN-FIELD",
        verdict="promoted",
    ),
    _table(
        "an overview whose views and likes have changed places",
        overview(
            lambda table, _day: replace(
                table, header=["Date", "Likes", "Profile Views", "Video Views", *table.header[4:]]
            )
        ),
        "RZ-PART-ABOVE-WHOLE",
        verdict="promoted",
    ),
    _table(
        "an overview without any views yet",
        overview(lambda table, _day: table.set_all("Video Views", "undefined")),
        "RZ-EMPTY-RESULT",
        verdict="promoted",
    ),
    _table(
        "an overview of a small account",
        overview(with_rows(lambda _: [])),
        "RZ-EMPTY-RESULT",
        verdict="promoted",
    ),
    _table(
        "an overview whose newest day is old",
        exported(lambda day: exports.overview(day, lag=40)),
        "RZ-STALE-DATA",
        verdict="promoted",
    ),
    _table("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _table("a sign-in page", lambda _day, _rng: SIGN_IN, "RZ-HTML-INSTEAD"),
    _table("an overview cut inside a cell", damaged(overview(), lambda data: data[:-1]), "RZ-TRUNCATED"),
    _table("an overview cut inside a row", damaged(overview(), lambda data: data[:-7]), "RZ-TRUNCATED"),
    _table(
        "an overview without shares", overview(lambda table, _day: table.drop("Shares")), "RZ-MISSING-FIELD"
    ),
    _table("negative views", overview(with_cell("Video Views", "-4")), "RZ-NEGATIVE-COUNT"),
    _table("blank views", overview(with_cell("Video Views", "")), "RZ-EMPTY-FIELD"),
    _table("views in words", overview(with_cell("Video Views", "1.2K")), "RZ-VALUE-TYPE"),
    _table("a day that no calendar has", overview(with_cell("Date", "February 30")), "RZ-VALUE-TYPE"),
    _table("a sum among the days", overview(with_cell("Date", "Total")), "RZ-VALUE-TYPE"),
    _table("a day of another language", overview(with_cell("Date", "28 Buzz")), "RZ-VALUE-TYPE"),
    _table("a day rewritten by a spreadsheet", overview(with_cell("Date", "28-May")), "RZ-SPREADSHEET-DAMAGE"),
    _table("a day twice", overview(with_rows(lambda rows: [*rows, rows[-1]])), "RZ-REPEATED-DAY"),
    _table("days after the capture", exported(lambda day: exports.overview(day, lag=-5)), "RZ-FUTURE-DATE"),
    _table(
        "an overview saved as UTF-16",
        damaged(overview(), lambda data: data.decode("utf-8-sig").encode("utf-16")),
        "RZ-ENCODING",
    ),
)

_ARCHIVES = (
    _archive("an archive as the studio makes it", _zip(), verdict="promoted"),
    _archive("a deflated archive", _zip(deflated=True), verdict="promoted"),
    _archive(
        "an archive of other days than its name says", _zip(lag=5), "RZ-WINDOW-MISMATCH", verdict="promoted"
    ),
    _archive("a sign-in page under an archive's name", lambda _day, _rng: SIGN_IN, "RZ-HTML-INSTEAD"),
    _archive(
        "an archive cut in the middle", damaged(_zip(), lambda data: data[: len(data) // 2]), "RZ-TRUNCATED"
    ),
    _archive(
        "an archive with a damaged byte",
        damaged(_zip(), lambda data: data.replace(b"Shares", b"sHares", 1)),
        "RZ-ARCHIVE",
    ),
    _archive("a table under an archive's name", overview(), "RZ-ARCHIVE"),
    _archive("an archive of another export", _members("Content.csv"), "RZ-ARCHIVE-MEMBERS"),
    _archive(
        "an archive packed again", _members("Overview.csv", "__MACOSX/._Overview.csv"), "RZ-ARCHIVE-MEMBERS"
    ),
    _archive("an archive that leads out", _members("../Overview.csv"), "RZ-ARCHIVE"),
    _archive(
        "an archive that unpacks to megabytes",
        lambda _day, _rng: exports.zipped([("Overview.csv", bytes(8 * 2**20))], deflated=True),
        "RZ-TOO-LARGE",
    ),
    _archive("an archive of a bad table", _zip(with_cell("Likes", "many")), "RZ-VALUE-TYPE"),
    _archive(
        "an archive of a web page",
        lambda _day, _rng: exports.zipped([("Overview.csv", SIGN_IN)]),
        "RZ-HTML-INSTEAD",
    ),
)

_ANSWERS = (
    _answer(
        "an API's answer",
        answering(
            {"data": {"user": {"follower_count": 1204}}, "error": {"code": "ok", "message": "", "log_id": "1"}}
        ),
        verdict="promoted",
    ),
    _answer(
        "an empty answer",
        answering({"data": {}, "error": {"code": "ok"}}),
        "RZ-EMPTY-RESULT",
        verdict="promoted",
    ),
    _answer("an answer to an invalid token", answering(_NOT_OK), "RZ-ERROR-PAYLOAD"),
    _answer("a message without data", answering({"message": "rate limited"}), "RZ-ERROR-PAYLOAD"),
    _answer(
        "one page of many",
        answering({"data": {"videos": [{"id": "1"}], "cursor": 20, "has_more": True}}),
        "RZ-MORE-PAGES",
    ),
    _answer(
        "an answer of Linktree's",
        answering({"data": {"getAccountAnalytics": {"overview": {"totalViews": 12}}}}),
        "RZ-WRONG-PLATFORM",
    ),
    _answer(
        "trends under the name of analytics",
        answering({"code": 0, "data": {"list": [{"hashtag_id": "71", "hashtag_name": "lantern"}]}}),
        "RZ-OTHER-OPERATION",
    ),
    _answer("an answer without data", answering({"code": 0, "request_id": "1"}), "RZ-MISSING-FIELD"),
    _answer("an answer cut short", lambda _day, _rng: b'{"data": {"user":', "RZ-TRUNCATED"),
    _answer("an answer that is a list", answering([1]), "RZ-SHAPE"),
)

CASES = (*_TABLES, *_ARCHIVES, *_ANSWERS)

ROUTINE = (
    routine("analytics", _ZIP, _zip()),
    routine("analytics", "tiktok_analytics_{stamp}.csv", overview(), weekday=3),
)
