"""Too Lost's sales reports, made up after the help article: nobody has shown us a real one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from rawzone_assets.samples.quoted_tables import Table
from rawzone_assets.samples.sample import Case, Routine, Verdict

Make = Callable[[date, Random], bytes]
_COLUMNS = (
    "transaction_id",
    "sale_date",
    "accounting_date",
    "reporting_date",
    "release_title",
    "release_id",
    "track_title",
    "track_id",
    "channel",
    "country",
    "isrc",
    "upc",
    "units",
    "unit_price",
    "original_currency",
    "split_id",
    "share",
    "rev_fee",
)
_REQUIRED = ("transaction_id", "sale_date", "reporting_date", "channel", "units")
_TITLES = ("Paper Lantern", "Café Noir", "Low Tide; Slow, Slow", 'The "Window"')


def _report(day: date) -> Table:
    """The report of the month before ``day``: sales of the month before that."""
    reported = day.replace(day=1) - timedelta(days=1)
    sold = reported.replace(day=1) - timedelta(days=1)
    dice = Random(f"toolost/sales/{reported}")
    rows = [
        [
            f"{70799_000_000 + number}",
            f"{sold:%Y-%m}-{dice.randint(1, 28):02d}",
            f"{reported:%Y-%m-%d}",
            f"{reported:%Y-%m-%d}",
            _TITLES[number % 4],
            f"R{number % 4}",
            _TITLES[number % 4],
            f"T{number % 4}",
            dice.choice(("Spotify", "Apple Music", "TikTok")),
            dice.choice(("US", "GB", "DE", "JP")),
            f"QZXYZ25{number % 4:05d}",
            f"19800000{number % 4:04d}",
            str(dice.choice((1, 2, 5, 31))),
            f"{dice.random() / 100:.8f}",
            "USD",
            "1",
            "100",
            "0",
        ]
        for number in range(60)
    ]
    return Table(header=list(_COLUMNS), rows=rows, quote_all=False, final_newline=True, encoding="utf-8")


def _made(change: Callable[[Table, date], Table] = lambda table, _day: table) -> Make:
    return lambda day, _rng: change(_report(day), day).encoded()


def _cell(column: str, text: str) -> Make:
    return _made(lambda table, _day: table.set(17, column, text))


def _wider(table: Table) -> Table:
    table.rows[17].append("one more")
    return table


def _case(title: str, make: Make, *codes: str, verdict: Verdict = "quarantined") -> Case:
    return Case(
        feed="toolost/sales",
        folder="toolost",
        name="@{month}-{number}.csv",
        make=make,
        title=title,
        codes=codes,
        verdict=verdict,
    )


CASES = (
    _case("a report with commas", _made(), verdict="promoted"),
    _case(
        "a report with semicolons and quoted cells",
        _made(lambda table, _day: replace(table, delimiter=";", quote_all=True, newline="\r\n")),
        verdict="promoted",
    ),
    _case(
        "a report with tabs and only the required columns",
        _made(
            lambda table, _day: replace(
                table.drop(*(c for c in _COLUMNS if c not in _REQUIRED)),
                delimiter="\t",
            )
        ),
        verdict="promoted",
    ),
    _case(
        "a report with dates of another form, a negative price and a new column",
        _made(
            lambda table, _day: (
                table.set_all("sale_date", "31/01/2025").set(3, "unit_price", "-0.01").add("fee", "0")
            )
        ),
        "RZ-VALUE-UNUSUAL",
        verdict="promoted",
    ),
    _case(
        "a report in Latin-1",
        _made(lambda table, _day: replace(table, encoding="latin-1")),
        "RZ-LEGACY-ENCODING",
        verdict="promoted",
    ),
    _case(
        "a report without rows",
        _made(lambda table, _day: replace(table, rows=[])),
        "RZ-EMPTY-RESULT",
        verdict="promoted",
    ),
    _case("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _case(
        "a sign-in page",
        lambda _day, _rng: b"<!DOCTYPE html><title>Too Lost - Login</title>",
        "RZ-HTML-INSTEAD",
    ),
    _case("an error answer", lambda _day, _rng: b'{"message": "Unauthenticated."}', "RZ-TABLE-SYNTAX"),
    _case("a report without its units", _made(lambda table, _day: table.drop("units")), "RZ-MISSING-FIELD"),
    _case("a report cut inside a row", lambda day, rng: _made()(day, rng)[:-60], "RZ-TRUNCATED"),
    _case("a row with a cell too many", _made(lambda table, _day: _wider(table)), "RZ-TABLE-SYNTAX"),
    _case("a blank transaction", _cell("transaction_id", ""), "RZ-EMPTY-FIELD"),
    _case("a blank channel", _cell("channel", ""), "RZ-EMPTY-FIELD"),
    _case("a transaction in scientific notation", _cell("transaction_id", "7.07E+10"), "RZ-SPREADSHEET-DAMAGE"),
    _case("negative units", _cell("units", "-3"), "RZ-NEGATIVE-COUNT"),
    _case("units in words", _cell("units", "three"), "RZ-VALUE-TYPE"),
    _case(
        "a sale after the month of its report",
        _made(lambda table, day: table.set(17, "sale_date", f"{day + timedelta(days=3)}")),
        "RZ-FUTURE-DATE",
    ),
    _case(
        "a report saved as UTF-16", lambda day, rng: _made()(day, rng).decode().encode("utf-16"), "RZ-ENCODING"
    ),
)

ROUTINE = (
    Routine(feed="toolost/sales", folder="toolost", name="@{month}-{number}.csv", make=_made(), day_of_month=9),
)
