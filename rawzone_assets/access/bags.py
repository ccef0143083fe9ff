"""Bags: the files that make a folder a BagIt 1.0 bag (RFC 8493). Pure: facts in, bytes out.

Written out plainly rather than by a library (docs/adr/0042); the tests have the Library of Congress's judge it.
Paths come as ``export_paths`` gives them for bags: nothing in them needs BagIt's escapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rawzone_assets.access.export_facts import SOFTWARE, Contract, Facts
from rawzone_assets.access.export_files import Exported
from rawzone_assets.contract.plain_text import printable

PAYLOAD = "data"
DECLARATION = "bagit.txt"
DECLARED = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST = "manifest-sha256.txt"
INFORMATION = "bag-info.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"


def manifest_lines(files: Iterable[Exported]) -> Iterator[bytes]:
    """The lines of a manifest, of payload or of tag files."""
    for file in files:
        yield f"{file.sha256}  {file.path}\n".encode()


def information(facts: Facts) -> bytes:
    """``bag-info.txt``: the reserved names first, then the lineage under names of our own."""
    return "".join(f"{name}: {printable(str(value))}\n" for name, value in _told(facts)).encode()


def _told(facts: Facts) -> Iterator[tuple[str, object]]:
    yield "External-Identifier", facts.name
    yield (
        "External-Description",
        f"Original bytes of {facts.feed}; receipts.jsonl has their receipts, export.json the lineage.",
    )
    if facts.at:
        yield "Bagging-Date", facts.at[:10]
    yield "Payload-Oxum", f"{facts.size}.{facts.files}"
    yield "Bag-Software-Agent", SOFTWARE
    yield "Feed", facts.feed
    yield "Range-Since", facts.since or "the beginning"
    yield "Range-Until", facts.until or "the end"
    yield "Revisions", "newest of each name" if facts.newest_only else "all"
    if facts.first_day:
        yield "First-Capture-Day", facts.first_day
        yield "Last-Capture-Day", facts.last_day
        yield "First-Commit", facts.first_seq
        yield "Last-Commit", facts.last_seq
    yield "Duplicates", facts.duplicates
    yield "Ledger-Seq", facts.head.seq
    yield "Ledger-Head", facts.head.sha256
    if facts.at:
        yield "Ledger-Time", facts.at
    for contract, count in sorted(facts.contracts.items(), key=repr):
        yield "Contract-Version", _contract(contract, count)
    for missing in facts.unreadable:
        yield "Unreadable-Object", f"{missing.path} (sha256 {missing.sha256}, commit {missing.seq})"


def _contract(contract: Contract, count: int) -> str:
    version, schema, digest, rules = contract
    return f"feed version {version}, schema {schema} sha256 {digest}, rules version {rules}; files {count}"
