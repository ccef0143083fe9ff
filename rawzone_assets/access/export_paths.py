"""Export paths: where each exported file lies below the export, by its own capture day and name.

Pure: receipts in, paths out. An export is read on other systems by other programs, so no two paths may differ
in case or Unicode form only, and a bag's paths hold nothing that a manifest or another system cannot say.
"""

from __future__ import annotations

import unicodedata
from datetime import date

from rawzone_assets.access.catalog import Listed
from rawzone_assets.zone import layout
from rawzone_assets.zone.receipt import Verdict

_NOT_PORTABLE = frozenset('%\\:*?"<>|~')


class Paths:
    """The paths of one export. Ask for each file once, in the order of the export."""

    def __init__(self, *, portable: bool) -> None:
        """``portable`` writes ``_`` for what BagIt would have to escape, or some system refuses in a name."""
        self._portable = portable
        self._taken: set[str] = set()

    def of(self, listed: Listed) -> str:
        """The path of a file: its key as it was landed, without the ``.gz`` that only we have added.

        A duplicate lies where it would have been stored; one whose place is taken has its hash in its name.
        """
        path = _own_path(listed)
        if self._portable:
            path = "/".join(_portable(part) for part in path.split("/"))
        taken = _alike(path) in self._taken
        if taken:
            path = _with_mark(path, (listed.stored.sha256 or "")[: layout.REFUSAL_DIGITS])
        number = 2
        plain = path
        while _alike(path) in self._taken:
            path, number = _with_mark(plain, str(number)), number + 1
        self._taken.add(_alike(path))
        return path


def _own_path(listed: Listed) -> str:
    stored = listed.stored
    key = stored.key or ""
    plain = key.removesuffix(".gz") if stored.encoding == "gzip" else key
    receipt = listed.receipt
    if receipt.verdict is not Verdict.DUPLICATE or not receipt.name or not receipt.partition:
        return plain
    feed = receipt.feed or ""
    by_month = key.removeprefix(f"{feed}/").count("/") > 1
    folder = layout.object_folder(feed, date.fromisoformat(receipt.partition), by_month=by_month)
    return f"{folder}/{layout.fitting(receipt.name)}"


def _portable(name: str) -> str:
    kept = "".join("_" if c in _NOT_PORTABLE or not c.isprintable() else c for c in name)
    return unicodedata.normalize("NFC", kept).strip(" ").rstrip(".") or "_"


def _alike(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _with_mark(path: str, mark: str) -> str:
    folder, _, name = path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    return f"{folder}/{stem}-{mark}.{extension}" if dot else f"{folder}/{name}-{mark}"
