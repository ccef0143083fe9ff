"""Agreement: whether a store came to the verdicts that its corpus expects. Who skips work would show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from benchmarks.corpora import Corpus


def disagreements(corpus: Corpus, verdicts: Iterable[tuple[str, str]]) -> list[str]:
    """A sentence for each group of equal files with other verdicts than expected.

    Which of several equal files is promoted and which are its duplicates depends on who came first.
    """
    found = dict(verdicts)
    expected: dict[tuple[str, str], Counter[str]] = {}
    actual: dict[tuple[str, str], Counter[str]] = {}
    named: dict[tuple[str, str], str] = {}
    for file in corpus.files:
        group = file.feed, file.sha256
        named.setdefault(group, file.path)
        expected.setdefault(group, Counter())[file.verdict] += 1
        actual.setdefault(group, Counter())[found.pop(file.path, "nothing")] += 1
    wrong = [
        f"{named[group]}: expected {_told(expected[group])}, got {_told(actual[group])}"
        for group in expected
        if expected[group] != actual[group]
    ]
    return wrong + [f"{path}: expected nothing, got {verdict}" for path, verdict in found.items()]


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
