"""Draft → Answer: wording in the question's language, markers, citations with quotes copied from the parsed source."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from assistant.draft import Draft, Line, Ref
from assistant.types import Answer, Citation, Query, Reason, Status, Suggestion
from assistant.understand import LONGEST_QUESTION
from index.build import Index
from index.chunk import target_years
from index.enrich import Enrichment
from index.lexical import chinese_terms, english_terms
from index.types import Document

_FILE = Path(__file__).with_name("wording.toml")


@cache
def _wording() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


def frame_language(language: str) -> str:
    """The language of the frame around quotes: Chinese for a Chinese question, English for any other."""
    return "zh" if language == "zh" else "en"


def word(group: str, key: str, language: str, **values: str) -> str:
    """A wording, filled in. A value that is not used is left out; a missing one is an error."""
    return str(_wording()[group][key][frame_language(language)]).format(**values)


class Composer:
    """Numbers the refs of one answer and turns its lines into text."""

    def __init__(self, index: Index, language: str) -> None:
        """Compose for one question, in its language."""
        self._document: Document = index.document
        self._enrichment: Enrichment = index.enrichment
        self._language = language
        self._markers: dict[Ref, int] = {}

    def text(self, lines: Sequence[Line]) -> str:
        """The answer's text: every sentence, quote or frame, ends with its markers."""
        return "\n".join(piece for line in lines for piece in self._line(line))

    def citations(self) -> tuple[Citation, ...]:
        """The citations of the markers given so far, in their order."""
        return tuple(self._citation(ref, marker) for ref, marker in self._markers.items())

    def _line(self, line: Line) -> list[str]:
        marks = "".join(f"[{self._marker(ref)}]" for ref in line.refs)
        if line.text:
            return [f"{line.text}{marks}"]
        if line.frame:
            quote = self._heading(line.refs[0].node) if line.refs and not line.refs[0].sentences else ""
            return [
                f"{word('frame', line.frame, self._language, **{'quote': quote, **dict(line.values)})}{marks}"
            ]
        return [piece for ref in line.refs for piece in self._quote(ref)]

    def _quote(self, ref: Ref) -> list[str]:
        mark = f"[{self._marker(ref)}]"
        if not ref.sentences:
            pieces = [f"{self._heading(ref.node)}{mark}"]
            translation = self._enrichment.title_english(ref.node)
            return pieces + self._translated(translation, mark)
        pieces = []
        for address in ref.sentences:
            pieces.append(f"{self._document.sentence(address).text}{mark}")
            pieces += self._translated(self._enrichment.english(address), mark)
        return pieces

    def _translated(self, translation: str | None, mark: str) -> list[str]:
        if not translation or frame_language(self._language) == "zh":
            return []
        return [f"{word('frame', 'translation', self._language, text=translation)}{mark}"]

    def _marker(self, ref: Ref) -> int:
        return self._markers.setdefault(ref, len(self._markers) + 1)

    def _heading(self, node: str) -> str:
        if "." in node:
            return self._document.section(node).heading
        return self._document.chapter(int(node)).heading

    def _citation(self, ref: Ref, marker: int) -> Citation:
        english = frame_language(self._language) == "en"
        if "." in ref.node:
            section = self._document.section(ref.node)
            label, path = section.label, section.heading_path
        else:
            chapter = self._document.chapter(int(ref.node))
            label, path = chapter.label, (chapter.heading,)
        if ref.sentences:
            sentences = [self._document.sentence(address) for address in ref.sentences]
            quote = "".join(sentence.text + sentence.tail for sentence in sentences).rstrip("\n")
            parts = [self._enrichment.english(address) for address in ref.sentences]
            translation = " ".join(part for part in parts if part) or None
        else:
            quote, translation = self._heading(ref.node), self._enrichment.title_english(ref.node)
        return Citation(
            marker=marker,
            document_id=self._document.id,
            section_id=ref.node,
            sentence_ids=ref.sentences,
            label=label,
            heading_path=path,
            quote=quote,
            translation=translation if english else None,
        )


def label_in(index: Index, node: str, language: str) -> str:
    """What a person reads for a section or chapter, in Chinese or (with a translated title) in English."""
    if frame_language(language) == "zh":
        return index.document.section(node).label if "." in node else index.document.chapter(int(node)).label
    translated = index.enrichment.title_english(node)
    if "." in node:
        section = index.document.section(node)
        place = section.label_en.partition(":")[0]
        return f"{place}: {translated}" if translated and section.chapter else section.label_en
    chapter = index.document.chapter(int(node))
    return f"Chapter {node}: {translated}" if translated else chapter.label_en


def suggestion(index: Index, node: str, query: Query) -> Suggestion:
    """A section to look at, with the question that it answers and that is nearest to the one asked, in its language."""
    lang = frame_language(query.language)
    asked = _terms(query.text, lang)
    options = [
        question
        for sentence in index.document.section(node).sentences
        if (notes := index.enrichment.sentences.get(sentence.address))
        for question in notes.questions.get(lang, ())
        if question not in (query.question, query.text)
    ]
    nearest = max(options, key=lambda question: len(asked & _terms(question, lang)), default="")
    return Suggestion(node, label_in(index, node, query.language), nearest)


@lru_cache(maxsize=4096)
def _terms(text: str, lang: str) -> frozenset[str]:
    return frozenset(chinese_terms(text) if lang == "zh" else english_terms(text))


def absence_text(query: Query, draft: Draft, index: Index) -> str:
    """Why there is no answer, in the question's language."""
    document, language = index.document, query.language
    reason = draft.reason or Reason.NOT_IN_DOCUMENT
    key, _, argument = draft.detail.partition(":")
    table = _wording()["absent"]
    years = sorted({year for section in document.sections() for year in target_years(section).values()})
    if key == "year" and not years:
        key = ""
    separator = "、" if frame_language(language) == "zh" else ", "
    here = next(
        (
            c
            for c in document.chapters
            if query.addresses and c.address == query.addresses[0].partition(".")[0]
        ),
        None,
    )
    values: Mapping[str, str] = {
        "slot": word("slot", query.slot, language),
        "year": separator.join(query.years),
        "years": separator.join(years),
        "place": argument,
        "argument": argument,
        "title": next((part for part in (f"《{t}》" for t in _titles(query.text))), ""),
        "chapters": str(len(document.chapters)),
        "sections": str(sum(1 for section in here.sections if section.number)) if here else "",
        "longest": str(LONGEST_QUESTION),
    }
    return word("absent", key if key in table else reason, language, **values)


def absent_part(part: Query, draft: Draft, index: Index) -> str:
    """A line that says what of several questions the document doesn't answer."""
    return word("absent", "part", part.language, part=part.text) + absence_text(part, draft, index)


def _titles(text: str) -> list[str]:
    return re.findall(r"《([^》]+)》", text)


def compose(query: Query, draft: Draft, index: Index) -> Answer:
    """The answer object of a draft, without checks and timings."""
    language = query.language
    if draft.status is Status.HELP:
        text = word("help", "text", language, title=index.document.title)
        return Answer(
            question=query.question,
            query=query.text,
            language=language,
            status=Status.HELP,
            reason=None,
            answer=text,
            confidence=1.0,
        )
    if draft.status is Status.ABSTAINED:
        return Answer(
            question=query.question,
            query=query.text,
            language=language,
            status=Status.ABSTAINED,
            reason=draft.reason,
            answer=absence_text(query, draft, index),
            suggestions=tuple(suggestion(index, node, query) for node in draft.near),
            confidence=round(draft.confidence, 3),
        )
    composer = Composer(index, language)
    text = composer.text(draft.lines)
    citations = composer.citations()
    asked = [suggestion(index, node, query) for node in draft.more]
    return Answer(
        question=query.question,
        query=query.text,
        language=language,
        status=draft.status,
        reason=draft.reason,
        answer=text,
        citations=citations,
        suggestions=tuple(suggestion(index, node, query) for node in draft.near)
        if draft.status is Status.PARTIAL
        else (),
        more_sections=tuple(asked),
        followups=tuple(one.question for one in asked if one.question),
        confidence=round(draft.confidence, 3),
    )
