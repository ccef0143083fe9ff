"""Days of a feed, as the ledger has them, however few of their receipts are held at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rawzone_assets.access.catalog import readable
from rawzone_assets.contract.feed import Facts, Judgement
from rawzone_assets.orchestration import days as module
from rawzone_assets.orchestration.days import Days
from rawzone_assets.orchestration.reporting import materializations
from rawzone_assets.zone.receipt import Receipt, Verdict
from rawzone_assets.zone.replay import replay
from rawzone_assets_tests.orchestration.desk import NOTES, PLATFORM

FIRST = [f"2024-05-{day:02}" for day in range(1, 10)]


@pytest.fixture
def busy(desk):
    """A desk whose feed has one delivery on the first day, two on the second, three on the third and so on."""
    for number, day in enumerate(FIRST, 1):
        for hour in range(number):
            desk.land(day.replace("-", ""), "bad" if hour == 3 else "{}", time=f"{hour:02}0000")
    desk.run(FIRST[0], FIRST[-1])
    return desk


@pytest.mark.parametrize("most", [1, 5, 17, 4_000])
def test_days_are_the_same_in_whatever_portions_they_are_read(busy, monkeypatch, most):
    monkeypatch.setattr(module, "_MOST_RECEIPTS", most)
    with busy.zone() as zone:
        days = Days(zone.index, NOTES, FIRST)
        assert [len(day.entries) for day in days.values()] == list(range(1, 10))
        backwards = [days[partition] for partition in reversed(FIRST)]
        assert [len(day.refused) for day in backwards] == [1] * 6 + [0] * 3
        whole = {entry.receipt.landing_path for entry in zone.index.entries(feeds=[NOTES])}
        assert {entry.receipt.landing_path for day in backwards for entry in day.entries} == whole


def test_days_come_in_the_order_asked_for_each_once_and_none_that_the_ledger_does_not_know(busy):
    asked = ["2024-05-07", "2024-05-02", "2031-01-01", "2024-05-07", "2024-05-04"]
    with busy.zone() as zone:
        days = Days(zone.index, NOTES, asked)
        assert list(days) == ["2024-05-07", "2024-05-02", "2024-05-04"]
        assert [day.partition for day in days.values()] == list(days)
        assert len(days) == 3
        assert "2031-01-01" not in days


def test_days_stay_as_they_were_when_they_were_asked_for(busy, monkeypatch):
    """A run goes through them twice, and what it says last must be of what it said first."""
    monkeypatch.setattr(module, "_MOST_RECEIPTS", 1)
    with busy.zone() as zone:
        days = Days(zone.index, NOTES, FIRST)
        before = {partition: (day.state, day.content, day.arrivals) for partition, day in days.items()}
        busy.land("20240502", time="230000")
        busy.land("20240510")
        busy.run("2024-05-02", "2024-05-10")
        after = {partition: (day.state, day.content, day.arrivals) for partition, day in days.items()}
        assert after == before
        zone.index.catch_up()
        anew = Days(zone.index, NOTES, [*FIRST, "2024-05-10"])
        assert [p for p in before if anew[p].state != before[p][0]] == ["2024-05-02"]
        assert [entry.receipt.verdict for entry in anew["2024-05-10"].entries] == [Verdict.PROMOTED]


def test_a_day_of_many_files_is_told_without_comparing_each_with_all(busy, monkeypatch):
    """Telling a thousand files a day took longer than promoting them."""
    monkeypatch.setattr(Receipt, "__eq__", lambda *_: pytest.fail("two receipts were compared"))
    with busy.zone() as zone:
        day = Days(zone.index, NOTES, FIRST)["2024-05-09"]
        (told,) = materializations(zone, PLATFORM.feeds[0], [day])
    assert [row.data["name"] for row in told.metadata["delivered"].value.records] == [
        f"notes_20240509_{hour:02}0000.json" for hour in (8, 7, 6, 5)
    ]


def test_of_each_name_the_newest_delivery_is_what_readers_get(desk):
    """Also where an older one lands again, or comes to be accepted after its successor."""
    desk.land_as("tiny/notes_20240501_010000.json", "bad 1")
    for data in ("1\n", "2\n"):
        desk.land_as("tiny/notes_20240501_020000.json", data)
        desk.run("2024-05-01")
    desk.land_as("tiny/notes_20240501_010000.json", "3\n")
    desk.land_as("tiny/again/notes_20240501_020000.json", "1\n")
    desk.run("2024-05-01")
    with desk.zone() as zone:
        replay(
            zone, [PLATFORM.feeds[0]], judge=lambda *_: Judgement(findings=(), facts=Facts()), run_id="replay"
        )
        zone.index.catch_up()
        day = Days(zone.index, NOTES, ["2024-05-01"])["2024-05-01"]
        read = list(readable(zone, feeds=[NOTES]))
    assert len(day.accepted) == 5
    assert sorted(day.newest, key=lambda receipt: receipt.name) == [listed.receipt for listed in read]
    assert [listed.receipt.size for listed in read] == [2, 2]


def test_a_refusal_stays_open_until_its_name_or_its_bytes_are_accepted_after_it(desk):
    desk.land_as("tiny/notes_20240501_010000.json", "1\n")
    for name, data in {"02": "bad 1", "03": "bad 2", "04": "bad 2", "05": "bad 3"}.items():
        desk.land_as(f"tiny/notes_20240501_{name}0000.json", data)
    desk.run("2024-05-01")
    desk.land_as("tiny/notes_20240501_020000.json", "mended\n")
    desk.run("2024-05-01")
    desk.land_as("tiny/notes_20240501_020000.json", "bad again")
    desk.run("2024-05-01")
    with desk.zone() as zone:
        day = Days(zone.index, NOTES, ["2024-05-01"])["2024-05-01"]
    assert [receipt.name for receipt in day.refused] == [
        f"notes_20240501_{hour}0000.json" for hour in ("03", "04", "05", "02")
    ]
    # Its bytes come to be accepted where rules were mended: under another name, by a replay.
    promoted, third = day.entries[0], day.entries[2]
    replayed = replace(promoted, receipt=replace(promoted.receipt, name="other", sha256=third.receipt.sha256))
    assert [receipt.name for receipt in replace(day, entries=(*day.entries, replayed)).refused] == [
        f"notes_20240501_{hour}0000.json" for hour in ("05", "02")
    ]
