"""The language resources of `guards.toml`, read on first use."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("guards.toml")


@cache
def table(name: str) -> dict[str, Any]:
    """The table of this name, such as `numbers`."""
    tables: dict[str, dict[str, Any]] = tomllib.loads(_FILE.read_text("utf-8"))
    return tables[name]
