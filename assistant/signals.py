"""A question for the document's own parts, read word by word into closed-class signals.

People ask for chapters, sentences, counts and places in endless wordings, of a small vocabulary: units, quantities,
superlatives, verbs of occurring, words of request. A question that has nothing else is about the document itself,
however it is put; what stays unread is its content, and a question with content is none of these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from assistant.addresses import int_of
from assistant.patterns import entry
from assistant.subject import content_of
from index.types import Document

# From the largest to the smallest.
UNITS = ("chapters", "sections", "items", "sentences", "characters")
_QUOTED = re.compile(r"[“\"「『‘'《](?P<x>[^”\"」』’'》]{1,30})[”\"」』’'》]")
_IN_BRACKETS = re.compile(r"[(（]([^()（）]{2,40})[)）]")
_GLOSSED = re.compile(r"[a-z-]+\s*[(（](?=[\u3400-\u9fff])")
# 秘书处三个字, 数字孪生这词: what is called a word is meant to the letter.
_CALLED_A_WORD = re.compile(
    r"(?P<x>[\u3400-\u9fffa-z\d+]{2,16}?)(?:这|那)?(?:[一两二三四五六七八九十几]个(?:大)?字|一词|个?词|字样|个说法|一说法|的?字眼)"
)
_HAN = re.compile(r"[\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Signals:
    """What a question is made of.

    `kinds` are the signals read (`which`, `howmany`, `most`, …) and `units` the units, in the question's order;
    `numbers` are counts with the unit counted (只有一句: (1, "sentences")); `terms` are the expressions that it quotes,
    `content` the stretches that no signal accounts for.
    """

    kinds: frozenset[str]
    units: tuple[str, ...] = ()
    numbers: tuple[tuple[int, str], ...] = ()
    terms: tuple[str, ...] = ()
    content: tuple[str, ...] = ()

    @property
    def outer(self) -> str:
        """The largest unit named, "" without any."""
        return next((unit for unit in UNITS if unit in self.units), "")

    @property
    def inner(self) -> str:
        """The smallest unit named where there are two, else ""."""
        smallest = next((unit for unit in reversed(UNITS) if unit in self.units), "")
        return smallest if smallest != self.outer else ""

    @property
    def step(self) -> int:
        """1 where the node after another is asked for, -1 for the one before, else 0."""
        asks = self.kinds & {"which", "request"} or {"chapters", "sections", "sentences"} & {*self.units}
        both = {"before", "after"} <= self.kinds
        return 0 if both or not asks else ("after" in self.kinds) - ("before" in self.kinds)

    @property
    def node_unit(self) -> str:
        """The smallest unit named of which a document has nodes, "" without any."""
        return next((unit for unit in ("sentences", "sections", "chapters") if unit in self.units), "")


@cache
def _reader() -> re.Pattern[str]:
    """One pattern of all signals, those of several words first."""
    table: dict[str, str] = entry("signals")
    return re.compile("|".join(f"(?P<{kind}>{form})" for kind, form in table.items()))


@lru_cache(maxsize=256)
def read(rest: str, document: Document) -> Signals:
    """The signals of a folded question from which its addresses were taken out."""
    text, terms = _without_terms(rest, document)
    kinds: set[str] = set()
    units: list[str] = []
    numbers: list[tuple[int, str]] = []
    unread = list(text)
    pending = 0
    for match in _reader().finditer(text):
        kind = match.lastgroup or ""
        if len(match.group()) == 1 and _in_word(text, match.start(), document):
            continue
        unread[match.start() : match.end()] = " " * len(match.group())
        if kind == "number":
            pending = 1 if "single" in match.group() else int_of(match.group())
            continue
        if kind in UNITS:
            units.append(kind)
            if pending:
                numbers.append((pending, kind))
            if match.group().endswith("s"):
                kinds.add("plural")
        else:
            kinds.add(kind)
        pending = 0
    content = content_of("".join(unread), document)
    return Signals(frozenset(kinds), tuple(units), tuple(numbers), terms, tuple(content))


def _without_terms(text: str, document: Document) -> tuple[str, tuple[str, ...]]:
    """A question without what it quotes or glosses, and that.

    In an English question a Chinese stretch is a quotation, with a word before its brackets as its gloss.
    """
    quoted = [match["x"].strip() for match in _QUOTED.finditer(text) if re.search(r"\w", match["x"])]
    bare = _QUOTED.sub(lambda match: " " if re.search(r"\w", match["x"]) else match.group(), text)
    chinese = _HAN.findall(text)
    if chinese and re.search(r"[a-z]{2}", _QUOTED.sub(" ", _IN_BRACKETS.sub(" ", _HAN.sub(" ", bare)))):
        return _HAN.sub(" ", _IN_BRACKETS.sub(" ", _GLOSSED.sub(" ", bare))), (max(chinese, key=len),)
    if not quoted and (named := _CALLED_A_WORD.search(bare)):
        stretches = content_of(named["x"], document)
        quoted = stretches[-1:]
        bare = bare[: named.start()] + bare[named.end() :] if len(stretches) == 1 else bare
    return bare, tuple(quoted)


def _in_word(text: str, at: int, document: Document) -> bool:
    """Whether the character there is a part of a word of the document: 节 of 节能, and of 节水 though that stands but once."""
    following, preceding = text[at : at + 2], text[max(0, at - 1) : at + 1]
    if following in document.bigrams or preceding in document.bigrams:
        return True
    return (
        text[at] in "章节" and len(following) > 1 and any(following in s.text for s in document.sentences())
    )
