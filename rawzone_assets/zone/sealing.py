"""Sealing: the immutable flag on what is published, where the user asked for it (RAWZONE_IMMUTABLE, ADR 21).

A sealed commit says that all it names is sealed, and every commit before it. So sealing needs no memory: it
goes back from the newest commit to the first sealed one, and forward again. Interrupted anywhere, the next
batch goes on, and turning the setting on seals what was published before.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterable
from pathlib import Path

from rawzone_assets.zone.errors import CannotProtect, CannotUnseal
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.ledger import Ledger
from rawzone_assets.zone.placements import Places
from rawzone_assets.zone.staging import Batch, leftovers


def seal(files: Files, layout: Layout, ledger: Ledger, *, newest: int) -> None:
    """Seal what is published up to commit ``newest``. The zone's lock is held and no dead batch is left.

    A file has two names until its batch has cleaned up, and a sealed file keeps both. So it stops before the
    first commit that a batch in flight has still staged; that batch or the next one goes on.

    Raises:
        LedgerDamaged: A commit cannot be read.
        OSError: The flag cannot be set.
    """
    first = newest + 1
    while first > 0 and not files.is_immutable(ledger.path(first - 1)):
        first -= 1
    batches = [Batch(files, layout, name) for name in leftovers(files, layout)]
    commits = (path.name for batch in batches for path in batch.commits())
    staged = {name.removeprefix("commit-").partition(".")[0] for name in commits}  # a renewed name is longer
    places = Places(layout, "")
    for seq in range(first, newest + 1):
        path = ledger.path(seq)
        commit = ledger.commit(seq)
        if commit is None or path.stem in staged:
            return
        for record in commit.records:
            for place in places.of(record):
                with contextlib.suppress(FileNotFoundError):  # verify's question, not ours
                    files.set_immutable(place.target, on=True)
        files.set_immutable(path, on=True)


def require_flag(files: Files, folder: Path) -> None:
    """See to it that the flag can be set and taken off here, before anything is promised.

    Raises:
        CannotProtect: It cannot.
    """
    try:
        files.try_immutable(folder)
    except OSError as error:
        raise CannotProtect(folder, error) from error


def is_sealed(files: Files, path: Path) -> bool:
    """Whether a file is there and carries the flag."""
    status = files.status(path)
    return status is not None and stat.S_ISREG(status.st_mode) and files.is_immutable(path)


def require_unsealing(files: Files, paths: Iterable[Path], staging: Path, *, undone: str) -> None:
    """See to it that the flag can be taken off wherever one of these files has it; it is tried in ``staging``.

    Raises:
        CannotUnseal: It cannot; the first sealed file is named, and nothing was ``undone``.
    """
    sealed = next((path for path in paths if is_sealed(files, path)), None)
    if sealed is None:
        return
    try:
        files.try_immutable(staging)
    except OSError as error:
        raise CannotUnseal(sealed, error, undone=undone) from error
