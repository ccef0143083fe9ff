"""The past: what a delivery is compared with, whichever batch it came in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from rawzone_assets.contract import codes, digests
from rawzone_assets.contract.acquaintance import Named, names_kept
from rawzone_assets.contract.day_columns import DayColumn
from rawzone_assets.contract.drift import outline_of
from rawzone_assets.contract.feed import Facts, Judgement
from rawzone_assets.contract.judging import judge as real_judge
from rawzone_assets.contract.restatement import diary_of
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import write_landing
from rawzone_assets.zone import promotion
from rawzone_assets.zone.past import OF_THE_PAST
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.receipt import Receipt, Verdict
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

FIRST = date(2025, 6, 1)


def judge(_feed, content, _capture):
    """Takes the facts from the delivery itself."""
    told = json.loads(content.read())
    lines = [" object", *told.get("paths", ())]
    facts = Facts(
        records=told.get("records", 7),
        fingerprint=digests.digest_of_names(lines),
        outline=outline_of(lines),
        substance=f"{told['says']:064x}" if "says" in told else None,
        data_min=told.get("data_min"),
        diary=told.get("diary"),
        data_max=told.get("data_max", "2025-05-30"),
    )
    return Judgement(findings=(codes.SHAPE("it is bad"),) if told.get("bad") else (), facts=facts)


@dataclass
class Story:
    """Deliveries of one feed, landed first and promoted together or one by one."""

    home: Path
    count: int = 0
    landed: list[str] = field(default_factory=list)

    def land(self, day: int, name: str = "toolost_spotify_{}_1000{:02d}.json", **told: object) -> str:
        """Land a delivery captured that many days after the first; bytes differ unless told otherwise."""
        self.count += 1
        told.setdefault("number", self.count)
        stored = name.format(f"{FIRST + timedelta(days=day):%Y%m%d}", self.count)
        path = self.home / "landing" / "toolost" / stored
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told))
        return stored

    def promote(self) -> None:
        settings = Settings.from_environment({}, home=self.home)
        with Zone(settings, clock=lambda: datetime(2026, 1, 30, tzinfo=UTC)) as zone:
            found = zone.survey(all_platforms(), settle=0)
            promote(zone, found.ready, judge=judge, run_id="test")

    def receipts(self) -> dict[str, Receipt]:
        with Zone(Settings.from_environment({}, home=self.home)) as zone:
            zone.index.catch_up()
            return {entry.receipt.name: entry.receipt for entry in zone.index.entries()}

    def told(self, name: str, code: str) -> list[str]:
        """The messages of one code about one delivery."""
        return [f["message"] for f in self.receipts()[name].findings if f["code"] == code]


@pytest.fixture(params=["in one batch", "one by one"])
def story(tmp_path, request, monkeypatch) -> Story:
    """Findings must not depend on how deliveries fall into batches."""
    if request.param == "one by one":
        monkeypatch.setattr(promotion, "MOST_FILES", 1)
    return Story(home=tmp_path)


class TestStrangers:
    """'Account-level data integrity': what names nothing that recent deliveries of its form named is told."""

    CODE = "RZ-ALL-STRANGERS"

    def land(self, story: Story, day: int, first: int) -> str:
        named = names_kept(Named(by="id", what="song"), [f"song {first + n}" for n in range(5)])
        return story.land(day, diary=dict(named))

    def test_another_accounts_answer_is_told_once(self, story: Story):
        names = [self.land(story, day, first) for day, first in enumerate([0, 1, 100, 101, 2, 103])]
        story.promote()
        assert [len(story.told(name, self.CODE)) for name in names] == [0, 0, 1, 0, 0, 0]
        assert story.told(names[2], self.CODE) == ["no song in it was in any of the 2 deliveries before it"]

    def test_old_days_that_come_late_are_compared_with_what_was_before_them(self, story: Story):
        self.land(story, 5, 0)
        story.promote()
        old = self.land(story, 1, 100)
        story.promote()
        assert story.told(old, self.CODE) == []


class TestSameContent:
    """The same substance in other bytes names the object that said it first."""

    def test_names_the_first_object(self, story: Story):
        first = story.land(0, says=1)
        second, third = story.land(1, says=1), story.land(2, says=1)
        story.promote()
        key = f"toolost/spotify/2025/{first}.gz"
        message = f"the same content as {key}, captured 2025-06-01 17:00 UTC"
        assert story.told(first, "RZ-SAME-CONTENT") == []
        assert story.told(second, "RZ-SAME-CONTENT") == [message]
        assert story.told(third, "RZ-SAME-CONTENT") == [message]
        assert key in {receipt.key for receipt in story.receipts().values()}

    def test_names_a_revision_by_its_own_key(self, story: Story):
        story.land(0, says=1)
        story.promote()
        again = story.home / "landing" / "toolost" / "twice" / story.land(1, says=2)
        again.parent.mkdir()
        again.write_text(json.dumps({"says": 3}))
        story.promote()
        later = story.land(2, says=3)
        story.promote()
        (message,) = story.told(later, "RZ-SAME-CONTENT")
        assert ".r2.json.gz, captured" in message

    def test_a_byte_for_byte_copy_is_a_duplicate_and_needs_no_finding(self, story: Story):
        story.land(0, says=1, number=1)
        copy = story.land(1, says=1, number=1)
        story.promote()
        assert story.receipts()[copy].verdict is Verdict.DUPLICATE
        assert story.told(copy, "RZ-SAME-CONTENT") == []

    def test_stands_under_the_check_of_its_role_and_never_blocks(self, story: Story):
        story.land(0, says=1)
        copy = story.land(1, says=1)
        story.promote()
        (finding,) = [f for f in story.receipts()[copy].findings if f["code"] == "RZ-SAME-CONTENT"]
        assert (finding["check"], finding["blocking"]) == ("platform_consistency", False)

    def test_refused_deliveries_neither_tell_nor_count(self, story: Story):
        bad = story.land(0, says=1, bad=True)
        good = story.land(1, says=1)
        story.promote()
        assert story.told(bad, "RZ-SAME-CONTENT") == story.told(good, "RZ-SAME-CONTENT") == []

    def test_nothing_again_is_nothing(self, story: Story):
        story.land(0, says=1, records=0)
        empty = story.land(20, says=1, records=0)
        story.promote()
        assert story.receipts()[empty].findings == ()


class TestContentUnchanged:
    """Content that stands still longer than the feed's data may is the sign of a dead session."""

    @pytest.mark.parametrize("exact", [True, False])
    def test_daily_captures_of_a_dead_session_are_told_from_the_allowed_age_on(
        self, story: Story, *, exact: bool
    ):
        same = {"says": 1} | ({"number": 0} if exact else {})
        names = [story.land(day, **same) for day in range(10)]
        story.promote()
        told = [bool(story.told(name, "RZ-CONTENT-UNCHANGED")) for name in names]
        assert told == [False] * 7 + [True] * 3  # stale_after_days of the feed is 7
        (message,) = story.told(names[9], "RZ-CONTENT-UNCHANGED")
        assert message.startswith("content identical although 9 days newer: unchanged since 2025-06-01;")

    def test_settings_that_speak_of_no_days_may_stand_still(self, story: Story):
        story.land(0, says=1, data_max=None)
        later = story.land(30, says=1, data_max=None)
        story.promote()
        assert story.told(later, "RZ-CONTENT-UNCHANGED") == []

    def test_two_captures_far_apart(self, story: Story):
        story.land(0, says=1)
        later = story.land(30, says=1)
        story.promote()
        assert len(story.told(later, "RZ-CONTENT-UNCHANGED")) == 1

    def test_other_content_in_between_begins_it_anew(self, story: Story):
        for day, says in ((0, 1), (4, 2), (5, 1)):
            story.land(day, says=says)
        later = story.land(9, says=1)
        story.promote()
        assert story.told(later, "RZ-CONTENT-UNCHANGED") == []

    def test_a_late_arrival_is_compared_with_what_was_captured_before_it(self, story: Story):
        story.land(0, says=1)
        story.land(20, says=2)
        story.promote()
        late = story.land(10, says=1)
        story.promote()
        assert len(story.told(late, "RZ-CONTENT-UNCHANGED")) == 1


class TestSchemaDrift:
    """What changed since the last good deliveries of the same form is named."""

    def test_each_change_is_told_once(self, story: Story):
        story.land(0, paths=["/a number"])
        changed = story.land(1, paths=["/a string", "/b number"])
        later = story.land(2, paths=["/a string", "/b number"])
        story.promote()
        assert story.told(changed, "RZ-SCHEMA-DRIFT") == [
            "since the last delivery: appeared /b; changed type /a (string, before number)"
        ]
        assert story.told(later, "RZ-SCHEMA-DRIFT") == []

    def test_an_outline_is_kept_once_a_structure(self, story: Story):
        names = [story.land(day, paths=["/a number"] if day % 2 else ["/b number"]) for day in range(6)]
        story.promote()
        kept = [story.receipts()[name].outline for name in names]
        assert [bool(outline) for outline in kept] == [True, True, False, False, False, False]

    def test_a_refused_delivery_is_no_past(self, story: Story):
        story.land(0, paths=["/a number"])
        story.land(1, paths=["/a number", "/b number"], bad=True)
        good = story.land(2, paths=["/a number", "/b number"])
        story.promote()
        assert story.told(good, "RZ-SCHEMA-DRIFT") == ["since the last delivery: appeared /b"]

    def test_a_structure_too_large_to_keep_is_not_compared(self, story: Story):
        story.land(
            0, paths=[f"/{'x' * (n % 40)}{chr(97 + n % 26)}{chr(97 + n // 26)} number" for n in range(420)]
        )
        other = story.land(1, paths=["/a number"])
        story.promote()
        assert story.told(other, "RZ-SCHEMA-DRIFT") == []


class TestVolumeAnomaly:
    def test_a_delivery_unlike_the_five_before_is_told(self, story: Story):
        for day in range(5):
            story.land(day, records=300)
        cut = story.land(5, records=30)
        story.promote()
        (message,) = story.told(cut, "RZ-VOLUME-ANOMALY")
        assert message.startswith("30 records, less than the usual 300")

    def test_january_is_no_anomaly(self, story: Story):
        for day in range(200, 214):
            story.land(day, records=day, data_min="2025-01-01")
        reset = story.land(216, records=1, data_min="2026-01-01")
        story.promote()
        assert story.receipts()[reset].partition == "2026-01-03"
        assert story.told(reset, "RZ-VOLUME-ANOMALY") == []


class TestRestatedDays:
    """Days are compared with what accepted deliveries of the same form told before, in whatever batch."""

    def days(self, *changed: int) -> dict[str, str]:
        told = DayColumn.of(FIRST + timedelta(days=n) for n in range(-30, -5))
        figures = [n in changed for n in range(-30, -5)]
        return dict(diary_of(told, [figures], ("streams",), until=date.max) or {})

    def test_are_told_of_the_delivery_that_changes_them_and_once(self, story: Story):
        before, changed = story.land(0, diary=self.days()), story.land(1, diary=self.days(-9, -8))
        after = story.land(2, diary=self.days(-9, -8))
        story.promote()
        assert story.told(before, "RZ-RESTATED-DAYS") == story.told(after, "RZ-RESTATED-DAYS") == []
        (message,) = story.told(changed, "RZ-RESTATED-DAYS")
        assert message.startswith("2 of the 25 days that an earlier delivery told have other figures now")
        assert message.endswith(": from 2025-05-23 to 2025-05-24")
        receipt = story.receipts()[changed]
        assert receipt.verdict is Verdict.PROMOTED
        (finding,) = [f for f in receipt.findings if f["code"] == "RZ-RESTATED-DAYS"]
        assert (finding["check"], finding["blocking"]) == ("data_freshness", False)

    def test_are_not_compared_with_refused_or_later_captures(self, story: Story):
        bad = story.land(0, diary=self.days(-9), bad=True)
        later = story.land(9, diary=self.days(-9))
        story.promote()
        good = story.land(1, diary=self.days())
        story.promote()
        assert [story.told(name, "RZ-RESTATED-DAYS") for name in (bad, later, good)] == [[], [], []]
        assert story.receipts()[bad].diary is None

    def test_are_not_compared_with_another_account(self, story: Story):
        names = "../social_media/spotify/spotify_audience_{:d}xExampleArtist000001_{{}}_1000{{:02d}}.csv"
        landed = [
            story.land(day, name=names.format(artist), diary=self.days(*changed))
            for day, (artist, changed) in enumerate([(1, (-9,)), (2, ()), (1, ())])
        ]
        story.promote()
        told = [len(story.told(name.rpartition("/")[2], "RZ-RESTATED-DAYS")) for name in landed]
        assert told == [0, 0, 1]


def test_findings_do_not_depend_on_batches(tmp_path, monkeypatch):
    """One long mixed story: the same findings, word for word, in batches of 1, 3 and 256."""
    found = []
    for size in (1, 3, 256):
        monkeypatch.setattr(promotion, "MOST_FILES", size)
        story = Story(home=tmp_path / str(size))
        for day in range(30):
            story.land(
                day,
                says=day // 9,
                records=300 if day % 11 else 20,
                paths=["/a number", *(["/b number"] if day % 5 else []), *(["/c string"] if day > 20 else [])],
                bad=day % 7 == 3,
            )
        story.promote()
        receipts = story.receipts().values()
        found.append([(receipt.name, receipt.findings, receipt.outline) for receipt in receipts])
    assert found[0] == found[1] == found[2]
    told = {finding["code"] for _, findings, _ in found[0] for finding in findings}
    assert told >= {"RZ-SAME-CONTENT", "RZ-CONTENT-UNCHANGED", "RZ-SCHEMA-DRIFT", "RZ-VOLUME-ANOMALY"}


def test_what_extractors_land_in_the_course_of_things_raises_none_of_this(tmp_path):
    """Good deliveries of every feed over the turn of a year: no drift, no anomaly, no standstill."""
    write_landing(tmp_path / "landing", days=20, until=date(2025, 1, 10), bad=False)
    with Zone(Settings.from_environment({}, home=tmp_path)) as zone:
        found = zone.survey(all_platforms(), settle=0)
        receipts = promote(zone, found.ready, judge=real_judge, run_id="test").receipts
    told = {(receipt.feed, finding["code"]) for receipt in receipts for finding in receipt.findings}
    assert not {code for _, code in told} & OF_THE_PAST, told


def test_looking_back_costs_the_same_however_long_the_history(tmp_path):
    """Every look-up is answered from an index of the database, in its order."""
    story = Story(home=tmp_path)
    story.land(0, says=1)
    story.promote()
    asked: list[str] = []
    with Zone(Settings.from_environment({}, home=tmp_path)) as zone:
        database = zone.index.past._database
        database.set_trace_callback(asked.append)
        past = zone.index.past
        past.accepted_before(1, "2025", most=20, passing_over=20)
        past.next_capture(1, "2025")
        past.same("toolost/spotify", "00", "00", "2025")
        past.outline(1, "00")
        database.set_trace_callback(None)
        for query in asked:
            plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {query}")]
            assert all("USING INDEX" in step for step in plan), (query, plan)
    assert len(asked) == 4
