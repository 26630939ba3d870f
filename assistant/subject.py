"""What a question is about: the stretches that its question words and function words leave."""

from __future__ import annotations

import re

from assistant.patterns import entry, pattern, patterns
from index.lexical import fold
from index.types import Document

_SENTENCE = re.compile(r"[^?？.。!！]+[?？.。!！]*")
_ON_ONESELF = re.compile(
    r"\W*(?:(?:hello|hi|hey|你好|您好)\W+)?(?:(?:i|i'm|we|we're|my|our)\b[^?]*$|(?:我|咱)[^?？吗呢]*$)"
)
_INTRODUCTION = re.compile(
    r"^(?:(?:我|咱|俺)(?:们|家|是|在|来自|住)[^,，?？什哪几谁怎吗]{1,16}[,，]"
    r"|(?:I am|I'm|We are|We're|As an?) [^,?]{1,40},)\s*(?=.)",
    re.IGNORECASE,
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"(?<![A-Za-z0-9.-])[A-Za-z]{2,4}(?![A-Za-z0-9.-])")
# AI, IoT, EVs.
_CAPITALS = re.compile(r"(?<![\w.-])[A-Z][A-Za-z]?[A-Z]{1,3}s?(?![\w.-])")


def _spelt_out(word: str) -> str:
    table, lower = entry("abbreviations.en"), word.lower()
    return str(table.get(lower) or table.get(lower.removesuffix("s"), word))


def in_full(text: str) -> str:
    """A text with the English abbreviations that everybody uses in full: AI标准 asks for 人工智能标准.

    In an English text only capitals abbreviate (IT, not it).
    """
    if not _HAN.search(text):
        return text if text.isupper() else _CAPITALS.sub(lambda word: _spelt_out(word.group()), text)
    return _LATIN_WORD.sub(
        lambda word: entry("abbreviations.zh").get(word.group().lower(), word.group()), text
    )


def asked_of(text: str) -> list[str]:
    """The sentences of a message without what they tell of the asker alone ("I own a shop in Dongcheng.", 我来自上海，)."""
    sentences = [_INTRODUCTION.sub("", sentence.strip()) for sentence in _SENTENCE.findall(text)]
    return [sentence for sentence in sentences if not _ON_ONESELF.match(fold(sentence))]


_VERBS = frozenset("管办写想")
# What a new subject would not have: it asks a question of its own.
_ASKS = re.compile(r"什么|哪|怎|如何|为什么|(?P<either>[\u4e00-\u9fff])[不没](?P=either)|吗$|没有$")


def cut_single(text: str, document: Document) -> str:
    """A text with function characters blanked, same length; one that is part of a word of the document stays.

    地 is kept in 地方 and cut in 努力地, since the document has 地方.
    """
    single = pattern("frames.single").pattern
    chars = list(text)
    for at, char in enumerate(text):
        following = text[at : at + 2]
        if (
            char in single
            and following not in document.bigrams
            and text[max(0, at - 1) : at + 1] not in document.bigrams
            # A verb that begins a word which stands but once: 管廊.
            and not (char in _VERBS and len(following) > 1 and following in document.text)
        ):
            chars[at] = " "
    return "".join(chars)


def content_of(folded: str, document: Document) -> list[str]:
    """The stretches of a folded question that name its subject, in order; a lone Latin letter is none."""
    bare = pattern("frames.zh").sub(" ", pattern("frames.en").sub(" ", folded))
    stretches = re.findall(r"[^\W_]+(?:[-+'][^\W_]+)*", cut_single(bare, document))
    return [stretch for stretch in stretches if len(stretch) > 1 or not stretch.isascii()]


def topic_of(query: str, document: Document) -> str:
    """The first stretch of a question that names its subject, in the question's own letters; "" if none does.

    In 火灾的标准体系包括哪些 that is 火灾: a Chinese question puts its subject first. Verbs of action don't count.
    """
    text = re.sub(r"到?\d{4}年", lambda match: " " * len(match.group()), query)
    bare = pattern("frames.zh").sub(lambda match: " " * len(match.group()), text)
    verbs = re.compile(rf"(?:{pattern('bodies.verbs').pattern}|制定|形成|实施)+")
    stretches = re.findall(r"[^\W_]+", cut_single(bare, document))
    trimmed = [re.sub(r"^[项个条家种类次名](?=..)", "", stretch) for stretch in stretches]
    return next(
        (
            stretch
            for stretch in trimmed
            if len(stretch) > 1 and not verbs.fullmatch(stretch) and stretch not in {"问题", "事情", "工作"}
        ),
        "",
    )


def replaced_subject(folded: str, text: str) -> str:
    """What stands in for the subject of the question before: 国际标准 in 那国际标准呢？; "" if it isn't such a question."""
    for language in ("zh", "en"):
        for form in patterns(f"followup.{language}"):
            if match := form.match(folded):
                subject = re.sub(
                    r"(?:那边|这边|那块|这块|方面|这种|那种|那些|这些|这事|那事|这一级|那一级|的)+$",
                    "",
                    match["x"].strip(" ,，的"),
                )
                asks_again = any(
                    pattern(f"slots.{slot}").search(subject)
                    for slot in ("number", "date", "body", "duration")
                )
                if subject and not asks_again and not _ASKS.search(subject):
                    at = folded.find(subject)
                    return text[at : at + len(subject)] if len(text) == len(folded) and at >= 0 else subject
    return ""
