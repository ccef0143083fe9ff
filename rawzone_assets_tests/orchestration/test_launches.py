"""Launches: spans of days, and when a pending set is tried again."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from rawzone_assets.orchestration.launches import (
    Attempt,
    fingerprint,
    next_attempt,
    read_cursor,
    spans,
    write_cursor,
    yearly_spans,
)
from rawzone_assets.orchestration.pending import Pending, plan

NOW = datetime(2024, 6, 1, tzinfo=UTC)


class TestSpans:
    def test_nothing_pending_needs_no_run(self):
        assert spans([]) == yearly_spans([]) == []

    def test_days_within_a_month_of_each_other_are_one_run(self):
        assert spans(["2024-05-30", "2024-05-02", "2024-06-01"]) == [("2024-05-02", "2024-06-01")]
        assert len(spans(["2024-05-02", "2024-06-02"])) == 2

    def test_more_is_a_run_for_each_calendar_month_that_has_days(self):
        days = ["2024-01-15", "2024-03-01", "2024-03-31", "2024-12-24"]
        assert spans(days) == [
            ("2024-01-15", "2024-01-15"),
            ("2024-03-01", "2024-03-31"),
            ("2024-12-24", "2024-12-24"),
        ]

    def test_years_of_history_are_a_run_for_each_calendar_year(self):
        days = [f"{year}-{month:02d}-03" for year in (2022, 2023) for month in range(1, 13)]
        assert (
            spans(days)
            == [("2022-01-03", "2022-12-03"), ("2023-01-03", "2023-12-03")]
            == yearly_spans(days[::-1])
        )


class TestAttempts:
    def test_a_new_pending_set_is_launched_at_once(self):
        old = Attempt(fingerprint="old", number=4, at=NOW)
        assert next_attempt(old, "new", NOW) == Attempt(fingerprint="new", number=1, at=NOW)

    def test_what_is_still_pending_waits_longer_each_time(self):
        attempt, waits = next_attempt(None, "same", NOW), []
        for _ in range(6):
            waits.append(attempt.next_at - attempt.at)
            assert next_attempt(attempt, "same", attempt.next_at - timedelta(seconds=1)) is None
            attempt = next_attempt(attempt, "same", attempt.next_at)
        assert [wait.total_seconds() / 60 for wait in waits] == [1, 5, 25, 120, 120, 120]
        assert attempt.number == 7

    def test_a_fingerprint_does_not_depend_on_order(self):
        assert fingerprint(["a", "b"]) == fingerprint(["b", "a"]) != fingerprint(["ab"])


class TestCursor:
    def test_it_is_read_back_as_written(self):
        attempts = {"tiny/notes": Attempt(fingerprint="0123abcd", number=3, at=NOW)}
        assert read_cursor(write_cursor(attempts)) == attempts

    def test_that_of_twenty_feeds_stays_below_a_kilobyte(self):
        attempts = {
            f"social_media/feed{n}": Attempt(fingerprint="0123abcd", number=12, at=NOW) for n in range(20)
        }
        assert len(write_cursor(attempts)) < 1024

    @pytest.mark.parametrize(
        "cursor",
        [
            None,
            "",
            "no json",
            "[]",
            '{"a": 1}',
            '{"a": []}',
            '{"a": ["x", "y", "z"]}',
            '{"a": ["x", 1, 1e300]}',
        ],
    )
    def test_one_that_is_not_ours_is_as_good_as_none(self, cursor):
        assert read_cursor(cursor) == {}


class TestPlan:
    def test_asks_for_no_more_runs_than_it_may_and_says_how_many_there_are(self):
        days = tuple(f"2024-{month:02d}-01" for month in range(1, 7))
        work = Pending(name="a/b", asset=dg.AssetKey("b"), days=days, fingerprint="f", what="6 files")
        tick = plan([work], before={}, active=set(), now=NOW, most=4)
        assert [request.partition_key for request in tick.requests] == list(days[:4])
        assert tick.notes == ["a/b: 6 files, 4 of 6 runs requested"]

    def test_keeps_count_of_attempts_while_a_run_is_active_or_a_pause_lasts(self):
        work = Pending(name="a/b", asset=dg.AssetKey("b"), days=("2024-05-01",), fingerprint="f", what="1 file")
        first = plan([work], before={}, active=set(), now=NOW, most=1)
        assert [request.run_key for request in first.requests] == ["a/b:f:1:2024-05-01"]
        for active in (set(), {work.asset}):
            later = plan([work], before=first.attempts, active=active, now=NOW, most=1)
            assert (later.requests, later.attempts) == ([], first.attempts)
        again = plan([work], before=first.attempts, active=set(), now=NOW + timedelta(hours=1), most=1)
        assert [request.run_key for request in again.requests] == ["a/b:f:2:2024-05-01"]
