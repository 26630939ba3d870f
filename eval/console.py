"""Where tables go: the terminal, or a file or pipe wide enough for them."""

from __future__ import annotations

import sys

from rich.console import Console

_WIDTH = 130


def wide_console() -> Console:
    """As wide as the terminal; where there is none, wide enough that no cell is cut."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDTH)
