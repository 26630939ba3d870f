"""Questions for the document's own parts: how many, which is longest, a list of them, the places of a term."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.addresses import WHOLE_TEXT, find_addresses
from assistant.patterns import pattern
from assistant.signals import Signals, read
from assistant.subject import content_of
from index.lexical import fold
from index.types import Document

_QUOTED = re.compile(
    r"[“\"「『‘《'](?P<x>[^”\"」』’》']{1,30})[”\"」』’》']|(?<![\u3400-\u9fff])[(（](?P<zh>[\u3400-\u9fff]{2,12})[)）]"
)
_ONE = re.compile(
    r"哪(?:一|个)?(?:个)?(?:章|小?节|部分)|第几|(?:in )?(?:which|what)\s+(?:chapter|section|part)\b"
)


@dataclass(frozen=True, slots=True)
class Mentions:
    """A question for the places of a term.

    `unit` is the kind of place in the question's own word; `absent` asks for those without the term; `pick` is
    `first`, `last`, `most` or `least` where one of them is asked for; `one` says that a single place is looked for, `titles` that
    only headings count; `also` are the terms that must stand in the same place.
    """

    term: str
    unit: str
    absent: bool = False
    pick: str = ""
    one: bool = False
    titles: bool = False
    also: tuple[str, ...] = ()

    @property
    def by_chapter(self) -> bool:
        """Whether chapters are asked for."""
        return bool(re.match(r"章(?!节)|chapter", self.unit)) or (self.one and self.unit in {"部分", "part"})


def asks_for_mentions(folded: str, document: Document, *, strictly: bool = False) -> Mentions | None:
    """The term whose places are asked for, and how; None if it isn't such a question.

    `strictly` leaves out those of which only the signals tell, for a question that may ask for something else.
    """
    signals = read(folded, document)
    if found := _mentioned(signals):
        return found
    if found := _together(signals, document):
        return found
    folded = pattern("frames.politeness").sub(" ", folded)
    for language in ("en", "zh"):
        place = pattern(f"mentions.{language}_place").search(folded)
        if place is None:
            continue
        groups = place.groupdict()
        names = ("unit", "unit_after", "unit_nth", "unit_of")
        unit = next((groups[name] for name in names if groups.get(name)), "")
        bare = folded[: place.start()] + " " + folded[place.end() :]
        verb = pattern(f"mentions.{language}_verb").search(bare)
        which = (
            language == "zh"
            and (place.group().startswith(("哪", "第")) or groups.get("unit_after"))
            and re.match(r"章|小?节", unit)
        )
        which = which or place.group().startswith("in ")
        if verb is None and not which:
            continue
        if verb:
            bare = bare[: verb.start()] + " " + bare[verb.end() :]
        bare = pattern("mentions.pick").sub(" ", bare)
        quoted = [match["zh"] or match["x"] for match in _QUOTED.finditer(folded)]
        rest = [
            part.strip(" ?？。.,，\"“”'")
            for part in pattern(f"mentions.{language}_rest").sub(" ", bare).split("  ")
        ]
        stretches = quoted[::-1] or (
            [" ".join(" ".join(rest).split())] if language == "en" else content_of(" ".join(rest), document)
        )
        stretches = [s for s in stretches if not re.fullmatch(r"\d{4}年?", s)] or stretches[:1]
        stretches = [s for s in stretches if not pattern("frames.navigation").fullmatch(s)]
        term = _figure(signals, document) if not quoted else ""
        term = term or _chosen(stretches, folded, document)
        if len(term) > (not quoted) and not re.fullmatch(r"第?[一二三四五六七八九十\d]+[章节]?", term):
            picked = pattern("mentions.pick").search(folded.replace(term, " "))
            pick = next((name for name, text in picked.groupdict().items() if text), "") if picked else ""
            denied = bool(verb and verb["no"]) and "no" in signals.kinds
            return Mentions(term, unit, denied, pick, bool(_ONE.match(place.group())))
    return None if strictly else _located(signals, document)


def _chosen(stretches: Sequence[str], folded: str, document: Document) -> str:
    """Of the stretches that a question names the one that it is after: the longest known, or what qualifies it (X的标准)."""
    text = fold(document.text)
    longest = max(stretches, key=lambda t: (len(t) > 1 and fold(t) in text, len(t)), default="")
    return next((s for s in stretches if len(s) > 1 and longest and f"{s}的{longest}" in folded), longest)


def _mentioned(signals: Signals) -> Mentions | None:
    """The places asked for of an expression that is quoted, or counted ("X出现几次"), where nothing else is asked."""
    kinds = signals.kinds
    terms = signals.terms or (signals.content if {"times", "howmany"} <= kinds and "occur" in kinds else ())
    places = {"chapters", "sections", "sentences"} & {*signals.units}
    asked = kinds & {"occur", "where", "times", "howmany"} or (places and kinds & {"which", "all", "plural"})
    if len(terms) != 1 or not asked or (signals.terms and signals.content):
        return None
    unit = next((name for name in ("chapters", "sections", "sentences") if name in places), "")
    pick = next((name for name in ("first", "last", "most", "least") if name in kinds), "")
    one = bool(unit) and "which" in kinds and not kinds & {"plural", "all"}
    return Mentions(terms[0], _PLACES.get(unit, ""), "no" in kinds, pick, one, "heading" in kinds)


def _located(signals: Signals, document: Document) -> Mentions | None:
    """The place asked for of a subject, read from signals alone: a unit that is asked for, or where something stands."""
    kinds, units = signals.kinds, {*signals.units}
    if (not signals.terms and sum(map(len, signals.content)) < 2) or kinds & {
        "before",
        "after",
        "between",
        "most",
        "least",
    }:
        return None
    nodes = {"chapters", "sections", "sentences"}
    named = kinds & {"occur", "about"}
    counts = "howmany" in kinds and not kinds & {"which", "all"}
    listed = {"all", "occur"} <= kinds and not units - nodes and len(signals.terms or signals.content) == 1
    asked = (
        (signals.asked & {"chapters", "sections"} and (named or not counts))
        or (signals.asked & nodes and named)
        or ("exists" in kinds and units & {"chapters", "sections"})
        or (named and ("where" in kinds or (units & nodes and "plural" in kinds)))
        or listed
    )
    if not asked:
        return None
    unit = next((n for n in ("sections", "chapters", "sentences") if n in (signals.asked or units)), "")
    one = bool(unit) and not kinds & {"plural", "all", "howmany"}
    pick = next((name for name in ("first", "last") if name in kinds), "")
    term = signals.terms[0] if signals.terms else _term(signals, document)
    return Mentions(
        term, _PLACES.get(unit, ""), "no" in kinds, pick, one, "heading" in kinds and unit != "" and not one
    )


def _together(signals: Signals, document: Document) -> Mentions | None:
    """The places asked for of several terms that stand together (既提到甲又提到乙); None where they aren't known."""
    text = fold(document.text)
    terms = (*signals.terms, *signals.content)
    if "both" not in signals.kinds or len(terms) < 2 or not signals.units:
        return None
    if signals.subject.isascii():
        terms = tuple(re.split(r" (?:and|as well as|with) |, ", signals.subject))
    elif not all(term in text for term in terms):
        return None
    unit = next((n for n in ("sections", "chapters", "sentences") if n in signals.units), "")
    return Mentions(terms[0], _PLACES.get(unit, ""), also=terms[1:]) if len(terms) > 1 else None


def _term(signals: Signals, document: Document) -> str:
    """What is looked for: the longest stretch that the document has, in English all of it; a figure where neither stands."""
    if figure := _figure(signals, document):
        return figure
    return (
        signals.subject if signals.subject.isascii() else _chosen(signals.content, signals.subject, document)
    )


def _figure(signals: Signals, document: Document) -> str:
    """The first figure of a subject that the document states: 60% of "the 60% target"."""
    text = document.text
    figures = re.findall(r"(?<![\w.])\d+(?:\.\d+)?%?(?!\w|\s*%)", signals.subject)
    stated = (f for f in figures if len(f) > 1 and re.search(rf"(?<![\d.]){re.escape(f)}(?![\d.%年])", text))
    return next(stated, "")


_PLACES = {"chapters": "章", "sections": "节", "sentences": "句"}


def asks_for_parts(folded: str, document: Document, *, named: bool = False) -> str:
    """What of the document's own parts is asked for, "" if nothing.

    `chapters`, `sections`, `both`, `items`, `sentences`, `characters`: how many; `contents`: all headings; `years`,
    `bodies`, `documents`: all that are named; `most:sections:sentences` or `least:…`: the section with the most
    sentences; `having:chapters:sections:=:2`: the chapters with two sections. `named` says that nodes are named beside.
    """
    for kind in ("documents", "years", "bodies"):
        form = pattern(f"structure.{kind}")
        if (match := form.search(folded)) and (kind == "documents" or not _beside(folded, match, document)):
            return kind
    addresses, rest = find_addresses(folded, document)
    signals = read(rest, document)
    if found := structural(signals, named=named or bool(addresses)):
        return found
    whole = addresses or named or WHOLE_TEXT.search(folded)
    if "long" in signals.kinds and whole and not (signals.content or signals.terms or signals.units):
        return "characters"
    if pattern("structure.contents").search(folded.rstrip("?!。 ")):
        return "contents"
    if pattern("structure.list").search(folded.rstrip("?!。 ")):
        return "contents" if "节" in folded or "section" in folded else "chapters"
    return ""


_RELATIONS = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<="}


def structural(signals: Signals, *, named: bool) -> str:
    """What the signals of a question ask for; `named` says that it names a node. A question with content asks nothing."""
    kinds, outer, inner = signals.kinds, signals.outer, signals.inner
    if signals.content or signals.terms or kinds & {"before", "after"}:
        return ""
    titles = kinds & {"heading", "name"}
    if not outer:
        return "contents" if "heading" in kinds and kinds & {"all", "plural", "howmany"} and not named else ""
    if extreme := kinds & {"most", "least"}:
        return f"{min(extreme)}:{outer}:{inner or 'characters'}" if outer != "characters" else ""
    counted = [number for number, unit in signals.numbers if unit == inner]
    if counted and outer in {"chapters", "sections"}:
        relation = next((_RELATIONS[kind] for kind in _RELATIONS if kind in kinds), "=")
        return f"having:{outer}:{inner}:{relation}:{counted[-1]}"
    if "howmany" in kinds or (named and signals.numbers and not titles):
        if {"chapters", "sections"} <= {*signals.units}:
            return "both"
        return (inner or outer) if named or outer != "items" else ""
    lists = kinds & {"all", "plural"} or (titles and "which" not in kinds)
    if lists and not kinds & {"where", "no"} and outer in {"chapters", "sections"}:
        return "contents" if "sections" in signals.units else "chapters"
    return ""


def _beside(folded: str, match: re.Match[str], document: Document) -> bool:
    """Whether a question has a subject beside what a pattern found in it."""
    bare = f"{folded[: match.start()]} {folded[match.end() :]}"
    return bool(read(pattern("structure.beside").sub(" ", bare), document).content)
