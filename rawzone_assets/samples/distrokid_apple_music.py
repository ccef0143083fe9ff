"""DistroKid's Apple Music page, made up: one variable with fourteen blocks, good, odd and bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from rawzone_assets.samples.distrokid_pages import good_page, sign_in_page
from rawzone_assets.samples.sample import Case, Routine, Verdict, days_back, figure

Make = Callable[[date, Random], bytes]
Data = dict[str, Any]
_DAILY = "last365days"


@dataclass(frozen=True, kw_only=True)
class ApplePage:
    """One page before it is written."""

    data: Data
    printed: int | None
    value: str | None = None  # of the variable, in place of ``data`` as JSON
    selected: str = "applemusic"
    rng: Random = field(default_factory=lambda: Random(0))

    def encoded(self) -> bytes:
        value = json.dumps(self.data, ensure_ascii=False) if self.value is None else self.value
        chosen = {self.selected: ' selected=""'}
        options = "".join(
            f'<option{chosen.get(name, "")} value="{name}">{label}</option>'
            for name, label in (("streams", "Spotify"), ("applemusic", "Apple Music"))
        )
        total = "" if self.printed is None else f'<td id="last365">{self.printed:,}</td>'
        return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<script async="" src="https://tracker.example/{self.rng.randbytes(8).hex()}.js"></script></head>
<body data-user="{self.rng.randint(10**6, 10**7)}">
<div class="menu">Signed in as label.owner@example.org · Example Artist</div>
<div class="hidden"><form id="reLogin"><label>Password</label><input type="password"><a>Sign in</a></form></div>
<select id="statsSource">{options}</select>
<table><tr><td>Last 365 days</td>{total}</tr></table>
<script>
var chartData = {value};
if (chartData.last365days.error) {{ show("Oops; try again"); }}
</script></body></html>
""".replace("\n", "\r\n").encode()


def good_apple_page(day: date, rng: Random, *, lag: int = 1) -> ApplePage:
    """A faithful page captured on ``day``. The newest day is partial, and one day had no plays at all."""
    days = [d for d in days_back(day - timedelta(days=lag), 300) if (d.month, d.day) != (2, 22)]
    rows = [{"field": d.isoformat(), "value": figure("distrokid/apple", d) // 9} for d in days]
    if lag == 1:
        rows[-1]["value"] = 3
    total = _sum(rows)
    names = ("tracks1year", "devices1year", "age1year", "listening1year", "sources1year", "offline1year")
    blocks = {name: _block([{"field": "One; two}", "value": total, "id": 7}]) for name in names}
    blocks |= {
        name: _block([{"field": "US", "value": total}])
        for name in ("types1year", "country1year", "albums1year")
    }
    return ApplePage(
        data={
            "byMonth": _block([{"field": f"{day:%m-%y}", "value": total}]),
            "byWeek": _block([{"field": f"{day:%V/%y}", "value": total}]),
            "gender1year": _block([{"field": "unknown", "value": total}]),
            "playlists1year": {"isEmpty": 1, "total": 0, "dataProvider": []},
            _DAILY: _block(rows),
            **blocks,
        },
        printed=total,
        rng=rng,
    )


def _sum(rows: list[dict[str, Any]]) -> int:
    return sum(row["value"] for row in rows if isinstance(row.get("value"), int))


def _block(rows: list[dict[str, Any]]) -> Data:
    return {"isEmpty": 0, "total": _sum(rows), "dataProvider": rows}


def _page(change: Callable[[ApplePage, date], ApplePage] = lambda page, _day: page) -> Make:
    return lambda day, rng: change(good_apple_page(day, rng), day).encoded()


def _daily(change: Callable[[list[dict[str, Any]], date], list[dict[str, Any]]]) -> Make:
    """A page with other daily rows and totals that agree with them, so that only the change is wrong."""

    def changed(page: ApplePage, day: date) -> ApplePage:
        block = _block(change([dict(row) for row in page.data[_DAILY]["dataProvider"]], day))
        return replace(page, data={**page.data, _DAILY: block}, printed=block["total"])

    return _page(changed)


def _row(**members: Any) -> Make:
    return _daily(lambda rows, _day: [*rows[:17], rows[17] | members, *rows[18:]])


def _with_block(name: str, block: Any) -> Make:
    return _page(lambda page, _day: replace(page, data={**page.data, name: block}))


def _empty(page: ApplePage, _day: date) -> ApplePage:
    empty = {"isEmpty": 1, "total": 0, "dataProvider": []}
    return replace(page, data=dict.fromkeys(page.data, empty), printed=0)


def _without(name: str) -> Make:
    return _page(
        lambda page, _day: replace(page, data={key: block for key, block in page.data.items() if key != name})
    )


def _case(title: str, make: Make, *codes: str, verdict: Verdict = "quarantined") -> Case:
    return Case(
        feed="distrokid/apple_music",
        folder="distrokid/streams",
        name="applemusic_stats_{stamp}.html",
        make=make,
        title=title,
        codes=codes,
        verdict=verdict,
    )


CASES = (
    _case("a page with a partial newest day, an absent day and an empty block", _page(), verdict="promoted"),
    _case("a page of a new account", _page(_empty), "RZ-EMPTY-RESULT", verdict="promoted"),
    _case(
        "a page whose newest day is old",
        lambda day, rng: good_apple_page(day, rng, lag=12).encoded(),
        "RZ-STALE-DATA",
        verdict="promoted",
    ),
    _case(
        "a page without its countries",
        _without("country1year"),
        "RZ-CHART-OPTIONAL-MISSING",
        verdict="promoted",
    ),
    _case(
        "a page that prints no total",
        _page(lambda page, _day: replace(page, printed=None)),
        "RZ-CHART-OPTIONAL-MISSING",
        verdict="promoted",
    ),
    _case("no bytes", lambda _day, _rng: b"", "RZ-EMPTY-FILE"),
    _case("a sign-in page", sign_in_page, "RZ-SIGN-IN-PAGE"),
    _case("a page cut in the middle", lambda day, rng: _page()(day, rng)[:4000], "RZ-TRUNCATED"),
    _case(
        "the streams page", lambda day, rng: good_page(day, rng).encoded(), "RZ-WRONG-PAGE", "RZ-CHART-MISSING"
    ),
    _case("a page without its daily block", _without(_DAILY), "RZ-CHART-MISSING"),
    _case(
        "a page whose daily block is empty without saying so",
        _with_block(_DAILY, {"isEmpty": 0, "total": 0, "dataProvider": []}),
        "RZ-CHART-MISSING",
    ),
    _case(
        "a page whose data are no JSON",
        _page(lambda page, _day: replace(page, value='{"last365days": {"total": NaN}}')),
        "RZ-CHART-MISSING",
    ),
    _case("a block that failed", _with_block("tracks1year", {"error": "timeout"}), "RZ-ERROR-PAYLOAD"),
    _case("a daily block that is a list", _with_block(_DAILY, [1, 2]), "RZ-SHAPE"),
    _case(
        "a printed total that differs",
        _page(lambda page, _day: replace(page, printed=(page.printed or 0) + 1)),
        "RZ-PAGE-TOTAL-MISMATCH",
    ),
    _case(
        "a stated total that differs",
        _page(lambda page, _day: replace(page, data={**page.data, _DAILY: page.data[_DAILY] | {"total": 5}})),
        "RZ-PAGE-TOTAL-MISMATCH",
    ),
    _case("a negative figure", _row(value=-4), "RZ-NEGATIVE-COUNT"),
    _case("a figure that is null", _row(value=None), "RZ-EMPTY-FIELD"),
    _case("a figure in words", _row(value="n/a"), "RZ-VALUE-TYPE"),
    _case("a day that no calendar has", _row(field="2025-02-30"), "RZ-VALUE-TYPE"),
    _case(
        "a row without its figure",
        _daily(lambda rows, _day: [*rows[:-1], {"field": rows[-1]["field"]}]),
        "RZ-MISSING-FIELD",
    ),
    _case("a day twice", _daily(lambda rows, _day: [*rows, rows[-1]]), "RZ-REPEATED-DAY"),
    _case(
        "a day after the capture",
        _daily(lambda rows, day: [*rows, {"field": f"{day + timedelta(days=2)}", "value": 1}]),
        "RZ-FUTURE-DATE",
    ),
    _case(
        "a page saved as UTF-16", lambda day, rng: _page()(day, rng).decode().encode("utf-16"), "RZ-ENCODING"
    ),
)

ROUTINE = (
    Routine(
        feed="distrokid/apple_music",
        folder="distrokid/streams",
        name="applemusic_stats_{stamp}.html",
        make=_page(),
    ),
)
