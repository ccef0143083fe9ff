"""'Values never printed where they can be secret or personal': no output of a promotion holds what files hold.

Deliveries of every feed, good and bad, with made-up personal values planted wherever their format has room, go
through real commands. Afterwards everything those printed and wrote is searched. Only the objects, the copies
in quarantine and landing itself may hold the values.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from rawzone_assets.samples import Sample, samples
from rawzone_assets_tests.zone.conftest import folder_in_memory

MARKS = (
    "zarquon.markerson@label-of-nobody.example",
    "EAABmarkZBq3WvZCkT9ZAm2LrV5uYqXzZB8pHn4ZD",
    "@quibblefrost_official",
    "Zarquon Markerson",
    "Quibblefrost",
    "9f8e7d6c5b4a39281706f5e4d3c2b1a0markmark",
    "52.52000659999999",
    "+49 30 9017182077",
)
DAY = date(2025, 6, 10)
_FOUND_IN_SAMPLES = re.compile(
    rb"[\w.+-]+@[\w-]+\.[\w.]+|access_token=([\w-]{12,})|s4aSessionId\" value=\"(\w+)"
)


def planted(sample: Sample) -> Iterator[bytes]:
    """The delivery with the marks in it, in ways that are accepted and in ways that are refused."""
    ending = sample.path.rpartition(".")[2]
    if ending == "json":
        yield from in_document(orjson.loads(sample.data))
        yield sample.data[: len(sample.data) // 2] + f'"{MARKS[3]}, {MARKS[0]}'.encode()
        yield sample.data.rstrip()[:-1] + f',"{MARKS[4]}'.encode()
    elif ending == "html":
        text = sample.data.decode()
        everything = " ".join(MARKS)
        yield text.replace("</body>", f"<!-- {everything} --><i>{everything}</i></body>").encode()
        yield text.replace("Last 365 days", f"{MARKS[3]} {MARKS[0]}").encode()
        yield re.sub(r'("(?:column-1|value)": )\d+', rf'\1"{MARKS[4]}"', text).encode()
        yield re.sub(r'("(?:category|field)": )"[^"]*"', rf'\1"{MARKS[3]} {MARKS[0]}"', text).encode()
        yield f'<html><body><form id="signinForm"><input value="{everything}"></form></body></html>'.encode()
    elif ending in {"csv", "tsv"}:
        yield from in_table(sample.data)
    elif ending == "zip":
        yield from in_archive(sample.data)


def in_document(document: Any) -> Iterator[bytes]:
    yield orjson.dumps(replaced(document, strings=True, numbers=False))
    yield orjson.dumps(replaced(document, strings=False, numbers=True))
    yield orjson.dumps(annotated(document))
    said = f"{MARKS[3]} ({MARKS[0]}) may not read {MARKS[4]}; token {MARKS[1]}"
    yield orjson.dumps({"error": {"message": said, "type": MARKS[3], "code": said, "fbtrace_id": MARKS[5]}})
    yield orjson.dumps(
        {"errors": [{"message": said, "path": [MARKS[2]], "extensions": {"code": MARKS[4]}}], "data": None}
    )
    yield orjson.dumps({"message": said})
    yield orjson.dumps({"data": document, "platform": MARKS[3], "source": MARKS[0], "timestamp": MARKS[5]})
    yield orjson.dumps(
        {"data": document, "paging": {"next": f"https://graph.example/?access_token={MARKS[1]}"}}
    )
    yield orjson.dumps({"data": {"currentUser": {"email": MARKS[0], "username": MARKS[2], "lat": MARKS[6]}}})
    yield orjson.dumps(MARKS)


def replaced(value: Any, *, strings: bool, numbers: bool, count: list[int] | None = None) -> Any:
    """The document with the marks in turn in place of its texts, or of its numbers."""
    count = count if count is not None else [0]
    if isinstance(value, dict):
        return {k: replaced(v, strings=strings, numbers=numbers, count=count) for k, v in value.items()}
    if isinstance(value, list):
        return [replaced(item, strings=strings, numbers=numbers, count=count) for item in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if (strings and isinstance(value, str)) or (numbers and is_number):
        count[0] += 1
        return MARKS[count[0] % len(MARKS)]
    return value


def annotated(value: Any) -> Any:
    """The document with members nobody knows, which hold the marks."""
    if isinstance(value, dict):
        return {name: annotated(inner) for name, inner in value.items()} | {
            "note": " ".join(MARKS),
            "by": MARKS[3],
        }
    return [annotated(item) for item in value] if isinstance(value, list) else value


def in_table(data: bytes) -> Iterator[bytes]:
    text = data.decode("utf-8-sig")
    end = "\r" if "\r" in text and "\n" not in text else "\n"
    lines = [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line]
    delimiter = max("\t,;", key=lines[0].count)
    rows = [row for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter) if row]
    width = len(rows[0])
    yield written(
        [rows[0], *([MARKS[(n + c) % len(MARKS)] for c in range(width)] for n in range(9))], delimiter, end
    )
    changed = [list(rows[1 + n % (len(rows) - 1)]) for n in range(3 * width)]
    for number, row in enumerate(changed):  # one cell of a row, so that each column is objected to by itself
        row[number % width] = MARKS[number % len(MARKS)]
    yield written([rows[0], *changed], delimiter, end)
    yield written(
        [[*row, "note" if n == 0 else MARKS[n % len(MARKS)]] for n, row in enumerate(rows)], delimiter, end
    )
    yield written([*rows, list(MARKS)], delimiter, end)
    yield written([*rows, [MARKS[3], MARKS[0]]], delimiter, end)
    yield data + f'"{MARKS[3]}, {MARKS[0]}'.encode()
    yield written([rows[0], *rows[1:3], *rows[1:3]], delimiter, end).replace(
        rows[1][-1].encode(), MARKS[4].encode()
    )


def written(rows: list[list[str]], delimiter: str, end: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue().encode()


def in_archive(data: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (name,) = archive.namelist()
        inside = archive.read(name)
    for changed in in_table(inside):
        yield zipped({name: changed})
    yield zipped({name: inside, f"{MARKS[3]}.csv": inside})
    yield zipped({f"{MARKS[0]}.csv": inside})


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def land(landing: Path, sample: Sample, number: int, data: bytes) -> None:
    path = landing / Path(sample.path).parent / f"again{number}" / Path(sample.path).name
    if re.search(r"\d{8}_\d{6}", Path(sample.path).parent.name):  # a capture's folder dates what is in it
        path = landing / f"again{number}" / sample.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def in_samples(data: bytes) -> set[bytes]:
    """What the made-up deliveries themselves hold of addresses, tokens and sessions."""
    found = {
        next(text for text in (*match.groups(), match[0]) if text) for match in _FOUND_IN_SAMPLES.finditer(data)
    }
    return {text for text in found if not text.endswith((b".csv", b".json", b".html"))}


@pytest.fixture(scope="module", params=["planted", pytest.param("every", marks=pytest.mark.campaign)])
def searched(request: pytest.FixtureRequest) -> Iterator[tuple[Path, dict[str, bytes], set[bytes]]]:
    """A zone after everything was promoted and looked at; what the commands printed; what must not be in it."""
    with folder_in_memory() as home:
        yield home, *looked_at(home, every=request.param == "every")


def looked_at(home: Path, *, every: bool) -> tuple[dict[str, bytes], set[bytes]]:
    wanted = {mark.encode() for mark in MARKS}
    forms: set[tuple[str, str]] = set()
    number = 0
    for sample in samples(capture=DAY):
        form = sample.feed, re.sub(r"[\d_-]+", "", Path(sample.path).name)
        is_new_form = sample.verdict == "promoted" and form not in forms
        if is_new_form or every:
            path = home / "landing" / sample.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sample.data)
            wanted |= in_samples(sample.data)
        if is_new_form:
            forms.add(form)
            for data in planted(sample):
                number += 1
                land(home / "landing", sample, number, data)
    printed = {}
    commands = (
        ("promote", "--now"),
        ("log",),
        ("log", "--json"),
        ("quarantine", "ls"),
        ("quarantine", "ls", "--json"),
        ("status",),
        ("status", "--json"),
        ("backtest", "toolost/spotify", "--json"),
        ("examine", *(str(path) for path in sorted((home / "landing").rglob("*.json"))[:60])),
    )
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-c", "from rawzone_assets.cli import main; main()", *command],
            capture_output=True,
            check=False,
            timeout=600,
            env={
                name: value for name, value in os.environ.items() if not name.startswith(("RAWZONE", "DAGSTER"))
            }
            | {"RAWZONE_HOME": str(home)},
        )
        assert done.returncode in {0, 1}, done.stderr.decode()[-2000:]
        printed[" ".join(command[:2])] = done.stdout + done.stderr
    assert printed["log --json"].count(b'"quarantined"') > number // 2
    return printed, wanted


def may_hold_values(home: Path, path: Path) -> bool:
    """Landing, objects and quarantined copies: what people deliver is in them, byte for byte."""
    top, *rest = path.relative_to(home).parts
    if top == "raw":
        return not rest[0].startswith("_")
    return top == "landing" or (top == "quarantine" and not path.name.startswith("findings.json"))


def readings(data: bytes) -> Iterator[bytes]:
    yield data
    if data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    if data[:1] == b"\x78":
        try:
            yield zlib.decompress(data)
        except zlib.error:
            return


def cells(path: Path) -> Iterator[bytes]:
    """Every text and blob of a database, unpacked."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608
                for value in row:
                    if isinstance(value, str | bytes):
                        yield value.encode() if isinstance(value, str) else value
    finally:
        database.close()


def given_away(data: bytes, wanted: set[bytes]) -> set[bytes]:
    return {mark for reading in readings(data) for mark in wanted if mark.lower() in reading.lower()}


class TestNothingIsGivenAway:
    """Neither printed, nor in the ledger, in findings, in the index, or in anything of Dagster's."""

    def test_commands_print_none_of_it(self, searched):
        _, printed, wanted = searched
        assert {name: found for name, out in printed.items() if (found := given_away(out, wanted))} == {}

    def test_no_file_but_objects_and_copies_holds_any_of_it(self, searched, tell):
        home, _, wanted = searched
        files = [path for path in home.rglob("*") if path.is_file() and not may_hold_values(home, path)]
        kinds = {path.relative_to(home).parts[0] for path in files}
        assert {"raw", "quarantine"} < kinds  # the ledger and the findings are among them
        found = {}
        for path in files:
            told = given_away(path.read_bytes(), wanted)
            if path.read_bytes()[:15] == b"SQLite format 3":
                told |= {mark for cell in cells(path) for mark in given_away(cell, wanted)}
            if told:
                found[str(path.relative_to(home))] = told
        assert found == {}
        tell(f"{len(files)} files searched for {len(wanted)} values that deliveries hold")

    def test_the_search_would_find_it(self, searched):
        home, _, wanted = searched
        held = set()
        for path in home.rglob("*.gz"):
            held |= given_away(path.read_bytes(), wanted)
        assert {mark.encode() for mark in MARKS} <= held
        assert given_away(zlib.compress(b"by Zarquon Markerson"), wanted)
