"""What tests of the contract need again and again: judging bytes by a feed's id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Facts, Judgement
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import find_feed

DAY = date(2025, 6, 12)


def capture(day: date = DAY, name: str = "delivery") -> Capture:
    return Capture(name=name, day=day, captured_at=datetime(day.year, day.month, day.day, 17, tzinfo=UTC))


@dataclass(frozen=True)
class Judged:
    judgement: Judgement

    @property
    def codes(self) -> list[str]:
        return [finding.code for finding in self.judgement.findings]

    @property
    def blocking(self) -> list[str]:
        return [finding.code for finding in self.judgement.findings if finding.blocking]

    @property
    def facts(self) -> Facts:
        return self.judgement.facts

    def only(self, code: str) -> Finding:
        found = [finding for finding in self.judgement.findings if finding.code == code]
        assert len(found) == 1, self.judgement.findings
        return found[0]


def judged(feed_id: str, data: bytes, day: date = DAY, *, name: str = "delivery") -> Judged:
    feed = find_feed(feed_id)
    assert feed is not None
    return Judged(judge(feed, BytesContent(data), capture(day, name)))
