"""The JSON reading against RFC 8259: what is no JSON is refused as such, what is JSON never is."""

from __future__ import annotations

import pytest
from json_suite import EITHER, MUST, MUST_NOT
from judging_support import judged

SPOTIFY = "toolost/spotify"
NOT_JSON = {"RZ-JSON-SYNTAX", "RZ-TRUNCATED", "RZ-ENCODING", "RZ-HTML-INSTEAD"}
LIMITS = {"RZ-TOO-LARGE"}


def as_member(value: bytes) -> bytes:
    """A good delivery that has the value as a member nobody knows."""
    return b'{"streams": [{"date": "2025-06-10", "streams": 7}], "discovery": [], "more": ' + value + b"}"


def test_the_suite_is_as_large_as_it_claims():
    assert len(MUST) + len(MUST_NOT) + len(EITHER) >= 240
    assert not MUST.keys() & MUST_NOT.keys()
    texts = [*MUST.values(), *MUST_NOT.values(), *EITHER.values()]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("text", MUST.values(), ids=MUST)
class TestWhatIsJson:
    """A text of the grammar is never refused as a mistake of syntax, whatever its schema says of it."""

    def test_is_no_mistake_of_syntax(self, text: bytes):
        assert not set(judged(SPOTIFY, text).blocking) & (NOT_JSON | LIMITS)

    def test_is_promoted_where_any_value_may_stand(self, text: bytes):
        result = judged(SPOTIFY, as_member(text))
        assert result.blocking == []
        assert "RZ-UNKNOWN-FIELD" in result.codes


@pytest.mark.parametrize("text", MUST_NOT.values(), ids=MUST_NOT)
class TestWhatIsNotJson:
    """A text outside the grammar is quarantined as such, and nothing else is said of it."""

    def test_is_refused_as_such(self, text: bytes):
        result = judged(SPOTIFY, text)
        assert len(result.blocking) == 1
        assert set(result.blocking) <= NOT_JSON
        assert result.facts.records is None

    def test_is_refused_where_any_value_may_stand(self, text: bytes):
        assert len(judged(SPOTIFY, as_member(text)).blocking) == 1


@pytest.mark.parametrize("text", EITHER.values(), ids=EITHER)
def test_what_may_be_either_is_decided_and_the_same_each_time(text: bytes):
    first = judged(SPOTIFY, text)
    assert first.codes
    assert first.judgement == judged(SPOTIFY, text).judgement


def test_repeated_members_are_told_and_accepted():
    for name, text in MUST.items():
        told = "RZ-JSON-DUPLICATE-KEY" in judged(SPOTIFY, as_member(text)).codes
        assert told == name.startswith("a member repeated")
