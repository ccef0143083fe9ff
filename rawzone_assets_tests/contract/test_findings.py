"""Findings are values: bounded in number, sorted by weight, and the same after a trip through JSON."""

from __future__ import annotations

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import MOST_FINDINGS_PER_CODE, Finding, Findings, Place, Role

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
