"""Publishers and disks that are wrong in one way each; ``mutants`` says which campaign must notice them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from rawzone_assets.zone.files import Files
from rawzone_assets.zone.ledger import Ledger
from rawzone_assets.zone.placing import Placer
from rawzone_assets.zone.publishing import Publisher
from rawzone_assets_tests.zone.faulty_files import WatchedFiles

# --- the wrong order -----------------------------------------------------------------------------


class LinksFirst(Publisher):
    """Makes objects visible before the commit that would redo them is staged."""

    def _claim(self, batch, commit, placements):
        self._placer.link(placements)
        return super()._claim(batch, commit, placements)


class LinksBeforeItSyncs(Publisher):
    """Makes objects visible and commits to them while their bytes may still be lost."""

    def publish(self, batch, drafts):
        late: list[Path] = []
        files = self._files
        self._files = self._placer._files = batch._files = _Postponing(files, late)
        try:
            return super().publish(batch, drafts)
        finally:
            self._files = self._placer._files = batch._files = files
            for path in late:
                with suppress(FileNotFoundError):
                    files.sync(path)


class _Postponing(WatchedFiles):
    def __init__(self, inner: Files, late: list[Path]) -> None:
        super().__init__(inner)
        self.late = late

    def sync(self, path: Path) -> None:
        self.late.append(path)


class ClaimsFirst(Publisher):
    """Commits to the ledger before the objects are in their places."""

    def _claim(self, batch, commit, placements):
        placer, self._placer = self._placer, _Idle()
        try:
            super()._claim(batch, commit, placements)
        finally:
            self._placer = placer
        placer.link(placements)


class _Idle:
    def link(self, placements):
        pass

    def undo(self, placements):
        pass


class SyncsFoldersLate(Publisher):
    """Commits to the ledger while the names of the objects may still be lost."""

    def _claim(self, batch, commit, placements):
        files, late = self._files, []

        def postpone(path: Path) -> None:
            late.append(path)

        self._files = self._placer._files = WatchedFiles(files)
        self._files.sync_folder = postpone
        try:
            return super()._claim(batch, commit, placements)
        finally:
            self._files = self._placer._files = files
            for folder in late:
                files.sync_folder(folder)


class WithdrawsTheCommitFirst(Publisher):
    """Gives up the staged commit before its links are taken back."""

    def _withdraw(self, placements, staged):
        self._files.remove(staged)
        self._placer.undo(placements)


# --- recovery ------------------------------------------------------------------------------------


class NeverRecovers(Publisher):
    """Decides without finishing what dead processes left."""

    def recover(self):
        return 0


class RecoversOnlyAtFirst(Publisher):
    """Does not look again for the dead when it decides, long after it began."""

    def publish(self, batch, drafts):
        self.recover = lambda: 0
        return super().publish(batch, drafts)


class DropsTheRedoLog(Publisher):
    """Takes what a dead process staged for rubbish."""

    def _redo(self, batch):
        for path in batch.commits():
            self._files.remove(path)


class TrustsTheDead(Publisher):
    """Redoes a staged commit without looking whether what it names is whole."""

    def _sound(self, batch, commit):
        return True


class RedoesWithoutSync(Publisher):
    """Claims a number with the commit of a dead process, which may never have been synced."""

    def _redo(self, batch):
        batch.renew_commit = lambda path, _: path
        super()._redo(batch)


class RedoesAfterAFailedSync(Publisher):
    """Syncs the commit of a dead process, which proves nothing when a sync of it had failed."""

    def _redo(self, batch):
        def sync(path: Path, _: bytes) -> Path:
            self._files.sync(path)
            self._files.sync_folder(batch.folder)
            return path

        batch.renew_commit = sync
        super()._redo(batch)


class TakesPublishedForDurable(Publisher):
    """Drops the redo log of a commit that is in the ledger, where its name may still be lost."""

    def _redo(self, batch):
        for path in batch.commits():
            data = self._files.open(path).read()
            if self._ledger.bytes_of(int(path.name[7:27])) == data:
                return
        super()._redo(batch)


# --- failures and races --------------------------------------------------------------------------


class ShrugsAtFailedSyncs(WatchedFiles):
    """Goes on when a sync fails."""

    def sync(self, path: Path) -> None:
        with suppress(OSError):
            super().sync(path)


class UndoesWhatOthersReliedOn(Placer):
    """Takes back its links without asking whether another commit names them by now."""

    def _committed(self, target):
        return False


class ClaimsByRename(Ledger):
    """Publishes a commit under its number as ``rename`` does: whoever was there is replaced."""

    def claim(self, staged: Path, seq: int) -> None:
        with suppress(FileNotFoundError):
            self._files.remove(self.path(seq))
        super().claim(staged, seq)


class Replacing(WatchedFiles):
    """Links as ``rename`` does: whatever lies at an object's key is replaced."""

    def link(self, source: Path, target: Path) -> None:
        if "_ledger" not in target.parts:
            with suppress(FileNotFoundError):
                self.inner.remove(target)
        super().link(source, target)


class AdoptsAnything(Placer):
    """Takes whatever lies at a key for what it would put there."""

    def _adopt(self, place):
        pass
