"""DistroKid's bank details, made up: CR line ends, claw-backs, album rows without ISRC, and old layouts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

COLUMNS = (
    "Reporting Date",
    "Sale Month",
    "Store",
    "Artist",
    "Title",
    "ISRC",
    "UPC",
    "Quantity",
    "Team Percentage",
    "Song/Album",
    "Country of Sale",
    "Songwriter Royalties Withheld",
    "Earnings (USD)",
)
_STORES = ("Spotify", "Apple Music", "TikTok", "YouTube (Ads)", "Amazon Unlimited", 'Deezer "HiFi"')
_TITLES = ("Paper Lantern", "Café Noir", "Low Tide (feat. Example)", "Sommer / Winter", "夜の窓")
_LATIN_TITLES = ("Paper Lantern", "Façade", "Café Noir")


@dataclass
class Report:
    """A report before it is written. Rows are lists in the order of ``header``."""

    header: list[str]
    rows: list[list[str]]
    newline: str = "\r"
    final_newline: bool = True
    encoding: str = "utf-8"
    delimiter: str = "\t"

    def set(self, row: int, column: str, text: str) -> Report:
        """Another text in one cell; the report itself, for chaining."""
        self.rows[row][self.header.index(column)] = text
        return self

    def drop(self, *columns: str) -> Report:
        for column in columns:
            index = self.header.index(column)
            for cells in (self.header, *self.rows):
                del cells[index]
        return self

    def insert(self, index: int, column: str, text: str) -> Report:
        self.header.insert(index, column)
        for cells in self.rows:
            cells.insert(index, text)
        return self

    def rename(self, column: str, name: str) -> Report:
        self.header[self.header.index(column)] = name
        return self

    def encoded(self) -> bytes:
        lines = [self.delimiter.join(cells) for cells in (self.header, *self.rows)]
        text = self.newline.join(lines) + (self.newline if self.final_newline else "")
        return text.encode(self.encoding)


def good_report(day: date, rng: Random, *, weeks: int = 10, latin: bool = False) -> Report:
    """The history up to ``day``: something is reported each week, about sales of one to seven months before."""
    rows: list[list[str]] = []
    titles = _LATIN_TITLES if latin else _TITLES
    newest = day - timedelta(days=day.weekday() + 5)
    for week in range(weeks):
        reported = newest - timedelta(weeks=week)
        dice = Random(f"{reported}/{latin}")
        rows.extend(_row(reported, titles, dice) for _ in range(40))
    rng.shuffle(rows)
    # What a claw-back leaves: negative earnings, nothing sold, and a zero that kept its sign.
    for cells, quantity, earnings in zip(
        rows, ("0", "12", "0"), ("-0.41520000", "-1.20000000", "-0.00000000"), strict=False
    ):
        cells[7], cells[12] = quantity, earnings
    rows[3][5], rows[3][9] = "", "Album"
    return Report(header=list(COLUMNS), rows=rows)


def _row(reported: date, titles: tuple[str, ...], dice: Random) -> list[str]:
    sold = reported.replace(day=1)
    for _ in range(dice.choice((1, 1, 2, 2, 2, 3, 7))):
        sold = (sold - timedelta(days=1)).replace(day=1)
    track = dice.randrange(len(titles))
    return [
        reported.isoformat(),
        f"{sold:%Y-%m}",
        dice.choice(_STORES),
        "Example Artist",
        titles[track],
        f"QZXYZ25{track:05d}",
        f"19800000{track:04d}",
        str(dice.choice((0, 1, 1, 2, 5, 31, 207))),
        "100",
        "Song",
        dice.choice(("US", "GB", "DE", "BR", "JP")),
        "0.00000000",
        f"{dice.random() * 2:.8f}",
    ]
