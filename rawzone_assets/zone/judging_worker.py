"""The worker process that judges: hostile content can exhaust this process, never the one that promotes.

Started by ``judges.JudgePool`` as ``python -m rawzone_assets.zone.judging_worker MODULE:FUNCTION MEMORY``; the
function gives the platforms. Requests and answers are frames (length, JSON header, bytes) on standard input
and output. The worker gives up all that judging does not need: it may write no file and fork no process.
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
import traceback
from collections.abc import Iterator, Mapping, Sequence
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
from rawzone_assets.zone.files import LocalFiles
from rawzone_assets.zone.staged_content import StagedContent

_LENGTHS = struct.Struct("!QQ")
_LEAST_MEMORY = 64 * 2**20
_OF_THE_DISK = {errno.EIO, errno.ENOENT, errno.EACCES, errno.EPERM, errno.ESTALE, errno.EMFILE, errno.ENFILE}


def write_frame(stream: IO[bytes], header: Mapping[str, Any], body: bytes = b"") -> None:
    """Send one frame."""
    head = orjson.dumps(header)
    stream.write(_LENGTHS.pack(len(head), len(body)))
    stream.write(head)
    stream.write(body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """Receive one frame, or ``None`` when the other side is gone."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head_size, body_size = _LENGTHS.unpack(lengths)
    head, body = stream.read(head_size), stream.read(body_size)
    return (orjson.loads(head), body) if len(head) == head_size and len(body) == body_size else None


def judgement_as_json(judgement: Judgement) -> dict[str, Any]:
    """A judgement for the way between processes."""
    return {
        "findings": [{**finding.as_json(), "role": finding.role} for finding in judgement.findings],
        "shadow": [{**finding.as_json(), "role": finding.role} for finding in judgement.shadow],
        "facts": {**vars(judgement.facts), "text": dict(judgement.facts.text)},
    }


def judgement_from_json(record: Mapping[str, Any]) -> Judgement:
    """Read back what :func:`judgement_as_json` made."""
    findings, shadow = (
        tuple(Finding.from_json(finding, Role(finding["role"])) for finding in record[name])
        for name in ("findings", "shadow")
    )
    facts = {**record["facts"], "outline": tuple(record["facts"]["outline"])}
    return Judgement(findings=findings, facts=Facts(**facts), shadow=shadow)


def _content(header: Mapping[str, Any], body: bytes) -> Content:
    if header["path"] is None:
        return BytesContent(body)
    return StagedContent(
        files=LocalFiles(), path=Path(header["path"]), encoding=header["encoding"], size=header["size"]
    )


def _feeds(source: str) -> dict[str, Feed]:
    module, _, function = source.partition(":")
    platforms = getattr(importlib.import_module(module), function)()
    return {feed.id: feed for platform in platforms for feed in platform.feeds}


def _confine(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the promoting process's to answer


def _allow_seconds(seconds: int) -> None:
    """Give this process so many more seconds of processor time, or a little more; then the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _collect_seldom() -> None:
    """Documents are many small objects without cycles: looking for these takes up to a tenth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _say_without_values(kind: type[BaseException], _error: BaseException, trace: TracebackType | None) -> None:
    """Where a fault of ours happened. What it says is left out: it may quote the delivery."""
    sys.stderr.write("".join(traceback.format_tb(trace)) + f"{kind.__name__} while judging a delivery\n")


def main() -> None:
    source, memory = sys.argv[1], int(sys.argv[2])
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not fall among the answers
    feeds = _feeds(source)
    sys.excepthook = _say_without_values
    _collect_seldom()
    _confine(memory)
    bytes(_LEAST_MEMORY)  # with less every delivery would seem to be at fault: better not to start at all
    write_frame(answers, {"feeds": sorted(feeds)})
    while True:
        try:
            frame = read_frame(requests)
        except MemoryError:
            write_frame(answers, {"taken": True})
            write_frame(answers, {"out_of_memory": True})
            return
        if frame is None:
            return
        header, body = frame
        try:
            if "all" in header:
                answer = {"answers": [_answer(feeds, one, part) for one, part in _parts(header["all"], body)]}
            else:
                write_frame(answers, {"taken": True})  # from here on the delivery answers for what happens
                answer = _answer(feeds, header, body)
        except MemoryError:
            write_frame(answers, {"out_of_memory": True})
            return  # what is left of the heap is not to be trusted
        write_frame(answers, answer)


def _parts(headers: Sequence[dict[str, Any]], body: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Each request with its bytes, where these stand one after another."""
    start = 0
    for header in headers:
        end = start + (0 if header["path"] else header["size"])  # what is staged is read from there
        yield header, body[start:end]
        start = end


def _answer(feeds: Mapping[str, Feed], header: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """The judgement on one delivery, or why it cannot be read."""
    _allow_seconds(header["seconds"])
    capture = Capture(
        name=header["name"],
        day=date.fromisoformat(header["day"]),
        captured_at=datetime.fromisoformat(header["captured_at"]),
    )
    feed = replace(
        feeds[header["feed"]],
        modes={code: Mode(mode) for code, mode in header["modes"].items()},
        secrets=Secrets(header["secrets"]),
    )
    try:
        return judgement_as_json(judge(feed, _content(header, body), capture))
    except OSError as error:
        if error.errno not in _OF_THE_DISK:
            raise
        return {"unreadable": [error.errno, error.strerror, error.filename and str(error.filename)]}


if __name__ == "__main__":
    main()
