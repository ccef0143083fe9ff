"""Plans: which files a corpus has, before any of them is made. Everything follows from size and seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from rawzone_assets.samples import Case, Routine, cases, routines

LAST_DAY = date(2025, 6, 12)
_FIRST_CAPTURE, _BETWEEN_CAPTURES, _SECONDS_A_DAY = 600, 997, 86_400
_KINDS_OF_BROKEN = frozenset(
    {
        "RZ-EMPTY-FILE",
        "RZ-HTML-INSTEAD",
        "RZ-SIGN-IN-PAGE",
        "RZ-TRUNCATED",
        "RZ-MISSING-FIELD",
        "RZ-NEGATIVE-COUNT",
        "RZ-VALUE-TYPE",
    }
)
# What takes a rule of its feed that the yardsticks do without.
_BEYOND_YARDSTICKS = frozenset(
    {
        "a report cut inside its last cell",
        "insights of nothing named",
        "breakdowns without a metric",
        "a day of another language",
        "views in a string",
        "half a view",
        "a day that no calendar has",
        "negative views",
    }
)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many files of which names, and about how long each is in thousands of bytes (0: as samples are)."""

    shares: Mapping[str, tuple[int, int]]  # by name template
    days: int
    copies: int
    broken: int


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One file to be made. ``template`` names its routine, or ``case`` the title of a broken one."""

    path: str
    feed: str
    kind: str
    day: date
    template: str = ""
    case: str = ""
    minute: int = 0
    length: int = 0
    dice: str = ""  # what seeds its content: the path of the file that a copy copies


_M: dict[str, tuple[int, int]] = {
    "streams_stats_{stamp}.html": (1190, 152),
    "applemusic_stats_{stamp}.html": (1190, 152),
    "toolost_spotify_{stamp}.json": (850, 55),
    "toolost_apple_{stamp}.json": (950, 80),
    "graphql_{stamp}_257580.json": (760, 70),
    "channel_analytics_{stamp}.json": (760, 55),
    "campaigns.json": (428, 45),
    "adsets.json": (428, 45),
    "ads.json": (428, 45),
    "insights.json": (428, 45),
    "audience_insights_{stamp}.json": (95, 30),
    "tiktok_trends_{stamp}.json": (114, 20),
    "spotify_songs_4xExampleArtist0000001_1year_{stamp}.json": (95, 20),
    "Overview_{first}_{epoch}_example.artist.zip": (238, 0),
    "tiktok_analytics_{stamp}.csv": (238, 0),
    "tiktok_followers_{stamp}.csv": (238, 0),
    "tiktok_viewers_{stamp}.csv": (190, 0),
    "tiktok_activity_{stamp}.csv": (141, 0),
    "video_performance_{stamp}.csv": (190, 60),
    "spotify_audience_4xExampleArtist0000001_{stamp}.csv": (190, 100),
    "metaads_campaign_daily_{stamp}.csv": (190, 60),
    "@{month}-{number}.csv": (95, 60),
    "sales_report_{stamp}.tsv": (76, 1000),
}
_TINY = ("tiktok_trends_{stamp}.json", "audience_insights_{stamp}.json")

SIZES: Mapping[str, Size] = {
    "ci": Size(
        shares={name: (2, mean) for name, (_, mean) in _M.items()}
        | {"sales_report_{stamp}.tsv": (1, 50), "Overview_{first}_{epoch}_example.artist.zip": (1, 0)},
        days=2,
        copies=2,
        broken=14,
    ),
    "S": Size(
        shares={name: (round(files / 10), mean) for name, (files, mean) in _M.items()}
        | {"toolost_spotify_{stamp}.json": (91, 55)},
        days=100,
        copies=29,
        broken=12,
    ),
    "M": Size(shares=_M, days=365, copies=361, broken=137),
    "T": Size(shares=dict.fromkeys(_TINY, (10_000, 0)), days=257, copies=0, broken=0),
    "D": Size(shares={_TINY[1]: (60_000, 0)}, days=60, copies=0, broken=0),
}
"""60 files for the tests, 1,000, 10,000 (1.2 GB), 20,000 tiny ones; 60,000 of one feed, a thousand a day."""


def plan(size: Size, *, seed: int) -> list[Planned]:
    """All files of a corpus: the good ones, copies of some under another name, and broken ones."""
    dice = Random(f"plan/{seed}")
    by_name = {routine.name: routine for routine in routines()}
    taken: set[str] = set()
    files = []
    for name, (count, mean) in size.shares.items():
        for number in range(count):
            day = LAST_DAY - timedelta(days=number % size.days)
            length = _length(name, mean, (number + dice.random()) / count)
            files.append(_good(by_name[name], day, number // size.days, length, taken))
    originals = dice.sample(files, size.copies)
    files += [_copy(by_name[original.template], original, taken) for original in originals]
    files += _broken(size, dice, taken)
    return files


def broken_cases() -> list[Case]:
    """The broken deliveries that corpora choose from."""
    return [
        case
        for case in cases()
        if case.verdict == "quarantined"
        and set(case.codes[:1]) <= _KINDS_OF_BROKEN
        and case.title not in _BEYOND_YARDSTICKS
        and "{" in case.name
    ]


def routine_named(template: str) -> Routine:
    return next(routine for routine in routines() if routine.name == template)


def case_titled(feed: str, title: str) -> Case:
    return next(case for case in cases() if (case.feed, case.title) == (feed, title))


def _length(name: str, mean: int, place: float) -> int:
    """Most files are about as long as their kind; reports have from one to fifty megabytes, mostly few.

    ``place`` from 0 to 1 says where among the files of its kind: sizes differ, their sum hardly.
    """
    if name.endswith(".tsv"):
        return int(1000 * mean * 50 ** (place**3.3))
    return int(1000 * mean * (0.5 + place))


def _good(routine: Routine, day: date, capture: int, length: int, taken: set[str]) -> Planned:
    path = _free(routine, day, capture, taken)
    return Planned(
        path=path,
        feed=routine.feed,
        kind=path.rpartition(".")[2],
        day=day,
        template=routine.name,
        length=length,
        dice=path,
    )


def _copy(routine: Routine, original: Planned, taken: set[str]) -> Planned:
    """The same bytes as captured again later that day."""
    path = _free(routine, original.day, 40, taken)
    return Planned(
        path=path,
        feed=original.feed,
        kind=original.kind,
        day=original.day,
        template=original.template,
        length=original.length,
        dice=original.dice,
    )


def _free(routine: Routine, day: date, capture: int, taken: set[str]) -> str:
    for attempt in clocks(capture):
        path = routine.path_at(day, f"{day:%Y%m%d}_{attempt}")
        if path not in taken:
            taken.add(path)
            return path
    raise AssertionError("a day has enough seconds for every capture")


def clocks(capture: int) -> Iterator[str]:
    """The seconds of a day as names tell them, each once: first that of a feed's capture of that number."""
    for later in range(_SECONDS_A_DAY):
        second = (_FIRST_CAPTURE + capture * _BETWEEN_CAPTURES + later) % _SECONDS_A_DAY
        yield f"{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}"


def _broken(size: Size, dice: Random, taken: set[str]) -> Iterator[Planned]:
    """Broken files of some kinds, in turn over all that samples know; the same one may come on several days."""
    known = broken_cases()
    dice.shuffle(known)
    for number in range(size.broken):
        case = known[number % len(known)]
        day = LAST_DAY - timedelta(days=dice.randrange(size.days))
        minute = number % 600
        while (path := case.path_at(day, minute)) in taken:
            minute += 1
        taken.add(path)
        yield Planned(
            path=path,
            feed=case.feed,
            kind="broken",
            day=day,
            case=case.title,
            minute=minute,
            dice=path,
        )
