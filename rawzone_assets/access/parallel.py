"""Reading many objects at once: several threads, results in order, and a bound on what is held in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from rawzone_assets.access.catalog import Listed

THREADS = 8
MEMORY = 256 * 2**20
_AHEAD = 4  # objects a thread may be ahead, however small they are


def read_in_order(
    read: Callable[[Listed], bytes], found: Iterable[Listed], *, threads: int = THREADS, memory: int = MEMORY
) -> Generator[tuple[Listed, bytes], None, None]:
    """What ``read`` makes of each of ``found``, in their order.

    ``memory`` bounds the bytes of what is being read or waits to be taken, stored and original form; one object
    that is larger is read alone. What ``read`` raises is raised when its turn comes. ``found`` is asked in the
    caller's thread only.
    """
    waiting: deque[tuple[Listed, int, Future[bytes]]] = deque()
    held = 0
    pool = ThreadPoolExecutor(threads, thread_name_prefix="rawzone-read")
    try:
        for listed in found:
            cost = _cost(listed)
            while waiting and (held + cost > memory or len(waiting) >= threads * _AHEAD):
                first, freed, future = waiting.popleft()
                yield first, future.result()
                del future
                held -= freed
            waiting.append((listed, cost, pool.submit(read, listed)))
            held += cost
        while waiting:
            first, _, future = waiting.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _cost(listed: Listed) -> int:
    """Bytes in memory while it is read: the stored form, and the original in blocks and joined."""
    return (listed.stored.stored_size or 0) + 2 * (listed.stored.size or 0)
