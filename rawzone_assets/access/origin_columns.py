"""Origin columns: what says in every projected table where a row comes from, beside the source's columns.

Here is which they are, in their order; whoever writes, reads or shows them takes their types from their kinds.
"""

from __future__ import annotations

from rawzone_assets.access.projected_tables import Column, Kind

ORIGIN = tuple(
    Column(name=name, kind=kind, description=description)
    for name, kind, description in (
        ("_row", Kind.COUNT, "The row's number in its delivery, from 0 over all its tables"),
        ("_parent", Kind.COUNT, "The _row of the record that holds this one, in tables of what records hold"),
        ("_place", Kind.TEXT, "Where the row stands in the landed bytes: a line, or a JSON pointer"),
        ("_original", Kind.JSON, "Source values that their column cannot hold as they are written, by column"),
        ("_other", Kind.JSON, "What stands in the row beside the schema's columns, by name"),
        ("_key", Kind.TEXT, "The object in raw: rawzone cat KEY gives its exact bytes"),
        ("_sha256", Kind.TEXT, "SHA-256 of the landed bytes"),
        ("_captured_at", Kind.MOMENT, "When the source was read"),
        ("_partition", Kind.DAY, "The capture day as written in the delivery's name"),
        (
            "_name",
            Kind.TEXT,
            "The delivery's name; of a duplicate its own, while _key is that of the stored object",
        ),
    )
)
