"""Settings: where the zone is and how it behaves, read once from the environment (DESIGN section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rawzone_assets.zone.errors import BadSetting, NotAPath
from rawzone_assets.zone.layout import Layout

DEFAULT_SETTLE = 30.0
DEFAULT_RESERVE = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything about a zone that a user can set."""

    home: Path
    layout: Layout
    settle: float = DEFAULT_SETTLE  # seconds a landed file must have kept still
    reserve: int = DEFAULT_RESERVE  # bytes that promotion leaves free on the disk
    start: date | None = None  # overrides every feed's first partition

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, home: Path | None = None) -> Settings:
        """Read the ``RAWZONE_*`` variables. ``home`` stands above ``RAWZONE_HOME``.

        Raises:
            ZoneError: A variable has a value that cannot be used.
        """
        base = home or _path("RAWZONE_HOME", environment.get("RAWZONE_HOME") or "data")
        base = base.absolute()

        def root(name: str) -> Path:
            variable = f"RAWZONE_{name.upper()}"
            value = environment.get(variable)
            return _path(variable, value).absolute() if value else base / name

        layout = Layout(
            landing=root("landing"),
            raw=root("raw"),
            quarantine=root("quarantine"),
            archive=root("archive"),
            state=root("state"),
        )
        return cls(
            home=base,
            layout=layout,
            settle=_number(environment, "RAWZONE_SETTLE", DEFAULT_SETTLE),
            reserve=int(_number(environment, "RAWZONE_RESERVE", DEFAULT_RESERVE)),
            start=_day(environment, "RAWZONE_START"),
        )


def _path(variable: str, value: str) -> Path:
    if "://" in value:
        raise NotAPath(variable, value)
    return Path(value).expanduser()


def _number(environment: Mapping[str, str], variable: str, default: float) -> float:
    value = environment.get(variable)
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        raise BadSetting(variable, value, "a number of 0 or more") from None
    if not 0 <= number < float("inf"):
        raise BadSetting(variable, value, "a number of 0 or more")
    return number


def _day(environment: Mapping[str, str], variable: str) -> date | None:
    value = environment.get(variable)
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadSetting(variable, value, "a day of the form YYYY-MM-DD") from None
