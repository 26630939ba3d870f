"""Whether a sentence has what a question asks for."""

from __future__ import annotations

import pytest

from assistant.evidence import asks_for_duty, fills, force_in, has_figure, needed
from assistant.types import Query, Slot
from assistant.understand import understand
from index.config import OUTLINE
from index.parse import parse_file

DOCUMENT = parse_file(OUTLINE)


def query(text: str) -> Query:
    return understand(text, (), DOCUMENT)


@pytest.mark.parametrize(
    "text",
    [
        "制定国际标准80项以上",
        "达到60%以上",
        "占全国的一半以上",
        "至少12个基地",
        "三分之二",
        "百分之六十",
        "投入3.5亿",
        "建成40 项",
    ],
)
def test_a_figure_of_quantity(text: str) -> None:
    assert has_figure(text)


@pytest.mark.parametrize(
    "text",
    [
        "到2025年，能力充分提升",
        "2022年10月10日",
        "12345市民服务热线",
        "第39届大会",
        "第3项任务",
        "推进“四个中心”建设",
        "培育若干团体标准组织",
        "一批试点",
        "没有数字",
        "",
    ],
)
def test_no_figure_of_quantity(text: str) -> None:
    assert not has_figure(text)


def test_the_figures_of_the_outline_are_those_a_reader_counts() -> None:
    # Read off the text by hand: five sentences with targets, one with 一半以上.
    stated = [sentence.address for sentence in DOCUMENT.sentences() if has_figure(sentence.text)]
    assert stated == ["0.2#7", "1.3#8", "1.3#12", "1.3#15", "1.3#16", "1.3#17"]


FILLED = [
    ("制定多少项国际标准？", "制定国际标准80项以上。", True),
    ("制定多少项国际标准？", "积极参与国际标准制定。", False),
    ("制定多少项国际标准？", "到2025年积极参与国际标准制定。", False),
    ("有几个创新基地？", "建成至少12个国家技术标准创新基地。", True),
    ("有几个创新基地？", "加强“四个中心”功能建设。", False),
    ("有多少项试点？", "比率达到60%以上。", False),
    ("那个格局是几核几轴", "优化“一核、两轴、多板块”的格局。", True),
    ("那个格局是几横几纵", "优化“一核、两轴、多板块”的格局。", False),
    ("比例是多少？", "比率达到60%以上。", True),
    ("比例是多少？", "开展40项试点。", False),
    ("什么时候印发？", "2022年10月10日", True),
    ("什么时候印发？", "逐步建立发布机制。", False),
    ("制定周期多久？", "平均制定周期在18个月以内。", True),
    ("制定周期多久？", "缩短制定周期。", False),
    ("评估几年一次？", "每三年评估一次。", True),
    ("补贴多少钱？", "补贴500元。", True),
    ("补贴多少钱？", "加大资金支持力度。", False),
    ("热线电话是多少？", "12345市民服务热线", True),
    ("热线电话是多少？", "服务热线全天开通", False),
    ("几点上班？", "12345市民服务热线", False),
    ("几点上班？", "上午9:00开门", True),
    ("会被罚款吗？", "处以罚款。", True),
    ("会被罚款吗？", "强化标准监督检查。", False),
    ("具体地址是？", "位于中关村大街27号", True),
    ("具体地址是？", "在中关村论坛举办平行论坛", False),
    ("排名第几位？", "数量居全国首位", True),
    ("排名第几位？", "数量较多", False),
]


@pytest.mark.parametrize(("question", "sentence", "filled"), FILLED)
def test_a_sentence_fills_the_slot_or_not(question: str, sentence: str, *, filled: bool) -> None:
    asked = query(question)
    wanted = needed(asked)
    assert wanted is not None
    assert fills(sentence, wanted, asked) is filled


def test_a_persons_name_is_never_found_by_pattern() -> None:
    asked = query("主任是谁？")
    assert asked.slot is Slot.PERSON
    wanted = needed(asked)
    assert wanted is not None
    assert not any(fills(sentence.text, wanted, asked) for sentence in DOCUMENT.sentences())


@pytest.mark.parametrize("text", ["养老有什么安排？", "由哪个部门负责？", "企业要公开吗？", "在哪里举办？"])
def test_where_any_sentence_will_do(text: str) -> None:
    assert needed(query(text)) is None


def test_a_number_that_the_question_gives_is_no_answer_to_it() -> None:
    asked = query("除了40项试点，还有多少项？")
    wanted = needed(asked)
    assert wanted is not None
    assert not fills("开展40项标准化试点示范。", wanted, asked)
    assert fills("开展40项标准化试点示范，另有15项。", wanted, asked)


def test_words_of_commitment() -> None:
    assert force_in("鼓励企业参与，支持社会团体。") == ["鼓励", "支持"]
    assert force_in("没有这样的词") == []


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("企业必须公开吗？", True),
        ("Is it mandatory?", True),
        ("企业可以公开吗？", False),
        ("May firms join?", False),
    ],
)
def test_a_question_for_an_obligation(text: str, *, asks: bool) -> None:
    assert asks_for_duty(query(text)) is asks
