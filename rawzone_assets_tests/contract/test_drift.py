"""Drift names what appeared, vanished or changed type, and is silent about normal variation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract import digests
from rawzone_assets.contract.drift import MOST_LINES, drift, drift_findings, outline_of, outline_of_columns

DAY = {"date": "2025-01-03", "streams": "843"}


def outline(document: object) -> tuple[str, ...]:
    return outline_of(digests.paths_of(document))


def differences(now: object, *past: object) -> tuple[tuple[str, ...], ...]:
    found = drift(outline(now), [outline(document) for document in past])
    return found.appeared, found.vanished, found.changed


NOTHING = ((), (), ())


class TestDrift:
    """What a reader of the feed must know is named by its path."""

    def test_a_new_member(self):
        assert differences({"days": [DAY | {"saves": 1}]}, {"days": [DAY]}) == (("/days/*/saves",), (), ())

    def test_a_new_part_is_named_once_and_not_with_all_its_members(self):
        now = {"days": [DAY], "tracks": {"top": [{"title": "x"}]}}
        assert differences(now, {"days": [DAY]}) == (("/tracks",), (), ())

    def test_a_member_that_every_delivery_had_that_could_have_it(self):
        assert differences({"days": [{"date": "x"}]}, {"days": [DAY]}, {"days": []}) == (
            (), ("/days/*/streams",), ()
        )  # fmt: skip

    def test_no_member_that_is_named_by_data(self):
        assert differences({"days": {}}, {"days": {"2025-06-12": 1}}) == NOTHING
        assert differences({"days": {"2025-06-12": 1}}, {"days": {}}) == NOTHING

    def test_nothing_beside_a_structure_that_was_too_large_to_keep(self):
        now, known = outline({"streams": 1, "saves": 1}), outline({"streams": 1})
        assert list(drift_findings(now, [known], files=1))
        assert not list(drift_findings(now, [known, ()], files=2))

    def test_no_name_that_gives_something_away(self):
        assert outline_of([f"/a/ghp_{'x' * 36} string"]) == ("/a/# string",)
        assert outline_of(["/access_token=abc/def12345 string"]) == ("# string",)

    def test_a_column_by_its_whole_name(self):
        assert outline_of_columns(["Song/Album"]) == (" object", "/Song|Album column")

    def test_a_member_that_every_delivery_had(self):
        assert differences({"days": [{"date": "x"}]}, {"days": [DAY]}, {"days": [DAY]}) == (
            (), ("/days/*/streams",), ()
        )  # fmt: skip

    def test_a_vanished_part_is_named_once(self):
        assert differences({}, {"tracks": {"top": [{"title": "x"}]}}) == ((), ("/tracks",), ())

    def test_a_value_of_another_type(self):
        now = {"days": [DAY | {"streams": 843}]}
        changed = ("/days/*/streams (number, before string)",)
        assert differences(now, {"days": [DAY]}) == ((), (), changed)

    def test_a_list_that_became_an_object(self):
        assert differences({"days": {"a": 1}}, {"days": [1]})[2] == ("/days (object, before array)",)

    def test_another_kind_of_document(self):
        assert differences([DAY], {"days": []})[2] == ("/ (array, before object)",)

    def test_columns_in_any_order(self):
        past = outline_of_columns(["Date", "Store", "Earnings (USD)"])
        found = drift(outline_of_columns(["Earnings (USD)", "Date", "Shop"]), [past])
        assert (found.appeared, found.vanished, found.changed) == (("/Shop",), ("/Store",), ())


class TestNormalVariation:
    """No drift: what differs between two good deliveries of the same feed any day."""

    @pytest.mark.parametrize(
        ("now", "before"),
        [
            pytest.param({"days": [], "top": []}, {"days": [], "top": [{"fees": 1}]}, id="emptied"),
            pytest.param({"days": [], "top": [{"fees": 1}]}, {"days": [], "top": []}, id="filled"),
            pytest.param({"fees": 1.5}, {"fees": 1}, id="fraction"),
            pytest.param({"isrc": None}, {"isrc": "QZ"}, id="null now"),
            pytest.param({"isrc": "QZ"}, {"isrc": None}, id="null before"),
            pytest.param({"track": None}, {"track": {"title": "x"}}, id="null for an object"),
            pytest.param({"days": [DAY] * 3}, {"days": [DAY]}, id="more items"),
            pytest.param({"at": {"2025-06-12": 1}}, {"at": {"2025-06-11": 1}}, id="members named by days"),
            pytest.param({"ids": {"17": "a"}}, {"ids": {"18": "a"}}, id="members named by numbers"),
            pytest.param({"of": {"a@x.org": 1}}, {"of": {"b@x.org": 1}}, id="members named by addresses"),
        ],
    )  # fmt: skip
    def test_is_no_drift(self, now, before):
        assert differences(now, before) == NOTHING

    def test_an_optional_member_is_told_once_and_not_every_day(self):
        full, bare = {"days": [DAY], "saves": 1}, {"days": [DAY]}
        assert differences(bare, full, full) == ((), ("/saves",), ())
        assert differences(full, bare, full) == NOTHING
        assert differences(bare, full, bare, full) == NOTHING

    def test_a_lasting_change_is_told_once(self):
        old, new = {"days": [DAY]}, {"days": [DAY], "saves": 1}
        assert differences(new, old, old) == (("/saves",), (), ())
        assert differences(new, new, old, old) == NOTHING

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        )
    )
    def test_a_document_never_drifts_from_itself(self, document):
        assert differences(document, document) == NOTHING


class TestFindings:
    def test_say_what_since_when(self):
        (finding,) = drift_findings(outline({"b": 1}), [outline({"a": 1})], files=7)
        assert finding.code == "RZ-SCHEMA-DRIFT"
        assert not finding.blocking
        assert finding.message == "since the last 7 deliveries: appeared /b; vanished /a"

    def test_name_a_bounded_number_of_paths(self):
        (finding,) = drift_findings(outline({f"new{c}": 1 for c in "abcdefgh"}), [outline({})], files=1)
        assert finding.message.endswith("/newe and 3 more")
        assert finding.message.startswith("since the last delivery: ")

    def test_without_an_outline_nothing_is_said(self):
        assert not list(drift_findings((), [outline({})], files=1))
        assert not list(drift_findings(outline({"a": 1}), [], files=0))
        assert not list(drift_findings(outline({"a": 1}), [()], files=1))

    def test_names_that_may_be_somebodys_are_never_kept_or_shown(self):
        for name in ("someone@label.example", "x" * 61, "d41d8cd98f00b204e9800998ecf8427e", "0151 2345678"):
            assert name not in "".join(outline({name: 1}))


def test_a_structure_too_large_to_keep_is_not_kept():
    assert (
        outline({f"m{'a' * (n % 50)}{chr(97 + n % 26)}{chr(97 + n // 26)}": 1 for n in range(MOST_LINES + 1)})
        == ()
    )


def test_an_outline_keeps_what_is_the_fingerprints():
    assert digests.structure({"a": [1]}) == digests.digest_of_names([" object", "/a array", "/a/* number"])
    assert outline({"a": [1]}) == (" object", "/a array", "/a/* number")
