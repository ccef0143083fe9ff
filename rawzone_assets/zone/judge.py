"""A judge: whoever says what is wrong with deliveries, in this process or another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from rawzone_assets.contract.feed import Capture, Content, Feed, Judgement


class Judge(Protocol):
    """What judges one delivery."""

    def __call__(self, feed: Feed, content: Content, capture: Capture, /) -> Judgement: ...


Request = tuple[Feed, Content, Capture]


@runtime_checkable
class JudgeOfSeveral(Judge, Protocol):
    """A judge that would rather be asked once for several."""

    def judge_all(self, requests: Sequence[Request], /) -> list[Judgement]: ...


def judge_all(judge: Judge, requests: Sequence[Request]) -> list[Judgement]:
    """What a judge says of each, in order."""
    if isinstance(judge, JudgeOfSeveral):
        return judge.judge_all(requests)
    return [judge(*request) for request in requests]
