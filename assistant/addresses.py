"""Addresses that a question names: 第五章第三节第2句, 第二到四章, 五、（四）, chapter 7, section 2, 5.3, 1.3#12, the last one.

A grammar of atoms and glue. An atom is a unit (chapter, section, sentence) with a list of ordinals; neighbours are
joined from the larger to the smaller (第五章的第三节) or back (section 3 of chapter 5), lists and ranges are spelled out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from index.headings import NUMERAL, chinese_numeral, parse_numeral
from index.lexical import fold
from index.types import Document

# First and last of a run of ordinals; from the end where negative: 最后两章 is (-2, -1).
Span = tuple[int, int]
Spans = tuple[Span, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CARDINALS = _words(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
ORDINALS = _words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_WORDS = {word: at for words in (CARDINALS, ORDINALS) for at, word in enumerate(words, start=1)}
_ROMAN = {
    word: at
    for at, word in enumerate(_words("i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi"), start=1)
}
_MOST = 60
# The numerals of cheques: 第拾章第叁节.
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾", "一二三四五六七八九十")

_N = rf"(?:{NUMERAL}+|\d{{1,3}})"
_COUNTED = r"\s*个?\s*"
_ZH_AND = r"\s*(?:、|,|，|和|与|及|跟|以及)\s*"
_ZH_TO = r"\s*(?:到|至|-|—|–|~)\s*"
_ZH_FIRST = (
    rf"(?:(?:打头|起首|开篇)的?(?:那|第)?{_N}?|(?:压轴|收尾|结尾|末了|垫底)的?(?:(?:是|那)?(?:哪个?)?[一1]?(?={_COUNTED}小?[章节])|(?:那)?{_N}?)|正数第\s*{_N}|倒着?数第\s*{_N}|最(?:后|末)(?:面|头|尾)?的?\s*(?:那\s*{_N}|那|{_N}|是哪[一1]?(?=个?小?[章节]))|末尾?(?:那)?[一1]?|首|(?<![前后里外上下])头\s*{_N}"
    rf"|开头(?:一|第一)|(?<!最.)(?<!最.的)[前后](?![一1]){_N}|第\s*{_N})"
)
_ZH_LIST = rf"{_ZH_FIRST}(?:(?:{_ZH_AND}|{_ZH_TO})第?\s*{_N})*"
_CARDINAL = (
    rf"(?:\d{{1,3}}|{'|'.join(CARDINALS)}|(?!i\b)(?:{'|'.join(sorted(_ROMAN, key=len, reverse=True))}))\b"
)
# Not i, v, x and xi, which are letters and names.
_ROMANS = "|".join(sorted(set(_ROMAN) - {"i", "v", "x", "xi"}, key=len, reverse=True))
_NTH = rf"(?:\d{{1,3}}(?:st|nd|rd|th)|{'|'.join(ORDINALS)})"
_ORDINAL = (
    rf"(?:(?:first|last|final)\s+(?:\d{{1,2}}|{'|'.join(CARDINALS[1:])})|(?:{_NTH}|next)[\s-]+to[\s-]+last|penultimate|last[\s-]+but[\s-]+one"
    rf"|{_NTH}|last|final|opening|closing|concluding)"
)
_EN_AND = r"\s*(?:,\s*and|,|and|&)\s*(?:the\s+)?"
_EN_TO = r"\s*(?:-|–|to|through)\s*(?:the\s+)?"
_EN_CARDINALS = rf"{_CARDINAL}(?:(?:{_EN_AND}|{_EN_TO}){_CARDINAL})*"
_EN_ORDINALS = rf"{_ORDINAL}(?:(?:{_EN_AND}|{_EN_TO}){_ORDINAL})*"
# What a number with a point or dash would be with these after it: no address.
_MEASURES = r"(?!\s*(?:%|个|项|亿|万|倍|年|月|日|天|号|岁|人|家|分|小时|percent|years?|months?|days?))"
# "The chapter before last".
_EN_BEFORE_LAST = r"before\s+(?:the\s+)?last\b(?!\s+(?:chapter|section|sentence))"
# "The last section that mentions…" is chosen by what it says.
_NOT_CHOSEN = r"(?!\s+(?:that|which|to|where)\b)"
_NOT_COUNTED = rf"(?<![共有分几这那上下前后头另每某哪同属本全面边的来\d]|{NUMERAL})"

# Units from the largest, with the atoms that name them; in this order: what is found first is taken out.
_WHOLE = (
    re.compile(
        r"(?:第|\b(?:sections?|sec\.?|§)\s*)?(?<![\d.#-])(?P<c>\d{1,2})[.·](?P<s>\d{1,2})(?:#(?P<n>\d{1,3}))?(?!\d|\.\d|%)"
        rf"{_MEASURES}(?:\s*小?节)?"
    ),
    # "Section 3-2" is one section: a range is said in the plural.
    re.compile(r"(?:\b(?:section|sec\.?)\s*|§\s*)(?P<c>\d{1,2})-(?P<s>\d{1,2})(?![\d.%-])"),
    re.compile(rf"(?<![第\d]|{NUMERAL})(?P<c>{_N})\s*[、之]?\s*[(（]\s*(?P<s>{_N})\s*[)）]"),
    # 四点四, where nothing is measured; "XII(iii)".
    re.compile(
        rf"(?<![分第\d之]|{NUMERAL})(?P<c>{NUMERAL}{{1,2}})点(?P<s>{NUMERAL}{{1,2}})(?=\s*(?:小?节|的|里|讲|说|写|是|$|[?？。,，]))"
    ),
    re.compile(rf"\b(?P<c>{_ROMANS})\s*[(.]\s*(?P<s>{_ROMANS}|\d{{1,2}})\)?(?!\w)"),
)
_DASHED = re.compile(
    rf"(?<![\d.#年到第-]|{NUMERAL})(?P<c>\d{{1,2}}|{NUMERAL}{{1,2}})-(?P<s>\d{{1,2}}|{NUMERAL}{{1,2}})(?![\d.%年-]|{NUMERAL})"
    rf"{_MEASURES}(?:\s*小?节)?"
)
# Named one by one and counted: 二、十两章.
_ONE = rf"第?(?:{NUMERAL}{{1,3}}?|\d{{1,2}})"
_COUNTED_LIST = (
    rf"(?<![\d年月]|{NUMERAL})(?P<list>{_ONE}(?:{_ZH_AND}{_ONE})+|[一二三四五六七八九]{{2,6}}(?=这))"
    r"(?:这?[两俩]|这[三四五六七八九几])个?"
)
_CHAPTER = (
    re.compile(rf"{_COUNTED_LIST}大?章(?!程)"),
    # 6-8章, 三到五章
    re.compile(rf"(?<![第\d.]|{NUMERAL})(?P<list>{_N}{_ZH_TO}{_N}){_COUNTED}大?章(?!程)"),
    re.compile(rf"(?P<list>{_ZH_LIST}){_COUNTED}大?章(?!程)"),
    re.compile(
        rf"{_NOT_COUNTED}(?<!同[在处属于])(?!(?<=[在是成属归])[一1]\s*章)(?P<list>{_N})\s*章"
        rf"(?=\s*(?:的|讲|说|是|题|标|主|里|下|底|都|写|有|呢|[?？]|$|第|最后|倒数|\(|{_N}\s*节|[比跟和与]|节[多少]|{_N}\s*章|哪个|谁))"
    ),
    re.compile(rf"\b(?:chapters?|chap|ch)(?:\.|\b)?\s*(?P<list>{_EN_CARDINALS})"),
    re.compile(rf"\b(?P<list>{_EN_ORDINALS})\s+chapters?\b{_NOT_CHOSEN}"),
    re.compile(rf"\b(?:part|heading)\s+(?P<list>{_CARDINAL}|{NUMERAL}+)"),
    re.compile(r"\bwhich chapter comes (?P<list>first|last)\b"),
    # 十三、后头写的什么, "VIII splits into what?"
    re.compile(rf"(?<![第、\d]|{NUMERAL})(?P<list>{_N})、(?=后|里|下|讲|说|写|是|的|$|[?？])"),
    re.compile(
        rf"(?:^|(?<=[\s,(]))(?P<list>{_ROMANS})(?=\s+(?:splits?|has|have|covers?|deals?|contains?|says)\b|\s*[?:]|$)"
    ),
    re.compile(rf"\bchapter\s+(?P<list>{_EN_BEFORE_LAST})"),
)
_SECTION = (
    re.compile(rf"{_COUNTED_LIST}小?节(?![能约水])"),
    re.compile(rf"(?P<list>{_ZH_LIST}){_COUNTED}小?节(?![能约水])"),
    re.compile(
        rf"(?:\b(?:(?:sub-?)?sections?|secs?|(?<!['’])s(?=\.?\s?\d))(?:\.|\b)?|§)\s*(?P<list>{_EN_CARDINALS})"
    ),
    re.compile(rf"\b(?P<list>{_EN_ORDINALS})\s+(?:numbered\s+)?sections?\b{_NOT_CHOSEN}"),
    re.compile(rf"\bsection\s+(?P<list>{_EN_BEFORE_LAST})"),
    re.compile(rf"\b(?P<list>{_EN_ORDINALS})\s+(?:sub-?)?headings?(?=\s+(?:of|in|under|within)\b)"),
)
_SENTENCE = (
    re.compile(rf"(?P<list>{_ZH_LIST}){_COUNTED}(?:句子|句话?)"),
    re.compile(rf"\bsentences?\s*(?P<list>{_EN_CARDINALS})"),
    re.compile(rf"\b(?P<list>{_EN_ORDINALS})\s+(?:sentences?|lines?)\b{_NOT_CHOSEN}"),
)
_PART = re.compile(rf"(?P<list>{_ZH_LIST}){_COUNTED}(?:大?部分|大块)")
# Directly after a chapter these are sections: 第五章（三）, 5章3节, 第五章第三条.
_AFTER_CHAPTER = (
    re.compile(rf"\s*(?P<list>{_N})\s*节"),
    re.compile(
        rf"\s*(?:的|里)?\s*第?\s*[(（]\s*(?P<list>{_N}(?:[)）](?:{_ZH_TO}|{_ZH_AND})[(（]{_N})*)\s*[)）]"
    ),
    re.compile(rf"\s*,?\s*[(]\s*(?P<list>{_CARDINAL})\s*[)]"),
    re.compile(rf"\s*,?\s*(?:item|point|paragraph)\s*[(（]?\s*(?P<list>{_CARDINAL})\s*[)）]?"),
    re.compile(rf"\s*(?:的|里|中|,|、)?\s*(?P<list>{_ZH_LIST}){_COUNTED}小?(?:部分|条|点|款)"),
)
_DOWN = re.compile(r"\s*(?:的|里面?的?|中的?|,|，|、|之|'s|:|/|-|·)?\s*(?:the\s+)?")
_UP = re.compile(r"\s*(?:of|in|from|within|under)\s+(?:the\s+)?")
_COUNT_STARTS = frozenset("一二三四五六七八九十0123456789")
_ASKS_FOR_ONE = re.compile(r"(?:[哪几]|最)[^章节,，]{0,8}章|老几|谁")
_AND = re.compile(rf"(?:{_ZH_AND}|{_EN_AND}|\s+)(?:的|the\s+)?")
_TO = re.compile(rf"(?:{_ZH_TO}|{_EN_TO})")
_LEVELS = "csn"
_FRONT = (
    ("0.1", re.compile(r"印发通知|\b(?:issuing|cover|covering) notice\b|\bnotice of issuance\b")),
    (
        "0.2",
        re.compile(
            r"前言|序言|引言|导语|开头(?:那)?(?:一)?(?:段|部分)|\b(?:preamble|foreword|preface|introduction)\b"
        ),
    ),
)
# Every chapter: each has the section that is named with it.
_EACH_CHAPTER = re.compile(
    r"(?:每一?个?|各个?|所有|全部)章|\b(?:each|every) chapter|\ball (?:the |of the )?chapters"
)
WHOLE_TEXT = re.compile(
    r"全文|正文|[开通]篇|整[份篇个]|文件|纲要|\b(?:document|doc|outline|text|paper|whole thing)\b"
)


@dataclass(frozen=True, slots=True)
class _Named:
    """A stretch of text that names nodes: runs of ordinals by unit, `()` where a unit is not named."""

    start: int
    end: int
    c: Spans = ()
    s: Spans = ()
    n: Spans = ()

    @property
    def levels(self) -> str:
        """The units named, the largest first."""
        return "".join(level for level in _LEVELS if getattr(self, level))


@lru_cache(maxsize=256)
def find_addresses(text: str, document: Document, here: str = "") -> tuple[tuple[str, ...], str]:
    """The addresses named in a text, in its order, and the folded text without them.

    An address need not exist: `15` for 第十五章. What a text leaves open is taken from the node `here` (第三节 within
    `5` is `5.3`); without one it is given as `?.3`, or `?.?#2` for a sentence.
    """
    folded = fold(text)
    named, rest = _named(folded, document)
    found: list[str] = []
    known = here.partition("#")[0].split(".") if here else []
    if ahead := next((one for one in named if one.c), None):
        known = [str(chapter) for chapter in _numbers(ahead.c[:1], _last_chapter(document))[:1]]
    # In "the money section at the end of the document" the section is meant.
    of_text = bool(WHOLE_TEXT.search(folded)) and not re.search("章|小节|那节|chapter|section", rest)
    of_each = bool(_EACH_CHAPTER.search(folded))
    before: _Named | None = None
    previous: list[str] = []
    for one in named:
        counted_through = one.levels == "n" and of_text
        addresses = list(
            _within(one.n, "", document)
            if counted_through
            else _resolved(one, known, document, of_text=of_text, of_each=of_each)
        )
        if before and previous and addresses and _TO.fullmatch(folded[before.end : one.start]):
            addresses = nodes_between(previous[-1], addresses[0], document)[1:] or addresses
        found += addresses
        before, previous = one, addresses
        if addresses and "?" not in addresses[-1]:
            known = addresses[-1].partition("#")[0].split(".")
    return tuple(dict.fromkeys(found[:_MOST])), rest


def spoken(address: str, language: str = "zh") -> str:
    """An address as one says it: 第五章第三节第2句, in English "chapter 5, section 3, sentence 2"."""
    node, _, sentence = address.partition("#")
    chapter, _, section = node.partition(".")
    if language == "zh":
        front = {"0.1": "印发通知", "0.2": "前言"}.get(node)
        place = front or f"第{_numeral(chapter)}章"
        place += f"第{_numeral(section)}节" if section and not front else ""
        return place + (f"第{sentence}句" if sentence else "")
    front = {"0.1": "issuing notice", "0.2": "preamble"}.get(node)
    place = front or f"chapter {chapter}" + (f", section {section}" if section else "")
    return (
        (f"sentence {sentence} of the {place}" if front else f"{place}, sentence {sentence}")
        if sentence
        else place
    )


def _numeral(number: str) -> str:
    """A number of an address in Chinese; in digits where no document has it: none, or one of more digits than three."""
    return chinese_numeral(int(number)) if len(number) < len("1000") and int(number) else number


def replace_addresses(text: str, new: str, document: Document) -> str:
    """A text that names nodes with other words in the place of the first that it names; "" where it names none."""
    named, _ = _named(fold(text), document)
    if not named or len(fold(text)) != len(text):
        return ""
    end = named[-1].end if len(named) > 1 else named[0].end
    return f"{text[: named[0].start]}{new}{text[end:]}"


def loosely_named(text: str, document: Document) -> tuple[str, ...]:
    """The node whose numbers a text gives in no proper form (6点3第4句, 10 point 4, "sect. 6/2"), () if none exists.

    Only for a text that is known to name a node: it would find one in any two numbers.
    """
    folded = fold(text).translate(_FORMAL)
    for run in _NUMBERS_IN_A_ROW.finditer(folded):
        numbers = [int_of(number) for number in _LOOSE_NUMBER.findall(run.group())]
        for length in (3, 2):
            node = ".".join(map(str, numbers[:2])) + "".join(f"#{number}" for number in numbers[2:length])
            if len(numbers) >= length and document.has(node):
                return (node,)
    return ()


def masked(folded: str, mark: str, document: Document) -> tuple[str, str, int]:
    """A folded text with a mark in the place of all that names nodes, the text without that, and how often it names any."""
    named, rest = _named(folded, document)
    text, at = "", 0
    for one in named:
        text += f"{folded[at : one.start]} {mark} "
        at = one.end
    return text + folded[at:], rest, len(named)


def ordinal_of(word: str, last: int) -> int:
    """The position that an ordinal means in a list of `last`: 第二 → 2, "the last" → `last`, 0 where it means none."""
    numbers = _numbers(_spans(fold(word)), last)
    return numbers[0] if numbers else 0


def sentences_of(address: str, document: Document) -> tuple[str, ...]:
    """The sentences of a chapter, a section, a sentence or ("") the text; none where there is no such node."""
    if "#" in address:
        return (address,) if document.has(address) else ()
    sections = [s for s in document.sections() if address in {"", s.address, str(s.chapter)}]
    return tuple(sentence.address for section in sections for sentence in section.sentences)


class _Reading:
    """A folded text as it is read: the atoms found so far and what is left, of the same length."""

    def __init__(self, folded: str) -> None:
        self.left = folded
        self.atoms: list[_Named] = []

    def blank(self, start: int, end: int) -> None:
        self.left = self.left[:start] + "\0" * (end - start) + self.left[end:]

    def take(self, match: re.Match[str], *, c: Spans = (), s: Spans = (), n: Spans = ()) -> None:
        self.atoms.append(_Named(match.start(), match.end(), c, s, n))
        self.blank(match.start(), match.end())

    def take_whole(self, form: re.Pattern[str]) -> None:
        """Atoms of several units: 5.3, 1.3#12, 五、（三）."""
        for match in form.finditer(self.left):
            spans = [_spans(match.groupdict().get(unit) or "") for unit in _LEVELS]
            self.take(match, c=spans[0], s=spans[1], n=spans[2])

    def take_unit(self, unit: str, forms: Sequence[re.Pattern[str]]) -> None:
        for form in forms:
            for match in form.finditer(self.left):
                spans = _spans(match["list"])
                self.take(match, **{unit: spans})

    def take_nodes(self, forms: Iterable[tuple[str, re.Pattern[str]]]) -> None:
        """Nodes by their name."""
        for address, form in forms:
            chapter, _, section = address.partition(".")
            for match in form.finditer(self.left):
                self.take(match, c=_spans(chapter), s=_spans(section))

    def take_after_chapters(self) -> None:
        for chapter in [atom for atom in self.atoms if atom.levels == "c"]:
            if after := next((m for f in _AFTER_CHAPTER if (m := f.match(self.left, chapter.end))), None):
                self.take(after, s=_spans(after["list"]))


@lru_cache(maxsize=256)
def _named(folded: str, document: Document) -> tuple[tuple[_Named, ...], str]:
    """Everything in a folded text that names nodes, in order and joined, and the text without it."""
    reading = _Reading(folded.translate(_FORMAL))
    for form in _WHOLE:
        reading.take_whole(form)
    reading.take_nodes(one for one in _FRONT if document.has(one[0]))
    if re.search("章|节|部分", folded):
        reading.take_nodes(_titles(document))
    reading.take_unit("c", _CHAPTER)
    reading.take_after_chapters()
    reading.take_unit("c", (_PART,))
    reading.take_after_chapters()
    reading.take_unit("s", _SECTION)
    reading.take_unit("n", _SENTENCE)
    reading.take_whole(_DASHED)
    joined: list[_Named] = []
    reading.atoms = [atom for atom in reading.atoms if not _counts_all(atom, folded, document)]
    for atom in sorted(reading.atoms, key=lambda atom: atom.start):
        if joined and (both := _joined(joined[-1], atom, folded)):
            joined[-1] = both
        else:
            joined.append(atom)
    for one in joined:
        reading.blank(one.start, one.end)
    for one, following in pairwise(joined):
        gap = folded[one.end : following.start]
        if _TO.fullmatch(gap) or _AND.fullmatch(gap):
            reading.blank(one.end, following.start)
    # As it was written: 队伍 is no numeral.
    rest = "".join(char if left != "\0" else left for char, left in zip(folded, reading.left, strict=True))
    return tuple(joined), re.sub("\0+", " ", rest)


def _counts_all(atom: _Named, folded: str, document: Document) -> bool:
    """Whether a number of chapters is that of all of them (十二章里哪一章最短), not the last one's."""
    last = _last_chapter(document)
    is_count = atom.levels == "c" and atom.c == ((last, last),) and folded[atom.start] in _COUNT_STARTS
    return is_count and bool(_ASKS_FOR_ONE.search(folded, atom.end))


def _joined(one: _Named, other: _Named, folded: str) -> _Named | None:
    """Two neighbours as one, where the second is a part of the first or the first of the second."""
    gap = folded[one.end : other.start]
    down = _LEVELS.index(one.levels[-1]) < _LEVELS.index(other.levels[0]) and _DOWN.fullmatch(gap)
    up = _LEVELS.index(one.levels[0]) > _LEVELS.index(other.levels[-1]) and _UP.fullmatch(gap)
    if not (down or up):
        return None
    return replace(one, end=other.end, **{unit: getattr(other, unit) for unit in other.levels})


@lru_cache(maxsize=8)
def _title_forms(titles: tuple[tuple[str, str], ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (
            address,
            re.compile(
                rf"[“\"《]?{re.escape(fold(title))}[”\"》]?(?:(?:这|那)?一?(?:章|部分|小?节)|(?=(?:的|之)?[前后上下]))"
            ),
        )
        for address, title in titles
    )


def _titles(document: Document) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The chapters and sections with how a question names them by their title."""
    nodes = [(chapter.address, chapter.title) for chapter in document.chapters]
    nodes += [
        (section.address, section.title) for chapter in document.chapters for section in chapter.sections
    ]
    return _title_forms(tuple((address, title) for address, title in nodes if title))


def _resolved(
    one: _Named, known: Sequence[str], document: Document, *, of_text: bool, of_each: bool
) -> Iterator[str]:
    """The addresses of what is named, its open units taken from `known` (a chapter, a section)."""
    if one.c:
        chapters = [str(number) for number in _numbers(one.c, _last_chapter(document))]
    elif known:
        chapters = [known[0]]
    elif of_each and one.s:
        chapters = [chapter.address for chapter in document.chapters]
    elif of_text and one.s == ((1, 1),):
        chapters = [chapter.address for chapter in document.chapters[:1]]
    else:
        # 最后一节 of a text is that of its last chapter; 第三节 without a chapter stays open.
        chapters = [str(_last_chapter(document)) if one.s and one.s[-1][1] < 0 else "?"]
    for chapter in chapters:
        inside = [section.number for section in document.sections() if str(section.chapter) == chapter]
        sections = [str(number) for number in _numbers(one.s, max(inside, default=0))]
        if one.n and not one.c and not one.s and len(known) > 1:
            sections = [known[1]]
        nodes = [f"{chapter}.{section}" for section in sections] or [chapter]
        yield from (
            address for node in nodes for address in (_within(one.n, node, document) if one.n else (node,))
        )


def _within(runs: Spans, node: str, document: Document) -> Iterator[str]:
    """The sentences of a node (of the whole text: "") by their ordinals: a chapter's are counted through its sections."""
    if "." in node:
        last = len(document.section(node).sentences) if document.has(node) else 0
        yield from (f"{node}#{number}" for number in _numbers(runs, last))
        return
    inside = sentences_of(node, document)
    for number in _numbers(runs, len(inside)):
        yield inside[number - 1] if 0 < number <= len(inside) else f"?.?#{number}"


def nodes_between(first: str, last: str, document: Document) -> list[str]:
    """All nodes of one unit from the first address to the last, in document order; [] where they are of two units."""
    nodes: list[str]
    if "#" in first and "#" in last:
        nodes = [sentence.address for sentence in document.sentences()]
    elif "." in first and "." in last:
        nodes = [section.address for section in document.sections()]
    else:
        nodes = [chapter.address for chapter in document.chapters]
    if first not in nodes or last not in nodes or nodes.index(first) > nodes.index(last):
        return []
    return nodes[nodes.index(first) : nodes.index(last) + 1]


def _last_chapter(document: Document) -> int:
    return document.chapters[-1].number if document.chapters else 0


def _numbers(spans: Sequence[Span], last: int) -> list[int]:
    """The ordinals of runs, those from the end counted from `last`."""
    ends = [
        (max(min(1, last), low + last + 1) if low < 0 else low, high + last + 1 if high < 0 else high)
        for low, high in spans
    ]
    return [number for low, high in ends for number in range(low, min(high, low + _MOST) + 1)]


_LOOSE_NUMBER = re.compile(
    rf"{NUMERAL}+(?![共个下样起遍直定些])|\d{{1,2}}|\b(?:{'|'.join((*CARDINALS, *ORDINALS))}|(?<=[(])(?:{'|'.join(_ROMAN)}))\b"
)
_NUMBERS_IN_A_ROW = re.compile(
    rf"(?:{_LOOSE_NUMBER.pattern})(?:[\s第之点./·、,，:()（）大小个章节条款部分块里的-]|point|dash|section|sentence|item){{1,14}}"
    rf"(?:{_LOOSE_NUMBER.pattern})(?:(?:[\s第之点./·、,，:()（）大小个节条款块里的-]|point|dash|sentence){{1,10}}(?:{_LOOSE_NUMBER.pattern}))?"
)
# The English ones first: they take the article with them.
_LIST = re.compile(rf"(?P<to>{_EN_TO}|{_ZH_TO})|{_EN_AND}|{_ZH_AND}")
_BACK = re.compile(
    rf"({_NTH}|next)[\s-]+to[\s-]+last|penultimate|last[\s-]+but[\s-]+one|before\s+(?:the\s+)?last"
)
_LAST = re.compile(
    r"last|final|closing|concluding|(?:压轴|收尾|结尾|末了|垫底)的?[那是]?(?:哪个?)?[一1]?|末尾?那?[一1]?|最[后末][面头尾]?的?(?:是哪|那)?[一1]?"
)
_RUN_TOGETHER = re.compile("[一二三四五六七八九]{2,}")
_MANY = re.compile(
    r"(?:(?P<tail>(?:最[后末][面头尾]?|压轴|收尾|结尾|末了|垫底)的?那?|后|last\s|final\s)|前|头|first\s)\s*(?P<count>\w+)"
)


def _spans(listed: str) -> Spans:
    """The runs of ordinals in a list such as 第二、四到六, "1 and 3", "last two"."""
    spans: list[Span] = []
    ranged = False
    for piece in _LIST.split(_BACK.sub(lambda match: f"倒数第{match[1] or 'second'}", listed)):
        if piece is None or not (word := piece.strip(" ()（）")):
            continue
        if _LIST.fullmatch(piece):
            ranged = True
            continue
        if _RUN_TOGETHER.fullmatch(word):
            # 六七八这三章
            spans += [_span(numeral) for numeral in word]
            continue
        span = _span(word)
        spans[-1:] = [(spans[-1][0], span[1])] if ranged else [*spans[-1:], span]
        ranged = False
    return tuple(spans)


def _span(word: str) -> Span:
    if _LAST.fullmatch(word):
        return -1, -1
    if word in {"首", "opening"} or word.startswith(("打头", "起首", "开篇")):
        return 1, 1
    if back := re.fullmatch(r"倒着?数第\s*(\w+)", word):
        # The next to last is the second from the end.
        value = 2 if back[1] == "next" else int_of(back[1])
        return -value, -value
    if many := _MANY.fullmatch(word):
        count = int_of(many["count"])
        return (-count, -1) if many["tail"] else (1, count)
    value = int_of(re.sub(r"^(?:开头|正数)?第?\s*", "", word))
    return value, value


def int_of(word: str) -> int:
    """The number that a numeral, an English number word, an ordinal or a Roman numeral means."""
    bare = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", word)
    return _WORDS.get(bare) or _ROMAN.get(bare) or parse_numeral(bare)
