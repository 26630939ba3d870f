"""Questions for the document's own parts: how many, which is longest, a list of them, the places of a term.

Both readings stand on the signals of a question alone: a question for parts has no content beside them, a question for
places has one subject, or several with a word that says how they stand together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.addresses import WHOLE_TEXT, find_addresses
from assistant.patterns import entry, pattern
from assistant.signals import NODES, Signals, read
from index.lexical import fold
from index.types import Document

# A Chinese word has rarely more characters.
_WORD = 3
# Of a longer stretch no part is looked for: there would be too many.
_LEAST_KNOWN, _LONGEST_STRETCH = 3, 16
# Characters of an expression beside others that need not stand in the document.
_LONGEST_EITHER = 6
_COUNTS = frozenset({"howmany", "which", "all", "where"})
_PICKS = ("first", "last", "most", "least")
_FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?%?(?![a-z\d]|\s*%)")
_IS_YEAR = re.compile(r"\d{4}年?")
_ELLIPSIS = re.compile(r"…+|\.{3,}")
_CHINESE_LIST = re.compile(r"[、和与跟]|以及|还有")
_ENGLISH_AND = re.compile(r" (?:and|as well as|with) |, ")


@dataclass(frozen=True, slots=True)
class Mentions:
    """A question for the places of a term.

    `unit` is the kind of place asked for (`chapters`, `sections`, `sentences`, "" for any); `absent` asks for those
    without the term; `pick` is `first`, `last`, `most` or `least` where one of them is asked for; `one` says that a
    single place is looked for, `titles` that only headings count. Beside the term `also` must stand in the same place,
    `either` may stand for it, `lacking` must not stand there.
    """

    term: str
    unit: str = ""
    absent: bool = False
    pick: str = ""
    one: bool = False
    titles: bool = False
    also: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()

    @property
    def by_chapter(self) -> bool:
        """Whether chapters are asked for."""
        return self.unit == "chapters"

    @property
    def terms(self) -> tuple[str, ...]:
        """The term and those that may stand for it."""
        return (self.term, *self.either)


def asks_for_mentions(folded: str, document: Document, *, named: Sequence[str] = ()) -> Mentions | None:
    """The term whose places are asked for, and how; None if it isn't such a question.

    Args:
        folded: the question, folded, without the addresses that it names.
        document: the parsed document.
        named: those addresses: within a node only what asks for places in so many words asks for them.
    """
    signals = read(folded, document)
    kinds = signals.kinds
    among = len(named) > 1 and bool(kinds & {"either", "which"})
    if not _asks_for_places(signals, folded, document, is_within=bool(named), among=among):
        return None
    term, also, either, lacking = _terms(signals, folded, document)
    places = [unit for unit in ("sections", "chapters", "sentences") if unit in signals.units]
    unit = next((unit for unit in places if unit in signals.asked), places[0] if places else "")
    if among and not unit:
        unit = "sections" if "." in named[0] else "chapters"
    if unit == "chapters" and len(named) == 1:
        # The parts of a chapter are its sections.
        unit = "sections"
    is_list = kinds & {"plural", "all", "howmany"} or not kinds & {"which", "about", "exists"}
    of_headings = not places or (kinds & {"all", "plural", "howmany"} and not kinds & {"occur", "where"})
    titles = "in_heading" in kinds or ("heading" in kinds and bool(signals.terms) and bool(of_headings))
    if titles and {"chapters", "sections"} <= {*signals.units}:
        unit = ""
    return Mentions(
        term,
        unit,
        absent="no" in kinds and "whether" not in kinds and not lacking,
        pick=next((name for name in _PICKS if name in kinds), ""),
        one=bool(unit) and unit != "sentences" and not is_list,
        titles=titles,
        also=also,
        either=either,
        lacking=lacking,
    )


def _asks_for_places(
    signals: Signals, folded: str, document: Document, *, is_within: bool, among: bool
) -> bool:
    """Whether the places of a subject are asked for: a unit that is asked for, or where or how often something stands."""
    kinds, units, terms = signals.kinds, {*signals.units}, signals.terms
    is_step = len(kinds & {"before", "after"}) == 1 or "between" in kinds
    if not terms and pattern("structure.every").search(folded):
        return False
    if (is_step and not (is_within and terms)) or (not terms and sum(map(len, signals.content)) < 2):
        return False
    places = units & {*NODES}
    if terms and not signals.content:
        return bool(
            kinds & {"occur", "where", "times", "howmany", "search", "whether", "first", "last"}
            or (is_within and "which" in kinds)
            or "in_heading" in kinds
            or (places | kinds & {"heading"} and kinds & {"which", "all", "plural", "search", "listed"})
        )
    said = kinds & {"occur", "about"}
    counts = "howmany" in kinds and not kinds & {"which", "all"}
    if (
        (signals.asked & {"chapters", "sections"} and (said or not counts))
        or (signals.asked & {*NODES} and said)
        or (said and ("where" in kinds or (places and kinds & {"plural", "which", "all", "listed"})))
        or ("both" in kinds and places and len(signals.content) > 1)
        or ("times" in kinds and kinds & _COUNTS and kinds & {"occur", "where", "name"})
        or ("exists" in kinds and places - {"sentences"})
        or (
            "in_heading" in kinds
            and kinds & {"which", "all", "howmany", "plural", "exists", "whether", "listed"}
        )
        or (kinds & {"no", "either"} and kinds & {"listed", "plural"} and places)
        or ("sentences" in signals.asked and _figure(signals, document))
        or (among and (said or "either" in kinds))
    ):
        return True
    is_alone = len(signals.content) == 1 or signals.subject.isascii()
    is_english = signals.subject.isascii() and bool(signals.subject)
    if is_within:
        return "whether" in kinds and is_alone
    return is_alone and bool(
        (
            {"all", "occur"} <= kinds
            and len(signals.content) == 1
            and not units - {*NODES}
            and not _of_kind(signals, folded)
        )
        or ("occur" in kinds and kinds & {"first", "last"})
        or "search" in kinds
        # In other words the document may well deal with what it is asked about: only a word of its own is a term.
        or ("whether" in kinds and (signals.subject in fold(document.text) or _is_body(signals.subject)))
        # A single word is asked for as such.
        or ("whether" in kinds and len(signals.subject) <= _WORD and not signals.asked)
        or ("whether" in kinds and is_english and "occur" in kinds and not kinds & {"howmany", "which"})
        or ("in_what" in kinds and _is_word_of(signals.subject, document))
    )


def _of_kind(signals: Signals, folded: str) -> bool:
    """Whether a question asks for things of the kind that its subject names (提到哪些行业), not for its places."""
    return any(
        re.search(
            rf"(?:哪(?:些|几[个种类项家]?)|什么|所有|全部|\b(?:which|what|all|every)) ?{re.escape(one)}",
            folded,
        )
        for one in signals.content
    )


def _is_word_of(subject: str, document: Document) -> bool:
    """Whether a bare 在哪 after a subject means its places in the text: it stands there, and is no body that has an address."""
    return subject.isascii() or (subject in fold(document.text) and not _is_body(subject))


def _is_body(name: str) -> bool:
    """Whether a name ends as those of bodies do: 委员会, 交易所."""
    return bool(re.search(rf"(?:{pattern('bodies.suffix').pattern})$", name))


def _terms(
    signals: Signals, folded: str, document: Document
) -> tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """What is looked for: a term, with others that must stand beside it, may stand for it, or must not stand there."""
    kinds = signals.kinds
    if {"but", "no"} <= kinds and (found := but_not(folded, document)):
        return found[0], (), (), found[1:]
    parts = parts_of(signals)
    pieces = [piece for piece in _ELLIPSIS.split(parts[0]) if piece.strip()]
    if len(parts) == 1 and len(pieces) > 1:
        return pieces[0], (), tuple(pieces[1:]), ()
    stated = [_is_stated(part, document) for part in parts]
    # 甲或者乙: of short ones not all have to stand there.
    are_either = "either" in kinds and any(stated) and all(len(part) <= _LONGEST_EITHER for part in parts)
    is_known = signals.terms or signals.subject.isascii() or all(stated) or are_either
    if len(parts) > 1 and is_known:
        first, others = parts[0], parts[1:]
        if "both" in kinds:
            return first, others, (), ()
        if "no" in kinds and len(parts) == 2:
            return first, (), (), others
        if "either" in kinds or not signals.terms:
            return first, (), others, ()
    return term_of(signals, document), (), (), ()


def but_not(folded: str, document: Document) -> tuple[str, ...]:
    """The term of the half of a question that affirms and that of the half that denies (提到甲但没提乙), () if it has none."""
    halves = [read(half, document) for half in pattern("signals.but").split(folded, maxsplit=1)]
    halves = sorted(
        (half for half in halves if half.terms or half.content), key=lambda half: "no" in half.kinds
    )
    denied = [half for half in halves if "no" in half.kinds]
    return tuple(term_of(half, document) for half in halves) if len(halves) == 2 and len(denied) == 1 else ()


def parts_of(signals: Signals) -> tuple[str, ...]:
    """The parts of a subject: what it quotes, or what stands between its connectives, or the members of a list."""
    parts = signals.terms or signals.subjects
    if len(parts) == len(signals.content) > 1 and not signals.terms:
        # 既讲金融又讲农业: without the verbs.
        return signals.content
    if len(parts) != 1 or signals.terms:
        return parts
    if parts[0].isascii():
        return tuple(_ENGLISH_AND.split(parts[0])) if "both" in signals.kinds else parts
    if "both" in signals.kinds and len(signals.content) > 1:
        return signals.content
    listed = tuple(part for part in _CHINESE_LIST.split(parts[0]) if part)
    return listed if "no" not in signals.kinds and all(len(part) > 1 for part in listed) else parts


def _is_stated(term: str, document: Document) -> bool:
    """Whether the document has a term, or what everybody abbreviates so."""
    return entry("abbreviations.zh").get(term, term) in fold(document.text)


def term_of(signals: Signals, document: Document) -> str:
    """What is looked for: the longest stretch that the document has, in English all of it; a figure where neither stands."""
    if signals.terms:
        return _chosen(signals.terms, "", document)
    if figure := _figure(signals, document):
        return figure
    if signals.subject.isascii():
        return signals.subject
    stretches = [s for s in signals.content if not _IS_YEAR.fullmatch(s)] or signals.content
    # 有企业但没有高校: the verb is none of the term, unless it is quoted.
    text = fold(document.text)
    bare = [s[1:] if s.startswith("有") and len(s) > 2 and s[1:] in text else s for s in stretches]
    if not any(len(s) > 1 and s in text for s in bare):
        bare = [_known_part(s, text) for s in bare]
    return _chosen(bare, signals.subject, document)


def _known_part(stretch: str, text: str) -> str:
    """The longest part of a stretch that stands in a text if that is most of it (区块链 of 区块链蹦), else all of it."""
    if len(stretch) > _LONGEST_STRETCH:
        return stretch
    least = max(_LEAST_KNOWN, len(stretch) // 2 + 1)
    parts = (
        stretch[at : at + n]
        for n in range(len(stretch) - 1, least - 1, -1)
        for at in range(len(stretch) - n + 1)
    )
    return next((part for part in parts if part in text), stretch)


def _chosen(stretches: Sequence[str], subject: str, document: Document) -> str:
    """Of the stretches that a question names the one that it is after: the longest known, or what qualifies it (X的标准)."""
    text = fold(document.text)
    longest = max(stretches, key=lambda t: (len(t) > 1 and t in text, len(t)), default="")
    return next((s for s in stretches if len(s) > 1 and longest and f"{s}的{longest}" in subject), longest)


def _figure(signals: Signals, document: Document) -> str:
    """The first figure of a subject that the document states: 60% of "the 60% target"."""
    text = document.text
    figures = _FIGURE.findall(signals.subject)
    stated = (f for f in figures if len(f) > 1 and re.search(rf"(?<![\d.]){re.escape(f)}(?![\d.%年])", text))
    return next(stated, "")


def asks_for_parts(folded: str, document: Document, *, named: bool = False) -> str:
    """What of the document's own parts is asked for, "" if nothing.

    `chapters`, `sections`, `both`, `items`, `sentences`, `characters`: how many; `contents`: all headings; `years`,
    `shares`, `bodies`, `documents`, `quoted`: all that are named; `most:sections:sentences` or `least:…`: the section with the
    most sentences; `having:chapters:sections:=:2`: the chapters with two sections; the measure `titles` is a heading's
    length. `named` says that nodes are named beside.
    """
    if pattern("structure.documents").search(folded):
        return "documents"
    addresses, rest = find_addresses(folded, document)
    signals = read(rest, document)
    if found := structural(signals, named=named or bool(addresses)):
        return found
    whole = addresses or named or WHOLE_TEXT.search(folded)
    if "long" in signals.kinds and whole and not (signals.content or signals.terms or signals.units):
        return "characters"
    if pattern("structure.contents").search(folded):
        return "contents"
    return "chapters" if pattern("structure.overview").search(folded.rstrip("?!。 ")) else ""


_RELATIONS = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<="}
_THINGS = ("years", "shares", "bodies", "quoted")


def structural(signals: Signals, *, named: bool) -> str:
    """What the signals of a question ask for; `named` says that it names a node. A question with content asks nothing."""
    kinds, outer, inner = signals.kinds, signals.outer, signals.inner
    if signals.content or signals.terms:
        return ""
    if thing := next((name for name in _THINGS if name in kinds), ""):
        return thing
    if kinds & {"before", "after", "between", "beside"}:
        return ""
    titles = kinds & {"heading", "name"}
    measure = _measure(signals)
    if kinds & {"most", "least"}:
        return _extreme_of(signals, measure)
    if not outer:
        return "contents" if "heading" in kinds and kinds & {"all", "plural", "howmany"} and not named else ""
    counted = [number for number, unit in signals.numbers if unit == inner]
    if counted and outer in {"chapters", "sections"}:
        relation = next((_RELATIONS[kind] for kind in _RELATIONS if kind in kinds), "=")
        return f"having:{outer}:{measure}:{relation}:{counted[-1]}"
    if "howmany" in kinds or (named and signals.numbers and not titles):
        if {"chapters", "sections"} <= {*signals.units}:
            return "both"
        return (inner or outer) if named or outer != "items" else ""
    lists = kinds & {"all", "plural"} or (titles and "which" not in kinds)
    if lists and not kinds & {"where", "no"} and outer in {"chapters", "sections"}:
        return "contents" if "sections" in signals.units else "chapters"
    return ""


def _measure(signals: Signals) -> str:
    """What nodes are counted or compared by: the lesser unit named, the length of their headings or of their text."""
    if "divided" in signals.kinds and signals.outer == "chapters":
        return "sections"
    if "heading" in signals.kinds and signals.inner in {"", "characters"}:
        return "titles"
    return signals.inner or "characters"


def _extreme_of(signals: Signals, measure: str) -> str:
    """Which nodes are compared and by what (`most:sections:sentences`), "" if none; 最长的三个小节 asks for three."""
    which = "+".join(sorted(signals.kinds & {"most", "least"}, reverse=True))
    unit = signals.outer
    if measure == "titles":
        return f"{which}:{unit}:{measure}"
    if signals.longest:
        unit, measure = signals.longest, "characters"
    if unit in {"", "characters"}:
        return ""
    number = next((n for n, counted in signals.numbers if counted == unit and n > 1), 0)
    return f"{which}:{unit}:{measure}" + (f":{number}" if number else "")
