"""Figures as a person reads them: sizes, shares, spans and times. Light, because lists import it."""

from __future__ import annotations

from rawzone_assets.contract.wording import counted, readable_size

UNKNOWN = "-"


def shown_time(timestamp: str | None) -> str:
    """``2024-05-22 21:30 UTC`` of a receipt's timestamp."""
    return f"{timestamp[:10]} {timestamp[11:16]} UTC" if timestamp else ""


def percent(part: float | None) -> str:
    """``12.5 %`` of 0.125."""
    return UNKNOWN if part is None else f"{100 * part:.1f} %"


def ratio(figure: float | None) -> str:
    """``8.9 : 1``."""
    return UNKNOWN if figure is None else f"{figure:.1f} : 1"


def days(count: int | None) -> str:
    """``3 days``."""
    if count is None:
        return UNKNOWN
    return counted(count, "day")


def speed(files_per_second: float | None, bytes_per_second: float | None) -> str:
    """``70.5/s, 1.1 MiB/s``."""
    if files_per_second is None or bytes_per_second is None:
        return UNKNOWN
    return f"{files_per_second:,.1f}/s, {readable_size(round(bytes_per_second))}/s"
