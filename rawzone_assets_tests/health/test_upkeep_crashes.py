"""Repair and scrub interrupted everywhere: nothing sound is touched, no damaged byte lost, all recorded."""

import errno

import pytest

from rawzone_assets.zone import placing, replacing
from rawzone_assets_tests.health.upkeep_campaign import UpkeepCampaign, run_repair, run_scrub

COMMANDS = pytest.mark.parametrize("run", [run_repair, run_scrub], ids=["repair", "scrub"])


class TestEveryMoment:
    """A crash anywhere leaves damage or its repair, never less than before, and the next command goes on."""

    @COMMANDS
    def test_of_a_command(self, tmp_path, tell, run):
        campaign = UpkeepCampaign(tmp_path, run)
        points = campaign.interrupt(every=5, random_ones=1)
        tell(f"{run.__name__}: every fifth of {points} crash points, {campaign.crashes}")
        assert campaign.violations[:12] == []

    @pytest.mark.campaign
    @COMMANDS
    def test_in_many_more_ways(self, tmp_path, tell, run):
        campaign = UpkeepCampaign(tmp_path, run)
        points = campaign.interrupt(random_ones=6)
        tell(f"{run.__name__}: {points} crash points, {campaign.crashes}")
        assert campaign.violations[:12] == []

    @COMMANDS
    def test_calls_that_fail(self, tmp_path, tell, run):
        campaign = UpkeepCampaign(tmp_path, run)
        campaign.fail_each(errno.EIO, every=3)
        tell(f"{run.__name__}: {campaign.tried} faults")
        assert campaign.violations[:12] == []

    @pytest.mark.campaign
    @COMMANDS
    @pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EACCES])
    def test_every_call_that_fails(self, tmp_path, tell, run, code):
        campaign = UpkeepCampaign(tmp_path, run)
        campaign.fail_each(code)
        tell(f"{run.__name__}: {campaign.tried} faults with {errno.errorcode[code]}")
        assert campaign.violations[:12] == []


def forgets_the_evidence(files, place):
    """Takes the damaged bytes away without keeping them."""
    if (
        place.stored_sha256
        and files.status(place.target)
        and replacing.digest_of_file(files, place.target) != place.stored_sha256
    ):
        files.remove(place.target)


def removes_before_it_is_kept(files, place):
    """Takes the damaged name away while the evidence's name may still be lost."""
    if place.evidence is None or files.status(place.target) is None:
        return
    if replacing.digest_of_file(files, place.target) == place.stored_sha256:
        return
    replacing.ensure_folder(files, place.evidence.parent)
    replacing._keep(files, place.target, place.evidence)
    files.remove(place.target)
    files.sync_folder(place.target.parent)


class TestBrokenRepairs:
    """A deliberately broken repair must be noticed, or the campaign proves nothing."""

    @pytest.mark.parametrize("broken", [forgets_the_evidence, removes_before_it_is_kept])
    def test_is_noticed(self, tmp_path, monkeypatch, broken):
        monkeypatch.setattr(placing, "set_aside", broken)
        campaign = UpkeepCampaign(tmp_path, run_repair)
        campaign.interrupt(until_broken=True)
        assert campaign.violations
