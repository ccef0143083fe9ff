"""Figures as a person reads them; commands take them from here. Light, because lists import it."""

from __future__ import annotations

from rawzone_assets.health.figures import readable_size as readable_size  # noqa: PLC0414
from rawzone_assets.health.figures import shown_time as shown_time  # noqa: PLC0414
