"""Publishing broken on purpose, each in one way: a campaign that does not notice them proves nothing.

A mutant is a way to open a zone, on a disk that may forget syncs, with one step of publishing left out, done
too early or too late. Each names the campaign that must notice it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rawzone_assets.zone.files import Files
from rawzone_assets.zone.ledger import Ledger
from rawzone_assets.zone.placing import Placer
from rawzone_assets.zone.publishing import Publisher
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.broken_publishers import (
    AdoptsAnything,
    ClaimsByRename,
    ClaimsFirst,
    DropsTheRedoLog,
    LinksBeforeItSyncs,
    LinksFirst,
    NeverRecovers,
    RecoversOnlyAtFirst,
    RedoesAfterAFailedSync,
    RedoesWithoutSync,
    Replacing,
    ShrugsAtFailedSyncs,
    SyncsFoldersLate,
    TakesPublishedForDurable,
    TrustsTheDead,
    UndoesWhatOthersReliedOn,
    WithdrawsTheCommitFirst,
)
from rawzone_assets_tests.zone.faulty_files import WatchedFiles
from rawzone_assets_tests.zone.tiny_platform import NOW, settings_for

Forgets = Callable[[str, Path], bool]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One way to be wrong, and how to open a zone that is."""

    name: str
    noticed_by: str  # crashes, failures, faults, races
    publisher: type[Publisher] = Publisher
    placer: type[Placer] = Placer
    files: Callable[[Files], Files] = lambda files: files
    ledger: type[Ledger] = Ledger
    lands: Mapping[str, bytes] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def open(self, home: Path, files: Files, with_index: bool, now: datetime = NOW) -> Zone:  # noqa: FBT001
        settings = settings_for(home, with_index=with_index)
        zone = _Broken(settings, files=self.files(files), clock=lambda: now)
        zone.publisher_class, zone.placer_class = self.publisher, self.placer
        zone.ledger.__class__ = self.ledger
        return zone


class _Broken(Zone):
    publisher_class: type[Publisher]
    placer_class: type[Placer]

    def publisher(self, run_id: str) -> Publisher:
        sound = super().publisher(run_id)
        sound.__class__, sound._placer.__class__ = self.publisher_class, self.placer_class
        return sound


class Careless(WatchedFiles):
    """Forgets every sync that ``forgets`` chooses."""

    def __init__(self, inner: Files, forgets: Forgets) -> None:
        super().__init__(inner)
        self.forgets = forgets

    def sync(self, path: Path) -> None:
        if not self.forgets("sync", path):
            super().sync(path)

    def sync_folder(self, path: Path) -> None:
        if not self.forgets("sync_folder", path):
            super().sync_folder(path)


def careless(name: str, forgets: Forgets) -> Mutant:
    return Mutant(name=name, noticed_by="crashes", files=lambda files: Careless(files, forgets))


def _is(operation: str, *, within: str = "", name: str = "", suffix: tuple[str, ...] = ()) -> Forgets:
    """Syncs of this kind, of paths with this part, this name or one of these suffixes."""

    def forgets(done: str, path: Path) -> bool:
        fits = (not within or within in path.parts) and (not name or path.name == name)
        return done == operation and fits and (not suffix or path.suffix in suffix)

    return forgets


FORGETFUL = (
    careless("blobs are not synced", _is("sync", suffix=(".gzip", ".identity"))),
    careless("findings are not synced", _is("sync", suffix=(".findings",))),
    careless(
        "the staged commit is not synced", lambda op, path: op == "sync" and path.name.startswith("commit-")
    ),
    careless(
        "staging folders are not synced",
        lambda op, path: op == "sync_folder" and path.parent.name == "_staging",
    ),
    careless(
        "staging folders of quarantine are not synced",
        lambda op, path: op == "sync_folder" and path.parts[-3:-1] == ("quarantine", "_staging"),
    ),
    careless("new batches are not synced", _is("sync_folder", name="_staging")),
    careless("the folders of objects are not synced", _is("sync_folder", name="05")),
    careless("the folders above are not synced", _is("sync_folder", name="2024")),
    careless("the feed's folder is not synced", _is("sync_folder", name="notes")),
    careless("the platform's folder is not synced", _is("sync_folder", name="tiny")),
    careless("the root is not synced", _is("sync_folder", name="raw")),
    careless("the home is not synced", lambda op, path: op == "sync_folder" and (path / "landing").is_dir()),
    careless("quarantine is not synced", _is("sync_folder", within="quarantine")),
    careless("the ledger is not synced", _is("sync_folder", name="_ledger")),
)


OTHER_BYTES = {"tiny/note_20240601.txt": b"other bytes under a name that is just being promoted\n"}

ORDERS = (
    Mutant(name="links before the commit is staged", noticed_by="crashes", publisher=LinksFirst),
    Mutant(name="links before the bytes are synced", noticed_by="crashes", publisher=LinksBeforeItSyncs),
    Mutant(name="commits before it links", noticed_by="crashes", publisher=ClaimsFirst),
    Mutant(name="commits before the folders are synced", noticed_by="crashes", publisher=SyncsFoldersLate),
    Mutant(name="never recovers", noticed_by="crashes", publisher=NeverRecovers),
    Mutant(name="drops the redo log", noticed_by="crashes", publisher=DropsTheRedoLog),
    Mutant(name="trusts what the dead staged", noticed_by="crashes", publisher=TrustsTheDead),
    Mutant(name="redoes a commit without a sync", noticed_by="crashes", publisher=RedoesWithoutSync),
    Mutant(name="takes published for durable", noticed_by="crashes", publisher=TakesPublishedForDurable),
    Mutant(name="withdraws the commit first", noticed_by="failures", publisher=WithdrawsTheCommitFirst),
    Mutant(name="redoes after a failed sync", noticed_by="faults", publisher=RedoesAfterAFailedSync),
    Mutant(name="goes on when a sync fails", noticed_by="faults", files=ShrugsAtFailedSyncs),
    Mutant(
        name="recovers only at first", noticed_by="deaths", publisher=RecoversOnlyAtFirst, lands=OTHER_BYTES
    ),
    Mutant(name="undoes what others rely on", noticed_by="races", placer=UndoesWhatOthersReliedOn),
    Mutant(name="claims by rename", noticed_by="races", ledger=ClaimsByRename, lands=OTHER_BYTES),
    Mutant(name="replaces objects", noticed_by="races", files=Replacing, lands=OTHER_BYTES),
    Mutant(name="adopts anything", noticed_by="races", placer=AdoptsAnything, lands=OTHER_BYTES),
)
MUTANTS = (*FORGETFUL, *ORDERS)
