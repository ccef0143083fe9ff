"""Crashes at every point of every command that writes, and of the recovery afterwards."""

import pytest

from rawzone_assets_tests.zone.faulty_files import FaultyFiles
from rawzone_assets_tests.zone.power_loss import Campaign
from rawzone_assets_tests.zone.works import PROMOTE_MORE, REPLAY, WORKS, Work, promote, recover

RECOVERY = Work(name="recovery", run=recover, landed={})
by_work = pytest.mark.parametrize("work", WORKS, ids=str)


def staged(moments):
    """From the staged commit on, a crash leaves something to finish."""
    return next(moment.number for moment in moments if "commit-" in moment.operation)


def interrupt_recoveries(campaign, *, every, **ways):
    """Crash a command, then the recovery from each crash; how many points that are."""
    moments = campaign.record(campaign.start())
    points = 0
    for inner in campaign.interrupted_recoveries(moments[staged(moments) :: every], RECOVERY):
        points += len(inner)
        campaign.interrupt(inner, random_ones=1, **ways)
    return points


def interrupt_failures(campaign, *, every, **ways):
    """Let a call fail, then crash while the command cleans up; how many points that are."""
    start = campaign.start()
    calm = campaign.record(start.copy())
    points = 0
    for failing in range(staged(calm), len(calm), every):
        moments = campaign.record(
            start.copy(), through=lambda files, failing=failing: FaultyFiles(files, failing_change=failing)
        )
        after = moments[failing:]
        points += len(after)
        campaign.interrupt(after, random_ones=1, **ways)
    return points


class TestEveryMoment:
    """A crash anywhere leaves either nothing or a batch that the next command finishes without being told."""

    @by_work
    def test_of_a_command(self, home, tell, work):
        campaign = Campaign(home, work)
        moments = campaign.record(campaign.start())
        campaign.interrupt(moments)
        tell(f"{work}: {len(moments)} crash points, {campaign.crashes}")
        assert campaign.violations == []

    @pytest.mark.parametrize("work", [PROMOTE_MORE, REPLAY], ids=str)
    def test_with_an_index_that_is_ahead_of_what_the_disk_kept(self, home, tell, work):
        campaign = Campaign(home, work, with_index=True)
        moments = campaign.record(campaign.start())[::3]
        campaign.interrupt(moments, random_ones=1)
        tell(f"{work}, with index: {len(moments)} crash points, {campaign.crashes}")
        assert campaign.violations == []

    def test_of_the_recovery_from_a_crash(self, home, tell):
        campaign = Campaign(home, PROMOTE_MORE)
        points = interrupt_recoveries(campaign, every=47)
        tell(f"{PROMOTE_MORE}, recovered: {points} crash points, {campaign.crashes}")
        assert campaign.violations == []

    def test_of_the_cleaning_up_after_a_failure(self, home, tell):
        campaign = Campaign(home, PROMOTE_MORE)
        points = interrupt_failures(campaign, every=31)
        tell(f"{PROMOTE_MORE}, failed: {points} crash points, {campaign.crashes}")
        assert campaign.violations == []

    def test_what_was_taken_back_does_not_come_back_alone(self, home):
        """Each change of the last moment lost by itself: the redo log may stay away where a link came back."""
        work = Work(
            name="two months",
            run=promote,
            landed={"tiny/note_20240522.txt": b"1", "tiny/note_20240601.txt": b"2"},
        )
        campaign = Campaign(home, work)
        start = campaign.start()
        links = [
            moment.number
            for moment in campaign.record(start.copy())
            if moment.operation.startswith("link raw/t")
        ]
        moments = campaign.record(start, through=lambda files: FaultyFiles(files, failing_change=links[1]))
        campaign.interrupt(moments[-1:], random_ones=0, every_way=True, each_alone=True)
        assert campaign.violations == []


@pytest.mark.campaign
class TestManyMore:
    """The same, in every way that is known to lose something."""

    @by_work
    @pytest.mark.parametrize("seed", range(2))
    def test_each_change_lost_alone_and_many_subsets(self, home, tell, work, seed):
        campaign = Campaign(home, work, with_index=seed == 1)
        moments = campaign.record(campaign.start())
        campaign.interrupt(moments, seed=1000 * seed, random_ones=4, every_way=True, each_alone=seed == 0)
        tell(f"{work}, seed {seed}: {len(moments)} crash points, {campaign.crashes}")
        assert campaign.violations == []

    @by_work
    def test_recoveries(self, home, tell, work):
        campaign = Campaign(home, work)
        points = interrupt_recoveries(campaign, every=11)
        tell(f"{work}, recovered: {points} crash points, {campaign.crashes}")
        assert campaign.violations == []

    @by_work
    def test_failures(self, home, tell, work):
        campaign = Campaign(home, work)
        points = interrupt_failures(campaign, every=7)
        tell(f"{work}, failed: {points} crash points, {campaign.crashes}")
        assert campaign.violations == []
