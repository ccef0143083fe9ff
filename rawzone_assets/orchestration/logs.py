"""What runs say on the terminal. Dagster keeps everything; a terminal is for what somebody wants to read."""

from __future__ import annotations

from typing import Any

import dagster as dg

QUIET: dict[str, Any] = {"loggers": {"console": {"config": "CRITICAL"}}}
"""Run configuration for runs in a command's own process: the terminal belongs to the command."""

# Dagster's default shows every event as a DEBUG line: thousands for a range of days.
console = dg.configured(
    dg.colored_console_logger,
    config_schema=dg.Field(str, default_value="INFO", is_required=False, description="The lowest level shown."),
)(lambda level: {"log_level": level})
