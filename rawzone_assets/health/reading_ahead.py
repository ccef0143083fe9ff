"""Reading ahead: processes re-read files as soon as the ledger names them.

What they find sound need not be read again. All else is left for ``rereading``, which finds out what is wrong
with it: nothing is lost when a process dies, or none can be started.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from operator import attrgetter

from rawzone_assets.health import reading_worker
from rawzone_assets.health.items import Item
from rawzone_assets.health.reading_worker import LONGEST, SEPARATOR, SOUND
from rawzone_assets.zone.codec import MOST_HELD
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.own_processes import command_of, environment_with
from rawzone_assets.zone.portions import portions

_MANY = 200  # files for which it pays to start processes
_MOST_FILES, _MOST_BYTES = 32, 2**20  # of a portion
_MOST_OUT = 128  # portions that are not answered: so few answers never fill a socket
_ROOM = 2**20  # bytes for their requests: enough to be read while nobody looks after the processes
_LONGEST_ANSWER = 2**12
_KEEPS_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(2**28), "MALLOC_MMAP_THRESHOLD_": str(2**25)}
"""Lets glibc keep it for the next file: to have it from the system each time takes a twentieth more."""


class Ahead:
    """The files named so far, and which of them are known to be sound."""

    def __init__(self, is_wanted: Callable[[Item], bool]) -> None:
        self._is_wanted = is_wanted
        self._named: list[Item] = []
        self._portions: deque[list[Item]] = deque()  # of the named ones, not handed over yet
        self._out: dict[int, list[Item]] = {}  # handed over and not answered
        self._sound: dict[str, Item] = {}  # by place
        self._are_all_named = False
        self._readers: _Readers | None = None

    def name(self, items: Sequence[Item]) -> None:
        """Hand these over as far as there is room: whoever names them has more to do than to wait."""
        self._named += filter(self._is_wanted, items)
        if len(self._named) < (_MOST_FILES if self._readers else _MANY):
            return
        try:
            self._readers = self._readers or _Readers()
        except OSError:  # no descriptors left: then nothing is read ahead
            self._is_wanted = lambda _: False
            self._named.clear()
        else:
            self._hand_over(self._readers)

    def all_are_named(self) -> None:
        """Nothing more will be: the processes end when all of it is read."""
        self._are_all_named = True
        if self._readers:
            self._hand_over(self._readers)

    def finds_sound(self, item: Item) -> bool:
        """Whether it was read and is as recorded; waits until that is known, once all are named.

        Of its place the rest of the ledger may have said something else: then it is another item.
        """
        while self._readers and item.place not in self._sound and (self._out or self._portions):
            self._takes_answer(self._readers, wait=True)
            self._hand_over(self._readers)
        return self._sound.get(item.place) is item

    def close(self) -> None:
        if self._readers:
            self._readers.close()

    def _hand_over(self, readers: _Readers) -> None:
        # Those too large to be held are read as a stream, which keeps no other thread waiting.
        small = (item for item in self._named if item.size + item.stored_size <= MOST_HELD)
        self._portions += portions(small, attrgetter("stored_size"), most=_MOST_FILES, most_size=_MOST_BYTES)
        self._named.clear()
        while self._portions:
            while self._takes_answer(readers, wait=False):
                pass
            if len(self._out) >= _MOST_OUT:
                return
            try:
                number = readers.ask(self._portions[0])
            except BlockingIOError:
                return
            portion = self._portions.popleft()
            if number is not None:
                self._out[number] = portion
        if self._are_all_named:
            readers.are_asked_no_more()

    def _takes_answer(self, readers: _Readers, *, wait: bool) -> bool:
        """Whether there was one."""
        try:
            answer = readers.answer(wait=wait)
        except BlockingIOError:
            return False
        if answer is None:
            self._out.clear()  # no process is left that could read them
            return False
        number, marks = answer
        for item, mark in zip(self._out.pop(number), marks, strict=True):
            if mark == SOUND:
                self._sound[item.place] = item
        return True


class _Readers:
    """A process for each processor, all at two sockets: a portion goes to whichever takes it first."""

    def __init__(self) -> None:
        self._asked = 0
        # One message is read by one process, whole.
        self._requests, requests = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._requests.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM)  # or as much as is allowed
        self._answers, answers = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._processes: list[subprocess.Popen[bytes]] = []
        with requests, answers, suppress(OSError):  # no memory, processes or descriptors left for another one
            ends = (requests.fileno(), answers.fileno())
            for _ in range(os.cpu_count() or 1):
                self._processes.append(_started(*ends))

    def ask(self, portion: Sequence[Item]) -> int | None:
        """The number that the answer will have; ``None`` when there will be none.

        Raises:
            BlockingIOError: There is no room for it now.
        """
        self._asked += 1
        request = SEPARATOR.join((str(self._asked), *(field for item in portion for field in _told(item))))
        encoded = os.fsencode(request)
        if len(encoded) > LONGEST:  # an altered ledger may have a name of any length
            return None
        try:
            self._requests.send(encoded, socket.MSG_DONTWAIT)
        except BlockingIOError:
            raise
        except OSError:  # it is too long, or no process is left
            return None
        return self._asked

    def answer(self, *, wait: bool) -> tuple[int, str] | None:
        """The number of a portion, and a mark for each of its files; ``None`` when no process is left.

        Raises:
            BlockingIOError: There is none yet, and it was not to be waited for.
        """
        try:
            answer = self._answers.recv(_LONGEST_ANSWER, 0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            raise
        except OSError:
            return None
        number, _, marks = answer.decode().partition(SEPARATOR)
        return (int(number), marks) if marks else None

    def are_asked_no_more(self) -> None:
        """Let a process end when nothing is left to read."""
        self._requests.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self._requests.close()
        self._answers.close()


def _told(item: Item) -> tuple[str, ...]:
    """What a process is told of a file."""
    original, stored = (item.sha256, str(item.size)), (item.stored_sha256, str(item.stored_size))
    return item.location, item.encoding, *original, *stored


def _started(requests: int, answers: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command_of(reading_worker.__name__, str(requests), str(answers)),
        env=environment_with(_KEEPS_MEMORY),
        pass_fds=(requests, answers),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is ours to answer
    )


@contextmanager
def reading_ahead(files: Files, is_wanted: Callable[[Item], bool]) -> Iterator[Ahead]:
    """Processes that are gone when the block is left.

    They read the disk itself: of a zone on other files nothing is read ahead.
    """
    ahead = Ahead(is_wanted if type(files) is LocalFiles else lambda _: False)
    try:
        yield ahead
    finally:
        ahead.close()
