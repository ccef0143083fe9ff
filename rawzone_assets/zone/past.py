"""The past: what an accepted delivery is compared with, in the ledger and earlier in its own batch.

The past of a delivery is what was accepted of its form (feed, schema, account) and captured no later. Whether
that was committed long ago or stands before it in the same batch makes no difference, so findings do not depend
on how deliveries fall into batches. What the comparison means is contract's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice, takewhile
from typing import NamedTuple

from rawzone_assets.contract import codes
from rawzone_assets.contract.acquaintance import acquaintance_findings
from rawzone_assets.contract.drift import Outline, drift_findings
from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.name_templates import subject_patterns
from rawzone_assets.contract.repetition import same_content, standstill_findings
from rawzone_assets.contract.restatement import restatement_findings
from rawzone_assets.contract.stored_names import subject_of
from rawzone_assets.contract.volume import RECENT, volume_findings
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.past_lookups import Accepted, Same, form_of
from rawzone_assets.zone.receipt import Receipt, Verdict, moment
from rawzone_assets.zone.timelines import Timeline

OF_THE_PAST = frozenset(
    code.code
    for code in (
        codes.SAME_CONTENT,
        codes.CONTENT_UNCHANGED,
        codes.SCHEMA_DRIFT,
        codes.VOLUME_ANOMALY,
        codes.RESTATED_DAYS,
        codes.ALL_STRANGERS,
    )
)
"""Findings that judging a delivery by itself cannot make."""

_LOOKED_BACK = 2_000
"""Captures that a standstill is followed back over; one that lasts longer is told as of the oldest of these."""


class _Recent(NamedTuple):
    """What of the past one delivery is compared with."""

    deliveries: list[Accepted]  # newest first
    unchanged_since: str | None  # the first of the captures up to now that say the same, without a break


class Past:
    """The past as one batch sees it, which each of its accepted deliveries joins in turn."""

    def __init__(self, index: Index, receipts: Iterable[Receipt]) -> None:
        """``receipts`` are those of the batch, not yet decided."""
        self._lookups = index.past
        substances = [receipt.substance for receipt in receipts if receipt.substance]
        self._told_of = self._lookups.substances_told_of(substances)  # few say what was said before
        self._timelines: dict[int, Timeline] = {}  # by form
        self._subjects: dict[str, _Subjects] = {}  # by feed
        self._objects: dict[tuple[str, str], list[Receipt]] = {}  # of this batch, by feed and substance
        self._outlines: dict[tuple[int, str], Outline | None] = {}

    def compared(self, feed: Feed | None, receipt: Receipt) -> Receipt:
        """The decided receipt with what the past says of it. Without a feed it was compared before."""
        form = form_of(receipt)
        if receipt.verdict is Verdict.QUARANTINED or form is None:
            return receipt.changed(outline=None, diary=None)
        accepted = Accepted.of(receipt)
        timeline = self._timelines.get(form)
        if timeline is None:
            timeline = self._timelines[form] = Timeline(self._lookups, form)
        if feed:
            recent = self._recent(feed, accepted, timeline)
            receipt = self._with_findings(feed, form, receipt, accepted, recent)
        timeline.add(accepted)
        if receipt.verdict is Verdict.PROMOTED and receipt.substance:
            self._objects.setdefault((receipt.feed or "", receipt.substance), []).append(receipt)
        return receipt

    def _with_findings(
        self, feed: Feed, form: int, receipt: Receipt, accepted: Accepted, recent: _Recent
    ) -> Receipt:
        diaries = [before.diary for before in recent.deliveries if before.diary]
        volumes = [before.volume for before in recent.deliveries]
        day = date.fromisoformat(receipt.partition or "")
        found = [
            *self._repetitions(feed, receipt, recent),
            *self._drift(form, receipt, recent),
            *restatement_findings(receipt.diary, diaries),
            *acquaintance_findings(receipt.diary, diaries),
            *volume_findings(accepted.volume, volumes, day=day),
        ]
        # Kept with the first receipt that has this structure: others are found by the fingerprint.
        known = receipt.fingerprint is None or self._outline(form, receipt.fingerprint) is not None
        if not known:
            self._outlines[form, receipt.fingerprint or ""] = receipt.outline
        outline = None if known else receipt.outline
        if not found:  # as nearly always
            return receipt if outline is receipt.outline else receipt.changed(outline=outline)
        findings = feed.gathering()
        findings.extend(found)
        told = (finding.as_json() for finding in findings.result())
        return receipt.changed(findings=(*receipt.findings, *told), outline=outline)

    def _recent(self, feed: Feed, now: Accepted, timeline: Timeline) -> _Recent:
        """The deliveries before, as many as are compared, and as long as they say the same."""
        subjects = self._subjects.get(feed.id)
        if subjects is None:
            subjects = self._subjects[feed.id] = _Subjects(feed)

        def of_its_subject() -> Iterator[Accepted]:
            looked_at = islice(timeline.before(now.captured_at), _LOOKED_BACK)
            if not subjects.differ:
                return looked_at
            subject = subjects[now.name]
            return (before for before in looked_at if subjects[before.name] == subject)

        deliveries = list(islice(of_its_subject(), RECENT))
        unchanged_since = None
        if deliveries and now.substance is not None and deliveries[0].substance == now.substance:
            for before in takewhile(lambda before: before.substance == now.substance, of_its_subject()):
                unchanged_since = before.captured_at
        return _Recent(deliveries=deliveries, unchanged_since=unchanged_since)

    def _repetitions(self, feed: Feed, receipt: Receipt, recent: _Recent) -> Iterator[Finding]:
        if receipt.substance is None or receipt.records == 0:
            return  # that there is nothing again is told by RZ-EMPTY-RESULT
        same = self._same(receipt) if receipt.verdict is Verdict.PROMOTED else None
        if same:
            yield same_content(same.key, moment(same.captured_at))
        # Figures of days move on. What speaks of no days, such as campaign settings, may well stand still.
        if recent.unchanged_since and receipt.data_max:
            captured_at = moment(receipt.captured_at or "")
            yield from standstill_findings(moment(recent.unchanged_since), captured_at, feed.cadence)

    def _same(self, receipt: Receipt) -> Same | None:
        """The object captured first that says the same in other bytes."""
        feed, captured_at, substance = receipt.feed or "", receipt.captured_at or "", receipt.substance or ""
        stored = None
        if substance in self._told_of:
            stored = self._lookups.same(feed, substance, receipt.sha256 or "", captured_at)
        mine = [
            Same(key=before.key or "", captured_at=before.captured_at or "")
            for before in self._objects.get((feed, substance), [])
            if before.sha256 != receipt.sha256 and (before.captured_at or "") <= captured_at
        ]
        found = [*([stored] if stored else []), *mine]
        return min(found, key=lambda same: same.captured_at) if found else None

    def _drift(self, form: int, receipt: Receipt, recent: _Recent) -> Iterator[Finding]:
        fingerprint = receipt.fingerprint
        if not recent.deliveries or fingerprint is None or fingerprint == recent.deliveries[0].fingerprint:
            return  # as nearly all do
        known = list(dict.fromkeys(before.fingerprint for before in recent.deliveries))
        if fingerprint in known or None in known:
            return
        outlines = [self._outline(form, before) for before in known if before]
        # A structure that was too large to keep, or is older than outlines, leaves nothing to compare.
        if all(outlines):
            past = [outline for outline in outlines if outline]
            yield from drift_findings(receipt.outline or (), past, files=len(recent.deliveries))

    def _outline(self, form: int, fingerprint: str) -> Outline | None:
        if (form, fingerprint) not in self._outlines:
            self._outlines[form, fingerprint] = self._lookups.outline(form, fingerprint)
        return self._outlines[form, fingerprint]


class _Subjects(dict[str, str]):
    """The subjects of a feed's names: each name is read once, and compared with many others."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed
        self.differ = bool(subject_patterns(feed.all_names))

    def __missing__(self, name: str) -> str:
        self[name] = subject = subject_of(self._feed, name)
        return subject
