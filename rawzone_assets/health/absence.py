"""Absence: roots that lie on a disk of their own which is away, or which this user may not look into.

Asked of the index, for those who show how a zone stands; the scrub asks the ledger itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from rawzone_assets.zone import upkeep
from rawzone_assets.zone.errors import RootAway, StorageFailed
from rawzone_assets.zone.presence import require_present
from rawzone_assets.zone.zone import Zone


def absences(zone: Zone) -> Iterator[str]:
    """What is to be said of quarantine and archive, if anything, a sentence each. The index has caught up."""
    roots = (
        (upkeep.QUARANTINE, zone.layout.quarantine, zone.index.has_refused_copies),
        (upkeep.ARCHIVE, zone.layout.archive, zone.index.custody.copied_bytes),
    )
    for name, root, holds_files in roots:
        if not holds_files():
            continue
        try:
            require_present(zone.files, name, root)
        except RootAway as away:
            yield away.state
        except OSError as error:
            yield str(StorageFailed(f"look into {name}", error))
