"""A document's enrichment: unofficial translations, plain words, questions per sentence, gists per section.

Written beside the document, never quoted as the document. Loading and checking live here; `assistant.enrich`
writes the rows for other documents with a language model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from index.headings import NUMERAL, parse_numeral
from index.lexical import fold
from index.types import Document, SourceError

# What a sentence needs notes in, what it may have questions and words in besides, and what a section's gist is in.
NOTE_LANGUAGES = ("zh", "en")
SEARCH_LANGUAGES = ("ja", "ko", "fr", "de", "es")
GIST_LANGUAGES = (*NOTE_LANGUAGES, *SEARCH_LANGUAGES, "ru", "ar", "vi")


@dataclass(frozen=True, slots=True)
class SentenceNotes:
    """What was written for one sentence; `questions` and everyday index `words` by language."""

    english: str
    plain: str
    questions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    words: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class HeadingNotes:
    """What was written for a chapter or section; `gist` and index `words` by language, for sections only."""

    title_english: str
    gist: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    words: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Enrichment:
    """All notes of a document by address; empty for a document that has none."""

    sentences: Mapping[str, SentenceNotes] = field(default_factory=lambda: MappingProxyType({}))
    headings: Mapping[str, HeadingNotes] = field(default_factory=lambda: MappingProxyType({}))

    def english(self, address: str) -> str | None:
        """The unofficial English translation of a sentence, if there is one."""
        notes = self.sentences.get(address)
        return notes.english if notes else None

    def title_english(self, address: str) -> str | None:
        """The unofficial English title of a chapter or section, if there is one."""
        notes = self.headings.get(address)
        return notes.title_english if notes else None

    def translations(self) -> list[str]:
        """The unofficial English of all sentences and headings."""
        sentences = [notes.english for notes in self.sentences.values()]
        return [text for text in (*sentences, *(h.title_english for h in self.headings.values())) if text]


@dataclass(frozen=True, slots=True)
class Glossary:
    """Terms of a document with the English forms accepted for them, longest term first."""

    terms: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def load(cls, path: Path) -> Glossary:
        """Read `term | form; form` lines; # starts a comment. Empty when there is no such file."""
        if not path.exists():
            return cls(())
        rows = [
            line.partition("|")
            for line in path.read_text("utf-8").splitlines()
            if "|" in line and line[0] != "#"
        ]
        terms = [(term.strip(), tuple(form.strip() for form in forms.split(";"))) for term, _, forms in rows]
        return cls(tuple(sorted(terms, key=lambda term: -len(term[0]))))

    def missing(self, source: str, english: str) -> list[str]:
        """The terms of a source text that its English doesn't render by an accepted form."""
        lower = re.sub(r"[’‘]", "'", english.lower())
        lower = re.sub(r"[–—‑]", "-", lower)
        missing = []
        for term, forms in self.terms:
            if term in source:
                # A term inside a longer one has been dealt with: 国际标准 in 国际标准化.
                source = source.replace(term, "\0")
                if not any(re.sub(r"[–—‑]", "-", form.lower()) in lower for form in forms):
                    missing.append(term)
        return missing


def beside(source: Path, ending: str) -> Path:
    """A file that belongs to a source file and lies beside it: `<id>.<ending>`."""
    return source.with_name(f"{source.name.removesuffix('.txt').removesuffix('.raw')}.{ending}")


def enrichment_path(source: Path) -> Path:
    """Where the enrichment of a source file lies: `<id>.enrichment.jsonl` beside it."""
    return beside(source, "enrichment.jsonl")


def glossary_path(source: Path) -> Path:
    """Where the glossary of a source file lies: `<id>.glossary.txt` beside it."""
    return beside(source, "glossary.txt")


def load_enrichment(path: Path) -> Enrichment:
    """Read enrichment rows; an empty Enrichment when there is no such file.

    Raises:
        SourceError: a row is not of the form; the message names file and line.
    """
    if not path.exists():
        return Enrichment()
    rows = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            rows.append(json.loads(line))
        except ValueError as error:
            raise SourceError(
                f"{path.name} 第 {number} 行不是 JSON。 {path.name}:{number}: {error}"
            ) from None
    return enrichment_of(rows, name=path.name)


def enrichment_of(rows: Iterable[Mapping[str, object]], *, name: str = "enrichment") -> Enrichment:
    """Enrichment from rows as they stand in the file.

    Raises:
        SourceError: a field is missing or of the wrong type.
    """
    sentences: dict[str, SentenceNotes] = {}
    headings: dict[str, HeadingNotes] = {}
    for number, row in enumerate(rows, start=1):
        try:
            address = _text(row["address"])
            _check_new(address, sentences, headings)
            words = _lists(row.get("words", {}))
            if "#" in address:
                questions = _lists(row.get("questions", {}))
                sentences[address] = SentenceNotes(_text(row["en"]), _text(row["plain"]), questions, words)
            else:
                gist = {language: _text(text) for language, text in _mapping(row.get("gist", {})).items()}
                headings[address] = HeadingNotes(_text(row["title_en"]), gist, words)
        except (KeyError, TypeError, ValueError) as error:
            raise SourceError(f"{name} 第 {number} 行有误。 {name}:{number}: {error!r}") from None
    return Enrichment(MappingProxyType(sentences), MappingProxyType(headings))


def _check_new(address: str, *taken: Mapping[str, object]) -> None:
    if any(address in notes for notes in taken):
        raise ValueError(f"address {address} stands twice")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"not a text: {value!r}")
    return value.strip()


def _lists(value: object) -> Mapping[str, tuple[str, ...]]:
    return {language: _texts(texts) for language, texts in _mapping(value).items()}


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"not a list: {value!r}")
    return tuple(_text(item) for item in value)


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"not an object: {value!r}")
    return value


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found in an enrichment row."""

    address: str
    field: str
    problem: str


# Binding words: how strongly a sentence commits. What is only encouraged or explored may not become a duty.
_FORCE = (
    ("鼓励", ("鼓励",), r"encourag"),
    ("探索", ("探索", "试着", "摸索", "尝试"), r"explor|tentative|experiment"),
    ("支持", ("支持", "帮", "扶持"), r"support|back"),
    ("引导", ("引导", "带动", "带着"), r"guid|steer"),
)
_DUTY_ZH = re.compile(r"必须|务必|强制|一律|不得")
_DUTY_EN = re.compile(r"\b(?:must|shall|mandatory|compulsory|obliged to|required to)\b", re.IGNORECASE)
# A digit beside a Latin letter is part of a name (5G, CO2, 5A); an ordinal (39th) is a number.
_NUMBER = re.compile(r"(?<![a-z\d])\d+(?:\.\d+)?%?(?!\d|(?!st\b|nd\b|rd\b|th\b)[a-z])")
_NAMED = re.compile(r"《[^》]+》")


def check_enrichment(document: Document, enrichment: Enrichment, glossary: Glossary) -> list[Finding]:
    """All that doesn't agree between an enrichment and its document, in document order; empty if well."""
    findings: list[Finding] = []
    for section in document.sections():
        heading = enrichment.headings.get(section.address)
        if heading is None:
            findings.append(Finding(section.address, "title_en", "missing"))
        elif missing_gists := [language for language in GIST_LANGUAGES if language not in heading.gist]:
            findings.append(Finding(section.address, "gist", f"missing {', '.join(missing_gists)}"))
        for sentence in section.sentences:
            notes = enrichment.sentences.get(sentence.address)
            if notes is None:
                findings.append(Finding(sentence.address, "row", "missing"))
            else:
                findings += check_notes(sentence.address, sentence.text, notes, glossary)
    findings += [
        Finding(chapter.address, "title_en", "missing")
        for chapter in document.chapters
        if chapter.heading and chapter.address not in enrichment.headings
    ]
    known = {chapter.address for chapter in document.chapters}
    unknown = [
        a for a in (*enrichment.sentences, *enrichment.headings) if a not in known and not document.has(a)
    ]
    return findings + [Finding(address, "address", "not in the document") for address in unknown]


def check_notes(address: str, source: str, notes: SentenceNotes, glossary: Glossary) -> list[Finding]:
    """What disagrees between a sentence and its notes: numbers, named titles, force, glossary, questions."""
    findings: list[Finding] = []
    for name, text in (("en", notes.english), ("plain", notes.plain)):
        lost = _numbers(source) - _numbers(text)
        invented = _numbers(text) - _numbers(source) - (_spelled_out(source) if name == "en" else set())
        findings += [Finding(address, name, f"number {number} is lost") for number in sorted(lost)]
        findings += [
            Finding(address, name, f"number {number} is not in the sentence") for number in sorted(invented)
        ]
    findings += [
        Finding(address, "plain", f"{title} is lost")
        for title in _NAMED.findall(source)
        if title not in notes.plain
    ]
    for word, plain_words, english_words in _FORCE:
        if word in source and not any(plain in notes.plain for plain in plain_words):
            findings.append(Finding(address, "plain", f"{word} is lost"))
        if word in source and not re.search(english_words, notes.english, re.IGNORECASE):
            findings.append(Finding(address, "en", f"{word} is lost"))
    if not _DUTY_ZH.search(source):
        findings += [Finding(address, "plain", f"{m} strengthens") for m in _DUTY_ZH.findall(notes.plain)]
        findings += [Finding(address, "en", f"{m} strengthens") for m in _DUTY_EN.findall(notes.english)]
    findings += [
        Finding(address, "en", f"glossary: {term}") for term in glossary.missing(source, notes.english)
    ]
    return findings + _search_findings(address, source, notes)


def _search_findings(address: str, source: str, notes: SentenceNotes) -> list[Finding]:
    """What is wrong with the questions and the words: gaps, repetitions, languages, numbers of the questions."""
    findings = [
        Finding(address, f"questions.{language}", "missing")
        for language in NOTE_LANGUAGES
        if language not in notes.questions
    ]
    for name, by_language in (("questions", notes.questions), ("words", notes.words)):
        for language, texts in by_language.items():
            place = f"{name}.{language}"
            if language not in GIST_LANGUAGES:
                findings.append(Finding(address, place, "not a language of the notes"))
            if not texts:
                findings.append(Finding(address, place, "missing"))
            if len({fold(text) for text in texts}) < len(texts):
                findings.append(Finding(address, place, "the same one stands twice"))
    known = _numbers(source) | _YEARS_OF_TARGETS | _spelled_out(source)
    # 60 Prozent, 60パーセント
    known |= {number.removesuffix("%") for number in known}
    return findings + [
        Finding(
            address, f"questions.{language}", f"number {number} in “{question}” is not in the section's words"
        )
        for language, questions in notes.questions.items()
        for question in questions
        for number in sorted(_numbers(question) - known)
    ]


# A question may name the year of the target that its sentence stands under.
_YEARS_OF_TARGETS = {"2025", "2035"}


def _numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(re.sub(r"(?<=\d)(?:,(?=\d{3})|\s+(?=%))", "", fold(text))))


def _spelled_out(source: str) -> set[str]:
    """Arabic forms that a translation may give for numerals and dates written out in Chinese."""
    return {str(parse_numeral(numeral)) for numeral in re.findall(f"{NUMERAL}+", source)}
