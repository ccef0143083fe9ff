"""Capture days: whether what came on a day, taken together, is what a capture of the feed brings.

Some of it no single delivery tells: that others of its folder are absent (``capture_sets.py``), or that a
session saved its short answer alone. Told anew from the receipts whenever somebody asks, for the same reasons
as there. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.wording import counted
from rawzone_assets.zone.capture_sets import incomplete_sets, set_findings
from rawzone_assets.zone.receipt import ACCEPTED, Receipt


@dataclass(frozen=True, kw_only=True)
class ShortDay:
    """A capture day whose longest accepted answer covers fewer days than some answer of a session does."""

    partition: str
    witness: Receipt  # the longest
    least: int

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        covered = self.witness.records or 0
        longest = f"the longest answer captured on {self.partition} covers {counted(covered, 'day')}"
        return f"{longest}, where one of a session has {self.least} or more"


def short_days(feed: Feed, receipts: Iterable[Receipt]) -> tuple[ShortDay, ...]:
    """The days among the feed's receipts without a long answer, in order; all of a day must be given.

    A day of nothing but empty answers is told by those.
    """
    longest: dict[str, Receipt] = {}
    for receipt in receipts if feed.least_days else ():
        if receipt.verdict in ACCEPTED and receipt.records and receipt.partition:
            known = longest.setdefault(receipt.partition, receipt)
            if receipt.records > (known.records or 0):
                longest[receipt.partition] = receipt
    return tuple(
        ShortDay(partition=partition, witness=witness, least=feed.least_days)
        for partition, witness in sorted(longest.items())
        if (witness.records or 0) < feed.least_days
    )


def short_findings(feed: Feed, found: ShortDay) -> tuple[Finding, ...]:
    """The advisory finding on a day without a long answer, under the feed's check and in its mode."""
    findings = feed.gathering()
    findings.add(codes.SHORT_RANGE(found.sentence))
    return findings.result()


def day_findings(feed: Feed, receipts: Iterable[Receipt]) -> Iterator[tuple[Receipt, Finding]]:
    """What is advisory of days as wholes, each finding with a receipt that shows it."""
    came = tuple(receipts)
    for lacking in incomplete_sets(feed, came):
        yield from ((lacking.witness, finding) for finding in set_findings(feed, lacking))
    for short in short_days(feed, came):
        yield from ((short.witness, finding) for finding in short_findings(feed, short))
