"""Corpora: a landing folder full of files and what must become of each, made from a seed alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random

import orjson

from benchmarks.enlarging import enlarged
from benchmarks.plans import SIZES, Planned, case_titled, plan, routine_named

SEED = 7
_AT_ONCE = 100  # files a worker makes before it answers
_WORTH_WORKERS = 500  # files: below, starting workers takes longer than they save


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What must become of one file of a corpus."""

    path: str  # below landing
    feed: str
    kind: str  # the file's extension, or "broken"
    size: int
    sha256: str
    verdict: str  # promoted, duplicate or quarantined
    dup_of: str | None = None  # the path of the first file of the feed with these bytes


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A corpus on disk."""

    folder: Path
    files: tuple[Expected, ...]

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


def corpus(size: str, folder: Path, *, seed: int = SEED, workers: int = 2) -> Corpus:
    """The corpus of that size below ``folder``; made only when it is not there yet."""
    place = folder / f"{size}-{seed}"
    expected = place / "expected.jsonl"
    if not expected.exists():
        files = plan(SIZES[size], seed=seed)
        made = _make(files, place / "landing", seed, workers if len(files) >= _WORTH_WORKERS else 1)
        lines = (orjson.dumps(asdict(file), option=orjson.OPT_APPEND_NEWLINE) for file in _with_copies(made))
        whole = expected.with_suffix(".part")
        whole.write_bytes(b"".join(lines))
        whole.rename(expected)  # last: a corpus that was interrupted is made again
    records = map(orjson.loads, expected.read_bytes().splitlines())
    return Corpus(folder=place, files=tuple(Expected(**record) for record in records))


def _make(files: Sequence[Planned], landing: Path, seed: int, workers: int) -> list[Expected]:
    groups = [files[start : start + _AT_ONCE] for start in range(0, len(files), _AT_ONCE)]
    work = partial(_make_some, landing=landing, seed=seed)
    if workers == 1:
        return [file for group in groups for file in work(group)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return [file for group in pool.map(work, groups) for file in group]


def _make_some(files: Sequence[Planned], *, landing: Path, seed: int) -> list[Expected]:
    return list(_written(files, landing, seed))


def _written(files: Sequence[Planned], landing: Path, seed: int) -> Iterator[Expected]:
    for file in files:
        data = content_of(file, seed)
        path = landing / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        yield Expected(
            path=file.path,
            feed=file.feed,
            kind=file.kind,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            verdict="quarantined" if file.case else "promoted",
        )


def content_of(file: Planned, seed: int) -> bytes:
    """The bytes of a planned file."""
    if file.case:
        return case_titled(file.feed, file.case).build(file.day, seed=seed, minute=file.minute).data
    dice = Random(f"{seed}/{file.dice}")
    data = routine_named(file.template).make(file.day, dice)
    return enlarged(file.template, data, file.length, dice)


def _with_copies(files: Sequence[Expected]) -> Iterator[Expected]:
    """Of good files of a feed with the same bytes the first is promoted, the others are duplicates."""
    first: dict[tuple[str, str], str] = {}
    for file in files:
        if file.verdict == "promoted":
            known = first.setdefault((file.feed, file.sha256), file.path)
            if known != file.path:
                yield replace(file, verdict="duplicate", dup_of=known)
                continue
        yield file
