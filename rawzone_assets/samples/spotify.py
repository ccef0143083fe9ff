"""Spotify for Artists' deliveries, made up: timelines, songs, and what goes wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from rawzone_assets.samples.quoted_tables import Table
from rawzone_assets.samples.sample import Case, Routine, Verdict, days_back, figure

Make = Callable[[date, Random], bytes]
Change = Callable[[Table, date], Table]
Songs = list[dict[str, Any]]
_FEED = "social_media/spotify"
_ARTIST = "4xExampleArtist0000001"
_AUDIENCE = f"spotify_audience_{_ARTIST}_{{stamp}}.csv"
_SONGS = f"spotify_songs_{_ARTIST}_28day_{{stamp}}.csv"
_SONG_LIST = f"spotify_songs_{_ARTIST}_1year_{{stamp}}.json"
_ANY = "artist_metrics_{stamp}.json"
_SIGN_IN = b"<!DOCTYPE html>\n<html><head><title>Login - Spotify</title></head><body></body></html>\n"
_TITLES = ("Paper Lantern", 'Low "Tide", slow', "Café Noir", "夜の窓", "Paper Lantern")


def _same(table: Table, _day: date) -> Table:
    return table


def _timeline(change: Change = _same, *, lag: int = 1, length: int = 400) -> Make:
    """Zeros before the first release, and followers that fall now and then."""

    def make(day: date, _rng: Random) -> bytes:
        rows = []
        for d in days_back(day - timedelta(days=lag), length):
            streams = figure("spotify", d) if d.toordinal() % 365 > 20 else 0
            followers = d.toordinal() // 200 - d.toordinal() % 3
            rows.append([d.isoformat(), str(streams // 3), str(streams), str(followers)])
        header = ["date", "listeners", "streams", "followers"]
        return change(Table(header=header, rows=rows, quote_all=False, final_newline=True), day).encoded()

    return make


def _many(rows: list[list[str]]) -> list[list[str]]:
    """Songs enough that their order is no chance."""
    return [[f"{row[0]} {take}", *row[1:]] for take in range(1, 5) for row in rows]


def _songs(change: Change = _same) -> Make:
    def make(day: date, rng: Random) -> bytes:
        rows = [
            [
                title,
                str(rng.randint(10, 900)),
                str(rng.randint(900, 9000)),
                str(rng.randint(0, 90)),
                f"2024-0{n + 1}-17",
            ]
            for n, title in enumerate(_TITLES)
        ]
        header = ["song", "listeners", "streams", "saves", "release_date"]
        return change(Table(header=header, rows=rows, quote_all=False, final_newline=True), day).encoded()

    return make


def _song_list(change: Callable[[Songs], Any] = lambda songs: {"data": {"songs": songs}}) -> Make:
    def make(_day: date, rng: Random) -> bytes:
        songs = [
            {
                "id": f"5xExampleTrack000000{n:02d}",
                "trackName": title,
                "trackUri": f"spotify:track:5xExampleTrack000000{n:02d}",
                "releaseDate": f"2024-0{n + 1}-17",
                "imageUrl": f"https://covers.example/{n}.jpg",
                "numStreams": str(rng.randint(900, 9000)),
                "numListeners": str(rng.randint(10, 900)),
                "numSavers": str(rng.randint(0, 90)),
                "numCanvasViews": "0",
                "isDisabled": False,
            }
            for n, title in enumerate(_TITLES)
        ]
        return json.dumps(change(songs), ensure_ascii=False).encode()

    return make


def _with_first(**members: Any) -> Callable[[Songs], Any]:
    return lambda songs: {"songs": [songs[0] | members, *songs[1:]]}


def _cell(column: str, text: str, row: int = 2) -> Change:
    return lambda table, _day: table.set(row, column, text)


def _rows(change: Callable[[list[list[str]]], list[list[str]]]) -> Change:
    return lambda table, _day: replace(table, rows=change(table.rows))


def _nine_columns(table: Table, _day: date) -> Table:
    for name in ("monthly listeners", "monthly active listeners", "super listeners", "playlist adds", "saves"):
        table.add(name, "12")
    order = [1, 4, 0, 5, 2, 6, 7, 8, 3]
    return replace(
        table, header=[table.header[n] for n in order], rows=[[row[n] for n in order] for row in table.rows]
    )


def _saved_again(table: Table, day: date) -> Table:
    """What a spreadsheet makes of a timeline."""
    first = day - timedelta(days=len(table.rows))
    for row in range(len(table.rows)):
        written = first + timedelta(days=row)
        table.set(row, "date", f"{written.month}/{written.day}/{written.year}")
    return replace(table, encoding="utf-8", newline="\r\n")


def _text(answer: Any) -> Make:
    return lambda _day, _rng: json.dumps(answer).encode()


def _bytes(make: Make, change: Callable[[bytes], bytes]) -> Make:
    return lambda day, rng: change(make(day, rng))


def _case(name: str, title: str, make: Make, *codes: str, verdict: Verdict = "quarantined") -> Case:
    return Case(feed=_FEED, folder=_FEED, name=name, make=make, title=title, codes=codes, verdict=verdict)


_TIMELINES = (
    _case(_AUDIENCE, "a timeline as the page exports it", _timeline(), verdict="promoted"),
    _case(
        _AUDIENCE, "a timeline of nine columns in another order", _timeline(_nine_columns), verdict="promoted"
    ),
    _case(
        _AUDIENCE,
        "a timeline of a single track",
        _timeline(lambda table, _day: table.drop("listeners", "followers")),
        verdict="promoted",
    ),
    replace(
        _case(
            "Example Artist-audience-timeline.csv",
            "a timeline under the site's own name, in a stamped folder",
            _timeline(),
            verdict="promoted",
        ),
        folder="social_media/spotify/{stamp}",
    ),
    replace(
        _case(
            "spotify_audience_{stamp}.csv",
            "a timeline of nobody knows whom, in the old folder",
            _timeline(),
            "RZ-OWNER-UNKNOWN",
            verdict="promoted",
        ),
        folder="spotify",
    ),
    _case(
        _AUDIENCE,
        "a timeline before the first release",
        _timeline(lambda table, _day: table.set_all("streams", "0").set_all("listeners", "0")),
        "RZ-ALL-ZERO",
        verdict="promoted",
    ),
    _case(
        _AUDIENCE,
        "a timeline with a gap and a new column",
        _timeline(
            lambda table, _day: replace(table, rows=table.rows[:50] + table.rows[55:]).add("shares", "1")
        ),
        "RZ-DAYS-MISSING",
        "RZ-UNKNOWN-FIELD",
        verdict="promoted",
    ),
    _case(_AUDIENCE, "an old timeline", _timeline(lag=30), "RZ-STALE-DATA", verdict="promoted"),
    _case(
        _AUDIENCE,
        "a timeline without rows",
        _timeline(_rows(lambda _: [])),
        "RZ-EMPTY-RESULT",
        verdict="promoted",
    ),
    _case(_AUDIENCE, "no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _case(_AUDIENCE, "a sign-in page", lambda _day, _rng: _SIGN_IN, "RZ-HTML-INSTEAD"),
    _case(
        _AUDIENCE, "a timeline saved again by a spreadsheet", _timeline(_saved_again), "RZ-SPREADSHEET-DAMAGE"
    ),
    _case(
        _AUDIENCE,
        "a timeline saved again with semicolons",
        _timeline(lambda table, _day: replace(table, delimiter=";")),
        "RZ-TABLE-SYNTAX",
    ),
    _case(
        _AUDIENCE,
        "a timeline without streams",
        _timeline(lambda table, _day: table.drop("streams")),
        "RZ-MISSING-FIELD",
    ),
    _case(_AUDIENCE, "a timeline cut short", _bytes(_timeline(), lambda data: data[:-9]), "RZ-TRUNCATED"),
    _case(_AUDIENCE, "a day twice", _timeline(_rows(lambda rows: [*rows, rows[-1]])), "RZ-REPEATED-DAY"),
    _case(_AUDIENCE, "days after the capture", _timeline(lag=-3), "RZ-FUTURE-DATE"),
    _case(_AUDIENCE, "negative listeners", _timeline(_cell("listeners", "-1")), "RZ-NEGATIVE-COUNT"),
    _case(_AUDIENCE, "blank streams", _timeline(_cell("streams", "")), "RZ-EMPTY-FIELD"),
    _case(_AUDIENCE, "streams in words", _timeline(_cell("streams", "1.2K")), "RZ-VALUE-TYPE"),
    _case(_AUDIENCE, "a day that no calendar has", _timeline(_cell("date", "2025-02-30")), "RZ-VALUE-TYPE"),
)

_SONG_TABLES = (
    _case(_SONGS, "songs as the page exports them", _songs(), verdict="promoted"),
    _case(
        f"spotify_songs_{_ARTIST}_all_{{stamp}}.csv",
        "songs of all time, without listeners",
        _songs(lambda table, _day: table.set_all("listeners", "0").set_all("saves", "0")),
        "RZ-ALL-ZERO",
        verdict="promoted",
    ),
    _case(
        _SONGS,
        "songs listed twice",
        _songs(lambda table, _day: replace(table, rows=_many(table.rows) * 2)),
        "RZ-REPEATED-ROWS",
        verdict="promoted",
    ),
    _case(_SONGS, "songs under a web page's answer", lambda _day, _rng: _SIGN_IN, "RZ-HTML-INSTEAD"),
    _case(
        _SONGS, "songs without streams", _songs(lambda table, _day: table.drop("streams")), "RZ-MISSING-FIELD"
    ),
    _case(_SONGS, "a song without its title", _songs(_cell("song", "")), "RZ-EMPTY-FIELD"),
    _case(
        _SONGS,
        "a release date rewritten",
        _songs(_cell("release_date", "5/17/2024")),
        "RZ-SPREADSHEET-DAMAGE",
        "RZ-VALUE-UNUSUAL",
    ),
    _case(_SONGS, "negative saves", _songs(_cell("saves", "-2")), "RZ-NEGATIVE-COUNT"),
)

_SONG_LISTS = (
    _case(_SONG_LIST, "songs as the extractor saved them", _song_list(), verdict="promoted"),
    _case(
        _SONG_LIST,
        "songs that nobody listened to",
        _song_list(lambda songs: {"songs": [song | {"numListeners": "0"} for song in songs]}),
        "RZ-ALL-ZERO",
        verdict="promoted",
    ),
    _case(
        _SONG_LIST,
        "songs without the outer object",
        _song_list(lambda songs: {"songs": songs}),
        verdict="promoted",
    ),
    _case(_SONG_LIST, "no songs", _song_list(lambda _: {"songs": []}), "RZ-EMPTY-RESULT", verdict="promoted"),
    _case(
        _SONG_LIST,
        "an error answer",
        _text({"error": {"status": 401, "message": "expired"}}),
        "RZ-ERROR-PAYLOAD",
    ),
    _case(_SONG_LIST, "songs cut short", _bytes(_song_list(), lambda data: data[:-30]), "RZ-TRUNCATED"),
    _case(_SONG_LIST, "an answer without songs", _song_list(lambda _: {"data": {}}), "RZ-MISSING-FIELD"),
    _case(_SONG_LIST, "songs that are no list", _song_list(lambda _: {"songs": "none"}), "RZ-SHAPE"),
    _case(
        _SONG_LIST,
        "a song twice",
        _song_list(lambda songs: {"songs": [*songs, songs[0]]}),
        "RZ-REPEATED-RECORD",
    ),
    _case(_SONG_LIST, "negative streams", _song_list(_with_first(numStreams="-1")), "RZ-NEGATIVE-COUNT"),
    _case(
        _SONG_LIST, "streams of a song in words", _song_list(_with_first(numStreams="many")), "RZ-VALUE-TYPE"
    ),
)

_METRICS = (
    _case(_ANY, "metrics of some form", _text({"monthlyListeners": 1204}), verdict="promoted"),
    _case(_ANY, "metrics that are an error", _text({"message": "Unauthorized"}), "RZ-ERROR-PAYLOAD"),
    _case(_ANY, "metrics without anything", _text({}), "RZ-SHAPE"),
    _case(_ANY, "metrics that were not got", _text({"success": False}), "RZ-ERROR-PAYLOAD"),
    _case(_ANY, "metrics of a channel", _text({"columnHeaders": [], "rows": []}), "RZ-WRONG-PLATFORM"),
)

CASES = (*_TIMELINES, *_SONG_TABLES, *_SONG_LISTS, *_METRICS)

ROUTINE = (
    Routine(feed=_FEED, folder=_FEED, name=_AUDIENCE, make=_timeline(), weekday=1),
    Routine(feed=_FEED, folder=_FEED, name=_SONG_LIST, make=_song_list(), weekday=1),
)
