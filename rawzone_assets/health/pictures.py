"""Pictures: what came and what was refused, day by day, as small SVG. Pure.

One drawing serves the page and Dagster. Dagster shows Markdown in place only below 1,000 characters, and of
pictures only those with an address: so a picture is short enough to be its own address.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from rawzone_assets.health.report import Flow

MOST_MARKDOWN = 999
"""Characters that Dagster 1.13 shows in place; what is longer hides behind a link."""

_STEP = 12
_ABOVE = 44  # height of the day with most accepted deliveries
_BELOW = 16
_TOP = 14
_SAFE = "=/:'~!*,;@.-_"  # unescaped inside <> of a Markdown address


def svg_of(flow: Sequence[Flow], *, captioned: bool = True) -> str:
    """Accepted deliveries upwards and refused ones downwards, a step each day, and the scale in words.

    Without a caption it fits whatever room it is given, and the words show on pointing at it.
    """
    width, line = _STEP * len(flow), (_TOP if captioned else 1) + _ABOVE
    up, down = [day.accepted for day in flow], [day.refused for day in flow]
    # One scale for both, or ten refusals would look like a thousand deliveries.
    scale = min((room / most for room, most in ((_ABOVE, max(up)), (_BELOW, max(down))) if most), default=0.0)
    said = f"{flow[0].day} to {flow[-1].day}: at most {max(up):,} accepted, {max(down):,} refused a day"
    height = line + _BELOW + 2
    size = f"width='{width}' height='{height}'"
    if not captioned:
        size += f" viewBox='0 0 {width} {height}' preserveAspectRatio='none'"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' {size} "
        "font-size='10' font-family='sans-serif'>"
        + (f"<text y='9' fill='gray'>{said}</text>" if captioned else f"<title>{said}</title>")
        + f"<path fill='seagreen' d='{_steps(up, line=line, scale=-scale)}'/>"
        f"<path fill='crimson' d='{_steps(down, line=line + 1, scale=scale)}'/>"
        f"<path stroke='gray' d='M0 {line}.5h{width}'/></svg>"
    )


def markdown_of(flow: Sequence[Flow], title: str) -> str:
    """The picture as Dagster shows it; ``title`` is for those who cannot see it, and holds no brackets."""
    return f"![{title}](<data:image/svg+xml,{quote(svg_of(flow), safe=_SAFE)}>)"


def _steps(counts: Sequence[int], *, line: int, scale: float) -> str:
    """The outline of the steps; none is lower than a pixel, or a single refusal would not be seen."""
    before, wide = 0, 0
    outline = f"M0 {line}"
    for count in counts:
        level = 0
        if count:
            level = max(1, round(abs(scale) * count)) * (1 if scale > 0 else -1)
        if level != before:
            outline += (f"h{wide}" if wide else "") + f"v{level - before}"
            before, wide = level, 0
        wide += _STEP
    return f"{outline}h{wide}V{line}z" if any(counts) else ""
