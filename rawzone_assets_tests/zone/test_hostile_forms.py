"""Every hostile form in every format it can concern, through real workers: refused by a finding.

Some are no attack but what happens: another format under the name, a spreadsheet's UTF-16, a packed file whose
packing nobody undid. None may cost more than its own refusal.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping

import pytest

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import Sample, samples
from rawzone_assets.zone.judges import JudgePool

KINDS = ("html", "blocks", "json", "csv", "tsv", "zip")
FEEDS = {
    "html": ("distrokid/streams", ".html"),
    "blocks": ("distrokid/apple_music", ".html"),
    "json": ("toolost/spotify", ".json"),
    "csv": ("tiktok/analytics", ".csv"),
    "tsv": ("distrokid/sales", ".tsv"),
    "zip": ("tiktok/analytics", ".zip"),
}


def good(kind: str) -> Sample:
    feed, extension = FEEDS[kind]
    return next(
        s for s in samples(feed) if s.verdict == "promoted" and not s.codes and s.path.endswith(extension)
    )


def text_of(kind: str) -> str:
    return good(kind).data.decode("utf-8-sig")


def packed(name: str, data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def one_cell(text: str) -> str:
    """The overview with this text in the place of its first figure."""
    lines = text_of("csv").split("\n")
    cells = lines[1].split(",")
    return "\n".join([lines[0], ",".join([cells[0], text, *cells[2:]]), *lines[2:]])


def with_figure(kind: str, figure: str) -> str:
    """The good delivery with this in the place of a figure."""
    text = text_of(kind)
    value = {"html": '"column-1": ', "blocks": '"value": ', "json": '"streams": '}[kind]
    series = {"html": "trend365day", "blocks": "last365days", "json": "streams"}[kind]
    at = text.index(value, text.rindex(f'"{series}"') if kind != "json" else 0) + len(value)
    end = min(found for sign in ",}\n" if (found := text.find(sign, at)) > 0)
    return text[:at] + figure + text[end:]


def self_containing() -> bytes:
    """An archive whose only member claims the archive's own bytes, itself among them: a quine's shape."""
    inside = packed("Overview.csv", b"x" * 50, zipfile.ZIP_STORED)
    data = bytearray(inside)
    size = len(data).to_bytes(4, "little")
    for mark, at in ((b"PK\x03\x04", 18), (b"PK\x01\x02", 20)):
        start = data.find(mark)
        data[start + at : start + at + 8] = size + size
    return bytes(data)


def nested(levels: int) -> bytes:
    """Archives in archives, each of the expected name."""
    data = b'"Date"\n'
    for _ in range(levels):
        data = packed("Overview.csv", data)
    return data


# Of every format: what is no text of it at all.
EVERYWHERE: Mapping[str, Callable[[str], bytes]] = {
    "UTF-16": lambda kind: text_of(kind).encode("utf-16"),
    "UTF-16 without a mark": lambda kind: text_of(kind).encode("utf-16-le"),
    "UTF-32": lambda kind: text_of(kind).encode("utf-32"),
    "a byte order mark alone": lambda _kind: b"\xef\xbb\xbf",
    "NUL bytes": lambda _kind: bytes(100_000),
    "a NUL in the middle": lambda kind: text_of(kind)[:200].encode() + b"\0" + text_of(kind)[200:].encode(),
    "its own gzip": lambda kind: gzip.compress(good(kind).data),
    "a gzip bomb": lambda _kind: gzip.compress(bytes(50_000_000)),
    "a zip bomb": lambda _kind: packed("Overview.csv", bytes(50_000_000)),
    "a member that leads out": lambda kind: packed("../../Overview.csv", good(kind).data),
    "archives in archives": lambda _kind: nested(30),
    "an archive that holds itself": lambda _kind: self_containing(),
    "100,000 levels of JSON": lambda _kind: b"[" * 100_000 + b"]" * 100_000,
    "a million nested tags": lambda _kind: b"<html>" + b"<div>" * 1_000_000 + b"</html>",
    "a remote $ref": lambda _kind: b'{"$ref": "http://127.0.0.1:9/schema.json"}',
}
FIGURES = {
    "NaN": "NaN",
    "an infinity": "-Infinity",
    "a number of a million digits": "9" * 1_000_000,
    "a number beyond floats": "1e999999",
    "a lone surrogate": '"\\ud800"',
    "100,000 levels": "[" * 100_000 + "]" * 100_000,
    "a string of 10 MB": f'"{"x" * 10_000_000}"',
    "a string without end": '"7',
}
CELLS = {
    "NaN": "NaN",
    "a number of a million digits": "9" * 1_000_000,
    "a cell of 10 MB": f'"{"x" * 10_000_000}"',
    "an unclosed quote": '"7',
    "a quote in the middle": '"7"7"',
    "a surrogate's bytes": "\ud800",
}


def forms() -> Iterator[tuple[str, str, Callable[[], bytes]]]:
    for kind in KINDS:
        for form, make in EVERYWHERE.items():
            if kind != "zip" or form not in {
                "UTF-16",
                "UTF-16 without a mark",
                "UTF-32",
                "a NUL in the middle",
            }:
                yield kind, form, lambda kind=kind, make=make: make(kind)
        for other in KINDS:
            if other != kind:
                yield kind, f"a {other} delivery under its name", lambda other=other: good(other).data
    for kind in ("html", "blocks", "json"):
        for form, figure in FIGURES.items():
            yield kind, form, lambda kind=kind, figure=figure: with_figure(kind, figure).encode()
    for form, cell in CELLS.items():
        data = one_cell(cell).encode("utf-8", "surrogatepass")
        yield "csv", form, lambda data=data: data
        yield "zip", f"{form} in its member", lambda data=data: packed("Overview.csv", data)
    for form in ("NaN", "a number of a million digits", "a surrogate's bytes"):
        yield (
            "tsv",
            form,
            lambda cell=CELLS[form]: (
                text_of("tsv").replace("\t100\t", f"\t{cell}\t", 1).encode("utf-8", "surrogatepass")
            ),
        )
    yield (
        "tsv",
        "a cell of 10 MB",
        lambda: text_of("tsv").replace("\t100\t", f"\t{'x' * 10_000_000}\t", 1).encode(),
    )
    yield "zip", "a checksum that lies", lambda: good("zip").data.replace(b"PK\x01\x02", b"PK\x01\x03")
    yield "zip", "a member that claims to be small", small_claim


def small_claim() -> bytes:
    """A bomb whose headers say that it has a hundred bytes."""
    plain, stated = bytes(50_000_000), (100).to_bytes(4, "little")
    data = bytearray(packed("Overview.csv", plain))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.find(mark)
        data[start + at : start + at + 4] = stated
    return bytes(data)


FORMS = {f"{kind}: {form}": (kind, make) for kind, form, make in forms()}


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool("rawzone_assets.platforms:all_platforms", workers=1) as pool:
        yield pool


@pytest.mark.parametrize("form", FORMS)
def test_is_refused_by_a_finding_and_leaves_the_worker_alive(pool: JudgePool, form: str):
    kind, make = FORMS[form]
    found = recognize(good(kind).path, all_platforms())
    assert isinstance(found, Recognized)
    judgement = pool(found.feed, BytesContent(make()), found.capture)
    blocking = [finding for finding in judgement.findings if finding.blocking]
    assert blocking, "accepted"
    assert {finding.code for finding in blocking} & {"RZ-BEYOND-LIMITS"} == set()
    assert all(finding.check and len(finding.message) < 300 for finding in blocking)
    assert not pool(found.feed, BytesContent(good(kind).data), found.capture).refused


def test_members_that_stand_twice_warn_and_the_last_is_judged(pool: JudgePool):
    """RFC 8259 lets them be; what was judged is said, and a bad last one refuses."""
    found = recognize(good("json").path, all_platforms())
    assert isinstance(found, Recognized)
    document = json.loads(good("json").data)
    twice = json.dumps(document)[:-1] + f', "streams": {json.dumps(document["streams"])}}}'
    told = pool(found.feed, BytesContent(twice.encode()), found.capture)
    assert ("RZ-JSON-DUPLICATE-KEY", False) in {(f.code, f.blocking) for f in told.findings}
    assert not told.refused
    bad = json.dumps(document)[:-1] + ', "streams": [{"date": "2025-06-01", "streams": -1}]}'
    assert pool(found.feed, BytesContent(bad.encode()), found.capture).refused
