"""RAW_ZONE.md, Completeness: "Required fields must be present and non-null". In every form of every feed."""

from __future__ import annotations

import copy
import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.findings import Finding, Role
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.pointers import pointer
from rawzone_assets.contract.schemas import deciding_engine, load_schema
from rawzone_assets.contract.stored_names import as_delivered
from rawzone_assets.contract.table_shapes import is_nullable, resolve_header, shape_of
from rawzone_assets.platforms import all_feeds, all_platforms
from rawzone_assets.samples import Sample, samples

# What a record may lack only if all records do, and what an action is about: null there is refused as well.
BOUND = {"campaign_id", "adset_id", "ad_id", "value"}

Parts = tuple[str | int, ...]


def good_samples(*kinds: str) -> dict[str, Sample]:
    """The good sample of each form with most in it, by the form's schema."""
    found: dict[str, Sample] = {}
    for sample in samples():
        named = recognize(sample.path, all_platforms())
        if sample.verdict != "promoted" or sample.codes or not isinstance(named, Recognized):
            continue
        form = as_delivered(named.feed, named.capture.name)
        if form.format.kind in kinds and not sample.path.endswith(".zip"):
            known = found.get(form.schema)
            if known is None or len(known.data) < len(sample.data):
                found[form.schema] = sample
    return found


DOCUMENTS = good_samples("json")
TABLES = good_samples("csv", "tsv")


def blocking(sample: Sample, data: bytes) -> tuple[str, list[Finding]]:
    """The name of the feed's completeness check, and what stands in the way of the delivery."""
    named = recognize(sample.path, all_platforms())
    assert isinstance(named, Recognized)
    judgement = judge(named.feed, BytesContent(data), named.capture)
    return named.feed.checks[Role.COMPLETENESS], [f for f in judgement.findings if f.blocking]


def members(
    schema: Mapping[str, Any], root: Mapping[str, Any], value: Any, at: Parts
) -> Iterator[tuple[Parts, bool]]:
    """Where the schema's members stand in the value, and whether they are required; of lists one item."""
    reference = schema.get("$ref")
    schema = root["$defs"][reference.rpartition("/")[2]] if reference else schema
    if isinstance(value, list) and value and "items" in schema:
        yield from members(schema["items"], root, value[0], (*at, 0))
    for name, member in schema.get("properties", {}).items() if isinstance(value, dict) else ():
        if name in value:
            yield (*at, name), name in schema.get("required", ()) and not may_be_null(member)
            yield from members(member, root, value[name], (*at, name))


def may_be_null(schema: Mapping[str, Any]) -> bool:
    """Curves of trends have gaps, as charts have."""
    return "null" in schema.get("type", ())


def with_null(document: Any, at: Parts) -> bytes:
    changed = copy.deepcopy(document)
    place = changed
    for part in at[:-1]:
        place = place[part]
    place[at[-1]] = None
    return orjson.dumps(changed)


@pytest.mark.parametrize("schema", DOCUMENTS)
class TestDocuments:
    """A member that is null is a finding of completeness where it is required, and nothing where it is not."""

    def places(self, schema: str) -> tuple[Any, list[tuple[Parts, bool]]]:
        document = orjson.loads(DOCUMENTS[schema].data)
        inside = not deciding_engine(schema).is_valid(document)
        root = load_schema(schema).document
        payload, at = (document["data"], ("data",)) if inside else (document, ())
        return document, list(members(root, root, payload, at))

    def test_tell_a_required_member_that_is_null(self, schema: str):
        document, places = self.places(schema)
        for at in [at for at, required in places if required]:
            check, found = blocking(DOCUMENTS[schema], with_null(document, at))
            told = [(f.code, f.check, f.where.pointer if f.where else None) for f in found]
            assert told == [("RZ-EMPTY-FIELD", check, pointer(at))]

    def test_say_nothing_of_an_optional_member_that_is_null(self, schema: str):
        document, places = self.places(schema)
        for at in [at for at, required in places if not required and at[-1] not in BOUND]:
            assert blocking(DOCUMENTS[schema], with_null(document, at))[1] == [], at


@pytest.mark.parametrize("schema", TABLES)
@pytest.mark.parametrize("blank", ["", "  "])
class TestTables:
    """A blank cell is a finding of completeness in a column of values, and nothing where blanks are usual."""

    def test_tell_a_blank_cell_where_a_value_is_required(self, schema: str, blank: str):
        sample = TABLES[schema]
        rows, dialect = rows_of(sample)
        shape = shape_of(schema)
        header = resolve_header(shape, rows[0])
        for index, column in enumerate(header.columns):
            if column is None:
                continue
            changed = [list(row) for row in rows]
            changed[2][index] = blank
            check, found = blocking(sample, written(changed, dialect))
            if is_nullable(shape.columns[column]):
                assert found == [], column
            else:
                (finding,) = found
                assert (finding.code, finding.check) == ("RZ-EMPTY-FIELD", check)
                assert finding.where is not None
                assert (finding.where.line, finding.where.column_name) == (3, column)


def rows_of(sample: Sample) -> tuple[list[list[str]], str]:
    text = sample.data.decode("utf-8-sig")
    dialect = max("\t,;", key=text.partition("\n")[0].count)
    quoting = csv.QUOTE_NONE if dialect == "\t" else csv.QUOTE_MINIMAL
    lines = io.StringIO(text, newline="")
    return [row for row in csv.reader(lines, delimiter=dialect, quoting=quoting) if row], dialect


def written(rows: list[list[str]], dialect: str) -> bytes:
    out = io.StringIO()
    quoting = csv.QUOTE_NONE if dialect == "\t" else csv.QUOTE_ALL
    csv.writer(
        out, delimiter=dialect, quoting=quoting, lineterminator="\n", quotechar=None if dialect == "\t" else '"'
    ).writerows(rows)
    return out.getvalue().encode()


def test_every_form_but_pages_is_asked():
    schemas = {
        form.schema
        for feed in all_feeds()
        for form in (feed, *feed.variants)
        if form.format.kind in {"json", "csv", "tsv"}
    }
    assert DOCUMENTS.keys() | TABLES.keys() == schemas
