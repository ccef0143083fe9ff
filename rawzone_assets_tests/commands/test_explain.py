"""``rawzone explain``: what a finding means and how to fix it."""

import pytest

from rawzone_assets.contract import codes


class TestExplain:
    @pytest.mark.parametrize("code", codes.catalogue(), ids=lambda code: code.code)
    def test_every_code_has_meaning_effect_remedy_and_source(self, rawzone, code):
        text = rawzone("explain", code.code).text
        for part in (code.title, code.explanation, code.remedy, code.source):
            assert part in text
        assert f"{code.effect.capitalize()}: " in text

    def test_says_of_what_is_no_delivery_that_it_stays_where_it_is(self, rawzone):
        """Whoever looks for it in quarantine looks in vain."""
        left = rawzone("log", "--verdict", "unrecognized", "--json").records
        assert left
        for finding in (finding for record in left for finding in record["findings"] if finding["blocking"]):
            text = rawzone("explain", finding["code"]).text
            assert "quarantine" not in text.splitlines()[1]
            assert "stays where it is" in text
            assert rawzone("explain", finding["code"], "--json").records[0]["effect"] == "leaves"

    def test_the_code_may_be_written_as_one_likes(self, rawzone):
        assert rawzone("explain", "empty-file").text == rawzone("explain", "RZ-EMPTY-FILE").text

    def test_without_a_code_all_are_listed(self, rawzone):
        assert len(rawzone("explain").text.splitlines()) == len(codes.catalogue())
        assert len(rawzone("explain", "--json").records) == len(codes.catalogue())

    def test_an_unknown_code_brings_near_ones(self, rawzone):
        outcome = rawzone("explain", "emty-file")
        assert outcome.code == 2
        assert "RZ-EMPTY-FILE" in outcome.err
