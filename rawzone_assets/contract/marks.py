"""Marks: whether any of many short texts stands in a longer one, asked once for all of them.

Looking for thirty texts one after another costs thirty passes over a delivery. The compiled schema engine's
patterns look for all at once, at the speed of memory when none is there, which is how nearly all deliveries
are. It only answers yes or no: which of them it was, and where, is asked again by whoever got a yes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import jsonschema_rs


class Marks:
    """A set of ASCII texts. One of a single character must be the only one: it would slow the others down."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        wanted = set(texts)
        # Where a longer one stands, the shorter one in it does too.
        self.texts = tuple(sorted(t for t in wanted if not any(o in t for o in wanted if o != t)))
        if not all(self.texts) or (len(self.texts) > 1 and min(map(len, self.texts)) < 2):
            raise ValueError(f"these marks cannot be sought together: {self.texts}")
        self._alone = self.texts[0].decode("ascii") if len(self.texts[0]) == 1 else None

    def are_in(self, text: str) -> bool:
        """Whether one of them stands in ``text``, an ASCII one, or reading it takes ten times as long."""
        return self._alone in text if self._alone else self._found.is_valid(text)

    @cached_property
    def _found(self) -> jsonschema_rs.Draft202012Validator:
        # Characters as escapes: none of a mark means anything to the pattern.
        pattern = "|".join("".join(f"\\x{byte:02x}" for byte in text) for text in self.texts)
        # The linear engine, which searches for plain texts with vector instructions.
        return jsonschema_rs.Draft202012Validator(
            {"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions(), offline=True
        )
