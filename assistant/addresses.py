"""Addresses that a question names: 第五章第三节, 五、（四）, Chapter 7 section 2, 5.3, 1.3#12, the last one."""

from __future__ import annotations

import re

from index.headings import NUMERAL, parse_numeral
from index.lexical import fold
from index.types import Document

_N = rf"(?:{NUMERAL}+|\d+)"
_CARDINALS = "one two three four five six seven eight nine ten eleven twelve"
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_WORDS = {word: at for words in (_CARDINALS, _ORDINALS) for at, word in enumerate(words.split(), start=1)}
_EN = rf"(?:\d+|{'|'.join(_WORDS)})(?:st|nd|rd|th)?"
_LAST = -1
_FORMS = tuple(
    re.compile(form)
    for form in (
        r"(?<![\d.#])(?P<c>\d{1,2})\.(?P<s>\d{1,2})(?:#(?P<n>\d{1,3}))?(?![\d.%])(?!\s*(?:%|个|项|亿|万|倍|percent))",
        rf"(?P<c>{NUMERAL}+)、\s*[(（](?P<s>{NUMERAL}+)[)）]",
        rf"第?(?P<c>{_N}|最后一|末)(?:大)?(?:章|部分)(?:(?:的|里|中|,|，|、|之)?\s*(?:第|(?=最后))(?P<s>{_N}|最后一)(?:小)?(?:节|部分|条|点|款)|(?P<s3>{_N})节|\s*[(（](?P<s2>{NUMERAL}+)[)）])",
        rf"第(?P<c>{_N})(?:大)?(?:章|部分)|(?P<c2>最后一|末|首|头一|开头一)(?:个)?(?:大)?(?:章|部分)|(?<![共有分几这那上下另每某哪同本全\d])(?P<c3>{_N})章(?=的|讲|说|是|题|标|主|里|都|写|有|呢|[?？]|$)",
        rf"第(?P<s>{_N})(?:小)?节|(?P<s2>最后一)(?:小)?节",
        rf"\bsection\s+(?P<s>{_EN})\s+(?:of|in)\s+(?:the\s+)?(?:chapter\s+(?P<c>{_EN})|(?P<c2>{_EN}|last|final)\s+chapter)\b",
        rf"\b(?:the\s+)?(?P<s>{_EN}|last|final)\s+section\s+(?:of|in)\s+(?:the\s+)?(?:chapter\s+(?P<c>{_EN})|(?P<c2>{_EN}|last|final)\s+chapter)\b",
        rf"\bchapter\s+(?P<c>{_EN})\b(?:\s*,?\s*(?:'s\s+)?(?:the\s+)?(?:section\s+(?P<s>{_EN})|(?P<s2>{_EN}|last|final)\s+section))?",
        rf"\b(?:the\s+)?(?P<c>{_EN}|last|final)\s+chapter\b|\bwhich chapter comes (?P<c2>first|last)\b",
        r"\b(?:the\s+)?(?P<s>last|final)\s+section\b",
        rf"\bsection\s+(?P<s>{_EN})\b(?!\.)",
    )
)


def find_addresses(text: str, document: Document) -> tuple[tuple[str, ...], str]:
    """The addresses named in a text, and the text without them.

    An address need not exist: `15` for 第十五章. A section without a chapter is given as `?.3`.
    """
    folded = fold(text)
    found: list[str] = []
    for form in _FORMS:
        for match in form.finditer(folded):
            groups = match.groupdict()
            chapter = _number(next((groups[name] for name in ("c", "c2", "c3") if groups.get(name)), None))
            section = _number(next((groups[name] for name in ("s", "s2", "s3") if groups.get(name)), None))
            if section == _LAST and chapter is None:
                chapter = document.chapters[-1].number
            if chapter == _LAST:
                chapter = document.chapters[-1].number
            if section == _LAST and chapter is not None:
                section = max(
                    (s.number for c in document.chapters if c.number == chapter for s in c.sections),
                    default=0,
                )
            address = f"{'?' if chapter is None else chapter}" + (
                f".{section}" if section is not None else ""
            )
            found.append(address + (f"#{groups['n']}" if groups.get("n") else ""))
        folded = form.sub(" ", folded)
    for address, form in _front_parts(document):
        if form.search(folded):
            found.append(address)
            folded = form.sub(" ", folded)
    for own in document.chapters:
        named = (
            re.compile(rf"[“\"《]?{re.escape(fold(own.title))}[”\"》]?(?:这|那)?(?:一)?(?:章|部分)")
            if own.title
            else None
        )
        if named and named.search(folded):
            found.append(own.address)
            folded = named.sub(" ", folded)
    # 第五章的第二节和第三节: a section without a chapter belongs to the chapter named beside it.
    beside = next((address.partition(".")[0] for address in found if not address.startswith("?")), "?")
    found = [address.replace("?", beside, 1) for address in found]
    return tuple(dict.fromkeys(found)), folded


_FRONT = (
    ("0.1", re.compile(r"印发通知|\b(?:issuing|cover|covering) notice\b|\bnotice of issuance\b")),
    (
        "0.2",
        re.compile(
            r"前言|序言|引言|导语|开头(?:那)?(?:一)?(?:段|部分)|\b(?:preamble|foreword|preface|introduction)\b"
        ),
    ),
)


def _front_parts(document: Document) -> list[tuple[str, re.Pattern[str]]]:
    """The document's front parts with what people call them."""
    return [(address, form) for address, form in _FRONT if document.has(address)]


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if text in {"最后一", "末", "last", "final"}:
        return _LAST
    if text in {"首", "头一", "开头一"}:
        return 1
    bare = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", text)
    return _WORDS[bare] if bare in _WORDS else parse_numeral(bare)
