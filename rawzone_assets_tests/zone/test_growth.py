"""What a question costs does not grow with the ledger.

Counted in steps of SQLite's machine, which are the same on every computer, and on ledgers of real commits.
"""

from contextlib import contextmanager
from datetime import date, timedelta

import pytest

from benchmarks.ledgers import A_DAY, write_ledger
from rawzone_assets.access import open_raw
from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import write_landing
from rawzone_assets.zone.index_intake import form_number
from rawzone_assets.zone.index_seen import SeenFile, Standing
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

FEED = "toolost/spotify"
SMALL, LARGE = 500, 6_000
GROWTH = 1.15  # as far as the cost may grow


class Steps:
    """Steps that a database made."""

    made = 0


@contextmanager
def counted(zone):
    steps = Steps()

    def note():
        steps.made += 1

    database = zone.index.past._database
    database.set_progress_handler(note, 10)
    yield steps
    database.set_progress_handler(None, 0)


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """A zone with a short past and one with a long past, and the deliveries that land in both."""
    homes = {}
    for receipts in (SMALL, LARGE):
        home = tmp_path_factory.mktemp("zone")
        history = write_ledger(home / "raw" / "_ledger", receipts)
        assert history.receipts >= receipts
        (home / "quarantine" / FEED).mkdir(parents=True)  # the past's refusals lie there, were they files
        write_landing(home / "landing", days=3, until=history.last + timedelta(days=5), bad=False)
        homes[receipts] = home
        with open_zone(home) as zone:
            assert zone.index.catch_up() == history.head
    return homes


def open_zone(home):
    return Zone(Settings.from_environment({"RAWZONE_RESERVE": "0"}, home=home))


def costs(homes, work):
    """What ``work`` on a zone costs after a short and after a long past."""
    steps = []
    for home in homes.values():
        with open_zone(home) as zone:
            zone.index.catch_up()
            with counted(zone) as counter:
                work(zone)
            steps.append(counter.made)
    return steps


class TestGrowth:
    """Promoting 1,000 more files costs the same (within 15 %) at 1,000, 100,000 and 1,000,000 receipts."""

    def test_promoting_costs_the_same_after_a_long_past(self, homes, tell):
        def work(zone):
            ready = zone.survey(all_platforms(), settle=0).ready
            assert len(ready) > 30
            outcome = promote(zone, ready, judge=judge, run_id="test")
            assert outcome.count(Verdict.PROMOTED) > 30

        small, large = costs(homes, work)
        tell(f"growth: {small * 10} steps to promote after {SMALL} receipts, {large * 10} after {LARGE}")
        assert large < small * GROWTH

    def test_comparing_with_the_past_passes_over_no_refusals(self, homes):
        def work(zone):
            refused = [entry.receipt for entry in zone.index.entries(verdicts=["quarantined"])]
            forms = {form_number(receipt.feed, receipt.contract) for receipt in refused}
            with counted(zone) as counter:
                for form in forms:
                    zone.index.past.accepted_before(form, "9", most=1)
            return len(forms), len(refused), counter.made

        found = []
        for home in homes.values():
            with open_zone(home) as zone:
                zone.index.catch_up()
                found.append(work(zone))
        (forms, few, small), (as_many, many, large) = found
        assert forms == as_many
        assert many > 5 * few
        assert large <= small * GROWTH

    def test_a_look_at_landing_costs_by_the_files_that_are_there(self, homes):
        def work(zone):
            zone.survey(all_platforms(), settle=0)

        small, large = costs(homes, work)
        with open_zone(homes[LARGE]) as zone:
            gone = Standing(FEED, Verdict.PROMOTED)
            zone.index.remember(SeenFile(f"{FEED}/gone-{n}.json", b"1", gone) for n in range(20_000))
        assert costs(homes, work)[1] < small * GROWTH
        assert large < small * GROWTH

    def test_reading_a_range_costs_by_what_is_in_it(self, homes):
        def work(zone):
            until = date(2025, 12, 31)
            with open_raw(zone.settings.home) as raw:
                found = list(raw.find(FEED, since=until - timedelta(days=1), until=until))
            assert len(found) in (2 * A_DAY, 2 * A_DAY - 1)
            for listed in found:
                assert zone.index.stored(FEED, listed.receipt.sha256).key == listed.receipt.key
                assert zone.index.find(listed.receipt.key)
                assert zone.index.find(listed.receipt.sha256[:10])
            zone.index.tallies.totals()
            zone.index.open_refusals()

        small, large = costs(homes, work)
        assert large < small * GROWTH

    def test_no_question_reads_a_table_from_end_to_end(self, homes):
        """Without statistics SQLite once chose the index over feeds to look for a hash."""
        asked: list[str] = []
        with open_zone(homes[LARGE]) as zone:
            index, day = zone.index, "2025-12-30"
            index.catch_up()
            key = index.find("2025")  # nothing, but asked
            index.past._database.set_trace_callback(asked.append)
            ask_everything(index, day)
            index.past._database.set_trace_callback(None)
            assert key == []
            assert len(asked) > 25
            for query in asked:
                plan = [row[3] for row in index.past._database.execute(f"EXPLAIN QUERY PLAN {query}")]
                scanned = [step for step in plan if step.startswith("SCAN") and not small(step)]
                assert not scanned, (query, plan)


def small(step: str) -> bool:
    """Whether the table is one of a few rows, or an index of nothing but what is asked for."""
    few = (
        "known",
        "landed",
        "standing",
        "total",
        "CONSTANT",
        "written",
        "wanted",
        "receipt USING INDEX receipt_refused",
    )
    return step.removeprefix("SCAN ").startswith(few)


def ask_everything(index, day):
    zeros = "00" * 32
    for verdicts in ([], [Verdict.QUARANTINED], [Verdict.PROMOTED, Verdict.DUPLICATE]):
        list(index.entries(feeds=["a/b"], since=day, until=day, verdicts=verdicts))
        list(index.entries(feeds=["a/b"], verdicts=verdicts))
    list(index.entries(feeds=["a/b"], partitions=[day]))
    list(index.entries(since="2030-01-01"))
    list(index.entries(open_refusals=True, since="2030-01-01"))
    index.find("none.json")
    index.find(zeros)
    index.promoted_as("none")
    list(index.newest("a/b"))
    index.versions("a/b", since=day, until=day, upto=1)
    index.receipts_by_day("a/b", since=day, data_until=day)
    index.counts_by_day("a/b", since=day, until=day)
    index.days_by_commit("a/b")
    index.feeds()
    index.open_refusals()
    index.stored("a/b", zeros)
    index.revisions("a/b", "none")
    index.already_decided("a/b", "none", zeros, "none")
    index.refusals("a/b", zeros)
    index.has_object("none")
    index.unrecognized("none")
    index.names_place("none")
    index.past.same("a/b", zeros, zeros, day)
    index.past.outline(1, zeros)
    index.past.accepted_before(1, day, most=20)
    index.past.next_capture(1, day)
    index.past.names_told_of(["none"])
    index.past.hashes_told_of([zeros])
    index.past.substances_told_of([zeros])
    list(index.seen.known(["none"]))
    index.tallies.totals()
    index.custody.span("none")
    index.custody.hot_object("a/b", "none")
    list(index.custody.hot_since("a/b", day))
