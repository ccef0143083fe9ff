"""Promotions that let processes write: whichever is struck, wherever, the next promotion comes to the same.

Of real processes on a real file system, with a landing large enough that writers start. What the undisturbed
promotion comes to is the reference: objects, quarantine and receipts, byte for byte.
"""

import os
import random
import signal
import time
from contextlib import suppress

import pytest

from rawzone_assets_tests.processes import eventually, state_of
from rawzone_assets_tests.zone.broken_writers import BROKEN
from rawzone_assets_tests.zone.conftest import folder_in_memory
from rawzone_assets_tests.zone.strikes import ANSWER, ASKED, PROMOTING, REQUEST, WRITING
from rawzone_assets_tests.zone.struck_promotion import FAILED, FINE
from rawzone_assets_tests.zone.writer_bench import Bench, remaining

WAYS = {
    WRITING: {
        ASKED: ("kill",),
        "create": ("kill", "EMFILE", "ENOSPC", "occupy"),
        "write": ("kill", "tear", "ENOSPC", "EDQUOT"),
        "sync": ("kill", "EIO", "ENOSPC"),
        "close": ("kill", "EIO"),
        ANSWER: ("kill",),
    },
    PROMOTING: {
        REQUEST: ("kill",),
        "create": ("kill", "ENOSPC"),
        "write": ("kill", "tear", "ENOSPC"),
        "sync": ("kill", "EIO"),
        "close": ("kill", "EIO"),
        "link": ("kill", "EIO", "EMLINK"),
        "make folder": ("kill", "ENOSPC"),
        "remove": ("kill", "EIO"),
        "remove folder": ("kill", "EIO"),
    },
}
"""Who is struck at which calls, and how."""

STRIKES = [(role, call, how) for role, calls in WAYS.items() for call, ways in calls.items() for how in ways]


@pytest.fixture(scope="module")
def bench():
    with folder_in_memory() as home, folder_in_memory() as work:
        bench = Bench(home, work)
        yield bench
        bench.close()


@pytest.fixture(autouse=True)
def begin_to_count(bench):
    bench.tried = bench.with_writers = bench.unstruck = 0
    bench.violations = []
    bench.begin_again()


def counts(bench) -> str:
    return f"{bench.tried} promotions struck, {bench.with_writers} of them with writers"


class TestStruck:
    def test_once_somewhere_in_every_way(self, bench, tell):
        chance = random.Random(59)
        chosen = chance.sample(STRIKES, 9)
        for role, call, how in chosen:
            bench.strike(call, how, chance.randint(1, bench.calls[role, call]), role=role)
        tell(f"writers: {counts(bench)}")
        assert bench.violations == []
        assert bench.with_writers > bench.tried // 2

    def test_while_another_promotes_the_same(self, bench, tell):
        chance = random.Random(60)
        for role, call, how in ((WRITING, "sync", "kill"), (PROMOTING, "link", "kill")):
            bench.strike(call, how, chance.randint(1, bench.calls[role, call]), role=role, at_once=2)
        tell(f"writers, two promotions at once: {counts(bench)}")
        assert bench.violations == []

    def test_again_and_again_before_one_is_left_in_peace(self, bench, tell):
        self.again_and_again(bench, tell, chains=2)

    @pytest.mark.campaign
    def test_again_and_again_many_times(self, bench, tell):
        self.again_and_again(bench, tell, chains=150)

    def again_and_again(self, bench, tell, chains):
        """Also while it recovers, and early: then most is left to the next one."""
        chance = random.Random(63)

        def somewhere(turn):
            role, call, how = chance.choice(STRIKES)
            nth = chance.randint(1, 1 + bench.calls[role, call] // chance.randint(1, 9))
            return {"role": role, "call": call, "how": how, "nth": nth, "at_once": 1 + turn % 2}

        for _ in range(chains):
            bench.strike_each(*map(somewhere, range(3)))
        tell(f"writers, {chains} times in a row: {counts(bench)}, {bench.unstruck} came to an end before")
        assert bench.violations == []

    @pytest.mark.campaign
    @pytest.mark.parametrize("at_once", [1, 2])
    @pytest.mark.parametrize("role", WAYS)
    def test_at_many_calls_in_every_way(self, bench, tell, role, at_once):
        chance = random.Random(61)
        for call, ways in WAYS[role].items():
            calls = bench.calls[role, call]
            for how in ways:
                for nth in sorted(chance.sample(range(1, calls + 1), min(12, calls))):
                    bench.strike(call, how, nth, role=role, at_once=at_once)
        tell(f"{role} struck, {at_once} at once: {counts(bench)}, {bench.unstruck} came to an end before")
        assert bench.violations == []


class TestAWriter:
    def stopped(self, bench, nth):
        bench.tokens.lay(nth)
        bench.begin(calls=["sync"], how="stop", role=WRITING)
        assert eventually(lambda: bench.noted("stopped"))
        (stopped,) = bench.noted("stopped")
        assert eventually(lambda: state_of(stopped) == "T", pause=0.01)  # it tells before it stands still
        return stopped

    def test_that_is_stopped_for_a_while_is_waited_for(self, bench):
        stopped = self.stopped(bench, 50)
        assert not bench.has_ended(within=0.3)
        os.kill(stopped, signal.SIGCONT)
        assert bench.ended() == [FINE]
        assert bench.differences() == []

    def test_that_awakes_after_its_batch_was_dropped_changes_nothing(self, bench):
        """The promoting process was killed meanwhile, and the next one has done everything."""
        stopped = self.stopped(bench, 50)
        writers = bench.writers()
        os.kill(bench.noted("promoting")[0], signal.SIGKILL)
        assert bench.ended() == [-signal.SIGKILL]
        assert bench.after() == []
        assert state_of(stopped) == "T"
        os.kill(stopped, signal.SIGCONT)
        assert remaining(writers) == []
        assert bench.differences() == []

    @pytest.mark.campaign
    def test_or_who_promotes_is_killed_at_any_time(self, bench, tell):
        """Idle or not, before it is asked for the first time or after the last."""
        chance, ends, late = random.Random(62), [], 0
        for turn in range(120):
            bench.begin_again()
            bench.begin(at_once=1 + turn % 2)
            assert eventually(bench.writers, pause=0.001)
            time.sleep(chance.random() * 0.1)
            late += bench.has_ended()
            victims = bench.writers() if turn % 3 else bench.noted("promoting")
            with suppress(ProcessLookupError):
                os.kill(chance.choice(victims), signal.SIGKILL)
            ends += bench.ended()
            found = bench.objections(ends[-1 - turn % 2 :]) + bench.after()
            bench.violations += [f"turn {turn}: {problem}" for problem in found]
        came = f"{ends.count(FINE)} came to their end, {ends.count(FAILED)} said why not"
        killed = f"{ends.count(-signal.SIGKILL)} were killed"
        tell(
            f"killed at any time: {counts(bench)}, {late} too late; of {len(ends)} promotions {came}, {killed}"
        )
        assert bench.violations == []


class TestWithoutMeans:
    def test_for_more_writers_those_there_are_do_it(self, bench):
        assert bench.promote(processes=2) == [FINE]
        assert len(bench.writers()) == 2
        assert bench.differences() == []

    def test_to_open_files_it_comes_to_the_same_or_says_so(self, bench, tell):
        self.starve(bench, tell, (14, 22, 60))

    @pytest.mark.campaign
    def test_to_open_files_however_few_it_comes_to_the_same_or_says_so(self, bench, tell):
        self.starve(bench, tell, range(8, 100))

    def starve(self, bench, tell, limits):
        """Who cannot open a landed file leaves it to the next promotion, and goes on with the others."""
        ends = []
        for limit in limits:
            bench.begin_again()
            ends += bench.promote(descriptors=limit)
            found = bench.objections(ends[-1:]) + bench.after(in_order=False)
            bench.violations += [f"{limit} descriptors: {problem}" for problem in found]
        tell(f"few descriptors: {counts(bench)}; {ends.count(FINE)} of them came to their end")
        assert bench.violations == []


class TestBroken:
    @pytest.mark.parametrize("broken", [b for b in BROKEN.values() if b.noticed_by != "power loss"], ids=str)
    def test_writers_are_noticed(self, bench, broken):
        order = {"mutant": broken.name}
        if broken.noticed_by == "calm":
            ended = bench.promote(**order)
            assert ended != [FINE] or bench.differences()
        else:
            call, how = broken.noticed_by.split()
            bench.strike(call, how, bench.calls[WRITING, call] // 2, role=WRITING, **order)
            assert bench.violations
