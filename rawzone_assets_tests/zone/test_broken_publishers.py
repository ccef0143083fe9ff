"""A publisher broken on purpose must be noticed by the campaigns, or the campaigns prove nothing."""

import errno

import pytest

from rawzone_assets_tests.zone.fault_bench import FaultBench
from rawzone_assets_tests.zone.faulty_files import FaultyFiles
from rawzone_assets_tests.zone.interleaving import Races
from rawzone_assets_tests.zone.mutants import MUTANTS, Mutant
from rawzone_assets_tests.zone.power_loss import Campaign
from rawzone_assets_tests.zone.works import Work, promote

FEW = {
    "tiny/note_20240522.txt": b"first\n",
    "tiny/note_20240524.txt": b"bad one",
    "tiny/sum_20240522.csv": b"1\n",
}
MORE = {"tiny/note_20240522.txt": b"second\n", "tiny/note_20240601.txt": b"new month\n"}
PROMOTE_FEW = Work(name="a small first promotion", run=promote, landed=FEW)
PROMOTE_MORE = Work(name="a small later promotion", run=promote, before=(FEW,), landed=MORE)


def crashes(home, mutant):
    """Every loss of power, and a kill, at every moment; the last moments first."""
    campaign = Campaign(home, PROMOTE_FEW, opening=mutant.open)
    moments = campaign.record(campaign.start())
    campaign.interrupt(moments[::-1], random_ones=0, every_way=True, each_alone=True, until_broken=True)
    return campaign


def failures(home, mutant):
    """A link or the sync of a folder fails, and the process is killed while it cleans up."""
    campaign = Campaign(home, PROMOTE_FEW, opening=mutant.open)
    start = campaign.start()
    calm = campaign.record(start.copy())
    for failing in [moment.number for moment in calm if moment.operation.startswith("link ")]:
        moments = campaign.record(
            start.copy(), through=lambda files, failing=failing: FaultyFiles(files, failing_change=failing)
        )
        campaign.interrupt(moments[failing:], until_broken=True)
    return campaign


def faults(home, mutant):
    """A sync fails, and then the process goes on or is killed."""
    bench = FaultBench(home, PROMOTE_FEW, opening=mutant.open, thorough=True)
    for killed in (False, True):
        bench.fail_each([errno.EIO] * 99, only=("sync",), killed=killed, until_broken=True)
    return bench


def races(home, mutant):
    """Another process comes at each step, without locks."""
    campaign = Races(home, PROMOTE_MORE, PROMOTE_MORE, lands=mutant.lands, locked=False, opening=mutant.open)
    campaign.run(until_broken=True)
    return campaign


def deaths(home, mutant):
    """Another process comes at each step, and dies before it has committed."""
    campaign = Races(home, PROMOTE_MORE, PROMOTE_MORE, lands=mutant.lands, dies=True, opening=mutant.open)
    campaign.run(until_broken=True)
    return campaign


CAMPAIGNS = {each.__name__: each for each in (crashes, failures, faults, races, deaths)}


class TestMutants:
    @pytest.mark.parametrize("mutant", MUTANTS, ids=str)
    def test_are_noticed(self, home, tell, mutant):
        campaign = CAMPAIGNS[mutant.noticed_by](home, mutant)
        tell(f"mutant: {mutant}: noticed after {campaign.tried} {mutant.noticed_by}")
        assert campaign.violations

    @pytest.mark.campaign
    @pytest.mark.parametrize("campaign", CAMPAIGNS)
    def test_the_sound_publisher_passes_the_same_campaigns(self, home, tell, campaign):
        sound = Mutant(name="sound", noticed_by=campaign, lands=MUTANTS[-1].lands)
        done = CAMPAIGNS[campaign](home, sound)
        tell(f"sound publisher: {done.tried} {campaign}")
        assert done.violations == []
