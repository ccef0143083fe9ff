"""Document records: the lists of a JSON answer or of a page's charts as rows, and what stands beside them.

Every row is named by the JSON pointer of its place. What the schema does not know is kept, by its pointer.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rawzone_assets.access.pieces import PIECE_ROWS, NotProjectable, Piece
from rawzone_assets.access.projected_tables import ITEM, Path, Table, node_at, records_node, types_of
from rawzone_assets.contract.chart_blocks import find_blocks
from rawzone_assets.contract.exact_values import EXACT
from rawzone_assets.contract.feed import Content, Feed
from rawzone_assets.contract.html_pages import BlocksFormat, HtmlFormat
from rawzone_assets.contract.json_documents import JsonFormat
from rawzone_assets.contract.page_examination import read_page
from rawzone_assets.contract.page_markup import PageMarkup, UnparsableMarkup
from rawzone_assets.contract.pointers import parts_of, pointer, resolve
from rawzone_assets.contract.schemas import load_schema
from rawzone_assets.contract.script_values import NotAValueError, read_exactly


def read_document(form: Feed, content: Content) -> tuple[Any, Path, dict[str, Any]]:
    """The document with exact numbers, the way to it, and what stands beside that way, by pointer.

    Raises:
        NotProjectable: The delivery holds no document that can be read.
    """
    try:
        data = content.read()
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotProjectable("it is no UTF-8 text") from error
    if isinstance(form.format, JsonFormat):
        try:
            whole = EXACT.decode(text)
        except (ValueError, RecursionError) as error:
            raise NotProjectable("it is no JSON document that can be read") from error
        document, prefix = form.format.unwrapped(whole)
        beside = (
            {pointer((name,)): value for name, value in whole.items() if name != prefix[0]} if prefix else {}
        )
        return document, prefix, beside
    try:
        markup = PageMarkup(data.removeprefix(BOM_UTF8))
    except UnparsableMarkup as error:
        raise NotProjectable("the page's markup cannot be parsed") from error
    return _page_document(form.format, markup), (), {}


def _page_document(form: Any, markup: PageMarkup) -> Any:
    try:
        if isinstance(form, HtmlFormat):
            page = read_page(markup, form.all_charts)
            return {
                name: read_exactly(chart.script, chart.start)
                for name, chart in page.charts.items()
                if chart.rows is not None
            }
        if isinstance(form, BlocksFormat):
            blocks = find_blocks(markup, form.variable, form.daily)
            if blocks is not None and blocks.value is not None:
                return read_exactly(blocks.script, blocks.start)
    except NotAValueError as error:
        raise NotProjectable("the page's data cannot be read") from error
    raise NotProjectable("the page holds none of its data")


@dataclass(kw_only=True)
class DocumentReading:
    """One document on its way to rows: its lists first, then what stands beside them."""

    feed: Feed
    schema: str
    prefix: Path
    beside: dict[str, Any]  # what has no column of its own, by pointer
    _numbers: dict[tuple[str | int, ...], int] = field(default_factory=dict)  # of records that hold others
    _next: int = 0

    def pieces(self, document: Any, own: list[Table]) -> Iterator[Piece]:
        schema = load_schema(self.schema).document
        lists = sorted((t for t in own if not t.is_document), key=lambda table: not table.is_main)
        lists.sort(key=lambda table: table.path.count(ITEM))  # holders before what they hold
        holders = {table.parent for table in lists}
        for table in lists:
            yield from self._rows_of(table, document, holds=table.path in holders)
        for table in own:
            if table.is_document:
                self._note_unknown(schema, schema, document, (), {table.path for table in lists})
                yield from self._document_row(table, document)

    def _rows_of(self, table: Table, document: Any, *, holds: bool) -> Iterator[Piece]:
        names = self._headers(document) if self._is_result_table(table) else None
        known = {column.name for column in table.columns}
        piece = Piece(table=table)
        for holder, records in _lists_at(document, table.path, ()):
            for index, record in enumerate(records):
                place = (*holder, index)
                row = _named_cells(names, record) if names is not None else record
                if holds:
                    self._numbers[place] = self._next
                self._next += 1
                self._add(piece, place, row, known)
                if table.parent is not None:
                    piece.parents.append(self._numbers[holder[: len(table.parent) + 1]])
                if len(piece.places) >= PIECE_ROWS:
                    yield _completed(piece, known)
                    piece = Piece(table=table)
        if piece.places:
            yield _completed(piece, known)

    def _add(self, piece: Piece, place: tuple[str | int, ...], record: Any, known: set[str]) -> None:
        piece.places.append(pointer((*self.prefix, *place)))
        members = record if isinstance(record, dict) else {}
        for name in known:
            piece.columns.setdefault(name, []).append(members.get(name))
        other = {name: value for name, value in members.items() if name not in known}
        piece.others.append(other or None if isinstance(record, dict) else {"": record})

    def _document_row(self, table: Table, document: Any) -> Iterator[Piece]:
        values = {column.name: _at(document, column.path) for column in table.columns}
        if not self.beside and all(value is None for value in values.values()):
            return
        piece = Piece(table=table, places=[pointer(self.prefix)], others=[self.beside or None])
        piece.columns = {name: [value] for name, value in values.items()}
        yield piece

    def _note_unknown(
        self, schema: Mapping[str, Any], node: Mapping[str, Any], value: Any, at: Path, lists: set[Path]
    ) -> None:
        """Note what neither a list nor a column of the document takes in, following the schema as they do."""
        if value is None or self._is_taken(at, value, lists):
            return
        known = node.get("properties") or {}
        is_object = "object" in types_of(node) and (known or not at)
        if at and not is_object:
            if records_node(schema, node) is not None:  # the schema knows a list, and this is none
                self._note(at, value)
            return  # a column of the document
        if not isinstance(value, dict):
            self._note(at, value)
            return
        for name, part in value.items():
            if name in known:
                self._note_unknown(schema, node_at(schema, known[name]), part, (*at, name), lists)
            else:
                self._note((*at, name), part)

    def _is_taken(self, at: Path, value: Any, lists: set[Path]) -> bool:
        return isinstance(value, list) and at in lists

    def _note(self, at: Path, value: Any) -> None:
        self.beside[pointer((*self.prefix, *at))] = value

    def _is_result_table(self, table: Table) -> bool:
        rows = self.feed.projection.rows
        return bool(rows) and table.path == parts_of(rows)

    def _headers(self, document: Any) -> list[str]:
        headers = resolve(document, self.feed.projection.headers)
        named = headers if isinstance(headers, list) else []
        return [str(header.get("name")) if isinstance(header, dict) else "" for header in named]


def _lists_at(
    value: Any, path: Path, at: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], list[Any]]]:
    """The lists at a path, each with the way to it."""
    if not path:
        if isinstance(value, list):
            yield at, value
        return
    first, rest = path[0], path[1:]
    if first == ITEM:
        for index, item in enumerate(value if isinstance(value, list) else []):
            yield from _lists_at(item, rest, (*at, index))
    elif isinstance(value, dict) and first in value:
        yield from _lists_at(value[first], rest, (*at, first))


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _named_cells(names: list[str], cells: Any) -> Any:
    """A list of cells as a record; cells beyond the names are told by their position."""
    if not isinstance(cells, list):
        return cells
    record: dict[str, Any] = {}
    for index, cell in enumerate(cells):
        name = names[index] if index < len(names) else ""
        record[name if name and name not in record else f"{name}#{index + 1}"] = cell
    return record


def _completed(piece: Piece, known: set[str]) -> Piece:
    for name in known:
        piece.columns.setdefault(name, [None] * len(piece.places))
    return piece
