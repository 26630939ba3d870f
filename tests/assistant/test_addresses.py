"""Addresses in questions: every real node in several wordings, and what only looks like an address."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.addresses import CARDINALS as _CARDINALS
from assistant.addresses import ORDINALS as _ORDINALS
from assistant.addresses import find_addresses, spoken
from index.config import OUTLINE
from index.headings import chinese_numeral
from index.normalize import normalize
from index.parse import parse, parse_file
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


# --- every address of any document in every supported form


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A document of 1 to 20 chapters with 1 to 20 sections each, of one to six sentences."""
    sizes = draw(st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=20), min_size=1, max_size=20))
    lines = ["某某纲要"]
    for chapter, sections in enumerate(sizes, start=1):
        lines.append(f"{chinese_numeral(chapter)}、甲")
        for section, sentences in enumerate(sections, start=1):
            lines += [f"（{chinese_numeral(section)}）乙", "丙丁。" * sentences]
    return parse(normalize("\n".join(lines)), document_id="any")


FORMS = {
    "chapter": [
        "第{zc}章",
        "第 {c} 章讲什么",
        "chapter {c}",
        "Ch. {c}, please",
        "chapter {wc}",
        "the {oc} chapter",
        "chapter {rc}",
    ],
    "section": [
        "第{zc}章第{zs}节",
        "第 {c} 章 第 {s} 节 讲什么",
        "第{zc}章的第{s}节",
        "第{zc}章（{zs}）",
        "{c}章{s}节",
        "{zc}（{zs}）说了什么",
        "{zc}、（{zs}）",
        "{c}.{s}",
        "{c}-{s}讲什么",
        "第{c}.{s}节",
        "chapter {wc}, section {ws}",
        "section {ws} of chapter {wc}",
        "the {os} section of the {oc} chapter",
        "Ch. {c} Sec. {s}",
        "sections {s} of chapter {rc}",
    ],
    "sentence": [
        "{c}.{s}#{n}",
        "第{zc}章第{zs}节第{n}句写的什么",
        "第{zc}章第{zs}节的第{zn}句话",
        "{c}.{s}的第{n}句",
        "{c}.{s} {on} sentence",
        "the {on} sentence of {c}.{s}",
        "sentence {n} of section {s} of chapter {c}",
        "chapter {wc}, section {ws}, sentence {n}",
    ],
}
ROMAN = [
    "",
    "I",
    "II",
    "III",
    "IV",
    "V",
    "VI",
    "VII",
    "VIII",
    "IX",
    "X",
    "XI",
    "XII",
    "XIII",
    "XIV",
    "XV",
    "XVI",
]


def rendered(form: str, chapter: int, section: int = 1, sentence: int = 1) -> str:
    numbers = {"c": chapter, "s": section, "n": sentence}
    words: dict[str, object] = dict(numbers)
    for key, value in numbers.items():
        words |= {
            f"z{key}": chinese_numeral(value),
            f"w{key}": _CARDINALS[value - 1],
            f"o{key}": _ORDINALS[value - 1],
        }
    # "Chapter I" might be the writer.
    words["rc"] = ROMAN[chapter] if 1 < chapter < len(ROMAN) else chapter
    return form.format(**words)


@given(document=documents(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_address_of_any_document_in_any_form(document: Document, data: st.DataObject) -> None:
    sentence = data.draw(st.sampled_from(list(document.sentences())))
    section = document.section_of(sentence.address)
    wanted = {"chapter": str(section.chapter), "section": section.address, "sentence": sentence.address}
    for kind, address in wanted.items():
        text = rendered(
            data.draw(st.sampled_from(FORMS[kind])), section.chapter, section.number, sentence.number
        )
        assert find_addresses(text, document)[0] == (address,), text
        for language in ("zh", "en"):
            assert find_addresses(spoken(address, language), document)[0] == (address,)


@given(document=documents(), data=st.data())
@settings(max_examples=60, deadline=None)
def test_lists_ranges_and_ends_of_any_document(document: Document, data: st.DataObject) -> None:
    numbers = [chapter.number for chapter in document.chapters]
    low, high = sorted((data.draw(st.sampled_from(numbers)), data.draw(st.sampled_from(numbers))))
    words = {"a": low, "b": high, "za": chinese_numeral(low), "zb": chinese_numeral(high)}
    if low < high:
        run = tuple(map(str, range(low, high + 1)))
        for form in (
            "第{za}到{zb}章",
            "第{a}-{b}章",
            "第{za}章至第{zb}章",
            "chapters {a} to {b}",
            "chapters {a}-{b}",
        ):
            assert find_addresses(form.format(**words), document)[0] == run
        for form in (
            "第{za}、{zb}章",
            "第{za}章和第{zb}章",
            "chapters {a} and {b}",
            "chapter {a} and chapter {b}",
        ):
            assert find_addresses(form.format(**words), document)[0] == (str(low), str(high))
    back = len(numbers) - low + 1
    for form in (f"倒数第{chinese_numeral(back)}章", f"the {_ORDINALS[back - 1]} to last chapter"):
        assert find_addresses(form, document)[0] == (str(low),)
    last = document.chapters[-1].sections[-1]
    for form in ("最后一章的最后一节", "the last section of the last chapter"):
        assert find_addresses(form, document)[0] == (last.address,)
    assert find_addresses("最后一章最后一节最后一句", document)[0] == (last.sentences[-1].address,)


@pytest.mark.parametrize(
    ("text", "here", "addresses"),
    [
        ("第三节呢", "5", ("5.3",)),
        ("最后一节呢", "5.1", ("5.5",)),
        ("第二句呢", "5.3", ("5.3#2",)),
        ("What about section 2?", "6", ("6.2",)),
        ("第六章第一节", "5.3", ("6.1",)),
        ("全文最后一句", "5.3", ("12.4#3",)),
    ],
)
def test_what_is_left_open_is_taken_from_the_place_spoken_of(
    text: str, here: str, addresses: tuple[str, ...]
) -> None:
    assert find_addresses(text, DOCUMENT, here)[0] == addresses


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("the chapter before last", ("11",)),
        ("the last but one chapter", ("11",)),
        ("第九章压轴的是哪节", ("9.3",)),
        ("第九章最后是哪一节", ("9.3",)),
        ("全文收尾的是哪一章", ("12",)),
        ("二、十两章", ("2", "10")),
        ("三、五、七这三章的标题", ("3", "5", "7")),
        ("第五章的二、三两节", ("5.2", "5.3")),
        ("每章头一节", tuple(f"{chapter.number}.1" for chapter in DOCUMENT.chapters)),
        ("the last section of each chapter", tuple(c.sections[-1].address for c in DOCUMENT.chapters)),
    ],
)
def test_nodes_counted_from_the_end_and_together(text: str, addresses: tuple[str, ...]) -> None:
    assert find_addresses(text, DOCUMENT)[0] == addresses


@pytest.mark.parametrize("text", ["“队伍”在哪", "壹号院", "第拾章的队伍"])
def test_what_names_no_node_stays_as_it_was_written(text: str) -> None:
    assert find_addresses(text, DOCUMENT)[1].strip() in text


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("四点四", ("4.4",)),
        ("四点四的标题", ("4.4",)),
        ("下午四点四十分", ()),
        ("十-3 给我看看", ("10.3",)),
        ("参看七之（二）第五句", ("7.2#5",)),
        ("十三、后面写的什么", ("13",)),
        ("VIII splits into what?", ("8",)),
        ('it reads "XII(iii)"', ("12.3",)),
        ("Xi has a plan", ()),
        ("一、二、三都有", ()),
    ],
)
def test_terse_and_mixed_numerals(text: str, addresses: tuple[str, ...]) -> None:
    assert find_addresses(text, DOCUMENT)[0] == addresses


# Words that addresses are made of, in any order: most of it means nothing, none of it may raise.
ENGLISH_PIECES = re.split(
    " ",
    "chapter chapters section sections sentence the one two of in to and , - through first last final opening next "
    "penultimate but before part heading headings twelve 3 5 99 3.2 1.3#12 1st ii iv xii § ch. ( ) . item that",
)
CHINESE_PIECES = re.split(
    " ",
    "第 章 节 小节 句 条 部分 大块 个 的 里 、 ， 和 到 至 - 最后 倒数 正数 前 后 头 末尾 首 打头 压轴 收尾 那 这 哪 几 一 二 两 "
    "三 十 十二 百 〇 1 3 12 99 （ ） # . · 每 是 共 有 全文 通知 前言 俩",
)


@given(
    text=st.one_of(
        st.lists(st.sampled_from(ENGLISH_PIECES), min_size=2, max_size=9).map(" ".join),
        st.lists(st.sampled_from(CHINESE_PIECES), min_size=2, max_size=9).map("".join),
    )
)
@settings(max_examples=1_500, deadline=None)
@example(text="chapter 3, the one")
@example(text="收尾两节")
@example(text="opening to last section")
def test_no_order_of_words_for_addresses_raises(text: str) -> None:
    addresses, rest = find_addresses(text, DOCUMENT)
    assert all(re.fullmatch(r"(?:\d+|\?)(?:\.(?:\d+|\?))?(?:#\d+)?", address) for address in addresses)
    assert isinstance(rest, str)


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("收尾两节讲什么", ("12.3", "12.4")),
        ("6-8章分别叫什么", ("6", "7", "8")),
        ("六七八这三章依次管什么", ("6", "7", "8")),
        ("第九部分的（三）", ("9.3",)),
        ("十二章的（二）到（四）", ("12.2", "12.3", "12.4")),
        ("第三大块的标题", ("3",)),
        ("7章8章哪个写得长", ("7", "8")),
        ("五章比六章节多不", ("5", "6")),
        ("the third heading of the seventh chapter", ("7.3",)),
        ("分两章写的还是一章", ()),
        ("是一章里的吗", ()),
    ],
)
def test_nodes_as_people_write_them(text: str, addresses: tuple[str, ...]) -> None:
    assert find_addresses(text, DOCUMENT)[0] == addresses
