from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.config import OUTLINE
from index.headings import chinese_numeral, heading_of, is_heading, parse_numeral
from index.normalize import CleanText
from index.parse import parse, parse_file, split_sentences
from index.types import AddressError, Document, SourceError

DOCUMENTS = Path(__file__).parents[1] / "documents"


def read(name: str) -> Document:
    return parse_file(DOCUMENTS / f"{name}.txt")


def texts(document: Document, address: str) -> list[str]:
    return [sentence.text for sentence in document.section(address).sentences]


# --- The outline


def test_the_outline_has_the_counts_of_the_contract(outline: Document) -> None:
    assert [len(chapter.sections) for chapter in outline.chapters] == [3, 4, 2, 4, 5, 3, 3, 3, 3, 4, 3, 4]
    assert [section.address for section in outline.front] == ["0.1", "0.2"]
    assert outline.warnings == ()


def test_addresses_of_the_outline(outline: Document) -> None:
    expected = [f"{c.number}.{n}" for c in outline.chapters for n in range(1, len(c.sections) + 1)]
    assert [section.address for section in outline.sections()] == ["0.1", "0.2", *expected]
    for section in outline.sections():
        numbers = range(1, len(section.sentences) + 1)
        assert [sentence.address for sentence in section.sentences] == [
            f"{section.address}#{n}" for n in numbers
        ]


def test_what_the_outline_is(outline: Document) -> None:
    assert outline.id == "outline-2035"
    assert outline.title == "首都标准化发展纲要2035"
    assert (outline.issued, outline.published) == ("2022-10-10", "2022-10-14")
    assert outline.sha256 == hashlib.sha256(OUTLINE.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("1.3#12", "制定国际标准80项以上。"),
        ("1.3#15", "制定地方标准800项以上，平均制定周期在18个月以内。"),
        ("1.2#1", "——深化标准化改革。"),
        ("0.1#7", "2022年10月10日"),
        ("5.3#2", "围绕综合客运枢纽建设，完善交通基础设施相关标准。"),
    ],
)
def test_sentences_of_the_outline(outline: Document, address: str, text: str) -> None:
    assert outline.sentence(address).text == text
    assert outline.section_of(address).address == address.split("#", maxsplit=1)[0]


def test_labels_and_heading_paths(outline: Document) -> None:
    section = outline.section("5.3")
    assert section.label == "五、（三）构建现代化城市交通标准体系"
    assert section.label_en.startswith("Chapter 5, Section 3:")
    chapter = "五、提高城市治理标准化效能，服务高品质宜居城市建设"
    assert section.heading_path == (chapter, "（三）构建现代化城市交通标准体系")
    assert outline.chapter(5).heading == outline.chapter(5).label == chapter
    assert outline.section("12.4").label == "十二、（四）推进纲要实施"


def test_items_of_the_outline(outline: Document) -> None:
    sentences = outline.section("1.3").sentences
    assert [sentence.number for sentence in sentences if sentence.is_lead] == [2, 7, 9, 11, 14]
    assert [sentence.item for sentence in sentences if sentence.number in {1, 12, 18, 19}] == [0, 4, 5, 0]


def test_the_outline_holds_every_character_of_the_clean_text_once(outline: Document) -> None:
    assert "".join(whole(outline)) == re.sub(
        r"\n", "", parse_text_of(OUTLINE).replace("\n首都标准化发展纲要2035\n", "\n", 1)
    )


def parse_text_of(path: Path) -> str:
    from index.normalize import load_errata, normalize, read_source

    return normalize(read_source(path), errata=load_errata(path.with_name("outline-2035.errata.json"))).text


@pytest.mark.parametrize("address", ["1.9", "99.1", "1.3#99", "x", "", "1.3#"])
def test_a_wrong_address_is_an_address_error(outline: Document, address: str) -> None:
    assert not outline.has(address)
    for find in (outline.section, outline.sentence):
        with pytest.raises(AddressError) as caught:
            find(address)
        assert "\n" not in str(caught.value)


def test_a_wrong_chapter_is_an_address_error(outline: Document) -> None:
    with pytest.raises(AddressError):
        outline.chapter(13)


# --- Other documents


def test_numbered_levels() -> None:
    document = read("numbered")
    assert document.title == "河滨小区夏季用水安排"
    addresses = [section.address for section in document.sections()]
    assert addresses == ["0.2", "1.1", "1.2", "2.1", "2.2", "3.0"]
    assert document.section("1.2").heading_path == ("1.供水时间", "（2）夜间检修")
    assert texts(document, "1.2") == ["每周三夜间检修管网，检修时间不超过四小时；", "检修前一天张贴告示。"]
    assert texts(document, "3.0") == ["本安排自公布之日起实行。"]
    assert document.warnings == ()


def test_a_law_counts_articles_through_and_keeps_divisions_in_the_path() -> None:
    document = read("law")
    assert document.issued == "2021-03-05"
    addresses = [section.address for section in document.sections()]
    assert addresses == ["0.2", "1.1", "1.2", "2.3", "2.4", "2.5", "3.6"]
    assert document.section("2.4").heading_path == ("第二章借阅", "第一节办证", "第四条")
    assert document.section("2.5").heading_path == ("第二章借阅", "第二节归还", "第五条")
    assert document.section("3.6").heading_path == ("第三章附则", "第六条")
    assert document.section("2.4").label == "第二章 第四条"
    assert document.section("2.4").text == "借书证有下列情形之一的，予以更换：\n（一）损坏；\n（二）遗失。"
    assert [sentence.item for sentence in document.section("2.4").sentences] == [0, 1, 2]
    assert document.warnings == ()


def test_chapters_without_sections() -> None:
    document = read("chapters_only")
    assert [section.address for section in document.sections()] == ["1.0", "2.0", "3.0"]
    assert document.section("2.0").label == "二、分工"
    assert texts(document, "3.0") == ["三月十日开始，三月二十日结束。", "遇雨顺延。"]


def test_sections_without_chapters() -> None:
    document = read("sections_only")
    assert [section.address for section in document.sections()] == ["1.1", "1.2", "1.3"]
    assert document.section("1.3").label == "（三）价格"
    assert document.section("1.3").label_en == "Section 3: 价格"
    assert texts(document, "1.3") == ["——早餐。", "每份八元。", "——午餐。", "每份十五元，老人减半。"]


def test_text_without_structure_is_one_section_with_a_warning() -> None:
    document = read("plain")
    assert [section.address for section in document.sections()] == ["1.1"]
    assert len(texts(document, "1.1")) == 4
    (warning,) = document.warnings
    assert "No headings found" in warning


def test_a_title_line_before_text_without_structure_is_the_title() -> None:
    document = parse(CleanText("旧书交换会通知\n周六举行。", ()), document_id="d")
    assert document.title == "旧书交换会通知"
    assert document.section("1.1").text == "周六举行。"


def test_a_sentence_before_the_first_heading_is_no_title() -> None:
    document = parse(CleanText("为了方便居民，制定本办法。\n一、总则\n甲。", ()), document_id="d")
    assert document.title == "d"
    assert document.section("0.2").text == "为了方便居民，制定本办法。"


def test_a_section_without_text_stays_under_its_address() -> None:
    document = parse(CleanText("题\n一、甲\n（一）乙\n（二）丙\n丁。", ()), document_id="d")
    assert [section.address for section in document.sections()] == ["1.1", "1.2"]
    assert document.section("1.1").sentences == ()


def test_numbers_that_repeat_get_addresses_of_their_own_and_a_warning() -> None:
    document = parse(CleanText("题\n一、甲\n子。\n一、乙\n丑。", ()), document_id="d")
    assert [section.address for section in document.sections()] == ["1.0", "2.0"]
    assert document.warnings


def test_running_text_after_a_heading_is_body() -> None:
    document = parse(CleanText("题\n一、甲。子是子。\n二、乙。丑是丑。", ()), document_id="d")
    assert document.section("1.0").heading == "一、甲。"
    assert document.section("1.0").title == "甲"
    assert document.section("1.0").text == "子是子。"


def test_running_text_that_starts_like_a_heading_is_body() -> None:
    document = parse(
        CleanText("题\n一、甲\n子。\n三、五两队参加；其余休息。\n二、乙\n丑。", ()), document_id="d"
    )
    assert document.section("1.0").text == "子。\n三、五两队参加；其余休息。"
    assert [chapter.number for chapter in document.chapters] == [1, 2]
    assert document.warnings == ()


def test_parts_and_chapters() -> None:
    text = "题\n第一编总则\n第一章甲\n第一条子。\n第二编分则\n第二章乙\n第二条丑。"
    document = parse(CleanText(text, ()), document_id="d")
    assert document.section("1.1").heading_path == ("第一编总则", "第一章甲", "第一条")
    assert document.section("2.2").heading_path == ("第二编分则", "第二章乙", "第二条")


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01", "标准".encode("gbk")],
    ids=["empty", "binary", "gbk"],
)
def test_an_unusable_file_is_a_source_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(content)
    with pytest.raises(SourceError):
        parse_file(path)


def test_the_document_id_is_the_file_name_without_its_endings(tmp_path: Path) -> None:
    path = tmp_path / "某办法.raw.txt"
    path.write_text("某办法\n一、甲\n乙。", "utf-8")
    assert parse_file(path).id == "某办法"
    assert parse_file(path, document_id="other").id == "other"


# --- Properties

WORDS = st.text(alphabet="甲乙丙丁办法图书公园，、“”（）《》", min_size=1, max_size=12)
SENTENCES = st.builds(lambda words, end: words + end, WORDS, st.sampled_from("。！？；"))
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=4).map("".join)
TITLES = st.text(alphabet="总则目标分工时间保障措施", min_size=1, max_size=8)
BODIES = st.lists(PARAGRAPHS, min_size=1, max_size=3)
TREES = st.lists(
    st.tuples(TITLES, st.lists(st.tuples(TITLES, BODIES), min_size=1, max_size=3)), min_size=1, max_size=3
)
FORMS = {
    "outline": ("{n}、{title}", "（{n}）{title}"),
    "chapters": ("第{n}章{title}", "第{n}节{title}"),
    "arabic": ("{i}.{title}", "（{i}）{title}"),
    "mixed": ("（{n}）{title}", "{i}.{title}"),
}


def heading(form: str, number: int, title: str) -> str:
    return form.format(n=chinese_numeral(number), i=number, title=title)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=30, deadline=None)
@given(tree=TREES)
def test_a_document_of_any_form_parses_back(
    form: str, tree: list[tuple[str, list[tuple[str, list[str]]]]]
) -> None:
    outer, inner = FORMS[form]
    lines = ["某事项的方案"]
    for number, (title, sections) in enumerate(tree, start=1):
        lines.append(heading(outer, number, title))
        for at, (name, body) in enumerate(sections, start=1):
            lines += [heading(inner, at, name), *body]
    document = parse(CleanText("\n".join(lines), ()), document_id="d")
    assert document.title == lines[0]
    assert document.warnings == ()
    assert [chapter.title for chapter in document.chapters] == [title for title, _ in tree]
    found = [
        (section.address, section.title, section.text)
        for chapter in document.chapters
        for section in chapter.sections
    ]
    assert found == [
        (f"{number}.{at}", name, "\n".join(body))
        for number, (_, sections) in enumerate(tree, start=1)
        for at, (name, body) in enumerate(sections, start=1)
    ]


MARKERS = st.builds(
    heading,
    st.sampled_from(["第{n}章", "第{n}条", "{n}、", "（{n}）", "{i}.", "（{i}）"]),
    st.integers(1, 5),
    st.just(""),
)
HEADINGS = st.builds(
    lambda marker, title, body: marker + title + body, MARKERS, TITLES, st.just("") | SENTENCES
)
ITEMS = PARAGRAPHS.map("——{}".format)


@settings(deadline=None)
@given(st.lists(HEADINGS | PARAGRAPHS | ITEMS, min_size=1, max_size=20))
def test_nothing_is_lost_or_doubled_whatever_the_order(lines: list[str]) -> None:
    document = parse(CleanText("\n".join(["某事项的方案", *lines]), ()), document_id="d")
    assert "".join(whole(document)) == "".join(lines)
    addresses = [section.address for section in document.sections()]
    assert len(set(addresses)) == len(addresses)


def whole(document: Document) -> Sequence[str]:
    """Headings and sentences in document order, the title apart."""
    parts = [sentence.text for section in document.front for sentence in section.sentences]
    for chapter in document.chapters:
        parts.append(chapter.heading)
        for section in chapter.sections:
            if section.number and section.heading_path:
                own = section.heading_path[1:] if chapter.heading else section.heading_path
                parts += own
            parts += [sentence.text for sentence in section.sentences]
    return parts


@settings(deadline=None)
@given(st.text(alphabet="甲乙，。！？；：”’」』）》〉】〕“（A. \t", max_size=60))
def test_sentences_join_back(paragraph: str) -> None:
    sentences = split_sentences(paragraph)
    assert "".join(sentences) == paragraph
    assert all(sentences)


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        pytest.param("甲。乙！丙？丁；戊", ["甲。", "乙！", "丙？", "丁；", "戊"], id="ends"),
        pytest.param("他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"], id="closing-quote"),
        pytest.param("真的吗？！是。", ["真的吗？！", "是。"], id="two-ends"),
        pytest.param("见附件（略。）。完。", ["见附件（略。）。", "完。"], id="bracket-then-stop"),
        pytest.param("", [], id="empty"),
    ],
)
def test_sentence_ends(paragraph: str, sentences: list[str]) -> None:
    assert split_sentences(paragraph) == sentences


# --- Numerals and headings


@settings(deadline=None)
@given(st.integers(1, 9999))
def test_numerals_read_back(value: int) -> None:
    assert parse_numeral(chinese_numeral(value)) == parse_numeral(str(value)) == value


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("四十一", 41),
        ("一百零五", 105),
        ("二〇三五", 2035),
        ("两千", 2000),
    ],
)
def test_numerals(numeral: str, value: int) -> None:
    assert parse_numeral(numeral) == value


@pytest.mark.parametrize("text", ["甲", "1a", "十甲"])
def test_what_is_no_numeral(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        parse_numeral(text)


@pytest.mark.parametrize("value", [0, 10_000])
def test_numerals_have_a_range(value: int) -> None:
    with pytest.raises(ValueError, match=str(value)):
        chinese_numeral(value)


@pytest.mark.parametrize("line", ["2.5万人参加。", "正文（一）", "一是加强管理。", "十分重要", "2025年"])
def test_what_is_no_heading(line: str) -> None:
    assert heading_of(line) is None
    assert not is_heading(line)
