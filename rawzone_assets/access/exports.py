"""Exports: the original bytes of a feed and range in a folder that others can check without this software.

Every byte was compared with its receipt and is hashed again on the way out. A folder is begun with a file
that says it is not complete; the very last step is to give that file its final name, without which neither
``sha256sum -c`` nor a BagIt validator accepts the folder. So an interrupted export never passes for a whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from pathlib import Path

from rawzone_assets.access import bags
from rawzone_assets.access.cache import ByteCache
from rawzone_assets.access.catalog import CommitTimes, Listed, readable
from rawzone_assets.access.export_facts import RECEIPTS, Facts, Unreadable
from rawzone_assets.access.export_files import Exported, ExportFolder
from rawzone_assets.access.export_paths import Paths
from rawzone_assets.access.reading import original_bytes
from rawzone_assets.zone.errors import StorageFailed, ZoneError
from rawzone_assets.zone.layout import nested
from rawzone_assets.zone.object_errors import ObjectDamaged, ObjectUnreadable
from rawzone_assets.zone.receipt import Receipt, canonical, timestamp
from rawzone_assets.zone.zone import Zone

CHECKSUMS = "SHA256SUMS"
_FACTS = "export.json"
_UNFINISHED = ".incomplete"


class Form(StrEnum):
    """How an export is laid out, and so what checks it."""

    SHA256SUMS = "sha256sums"
    BAGIT = "bagit"

    @property
    def last(self) -> str:
        """The file that makes the folder whole."""
        return CHECKSUMS if self is Form.SHA256SUMS else bags.DECLARATION


class NotExportable(ZoneError):
    """The folder cannot take an export, or there is nothing to export."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """What was written. ``unreadable`` are objects whose bytes are damaged or gone: they are not in it."""

    folder: Path
    form: Form
    facts: Facts
    unreadable: tuple[Unreadable, ...] = field(default=())


def export(
    zone: Zone,
    folder: Path,
    form: Form,
    *,
    feed: str,
    since: str | None = None,
    until: str | None = None,
    newest_only: bool = False,
    cache: ByteCache | None = None,
) -> Export:
    """Write what can be read of a feed in these partitions to ``folder``: all revisions, or the newest only.

    What is damaged is left out and told. The same ledger gives the same bytes, whenever it is exported.

    Raises:
        NotExportable: The folder is not empty or lies in the zone, or nothing is there to export.
        StorageFailed: The folder cannot be written; what was written stays, marked as incomplete.
    """
    _check_place(zone, folder)
    with closing(
        readable(zone, feeds=[feed], since=since, until=until, all_revisions=not newest_only)
    ) as found:
        first = next(found, None)
        if first is None:
            span = f" from {since or 'the beginning'} until {until or 'today'}" if since or until else ""
            raise NotExportable(
                f"There is nothing of {feed} to export{span}: 'rawzone ls' shows what there is."
            )
        facts = Facts(feed=feed, since=since, until=until, newest_only=newest_only, head=zone.index.head)
        try:
            target = ExportFolder(folder, zone.files)
            _Work(zone=zone, target=target, form=form, facts=facts, cache=cache).write(chain([first], found))
        except OSError as error:
            raise StorageFailed(f"export {feed}", error) from error
    return Export(folder=folder, form=form, facts=facts, unreadable=tuple(facts.unreadable))


def _check_place(zone: Zone, folder: Path) -> None:
    """Refuse a folder that holds anything, or that would become part of the zone, or of an export, by this."""
    roots = {**zone.layout.apart, "export": folder}
    pair = nested(roots)
    if pair and "export" in pair:
        inner, outer = pair
        raise NotExportable(
            f"The {inner} folder {roots[inner]} lies in the {outer} folder {roots[outer]}, so nothing is "
            "written: export to a folder outside the zone."
        )
    try:
        names = set(os.listdir(folder))
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageFailed("write the export", error) from error
    for form in Form:
        if form.last + _UNFINISHED in names:
            raise NotExportable(
                f"{folder} holds an export that was interrupted and is incomplete: remove it, then export "
                "again."
            )
    if names:
        raise NotExportable(
            f"{folder} is not empty and nothing in it is overwritten: name a new or empty folder."
        )


@dataclass(kw_only=True)
class _Work:
    """One export being written."""

    zone: Zone
    target: ExportFolder
    form: Form
    facts: Facts
    cache: ByteCache | None
    payload: list[Exported] = field(default_factory=list)

    def write(self, found: Iterable[Listed]) -> None:
        is_bag = self.form is Form.BAGIT
        unfinished = self.form.last + _UNFINISHED
        declaration = self.target.begin(unfinished, bags.DECLARED if is_bag else b"")
        others = [
            self.target.write(RECEIPTS, self._receipts(found, Paths(portable=is_bag))),
            self.target.write(_FACTS, [self.facts.document()]),
        ]
        if is_bag:
            self.target.make_folder(bags.PAYLOAD)  # a bag has one, also when every object is damaged
            others += [
                self.target.write(bags.MANIFEST, bags.manifest_lines(self.payload)),
                self.target.write(bags.INFORMATION, [bags.information(self.facts)]),
                replace(declaration, path=bags.DECLARATION),
            ]
            self.target.write(bags.TAG_MANIFEST, bags.manifest_lines(others))
            self.target.finish(unfinished, self.form.last)
        else:
            self.target.finish(unfinished, self.form.last, map(checksum_line, [*others, *self.payload]))

    def _receipts(self, found: Iterable[Listed], paths: Paths) -> Iterator[bytes]:
        """Write each file, and give the line of its receipt once its bytes are there."""
        times = CommitTimes(self.zone)
        prefix = f"{bags.PAYLOAD}/" if self.form is Form.BAGIT else ""
        for listed in found:
            receipt, stored = listed.receipt, listed.stored
            path = prefix + paths.of(listed)
            try:
                written = self.target.write(path, original_bytes(self.zone, stored, cache=self.cache))
                _compare(written, stored)
            except ObjectUnreadable as problem:
                self.target.discard(path)
                missing = Unreadable(path=path, sha256=stored.sha256, seq=listed.seq, problem=str(problem))
                self.facts.unreadable.append(missing)
                continue
            self.payload.append(written)
            at = timestamp(times[listed.seq])
            self.facts.note(listed, written.size, at)
            yield canonical({**receipt.as_record(), "seq": listed.seq, "at": at, "path": path}) + b"\n"


def _compare(written: Exported, receipt: Receipt) -> None:
    if (written.sha256, written.size) != (receipt.sha256, receipt.size):
        raise ObjectDamaged(
            receipt.key or receipt.landing_path, "what was written is not what its receipt records"
        )


def checksum_line(written: Exported) -> bytes:
    r"""A line of ``sha256sum``: with a backslash or line feed in the name, escaped and led by a backslash."""
    path = written.path.replace("\\", "\\\\").replace("\n", "\\n")
    mark = "\\" if path != written.path else ""
    return f"{mark}{written.sha256}  {path}\n".encode()
