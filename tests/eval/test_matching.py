from __future__ import annotations

import pytest

from eval.matching import Neighbours, contains, normalised, numbers, similarity


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("二〇二五年", "2025 年"),
        ("百分之八十", "80%"),
        ("80 per cent", "80%"),
        ("８０％", "80%"),
        ("十八个月", "18个月"),
        ("1,000 项", "1000项"),
        ("國際標準", "国际标准"),
        ("“四个中心”", "四个中心"),
        ("制定[1]标准[12]", "制定标准"),
    ],
)
def test_alike_after_normalisation(first: str, second: str) -> None:
    assert normalised(first) == normalised(second)


@pytest.mark.parametrize(
    ("text", "fact", "held"),
    [
        ("制定国际标准80项以上。", "80项", True),
        ("制定地方标准180项", "80项", False),
        ("共3、80项", "80项", True),
        ("共3、80项", "380项", False),
        ("达到60%以上", "60", False),
        ("1.80项", "80项", False),
        ("二十项", "十项", False),
        ("2022-10-14", "2022-10-14", True),
        ("2022-10-14", "20221014", False),
        ("什么都没有", "", False),
    ],
)
def test_facts_are_found_whole(text: str, fact: str, held: bool) -> None:  # noqa: FBT001
    assert contains(normalised(text), normalised(fact)) is held


def test_numbers() -> None:
    assert numbers("到二〇二五年，800项以上，比率60%，1,500个[3]") == {"2025", "800", "60%", "1500"}
    assert numbers("没有数字") == frozenset()


def test_similarity_of_questions() -> None:
    assert similarity("国际标准的数量目标是多少？", "国际标准的数量目标是多少") == 1.0
    assert similarity("How many local standards?", "how many Local standards") == 1.0
    assert similarity("养老机构怎么评价", "地铁怎么换乘") < 0.2


def test_neighbours_finds_what_pairwise_comparison_finds() -> None:
    texts = ["地方标准要做多少项", "国际标准要做多少项", "地铁怎么换乘", "How many pilots?"]
    near = Neighbours(texts)
    for text in (*texts, "地方标准做多少项"):
        expected = sorted(
            ((at, similarity(text, other)) for at, other in enumerate(texts)),
            key=lambda pair: (-pair[1], pair[0]),
        )
        assert near.near(text, at_least=0.3) == [pair for pair in expected if pair[1] >= 0.3]
