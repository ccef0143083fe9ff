"""JSON examinations: the answer is taken out of its wrapper, if it has one, and told from an error.

What the members must be is the schema's to say, what they mean the rules'. The delivery's bytes are only read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rawzone_assets.contract import codes, digests
from rawzone_assets.contract.documents import judge_document
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed
from rawzone_assets.contract.findings import Finding, Findings, Place
from rawzone_assets.contract.garbled import garbled_document
from rawzone_assets.contract.json_documents import JsonFormat, Status
from rawzone_assets.contract.json_texts import JsonText, read_json
from rawzone_assets.contract.operations import Operation
from rawzone_assets.contract.pages import other_pages
from rawzone_assets.contract.pointers import Parts, parts_of, pointer, resolve
from rawzone_assets.contract.refusals import shown_name
from rawzone_assets.contract.schemas import load_schema

_ERROR_MEMBERS = ("error", "errors")
_TELLING = (*_ERROR_MEMBERS, "message", "detail", "error_description")
_CODES = ("/code", "/extensions/code")
_CODE = re.compile(r"[A-Za-z]{2,20}(?:_[A-Za-z]{2,20}){0,5}", re.ASCII)
# Of these words codes are made; where none of them is in, a name or handle may stand in the code's place.
_OF_CODES = frozenset(
    {
        "access", "auth", "authentication", "bad", "blocked", "denied", "disabled", "error", "exceeded",
        "expired", "failed", "failure", "forbidden", "graphql", "input", "internal", "invalid", "limit",
        "limited", "missing", "param", "parameter", "parse", "permission", "permissions", "query", "quota",
        "rate", "request", "scope", "server", "session", "timeout", "token", "unauthenticated",
        "unauthorized", "unavailable", "validation",
    }
)  # fmt: skip


def examine(form: JsonFormat, feed: Feed, content: Content, capture: Capture, findings: Findings) -> Facts:
    """Add every objection to the document and return what was learned."""
    text = read_json(content, findings)
    if text.written is None:
        return Facts(text=text.facts)
    facts = _examined(form, feed, text, capture, findings)
    garbled = garbled_document(text.document, text.written, _place)
    findings.extend([garbled] if garbled else [])
    return facts._replace(text=text.facts, access_reasons={} if text.gives_nothing_away else None)


def _examined(form: JsonFormat, feed: Feed, text: JsonText, capture: Capture, findings: Findings) -> Facts:
    document = text.document
    payload, prefix = form.unwrapped(document)
    known = load_schema(feed.schema).document.get("properties", {})
    bad = [status for status in form.statuses if _is_bad(document, status)]
    told = _told_by(document, known)
    inside = _told_by(payload, known) if prefix else None
    if bad:
        message = "an error answer, told by its status"
        findings.add(codes.ERROR_PAYLOAD(message, _place(parts_of(bad[0].path))))
    elif told:
        findings.add(_error_answer(document, told, (told,)))
    elif inside:
        findings.add(_error_answer(payload, inside, (*prefix, inside)))
    else:
        findings.extend(_platform_findings(form, document, payload, prefix))
        if form.operation:
            findings.extend(_operation_findings(form.operation, payload, prefix))
    if findings.blocking:
        return Facts(fingerprint=digests.structure(payload), substance=digests.substance(payload))
    if form.whole:
        findings.extend(_page_findings(document))
    return judge_document(
        payload,
        feed=feed,
        capture=capture,
        findings=findings,
        place=lambda parts: _place((*prefix, *parts)),
        rules=form.rules,
        telling=form.telling,
        series=form.series,
        figures=form.figures,
        records=form.records,
        named=form.named,
        text=text.facts,
        written=None if prefix else text.written,
    )


def _platform_findings(
    form: JsonFormat, document: Any, payload: Any, prefix: tuple[str, ...]
) -> Iterator[Finding]:
    """What wrapper and members tell about the platform that the answer is of."""
    wrapper = form.wrapper
    if wrapper and form.platform_names and isinstance(document, dict):
        named = document.get(wrapper.platform)
        if isinstance(named, str) and named.strip().casefold() not in form.platform_names:
            message = f"the answer names another platform than {' or '.join(form.platform_names)}"
            yield codes.WRONG_PLATFORM(message, _place((wrapper.platform,)))
    if wrapper and prefix:
        for name in document:
            if name != wrapper.inside and name not in wrapper.marks:
                message = f"the wrapper holds the unknown field {shown_name(name)}"
                yield codes.UNKNOWN_FIELD(message, _place((name,)))
    if isinstance(payload, dict) and form.own not in payload:
        found = [name for name in form.foreign if name in payload]
        if found:
            message = f"{found[0]!r} belongs to another platform's answer, and {form.own!r} is absent"
            yield codes.WRONG_PLATFORM(message, _place((*prefix, found[0])))


def _operation_findings(operation: Operation, payload: Any, prefix: tuple[str, ...]) -> Iterator[Finding]:
    objection = operation.objection(payload)
    if objection:
        parts, message = objection
        yield codes.OTHER_OPERATION(message, _place((*prefix, *parts)))


def _page_findings(document: Any) -> Iterator[Finding]:
    for parts in other_pages(document):
        yield codes.MORE_PAGES("the answer has further pages, and only this one is here", _place(parts))


def _is_bad(document: Any, status: Status) -> bool:
    stated = resolve(document, status.path)
    return stated is not None and not any(stated == good and type(stated) is type(good) for good in status.good)


def _told_by(document: Any, known: Mapping[str, Any]) -> str | None:
    """The member that tells an API's refusal; ``None`` when the document is none."""
    if not isinstance(document, dict):
        return None
    for name in _ERROR_MEMBERS:
        if name not in known and document.get(name):
            return name
    if "data" in document or any(name in document for name in known if name not in _TELLING):
        return None
    return next((name for name in _TELLING if name in document), None)


def _error_answer(document: Mapping[str, Any], member: str, parts: tuple[str, ...]) -> Finding:
    """The finding on an error answer. Of what it says only a code is shown: messages name people and tokens."""
    said = document[member][:1] if isinstance(document[member], list) else [document[member], document]
    stated = (resolve(part, path) for part in said for path in _CODES)
    code = next((value for value in stated if _is_code(value)), None)
    shown = "" if code is None else f", with the code {code}"
    return codes.ERROR_PAYLOAD(f"an error answer, told by its member {member!r}{shown}", _place(parts))


def _is_code(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_CODE.fullmatch(value)) and not _OF_CODES.isdisjoint(value.casefold().split("_"))
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**7


def _place(parts: Parts) -> Place:
    return Place(pointer=pointer(parts))
