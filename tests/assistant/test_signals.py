"""Questions for the document's parts are read word by word: their wording may vary, content makes them another question."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.asked import asks_for_mentions, asks_for_parts
from assistant.described import described
from assistant.signals import read
from index.config import OUTLINE
from index.enrich import Enrichment
from index.lexical import fold
from index.parse import parse_file
from index.types import Chapter, Section
from tests.assistant.conftest import Ask
from tests.assistant.contract import sections_of, sentences_of

DOCUMENT = parse_file(OUTLINE)
CHAPTERS = [chapter.address for chapter in DOCUMENT.chapters]
NUMBERED = [section for section in DOCUMENT.sections() if section.chapter]


def asked(question: str) -> str:
    return asks_for_parts(fold(question), DOCUMENT)


# --- the same question in many wordings, made of parts

_COUNT = [
    f"{opening}{whole}{verb}{number}个章{end}"
    for opening, whole, verb, number, end in itertools.product(
        ("", "请问", "帮我数一下"),
        ("全文", "这份文件", "纲要里"),
        ("一共有", "分成", "总共"),
        ("多少", "几"),
        ("", "？", "呢"),
    )
]


@pytest.mark.parametrize("question", _COUNT)
def test_a_count_in_any_wording(question: str) -> None:
    assert asked(question) == "chapters"


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        (f"{outer}{only}{number}{inner}", f"having:{units}:{counted}:{relation}:{value}")
        for (outer, inner, units, counted), (only, relation), (number, value) in itertools.product(
            (("哪些章", "节", "chapters", "sections"), ("哪几节", "句话", "sections", "sentences")),
            (("只有", "="), ("正好是", "="), ("超过", ">"), ("不到", "<"), ("至少有", ">=")),
            (("两", 2), ("五", 5), ("3", 3)),
        )
    ],
)
def test_nodes_with_so_many_parts(question: str, wanted: str) -> None:
    assert asked(question) == wanted


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        (f"{opening} {only} {number} {inner}{end}", f"having:{units}:{counted}:{relation}:{value}")
        for (opening, inner, units, counted), (only, relation), (number, value), end in itertools.product(
            (
                ("Which chapters have", "sections", "chapters", "sections"),
                ("Are there sections with", "sentences", "sections", "sentences"),
                ("Show me every section made up of", "sentences", "sections", "sentences"),
            ),
            (("exactly", "="), ("only", "="), ("more than", ">"), ("fewer than", "<"), ("at least", ">=")),
            (("two", 2), ("7", 7)),
            ("", "?"),
        )
    ],
)
def test_nodes_with_so_many_parts_in_english(question: str, wanted: str) -> None:
    assert asked(question) == wanted


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Which chapter has more sections than any other?", "most:chapters:sections"),
        ("字数最少的是第几章", "least:chapters:characters"),
        ("句子最多的是哪一节", "most:sections:sentences"),
        ("Name the lengthiest section.", "most:sections:characters"),
        ("把所有章的标题列一下", "chapters"),
        ("每一节的标题都给我", "contents"),
        ("Give me the headings of every chapter", "chapters"),
    ],
)
def test_extremes_and_lists(question: str, wanted: str) -> None:
    assert asked(question) == wanted


# --- what it must not be taken for


@pytest.mark.parametrize(
    "question",
    [
        "节能标准有哪些", "节水有几项", "试点示范要搞多少个", "地方标准要制定多少项", "养老服务有几条要求", "哪一章最重要讲养老",
        "How many local standards will there be?", "What is the longest-term target for farming?",
        "Which pilot projects have more than two sponsors?", "章程怎么修订", "字体有规定吗", "每个区要做什么",
        "How many words of Mandarin must teachers know?", "最长的制定周期是多久",
    ],
)  # fmt: skip
def test_a_question_with_content_is_no_question_for_parts(question: str) -> None:
    assert asked(question) == ""


@given(
    st.sampled_from([section.title for section in NUMBERED]),
    st.sampled_from(["要做什么", "有多少项", "归谁管"]),
)
def test_a_title_of_the_document_is_content(title: str, question: str) -> None:
    assert read(fold(f"{title}{question}"), DOCUMENT).content


# --- places of an expression


@pytest.mark.parametrize("term", ["示范", "领跑者", "京津冀", "企业"])
def test_a_quoted_expression_in_any_wording(term: str, ask: Ask) -> None:
    wanted = [sentence.address for sentence in DOCUMENT.sentences() if term in sentence.text]
    for question in (
        f"数一数文件里有多少个“{term}”",
        f"“{term}”总共出现几回？",
        f"“{term}”出现的次数是多少",
        f"提过“{term}”的节",
        f"“{term}”用在哪些句子里",
        f"Sections that use the phrase {term}, all of them",
        f"In which sections does '{term}' turn up?",
        f"How often does the word {term} (whatever it means) appear?",
    ):
        assert sentences_of(ask(question)) == wanted, question


def test_chapters_that_never_use_a_word(ask: Ask) -> None:
    having = {
        str(s.chapter) for s in DOCUMENT.sections() if any("企业" in t for t in (*s.heading_path, s.text))
    }
    answer = ask("Which chapters never use the word 企业?")
    assert sections_of(answer) == [c for c in CHAPTERS if c not in having]


def test_what_stands_beside_a_quoted_expression_makes_it_another_question() -> None:
    assert asks_for_mentions(fold("“城市码”由谁制定"), DOCUMENT) is None


# --- nodes by their neighbour, and by their subject


@pytest.mark.parametrize("number", range(1, len(CHAPTERS)))
def test_before_and_after_a_chapter_by_its_title(number: int, ask: Ask) -> None:
    first, second = DOCUMENT.chapter(number), DOCUMENT.chapter(number + 1)
    assert ask(f"“{first.title}”后面那一章是哪章").citations[0].section_id == second.address
    assert ask(f"“{second.title}”的前一章讲什么").citations[0].section_id == first.address
    assert ask(f"Which chapter follows chapter {number}?").citations[0].section_id == second.address
    assert ask(f"What comes right before chapter {number + 1}?").citations[0].section_id == first.address


@pytest.mark.parametrize("chapter", DOCUMENT.chapters, ids=CHAPTERS)
def test_a_chapter_is_found_by_any_whole_heading(chapter: Chapter) -> None:
    for title in (chapter.title, *(section.title for section in chapter.sections)):
        assert described([title], "chapters", DOCUMENT, Enrichment()) == chapter.address


def test_an_unknown_subject_names_no_node() -> None:
    assert described(["火箭发射"], "chapters", DOCUMENT, Enrichment()) == ""


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What comes after the chapter on industry?", "5"),
        ("讲农业那一节有几句话", "4.4"),
        ("Headings under the health chapter?", "7"),
    ],
)
def test_a_node_by_its_subject(question: str, wanted: str, ask: Ask) -> None:
    assert ask(question).citations[0].section_id == wanted


# --- requests for a node


_REQUESTS = [
    "{}念给我听", "帮我调出{}的原文", "把{}完整贴出来", "{}", "翻到{}", "请概括一下{}", "{}的内容麻烦列一下",
]  # fmt: skip
_REQUESTS_EN = [
    "Take me to {}", "Pull up {}, please", "Summarise {} for me", "Let's see {} in full", "What's in {}?",
    "Walk me through {}", "{}, word for word",
]  # fmt: skip


@pytest.mark.parametrize("section", NUMBERED[::4], ids=lambda section: section.address)
def test_a_section_is_shown_however_it_is_asked_for(section: Section, ask: Ask) -> None:
    address = section.address
    chapter, number = address.split(".")
    wanted = [sentence.address for sentence in DOCUMENT.section(address).sentences]
    for request in _REQUESTS:
        for name in (address, f"第{chapter}章第{number}节"):
            assert sentences_of(ask(request.format(name))) == wanted, request
    for request in _REQUESTS_EN:
        for name in (
            f"section {address}",
            f"chapter {chapter} section {number}",
            f"section {chapter}-{number}",
        ):
            assert sentences_of(ask(request.format(name))) == wanted, request


@pytest.mark.parametrize("address", ["1.3", "1.2"])
def test_the_items_of_a_section_are_counted(address: str, ask: Ask) -> None:
    leads = [s.address for s in DOCUMENT.section(address).sentences if s.text.startswith("——")]
    for question in (
        f"{address}里“——”开头的一共有几条？",
        f"{address}列了几项",
        f"How many items are there in section {address}?",
    ):
        answer = ask(question)
        assert sentences_of(answer) == leads, question
        assert re.findall(r"\d+", answer.answer.partition("[")[0]) == [str(len(leads))]


@pytest.mark.parametrize("number", range(1, len(CHAPTERS) - 1))
def test_the_chapter_between_two(number: int, ask: Ask) -> None:
    for question in (
        f"在第{number}章和第{number + 2}章之间的是哪一章",
        f"What's between chapters {number} and {number + 2}?",
    ):
        answer = ask(question)
        assert [node for node in sections_of(answer) if "." not in node] == [str(number + 1)]


@pytest.mark.parametrize("term", ["标准化", "体系", "北京"])
def test_headings_with_and_without_an_expression(term: str, ask: Ask) -> None:
    having = [chapter.address for chapter in DOCUMENT.chapters if term in chapter.heading]
    lacking = [address for address in CHAPTERS if address not in having]
    assert sections_of(ask(f"哪些章的标题里没有“{term}”")) == lacking
    if having:
        assert sections_of(ask(f"哪些章的标题里有“{term}”")) == having


@pytest.mark.parametrize("question", ["这份文件有多长", "How long is the document?"])
def test_the_length_of_the_text(question: str) -> None:
    assert asked(question) == "characters"


def test_a_qualified_term_that_the_document_lacks_is_not_replaced_by_its_head(ask: Ask) -> None:
    assert ask("反电信诈骗的标准在哪一节？").status == "abstained"


# --- a place is found by its subject, however it is asked for

_ASKED_FOR = [
    *(f"{opening}{unit}{verb}{{}}" for opening, unit, verb in itertools.product(
        ("", "请问"), ("哪一节", "第几章", "哪个章节"), ("讲的是", "专门讲", "有关"),
    )),
    *(f"{{}}{verb}{unit}{end}" for verb, unit, end in itertools.product(
        ("的规定放在", "归", "属于"), ("哪一节", "第几章第几节"), ("", "，标题念一下"),
    )),
    *(f"{unit} {verb} {{}}?" for unit, verb in itertools.product(
        ("Which section", "Which numbered section", "In which chapter"), ("covers", "talks about", "deals with"),
    )),
]  # fmt: skip


@pytest.mark.parametrize("form", _ASKED_FOR)
def test_the_subject_is_what_no_signal_accounts_for(form: str) -> None:
    subject = "training officials" if form.isascii() else "农村盖房子"
    assert read(fold(form.format(subject)), DOCUMENT).subject == subject


@pytest.mark.parametrize(("unit", "node"), [("哪一节", "5.1"), ("第几章", "5")])
def test_a_subject_in_other_words_is_answered_with_its_heading(unit: str, node: str, ask: Ask) -> None:
    answer = ask(f"农村盖房子的规定放在{unit}？")
    assert answer.status == "answered"
    assert answer.citations[0].section_id == node
    assert not answer.citations[0].sentence_ids


@pytest.mark.parametrize("question", ["宠物管理放在哪一节？", "Which section covers income tax?"])
def test_a_subject_that_is_absent_is_placed_nowhere(question: str, ask: Ask) -> None:
    assert ask(question).status == "abstained"


@pytest.mark.parametrize("asked_either_way", ["说没说过", "提没提到", "出没出现过"])
def test_what_is_asked_either_way_is_not_denied(asked_either_way: str, ask: Ask) -> None:
    answer = ask(f"文件{asked_either_way}“高质量发展”，在哪几处")
    assert "0.2#6" in sentences_of(answer)


@pytest.mark.parametrize(
    "question", ["哪几节既提到人工智能又提到区块链", "Which sections mention both AI and blockchain?"]
)
def test_terms_that_stand_together(question: str, ask: Ask) -> None:
    assert {*sections_of(ask(question))} == {"2.4", "4.2"}


def test_a_second_question_for_the_place_is_about_the_first(ask: Ask) -> None:
    assert ask("碳中和在哪一节？那节一共几句").answer.count("共4句") == 1
    assert ask("“领跑者”出现了几次，分别在哪").status == "answered"


# --- how several terms stand together, and where a term counts

TERMS = ["标准体系", "企业", "数据", "试点", "农业", "京津冀", "服务"]


def sections_with(term: str) -> set[str]:
    return {
        s.address for s in DOCUMENT.sections() if term in s.text or (s.chapter and term in s.heading_path[-1])
    }


@given(st.lists(st.sampled_from(TERMS), min_size=2, max_size=2, unique=True))
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_either_both_or_one_without_the_other(ask: Ask, pair: list[str]) -> None:
    one, other = pair
    with_one, with_other = sections_with(one), sections_with(other)
    for question, wanted in (
        (f"哪几节写到了{one}或者{other}", with_one | with_other),
        (f"哪些小节既有“{one}”又有“{other}”", with_one & with_other),
        (f"哪几节既讲{one}又讲{other}", with_one & with_other),
        (f"有{one}但没有{other}的小节", with_one - with_other),
        (f"哪几节没提{other}却提了{one}", with_one - with_other),
    ):
        found = {node for node in sections_of(ask(question)) if "." in node}
        assert found == wanted, question


@pytest.mark.parametrize(
    ("question", "term", "relation"),
    [
        ("which sections mention farming but not seeds", "farming", {"lacking": ("seeds",)}),
        ("sections with either 5G or robots", "5g", {"either": ("robots",)}),
        ("Which sections mention banks and farms together?", "banks", {"also": ("farms",)}),
    ],
)
def test_terms_of_an_english_question(question: str, term: str, relation: dict[str, tuple[str, ...]]) -> None:
    found = asks_for_mentions(fold(question), DOCUMENT)
    assert found is not None
    assert found.term == term
    assert {name: getattr(found, name) for name in relation} == relation


@pytest.mark.parametrize("term", ["绿色", "保障", "首都"])
def test_headings_of_both_kinds(term: str, ask: Ask) -> None:
    wanted = [c.address for c in DOCUMENT.chapters if term in c.heading]
    wanted += [s.address for s in NUMBERED if term in s.heading_path[-1]]
    for question in (f"标题里有“{term}”的都列出来", f"“{term}”两个字在标题里出现没有？哪里"):
        assert {*sections_of(ask(question))} == {*wanted}, question


@pytest.mark.parametrize("term", ["物业", "气象", "种业"])
def test_a_bare_word_with_where_asks_for_its_places(term: str, ask: Ask) -> None:
    wanted = [sentence.address for sentence in DOCUMENT.sentences() if term in sentence.text]
    for question in (f"{term} 在哪", f"{term}都在哪写的", f"{term} 全文检索", f"文件里提没提{term}"):
        assert sentences_of(ask(question)) == wanted, question


@pytest.mark.parametrize("question", ["北京证券交易所在哪", "交易所怎么发挥作用", "家门口的公园修在哪"])
def test_where_something_lies_is_no_question_for_its_places(question: str) -> None:
    assert asks_for_mentions(fold(question), DOCUMENT) is None


@pytest.mark.parametrize(
    "question",
    [
        "哪一节提到了地铁票",
        "文件里有没有出现“直播带货”",
        "Is crypto trading mentioned anywhere?",
        "Where do casinos come up?",
    ],
)
def test_what_is_not_named_is_said_to_be_absent(question: str, ask: Ask) -> None:
    assert ask(question).status == "abstained"


def test_a_figure_is_not_found_inside_another(ask: Ask) -> None:
    form = re.compile(r"(?<!\d)80(?!\d)")
    wanted = [s.address for s in DOCUMENT.sentences() if form.search(s.text)]
    assert sentences_of(ask("80这个数出现在哪里")) == wanted


# --- lengths of headings, the first few, comparisons


def title_length(title: str) -> int:
    return len(re.findall(r"\w", title))


@pytest.mark.parametrize(("word", "choose"), [("最长", max), ("最短", min)])
def test_the_longest_and_shortest_heading(word: str, choose: Callable[..., int], ask: Ask) -> None:
    lengths = {chapter.address: title_length(chapter.title) for chapter in DOCUMENT.chapters}
    wanted = {address for address, length in lengths.items() if length == choose(lengths.values())}
    assert {*sections_of(ask(f"标题{word}的是哪一章"))} == wanted


def test_headings_of_so_many_characters(ask: Ask) -> None:
    wanted = [section.address for section in NUMBERED if title_length(section.title) == 6]
    assert sections_of(ask("哪些节的标题只有六个字")) == wanted


@pytest.mark.parametrize("number", [2, 3])
def test_the_longest_few(number: int, ask: Ask) -> None:
    sizes = {s.address: len(re.sub(r"\s", "", s.text)) for s in NUMBERED}
    wanted = sorted(sizes, key=lambda address: -sizes[address])[:number]
    assert sections_of(ask(f"最长的{'二三'[number - 2]}个小节")) == wanted
    assert sections_of(ask(f"字数最多的前{number}节")) == wanted


@pytest.mark.parametrize(("one", "other"), [(3, 5), (2, 9), (4, 10)])
def test_two_chapters_are_compared(one: int, other: int, ask: Ask) -> None:
    apart = abs(len(DOCUMENT.chapter(one).sections) - len(DOCUMENT.chapter(other).sections))
    opening = ask(f"第{one}章比第{other}章多几节").answer.splitlines()[0]
    assert re.findall(r"\d+", opening.partition("[")[0]) == [str(apart)]
    longer = ask(f"Chapter {one} or chapter {other}: which is longer?")
    assert sections_of(longer) == [str(one), str(other)]


def test_all_percentages(ask: Ask) -> None:
    wanted = [s.address for s in DOCUMENT.sentences() if re.search(r"\d%", s.text)]
    for question in ("文件里一共有几个百分比，出处也要", "Which percentages appear, and in which section?"):
        assert sentences_of(ask(question)) == wanted


# --- nodes by what lies around them


def test_the_other_sections_beside_one(ask: Ask) -> None:
    beside = [s.address for s in DOCUMENT.chapter(4).sections if s.address != "4.4"]
    assert [*dict.fromkeys(sections_of(ask("跟“农业”那一节并列的还有哪些节")))] == beside


@pytest.mark.parametrize("section", NUMBERED[::5], ids=lambda section: section.address)
def test_the_chapter_of_a_section(section: Section, ask: Ask) -> None:
    assert ask(f"{section.address}属于哪一章").citations[0].section_id == str(section.chapter)


@pytest.mark.parametrize("number", [1, 2])
def test_a_sentence_of_a_section_named_by_its_subject(number: int, ask: Ask) -> None:
    assert sentences_of(ask(f"讲农业那节的第{number}句是什么")) == [f"4.4#{number}"]


@pytest.mark.parametrize(
    ("question", "plain"),
    [
        ("哪几节只有一句话，我先看这些", "哪几节只有一句话"),
        ("我们是设计院的，“基础设施”在哪几节", "“基础设施”在哪几节"),
        ("“领跑者”在哪几节，写材料用", "“领跑者”在哪几节"),
        ("I teach at a school. Which chapter is the longest?", "Which chapter is the longest?"),
    ],
)
def test_what_is_told_of_the_asker_changes_nothing(question: str, plain: str, ask: Ask) -> None:
    assert ask(question).citations == ask(plain).citations


@given(st.text(alphabet="有没哪一个的章节,，我是在0第了吗？ “”'a", max_size=80))
def test_any_text_is_read(text: str) -> None:
    assert read(fold(text), DOCUMENT).kinds is not None


# --- further words for the same things


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("哪一章拆得最碎", "most:chapters:sections"),
        ("Which chapter is the most finely divided?", "most:chapters:sections"),
        ("最“长”的是哪一节", "most:sections:characters"),
        ("哪一节最简略", "least:sections:characters"),
        ("Which is the wordiest chapter?", "most:chapters:characters"),
        ("有的章两节，有的章五节，五节的是哪章", "having:chapters:sections:=:5"),
        ("Sections having exactly two sentences: which ones?", "having:sections:sentences:=:2"),
        ("chapters with 4 or more sections", "having:chapters:sections:>=:4"),
        ("整节就一句话的有哪几节", "having:sections:sentences:=:1"),
        ("全文就一个百分比吧", "shares"),
    ],
)
def test_further_words_for_measures(question: str, wanted: str) -> None:
    assert asked(question) == wanted


@pytest.mark.parametrize("term", ["试点", "品牌", "平台"])
def test_what_surrounds_a_quoted_expression_changes_nothing(term: str, ask: Ask) -> None:
    wanted = [sentence.address for sentence in DOCUMENT.sentences() if term in sentence.text]
    for question in (
        f"“{term}”藏在哪几节，我翻遍了也没找到",
        f"把“{term}”出现的小节找齐，一个都别落",
        f"哪些条文写到“{term}”",
        f"总看见“{term}”这个词，到底有几种{term}，散在哪些节",
        f"Every sentence with “{term}” in it, I can't find any",
    ):
        assert [a for a in sentences_of(ask(question)) if a] == wanted, question


@pytest.mark.parametrize(
    "question", ["跟奖励沾边的有几条，都在什么位置", "与奖励挂钩的规定有几条，分布在哪些节"]
)
def test_a_subject_counted_and_then_placed_is_one_question(question: str, ask: Ask) -> None:
    wanted = [sentence.address for sentence in DOCUMENT.sentences() if "奖励" in sentence.text]
    assert sentences_of(ask(question)) == wanted


@pytest.mark.parametrize(
    "question", ["“四个中心”依次对应哪几节", "Which sections correspond to the “四个中心”?"]
)
def test_the_sections_that_a_heading_is_divided_among(question: str, ask: Ask) -> None:
    wanted = [section.address for section in DOCUMENT.chapter(2).sections]
    assert [node for node in sections_of(ask(question)) if "." in node] == wanted


@pytest.mark.parametrize("number", [6, 9, 11])
def test_the_section_in_the_middle_of_a_chapter(number: int, ask: Ask) -> None:
    for question in (f"第{number}章中间那一节讲什么", f"What is the middle section of chapter {number}?"):
        assert {*sections_of(ask(question))} == {f"{number}.2"}, question


@pytest.mark.parametrize(
    "question", ["6.2的同级小节有哪些", "跟6.2同一章的其他小节", "neighbours of section 6.2"]
)
def test_the_sections_beside_a_numbered_one(question: str, ask: Ask) -> None:
    assert {*sections_of(ask(question))} == {"6.1", "6.3"}


@pytest.mark.parametrize(
    ("question", "nodes"),
    [
        ("讲种庄稼的那节有几句话", {"4.4"}),
        ("讲救火的那一节下一节叫什么标题", {"9.1"}),
        ("讲发射火箭的那一节有几句话", set()),
    ],
)
def test_a_node_named_in_other_words_than_its_own(question: str, nodes: set[str], ask: Ask) -> None:
    assert {*sections_of(ask(question))} == nodes


def test_the_part_of_a_chapter_is_a_section(ask: Ask) -> None:
    assert sections_of(ask("Which part of chapter 7 deals with education?"))[0] == "7.1"


@pytest.mark.parametrize("question", ["讲物业的那节在第几章", "说物业的那一节属于哪章"])
def test_the_chapter_of_a_described_section(question: str, ask: Ask) -> None:
    assert sections_of(ask(question))[0] == "5"


@pytest.mark.parametrize("question", ["1.2那四个破折号都是什么", "基本原则底下的破折号列一下"])
def test_items_are_called_by_their_dashes(question: str, ask: Ask) -> None:
    leads = [s.address for s in DOCUMENT.section("1.2").sentences if s.text.startswith("——")]
    assert sentences_of(ask(question)) == leads


@pytest.mark.parametrize("question", ["前言用“一是二是”写了几条", "前言里一是、二是列了几条"])
def test_items_are_called_by_their_ordinals(question: str, ask: Ask) -> None:
    assert sentences_of(ask(question)) == [f"0.2#{at}" for at in range(4, 8)]


@pytest.mark.parametrize("question", ["公共安全领域有几类", "8.1说的公共安全领域有哪几种"])
def test_kinds_that_a_sentence_lists(question: str, ask: Ask) -> None:
    assert sentences_of(ask(question)) == ["8.1#1"]


@pytest.mark.parametrize("question", ["第六章讲了什么", "第六章写了些啥"])
def test_what_a_node_says_is_no_question_for_an_occurrence(question: str, ask: Ask) -> None:
    assert sections_of(ask(question)) == ["6", "6.1", "6.2", "6.3"]
