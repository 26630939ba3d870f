"""What a question is about: the stretches that its question words and function words leave."""

from __future__ import annotations

import re

from assistant.patterns import pattern
from index.types import Document


def cut_single(text: str, document: Document) -> str:
    """A text with function characters blanked, same length; one that is part of a word of the document stays.

    地 is kept in 地方 and cut in 努力地, since the document has 地方.
    """
    single = pattern("frames.single").pattern
    chars = list(text)
    for at, char in enumerate(text):
        if (
            char in single
            and text[at : at + 2] not in document.bigrams
            and text[max(0, at - 1) : at + 1] not in document.bigrams
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
