"""The ledger: an append-only, hash-chained sequence of commits. The truth (DESIGN section 6).

A commit is one file ``<20 digits>.jsonl`` from 0 upwards, created once and never changed: a header line,
then one canonical JSON line per record. The header names the SHA-256 of the commit before it (``prev``), of
its own record lines (``body_sha256``) and of itself without that field (``header_sha256``), so a cut or
altered file is noticed by itself and by its successor.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from rawzone_assets.zone.codec import blocks_of
from rawzone_assets.zone.errors import LedgerDamaged, LedgerGone, LedgerNewer
from rawzone_assets.zone.files import Files, what_lies_there
from rawzone_assets.zone.layout import ledger_name
from rawzone_assets.zone.receipt import Record, canonical, moment, timestamp
from rawzone_assets.zone.record_forms import fault_of
from rawzone_assets.zone.record_kinds import unknown_kinds

FORMAT = 1
GENESIS = "0" * 64
_MOST = 2**30  # bytes; a commit is of some hundred receipts, each of a few kilobytes


@dataclass(frozen=True, kw_only=True)
class Head:
    """The newest commit: ``seq`` is -1 and ``sha256`` zeros in an empty ledger."""

    seq: int
    sha256: str
    at: datetime | None


EMPTY = Head(seq=-1, sha256=GENESIS, at=None)


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One ledger file, read and checked by itself."""

    seq: int
    prev: str
    at: datetime
    run_id: str
    records: tuple[Record, ...]
    sha256: str  # of the whole file
    header: Record
    body: bytes  # the record lines as they stand in the file

    @property
    def data(self) -> bytes:
        """The file."""
        return canonical(self.header) + b"\n" + self.body

    @property
    def lines(self) -> list[bytes]:
        """The exact record lines, without their ends: what hashes are taken of."""
        return record_lines(self.body)

    @property
    def head(self) -> Head:
        return Head(seq=self.seq, sha256=self.sha256, at=self.at)


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who writes a commit: the run, the process and the code."""

    run_id: str
    writer: str
    code_version: str


_NAME = re.compile(r"([0-9]{20})\.jsonl")


def commit_number(name: str) -> int | None:
    """The number of the commit of this name, if it is one's: somebody may have left other files there."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def bytes_at(files: Files, path: Path) -> bytes:
    """A file that may be a commit, for :func:`decode_commit`.

    A hole of terabytes takes no room on disk and must take no memory here: what follows a block of zeros is
    left unread, and so is what is beyond any commit. What is given then is none.
    """
    read = bytearray()
    with files.open(path) as stream:
        for block in blocks_of(stream):
            read += block
            if not any(block) or len(read) > _MOST:
                break
    return bytes(read)


class DamagedCommit(ValueError):
    """Bytes that are no whole commit; the text says why."""


def compose_commit(records: Sequence[Record], *, after: Head, at: datetime, author: Author) -> Commit:
    """The commit that follows ``after``. Time never runs backwards.

    It is what :func:`decode_commit` reads from its ``data``: records are plain JSON, so that what was written
    need not be parsed to be known.
    """
    body = b"".join([canonical(record) + b"\n" for record in records])
    at = at if after.at is None or at > after.at else after.at
    header: dict[str, Any] = {
        "ledger": FORMAT,
        "seq": after.seq + 1,
        "prev": after.sha256,
        "at": timestamp(at),
        "run_id": author.run_id,
        "writer": author.writer,
        "code_version": author.code_version,
        "records": len(records),
        "body_sha256": hashlib.sha256(body).hexdigest(),
    }
    header["header_sha256"] = _header_digest(header)
    return Commit(
        seq=after.seq + 1,
        prev=after.sha256,
        at=at.astimezone(UTC),
        run_id=author.run_id,
        records=tuple(records),
        sha256=hashlib.sha256(canonical(header) + b"\n" + body).hexdigest(),
        header=header,
        body=body,
    )


def encode_commit(records: Sequence[Record], *, after: Head, at: datetime, author: Author) -> bytes:
    """The bytes of the commit that follows ``after``."""
    return compose_commit(records, after=after, at=at, author=author).data


def _header_digest(header: Record) -> str:
    rest = {name: value for name, value in header.items() if name != "header_sha256"}
    return hashlib.sha256(canonical(rest)).hexdigest()


def decode_commit(data: bytes) -> Commit:
    """Read a commit and check all that can be checked without its neighbours.

    Raises:
        DamagedCommit: The bytes are cut, altered or no commit.
        LedgerNewer: They are whole, and tell what only a newer version understands.
    """
    line, newline, body = data.partition(b"\n")
    if not newline:
        raise DamagedCommit("its header line is cut")
    try:
        header = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise DamagedCommit("its header is not JSON") from None
    if not isinstance(header, dict) or "ledger" not in header:
        raise DamagedCommit("its header is of an unknown format")
    if canonical(header) != line or _header_digest(header) != header.get("header_sha256"):
        raise DamagedCommit("its header is not the one it was written with")
    if header["ledger"] != FORMAT:
        raise LedgerNewer(f"a format {header['ledger']}", header.get("code_version"))
    if hashlib.sha256(body).hexdigest() != header.get("body_sha256"):
        raise DamagedCommit("its records are not those it was written with")
    try:
        commit = Commit(
            seq=header["seq"],
            prev=header["prev"],
            at=moment(header["at"]),
            run_id=header["run_id"],
            records=tuple(map(orjson.loads, record_lines(body))),
            sha256=hashlib.sha256(data).hexdigest(),
            header=header,
            body=body,
        )
    except (KeyError, ValueError, TypeError):
        raise DamagedCommit("its header lacks a field") from None
    _check_records(commit)
    return commit


def _check_records(commit: Commit) -> None:
    """Whoever may write to the ledger can hash anything: right hashes make no records."""
    if not all(isinstance(record, dict) for record in commit.records):
        raise DamagedCommit("its hashes are right, but not all of its lines are records")
    if unknown := unknown_kinds(commit.records):
        told = f"records of the kind {', '.join(map(repr, unknown))}"
        raise LedgerNewer(told, commit.header.get("code_version"))
    if fault := fault_of(commit.records):
        raise DamagedCommit(f"its hashes are right, but {fault}")


def record_lines(body: bytes) -> list[bytes]:
    """The records of a commit's body as they are written. A CR ends none."""
    return body.removesuffix(b"\n").split(b"\n") if body else []


class Ledger:
    """Reading the sequence of commits, and claiming its next number."""

    def __init__(self, files: Files, folder: Path) -> None:
        self._files = files
        self.folder = folder

    def path(self, seq: int) -> Path:
        return self.folder / ledger_name(seq)

    def bytes_of(self, seq: int) -> bytes | None:
        """The file of a commit, or ``None`` when that number is not taken yet.

        Raises:
            LedgerDamaged: What lies there is no file.
        """
        path = self.path(seq)
        status = self._files.status(path)
        if problem := what_lies_there(status):
            raise LedgerDamaged(path, problem)
        return bytes_at(self._files, path) if status else None

    def commit(self, seq: int) -> Commit | None:
        """The commit of that number, or ``None``.

        Raises:
            LedgerDamaged: The file is not a whole commit of that number.
            LedgerNewer: A newer version wrote it.
        """
        data = self.bytes_of(seq)
        if data is None:
            return None
        try:
            commit = decode_commit(data)
        except DamagedCommit as error:
            raise LedgerDamaged(self.path(seq), str(error)) from error
        if commit.seq != seq:
            raise LedgerDamaged(self.path(seq), f"it says it is number {commit.seq}")
        return commit

    def holds(self, head: Head) -> bool:
        """Whether the commit of this head is there with this hash: what was derived up to it is still true."""
        if head.seq < 0:
            return True
        data = self.bytes_of(head.seq)
        return data is not None and hashlib.sha256(data).hexdigest() == head.sha256

    def after(self, head: Head) -> Iterator[Commit]:
        """Commits that follow ``head``, each checked to chain to the one before.

        Raises:
            LedgerDamaged: A commit is damaged, does not follow the one before it, or is lost before the next.
        """
        previous = head
        while (commit := self.commit(previous.seq + 1)) is not None:
            if commit.prev != previous.sha256:
                raise LedgerDamaged(
                    self.path(commit.seq),
                    "it does not follow the commit before it: one of the two was replaced",
                )
            yield commit
            previous = commit.head
        # The names of a long ledger take time to list: only when everything is read anyway, or one was lost.
        if head.seq < 0 or self._files.status(self.path(previous.seq + 2)) is not None:
            self.check_end(previous.seq + 1)

    def check_end(self, seq: int) -> None:
        """A commit that is missing while later ones are there must not be written anew.

        Raises:
            LedgerDamaged: That is so of this number.
        """
        numbers = map(commit_number, self.names())
        later = any(number is not None and number > seq for number in numbers)
        if later and self._files.status(self.path(seq)) is None:
            raise LedgerDamaged(self.path(seq), "it is missing, but later commits are there")

    def check_not_emptied(self, read: Head, memory: Path | None) -> None:
        """Whatever replaced the ledger is the truth now, but for nothing at all: its disk may not be mounted.

        ``read`` is what ``memory``, the file of something derived, was built up to.

        Raises:
            LedgerGone: There is no commit any more.
            LedgerDamaged: The first is missing.
        """
        if self.bytes_of(0) is None:
            self.check_end(0)
            raise LedgerGone(self.folder, read.seq, memory)

    def claim(self, staged: Path, seq: int) -> None:
        """Publish a staged commit under its number; ``FileExistsError`` when another writer has it.

        One ``link`` makes the whole file appear at once: no reader can see half a commit.
        """
        self._files.link(staged, self.path(seq))
        self._files.sync_folder(self.folder)

    def names(self) -> list[str]:
        """Every name in the ledger folder, sorted; empty before the first commit."""
        return self._files.names(self.folder) if self._files.status(self.folder) is not None else []
