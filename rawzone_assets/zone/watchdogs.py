"""Watchdogs: ending a process that stands still, with one thread for all that are watched.

A timer of its own for each delivery would start a thread for each, which costs more than judging a small one.
"""

from __future__ import annotations

import subprocess
import threading
import time
from typing import Self

_LOOK_EVERY = 0.25  # seconds; what is watched for is minutes
_IDLE_LOOKS = 40  # without anything to watch, before the thread ends


class Watchdog:
    """Ends a process that stands still, but never once its answer was awaited: the next one is not meant.

    What computes without end meets the limit of processor time first, however busy the machine is.
    """

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self._lock = threading.Lock()
        self._is_over = False
        self.has_bitten = False

    def __enter__(self) -> Self:
        _PATROL.watch(self, time.monotonic() + self._seconds)
        return self

    def __exit__(self, *_raised: object) -> None:
        _PATROL.forget(self)
        with self._lock:  # one that is about to bite is not stopped by forgetting it
            self._is_over = True

    def bite(self) -> None:
        """End the process, unless its answer is there."""
        with self._lock:
            if not self._is_over:
                self.has_bitten = True
                self._process.kill()


class _Patrol:
    """The thread that looks after all watchdogs whose time is running."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[Watchdog, float] = {}
        self._thread: threading.Thread | None = None

    def watch(self, dog: Watchdog, end: float) -> None:
        with self._lock:
            self._ends[dog] = end
            if self._thread is None or not self._thread.is_alive():  # a forked process has none
                self._thread = threading.Thread(target=self._look, name="watchdogs", daemon=True)
                self._thread.start()

    def forget(self, dog: Watchdog) -> None:
        with self._lock:
            self._ends.pop(dog, None)

    def _look(self) -> None:
        idle = 0
        while True:
            time.sleep(_LOOK_EVERY)
            with self._lock:
                now = time.monotonic()
                due = [dog for dog, end in self._ends.items() if end <= now]
                for dog in due:
                    del self._ends[dog]
                idle = 0 if self._ends or due else idle + 1
                if idle >= _IDLE_LOOKS:
                    self._thread = None
                    return
            for dog in due:
                dog.bite()


_PATROL = _Patrol()
