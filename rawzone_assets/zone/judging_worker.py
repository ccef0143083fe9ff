"""The worker process that judges: hostile content can exhaust this process, never the one that promotes.

Started by ``judges.JudgePool`` as ``python -m rawzone_assets.zone.judging_worker MODULE:FUNCTION MEMORY FEED``;
the function gives the platforms that have a feed, and FEED is that of the first delivery. Requests and answers
are frames (length, JSON) on standard input and output, a request is followed by the bytes of its deliveries.
The worker gives up all that judging does not need: it may write no file and fork no process.
"""

from __future__ import annotations

import errno
import gc
import importlib
import math
import os
import resource
import signal
import struct
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import orjson

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed, Judgement
from rawzone_assets.contract.findings import Finding, Role
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.modes import Mode, Secrets
from rawzone_assets.zone.garbage import collect_seldom

PIPE = 2**20
"""Bytes of a pipe's buffers on both sides and in the kernel: most frames are written and read in one go."""

_LENGTH = struct.Struct("!Q")
_LEAST_MEMORY = 64 * 2**20
_OF_THE_DISK = {errno.EIO, errno.ENOENT, errno.EACCES, errno.EPERM, errno.ESTALE, errno.EMFILE, errno.ENFILE}


def write_frame(stream: IO[bytes], header: Mapping[str, Any], bodies: Iterable[bytes] = ()) -> None:
    """Send one frame, and the bodies that belong to it."""
    head = orjson.dumps(header)
    stream.write(_LENGTH.pack(len(head)))
    stream.writelines((head, *bodies))
    stream.flush()


def read_frame(stream: IO[bytes]) -> dict[str, Any] | None:
    """Receive one frame, or ``None`` when the other side is gone."""
    length = stream.read(_LENGTH.size)
    if len(length) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(length)
    head = stream.read(size)
    return orjson.loads(head) if len(head) == size else None


def judgement_as_json(judgement: Judgement) -> dict[str, Any]:
    """A judgement for the way between processes."""
    return {
        "findings": [{**finding.as_json(), "role": finding.role} for finding in judgement.findings],
        "shadow": [{**finding.as_json(), "role": finding.role} for finding in judgement.shadow],
        "facts": {**judgement.facts._asdict(), "text": dict(judgement.facts.text)},
    }


def judgement_from_json(record: Mapping[str, Any]) -> Judgement:
    """Read back what :func:`judgement_as_json` made."""
    facts = {**record["facts"], "outline": tuple(record["facts"]["outline"])}
    return Judgement(
        findings=_findings_from_json(record["findings"]),
        facts=Facts(**facts),
        shadow=_findings_from_json(record["shadow"]),
    )


def _findings_from_json(records: list[dict[str, Any]]) -> tuple[Finding, ...]:
    return tuple([Finding.from_json(record, Role(record["role"])) for record in records])


def _content(header: Mapping[str, Any], body: bytes) -> Content:
    if header["path"] is None:
        return BytesContent(body)
    from rawzone_assets.zone.local_files import LocalFiles  # noqa: PLC0415  few deliveries are too large to be sent
    from rawzone_assets.zone.staged_content import StagedContent  # noqa: PLC0415

    return StagedContent(
        files=LocalFiles(), path=Path(header["path"]), encoding=header["encoding"], size=header["size"]
    )


def _confine(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the promoting process's to answer


def _say_without_values(kind: type[BaseException], _error: BaseException, trace: TracebackType | None) -> None:
    """Where a fault of ours happened. What it says is left out: it may quote the delivery."""
    while trace:
        code = trace.tb_frame.f_code
        sys.stderr.write(f"  {code.co_filename}, line {trace.tb_lineno}, in {code.co_name}\n")
        trace = trace.tb_next
    sys.stderr.write(f"{kind.__name__} while judging a delivery\n")


def main() -> None:
    source, memory, first_feed = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    requests, answers = os.fdopen(0, "rb", buffering=PIPE), os.fdopen(os.dup(1), "wb", buffering=PIPE)
    os.dup2(2, 1)  # whatever a library prints must not fall among the answers
    bench = _Bench(source)
    bench.knows(first_feed)  # what judges it is loaded while that may fill Python's cache of compiled modules
    sys.excepthook = _say_without_values
    gc.freeze()
    collect_seldom()
    _confine(memory)
    bytes(_LEAST_MEMORY)  # with less every delivery would seem to be at fault: better not to start at all
    write_frame(answers, {"ready": True})
    while True:
        try:
            request = read_frame(requests)
            if request is None:
                return
            deliveries = request.get("all", [request])
            sizes = [0 if one["path"] else one["size"] for one in deliveries]  # what is staged is read there
            bodies = list(map(requests.read, sizes))
            if list(map(len, bodies)) != sizes:
                return
        except MemoryError:
            write_frame(answers, {"taken": True})
            write_frame(answers, {"out_of_memory": True})
            return
        # Whatever fails while feeds are loaded, it is no delivery's fault.
        if unknown := [one["feed"] for one in deliveries if not bench.knows(one["feed"])]:
            write_frame(answers, {"unknown": unknown[0]})
            continue
        try:
            if "all" in request:
                answer = {"answers": list(map(bench.answer, deliveries, bodies))}
            else:
                write_frame(answers, {"taken": True})  # from here on the delivery answers for what happens
                answer = bench.answer(request, bodies[0])
        except MemoryError:
            write_frame(answers, {"out_of_memory": True})
            return  # what is left of the heap is not to be trusted
        write_frame(answers, answer)


class _Bench:
    """Where deliveries are judged, one after another; what recurs from one to the next is made once."""

    def __init__(self, source: str) -> None:
        module, _, function = source.partition(":")
        self._platforms = getattr(importlib.import_module(module), function)
        self._feeds: dict[str, Feed] = {}  # as their platforms declare them
        self._adapted: dict[str, tuple[Any, Feed]] = {}
        self._last_second = 0  # of processor time that this process may use

    def knows(self, feed_id: str) -> bool:
        """Whether there is such a feed; then all that judges it is loaded."""
        if feed_id not in self._feeds:
            platforms = self._platforms(having=feed_id)
            feed = next((feed for platform in platforms for feed in platform.feeds if feed.id == feed_id), None)
            if feed is None:
                return False
            for form in (feed, *feed.variants):
                form.format.load()
            self._feeds[feed_id] = feed
        return True

    def answer(self, header: Mapping[str, Any], body: bytes) -> dict[str, Any]:
        """The judgement on one delivery, or why it cannot be read."""
        self._allow_seconds(header["seconds"])
        capture = Capture(
            name=header["name"],
            day=date.fromisoformat(header["day"]),
            captured_at=datetime.fromisoformat(header["captured_at"]),
        )
        try:
            return judgement_as_json(judge(self._feed(header), _content(header, body), capture))
        except OSError as error:
            if error.errno not in _OF_THE_DISK:
                raise
            return {"unreadable": [error.errno, error.strerror, error.filename and str(error.filename)]}

    def _feed(self, header: Mapping[str, Any]) -> Feed:
        """The feed with what a policy changed in it."""
        name, policy = header["feed"], (header["modes"], header["secrets"])
        known = self._adapted.get(name)
        if known is None or known[0] != policy:
            modes = {code: Mode(mode) for code, mode in header["modes"].items()}
            adapted = replace(self._feeds[name], modes=modes, secrets=Secrets(header["secrets"]))
            known = self._adapted[name] = (policy, adapted)
        return known[1]

    def _allow_seconds(self, seconds: int) -> None:
        """Give this process so many more seconds of processor time, or a little more, before it is ended."""
        last = math.ceil(time.process_time()) + seconds
        if last != self._last_second:
            resource.setrlimit(resource.RLIMIT_CPU, (last, resource.RLIM_INFINITY))
            self._last_second = last


if __name__ == "__main__":
    main()
