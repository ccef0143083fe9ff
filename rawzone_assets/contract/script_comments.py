"""Script comments: where a page's script seems to hold comments, in which an old chart may be left.

They are found in one pass over the script, when the first place is asked about. That tells comments from most
texts, not from all: for certain only a reading of the whole language would. So whoever asks should let a place
in a comment count where there is no other.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

# After nothing but these does a comment begin, and no address, pattern or list of media types ("image/*").
_BEGINNING = re.compile(r"(?:(?<=[ \t\r\n;,(){}])|(?<![\s\S]))/(?:/|\*)")
_LINE_END = re.compile(r"[\r\n]")


class Comments:
    """The comments of one script."""

    def __init__(self, script: str) -> None:
        self._script = script

    def hold(self, at: int) -> bool:
        """Whether that place of the script, in characters from its start, seems to stand in a comment."""
        starts, ends = self._spans
        before = bisect_right(starts, at) - 1
        return before >= 0 and at < ends[before]

    @cached_property
    def _spans(self) -> tuple[list[int], list[int]]:
        """Where comments start and end, in order. What is opened and never closed is none."""
        script = self._script
        starts: list[int] = []
        ends: list[int] = []
        closes = "*/" in script
        done = 0
        while found := _BEGINNING.search(script, done):
            start, done = found.span()
            if found[0] == "//":
                line_end = _LINE_END.search(script, done)
                end = line_end.start() if line_end else len(script)
            elif closes:
                end = script.find("*/", done)
                if end < 0:
                    closes = False
                    continue
            else:
                continue
            starts.append(start)
            ends.append(end)
            done = end
        return starts, ends
