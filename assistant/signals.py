"""A question for the document's own parts, read word by word into closed-class signals.

People ask for chapters, sentences, counts and places in endless wordings, of a small vocabulary: units, quantities,
superlatives, verbs of occurring, words of request. A question that has nothing else is about the document itself,
however it is put; what stays unread is its content, and a question with content is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from assistant.addresses import int_of
from assistant.patterns import entry, pattern
from assistant.subject import content_of
from index.lexical import fold
from index.types import Document

# From the largest to the smallest.
UNITS = ("chapters", "sections", "items", "sentences", "characters")
# Those of which a document has nodes.
NODES = ("chapters", "sections", "sentences")
# An apostrophe within a word opens and closes nothing.
_QUOTED = re.compile(
    r"(?:[“\"「『‘《]|(?<!\w)')(?P<x>(?:[^”\"」』’'》]|(?<=\w)['’](?=\w)){1,60})(?:[”\"」』》]|['’](?!\w))"
)
_FOR_EXAMPLE = re.compile(r"[(（,，]\s*(?:比如|例如|譬如|e\.g\.|for example|such as)[^()（）]*[)）]?")
_IN_BRACKETS = re.compile(r"[(（]([^()（）]{2,40})[)）]")
# "the word security or safety (安全)": what stands before the brackets glosses what is in them.
_GLOSSED = re.compile(r"[a-z-]+(?: (?:or|/) [a-z-]+)*\s*[(（](?=[\u3400-\u9fff])")
# 秘书处三个字, 数字孪生这词: what is called a word is meant to the letter.
_CALLED_A_WORD = re.compile(
    r"(?P<x>[\u3400-\u9fffa-z\d+]{2,16}?)(?:这|那)?(?:(?<![有是为过于到了一二三四五六七八九十\d])(?:[一两二三四五六七八九十几]个(?:大)?|[俩仨])字|一词|个?词儿?|字样|个?(?:说法|提法|写法|表述)|一说法|的?字眼)"
)
_CALLED_A_WORD_IN_ENGLISH = re.compile(
    r"\b(?:word|term|phrase|expression) (?!(?:in|of|for|is|are|and|or|that|which|count|come|occur|appear)\b)"
    r"(?P<x>[a-z-]{3,}(?: [a-z-]{3,})??)"
    r"(?= (?:comes?|occurs?|appears?|shows?|turns?|pops?|crops?|is|was|gets?|used|mentioned|anywhere|at all|in)\b|\W*$|[,?])"
)
_ENGLISH_WORD = re.compile(r"\b[a-z]{2,}")
_HAN = re.compile(r"[\u3400-\u9fff]+")
# 最“薄”, “一是二是”: what is quoted though it is meant as it is said.
_QUOTED_AS_SAID = re.compile(r"(?<=最)[“\"‘'](?P<adjective>.)[”\"’']|[“\"‘'](?P<mark>一是[^”\"’']*)[”\"’']")
# 提没提到, 有没有: asked either way, not denied.
_ASKED_EITHER_WAY = re.compile(r"(?P<verb>[\u3400-\u9fff])[不没](?P=verb)")
_IS_THERE = re.compile(
    r"(?:有没有|有无)(?:[^,，。?？]{0,20}[哪一个的])?(?:章(?!程)|小?节(?![日能约水奏假省])|部分)"
    r"|\b(?:is|are) there (?:an?|any) (?:\w+ )?(?:chapter|section)"
)
# What asks whether something is mentioned at all.
_WHETHER = re.compile(
    r"(?:有没有|是否|有无)(?:都|被|在|专门)*(?:写|提|讲|谈|出现|涉及|点名)|(?P<verb>[写提讲谈在])[没不](?P=verb)"
    r"|(?:写|提|讲|谈|出现|涉及|点)(?:到|及|过|了|名)+[^,，。?？]{0,16}(?:吗|没有?|(?<!什)么)(?:[?？。]|$)"
    r"|(?:[写提讲谈]|出现|涉及)没有?(?:[?？。]|$)"
    r"|(?:写|提|讲|谈)[^,，。?？到及过了的]{1,12}(?:吗|没有?|(?<!什)么)[?？。]*$"
    r"|^(?:and |so )?(?:does|do|did|is|are|was|were)\b[^?]*\b(?:mention(?:s|ed)?|named|appears?|brought up|come up)\b"
)
# What a question tells of its asker: it asks nothing and names no subject.
_ASIDE = re.compile(
    r"(?:^|(?<=[.。!！?？]))\s*(?:i|i'm|we|my|our)\b[^?.]*\.(?=.)"
    r"|^(?:我|咱|俺)们?家?(?:是|在|搞|做|干|管|负责|来自)[^,，?？什啥哪几谁怎吗呢]*[,，](?=.)"
    r"|(?<=[,，。!！?？;；\s])(?:我|咱|俺|领导|老板|老师)(?!.{0,3}[找问])[^?？什啥哪几谁怎吗呢]*$"
    r"|(?<=[哪几么啥谁少])(?P<asking>[^,，]{0,20}[,，])[^,，?？什啥哪几谁怎吗呢多没不标题]{2,14}[。.!！]*$"
    r"|(?<=[,.?] )(?:i|i'm|we|my)\b(?!.*\b(?:wh\w+|how)\b)[^?]*$"
)
# A signal that another one comes with.
_IMPLIED = {"in_heading": "heading", "in_what": "where"}
# Connectives, between which the parts of a subject stand.
_LENGTH = re.compile(r"最[长短]|.*(?:longest|shortest|lengthiest|briefest)")
_BETWEEN_TERMS = frozenset({"either", "both", "but", "no"})
_ASKING = frozenset({"which", "all", "howmany"})
# Signals of questions that have no subject.
_OF_PARTS = frozenset(
    {"most", "least", "howmany", "heading", "name", "before", "after", "between", "all", "compare"}
)
# Characters of request that official words are made of: 预算, 发展, 分类.
_IN_WORDS = frozenset("算读听念看发取摘抄讲说写")
_VAGUE = frozenset({"块", "板块", "部分", "part", "parts"})
_COUNTERS = frozenset({"个", "大", "小", "numbered", "main", "parent"})
# What may stand between a number and its unit: 三个最长的小节, "3 or fewer sentences".
_BEFORE_UNIT = frozenset({"most", "least", "above", "at_least", "below", "at_most"})
_GLUE = re.compile(r"\s*(?:of|the|and|or|and/or|个|条|大|小|、|和|/)?\s*(?:the)?\s*")
_GLUE_AFTER = re.compile(r"[\s的那这一两二三四五六七八九十个]*")
_GLUE_BACK = re.compile(r"\s*(?:都|分别|一共|有|是|的|在|里|,)*\s*")


@dataclass(frozen=True, slots=True)
class Signals:
    """What a question is made of.

    `kinds` are the signals read (`which`, `howmany`, `most`, …) and `units` the units, in the question's order;
    `numbers` are counts with the unit counted (只有一句: (1, "sentences")); `terms` are the expressions that it quotes,
    `content` the stretches that no signal accounts for, `subject` all from the first to the last of them, `subjects` its
    parts between connectives (X或者Y); `asked` are the units that an interrogative or 所有 goes with (哪一节, "all the
    sections", 小节有哪些); `longest` is the unit that a superlative of length goes with (最长的句子).
    """

    kinds: frozenset[str]
    units: tuple[str, ...] = ()
    numbers: tuple[tuple[int, str], ...] = ()
    terms: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    subject: str = ""
    subjects: tuple[str, ...] = ()
    asked: frozenset[str] = frozenset()
    longest: str = ""

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
    kinds = {name for name, form in (("exists", _IS_THERE), ("whether", _WHETHER)) if form.search(rest)}
    rest = _QUOTED_AS_SAID.sub("\\g<adjective>\\g<mark>", rest)
    rest = pattern("frames.politeness").sub(" ", _ASKED_EITHER_WAY.sub("  \\g<verb>", rest))
    text, terms = _without_terms(rest, document)
    found: list[tuple[str, int, int]] = []
    units: list[str] = []
    numbers: list[tuple[int, str]] = []
    unread = list(text)
    # With the words of request that stand inside the subject: 看 of 老百姓看病.
    whole = list(text)
    pending = 0
    for match in _reader().finditer(text):
        kind = match.lastgroup or ""
        if kind != "number" and len(match.group()) == 1 and _in_word(text, match.start(), document):
            continue
        found.append((kind, *match.span()))
        unread[match.start() : match.end()] = " " * len(match.group())
        if kind != "request":
            mark = "\n" if kind in _BETWEEN_TERMS else " "
            whole[match.start() : match.end()] = mark * len(match.group())
        if kind == "number":
            pending = 1 if "single" in match.group() else int_of(match.group().rstrip("个"))
            continue
        if kind in UNITS:
            units.append(kind)
            if pending:
                numbers.append((pending, kind))
            if match.group().endswith("s"):
                kinds.add("plural")
        else:
            kinds |= {kind, _IMPLIED.get(kind, kind)}
        pending = pending if match.group() in _COUNTERS or kind in _BEFORE_UNIT else 0
    if _ends_with_unit(found, text):
        # 提到X的小节: what a phrase ends with is what is asked for.
        kinds.add("listed")
    is_bare = not terms and bool(units) and "which" in kinds and not kinds & _OF_PARTS
    left, content = _left_of("".join(unread), text, terms, document, is_bare=is_bare)
    subject = _from_first_to_last(content, left, "".join(whole))
    return Signals(
        frozenset(kinds),
        tuple(units),
        tuple(numbers),
        terms,
        tuple(content),
        " ".join(subject.split()),
        tuple(" ".join(part.split()) for part in subject.split("\n") if part.strip()),
        frozenset(_asked_units(found, text)),
        _longest_unit(found, text),
    )


def _left_of(
    unread: str, text: str, terms: Sequence[str], document: Document, *, is_bare: bool
) -> tuple[str, list[str]]:
    """What the signals of a text leave without what it tells of the asker, and its stretches of content.

    Where `is_bare` says that a place is asked for, and nothing else has content, it is the asker's: 我是搞芯片的，哪一节是讲我的.
    """
    left = unread
    for aside in _ASIDE.finditer(text):
        start = max(aside.start(), aside.end("asking"))
        left = f"{left[:start]}{' ' * (aside.end() - start)}{left[aside.end() :]}"
    if content := [stretch for stretch in content_of(left, document) if not _is_idle(stretch, terms)]:
        return left, content
    return (unread, content_of(unread, document)) if is_bare else (left, [])


def _ends_with_unit(found: Sequence[tuple[str, int, int]], text: str) -> bool:
    """Whether a text is a phrase that ends with a unit, and nothing after it."""
    if not found or found[-1][0] not in NODES:
        return False
    _, start, end = found[-1]
    return bool(re.search(r"的\W*$", text[:start])) and not text[end:].strip(" ?!.。")


def _is_idle(stretch: str, terms: Sequence[str]) -> bool:
    """Whether a stretch beside a quoted term adds nothing: it says the term again, or is a lone character (藏, 散)."""
    return bool(terms) and (len(stretch) == 1 or stretch in terms)


def _from_first_to_last(content: Sequence[str], left: str, whole: str) -> str:
    """The part of a text from the first to the last of the stretches that are left of it."""
    if not content:
        return ""
    end = left.rfind(content[-1]) + len(content[-1])
    return whole[left.find(content[0]) : end + (left[end : end + 1] == "%")]


def _longest_unit(found: Sequence[tuple[str, int, int]], text: str) -> str:
    """The unit that follows a superlative of length, with nothing but glue between; "" without any."""
    kept = [one for one in found if one[0] != "number"]
    for (kind, start, end), (unit, following, _) in pairwise(kept):
        is_glued = _GLUE_AFTER.fullmatch(text[end:following])
        if kind in {"most", "least"} and _LENGTH.fullmatch(text[start:end]) and unit in NODES and is_glued:
            return unit
    return ""


def _asked_units(found: Sequence[tuple[str, int, int]], text: str) -> Iterator[str]:
    """The units that a word of asking stands before or after, with nothing but glue between (哪个章节, 小节有哪些)."""
    is_open = False
    unit, unit_end, last = "", 0, 0
    for at, (kind, start, end) in enumerate(found):
        is_glued = bool(_GLUE.fullmatch(text[last:start]))
        if kind in UNITS:
            # 哪几块, "which parts" are most often those of something else.
            if text[start:end] in _VAGUE:
                is_open = False
                continue
            unit, unit_end = kind, end
            is_open = is_open and is_glued
            if is_open:
                yield kind
        elif kind in _ASKING:
            # In 这一节在第几章 the word of asking has a unit of its own.
            has_own = at + 1 < len(found) and found[at + 1][0] in NODES and found[at + 1][1] == end
            if unit and not has_own and _GLUE_BACK.fullmatch(text[unit_end:start]):
                yield unit
            is_open = True
        elif kind != "number" and text[start:end] not in _COUNTERS:
            is_open = False
        last = end


def _without_terms(text: str, document: Document) -> tuple[str, tuple[str, ...]]:
    """A question without what it quotes or glosses, and that.

    In an English question a Chinese stretch is a quotation, with a word before its brackets as its gloss.
    """
    text = _FOR_EXAMPLE.sub(" ", text) if _QUOTED.search(_FOR_EXAMPLE.sub(" ", text)) else text
    quoted = [match["x"].strip() for match in _QUOTED.finditer(text) if re.search(r"\w", match["x"])]
    bare = _QUOTED.sub(lambda match: " " if re.search(r"\w", match["x"]) else match.group(), text)
    chinese = _HAN.findall(text)
    latin = _QUOTED.sub(" ", _IN_BRACKETS.sub(" ", _HAN.sub(" ", bare)))
    # One word alone is a name in a Chinese question (ISO在哪).
    if chinese and len(_ENGLISH_WORD.findall(latin)) > 1:
        return _HAN.sub(" ", _IN_BRACKETS.sub(" ", _GLOSSED.sub(" ", bare))), (
            tuple(quoted) if len(quoted) > 1 else (max(chinese, key=len),)
        )
    if not quoted and (named := _CALLED_A_WORD_IN_ENGLISH.search(bare)):
        return bare[: named.start()] + bare[named.end() :], (named["x"],)
    if not quoted and (named := _CALLED_A_WORD.search(bare)):
        stretches = content_of(named["x"], document)
        quoted = [_last_known(stretches[-1], document)] if stretches else []
        bare = bare[: named.start()] + bare[named.end() :] if len(stretches) == 1 else bare
    return bare, tuple(quoted)


def _last_known(stretch: str, document: Document) -> str:
    """The longest end of a stretch that the document has (标准化 of 没出现标准化), the stretch itself where it has none."""
    text = fold(document.text)
    ends = (stretch[at:] for at in range(len(stretch) - 1))
    return next((end for end in ends if end in text), stretch)


def _in_word(text: str, at: int, document: Document) -> bool:
    """Whether the character there is a part of a word of the document: 节 of 节能, and of 节水 though that stands but once."""
    following, preceding = text[at : at + 2], text[max(0, at - 1) : at + 1]
    if following in document.bigrams or preceding in document.bigrams:
        return True
    pairs = [following] if text[at] in "章节" else [following, preceding] if text[at] in _IN_WORDS else []
    return any(len(pair) > 1 and pair in s.text for pair in pairs for s in document.sentences())
