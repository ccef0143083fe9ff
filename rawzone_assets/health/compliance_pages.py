"""The compliance report set as a document: the same sections as Markdown and as one HTML file.

Names of landed files, findings and sidecars' words come from outside: steering characters become visible, and
whatever Markdown or HTML would take for markup is escaped. What is counted, and how, is ``compliance``'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rawzone_assets import __version__
from rawzone_assets.contract.plain_text import printable
from rawzone_assets.contract.wording import readable_size
from rawzone_assets.health.compliance import Arrivals, Compliance, Event, Refusal, Scope
from rawzone_assets.health.figures import shown_time
from rawzone_assets.health.markup import template
from rawzone_assets.zone.notes import encode_base64
from rawzone_assets.zone.receipt import Verdict

MOST_ROWS = 2000
"""Rows a table shows; JSON has all of them."""

_MOST_REASONS = 5

TITLE = "Raw zone compliance report"
_MARKUP = re.compile(r"([\\`*{}\[\]<>#|~&!$@^]|(?<!\w)_|_(?!\w)|:(?=/)|(?<=www)\.)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A table with its title. The columns named in ``numbers`` are set flush right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[str, ...] = ()
    note: str = ""
    more: int = 0  # rows that are not shown


def markdown_of(report: Compliance) -> str:
    """The report as Markdown (with GitHub's tables)."""
    lines = [f"# {TITLE}", ""]
    for section in sections(report):
        lines += [f"## {section.title}", ""]
        if section.note:
            lines += [section.note, ""]
        if section.rows:
            lines.append(_row(section.columns))
            lines.append(_row(["---:" if c in section.numbers else "---" for c in section.columns]))
            lines += [_row([_plain(cell) for cell in row]) for row in section.rows]
        else:
            lines.append("None.")
        lines += [
            "",
            *([f"{section.more:,} more: 'rawzone report --json' has all.", ""] if section.more else []),
        ]
    return "\n".join(lines)


def page_of(report: Compliance) -> str:
    """The report as one HTML file that needs no network and no script."""
    return template("compliance.html").render(
        title=TITLE, at=shown_time(report.at) or "an empty ledger", sections=list(sections(report))
    )


def sections(report: Compliance) -> Iterator[Section]:
    """What the document says, in its order."""
    yield Section(title="Summary", columns=("what", "value"), rows=tuple(_summary(report)))
    arrivals = sorted(report.arrivals.values(), key=lambda feed: feed.feed)
    names = ("deliveries", "promoted", "duplicate", "quarantined", "unrecognized", "still refused")
    counted = (*names, "records", "landed bytes", "stored bytes")
    yield Section(
        title="What arrived",
        columns=("feed", "first day", "last day", *counted),
        numbers=counted,
        rows=tuple(map(_arrivals, arrivals)),
        note=_scope_note(report.scope),
    )
    yield _capped(
        "Why deliveries were refused",
        ("feed", "check", "finding", "deliveries"),
        [(*reason, f"{count:,}") for reason, count in sorted(report.reasons.items())],
        numbers=("deliveries",),
        note="A delivery with several reasons counts once for each.",
    )
    yield _capped(
        "Refused deliveries",
        ("recorded", "commit", "feed", "day", "landed as", "sha256", "why", "now"),
        list(map(_refusal, report.refusals)),
        numbers=("commit",),
    )
    uses = ("deliveries", "first", "last")
    yield _capped(
        "By which contract",
        ("feed", "version", "schema", "sha256 of the schema", "rules", *uses),
        [
            (*map(_text, contract), f"{use.deliveries:,}", shown_time(use.first_at), shown_time(use.last_at))
            for contract, use in sorted(report.contracts.items(), key=repr)
        ],
        numbers=("version", "rules", "deliveries"),
    )
    yield _capped(
        "By which code",
        ("rawzone version", "commits", *uses),
        [
            (code, f"{use.commits:,}", f"{use.deliveries:,}", shown_time(use.first_at), shown_time(use.last_at))
            for code, use in sorted(report.code_versions.items())
        ],
        numbers=("commits", "deliveries"),
    )
    yield _capped(
        "From where",
        ("feed", "source system", "extractor", "version", *uses),
        [
            (*map(_text, source), f"{use.deliveries:,}", shown_time(use.first_at), shown_time(use.last_at))
            for source, use in sorted(report.sources.items(), key=repr)
        ],
        numbers=("deliveries",),
    )
    files = ("stored files", "re-read since", "not re-read yet")
    yield Section(
        title="Verified",
        columns=("feed", *files, "longest unread, since"),
        numbers=files,
        rows=tuple(map(_readings, (feed for feed in arrivals if feed.stored_files))),
        note="Objects and quarantined copies. Each was hashed when it was stored; a scrub re-reads it later.",
    )
    yield _capped(
        "Scrubs",
        ("recorded", "commit", "files", "bytes", "damaged"),
        list(map(_scrub, report.scrubs)),
        numbers=("commit", "files", "bytes", "damaged"),
        note="Of the whole zone: a scrub reads commits, whatever their feed.",
    )
    yield _capped(
        "Moved, held, damaged, repaired, replayed, and other events",
        ("recorded", "commit", "what", "feed", "day", "file", "about"),
        list(map(_event, report.events)),
        numbers=("commit",),
    )


def _summary(report: Compliance) -> Iterator[tuple[str, str]]:
    scope, verdicts, checkpoint = report.scope, report.verdicts, report.checkpoint.checkpoint
    yield "feeds", ", ".join(scope.feeds) or "all"
    yield "capture days", _span(scope.since, scope.until)
    yield "recorded on", _span(scope.recorded_since, scope.recorded_until)
    yield "deliveries", f"{verdicts.total():,}"
    for verdict in Verdict:
        yield str(verdict), f"{verdicts[verdict]:,}"
    still = sum(feed.open_refusals for feed in report.arrivals.values())
    yield "refused and not accepted since", f"{still:,}"
    for kind, count in sorted(report.event_counts.items()):
        yield kind, f"{count:,}"
    yield "ledger, newest commit", str(report.head.seq) if report.head.at else "none"
    yield "ledger, head", report.head.sha256
    yield "ledger, time", shown_time(report.at)
    yield "checkpoint, origin", checkpoint.origin
    yield "checkpoint, records", f"{checkpoint.size:,}"
    yield "checkpoint, root", encode_base64(checkpoint.root)
    yield "report made by", f"rawzone {__version__}"


def _scope_note(scope: Scope) -> str:
    if scope.since or scope.until:
        return (
            "Deliveries whose capture day lies in the range. Files of no feed have no capture day and are not "
            "in it: a report without --since and --until has them."
        )
    return ""


def _span(since: str | None, until: str | None) -> str:
    return f"{since or 'the beginning'} to {until or 'the end'}" if since or until else "all"


def _arrivals(feed: Arrivals) -> tuple[str, ...]:
    counts = (
        feed.deliveries,
        *(feed.verdicts[verdict] for verdict in Verdict),
        feed.open_refusals,
        feed.records,
    )
    sizes = (f"{feed.size:,}", f"{feed.stored_size:,}")
    days = (_text(feed.first_day), _text(feed.last_day))
    return (feed.feed or "(no feed)", *days, *(f"{count:,}" for count in counts), *sizes)


def _readings(feed: Arrivals) -> tuple[str, ...]:
    counts = (feed.stored_files, feed.re_read, feed.stored_files - feed.re_read)
    return (feed.feed, *(f"{count:,}" for count in counts), shown_time(feed.oldest_reading))


def _refusal(refusal: Refusal) -> tuple[str, ...]:
    receipt = refusal.receipt
    reasons = refusal.reasons
    why = "; ".join(f"{finding['code']} {finding['message']}" for finding in reasons[:_MOST_REASONS])
    if len(reasons) > _MOST_REASONS:
        why += f"; {len(reasons) - _MOST_REASONS:,} more"
    told = (_text(receipt.feed), _text(receipt.partition), receipt.landing_path, _text(receipt.sha256))
    now = "refused" if refusal.is_open else "accepted since"
    return (shown_time(refusal.at), str(refusal.seq), *told, why, now)


def _scrub(event: Event) -> tuple[str, ...]:
    record = event.record
    counts = f"{record['files']:,}", readable_size(record["bytes"]), f"{record['damaged']:,}"
    return (shown_time(event.at), str(event.seq), *counts)


def _event(event: Event) -> tuple[str, ...]:
    record = event.record
    names = ("place", "key", "landing_path", "name", "hold")
    file = next((record[name] for name in names if record.get(name)), "")
    about = next((record[name] for name in ("problem", "outcome", "reason", "why") if record.get(name)), "")
    if answering := [str(record[name]) for name in ("authority", "approved_by", "by") if record.get(name)]:
        about = f"{about} ({', '.join(answering)})" if about else ", ".join(answering)
    meant = record.get("feed") or record.get("platform") or ("all feeds" if record.get("hold") else None)
    told = (event.kind, _text(meant), _text(record.get("partition")), str(file), str(about))
    return (shown_time(event.at), str(event.seq), *told)


def _capped(
    title: str,
    columns: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    *,
    numbers: tuple[str, ...] = (),
    note: str = "",
) -> Section:
    return Section(
        title=title,
        columns=columns,
        rows=tuple(rows[:MOST_ROWS]),
        numbers=numbers,
        note=note,
        more=max(0, len(rows) - MOST_ROWS),
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(cell: str) -> str:
    """Text that Markdown shows as it is: no cell, link, emphasis or element begins or ends in it."""
    return _MARKUP.sub(r"\\\1", printable(cell))
