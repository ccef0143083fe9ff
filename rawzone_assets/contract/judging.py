"""Judging: one delivery against its feed's contract. Pure; every outcome is a value.

Only the limits that hold for every format are here. How bytes are read is the format's, what the data mean
is the rules', and what happens to a refused delivery is zone's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rawzone_assets.contract import codes
from rawzone_assets.contract.exposures import Exposures, is_personal, scan
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed, Judgement
from rawzone_assets.contract.findings import Finding, Place
from rawzone_assets.contract.modes import Secrets
from rawzone_assets.contract.stored_names import as_delivered


def judge(feed: Feed, content: Content, capture: Capture) -> Judgement:
    """All findings on ``content`` and the facts learned. Bad input is judged; only a wrong contract raises."""
    facts = Facts()
    feed = as_delivered(feed, capture.name)
    findings = feed.gathering()
    if content.size == 0:
        findings.add(codes.EMPTY_FILE("the file has no bytes"))
    elif content.size > feed.max_size:
        limit = f"the feed's limit is {feed.max_size:,} bytes, the file has {content.size:,}"
        findings.add(codes.TOO_LARGE(limit))
    else:
        facts = feed.format.examine(feed, content, capture, findings)
        seen = facts.access_reasons
        found = scan(content) if seen is None else Exposures(counts=dict(seen))
        if found.counts:
            findings.extend(_exposure_findings(feed, found))
        facts = facts._replace(access_reasons=dict(sorted(found.counts.items())))
    return Judgement(findings=findings.result(), facts=facts, shadow=findings.shadow())


def _exposure_findings(feed: Feed, found: Exposures) -> Iterator[Finding]:
    """What is said about exposures: one finding a kind, with its first place and never its value.

    What every good delivery of the feed has is no news and no finding; its receipt carries the access class all
    the same. Where secrets are to be quarantined, a usual secret is still a secret.
    """
    refusing = feed.secrets is Secrets.QUARANTINE
    for kind, count in sorted(found.counts.items()):
        personal, usual = is_personal(kind), kind in feed.usual_exposures
        if usual and (personal or not refusing):
            continue
        code = codes.PERSONAL_DATA if personal else codes.SECRET
        place = Place(offset=found.first_at[kind]) if kind in found.first_at else None
        message = f"of the kind {kind!r}: {count:,}, the first of them here; it is not shown"
        yield replace(code(message, place), blocking=refusing)
