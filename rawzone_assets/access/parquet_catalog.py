"""The Parquet catalog: the ledger's receipts in files that pandas, Polars, DuckDB and Arrow read as they are.

Derived and disposable: nothing is only here, and what was changed is built again. What the files hold is
``catalog_spans``'s, how a receipt becomes a row ``receipt_table``'s.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import chain
from operator import and_
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rawzone_assets.access.catalog_spans import Span, spans_in, write_spans
from rawzone_assets.access.file_locks import locked
from rawzone_assets.access.receipt_table import SCHEMA
from rawzone_assets.zone.errors import StorageFailed, ZoneError
from rawzone_assets.zone.ledger import EMPTY, Head, Ledger
from rawzone_assets.zone.zone import Zone

_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOENT)


class CatalogDamaged(ZoneError):
    def __init__(self, folder: Path, problem: Exception) -> None:
        first = str(problem).partition("\n")[0]
        super().__init__(
            f"The catalog {folder} cannot be read ({first}): run 'rawzone catalog rebuild'; it is derived from "
            "the ledger, and nothing was lost."
        )


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a catalog holds: all receipts up to commit ``seq``."""

    folder: Path
    seq: int
    head: str
    files: int
    receipts: int
    size: int  # bytes


class ParquetCatalog:
    """The files of one ledger's catalog in one folder."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.folder = folder
        self._ledger = ledger
        self._footers: dict[tuple[int, ...], pq.FileMetaData] = {}

    @property
    def files(self) -> list[Path]:
        """Its files in the order of the ledger."""
        return sorted(self.folder.glob("*.parquet"))

    def standing(self) -> Standing:
        spans = spans_in(self.folder)
        return Standing(
            folder=self.folder,
            seq=spans[-1].last if spans else -1,
            head=spans[-1].head if spans else EMPTY.sha256,
            files=len(spans),
            receipts=sum(span.receipts for span in spans),
            size=sum(span.path.stat().st_size for span in spans),
        )

    def update(self) -> Standing:
        """Take in what was committed since; build it again if it is not of this ledger, or damaged.

        Raises:
            LedgerDamaged: A commit is damaged or breaks the chain.
            OSError: The folder cannot be written.
        """
        with self._locked():
            spans = spans_in(self.folder)
            if not spans or not self._is_of_this_ledger(spans[-1]):
                self._build()
            else:
                self._grow(spans[-1])
        return self.standing()

    def rebuild(self) -> Standing:
        """Build it from nothing, and only then take the place of what was there.

        Raises:
            LedgerDamaged: A commit is damaged or breaks the chain.
            OSError: The folder cannot be written.
        """
        with self._locked():
            self._build()
        return self.standing()

    def receipts(
        self,
        *,
        feeds: Sequence[str] = (),
        since: str | None = None,
        until: str | None = None,
        data_since: str | None = None,
        data_until: str | None = None,
        verdicts: Sequence[str] = (),
        as_of: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Receipts in the ledger's order, all that are asked for in memory.

        ``since`` and ``until`` are capture days, ``data_since`` and ``data_until`` days that the data speak of,
        all included; ``as_of`` is a commit's number, ``columns`` are names of the schema.

        Raises:
            CatalogDamaged: A file cannot be read.
        """
        bounds: dict[str, tuple[Any, Any]] = {
            "partition": (_day(since), _day(until)),
            "data_max": (_day(data_since), None),
            "data_min": (None, _day(data_until)),
            "seq": (None, as_of),
        }
        chosen = {name: list(values) for name, values in (("feed", feeds), ("verdict", verdicts)) if values}
        narrowed = {name: bound for name, bound in bounds.items() if bound != (None, None)}
        names = list(columns or SCHEMA.names)
        read = list(dict.fromkeys([*names, "seq", "line", *chosen, *narrowed]))
        tables = [SCHEMA.empty_table().select(read)]
        condition = _condition(chosen, narrowed)
        try:
            for path in self.files:
                with path.open("rb") as stream:
                    part = self._opened(stream)
                    groups = _groups(part, chosen, narrowed)
                    if groups:
                        table = part.read_row_groups(groups, columns=read, use_threads=False).select(read)
                        tables.append(table if condition is None else table.filter(condition))
        except (pa.ArrowException, OSError) as problem:
            raise CatalogDamaged(self.folder, problem) from problem
        found = pa.concat_tables(table.replace_schema_metadata() for table in tables)
        return found.sort_by([("seq", "ascending"), ("line", "ascending")]).select(names)

    def _opened(self, stream: BinaryIO) -> pq.ParquetFile:
        """A file with its footer, which is read once: that takes longer than most answers."""
        status = os.fstat(stream.fileno())
        identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        part = pq.ParquetFile(stream, metadata=self._footers.get(identity))
        self._footers[identity] = part.metadata
        return part

    # --- building --------------------------------------------------------------------------------

    def _build(self) -> None:
        with self._new_files() as folder:
            write_spans(folder, self._ledger.after(EMPTY), first=0, prev=EMPTY.sha256)
            built = {path.name for path in folder.iterdir()}
            self._take(folder)
        for path in self.files:
            if path.name not in built:
                path.unlink()

    def _grow(self, newest: Span) -> None:
        commits = self._ledger.after(Head(seq=newest.last, sha256=newest.head, at=None))
        one = next(commits, None)
        if one is None:
            return
        with self._new_files() as folder:
            if newest.is_full:
                write_spans(folder, chain((one,), commits), first=newest.last + 1, prev=newest.head)
            else:
                held = pq.read_table(newest.path, schema=SCHEMA, partitioning=None)
                write_spans(folder, chain((one,), commits), first=newest.first, prev=newest.prev, held=held)
            self._take(folder)

    @contextmanager
    def _new_files(self) -> Iterator[Path]:
        """A folder of its own for unfinished files, on the same file system; what a crash left there goes."""
        folder = self.folder / ".new"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _take(self, folder: Path) -> None:
        """In the ledger's order, so that there is never a gap between two files."""
        for path in sorted(folder.iterdir()):
            os.replace(path, self.folder / path.name)

    def _is_of_this_ledger(self, newest: Span) -> bool:
        return self._ledger.holds(Head(seq=newest.last, sha256=newest.head, at=None))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / ".lock"):
            yield


def catalog_of(zone: Zone) -> ParquetCatalog:
    """The zone's catalog below its state folder, as it was left; zones may share that folder."""
    name = hashlib.sha256(str(zone.layout.ledger).encode()).hexdigest()[:12]
    return ParquetCatalog(zone.layout.state / f"catalog-{name}", zone.ledger)


@contextmanager
def open_catalog(zone: Zone) -> Generator[ParquetCatalog, None, None]:
    """The zone's catalog, caught up with the ledger. Who may not write it gets a copy that lasts as long.

    Raises:
        LedgerDamaged: A commit is damaged or breaks the chain.
        StorageFailed: The ledger cannot be read, or the catalog not be written.
    """
    catalog = catalog_of(zone)
    with ExitStack() as stack:
        try:
            try:
                catalog.update()
            except OSError as error:
                if error.errno not in _READ_ONLY:
                    raise
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rawzone-catalog-")))
                for path in catalog.files:
                    shutil.copyfile(path, folder / path.name)
                catalog = ParquetCatalog(folder, zone.ledger)
                catalog.update()
        except OSError as error:
            raise StorageFailed("bring the catalog up to date", error) from error
        yield catalog


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _condition(
    chosen: Mapping[str, list[str]], narrowed: Mapping[str, tuple[Any, Any]]
) -> pc.Expression | None:
    clauses = [pc.field(name).isin(values) for name, values in chosen.items()]
    for name, (low, high) in narrowed.items():
        clauses += [pc.field(name) >= pa.scalar(low)] if low is not None else []
        clauses += [pc.field(name) <= pa.scalar(high)] if high is not None else []
    return reduce(and_, clauses) if clauses else None


def _groups(
    part: pq.ParquetFile, chosen: Mapping[str, list[str]], narrowed: Mapping[str, tuple[Any, Any]]
) -> list[int]:
    """The row groups that may hold something of what is asked for, by their statistics."""
    asked = {*chosen, *narrowed}
    paths = (part.schema.column(index).path for index in range(len(part.schema)))
    places = {index: path for index, path in enumerate(paths) if path in asked}
    found = []
    for number in range(part.num_row_groups):
        group = part.metadata.row_group(number)
        told = ((name, group.column(index).statistics) for index, name in places.items())
        if all(_may_hold(known, chosen.get(name), narrowed.get(name, (None, None))) for name, known in told):
            found.append(number)
    return found


def _may_hold(known: pq.Statistics | None, values: list[str] | None, bounds: tuple[Any, Any]) -> bool:
    if known is None or not known.has_min_max:
        return True
    least, most = known.min, known.max
    low, high = bounds
    if values is not None and not any(least <= value <= most for value in values):
        return False
    return (low is None or most >= low) and (high is None or least <= high)
