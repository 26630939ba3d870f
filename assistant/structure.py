"""Answers from the parsed document, complete by construction: nodes, counts, mentions, figures, named documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from assistant.addresses import find_addresses
from assistant.draft import Draft, Line, Ref, abstain, runs
from assistant.evidence import has_figure
from assistant.types import Query, Reason, Status
from assistant.understand import asks_for_mentions
from index.chunk import target_years
from index.enrich import Enrichment
from index.lexical import english_terms, fold
from index.retrieve import Retriever
from index.types import Chapter, Document, Section, Sentence

_TITLES = re.compile(r"《[^》]+》")
_EXTREME = re.compile(r"最多|\bmost\b|(?P<least>最少|\b(?:fewest|least)\b)")
_SECTIONS_ASKED = re.compile(r"节|\bsections?\b")
_ASKS_ITEMS = re.compile(
    r"(?:几|多少|哪几|哪些|哪[两二三四五六七八九十]|[两二三四五六七八九十\d])(?:个|大)?(?:条|项|点|方面|原则)|有哪些"
    r"|\b(?:how many|which|what are the|the (?:two|three|four|five|six)) (?:\w+ )?"
    r"(?:principles|items|points|goals|aspects|areas|parts)\b|\bwhat are the\b"
)
_SPEAKS_OF_PARTS = re.compile(
    r"方面|原则|几条|几点|分(?:为|成|了)|\b(?:principles|aspects|items|points|areas)\b"
)
_HEADING_ONLY = re.compile(r"标题|题目|名称|叫什么|叫啥|\b(?:title|titled|heading|called|name)\b")


def navigate(query: Query, document: Document) -> Draft:
    """The nodes that a question names: a sentence, a section whole, a chapter with its sections' headings."""
    lines: list[Line] = []
    for address in query.addresses:
        node = _existing(address, document)
        if node is None:
            return _no_such_node(address, document)
        heading_only = bool(_HEADING_ONLY.search(query.folded))
        if isinstance(node, Sentence):
            lines.append(Line((Ref(document.section_of(node.address).address, (node.address,)),)))
        elif isinstance(node, Section):
            if node.heading and node.chapter:
                lines.append(Line((Ref(node.address),)))
            if not heading_only or not node.heading:
                lines.append(
                    Line((Ref(node.address, tuple(sentence.address for sentence in node.sentences)),))
                )
        else:
            lines.append(Line((Ref(node.address),)))
            if not heading_only or len(_SECTIONS_ASKED.findall(query.folded)):
                lines += [Line((Ref(section.address),)) for section in node.sections if section.number]
    return Draft(Status.ANSWERED, lines=tuple(lines))


def _existing(address: str, document: Document) -> Chapter | Section | Sentence | None:
    if "#" in address:
        return document.sentence(address) if document.has(address) else None
    if "." in address:
        return document.section(address) if document.has(address) else None
    return next((chapter for chapter in document.chapters if chapter.address == address), None)


def _no_such_node(address: str, document: Document) -> Draft:
    chapter = address.partition(".")[0]
    if address.startswith("?"):
        return abstain(Reason.AMBIGUOUS, detail="section_without_chapter")
    here = next((c for c in document.chapters if c.address == chapter), None)
    detail = "no_such_chapter" if here is None else "no_such_section"
    near = tuple(section.address for section in (here or document.chapters[-1]).sections[-2:])
    return abstain(Reason.NOT_IN_DOCUMENT, detail=detail, near=near)


def count(query: Query, document: Document) -> Draft:
    """How many chapters, sections, sentences or characters there are, of the document or of one chapter."""
    what = query.detail
    if what == "documents":
        return cited_documents(query, document)
    asked = [a for a in query.addresses if not a.startswith("0.")]
    chapters = [c for c in document.chapters if c.address in {a.partition(".")[0] for a in asked}]
    if asked and not chapters:
        return _no_such_node(asked[0], document)
    if extreme := _EXTREME.search(query.folded):
        by_size = min if extreme["least"] else max
        size = by_size(map(_size, document.chapters))
        chapters = [chapter for chapter in document.chapters if _size(chapter) == size]
    if what in {"sentences", "characters"}:
        return _count_text(query, what, chapters, document)
    numbered = [section for c in (chapters or document.chapters) for section in c.sections if section.number]
    values = (
        ("chapters", str(len(document.chapters))),
        ("sections", str(len(numbered))),
        ("front", str(len(document.front))),
    )
    if chapters:
        lines = []
        for chapter in chapters:
            inside = [section for section in chapter.sections if section.number]
            refs = (Ref(chapter.address), *(Ref(section.address) for section in inside))
            lines.append(Line(refs[:1], frame="count_in_chapter", values=(("sections", str(len(inside))),)))
            lines += [Line((ref,)) for ref in refs]
        return Draft(Status.ANSWERED, lines=tuple(lines))
    headings = tuple(Ref(chapter.address) for chapter in document.chapters)
    opening = Line(headings, frame="count_chapters" if what == "chapters" else "count_all", values=values)
    listed = [
        Line(
            (ref,),
            frame="" if what == "chapters" else "heading_with_count",
            values=(("sections", str(_size(chapter))),),
        )
        for ref, chapter in zip(headings, document.chapters, strict=True)
    ]
    return Draft(Status.ANSWERED, lines=(opening, *listed))


def _size(chapter: Chapter) -> int:
    return sum(1 for section in chapter.sections if section.number)


def _count_text(query: Query, what: str, chapters: Sequence[Chapter], document: Document) -> Draft:
    wanted = [a for a in query.addresses if "." in a and document.has(a)]
    sections = (
        [document.section(a) for a in wanted]
        or [s for c in chapters for s in c.sections]
        or list(document.sections())
    )
    total = sum(len(s.sentences) if what == "sentences" else len(re.sub(r"\s", "", s.text)) for s in sections)
    nodes = wanted or [chapter.address for chapter in (chapters or document.chapters)]
    refs = tuple(Ref(node) for node in nodes)
    return Draft(Status.ANSWERED, lines=(Line(refs, frame=f"count_{what}", values=(("count", str(total)),)),))


def mentions(query: Query, document: Document, enrichment: Enrichment) -> Draft | None:
    """Every place that has a term in its text or heading, or every chapter that has not; None where no place has it."""
    asked = asks_for_mentions(find_addresses(query.text, document)[1], document)
    if asked is None:
        return None
    term, unit, absent = asked
    by_chapter = bool(re.match(r"章(?!节)|chapter", unit))
    has_term = _matcher(term, document, enrichment)
    sections = [section for section in document.sections() if _within(section, query)]
    hits = {section.address: [s.address for s in section.sentences if has_term(s)] for section in sections}
    in_heading = {section.address for section in sections if fold(term) in fold(section.heading)}
    chapters_with = {
        section.chapter
        for section in sections
        if hits[section.address]
        or section.address in in_heading
        or fold(term) in fold(section.heading_path[0] if section.heading_path else "")
    }
    if absent:
        if by_chapter:
            missing = [
                chapter.address for chapter in document.chapters if chapter.number not in chapters_with
            ]
        else:
            missing = [s.address for s in sections if not hits[s.address] and s.address not in in_heading]
        if not any(hits.values()) and not in_heading:
            return None
        values = (("count", str(len(missing))), ("term", term))
        refs = tuple(Ref(address) for address in missing)
        frame = "not_mentioned_chapters" if by_chapter else "not_mentioned_sections"
        return Draft(
            Status.ANSWERED, lines=(Line(refs, frame=frame, values=values), *(Line((ref,)) for ref in refs))
        )
    found = [section for section in sections if hits[section.address] or section.address in in_heading]
    heading_only = [
        c
        for c in document.chapters
        if fold(term) in fold(c.heading) and not any(s.chapter == c.number for s in found)
    ]
    if not found and not heading_only:
        return None
    places_cited = [
        ref
        for section in found
        for ref in (runs(section.address, hits[section.address]) or (Ref(section.address),))
    ] + [Ref(chapter.address) for chapter in heading_only]
    places = sum(len(addresses) for addresses in hits.values())
    counts = (
        ("count", str(len(found))),
        (
            "chapters",
            str(
                len(
                    {section.chapter for section in found if section.chapter}
                    | {c.number for c in heading_only}
                )
            ),
        ),
        ("places", str(places)),
        ("term", term),
    )
    opening = Line(
        tuple(places_cited), frame="mentioned_chapters" if by_chapter else "mentioned", values=counts
    )
    return Draft(Status.ANSWERED, lines=(opening, *(Line((ref,)) for ref in places_cited)))


def is_foreign_term(query: Query, document: Document, retriever: Retriever) -> bool:
    """Whether the term whose places are asked for is unknown even to the enrichment, or quoted to the letter."""
    asked = asks_for_mentions(find_addresses(query.text, document)[1], document)
    if asked is None:
        return False
    quoted = re.search(rf"[“\"「『《]{re.escape(asked[0])}[”\"」』》]", query.folded)
    return bool(quoted) or retriever.unknown_share(asked[0]) > 0


def _matcher(term: str, document: Document, enrichment: Enrichment) -> Callable[[Sentence], bool]:
    """Whether a sentence has a term: literally, or for an English term in its translation, by stems."""
    folded = fold(term)
    if not folded.isascii() or any(folded in fold(sentence.text) for sentence in document.sentences()):
        return lambda sentence: folded in fold(sentence.text)
    stems = english_terms(folded)

    def has_stems(sentence: Sentence) -> bool:
        translation = english_terms(enrichment.english(sentence.address) or "")
        width = len(stems)
        return bool(stems) and any(
            translation[at : at + width] == stems for at in range(len(translation) - width + 1)
        )

    return has_stems


def _within(section: Section, query: Query) -> bool:
    chapters = {address.partition(".")[0] for address in query.addresses}
    return not chapters or str(section.chapter) in chapters


def figures(query: Query, document: Document) -> Draft:
    """Every sentence with a figure of quantity, in document order; of one target year where the question names it."""
    wanted = [
        Ref(section.address, (sentence.address,))
        for section in document.sections()
        if _within(section, query)
        for sentence in section.sentences
        if has_figure(sentence.text)
        and (not query.years or target_years(section).get(sentence.address) in query.years)
    ]
    if not wanted:
        return abstain(Reason.FIGURE_NOT_STATED)
    opening = Line(tuple(wanted), frame="figures", values=(("count", str(len(wanted))),))
    return Draft(Status.ANSWERED, lines=(opening, *(Line((ref,)) for ref in wanted)))


def cited_documents(query: Query, document: Document) -> Draft:
    """Every sentence that names another document in 《》."""
    own = fold(document.title)
    wanted = [
        Ref(section.address, (sentence.address,))
        for section in document.sections()
        if _within(section, query)
        for sentence in section.sentences
        if any(fold(title.strip("《》")) != own for title in _TITLES.findall(sentence.text))
    ]
    titles = list(
        dict.fromkeys(
            title for ref in wanted for title in _TITLES.findall(document.sentence(ref.sentences[0]).text)
        )
    )
    others = [title for title in titles if fold(title.strip("《》")) != own]
    if not others:
        return abstain(Reason.NOT_IN_DOCUMENT)
    values = (("count", str(len(others))), ("titles", "、".join(others)))
    return Draft(
        Status.ANSWERED,
        lines=(Line(tuple(wanted), frame="documents", values=values), *(Line((ref,)) for ref in wanted)),
    )


def items_of(sections: Iterable[Section], query: Query) -> Draft | None:
    """The —— items of a section, counted and listed, where a question counts 条, 项 or 方面; None otherwise.

    The section is the one whose title the question names, or the best one where the question speaks of parts.
    """
    if not _ASKS_ITEMS.search(query.folded):
        return None
    for at, section in enumerate(sections):
        years = target_years(section)
        leads = [
            s
            for s in section.sentences
            if s.is_lead and (not query.years or years.get(s.address) in query.years)
        ]
        named = bool(section.title) and fold(section.title) in query.folded
        if len(leads) >= 2 and (named or (at == 0 and _SPEAKS_OF_PARTS.search(query.folded))):
            refs = tuple(Ref(section.address, (lead.address,)) for lead in leads)
            opening = Line((Ref(section.address),), frame="items", values=(("count", str(len(leads))),))
            return Draft(Status.ANSWERED, lines=(opening, *(Line((ref,)) for ref in refs)))
    return None
