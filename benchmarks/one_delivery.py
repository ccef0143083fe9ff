"""One delivery: what reading and judging it takes on compiled engines, beside what comes to mind first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

import orjson

from benchmarks.corpora import Corpus
from benchmarks.measuring import cpu_seconds
from benchmarks.naive_engines import NAIVE
from benchmarks.verdicts import accepts
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.schemas import refusals
from rawzone_assets.platforms import all_platforms

PAGES, DOCUMENTS = "distrokid/streams", "toolost/analytics"
_SIZES = {PAGES: 220_000, DOCUMENTS: 86_000}  # bytes, about
_FILES = 5


def judging_beside_naive(corpus: Corpus, feed: str, *, turns: int) -> list[float]:
    """CPU of a whole judgement beside the naive engines' yes or no, for each of some sound deliveries."""
    return [
        _median(partial(judge, found.feed, BytesContent(data), found.capture), turns=9 * turns)
        / _median(partial(accepts, found.feed, data, found.capture.day, NAIVE), turns=turns)
        for found, data in _chosen(corpus, feed)
    ]


def schema_beside_naive(corpus: Corpus, feed: str, *, turns: int) -> list[float]:
    """CPU of parsing a document and seeking all that its schema refuses, beside ``json`` and ``jsonschema``."""
    return [
        _median(partial(_refused, found.feed.schema, data), turns=9 * turns)
        / _median(partial(_refused_by_naive, found.feed.schema, data), turns=turns)
        for found, data in _chosen(corpus, feed)
    ]


def _refused(schema: str, data: bytes) -> bool:
    return any(True for _ in refusals(schema, orjson.loads(data)))


def _refused_by_naive(schema: str, data: bytes) -> bool:
    return not NAIVE.is_valid(schema, NAIVE.document(data))


def _chosen(corpus: Corpus, feed: str) -> Iterator[tuple[Recognized, bytes]]:
    """Some sound deliveries of a feed, of about the size that is usual."""
    sound = [file for file in corpus.files if file.feed == feed and file.verdict == "promoted"]
    for file in sorted(sound, key=lambda file: abs(file.size - _SIZES[feed]))[:_FILES]:
        found = recognize(file.path, all_platforms())
        if not isinstance(found, Recognized):
            raise TypeError(f"{file.path} is of no feed")
        yield found, (corpus.landing / file.path).read_bytes()


def _median(work: Callable[[], object], *, turns: int) -> float:
    """CPU seconds; what is compiled by the first call is compiled once a process."""
    work()
    return median(cpu_seconds(work, times=turns))
