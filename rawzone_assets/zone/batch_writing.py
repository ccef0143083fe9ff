"""Batch writing: what writers were given to write of one batch, some files at a time and each once."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from itertools import chain
from pathlib import Path

from rawzone_assets.zone.room import Room
from rawzone_assets.zone.writing import NewFile, Writers

_TOGETHER, _BYTES_TOGETHER = 16, 2**19


class _Gathered:
    """Files of one folder that will be written together."""

    def __init__(self) -> None:
        self.files: list[NewFile] = []
        self.size = 0

    def add(self, file: NewFile) -> bool:
        """Whether they are enough now."""
        self.files.append(file)
        self.size += len(file.data)
        return len(self.files) >= _TOGETHER or self.size >= _BYTES_TOGETHER


class BatchWriting:
    """Gathers files, hands them over, and knows who waits for which. Several threads add to it."""

    def __init__(self, writers: Writers, room: Room) -> None:
        self._writers = writers
        self._room = room
        self._gathering = threading.Lock()
        self._gathered: dict[Path, _Gathered] = {}  # by folder
        self._begun: dict[tuple[Path, str], list[Future[None]]] = {}  # of what is gathered, none yet

    def add(self, folder: Path, name: str, data: bytes) -> None:
        """Have a file written and made durable; the same one again costs nothing.

        Raises:
            DiskAlmostFull: There is no room for those that were gathered.
        """
        full = None
        with self._gathering:
            if (folder, name) not in self._begun:
                self._begun[folder, name] = []
                gathered = self._gathered.setdefault(folder, _Gathered())
                if gathered.add(NewFile(name, data)):
                    full = self._gathered.pop(folder)
        if full:
            self._hand_over(folder, full)

    def sync(self, folder: Path, name: str) -> None:
        """Have a file made durable that is written already."""
        # Once for each delivery, even of the same bytes: the first may still write when the second is done.
        self._begun.setdefault((folder, name), []).append(self._writers.sync(folder / name))

    def hand_over_rest(self) -> None:
        """Hand over what was gathered last, once nobody adds any more; raises as :meth:`add` does."""
        while self._gathered:
            self._hand_over(*self._gathered.popitem())

    def is_done(self, folder: Path, name: str) -> bool:
        """Whether a file was handed over; it is durable then.

        Raises:
            OSError: The disk refused to write or to sync it.
        """
        begun = self._begun.get((folder, name), [])
        for writing in begun:  # of several syncs only the first is told that the disk failed
            writing.result()
        return bool(begun)

    def stop(self) -> None:
        """Wait until nobody writes any more."""
        self._gathered.clear()
        wait(chain.from_iterable(self._begun.values()))

    def _hand_over(self, folder: Path, gathered: _Gathered) -> None:
        self._room.require(folder, gathered.size + self._writers.outstanding)
        writing = self._writers.write(folder, gathered.files)
        for file in gathered.files:
            self._begun[folder, file.name].append(writing)
