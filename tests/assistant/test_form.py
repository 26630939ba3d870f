"""What questions ask of a document's form in wordings that no rule has, and the plain words that they are put in."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.addresses import find_addresses, loosely_named, spoken
from assistant.asked import asks_for_mentions
from assistant.described import described
from assistant.form import CHOICES, HEADS, WEIGHTS, Form, FormReader
from assistant.patterns import form as plain_forms
from assistant.plain import plainly
from assistant.types import Intent
from assistant.understand import understand
from index.config import OUTLINE
from index.embed import load_embedder
from index.enrich import Enrichment, enrichment_path, load_enrichment
from index.lexical import fold
from index.parse import parse_file
from tests.assistant.conftest import Ask
from tests.assistant.contract import sections_of

DOCUMENT = parse_file(OUTLINE)
NOTES = load_enrichment(enrichment_path(OUTLINE))
LONGEST = max(
    (section for chapter in DOCUMENT.chapters for section in chapter.sections), key=lambda s: len(s.sentences)
)


@pytest.fixture(scope="module")
def reader() -> FormReader:
    return FormReader.load()


def nowhere(_subject: Sequence[str], _unit: str) -> str:
    return ""


def put(op: str, text: str, language: str = "zh", **choices: str) -> str:
    return plainly(Form(op, choices, 1.0), text, DOCUMENT, nowhere, language)


# --- reading


def test_the_reader_was_fitted_on_the_model_in_use() -> None:
    with np.load(WEIGHTS, allow_pickle=False) as arrays:
        assert str(arrays["model"]) == load_embedder("bundled").fingerprint, (
            "run python -m eval fit-form --write"
        )


@pytest.mark.parametrize(
    ("question", "op", "choices"),
    [
        ("劳您大驾，把这本册子的章名挨个儿抄给我", "chapters", {}),
        ("I'd love to see all the chapter names, it's for a poster", "chapters", {}),
        ("第六章切成了几段，段名都叫啥", "sections_of", {}),
        (
            "哪一节话最密，句子数拔得头筹",
            "extreme",
            {"unit": "sections", "measure": "sentences", "dir": "most"},
        ),
        ("Which section drones on the longest?", "extreme", {"dir": "most", "unit": "sections"}),
        ("哪些小节凑不满三句话", "having", {"unit": "sections", "measure": "sentences", "rel": "<"}),
        ("“乡村”这俩字在哪几章里压根儿没露过脸", "mentions", {"unit": "chapters", "mode": "none"}),
        ("Where does the word “consumers” pop up for the very first time?", "mentions", {"mode": "first"}),
        ("3.1和3.2比，谁的字多", "compare", {"measure": "characters"}),
        ("看完第四章，下面该翻到哪一章", "next", {"unit": "chapters"}),
        ("跟7.2同住一章的还有哪些小节", "siblings", {}),
        ("带百分号的数统统给我捞出来", "shares", {}),
        ("what's everything in quotation marks in this paper", "quoted", {}),
    ],
)
def test_a_wording_of_its_own_is_read(
    reader: FormReader, question: str, op: str, choices: dict[str, str]
) -> None:
    form = reader.read(fold(question), DOCUMENT)
    assert form.op == op
    assert choices.items() <= form.choices.items()
    assert form.choices.keys() == {*CHOICES.get(op, ())}


@pytest.mark.parametrize(
    "question",
    [
        "企业标准要公开吗", "孩子上学的标准谁来定", "养老院最长要等多久", "第一批试点放在哪个区",
        "What must companies disclose about their standards?", "Which part of the city gets the pilot first?",
    ],
)  # fmt: skip
def test_what_the_document_says_is_no_question_for_its_form(reader: FormReader, question: str) -> None:
    assert reader.read(fold(question), DOCUMENT).op == "content"


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    form = FormReader.load().read(fold(text), DOCUMENT)
    assert form.op in HEADS["op"]
    assert 0 < form.confidence <= 1
    assert all(form.choices[head] in HEADS[head] for head in CHOICES.get(form.op, ()))


# --- plain words


Case = tuple[str, str, str, dict[str, str]]


def _plain_questions() -> list[Case]:
    """Every operation with every choice that makes sense, in both languages, and what the rules have to read in it."""
    cases: list[Case] = []
    node, other = "第五章第一节", "第五章第三节"
    terms = {
        "one": "“企业”",
        "both": "“企业”和“高校”",
        "either": "“企业”或者“高校”",
        "butnot": "有“企业”没有“高校”",
    }
    for language in ("zh", "en"):
        things = ("chapters", "contents", "figures", "shares", "years", "documents", "bodies", "quoted")
        cases += [(op, "", language, {}) for op in things]
        cases += [(op, node, language, {}) for op in ("heading", "text", "parent", "siblings", "items")]
        cases += [("sections_of", "第五章", language, {})]
        cases += [
            (op, node, language, {"unit": unit})
            for op in ("next", "previous")
            for unit in ("chapters", "sections")
            if unit == "sections"
        ]
        cases += [("between", "第五章和第八章", language, {"unit": "chapters"})]
        cases += [
            ("compare", f"{node}和{other}", language, {"measure": measure})
            for measure in ("sentences", "characters")
        ]
        cases += [("length", node, language, {"measure": measure}) for measure in ("sentences", "characters")]
        cases += [
            ("extreme", "", language, {"unit": unit, "measure": measure, "dir": way})
            for unit, measure, way in itertools.product(
                ("chapters", "sections"), ("sentences", "characters", "titles"), ("most", "least")
            )
        ]
        cases += [
            ("having", "三句", language, {"unit": unit, "measure": measure, "rel": rel})
            for unit, measure, rel in itertools.product(
                ("chapters", "sections"), ("sentences", "titles"), HEADS["rel"]
            )
        ]
        cases += [
            ("mentions", terms[join], language, {"unit": unit, "mode": mode, "scope": "text", "join": join})
            for unit, (mode, join) in itertools.product(
                ("any", "chapters", "sections", "sentences"),
                (
                    *((mode, "one") for mode in HEADS["mode"]),
                    *(("all", join) for join in ("both", "either", "butnot")),
                ),
            )
        ]
    return cases


_INTENTS = {
    "mentions": Intent.MENTIONS,
    "figures": Intent.FIGURES,
    **dict.fromkeys(
        ("heading", "text", "parent", "siblings", "next", "previous", "between"), Intent.NAVIGATION
    ),
}


@pytest.mark.parametrize(("op", "text", "language", "choices"), _plain_questions())
def test_the_rules_read_what_is_said_plainly(
    op: str, text: str, language: str, choices: dict[str, str]
) -> None:
    plain = put(op, text, language, **choices)
    assert plain
    query = understand(plain, (), DOCUMENT, NOTES)
    assert query.intent is _INTENTS.get(op, Intent.STRUCTURE), plain
    if op == "extreme":
        assert query.detail == f"{choices['dir']}:{choices['unit']}:{choices['measure']}"
    if op == "having":
        assert query.detail == f"having:{choices['unit']}:{choices['measure']}:{choices['rel']}:3"
    if op == "mentions":
        asked = asks_for_mentions(find_addresses(query.text, DOCUMENT)[1], DOCUMENT)
        assert asked is not None
        assert asked.term == "企业"
        assert asked.absent == (choices["mode"] == "none")
        assert asked.pick == (choices["mode"] if choices["mode"] not in {"all", "none"} else "")
        others = {"both": asked.also, "either": asked.either, "butnot": asked.lacking}
        assert others.get(choices["join"], ("高校",)) == ("高校",)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_plain_question_has_its_words(language: str) -> None:
    texts = plain_forms(language)
    heads = ("unit", "measure", "dir", "rel")
    for head in heads:
        known = set(texts["words"][head])
        assert known <= set(HEADS[head])
        assert known >= set(HEADS[head]) - {"any", "times"}


def test_what_has_no_argument_is_not_said() -> None:
    assert put("text", "念一下") == ""
    assert put("compare", "第五章比谁长", measure="sections") == ""
    assert put("having", "哪些章", unit="chapters", measure="sections", rel="=") == ""
    assert put("mentions", "在哪儿", unit="any", mode="all", scope="text", join="one") == ""


def test_a_node_is_found_by_its_subject_amid_a_story() -> None:
    question = "我奶奶眼睛不好，讲平安的那章分哪几条，念个标题给她听就成"

    def place(subject: Sequence[str], unit: str) -> str:
        assert unit == "chapters"
        return described(subject, unit, DOCUMENT, Enrichment())

    plain = plainly(Form("sections_of", {}, 1.0), question, DOCUMENT, place, "zh")
    (chapter,) = (c for c in DOCUMENT.chapters if "平安" in c.title)
    assert plain.startswith(spoken(chapter.address))


# --- addresses


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("6点3第4句原话", "6.3#4"), ("十 之（二）第2句", "10.2#2"), ("2点4那节", "2.4"), ("七.2第5句", "7.2#5"),
        ("第八大点、第三小点、第二句", "8.3#2"), ("what's in 10 point 4", "10.4"), ("sect. 6/2 please", "6.2"),
    ],
)  # fmt: skip
def test_a_node_may_be_named_loosely(text: str, address: str) -> None:
    assert loosely_named(text, DOCUMENT) == (address,)


@pytest.mark.parametrize("text", ["一共有二十三件", "3万5千", "15点30分开会", "章节"])
def test_other_numbers_name_no_node(text: str) -> None:
    assert loosely_named(text, DOCUMENT) == ()


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("第拾章第叁节", ("10.3",)), ("倒着数第二章", ("11",)), ("压轴的那一章", ("12",)), ("Part Five, (iv)", ("5.4",)),
        ("十二章里哪一章最短", ()), ("第十二章里哪一节最短", ("12",)), ("安全那章的前头一章", ()),
    ],
)  # fmt: skip
def test_addresses_in_other_spellings(text: str, addresses: tuple[str, ...]) -> None:
    assert find_addresses(text, DOCUMENT)[0] == addresses


# --- from question to answer


SHORTEST = min(DOCUMENT.chapters, key=lambda c: sum(len(s.text) for s in c.sections))
ALL = [chapter.address for chapter in DOCUMENT.chapters]
NATIONAL = [
    c.address
    for c in DOCUMENT.chapters
    if "国际" not in c.heading + "".join(s.heading + s.text for s in c.sections)
]


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Could I have the names of every chapter, one after the other? It goes into my appendix.", ALL),
        ("哪一节最能唠，句子多得吓人", [LONGEST.address]),
        ("这本纲要里头，话最少的一章是哪一章呀？", [SHORTEST.address]),
        ("念完讲产业的那一章，往下翻是哪一章", ["5"]),
        ("5.5这节打引号的词都有什么", ["5.5"]),
        ("6点3第4句原话", ["6.3"]),
        ("哪几章通篇找不着“国际”二字？", NATIONAL),
    ],
)  # fmt: skip
def test_a_question_for_the_form_is_answered_in_any_wording(
    question: str, wanted: list[str], ask: Ask
) -> None:
    found = sections_of(ask(question))
    assert [address for address in found if address in wanted] == wanted
    assert {address.partition(".")[0] for address in found} == {
        address.partition(".")[0] for address in wanted
    }


def test_a_remark_beside_the_question_is_no_part_of_it(ask: Ask) -> None:
    answer = ask("我给老伴念这份纲要，念到哪儿算完啊，前前后后一共多少章？")
    assert {c.address for c in DOCUMENT.chapters} <= set(sections_of(answer))


def test_a_heading_that_no_chapter_has_is_not_found(ask: Ask) -> None:
    assert not sections_of(ask("哪些章的标题里有“国际”？"))


@pytest.mark.parametrize("address", ["0", "7.0", "12345", f"{'1' * 40}.3"])
def test_a_number_that_no_document_has_is_spoken_in_digits(address: str) -> None:
    assert max(address.split("."), key=lambda n: (n == "0", len(n))) in spoken(address)
