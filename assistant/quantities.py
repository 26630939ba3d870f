"""Numbers of a text as quantities: value, unit and limit, from digits and from words, in Chinese and English.

八十项, 80项 and eighty are the same value; 18个月 and 18年 are not the same quantity; 80项以上 and at most 80
differ in their limit. Number words and limits stand in `guards.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from assistant.guard_words import table

# Calendar years that a text may name, and how many digits they have.
_YEARS = range(1900, 2100)
_YEAR_DIGITS = 4
_HUNDRED = 100
# 一 and “one” are mostly articles.
_LEAST = 2
_DIGITS = {"〇": 0, "零": 0, "两": 2, **{char: at for at, char in enumerate("一二三四五六七八九", start=1)}}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10_000, "亿": 100_000_000}
_ZH_CHARS = "〇零一二两三四五六七八九十百千万亿"
_ZH = re.compile(
    rf"百分之(?P<percent>[{_ZH_CHARS}点]+|\d+(?:\.\d+)?)"
    rf"|(?P<below>[{_ZH_CHARS}]+)分之(?P<above>[{_ZH_CHARS}]+)"
    r"|(?P<half>一半|半数|过半|对半|半(?=年|天|个月))"
    r"|(?P<tenths>[一二两三四五六七八九])成(?![为立果效功就本员长分品熟])"
    rf"|(?P<digits>\d+(?:,\d{{3}})*(?:\.\d+)?)\s*(?P<scale>[百千万亿]*)\s*(?P<sign>%|个百分点)?"
    rf"|(?P<words>[{_ZH_CHARS}]+)"
)
_ZH_UNIT = re.compile(
    r"\s*(?:(?P<month>个月)|(?P<year>年)|(?P<date>[月日号])|(?P<day>天)|(?P<week>周|星期)|(?P<hour>个?小时|个?钟头)|(?P<minute>分钟)|(?P<money>元|块钱)|(?P<times>倍))"
)
_EN_UNIT = re.compile(
    r"[\s-]*(?:(?P<month>months?)|(?P<year>years?)|(?P<day>days?)|(?P<week>weeks?)|(?P<hour>hours?)|(?P<minute>minutes?)|(?P<money>yuan|rmb|dollars?|euros?)|(?P<times>times|fold))\b"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text.

    `unit` is `count`, `percent`, `calendar` (a year such as 2035), `month`, `year` (a length), `date`, `day`,
    `week`, `hour`, `minute`, `money` or `times`; `bound` is `up` (at least), `down` (at most), `about` or
    empty; `start` and `end` tell where it stands, its limit and unit included.
    """

    value: Fraction
    unit: str
    bound: str
    start: int
    end: int

    def fits(self, other: Quantity) -> bool:
        """Whether the value and the kind of number agree; a date's number may be written as a bare one."""
        return self.value == other.value and (
            self.unit == other.unit or {self.unit, other.unit} == {"count", "date"}
        )


@lru_cache(maxsize=4096)
def quantities(text: str, language: str) -> tuple[Quantity, ...]:
    """The quantities of a folded text in order; 一 and `one` alone, mostly articles, are none."""
    return tuple(_chinese(text) if language == "zh" else _english(text))


def numeral(text: str) -> Fraction | None:
    """The value of a Chinese numeral such as 八百, 二〇三五, 三点五 or 十二万; None if it isn't one."""
    whole, point, decimals = text.partition("点")
    if point:
        start, end = numeral(whole), "".join(str(_DIGITS[char]) for char in decimals if char in _DIGITS)
        return start + Fraction(int(end), 10 ** len(end)) if start is not None and end else None
    if not whole:
        return None
    if len(whole) > 1 and all(char in _DIGITS for char in whole):
        return Fraction(int("".join(str(_DIGITS[char]) for char in whole)))
    total, section, digit = 0, 0, 0
    for char in whole:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _UNITS:
            section += (digit or 1) * _UNITS[char]
            digit = 0
        else:
            # 万 multiplies what stands after 亿, 亿 all before it.
            part = section + digit + (total if char == "亿" else 0) or 1
            total = part * _MYRIADS[char] + (0 if char == "亿" else total)
            section = digit = 0
    return Fraction(total + section + digit)


def _chinese(text: str) -> Iterator[Quantity]:
    for match in _ZH.finditer(text):
        found = match.groupdict()
        value, unit = _chinese_value(found)
        if value is None or (
            found["words"] and (value < _LEAST or not set(found["words"]) - set("百千万亿"))
        ):
            continue
        end = match.end()
        if unit == "count" and (after := _ZH_UNIT.match(text, end)):
            unit, end = str(after.lastgroup), after.end()
        if unit in {"count", "year"} and _is_calendar_year(found["digits"] or found["words"], value):
            unit = "calendar"
        yield _limited(text, Quantity(value, unit, "", match.start(), end), "zh")


def _chinese_value(found: Mapping[str, str | None]) -> tuple[Fraction | None, str]:
    if percent := found["percent"]:
        value = Fraction(percent) if percent[0].isdecimal() else numeral(percent)
        return (value, "percent")
    if (below := found["below"]) and (above := found["above"]):
        parts = numeral(above), numeral(below)
        return (parts[0] / parts[1] if parts[0] is not None and parts[1] else None, "count")
    if found["half"]:
        return Fraction(1, 2), "count"
    if tenths := found["tenths"]:
        return Fraction(_DIGITS[tenths] * 10), "percent"
    if digits := found["digits"]:
        value = Fraction(digits.replace(",", ""))
        for char in found["scale"] or "":
            value *= {**_UNITS, **_MYRIADS}[char]
        return value, "percent" if found["sign"] else "count"
    return numeral(found["words"] or ""), "count"


def _is_calendar_year(written: str | None, value: Fraction) -> bool:
    return bool(written) and len(str(written)) == _YEAR_DIGITS and value in _YEARS


@cache
def _english_pattern() -> re.Pattern[str]:
    numbers = table("numbers")
    small, scales = "|".join(numbers["units"]), "|".join(numbers["scales"])
    return re.compile(
        rf"\b(?P<fraction>{'|'.join(numbers['fractions'])})\b"
        rf"|\b(?P<multiple>{'|'.join(numbers['multiples'])})\b"
        rf"|\b(?P<ordinal>{'|'.join(numbers['ordinals'])})\b(?!\s*,)(?!ly)"
        rf"|(?<![\w.])(?P<digits>\d+(?:,\d{{3}})*(?:\.\d+)?)(?:st|nd|rd|th)?(?:[\s-]*(?P<scale>{scales})\b)?"
        rf"|\b(?P<words>(?:(?:{small}|{scales})\b(?:[\s-]+(?:and[\s-]+)?(?=(?:{small}|{scales})\b))?)+)"
    )


def _english(text: str) -> Iterator[Quantity]:
    numbers = table("numbers")
    for match in _english_pattern().finditer(text):
        found = match.groupdict()
        unit, end = "count", match.end()
        if found["fraction"]:
            value = Fraction(numbers["fractions"][found["fraction"]])
        elif found["multiple"]:
            value, unit = Fraction(numbers["multiples"][found["multiple"]]), "times"
        elif found["ordinal"]:
            value = Fraction(numbers["ordinals"][found["ordinal"]])
        elif digits := found["digits"]:
            value = Fraction(digits.replace(",", "")) * numbers["scales"].get(found["scale"], 1)
        else:
            value = _english_numeral(found["words"] or "", numbers)
        if sign := re.compile(r"\s*(?:%|percent\b|per cent\b|percentage points?\b)").match(text, end):
            unit, end = "percent", sign.end()
        elif unit == "count" and (after := _EN_UNIT.match(text, end)):
            unit, end = str(after.lastgroup), after.end()
        if unit == "count" and _is_calendar_year(found["digits"], value):
            unit = "calendar"
        yield _limited(text, Quantity(value, unit, "", match.start(), end), "en")


def _english_numeral(words: str, numbers: Mapping[str, Any]) -> Fraction:
    total, group = 0, 0
    for word in re.findall(r"[a-z]+", words):
        if word == "and":
            continue
        if word in numbers["units"]:
            group += numbers["units"][word]
        elif (scale := numbers["scales"][word]) == _HUNDRED:
            group = (group or 1) * scale
        else:
            total, group = total + (group or 1) * scale, 0
    return Fraction(total + group)


@cache
def _bound_patterns(language: str) -> tuple[tuple[str, re.Pattern[str], re.Pattern[str] | None], ...]:
    bounds = table("bounds")
    # Down before up: 不超过 holds 超过, and “no more than” holds “more than”.
    order = ("down", "up", "about")
    if language == "zh":
        return tuple(
            (
                name,
                re.compile(rf"(?<!不)(?:{bounds['zh_before'][name]})[^,。;、\d]{{0,4}}$"),
                re.compile(f"^(?:{bounds['zh_after'][name]})"),
            )
            for name in order
        )
    return tuple(
        (
            name,
            re.compile(rf"(?<!no )(?<!not )\b(?:{bounds['en_before'][name]})\s+(?:the\s+|a\s+|an\s+)?$"),
            re.compile(rf"^\s*(?:\w+\s+)?(?:{bounds['en_after'][name]})")
            if name in bounds["en_after"]
            else None,
        )
        for name in order
    )


def _limited(text: str, quantity: Quantity, language: str) -> Quantity:
    """The quantity with the limit that the words around it give it."""
    if quantity.unit in {"calendar", "date"}:
        return quantity
    before, after = text[max(0, quantity.start - 24) : quantity.start], text[quantity.end : quantity.end + 24]
    for name, ahead, behind in _bound_patterns(language):
        if found := ahead.search(before):
            return replace(quantity, bound=name, start=quantity.start - len(before) + found.start())
        if behind and (found := behind.search(after)):
            return replace(quantity, bound=name, end=quantity.end + found.end())
    return quantity
