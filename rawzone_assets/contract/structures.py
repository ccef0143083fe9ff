"""Structures: what paths and types a document has, recognised in one pass once its feed had the same before.

Captures of a feed have one structure, again and again. One that was met twice becomes a schema: the feed's own,
narrowed to just these paths and types, each of which has to be there. What that accepts is usual as
``schemas.is_usual`` has it and has exactly this structure; nothing else is learned from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs

from rawzone_assets.contract import digests
from rawzone_assets.contract.drift import Outline, outline_of
from rawzone_assets.contract.schemas import compiled, stricter_schema

LONGEST = 2**18
"""Documents that take more bytes than this without blanks are walked: looking for each path in one record after
another must not take long, whoever made them. Of far longer ones ``digests.paths_of`` does not see every value.
"""

_MOST = 4  # structures of a schema: a feed that has more has members whose names are data
_MOST_MET = 64
_MOST_PATHS = 128  # each is looked for in the records until one has it; Apple Music pages have 102
_MOST_CHARACTERS = 2**14  # of the paths that are kept
_ITEMS = "*"
_KINDS = {"integer": "number"}  # types that JSON Schema tells apart and a structure does not
# What says something of values of a type only. The engine asks it of every value all the same.
_SAID_OF = {
    "string": {"format", "maxLength", "minLength", "pattern"},
    "number": {"exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"},
}


class Structure(NamedTuple):
    """The digest of a document's paths and types, and the same as drift compares them."""

    fingerprint: str
    outline: Outline


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What is known of a schema's documents: what recognises a structure, and the paths that were met once."""

    engines: list[tuple[jsonschema_rs.Draft202012Validator, Structure]] = field(default_factory=list)
    met: set[tuple[str, ...]] = field(default_factory=set)

    @property
    def structures(self) -> list[Structure]:
        return [structure for _, structure in self.engines]


@cache
def _known(_schema: str) -> _Known:
    return _Known()


def recognized(schema: str, document: Any) -> Structure | None:
    """The structure of a document that is certainly usual for the schema, if it is a known one."""
    for engine, structure in _known(schema).engines:
        if engine.is_valid(document):
            return structure
    return None


def structure_of(document: Any, *, usual_for: str | None) -> Structure:
    """The structure of any document; met twice in documents usual for a schema, it is recognised henceforth."""
    paths = tuple(digests.paths_of(document))
    structure = Structure(fingerprint=digests.digest_of_names(paths), outline=outline_of(paths))
    strict = stricter_schema(usual_for) if usual_for is not None and len(paths) <= _MOST_PATHS else None
    if usual_for is not None and strict is not None:
        known = _known(usual_for)
        if paths not in known.met:
            if len(known.met) < _MOST_MET and sum(map(len, paths)) <= _MOST_CHARACTERS:
                known.met.add(paths)
        elif len(known.engines) < _MOST and structure not in known.structures and _are_plain(document):
            known.engines.append((compiled(_Paths.of(paths).schema(strict)), structure))
    return structure


class _Paths(NamedTuple):
    """The paths of a structure: the types of what stands there, and the names of what stands below."""

    kinds: Mapping[str, set[str]]
    names: Mapping[str, list[str]]

    @classmethod
    def of(cls, lines: Iterable[str]) -> _Paths:
        kinds: dict[str, set[str]] = {}
        names: dict[str, list[str]] = {}
        for line in lines:
            path, _, kind = line.rpartition(" ")
            if path and path not in kinds:
                above, _, name = path.rpartition("/")
                names.setdefault(above, []).append(name)
            kinds.setdefault(path, set()).add(kind)
        return cls(kinds=kinds, names=names)

    def schema(self, strict: Mapping[str, Any]) -> Mapping[str, Any]:
        """The strict schema, allowing only these paths and demanding each with each of its types."""
        each = [(path, kind) for path, kinds in self.kinds.items() for kind in sorted(kinds)]
        demands = [
            self._demand("", path.split("/")[1:], kind) for path, kind in each if not self._holds(path, kind)
        ]
        return {**self._narrowed(strict, "", strict.get("$defs", {})), "allOf": demands}

    def _narrowed(self, schema: Any, path: str, defs: Mapping[str, Any]) -> Any:
        """The schema of what stands at a path. Whatever is changed in it makes it stricter."""
        narrow = dict(_followed({} if schema is True else schema, defs))
        kinds, names = self.kinds[path], self.names.get(path, [])
        stated = narrow.get("type", sorted(kinds))
        narrow["type"] = [kind for kind in _listed(stated) if _KINDS.get(kind, kind) in kinds]
        for kind in _SAID_OF.keys() - kinds:
            narrow = {keyword: said for keyword, said in narrow.items() if keyword not in _SAID_OF[kind]}
        if "array" in kinds:
            items = narrow.get("items", True)
            narrow["items"] = _ITEMS in names and self._narrowed(items, f"{path}/{_ITEMS}", defs)
        if "object" in kinds:
            known, others = narrow.get("properties", {}), narrow.get("additionalProperties", True)
            narrow["properties"] = {
                name: self._narrowed(known.get(name, others), f"{path}/{name}", defs) for name in names
            }
            narrow["additionalProperties"] = False
            if names and set(narrow.get("required", ())) == set(names):
                del narrow["required"]  # all that are allowed: that many are counted, not looked for
                narrow["minProperties"] = len(names)
        return narrow if narrow["type"] else False

    def _holds(self, path: str, kind: str) -> bool:
        """Whether something stands in what is of the kind there: demanding that demands what holds it."""
        below = set(self.names.get(path, ()))
        return (kind == "array" and _ITEMS in below) or (kind == "object" and bool(below - {_ITEMS}))

    def _demand(self, path: str, parts: list[str], kind: str) -> Mapping[str, Any]:
        """That something of the kind stands where the parts lead from a path."""
        if not parts:
            return {"type": kind}
        name, *rest = parts
        demand = self._demand(f"{path}/{name}", rest, kind)
        if name == _ITEMS and "array" in self.kinds.get(path, ()):
            return {"type": "array", "contains": demand}
        return {"type": "object", "required": [name], "properties": {name: demand}}


def _are_plain(document: Any) -> bool:
    """Whether the path of a value tells where it stands: no member is named as what paths are made of."""
    left = [document]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if any("/" in name or name == _ITEMS for name in value):
                return False
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
    return True


def _followed(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with what it refers to in place of the reference, where neither hides a part of the other."""
    target = defs.get(schema.get("$ref", "").removeprefix("#/$defs/"), {})
    beside = {keyword: part for keyword, part in schema.items() if keyword != "$ref"}
    return {**target, **beside} if target and target.keys().isdisjoint(beside) else schema


def _listed(kinds: str | list[str]) -> list[str]:
    return [kinds] if isinstance(kinds, str) else kinds
