"""A finding's code, and the catalogue of all that are declared. Which there are, the families beside it say."""

from __future__ import annotations

from dataclasses import dataclass

from rawzone_assets.contract.findings import Finding, Place, Role


@dataclass(frozen=True, kw_only=True)
class Code:
    """One kind of finding. Calling it makes a finding of that kind."""

    code: str
    role: Role
    blocking: bool
    leaves: bool
    """The file is left where it is, recorded and unjudged, instead of being copied to quarantine."""
    title: str
    explanation: str
    remedy: str
    source: str  # the clause that asks for it

    @property
    def effect(self) -> str:
        """In a word, what becomes of a delivery with such a finding."""
        if self.leaves:
            return "leaves"
        return "blocks" if self.blocking else "warns"

    def __call__(self, message: str, where: Place | None = None, role: Role | None = None) -> Finding:
        return Finding(
            code=self.code, role=role or self.role, message=message, blocking=self.blocking, where=where
        )


_CATALOGUE: dict[str, Code] = {}


def declare(
    code: str,
    role: Role,
    *,
    blocks: bool,
    leaves: bool = False,
    title: str,
    explanation: str,
    remedy: str,
    source: str,
) -> Code:
    """A code of the catalogue; the other modules of this package call it once for each.

    Raises:
        ValueError: There is one of that name.
    """
    if code in _CATALOGUE:
        raise ValueError(f"finding code {code} is declared twice")
    _CATALOGUE[code] = Code(
        code=code,
        role=role,
        blocking=blocks,
        leaves=leaves,
        title=title,
        explanation=explanation,
        remedy=remedy,
        source=source,
    )
    return _CATALOGUE[code]


def catalogue() -> tuple[Code, ...]:
    """All codes, by name."""
    return tuple(_CATALOGUE[name] for name in sorted(_CATALOGUE))


def find(code: str) -> Code | None:
    """The code of that name in any case, with or without its ``RZ-`` prefix, or ``None``."""
    name = code.strip().upper()
    return _CATALOGUE.get(name) or _CATALOGUE.get(f"RZ-{name}")
