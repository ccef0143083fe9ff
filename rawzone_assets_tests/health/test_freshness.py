"""Freshness: judged by what was captured, so that nothing that merely ran can fool it."""

import weakref
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.deadlines import longest_wait
from rawzone_assets.contract.feed import WORKING_DAYS, Cadence
from rawzone_assets.health.freshness import State, assess
from rawzone_assets.platforms import find_feed
from rawzone_assets.zone.receipt import Receipt, Verdict, moment, timestamp

FEED = find_feed("distrokid/streams")
EVERY, STALE = FEED.cadence.every, FEED.cadence.stale_after_days
GRACE = FEED.cadence.patience
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
        last = NOW.date() - EVERY - GRACE - timedelta(days=1)
        found = state_of(receipt(last))
        assert found.state is State.STALE
        assert f"captured on {last}" in found.reasons[0]

    def test_a_delivery_that_is_late_by_less_than_its_grace_is_no_alarm(self):
        last = receipt(days_ago(EVERY.days + 1))
        due = moment(last.captured_at) + EVERY
        for now, state in (
            (due, State.FRESH),
            (due + GRACE, State.FRESH),
            (due + GRACE + timedelta(seconds=1), State.STALE),
        ):
            found = assess(FEED, [last], now=now)
            assert (found.state, found.expected_by, found.overdue_at) == (state, due, due + GRACE)


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
        days = range(0, (EVERY + GRACE).days + STALE + 2 * apart, apart)
        found = state_of(*(receipt(days_ago(n), content="same", data=TODAY) for n in days))
        assert found.state is State.STALE
        assert "brought nothing new" in found.reasons[-1]

    def test_content_that_did_not_change_once_is_no_alarm(self):
        days = (0, EVERY.days)
        assert state_of(*(receipt(days_ago(n), content="same") for n in days)).state is State.FRESH

    def test_content_may_stand_still_for_as_long_as_patience_lasts(self):
        patience = longest_wait(FEED.cadence) + timedelta(days=STALE)
        for longer, state in ((0, State.FRESH), (1, State.STALE)):
            days = (TODAY, days_ago(patience.days + longer))
            found = state_of(*(receipt(day, content="the same", data=TODAY) for day in days))
            assert found.state is state

    def test_a_part_of_what_an_old_day_brought_is_no_change(self):
        old = days_ago((longest_wait(FEED.cadence) + timedelta(days=STALE)).days + 1)
        found = state_of(
            receipt(TODAY, content="second"), receipt(old, content="first"), receipt(old, content="second")
        )
        assert (found.state, found.last_change) == (State.STALE, old.isoformat())

    def test_refused_deliveries_of_days_to_come_are_not_counted(self):
        found = state_of(
            receipt(days_ago(99)),
            *(receipt(day, verdict=Verdict.QUARANTINED) for day in (TODAY, days_ago(-2))),
        )
        assert found.reasons[-1] == "1 delivery was refused that came later"

    def test_refused_deliveries_keep_no_feed_alive(self):
        last = NOW.date() - EVERY - GRACE - timedelta(days=2)
        found = state_of(receipt(last), receipt(TODAY, verdict=Verdict.QUARANTINED))
        assert found.state is State.STALE
        assert found.reasons[-1] == "1 delivery was refused that came later"

    def test_a_stamp_in_the_future_keeps_no_feed_alive(self):
        last = NOW.date() - EVERY - GRACE - timedelta(days=2)
        future = receipt(date(2999, 1, 1), verdict=Verdict.QUARANTINED)
        assert state_of(receipt(last), future).newest_capture == last.isoformat()

    def test_data_of_the_day_after_the_capture_are_a_time_zone(self):
        found = state_of(receipt(TODAY, data=TODAY + timedelta(days=1)))
        assert found.newest_data == TODAY.isoformat()


def ledger_of(days: list[int], order) -> list[Receipt]:
    """Receipts of these capture days before now, as the index gives them, promoted in whatever order."""
    receipts = [
        replace(receipt(days_ago(n)), promoted_at=timestamp(NOW - timedelta(hours=order.random())))
        for n in days
    ]
    order.shuffle(receipts)
    return sorted(receipts, key=lambda r: r.partition, reverse=True)


class TestOnlyFactsCount:
    """'The state depends only on the ledger's content and the clock': on nothing that ran."""

    @given(
        days=st.lists(st.integers(0, 400), min_size=1, max_size=30, unique=True),
        refused=st.lists(st.integers(0, 400), max_size=5),
        replays=st.integers(0, 3),
        order=st.randoms(use_true_random=False),
    )
    def test_replays_and_promotions_in_any_order_change_nothing(self, days, refused, replays, order):
        first, again = ledger_of(days, order), ledger_of(days, order)
        again += [
            replace(item, verdict=Verdict.DUPLICATE, promoted_at=timestamp(NOW))
            for item in order.sample(again, min(replays, len(again)))
        ]
        again.sort(key=lambda r: r.partition, reverse=True)
        one, two = state_of(*first), state_of(*again)
        assert replace(one, last_arrival=None) == replace(two, last_arrival=None)
        with_refusals = [*first, *(receipt(days_ago(n), verdict=Verdict.QUARANTINED) for n in refused)]
        assert state_of(*with_refusals).state is one.state
        overdue = min(days) * timedelta(days=1) + timedelta(hours=6) > EVERY + GRACE
        assert (one.state is State.STALE) >= overdue

    @given(gaps=st.lists(st.floats(0, 1), min_size=1, max_size=40), clock=st.floats(0, 1))
    def test_a_feed_whose_every_delivery_is_at_most_late_by_its_grace_never_alarms(self, gaps, clock):
        captured, receipts = NOW - timedelta(days=600), []
        for number, share in enumerate(gaps):
            captured += (EVERY + GRACE) * share
            delivered = receipt(captured.date(), content=str(number))
            receipts.insert(0, replace(delivered, captured_at=timestamp(captured)))
            for now in (captured, captured + (EVERY + GRACE) * clock, captured + EVERY + GRACE):
                assert assess(FEED, receipts, now=now).state is State.FRESH


class TestWeekdays:
    WORKDAYS = replace(
        FEED,
        cadence=Cadence(
            every=timedelta(days=1),
            lag_days=1,
            stale_after_days=4,
            grace=timedelta(hours=6),
            weekdays=WORKING_DAYS,
        ),
    )
    FRIDAY = datetime(2025, 6, 27, 16, tzinfo=UTC)  # nine in the morning in Los Angeles

    def state(self, now: datetime, captured: datetime | None = None) -> State:
        delivered = replace(receipt(self.FRIDAY.date()), captured_at=timestamp(captured or self.FRIDAY))
        return assess(self.WORKDAYS, [delivered], now=now, timezone="America/Los_Angeles").state

    def test_nothing_is_awaited_on_a_weekend(self):
        monday = self.FRIDAY + timedelta(days=3)
        assert self.state(monday + timedelta(hours=6)) is State.FRESH
        assert self.state(monday + timedelta(hours=6, minutes=1)) is State.STALE

    def test_the_weekend_is_that_of_the_place_where_the_feed_is_read(self):
        # Saturday in UTC, still Friday evening in Los Angeles.
        evening = self.FRIDAY + timedelta(hours=10)
        assert evening.isoweekday() == 6
        assert self.state(evening + timedelta(days=3, hours=5, minutes=59), evening) is State.FRESH

    def test_on_a_working_day_it_is_awaited_as_ever(self):
        wednesday = self.FRIDAY - timedelta(days=2)
        assert self.state(wednesday + timedelta(days=1, hours=7), wednesday) is State.STALE


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


def test_of_thousands_of_deliveries_a_day_no_more_than_a_few_are_held():
    """A status of sixty thousand small files took as much memory as promoting them."""
    alive: list[weakref.ref[Receipt]] = []
    most = 0

    def receipts() -> Iterator[Receipt]:
        nonlocal most
        for age in range(4):
            for number in range(200):
                one = receipt(days_ago(age), content=f"{age} {number}")
                alive.append(weakref.ref(one))
                most = max(most, sum(ref() is not None for ref in alive))
                yield one
                del one

    assert assess(FEED, receipts(), now=NOW).last_change == TODAY.isoformat()
    assert len(alive) == 800
    assert most <= 4
