"""The commands that write to a zone, as the campaigns drive them: each is interrupted everywhere.

A new command is one entry in ``WORKS``: what the zone holds before, what lies in landing, and how it is run.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

from rawzone_assets.contract.feed import Capture, Content, Facts, Feed
from rawzone_assets.contract.findings import Findings
from rawzone_assets.contract.judging import judge
from rawzone_assets.health.erasure import erase as erasing
from rawzone_assets.health.erasure import plan_erasure
from rawzone_assets.zone import reading, rejudging
from rawzone_assets.zone import replay as replaying
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.pile import Pile
from rawzone_assets.zone.receipt import Receipt
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.tiny_platform import (
    CONTRACT,
    NOTES,
    SUMS,
    TINY,
    Tiny,
    promote_all,
    promote_these,
)

Acknowledge = Callable[..., None]
"""Called whenever the command has told its user that something is done."""

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
THIRD = {
    "tiny/note_20240604.txt": b"good two\n",  # the name of a refusal, delivered well
    "tiny/sum_20240523.csv": b"bad sum",
}
PILED = {
    "2024/05/tiny/note_20240522.txt.gz": b"second\n",  # other bytes than the zone has under that name
    "tiny/notes/2024/05/note_20240530.txt.gz": b"piled\n",
    "tiny/notes/2024/05/note_20240530.r2.txt.gz": b"piled again\n",  # an old zone's revision
    "tiny/note_20240531.txt": b"first\n",  # known under another name
    "tiny/note_20240601.txt": b"bad pile",
}


@dataclass(frozen=True, kw_only=True)
class Work:
    """A command, the zone it finds, and what has landed since."""

    name: str
    run: Callable[[Zone, Acknowledge], object]
    before: tuple[Mapping[str, bytes], ...] = ()  # landed and promoted, one after the other
    landed: Mapping[str, bytes]

    def __str__(self) -> str:
        return self.name


class Forgiving(Tiny):
    """The corrected contract: what starts with ``bad one`` was good all along."""

    def examine(self, feed: Feed, content: Content, capture: Capture, findings: Findings) -> Facts:
        if content.read().startswith(b"bad one"):
            return Facts(records=1)
        return super().examine(feed, content, capture, findings)


def promote(zone: Zone, acknowledge: Acknowledge) -> object:
    outcome = promote_all(zone, progress=acknowledge)
    outcome.raise_for_environment()
    return outcome.receipts


def promote_large(zone: Zone, acknowledge: Acknowledge) -> object:
    """Promotion of deliveries that do not fit into memory and are staged before they are judged."""
    with mock.patch.object(reading, "HELD_IN_MEMORY", 1):
        return promote(zone, acknowledge)


def replay(zone: Zone, acknowledge: Acknowledge) -> list[Receipt]:
    """``rawzone quarantine replay`` after the contract was corrected."""
    feeds = [replace(feed, format=Forgiving()) for feed in (NOTES, SUMS)]
    with mock.patch.object(replaying, "contract_of", return_value=CONTRACT):
        outcome = replaying.replay(zone, feeds, judge=judge, run_id="replay")
    for stuck in outcome.unplayable:
        raise ZoneError(f"The refusal of {stuck.entry.receipt.landing_path} stays: {stuck.reason}.")
    acknowledge()
    return [found.receipt for found in outcome.accepted if found.receipt]


def replay_large(zone: Zone, acknowledge: Acknowledge) -> object:
    with mock.patch.object(rejudging, "HELD_IN_MEMORY", 1):
        return replay(zone, acknowledge)


def lay_pile(home: Path) -> Path:
    """The pile that is adopted, if it is not there yet."""
    folder = home / "old"
    if not folder.exists():
        for path, data in PILED.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(gzip.compress(data, mtime=0) if path.endswith(".gz") else data)
    return folder


def adopt(zone: Zone, acknowledge: Acknowledge) -> list[Receipt]:
    """``rawzone adopt --apply`` on a pile beside the zone, half of it packed."""
    folder = lay_pile(zone.settings.home)
    zone.recover()
    pile = Pile(folder, zone.layout)
    found = pile.survey(zone.index, [TINY])
    outcome = promote_these(zone, found.ready, run_id="adopt", source=pile, progress=acknowledge)
    outcome.raise_for_environment()
    acknowledge()
    return outcome.receipts


def erase(zone: Zone, acknowledge: Acknowledge) -> object:
    """``rawzone erase`` of an object with duplicates and a twin in another feed, and of a refusal's copies."""
    zone.recover()
    zone.index.catch_up()
    digests = [hashlib.sha256(data).hexdigest() for data in (b"first\n", b"bad one")]
    order = {"reason": "a request", "authority": "a court"}
    plan = plan_erasure(zone, digests, **order)
    if not plan.targets:
        acknowledge()
        return []
    done = erasing(zone, digests, code=plan.code, by="Ada", **order)
    acknowledge()
    return done.erased


def recover(zone: Zone, acknowledge: Acknowledge) -> object:
    """What every command begins with."""
    zone.recover()
    acknowledge()
    return []


def _everything(zone: Zone, acknowledge: Acknowledge) -> object:
    """A night's commands, one after the other."""
    done: list[Any] = [promote(zone, acknowledge), replay(zone, acknowledge)]
    return [receipt for receipts in done for receipt in receipts]


PROMOTE_FIRST = Work(name="the first promotion of a fresh zone", run=promote, landed=FIRST)
PROMOTE_MORE = Work(
    name="a promotion into a zone that holds objects", run=promote, before=(FIRST,), landed=SECOND
)
PROMOTE_LARGE = Work(name="a promotion of large deliveries", run=promote_large, before=(FIRST,), landed=SECOND)
REPLAY = Work(name="a replay of refusals", run=replay, before=(FIRST, SECOND), landed={})
REPLAY_LARGE = Work(
    name="a replay of large refusals while files wait", run=replay_large, before=(FIRST, SECOND), landed=THIRD
)
ERASE = Work(
    name="an erasure by law",
    run=erase,
    before=(FIRST, SECOND),
    landed={"tiny/note_20240610.txt": b"first\n", "tiny/note_20240611.txt": b"bad one"},
)
ADOPT = Work(name="an adoption of a pile", run=adopt, before=(FIRST,), landed={})
WORKS = (PROMOTE_FIRST, PROMOTE_MORE, PROMOTE_LARGE, REPLAY, REPLAY_LARGE, ADOPT, ERASE)
"""Every command that writes. The crash, fault and race campaigns go through all of them."""

EVERYTHING = Work(name="promotion and replay", run=_everything, before=(FIRST, SECOND), landed=THIRD)
