"""Schemas: well-formed, read by two engines that agree, and never a reason to open a connection."""

from __future__ import annotations

import functools
import hashlib
import re
import resource
import socket
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawzone_assets.contract import documents, schemas
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.findings import Place
from rawzone_assets.contract.forms import FORMS
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.pointers import pointer
from rawzone_assets.contract.refusals import findings_of, unknown_fields
from rawzone_assets.contract.schemas import (
    compiled_pattern,
    deciding_engine,
    explaining_engine,
    is_usual,
    load_schema,
    refusals,
    schema_names,
)
from rawzone_assets.health.archive_plan import SCHEMA as ARCHIVE_PLAN
from rawzone_assets.platforms import all_feeds, all_platforms
from rawzone_assets.samples import samples
from rawzone_assets.zone.custody import SCHEMA as CUSTODY
from rawzone_assets.zone.record_forms import RECEIPT_SCHEMA, UPKEEP_SCHEMA
from rawzone_assets.zone.record_kinds import DRILL_SCHEMA

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "0", "12", "-3", "1.5", "2025-01-03", "2025-02-30", "2025-1-3", "0000-01-01", "12\n", "١٢"]
    ),
    st.text(max_size=8),
)
NAMES = st.sampled_from(
    ["streams", "date", "discovery", "fees", "totalStreams", "tracksTotal", "streamTotal", "trend365day",
     "trendWeekly", "category", "column-1", "Quantity", "UPC", "odd"]
)  # fmt: skip
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def near(root: Any, schema: Any = None) -> st.SearchStrategy[Any]:
    """Documents that a schema describes, and some that have a little too much or too little."""
    here = root if schema is None else schema
    here = root["$defs"][here["$ref"].rpartition("/")[2]] if "$ref" in here else here
    choices = [SCALARS] if schema is not None else []
    form = FORMS.get(here.get("format", ""))
    if form and form.usual:
        choices.append(st.from_regex(form.usual, fullmatch=True))
    if "properties" in here:
        parts = {name: near(root, part) for name, part in here["properties"].items()}
        needed = {name: parts[name] for name in here.get("required", ())}
        others = {name: part for name, part in parts.items() if name not in needed}
        choices.append(st.fixed_dictionaries(needed, optional=others | {"odd": SCALARS}))
    if "items" in here:
        choices.append(st.lists(near(root, here["items"]), max_size=3))
    return st.one_of(choices) if choices else DOCUMENTS


@functools.cache
def documents_for(name: str) -> st.SearchStrategy[Any]:
    """Any documents, and some near to a schema: to make the strategy takes longer than to draw from it."""
    return DOCUMENTS | near(load_schema(name).document)


def place(parts: tuple[str | int, ...]) -> Place:
    return Place(pointer=pointer(parts))


def found(name: str, document: Any) -> list[tuple[str, str | None]]:
    return [
        (finding.code, finding.where.pointer if finding.where else None)
        for refusal in refusals(name, document)
        for finding in findings_of(refusal, place)
    ]


@pytest.mark.parametrize("name", schema_names())
class TestEachSchema:
    """A schema is a JSON Schema 2020-12 document that both engines understand fully."""

    def test_is_a_2020_12_schema(self, name: str):
        schema = load_schema(name)
        assert schema.document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        jsonschema.Draft202012Validator.check_schema(dict(schema.document))
        deciding_engine(name)
        explaining_engine(name)

    def test_is_hashed_as_it_stands_in_its_file(self, name: str):
        data = (schemas.schema_folder() / name).read_bytes()
        assert load_schema(name).sha256 == hashlib.sha256(data).hexdigest()

    def test_never_refuses_a_field_for_being_unknown(self, name: str):
        assert '"additionalProperties": false' not in load_schema(name).text
        assert "unevaluatedProperties" not in load_schema(name).text

    def test_belongs_to_a_feed_or_to_the_ledger(self, name: str):
        of_feeds = {schema for feed in all_feeds() for schema in feed.schemas}
        assert name in {CUSTODY, DRILL_SCHEMA, RECEIPT_SCHEMA, UPKEEP_SCHEMA, ARCHIVE_PLAN, *of_feeds}

    @settings(max_examples=60, deadline=None)
    @given(data=st.data())
    def test_accepts_what_is_usual_and_knows_all_of_it(self, name: str, data: st.DataObject):
        document = data.draw(documents_for(name))
        if is_usual(name, document):
            assert deciding_engine(name).is_valid(document)
            assert not list(unknown_fields(load_schema(name).document, document, place))


@settings(max_examples=100, deadline=None)
@given(document=DOCUMENTS)
def test_every_schema_means_the_same_to_both_engines(document: Any):
    """Each document is put to all schemas: making it takes longer than judging it."""
    for name in schema_names():
        accepted = deciding_engine(name).is_valid(document)
        assert accepted == explaining_engine(name).is_valid(document), name
        told = list(refusals(name, document))
        assert accepted == (not told), name
        assert all(refusal.keyword for refusal in told), name


class TestForms:
    """The formats of our schemas are asserted, alike by both engines, and take ASCII digits only."""

    @pytest.mark.parametrize(
        ("form", "good", "bad"),
        [
            ("date", ["2024-02-29", "0001-01-01"], ["2025-02-29", "20250102", "2025-1-2", "0000-01-01"]),
            ("year-month", ["2025-03"], ["2025-13", "2025-00", "2025-3", "Mar-25", "2025-03-01"]),
            ("count", ["0", "007", "843"], ["", "-1", "1.0", "1,204", "1e3", " 1", "1\n", "١٢", "²", "9" * 16]),
            ("decimal", ["0", "-0.00000000", "1.", ".5"], ["", "NaN", "inf", "1,5", "1e-5", "--1", "+1", "."]),
            ("identifier", ["", "198000000001", "QZXYZ2500001"], ["1.98E+11", "1,98E+11", "2E5"]),
        ],
    )  # fmt: skip
    def test_accept_what_they_name(self, form: str, good: list[str], bad: list[str]):
        assert all(FORMS[form].accepts(text) for text in good)
        assert not any(FORMS[form].accepts(text) for text in bad)

    @pytest.mark.parametrize("name", sorted(form.name for form in FORMS.values() if form.usual))
    @settings(max_examples=150)
    @given(data=st.data())
    def test_accept_what_is_usual(self, name: str, data: st.DataObject):
        form = FORMS[name]
        usual = re.compile(form.usual or "")
        close = st.from_regex(usual, fullmatch=True) | st.sampled_from(
            ["2100-02-29", "2000-02-29", "1900-02-29"]
        )
        text = data.draw(close)
        assert form.accepts(text) or not usual.fullmatch(text)

    @given(text=st.text(max_size=40) | st.from_regex(r"[0-9.,eE+/-]{0,20}"))
    def test_take_any_text(self, text: str):
        for form in FORMS.values():
            assert form.accepts(text) in (True, False)
            assert form.diagnose(text).blocking


class TestRefusals:
    """Each refused part becomes the finding it deserves, at the part's JSON pointer, without its value."""

    def test_name_what_is_missing(self):
        assert found("toolost/spotify.v1.json", {"streams": [{}]}) == [
            ("RZ-MISSING-FIELD", "/streams/0/date"),
            ("RZ-MISSING-FIELD", "/streams/0/streams"),
        ]

    @pytest.mark.parametrize(
        ("row", "code", "where"),
        [
            ({"date": "2025-01-03", "streams": -1}, "RZ-NEGATIVE-COUNT", "/streams/0/streams"),
            ({"date": "2025-01-03", "streams": "-1"}, "RZ-NEGATIVE-COUNT", "/streams/0/streams"),
            ({"date": "2025-01-03", "streams": "many"}, "RZ-VALUE-TYPE", "/streams/0/streams"),
            ({"date": "2025-01-03", "streams": 1.5}, "RZ-VALUE-TYPE", "/streams/0/streams"),
            ({"date": "2025-01-03", "streams": True}, "RZ-VALUE-TYPE", "/streams/0/streams"),
            ({"date": "2025-01-03", "streams": None}, "RZ-EMPTY-FIELD", "/streams/0/streams"),
            ({"date": "2025-01-03", "streams": 1e300}, "RZ-VALUE-TYPE", "/streams/0/streams"),
            ({"date": "2025-01-03", "streams": [1]}, "RZ-SHAPE", "/streams/0/streams"),
            ({"date": "1/3/2025", "streams": 1}, "RZ-SPREADSHEET-DAMAGE", "/streams/0/date"),
            ({"date": 20250103, "streams": 1}, "RZ-VALUE-TYPE", "/streams/0/date"),
            ("2025-01-03", "RZ-SHAPE", "/streams/0"),
        ],
    )
    def test_deserve_different_codes(self, row: Any, code: str, where: str):
        assert found("toolost/spotify.v1.json", {"streams": [row]}) == [(code, where)]

    def test_never_repeat_a_value(self):
        secret = "s3cr3t-token"  # noqa: S105
        document = {"streams": [{"date": secret, "streams": secret}, secret]}
        for refusal in refusals("toolost/spotify.v1.json", document):
            for finding in findings_of(refusal, place):
                assert secret not in finding.message

    def test_are_bounded_in_number(self):
        document = {"streams": [{}] * 10_000}
        assert len(list(refusals("toolost/spotify.v1.json", document))) <= schemas.MOST_REFUSALS

    def test_of_a_list_of_nothing_but_wrong_records_take_memory_for_its_beginning_only(self):
        """The engine makes all errors at once, a hundred times as large as what they are about."""
        document = [{f"k{number}": 1} for number in range(200_000)]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert len(list(refusals("metaads/campaigns.v1.json", document))) > 20
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KiB

    @pytest.mark.parametrize("before", [10, 5_000, 50_000])
    def test_of_one_wrong_record_are_told_however_far_behind_it_stands(self, before: int):
        rows: list[Any] = [{"date": "2025-06-01", "streams": 1}] * before + [
            {"date": "2025-06-01", "streams": "x"}
        ]
        parts = [refusal.parts for refusal in refusals("toolost/spotify.v1.json", {"streams": rows})]
        assert ("streams", before, "streams") in parts
        assert not any(part[:1] == ("streams",) and part[1:2] != (before,) for part in parts)

    def test_disagreeing_engines_refuse(self, monkeypatch: pytest.MonkeyPatch):
        never = jsonschema.Draft202012Validator({})
        monkeypatch.setattr(schemas, "explaining_engine", lambda _name: never)
        monkeypatch.setattr(type(never), "is_valid", lambda *_: True)
        assert found("toolost/spotify.v1.json", {}) == [("RZ-SHAPE", "")]


class TestUnknownFields:
    """A field that the schema does not list is told once, where it first stands."""

    def test_are_told_once(self):
        document = {"streams": [{"date": 1, "x~/": 1}, {"x~/": 2}], "y": {"z": 1}}
        told = unknown_fields(load_schema("toolost/spotify.v1.json").document, document, place)
        assert sorted(str(finding.where.pointer) for finding in told if finding.where) == [
            "/streams/0/x~0~1",
            "/y",
        ]


class TestUsualDocuments:
    """Most documents fit a schema made stricter, and nothing more is asked about them."""

    @pytest.mark.parametrize("kind", ["json", "html"])
    def test_are_nearly_all_good_samples(self, kind: str, monkeypatch: pytest.MonkeyPatch):
        asked: list[str] = []
        monkeypatch.setattr(documents, "refusals", lambda name, _document: iter(asked.append(name) or ()))
        judged = 0
        for sample in samples():
            found = recognize(sample.path, all_platforms())
            if isinstance(found, Recognized) and found.feed.format.kind == kind and not sample.codes:
                judge(found.feed, BytesContent(sample.data), found.capture)
                judged += 1
        assert judged > 3 * len(asked)

    @pytest.mark.parametrize("keyword", ["not", "if", "oneOf", "unevaluatedProperties"])
    def test_are_unknown_to_schemas_that_turn_answers_round(
        self, keyword: str, monkeypatch: pytest.MonkeyPatch, tmp_path
    ):
        schema = {"properties": {"a": {keyword: {"properties": {"b": {"type": "string"}}}}}}
        (tmp_path / "odd.json").write_bytes(orjson.dumps(schema))
        monkeypatch.setattr(schemas, "schema_folder", lambda: tmp_path)
        assert not is_usual("odd.json", {})
        load_schema.cache_clear()
        schemas.proving_engine.cache_clear()


def test_remote_references_are_never_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path):
    (tmp_path / "remote.json").write_text('{"$ref": "http://192.0.2.1/schema.json"}')
    monkeypatch.setattr(schemas, "schema_folder", lambda: tmp_path)
    monkeypatch.setattr(socket, "socket", lambda *_a, **_k: pytest.fail("opened a connection"))
    with pytest.raises(ValueError, match="not present in a registry"):
        deciding_engine.__wrapped__("remote.json")
    load_schema.cache_clear()


def test_a_schema_that_is_not_there_is_a_fault_of_the_contract():
    with pytest.raises(schemas.SchemaNotFoundError, match=r"no/such\.json"):
        load_schema("no/such.json")


def test_patterns_end_where_ecma_262_ends_them():
    assert compiled_pattern("^a$").search("a")
    assert not compiled_pattern("^a$").search("a\n")
    assert compiled_pattern(r"^\$a\$$").search("$a$")
