"""Counts and enumerations are complete by construction: held against a plain reading of the parsed document."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.addresses import spoken
from index.config import OUTLINE
from index.parse import parse_file
from index.types import Chapter
from tests.assistant.conftest import Ask
from tests.assistant.contract import sections_of, sentences_of

DOCUMENT = parse_file(OUTLINE)
SHARED = [HealthCheck.function_scoped_fixture]
# Stretches of Chinese letters: a term drawn from them stands within one sentence or heading.
RUNS: list[str] = [
    run
    for section in DOCUMENT.sections()
    for text in (
        *(sentence.text for sentence in section.sentences),
        *(section.heading_path if section.chapter else ()),
    )
    for run in re.findall(r"[\u4e00-\u9fff]{3,}", text)
]
ENGLISH = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


@st.composite
def terms(draw: st.DrawFn) -> str:
    """Two to six neighbouring characters of the document."""
    run: str = draw(st.sampled_from(RUNS))
    start = draw(st.integers(0, len(run) - 2))
    return run[start : start + draw(st.integers(2, 6))]


def places(term: str) -> tuple[list[str], set[str]]:
    """The sentences with a term, and the sections with it in a sentence or their own heading, read off the document."""
    sentences = [sentence.address for sentence in DOCUMENT.sentences() if term in sentence.text]
    sections = {address.partition("#")[0] for address in sentences}
    sections |= {s.address for s in DOCUMENT.sections() if s.chapter and term in s.heading_path[-1]}
    return sentences, sections


def chapters_with(term: str) -> set[str]:
    sections = {address.partition(".")[0] for address in places(term)[1]}
    return sections | {chapter.address for chapter in DOCUMENT.chapters if term in chapter.heading}


# --- every place of a term


@given(term=terms())
@settings(max_examples=40, deadline=None, suppress_health_check=SHARED)
def test_every_place_of_any_term(ask: Ask, term: str) -> None:
    answer = ask(f"哪些地方讲到“{term}”？")
    sentences, sections = places(term)
    assert answer.status == "answered"
    assert sentences_of(answer) == sentences
    assert {node for node in sections_of(answer) if "." in node} == sections
    # A chapter is cited by its own only where its heading has the term and none of its sections has it.
    alone = {
        c.address
        for c in DOCUMENT.chapters
        if term in c.heading and not any(s.startswith(f"{c.number}.") for s in sections)
    }
    assert {node for node in sections_of(answer) if "." not in node} == alone


@given(term=terms())
@settings(max_examples=25, deadline=None, suppress_health_check=SHARED)
def test_the_counts_in_the_opening_line_are_those_of_the_places(ask: Ask, term: str) -> None:
    sentences, sections = places(term)
    opening = ask(f"“{term}”出现了多少次？").answer.splitlines()[0]
    counts = [int(number) for number in re.findall(r"\d+", re.sub(r"\[\d+\]", "", opening.replace(term, "")))]
    in_text = sum(sentence.text.count(term) for sentence in DOCUMENT.sentences())
    headings = [c.heading for c in DOCUMENT.chapters]
    headings += [s.heading_path[-1] for s in DOCUMENT.sections() if s.chapter]
    in_headings = sum(heading.count(term) for heading in headings)
    assert counts == [in_text + in_headings, in_text, in_headings, len(sections), len(sentences)]


@given(term=terms())
@settings(max_examples=25, deadline=None, suppress_health_check=SHARED)
def test_chapters_without_any_term(ask: Ask, term: str) -> None:
    answer = ask(f"哪些章没有提到“{term}”？")
    found = chapters_with(term)
    missing = [chapter.address for chapter in DOCUMENT.chapters if chapter.address not in found]
    if missing and places(term)[0]:
        assert sections_of(answer) == missing


TERMS = ["大数据", "区块链", "中关村", "京津冀", "政务服务", "标准体系", "消防", "农业", "团体标准", "领跑者"]
WORDINGS = [
    "哪些地方讲到{}？",
    "哪些章节提到了{}",
    "{}出现在哪些地方？",
    "文中哪几处写到{}？",
    "请列出提到{}的所有章节有哪些",
    "哪些节涉及{}？",
]


@pytest.mark.parametrize("term", TERMS)
def test_a_term_without_quotation_marks_in_several_wordings(term: str, ask: Ask) -> None:
    sentences, sections = places(term)
    for wording in WORDINGS:
        answer = ask(wording.format(term))
        assert sentences_of(answer) == sentences, wording
        assert {node for node in sections_of(answer) if "." in node} == sections, wording


@pytest.mark.parametrize("chapter", [1, 4, 10])
def test_a_term_within_one_chapter(chapter: int, ask: Ask) -> None:
    numeral = DOCUMENT.chapter(chapter).numeral
    answer = ask(f"第{numeral}章哪些地方讲到“标准体系”？")
    assert sentences_of(answer) == [a for a in places("标准体系")[0] if a.startswith(f"{chapter}.")]


def test_traditional_script_finds_the_same_places(ask: Ask) -> None:
    assert sentences_of(ask("哪些地方講到「區塊鏈」？")) == places("区块链")[0]


@pytest.mark.parametrize(
    ("english", "term"), [("blockchain", "区块链"), ("big data", "大数据"), ("Zhongguancun", "中关村")]
)
def test_an_english_term_is_found_by_its_translation(english: str, term: str, ask: Ask) -> None:
    for wording in (
        "Which sections mention {}?",
        "Where is {} mentioned?",
        "List all sections that mention {}.",
    ):
        answer = ask(wording.format(english))
        assert sentences_of(answer) == places(term)[0], wording
        assert all(citation.translation for citation in answer.citations)


@pytest.mark.parametrize("term", ["火箭发射", "葡萄种植园", "量子纠缠态"])
def test_a_quoted_term_that_stands_nowhere_has_no_places(term: str, ask: Ask) -> None:
    answer = ask(f"哪些地方讲到“{term}”？")
    assert (answer.status, answer.reason) == ("abstained", "not_in_document")


# --- chapters, sections, sentences


@pytest.mark.parametrize(
    "question",
    [
        "一共有多少章？",
        "全文共有几章",
        "拢共多少章",
        "共分几章",
        "全文分几章",
        "How many chapters are there?",
        "有几个部分？",
    ],
)
def test_how_many_chapters(question: str, ask: Ask) -> None:
    answer = ask(question)
    assert sections_of(answer) == [chapter.address for chapter in DOCUMENT.chapters]
    assert str(len(DOCUMENT.chapters)) in answer.answer.splitlines()[0].partition("[")[0]
    assert [citation.quote for citation in answer.citations] == [c.heading for c in DOCUMENT.chapters]


@pytest.mark.parametrize("question", ["一共有多少节？", "How many sections are there?", "number of sections"])
def test_how_many_sections(question: str, ask: Ask) -> None:
    numbered = [section for section in DOCUMENT.sections() if section.chapter and section.number]
    lines = ask(question).answer.splitlines()
    assert str(len(numbered)) in lines[0].partition("[")[0]
    for chapter in DOCUMENT.chapters:
        (line,) = [line for line in lines if line.startswith(chapter.heading)]
        assert str(len(chapter.sections)) in line.removeprefix(chapter.heading).partition("[")[0]


@pytest.mark.parametrize("number", range(1, len(DOCUMENT.chapters) + 1))
def test_how_many_sections_a_chapter_has(number: int, ask: Ask) -> None:
    here = DOCUMENT.chapter(number)
    for question in (
        f"第{here.numeral}章分几节？",
        f"How many sections does chapter {ENGLISH[number - 1]} have?",
    ):
        answer = ask(question)
        assert sections_of(answer) == [here.address, *(section.address for section in here.sections)]
        assert re.findall(r"\d+", answer.answer.partition("[")[0]) == [str(len(here.sections))]


def test_the_chapter_with_the_most_sections(ask: Ask) -> None:
    most = max(len(chapter.sections) for chapter in DOCUMENT.chapters)
    wanted = {chapter.address for chapter in DOCUMENT.chapters if len(chapter.sections) == most}
    for question in ("哪一章的节数最多？", "Which chapter has the most sections?"):
        assert {node for node in sections_of(ask(question)) if "." not in node} == wanted


def test_the_chapter_with_the_fewest_sections(ask: Ask) -> None:
    least = min(len(chapter.sections) for chapter in DOCUMENT.chapters)
    wanted = {chapter.address for chapter in DOCUMENT.chapters if len(chapter.sections) == least}
    assert {node for node in sections_of(ask("哪一章的节数最少？")) if "." not in node} == wanted


@pytest.mark.parametrize("address", ["1.3", "4.1", "12.4"])
def test_how_many_sentences_a_section_has(address: str, ask: Ask) -> None:
    answer = ask(f"{address}有多少句话？")
    assert sections_of(answer) == [address]
    assert re.findall(r"\d+", answer.answer.partition("[")[0]) == [
        str(len(DOCUMENT.section(address).sentences))
    ]


def test_how_many_sentences_in_all(ask: Ask) -> None:
    assert str(len(list(DOCUMENT.sentences()))) in ask("全文有多少句话？").answer.partition("[")[0]


@pytest.mark.parametrize(
    ("question", "detail"),
    [
        ("第十五章有几节？", "12"),
        ("第十五章讲什么", "12"),
        ("第二章第九节讲什么", "4"),
        ("What is in chapter 20?", "12"),
    ],
)
def test_an_address_out_of_range_says_what_there_is(question: str, detail: str, ask: Ask) -> None:
    answer = ask(question)
    assert (answer.status, answer.reason) == ("abstained", "not_in_document")
    assert detail in re.findall(r"\d+", answer.answer)


def test_a_section_without_its_chapter_is_asked_back(ask: Ask) -> None:
    answer = ask("第三节讲什么")
    assert (answer.status, answer.reason) == ("abstained", "ambiguous")


# --- navigation


@pytest.mark.parametrize("address", [s.address for s in DOCUMENT.sections() if s.chapter])
def test_a_section_is_given_whole(address: str, ask: Ask) -> None:
    here = DOCUMENT.section(address)
    answer = ask(f"第{DOCUMENT.chapter(here.chapter).numeral}章第{here.numeral}节讲什么")
    assert sections_of(answer) == [address]
    assert [citation.quote for citation in answer.citations] == [here.heading, here.text]
    assert sentences_of(answer) == [sentence.address for sentence in here.sentences]


@pytest.mark.parametrize("number", range(1, len(DOCUMENT.chapters) + 1))
def test_a_chapter_is_given_as_its_headings(number: int, ask: Ask) -> None:
    chapter = DOCUMENT.chapter(number)
    quotes = [citation.quote for citation in ask(f"Chapter {number}").citations]
    assert quotes == [chapter.heading, *(section.heading for section in chapter.sections)]


def test_a_sentence_by_its_address(ask: Ask) -> None:
    answer = ask("2.2#3写了什么")
    assert sentences_of(answer) == ["2.2#3"]
    assert answer.citations[0].quote == DOCUMENT.sentence("2.2#3").text


# --- figures, documents, items


def test_all_figures(ask: Ask) -> None:
    # Digits before a measure word, or a share in words; dates, ordinals and names taken out by hand.
    form = re.compile(r"(?<![第\d])\d+(?:项|%|个国家)|一半以上")
    wanted = [sentence.address for sentence in DOCUMENT.sentences() if form.search(sentence.text)]
    assert wanted
    for question in ("所有带数字的指标", "列出全部量化目标", "List all numerical targets"):
        assert sentences_of(ask(question)) == wanted


def test_figures_of_one_target_year(ask: Ask) -> None:
    everything = sentences_of(ask("所有带数字的指标"))
    of_year = sentences_of(ask("到2025年的所有量化指标"))
    section = DOCUMENT.section("1.3")
    last = next(s.number for s in section.sentences if s.text.startswith("到2035年"))
    assert of_year == [a for a in everything if a.startswith("1.3#") and int(a.partition("#")[2]) < last]


def test_no_figure_stands_for_the_later_year(ask: Ask) -> None:
    answer = ask("2035年的所有量化指标")
    assert (answer.status, answer.reason) == ("abstained", "figure_not_stated")


def test_all_documents_named(ask: Ask) -> None:
    own = f"《{DOCUMENT.title}》"
    named = [s for s in DOCUMENT.sentences() if set(re.findall(r"《[^》]+》", s.text)) - {own}]
    titles = {title for s in named for title in re.findall(r"《[^》]+》", s.text)} - {own}
    for question in ("文件引用了哪些其他文件？", "Which other documents does it mention?"):
        answer = ask(question)
        assert sentences_of(answer) == [sentence.address for sentence in named]
        assert set(re.findall(r"《[^》]+》", answer.answer.splitlines()[0])) == titles


def test_items_are_counted_and_listed(ask: Ask) -> None:
    leads = [s.address for s in DOCUMENT.section("1.2").sentences if s.text.startswith("——")]
    answer = ask("基本原则有几条？")
    assert sentences_of(answer) == leads
    assert re.findall(r"\d+", answer.answer.partition("[")[0]) == [str(len(leads))]


# --- extremes, exceptions, first and last places, years and bodies


def letters(address: str) -> int:
    """The characters of a chapter's or section's text without white space."""
    return sum(
        len(re.sub(r"\s", "", s.text)) for s in DOCUMENT.sections() if address in {s.address, str(s.chapter)}
    )


CHAPTERS = [chapter.address for chapter in DOCUMENT.chapters]
NUMBERED = [section.address for section in DOCUMENT.sections() if section.chapter]


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("哪一节最长？", max(NUMBERED, key=letters)),
        ("Which section is the shortest?", min(NUMBERED, key=letters)),
        ("篇幅最长的是哪一章", max(CHAPTERS, key=letters)),
        ("内容最少的一章是哪章", min(CHAPTERS, key=letters)),
        ("哪一节句子最多", max(NUMBERED, key=lambda a: len(DOCUMENT.section(a).sentences))),
        ("第五章哪一节最短", min((a for a in NUMBERED if a.startswith("5.")), key=letters)),
    ],
)
def test_the_longest_and_the_shortest(question: str, wanted: str, ask: Ask) -> None:
    answer = ask(question)
    assert sections_of(answer) == [wanted]
    measure = len(DOCUMENT.section(wanted).sentences) if "句子" in question else letters(wanted)
    assert str(measure) in re.findall(r"\d+", answer.answer.splitlines()[-1].partition("[")[0])


def test_chapters_with_so_many_sections(ask: Ask) -> None:
    wanted = [chapter.address for chapter in DOCUMENT.chapters if len(chapter.sections) == 2]
    for question in ("哪一章只有两节", "Which chapters have exactly two sections?"):
        assert [node for node in sections_of(ask(question)) if "." not in node] == wanted


@given(term=terms(), chapter=st.sampled_from(DOCUMENT.chapters))
@settings(max_examples=25, deadline=None, suppress_health_check=SHARED)
def test_the_places_of_any_term_but_those_of_one_chapter(ask: Ask, term: str, chapter: Chapter) -> None:
    wanted = [a for a in places(term)[0] if not a.startswith(f"{chapter.number}.")]
    if wanted:
        assert sentences_of(ask(f"除了第{chapter.numeral}章，还有哪些地方讲到“{term}”？")) == wanted


@given(term=terms())
@settings(max_examples=25, deadline=None, suppress_health_check=SHARED)
def test_the_first_and_the_last_place_of_any_term(ask: Ask, term: str) -> None:
    if sentences := places(term)[0]:
        assert sentences_of(ask(f"第一次提到“{term}”是在哪里？")) == sentences[:1]
        assert sentences_of(ask(f"最后一次提到“{term}”是在哪里？")) == sentences[-1:]


def test_the_chapter_that_has_a_term_most_often(ask: Ask) -> None:
    times = {c.address: sum(s.text.count("试点") for s in c.sections) for c in DOCUMENT.chapters}
    wanted = [address for address, count in times.items() if count == max(times.values())]
    assert sections_of(ask("哪一章提到试点最多")) == wanted


def test_all_years(ask: Ask) -> None:
    form = re.compile(r"(?<!\d)20\d\d(?!\d)")
    wanted = [s.address for s in DOCUMENT.sentences() if form.search(s.text)]
    named = {year for s in DOCUMENT.sentences() for year in form.findall(s.text)}
    for question in ("文件里出现过哪些年份", "List all the years mentioned in the document."):
        answer = ask(question)
        assert sentences_of(answer) == wanted
        assert set(form.findall(answer.answer.splitlines()[0])) == named


def test_all_bodies(ask: Ask) -> None:
    answer = ask("文件里提到了哪些机构")
    wanted = [s.address for s in DOCUMENT.sentences() if re.search("委员会|交易所|国务院|部门|机构", s.text)]
    assert set(wanted) <= set(sentences_of(answer))
    for name in ("首都标准化委员会", "北京证券交易所", "国际标准化组织", "国务院"):
        assert name in answer.answer.splitlines()[0]


@pytest.mark.parametrize("question", ["给我完整目录，到节", "List all section titles", "table of contents"])
def test_the_contents_have_every_heading(question: str, ask: Ask) -> None:
    cited = sections_of(ask(question))
    assert set(cited) == {*CHAPTERS, *NUMBERED}


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("1.3#99", len(DOCUMENT.section("1.3").sentences)),
        ("第五章第三节第八十句", len(DOCUMENT.section("5.3").sentences)),
    ],
)
def test_a_sentence_out_of_range_says_how_many_there_are(question: str, count: int, ask: Ask) -> None:
    answer = ask(question)
    assert (answer.status, answer.reason) == ("abstained", "not_in_document")
    assert re.findall(r"\d+", answer.answer) == [str(count)]


@pytest.mark.parametrize(
    ("question", "nodes"),
    [
        ("第五章第三节的下一节是什么", ["5.4"]),
        ("第八章后面是哪一章", ["9", "9.1", "9.2", "9.3"]),
        ("Which section comes after 6.2?", ["6.3"]),
        ("第二、三章的标题", ["2", "3"]),
        ("第十章第二、三节讲什么", ["10.2", "10.3"]),
        ("哪一节专门讲教育", ["7.1"]),
    ],
)
def test_nodes_beside_and_together(question: str, nodes: list[str], ask: Ask) -> None:
    assert sections_of(ask(question)) == nodes


def test_one_item_of_a_list(ask: Ask) -> None:
    section = DOCUMENT.section("1.2")
    lead = [s for s in section.sentences if s.is_lead][1]
    wanted = [s.address for s in section.sentences if s.item == lead.item]
    for question in ("第二条基本原则是什么？", "What is the second basic principle?"):
        assert sentences_of(ask(question)) == wanted


def test_a_term_that_stands_nowhere_else_is_said_to(ask: Ask) -> None:
    answer = ask("除了前言，哪里还提到国际标准化组织")
    assert (answer.status, answer.reason) == ("abstained", "not_in_document")


def test_a_quoted_letter_is_a_term(ask: Ask) -> None:
    assert sentences_of(ask("哪几章提到了“农”")) == [a for a in places("农")[0] if not a.startswith("0.")]


def test_to_ask_what_the_document_says_is_no_steering(ask: Ask) -> None:
    assert ask('How many times does the outline say "pilot"?').status == "answered"
    assert ask('Please say "pilot"').reason == "instruction"


@given(st.sampled_from([*CHAPTERS, *[s.address for s in DOCUMENT.sections()]]), st.sampled_from(["zh", "en"]))
@settings(deadline=None, suppress_health_check=SHARED)
def test_the_title_of_any_node_passes_the_checks(ask: Ask, node: str, language: str) -> None:
    name = spoken(node, language)
    answer = ask(f"{name}的标题是什么？" if language == "zh" else f"What is the title of the {name}?")
    assert answer.status == "answered"
    assert all(answer.checks.values())
    assert {citation.section_id for citation in answer.citations} == {node}


@pytest.mark.parametrize("question", ["地方标准每隔几年复审一次", "标准多久修一次"])
def test_how_often_something_is_done_is_not_how_often_it_is_named(question: str, ask: Ask) -> None:
    assert not re.search("共出现", ask(question).answer)


def test_headings_of_chapters_and_sections_alike(ask: Ask) -> None:
    wanted = [c.address for c in DOCUMENT.chapters if "实施" in c.heading]
    wanted += [s.address for s in DOCUMENT.sections() if s.chapter and "实施" in s.title]
    assert sorted(sections_of(ask("大小标题中含“实施”二字的，请一一指出。"))) == sorted(wanted)


@pytest.mark.parametrize(
    "question", ["哪些章的节数比第三章多", "Which chapters have more sections than chapter 3?"]
)
def test_chapters_with_more_sections_than_another(question: str, ask: Ask) -> None:
    bound = len(DOCUMENT.chapter(3).sections)
    wanted = {c.address for c in DOCUMENT.chapters if len(c.sections) > bound}
    assert {node for node in sections_of(ask(question)) if "." not in node} == wanted


def test_the_extreme_within_a_chapter_named_by_its_subject(ask: Ask) -> None:
    longest = max(DOCUMENT.chapter(5).sections, key=lambda section: len(section.sentences))
    assert sections_of(ask("城市治理章里头，句子数排第一的小节")) == [longest.address]


def test_what_stands_between_two_sections_in_either_order(ask: Ask) -> None:
    for question in ("养老和教育之间是哪一节", "教育和养老之间是哪一节"):
        assert sections_of(ask(question)) == ["7.2"]


def test_the_parts_of_both_nodes_that_a_message_named(ask: Ask) -> None:
    cited = sections_of(ask("最后两章叫什么，各有几节"))
    assert {s.address for number in (11, 12) for s in DOCUMENT.chapter(number).sections} <= {*cited}


@pytest.mark.parametrize(
    ("question", "unit"),
    [
        ("一共有几章，哪一章最短", "chapters"),
        ("全文多少节？最长的是哪一个？", "sections"),
        ("How many chapters are there, and which is the shortest?", "chapters"),
        ("How many sections are there? Which one is the longest?", "sections"),
    ],
)
def test_the_extreme_of_what_was_counted_is_answered_too(question: str, unit: str, ask: Ask) -> None:
    alone = {
        "chapters": sections_of(ask("哪一章最短？")),
        "sections": sections_of(ask("最长的是哪一节？")),
    }[unit]
    answer = ask(question)
    assert {*alone} <= {*sections_of(answer)}
    assert re.search(r"字符|characters", answer.answer)
    assert all(DOCUMENT.chapter(int(node)).title in answer.answer for node in alone if "." not in node)


@pytest.mark.parametrize(
    "question",
    ["What's the longest section of the chapter about education?", "教育所在的那一章，最长的是哪节"],
)
def test_of_one_chapter_its_sections_are_compared(question: str, ask: Ask) -> None:
    chapter = DOCUMENT.chapter(7)
    longest = max(chapter.sections, key=lambda section: len(section.text))
    assert set(sections_of(ask(question))) == {longest.address}


@pytest.mark.parametrize(
    ("question", "beside"),
    [
        ("跟“强化组织领导”同在一章的其他小节", {"12.2", "12.3", "12.4"}),
        ("Which other sections are in the same chapter as 3.1?", {"3.2"}),
    ],
)
def test_the_sections_of_the_same_chapter(question: str, beside: set[str], ask: Ask) -> None:
    assert beside <= set(sections_of(ask(question)))


@pytest.mark.parametrize("question", ["第一章之前还有什么部分？", "What comes before chapter 1?"])
def test_before_the_first_chapter_stand_the_front_parts(question: str, ask: Ask) -> None:
    assert set(sections_of(ask(question))) == {section.address for section in DOCUMENT.front}


def test_no_chapter_stands_before_the_first(ask: Ask) -> None:
    assert ask("第一章的上一章叫什么").status == "abstained"


def test_the_chapter_after_one_named_by_its_subject(ask: Ask) -> None:
    assert "7" in sections_of(ask("讲绿色发展的那章读完了，接下来一章叫什么"))


def test_a_chapter_with_an_expression_in_its_heading_goes_before_one_that_has_it_inside(ask: Ask) -> None:
    assert "2" in sections_of(ask("“四个中心”那章有几个小标题，都叫啥"))


@pytest.mark.parametrize("question", ["Name the basic principles, please.", "列出基本原则"])
def test_the_items_of_a_section_are_listed(question: str, ask: Ask) -> None:
    assert {s.address for s in DOCUMENT.section("1.2").sentences if s.is_lead} <= set(
        sentences_of(ask(question))
    )


@pytest.mark.parametrize(
    ("question", "frame", "nodes"),
    [
        ("第七章和第六章的先后次序", "先后", ["6", "7"]),
        (
            "Relative order of chapter 12, section 3 and chapter 12, section 2",
            "order",
            ["12", "12.2", "12.3"],
        ),
        ("第七章第一节和第七章第二节是否合在一处", "都在这一章", ["7", "7.1", "7.2"]),
        ("第六章第一节和第七章第二节是否合在一处", "不在同一章", ["6", "6.1", "7", "7.2"]),
        ("第六章在全文的排位", "12章中的第6章", ["6"]),
    ],
)
def test_how_nodes_stand_in_the_whole(question: str, frame: str, nodes: list[str], ask: Ask) -> None:
    answer = ask(question)
    assert frame in answer.answer.partition("\n")[0]
    assert sorted(sections_of(answer)) == sorted(nodes)
    assert answer.checks["numbers_supported"]


def test_the_chapters_on_both_sides_of_one(ask: Ask) -> None:
    assert {"6", "8"} <= set(sections_of(ask("第七章两边是哪两章？")))


def test_the_sections_of_several_chapters_are_added_up(ask: Ask) -> None:
    total = sum(len([s for s in c.sections if s.number]) for c in DOCUMENT.chapters[2:6])
    assert f"合计{total}节" in ask("第三章到第六章一共有几节？").answer


@pytest.mark.parametrize(
    "question", ["目录在第几页", "脚注里引的文献有哪些", "Is there a glossary?", "图1是什么"]
)
def test_what_belongs_to_a_publication_and_not_to_its_text_is_not_there(question: str, ask: Ask) -> None:
    answer = ask(question)
    assert (answer.status, answer.reason) == ("abstained", "not_in_document")
    assert answer.suggestions


@pytest.mark.parametrize(
    ("question", "node"),
    [
        ("写脚注用，垃圾分类那句出自哪一节", "6.3"),
        ("PPT第三页要放第五章的标题", "5"),
        ("我要做配图，第三章标题是什么", "3"),
    ],
)
def test_what_a_question_is_asked_for_is_no_matter_of_it(question: str, node: str, ask: Ask) -> None:
    assert node in sections_of(ask(question))


def test_a_front_part_stands_before_the_first_chapter(ask: Ask) -> None:
    lines = ask("前言在第一章前面吗").answer.split("\n")
    assert [line.rstrip("[]0123456789") for line in lines] == [
        "按文件里的先后",
        "前言",
        DOCUMENT.chapters[0].heading,
    ]


def test_an_expression_is_found_without_the_quotation_marks_inside_it(ask: Ask) -> None:
    inside = next(s for s in DOCUMENT.sentences() if re.search(r"打造[“][^”]+[”]", s.text))
    quoted = re.search(r"打造[“]([^”]+)[”]", inside.text)
    assert quoted
    assert inside.address in sentences_of(ask(f"“打造{quoted[1]}”原句出处"))


def test_a_front_part_is_shown_under_its_name(ask: Ask) -> None:
    assert ask("前言").answer.startswith("前言[1]")


@pytest.mark.parametrize(
    "question",
    ["讲养老的那节在讲教育的那节前面吗", "绿色那章在民生那章前面还是后面", "教育和养老哪个先讲，两节谁在前"],
)
def test_how_two_nodes_named_by_their_subjects_stand(question: str, ask: Ask) -> None:
    answer = ask(question)
    assert answer.answer.startswith("按文件里的先后")
    assert len({node for node in sections_of(answer) if "." in node or "章" in question}) >= 2


@pytest.mark.parametrize("question", ["这文件怎么编排的", "how is this thing organised?"])
def test_how_the_whole_is_laid_out(question: str, ask: Ask) -> None:
    assert sections_of(ask(question))[: len(DOCUMENT.chapters)] == [c.address for c in DOCUMENT.chapters]


@pytest.mark.parametrize("question", ["哪几章的题目里没出现标准化这三个字", "章的名字里不带“标准化”的有哪些"])
def test_titles_without_a_word(question: str, ask: Ask) -> None:
    assert set(sections_of(ask(question))) == {
        c.address for c in DOCUMENT.chapters if "标准化" not in c.title
    }
