"""Answers and the document as HTML. Whatever comes from outside this package is escaped, Markdown included.

Texts of the interface carry both languages (`data-zh`, `data-en`): the page switches without asking again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from assistant.types import Answer, Citation, Reason, Status, Suggestion
from assistant.ui.texts import all_texts
from index.enrich import Enrichment
from index.types import Chapter, Document, Section, Sentence

# Below this calibrated probability of being right the reader is told so, in words.
LOW_CONFIDENCE = 0.6
_STATIC = Path(__file__).with_name("static")
_MARKERS = re.compile(r"\[(\d{1,3})\]")
_RUN = re.compile(r"(?:\[\d{1,3}\]){4,}")
_TRANSLATED = re.compile(r"^\s*Unofficial translation:\s*", re.IGNORECASE)
_HEADINGS = {Reason.AMBIGUOUS: "abstained_ambiguous", Reason.INSTRUCTION: "abstained_instruction"}


@dataclass(frozen=True, slots=True)
class Names:
    """What a person reads for an address, in Chinese and English."""

    document: Document
    enrichment: Enrichment

    def of(self, address: str) -> tuple[str, str]:
        """Label of a chapter, a section or a sentence's section; the address itself when there is none."""
        address = address.partition("#")[0]
        title = self.enrichment.title_english(address)
        if "." in address:
            if not self.document.has(address):
                return address, address
            section = self.document.section(address)
            english = section.label_en
            return section.label, english.replace(
                section.title, title
            ) if title and section.title else english
        chapter = next((c for c in self.document.chapters if c.address == address), None)
        if chapter is None:
            return address, address
        return chapter.label, f"Chapter {chapter.number}: {title}" if title else chapter.label_en


# --- Small parts --------------------------------------------------------------------------------------


def pair(chinese: str, english: str, *, tag: str = "span", attributes: str = "") -> str:
    """An element that reads differently in the two interface languages."""
    zh, en = escape(chinese), escape(english)
    return f'<{tag} data-zh="{zh}" data-en="{en}"{" " if attributes else ""}{attributes}>{zh}</{tag}>'


def words(key: str, *, tag: str = "span", attributes: str = "") -> str:
    """A text of the interface."""
    return pair(*all_texts()[key], tag=tag, attributes=attributes)


def spoken(key: str, *names: str, suffix: tuple[str, str] = ("", "")) -> str:
    """Attributes (`title`, `aria-label`, `placeholder`) that follow the interface language."""
    chinese, english = (escape(text + tail) for text, tail in zip(all_texts()[key], suffix, strict=True))
    return " ".join(
        f'{name}="{chinese}" data-zh-{name}="{chinese}" data-en-{name}="{english}"' for name in names
    )


def _question_button(question: str, *, css: str = "ask") -> str:
    return f'<button type="button" class="{css}" data-ask="{escape(question)}">{escape(question)}</button>'


def _section_button(names: Names, address: str, *, css: str = "goto") -> str:
    return pair(
        *names.of(address),
        tag="button",
        attributes=f'type="button" class="{css}" data-goto="{escape(address)}"',
    )


# --- Answers ------------------------------------------------------------------------------------------


def render_answer(answer: Answer, names: Names) -> str:
    """An answer as the window shows it."""
    head = ""
    if _differs(answer.query, answer.question):
        head = f'<p class="understood">{words("understood_as")} <q>{escape(answer.query)}</q></p>'
    if answer.status is Status.ABSTAINED:
        body = _abstention(answer, names)
    else:
        body = _statements(answer, names)
        if answer.status is Status.PARTIAL:
            body = words("partial", tag="p", attributes='class="caution"') + body
        elif answer.status is Status.ANSWERED and answer.confidence < LOW_CONFIDENCE:
            body += words("low_confidence", tag="p", attributes='class="caution"')
        if answer.suggestions:
            body += _nearest(answer.suggestions, names)
    if answer.mode == "llm" and answer.citations:
        body += words("mode_llm", tag="p", attributes='class="notice"')
    if answer.notice:
        body += f'<p class="notice">{escape(answer.notice)}</p>'
    if answer.more_sections:
        buttons = "".join(_section_button(names, near.section_id) for near in answer.more_sections)
        body += f'<div class="also">{words("see_also", attributes="class=lead")}{buttons}</div>'
    if answer.status is Status.HELP:
        body += _questions("examples", _examples_for(answer.language, names))
    else:
        body += _questions("followups", answer.followups or _wider(answer, names))
    return (
        f'{head}<div class="answer" data-status="{answer.status}" lang="{_tag(answer.language)}">{body}</div>'
    )


def render_partial(text: str) -> str:
    """The text of an answer that is still being written: whole statements, markers not yet resolved."""
    lines = "".join(f"<p>{escape(_MARKERS.sub('', line))}</p>" for line in text.splitlines() if line.strip())
    return f'<div class="answer" data-status="writing">{lines}</div>'


def _tag(language: str) -> str:
    return language if re.fullmatch(r"[a-zA-Z]{2,3}(?:-[a-zA-Z]{2,8})?", language) else "zh"


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _differs(query: str, question: str) -> bool:
    return bool(query) and _bare(query) != _bare(question)


def _questions(lead: str, questions: Iterable[str]) -> str:
    buttons = "".join(_question_button(question) for question in questions)
    return f'<div class="next">{words(lead, attributes="class=lead")}{buttons}</div>' if buttons else ""


def _examples_for(language: str, names: Names) -> list[str]:
    """The example questions that a reader of this language can use."""
    groups = examples_of(names.document, names.enrichment)
    return [
        question
        for audience, questions in groups
        if (audience == "english") != (language == "zh")
        for question in questions
    ]


def _wider(answer: Answer, names: Names) -> list[str]:
    """What can always be asked next: the whole section that most of the answer is from."""
    cited = [citation.section_id for citation in answer.citations if citation.sentence_ids]
    if answer.status is not Status.ANSWERED or not cited:
        return []
    section = names.document.section(max(cited, key=cited.count))
    if section.number == 0 and section.chapter:
        return []
    title = names.enrichment.title_english(section.address)
    if answer.language == "zh":
        question = f"{section.label}讲了什么？"
    elif section.chapter and title:
        question = f"What does section {section.address}, {title}, say?"
    else:
        question = _question_en(section.address)
    asked = {question, _question_zh(section), _question_en(section.address)}
    return [] if _bare(answer.query or answer.question) in map(_bare, asked) else [question]


def _statements(answer: Answer, names: Names) -> str:
    """The answer's lines: the document's words as quotations with their chip, everything else as text."""
    citations = {citation.marker: citation for citation in answer.citations}
    blocks: list[str] = []
    quoted: set[int] = set()
    open_markers: list[int] = []  # of the quotation that following lines may still join
    lines: list[str] = []

    def close() -> None:
        if lines and not any(citations[marker].sentence_ids for marker in open_markers):
            chips = "".join(_heading_chip(citations[marker]) for marker in open_markers)
            blocks.append(f'<div class="place">{chips}{"".join(lines[1:])}</div>')
        elif lines:
            chips = "".join(_chip(citations[marker], names) for marker in open_markers)
            blocks.append(f"<blockquote>{''.join(lines)}<footer>{chips}</footer></blockquote>")
        lines.clear()

    for line in filter(str.strip, answer.answer.splitlines()):
        markers = [
            int(number) for number in dict.fromkeys(_MARKERS.findall(line)) if int(number) in citations
        ]
        bare = _MARKERS.sub("", line).strip()
        if lines and _TRANSLATED.match(bare):
            lines.append(_translation(_TRANSLATED.sub("", bare)))
        elif markers and any(bare in citations[marker].quote for marker in markers):
            if markers != open_markers:
                close()
            open_markers = markers
            quoted.update(markers)
            lines.append(f'<p lang="zh-CN">{escape(bare)}</p>')
        else:
            close()
            blocks.append(f"<p>{_with_marks(line, citations, names)}</p>")
    close()
    if rest := [citation for marker, citation in citations.items() if marker not in quoted]:
        blocks.append(_evidence(rest, names))
    return "".join(blocks)


def _translation(text: str) -> str:
    label = words("unofficial", attributes='class="lead"')
    return f'<p class="translation" lang="en">{label}{escape(text)}</p>'


def _evidence(citations: Iterable[Citation], names: Names) -> str:
    """The quotes that the text itself doesn't show, folded away."""
    quotes = "".join(
        f'<blockquote><p lang="zh-CN">{escape(citation.quote)}</p>'
        f"{_translation(citation.translation) if citation.translation else ''}"
        f"<footer>{_chip(citation, names)}</footer></blockquote>"
        for citation in citations
    )
    return f'<details class="evidence"><summary>{words("evidence")}</summary>{quotes}</details>'


def _brief_run(match: re.Match[str]) -> str:
    """`[3][4][5][6]` as `[3]–[6]`; the places between stand in the list below."""
    numbers = [int(number) for number in _MARKERS.findall(match[0])]
    one_by_one = numbers == list(range(numbers[0], numbers[-1] + 1))
    return f"[{numbers[0]}]–[{numbers[-1]}]" if one_by_one else match[0]


def _with_marks(line: str, citations: dict[int, Citation], names: Names) -> str:
    line = _RUN.sub(_brief_run, line)
    parts: list[str] = []
    end = 0
    for match in _MARKERS.finditer(line):
        citation = citations.get(int(match[1]))
        parts.append(escape(line[end : match.start()]))
        parts.append(_chip(citation, names, brief=True) if citation else escape(match[0]))
        end = match.end()
    return "".join([*parts, escape(line[end:])])


def _chip(citation: Citation, names: Names, *, brief: bool = False) -> str:
    chinese, english = names.of(citation.section_id)
    if brief:
        return _chip_button(citation, (chinese, english), css="chip brief")
    return _chip_button(citation, (chinese, english), label=pair(chinese, english))


def _heading_chip(citation: Citation) -> str:
    """A cited heading is its own quotation: said once, in the document's words, with its number."""
    said = citation.label if citation.quote in citation.label else citation.quote
    return _chip_button(
        citation, (said, said), css="chip whole", label=f'<span lang="zh-CN">{escape(said)}</span>'
    )


def _chip_button(
    citation: Citation, spoken_as: tuple[str, str], *, css: str = "chip", label: str = ""
) -> str:
    suffix = (f" {citation.marker}：{spoken_as[0]}", f" {citation.marker}: {spoken_as[1]}")
    return (
        f'<button type="button" class="{css}" data-marker="{citation.marker}"'
        f' data-section="{escape(citation.section_id)}"'
        f' data-sentences="{escape(" ".join(citation.sentence_ids))}" data-quote="{escape(citation.quote)}"'
        f" {spoken('cite', 'aria-label', suffix=suffix)}><b>[{citation.marker}]</b>{label}</button>"
    )


def _abstention(answer: Answer, names: Names) -> str:
    reason = answer.reason or Reason.NOT_IN_DOCUMENT
    title = words(_HEADINGS.get(reason, "abstained"), tag="h3")
    lines = [line for line in answer.answer.splitlines() if line.strip()]
    said = "".join(f"<p>{escape(line)}</p>" for line in lines) or words(f"reason_{reason}", tag="p")
    return title + said + (_nearest(answer.suggestions, names) if answer.suggestions else "")


def _nearest(suggestions: Sequence[Suggestion], names: Names) -> str:
    cards = []
    for near in suggestions:
        ask = (
            f'<span class="instead">{words("ask_instead")}{_question_button(near.question)}</span>'
            if near.question
            else ""
        )
        cards.append(f"<li>{_section_button(names, near.section_id)}{ask}</li>")
    return f'<div class="nearest">{words("nearest", attributes="class=lead")}<ul>{"".join(cards)}</ul></div>'


# --- The document -------------------------------------------------------------------------------------


def anchor(address: str) -> str:
    """The id of a chapter, section or sentence on the page."""
    return "d" + address.replace(".", "-").replace("#", "_")


def render_contents(document: Document, names: Names) -> str:
    """The table of contents."""

    def entry(address: str, chinese: str) -> str:
        english = names.enrichment.title_english(address)
        number = f"{address} " if address[0] != "0" else ""
        attributes = f'href="#{anchor(address)}" data-goto="{address}"'
        return pair(chinese, f"{number}{english}" if english else chinese, tag="a", attributes=attributes)

    rows = [f"<li>{entry(section.address, section.heading)}</li>" for section in document.front]
    for chapter in document.chapters:
        inner = "".join(
            f"<li>{entry(s.address, s.heading)}</li>" for s in chapter.sections if s.number and s.heading
        )
        heading = entry(chapter.address, chapter.heading) if chapter.heading else ""
        rows.append(f"<li>{heading}<ol>{inner}</ol></li>")
    return f"<ol>{''.join(rows)}</ol>"


def render_document(document: Document, names: Names) -> str:
    """The whole document: every heading and sentence under an id of its own."""
    parts = [_section(section, names, level=3) for section in document.front]
    for chapter in document.chapters:
        heading = _heading(chapter, names) if chapter.heading else ""
        sections = "".join(_section(section, names, level=4) for section in chapter.sections)
        parts.append(f'<section class="chapter">{heading}{sections}</section>')
    return "".join(parts)


def _heading(node: Chapter | Section, names: Names, *, level: int = 3) -> str:
    address = node.address
    chinese, english = names.of(address)
    key = "ask_section" if "." in address else "ask_chapter"
    button = words(
        key,
        tag="button",
        attributes=f'type="button" class="ask-here" data-fill-zh="{escape(_question_zh(node))}" '
        f'data-fill-en="{escape(_question_en(address))}" '
        + spoken(key, "aria-label", suffix=(f"：{chinese}", f": {english}")),
    )
    title = names.enrichment.title_english(address)
    gloss = f'<span class="gloss" lang="en">{escape(title)}</span>' if title else ""
    return (
        f'<h{level} id="{anchor(address)}" class="node" tabindex="-1">'
        f'<span class="heading" data-heading="{address}" lang="zh-CN">'
        f"{escape(node.heading)}</span>{button}{gloss}</h{level}>"
    )


def _question_zh(node: Chapter | Section) -> str:
    if isinstance(node, Chapter):
        return f"第{node.numeral}章讲了什么？"
    if not node.numeral:
        return f"{node.title}讲了什么？"
    return f"第{_chinese_number(node.chapter)}章第{node.numeral}节讲了什么？"


def _chinese_number(number: int) -> str:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return (("" if tens == 1 else digits[tens]) + "十" if tens else "") + (
        digits[ones] if ones or not tens else ""
    )


def _question_en(address: str) -> str:
    chapter, _, section = address.partition(".")
    if chapter == "0":
        return "What does the preamble say?" if section == "2" else "What does the issuing notice say?"
    return (
        f"What does chapter {chapter}, section {section} say?"
        if section
        else f"What is chapter {chapter} about?"
    )


def _section(section: Section, names: Names, *, level: int) -> str:
    heading = _heading(section, names, level=level) if section.heading else ""
    body = "".join(_paragraph(sentences, names) for sentences in _paragraphs(section.sentences))
    front = " issuing" if section.address == "0.1" else ""
    return f'<section class="part{front}">{heading}{body}</section>'


def _paragraphs(sentences: Iterable[Sentence]) -> Iterable[list[Sentence]]:
    paragraph: list[Sentence] = []
    for sentence in sentences:
        paragraph.append(sentence)
        if "\n" in sentence.tail:
            yield paragraph
            paragraph = []
    if paragraph:
        yield paragraph


def _paragraph(sentences: Sequence[Sentence], names: Names) -> str:
    css = ' class="item"' if sentences[0].item else ""
    spans = "".join(
        f'<span class="s" id="{anchor(s.address)}" data-s="{s.address}" tabindex="-1">{escape(s.text)}</span>'
        for s in sentences
    )
    english = " ".join(
        f'<span class="t" data-t="{s.address}">{escape(text)}</span>'
        for s in sentences
        if (text := names.enrichment.english(s.address))
    )
    gloss = f'<p class="gloss" lang="en">{english}</p>' if english else ""
    return f'<p lang="zh-CN"{css}>{spans}</p>{gloss}'


# --- The page's frame ---------------------------------------------------------------------------------

_EXAMPLES = {
    "outline-2035": (
        (
            "staff",
            ("到2025年要制定多少项地方标准？", "标准化经费怎么保障？", "第五章第三节讲了什么？"),
        ),
        ("citizen", ("养老服务要制定哪些标准？", "老旧小区改造有哪些标准？", "垃圾分类有标准吗？")),
        (
            "english",
            (
                "How many international standards by 2025?",
                "What does it say about elderly care?",
                "What are the goals for 2035?",
            ),
        ),
    )
}
# The glossary's form; the document itself has no English title.
_TITLES_ENGLISH = {"outline-2035": "Outline for the Capital’s Standardization Development 2035"}


def examples_of(document: Document, enrichment: Enrichment) -> Sequence[tuple[str, Sequence[str]]]:
    """Example questions by audience; a document without its own has those of its enrichment."""
    if document.id in _EXAMPLES:
        return _EXAMPLES[document.id]
    found: dict[str, list[str]] = {"zh": [], "en": []}
    for section in document.sections():
        notes = next(
            (enrichment.sentences[s.address] for s in section.sentences if s.address in enrichment.sentences),
            None,
        )
        for language, questions in found.items():
            if notes and section.chapter and notes.questions.get(language):
                questions.append(notes.questions[language][0])
    return [("citizen", found["zh"][:4]), ("english", found["en"][:2])] if found["zh"] else []


def render_frame(document: Document, enrichment: Enrichment, *, longest_question: int) -> str:
    """The page: conversation, question box, the document with its table of contents."""
    names = Names(document, enrichment)
    title_english = _TITLES_ENGLISH.get(document.id, "")
    groups = "".join(
        f'<div class="group">{words(audience, tag="h3")}{"".join(map(_question_button, questions))}</div>'
        for audience, questions in examples_of(document, enrichment)
    )
    options = "".join(
        pair(*names.of(section.address), tag="option", attributes=f'value="{section.address}"')
        for section in document.sections()
    )
    fields = {
        "title": escape(document.title),
        "both_titles": pair(document.title, title_english or document.title),
        "title_gloss": f'<p class="gloss" lang="en">{escape(title_english)}</p>' if title_english else "",
        "published": escape(document.published or document.issued),
        "contents": render_contents(document, names),
        "document": render_document(document, names),
        "examples": groups,
        "sections": options,
        "longest": str(longest_question),
    }
    frame = Template((_STATIC / "frame.html").read_text("utf-8"))

    def fill(match: re.Match[str]) -> str:
        kind, key, rest = match["kind"], match["key"], match["rest"].split()
        if kind == "o":
            return words(key, tag="option", attributes='value=""')
        return words(key) if kind == "t" else spoken(key, *rest)

    text = re.sub(r"\{\{(?P<kind>[tao]) (?P<key>\w+)(?P<rest>(?: [\w-]+)*)\}\}", fill, frame.template)
    return Template(text).substitute(fields)
