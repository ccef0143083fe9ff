"""Examination: what promotion would make of one file, found out without writing anything.

Everything that promotion weighs counts here too, name, sidecar and content. Only what lies in the zone already
(duplicates, revisions, what a feed usually brings) does not: an examination needs no zone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from rawzone_assets.commands.identification import Identified, claimed_by, identify
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Content, Facts, Feed, Platform
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.naming import SIDECAR_SUFFIX, Ignored, Unrecognized
from rawzone_assets.zone import sidecar
from rawzone_assets.zone.assessing import place_objections
from rawzone_assets.zone.judge import Judge
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.landing import HELD_IN_MEMORY, ChangedWhileRead, Landing, Unreadable
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.recognizing import left_alone
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.staged_content import StagedContent
from rawzone_assets.zone.survey import Delivery

IGNORED = "ignored"
RECOGNIZED = "recognized"
"""The check that a file of no feed fails, as receipts name it."""


class NotExaminable(Exception):
    """There are no bytes to judge; the text is a sentence for the user."""


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What would become of a file: a verdict, or ``ignored``."""

    verdict: str
    identified: Identified
    findings: tuple[Finding, ...] = ()
    shadow: tuple[Finding, ...] = ()
    facts: Facts | None = None
    sha256: str | None = None
    size: int | None = None

    @property
    def refused(self) -> bool:
        return self.verdict in (Verdict.QUARANTINED, Verdict.UNRECOGNIZED)


def examine_file(
    path: Path,
    platforms: Sequence[Platform],
    settings: Settings,
    *,
    judge: Judge,
    now: datetime,
    feed: tuple[Platform, Feed] | None = None,
) -> Examination:
    """Judge one file as promotion would; ``feed`` forces a contract on it.

    Raises:
        NotExaminable: It is no file, or cannot be read.
        Ambiguous: Its name alone fits several feeds.
    """
    landing, landed = _found(path)
    stated = sidecar.beside(landed, landing)
    if feed:
        identified = claimed_by(path, *feed, now=now, stated=stated.captured_at)
    else:
        identified = identify(path, platforms, landing=settings.layout.landing, stated=stated.captured_at)
    meaning = identified.meaning
    if isinstance(meaning, Ignored):
        return Examination(verdict=IGNORED, identified=identified)
    if isinstance(meaning, Unrecognized):
        return _left_in_landing(identified, landed, meaning.finding)
    alone = left_alone(landed, meaning.feed)
    if alone:
        return _left_in_landing(identified, landed, alone)
    meaning = replace(meaning, feed=settings.policy.applied_to(meaning.feed))
    content, sha256 = _read(path, landing, landed)
    start = settings.start or meaning.feed.start
    objections = place_objections(Delivery(landed=landed, recognized=meaning), start=start, now=now)
    for finding in (stated.finding, stated.mismatch(size=landed.size, sha256=sha256)):
        if finding:
            objections.add(finding)
    judgement = judge(meaning.feed, content, meaning.capture)
    findings = (*objections.result(), *judgement.findings)
    shadow = (*objections.shadow(), *judgement.shadow)
    refused = any(finding.blocking for finding in findings)
    return Examination(
        verdict=Verdict.QUARANTINED if refused else Verdict.PROMOTED,
        identified=identified,
        findings=tuple(sorted(findings, key=lambda finding: not finding.blocking)),
        shadow=shadow,
        facts=judgement.facts,
        sha256=sha256,
        size=landed.size,
    )


def _left_in_landing(identified: Identified, landed: Landed, why: Finding) -> Examination:
    return Examination(
        verdict=Verdict.UNRECOGNIZED,
        identified=identified,
        findings=(replace(why, check=RECOGNIZED),),
        size=landed.size,
    )


def _found(path: Path) -> tuple[Landing, Landed]:
    """The file as landing's reader takes it. A link is followed: the user named it."""
    try:
        real = Path(os.path.realpath(path, strict=True))
        status = real.stat()
    except FileNotFoundError:
        raise NotExaminable(f"There is no file {path}: check the path.") from None
    except OSError as error:
        raise NotExaminable(_unreadable(path, error.strerror)) from error
    if stat.S_ISDIR(status.st_mode):
        raise NotExaminable(f"{path} is a folder: name the files in it, for example {path}/*.")
    if not stat.S_ISREG(status.st_mode):
        raise NotExaminable(f"{path} is a pipe, socket or device: name a regular file.")
    landed = Landed(
        path=real.name,
        regular=True,
        device=status.st_dev,
        inode=status.st_ino,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        sidecar=os.path.lexists(f"{real}{SIDECAR_SUFFIX}"),
    )
    return Landing(real.parent), landed


def _read(path: Path, landing: Landing, landed: Landed) -> tuple[Content, str]:
    """Content and SHA-256 of a file that keeps still."""
    reading = landing.read(landed)
    try:
        if landed.size <= HELD_IN_MEMORY:
            content: Content = BytesContent(b"".join(reading))
        else:
            for _ in reading:
                pass
            # As it lies there: who judges reads it by itself.
            content = StagedContent(
                files=LocalFiles(), path=landing.root / landed.path, encoding="identity", size=landed.size
            )
    except ChangedWhileRead:
        raise NotExaminable(f"{path} changed while it was read: examine it again when it is written.") from None
    except Unreadable as problem:
        raise NotExaminable(_unreadable(path, problem.reason)) from None
    return content, reading.sha256


def _unreadable(path: Path, reason: str | None) -> str:
    return f"{path} cannot be read ({(reason or 'no reason given').lower()}): give this user read access."
