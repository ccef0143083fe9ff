"""A judge: whoever says what is wrong with deliveries, in this process or another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from rawzone_assets.contract.feed import Capture, Content, Feed, Judgement


class Judge(Protocol):
    """What judges one delivery."""

    def __call__(self, feed: Feed, content: Content, capture: Capture, /) -> Judgement: ...


Request = tuple[Feed, Content, Capture]


def judge_all(judge: Judge, requests: Sequence[Request]) -> list[Judgement]:
    """What a judge says of each, in order. A pool has a way of its own, to be asked once for several."""
    together: Callable[[Sequence[Request]], list[Judgement]] | None = getattr(judge, "judge_all", None)
    return together(requests) if together else [judge(*request) for request in requests]
