"""Answers and the document as HTML: faithful, addressed, escaped."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from assistant.pipeline import Assistant
from assistant.types import Answer, Citation, Reason, Status, Suggestion
from assistant.ui.render import (
    LOW_CONFIDENCE,
    Names,
    anchor,
    examples_of,
    render_answer,
    render_contents,
    render_document,
    render_frame,
    render_partial,
)

VOID = {"input", "use", "path", "rect", "circle", "br", "img", "meta", "link"}
ATTACK = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script> [x](javascript:alert(3)) **b** &amp;"


class Page(HTMLParser):
    """Elements with their attributes and own text, in order; unbalanced markup is an error."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[dict[str, Any]] = []
        self._open: list[dict[str, Any]] = []
        self.feed(html)
        self.close()
        assert not self._open, [element["tag"] for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = {"tag": tag, "text": "", **{name: value or "" for name, value in attrs}}
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append({"tag": tag, "text": "", **dict(attrs)})

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop()["tag"] == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element["text"] += data

    def where(self, **attributes: str) -> list[dict[str, Any]]:
        wanted = {name.replace("_", "-").removeprefix("-"): value for name, value in attributes.items()}
        return [e for e in self.elements if all(e.get(name) == value for name, value in wanted.items())]

    def css(self, name: str) -> list[dict[str, Any]]:
        return [e for e in self.elements if name in e.get("class", "").split()]


def answer(**changes: Any) -> Answer:  # noqa: ANN401
    plain = Answer(
        question="问",
        query="问",
        language="zh",
        status=Status.ANSWERED,
        reason=None,
        answer="",
        confidence=0.95,
    )
    return replace(plain, **changes)


def citation(
    assistant: Assistant, *addresses: str, marker: int = 1, translation: str | None = None
) -> Citation:
    section = assistant.index.document.section(addresses[0].partition("#")[0])
    quote = "".join(assistant.index.document.sentence(address).text for address in addresses)
    return Citation(
        marker,
        "outline-2035",
        section.address,
        addresses,
        section.label,
        section.heading_path,
        quote,
        translation,
    )


# --- The document -------------------------------------------------------------------------------------


def test_the_document_is_shown_whole_and_word_for_word(assistant: Assistant, names: Names) -> None:
    document = assistant.index.document
    page = Page(render_document(document, names))
    shown = {element["data-s"]: element["text"] for element in page.elements if "data-s" in element}
    assert shown == {sentence.address: sentence.text for sentence in document.sentences()}
    assert [element["text"] for element in page.css("heading")] == [
        *(section.heading for section in document.front),
        *(
            h
            for chapter in document.chapters
            for h in (chapter.heading, *(s.heading for s in chapter.sections))
        ),
    ]


def test_every_sentence_and_heading_has_an_id_of_its_own(assistant: Assistant) -> None:
    page = Page(render_frame(assistant.index.document, assistant.index.enrichment, longest_question=9))
    ids = [element["id"] for element in page.elements if "id" in element]
    assert len(ids) == len(set(ids))
    goes_to = {anchor(element["data-goto"]) for element in page.elements if "data-goto" in element}
    assert len(goes_to) == 2 + 12 + 41
    assert goes_to <= set(ids)


def test_the_contents_has_both_languages(assistant: Assistant, names: Names) -> None:
    entry = Page(render_contents(assistant.index.document, names)).where(data_goto="5.3")[0]
    assert entry["data-zh"] == "（三）构建现代化城市交通标准体系"
    assert entry["data-en"] == "5.3 Build a Standards System for Modern Urban Transport"


@pytest.mark.parametrize("address", ["1", "5.3", "10.2", "11.3", "12", "0.2"])
def test_ask_about_this_section_asks_for_that_section(
    assistant: Assistant, names: Names, address: str
) -> None:
    page = Page(render_document(assistant.index.document, names))
    heading = next(at for at, e in enumerate(page.elements) if e.get("data-heading") == address)
    button = page.elements[heading + 1]
    assert "ask-here" in button["class"]
    cited = [c.section_id for c in assistant.ask(button["data-fill-zh"]).citations]
    assert cited
    assert all(c == address or c.startswith(f"{address}.") for c in cited)


# --- Answers ------------------------------------------------------------------------------------------


def test_a_quote_stands_apart_and_its_chip_carries_the_address(assistant: Assistant, names: Names) -> None:
    cited = citation(assistant, "1.3#12")
    page = Page(render_answer(answer(answer=f"{cited.quote}[1]", citations=(cited,)), names))
    (quote,) = page.where(tag="blockquote")
    assert cited.quote in quote["text"]
    (chip,) = page.css("chip")
    assert chip["text"] == "[1]一、（三）发展目标"
    assert chip["data-sentences"] == "1.3#12"
    assert chip["data-quote"] == cited.quote
    assert chip["data-en-aria-label"].endswith("Chapter 1, Section 3: Development Goals")


def test_sentences_of_one_citation_share_one_quotation(assistant: Assistant, names: Names) -> None:
    cited = citation(assistant, "5.3#1", "5.3#2", translation="T")
    text = "".join(
        f"{assistant.index.document.sentence(a).text}[1]\nUnofficial translation: <i>{a}</i> [1]\n"
        for a in cited.sentence_ids
    )
    page = Page(render_answer(answer(language="en", answer=text, citations=(cited,)), names))
    assert len(page.where(tag="blockquote")) == len(page.css("chip")) == 1
    translations = page.css("translation")
    assert [t["text"].removeprefix("非官方译文") for t in translations] == ["<i>5.3#1</i>", "<i>5.3#2</i>"]
    assert not page.where(tag="i")


def test_a_marker_in_the_frame_is_a_chip_and_its_quote_is_at_hand(assistant: Assistant, names: Names) -> None:
    cited = citation(assistant, "1.3#12")
    page = Page(
        render_answer(answer(answer="The target is eighty.[1] See also [7].", citations=(cited,)), names)
    )
    (line,) = [e for e in page.where(tag="p") if "target" in e["text"]]
    assert line["text"] == "The target is eighty.[1] See also [7]."
    assert [chip["data-marker"] for chip in page.css("brief")] == ["1"]
    assert cited.quote in page.css("evidence")[0]["text"]


def test_a_heading_can_be_cited(assistant: Assistant, names: Names) -> None:
    chapter = assistant.index.document.chapters[7]
    cited = Citation(1, "outline-2035", "8", (), chapter.label, (chapter.heading,), chapter.heading)
    page = Page(render_answer(answer(answer=f"{chapter.heading}[1]", citations=(cited,)), names))
    (chip,) = page.css("chip")
    assert (chip["data-section"], chip["data-sentences"]) == ("8", "")
    assert chip["text"] == f"[1]{chapter.heading}"
    assert "".join(e["text"] for e in page.where(tag="p")) == ""  # said once


@pytest.mark.parametrize(("mode", "told"), [("llm", True), ("extractive", False)])
def test_a_reader_is_told_where_a_language_model_chose_the_words(
    assistant: Assistant,
    names: Names,
    mode: str,
    told: bool,  # noqa: FBT001
) -> None:
    cited = citation(assistant, "1.3#12")
    page = Page(render_answer(answer(answer="八十项。[1]", citations=(cited,), mode=mode), names))
    assert [e["data-zh"] for e in page.css("notice")] == ["语言模型组织，引文照录原文"] * told


def test_a_run_of_markers_is_shortened(assistant: Assistant, names: Names) -> None:
    citations = tuple(citation(assistant, f"1.3#{n}", marker=n) for n in range(1, 7))
    said = "Six.[1][2][3][4][5][6] Not in a row.[1][2][3][6] Three.[1][2][3]"
    (line,) = Page(render_answer(answer(answer=said, citations=citations), names)).where(tag="p")[:1]
    assert line["text"] == "Six.[1]–[6] Not in a row.[1][2][3][6] Three.[1][2][3]"


def test_an_abstention_looks_different_says_why_and_offers_a_way_on(names: Names) -> None:
    near = (Suggestion("7.3", "七、（三）", "养老服务有哪些标准？"), Suggestion("5.2", "五、（二）"))
    page = Page(
        render_answer(
            answer(status=Status.ABSTAINED, reason=Reason.FIGURE_NOT_STATED, suggestions=near), names
        )
    )
    (box,) = page.css("answer")
    assert box["data-status"] == "abstained"
    assert "没有写明所问的数字" in box["text"]
    assert [e["data-goto"] for e in page.css("goto")] == ["7.3", "5.2"]
    assert [e["data-ask"] for e in page.css("ask")] == ["养老服务有哪些标准？"]
    assert not page.css("chip")


@pytest.mark.parametrize(
    ("language", "query", "offered"),
    [
        ("zh", "问", ["七、（三）强化社会保障标准化支撑讲了什么？"]),
        (
            "en",
            "x",
            ["What does section 7.3, Strengthen Standardization Support for Social Security, say?"],
        ),
        ("zh", "第七章第三节讲了什么？", []),
    ],
)
def test_an_answer_leads_on_to_its_whole_section(
    assistant: Assistant, names: Names, language: str, query: str, offered: list[str]
) -> None:
    cited = citation(assistant, "7.3#3")
    given = answer(language=language, query=query, answer=f"{cited.quote}[1]", citations=(cited,))
    page = Page(render_answer(given, names))
    assert [e["data-ask"] for e in page.css("ask")] == offered
    for question in offered:
        assert {c.section_id for c in assistant.ask(question).citations} == {"7.3"}
    own = Page(render_answer(replace(given, followups=("甲？",)), names))
    assert [e["data-ask"] for e in own.css("ask")] == ["甲？"]


@pytest.mark.parametrize(("language", "first"), [("zh", "到2025年"), ("en", "How many"), ("fr", "How many")])
def test_help_offers_questions_to_begin_with(names: Names, language: str, first: str) -> None:
    page = Page(render_answer(answer(status=Status.HELP, language=language, answer="x"), names))
    assert page.css("ask")[0]["data-ask"].startswith(first)


def test_the_example_questions_are_answered_with_confidence(assistant: Assistant, names: Names) -> None:
    for _, questions in examples_of(names.document, names.enrichment):
        for question in questions:
            answered = assistant.ask(question)
            assert answered.status is Status.ANSWERED, question
            assert answered.confidence >= LOW_CONFIDENCE, question


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words_in_both_languages(names: Names, reason: Reason) -> None:
    page = Page(render_answer(answer(status=Status.ABSTAINED, reason=reason), names))
    (said,) = [e for e in page.where(tag="p") if "data-zh" in e]
    assert said["data-zh"]
    assert said["data-en"]


@pytest.mark.parametrize(
    ("confidence", "status", "told"),
    [
        (0.95, Status.ANSWERED, False),
        (0.3, Status.ANSWERED, True),
        (0.95, Status.PARTIAL, True),
        (0.1, Status.HELP, False),
    ],
)
def test_doubt_is_told_in_words_where_there_is_some(
    names: Names,
    confidence: float,
    status: Status,
    told: bool,  # noqa: FBT001
) -> None:
    page = Page(render_answer(answer(answer="x", status=status, confidence=confidence), names))
    assert bool(page.css("caution")) is told


@pytest.mark.parametrize(
    ("question", "query", "shown"),
    [
        ("那国际标准呢？", "到2025年要制定多少项国际标准？", True),
        ("多少项 ？", "多少项？", False),
        ("问", "", False),
    ],
)
def test_the_standalone_query_is_shown_where_it_was_rewritten(
    names: Names,
    question: str,
    query: str,
    shown: bool,  # noqa: FBT001
) -> None:
    page = Page(render_answer(answer(question=question, query=query, answer="x"), names))
    assert [e["text"] for e in page.where(tag="q")] == ([query] if shown else [])


def test_nothing_from_outside_becomes_markup(names: Names, assistant: Assistant) -> None:
    cited = citation(assistant, "1.3#12", translation=ATTACK)
    hostile = answer(
        question=ATTACK,
        query=ATTACK + "?",
        language='zh" onload="x',
        answer=f"{ATTACK}[1]\n{ATTACK}",
        citations=(cited,),
        suggestions=(Suggestion(ATTACK, ATTACK, ATTACK),),
        followups=(ATTACK,),
        more_sections=(Suggestion(ATTACK, ATTACK),),
        notice=ATTACK,
    )
    for html in (render_answer(hostile, names), render_partial(ATTACK)):
        page = Page(html)
        assert not {e["tag"] for e in page.elements} & {"img", "script", "strong", "a"}
        assert {e["text"] for e in page.where(tag="b")} <= {"[1]"}
        assert not [name for e in page.elements for name in e if name.startswith("on")]
        assert ATTACK in page.elements[0]["text"] + page.elements[-1]["text"] + "".join(
            e["text"] for e in page.elements
        )
    assert Page(render_answer(hostile, names)).css("ask")[0]["data-ask"] == ATTACK


def test_a_text_that_is_still_written_shows_no_unresolved_marker() -> None:
    assert "[1" not in render_partial("目标是八十项。[1]\n再者。")
