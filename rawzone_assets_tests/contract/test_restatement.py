"""Restated past days: told with their number and extent, without a figure, and not for what always moves."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract import diary_digests
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.day_columns import DayColumn
from rawzone_assets.contract.feed import Facts
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.restatement import Diary, Figures, diary_of, restatement_findings, rows_of_diary
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples.distrokid_apple_music import good_apple_page
from rawzone_assets.samples.distrokid_pages import good_page
from rawzone_assets.samples.tiktok_exports import english

FIRST = date(2025, 1, 1)
# Among others texts that look like what parts days where many are written at once.
FIGURES = st.sampled_from(["],[", '"],["', "[", '"', "\\", "10", "0.50", 7, 10, 1.5, 2**70, None]) | st.text(
    max_size=4
)

# As sources write most of them, and as none does; those that end in 0 are written in another way.
NUMBERS = st.integers(0, 3000) | st.floats() | st.integers() | st.integers(-500, 500).map(lambda n: n / 10)


def days(count: int, start: date = FIRST) -> list[date]:
    return [start + timedelta(days=n) for n in range(count)]


def diary(figures: dict[date, object], *, names: tuple[str, ...] = ("streams",)) -> Diary | None:
    return diary_of(DayColumn.of(figures), [list(figures.values())], names, until=date.max)


def messages(now: Diary | None, *past: Diary | None) -> list[str]:
    return [finding.message for finding in restatement_findings(now, [known for known in past if known])]


class TestDiaries:
    """What is kept of a series: a byte a day, and no figure."""

    def test_of_a_year_take_half_a_kilobyte(self):
        assert len(orjson.dumps(diary(dict.fromkeys(days(2000), 10**15)))) <= 560

    def test_are_the_same_however_figures_are_written(self):
        ways = [[843, 0, 7], ["843", "0", "7"], [843.0, "-0", "7.00"]]
        assert len({json.dumps(diary(dict(zip(days(3), way, strict=True)))) for way in ways}) == 1

    @given(st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[NUMBERS] * width), max_size=20)))
    def test_of_numbers_are_those_of_their_texts(self, records):
        def told(of: Callable[[Any], Any]) -> Diary | None:
            figures = [[*map(of, column)] for column in zip(*records, strict=True)]
            return diary_of(DayColumn.of(days(len(records))), figures, ("plays",), until=date.max)

        assert told(lambda number: number) == told(str)

    @given(st.integers(0, 800), st.integers(-5, 805), st.randoms(use_true_random=False), st.booleans())
    def test_of_days_in_a_row_are_those_of_the_same_days_in_any_order(self, count, until, chance, gap):
        told = [day for day in days(count) if not gap or day.day != 13]
        shuffled = chance.sample(told, len(told))

        def kept(days_told: list[date]) -> Diary | None:
            figures = [[day.toordinal() for day in days_told]]
            return diary_of(DayColumn.of(days_told), figures, ("plays",), until=FIRST + timedelta(days=until))

        assert kept(told) == kept(shuffled)

    @given(st.lists(st.tuples(FIGURES, FIGURES), min_size=1, max_size=12))
    def test_tell_of_each_day_what_they_would_of_it_alone(self, records):
        def told(days_told, records):
            diary_digests._known_digests.clear()
            figures = list(zip(*records, strict=True))
            kept = diary_of(DayColumn.of(days_told), figures, ("plays", "likes"), until=date.max)
            assert kept
            return b64decode(kept["days"])

        each = zip(days(len(records)), records, strict=True)
        assert told(days(len(records)), records) == b"".join(told([day], [record]) for day, record in each)

    def test_are_those_that_receipts_of_earlier_years_hold(self):
        """Receipts are kept: other digests of the same figures would restate every day."""
        written = [843, "], [", 0.5, None, "],[", "10", 1e22, 2**60, "é"]
        kept = diary(dict(zip(days(len(written)), written, strict=True)))
        assert kept == {"from": "2025-01-01", "of": "52a4", "days": "H5Az2dJmxEMW"}

    def test_of_a_year_begin_with_days_that_are_not_told_when_older_ones_are(self):
        for told, first in (([FIRST, date(2026, 6, 1)], "2025-06-01"), ([date(2026, 6, 1)], "2026-06-01")):
            kept = diary(dict.fromkeys(told, 1))
            assert kept
            assert kept["from"] == first

    @given(st.lists(st.dates(date(2023, 1, 1), date(2025, 6, 1)) | st.none(), max_size=20), st.dates())
    def test_need_no_other_rows_than_are_asked_for(self, told, until):
        def kept(rows):
            dated = [row for row in rows if told[row]]
            return diary_of(DayColumn.of(told[row] for row in dated), [dated], ("streams",), until=until)

        assert kept(rows_of_diary(told, until)) == kept(range(len(told)))

    def test_of_the_first_day_of_the_calendar_reach_to_it(self):
        assert Figures().last_settled(FIRST, date.min, lag_days=2) == date.min

    def test_of_nothing_are_none(self):
        assert diary({}) is None
        assert messages(None, diary({FIRST: 1})) == messages(diary({FIRST: 1})) == []

    @given(st.dictionaries(st.dates(), st.text() | st.floats() | st.none() | st.integers(), max_size=30))
    def test_take_any_days_and_figures_and_agree_with_themselves(self, figures):
        kept = diary(figures)
        assert messages(kept, kept) == []


class TestComparison:
    """Days that both tell, and whose figures differ."""

    def test_names_how_many_days_and_their_extent(self):
        before = dict.fromkeys(days(60), 371)
        now = before | {FIRST + timedelta(days=d): 3237 for d in (7, 9, 30)} | {date(2025, 3, 20): 5}
        (message,) = messages(diary(now), diary(before))
        assert message.startswith("3 of the 60 days that an earlier delivery told have other figures now")
        assert message.endswith(": from 2025-01-08 to 2025-01-31")

    def test_tells_a_single_day_as_one(self):
        now, before = dict.fromkeys(days(9), 1) | {FIRST: 2}, dict.fromkeys(days(9), 1)
        assert messages(diary(now), diary(before)) == [
            "1 of the 9 days that an earlier delivery told has other figures now: 2025-01-01"
        ]

    def test_of_windows_that_slide_or_begin_anew_is_of_their_common_days(self):
        before = {day: number for number, day in enumerate(days(365))}
        slid = {day: number for number, day in enumerate(days(380)) if number >= 15}
        assert messages(diary(slid), diary(before)) == []
        assert messages(diary(dict.fromkeys(days(5, date(2026, 1, 1)), 9)), diary(before)) == []

    def test_tells_days_that_came_or_went_within_what_both_tell(self):
        whole = dict.fromkeys(days(9), 1)
        lost = {day: 1 for day in days(9) if day.day not in {4, 5}}
        for now, before in ((lost, whole), (whole, lost)):
            (message,) = messages(diary(now), diary(before))
            assert message.endswith("from 2025-01-04 to 2025-01-05")

    def test_takes_each_day_from_the_newest_delivery_that_told_it(self):
        old, week = dict.fromkeys(days(60), 1), dict.fromkeys(days(7, date(2025, 2, 20)), 2)
        now = old | week
        assert messages(diary(now), diary(week), diary(old)) == []
        assert messages(diary(now | {FIRST: 3}), diary(week), diary(old))[0].endswith("2025-01-01")

    def test_of_other_figures_is_none(self):
        assert messages(diary({FIRST: 1}, names=("a",)), diary({FIRST: 2}, names=("b",))) == []

    def test_leaves_out_days_whose_records_are_others(self):
        def told(**figures: int) -> Diary | None:
            same = DayColumn.of([FIRST] * len(figures))
            return diary_of(same, [[*figures.values()]], ("spend",), until=date.max, by=[[*figures]])

        assert messages(told(a=1), told(a=1, b=2)) == []
        assert messages(told(b=2, a=1), told(a=1, b=2)) == []
        assert len(messages(told(a=1, b=3), told(a=1, b=2))) == 1
        assert len(messages(told(b=3, a=1), told(a=1, b=2))) == 1

    def test_of_days_with_several_records_that_nothing_tells_apart_is_of_all_of_them(self):
        def told(*figures: int) -> Diary | None:
            same = DayColumn.of([FIRST] * len(figures))
            return diary_of(same, [figures], ("spend",), until=date.max)

        assert messages(told(1, 2), told(2, 1)) == []
        assert len(messages(told(3, 2), told(1, 2))) == 1


@pytest.mark.parametrize(
    "figure", ["1E+9999999", "-1e9999999", "1E-9999999", "9" * 5000, "NaN", "sNaN", "Infinity"]
)
def test_a_figure_that_no_number_can_be_is_told_as_it_is_written(figure):
    """Days are days, whatever somebody writes as their figures: judging never ends in an error."""
    assert diary({FIRST: figure}) == diary({FIRST: figure})
    assert diary({FIRST: figure}) != diary({FIRST: "1"})


def changed_days(
    now: dict[int, tuple[int, int]], past: list[dict[int, tuple[int, int]]]
) -> tuple[int, set[int]]:
    """The model, day by day: how many are compared, and which have other figures though the same records."""
    newest = {day: told for figures in reversed(past) for day, told in figures.items()}
    common = {day for day in now.keys() & newest.keys() if now[day][0] == newest[day][0]}
    return len(common), {day for day in common if now[day][1] != newest[day][1]}


SERIES = st.builds(
    lambda first, told: {first + n: day for n, day in enumerate(told)},
    st.integers(0, 30),
    st.lists(
        st.tuples(st.sampled_from([1, 1, 1, 2]), st.sampled_from([1, 1, 1, 1, 2])), min_size=1, max_size=30
    ),
)


@given(SERIES, st.lists(SERIES, max_size=4))
def test_comparing_stretches_of_days_tells_what_comparing_day_by_day_tells(now, past):
    def kept(series: dict[int, tuple[int, int]]) -> Diary | None:
        told = DayColumn.of(FIRST + timedelta(days=day) for day in series)
        by, figures = zip(*series.values(), strict=True)
        return diary_of(told, [figures], ("streams",), until=date.max, by=[by])

    compared, changed = changed_days(now, past)
    told = messages(kept(now), *map(kept, past))
    assert bool(told) == bool(changed)
    if told:
        first, last = (FIRST + timedelta(days=day) for day in (min(changed), max(changed)))
        extent = f"{first}" if len(changed) == 1 else f"from {first} to {last}"
        assert told[0].startswith(f"{len(changed)} of the {compared} days ")
        assert told[0].endswith(f": {extent}")


def facts_of(path: str, data: bytes) -> Facts:
    found = recognize(path, all_platforms())
    assert isinstance(found, Recognized), found
    judgement = judge(found.feed, BytesContent(data), found.capture)
    assert not judgement.refused, judgement.findings
    return judgement.facts


CAPTURED = date(2025, 6, 12)
"""The day of the first capture; the second is a day later, with a window that has moved on by a day."""


def toolost(member: str, figures: dict[date, int]) -> bytes:
    return orjson.dumps({member: [{"date": day, "streams": str(value)} for day, value in figures.items()]})


def linktree(figures: dict[date, int]) -> bytes:
    total = sum(figures.values())
    series = [{"date": day, "totalViews": value, "totalClicks": 0} for day, value in figures.items()]
    overview = {"totalViews": total, "totalClicks": 0, "clickThroughRate": 0, "timeseries": series}
    return orjson.dumps({"data": {"getAccountAnalytics": {"overview": overview}}})


def youtube(figures: dict[date, int]) -> bytes:
    headers = [
        {"name": "day", "columnType": "DIMENSION", "dataType": "STRING"},
        {"name": "views", "columnType": "METRIC", "dataType": "INTEGER"},
    ]
    rows = [[day, value] for day, value in figures.items()]
    return orjson.dumps({"kind": "youtubeAnalytics#resultTable", "columnHeaders": headers, "rows": rows})


def table(header: str, row: str, figures: dict[date, int]) -> bytes:
    lines = (row.format(day=day, yearless=english(day), value=value) for day, value in figures.items())
    return "\n".join((header, *lines, "")).encode()


def meta(figures: dict[date, int]) -> bytes:
    names = "date,campaign_id,campaign_name,adset_id,reach,cpc,spend_usd,clicks,impressions"
    active = max(figures) > CAPTURED  # as of the extraction, on every past row too
    return table(
        f"{names},meta_pixel_events,is_active",
        f"{{day}},12022490726675,A,,9.0,0.1,{{value}}.5,7,90,{{{{}}}},{active}",
        figures,
    )


def streams_page(figures: dict[date, int]) -> bytes:
    rows = [{"category": day.isoformat(), "column-1": value} for day, value in figures.items()]
    return good_page(CAPTURED, Random(1), length=20).with_daily(lambda _: rows).encoded()


def apple_page(figures: dict[date, int]) -> bytes:
    rows = [{"field": day.isoformat(), "value": value} for day, value in figures.items()]
    total = sum(figures.values())
    daily = {"isEmpty": 0, "total": total, "dataProvider": rows}
    page = good_apple_page(CAPTURED, Random(1))
    return replace(page, data={**page.data, "last365days": daily}, printed=total).encoded()


FEEDS = {
    "distrokid/streams_stats_{}_100000.html": streams_page,
    "distrokid/applemusic_stats_{}_100000.html": apple_page,
    "toolost/toolost_spotify_{}_100000.json": lambda figures: toolost("streams", figures),
    "toolost/toolost_apple_{}_100000.json": lambda figures: toolost("totalStreams", figures),
    "linktree/graphql_{}_100000_123456.json": linktree,
    "youtube/channel_analytics_{}.json": youtube,
    "metaads/metaads_campaign_daily_{}_100000.csv": meta,
    "spotify/spotify_audience_4xExampleArtist0000001_{}_100000.csv": lambda figures: table(
        "date,listeners,streams,followers", "{day},{value},{value},5", figures
    ),
    "tiktok/tiktok_analytics_{}.csv": lambda figures: table(
        "Date,Video Views,Profile Views,Likes,Comments,Shares", "{yearless},{value},1,2,-1,0", figures
    ),
    "tiktok/tiktok_followers_{}.csv": lambda figures: table(
        "Date,Followers,Difference in followers from previous day", "{yearless},{value},0", figures
    ),
}


@pytest.mark.parametrize("name", FEEDS)
class TestEachFeed:
    """Every feed of days keeps a diary; what is partial or not all counted is no restatement."""

    def told(self, name: str, before: dict[date, int], now: dict[date, int]) -> list[str]:
        first = facts_of(name.format(f"{CAPTURED:%Y%m%d}"), FEEDS[name](before)).diary
        second = facts_of(name.format(f"{CAPTURED + timedelta(days=1):%Y%m%d}"), FEEDS[name](now)).diary
        assert first
        assert second
        return messages(second, first)

    def window(self, captured: date) -> dict[date, int]:
        return {captured - timedelta(days=back): 40 + back % 7 for back in range(60, -1, -1)}

    def test_tells_an_early_day_that_has_another_figure(self, name: str):
        before = self.window(CAPTURED)
        changed = CAPTURED - timedelta(days=50)
        now = before | {CAPTURED + timedelta(days=1): 4, changed: 41_213}
        (message,) = self.told(name, before, now)
        assert message.endswith(f"has other figures now: {changed}")
        assert "41" not in message.replace(f"{changed}", "")

    def test_says_nothing_when_only_the_newest_days_move(self, name: str):
        before = self.window(CAPTURED)
        now = before | {CAPTURED + timedelta(days=1): 4, CAPTURED: 900}
        assert self.told(name, before, now) == []

    def test_says_nothing_when_a_day_moves_that_the_source_may_still_count(self, name: str):
        found = recognize(name.format(f"{CAPTURED:%Y%m%d}"), all_platforms())
        assert isinstance(found, Recognized)
        form: Any = found.feed.format
        figures = getattr(form, "inside", form).figures
        before = self.window(CAPTURED)
        settled = CAPTURED - timedelta(days=found.feed.cadence.lag_days + figures.settled_after)
        moving = {settled + timedelta(days=n): 900 for n in range(1, (CAPTURED - settled).days + 1)}
        assert self.told(name, before, before | moving) == []
        (message,) = self.told(name, before, before | moving | {settled: 900})
        assert message.endswith(f"has other figures now: {settled}")

    def test_says_nothing_when_the_newest_of_old_days_moves(self, name: str):
        newest = CAPTURED - timedelta(days=9)
        before = self.window(newest)
        assert self.told(name, before, before | {newest: 900}) == []


def test_every_feed_of_days_is_among_them():
    """By what the formats declare, so that none is forgotten here."""
    declared = {
        form.schema
        for platform in all_platforms()
        for feed in platform.feeds
        for form in (feed, *feed.variants)
        if getattr(form.format, "figures", None)
        or getattr(getattr(form.format, "inside", None), "figures", None)
    }
    asked = set()
    for name in FEEDS:
        found = recognize(name.format("20250612"), all_platforms())
        assert isinstance(found, Recognized)
        asked.add(found.feed.id)
    assert {
        schema.partition(".")[0].partition("_followers")[0].partition("_viewers")[0] for schema in declared
    } == asked
