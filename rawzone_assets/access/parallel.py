"""Reading many objects at once: several threads, results in order, and a bound on what is held in memory.

Threads pay where bytes are many or far away. Small objects that are near are handed over several at a time:
handing over each alone would take more time, spent on Python's lock, than reading it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from time import perf_counter

from rawzone_assets.access.catalog import Listed
from rawzone_assets.zone.portions import parcels

THREADS = 8
MEMORY = 256 * 2**20
_AHEAD = 4  # portions a thread may be ahead, however small they are
_PORTION = 32  # objects that a thread reads at a time at most,
_SMALL = 4 * 2**20  # bytes that they take together at most
_NEAR = 0.005  # seconds; an object that takes longer is large, or far away

Read = Callable[[Sequence[Listed]], Iterator[bytes]]
"""Gives the bytes of each, one after the other, as they are asked for."""


def read_in_order(
    read: Read, found: Iterable[Listed], *, threads: int = THREADS, memory: int = MEMORY
) -> Generator[tuple[Listed, bytes], None, None]:
    """What ``read`` makes of each of ``found``, in their order; it is given some in a row at a time.

    ``memory`` bounds the bytes of what is being read or waits to be taken, stored and original form; one object
    that is larger is read alone. What ``read`` raises is raised when its turn comes. ``found`` is asked in the
    caller's thread only, in which the first is read: how long that takes tells whether they are near.
    """
    found = iter(found)
    most = _PORTION
    for listed in islice(found, 1):
        began = perf_counter()
        (content,) = read([listed])
        if perf_counter() - began >= _NEAR:
            most = 1
        yield listed, content
        del content
    waiting: deque[tuple[list[Listed], int, Future[list[bytes]]]] = deque()
    held = 0
    pool = ThreadPoolExecutor(threads, thread_name_prefix="rawzone-read")
    try:
        for portion in parcels(found, _cost, most=most, most_size=min(_SMALL, memory // threads)):
            cost = sum(map(_cost, portion))
            while waiting and (held + cost > memory or len(waiting) >= threads * _AHEAD):
                first, freed, future = waiting.popleft()
                yield from _in_turn(read, first, future)
                del future
                held -= freed
            waiting.append((portion, cost, pool.submit(list, read(portion))))
            held += cost
        while waiting:
            first, _, future = waiting.popleft()
            yield from _in_turn(read, first, future)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _in_turn(read: Read, portion: list[Listed], future: Future[list[bytes]]) -> Iterator[tuple[Listed, bytes]]:
    """What was read of a portion. If one cannot be, all are read again, so that this is told in its turn."""
    return zip(portion, read(portion) if future.exception() else future.result(), strict=True)


def _cost(listed: Listed) -> int:
    """Bytes in memory while it is read: the stored form, and the original in blocks and joined."""
    return (listed.stored.stored_size or 0) + 2 * (listed.stored.size or 0)
