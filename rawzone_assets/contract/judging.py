"""Judging: one delivery against its feed's contract. Pure; every outcome is a value.

Only the limits that hold for every format are here. How bytes are read is the format's, what the data mean
is the rules', and what happens to a refused delivery is zone's.
"""

from __future__ import annotations

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed, Judgement
from rawzone_assets.contract.findings import Findings
from rawzone_assets.contract.naming import as_delivered


def judge(feed: Feed, content: Content, capture: Capture) -> Judgement:
    """All findings on ``content`` and the facts learned. Bad input is judged; only a wrong contract raises."""
    findings = Findings(checks=dict(feed.checks))
    facts = Facts()
    feed = as_delivered(feed, capture.name)
    if content.size == 0:
        findings.add(codes.EMPTY_FILE("the file has no bytes"))
    elif content.size > feed.max_size:
        limit = f"the feed's limit is {feed.max_size:,} bytes, the file has {content.size:,}"
        findings.add(codes.TOO_LARGE(limit))
    else:
        facts = feed.format.examine(feed, content, capture, findings)
    return Judgement(findings=findings.result(), facts=facts)
