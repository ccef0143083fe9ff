"""Documents: what JSON deliveries and the data inside HTML pages have in common once they are parsed.

Schema, then rules on what it does not refuse, then facts. How the document is got out of a delivery's bytes is
its format's part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from itertools import islice
from typing import Any

from rawzone_assets.contract import digests, structures
from rawzone_assets.contract.acquaintance import Named, names_kept
from rawzone_assets.contract.feed import Capture, Facts, Feed
from rawzone_assets.contract.findings import Findings, Place
from rawzone_assets.contract.pointers import Parts
from rawzone_assets.contract.reading import Reading
from rawzone_assets.contract.refusals import findings_of, unknown_fields
from rawzone_assets.contract.refused_parts import (
    ALL_REFUSED,
    NOTHING_REFUSED,
    PartRefusedError,
    RefusedParts,
)
from rawzone_assets.contract.restatement import Diary, Figures, diary_of
from rawzone_assets.contract.rules import Rule
from rawzone_assets.contract.schemas import MOST_REFUSALS, is_usual, load_schema, refusals
from rawzone_assets.contract.series import Series

MOST_OF_ONE_RULE = 200
"""Nobody reads more, and placing each finding takes time."""


def judge_document(
    document: Any,
    *,
    feed: Feed,
    capture: Capture,
    findings: Findings,
    place: Callable[[Parts], Place],
    rules: tuple[Rule, ...],
    telling: tuple[Rule, ...] = (),
    series: Series | None,
    figures: Figures | None = None,
    records: str | None = None,
    named: Named | None = None,
    text: Mapping[str, Any],
    written: bytes | None = None,
) -> Facts:
    """Add what schema and rules object to, and return the facts. The document must not nest too deeply.

    Records are counted in the series, or where ``records`` points when there is none. ``figures`` of the series
    are those to be compared with other deliveries', and so is what the records are ``named`` by. Rules that are
    ``telling`` say that it is a document of another kind, by members that the schema does not list: they are
    asked first, of any document that has some.
    ``written`` is the document's canonical form, if known.
    """
    form = digests.canonical(document) if written is None else written
    is_short = form is not None and len(form) <= structures.LONGEST
    structure = structures.recognized(feed.schema, document) if is_short else None
    usual = structure is not None or is_usual(feed.schema, document)
    reading = Reading(document=document, feed=feed, capture=capture, place=place)
    asked = () if usual else telling
    told = [finding for rule in asked for finding in islice(rule(reading), MOST_OF_ONE_RULE)]
    findings.extend(told)
    counted = series.path if series else records
    found = len(reading.rows(counted)) if counted is not None else None
    refused = NOTHING_REFUSED if usual else _refused(document, feed, findings, place, is_other=bool(told))
    if refused.parts:
        reading = Reading(document=document, feed=feed, capture=capture, place=place, refused=refused)
    for rule in rules:
        _add_found(rule, reading, findings)
    extent = _extent(series, reading) if series else None
    diary = None
    if series and figures and extent and not refused.parts:
        diary = _diary(reading, series, figures, extent[1])
    if named and counted is not None and not refused.parts:
        diary = {**(diary or {}), **names_kept(named, reading.column(counted, named.by))} or None
    if structure is None:
        structure = structures.structure_of(document, usual_for=feed.schema if usual else None)
    return Facts(
        records=found,
        data_min=extent[0].isoformat() if extent else None,
        data_max=extent[1].isoformat() if extent else None,
        fingerprint=structure.fingerprint,
        outline=structure.outline,
        substance=hashlib.sha256(form).hexdigest() if form is not None else None,
        diary=diary,
        text=text,
    )


def _refused(
    document: Any, feed: Feed, findings: Findings, place: Callable[[Parts], Place], *, is_other: bool
) -> RefusedParts:
    """What the schema refuses of the document; adds what it says of that, and of members it does not know.

    Of a document of another kind, what else it lacks or has is no news: all of it is refused.
    """
    refused = list(refusals(feed.schema, document))
    for refusal in refused:
        findings.extend(findings_of(refusal, place))
    if is_other and refused:
        return ALL_REFUSED
    unknown = unknown_fields(load_schema(feed.schema).document, document, place)
    findings.extend(islice(unknown, MOST_OF_ONE_RULE))
    if len(refused) >= MOST_REFUSALS:  # there may be others
        return ALL_REFUSED
    return RefusedParts(parts=frozenset(part for refusal in refused for part in refusal.places))


def _add_found(rule: Rule, reading: Reading, findings: Findings) -> None:
    """Add what a rule finds, up to where it asks for a part that was refused."""
    try:
        findings.extend(islice(rule(reading), MOST_OF_ONE_RULE))
    except PartRefusedError:
        return


def _extent(series: Series, reading: Reading) -> tuple[date, date] | None:
    """The first and the last day that the records speak of, as far as they were not refused."""
    try:
        return series.extent(reading)
    except PartRefusedError:
        return None


def _diary(reading: Reading, series: Series, figures: Figures, newest: date) -> Diary | None:
    """What the records of the series tell of days that are settled."""
    of, by = series.measures(reading, figures.of), series.others(reading, figures.by)
    days = series.days(reading)
    columns = [series.column(reading, name) for name in (*of, *by)]
    if len(days.ordinals) < len(reading.rows(series.path)):  # some records have none
        columns = [[column[index] for index in days.indexes] for column in columns]
    until = figures.last_settled(reading.capture.day, newest, reading.feed.cadence.lag_days)
    return diary_of(days, columns[: len(of)], (*of, *by), until=until, by=columns[len(of) :])
