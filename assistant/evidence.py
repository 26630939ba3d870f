"""Whether a sentence has what a question asks for: figures, dates, durations, money, contacts, penalties, places."""

from __future__ import annotations

import re
from functools import cache

from assistant.patterns import pattern
from assistant.types import Query, Slot
from index.lexical import chinese_terms, english_terms

# A figure of quantity: digits with a measure word or %, or a share in words; not a date, a phone number or an ordinal.
_MEASURE = (
    "%|项|个(?!月)|家|条|种|类|次|人|名|所|座|公里|平方|亩|吨|倍|万|亿|元|份|批|处|台|辆|户|岁|分钟|小时"
)
_FIGURE = re.compile(
    rf"(?<![\d第])\d+(?:\.\d+)?\s*(?:{_MEASURE})|百分之[一二三四五六七八九十百零〇]+|[一两二三四五六七八九十]分之[一二三四五六七八九十]|(?:一半|半数)(?:以上)?"
)
# Counts in Chinese numerals before a measure word; 一 alone is mostly an article (一批, 一个).
_COUNT = re.compile(r"(?:[二两三四五六七八九十百千万]|十[一二三四五六七八九])+(?:项|个|家|条|种)")
_QUOTED = re.compile(r"[“《][^”》]*[”》]")
_DATE = re.compile(r"(?:19|20)\d{2}(?:年|-\d)|\d{1,2}月\d{1,2}日")
_NAMED_DAY = re.compile(r"[\u4e00-\u9fff]{3,}(?:日|节)(?=等|主题|活动|期间|当天)")
# A day that the question itself names (“when is World Standards Day?”) dates nothing.
_ASKS_NAMED_DAY = re.compile(
    r"[\u4e00-\u9fff]{2}[日节](?:在|是)?(?:几|哪|什么|何)|(?<!what )(?<!which )\bday\b"
)
_DURATION = re.compile(r"\d+\s*(?:个月|年|天|日|周|小时|分钟|个工作日)(?!\d)(?:以内|内|以上)?(?!代)")
_MONEY = re.compile(r"\d[\d.,]*\s*(?:万|亿|千|百)?元|\d+\s*(?:万|亿)(?!人|平)")
_PHONE = re.compile(
    r"\d{3,}[^\d，。；]{0,6}(?:热线|电话)|(?:热线|电话)[^\d，。；]{0,4}\d{3,}|https?://|www\.|@"
)
_HOURS = re.compile(r"\d{1,2}\s*(?:[:：]\d{2}|点|时)")
_PENALTY = re.compile(r"罚款|处罚|处分|吊销|拘留|追究[^，。]{0,6}责任")
_ADDRESS = re.compile(r"(?:区|街道?|路|大街|胡同|镇)[^，。]{0,10}\d+号|位于|坐落")
_SHARE = re.compile(
    r"\d+(?:\.\d+)?%|百分之[一二三四五六七八九十百零〇]+|[一两二三四五六七八九十]分之[一二三四五六七八九十]|一半|半数"
)
_ASKS_SHARE = re.compile(
    r"百分|占(?:了)?(?:多少|几)|比例|比率|占比|率|\b(?:share|percent\w*|proportion|fraction|ratio|rate)\b"
)
_RANK = re.compile(r"第[一二三四五六七八九十\d]+(?:位|名|届|次|个|期)|首位|领先|前列")
_FREQUENCY = re.compile(r"每(?:年|月|季|周|日|隔|[一二两三四五\d])|年度|定期|逐年|[一二两三五]年一")
_ASKS_FREQUENCY = re.compile(
    r"隔几|几年一|一年一|[两三五]年一|每年几|频率|多久一次|\bhow (?:often|frequently)\b"
)
_COUNTED = "一二两三四五六七八九十"
_NUMERALS = "[二两三四五六七八九百千万]|十[一二三四五六七八九]?"
_ASKS_COUNT = re.compile(
    r"(?:多少|几)(?P<measure>[项条种类件部份个家所座间栋人名位辆台架艘户层次届回])|\bhow many\b"
)
# What names made of counts are made of: 三横四纵, 一核、两轴.
_ASKS_PAIR = re.compile(r"几(?P<one>[\u4e00-\u9fff])[、和,，]?几(?P<other>[\u4e00-\u9fff])")
_KINDS_OF_MEASURE = ("项条种类件部份个", "家所座间栋个", "人名位个", "辆台架艘", "户", "层", "次届回")
_ASKS_HOURS = re.compile(r"几点|上班|营业|开放|办公|工作时间|hours|what time")
_ASKS_WEB = re.compile(r"邮箱|网址|网站|\b(?:e-?mail|website|url)\b")
_ASKS_ADDRESS = re.compile(
    r"地址|门牌|哪条街|哪条路|哪(?:几|一)?个区|哪些(?:区|路段|街道|地点)"
    r"|\b(?:address|location|which (?:districts?|roads?|streets?))\b"
)
_ASKS_RANK = re.compile(r"第几|排名|排在|名次|\brank\w*\b")


_QUOTATION_MARKS = str.maketrans("", "", "“”‘’「」『』\"'")


def unquoted(text: str) -> str:
    """A text without quotation marks: who quotes it leaves out those that stand inside."""
    return text.translate(_QUOTATION_MARKS)


def has_figure(text: str) -> bool:
    """Whether a text states a quantity in digits or as a share."""
    return bool(_FIGURE.search(_DATE.sub(" ", text)))


@cache
def _fillers() -> dict[Slot, re.Pattern[str]]:
    return {
        Slot.NUMBER: re.compile(f"{_FIGURE.pattern}|{_COUNT.pattern}"),
        Slot.DATE: re.compile(f"{_DATE.pattern}|{_NAMED_DAY.pattern}"),
        Slot.DURATION: _DURATION,
        Slot.MONEY: _MONEY,
        Slot.CONTACT: _PHONE,
        Slot.PENALTY: _PENALTY,
        Slot.PERSON: re.compile(r"(?!)"),
    }


def needed(query: Query) -> re.Pattern[str] | None:
    """What a sentence must have to fill the slot that a question asks for; None where any sentence will do.

    A person's name is never taken from a text by pattern: a question for a name needs what nothing matches.
    """
    if query.slot is Slot.CONTACT and _ASKS_WEB.search(query.folded):
        return re.compile(r"https?://|www\.|@")
    if query.slot is Slot.CONTACT and _ASKS_HOURS.search(query.folded):
        return _HOURS
    if query.slot is Slot.PLACE:
        return _ADDRESS if _ASKS_ADDRESS.search(query.folded) else None
    if query.slot is Slot.NUMBER and _ASKS_RANK.search(query.folded):
        return _RANK
    if query.slot is Slot.DURATION and _ASKS_FREQUENCY.search(query.folded):
        return _FREQUENCY
    if query.slot is Slot.NUMBER and _ASKS_SHARE.search(query.folded):
        return _SHARE
    if query.slot is Slot.NUMBER and (pair := _ASKS_PAIR.search(query.folded)):
        return re.compile(rf"[{_COUNTED}]{pair['one']}[、和]?[{_COUNTED}]{pair['other']}")
    if query.slot is Slot.NUMBER and (asked := _ASKS_COUNT.search(query.folded)):
        measures = _measures_like(asked["measure"])
        return re.compile(rf"(?<![\d第])\d+(?:\.\d+)?\s*(?:{measures})|(?:{_NUMERALS})+(?:{measures})")
    if query.slot is Slot.DATE and _ASKS_NAMED_DAY.search(query.folded):
        return _DATE
    return _fillers().get(query.slot)


def _measures_like(measure: str | None) -> str:
    """The measure words that can count what a question counts: 家, 所, 座 and 个 but not 项 for buildings."""
    kinds = [kind for kind in _KINDS_OF_MEASURE if not measure or measure in kind]
    return (
        "|".join(dict.fromkeys("".join(kinds).replace("个", ""))) + "|个(?!月)"
        if kinds
        else re.escape(measure or "")
    )


def fills(text: str, wanted: re.Pattern[str], query: Query) -> bool:
    """Whether a sentence (with the target year it stands under in front) has the wanted filler.

    A number that the question itself gives is no answer to it, nor is a numeral inside a quoted name (“四个中心”) unless
    such a name is asked for.
    """
    if query.slot is Slot.NUMBER and not _ASKS_PAIR.search(query.folded):
        text = _QUOTED.sub(" ", _DATE.sub(" ", text))
        return any(match.group() and not _given(match.group(), query) for match in wanted.finditer(text))
    return bool(wanted.search(text))


# Any quantity, for holding a claim against: 若干 is an answer to one too.
CLAIMED = re.compile(f"{_FIGURE.pattern}|若干")


def _given(figure: str, query: Query) -> bool:
    digits = re.match(r"\d+(?:\.\d+)?%?", figure)
    return bool(digits and digits.group() in query.numbers)


def clause_fit(query: Query, text: str, english: str | None) -> float:
    """How well the clause around a figure fits a question, 0 to 1: Dice's coefficient of their terms, the best clause.

    Chinese against the sentence itself, any other language against its translation. A clause whose figures the question
    gives itself is none: of the 12 bases some number is asked for.
    """
    wanted = query.search or query.text
    if query.language == "zh" or not english:
        asked, clauses, terms = (
            set(chinese_terms(_asked_words(wanted))),
            re.split(r"[，。；：]", text),
            chinese_terms,
        )
    else:
        asked, clauses, terms = (
            set(english_terms(wanted)),
            re.split(r"[,.;:](?!\d)|\band\b", english),
            english_terms,
        )
    best = 0.0
    for clause in clauses:
        stated = {
            term
            for term in terms(re.sub(r"\d[\d.,]*\s*(?:项|个月|个|家|%)?(?:以上|以内|左右)?", " ", clause))
            if not term.isdecimal()
        }
        figures = re.findall(r"\d+(?:\.\d+)?%?", clause)
        if any(not _given(figure, query) for figure in figures) and asked | stated:
            best = max(best, 2 * len(asked & stated) / (len(asked) + len(stated)))
    return best


def _asked_words(text: str) -> str:
    """A Chinese question without its question words: they break the terms beside them."""
    return re.sub(r"多少(?:个|项|家|条|种)?|几(?:个|项|家|条|种)|要|会|打算|[?？。吗呢]", " ", text)


def force_in(text: str) -> list[str]:
    """The words of commitment of a text, such as 鼓励, 支持 and 推动, in the order of the list."""
    from assistant.patterns import words

    return [word for word in words("duty.force") if word in text]


def asks_for_duty(query: Query) -> bool:
    """Whether a question asks if something is an obligation."""
    return any(pattern(f"duty.{language}").search(query.folded) for language in ("zh", "en"))
