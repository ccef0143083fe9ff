"""Codes are found wherever a rule can take them from: its body, its closure, and what it calls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

from rawzone_assets.contract import codes
from rawzone_assets.contract.forms import FORMS
from rawzone_assets.contract.json_documents import JsonFormat
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.reachable_codes import reachable_codes
from rawzone_assets.contract.rules import fresh, no_day_twice, total_is_sum
from rawzone_assets.contract.series import Series

SERIES = Series(path="/days", day="day", value="value")


def found(*roots: object, **passed: object) -> set[str]:
    return {code.code for code in reachable_codes(*roots, **passed)}


class TestReachableCodes:
    def test_a_rule_names_its_code_in_its_body(self):
        assert found(no_day_twice(SERIES)) == {"RZ-REPEATED-DAY"}

    def test_or_is_given_it(self):
        assert found(total_is_sum("/total", SERIES, codes.PAGE_TOTAL_MISMATCH)) == {"RZ-PAGE-TOTAL-MISMATCH"}

    def test_or_calls_what_names_it(self):
        assert found(fresh(SERIES)) == {"RZ-STALE-DATA"}

    def test_or_imports_what_names_it_when_it_is_called(self):
        assert {"RZ-JSON-SYNTAX", "RZ-ERROR-PAYLOAD", "RZ-VALUE-TYPE"} <= found(JsonFormat.examine)

    def test_or_has_it_as_a_default_or_in_a_function_of_its_own(self):
        def rule(_code: object = codes.SHAPE, *, _other: object = codes.TRUNCATED) -> object:
            return lambda: codes.VALUE_TYPE

        rule.__module__ = Holder.__module__
        assert found(rule) == {"RZ-SHAPE", "RZ-TRUNCATED", "RZ-VALUE-TYPE"}

    def test_values_classes_and_wrappers_are_followed(self):
        rule = no_day_twice(SERIES)
        for wrapped in ([rule], {"a": rule}, partial(rule), cache(rule), Holder(rule=rule)):
            assert found(wrapped) == {"RZ-REPEATED-DAY"}, wrapped

    def test_what_the_caller_knows_better_is_passed_over(self):
        assert found(FORMS)
        assert found(FORMS, passing_over=(FORMS,)) == set()

    def test_the_limits_of_every_format_are_judgings_own(self):
        assert found(judge) == {"RZ-EMPTY-FILE", "RZ-TOO-LARGE", "RZ-SECRET", "RZ-PERSONAL-DATA"}

    def test_foreign_code_is_not_entered(self):
        assert found(dataclass, len, "text", 3) == set()


@dataclass(frozen=True)
class Holder:
    rule: object


Holder.__module__ = "rawzone_assets.contract.test"
