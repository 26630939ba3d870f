"""Several matters in one sentence: how they are told apart, and that each is answered."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.facets import facets
from index.config import OUTLINE
from index.parse import parse_file
from tests.assistant.conftest import Ask
from tests.assistant.contract import sentences_of

DOCUMENT = parse_file(OUTLINE)
# A word each that stands in one sentence of a section of its own.
MATTERS = ["中医药", "殡葬", "地理标志", "物业", "城市大脑", "可再生能源", "种质资源", "牌匾", "疾控"]
PLACES = {
    word: next(s.address for s in DOCUMENT.sentences() if word in s.text and s.address[0] != "0")
    for word in MATTERS
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("养老和育儿都有什么安排", ["养老", "育儿都有什么安排"]),
        ("中医药 物业 殡葬", ["中医药", "物业", "殡葬"]),
        ("street lighting; gas supply as well", ["street lighting", "gas supply as well"]),
        ("food and fire safety", ["food", "fire safety"]),
        ("我开了家店，养老院怎么评价", []),
        ("社会公众如何参与标准制定", []),
        ("和平发展涉及什么", []),
        ("why 18 and not 12", []),
        ("公众参与与监督", ["公众参与", "监督"]),
        ("", []),
    ],
)
def test_facets(text: str, found: list[str]) -> None:
    assert list(facets(text, DOCUMENT)) == found


@given(st.text(max_size=80))
@settings(deadline=None)
def test_facets_of_any_text_stand_in_it(text: str) -> None:
    found = facets(text, DOCUMENT)
    assert len(found) != 1
    assert all(re.search(r"\w", facet) for facet in found)


@given(st.lists(st.sampled_from(MATTERS), min_size=2, max_size=3, unique=True), st.sampled_from("、和 ＋"))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_matter_of_a_list_is_answered(ask: Ask, matters: list[str], joint: str) -> None:
    answer = ask(f"{joint.join(matters)}的标准")
    assert answer.status == "answered"
    cited = set(sentences_of(answer))
    assert {PLACES[word] for word in matters} <= cited


def test_a_remark_beside_a_question_adds_nothing(ask: Ask) -> None:
    alone = sentences_of(ask("养老院怎么评价"))
    assert sentences_of(ask("我在街道上班，养老院怎么评价")) == alone


def test_a_matter_that_is_not_there_adds_nothing(ask: Ask) -> None:
    assert sentences_of(ask("中医药和彩票的标准")) == [PLACES["中医药"]]


def test_the_day_of_issue_may_be_one_of_the_matters(ask: Ask) -> None:
    answer = ask("中医药的标准和印发日期")
    assert answer.status == "answered"
    assert PLACES["中医药"] in sentences_of(answer)
