"""Backtest: what today's contract would say of what is stored, without touching it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rawzone_assets.contract import codes
from rawzone_assets.contract.codes import Code
from rawzone_assets.contract.feed import Facts, Judgement
from rawzone_assets.health.backtest import Change, Compared, Unjudged, backtest, compare
from rawzone_assets.platforms import all_platforms, find_feed
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.rejudging import Rejudged
from rawzone_assets.zone.replay import replay
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

FEED = "toolost/spotify"


@dataclass
class Book:
    """A zone with three objects, a duplicate and two refusals, and the contract that judges it."""

    home: Path
    says: dict[bytes, tuple[Code, ...]] = field(default_factory=dict)

    def judge(self, _feed, content, _capture):
        found = self.says.get(content.read(), ())
        return Judgement(findings=tuple(code("said") for code in found), facts=Facts())

    def zone(self) -> Zone:
        now = datetime(2025, 7, 1, tzinfo=UTC)
        return Zone(Settings.from_environment({}, home=self.home), clock=lambda: now)

    def results(self, **narrowed) -> list[Compared | Unjudged]:
        feed = find_feed(FEED)
        with self.zone() as zone:
            zone.index.catch_up()
            return list(backtest(zone, feed, judge=self.judge, **narrowed))

    def change_of(self, number: int) -> Compared:
        return next(r for r in self.results() if r.entry.receipt.name == name(number))


def name(number: int) -> str:
    return f"toolost_spotify_2025060{number}_100000.json"


@pytest.fixture
def book(tmp_path) -> Book:
    book = Book(home=tmp_path)
    book.says = {b"four": (codes.SHAPE,), b"five": (codes.SHAPE, codes.STALE_DATA), b"two": (codes.STALE_DATA,)}
    landing = tmp_path / "landing" / "toolost"
    landing.mkdir(parents=True)
    for number, data in enumerate((b"one", b"two", b"three", b"four", b"five", b"one"), start=1):
        (landing / name(number)).write_bytes(data)
    with book.zone() as zone:
        found = zone.survey(all_platforms(), settle=0)
        promote(zone, found.ready, judge=book.judge, run_id="test")
    return book


class TestBacktest:
    def test_the_same_contract_changes_nothing(self, book: Book):
        assert [result.change for result in book.results()] == [Change.NONE] * 5

    def test_objects_and_refusals_are_judged_and_duplicates_are_not(self, book: Book):
        assert [r.entry.receipt.name for r in book.results()] == [name(n) for n in (1, 2, 3, 4, 5)]

    def test_an_object_that_would_be_refused_is_named_with_what_blocks_it(self, book: Book):
        book.says[b"one"] = (codes.MISSING_FIELD,)
        result = book.change_of(1)
        assert result.change is Change.NEWLY_REFUSED
        assert (result.added, result.removed, result.blocking) == (
            ("RZ-MISSING-FIELD",), (), ("RZ-MISSING-FIELD",)
        )  # fmt: skip

    def test_a_refusal_that_would_be_accepted_is_named(self, book: Book):
        book.says[b"five"] = (codes.STALE_DATA,)
        result = book.change_of(5)
        assert result.change is Change.NEWLY_ACCEPTED
        assert (result.added, result.removed, result.blocking) == ((), ("RZ-SHAPE",), ())

    def test_other_findings_under_the_same_verdict_are_told_by_code(self, book: Book):
        book.says[b"two"] = (codes.DAYS_MISSING,)
        result = book.change_of(2)
        assert result.change is Change.FINDINGS
        assert (result.added, result.removed) == (("RZ-DAYS-MISSING",), ("RZ-STALE-DATA",))

    def test_what_only_the_past_could_tell_is_no_difference(self, book: Book):
        entry = book.change_of(1).entry
        told = codes.SAME_CONTENT("as yesterday").as_json()
        entry = replace(entry, receipt=replace(entry.receipt, findings=(told,)))
        rejudged = Rejudged(entry=entry, findings=(), shadow_findings=(), facts=Facts())
        assert compare(rejudged).change is Change.NONE

    def test_a_refusal_that_was_accepted_since_is_judged_as_the_object_it_became(self, book: Book):
        book.says[b"four"] = ()
        with book.zone() as zone:
            replay(zone, [find_feed(FEED)], judge=book.judge, run_id="replay")
        found = [(result.entry.receipt.name, result.change) for result in book.results()]
        assert sorted(found) == [(name(n), Change.NONE) for n in (1, 2, 3, 4, 5)]

    def test_it_judges_in_the_modes_of_the_policy(self, book: Book, monkeypatch):
        modes = []

        def judge(feed, _content, _capture):
            modes.append(dict(feed.modes))
            return Judgement(findings=(), facts=Facts())

        monkeypatch.setattr(book, "judge", judge)
        (book.home / "policy.toml").write_text('[modes]\nRZ-SHAPE = "warn"\n')
        book.results()
        assert modes == [{"RZ-SHAPE": "warn"}] * 5

    def test_days_narrow_it(self, book: Book):
        found = book.results(since="2025-06-02", until="2025-06-04")
        assert [r.entry.receipt.name for r in found] == [name(n) for n in (2, 3, 4)]

    def test_several_at_a_time_give_the_same_in_the_same_order(self, book: Book):
        book.says = {b"one": (codes.SHAPE,)}
        assert book.results(parallel=4) == book.results()

    def test_it_writes_nothing(self, book: Book):
        def files() -> dict[Path, tuple[bytes, int]]:
            paths = [p for p in book.home.rglob("*") if p.is_file() and "state" not in p.parts]
            return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}

        before = files()
        book.says = {b"one": (codes.SHAPE,)}
        book.results()
        assert files() == before

    def test_a_stored_file_that_is_not_as_recorded_is_named_and_holds_up_no_other(self, book: Book):
        path = next((book.home / "raw").rglob(f"{name(2)}.gz"))
        path.chmod(0o644)
        path.write_bytes(b"damaged")
        results = book.results()
        assert len(results) == 5
        (problem,) = [result for result in results if isinstance(result, Unjudged)]
        assert problem.entry.receipt.name == name(2)
        assert "recorded" in problem.reason
