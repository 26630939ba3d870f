"""What readers read, in Chinese and English, from one file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["zh", "en"]
_FILE = Path(__file__).with_name("texts.json")


@cache
def all_texts() -> dict[str, tuple[str, str]]:
    """Every text by key: Chinese, English."""
    return {
        key: (chinese, english) for key, (chinese, english) in json.loads(_FILE.read_text("utf-8")).items()
    }


def by_language() -> dict[Language, dict[str, str]]:
    """Every text by language, then by key: what gr.I18n takes."""
    texts = all_texts()
    return {
        "zh": {key: chinese for key, (chinese, _) in texts.items()},
        "en": {key: english for key, (_, english) in texts.items()},
    }


def text(key: str, language: Language, **values: object) -> str:
    """One text in one language, its `{name}` fields filled in.

    Raises:
        KeyError: there is no such text, or a field has no value.
    """
    chinese, english = all_texts()[key]
    return (english if language == "en" else chinese).format_map(values)


def interface_language(value: object) -> Language:
    """`en` for `en`, otherwise `zh`."""
    return "en" if value == "en" else "zh"
