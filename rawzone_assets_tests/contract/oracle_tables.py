"""The oracle for tables: bytes cut into cells, the rules about rows, days without a year by counting.

From validation_rules.md, in plain Python; see ``oracle_forms`` for what an oracle is, ``oracle_columns`` for
what cells are.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from oracle_columns import SALES, Cell, demands_on, is_layout, resolved
from oracle_forms import Broken, is_day, is_scientific, last_day, unique

Rows = list[dict[str, str]]


class NoTable(Exception):
    """The bytes are no table of this feed."""


def grid_of(feed: str, data: bytes, demands: Mapping[str, Cell]) -> list[list[str]]:
    """The rows of cells, the header first.

    Raises:
        NoTable: The bytes are no text, or its quotes make no cells.
    """
    if b"\0" in data:
        raise NoTable("a NUL byte")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if feed not in {"distrokid/sales", "toolost/sales"}:
            raise NoTable("not UTF-8") from None
        text = data.decode("latin-1")
    if feed == "distrokid/sales":
        return _report(text)
    if feed != "toolost/sales":
        return _cells(text, ",", quoted=True)
    grids = []
    for sign in ",;\t":
        try:
            grids.append(_cells(text, sign, quoted=sign != "\t"))
        except NoTable:
            continue
    fitting = [
        grid
        for grid in grids
        if grid and set(demands) <= set(resolved([cell.strip() for cell in grid[0]], demands))
    ]
    if not fitting:
        raise NoTable("no delimiter gives the columns")
    return fitting[0]


def _report(text: str) -> list[list[str]]:
    """DistroKid's report: tabs without quotes, else with them, else commas, as its header says."""
    plain = [line.split("\t") for line in re.split(r"\r\n|\r|\n", text) if line]
    grids = [plain or [[]]]
    for delimiter in "\t,":
        try:
            grids.append(_cells(text, delimiter, quoted=True) or [[]])
        except NoTable:
            continue
    return max(
        grids, key=lambda grid: len(set(resolved([cell.strip() for cell in grid[0]], SALES)) & set(SALES))
    )


def _cells(text: str, delimiter: str, *, quoted: bool) -> list[list[str]]:
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    lines = io.StringIO(text, newline="")
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True) if row]
    except csv.Error as error:
        raise NoTable(str(error)) from None


def broken_by_table(feed: str, name: str, data: bytes, capture: date) -> Broken:
    """The rules that an accepted table breaks."""
    demands = demands_on(feed, name)
    try:
        grid = grid_of(feed, data, demands)
    except NoTable as reason:
        yield str(reason)
        return
    if not grid:
        yield "no header"
        return
    header = [cell.strip() for cell in grid[0]]
    yield from unique(header, "a column")
    columns = resolved(header, demands)
    present = set(columns) & set(demands)
    if not is_layout(feed, name, present, set(demands), columns):
        yield f"columns missing: {sorted(set(demands) - present)}"
        return
    if any(len(row) != len(header) for row in grid[1:]):
        yield "a row of another width"
        return
    # A cell of nothing but blanks is blank, whatever its column.
    cells = ([cell if cell.strip() else "" for cell in row] for row in grid[1:])
    rows: Rows = [dict(zip(columns, row, strict=True)) for row in cells]
    for column in sorted(present):
        if not all(demands[column](row[column]) for row in rows):
            yield f"a cell of {column} that is not of its form"
    if feed == "distrokid/sales" and not data.endswith((b"\r", b"\n")):
        yield from _cut([row[-1] for row in grid[1:]])
    for rule in _RULES.get(feed, ()):
        yield from rule(rows, name, capture)


def _cut(cells: list[str]) -> Broken:
    """Without a line end, a last figure with fewer decimals was cut, if all others have six or more."""
    decimals = [len(cell.partition(".")[2]) if "." in cell else -1 for cell in cells]
    if len(set(decimals[:-1])) == 1 and max(decimals[-1] + 1, 6) <= decimals[0]:
        yield "the last cell was cut"


def _reported(rows: Rows, _name: str, capture: date) -> Broken:
    if any(row["Reporting Date"] > last_day(capture) for row in rows):
        yield "reported after the capture"
    if any(row["Sale Month"] > row["Reporting Date"][:7] for row in rows):
        yield "sold after it was reported"


def _sold(rows: Rows, _name: str, capture: date) -> Broken:
    if any(is_day(row["sale_date"]) and row["sale_date"] > last_day(capture) for row in rows):
        yield "sold after the capture"
    for column in ("release_id", "track_id", "isrc", "upc", "split_id"):
        if any(is_scientific(row.get(column)) for row in rows):
            yield f"{column} in scientific notation"


def _json(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_constant=lambda _: 1 / 0), (dict, list))
    except (ValueError, ZeroDivisionError):
        return False


def _campaign_days(rows: Rows, _name: str, capture: date) -> Broken:
    yield from unique(
        (tuple(row.get(name) for name in ("date", "campaign_id", "adset_id")) for row in rows), "a row"
    )
    if any(row["date"] > last_day(capture) for row in rows):
        yield "a day after the capture"
    if not all(_json(row["meta_pixel_events"]) for row in rows if row.get("meta_pixel_events")):
        yield "a cell of meta_pixel_events that is no JSON"
    if not all(row["is_active"] in {"True", "False"} for row in rows if row.get("is_active")):
        yield "a cell of is_active that is neither True nor False"


def _timeline(rows: Rows, name: str, capture: date) -> Broken:
    if re.search("audience|timeline", name):
        yield from unique((row["date"] for row in rows), "a day")
        if any(row["date"] > last_day(capture) for row in rows):
            yield "a day after the capture"


def _videos(rows: Rows, _name: str, _capture: date) -> Broken:
    found = (re.search(r"/(?:video|photo)/([0-9]{6,25})", row["Video link"]) for row in rows)
    yield from unique((match[1] for match in found if match), "a video")


def _audience(rows: Rows, name: str, capture: date) -> Broken:
    for column in ("Gender", "Top territories"):
        yield from unique((row[column] for row in rows if column in row), column)
    if "activity" in name:
        yield from unique(((row["Date"], row["Hour"]) for row in rows), "an hour")
    elif rows and "Date" in rows[0]:
        yield from _calendar(rows, name, capture)


MONTHS = tuple(
    names.split()
    for names in (
        "January February March April May June July August September October November December",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    )
)


def _day_of_year(text: str) -> tuple[int, int] | None:
    """Month and day of ``May 28`` and ``28 de mayo``; other languages are not read here."""
    english = re.fullmatch(r"([A-Z][a-z]+) ([0-9]{1,2})", text)
    spanish = re.fullmatch(r"([0-9]{1,2}) de ([a-z]+)", text)
    if english and english[1] in MONTHS[0]:
        return MONTHS[0].index(english[1]) + 1, int(english[2])
    if spanish and spanish[2] in MONTHS[1]:
        return MONTHS[1].index(spanish[2]) + 1, int(spanish[1])
    return None


def _calendar(rows: Rows, name: str, capture: date) -> Broken:
    """Days without a year: none twice, none after the capture. Files in other languages are passed over."""
    texts = [row["Date"] for row in rows]
    if any(is_day(text) and text > last_day(capture) for text in texts):
        yield "a day after the capture"
    read = [_day_of_year(text) for text in texts]
    if not rows or not all(read):
        return
    known: list[Any] = read
    yield from unique(known, "a day")
    if any(not is_day(f"2024-{month:02d}-{day:02d}") for month, day in known):
        yield "no day of any year"
        return
    first = re.search(r"_([0-9]{4}-[0-9]{2}-[0-9]{2})_[0-9]{10}_", name)
    if first and known[0] == (int(first[1][5:7]), int(first[1][8:])):
        begins = date.fromisoformat(first[1])
        newest = max(_from(begins, day) for day in known)
    else:
        steps = [(_ordinal(after) - _ordinal(before)) % 366 for before, after in pairwise(known)]
        backwards = sum(step > 334 for step in steps) * 2 > len(steps)
        newest = _up_to(capture + timedelta(days=31), known[0] if backwards else known[-1])
    if newest > capture + timedelta(days=1):
        yield "a day after the capture"


def _ordinal(day: tuple[int, int]) -> int:
    return date(2024, *day).timetuple().tm_yday


def _from(begins: date, day: tuple[int, int]) -> date:
    return next(found for back in range(9) if (found := _real(begins.year + back, day)) and found >= begins)


def _up_to(limit: date, day: tuple[int, int]) -> date:
    return next(found for back in range(9) if (found := _real(limit.year - back, day)) and found <= limit)


def _real(year: int, day: tuple[int, int]) -> date | None:
    return date(year, *day) if is_day(f"{year}-{day[0]:02d}-{day[1]:02d}") else None


_RULES: Mapping[str, tuple[Callable[[Rows, str, date], Broken], ...]] = {
    "distrokid/sales": (_reported,),
    "toolost/sales": (_sold,),
    "metaads/daily": (_campaign_days,),
    "social_media/spotify": (_timeline,),
    "tiktok/videos": (_videos,),
    "tiktok/audience": (_audience,),
    "tiktok/analytics": (_calendar,),
}
