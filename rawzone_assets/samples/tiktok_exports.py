"""TikTok's exports, made up: days without a year, every cell quoted, and the zip that tells the first day."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

from rawzone_assets.samples.quoted_tables import Table
from rawzone_assets.samples.sample import WINDOW, days_back, figure

_ENGLISH = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
SPANISH = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
    "noviembre", "diciembre",
)  # fmt: skip
VIETNAMESE = (
    "Một", "Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy", "Tám", "Chín", "Mười", "Mười Một", "Mười Hai",
)  # fmt: skip
UNKNOWN = ("Zib", "Zob", "Zab", "Zeb", "Zub", "Zyb", "Bizz", "Bozz", "Bazz", "Bezz", "Buzz", "Byzz")
_TITLES = ("Paper Lantern 🏮", "", 'Low Tide, "live"', "夜の窓 #fyp", "two\nlines", "Café Noir")


def english(day: date) -> str:
    return f"{_ENGLISH[day.month - 1]} {day.day}"


def spanish(day: date) -> str:
    return f"{day.day} de {SPANISH[day.month - 1]}"


def vietnamese(day: date) -> str:
    return f"{day.day} tháng {VIETNAMESE[day.month - 1]}"


def unknown(day: date) -> str:
    """A language that no table of months has."""
    return f"{day.day} {UNKNOWN[day.month - 1]}"


def overview(day: date, *, length: int = WINDOW, lag: int = 2) -> Table:
    """Views by day. Comments may be negative: deleted ones count against the day."""
    rows = []
    for d in days_back(day - timedelta(days=lag), length):
        views = figure("tiktok", d)
        comments = -1 if d.toordinal() % 7 == 5 else views // 90
        rows.append(
            [english(d), str(views), str(views // 40), str(views // 9), str(comments), str(views // 60)]
        )
    return Table(header=["Date", "Video Views", "Profile Views", "Likes", "Comments", "Shares"], rows=rows)


def content(day: date, rng: Random) -> Table:
    """The recent posts, newest first."""
    rows = [
        [
            english(day - timedelta(days=1)),
            _TITLES[number % len(_TITLES)],
            f"https://www.tiktok.com/@example.artist/video/75{number:02d}{day:%Y%m%d}0000000",
            english(day - timedelta(days=1 + number // 2)),
            *(str(rng.randint(0, 9000)) for _ in range(4)),
        ]
        for number in range(14)
    ]
    names = "Time|Video title|Video link|Post time|Total likes|Total comments|Total shares|Total views"
    return Table(header=names.split("|"), rows=rows)


def followers(day: date) -> Table:
    rows = [
        [english(d), str(d.toordinal() // 300 + d.toordinal() % 7), str(3 - d.toordinal() % 7)]
        for d in days_back(day - timedelta(days=1), 365)
    ]
    rows[0][1:] = ["undefined", "0"]
    return Table(header=["Date", "Followers", "Difference in followers from previous day"], rows=rows)


def viewers(day: date) -> Table:
    rows = [
        [english(d), str(figure("tiktok", d)), str(figure("tiktok", d) // 3), "0"]
        for d in days_back(day - timedelta(days=1), 365)
    ]
    rows[0][1:] = ["undefined", "0", "0"]
    return Table(header=["Date", "Total Viewers", "New Viewers", "Returning Viewers"], rows=rows)


def gender() -> Table:
    return Table(header=["Gender", "Distribution"], rows=[["Female", "0.59"], ["Male", "0.41"], ["Other", "0"]])


def territories() -> Table:
    rows = [["US", "0.412"], ["BR", "0.238"], ["GB", "0.1"], ["Others", "0.25"]]
    return Table(header=["Top territories", "Distribution"], rows=rows)


def activity(day: date) -> Table:
    rows = [
        [english(d), str(hour), "0" if d == day and hour > 9 else str(20 + hour)]
        for d in days_back(day, 7)
        for hour in range(24)
    ]
    return Table(header=["Date", "Hour", "Active followers"], rows=rows)


def zipped(
    members: Iterable[tuple[str, bytes]], *, deflated: bool = False, day: date = date(2025, 6, 1)
) -> bytes:
    """An archive as TikTok makes it: stored, with the time of the download beside each member."""
    file = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, (day.year, day.month, day.day, 21, 46, 14))
            info.compress_type = method
            archive.writestr(info, data)
    return file.getvalue()
