"""Findings are values: bounded in number, sorted by weight, and the same after a trip through JSON."""

from __future__ import annotations

import pytest

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import MOST_FINDINGS_PER_CODE, Finding, Findings, Place, Role
from rawzone_assets.contract.refusals import code_of, shown_name

CHECKS = {Role.STRUCTURE: "structure", Role.TYPES: "types"}


def test_a_million_bad_rows_are_explained_by_the_first_few_and_a_count():
    findings = Findings(checks=dict(CHECKS))
    findings.extend(codes.VALUE_TYPE("bad", Place(line=line)) for line in range(1000))
    shown = findings.result()
    assert len(shown) == MOST_FINDINGS_PER_CODE
    assert shown[-1].message == f"bad (and {1000 - MOST_FINDINGS_PER_CODE} more like it)"


def test_blocking_findings_come_first():
    findings = Findings(checks=dict(CHECKS))
    findings.extend((codes.UNKNOWN_FIELD("odd"), codes.SHAPE("wrong")))
    assert [finding.blocking for finding in findings.result()] == [True, False]


def test_each_finding_carries_its_feeds_name_for_the_check():
    findings = Findings(checks=dict(CHECKS))
    findings.extend((codes.VALUE_TYPE("bad"), codes.FUTURE_DATE("late")))
    assert [finding.check for finding in findings.result()] == ["types", "structure"]


@pytest.mark.parametrize(
    ("schema", "value", "code"),
    [
        ({"type": "string", "format": "date"}, " ", codes.EMPTY_FIELD),
        ({"type": ["string", "null"], "format": "date"}, " ", codes.VALUE_TYPE),
        ({"type": "string", "format": "digits"}, 120210000000000000, codes.NUMERIC_ID),
        ({"type": "string", "format": "digits"}, True, codes.VALUE_TYPE),
    ],
)
def test_a_refused_value_is_called_what_it_is(schema: dict[str, object], value: object, code: codes.Code):
    assert code_of("type" if not isinstance(value, str) else "format", schema, value) == code


def test_a_name_is_shown_when_it_is_one_and_only_its_beginning():
    assert shown_name("a" * 70) == f"'{'a' * 60}…'"
    assert shown_name(f"{'a' * 40}?access_token=opaqueValueOnly") == "(not shown)"


def test_a_finding_survives_a_trip_through_json():
    finding = codes.SHAPE("said", Place(line=3, pointer="/a/0"))
    assert Finding.from_json(finding.as_json()) == finding


def test_a_place_with_a_co_ordinate_of_a_later_version_is_read_without_it():
    """Members that a later version adds to known records are passed over (docs/adr/0064)."""
    where = {"line": 3, "sheet": "2024"}
    told = {"code": "RZ-SHAPE", "check": "c", "message": "m", "blocking": True, "where": where}
    assert Finding.from_json(told).where == Place(line=3)


def test_a_place_is_said_in_words():
    assert str(Place(line=3, column_name="UPC")) == "line 3, 'UPC'"
    assert str(Place(pointer="")) == "at /"
    assert Place(pointer="/a", offset=0).as_json() == {"pointer": "/a", "offset": 0}
