"""Too Lost's deliveries, made up: the portal's answers about Spotify and Apple Music, good, odd and bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

from rawzone_assets.samples.sample import Case, Routine, Verdict, figure

Answer = dict[str, Any]
Make = Callable[[date, Random], bytes]
_SPOTIFY_LAG, _APPLE_LAG = 2, 4
_LEAST = 60
_SIGN_IN = b"<!DOCTYPE html>\n<html><head><title>Too Lost - Login</title></head><body></body></html>\n"


def _days(day: date, lag: int, least: int) -> list[date]:
    """January 1 to some days before the capture, in no order, as the portal gives them.

    ``least`` days come in any case, so that samples of early January have days in which something can be wrong.
    """
    last = day - timedelta(days=lag)
    count = max(least, (last - date(day.year, 1, 1)).days + 1)
    days = [last - timedelta(days=n) for n in range(count)]
    # Shuffled by the day alone: captures of one day are byte-identical, as they were at the source.
    Random(f"{lag}/{day}").shuffle(days)
    return days


def _spotify_answer(day: date, least: int) -> Answer:
    days = _days(day, _SPOTIFY_LAG, least)
    return {
        "streams": [{"date": d.isoformat(), "streams": str(figure("toolost/spotify", d))} for d in days],
        "discovery": [],
    }


def _apple_answer(day: date, least: int) -> Answer:
    days = [d for d in _days(day, _APPLE_LAG, least) if (d.month, d.day) != (2, 22)]  # no plays: simply absent
    counts = {d: figure("toolost/apple", d) // 7 for d in days}
    total = sum(counts.values())
    return {
        "totalStreams": [{"date": d.isoformat(), "streams": count} for d, count in counts.items()],
        "totalShazam": [{"date": d.isoformat(), "streams": str(count % 4)} for d, count in counts.items()],
        "tracksTotal": [
            {
                "isrc": f"QZXYZ25{n:05d}",
                "streams": total // 3,
                "track": title,
                "release": title,
                "cover": f"https://covers.example/{n}.jpg",
            }
            for n, title in enumerate(("Paper Lantern", "Café Noir", "Low Tide"))
        ],
        "countryTotal": [{"country": country, "streams": total // 4} for country in ("US", "GB", "DE", "JP")],
        "streamTotal": total,
    }


def _json(answer: Any) -> bytes:
    return json.dumps(answer, indent=2, ensure_ascii=False).encode()


def _wrapped(answer: Answer, day: date, platform: str) -> Answer:
    stamp = f"{day:%Y%m%d}_060308"
    return {"timestamp": stamp, "source": "toolost_cron", "platform": platform, "data": answer}


class _Source:
    """One of the two answers, and how its cases are written down."""

    def __init__(self, feed: str, name: str, own: str, answer: Callable[[date, int], Answer]) -> None:
        self.feed, self.name, self.own, self.answer = feed, name, own, answer

    def case(
        self, title: str, make: Make, *codes: str, verdict: Verdict = "quarantined", name: str = ""
    ) -> Case:
        return Case(
            feed=self.feed,
            folder="toolost",
            name=name or self.name,
            make=make,
            title=title,
            codes=codes,
            verdict=verdict,
        )

    def made(
        self, change: Callable[[Answer, date], Any] = lambda answer, _day: answer, least: int = _LEAST
    ) -> Make:
        """The answer after a change, as the extractor writes it."""
        return lambda day, _rng: _json(change(self.answer(day, least), day))

    def with_day(self, index: int = 3, **members: Any) -> Make:
        """The answer with other members in one of its days."""

        def change(answer: Answer, _day: date) -> Answer:
            answer[self.own][index].update(members)
            return answer

        return self.made(change)

    def extended(self, *rows: Callable[[Answer, date], Any]) -> Make:
        """The answer with further days."""

        def change(answer: Answer, day: date) -> Answer:
            answer[self.own] = [*answer[self.own], *(row(answer, day) for row in rows)]
            return answer

        return self.made(change)

    def old(self, answer: Answer, day: date) -> Answer:
        """The answer as it stood a month before."""
        limit = (day - timedelta(days=30)).isoformat()
        answer[self.own] = [row for row in answer[self.own] if row["date"] <= limit]
        return answer | ({"streamTotal": None} if "streamTotal" in answer else {})

    def refusals(self) -> tuple[Case, ...]:
        """What can be wrong with either answer."""
        own = self.own
        return (
            self.case("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
            self.case("a sign-in page", lambda _day, _rng: _SIGN_IN, "RZ-HTML-INSTEAD"),
            self.case(
                "an answer cut in the middle",
                lambda day, rng: self.made()(day, rng)[: -len(self.made()(day, rng)) // 3],
                "RZ-TRUNCATED",
            ),
            self.case(
                "the answer to an ended session",
                lambda _day, _rng: b'{"message": "Unauthenticated."}',
                "RZ-ERROR-PAYLOAD",
            ),
            self.case(
                "an error inside the wrapper",
                lambda day, _rng: _json(_wrapped({"error": {"code": 429}}, day, self.feed.split("/")[1])),
                "RZ-ERROR-PAYLOAD",
            ),
            self.case(
                "a count that is no number",
                lambda day, rng: self.made()(day, rng).replace(b'"streams": ', b'"streams": NaN, "x": ', 1),
                "RZ-JSON-SYNTAX",
            ),
            self.case(
                "an answer saved as UTF-16",
                lambda day, rng: self.made()(day, rng).decode().encode("utf-16"),
                "RZ-ENCODING",
            ),
            self.case("a list instead of an answer", self.made(lambda answer, _day: [answer]), "RZ-SHAPE"),
            self.case("an answer that is null", lambda _day, _rng: b"null", "RZ-SHAPE"),
            self.case(
                "days that are no list", self.made(lambda answer, _day: answer | {own: "none"}), "RZ-SHAPE"
            ),
            self.case("a negative count", self.with_day(streams=-12), "RZ-NEGATIVE-COUNT"),
            self.case("a negative count in digits", self.with_day(streams="-12"), "RZ-NEGATIVE-COUNT"),
            self.case("a count that is null", self.with_day(streams=None), "RZ-EMPTY-FIELD"),
            self.case(
                "days that are null", self.made(lambda answer, _day: answer | {own: None}), "RZ-EMPTY-FIELD"
            ),
            self.case("a count in words", self.with_day(streams="twelve"), "RZ-VALUE-TYPE"),
            self.case("a day that no calendar has", self.with_day(date="2025-02-30"), "RZ-VALUE-TYPE"),
            self.case("a day without its date", self.extended(lambda *_: {"streams": 1}), "RZ-MISSING-FIELD"),
            self.case("a day twice", self.extended(lambda answer, _day: answer[own][0]), "RZ-REPEATED-DAY"),
            self.case(
                "a day after the capture",
                self.extended(lambda _answer, day: {"date": f"{day + timedelta(days=2)}", "streams": 1}),
                "RZ-FUTURE-DATE",
            ),
            self.case(
                "an answer about another platform, told by its wrapper",
                self.made(lambda answer, day: _wrapped(answer, day, "deezer")),
                "RZ-WRONG-PLATFORM",
            ),
        )


_SPOTIFY = _Source("toolost/spotify", "toolost_spotify_{stamp}.json", "streams", _spotify_answer)
_APPLE = _Source("toolost/analytics", "toolost_apple_{stamp}.json", "totalStreams", _apple_answer)


def _numbers(answer: Answer, _day: date) -> Answer:
    return answer | {"streams": [row | {"streams": int(row["streams"])} for row in answer["streams"]]}


def _without(*names: str) -> Callable[[Answer, date], Answer]:
    return lambda answer, _day: {name: value for name, value in answer.items() if name not in names}


_SPOTIFY_CASES = (
    _SPOTIFY.case("an answer as the portal gives it", _SPOTIFY.made(), verdict="promoted"),
    _SPOTIFY.case(
        "an answer with counts as numbers and no time in its name",
        _SPOTIFY.made(_numbers),
        verdict="promoted",
        name="spotify_metrics_{day}.json",
    ),
    _SPOTIFY.case(
        "an answer in the scheduled extractor's wrapper",
        _SPOTIFY.made(lambda answer, day: _wrapped(answer, day, "spotify")),
        verdict="promoted",
        name="spotify_analytics_{stamp}.json",
    ),
    _SPOTIFY.case(
        "an answer of January 1, with a byte order mark",
        lambda _day, _rng: b"\xef\xbb\xbf" + _json({"streams": [], "discovery": []}),
        "RZ-EMPTY-RESULT",
        verdict="promoted",
    ),
    _SPOTIFY.case(
        "an answer that has stood still for a month",
        _SPOTIFY.made(_SPOTIFY.old),
        "RZ-STALE-DATA",
        verdict="promoted",
    ),
    _SPOTIFY.case(
        "an answer with a new member and without discovery",
        _SPOTIFY.made(lambda answer, day: _without("discovery")(answer, day) | {"saves": []}),
        "RZ-UNKNOWN-FIELD",
        "RZ-OPTIONAL-BLOCK-MISSING",
        verdict="promoted",
    ),
    *_SPOTIFY.refusals(),
    _SPOTIFY.case("an answer without its days", _SPOTIFY.made(_without("streams")), "RZ-MISSING-FIELD"),
    _SPOTIFY.case(
        "the Apple Music answer under Spotify's name",
        lambda day, _rng: _json(_apple_answer(day, _LEAST)),
        "RZ-WRONG-PLATFORM",
    ),
)

_APPLE_CASES = (
    _APPLE.case("an answer as the portal gives it", _APPLE.made(), verdict="promoted"),
    _APPLE.case(
        "an answer in the scheduled extractor's wrapper",
        _APPLE.made(lambda answer, day: _wrapped(answer, day, "apple")),
        verdict="promoted",
        name="apple_analytics_{stamp}.json",
    ),
    _APPLE.case(
        "an answer whose total is not its sum",
        _APPLE.made(lambda answer, _day: answer | {"streamTotal": answer["streamTotal"] + 5}),
        "RZ-TOTAL-MISMATCH",
        verdict="promoted",
        name="toolost_analytics_{stamp}.json",
    ),
    _APPLE.case(
        "an answer without tracks and countries",
        _APPLE.made(_without("tracksTotal", "countryTotal")),
        "RZ-OPTIONAL-BLOCK-MISSING",
        verdict="promoted",
    ),
    _APPLE.case(
        "an answer that has stood still for a month",
        _APPLE.made(_APPLE.old),
        "RZ-STALE-DATA",
        verdict="promoted",
    ),
    _APPLE.case(
        "an answer of January 1",
        lambda _day, _rng: _json(_apple_answer(date(2025, 1, 1), 0)),
        "RZ-EMPTY-RESULT",
        verdict="promoted",
    ),
    *_APPLE.refusals(),
    _APPLE.case("an answer without its days", _APPLE.made(_without("totalStreams")), "RZ-MISSING-FIELD"),
    _APPLE.case(
        "the Spotify answer under Apple Music's name",
        lambda day, _rng: _json(_spotify_answer(day, _LEAST)),
        "RZ-WRONG-PLATFORM",
    ),
)

CASES = (*_SPOTIFY_CASES, *_APPLE_CASES)


def _empty_until(lag: int) -> Callable[[date], tuple[str, ...]]:
    """In the first days of January the window has begun anew and holds nothing yet."""
    return lambda day: ("RZ-EMPTY-RESULT",) if day.month == 1 and day.day <= lag else ()


ROUTINE = (
    Routine(
        feed="toolost/spotify",
        folder="toolost",
        name="toolost_spotify_{stamp}.json",
        make=_SPOTIFY.made(least=0),
        codes=_empty_until(_SPOTIFY_LAG),
    ),
    Routine(
        feed="toolost/analytics",
        folder="toolost",
        name="toolost_apple_{stamp}.json",
        make=_APPLE.made(least=0),
        codes=_empty_until(_APPLE_LAG),
    ),
)
