"""The catalogue of finding codes is complete and usable by someone who meets a code for the first time."""

from __future__ import annotations

import re

import pytest

from rawzone_assets.contract import codes
from rawzone_assets.contract.codes import Code
from rawzone_assets.contract.findings import Place, Role

ALL = pytest.mark.parametrize("code", codes.catalogue(), ids=lambda code: code.code)


@ALL
class TestEachCode:
    """A code says what it means, what to do about it, and who asked for it."""

    def test_is_written_in_one_way(self, code: Code):
        assert re.fullmatch(r"RZ(-[A-Z0-9]+)+", code.code)

    def test_explains_itself(self, code: Code):
        for text in (code.title, code.explanation, code.remedy, code.source):
            assert len(text) >= 5
        assert code.explanation.endswith((".", ".)"))
        assert code.remedy.endswith(".")
        assert code.title != code.explanation

    def test_makes_findings_of_its_kind(self, code: Code):
        finding = code("said", Place(line=3))
        assert (finding.code, finding.role, finding.blocking) == (code.code, code.role, code.blocking)

    def test_is_a_constant_of_the_module(self, code: Code):
        assert getattr(codes, code.code.removeprefix("RZ-").replace("-", "_")) is code

    def test_is_found_in_any_spelling(self, code: Code):
        for name in (code.code, code.code.lower(), code.code.removeprefix("RZ-"), f" {code.code} "):
            assert codes.find(name) is code


def test_codes_are_listed_by_name():
    names = [code.code for code in codes.catalogue()]
    assert names == sorted(names)
    assert len(names) == len(set(names))


def test_a_code_nobody_knows_is_none():
    assert codes.find("RZ-NO-SUCH-CODE") is None


def test_a_finding_may_be_reported_under_another_role():
    assert codes.SHAPE("said", role=Role.IDENTITY).role is Role.IDENTITY
