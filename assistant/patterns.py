"""The closed-class language resources of `patterns.toml`, compiled on first use."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("patterns.toml")
_FORMS = Path(__file__).with_name("forms.toml")


@cache
def _table(path: Path = _FILE) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def form(language: str) -> dict[str, Any]:
    """The plain questions for a document's form in a language, with the words that go into them under `words`."""
    table: dict[str, Any] = _table(_FORMS)[language]
    return table


def entry(name: str) -> Any:  # noqa: ANN401  # TOML holds texts, lists and tables
    """What stands at a dotted name, as TOML has it."""
    node: Any = _table()
    for key in name.split("."):
        node = node[key]
    return node


@cache
def pattern(name: str) -> re.Pattern[str]:
    """The compiled pattern at a dotted name such as `slots.number`."""
    return re.compile(entry(name))


@cache
def patterns(name: str) -> tuple[re.Pattern[str], ...]:
    """The compiled patterns of a list at a dotted name such as `steer.clauses`."""
    return tuple(re.compile(text) for text in entry(name))


@cache
def words(name: str) -> tuple[str, ...]:
    """A list of plain words at a dotted name such as `duty.force`."""
    return tuple(entry(name))
