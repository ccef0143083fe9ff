"""Freshness: judged by what was captured, so that nothing that merely ran can fool it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rawzone_assets.health.freshness import State, assess
from rawzone_assets.platforms import find_feed
from rawzone_assets.zone.receipt import Receipt, Verdict, timestamp

FEED = find_feed("distrokid/streams")
EVERY, STALE = FEED.cadence.every, FEED.cadence.stale_after_days
NOW = datetime(2025, 6, 30, 12, tzinfo=UTC)
TODAY = NOW.date()


def days_ago(count: float) -> date:
    return (NOW - timedelta(days=count)).date()


def receipt(day: date, *, verdict=Verdict.PROMOTED, data: date | None = None, content: str = "", now=NOW):
    """A delivery captured at six in the morning of ``day``, promoted ``now``."""
    captured = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    return Receipt(
        verdict=verdict,
        landing_path=f"{day}",
        feed=FEED.id,
        partition=day.isoformat(),
        captured_at=timestamp(captured),
        promoted_at=timestamp(now),
        sha256=f"{day}",
        substance=content or f"content of {day}",
        data_max=(data or day - timedelta(days=1)).isoformat(),
    )


def state_of(*receipts):
    newest_first = sorted(receipts, key=lambda r: r.partition, reverse=True)
    return assess(FEED, newest_first, now=NOW)


class TestState:
    def test_news_of_today_is_fresh(self):
        found = state_of(receipt(TODAY), receipt(days_ago(1)))
        assert (found.state, found.reasons) == (State.FRESH, ())
        assert found.newest_capture == TODAY.isoformat()
        assert found.newest_data == days_ago(1).isoformat()
        assert found.expected_by == datetime(2025, 6, 30, 6, tzinfo=UTC) + EVERY

    def test_a_feed_that_never_came_is_neither_fresh_nor_stale(self):
        assert state_of().state is State.NEVER

    def test_a_feed_of_which_all_was_refused_never_came(self):
        found = state_of(receipt(TODAY, verdict=Verdict.QUARANTINED))
        assert found.state is State.NEVER
        assert found.reasons == ("nothing was accepted, 1 delivery was refused",)

    def test_no_capture_for_longer_than_the_cadence_is_stale(self):
        last = NOW.date() - EVERY - timedelta(days=1)
        found = state_of(receipt(last))
        assert found.state is State.STALE
        assert f"captured on {last}" in found.reasons[0]


class TestBetweenDeliveries:
    def test_data_that_age_before_the_next_delivery_is_due_are_no_alarm(self):
        captured = days_ago(EVERY.days - 1)
        assert state_of(receipt(captured, data=captured - timedelta(days=STALE))).state is State.FRESH


class TestNotFooled:
    """'An empty run or a re-run or backfill must never make a dead feed look alive.'"""

    def test_old_captures_promoted_today_leave_it_stale(self):
        old = [receipt(days_ago(200 + n), now=NOW) for n in range(30)]
        assert state_of(*old).state is State.STALE

    def test_new_captures_of_old_data_are_stale(self):
        end = days_ago(STALE + 1)
        found = state_of(*(receipt(days_ago(n), data=end) for n in range(5)))
        assert found.state is State.STALE
        assert f"its data end on {end}" in found.reasons[0]

    @pytest.mark.parametrize("apart", [1, EVERY.days])
    def test_the_same_content_under_new_names_is_stale(self, apart):
        days = range(0, EVERY.days + STALE + 2 * apart, apart)
        found = state_of(*(receipt(days_ago(n), content="same", data=TODAY) for n in days))
        assert found.state is State.STALE
        assert "brought nothing new" in found.reasons[-1]

    def test_content_that_did_not_change_once_is_no_alarm(self):
        days = (0, EVERY.days)
        assert state_of(*(receipt(days_ago(n), content="same") for n in days)).state is State.FRESH

    def test_refused_deliveries_keep_no_feed_alive(self):
        last = NOW.date() - EVERY - timedelta(days=2)
        found = state_of(receipt(last), receipt(TODAY, verdict=Verdict.QUARANTINED))
        assert found.state is State.STALE
        assert found.reasons[-1] == "1 delivery was refused that came later"

    def test_a_stamp_in_the_future_keeps_no_feed_alive(self):
        last = NOW.date() - EVERY - timedelta(days=2)
        future = receipt(date(2999, 1, 1), verdict=Verdict.QUARANTINED)
        assert state_of(receipt(last), future).newest_capture == last.isoformat()

    def test_data_of_the_day_after_the_capture_are_a_time_zone(self):
        found = state_of(receipt(TODAY, data=TODAY + timedelta(days=1)))
        assert found.newest_data == TODAY.isoformat()


class TestReasons:
    @pytest.mark.parametrize("later", [1, 3])
    def test_they_stay_the_same_while_the_facts_do(self, later):
        last = receipt(NOW.date() - EVERY - timedelta(days=STALE + 5))
        first = assess(FEED, [last], now=NOW)
        assert assess(FEED, [last], now=NOW + timedelta(days=later)) == first

    def test_no_more_receipts_are_read_than_needed(self):
        def endless():
            for n in range(10_000):
                assert n < 200
                yield receipt(days_ago(n))

        assert assess(FEED, endless(), now=NOW).state is State.FRESH
