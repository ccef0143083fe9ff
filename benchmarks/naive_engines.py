"""The naive pipeline's engines: what comes to mind first for each format."""

from __future__ import annotations

import csv
import io
import json
from functools import cache
from typing import Any

import jsonschema
import pandas as pd
from bs4 import BeautifulSoup

from benchmarks.verdicts import Demands, Engines, PageTexts, TableTexts, all_fit
from rawzone_assets.contract.forms import FORMS
from rawzone_assets.contract.schemas import load_schema


def _page(data: bytes) -> PageTexts:
    soup = BeautifulSoup(data.decode("utf-8-sig"), "html.parser")
    cells = frozenset(cell.get_text(" ", strip=True) for cell in soup.find_all(["td", "b"]))
    return PageTexts(scripts=[script.string or "" for script in soup.find_all("script")], cells=cells)


def _document(data: bytes) -> Any:
    return json.loads(data.decode("utf-8-sig"))


def _is_valid(schema: str, document: Any) -> bool:
    return not list(_engine(schema).iter_errors(document))


@cache
def _engine(schema: str) -> jsonschema.Draft202012Validator:
    checker = jsonschema.FormatChecker(formats=())
    for form in FORMS.values():
        checker.checks(form.name)(lambda text, form=form: not isinstance(text, str) or form.accepts(text))
    return jsonschema.Draft202012Validator(dict(load_schema(schema).document), format_checker=checker)


def _table(data: bytes, delimiter: str, quoted: bool, demands: Demands, day: str) -> TableTexts:  # noqa: FBT001
    lines = io.StringIO(data.decode("utf-8-sig"), newline="")
    rows = csv.reader(lines, delimiter=delimiter, quoting=0 if quoted else 3)
    if len({len(row) for row in rows if row}) > 1:
        raise ValueError("rows of another width")  # pandas fills up what a row has too few of
    frame = pd.read_csv(
        io.BytesIO(data),
        sep=delimiter,
        quoting=0 if quoted else 3,
        dtype=str,
        keep_default_na=False,
        encoding="utf-8-sig",
        on_bad_lines="error",
        index_col=False,
    )
    header = [str(name) for name in frame.columns]
    bad = {
        name
        for name in header
        if name in demands
        and not frame[name].map(lambda text, name=name: all_fit(demands[name], frozenset({text}))).all()
    }
    days = (str(frame[day].min()), str(frame[day].max())) if day in header and len(frame) else None
    return TableTexts(header=header, bad=frozenset(bad), days=days)


NAIVE = Engines(page=_page, document=_document, is_valid=_is_valid, table=_table)
