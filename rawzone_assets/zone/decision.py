"""Decisions: what becomes of a judged delivery. Pure; ``publishing`` carries them out.

The order of the questions is the contract (DESIGN 5.4): dealt with before? refused? stored already? another
version of a stored name? else new.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import NamedTuple, Protocol

from rawzone_assets.zone import layout
from rawzone_assets.zone.index_decisions import Stored
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.receipt import Verdict


class Candidate(NamedTuple):
    """A judged delivery, as far as deciding needs it."""

    feed: str
    folder: str  # of the object in raw, see layout.object_folder
    name: str
    day: date
    landing_path: str
    sha256: str
    refused: bool
    replay: bool = False  # a refusal judged again: that it was refused before does not settle it


class Decision(NamedTuple):
    """What is to become of one candidate. ``verdict`` ``None``: it was dealt with before, nothing to do."""

    verdict: Verdict | None
    key: str | None = None
    revision: int | None = None
    duplicate_of: str | None = None
    revises: str | None = None
    quarantine_path: str | None = None
    findings_path: str | None = None

    def needs(self, path: Path, places: Layout) -> bool:
        """Whether carrying this out creates the file ``path``, or one below it."""
        targets = [
            places.quarantined(target) for target in (self.quarantine_path, self.findings_path) if target
        ]
        if self.verdict is Verdict.PROMOTED and self.key:
            targets.append(places.object(self.key))
        return any(target.is_relative_to(path) for target in targets)


class History(Protocol):
    """What deciding asks about the past; :class:`~rawzone_assets.zone.index.Index` answers it."""

    def revisions(self, feed: str, name: str) -> list[Stored]: ...

    def stored(self, feed: str, sha256: str) -> Stored | None: ...

    def already_decided(self, feed: str, name: str, sha256: str, landing_path: str) -> Verdict | None: ...

    def refusals(self, feed: str, sha256: str) -> int: ...

    def has_object(self, key: str) -> bool: ...


def decide(candidate: Candidate, history: History) -> Decision:
    """The decision on one candidate, given everything decided before it."""
    feed, name, sha256 = candidate.feed, candidate.name, candidate.sha256
    decided = history.already_decided(feed, name, sha256, candidate.landing_path)
    if decided and not (candidate.replay and decided is Verdict.QUARANTINED):
        return Decision(verdict=None)
    if candidate.refused:
        path, findings = layout.quarantine_paths(
            feed, name, candidate.day, sha256, history.refusals(feed, sha256)
        )
        return Decision(verdict=Verdict.QUARANTINED, quarantine_path=path, findings_path=findings)
    stored = history.stored(feed, sha256)
    if stored:
        return Decision(verdict=Verdict.DUPLICATE, key=stored.key, duplicate_of=stored.key)
    earlier = history.revisions(feed, name)
    revision = earlier[-1].revision + 1 if earlier else 1
    key = layout.object_key(candidate.folder, name, revision)
    while history.has_object(key):  # x.r2.csv may be the second of x.csv, or a name of its own
        revision += 1
        key = layout.object_key(candidate.folder, name, revision)
    return Decision(
        verdict=Verdict.PROMOTED,
        key=key,
        revision=revision,
        revises=earlier[-1].key if earlier else None,
    )


class Batch:
    """A ``History`` that also knows what was decided earlier in the same batch."""

    def __init__(self, past: History) -> None:
        self._past = past
        self._verdicts: dict[tuple[str, str, str, str], Verdict] = {}
        self._by_name: dict[tuple[str, str], list[Stored]] = {}
        self._by_bytes: dict[tuple[str, str], Stored] = {}
        self._keys: set[str] = set()
        self._refusals: Counter[tuple[str, str]] = Counter()

    def decide(self, candidate: Candidate) -> Decision:
        """Decide and remember, so that the next candidate of the batch sees it."""
        decision = decide(candidate, self)
        if decision.verdict is None:
            return decision
        feed, name, sha256 = candidate.feed, candidate.name, candidate.sha256
        self._verdicts.setdefault((feed, name, sha256, candidate.landing_path), decision.verdict)
        if decision.verdict is Verdict.PROMOTED:
            stored = Stored(key=decision.key or "", revision=decision.revision or 1, sha256=sha256)
            self._by_name.setdefault((feed, name), []).append(stored)
            self._by_bytes.setdefault((feed, sha256), stored)
            self._keys.add(stored.key)
        elif decision.verdict is Verdict.QUARANTINED:
            self._refusals[feed, sha256[: layout.REFUSAL_DIGITS]] += 1
        return decision

    def revisions(self, feed: str, name: str) -> list[Stored]:
        return self._past.revisions(feed, name) + self._by_name.get((feed, name), [])

    def stored(self, feed: str, sha256: str) -> Stored | None:
        return self._by_bytes.get((feed, sha256)) or self._past.stored(feed, sha256)

    def already_decided(self, feed: str, name: str, sha256: str, landing_path: str) -> Verdict | None:
        decided = self._verdicts.get((feed, name, sha256, landing_path))
        return decided or self._past.already_decided(feed, name, sha256, landing_path)

    def refusals(self, feed: str, sha256: str) -> int:
        now = self._refusals[feed, sha256[: layout.REFUSAL_DIGITS]]
        return self._past.refusals(feed, sha256) + now

    def has_object(self, key: str) -> bool:
        return key in self._keys or self._past.has_object(key)
