"""The oracle for tables: which columns each table has, how headers may write them, and what their cells are.

From validation_rules.md, in plain Python; see ``oracle_forms`` for what an oracle is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from oracle_forms import is_amount, is_count, is_day, is_decimal, is_digits, is_rewritten_day, is_scientific

Cell = Callable[[str], bool]


def _any(_text: str) -> bool:
    return True


def _something(text: str) -> bool:
    return text != ""


def _or_blank(accepts: Cell) -> Cell:
    return lambda text: text == "" or accepts(text)


def _month(text: str) -> bool:
    return is_day(f"{text}-01")


def _identifier(text: str) -> bool:
    return not is_scientific(text)


def _whole(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,15}(\.0*)?", text) is not None


def _or_undefined(text: str) -> bool:
    return text == "undefined" or is_count(text)


def _change(text: str) -> bool:
    return _or_undefined(text.removeprefix("-"))


def _share(text: str) -> bool:
    return is_amount(text) and float(text) <= 1


def _yearless(text: str) -> bool:
    return text != "" and not is_rewritten_day(text)


SALES: Mapping[str, Cell] = {
    "Reporting Date": is_day, "Sale Month": _month, "Store": _something, "Artist": _something,
    "Title": _something,
    "ISRC": _identifier, "UPC": _identifier, "Quantity": is_count, "Team Percentage": _or_blank(is_decimal),
    "Song/Album": _any, "Country of Sale": _any, "Songwriter Royalties Withheld": _or_blank(is_decimal),
    "Earnings (USD)": is_decimal,
}  # fmt: skip
OLD_SALES = frozenset(SALES) - {"Team Percentage", "Songwriter Royalties Withheld"}
ALIASES = {
    "Songwriter Royalties Withheld (USD)": "Songwriter Royalties Withheld", "Source Type": "Song/Album",
    "Datum": "Date", "Data": "Date", "Fecha": "Date",
    "Visualizaciones de vídeo": "Video Views", "Visualizaciones de video": "Video Views",
    "Video views": "Video Views", "Profile views": "Profile Views",
    "Visualizaciones de perfil": "Profile Views", "Visualizaciones del perfil": "Profile Views",
    "Me gusta": "Likes", "Comentarios": "Comments", "Compartidos": "Shares",
}  # fmt: skip
OVERVIEW: Mapping[str, Cell] = {
    "Date": _yearless, "Video Views": _or_undefined, "Profile Views": _or_undefined, "Likes": _or_undefined,
    "Comments": _change, "Shares": _or_undefined,
}  # fmt: skip
COLUMNS: Mapping[tuple[str, str], Mapping[str, Cell]] = {
    ("distrokid/sales", ""): SALES,
    ("toolost/sales", ""): {
        "transaction_id": lambda text: text != "" and _identifier(text), "sale_date": _something,
        "reporting_date": _something, "channel": _something, "units": _whole,
    },
    ("metaads/daily", ""): {
        "date": is_day, "campaign_id": is_digits, "campaign_name": _any, "reach": _whole, "cpc": is_amount,
        "spend_usd": is_amount, "clicks": _whole, "impressions": _whole,
    },
    ("tiktok/analytics", ""): OVERVIEW,
    ("tiktok/videos", ""): {
        "Time": lambda text: not is_rewritten_day(text), "Video title": _any,
        "Video link": lambda text: text != "" and _identifier(text),
        "Post time": lambda text: not is_rewritten_day(text), "Total likes": _or_undefined,
        "Total comments": _change,
        "Total shares": _or_undefined, "Total views": _or_undefined,
    },
    ("tiktok/audience", "tiktok_followers"): {
        "Date": _yearless, "Followers": _or_undefined,
        "Difference in followers from previous day": _or_blank(_change),
    },
    ("tiktok/audience", "tiktok_viewers"): {
        "Date": _yearless, "Total Viewers": _or_undefined, "New Viewers": _or_undefined,
        "Returning Viewers": _or_undefined,
    },
    ("tiktok/audience", "tiktok_gender"): {"Gender": _something, "Distribution": _share},
    ("tiktok/audience", "tiktok_territories"): {"Top territories": _something, "Distribution": _share},
    ("tiktok/audience", "tiktok_activity"): {
        "Date": _yearless,
        "Hour": lambda text: re.fullmatch(r"([01]?[0-9]|2[0-3])(:00)?", text) is not None,
        "Active followers": _or_undefined,
    },
    ("social_media/spotify", "audience|timeline"): {
        "date": is_day, "listeners": is_count, "streams": is_count, "followers": is_count,
    },
    ("social_media/spotify", "songs"): {
        "song": _something, "listeners": is_count, "streams": is_count, "saves": is_count,
        "release_date": lambda text: not is_rewritten_day(text),
    },
}  # fmt: skip


def demands_on(feed: str, name: str) -> Mapping[str, Cell]:
    return next(cells for (owner, mark), cells in COLUMNS.items() if owner == feed and re.search(mark, name))


def resolved(header: Sequence[str], demands: Mapping[str, Cell]) -> list[str]:
    """The columns as the demands name them: aliases undone, and names that differ in case and underscores."""
    plain = {_plain(name): name for name in demands} | {_plain(alias): name for alias, name in ALIASES.items()}
    columns: list[str] = []
    for name in header:
        meant = name if name in demands else plain.get(_plain(name), name)
        taken = meant in columns or (meant != name and meant in header)
        columns.append(f"{name} again" if taken else meant)
    return columns


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").lower().split())


def is_layout(feed: str, name: str, present: set[str], wanted: set[str], columns: Sequence[str]) -> bool:
    if feed == "distrokid/sales" and present == OLD_SALES:
        return len(columns) == len(OLD_SALES)
    if re.search("audience|timeline", name) and set(columns) == {"date", "streams"}:
        return True
    return present == wanted
