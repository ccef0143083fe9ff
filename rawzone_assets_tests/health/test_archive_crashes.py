"""Archive under crash and fault: a file is always readable from at least one place."""

import errno
from contextlib import suppress

import pytest

from rawzone_assets.health import archive_copies
from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone import releasing
from rawzone_assets.zone.custody import ARCHIVED
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.publishing import Publisher
from rawzone_assets_tests.health.archive_campaign import (
    AGAIN,
    ARCHIVE,
    LATER,
    MOVES,
    RESTORE,
    ArchiveCampaign,
    corrupt,
    open_plain,
)
from rawzone_assets_tests.zone.faulty_files import FaultyFiles, WatchedFiles
from rawzone_assets_tests.zone.invariants import Oracle
from rawzone_assets_tests.zone.mutants import Careless, Mutant
from rawzone_assets_tests.zone.power_loss import nothing_survives

by_move = pytest.mark.parametrize("move", MOVES, ids=str)


class TestEveryMoment:
    """A crash anywhere leaves every file readable, and the next run finishes the work."""

    @by_move
    def test_of_a_command(self, tmp_path, tell, move):
        campaign = ArchiveCampaign(tmp_path, move)
        moments = campaign.moments()
        campaign.interrupt(moments, every=5, random_ones=1, in_turn=True)
        tell(f"{move}: every fifth of {len(moments)} crash points, {campaign.crashes}")
        assert campaign.violations[:12] == []

    @pytest.mark.parametrize("move", [ARCHIVE, RESTORE], ids=str)
    def test_of_the_recovery(self, tmp_path, tell, move):
        campaign = ArchiveCampaign(tmp_path, move)
        points = campaign.interrupt_recovery(campaign.moments(), every=113, in_turn=True)
        tell(f"{move}, recovered: {points} crash points, {campaign.crashes}")
        assert campaign.violations[:12] == []

    def test_of_the_recovery_of_a_batch_whose_own_name_may_be_lost(self, tmp_path, tell):
        """What a recovery links must not outlive the batch that accounts for it."""
        campaign = ArchiveCampaign(tmp_path, ARCHIVE)
        staged = [m for m in campaign.moments() if m[0].startswith("sync_folder /raw/_staging")]
        points = campaign.interrupt_recovery(staged[:2], every=2, in_turn=True)
        tell(f"{ARCHIVE}, its batch not durable: {points} crash points, {campaign.crashes}")
        assert campaign.violations[:12] == []

    def test_what_was_released_does_not_come_back(self, tmp_path):
        """Whoever finishes a release answers for all of it: its batch is gone, so nobody does it again."""
        campaign = ArchiveCampaign(tmp_path, ARCHIVE)
        moments = campaign.moments()
        releasing = next(
            number for number, (done, _) in enumerate(moments) if done.startswith("remove /raw/tiny")
        )
        synced = [disk for done, disk in moments[releasing:] if done.startswith("sync_folder /raw/tiny")]
        assert synced
        for disk in (*synced, moments[-1][1]):
            with open_plain(tmp_path, disk) as zone:
                zone.recover()
            with open_plain(tmp_path, disk.after_power_loss(nothing_survives())) as zone:
                report = scrub(zone)
            assert (report.damages, report.weaknesses) == ((), ())

    @pytest.mark.parametrize(("move", "root"), [(ARCHIVE, "archive"), (RESTORE, "raw")], ids=str)
    def test_a_staged_copy_that_rotted_since_is_put_nowhere(self, tmp_path, move, root):
        campaign = ArchiveCampaign(tmp_path, move)
        disk = next(disk for done, disk in campaign.moments() if done.startswith(f"link /{root}/tiny"))
        for path in disk.tree(tmp_path / root):
            if path.endswith(".copy"):
                corrupt(disk, tmp_path / root / path)
        before = disk.tree(tmp_path / root / "tiny")
        with open_plain(tmp_path, disk) as zone:
            zone.recover()
        assert disk.tree(tmp_path / root / "tiny") == before
        campaign.check(disk, "rotted")
        assert campaign.violations == []

    @by_move
    def test_calls_that_fail(self, tmp_path, tell, move):
        campaign = ArchiveCampaign(tmp_path, move)
        campaign.fail_each(errno.EIO, every=11)
        tell(f"{move}: {campaign.tried} faults")
        assert campaign.violations[:12] == []

    @pytest.mark.parametrize("move", [ARCHIVE, RESTORE], ids=str)
    def test_syncs_that_fail_and_what_is_killed_then(self, tmp_path, tell, move):
        campaign = ArchiveCampaign(tmp_path, move)
        campaign.fail_each(errno.EIO, every=3, only=("sync", "sync_folder"), killed=True)
        tell(f"{move}: {campaign.tried} failed syncs, killed")
        assert campaign.violations[:12] == []


@pytest.mark.campaign
class TestManyMore:
    """The same, in every way that is known to lose something."""

    @by_move
    def test_each_change_lost_alone_and_many_subsets(self, tmp_path, tell, move):
        campaign = ArchiveCampaign(tmp_path, move)
        moments = campaign.moments()
        campaign.interrupt(moments, random_ones=4)
        campaign.interrupt(moments, every=5, random_ones=0, each_alone=True)
        tell(f"{move}: {len(moments)} crash points, {campaign.crashes}")
        assert campaign.violations[:12] == []

    @by_move
    def test_of_the_recovery(self, tmp_path, tell, move):
        campaign = ArchiveCampaign(tmp_path, move)
        points = campaign.interrupt_recovery(campaign.moments(), every=23)
        tell(f"{move}, recovered: {points} crash points, {campaign.crashes}")
        assert campaign.violations[:12] == []

    @by_move
    @pytest.mark.parametrize(
        ("code", "how"),
        [
            (errno.EIO, {}),
            (errno.EIO, {"torn": True}),
            (errno.EIO, {"killed": True}),
            (errno.ENOSPC, {"for_good": True}),
            (errno.EACCES, {}),
        ],
        ids=str,
    )
    def test_every_call_that_fails(self, tmp_path, tell, move, code, how):
        campaign = ArchiveCampaign(tmp_path, move)
        campaign.fail_each(code, **how)
        tell(f"{move}: {campaign.tried} faults with {errno.errorcode[code]} {how or ''}")
        assert campaign.violations[:12] == []


# --- archivers that are wrong in one way each -------------------------------------------------------


class ReleasesFirst(Publisher):
    """Takes the hot copies away before anything is recorded."""

    def move(self, batch, records):
        for record in records():
            if record["record"] == ARCHIVED:
                self._files.remove(self._layout.object(record["key"]))
        return super().move(batch, records)


class NeverFinishes(Publisher):
    """Takes a published commit for all there is to do: what was to be released stays."""

    def recover(self):
        self._release, release = (lambda _: []), self._release
        try:
            return super().recover()
        finally:
            self._release = release


class ReleasesWithoutPlacing(Publisher):
    """Links the copies only after the hot ones have gone."""

    def _claim(self, batch, commit, placements):
        late = [place for place in placements if place.staged.suffix == ".copy"]
        super()._claim(batch, commit, [place for place in placements if place not in late])
        for record in commit.records:
            if record["record"] == ARCHIVED:
                with suppress(FileNotFoundError):
                    self._files.remove(self._layout.object(record["key"]))
        self._placer.link(late)


PUBLISHERS = [ReleasesFirst, NeverFinishes, ReleasesWithoutPlacing]


def opening(publisher=Publisher, files=lambda inner: inner):
    """A way to open a zone whose publisher or disk is wrong."""
    broken = Mutant(name="a broken archiver", noticed_by="crashes", publisher=publisher, files=files)
    return lambda home, disk: broken.open(home, disk, with_index=False, now=LATER)


def forgets(operation, chosen):
    return lambda inner: Careless(inner, lambda done, path: done == operation and chosen(path))


FORGETFUL = {
    "the copy is not synced": forgets("sync", lambda path: path.suffix == ".copy"),
    "the folder of the staged copies is not synced": forgets(
        "sync_folder", lambda path: path.parts[-3:-1] == ("archive", "_staging")
    ),
    "the folders in the archive are not synced": forgets(
        "sync_folder", lambda path: "archive" in path.parts and "_staging" not in path.parts
    ),
}


class CorruptingArchive(WatchedFiles):
    """A disk that says it has written, and keeps other bytes."""

    def create(self, path, blocks):
        super().create(path, blocks)
        if path.suffix == ".copy":
            corrupt(self.inner, path)


class TestBrokenArchivers:
    """A deliberately broken archiver must be noticed, or the campaign proves nothing."""

    @pytest.mark.parametrize("publisher", PUBLISHERS)
    def test_of_a_wrong_order_is_noticed(self, tmp_path, tell, publisher):
        campaign = ArchiveCampaign(tmp_path, ARCHIVE, opening=opening(publisher))
        campaign.interrupt(campaign.moments(), until_broken=True)
        tell(f"{publisher.__name__}: noticed after {campaign.crashes}")
        assert campaign.violations

    @pytest.mark.parametrize("how", FORGETFUL)
    def test_that_forgets_a_sync_is_noticed(self, tmp_path, tell, how):
        campaign = ArchiveCampaign(tmp_path, ARCHIVE, opening=opening(files=FORGETFUL[how]))
        campaign.interrupt(campaign.moments()[::-1], each_alone=True, until_broken=True)
        tell(f"{how}: noticed after {campaign.crashes}")
        assert campaign.violations

    def test_that_shrugs_at_a_failed_sync_is_noticed(self, tmp_path):
        class Shrugging(WatchedFiles):
            def sync(self, path):
                with suppress(OSError):
                    super().sync(path)

        campaign = ArchiveCampaign(tmp_path, ARCHIVE)
        for failing in range(40):
            faulty = campaign.moments(
                through=lambda disk, failing=failing: Shrugging(FaultyFiles(disk, failing_change=failing))
            )
            campaign.interrupt(faulty[-1:], until_broken=True)
        assert campaign.violations

    def test_that_records_before_it_verifies_is_noticed(self, tmp_path, monkeypatch):
        for module in (archive_copies, releasing):
            monkeypatch.setattr(module, "verify_copy", lambda *_: None)
        campaign = self.on_a_disk_that_corrupts(tmp_path)
        assert any("recorded stored bytes" in problem for problem in campaign.violations)

    def test_but_a_sound_one_archives_nothing_on_a_disk_that_corrupts(self, tmp_path):
        assert self.on_a_disk_that_corrupts(tmp_path).violations == []

    @staticmethod
    def on_a_disk_that_corrupts(home):
        campaign = ArchiveCampaign(home, ARCHIVE, opening=opening(files=CorruptingArchive))
        disk = campaign.start.copy()
        with suppress(ZoneError):
            campaign.run(disk)
        campaign.opening = open_plain
        campaign.check(disk, "a disk that corrupts")
        return campaign

    def test_that_accepts_what_lies_in_the_archive_is_noticed(self, tmp_path, monkeypatch):
        for module in (archive_copies, releasing):
            monkeypatch.setattr(module, "verify_copy", lambda *_: None)
        campaign = self.on_an_archive_of_wrong_bytes(tmp_path)
        assert any("recorded stored bytes" in problem for problem in campaign.violations)

    def test_but_a_sound_one_does_not_touch_what_lies_there(self, tmp_path):
        campaign = self.on_an_archive_of_wrong_bytes(tmp_path)
        assert all("was not moved" in problem for problem in campaign.violations)

    @staticmethod
    def on_an_archive_of_wrong_bytes(home):
        campaign = ArchiveCampaign(home, AGAIN)
        for path, entry in campaign.start.tree(home / "archive").items():
            if entry.kind == "file":
                corrupt(campaign.start, home / "archive" / path)
        disk = campaign.start.copy()
        try:
            campaign.run(disk)
        except ZoneError as error:
            campaign.violations.append(str(error))
        else:
            campaign.violations += Oracle().check(*campaign._trees(disk))
        return campaign
