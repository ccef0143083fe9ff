"""Absence: roots that lie on a disk of their own which is away, or which this user may not look into.

Asked of the index, for those who show how a zone stands; the scrub asks the ledger itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from rawzone_assets.zone.errors import RootAway, StorageFailed
from rawzone_assets.zone.presence import apart, require_present
from rawzone_assets.zone.zone import Zone


def absences(zone: Zone) -> Iterator[str]:
    """What is to be said of quarantine and archive, if anything, a sentence each. The index has caught up."""
    for name, root in apart(zone.layout).items():
        if not zone.index.holds_files(name):
            continue
        try:
            require_present(zone.files, name, root)
        except RootAway as away:
            yield away.state
        except OSError as error:
            yield str(StorageFailed(f"look into {name}", error))
