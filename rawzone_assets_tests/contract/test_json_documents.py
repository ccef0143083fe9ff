"""JSON deliveries: strict syntax, error answers told from data, wrappers taken off, places by pointer."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from judging_support import judged

SPOTIFY, APPLE = "toolost/spotify", "toolost/analytics"
DAYS = [{"date": "2025-06-10", "streams": "12"}, {"date": "2025-06-08", "streams": 7}]
GOOD = {"streams": DAYS, "discovery": []}


def spotify(document: Any) -> Any:
    return judged(SPOTIFY, json.dumps(document).encode())


class TestSyntax:
    """Text that breaks RFC 8259 is refused, with line, column and byte."""

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"{", "RZ-TRUNCATED"),
            (b'{"streams": [1, 2', "RZ-TRUNCATED"),
            (b'{"streams": "abc', "RZ-TRUNCATED"),
            (b"   \n ", "RZ-TRUNCATED"),
            (b"{]", "RZ-JSON-SYNTAX"),
            (b"[NaN]", "RZ-JSON-SYNTAX"),
            (b"[Infinity]", "RZ-JSON-SYNTAX"),
            (b"[1e999]", "RZ-JSON-SYNTAX"),
            (b"{'a': 1}", "RZ-JSON-SYNTAX"),
            (b'{"a": 1,}', "RZ-JSON-SYNTAX"),
            (b'{"a": 1} {"a": 2}', "RZ-JSON-SYNTAX"),
            (b'["\\ud800"]', "RZ-JSON-SYNTAX"),
            (b"[" * 100_000, "RZ-JSON-SYNTAX"),
            (b"[" * 500 + b"]" * 500, "RZ-JSON-SYNTAX"),
            (b'{"a":' * 100_000, "RZ-JSON-SYNTAX"),
            (b'{"a":"\xff"}', "RZ-ENCODING"),
            (b'{"a":\0}', "RZ-ENCODING"),
            ('{"a":1}'.encode("utf-16"), "RZ-ENCODING"),
            (b"\n <!DOCTYPE html>", "RZ-HTML-INSTEAD"),
            (b"\xef\xbb\xbf<html>", "RZ-HTML-INSTEAD"),
            (b"[" + b"1," * 2_000_001 + b"1]", "RZ-TOO-LARGE"),
        ],
    )
    def test_errors_have_their_own_codes(self, data: bytes, code: str):
        assert judged(SPOTIFY, data).blocking == [code]

    def test_errors_are_placed_in_bytes_lines_and_columns(self):
        finding = judged(SPOTIFY, '\ufeff{"é": 1,\n "ü": x}'.encode()).only("RZ-JSON-SYNTAX")
        assert finding.where
        assert (finding.where.line, finding.where.column) == (2, 7)
        assert '\ufeff{"é": 1,\n "ü": x}'.encode()[finding.where.offset :] == b"x}"

    def test_huge_numbers_are_findings(self):
        assert spotify({"streams": [{"date": "2025-06-10", "streams": 10**40}]}).blocking == ["RZ-VALUE-TYPE"]


class TestErrorAnswers:
    """What an API answers when it refuses is told before any schema is asked."""

    @pytest.mark.parametrize(
        "answer",
        [
            {"message": "Unauthenticated"},
            {"error": {"code": 190}},
            {"errors": [{"message": "no"}]},
            {"error": "rate limit", "streams": []},
            {"error": None},
            {"platform": "spotify", "data": {"message": "Unauthenticated"}},
            {"platform": "spotify", "error": "timeout", "data": {}},
        ],
    )
    def test_are_recognized(self, answer: Any):
        assert spotify(answer).blocking == ["RZ-ERROR-PAYLOAD"]

    @pytest.mark.parametrize("extra", [{"error": None}, {"errors": []}, {"message": "OK"}])
    def test_are_not_seen_where_data_come_with_an_empty_error(self, extra: dict[str, Any]):
        assert spotify(GOOD | extra).codes == ["RZ-UNKNOWN-FIELD"]

    @pytest.mark.parametrize("code", [False, 0.0, 1, "no"])
    def test_are_told_by_a_status_that_is_not_exactly_the_good_one(self, code: Any):
        answer = json.dumps({"code": code, "data": {"list": []}}).encode()
        assert judged("tiktok/trends", answer).blocking == ["RZ-ERROR-PAYLOAD"]
        assert judged("tiktok/trends", answer.replace(json.dumps(code).encode(), b"0", 1)).blocking == []

    def test_are_told_by_a_message_alone_though_the_schema_knows_it(self):
        assert judged("tiktok/trends", b'{"message": "no permission"}').blocking == ["RZ-ERROR-PAYLOAD"]

    def test_are_none_where_data_come_with_a_message(self):
        assert "RZ-ERROR-PAYLOAD" not in spotify({"message": "ok", "platform": "spotify", "data": GOOD}).codes

    def test_never_show_what_they_said(self):
        finding = spotify({"message": "token=abc"}).only("RZ-ERROR-PAYLOAD")
        assert "abc" not in finding.message


class TestWrappers:
    """The wrapper of the scheduled extractor is looked through, and its platform must be the feed's."""

    WRAPPED: ClassVar[dict[str, Any]] = {
        "timestamp": "20250709_060308",
        "source": "cron",
        "platform": "Spotify",
        "data": GOOD,
    }

    def test_are_looked_through(self):
        result = spotify(self.WRAPPED)
        assert result.codes == []
        assert result.facts.records == 2

    def test_do_not_change_the_substance(self):
        assert spotify(self.WRAPPED).facts.substance == spotify(GOOD).facts.substance
        later = self.WRAPPED | {"timestamp": "20250710_060308"}
        assert spotify(later).facts.substance == spotify(GOOD).facts.substance

    def test_lengthen_the_pointers(self):
        wrapped = self.WRAPPED | {"data": {"streams": [{"date": "2025-06-10"}]}}
        finding = spotify(wrapped).only("RZ-MISSING-FIELD")
        assert finding.where
        assert finding.where.pointer == "/data/streams/0/streams"

    def test_of_another_platform_are_refused_without_a_wrapper_too(self):
        flat = self.WRAPPED["data"] | {"platform": "apple"}
        assert spotify(flat).blocking == ["RZ-WRONG-PLATFORM"]
        assert spotify(flat | {"platform": "Spotify "}).blocking == []

    def test_of_another_platform_are_refused(self):
        assert spotify(self.WRAPPED | {"platform": "apple"}).blocking == ["RZ-WRONG-PLATFORM"]

    def test_are_none_where_the_answer_itself_has_such_a_member(self):
        assert spotify(GOOD | {"data": {"streams": []}}).codes == ["RZ-UNKNOWN-FIELD"]

    def test_may_hold_new_members(self):
        assert spotify(self.WRAPPED | {"run": 3}).codes == ["RZ-UNKNOWN-FIELD"]


class TestPlatforms:
    """An answer about another platform is recognized by its own members."""

    def test_apple_under_spotifys_name(self):
        assert spotify({"totalStreams": [], "totalShazam": []}).blocking == ["RZ-WRONG-PLATFORM"]

    def test_spotify_under_apples_name(self):
        assert judged(APPLE, json.dumps(GOOD).encode()).blocking == ["RZ-WRONG-PLATFORM"]

    def test_members_of_another_beside_ones_own_are_merely_unknown(self):
        assert spotify(GOOD | {"streamTotal": 19}).codes == ["RZ-UNKNOWN-FIELD"]

    def test_an_unknown_answer_merely_lacks_its_days(self):
        assert spotify({"plays": []}).blocking == ["RZ-MISSING-FIELD"]


class TestDays:
    """Unordered and missing days are legitimate; repeated and future days are not."""

    def test_out_of_order_and_with_gaps_are_fine(self):
        assert spotify(GOOD).codes == []

    def test_one_day_beyond_the_capture_is_fine(self):
        assert spotify({"streams": [{"date": "2025-06-13", "streams": 1}], "discovery": []}).codes == []

    def test_two_days_beyond_the_capture_are_refused(self):
        finding = spotify({"streams": [{"date": "2025-06-14", "streams": 1}]}).only("RZ-FUTURE-DATE")
        assert finding.where
        assert finding.where.pointer == "/streams/0/date"

    def test_twice_are_refused_at_the_second(self):
        finding = spotify({"streams": [*DAYS, DAYS[0]], "discovery": []}).only("RZ-REPEATED-DAY")
        assert finding.where
        assert finding.where.pointer == "/streams/2/date"

    def test_of_shazam_count_too(self):
        document = {"totalStreams": [], "totalShazam": [DAYS[0], DAYS[0]]}
        assert judged(APPLE, json.dumps(document).encode()).blocking == ["RZ-REPEATED-DAY"]


class TestFacts:
    """What is learned of a document: its days, its structure, its content."""

    def test_span_the_days(self):
        facts = spotify(GOOD).facts
        assert (facts.records, facts.data_min, facts.data_max) == (2, "2025-06-08", "2025-06-10")

    def test_ignore_layout_mark_and_order_of_members(self):
        plain = json.dumps(GOOD).encode()
        laid_out = b"\xef\xbb\xbf" + json.dumps(dict(reversed(GOOD.items())), indent=2).encode()
        assert judged(SPOTIFY, plain).facts.substance == judged(SPOTIFY, laid_out).facts.substance
        assert judged(SPOTIFY, laid_out).facts.text == {"charset": "utf-8", "bom": True, "newline": "lf"}

    def test_tell_other_figures_from_another_structure(self):
        other = {"streams": [{"date": "2025-06-10", "streams": "13"}, DAYS[1]], "discovery": []}
        wider = {"streams": [DAYS[0] | {"saves": 1}, DAYS[1]], "discovery": []}
        facts = [spotify(document).facts for document in (GOOD, other, wider)]
        assert facts[0].fingerprint == facts[1].fingerprint != facts[2].fingerprint
        assert len({fact.substance for fact in facts}) == 3


@pytest.mark.parametrize("code", ["UNAUTHENTICATED", "access_token_invalid", "INTERNAL_SERVER_ERROR", 190])
def test_an_error_answer_is_told_with_the_code_it_states(code: object):
    message = spotify({"error": {"code": code, "message": "J. Doe may not"}}).only("RZ-ERROR-PAYLOAD").message
    assert message.endswith(f"with the code {code}")


@pytest.mark.parametrize("code", ["Quibblefrost", "jane_doe", "J. Doe", "EAABsbCS1iHgBO7ZAx0ZBq3", 10**9])
def test_an_error_answer_is_told_without_a_name_in_the_place_of_its_code(code: object):
    message = spotify({"error": {"code": code}}).only("RZ-ERROR-PAYLOAD").message
    assert message == "an error answer, told by its member 'error'"
