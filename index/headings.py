"""Heading lines of Chinese official documents: 第X章, 第X条, 一、, （一）, 1., （1）; and their numerals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_LARGEST = 9999
NUMERAL = "[零〇一二两三四五六七八九十百千]"


class Level(IntEnum):
    """Heading levels, outermost first: 编 章 节 条 of laws, then 一、 （一） 1. （1） (GB/T 9704)."""

    PART = 0
    CHAPTER = 1
    DIVISION = 2
    ARTICLE = 3
    FIRST = 4
    SECOND = 5
    THIRD = 6
    FOURTH = 7


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading line taken apart: `marker` as it stands, the `number` it means, the `rest` of the line."""

    level: Level
    number: int
    marker: str
    numeral: str
    rest: str


_PATTERNS = (
    (Level.PART, re.compile(rf"(?P<marker>第(?P<n>{NUMERAL}+|\d+)编)[ \u3000]*(?P<rest>.*)")),
    (Level.CHAPTER, re.compile(rf"(?P<marker>第(?P<n>{NUMERAL}+|\d+)章)[ \u3000]*(?P<rest>.*)")),
    (Level.DIVISION, re.compile(rf"(?P<marker>第(?P<n>{NUMERAL}+|\d+)节)[ \u3000]*(?P<rest>.*)")),
    (Level.ARTICLE, re.compile(rf"(?P<marker>第(?P<n>{NUMERAL}+|\d+)条)[ \u3000]*(?P<rest>.*)")),
    (Level.FIRST, re.compile(rf"(?P<marker>(?P<n>{NUMERAL}+)、)(?P<rest>.*)")),
    (Level.SECOND, re.compile(rf"(?P<marker>[（(](?P<n>{NUMERAL}+)[）)])(?P<rest>.*)")),
    (Level.THIRD, re.compile(r"(?P<marker>(?P<n>\d{1,2})(?:[.．](?!\d)|、))[ \u3000]*(?P<rest>.*)")),
    (Level.FOURTH, re.compile(r"(?P<marker>[（(](?P<n>\d{1,2})[）)])(?P<rest>.*)")),
)


def parse_numeral(text: str) -> int:
    """The value of a whole number in Chinese or Arabic: 十二 → 12, 二〇三五 → 2035, 12 → 12.

    Raises:
        ValueError: it is none.
    """
    if text.isdecimal():
        return int(text)
    if not text or any(char not in _DIGITS and char not in _UNITS for char in text):
        raise ValueError(text)
    if not any(char in _UNITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text))
    total, digit = 0, 0
    for char in text:
        if char in _UNITS:
            total += (digit or 1) * _UNITS[char]
            digit = 0
        else:
            digit = _DIGITS[char]
    return total + digit


def chinese_numeral(value: int) -> str:
    """1 to 9999 in Chinese: 12 → 十二, 41 → 四十一, 105 → 一百零五.

    Raises:
        ValueError: it is outside that range.
    """
    if not 1 <= value <= _LARGEST:
        raise ValueError(value)
    out, pending_zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            # 12 is 十二, not 一十二.
            numeral = "" if digit == 1 and name == "十" and not out else "一二三四五六七八九"[digit - 1]
            out += ("零" if pending_zero else "") + numeral + name
            pending_zero = False
        elif out:
            pending_zero = True
    return out


def heading_of(line: str) -> Heading | None:
    """The heading that a line (without indentation) starts with, or None."""
    for level, pattern in _PATTERNS:
        match = pattern.match(line)
        if match:
            numeral = match["n"]
            return Heading(level, parse_numeral(numeral), match["marker"], numeral, match["rest"])
    return None


def is_heading(line: str) -> bool:
    """Whether a line is a heading and nothing but a heading: a marker and no sentence's end after it."""
    heading = heading_of(line)
    return heading is not None and not re.search(r"[。；！？]", heading.rest)
