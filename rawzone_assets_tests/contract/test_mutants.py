"""Ten thousand mutated deliveries a format: none raises or outlasts its limits, none promoted breaks a rule.

What is accepted is held against an oracle that shares nothing with the judge (``oracle.py``). Judging is done
by a real worker within the product's own limits: an exception or an exceeded limit would be a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, note, settings
from mutant_seeds import FORMATS, SAME_EVERY_TIME, Seed, mutants_of, seeds
from oracle import broken_rules
from second_opinions import disagreements

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Judgement
from rawzone_assets.contract.judging import judge
from rawzone_assets.zone.judges import JudgePool

BOUNDED, WHOLE = 300, 10_000


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool("rawzone_assets.platforms:all_platforms", workers=1) as pool:
        yield pool


@dataclass
class Tally:
    """What a campaign came to."""

    judged: int = 0
    accepted: int = 0
    codes: Counter[str] = field(default_factory=Counter)

    def note(self, judgement: Judgement) -> None:
        self.judged += 1
        self.accepted += not judgement.refused
        self.codes.update({finding.code for finding in judgement.findings})

    def __str__(self) -> str:
        return (
            f"{self.judged:,} judged, {self.judged - self.accepted:,} refused, {self.accepted:,} accepted and "
            f"held against the oracle, {len(self.codes)} finding codes met, none for limits"
        )


def campaign(kind: str, examples: int, pool: JudgePool) -> Tally:
    """Judge so many mutants of a format, and doubt each judgement."""
    tally = Tally()

    @settings(SAME_EVERY_TIME, max_examples=examples)
    @given(mutants_of(kind))
    def tried(mutant: tuple[Seed, bytes]) -> None:
        seed, data = mutant
        judgement = pool(seed.feed, BytesContent(data), seed.capture)
        tally.note(judgement)
        told = [finding.code for finding in judgement.findings]
        assert "RZ-BEYOND-LIMITS" not in told, seed.title
        for finding in judgement.findings:
            assert finding.check in seed.feed.check_names
            assert 0 < len(finding.message) < 300
        if not judgement.refused:
            note(f"mutant: {data[:5_000]!r}")
            assert broken_rules(seed.feed.id, seed.capture.name, data, seed.capture.day) == [], seed.title
        assert disagreements(seed.feed, data) == [], seed.title

    tried()
    return tally


@pytest.mark.parametrize("kind", FORMATS)
def test_some_hundred_mutants_of_each_format(kind: str, pool: JudgePool, tell: Callable[[str], None]):
    tally = campaign(kind, BOUNDED, pool)
    assert tally.judged >= BOUNDED
    assert tally.accepted, "an oracle that is never asked says nothing"
    assert len(tally.codes) > 8
    tell(f"mutants of {kind}: {tally}")


@pytest.mark.campaign
@pytest.mark.parametrize("kind", FORMATS)
def test_ten_thousand_mutants_of_each_format(kind: str, pool: JudgePool, tell: Callable[[str], None]):
    tally = campaign(kind, WHOLE, pool)
    assert tally.judged >= WHOLE
    tell(f"mutants of {kind}: {tally}")


@pytest.mark.parametrize("kind", FORMATS)
def test_the_oracle_has_nothing_against_the_seeds(kind: str):
    for seed in seeds(kind):
        assert not judge(seed.feed, BytesContent(seed.data), seed.capture).refused, seed.title
        assert broken_rules(seed.feed.id, seed.capture.name, seed.data, seed.capture.day) == [], seed.title
        assert disagreements(seed.feed, seed.data) == [], seed.title
