"""Answers from the parsed document, complete by construction: nodes, counts, mentions, figures, named documents."""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from assistant.addresses import find_addresses, ordinal_of, spoken
from assistant.asked import Mentions, asks_for_mentions
from assistant.draft import Draft, Line, Ref, abstain, runs
from assistant.evidence import has_figure, unquoted
from assistant.patterns import entry, pattern
from assistant.signals import NODES, Signals, read
from assistant.types import Query, Reason, Status
from index.chunk import target_years
from index.enrich import Enrichment
from index.headings import NUMERAL
from index.lexical import english_terms, fold
from index.retrieve import Retriever
from index.types import Chapter, Document, Section, Sentence

_TITLES = re.compile(r"《[^》]+》")
_YEARS = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_QUOTED = re.compile(r"“([^”]+)”")
_SHARES = re.compile(rf"\d+(?:\.\d+)?%|百分之{NUMERAL}+")
_SECTIONS_ASKED = re.compile(
    r"节|[都各]叫|分别叫"
    r"|小标题|(?:[下里]面?|底下)[^,，。]{0,6}标题|\b(?:sections?|subheadings?|headings (?:under|in|within|inside|below))\b"
)
_ASKS_ITEMS = re.compile(
    r"破折号|——|\b(?:dash(?:es|ed)?|bullets?|bulleted)\b"
    r"|(?:几|多少|哪几|哪些|哪[两二三四五六七八九十]|[两二三四五六七八九十\d])(?:个|大)?(?:条|项|点|方面|原则)|有哪些"
    r"|\b(?:how many|which|what are the|the (?:two|three|four|five|six)) (?:\w+ )?"
    r"(?:principles|items|points|goals|aspects|areas|parts)\b|\bwhat are the\b"
    r"|(?:列出|列举|列一下|说出)[^,，?？。]{0,6}(?:原则|方面|目标)|\b(?:list|name|enumerate|give)\b[^?.]{0,16}\b(?:principles|items|points|aspects|goals)\b"
    r"|(?P<nth>第[一二三四五六七八九十\d]+|最后一)(?:个|条|项|点)(?:方面|大?原则|目标|要点)?"
    r"|\b(?P<nth_en>first|second|third|fourth|fifth|sixth|last) (?:\w+ )?(?:principle|item|point|goal|aspect|area)\b"
    r"|\bitem (?P<number>\d{1,2})\b"
)
# Kinds that a sentence lists before their common name: 甲、乙、丙等领域.
_ASKS_KINDS = re.compile(r"几[类种样]|\bhow many (?:kinds|types|sorts|categories)\b")
_FIGURE = re.compile(r"\d+(?:\.\d+)?%?")
# A term with its gloss: the Jing-Jin-Ji (Beijing-Tianjin-Hebei) region.
_WITH_GLOSS = re.compile(r"([^()（）]+)[(（]([^()（）]+)[)）]([^()（）]*)")
# Ordinals of running text: 一是…二是….
_ENUMERATED = re.compile(r"[一二三四五六七八九十]+是")
_SPEAKS_OF_PARTS = re.compile(
    r"方面|原则|几条|几点|破折号|——|分(?:为|成|了)|\b(?:dash(?:es|ed)?|principles?|aspects?|items?|points?|areas)\b"
)
_HEADING_ONLY = re.compile(r"标题|题目|名称|叫什么|叫啥|\b(?:titles?|titled|headings?|called|names?)\b")


def navigate(query: Query, document: Document) -> Draft:
    """The nodes that a question names: a sentence, a section whole, a chapter with its sections' headings."""
    lines: list[Line] = []
    for address in query.addresses:
        node = _existing(address, document)
        if node is None:
            return _no_such_node(address, document)
        heading_only = bool(_HEADING_ONLY.search(query.folded))
        if isinstance(node, Sentence):
            section = document.section_of(node.address)
            units = _signals(query, document).asked & {"sections", "chapters"} if section.chapter else set()
            if units:
                # Where a sentence stands is asked for.
                lines.append(Line((Ref(section.address if "sections" in units else str(section.chapter)),)))
            lines.append(Line((Ref(document.section_of(node.address).address, (node.address,)),)))
        elif isinstance(node, Section):
            if found := _item_asked(node, query, document):
                return found
            lines += _shown(node, query, heading_only=heading_only)
        else:
            lines.append(Line((Ref(node.address),)))
            if not heading_only or len(_SECTIONS_ASKED.findall(query.folded)):
                lines += [Line((Ref(s.address),)) for s in _numbered(node) if not _is_excepted(s, query)]
    return Draft(Status.ANSWERED, lines=tuple(lines))


def _shown(section: Section, query: Query, *, heading_only: bool) -> list[Line]:
    """A section's heading and, unless only that is wanted, its text; a front part, without one, under its name."""
    whole = [sentence.address for sentence in section.sentences]
    left = [address for address in whole if address not in query.exclude] or whole
    text = [Line((ref,)) for ref in runs(section.address, left)]
    if section.heading and section.chapter:
        return [_heading(section, query), *([] if heading_only else text)]
    return [*([_heading(section, query)] if left == whole else []), *text]


def _heading(node: Chapter | Section, query: Query) -> Line:
    """The heading of a node; a front part has none in the text and is named in the assistant's words, on all that it says."""
    if isinstance(node, Chapter) or node.chapter:
        return Line((Ref(node.address),))
    refs = runs(node.address, [sentence.address for sentence in node.sentences])
    return Line(refs, text=spoken(node.address, query.language).capitalize())


def _item_asked(section: Section, query: Query, document: Document) -> Draft | None:
    """The item of a section that a question asks for by its position (1.2的第三条), None if it asks for none."""
    leads = _leads(section, query)
    asked = _ASKS_ITEMS.search(find_addresses(query.text, document)[1]) if len(leads) > 1 else None
    nth = asked and (asked["nth"] or asked["nth_en"] or asked["number"])
    return _one_item(section, leads, ordinal_of(nth, len(leads))) if nth else None


def _is_excepted(section: Section, query: Query) -> bool:
    """Whether a question leaves a section out (第七章除了第一节)."""
    return {sentence.address for sentence in section.sentences} <= set(query.exclude)


def _existing(address: str, document: Document) -> Chapter | Section | Sentence | None:
    if "#" in address:
        return document.sentence(address) if document.has(address) else None
    if "." in address:
        return document.section(address) if document.has(address) else None
    return next((chapter for chapter in document.chapters if chapter.address == address), None)


def _no_such_node(address: str, document: Document) -> Draft:
    node = address.partition("#")[0]
    chapter = address.partition(".")[0]
    if "?" in address:
        detail = "sentence_without_section" if "#" in address else "section_without_chapter"
        return abstain(Reason.AMBIGUOUS, detail=detail)
    if "#" in address and document.has(node):
        detail = f"no_such_sentence:{len(document.section(node).sentences)}"
        return abstain(Reason.NOT_IN_DOCUMENT, detail=detail, near=(node,))
    here = next((c for c in document.chapters if c.address == chapter), None)
    detail = "no_such_chapter" if here is None else f"no_such_section:{_size(here)}"
    near = tuple(section.address for section in (here or document.chapters[-1]).sections[-2:])
    return abstain(Reason.NOT_IN_DOCUMENT, detail=detail, near=near)


def parts(query: Query, document: Document) -> Draft:
    """What a question for the document's own parts asks: counts, lists, the longest, all years, bodies or documents."""
    what, _, argument = query.detail.partition(":")
    missing = next((a for a in query.addresses if _existing(a, document) is None), None)
    if missing:
        return _no_such_node(missing, document)
    match what:
        case "documents":
            return cited_documents(query, document)
        case "years" | "shares" | "quoted" | "bodies":
            return _all_named(query, document, what)
        case "most" | "least" | "most+least":
            unit, measure, *few = argument.split(":")
            how_many = int(few[0]) if few else 1
            drafts = [
                _extreme(which, unit, measure, how_many, query=query, document=document)
                for which in what.split("+")
            ]
            return Draft(Status.ANSWERED, lines=tuple(line for draft in drafts for line in draft.lines))
        case "having":
            return _having(*argument.split(":"), query=query, document=document)
        case "items":
            return _count_items(query, document)
        case "sequence" | "together" | "rank":
            return _standing(query, what, document)
        case "sentences" | "characters":
            return _count_text(query, what, document)
    return _count_nodes(query, what, document)


def _standing(query: Query, what: str, document: Document) -> Draft:
    """How the nodes that a question names stand in the text: in which order, in one chapter or several, as which of all."""
    asked = {address.partition("#")[0] for address in query.addresses}
    parents = {node.partition(".")[0] for node in asked if not node.startswith("0.")}
    order: list[Chapter | Section] = [*document.front]
    for chapter in document.chapters:
        order += [chapter, *chapter.sections]
    lines = {n.address: _heading(n, query) for n in order if n.address in asked | parents}
    chapters = [Ref(address) for address in lines if address in parents]
    if not lines or (what != "sequence" and not chapters):
        return abstain(Reason.AMBIGUOUS, detail="which_node")
    match what:
        case "rank":
            last = ("chapters", str(len(document.chapters)))
            opening = [Line((c,), frame="rank", values=(last, ("number", c.node))) for c in chapters]
        case "sequence":
            of_nodes = (line.refs for address, line in lines.items() if address in asked)
            opening = [Line(tuple(itertools.chain(*of_nodes)), frame="order")]
        case _:
            opening = [Line(tuple(chapters), frame="apart" if len(chapters) > 1 else "same_chapter")]
    return Draft(Status.ANSWERED, lines=(*opening, *lines.values()))


def _chapters_of(query: Query, document: Document) -> list[Chapter]:
    """The chapters that a question names, or all."""
    named = {a.partition(".")[0] for a in query.addresses if not a.startswith("0.")}
    return [c for c in document.chapters if not named or c.address in named]


def _numbered(chapter: Chapter) -> list[Section]:
    return [section for section in chapter.sections if section.number]


def _count_nodes(query: Query, what: str, document: Document) -> Draft:
    """How many chapters and sections there are, of the document or of the chapters named, with their headings."""
    chapters = _chapters_of(query, document)
    if len(chapters) < len(document.chapters):
        lines = []
        for chapter in chapters:
            left = [section for section in _numbered(chapter) if not _is_excepted(section, query)]
            refs = (Ref(chapter.address), *(Ref(section.address) for section in left))
            lines.append(
                Line(refs[:1], frame="count_in_chapter", values=(("sections", str(_size(chapter))),))
            )
            lines += [Line((ref,)) for ref in refs]
        if len(chapters) == 2 and "compare" in _signals(query, document).kinds:
            refs = tuple(Ref(chapter.address) for chapter in chapters)
            apart = abs(_size(chapters[0]) - _size(chapters[1]))
            lines.insert(0, Line(refs, frame="difference", values=(("count", str(apart)),)))
        elif len(chapters) > 1 and "howmany" in _signals(query, document).kinds:
            refs, total = tuple(Ref(chapter.address) for chapter in chapters), sum(map(_size, chapters))
            lines.insert(0, Line(refs, frame="count_together", values=(("sections", str(total)),)))
        return Draft(Status.ANSWERED, lines=tuple(lines))
    values = (
        ("chapters", str(len(chapters))),
        ("sections", str(sum(map(_size, chapters)))),
        ("front", str(len(document.front))),
    )
    headings = tuple(Ref(chapter.address) for chapter in chapters)
    frame = "count_chapters" if what == "chapters" else "count_all"
    lines = [Line(headings, frame=frame, values=values)]
    for ref, chapter in zip(headings, chapters, strict=True):
        with_count = what not in {"chapters", "contents"}
        lines.append(
            Line(
                (ref,),
                frame="heading_with_count" if with_count else "",
                values=(("sections", str(_size(chapter))),),
            )
        )
        if what == "contents":
            lines += [Line((Ref(section.address),)) for section in _numbered(chapter)]
    return Draft(Status.ANSWERED, lines=tuple(lines))


_HOLDS = {"=": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def _having(
    unit: str, counted: str, relation: str, number: str, *, query: Query, document: Document
) -> Draft:
    """The chapters or sections with so many sections, sentences or items."""
    chapters = _chapters_of(query, document)
    if counted == "titles":
        sizes = _title_lengths(chapters, unit)
    elif counted == "sections":
        sizes = {Ref(c.address): _size(c) for c in chapters}
    elif unit == "chapters":
        sizes = {Ref(c.address): sum(_length(s, counted) for s in c.sections) for c in chapters}
    else:
        sizes = {Ref(s.address): _length(s, counted) for c in chapters for s in _numbered(c)}
    found = [ref for ref, size in sizes.items() if _HOLDS[relation](size, int(number))]
    if not found:
        return abstain(Reason.NOT_IN_DOCUMENT)
    lines = [Line(tuple(found), frame=f"having_{unit}", values=(("count", str(len(found))),))]
    for ref in found:
        lines += _with_sections(document.chapter(int(ref.node))) if "." not in ref.node else [Line((ref,))]
    return Draft(Status.ANSWERED, lines=tuple(lines))


def _count_items(query: Query, document: Document) -> Draft:
    """The items (——, 一是) of the sections that a question names."""
    drafts = [
        _items(document.section(address), _leads(document.section(address), query))
        for address in dict.fromkeys(a.partition("#")[0] for a in query.addresses)
        if "." in address
    ]
    lines = tuple(line for draft in drafts for line in draft.lines)
    return Draft(Status.ANSWERED, lines=lines) if lines else navigate(query, document)


def _with_sections(chapter: Chapter) -> list[Line]:
    values = (("sections", str(_size(chapter))),)
    sections = [Line((Ref(section.address),)) for section in _numbered(chapter)]
    return [Line((Ref(chapter.address),), frame="heading_with_count", values=values), *sections]


def _extreme(
    which: str, unit: str, measure: str, how_many: int, *, query: Query, document: Document
) -> Draft:
    """So many chapters, sections or sentences with the most or least of a measure, and all that equal the last of them."""
    chapters = _chapters_of(query, document)
    if unit == "chapters" and len(chapters) == 1:
        # Of one chapter its sections are compared, whatever word names it.
        unit, measure = "sections", "characters" if measure == "sections" else measure
    sizes: dict[Ref, int]
    if measure == "titles":
        sizes = _title_lengths(chapters, unit)
    elif measure == "sections":
        sizes = {Ref(c.address): _size(c) for c in chapters}
    elif unit == "chapters":
        sizes = {Ref(c.address): sum(_length(s, measure) for s in c.sections) for c in chapters}
    elif unit == "sentences":
        inside = [(s, x) for c in chapters for s in c.sections for x in s.sentences]
        sizes = {Ref(s.address, (x.address,)): _letters(x.text) for s, x in inside}
    else:
        sizes = {Ref(s.address): _length(s, measure) for c in chapters for s in _numbered(c)}
    ordered = sorted(sizes.values(), reverse=which == "most")
    last = ordered[min(how_many, len(ordered)) - 1]
    found = [ref for ref, value in sizes.items() if (value >= last if which == "most" else value <= last)]
    found.sort(key=sizes.__getitem__, reverse=which == "most")
    if measure == "sections":
        return Draft(
            Status.ANSWERED,
            lines=tuple(line for ref in found for line in _with_sections(document.chapter(int(ref.node)))),
        )
    frames = {"sentences": "size_sentences", "titles": "size_titles", "items": "size_items"}
    frame = frames.get(measure, "size_characters")
    lines = [
        *(Line((Ref(node),)) for node in _places_asked(found, query, document) if unit == "sentences"),
    ] + [
        line
        for ref in found
        for line in (Line((ref,)), Line((ref,), frame=frame, values=(("count", str(sizes[ref])),)))
    ]
    return Draft(Status.ANSWERED, lines=tuple(lines))


def _title_lengths(chapters: Sequence[Chapter], unit: str) -> dict[Ref, int]:
    """How many letters the titles of chapters, of sections, or ("") of both have, without number and punctuation."""
    nodes: list[Chapter | Section] = []
    for chapter in chapters:
        nodes += [chapter] if unit != "sections" else []
        nodes += _numbered(chapter) if unit != "chapters" else []
    return {Ref(node.address): len(re.findall(r"\w", node.title)) for node in nodes}


def _places_asked(found: Sequence[Ref], query: Query, document: Document) -> list[str]:
    """The chapters or sections of sentences, where a question asks for them."""
    units = {*_signals(query, document).units}
    nodes = [ref.node if "sections" in units else ref.node.partition(".")[0] for ref in found]
    return list(dict.fromkeys(nodes)) if units & {"chapters", "sections"} else []


def _letters(text: str) -> int:
    return len(re.sub(r"\s", "", text))


def _length(section: Section, measure: str) -> int:
    if measure == "items":
        return sum(sentence.is_lead for sentence in section.sentences)
    return len(section.sentences) if measure == "sentences" else _letters(section.text)


def _all_named(query: Query, document: Document, what: str) -> Draft:
    """Every sentence that names a year, a share, a body or something in quotation marks, with the list of those named."""
    forms = {"years": _YEARS, "shares": _SHARES, "quoted": _QUOTED, "bodies": pattern("bodies.name")}
    form, wanted = forms[what], []
    names: list[str] = []
    for section in document.sections():
        for sentence in section.sentences if _within(section, query) else ():
            found = [match[match.lastindex or 0] for match in form.finditer(sentence.text)]
            if found:
                wanted.append(Ref(section.address, (sentence.address,)))
                names += map(_name, found) if what == "bodies" else found
    if not wanted:
        return abstain(Reason.NOT_IN_DOCUMENT)
    listed = sorted(set(names)) if what == "years" else list(dict.fromkeys(names))
    values = (("count", str(len(listed))), ("names", "、".join(listed)))
    return Draft(
        Status.ANSWERED,
        lines=(Line(tuple(wanted), frame=f"all_{what}", values=values), *(Line((ref,)) for ref in wanted)),
    )


def _name(text: str) -> str:
    """A name without the words before it that are no part of it."""
    before = f"{pattern('bodies.verbs').pattern}|{pattern('bodies.before').pattern}"
    return re.sub(rf"^.*(?:{before})(?=[\u4e00-\u9fff]{{2,}}$)", "", text)


def _size(chapter: Chapter) -> int:
    return len(_numbered(chapter))


def _count_text(query: Query, what: str, document: Document) -> Draft:
    """How many sentences or characters the text has, or the sections or chapters named."""
    named = [a.partition("#")[0] for a in query.addresses]
    nodes = named or [chapter.address for chapter in document.chapters]
    sections = [s for s in document.sections() if not named or {s.address, str(s.chapter)} & set(named)]
    total = sum(_length(section, what) for section in sections)
    refs = tuple(Ref(node) for node in nodes)
    if len(named) > 1 and "compare" in _signals(query, document).kinds:
        sizes = {
            n: sum(_length(s, what) for s in sections if n in {s.address, str(s.chapter)}) for n in named
        }
        lines = [
            (Line((Ref(n),)), Line((Ref(n),), frame=f"count_{what}", values=(("count", str(size)),)))
            for n, size in sizes.items()
        ]
        return Draft(Status.ANSWERED, lines=tuple(line for pair in lines for line in pair))
    counted = Line(refs, frame=f"count_{what}", values=(("count", str(total)),))
    listed: tuple[Line, ...] = ()
    if named and what == "sentences" and _signals(query, document).kinds & {"which", "all", "request"}:
        listed = tuple(Line((Ref(s.address, (x.address,)),)) for s in sections for x in s.sentences)
    return Draft(Status.ANSWERED, lines=(counted, *listed))


def mentions(query: Query, document: Document, enrichment: Enrichment) -> Draft | None:
    """Every place that has a term in its text or heading, or has not, or the first, last or richest; None without any."""
    asked = _asked_mentions(query, document)
    if asked is None:
        return None
    places = _Places(asked, query, document, enrichment)
    if asked.absent:
        return places.without(asked) if places.any or places.headings else None
    if not places.any and not places.headings and (asked.also or asked.lacking):
        return abstain(Reason.NOT_IN_DOCUMENT)
    if asked.titles and not (places.chapter_headings if asked.by_chapter else places.headings):
        return abstain(Reason.NOT_IN_DOCUMENT)
    if not places.any and not places.headings:
        return abstain(Reason.NOT_IN_DOCUMENT, detail="no_more") if query.exclude else None
    if asked.pick in {"first", "last"}:
        return places.at_end(asked)
    if asked.pick:
        return places.richest(asked)
    if asked.unit and asked.one and (titled := places.titled(asked)):
        return titled
    return places.all(asked)


def _asked_mentions(query: Query, document: Document) -> Mentions | None:
    text = pattern("structure.except").sub(" ", query.text) if query.exclude else query.text
    return asks_for_mentions(find_addresses(text, document)[1], document, named=query.addresses)


def _stands(count: Callable[[str], int], document: Document) -> bool:
    """Whether a term stands anywhere in a document, headings included."""
    texts = (text for s in document.sections() for text in (*s.heading_path, *(x.text for x in s.sentences)))
    return any(map(count, texts))


class _Places:
    """The places of one term within what a question covers, read off the parsed document."""

    def __init__(self, asked: Mentions, query: Query, document: Document, enrichment: Enrichment) -> None:
        matchers = {term: _matcher(_expanded(term), document, enrichment) for term in asked.terms}
        # Of one expression the search itself tells whether it stands anywhere.
        standing = [t for t, count in matchers.items() if not asked.either or _stands(count, document)]
        standing = standing or list(asked.terms)
        self.term, self.document = "”“".join(standing), document
        self._matchers = list(matchers.values())
        self._nowhere = [term for term in asked.terms if term not in standing]
        self._by_chapter = asked.by_chapter
        self.sections = [s for s in document.sections() if _within(s, query)]
        excluded = set(query.exclude)
        self.hits = {
            s.address: [
                x.address
                for x in s.sentences
                if not asked.titles and x.address not in excluded and self.count(x.text)
            ]
            for s in self.sections
        }
        for other in asked.also:
            self._keep_with(_matcher(_expanded(other), document, enrichment))
        for other in asked.lacking:
            self._keep_without(_matcher(_expanded(other), document, enrichment))
        self.sections = [
            s
            for s in self.sections
            if not excluded & {x.address for x in s.sentences} or self.hits[s.address]
        ]
        self.headings = {s.address for s in self.sections if s.chapter and self.count(s.heading)}
        covered = {s.chapter for s in self.sections}
        self.chapter_headings = {
            c.address for c in document.chapters if c.number in covered and self.count(c.heading)
        }
        self.any = any(self.hits[s.address] for s in self.sections) or bool(self.headings)
        self.headings |= self.chapter_headings

    def count(self, text: str) -> int:
        """How often a text of the document has the term, or one of those that may stand for it."""
        return sum(count(text) for count in self._matchers)

    def _place(self, section: Section) -> str:
        """What terms have to stand together in: the section, or its chapter where chapters are asked for."""
        return str(section.chapter) if self._by_chapter else section.address

    def _places_of(self, count: Callable[[str], int]) -> set[str]:
        return {
            self._place(s)
            for s in self.sections
            if any(count(x.text) for x in s.sentences) or (s.chapter and count(s.heading))
        }

    def _keep_with(self, count: Callable[[str], int]) -> None:
        """Only the places that have another term too."""
        wanted = self._places_of(self.count) & self._places_of(count)
        self.sections = [s for s in self.sections if self._place(s) in wanted]
        for section in self.sections:
            kept = {*self.hits[section.address], *(x.address for x in section.sentences if count(x.text))}
            self.hits[section.address] = [x.address for x in section.sentences if x.address in kept]

    def _keep_without(self, count: Callable[[str], int]) -> None:
        """Only the places that do not have another term."""
        unwanted = self._places_of(count)
        self.sections = [s for s in self.sections if self._place(s) not in unwanted]

    def _values(self) -> tuple[tuple[str, str], ...]:
        found = [s for s in self.sections if self.hits[s.address] or s.address in self.headings]
        chapters = {str(s.chapter) for s in found if s.chapter} | self.chapter_headings
        in_text = sum(self.count(self.document.sentence(a).text) for hits in self.hits.values() for a in hits)
        titles = [s.heading for s in self.sections if s.chapter]
        titles += [
            c.heading for c in self.document.chapters if c.number in {s.chapter for s in self.sections}
        ]
        in_titles = sum(map(self.count, titles))
        return (
            ("count", str(len(found))),
            ("chapters", str(len(chapters))),
            ("places", str(sum(map(len, self.hits.values())))),
            ("times", str(in_text + in_titles)),
            ("in_text", str(in_text)),
            ("in_titles", str(in_titles)),
            ("term", self.term),
        )

    def _refs(self, asked: Mentions) -> list[Ref]:
        refs: list[Ref] = []
        for section in self.sections:
            found = self.hits[section.address] or section.address in self.headings
            if asked.one and asked.by_chapter and not section.chapter:
                continue
            if found and section.chapter and (asked.one or asked.by_chapter):
                # Where a chapter or one section is looked for, its heading is the answer.
                heading = Ref(str(section.chapter) if asked.by_chapter else section.address)
                refs += [heading] if heading not in refs else []
            if self.hits[section.address]:
                refs += runs(section.address, self.hits[section.address])
            elif section.address in self.headings:
                refs += [Ref(section.address)] if Ref(section.address) not in refs else []
        alone = [
            c
            for c in sorted(self.chapter_headings, key=int)
            if not any(r.node.partition(".")[0] == c for r in refs)
        ]
        return refs + [Ref(address) for address in alone]

    def all(self, asked: Mentions) -> Draft:
        """Every place."""
        if asked.titles and not asked.unit:
            nodes = [Ref(n) for c in self.document.chapters for n in _nodes_of(c) if n in self.headings]
            return _enumerated(nodes, "mentioned", self._values())
        if asked.titles:
            own = self.chapter_headings if asked.by_chapter else self.headings - self.chapter_headings
            nodes = [Ref(s.address) for s in self.sections if s.address in own]
            nodes = nodes or [Ref(address) for address in sorted(own, key=int)]
            unit = "chapters" if asked.by_chapter else "sections"
            return _enumerated(nodes, f"having_{unit}", (("count", str(len(nodes))),))
        refs = self._refs(asked)
        if asked.also or asked.lacking:
            places = {ref.node.partition(".")[0] if asked.by_chapter else ref.node for ref in refs}
            unit = "chapters" if asked.by_chapter else "sections"
            return _enumerated(refs, f"having_{unit}", (("count", str(len(places))),))
        frame = "mentioned_chapters" if asked.by_chapter else "mentioned"
        told = _enumerated(refs, frame, self._values())
        if not self._nowhere or told.status is not Status.ANSWERED:
            return told
        # Of several expressions one that stands nowhere is said to.
        absent = tuple(Line((), frame="not_named", values=(("term", term),)) for term in self._nowhere)
        return replace(
            told, status=Status.PARTIAL, reason=Reason.NOT_IN_DOCUMENT, lines=(*absent, *told.lines)
        )

    def without(self, asked: Mentions) -> Draft:
        """Every chapter or section without the term."""
        if asked.by_chapter:
            having = {
                str(s.chapter)
                for s in self.sections
                if self.hits[s.address] or (s.address in self.headings and not asked.titles)
            }
            missing = [
                c.address for c in self.document.chapters if c.address not in having | self.chapter_headings
            ]
        else:
            missing = [
                s.address
                for s in self.sections
                if not self.hits[s.address]
                and s.address not in self.headings
                and (s.chapter or not asked.titles)
            ]
        frame = "not_mentioned_chapters" if asked.by_chapter else "not_mentioned_sections"
        return _enumerated(
            [Ref(a) for a in missing], frame, (("count", str(len(missing))), ("term", self.term))
        )

    def at_end(self, asked: Mentions) -> Draft:
        """The first or the last sentence with the term, under its headings where a chapter or section is asked for."""
        found = [address for hits in self.hits.values() for address in hits]
        if not found:
            return self.all(asked)
        address = found[0 if asked.pick == "first" else -1]
        section = self.document.section_of(address)
        lines = [Line((Ref(section.address, (address,)),))]
        if asked.unit and section.chapter:
            lines.insert(0, Line((Ref(str(section.chapter) if asked.by_chapter else section.address),)))
        return Draft(Status.ANSWERED, lines=tuple(lines))

    def richest(self, asked: Mentions) -> Draft:
        """The chapters or sections where the term stands most, or least, often."""
        times = {
            s.address: sum(self.count(self.document.sentence(a).text) for a in self.hits[s.address])
            for s in self.sections
        }
        if asked.by_chapter:
            chapters = {str(s.chapter) for s in self.sections if s.chapter}
            times = {
                c: sum(n for a, n in times.items() if a.partition(".")[0] == c)
                for c in sorted(chapters, key=int)
            }
        wanted = (max if asked.pick == "most" else min)((n for n in times.values() if n), default=0)
        nodes = [node for node, n in times.items() if n == wanted]
        values = (("term", self.term), ("times", str(wanted)))
        return _enumerated([Ref(node) for node in nodes], "most_mentions", values)

    def titled(self, asked: Mentions) -> Draft | None:
        """The chapters or sections whose own heading has the term, for a question that looks for one; None if none has."""
        if asked.by_chapter:
            nodes = sorted(self.chapter_headings, key=int) or [
                address.partition(".")[0] for address in sorted(self.headings)
            ]
        else:
            nodes = [s.address for s in self.sections if s.address in self.headings]
        if not nodes:
            return None
        inside = [
            Ref(s.address)
            for s in self.sections
            if s.address in self.headings and (s.address in nodes or str(s.chapter) in nodes)
        ]
        refs = list(dict.fromkeys([*(Ref(node) for node in nodes), *inside]))
        more = tuple(s.address for s in self.sections if self.hits[s.address] and Ref(s.address) not in refs)
        return Draft(Status.ANSWERED, lines=tuple(Line((ref,)) for ref in refs), more=more[:3])


def _nodes_of(chapter: Chapter) -> list[str]:
    """A chapter and its sections."""
    return [chapter.address, *(section.address for section in chapter.sections)]


def _expanded(term: str) -> str:
    """An English abbreviation in full: AI is artificial intelligence."""
    return str(entry("abbreviations.en").get(fold(term), term))


def _enumerated(refs: Sequence[Ref], frame: str, values: tuple[tuple[str, str], ...]) -> Draft:
    """A line that counts, on all its places, and then each of them."""
    if not refs:
        return abstain(Reason.NOT_IN_DOCUMENT)
    opening = Line(tuple(refs), frame=frame, values=values)
    return Draft(Status.ANSWERED, lines=(opening, *(Line((ref,)) for ref in refs)))


def subject_of(query: Query, document: Document) -> str:
    """What a question for a place is about, without all that asks for the place; "" where it asks for none."""
    signals = _signals(query, document)
    places = {*signals.units} & {*NODES} or (signals.kinds & {"occur", "about"} and "where" in signals.kinds)
    return signals.subject if places and not signals.terms else ""


def _signals(query: Query, document: Document) -> Signals:
    return read(fold(find_addresses(query.text, document)[1]), document)


def under_headings(draft: Draft, query: Query, document: Document) -> Draft:
    """An answer to "which chapter deals with…" with the headings of its sentences' chapters or sections before it."""
    asked, signals = _asked_mentions(query, document), _signals(query, document)
    units = {asked.unit} if asked and asked.unit else {*signals.units}
    of_sections = "sections" in units
    is_named = of_sections or "chapters" in units
    if draft.status is not Status.ANSWERED or not (is_named or "heading" in signals.kinds):
        return draft
    nodes = [ref.node for line in draft.lines for ref in line.refs]
    if not of_sections and is_named:
        nodes = [node.partition(".")[0] for node in nodes]
    known = [n for n in dict.fromkeys(nodes) if n != "0" and not n.startswith("0.")]
    return replace(draft, lines=(*(Line((Ref(node),)) for node in known), *draft.lines))


def is_meant_to_the_letter(query: Query, document: Document) -> bool:
    """Whether the term whose places are asked for is quoted, or counted."""
    asked = _asked_mentions(query, document)
    if asked is None:
        return False
    is_quoted = re.search(rf"[“\"「『《]{re.escape(asked.term)}[”\"」』》]", query.folded)
    # In plain words a question for places says no more that it counts.
    return bool(is_quoted) or "times" in read(fold(query.question), document).kinds


def asks_by_name(query: Query) -> bool:
    """Whether a question asks where something is named, not where it is dealt with."""
    return bool(pattern("structure.naming").search(query.folded))


def is_foreign_term(query: Query, document: Document, retriever: Retriever) -> bool:
    """Whether the term whose places are asked for is unknown even to the enrichment."""
    asked = _asked_mentions(query, document)
    return asked is not None and retriever.unknown_share(asked.term) > 0


@lru_cache(maxsize=4096)
def _stems(text: str) -> tuple[str, ...]:
    return tuple(english_terms(text))


def _matcher(term: str, document: Document, enrichment: Enrichment) -> Callable[[str], int]:
    """How often a sentence or heading of the document has a term: an English one is counted in its translation.

    A term with a gloss in brackets is counted by the one of both that the document has more often.
    """
    if glossed := _WITH_GLOSS.fullmatch(term):
        before, gloss, after = (part.strip() for part in glossed.groups())
        counts = [_matcher(f"{one} {after}".strip(), document, enrichment) for one in (before, gloss)]
        counts += [_matcher(one, document, enrichment) for one in (before, gloss) if after]
        return max(counts, key=lambda count: sum(count(sentence.text) for sentence in document.sentences()))
    folded = fold(term)
    if _FIGURE.fullmatch(folded):
        figure = re.compile(rf"(?<![\d.]){re.escape(folded)}(?![\d%]|\.\d)")
        return lambda text: len(figure.findall(fold(text)))
    is_literal = any(folded in fold(sentence.text) for sentence in document.sentences())
    if is_literal or not folded.isascii():
        # Who quotes a sentence leaves out the quotation marks in it.
        bare, plain = (folded, fold) if is_literal else (unquoted(folded), lambda text: unquoted(fold(text)))
        return lambda text: plain(text).count(bare)
    stems = _stems(folded)
    translations = _translated_stems(document, enrichment)

    def count(text: str) -> int:
        found = translations.get(text, ())
        return (
            sum(found[at : at + len(stems)] == stems for at in range(len(found) - len(stems) + 1))
            if stems
            else 0
        )

    return count


def _translated_stems(document: Document, enrichment: Enrichment) -> dict[str, tuple[str, ...]]:
    """The stems of the translation of every sentence and heading, by its text."""
    english = {s.text: enrichment.english(s.address) for s in document.sentences()}
    english |= {c.heading: enrichment.title_english(c.address) for c in document.chapters}
    english |= {s.heading: enrichment.title_english(s.address) for s in document.sections() if s.chapter}
    return {text: _stems(translation or "") for text, translation in english.items()}


def _within(section: Section, query: Query) -> bool:
    named = {address.partition("#")[0] for address in query.addresses}
    return not named or bool({section.address, str(section.chapter)} & named)


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


def items_of(sections: Sequence[Section], query: Query) -> Draft | None:
    """The items (——, 一是) of a section, counted and listed, or the one asked for; None where a question counts none.

    The section is the one whose title the question names, or the best one where the question speaks of parts. The kinds
    of something (有几类) are also items where a sentence lists them before their common name.
    """
    if _ASKS_KINDS.search(query.folded) and (listing := _listing(sections, query.terms)):
        return Draft(Status.ANSWERED, lines=(Line((listing,)),))
    asked = _ASKS_ITEMS.search(query.folded)
    if not asked:
        return None
    for at, section in enumerate(sections):
        leads = _leads(section, query)
        named = bool(section.title) and fold(section.title) in query.folded
        if len(leads) >= 2 and (named or (at == 0 and _SPEAKS_OF_PARTS.search(query.folded))):
            if nth := asked["nth"] or asked["nth_en"]:
                return _one_item(section, leads, ordinal_of(nth, len(leads)))
            return _items(section, leads)
    return None


def _listing(sections: Sequence[Section], names: Sequence[str]) -> Ref | None:
    """The first sentence that lists the kinds of what has one of some names (甲、乙、丙等领域), None without any."""
    for name in names:
        form = re.compile(rf"、[^，。；]+等{re.escape(name)}")
        for section in sections:
            for sentence in section.sentences:
                if len(name) > 1 and form.search(fold(sentence.text)):
                    return Ref(section.address, (sentence.address,))
    return None


def _leads(section: Section, query: Query) -> list[Sentence]:
    """The sentences that open an item of a section, those of one target year where the question names it."""
    years = target_years(section)
    return [
        s
        for s in section.sentences
        if (s.is_lead or _ENUMERATED.match(s.text))
        and (not query.years or years.get(s.address) in query.years)
    ]


def _items(section: Section, leads: Sequence[Sentence]) -> Draft:
    """The items of a section, counted and listed; nothing where it has none."""
    if not leads:
        return Draft(Status.ANSWERED)
    refs = [Ref(section.address, (lead.address,)) for lead in leads]
    opening = Line((Ref(section.address),), frame="items", values=(("count", str(len(leads))),))
    return Draft(Status.ANSWERED, lines=(opening, *(Line((ref,)) for ref in refs)))


def _one_item(section: Section, leads: Sequence[Sentence], at: int) -> Draft:
    """One item of a section with all its sentences."""
    if not 1 <= at <= len(leads):
        return abstain(Reason.NOT_IN_DOCUMENT, detail=f"no_such_item:{len(leads)}", near=(section.address,))
    lead = leads[at - 1]
    inside = [s.address for s in section.sentences if s == lead or (lead.is_lead and s.item == lead.item)]
    return Draft(Status.ANSWERED, lines=(Line((Ref(section.address, tuple(inside)),)),))
