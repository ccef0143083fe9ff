"""Figures as a person reads them: sizes and times. Light, because lists import it."""

from __future__ import annotations


def readable_size(count: int | None) -> str:
    """``1.4 MiB``; nothing for an unknown size."""
    if count is None:
        return ""
    size, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{count} B" if units[0] == "B" else f"{size:.1f} {units[0]}"


def shown_time(timestamp: str | None) -> str:
    """``2024-05-22 21:30 UTC`` of a receipt's timestamp."""
    return f"{timestamp[:10]} {timestamp[11:16]} UTC" if timestamp else ""
