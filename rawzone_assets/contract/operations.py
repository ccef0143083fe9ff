"""Operations: telling the answer a feed stores from the other good answers that come from the same API.

An API that answers everything in one envelope gives no file name away: what was asked shows only in what was
answered. What the wanted answer must hold is the schema's to say; here is only whether it is that answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rawzone_assets.contract.pointers import parts_of, resolve
from rawzone_assets.contract.refusals import shown_name

_SAID_OF_ALL = "__typename"  # GraphQL writes it into every object


@dataclass(frozen=True, kw_only=True)
class Operation:
    """The mark of one operation's answers: a part that only they have, or with ``kind`` what that part says."""

    path: str
    kind: str | None = None

    def objection(self, answer: Any) -> tuple[tuple[str, ...], str] | None:
        """Where and why the answer is another operation's; ``None`` when it is not, or is nothing at all."""
        return self._other_kind(answer) if self.kind is not None else self._other_part(answer)

    def _other_kind(self, answer: Any) -> tuple[tuple[str, ...], str] | None:
        named = resolve(answer, self.path)
        if isinstance(named, str) and named != self.kind:
            return parts_of(self.path), f"the answer names another kind than {self.kind}"
        return None

    def _other_part(self, answer: Any) -> tuple[tuple[str, ...], str] | None:
        """The first step of the way that is absent while the answer holds other parts beside it."""
        walked: tuple[str, ...] = ()
        for part in parts_of(self.path):
            if not isinstance(answer, dict):
                return None
            if part not in answer:
                others = [name for name in answer if name != _SAID_OF_ALL]
                if (
                    not walked or not others
                ):  # no envelope at all, or an empty one: the schema says what is missing
                    return None
                return (*walked, others[0]), f"{self.path} is absent; {shown_name(others[0])} is another answer"
            answer = answer[part]
            walked = (*walked, part)
        return None
