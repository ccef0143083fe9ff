"""What is told of many cells at once is what each of them tells by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.schemas import compiled_pattern, load_schema, schema_names
from rawzone_assets.contract.table_cells import are_surely_usual

USUAL = sorted(
    {
        column["x-usual"]
        for name in schema_names()
        for column in load_schema(name).document.get("properties", {}).values()
        if isinstance(column, dict) and "x-usual" in column
    }
)
TEXTS = st.sampled_from(
    [
        *(
            "undefined",
            "undefined\n",
            "undefine",
            "US",
            "Others",
            "us",
            "2025-01-01",
            "2025-01",
            "2025-01-01\n",
            "é",
        ),
        *(
            "QZXYZ2500001",
            "QZXYZ250000",
            "198000000001",
            "/video/7500202501270000000",
            "/video/1",
            "-0.5",
            "5.",
        ),
    ]
)


@pytest.mark.parametrize("usual", USUAL)
@given(st.frozensets(TEXTS | st.none()))
def test_texts_are_surely_usual_only_if_each_is(usual: str, texts: frozenset[str | None]):
    if are_surely_usual(usual, texts):
        assert all(compiled_pattern(usual).search(text) for text in texts if text is not None)
