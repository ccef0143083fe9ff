"""Damage: one thing in the zone that is not as the ledger says, whoever found it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path


class DamageKind(StrEnum):
    """What is wrong with a file."""

    DAMAGED = "damaged"  # bytes are not those recorded
    MISSING = "missing"
    FOREIGN = "foreign"  # no receipt knows the file
    RENAMED = "renamed"  # no receipt knows the file, but its bytes are those of a missing one
    LEDGER = "ledger"  # a commit is damaged, missing, or out of the chain
    WITNESS = "witness"  # the ledger is not the one that somebody saw: rewritten or rolled back
    WRITABLE = "writable"  # sound bytes whose mode does not protect them
    OWNED = "owned"  # sound bytes of another user than the folder they are kept in
    LINKED = "linked"  # sound bytes that can be written through a name elsewhere
    LEFTOVER = "leftover"  # remains of a repair, a hot copy of an archived object, a stray in staging
    EVIDENCE = "evidence"  # damaged bytes that a repair kept are gone or others
    UNERASED = "unerased"  # bytes lie where the ledger says that the law has had them removed
    COPY = "copy"  # the archive copy is missing, but the hot copy is sound

    @property
    def is_repairable(self) -> bool:
        """Whether sound bytes from elsewhere mend it. What no receipt knows, a person has to move away."""
        return self in (DamageKind.DAMAGED, DamageKind.MISSING, DamageKind.COPY, DamageKind.LEDGER)


@dataclass(frozen=True, kw_only=True)
class Damage:
    """One file that is not what the ledger says."""

    kind: DamageKind
    path: str
    problem: str
    feed: str | None = None
    partition: str | None = None
    key: str | None = None

    def at(self, path: Path) -> Damage:
        """The same, said of another file."""
        return replace(self, path=str(path))
