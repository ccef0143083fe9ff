"""Reachable codes: which findings a part of the contract can make, read from the code itself.

A list kept by hand beside the rules would be wrong after the next rule. So functions, the values they close
over and the classes they use are followed, within this package, to the codes they name. A code that is named
but never made in practice is listed too: the list says what can appear, not what will.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from importlib import import_module
from types import CodeType, FunctionType, ModuleType
from typing import Any

from rawzone_assets.contract.codes import Code

_PACKAGE = __name__.partition(".")[0]
_WITHIN = ("__wrapped__", "__func__", "__self__", "fget", "func", "args", "keywords")
"""Where cached functions, methods, properties and partial functions keep what they stand for."""


def reachable_codes(*roots: object, passing_over: tuple[object, ...] = ()) -> tuple[Code, ...]:
    """The codes that functions, classes or values of this package lead to, by name.

    ``passing_over`` are values at which the search stops, because the caller knows better what of them is used.
    """
    found: dict[str, Code] = {}
    # Kept whole, not by id alone: values made on the way must not be freed and their ids given to others.
    seen: dict[int, object] = {id(thing): thing for thing in passing_over}
    waiting = list(roots)
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing
        if isinstance(thing, Code):
            found[thing.code] = thing
        else:
            waiting.extend(_parts_of(thing))
    return tuple(found[name] for name in sorted(found))


def _parts_of(thing: Any) -> Iterator[object]:
    """What a value may make use of."""
    if isinstance(thing, FunctionType):
        yield from _used_by(thing)
    elif isinstance(thing, Mapping):
        yield from thing.values()
    elif isinstance(thing, tuple | list | set | frozenset):
        yield from thing
    elif isinstance(thing, type):
        yield from vars(thing).values() if _is_ours(thing) else ()
    elif is_dataclass(thing):
        yield type(thing)
        yield from vars(thing).values()
    else:
        yield from (getattr(thing, name) for name in _WITHIN if hasattr(thing, name))


def _used_by(function: FunctionType) -> Iterator[object]:
    """The values of a function's globals, closure and defaults that its code names."""
    if not _is_ours(function):
        return
    yield function.__defaults__ or ()
    yield function.__kwdefaults__ or {}
    for cell in function.__closure__ or ():
        yield cell.cell_contents
    names = set(_names_in(function.__code__))
    values = [function.__globals__[name] for name in names & function.__globals__.keys()]
    # Modules from which it imports itself, when it is called, stand among its names.
    values += [import_module(name) for name in names if name.startswith(f"{_PACKAGE}.")]
    for value in values:
        if isinstance(value, ModuleType):
            yield from (vars(value)[member] for member in names & vars(value).keys() if _is_ours(value))
        else:
            yield value


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _is_ours(thing: Any) -> bool:
    module = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None)
    return str(module or "").partition(".")[0] == _PACKAGE
