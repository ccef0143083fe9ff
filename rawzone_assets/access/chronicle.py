"""The chronicle: every record of the ledger as it was written, of whatever kind, oldest first.

The catalog tells of receipts as they stand today and asks the index; this reads the ledger's own files from the
first to the last and checks that each follows the one before.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.ledger import EMPTY
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.zone import Zone


@dataclass(frozen=True, kw_only=True)
class Written:
    """A record with the number and time of the commit that holds it."""

    seq: int
    at: datetime
    record: Record


def chronicle(
    zone: Zone, *, feeds: Sequence[str] = (), verdicts: Sequence[str] = ()
) -> Generator[Written, None, None]:
    """Every record, those of these feeds, or those with these verdicts, which only receipts have.

    A record that concerns no single feed (a scrub, a repair of the ledger) is not among those of any.

    Raises:
        LedgerDamaged: A commit is damaged or breaks the chain.
        StorageFailed: The ledger cannot be read.
    """
    try:
        for commit in zone.ledger.after(EMPTY):
            for record in commit.records:
                if feeds and record.get("feed") not in feeds:
                    continue
                if verdicts and record.get("verdict") not in verdicts:
                    continue
                yield Written(seq=commit.seq, at=commit.at, record=record)
    except OSError as error:
        raise StorageFailed("read the ledger", error) from error
