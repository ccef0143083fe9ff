"""Table shapes: what the schema of a row says about columns, and the pandera schema derived from it.

A row is an object of texts; a blank cell is ``null``. The row's JSON Schema says everything once: standard
keywords about values, ``x-columns`` about headers (aliases, old layouts, whether there are others than listed),
and ``x-usual`` about texts that are merely unusual. Reading rows out of bytes is ``table_rows.py``'s part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding, Place
from rawzone_assets.contract.forms import FORMS
from rawzone_assets.contract.refusals import shown_name
from rawzone_assets.contract.schemas import compiled, compiled_pattern, load_schema, usual_pattern

if TYPE_CHECKING:
    import pandera.pandas as pandera

MOST_COLUMNS = 500
"""Of a header: what has more is no table of any feed, and is not looked at further."""

_UNDERSTOOD = {"type", "title", "description", "format", "pattern", "minLength", "enum", "examples", "x-usual"}

_ALL_BUT = re.compile(r"\^\(\?!([a-z]+)\$\)")  # a pattern of any text but one, which linear engines cannot say


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A complete header of other times, or of a kindred export: the required columns it lacks."""

    name: str
    lacks: tuple[str, ...]
    current: bool  # written to this day, so nothing to speak of


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The columns of a feed's table, as its row schema declares them."""

    schema: str
    columns: Mapping[str, Mapping[str, Any]]
    required: tuple[str, ...]
    aliases: Mapping[str, str]  # name in a file -> name in the schema
    loosely: Mapping[str, str]  # the same for names without case and underscores
    layouts: tuple[Layout, ...]
    is_open: bool = False  # the list of its columns is known to lack some

    def usual(self, column: str) -> str | None:
        """A pattern of what the column's texts usually look like; others are advisory findings."""
        pattern: str | None = self.columns[column].get("x-usual")
        return pattern


@cache
def shape_of(schema: str) -> Shape:
    """The shape that a row schema declares."""
    document = load_schema(schema).document
    about = document.get("x-columns", {})
    aliases = {alias: name for name, names in about.get("aliases", {}).items() for alias in names}
    return Shape(
        schema=schema,
        columns=document["properties"],
        required=tuple(document["required"]),
        aliases=aliases,
        loosely={_loose(name): aliases.get(name, name) for name in (*aliases, *document["properties"])},
        layouts=tuple(
            Layout(name=name, lacks=tuple(layout["lacks"]), current=layout.get("current", False))
            for name, layout in about.get("layouts", {}).items()
        ),
        is_open=about.get("open", False),
    )


def _loose(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())


@dataclass(frozen=True, kw_only=True)
class Header:
    """A file's header, resolved: for each cell the schema's column, or ``None`` when nobody knows it."""

    names: tuple[str, ...]
    columns: tuple[str | None, ...]

    def is_again(self, row: Sequence[str]) -> bool:
        """Whether the row is the header, which another file may begin with, byte order mark and all."""
        first = row[0].removeprefix("\ufeff").strip('"')  # behind a mark quotes do not quote
        return row[-1] == self.names[-1] and (first, *row[1:]) == self.names


def resolve_header(shape: Shape, names: list[str]) -> Header:
    """The schema's column for each cell. An alias beside its own column is just an unknown column.

    Names that the schema does not know as they stand may differ from its own in case and underscores.
    """
    names = [name.strip() for name in names]
    columns: list[str | None] = []
    for name in names:
        column = shape.aliases.get(name, name)
        if column not in shape.columns:
            column = shape.loosely.get(_loose(name), name)
        is_known = column in shape.columns and not (column != name and column in names)
        columns.append(column if is_known and column not in columns else None)
    return Header(names=tuple(names), columns=tuple(columns))


def header_findings(shape: Shape, header: Header, line: int) -> Iterator[Finding]:
    """What is wrong or odd about a header."""
    here = Place(line=line)
    present = {column for column in header.columns if column}
    if not present & set(shape.required):
        yield codes.TABLE_SYNTAX(
            "the first line is not this feed's header: none of its columns is there "
            "(another report, or another delimiter?)",
            here,
        )
        return
    twice = sorted({name for name in header.names if header.names.count(name) > 1})
    for name in twice:
        yield codes.TABLE_SYNTAX(f"the column {shown_name(name)} stands twice in the header", here)
    missing = [name for name in shape.required if name not in present]
    if missing:
        old = next((layout for layout in shape.layouts if _is_layout(layout, shape, header)), None)
        if old and not old.current:
            yield codes.LEGACY_LAYOUT(f"the columns are those of the {old.name}", here)
        elif not old:
            for name in missing:
                yield codes.MISSING_FIELD(f"the column {name!r} is missing", Place(line=line, column_name=name))
    for number, (name, column) in enumerate(zip(header.names, header.columns, strict=True), start=1):
        if column is None and name not in twice and not (name and shape.is_open):
            message = f"the schema does not know the column {shown_name(name)}"
            yield codes.UNKNOWN_FIELD(message, Place(line=line, column=number))


def _is_layout(layout: Layout, shape: Shape, header: Header) -> bool:
    """Whether the header is exactly the old layout: nothing else missing, nothing added."""
    return set(header.columns) == set(shape.required) - set(layout.lacks)


def usual_text(pattern: str) -> str:
    """What is usual of a column, for people."""
    all_but = _ALL_BUT.fullmatch(pattern)
    return f"any text but {all_but[1]!r}" if all_but else f"a text that matches {pattern}"


def are_surely_usual(pattern: str, texts: frozenset[str | None]) -> bool:
    """Whether certainly all texts match what is usual, found without asking for each."""
    all_but = _ALL_BUT.fullmatch(pattern)
    return all_but[1] not in texts if all_but else _proof(pattern, nullable=True)(list(texts))


@dataclass(frozen=True, kw_only=True)
class Check:
    """One demand on a column's texts: the schema keyword it comes from, and which texts meet it."""

    keyword: str
    accepts: Callable[[str], bool]


def checks_of(column: Mapping[str, Any]) -> tuple[Check, ...]:
    """The demands that a column's schema makes. A keyword not understood here is a fault of the schema."""
    unknown = set(column) - _UNDERSTOOD
    if unknown:
        raise ValueError(f"row schemas cannot use {', '.join(sorted(unknown))}")
    found: list[Check] = []
    if "format" in column:
        found.append(Check(keyword="format", accepts=FORMS[column["format"]].accepts))
    if "pattern" in column:
        pattern = compiled_pattern(column["pattern"])
        found.append(Check(keyword="pattern", accepts=lambda text: bool(pattern.search(text))))
    if "enum" in column:
        allowed = frozenset(column["enum"])
        found.append(Check(keyword="enum", accepts=lambda text: text in allowed))
    if "minLength" in column:
        least = int(column["minLength"])
        found.append(Check(keyword="minLength", accepts=lambda text: len(text) >= least))
    return tuple(found)


def is_nullable(column: Mapping[str, Any]) -> bool:
    """Whether a cell of the column may be blank."""
    kinds = column["type"]
    return "null" in kinds if isinstance(kinds, list) else kinds == "null"


@cache
def demands_of(schema: str, column: str) -> tuple[bool, tuple[Check, ...]]:
    """Whether a cell of the column may be blank, and what its texts must pass."""
    declared = shape_of(schema).columns[column]
    return is_nullable(declared), checks_of(declared)


@cache
def proof_of(schema: str, column: str) -> Callable[[list[str | None]], bool] | None:
    """What tells of many cells at once that the column accepts all of them; ``None`` where nothing can."""
    declared = shape_of(schema).columns[column]
    pattern = usual_pattern(declared.get("format", ""))
    if pattern is None or len(checks_of(declared)) > 1:
        return None
    return _proof(pattern, nullable=is_nullable(declared))


@cache
def _proof(pattern: str, *, nullable: bool) -> Callable[[list[str | None]], bool]:
    kinds = ["string", "null"] if nullable else "string"
    return compiled({"items": {"type": kinds, "pattern": pattern}}).is_valid


@cache
def pandera_schema(schema: str, columns: tuple[str, ...]) -> pandera.DataFrameSchema:
    """The row schema as pandera judges a chunk with these columns. Imported late: it takes half a second."""
    import pandera.pandas as pandera  # noqa: PLC0415

    shape = shape_of(schema)
    return pandera.DataFrameSchema(
        {
            name: pandera.Column(
                nullable=is_nullable(shape.columns[name]),
                checks=[
                    pandera.Check(_every(check.accepts), name=check.keyword, ignore_na=True)
                    for check in checks_of(shape.columns[name])
                ],
            )
            for name in columns
        }
    )


def _every(accepts: Callable[[str], bool]) -> Callable[[Any], Any]:
    """A check of a whole column that looks at each distinct text once: dates and stores repeat endlessly."""

    def check(texts: Any) -> Any:
        refused = [text for text in texts.unique() if not accepts(text)]
        return ~texts.isin(refused)

    return check
