"""Crashes at every point of promotion and recovery, and publishers broken on purpose that must be noticed."""

import pytest

from rawzone_assets.zone.publishing import Publisher
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.power_loss import Campaign, losses
from rawzone_assets_tests.zone.simulated_files import SimulatedFiles
from rawzone_assets_tests.zone.tiny_platform import NOW, settings_for

FIRST = {
    "tiny/note_20240522.txt": b"first\n",
    "tiny/note_20240523.txt": b"first\n",  # a duplicate in the same batch
    "tiny/note_20240524.txt": b"bad one",
    "tiny/again/note_20240524.txt": b"bad one",  # the same refusal
    "tiny/note_20240524.zip": b"bad one",  # the same bytes, stored in another form
    "tiny/note_20240525.zip": b"PK\x03\x04",
    "tiny/sum_20240522.csv": b"first\n",  # the same bytes in another feed
    "tiny/stranger.txt": b"?",
    "tiny/note_20240526.txt.part": b"unfinished",
}
SECOND = {
    "tiny/note_20240522.txt": b"second\n",  # a revision
    "tiny/note_20240601.txt": b"new month\n",
    "tiny/note_20240602.txt": b"first\n",  # a duplicate of the first batch
    "tiny/note_20240603.txt": b"bad one",  # refused again under another name
    "tiny/note_20240604.txt": b"bad two",
    "tiny/sum_20230101.csv": b"before the start\n",
    "tiny/another_stranger": b"?",
}


@pytest.fixture
def campaign(home):
    return Campaign(home)


def second_batch(campaign, landing, *, with_index=False):
    """A zone that holds the first batch, and the moments of promoting the second."""
    landing.put_all(FIRST)
    files = campaign.files()
    campaign.record(files, with_index=with_index)
    landing.put_all(SECOND)
    return files.after_power_loss(next(losses(0, 0)))


class TestEveryMomentOfAPromotion:
    """A crash anywhere leaves either nothing or a batch that the next command finishes without being told."""

    def test_the_first_batch_of_a_fresh_zone(self, campaign, landing, tell):
        landing.put_all(FIRST)
        moments = campaign.record(campaign.files())
        campaign.interrupt(moments)
        tell(f"first batch: {len(moments)} crash points, {campaign.tried} crashes")
        assert campaign.violations == []

    def test_a_batch_on_a_zone_that_holds_objects(self, campaign, landing, tell):
        moments = campaign.record(second_batch(campaign, landing))
        campaign.interrupt(moments)
        tell(f"second batch: {len(moments)} crash points, {campaign.tried} crashes")
        assert campaign.violations == []

    def test_with_an_index_that_is_ahead_of_what_the_disk_kept(self, campaign, landing, tell):
        files = second_batch(campaign, landing, with_index=True)
        moments = campaign.record(files, with_index=True)
        campaign.interrupt(moments[::2], random_ones=1, with_index=True)
        tell(f"with index: {len(moments[::2])} crash points, {campaign.tried} crashes")
        assert campaign.violations == []

    def test_a_recovery_that_is_interrupted_itself(self, campaign, landing, tell):
        points = interrupt_recoveries(campaign, landing, every=61)
        tell(f"recovery: {points} crash points, {campaign.tried} crashes")
        assert campaign.violations == []

    @pytest.mark.campaign
    def test_many_more_recoveries_that_are_interrupted(self, campaign, landing, tell):
        points = interrupt_recoveries(campaign, landing, every=9)
        tell(f"recovery: {points} crash points, {campaign.tried} crashes")
        assert campaign.violations == []

    @pytest.mark.campaign
    @pytest.mark.parametrize("seed", range(3))
    def test_many_subsets_of_what_the_disk_may_lose(self, campaign, landing, tell, seed):
        moments = campaign.record(second_batch(campaign, landing, with_index=True), with_index=True)
        campaign.interrupt(moments, seed=1000 * seed, random_ones=8, with_index=seed % 2 == 0, every_way=True)
        tell(f"subsets, seed {seed}: {len(moments)} crash points, {campaign.tried} crashes")
        assert campaign.violations == []


def interrupt_recoveries(campaign, landing, *, every):
    """Crash promotions, then the recovery of each; how many points that are."""
    moments = campaign.record(second_batch(campaign, landing))
    staged = next(m.number for m in moments if "commit-" in m.operation)
    points = 0
    for moment in moments[staged::every]:
        for loss in losses(moment.number, 1):
            inner = campaign.record(moment.files.after_power_loss(loss), recovery_only=True)
            points += len(inner)
            campaign.interrupt(inner, random_ones=1, every_way=every < 10)
    return points


class Careless(SimulatedFiles):
    """Forgets every sync that ``forgets`` chooses."""

    @staticmethod
    def forgets(operation, path):
        raise NotImplementedError

    def copy(self):
        other = super().copy()
        other.__class__ = type(self)
        return other

    def sync(self, path):
        if not self.forgets("sync", path):
            super().sync(path)

    def sync_folder(self, path):
        if not self.forgets("sync_folder", path):
            super().sync_folder(path)


def careless(name, forgets):
    return pytest.param(type("Careless", (Careless,), {"forgets": staticmethod(forgets)}), id=name)


def in_staging(path):
    return "_staging" in path.parts


class LinksFirst(Publisher):
    """Makes objects visible before the commit that would redo them is staged."""

    def _claim(self, batch, data, placements):
        self._link(placements)
        return super()._claim(batch, data, placements)


class ClaimsFirst(Publisher):
    """Commits to the ledger before the objects are in their places."""

    def _link(self, placements):
        self.after = placements

    def _claim(self, batch, data, placements):
        commit = super()._claim(batch, data, placements)
        super()._link(self.after)
        return commit


class SyncsFoldersLate(Publisher):
    """Commits to the ledger while the names of the objects may still be lost."""

    def _claim(self, batch, data, placements):
        files, late = self._files, []
        files_sync, files.sync_folder = files.sync_folder, late.append
        try:
            return super()._claim(batch, data, placements)
        finally:
            del files.sync_folder
            for folder in late:
                files_sync(folder)


class DropsTheRedoLogFirst(Publisher):
    """Removes the staged commit before the ledger's new name is durable."""

    def _redo(self, batch):
        for path in batch.commits():
            self._files.remove(path)


def opening_with(publisher):
    class Broken(Zone):
        def publisher(self, run_id):
            sound = super().publisher(run_id)
            sound.__class__ = publisher
            return sound

    def open_broken(home, files, with_index):
        return Broken(settings_for(home, with_index=with_index), files=files, clock=lambda: NOW)

    return open_broken


class TestBrokenPublishers:
    """A deliberately broken publish must be caught by the campaign, or the campaign proves nothing."""

    @pytest.mark.parametrize(
        "files",
        [
            careless("blobs are not synced", lambda op, p: op == "sync" and p.suffix in (".gzip", ".identity")),
            careless("findings are not synced", lambda op, p: op == "sync" and p.suffix == ".findings"),
            careless("the staged commit is not synced", lambda op, p: op == "sync" and "commit-" in p.name),
            careless(
                "staging folders are not synced",
                lambda op, p: op == "sync_folder" and in_staging(p) and p.name != "_staging",
            ),
            careless("new batches are not synced", lambda op, p: op == "sync_folder" and p.name == "_staging"),
            careless(
                "the folders of objects are not synced", lambda op, p: op == "sync_folder" and p.name == "05"
            ),
            careless(
                "the folders above are not synced", lambda op, p: op == "sync_folder" and p.name == "2024"
            ),
            careless("the root is not synced", lambda op, p: op == "sync_folder" and p.name == "raw"),
            careless("the home is not synced", lambda op, p: op == "sync_folder" and (p / "landing").is_dir()),
            careless("quarantine is not synced", lambda op, p: op == "sync_folder" and "quarantine" in p.parts),
            careless("the ledger is not synced", lambda op, p: op == "sync_folder" and p.name == "_ledger"),
        ],
    )
    def test_a_forgotten_sync_is_noticed(self, home, landing, files):
        landing.put_all(FIRST)
        campaign = Campaign(home)
        campaign.interrupt(campaign.record(files(home))[::-1], random_ones=1, every_way=True, until_broken=True)
        assert campaign.violations

    @pytest.mark.parametrize("publisher", [LinksFirst, ClaimsFirst, SyncsFoldersLate, DropsTheRedoLogFirst])
    def test_a_wrong_order_is_noticed(self, home, landing, publisher):
        landing.put_all(FIRST)
        campaign = Campaign(home, opening=opening_with(publisher))
        campaign.interrupt(
            campaign.record(campaign.files())[::-1], random_ones=1, every_way=True, until_broken=True
        )
        assert campaign.violations
