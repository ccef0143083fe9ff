"""DistroKid's statistics page, made up: the saved DOM with its rendered charts, trackers and hidden widgets.

The words of the sign-in widget, the ids that trackers write at random and the CRLF of a Windows browser are in
every real page, so they are here too. The account, its addresses and its figures are invented.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby
from random import Random

from rawzone_assets.samples.sample import days_back, figure

Row = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page before it is written: its charts as rows, and what the page says about itself."""

    charts: dict[str, list[Row] | str] = field(default_factory=dict)  # text is written as it stands
    total: int | None = 0
    total_above_label: bool = False
    selected: str = "streams"
    newline: str = "\r\n"
    rng: Random = field(default_factory=lambda: Random(0))

    def without(self, chart: str) -> Page:
        return replace(self, charts={name: rows for name, rows in self.charts.items() if name != chart})

    def with_chart(self, chart: str, rows: list[Row] | str) -> Page:
        return replace(self, charts={**self.charts, chart: rows})

    def as_script(self) -> Page:
        """The same charts as scripts may write them: bare names, single quotes, a comma after the last row."""
        return replace(self, charts={name: _script_rows(rows) for name, rows in self.charts.items()})

    def with_daily(self, change: Callable[[list[Row]], list[Row]]) -> Page:
        """The page with other daily rows, and weekly, monthly and printed totals that agree with them."""
        daily = change([dict(row) for row in _rows(self.charts["trend365day"])])
        return page_of(daily, rng=self.rng, newline=self.newline)

    def encoded(self) -> bytes:
        return self.text().replace("\n", self.newline).encode()

    def text(self) -> str:
        rng = self.rng
        scripts = "\n".join(_chart_script(name, rows) for name, rows in self.charts.items())
        chosen = {self.selected: ' selected=""'}
        options = "".join(
            f'<option{chosen.get(value, "")} value="{value}">{label}</option>'
            for value, label in (("streams", "Spotify"), ("applemusic", "Apple Music"))
        )
        return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<script async="" src="https://tracker.example/{rng.randbytes(8).hex()}.js"></script>
<style>.hidden{{display:none}} .amcharts-main-div{{width:100%}}</style></head>
<body data-user="{rng.randint(10**6, 10**7)}">
<div class="menu">Signed in as label.owner@example.org · Example Artist · <a href="/signout">Sign out</a></div>
<div class="hidden" id="widget-{rng.randbytes(6).hex()}"><form id="reLogin"><label>Password</label>
<input type="password"><a>Sign in</a> Signin <span>protected by Recaptcha</span></form></div>
<input type="hidden" id="s4aSessionId" value="{rng.randbytes(20).hex()}">
<select id="statsSource">{options}</select>
{_totals(self)}
{_rendered_chart(rng)}
{scripts}
<iframe id="frame{rng.randbytes(5).hex()}" src="https://ads.example/?h={rng.randbytes(16).hex()}"></iframe>
<p>Façade · Übermut · 夜 — stores may restate past days.</p>
</body></html>
"""


def good_page(day: date, rng: Random, *, lag: int = 2, length: int = 365) -> Page:
    """A faithful page captured on ``day``."""
    daily: list[Row] = [
        {"category": d.isoformat(), "column-1": figure("distrokid", d)}
        for d in days_back(day - timedelta(days=lag), length)
    ]
    return page_of(daily, rng=rng)


def page_of(daily: list[Row], *, rng: Random, newline: str = "\r\n") -> Page:
    """A page whose coarser charts and total follow from its daily rows."""
    return Page(
        charts={
            "trendWeekly": _grouped(daily, 9),
            "trendMonthly": _grouped(daily, 7),
            "trend60day": daily[-60:],
            "trend365day": daily,
        },
        total=_sum(daily),
        newline=newline,
        rng=rng,
    )


def sign_in_page(_day: date, rng: Random) -> bytes:
    """What is saved when the session has ended."""
    return f"""<!DOCTYPE html>
<html lang="en"><head><title>Upload &amp; sell your music in Apple, Spotify &amp; Amazon | DistroKid</title>
<script src="https://tracker.example/{rng.randbytes(8).hex()}.js"></script></head>
<body><form id="signinForm" method="post" action="/signin"><label>Email</label><input name="email">
<label>Password</label><input type="password" name="password"><button>Sign in</button></form>
<div>protected by Recaptcha</div></body></html>
""".encode()


def _grouped(daily: list[Row], length: int) -> list[Row]:
    """Sums of days whose labels begin alike: seven characters are a month, nine ten days of it."""
    groups = groupby(daily, key=lambda row: str(row["category"])[:length])
    return [{"category": label, "column-1": _sum(list(rows))} for label, rows in groups]


def _sum(rows: list[Row]) -> int:
    return sum(value for row in rows if isinstance(value := row.get("column-1"), int))


def _rows(rows: list[Row] | str) -> list[Row]:
    return rows if isinstance(rows, list) else []


def _script_rows(rows: list[Row] | str) -> str:
    written = (
        f"\t{{category: '{row['category']}', \"column-1\": {row['column-1']}}},\n" for row in _rows(rows)
    )
    return "[\n" + "".join(written) + "]"


def _chart_script(name: str, rows: list[Row] | str) -> str:
    provider = rows if isinstance(rows, str) else "[" + ",\n".join(json.dumps(row) for row in rows) + "]"
    return f"""<script>
AmCharts.makeChart("{name}", {{"type": "serial", "categoryField": "category", "dataDateFormat": "YYYY-MM-DD",
"graphs": [{{"id": "AmGraph-1", "valueField": "column-1", "balloonText": "[[value]]; streams"}}],
"titles": [], "dataProvider": {provider}
}});
</script>"""


def _totals(page: Page) -> str:
    if page.total is None:
        return ""
    cells = [
        ("Last 365 days", page.total),
        ("Last 60 days", page.total // 6),
        ("Last 7 days", page.total // 50),
    ]
    if page.total_above_label:
        return "".join(f'<div class="big"><b>{n:,}</b><br><small>{label}</small></div>' for label, n in cells)
    rows = "".join(f"<tr><td>{label}</td><td>{number:,}</td></tr>" for label, number in cells)
    return f'<table class="stats">{rows}</table>'


def _rendered_chart(rng: Random) -> str:
    paths = "".join(
        f'<g transform="translate({x},0)"><path d="M{x},{rng.randint(0, 300)} L{x + 2},{rng.randint(0, 300)}" '
        f'fill="none" stroke="#67b7dc" stroke-opacity="0.9"></path></g>'
        for x in range(300)
    )
    return f'<div id="trend365day" class="amcharts-main-div"><svg width="730" height="300">{paths}</svg></div>'
