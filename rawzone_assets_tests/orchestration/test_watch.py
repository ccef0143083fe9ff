"""Freshness and open refusals: told when they change, and not to be fooled."""

import shutil
from dataclasses import replace
from datetime import timedelta

import dagster as dg
import pytest

from rawzone_assets.orchestration.names import raw_key
from rawzone_assets_tests.orchestration.desk import NOTES, PLATFORM, Plain


class Frozen(Plain):
    """A source whose pages go on saying the same days."""

    def examine(self, feed, content, capture, findings):
        return super().examine(feed, content, capture, findings)._replace(data_max="2024-05-31")


def land_fresh(desk) -> None:
    desk.land(f"{desk.now:%Y%m%d}")
    desk.run(f"{desk.now:%Y-%m-%d}")


def watch(desk) -> dict[str, bool]:
    """Whether each check of the notes feed passed, of those that a tick had news about."""
    result = desk.tick(sensor="feed_watch")
    events = [event for event in result.asset_events if event.asset_key == raw_key(NOTES)]
    return {event.check_name: event.passed for event in events}


def by_hand(desk):
    return desk.run(f"{desk.now:%Y-%m-%d}", checks=("freshness",), assets=False)


class TestFreshness:
    def test_a_feed_that_never_came_is_a_warning(self, desk):
        watch(desk)
        evaluation = desk.evaluation("freshness")
        assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert evaluation.metadata["state"].value == "never"

    def test_a_fresh_feed_grows_stale_by_itself(self, desk):
        land_fresh(desk)
        assert watch(desk)["freshness"]
        desk.now += timedelta(days=3)
        assert watch(desk) == {"freshness": False}

    def test_every_change_of_state_is_told_once(self, desk):
        """Never, fresh, late but fine, stale, fresh, stale, stale for another reason, fresh."""
        day = timedelta(days=1)
        steps = [
            (0 * day, None, "never"),
            (0 * day, "{}", "fresh"),
            (2 * day, None, None),  # due now, not late yet
            (0.5 * day, None, None),
            (0.01 * day, None, "stale"),
            (0 * day, "news\n", "fresh"),
            (1 * day, "more\n", "fresh"),  # newer facts
            (3 * day, None, "stale"),
            (0 * day, "bad", "stale"),  # the refusal is told as a reason
            (1 * day, "good\n", "fresh"),
        ]
        for wait, data, state in steps:
            desk.now += wait
            if data:
                desk.land(f"{desk.now:%Y%m%d}", data, time=f"{desk.now:%H%M%S}")
                desk.run(f"{desk.now:%Y-%m-%d}")
            told = watch(desk)
            assert ("freshness" in told) is (state is not None), (wait, data, told)
            assert watch(desk) == {}
            if state:
                evaluation = desk.evaluation("freshness")
                assert evaluation.metadata["state"].value == state
                assert evaluation.passed is (state == "fresh")

    def test_data_that_stand_still_are_stale_although_files_come(self, desk):
        still = replace(PLATFORM.feeds[0], format=Frozen())
        desk.platform = replace(PLATFORM, feeds=(still, PLATFORM.feeds[1]))
        for _ in range(7):
            land_fresh(desk)
            told = watch(desk)
            desk.now += timedelta(days=1)
        assert told == {"freshness": False}
        assert "its data end on 2024-05-31" in desk.evaluation("freshness").description

    def test_the_same_content_under_new_names_is_stale_in_the_end(self, desk):
        states = []
        for _ in range(10):
            desk.land_as(f"tiny/notes_{desk.now:%Y%m%d}.json", "always the same")
            desk.run(f"{desk.now:%Y-%m-%d}")
            watch(desk)
            states.append(desk.evaluation("freshness").passed)
            desk.now += timedelta(days=1)
        assert states == [True] * 8 + [False] * 2
        assert "brought nothing new" in desk.evaluation("freshness").description

    def test_a_replayed_refusal_of_long_ago_makes_no_dead_feed_look_alive(self, desk):
        desk.land("20240501")
        desk.land("20240515", "bad")
        desk.run("2024-05-01", "2024-05-15")
        assert watch(desk)["freshness"] is False
        desk.land("20240515", "good")
        desk.run("2024-05-15")
        watch(desk)
        assert desk.evaluation("freshness").passed is False

    def test_an_unchanged_answer_is_not_told_again(self, desk):
        land_fresh(desk)
        assert watch(desk)
        assert watch(desk) == {}

    def test_an_empty_run_or_a_backfill_of_old_days_makes_no_dead_feed_look_alive(self, desk):
        desk.land("20240501")
        desk.run("2024-05-01")
        assert watch(desk)["freshness"] is False
        desk.run("2024-05-01", "2024-06-01")
        desk.land("20240315")
        desk.run("2024-03-15")
        assert watch(desk) == {}

    @pytest.mark.parametrize("look", [watch, by_hand])
    def test_what_the_index_did_not_know_yet_counts(self, desk, look):
        """A promotion that was killed after its commit has not put it into the index."""
        land_fresh(desk)
        shutil.rmtree(desk.home / "state")
        look(desk)
        assert desk.evaluation("freshness").passed

    def test_a_damaged_ledger_is_said_in_one_sentence(self, desk):
        land_fresh(desk)
        with desk.zone() as zone:
            commit = zone.ledger.path(0)
        commit.chmod(0o644)
        commit.write_bytes(b"damaged")
        shutil.rmtree(desk.home / "state")
        assert commit.name in desk.tick(sensor="feed_watch").skip_reason.skip_message

    def test_it_can_be_run_by_hand(self, desk):
        land_fresh(desk)
        assert by_hand(desk).success
        assert desk.evaluation("freshness").passed
        assert watch(desk) == {"open_refusals": True}

    def test_a_backfill_in_the_ui_that_skips_the_check_does_not_hide_its_answer(self, desk):
        land_fresh(desk)
        watch(desk)
        desk.run("2024-05-01", "2024-05-03", checks=("freshness", "open_refusals"))
        assert watch(desk) == {"freshness": True, "open_refusals": True}
        assert watch(desk) == {}


class TestOpenRefusals:
    def test_a_refusal_stays_open_until_the_same_name_is_accepted(self, desk):
        desk.land("20240501", "bad")
        desk.run("2024-05-01")
        assert watch(desk)["open_refusals"] is False
        desk.land("20240502")
        desk.run("2024-05-02")
        assert "open_refusals" not in watch(desk)
        desk.land("20240501", "good")
        desk.run("2024-05-01")
        assert watch(desk)["open_refusals"]

    def test_another_refusal_in_its_place_is_told(self, desk):
        desk.land("20240501", "bad")
        desk.run("2024-05-01")
        watch(desk)
        desk.land("20240501", "good")
        desk.land("20240502", "bad")
        desk.run("2024-05-01", "2024-05-02")
        assert watch(desk)["open_refusals"] is False
        assert desk.evaluation("open_refusals").metadata["days"].value == ["2024-05-02"]

    def test_the_newest_refusals_stand_first_each_with_what_it_was_refused_for(self, desk):
        for day in ("20240501", "20240503", "20240502"):
            desk.land(day, "bad and odd")
            desk.run("2024-05-01", "2024-05-03")
        watch(desk)
        metadata = desk.evaluation("open_refusals").metadata
        assert metadata["days"].value == ["2024-05-03", "2024-05-02", "2024-05-01"]
        rows = [record.data for record in metadata["findings"].value.records]
        assert [(row["file"][6:14], row["code"]) for row in rows] == [
            (day, "RZ-JSON-SYNTAX") for day in ("20240503", "20240502", "20240501")
        ]

    def test_a_day_outside_of_the_partitions_shows_here(self, desk):
        landed = desk.land("20191231")
        desk.run("2024-05-01")
        watch(desk)
        evaluation = desk.evaluation("open_refusals")
        (row,) = (record.data for record in evaluation.metadata["findings"].value.records)
        assert (row["file"], row["code"]) == (landed.name, "RZ-BEFORE-START")

    def test_a_missing_zone_is_no_error(self, desk):
        assert desk.tick(sensor="feed_watch").skip_reason
