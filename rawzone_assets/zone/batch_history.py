"""Batch history: what deciding asks about the past, answered for the deliveries of one batch.

Nearly all deliveries are new. Which of their names, bytes and keys the ledger has told of at all is looked up
once for the batch, and only those are looked up one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

from rawzone_assets.zone.decision import Candidate
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.index_decisions import Stored
from rawzone_assets.zone.layout import object_key
from rawzone_assets.zone.receipt import Verdict


class BatchHistory:
    """The answers of an index that has caught up, and is not moved on meanwhile."""

    def __init__(self, index: Index, candidates: Sequence[Candidate]) -> None:
        self._index = index
        self._names = index.past.names_told_of(candidate.name for candidate in candidates)
        self._hashes = index.past.hashes_told_of(candidate.sha256 for candidate in candidates)
        self._keys = {object_key(candidate.folder, candidate.name, 1) for candidate in candidates}
        self._keys_told_of = index.past.keys_told_of(self._keys)

    def revisions(self, feed: str, name: str) -> list[Stored]:
        return self._index.revisions(feed, name) if name in self._names else []

    def stored(self, feed: str, sha256: str) -> Stored | None:
        return self._index.stored(feed, sha256) if sha256 in self._hashes else None

    def already_decided(self, feed: str, name: str, sha256: str, landing_path: str) -> Verdict | None:
        if sha256 not in self._hashes:
            return None
        return self._index.already_decided(feed, name, sha256, landing_path)

    def refusals(self, feed: str, sha256: str) -> int:
        return self._index.refusals(feed, sha256)

    def has_object(self, key: str) -> bool:
        is_new = key in self._keys and key not in self._keys_told_of
        return not is_new and self._index.has_object(key)
