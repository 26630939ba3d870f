"""Follow-ups: what is inherited, what is not, and where next and previous lead."""

from __future__ import annotations

from itertools import pairwise

import pytest

from assistant.followup import standalone
from assistant.types import Turn
from index.types import Document
from tests.assistant.conftest import Ask
from tests.assistant.contract import sections_of, sentences_of

FIGURE = Turn("到2025年要制定多少项国际标准？", "到2025年要制定多少项国际标准？", ("1.3",), ("1.3#12",))
_FIGURE = "How many international standards by 2025?"
ENGLISH_FIGURE = Turn(_FIGURE, _FIGURE, ("1.3",), ("1.3#12",))
TOPIC = Turn("养老有什么安排？", "养老有什么安排？", ("7.3",), ("7.3#3",))
COMMISSION = Turn("首都标准化委员会干什么？", "首都标准化委员会干什么？", ("12.1",), ("12.1#2",))
_ASKED = "What is the Capital Standardization Commission?"
ENGLISH_COMMISSION = Turn(_ASKED, _ASKED, ("12.1",), ("12.1#2",))
_TOPIC = "What are the plans for hospitals?"
ENGLISH_TOPIC = Turn(_TOPIC, _TOPIC, ("7.2",), ("7.2#1",))


def rewritten(text: str, last: Turn, document: Document) -> str:
    return standalone(text, (last,), document).text


@pytest.mark.parametrize(
    "text", ["那地方标准呢？", "养老呢", "And farmers?", "还有呢？", "下一节", "2035年呢", "它呢"]
)
def test_without_a_history_nothing_is_rewritten(text: str, outline: Document) -> None:
    found = standalone(text, (), outline)
    assert (found.text, found.addresses, found.exclude, found.focus) == (text, (), (), "")


@pytest.mark.parametrize(
    ("text", "last", "query"),
    [
        ("那地方标准呢？", FIGURE, "到2025年要制定多少项地方标准？"),
        ("地方标准呢", FIGURE, "到2025年要制定多少项地方标准？"),
        ("那2035年呢？", FIGURE, "到2035年要制定多少项国际标准？"),
        ("2028年呢", FIGURE, "到2028年要制定多少项国际标准？"),
        ("再远一点的目标呢？", FIGURE, "到2035年要制定多少项国际标准？"),
        ("残疾人呢？", TOPIC, "残疾人有什么安排？"),
        ("至于殡葬呢", TOPIC, "殡葬有什么安排？"),
        ("And local standards?", ENGLISH_FIGURE, "How many local standards by 2025?"),
        ("What about local ones?", ENGLISH_FIGURE, "How many local standards by 2025?"),
        ("And in 2035?", ENGLISH_FIGURE, "How many international standards by 2035?"),
        ("What about schools?", ENGLISH_TOPIC, "What are the plans for schools?"),
        ("And for farmers?", ENGLISH_TOPIC, "What are the plans for farmers?"),
        ("In the longer term?", ENGLISH_FIGURE, "How many international standards by 2035?"),
    ],
)
def test_the_subject_or_the_year_is_replaced(text: str, last: Turn, query: str, outline: Document) -> None:
    assert rewritten(text, last, outline) == query


def test_a_replaced_subject_is_what_the_search_is_about(outline: Document) -> None:
    assert standalone("那地方标准呢？", (FIGURE,), outline).focus == "地方标准"


@pytest.mark.parametrize("step", ["近一点的目标呢？", "And the short-term goals?"])
def test_from_the_later_year_back_to_the_earlier(step: str, outline: Document) -> None:
    last = Turn("到2035年有哪些目标？", "到2035年有哪些目标？", ("1.3",), ("1.3#19",))
    assert rewritten(step, last, outline) == "到2025年有哪些目标？"


def test_the_year_of_the_cited_sentence_counts_where_the_question_named_none(outline: Document) -> None:
    last = Turn("制定多少项国际标准？", "制定多少项国际标准？", ("1.3",), ("1.3#12",))
    assert "2035" in rewritten("更长远的呢", last, outline)


@pytest.mark.parametrize(
    ("text", "last", "named"),
    [
        ("这个机构还做什么？", COMMISSION, "首都标准化委员会"),
        ("它还负责什么？", COMMISSION, "首都标准化委员会"),
        ("What else does it do?", ENGLISH_COMMISSION, "Capital Standardization Commission"),
    ],
)
def test_a_pronoun_stands_for_the_body_and_what_was_said_is_not_said_again(
    text: str, last: Turn, named: str, outline: Document
) -> None:
    found = standalone(text, (last,), outline)
    assert named in found.text
    assert found.exclude == last.sentences


def test_what_else_asks_the_same_without_what_was_given(outline: Document) -> None:
    for text in ("还有呢？", "别的呢", "Anything else?"):
        found = standalone(text, (TOPIC,), outline)
        assert (found.text, found.exclude) == (TOPIC.query, TOPIC.sentences)


def test_a_question_without_a_subject_is_completed(outline: Document) -> None:
    assert rewritten("谁负责？", TOPIC, outline) == "养老谁负责？"


@pytest.mark.parametrize(
    "text",
    [
        "中医药有哪些部署？",
        "自动驾驶标准什么时候制定？",
        "哪些地方讲到区块链？",
        "第六章讲什么？",
        "这份文件什么时候印发的？",
        "How will the city support autonomous driving?",
        "Does it say anything about autonomous driving?",
        "Which sections mention blockchain?",
    ],
)
@pytest.mark.parametrize("last", [FIGURE, TOPIC, ENGLISH_TOPIC], ids=["figure", "topic", "english"])
def test_a_change_of_topic_inherits_nothing(text: str, last: Turn, outline: Document) -> None:
    found = standalone(text, (last,), outline)
    assert (found.text, found.exclude) == (text, ())


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("换个话题，自动驾驶呢？", "自动驾驶呢？"),
        ("谢谢。另外，垃圾分类怎么说？", "垃圾分类怎么说？"),
        ("By the way, what about farmers?", "what about farmers?"),
    ],
)
def test_an_announced_change_of_topic_is_taken_at_its_word(text: str, rest: str, outline: Document) -> None:
    assert rewritten(text, FIGURE, outline) == rest
    assert rewritten(text, ENGLISH_FIGURE, outline) == rest


# --- next and previous


def test_next_and_previous_section_all_through_the_document(outline: Document) -> None:
    addresses = [section.address for section in outline.sections()]
    for here, following in pairwise(addresses):
        last = Turn("", "", (here,))
        assert standalone("下一节讲什么", (last,), outline).addresses == (following,)
        assert standalone("next section please", (last,), outline).addresses == (following,)
        back = Turn("", "", (following,))
        assert standalone("上一节呢", (back,), outline).addresses == (here,)


def test_next_chapter_from_any_of_its_sections(outline: Document) -> None:
    for chapter in outline.chapters[:-1]:
        for section in chapter.sections:
            found = standalone("下一章讲什么", (Turn("", "", (section.address,)),), outline)
            assert found.addresses == (str(chapter.number + 1),)


def test_after_the_last_comes_nothing(outline: Document) -> None:
    assert standalone("下一节", (Turn("", "", ("12.4",)),), outline).addresses == ()
    assert standalone("上一节", (Turn("", "", ("0.1",)),), outline).addresses == ()


# --- as asked


@pytest.mark.parametrize(
    ("turns", "cited"),
    [
        (("How many international standards by 2025?", "And local standards?"), "1.3#15"),
        (("到2025年有哪些目标？", "更长远的呢？"), "1.3#20"),
        (("What are the targets for 2025?", "And in the longer term?"), "1.3#20"),
        (("What does the outline say about education?", "And farmers?"), "4.4#3"),
        (("养老有什么安排？", "换个话题，垃圾分类怎么说？"), "6.3#5"),
        (("到2025年要制定多少项国际标准？", "中医药有哪些部署？"), "7.2#4"),
    ],
)
def test_a_conversation_finds_its_sentence(turns: tuple[str, ...], cited: str, ask: Ask) -> None:
    answer = ask(*turns)
    assert answer.status == "answered"
    assert cited in sentences_of(answer)


def test_what_else_a_body_does_repeats_nothing(ask: Ask) -> None:
    first = ask("首都标准化委员会是做什么的？")
    second = ask("首都标准化委员会是做什么的？", "这个机构还做什么？")
    assert second.query == "首都标准化委员会还做什么？"
    assert "12.1#2" in sentences_of(first)
    assert sentences_of(second)
    assert not set(sentences_of(first)) & set(sentences_of(second))


def test_the_rewrite_is_shown_as_the_query(ask: Ask) -> None:
    answer = ask("到2025年要制定多少项国际标准？", "那地方标准呢？")
    assert answer.question == "那地方标准呢？"
    assert answer.query == "到2025年要制定多少项地方标准？"


def test_three_turns_carry_the_subject_on(ask: Ask) -> None:
    answer = ask("到2025年要制定多少项国际标准？", "那地方标准呢？", "2035年呢？")
    assert answer.query == "到2035年要制定多少项地方标准？"
    assert (answer.status, answer.reason) == ("abstained", "figure_not_stated")


@pytest.mark.parametrize(
    "turns",
    [
        ("到2025年要制定多少项国际标准？", "2028年呢？"),
        ("How many international standards by 2025?", "And in 2030?"),
    ],
)
def test_another_year_in_a_follow_up_has_no_answer(turns: tuple[str, ...], ask: Ask) -> None:
    answer = ask(*turns)
    assert (answer.status, answer.reason) == ("abstained", "figure_not_stated")


def test_what_was_excluded_is_not_cited_again(ask: Ask) -> None:
    first = ask("首都标准化委员会是做什么的？")
    second = ask("首都标准化委员会是做什么的？", "这个机构还做什么？")
    assert not set(sentences_of(first)) & set(sentences_of(second))


@pytest.mark.parametrize(
    ("turns", "nodes"),
    [
        (("第五章第三节讲什么", "下一节"), ["5.4"]),
        (("第五章第三节讲什么", "上一节呢"), ["5.2"]),
        (("第五章第三节讲什么", "下一章讲什么"), ["6", "6.1", "6.2", "6.3"]),
        (("Chapter 3 section 1", "next section"), ["3.2"]),
        (("养老有什么安排？", "第十二章第二节讲什么"), ["12.2"]),
    ],
)
def test_moving_through_the_document(turns: tuple[str, ...], nodes: list[str], ask: Ask) -> None:
    assert sections_of(ask(*turns)) == nodes


# --- places, items, corrections, the same kind

CHAPTER = Turn("第五章讲什么", "第五章讲什么", ("5", "5.1", "5.2", "5.3", "5.4", "5.5"))
PRINCIPLES = Turn("有哪些基本原则？", "有哪些基本原则？", ("1.2",), ("1.2#1", "1.2#3", "1.2#5", "1.2#7"))
PLACES = Turn(
    "哪些地方提到区块链？", "哪些地方提到区块链？", ("2.4", "4.2", "4.3"), ("2.4#5", "4.2#2", "4.3#3")
)
HIGHWAYS = Turn("智慧高速公路要做标准吗", "智慧高速公路要做标准吗", ("5.3",), ("5.3#3",))
LONGEST = Turn("哪一章最长", "哪一章最长", ("1",))
SECTIONS = Turn("第五章有几节", "第五章有几节", ("5",))


@pytest.mark.parametrize(
    ("text", "last", "query"),
    [
        ("第三节呢", CHAPTER, "第五章第三节讲什么"),
        ("最后一节呢", CHAPTER, "第五章第五节讲什么"),
        ("What about section 2?", CHAPTER, "What does chapter 5, section 2 say?"),
        ("这一节还讲了什么", HIGHWAYS, "第五章第三节还讲了什么"),
        ("What else does that section say?", HIGHWAYS, "What else does chapter 5, section 3 say?"),
        ("原文", HIGHWAYS, "第五章第三节讲什么"),
        ("详细点", HIGHWAYS, "第五章第三节讲什么"),
        ("继续", HIGHWAYS, "第五章第三节第4句讲什么"),
        ("第二个呢", PRINCIPLES, "第一章第二节第3句、第一章第二节第4句讲什么"),
        ("the last one?", PRINCIPLES, "What does chapter 1, section 2, sentence 7 and chapter 1, section 2, sentence 8 say?"),
        ("第二处写了什么", PLACES, "第四章第二节第2句讲什么"),
        ("那人工智能呢？", PLACES, "哪些地方提到人工智能？"),
        ("有几处", PLACES, "“区块链”出现了几处？"),
        ("第七章呢", SECTIONS, "第七章有几节"),
        ("那句子呢", SECTIONS, "第五章有几句子"),
        ("最短的呢", LONGEST, "哪一章最短"),
        ("哪一节最长", SECTIONS, "第五章哪一节最长"),
        ("不，我问的是2035年", FIGURE, "到2035年要制定多少项国际标准？"),
        ("不对，我问的是地方标准", FIGURE, "到2025年要制定多少项地方标准？"),
        ("No, I meant farmers", ENGLISH_TOPIC, "What are the plans for farmers?"),
        ("Sorry, I meant the local ones", ENGLISH_FIGURE, "How many local standards by 2025?"),
        ("By when?", ENGLISH_TOPIC, "What is the deadline for hospitals?"),
        ("By when?", Turn("", "Who supervises group standards?"), "What is the deadline for group standards?"),
        ("在哪？", TOPIC, "第七章第三节第3句在哪一节"),
        ("这在哪一章？", TOPIC, "第七章第三节第3句在哪一章"),
        ("在哪一章提到的", TOPIC, "第七章第三节第3句在哪一章"),
        ("出处呢", TOPIC, "第七章第三节第3句在哪一节"),
        ("都叫什么", Turn("", "第四章一共几节", ("4",)), "第四章各节的标题是什么"),
        ("题目是什么", Turn("", "最短的一章是哪章", ("8",)), "第八章的标题是什么"),
        ("第二节详细说说", CHAPTER, "第五章第二节讲什么"),
        ("第二节呢", Turn("", "第三章第一节一共几句", ("3.1",)), "第三章第二节一共几句"),
        ("2035年地方标准的呢", FIGURE, "到2035年要制定多少项地方标准？"),
        ("这个论坛还有什么", Turn("", "中关村论坛要办什么", ("9.3",), ("9.3#4",)), "中关村论坛还有什么"),
    ],
)  # fmt: skip
def test_a_follow_up_fills_what_it_names_and_takes_the_rest(
    text: str, last: Turn, query: str, outline: Document
) -> None:
    assert rewritten(text, last, outline) == query


@pytest.mark.parametrize(
    ("text", "last", "absent"),
    [
        ("第五个呢", PRINCIPLES, "no_such_item:4"),
        ("下一节", Turn("", "", ("12.4",)), "no_next_section"),
        ("下一章", Turn("", "", ("12.4",)), "no_next_chapter"),
        ("上一节", Turn("", "", ("0.1",)), "no_previous_section"),
        ("previous chapter", Turn("", "", ("1.1",)), "no_previous_chapter"),
    ],
)
def test_what_is_not_there_is_named(text: str, last: Turn, absent: str, outline: Document) -> None:
    assert standalone(text, (last,), outline).absent == absent


def test_what_else_a_section_says_leaves_out_what_was_cited(ask: Ask) -> None:
    answer = ask("智慧高速公路要做标准吗", "这一节还讲了什么")
    assert sentences_of(answer) == ["5.3#1", "5.3#2", "5.3#4"]


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        (("第一章讲什么", "上一章呢"), "第一章"),
        (("第十二章第四节讲什么", "下一节"), "最后一节"),
        (("Show chapter 12", "next chapter"), "last chapter"),
        (("有哪些基本原则？", "第五个呢"), "4项"),
    ],
)
def test_the_end_of_the_document_is_said(turns: tuple[str, ...], words: str, ask: Ask) -> None:
    answer = ask(*turns)
    assert (answer.status, answer.reason) == ("abstained", "not_in_document")
    assert words in answer.answer


@pytest.mark.parametrize(
    "text",
    ["这一章讲什么", "What does this section say?", "上一节", "第二个呢", "原文", "继续", "anything else?"],
)
def test_what_needs_a_history_asks_back_without_one(text: str, ask: Ask) -> None:
    answer = ask(text)
    assert (answer.status, answer.reason) == ("abstained", "ambiguous")


@pytest.mark.parametrize(
    ("turns", "named"),
    [
        (("谁来议事协调标准化重大问题？", "它的专家队伍要怎么办？"), "首都标准化委员会"),
        (("标准化工作由哪个机构统筹协调？", "这个机构在京津冀协同里做什么？"), "首都标准化委员会"),
        (("Who coordinates standardization work across regions?", "Does it have experts?"), "Commission"),
    ],
)
def test_a_body_named_only_in_the_answer_is_spoken_of(turns: tuple[str, ...], named: str, ask: Ask) -> None:
    assert named in ask(*turns).query


def test_a_second_item_is_of_the_list_that_the_first_was_given_from(ask: Ask) -> None:
    assert sections_of(ask("第四章有哪几节", "第一个讲什么", "第二个呢")) == ["4.2"]


# --- what points into the answer before


@pytest.mark.parametrize(
    "text",
    [
        "这是哪一节的",
        "这段话出自哪一节？标题发我",
        "那一条在哪节",
        "Which section is that in?",
        "Where is that, which section?",
    ],
)
def test_the_place_of_the_answer_before(text: str, ask: Ask) -> None:
    first = (
        "养老服务标准怎么互认？" if not text.isascii() else "Are elderly care standards mutually recognized?"
    )
    cited = {address.partition("#")[0] for address in sentences_of(ask(first))}
    answer = ask(first, text)
    heading, sentence = answer.citations
    assert not heading.sentence_ids
    assert sentence.sentence_ids == ("7.3#3",)
    assert {*sections_of(answer)} <= cited


@pytest.mark.parametrize("address", ["7.1", "2.4", "11.2"])
@pytest.mark.parametrize(
    "text", ["另外几节分别管什么", "其他节呢，讲什么", "What do the other sections say?"]
)
def test_the_other_sections_of_the_chapter(text: str, address: str, outline: Document, ask: Ask) -> None:
    chapter = outline.chapter(int(address.partition(".")[0]))
    answer = ask(f"{address}讲什么", text)
    assert list(dict.fromkeys(sections_of(answer))) == [
        s.address for s in chapter.sections if s.address != address
    ]


@pytest.mark.parametrize(
    "text",
    ["第二个是什么来着", "排在中间的是哪条", "最后那个是什么", "The first one is?", "what was the last one"],
)
def test_one_of_a_list_within_the_sentence_that_answered(text: str, outline: Document) -> None:
    listing = next(s for s in outline.section("2.4").sentences if s.text.count("、") > 2)
    last = Turn("聚焦哪几个前沿领域？", "聚焦哪几个前沿领域？", ("2.4",), (listing.address,))
    assert standalone(text, (last,), outline).addresses == (listing.address,)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("前面那一处讲什么", 0),
        ("后面那一处具体讲的什么", -1),
        ("What's the earlier one about?", 0),
        ("and the latter", -1),
    ],
)
def test_the_former_and_the_latter_place(text: str, at: int, ask: Ask) -> None:
    term = "digital twin" if text.isascii() else "数字孪生"
    first = f"Where is the word '{term}' used?" if text.isascii() else f"“{term}”出现在哪些地方"
    places = sentences_of(ask(first))
    assert sentences_of(ask(first, text)) == [places[at]]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("十年后呢", "到2035年有哪些目标？"),
        ("再过十年呢", "到2035年有哪些目标？"),
        ("五年前呢", "到2020年有哪些目标？"),
        ("往前倒十年，国际标准要几项", "到2015年，国际标准要几项"),
    ],
)
def test_a_year_by_its_distance(text: str, query: str, outline: Document) -> None:
    last = Turn("到2025年有哪些目标？", "到2025年有哪些目标？", ("1.3",), ("1.3#1",))
    assert rewritten(text, last, outline) == query


@pytest.mark.parametrize(
    ("text", "year"), [("and ten years after that?", 2035), ("Five years earlier?", 2020)]
)
def test_a_year_by_its_distance_in_english(text: str, year: int, outline: Document) -> None:
    assert rewritten(text, ENGLISH_FIGURE, outline) == f"How many international standards by {year}?"


@pytest.mark.parametrize(
    "remark", ["too long", "My brother works there.", "我是学生，写作业的", "原来是这样"]
)
def test_a_remark_that_nothing_was_cited_for_is_passed_over(remark: str, outline: Document) -> None:
    history = (FIGURE, Turn(remark, remark))
    assert standalone("那地方标准呢？", history, outline).text == "到2025年要制定多少项地方标准？"


@pytest.mark.parametrize("known", ["Fine, ", "OK, ", "Got it. ", "Right. "])
def test_an_acknowledgement_before_a_follow_up(known: str, outline: Document) -> None:
    assert (
        rewritten(f"{known}and local standards?", ENGLISH_FIGURE, outline)
        == "How many local standards by 2025?"
    )


@pytest.mark.parametrize("text", ["And what about refugees?", "And refugees?", "What about refugees?"])
@pytest.mark.parametrize("verb", ["cover", "mention", "help"])
def test_what_a_document_deals_with_is_replaced(text: str, verb: str, outline: Document) -> None:
    asked = f"Does it {verb} disabled people?"
    assert rewritten(text, Turn(asked, asked, ("7.3",), ("7.3#2",)), outline) == f"Does it {verb} refugees?"


@pytest.mark.parametrize(
    "text", ["按什么原则来？", "由谁来定？", "为什么要搞", "多久评一次", "第几届来着", "全称叫什么"]
)
def test_a_question_without_a_subject_takes_the_one_before(text: str, outline: Document) -> None:
    assert rewritten(text, TOPIC, outline) == f"养老{text}"


@pytest.mark.parametrize(
    ("turns", "wanted"),
    [
        (("有哪些基本原则？", "第二条具体说啥", "再前面那条呢"), ["1.2#1", "1.2#2"]),
        (("What are the basic principles?", "Explain the third one", "and the next?"), ["1.2#7", "1.2#8"]),
    ],
)
def test_the_item_after_and_before_one_of_a_list(turns: tuple[str, ...], wanted: list[str], ask: Ask) -> None:
    assert sentences_of(ask(*turns)) == wanted


@pytest.mark.parametrize(
    "texts",
    [("后面一章呢", "再后面呢"), ("下一章", "再往后呢"), ("the next chapter?", "and the one after that?")],
)
def test_steps_from_a_step(texts: tuple[str, str], ask: Ask) -> None:
    first = "What does chapter 4 cover?" if texts[0].isascii() else "第四章讲什么"
    assert ask(first, *texts).citations[0].section_id == "6"


@pytest.mark.parametrize("text", ["Does that reach beyond the city?", "Will this apply to schools too?"])
def test_a_demonstrative_before_a_verb_is_a_pronoun(text: str, outline: Document) -> None:
    assert "hospitals" in rewritten(text, ENGLISH_TOPIC, outline)


def test_a_demonstrative_before_a_noun_is_none(outline: Document) -> None:
    assert rewritten("Does that building stay?", ENGLISH_TOPIC, outline) == "Does that building stay?"


@pytest.mark.parametrize(
    "text",
    ["Fine, and local standards? My brother drafts them.", "My brother drafts them. And local standards?"],
)
def test_a_sentence_on_the_asker_beside_a_follow_up_is_left_out(text: str, outline: Document) -> None:
    assert rewritten(text, ENGLISH_FIGURE, outline) == "How many local standards by 2025?"


@pytest.mark.parametrize("remark", ["1.3, right.", "80 of them, I see.", "80项，明白了。"])
def test_a_note_taken_of_an_answer_is_passed_over(remark: str, outline: Document) -> None:
    history = (FIGURE, Turn(remark, remark, ("9.3",), ("9.3#1",)))
    assert standalone("那地方标准呢？", history, outline).text == "到2025年要制定多少项地方标准？"


@pytest.mark.parametrize(
    "text", ["Quote just that sentence.", "show me only that line", "就念那句", "把那句原话发给我"]
)
def test_only_the_sentence_that_answered(text: str, outline: Document) -> None:
    assert standalone(text, (TOPIC,), outline).addresses == TOPIC.sentences


def test_a_body_asked_for_is_the_one_that_the_answer_names(outline: Document) -> None:
    asked = "战略咨询专家队伍是哪个机构的"
    last = Turn(asked, asked, ("12.1",), ("12.1#3",))
    assert rewritten("这个机构还做什么？", last, outline) == "首都标准化委员会还做什么？"


def test_a_demonstrative_beside_what_it_means_is_no_pronoun(outline: Document) -> None:
    asked = "友好城市那条线又拿来做什么？"
    assert rewritten(asked, TOPIC, outline) == asked


@pytest.mark.parametrize(
    ("text", "last", "query"),
    [
        ("所以是80项对吧", FIGURE, "到2025年要制定80项国际标准，对吗？"),
        ("So 80, correct?", ENGLISH_FIGURE, "80 international standards by 2025, correct?"),
        ("你刚引的那句里“互通互认”是指哪里", TOPIC, "“互通互认”是指哪里"),
        ("对了，殡葬提到没", FIGURE, "殡葬提到没"),
        ("Now, a different question: who pays?", ENGLISH_TOPIC, "who pays?"),
        ("不是这个，我说错了，是讲殡葬的那句", TOPIC, "殡葬有什么安排？"),
        ("I meant buses, sorry", ENGLISH_TOPIC, "What are the plans for buses?"),
        ("And with farmers?", ENGLISH_TOPIC, "What are the plans for farmers?"),
        ("2025年前要做到多少", TOPIC, "2025年前要做到多少"),
    ],
)
def test_what_goes_on_from_an_answer(text: str, last: Turn, query: str, outline: Document) -> None:
    assert rewritten(text, last, outline) == query


def test_the_fourth_of_what_was_listed(ask: Ask) -> None:
    for asked in ("Tell me more about the fourth one", "the fourth one?"):
        answer = ask("What are the basic principles of the outline?", asked)
        assert sentences_of(answer) == ["1.2#7", "1.2#8"]


SECRETARIATS = Turn("有多少单位承担国际标准秘书处", "有多少单位承担国际标准秘书处", ("0.2",), ("0.2#7",))
PRIZE = Turn("标准能评奖吗", "标准能评奖吗", ("12.3",), ("12.3#1",))
ISSUED = Turn("Who issued this document?", "Who issued this document?", ("0.1",), ("0.1#5",))


@pytest.mark.parametrize(
    ("text", "last", "query"),
    [
        ("占全国比重呢", SECRETARIATS, "单位承担国际标准秘书处占全国比重是多少？"),
        ("期限呢", FIGURE, "到2025年要制定国际标准期限是多少？"),
        ("需要符合哪些条件", PRIZE, "标准能评奖，需要符合哪些条件"),
        ("and when?", ISSUED, "When was this document issued?"),
        ("in finance specifically", ENGLISH_FIGURE, "How many international standards by 2025 in finance?"),
        ("just the 2035 part", ENGLISH_FIGURE, "How many international standards by 2035?"),
        (
            "who would host… never mind. What about noise barriers on roads?",
            ENGLISH_TOPIC,
            "What are the plans for noise barriers on roads?",
        ),
        ("养老驿站……算了，噪声怎么管", TOPIC, "噪声怎么管"),
    ],
)
def test_what_goes_on_with_the_question_before(text: str, last: Turn, query: str, outline: Document) -> None:
    assert rewritten(text, last, outline) == query


def test_what_sets_the_answer_aside_is_no_question(outline: Document) -> None:
    aside = Turn("no, not the first bit", "no, not the first bit", ("4.3",), ("4.3#1",))
    assert standalone("for farmers only", (ENGLISH_TOPIC, aside), outline).text.startswith(
        "What are the plans"
    )


@pytest.mark.parametrize("text", ["把最后一条展开", "expand on the last one please"])
def test_an_item_of_what_was_listed_is_expanded(text: str, ask: Ask) -> None:
    assert "1.2#8" in sentences_of(ask("有哪些基本原则", text))


BRIEFINGS = Turn("Are there press briefings?", "Are there press briefings?", ("11.3",), ("11.3#3",))
STANDARDS = Turn("北京打算搞多少个国际标准", "北京打算搞多少个国际标准", ("1.3",), ("1.3#12",))
LISTED = Turn("地方标准这词出现在哪些小节", "地方标准这词出现在哪些小节", ("1.3",), ("1.3#15",))


@pytest.mark.parametrize(
    ("text", "last", "query"),
    [
        ("强制吗", TOPIC, "养老有什么安排，这是强制的吗？"),
        ("is that compulsory then", ENGLISH_TOPIC, "What are the plans for hospitals: is this mandatory?"),
        ("held by whom", BRIEFINGS, "held by whom — press briefings?"),
        ("那本地的呢", STANDARDS, "北京打算搞多少个本地标准"),
        ("那团体标准呢 也要全", LISTED, "团体标准这词出现在哪些小节"),
        ("还有经费进不进预算", FIGURE, "还有经费进不进预算"),
        ("换个事儿，街边招牌呢", TOPIC, "街边招牌呢"),
    ],
)
def test_a_follow_up_on_the_answer(text: str, last: Turn, query: str, outline: Document) -> None:
    assert rewritten(text, last, outline) == query


def test_the_last_sentence_after_the_first(ask: Ask, outline: Document) -> None:
    last = outline.section("11.2").sentences[-1].address
    assert sentences_of(ask("11.2第一句是啥", "最后一句呢")) == [last]


def test_the_one_after_a_chapter_that_was_found_by_its_subject(ask: Ask) -> None:
    first = "Which chapter deals with public safety?"
    assert "9" in sections_of(ask(first, "title of the one right after"))


def test_whether_a_sentence_binds_is_told_of_the_one_that_answers(ask: Ask) -> None:
    answer = ask("企业要设标准总监吗", "强制吗")
    assert answer.answer.startswith("文件在这里的用词是“鼓励”")
