"""Addresses in questions: every real node in several wordings, and what only looks like an address."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.addresses import find_addresses
from index.config import OUTLINE
from index.parse import parse_file
from index.types import Document

DOCUMENT = parse_file(OUTLINE)
ENGLISH = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]
NUMERALS = [chapter.numeral for chapter in DOCUMENT.chapters]
SECTIONS = [section.address for section in DOCUMENT.sections() if section.chapter]
SENTENCES = [sentence.address for sentence in DOCUMENT.sentences()]


def ordinal(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"


CHAPTER_WORDINGS = [
    "第{zh}章讲什么",
    "第{n}章的标题是什么",
    "第{n}章说了啥",
    "请介绍一下第{zh}部分",
    "What is in chapter {n}?",
    "Chapter {word}",
    "Summarize the {nth} chapter",
    "the {ordinal} chapter, please",
]
SECTION_WORDINGS = [
    "第{zh}章第{szh}节讲什么",
    "第{n}章第{sn}节",
    "第{zh}章的第{szh}节说了什么",
    "{zh}、（{szh}）",
    "{zh}、({szh})写的什么",
    "{n}.{sn}讲什么",
    "What does {n}.{sn} say?",
    "Chapter {n} section {sn}",
    "chapter {n}, section {sn} please",
    "Section {sn} of chapter {n}",
    "the {snth} section of chapter {word}",
    "chapter {word} section {sword}",
]


def chapter_words(number: int) -> dict[str, object]:
    return {
        "zh": NUMERALS[number - 1],
        "n": number,
        "word": ENGLISH[number - 1],
        "ordinal": ORDINALS[number - 1],
        "nth": ordinal(number),
    }


@pytest.mark.parametrize("wording", CHAPTER_WORDINGS)
@pytest.mark.parametrize("number", [chapter.number for chapter in DOCUMENT.chapters])
def test_every_chapter_in_every_wording(number: int, wording: str) -> None:
    found, rest = find_addresses(wording.format(**chapter_words(number)), DOCUMENT)
    assert found == (str(number),)
    assert not any(char.isdigit() for char in rest)


@given(address=st.sampled_from(SECTIONS), wording=st.sampled_from(SECTION_WORDINGS))
@settings(max_examples=300, deadline=None)
def test_every_section_in_any_wording(address: str, wording: str) -> None:
    chapter, number = map(int, address.split("."))
    words = chapter_words(chapter) | {
        "szh": NUMERALS[number - 1],
        "sn": number,
        "snth": ordinal(number),
        "sword": ENGLISH[number - 1],
    }
    assert find_addresses(wording.format(**words), DOCUMENT)[0] == (address,)


@given(address=st.sampled_from(SENTENCES), wording=st.sampled_from(["{}", "{}写了什么？", "What is {}?"]))
@settings(max_examples=100, deadline=None)
def test_any_sentence_by_its_address(address: str, wording: str) -> None:
    assert find_addresses(wording.format(address), DOCUMENT)[0] == (address,)


@pytest.mark.parametrize(
    ("address", "title"), [(chapter.address, chapter.title) for chapter in DOCUMENT.chapters]
)
def test_a_chapter_by_its_title(address: str, title: str) -> None:
    assert find_addresses(f"“{title}”部分讲了什么", DOCUMENT)[0] == (address,)


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("最后一章讲什么", ("12",)),
        ("the last chapter", ("12",)),
        ("What does the final chapter say?", ("12",)),
        ("首章讲什么", ("1",)),
        ("which chapter comes first", ("1",)),
        ("最后一节讲什么", ("12.4",)),
        ("第五章最后一节讲什么", ("5.5",)),
        ("the last section of chapter 6", ("6.3",)),
        ("chapter 7, last section", ("7.3",)),
        ("第十五章讲什么", ("15",)),
        ("第二章第九节", ("2.9",)),
        ("13.1", ("13.1",)),
        ("chapter 40 section 2", ("40.2",)),
        ("第三节讲什么", ("?.3",)),
        ("section 4", ("?.4",)),
        ("第二章和第六章分别讲什么", ("2", "6")),
        ("2.1和3.2", ("2.1", "3.2")),
        ("第５章第３节", ("5.3",)),
        ("第五章第三節講什麼", ("5.3",)),
        ("印发通知写了什么", ("0.1",)),
        ("前言讲什么", ("0.2",)),
        ("What does the preamble say?", ("0.2",)),
    ],
)
def test_first_last_missing_and_front_parts(text: str, addresses: tuple[str, ...]) -> None:
    assert find_addresses(text, DOCUMENT)[0] == addresses


@pytest.mark.parametrize(
    "text",
    [
        "占到60.5%吗",
        "投入1.5亿元",
        "增加2.5倍",
        "版本1.2.3",
        "一共几章",
        "全文有12章吧，共12章",
        "第三方评估怎么做",
        "到2025年的目标",
        "12345热线",
        "third-party evaluation",
        "the second target",
        "chapters and sections",
        "一二三产业融合",
        "",
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert find_addresses(text, DOCUMENT)[0] == ()


def test_the_rest_of_the_question_is_kept() -> None:
    found, rest = find_addresses("第四章哪些地方讲到区块链？", DOCUMENT)
    assert found == ("4",)
    assert "哪些地方讲到区块链" in rest


def test_a_document_without_front_parts_has_none_to_name(outline: Document) -> None:

    bare = replace(outline, front=())
    assert find_addresses("前言讲什么", bare)[0] == ()
