"""OpenLineage's published schema, as the classes that its project generates from it: what an event may hold.

The package ships no JSON Schema. Its classes say the same: which fields there are, which are required, of which
type, and by which URL each facet's schema is known; their validators check times, URIs and run ids.
"""

from __future__ import annotations

import pkgutil
import types
import typing
from enum import Enum
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import attr
from openlineage.client import generated
from openlineage.client.generated import base

_FACET_FIELDS = {"facets", "inputFacets", "outputFacets"}


def _facet_classes() -> dict[str, type]:
    classes: dict[str, type] = {}
    for module in pkgutil.iter_modules(generated.__path__):
        for known in vars(import_module(f"{generated.__name__}.{module.name}")).values():
            if isinstance(known, type) and issubclass(known, base.BaseFacet):
                classes[known._get_schema()] = known
    return classes


FACETS = _facet_classes()
_OF_NO_KIND = (
    base.BaseFacet,
    base.RunFacet,
    base.JobFacet,
    base.DatasetFacet,
    base.InputDatasetFacet,
    base.OutputDatasetFacet,
)


def check_event(event: dict[str, Any]) -> None:
    """Fail when a run event is not what the published schema allows."""
    assert event["schemaURL"] == base.RunEvent._get_schema()
    _check(base.RunEvent, event, "event")


def _check(kind: type, value: Any, where: str) -> None:
    assert isinstance(value, dict), f"{where} is no object"
    hints = typing.get_type_hints(kind, vars(import_module(kind.__module__)) | vars(base))
    fields = {field.name: field for field in attr.fields(kind)}
    assert value.keys() <= fields.keys(), f"{where} has {value.keys() - fields.keys()}"
    for name, field in fields.items():
        if name not in value:
            assert field.default is not attr.NOTHING, f"{where} lacks {name}"
            continue
        _check_type(hints[name], value[name], f"{where}.{name}", facets=name in _FACET_FIELDS)
        if field.validator:
            field.validator(None, field, value[name])
    for name in ("producer", "_producer", "schemaURL", "_schemaURL"):
        assert name not in value or urlsplit(value[name]).scheme, f"{where}.{name} is no URI"


def _check_type(hint: Any, value: Any, where: str, *, facets: bool) -> None:
    if facets:
        (required,) = (of for of in _parts(hint) if typing.get_origin(of) is dict)
        for name, facet in value.items():
            known = FACETS.get(facet.get("_schemaURL"))
            assert known, f"{where}.{name} has no published schema"
            assert known not in _OF_NO_KIND, f"{where}.{name} is a facet of no kind"
            assert issubclass(known, typing.get_args(required)[1]), f"{where}.{name} is of another kind"
            assert {"_producer", "_schemaURL"} <= facet.keys()
            _check(known, facet, f"{where}.{name}")
        return
    for of in _parts(hint):
        origin = typing.get_origin(of) or of
        if origin is list and isinstance(value, list):
            for number, item in enumerate(value):
                _check_type(typing.get_args(of)[0], item, f"{where}[{number}]", facets=False)
            return
        if origin is dict and isinstance(value, dict):
            return
        if isinstance(origin, type) and attr.has(origin):
            _check(origin, value, where)
            return
        if isinstance(origin, type) and issubclass(origin, Enum):
            assert value in {member.value for member in origin}, f"{where} is {value}"
            return
        if (
            isinstance(origin, type)
            and isinstance(value, origin)
            and (origin is bool) == isinstance(value, bool)
        ):
            return
    raise AssertionError(f"{where} is {value!r}, not {hint}")


def _parts(hint: Any) -> tuple[Any, ...]:
    """The types of a union, without ``None``."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return tuple(part for part in typing.get_args(hint) if part is not type(None))
    return (hint,)
