"""Seeds: what the mutants of each format are made of, the good samples of every feed.

A seed knows how to make its mutants; ``mutant`` applies steps to its structure or to its bytes.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from mutant_archives import Archive, changed_archive
from mutant_bytes import SCALE, Step, changed_bytes
from mutant_documents import changed_document, written
from mutant_pages import changed_page, page_of
from mutant_tables import Table, changed_table, table_of

from rawzone_assets.contract.feed import Capture, Feed
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.stored_names import as_delivered
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import samples
from rawzone_assets.samples.sample import Sample

FORMATS = ("html", "json", "csv", "tsv", "zip")
_LONGEST_LIST = 12

STEP = st.tuples(*[st.integers(0, SCALE - 1)] * 3)
STEPS = st.one_of(*[st.tuples(*[STEP] * count) for count in (1, 1, 2, 3)])
NONE = st.just(())
STYLE = st.integers(0, 5)
# Most mutants change little: those are the ones that a judge may take for good.
_MUTANTS = st.one_of(*[st.tuples(STEPS, STYLE, NONE)] * 3, *(st.tuples(s, STYLE, STEPS) for s in (NONE, STEPS)))

SAME_EVERY_TIME = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


@dataclass(frozen=True, kw_only=True)
class Seed:
    """A good delivery, and what becomes of its structure after some steps."""

    title: str
    feed: Feed  # as delivered: with the format and schema of this form
    capture: Capture
    data: bytes
    restructured: Callable[[tuple[Step, ...], int], bytes]

    def mutant(self, structure: tuple[Step, ...], style: int, edits: tuple[Step, ...]) -> bytes:
        """Another delivery under the same name: its structure changed, then its bytes."""
        data = self.restructured(structure, style) if structure else self.data
        for step in edits:
            data = changed_bytes(data, step)
        return data


@cache
def seeds(kind: str) -> tuple[Seed, ...]:
    """All seeds of a format. Samples without records are among them only where their format has no others."""
    return tuple(
        seed
        for sample in samples()
        if sample.verdict == "promoted" and "RZ-LEGACY-ENCODING" not in sample.codes and _is_plain(sample)
        if (seed := _seed(sample)).feed.format.kind == kind
    )


def mutants_of(kind: str) -> st.SearchStrategy[tuple[Seed, bytes]]:
    """Mutants of a format, each with the seed that it was made of."""
    made = st.tuples(st.sampled_from(seeds(kind)), _MUTANTS)
    return made.map(lambda drawn: (drawn[0], drawn[0].mutant(*drawn[1])))


def _is_plain(sample: Sample) -> bool:
    """Whether what its scripts hold is JSON: only that is taken apart and put together again here."""
    return b"{category:" not in sample.data


def _seed(sample: Sample) -> Seed:
    found = recognize(sample.path, all_platforms())
    assert isinstance(found, Recognized)
    feed = as_delivered(found.feed, found.capture.name)
    restructured = _RESTRUCTURED[feed.format.kind](sample.data)
    return Seed(
        title=f"{sample.feed}: {sample.title}",
        feed=feed,
        capture=found.capture,
        data=restructured((), 0),
        restructured=restructured,
    )


Restructured = Callable[[tuple[Step, ...], int], bytes]


def _document(data: bytes) -> Restructured:
    original = _shortened(json.loads(data.decode("utf-8-sig")))

    def restructured(steps: tuple[Step, ...], style: int) -> bytes:
        document = original
        for step in steps:
            document = changed_document(document, step)
        return written(document, style)

    return restructured


def _shortened(value: object) -> object:
    """Few records, so that a change meets what matters."""
    if isinstance(value, dict):
        return {name: _shortened(member) for name, member in value.items()}
    return [_shortened(item) for item in value[-_LONGEST_LIST:]] if isinstance(value, list) else value


def _table(data: bytes) -> Restructured:
    original = _table_of(data)

    def restructured(steps: tuple[Step, ...], _style: int) -> bytes:
        table = original
        for step in steps:
            table = changed_table(table, step)
        return table.written()

    return restructured


def _table_of(data: bytes) -> Table:
    header = data.splitlines()[0]
    delimiter = max(",;\t", key=lambda sign: header.count(sign.encode()))
    return table_of(data, delimiter, quoted=delimiter != "\t")


def _page(data: bytes) -> Restructured:
    original = page_of(data)

    def restructured(steps: tuple[Step, ...], style: int) -> bytes:
        page = original
        for step in steps:
            page = changed_page(page, step)
        return page.written(style)

    return restructured


def _archive(data: bytes) -> Restructured:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        ((name, inside),) = ((entry, archive.read(entry)) for entry in archive.namelist())
    original = Archive(members=((name, inside),))
    is_report = name.endswith(".tsv")
    member = table_of(inside, "\t" if is_report else ",", quoted=not is_report, most=40 if is_report else 365)

    def restructured(steps: tuple[Step, ...], style: int) -> bytes:
        """Half of the steps change the member, the others the archive round it."""
        table, packed = member, original
        for what, where, how in steps:
            if what % 2:
                table = changed_table(table, (what // 2, where, how))
                packed = Archive(**{**vars(packed), "members": ((name, table.written()),)})
            else:
                packed = changed_archive(packed, (what // 2, where, how))
        return packed.written()

    return restructured


_RESTRUCTURED: dict[str, Callable[[bytes], Restructured]] = {
    "html": _page,
    "json": _document,
    "csv": _table,
    "tsv": _table,
    "zip": _archive,
}
