"""``rawzone explain``: what a finding means and how to fix it."""

import pytest

from rawzone_assets.contract import codes


class TestExplain:
    @pytest.mark.parametrize("code", codes.catalogue(), ids=lambda code: code.code)
    def test_every_code_has_meaning_effect_remedy_and_source(self, rawzone, code):
        text = rawzone("explain", code.code).text
        for part in (code.title, code.explanation, code.remedy, code.source):
            assert part in text
        assert ("Blocks:" if code.blocking else "Warns:") in text

    def test_the_code_may_be_written_as_one_likes(self, rawzone):
        assert rawzone("explain", "empty-file").text == rawzone("explain", "RZ-EMPTY-FILE").text

    def test_without_a_code_all_are_listed(self, rawzone):
        assert len(rawzone("explain").text.splitlines()) == len(codes.catalogue())
        assert len(rawzone("explain", "--json").records) == len(codes.catalogue())

    def test_an_unknown_code_brings_near_ones(self, rawzone):
        outcome = rawzone("explain", "emty-file")
        assert outcome.code == 2
        assert "RZ-EMPTY-FILE" in outcome.err
