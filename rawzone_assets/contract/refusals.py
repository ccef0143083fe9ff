"""Refusals as findings: which code a refused part deserves, and how to say it without repeating its value.

Also the opposite question, which members a document has that its schema does not know: schemas never refuse
those (sources add fields without asking), but someone should hear of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rawzone_assets.contract import codes
from rawzone_assets.contract.codes import Code
from rawzone_assets.contract.exposures import exposes
from rawzone_assets.contract.findings import Finding, Place
from rawzone_assets.contract.forms import FORMS
from rawzone_assets.contract.pointers import Parts
from rawzone_assets.contract.schemas import Refusal

_OF_LEAVES = frozenset(
    {
        "const", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "maxLength", "maximum",
        "minLength", "minimum", "multipleOf", "pattern", "type",
    }
)  # fmt: skip
_OF_IDENTIFIERS = frozenset({"digits", "identifier"})
_NAMES = {
    "array": "a list", "boolean": "true or false", "integer": "a whole number", "null": "nothing",
    "number": "a number", "object": "an object", "string": "a text",
}  # fmt: skip
_LONGEST_NAME = 60
_LONGEST_LOOKED_AT = 4096


def findings_of(refusal: Refusal, place: Callable[[Parts], Place]) -> Iterator[Finding]:
    """The findings that a refused part of a document makes; ``place`` knows where the part stands."""
    if refusal.keyword == "":
        message = "the two schema engines disagree about this part, so it is refused; please report this"
        yield codes.SHAPE(message, place(refusal.parts))
    elif refusal.keyword == "required":
        for name in refusal.missing:
            yield codes.MISSING_FIELD(f"the field {name!r} is missing", place((*refusal.parts, name)))
    else:
        where = place(refusal.parts)
        is_all = (
            refusal.instance is None and not where.pointer
        )  # a document that is nothing has no field to miss
        code = codes.SHAPE if is_all else code_of(refusal.keyword, refusal.schema, refusal.instance)
        yield code(f"expected {expectation(refusal.schema)}", where)


def code_of(keyword: str, schema: Mapping[str, Any], instance: Any) -> Code:
    """The code for one value that ``keyword`` of ``schema`` refuses."""
    kinds = _kinds(schema)
    if instance is None or (_is_blank(instance) and "string" in kinds and "null" not in kinds):
        # Whatever kind of value belongs there, none is there. A text that may be absent is of the wrong form.
        return codes.EMPTY_FIELD
    if keyword not in _OF_LEAVES or isinstance(instance, (dict, list)) or kinds & {"array", "object"}:
        return codes.SHAPE
    if isinstance(instance, str) and keyword in {"format", "minLength"}:
        form = FORMS.get(schema.get("format", ""))
        return form.diagnose(instance) if form else codes.VALUE_TYPE
    if keyword == "minimum" and schema.get("minimum") == 0:
        return codes.NEGATIVE_AMOUNT if schema.get("format") == "amount" else codes.NEGATIVE_COUNT
    is_number = isinstance(instance, (int, float)) and not isinstance(instance, bool)
    return codes.NUMERIC_ID if is_number and schema.get("format") in _OF_IDENTIFIERS else codes.VALUE_TYPE


def _is_blank(instance: Any) -> bool:
    return isinstance(instance, str) and not instance.strip()


def expectation(schema: Mapping[str, Any]) -> str:
    """What a subschema demands, in words."""
    form = FORMS.get(schema.get("format", ""))
    if form:
        return form.expects
    if "pattern" in schema and "description" in schema:  # a pattern tells a person nothing
        return str(schema["description"])
    if "enum" in schema:
        return " or ".join(str(value) for value in schema["enum"] if value is not None)
    words = " or ".join(_NAMES[kind] for kind in sorted(_kinds(schema)) if kind != "null")
    words = words or "another kind of value"
    if "minimum" in schema:
        words += f" from {schema['minimum']} on"
    if schema.get("minLength") or schema.get("minItems"):
        words += " that is not empty"
    return words


def unknown_fields(
    schema: Mapping[str, Any], document: Any, place: Callable[[Parts], Place]
) -> Iterator[Finding]:
    """One advisory finding for each member that the schema does not list, at its first occurrence."""
    seen: set[tuple[int, str]] = set()
    # Depth is bounded by the schema's own: only what it describes is entered.
    waiting: list[tuple[Mapping[str, Any], Any, Parts]] = [(schema, document, ())]
    while waiting:
        here, value, parts = waiting.pop()
        here = _followed(schema, here)
        if isinstance(value, dict) and isinstance(here.get("properties"), Mapping):
            known = here["properties"]
            for name, member in value.items():
                if name in known:
                    if isinstance(member, (dict, list)):
                        waiting.append((known[name], member, (*parts, name)))
                elif here.get("additionalProperties") is not True and (id(known), name) not in seen:
                    seen.add((id(known), name))
                    yield codes.UNKNOWN_FIELD(
                        f"the schema does not know the field {shown_name(name)}", place((*parts, name))
                    )
        elif isinstance(value, list) and isinstance(here.get("items"), Mapping):
            items = here["items"]
            waiting.extend((items, value[index], (*parts, index)) for index in range(len(value) - 1, -1, -1))


def shown_name(name: str) -> str:
    """A member's or column's name as messages show it: quoted, cut or blacked out when it is no name at all."""
    if exposes(name[:_LONGEST_LOOKED_AT]):  # before it is cut: half a secret has no form any more
        return "(not shown)"
    return repr(name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "…")


def _followed(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        followed: Mapping[str, Any] = root["$defs"][reference.removeprefix("#/$defs/")]
        return followed
    return schema


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    kinds = schema.get("type", [])
    return {kinds} if isinstance(kinds, str) else set(kinds)
