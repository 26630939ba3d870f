"""What readers read: nothing missing in either language, nothing unused, nothing named that isn't there."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

from assistant.types import Reason
from assistant.ui.texts import all_texts, interface_language, text

UI = Path(__file__).resolve().parents[2] / "assistant" / "ui"
ONE_LANGUAGE = {"intro_english"}


def fields(value: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(value) if name}


def test_every_text_is_there_in_both_languages_with_the_same_fields() -> None:
    for key, (chinese, english) in all_texts().items():
        assert english, key
        assert chinese or key in ONE_LANGUAGE, key
        assert fields(chinese) == fields(english) or key in ONE_LANGUAGE, key


def named_texts() -> set[str]:
    named = {f"reason_{reason}" for reason in Reason} | {
        f"stage_{s}" for s in ("understand", "retrieve", "answer", "verify")
    }
    frame = (UI / "static" / "frame.html").read_text("utf-8")
    named |= set(re.findall(r"\{\{[tao] (\w+)", frame))
    script = (UI / "static" / "window.js").read_text("utf-8")
    named |= set(re.findall(r"\b(?:say|tell)\((?:\w+, )?\"(\w+)\"", script)) - {"stage_"}
    named |= set(re.findall(r"texts\.(?:zh|en)\.(\w+)", script))
    for path in UI.glob("*.py"):
        named |= {
            word for word in re.findall(r"""["'](\w+)["']""", path.read_text("utf-8")) if word in all_texts()
        }
    named |= set(re.findall(r'"(\w+)"', script)) & set(all_texts())
    return named


def test_every_text_that_is_named_is_there_and_none_is_left_over() -> None:
    assert named_texts() - set(all_texts()) == set()
    assert set(all_texts()) - named_texts() == set()


def test_a_text_is_filled_in() -> None:
    assert text("too_long", "en", limit=7).startswith("A question can hold 7 ")
    assert (interface_language("en"), interface_language("fr"), interface_language(None)) == (
        "en",
        "zh",
        "zh",
    )
