"""Wording and markers: one place for what readers read, quotes copied, translations for other languages only."""

from __future__ import annotations

import re
import string
import tomllib
from pathlib import Path
from typing import Any

import pytest

import assistant
from assistant.compose import Composer, frame_language, word
from assistant.draft import Line, Ref
from assistant.types import Reason, Slot
from index.build import Index
from tests.assistant.conftest import Ask

WORDING: dict[str, Any] = tomllib.loads(Path(assistant.__file__).with_name("wording.toml").read_text("utf-8"))
ENTRIES = [(group, key) for group, table in WORDING.items() for key in table]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(("group", "key"), ENTRIES)
def test_every_wording_is_there_in_both_languages_with_the_same_values(group: str, key: str) -> None:
    entry = WORDING[group][key]
    assert set(entry) == {"zh", "en"}
    assert fields(entry["zh"]) == fields(entry["en"])
    assert not re.search(r"[\u4e00-\u9fff]", entry["en"])
    assert entry["zh"].strip()
    assert entry["en"].strip()


def test_every_reason_and_every_slot_has_its_wording() -> None:
    assert {str(reason) for reason in Reason} <= set(WORDING["absent"])
    assert {str(slot) for slot in Slot} <= set(WORDING["slot"])


@pytest.mark.parametrize(("language", "frame"), [("zh", "zh"), ("en", "en"), ("fr", "en"), ("ja", "en")])
def test_the_language_of_the_frame(language: str, frame: str) -> None:
    assert frame_language(language) == frame


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        word("frame", "count_chapters", "zh")


def test_a_ref_keeps_its_marker(outline_index: Index) -> None:
    composer = Composer(outline_index, "zh")
    one, other = Ref("1.3", ("1.3#12",)), Ref("5.3", ("5.3#1",))
    lines = composer.text([Line((one, other), frame="premise"), Line((other,)), Line((one,))]).splitlines()
    assert [re.findall(r"\d+(?=\])", line) for line in lines] == [["1", "2"], ["2"], ["1"]]
    assert [citation.marker for citation in composer.citations()] == [1, 2]
    assert composer.citations()[1].quote == outline_index.document.sentence("5.3#1").text


@pytest.mark.parametrize(
    "question",
    ["What about autonomous driving?", "Chapter 5 section 3", "Which sections mention blockchain?"],
)
def test_each_quote_is_followed_by_its_translation_for_an_english_question(
    question: str, ask: Ask, outline_index: Index
) -> None:
    answer = ask(question)
    lines = answer.answer.splitlines()
    quotes = [at for at, line in enumerate(lines) if re.search(r"[\u4e00-\u9fff]{4}", line)]
    assert quotes
    for at in quotes:
        assert lines[at + 1].startswith("Unofficial translation: ")
        assert lines[at + 1].rpartition("[")[2] == lines[at].rpartition("[")[2]
    for citation in answer.citations:
        if citation.sentence_ids:
            parts = [outline_index.enrichment.english(address) for address in citation.sentence_ids]
            assert citation.translation == " ".join(part for part in parts if part)
        else:
            assert citation.translation == outline_index.enrichment.title_english(citation.section_id)


@pytest.mark.parametrize(
    "question", ["自动驾驶有哪些标准？", "第五章第三节讲什么", "哪些地方讲到区块链？", "AI标准有哪些？"]
)
def test_no_translation_for_a_chinese_question(question: str, ask: Ask) -> None:
    answer = ask(question)
    assert answer.citations
    assert all(citation.translation is None for citation in answer.citations)
    assert "translation" not in answer.answer.lower()


@pytest.mark.parametrize(
    ("question", "chinese"),
    [
        ("深圳有什么目标？", True),
        ("What is Tokyo's target?", False),
        ("你好", True),
        ("hello", False),
        ("", False),
    ],
)
def test_the_frame_is_in_the_language_of_the_question(question: str, ask: Ask, *, chinese: bool) -> None:
    text = ask(question).answer
    without_quotes = re.sub(r"“[^”]*”", "", text)
    assert bool(re.search(r"[\u4e00-\u9fff]", without_quotes)) is chinese


def test_suggestions_come_with_a_question_in_the_language_asked(ask: Ask) -> None:
    english = ask("What is the phone number of the commission?").suggestions
    chinese = ask("首都标准化委员会的电话是多少？").suggestions
    assert all(s.question.isascii() or "’" in s.question for s in english)
    assert all(re.search(r"[\u4e00-\u9fff]", s.question) for s in chinese)
    assert all(s.label.startswith(("Chapter", "Issuing", "Preamble")) for s in english)
