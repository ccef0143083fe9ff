"""A judge keeps nothing of what it judged: what it remembers from one delivery to the next is short.

A worker judges for years of files. What it looks up by a delivery's own texts must not hold long ones, or a few
hostile reports would fill its memory for good.
"""

from __future__ import annotations

import gc
import re
import tracemalloc
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from mutant_seeds import Seed, seeds

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.judging import judge

LENGTH = 20_000


def long_text(number: int, beginning: str) -> str:
    """Unlike any other, and beginning as the text does that it stands for, lest it be refused at once."""
    return f"{beginning}{number:08d}".ljust(LENGTH, "7")


def tables(seed: Seed, delimiter: bytes) -> Iterator[bytes]:
    """The table with one cell of its first rows, or of its header, made long."""
    lines = seed.data.split(b"\n")
    for at in range(min(len(lines), 2)):
        cells = lines[at].split(delimiter)
        for index, cell in enumerate(cells):
            longer = long_text(index + 1000 * at, cell.decode(errors="replace").strip('"\r')).encode()
            changed = delimiter.join((*cells[:index], longer, *cells[index + 1 :]))
            yield b"\n".join((*lines[:at], changed, *lines[at + 1 :]))


def documents(seed: Seed) -> Iterator[bytes]:
    """The document with one of its texts, or one name of a member, made long."""
    document = orjson.loads(seed.data)
    for number, (holder, key) in enumerate([*places(document)][:20]):
        before = holder[key]
        if isinstance(before, str):
            holder[key] = long_text(number, before)
            yield orjson.dumps(document)
        if isinstance(holder, dict):
            longer = long_text(number, key)
            holder[longer] = holder.pop(key)
            yield orjson.dumps(document)
            del holder[longer]
        holder[key] = before


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every holder in the document with each of its keys or indexes."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in list(inner):
        yield value, key
        yield from places(held)


def pages(seed: Seed) -> Iterator[bytes]:
    """The page with one of the words that are shown or stand in its scripts made long."""
    words = [*re.finditer(rb"[A-Za-z0-9][\w,.:/-]{2,}", seed.data)]
    for number, word in enumerate(words[:: max(len(words) // 60, 1)]):
        longer = long_text(number, word.group().decode(errors="replace")).encode()
        yield b"".join((seed.data[: word.start()], longer, seed.data[word.end() :]))


CHANGES = {
    "csv": lambda seed: tables(seed, b","),
    "tsv": lambda seed: tables(seed, b"\t"),
    "json": documents,
    "html": pages,
}


def deliveries(kind: str) -> Iterator[tuple[Seed, bytes]]:
    for seed in seeds(kind):
        yield from ((seed, data) for data in CHANGES[kind](seed))


@pytest.mark.parametrize("kind", CHANGES)
def test_long_texts_of_deliveries_are_not_remembered(kind: str):
    changed = [*deliveries(kind)]
    changed = changed[:: max(len(changed) // 600, 1)]
    for seed, data in changed[::4]:  # what is made once for all
        judge(seed.feed, BytesContent(data), seed.capture)
    del changed[::4]
    gc.collect()
    tracemalloc.start()
    try:
        for seed, data in changed:
            judge(seed.feed, BytesContent(data), seed.capture)
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(changed) > 300
    # One in ten would be too many. What is kept of each kind of table, its grammar, takes half of that.
    assert kept < len(changed) * LENGTH / 10
