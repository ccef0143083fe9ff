"""Enlarging: a sample made as long as a real delivery, and still valid. Its figures follow from the dice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

import orjson

from rawzone_assets.samples.sample import figure

Enlarge = Callable[[bytes, int, Random], bytes]
"""Called with a sample, the length wanted, and dice; what is longer already is at most freshened."""

_WORDS = (
    "Paper",
    "Lantern",
    "Low",
    "Tide",
    "Café",
    "Noir",
    "Sommer",
    "Winter",
    "夜の窓",
    "Rooftop",
    "Slow",
    "Red",
)
_POOL = 2_000


def enlarged(template: str, data: bytes, length: int, dice: Random) -> bytes:
    """The sample of that name with more rows, until it is about ``length`` bytes long."""
    enlarge = _BY_NAME.get(template)
    return enlarge(data, length, dice) if enlarge else data


def _page(data: bytes, length: int, dice: Random) -> bytes:
    """A page with its list of tracks, one table row each."""
    rows = dice.choices(_track_rows(), k=max(length - len(data), 0) // 270 + 1)
    before, mark, after = data.rpartition(b"</body>")
    return b"".join((before, b'<table class="tracks">\r\n', *rows, b"</table>", mark, after))


@cache
def _track_rows() -> Sequence[bytes]:
    dice = Random("tracks")
    return [
        (
            f'<tr class="track"><td><img src="/c/{_token(dice)}.jpg"></td><td><a href="/t/{_token(dice)}">'
            f"{_title(dice)}</a></td><td>QZXYZ25{dice.randrange(10**5):05d}</td>"
            + "".join(f'<td class="r">{dice.randrange(90_000):,}</td>' for _ in range(5))
            + "</tr>\r\n"
        ).encode()
        for _ in range(_POOL)
    ]


def _token(dice: Random) -> str:
    return f"{dice.getrandbits(80):020x}"


def _title(dice: Random) -> str:
    return " ".join(dice.choices(_WORDS, k=3))


def _document(
    add: Callable[[Any, int, Random], None], each: int, *, indent: bool
) -> Callable[[bytes, int, Random], bytes]:
    """``add`` so many records, of ``each`` bytes, to the document."""

    def enlarge(data: bytes, length: int, dice: Random) -> bytes:
        document = orjson.loads(data)
        add(document, max(length - len(data), 0) // each, dice)
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 if indent else None)

    return enlarge


def _earlier(first: str, count: int) -> list[date]:
    day = date.fromisoformat(first)
    return [day - timedelta(days=n) for n in range(1, count + 1)]


def _streams(answer: dict[str, Any], count: int, _dice: Random) -> None:
    first = min((row["date"] for row in answer["streams"]), default="2025-01-01")
    answer["streams"] += [
        {"date": day.isoformat(), "streams": str(figure("toolost/spotify", day))}
        for day in _earlier(first, count)
    ]


def _tracks(answer: dict[str, Any], count: int, dice: Random) -> None:
    for _ in range(count):
        number, title = dice.randrange(10**5), _title(dice)
        answer["tracksTotal"].append(
            {
                "isrc": f"QZXYZ25{number:05d}",
                "streams": dice.randrange(90_000),
                "track": title,
                "release": title,
                "cover": f"https://covers.example/{_token(dice)}.jpg",
            }
        )


def _activity(answer: dict[str, Any], count: int, dice: Random) -> None:
    overview = answer["data"]["getAccountAnalytics"]["overview"]
    rows = overview["timeseries"]
    days = _earlier(rows[0]["date"], count)[::-1]
    added = [rows[n % len(rows)] | _views(dice) | {"date": day.isoformat()} for n, day in enumerate(days)]
    overview["timeseries"] = [*added, *rows]
    for name in ("totalViews", "totalClicks"):
        overview[name] += sum(row[name] for row in added)


def _views(dice: Random) -> dict[str, Any]:
    views = dice.randrange(1, 5000)
    clicks = dice.randrange(views)
    return {
        "totalViews": views,
        "totalClicks": clicks,
        "uniqueViews": views * 4 // 5,
        "uniqueClicks": clicks * 3 // 4,
        "clickThroughRate": clicks / views,
    }


def _result_rows(answer: dict[str, Any], count: int, dice: Random) -> None:
    rows = answer["rows"]
    days = _earlier(rows[0][0], count)[::-1]
    added = [[day.isoformat(), *(_near(cell, dice) for cell in dice.choice(rows)[1:])] for day in days]
    answer["rows"] = [*added, *rows]


def _near(cell: float, dice: Random) -> float:
    """Another figure of the same kind."""
    return abs(cell) + dice.randrange(900) if isinstance(cell, int) else dice.uniform(20, 80)


def _nodes(records: list[dict[str, Any]], count: int, dice: Random) -> None:
    """More campaigns, ad sets or ads, or more insights of them."""
    member = "id" if "id" in records[0] else "adset_id"
    models = list(records)
    start = dice.randrange(10**4)
    for number in range(count + 1):
        record = dice.choice(models) | {member: f"1300{start:06d}{number:05d}{dice.randrange(1000):03d}"}
        if "name" in record:
            record["name"] = f"{_title(dice)} {_token(dice)[:8]}"
        records.append(record | _measured(record, dice))


def _audience(records: list[dict[str, Any]], count: int, dice: Random) -> None:
    models = list(records)
    start = dice.randrange(10**5)
    records[0] |= {"impressions": str(dice.randrange(10**6))}
    for number in range(count):
        record = models[number % len(models)] | {"campaign_id": f"1300{start:06d}{number:05d}000"}
        records.append(record | _measured(record, dice))


def _measured(record: dict[str, Any], dice: Random) -> dict[str, str]:
    """Other figures where the record has any."""
    made = {
        "spend": f"{dice.uniform(1, 900):.2f}",
        "impressions": str(dice.randrange(10**6)),
        "cpc": f"{dice.random():.6f}",
        "ctr": f"{dice.uniform(0, 9):.6f}",
        "reach": str(dice.randrange(10**5)),
    }
    return {name: figure for name, figure in made.items() if name in record}


def _hashtags(answer: dict[str, Any], count: int, dice: Random) -> None:
    tags = answer["data"]["list"]
    models = list(tags)
    tags[0] |= {"video_views": dice.randrange(10**8)}
    for number in range(count):
        names = {"hashtag_id": f"{170_000 + number}", "hashtag_name": f"{_title(dice)} {number}"}
        tags.append(models[number % len(models)] | names)


def _songs(answer: dict[str, Any], count: int, dice: Random) -> None:
    songs = answer["data"]["songs"]
    models = list(songs)
    for number in range(count):
        streams = {"numStreams": str(dice.randrange(10**5))}
        songs.append(models[number % len(models)] | {"id": f"6xExampleTrack{number:08d}"} | streams)


def _table(row: Callable[[list[bytes], int, Random], bytes], newline: bytes) -> Enlarge:
    """A table with more rows, each made from one that it has."""

    def enlarge(data: bytes, length: int, dice: Random) -> bytes:
        header, *lines = data.rstrip().split(newline)
        models = [line for line in lines if line.count(b",") >= header.count(b",")]  # whole rows
        each = len(data) // len(models)
        count = max(length - len(data), 0) // each
        rows = (row(dice.choice(models).split(b","), number, dice) for number in range(count))
        return newline.join((data.rstrip(), *rows)) + (newline if data.endswith(newline) else b"")

    return enlarge


def _post(cells: list[bytes], number: int, dice: Random) -> bytes:
    link = f'"https://www.tiktok.com/@example.artist/video/76{number:017d}"'.encode()
    figures = [f'"{dice.randrange(9000)}"'.encode() for _ in range(4)]
    return b",".join((cells[0], f'"{_title(dice)}"'.encode(), link, cells[0], *figures))


def _campaign_day(cells: list[bytes], number: int, dice: Random) -> bytes:
    figures = [f"{dice.uniform(1, 900):.6f}".encode() for _ in range(2)]
    return b",".join((cells[0], f"1300000000{number:05d}000".encode(), *cells[2:5], *figures, *cells[7:]))


def _sale(cells: list[bytes], number: int, dice: Random) -> bytes:
    price = f"{dice.random():.10f}".encode()
    return b",".join((f"{dice.randrange(10**9)}{number:06d}".encode(), *cells[1:-5], price, *cells[-4:]))


def _timeline(data: bytes, length: int, _dice: Random) -> bytes:
    """Earlier days go before the first one: a timeline ascends."""
    header, newline, rows = data.partition(b"\n")
    first = rows[:10].decode()
    days = _earlier(first, max(length - len(data), 0) // 24)[::-1]
    added = [
        f"{day.isoformat()},{figure('spotify', day) // 3},{figure('spotify', day)},{day.toordinal() // 200}\n"
        for day in days
    ]
    return b"".join((header, newline, "".join(added).encode(), rows))


def _report(data: bytes, length: int, dice: Random) -> bytes:
    """Years of earnings: every row one of some thousand, with earnings of its own."""
    header, *models = data.rstrip(b"\r").split(b"\r")
    tracks = [
        (_title(dice), f"QZXYZ{dice.randrange(10**7):07d}", f"{dice.randrange(10**12):012d}")
        for _ in range(300)
    ]
    pool = [_earning(dice.choice(models[4:]), dice.choice(tracks), dice) for _ in range(4 * _POOL)]
    rows = dice.choices(pool, k=max(length - len(data), 0) // (len(data) // len(models)))
    return b"\r".join((header, *models, *rows)) + b"\r"


def _earning(row: bytes, track: tuple[str, str, str], dice: Random) -> bytes:
    """A report's row about another track, with an amount of its own."""
    cells = row.split(b"\t")
    cells[4:7] = [text.encode() for text in track]
    cells[7], cells[12] = str(dice.randrange(3000)).encode(), f"{dice.random() * 2:.12f}".encode()
    return b"\t".join(cells)


_BY_NAME: Mapping[str, Enlarge] = {
    "streams_stats_{stamp}.html": _page,
    "applemusic_stats_{stamp}.html": _page,
    "toolost_spotify_{stamp}.json": _document(_streams, 62, indent=True),
    "toolost_apple_{stamp}.json": _document(_tracks, 215, indent=True),
    "graphql_{stamp}_257580.json": _document(_activity, 145, indent=False),
    "channel_analytics_{stamp}.json": _document(_result_rows, 95, indent=True),
    "campaigns.json": _document(_nodes, 290, indent=True),
    "adsets.json": _document(_nodes, 570, indent=True),
    "ads.json": _document(_nodes, 530, indent=True),
    "insights.json": _document(_nodes, 390, indent=True),
    "audience_insights_{stamp}.json": _document(_audience, 290, indent=True),
    "tiktok_trends_{stamp}.json": _document(_hashtags, 480, indent=False),
    "spotify_songs_4xExampleArtist0000001_1year_{stamp}.json": _document(_songs, 320, indent=False),
    "video_performance_{stamp}.csv": _table(_post, b"\n"),
    "spotify_audience_4xExampleArtist0000001_{stamp}.csv": _timeline,
    "metaads_campaign_daily_{stamp}.csv": _table(_campaign_day, b"\r\n"),
    "@{month}-{number}.csv": _table(_sale, b"\n"),
    "sales_report_{stamp}.tsv": _report,
}
