"""Own processes: how modules of this package are started as processes that judge, write or re-read.

They import from where this process does. The current folder is not among that: it may be landing, where whoever
delivers may call a file ``stat.py``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping


def command_of(module: str, *arguments: str) -> list[str]:
    """The command that runs a module."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment_with(additional: Mapping[str, str]) -> dict[str, str]:
    """Its environment: this process's own and some more."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **additional}
