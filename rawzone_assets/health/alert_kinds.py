"""Kinds of incidents: what each is called, how grave it is, and what to do. Data only.

The anchor of a kind is its heading in ``docs/operations.md``, where its runbook stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

RUNBOOKS = "docs/operations.md"
ZONE = "zone"
"""The subject of incidents that belong to no feed."""


class Severity(IntEnum):
    """How grave. A warning needs a look some day, an error keeps data from arriving or puts it at risk."""

    WARNING = 1
    ERROR = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of incident. ``title`` and ``remedy`` may name ``{subject}``."""

    name: str
    title: str
    remedy: str

    @property
    def runbook(self) -> str:
        return f"{RUNBOOKS}#{self.name}"


_ALL = (
    Kind(
        name="stale",
        title="{subject} brings no news",
        remedy="run 'rawzone status', then look at its extractor: it does not run, or its source stands still",
    ),
    Kind(
        name="never-came",
        title="{subject} never brought anything",
        remedy="check its extractor and where that drops its files; acknowledge this until it is connected",
    ),
    Kind(
        name="refused",
        title="deliveries of {subject} are refused",
        remedy="run 'rawzone quarantine ls --open {subject}', then 'rawzone explain' with the code shown",
    ),
    Kind(
        name="damage",
        title="stored files are damaged: {subject}",
        remedy="run 'rawzone verify' for all of it and 'rawzone repair --dry-run' for what can be put back",
    ),
    Kind(
        name="scrub-behind",
        title="the scrub does not get round",
        remedy="run 'rawzone scrub', or raise RAWZONE_SCRUB_BUDGET",
    ),
    Kind(
        name="run-failed",
        title="a run failed: {subject}",
        remedy="read the run's log in Dagster and run 'rawzone doctor'; what was committed stays",
    ),
    Kind(
        name="sensor-failed",
        title="{subject} fails in Dagster",
        remedy="open its ticks in Dagster's Automation page and read the error; run 'rawzone doctor'",
    ),
    Kind(
        name="capacity",
        title="the disk of the {subject} fills up",
        remedy="free space or move the zone; below RAWZONE_RESERVE nothing is promoted, and nothing is lost",
    ),
    Kind(
        name="backlog",
        title="deliveries of {subject} wait and are not promoted",
        remedy="see that Dagster's daemon and its sensor 'landing' run, or run 'rawzone promote {subject}'",
    ),
    Kind(
        name="landing",
        title="landing cannot be read",
        remedy="mount its disk or create the folder, and give this user read access; run 'rawzone doctor'",
    ),
    Kind(
        name="unrecognized",
        title="files of no feed lie in landing",
        remedy="run 'rawzone log --verdict unrecognized': rename them, move them away, or declare their feed",
    ),
    Kind(
        name="out-of-step",
        title="feeds do not keep in step",
        remedy="run 'rawzone consistency' to see which feed was missing or behind on which day",
    ),
    Kind(
        name="zone-unusable",
        title="the zone cannot be used",
        remedy="run 'rawzone doctor', which says what is wrong and what to do",
    ),
    Kind(
        name="check",
        title="a check fails: {subject}",
        remedy="open the asset's Checks tab in Dagster",
    ),
)
KINDS = {kind.name: kind for kind in _ALL}
