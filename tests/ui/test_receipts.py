"""What can be taken away: complete, labelled, the same in every form."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import docx
import pytest

from assistant.pipeline import Assistant
from assistant.types import Answer
from assistant.ui.receipts import answer_from, as_docx, as_markdown, as_text, conversation, receipts_of
from assistant.ui.texts import Language

QUESTIONS = ("到2025年要制定多少项地方标准？", "What does it say about elderly care?", "北京有多少辆公交车？")


@pytest.fixture(scope="module")
def answers(assistant: Assistant) -> list[Answer]:
    return [assistant.ask(question) for question in QUESTIONS]


@pytest.mark.parametrize(
    ("language", "label"), [("zh", "由自动问答助手生成"), ("en", "Composed by an automatic assistant")]
)
def test_every_form_says_what_it_is_and_where_it_is_from(
    assistant: Assistant, answers: list[Answer], language: Language, label: str
) -> None:
    document = assistant.index.document
    lines = conversation(answers, document, language)
    word = "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(as_docx(lines))).paragraphs)
    receipt = receipts_of(answers[0], document)[language]
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


def test_an_export_holds_every_question_and_every_quote(assistant: Assistant, answers: list[Answer]) -> None:
    lines = conversation(answers, assistant.index.document, "zh")
    word = "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(as_docx(lines))).paragraphs)
    quotes = [citation.quote for answer in answers for citation in answer.citations]
    assert quotes
    for said in (*QUESTIONS, *quotes, *(c.label for a in answers for c in a.citations)):
        assert said in as_text(lines)
        assert said in word


def test_markdown_shows_foreign_text_as_text(assistant: Assistant, answers: list[Answer]) -> None:
    hostile = replace(answers[0], question="# x\n<b>y</b> [z](http://evil) `q` ![i](j)")
    markdown = receipts_of(hostile, assistant.index.document)["zh"]["markdown"]
    assert "## \\# x \\<b\\>y\\</b\\> \\[z\\](http://evil) \\`q\\` \\!\\[i\\](j)" in markdown
    assert "[1]" in markdown


def test_control_characters_do_not_break_a_word_document(assistant: Assistant, answers: list[Answer]) -> None:
    hostile = replace(answers[0], question="a\x00b\x0bc\ud800d")
    document = docx.Document(io.BytesIO(as_docx(conversation([hostile], assistant.index.document, "zh"))))
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
