"""Realistic deliveries for every feed, generated from a seed: for the demo, the tests and the curious.

Nothing here is anyone's data: names, addresses and figures are made up. One module a platform, found by its
presence, with ``CASES`` (good, odd and bad deliveries) and ``ROUTINE`` (what lands in the course of things).
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib import import_module
from itertools import count
from pathlib import Path
from random import Random

from rawzone_assets.contract import codes
from rawzone_assets.samples.sample import Case, Routine, Sample, days_back

__all__ = ["Case", "Routine", "Sample", "cases", "routines", "samples", "write_landing"]

_CAPTURE = date(2025, 6, 12)
_NO_PLATFORMS = {"sample"}
_MOST_BAD_DAYS = 5  # the bad deliveries of a landing tree spread over its newest days


def cases() -> tuple[Case, ...]:
    """Every kind of delivery there are samples of."""
    return tuple(case for some, _ in _platform_modules() for case in some)


def routines() -> tuple[Routine, ...]:
    """Everything that lands in the course of things."""
    return tuple(routine for _, some in _platform_modules() for routine in some)


def samples(feed_id: str | None = None, *, capture: date | None = None, seed: int = 7) -> tuple[Sample, ...]:
    """Every case of every feed, or of one, as captured on ``capture``."""
    day = capture or _CAPTURE
    return tuple(
        _built(case, day, seed, minute)
        for cases, _ in _platform_modules()
        for minute, case in enumerate(cases)
        if feed_id in (None, case.feed)
    )


@lru_cache(maxsize=1024)  # two days of all feeds, 10 MB: whoever tests asks for the same ones again and again
def _built(case: Case, day: date, seed: int, minute: int) -> Sample:
    return case.build(day, seed=seed, minute=minute)


def write_landing(folder: Path, *, days: int, until: date, seed: int = 7, bad: bool = True) -> list[Sample]:
    """Fill a landing folder with ``days`` days of deliveries up to ``until``; what was written, in order.

    A feed that lands nothing in these days, being monthly perhaps, has its newest delivery from before. With
    ``bad``, every refusal of every feed is among them, spread over the newest days. A copy under another name,
    a file of no feed and an unfinished download are always there.
    """
    written = list(_landing(days=days, until=until, seed=seed, bad=bad))
    for sample in written:
        path = folder / sample.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sample.data)
    return written


def _landing(*, days: int, until: date, seed: int, bad: bool) -> Iterator[Sample]:
    last: dict[str, Sample] = {}
    seen: set[tuple[str, bytes]] = set()
    for sample in _in_the_course_of(days_back(until, days), seed):
        # The first answers of a year are empty and equal: the second is a duplicate like any other.
        again = (sample.feed, sample.data) in seen
        seen.add((sample.feed, sample.data))
        last[sample.feed] = sample
        yield replace(sample, verdict="duplicate") if again else sample
    if bad:
        spread = min(days, _MOST_BAD_DAYS)
        for cases, _ in _platform_modules():
            for minute, case in enumerate(cases):
                if case.verdict == "quarantined":
                    yield case.build(until - timedelta(days=minute % spread), seed=seed, minute=minute)
    yield from _litter(until, last)


def _in_the_course_of(days: Sequence[date], seed: int) -> Iterator[Sample]:
    """What lands on these days; before it the newest older deliveries of the feeds of which nothing does."""
    landing = {routine.feed for routine in routines() if any(map(routine.lands_on, days))}
    for routine in routines():
        if routine.feed not in landing:
            older = (days[0] - timedelta(days=back) for back in count(1))
            yield routine.build(next(filter(routine.lands_on, older)), seed=seed)
    for day in days:
        for routine in routines():
            if routine.lands_on(day):
                yield routine.build(day, seed=seed)


def _litter(until: date, last: dict[str, Sample]) -> Iterator[Sample]:
    """What else lies in landing folders: a browser's second download, notes, a download under way."""
    copied = last.get("toolost/spotify")
    if copied:
        yield Sample(
            feed=copied.feed,
            path=f"toolost/spotify_analytics_{until:%Y%m%d}_235900.json",
            data=copied.data,
            verdict="duplicate",
            codes=copied.codes,
            title="an exact copy under another name",
        )
    yield Sample(
        feed="",
        path=f"toolost/extraction_failure_{until:%Y%m%d}_060308.json",
        data=b'{"status": "failed", "reason": "session expired"}\n',
        verdict="unrecognized",
        codes=(codes.EXTRACTOR_LOG.code,),
        title="an extractor's failure report",
    )
    yield Sample(
        feed="",
        path="distrokid/streams/notes.txt",
        data=b"remember to renew the session\n",
        verdict="unrecognized",
        codes=(codes.UNKNOWN_NAME.code,),
        title="a file of no feed",
    )
    yield Sample(
        feed="",
        path=f"distrokid/streams/streams_stats_{until:%Y%m%d}_235959.html.part",
        data=Random(0).randbytes(2048),
        verdict="ignored",
        codes=(),
        title="an unfinished download",
    )


@cache
def _platform_modules() -> tuple[tuple[tuple[Case, ...], tuple[Routine, ...]], ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in names if name not in _NO_PLATFORMS]
    return tuple((module.CASES, module.ROUTINE) for module in modules if hasattr(module, "CASES"))
