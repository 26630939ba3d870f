"""What can be taken away: complete, labelled, the same in every form."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import docx
import pytest

from assistant.pipeline import Assistant
from assistant.types import Answer
from assistant.ui.receipts import (
    answer_from,
    answer_lines,
    as_docx,
    as_markdown,
    as_text,
    conversation,
    receipts_of,
)
from assistant.ui.render import Names
from assistant.ui.texts import Language

QUESTIONS = ("到2025年要制定多少项地方标准？", "What does it say about elderly care?", "北京有多少辆公交车？")


@pytest.fixture(scope="module")
def answers(assistant: Assistant) -> list[Answer]:
    return [assistant.ask(question) for question in QUESTIONS]


@pytest.mark.parametrize(
    ("language", "label"), [("zh", "由自动问答助手生成"), ("en", "Composed by an automatic assistant")]
)
def test_every_form_says_what_it_is_and_where_it_is_from(
    names: Names, answers: list[Answer], language: Language, label: str
) -> None:
    document = names.document
    lines = conversation(answers, names, language)
    word = "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(as_docx(lines))).paragraphs)
    receipt = receipts_of(answers[0], names)[language]
    for form in (
        as_text(lines),
        as_markdown(lines).replace("\\", ""),
        word,
        receipt["text"],
        receipt["markdown"].replace("\\", ""),
    ):
        assert label in form
        for said in (
            document.title,
            document.published,
            document.sha256,
            "摘录原文" if language == "zh" else "extractive",
        ):
            assert said in form


def test_an_export_holds_every_question_and_every_quote_once(names: Names, answers: list[Answer]) -> None:
    lines = conversation(answers, names, "zh")
    word = "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(as_docx(lines))).paragraphs)
    quotes = [citation.quote for answer in answers for citation in answer.citations]
    assert quotes
    for said in (*QUESTIONS, *quotes, *(c.label for a in answers for c in a.citations)):
        assert said in as_text(lines)
        assert said in word
    for quote in quotes:
        assert as_text(lines).count(quote) == 1
    assert "Chapter 7, Section 3" in as_text(conversation(answers, names, "en"))


def test_a_quote_that_the_answer_does_not_hold_follows_its_place(names: Names, answers: list[Answer]) -> None:
    told = replace(answers[0], answer="八百项。[1]", citations=answers[0].citations[:1])
    quote = told.citations[0].quote
    lines = answer_lines(told, names, "zh")
    assert [(line.kind, line.text) for line in lines[1:]] == [
        ("text", "八百项。[1]"),
        ("source", f"[1] {told.citations[0].label} ({told.citations[0].sentence_ids[0]})"),
        ("quote", quote),
    ]


def test_a_word_document_names_its_fonts_and_nobody_as_author(names: Names, answers: list[Answer]) -> None:
    document = docx.Document(io.BytesIO(as_docx(conversation(answers, names, "zh"))))
    assert document.core_properties.author == ""
    assert names.document.title in document.core_properties.title
    for style in ("Normal", "Title", "Heading 2", "Quote", "List Bullet"):
        fonts = document.styles[style].font.element.rPr.rFonts.attrib
        assert "宋体" in fonts.values()
        assert not [name for name in fonts if name.endswith(("Theme", "theme"))]


def test_markdown_shows_foreign_text_as_text(names: Names, answers: list[Answer]) -> None:
    hostile = replace(answers[0], question="# x\n<b>y</b> [z](http://evil) `q` ![i](j)")
    markdown = receipts_of(hostile, names)["zh"]["markdown"]
    assert "## \\# x \\<b\\>y\\</b\\> \\[z\\](http://evil) \\`q\\` !\\[i\\](j)" in markdown
    assert "[1]" in markdown
    assert names.document.published in markdown  # as people write it: no stroke before each hyphen


def test_control_characters_do_not_break_a_word_document(names: Names, answers: list[Answer]) -> None:
    hostile = replace(answers[0], question="a\x00b\x0bc\ud800d")
    document = docx.Document(io.BytesIO(as_docx(conversation([hostile], names, "zh"))))
    assert any("a b c d" in paragraph.text for paragraph in document.paragraphs)


def test_an_answer_comes_back_from_the_page_as_it_was(assistant: Assistant, answers: list[Answer]) -> None:
    for answer in answers:
        row = json.loads(json.dumps(answer.to_dict()))
        back = answer_from(row, assistant.index.document)
        assert (back.answer, back.citations, back.status) == (answer.answer, answer.citations, answer.status)


@pytest.mark.parametrize("change", ["quote", "address", "status", "shape"])
def test_an_answer_that_was_tampered_with_is_refused(
    assistant: Assistant, answers: list[Answer], change: str
) -> None:
    row = json.loads(json.dumps(answers[0].to_dict()))
    match change:
        case "quote":
            row["citations"][0]["quote"] = "取消行业标准。"
        case "address":
            row["citations"][0]["sentence_ids"] = ["77.1#1"]
        case "status":
            row["status"] = "certain"
        case _:
            row = [row]
    with pytest.raises(ValueError, match=r"quote|not an answer|certain"):
        answer_from(row, assistant.index.document)
