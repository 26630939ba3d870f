from __future__ import annotations

from fractions import Fraction

import pytest

from assistant.quantities import numeral, quantities

CHINESE = [
    ("制定国际标准80项以上。", [(80, "count", "up")]),
    ("制定国际标准八十项以上。", [(80, "count", "up")]),
    ("至少十二个基地", [(12, "count", "up")]),
    ("不少于1,200项", [(1200, "count", "up")]),
    ("不超过80项", [(80, "count", "down")]),
    ("18个月以内", [(18, "month", "down")]),
    ("十八个月内完成40项内容", [(18, "month", "down"), (40, "count", "")]),
    ("18年", [(18, "year", "")]),
    ("到2025年", [(2025, "calendar", "")]),
    ("二〇三五年", [(2035, "calendar", "")]),
    ("比率达到60%以上", [(60, "percent", "up")]),
    ("百分之六十", [(60, "percent", "")]),
    ("七成以上", [(70, "percent", "up")]),
    ("三分之二", [(Fraction(2, 3), "count", "")]),
    ("全国的一半以上", [(Fraction(1, 2), "count", "up")]),
    ("800万项", [(8_000_000, "count", "")]),
    ("三亿五千万元", [(350_000_000, "money", "")]),
    ("大约80项", [(80, "count", "about")]),
    ("80项左右", [(80, "count", "about")]),
    ("翻3倍", [(3, "times", "")]),
    ("2022年10月14日", [(2022, "calendar", ""), (10, "date", ""), (14, "date", "")]),
    ("一批标准，一是完善一项", []),
    ("成立百姓热线，千方百计", []),
]
ENGLISH = [
    ("at least 80 international standards", [(80, "count", "up")]),
    ("more than eighty standards", [(80, "count", "up")]),
    ("no more than 18 months", [(18, "month", "down")]),
    ("no fewer than 1,200 standards", [(1200, "count", "up")]),
    ("not less than 60%", [(60, "percent", "up")]),
    ("sixty percent or more", [(60, "percent", "up")]),
    ("eight hundred and five standards", [(805, "count", "")]),
    ("by 2025", [(2025, "calendar", "")]),
    ("an eighteen-month cycle", [(18, "month", "")]),
    ("two-thirds of projects", [(Fraction(2, 3), "count", "")]),
    ("more than half", [(Fraction(1, 2), "count", "up")]),
    ("2.5 million yuan", [(2_500_000, "money", "")]),
    ("twice a year", [(2, "times", "")]),
    ("about a dozen bases", [(12, "count", "about")]),
    ("the 39th assembly", [(39, "count", "")]),
    ("second, one of them", []),
    ("it ranks second", [(2, "count", "")]),
]


@pytest.mark.parametrize(("text", "expected"), CHINESE, ids=[text for text, _ in CHINESE])
def test_chinese(text: str, expected: list[tuple[Fraction, str, str]]) -> None:
    assert [(q.value, q.unit, q.bound) for q in quantities(text, "zh")] == expected


@pytest.mark.parametrize(("text", "expected"), ENGLISH, ids=[text for text, _ in ENGLISH])
def test_english(text: str, expected: list[tuple[Fraction, str, str]]) -> None:
    assert [(q.value, q.unit, q.bound) for q in quantities(text, "en")] == expected


@pytest.mark.parametrize("value", [2, 10, 12, 20, 99, 105, 110, 800, 1001, 1010, 9999])
def test_numerals_agree_with_those_that_headings_are_written_in(value: int) -> None:
    from index.headings import chinese_numeral

    assert numeral(chinese_numeral(value)) == value


@pytest.mark.parametrize(("text", "value"), [("三点五", Fraction(7, 2)), ("十二万", 120_000), ("", None)])
def test_more_numerals(text: str, value: Fraction | None) -> None:
    assert numeral(text) == value


def test_the_span_holds_limit_and_unit() -> None:
    (quantity,) = quantities("cycle of no more than 18 months each", "en")
    assert "cycle of no more than 18 months each"[quantity.start : quantity.end] == "no more than 18 months"
