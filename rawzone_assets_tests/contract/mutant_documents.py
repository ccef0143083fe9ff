"""Mutations of JSON documents: members dropped, renamed, repeated, retyped; lists reordered; days repeated.

The text is written here, not by a library alone, because a parsed document can hold neither a member twice nor
a hundred thousand levels: both stand in it as marks until it is written.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from mutant_bytes import SCALE, Step

TWICE = "\0twice"  # at the end of a name: the member stands there under its plain name
DEEP = "\0deep"  # a text in place of a hundred thousand levels

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 7, -1, -0.0, 1.0, 1.5, 10**15, 10**15 + 1, 10**400, 1e308, float("nan"), float("inf"),
    "", "0", "7", "-1", "1.5", "1.", "NaN", "1,204", "1e3", "1.2E+17", "١٢", "²", " 7", "7\n", "undefined",
    "ok",
    [], {}, [[]], [{}], [None], {"": None}, "2025-06-13", "2025-06-14", "2099-01-01", "0000-01-01",
    "2025-02-30",
    "6/1/2025", "2025-6-1", "20250601", 20250601, "2025-06-10T00:00:00+0000", "2099-06-10T00:00:00-0700",
    "2025-06-10T25:00:00Z", "\ud800", "\0", "x" * 5000, "<html>", "https://example.org/?access_token=EXAMPLE",
    DEEP,
)  # fmt: skip
NAMES = (
    "", "error", "errors", "message", "data", "code", "date", "streams", "id", "paging", "next", "platform",
    "__typename", "x", "é", "account_id", "campaign_id", "adset_id", "date_start", "targeting", "value",
    "field",
    "total", "isEmpty", "rows", "kind", "name",
)  # fmt: skip

Node = tuple[Any, Any]  # a list or object, and the index or name of the value in it
Mutation = Callable[[Any, Node, list[Node], int], Any]


def changed_document(document: Any, step: Step) -> Any:
    """The document after one step; it is not changed itself."""
    what, where, how = step
    document = copy.deepcopy(document)
    nodes = list(_nodes(document))
    if not nodes:
        return VALUES[how % len(VALUES)]
    node = nodes[where * len(nodes) // SCALE]
    changed = MUTATIONS[what % len(MUTATIONS)](document, node, nodes, how)
    return document if changed is None else changed


def written(document: Any, style: int) -> bytes:
    """The document as text in one of the layouts that sources use, with its marks carried out."""
    layout: dict[str, Any] = {"indent": 2} if style % 3 == 0 else {}
    if style % 3 == 1:
        layout["separators"] = (",", ":")
    text = json.dumps(document, ensure_ascii=bool(style % 2), **layout)
    text = text.replace(f'"{json.dumps(DEEP)[1:-1]}"', "[" * 100_000 + "]" * 100_000)
    return text.replace(json.dumps(TWICE)[1:-1], "").encode("utf-8", "surrogatepass")


def _nodes(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _nodes(value[key])


def _drop(_document: Any, node: Node, _nodes: list[Node], _how: int) -> None:
    holder, key = node
    del holder[key]


def _set(_document: Any, node: Node, _nodes: list[Node], how: int) -> None:
    holder, key = node
    holder[key] = VALUES[how % len(VALUES)]


def _rename(_document: Any, node: Node, _nodes: list[Node], how: int) -> None:
    holder, key = node
    if isinstance(holder, dict):
        holder[NAMES[how % len(NAMES)]] = holder.pop(key)


def _respell(_document: Any, node: Node, _nodes: list[Node], how: int) -> None:
    holder, key = node
    if isinstance(holder, dict):
        spelled = (key.upper(), f"{key} ", f" {key}", f"{key}s", key[:-1])[how % 5]
        holder[spelled] = holder.pop(key)


def _add(_document: Any, node: Node, _nodes: list[Node], how: int) -> None:
    holder, _ = node
    if isinstance(holder, dict):
        holder[NAMES[how % len(NAMES)]] = VALUES[how // len(NAMES) % len(VALUES)]
    else:
        holder.insert(how % (len(holder) + 1), VALUES[how % len(VALUES)])


def _member_twice(_document: Any, node: Node, nodes: list[Node], how: int) -> None:
    holder, key = node
    if isinstance(holder, dict):
        other, name = nodes[how % len(nodes)]
        holder[f"{key}{TWICE}"] = copy.deepcopy(other[name])


def _copy(_document: Any, node: Node, nodes: list[Node], how: int) -> None:
    """One value in another's place: a day, an identifier or a whole record twice."""
    holder, key = node
    other, name = nodes[how % len(nodes)]
    holder[key] = copy.deepcopy(other[name])


def _copy_like(_document: Any, node: Node, nodes: list[Node], how: int) -> None:
    """The value of a member of the same name elsewhere."""
    holder, key = node
    alike = [other for other, name in nodes if name == key and type(other) is type(holder)]
    holder[key] = copy.deepcopy(alike[how % len(alike)][key])


def _record_twice(_document: Any, node: Node, nodes: list[Node], how: int) -> None:
    lists = [holder[key] for holder, key in [node, *nodes] if isinstance(holder[key], list) and holder[key]]
    if lists:
        chosen = lists[how % len(lists)]
        chosen.append(copy.deepcopy(chosen[how // 7 % len(chosen)]))


def _other_type(_document: Any, node: Node, _nodes: list[Node], how: int) -> None:
    holder, key = node
    value = holder[key]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        small = value if abs(value) < 1e300 else 0
        holder[key] = (str(value), float(small), -value, small + 0.5)[how % 4]
    elif isinstance(value, str):
        holder[key] = int(value) if value.isascii() and value.isdigit() and len(value) < 300 else [value]
    elif isinstance(value, list):
        holder[key] = {str(index): item for index, item in enumerate(value)}
    else:
        holder[key] = [value]


def _shift_figure(_document: Any, node: Node, _nodes: list[Node], how: int) -> None:
    """Another figure or day of the same form."""
    holder, key = node
    value = holder[key]
    if isinstance(value, int) and not isinstance(value, bool):
        holder[key] = value + how % 5 - 1
    elif isinstance(value, str) and value:
        at = how % len(value)
        digit = str(how // 64 % 10)
        holder[key] = value[:at] + digit + value[at + 1 :] if value[at].isdigit() else value


def _reorder(_document: Any, node: Node, nodes: list[Node], how: int) -> None:
    lists = [holder[key] for holder, key in [node, *nodes] if isinstance(holder[key], list)]
    if lists:
        chosen = lists[how % len(lists)]
        if how % 2:
            chosen.reverse()
        else:
            chosen.sort(key=lambda item: json.dumps(item, sort_keys=True)[::-1])


def _swap(_document: Any, node: Node, nodes: list[Node], how: int) -> None:
    holder, key = node
    other, name = nodes[how % len(nodes)]
    # One inside the other would make a circle of them.
    if not isinstance(holder[key], (dict, list)) and not isinstance(other[name], (dict, list)):
        holder[key], other[name] = other[name], holder[key]


def _empty(_document: Any, node: Node, _nodes: list[Node], how: int) -> None:
    holder, key = node
    if isinstance(holder[key], (dict, list)):
        holder[key] = type(holder[key])() if how % 2 else None


def _nest(_document: Any, node: Node, _nodes: list[Node], how: int) -> None:
    holder, key = node
    value = holder[key]
    for _ in range((1, 2, 250, 300)[how % 4]):
        value = {"x": value} if how % 2 else [value]
    holder[key] = value


def _wrap(document: Any, _node: Node, _nodes: list[Node], how: int) -> Any:
    wrappers: tuple[Any, ...] = (
        {"data": document},
        [document],
        {
            "timestamp": "20250612_100000",
            "platform": ("spotify", "apple", "deezer", 7)[how // 8 % 4],
            "data": document,
        },
        {"data": document, "paging": {"next": "https://graph.example/?after=x"}},
        {"data": document, "paging": {"cursors": {"after": "x"}}},
        {"data": document, "error": {"code": ("ok", 0, 190)[how // 8 % 3]}},
        {"error": {"message": "expired"}, "data": document},
        {"error": None, "data": document},
    )
    return wrappers[how % len(wrappers)]


def _unwrap(document: Any, node: Node, _nodes: list[Node], _how: int) -> Any:
    holder, key = node
    return holder[key] if isinstance(holder[key], (dict, list)) else document


MUTATIONS: tuple[Mutation, ...] = (
    _drop, _set, _set, _set, _rename, _respell, _add, _add, _member_twice, _copy, _copy_like, _copy_like,
    _record_twice, _other_type, _other_type, _shift_figure, _shift_figure, _shift_figure, _reorder, _swap,
    _empty,
    _nest, _wrap, _unwrap,
)  # fmt: skip
