"""Questions for the document's own parts: how many, which is longest, a list of them, the places of a term."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.addresses import int_of
from assistant.patterns import pattern
from assistant.subject import content_of
from index.lexical import fold
from index.types import Document

_QUOTED = re.compile(
    r"[“\"「『‘《'](?P<x>[^”\"」』’》']{1,30})[”\"」』’》']|[(（](?P<zh>[\u3400-\u9fff]{2,12})[)）]"
)
_UNITS = {
    "chapters": re.compile(r"章(?!节)|部分|\b(?:chapters?|parts?)\b"),
    "both": re.compile("章节"),
    "sections": re.compile(r"节|\bsections?\b"),
    "sentences": re.compile(r"句|\bsentences?\b"),
    "characters": re.compile(r"字|篇幅|内容|\b(?:words?|characters?|text|content)\b"),
}
_ONE = re.compile(r"哪(?:一|个)?(?:个)?(?:章|小?节)|第几|(?:in )?(?:which|what)\s+(?:chapter|section)\b")
_LEAST = re.compile(r"最[短少小]|\b(?:shortest|smallest|fewest|least)\b")


@dataclass(frozen=True, slots=True)
class Mentions:
    """A question for the places of a term.

    `unit` is the kind of place in the question's own word; `absent` asks for those without the term; `pick` is
    `first`, `last`, `most` or `least` where one of them is asked for; `one` says that a single place is looked for.
    """

    term: str
    unit: str
    absent: bool = False
    pick: str = ""
    one: bool = False

    @property
    def by_chapter(self) -> bool:
        """Whether chapters are asked for."""
        return bool(re.match(r"章(?!节)|chapter", self.unit))


def document_text(document: Document) -> str:
    """All headings and sections of a document in one text."""
    return "\n".join(
        text for section in document.sections() for text in (*section.heading_path, section.text)
    )


def asks_for_mentions(folded: str, document: Document) -> Mentions | None:
    """The term whose places are asked for, and how; None if it isn't such a question."""
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
        stretches = [s for s in stretches if not pattern("frames.navigation").fullmatch(s)]
        term = max(stretches, key=lambda t: (fold(t) in fold(document_text(document)), len(t)), default="")
        if len(term) > (not quoted) and not re.fullmatch(r"第?[一二三四五六七八九十\d]+[章节]?", term):
            picked = pattern("mentions.pick").search(folded.replace(term, " "))
            pick = next((name for name, text in picked.groupdict().items() if text), "") if picked else ""
            return Mentions(term, unit, bool(verb and verb["no"]), pick, bool(_ONE.match(place.group())))
    return None


def asks_for_parts(folded: str, document: Document) -> str:
    """What of the document's own parts is asked for, "" if nothing.

    `chapters`, `sections`, `both`, `sentences`, `characters`: how many; `contents`: all headings; `years`, `bodies`,
    `documents`: all that are named; `most:sections:sentences` or `least:…`: the section with the most sentences;
    `exactly:2`: the chapters with two sections.
    """
    if (found := _extreme(folded, document)) or (found := _exactly(folded)):
        return found
    for kind in ("documents", "years", "bodies"):
        form = pattern(f"structure.{kind}")
        if (match := form.search(folded)) and (kind == "documents" or not _beside(folded, match, document)):
            return kind
    if counted := _counted(folded):
        return counted
    if pattern("structure.count_zh").search(folded) or pattern("structure.count_en").search(folded):
        return ""
    if pattern("structure.contents").search(folded.rstrip("?!。 ")):
        return "contents"
    if pattern("structure.list").search(folded.rstrip("?!。 ")):
        return "contents" if _UNITS["sections"].search(folded) else "chapters"
    return ""


def _counted(folded: str) -> str:
    units = [
        match.groupdict()["unit"]
        for form in ("structure.count_zh", "structure.count_en")
        for match in pattern(form).finditer(folded)
    ]
    named = {kind for unit in units for kind, form in _UNITS.items() if form.search(unit)}
    return "both" if "both" in named or named >= {"chapters", "sections"} else max(named, default="")


def _extreme(folded: str, document: Document) -> str:
    match = pattern("structure.extreme").search(folded)
    if match is None or _beside(folded, match, document):
        return ""
    groups = match.groupdict()
    measured = next((groups[name] for name in ("of", "of2", "of_en") if groups.get(name)), "")
    rest = folded[: match.start()] + " " + folded[match.end() :]
    unit = next((name for name, form in _UNITS.items() if name != "characters" and form.search(rest)), "")
    measure = next(
        (name for name, form in _UNITS.items() if measured and form.search(measured)), "characters"
    )
    return f"{'least' if _LEAST.search(match.group()) else 'most'}:{unit}:{measure}" if unit else ""


def _exactly(folded: str) -> str:
    match = pattern("structure.exactly").search(folded)
    if match is None:
        return ""
    count = next(value for value in match.groups() if value)
    return f"exactly:{1 if count == 'a' else int_of(count)}"


def _beside(folded: str, match: re.Match[str], document: Document) -> bool:
    """Whether a question has a subject beside what a pattern found in it."""
    bare = f"{folded[: match.start()]} {folded[match.end() :]}"
    return bool(
        content_of(
            pattern("structure.beside").sub(" ", pattern("frames.navigation").sub(" ", bare)), document
        )
    )
