"""The values that the index package passes around: frozen, slotted, free of what needs an engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class IndexingError(Exception):
    """Anything that stops a document from being read, indexed or searched.

    IndexingError
     ├── SourceError      the source file is empty, binary or not UTF-8
     ├── AddressError     no node or sentence has the given address
     ├── ModelError       the embedding model can't be loaded
     └── StoreError       the vector store can't be reached or is damaged

    The message is one line, Chinese first and English after it, fit for a reader of the command line.
    """


class SourceError(IndexingError):
    """The source file is empty, binary or not UTF-8."""


class AddressError(IndexingError):
    """No node or sentence has the given address."""


class ModelError(IndexingError):
    """The embedding model can't be loaded."""


class StoreError(IndexingError):
    """The vector store can't be reached or is damaged."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One flaw of the extracted text that was mended.

    `line` and `column` are 1-based and point into the raw text; `kind` is `radical`, `line-break`, `space`,
    `punctuation` or `erratum`; `reason` is set for errata only.
    """

    kind: str
    line: int
    column: int
    before: str
    after: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence. `text` + `tail` of all sentences of a section, joined in order, are the section's text.

    `number` is 1-based within the section; `item` is 0 outside —— items, otherwise the 1-based number of the
    item in its section; `is_lead` marks the sentence that opens an item; `tail` is the line break after it,
    if any.
    """

    address: str
    number: int
    text: str
    tail: str = ""
    item: int = 0
    is_lead: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered section, a front part (chapter 0), or a chapter's text before its first section (0)."""

    address: str
    chapter: int
    number: int
    numeral: str
    title: str
    label: str
    label_en: str
    heading_path: tuple[str, ...]
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """The section's text without its heading."""
        return "".join(sentence.text + sentence.tail for sentence in self.sentences)

    @property
    def heading(self) -> str:
        """The heading as it stands in the document, e.g. `（三）发展目标`; empty when it has none."""
        return self.heading_path[-1] if self.heading_path else ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter; `heading` is what stands in the document, e.g. `一、总体要求`; empty if implied."""

    number: int
    numeral: str
    title: str
    heading: str
    sections: tuple[Section, ...]

    @property
    def address(self) -> str:
        """The chapter's number as text."""
        return str(self.number)

    @property
    def label(self) -> str:
        """What a person reads for the chapter."""
        return self.heading or "正文"

    @property
    def label_en(self) -> str:
        """The English counterpart of `label`, without a translated title."""
        return f"Chapter {self.number}: {self.title}" if self.title else f"Chapter {self.number}"


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: front parts (chapter 0) and chapters, every sentence under a stable address.

    `issued` and `published` are ISO dates or empty; `sha256` is that of the source file's bytes;
    `text` is all headings and sections, a line each; `bigrams` are the pairs of neighbouring characters that stand there
    more than once.
    """

    id: str
    title: str
    issued: str
    published: str
    sha256: str
    front: tuple[Section, ...]
    chapters: tuple[Chapter, ...]
    warnings: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()
    _sections: Mapping[str, Section] = field(init=False, repr=False, compare=False)
    _sentences: Mapping[str, Sentence] = field(init=False, repr=False, compare=False)
    text: str = field(init=False, repr=False, compare=False)
    bigrams: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        sections = {section.address: section for section in self.sections()}
        object.__setattr__(self, "_sections", sections)
        sentences = {
            sentence.address: sentence for section in sections.values() for sentence in section.sentences
        }
        object.__setattr__(self, "_sentences", sentences)
        texts = [text for section in sections.values() for text in (*section.heading_path, section.text)]
        object.__setattr__(self, "text", "\n".join(texts))
        pairs = Counter(text[at : at + 2] for text in texts for at in range(len(text) - 1))
        bigrams = frozenset(pair for pair, times in pairs.items() if times > 1)
        object.__setattr__(self, "bigrams", bigrams)

    def __hash__(self) -> int:
        """That of the source: what is read off a document is remembered under it."""
        return hash(self.sha256)

    def sections(self) -> Iterator[Section]:
        """All sections in document order, front parts first."""
        yield from self.front
        for chapter in self.chapters:
            yield from chapter.sections

    def sentences(self) -> Iterator[Sentence]:
        """All sentences in document order."""
        return iter(self._sentences.values())

    def section(self, address: str) -> Section:
        """The section at `C.S`.

        Raises:
            AddressError: there is none.
        """
        try:
            return self._sections[address]
        except KeyError:
            raise AddressError(f"没有地址 {address} 的节。 No section has the address {address}.") from None

    def section_of(self, sentence_address: str) -> Section:
        """The section that holds the sentence `C.S#N`."""
        return self.section(sentence_address.partition("#")[0])

    def sentence(self, address: str) -> Sentence:
        """The sentence at `C.S#N`.

        Raises:
            AddressError: there is none.
        """
        try:
            return self._sentences[address]
        except KeyError:
            raise AddressError(
                f"没有地址 {address} 的句子。 No sentence has the address {address}."
            ) from None

    def chapter(self, number: int) -> Chapter:
        """The chapter with this number.

        Raises:
            AddressError: there is none.
        """
        for chapter in self.chapters:
            if chapter.number == number:
                return chapter
        raise AddressError(f"没有第 {number} 章。 There is no chapter {number}.")

    def has(self, address: str) -> bool:
        """Whether a section or a sentence has this address."""
        return address in self._sections or address in self._sentences


class PassageKind(StrEnum):
    """What a passage is made of. Only `section` and `sentence` passages hold the document's own words."""

    SECTION = "section"
    SENTENCE = "sentence"
    ENGLISH = "english"
    PLAIN = "plain"
    QUESTION = "question"
    GIST = "gist"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Passage:
    """A unit of retrieval.

    `address` is the section or sentence that it stands for; `text` is what is embedded (with its heading path
    as context), `keywords` what the keyword leg sees.
    """

    id: str
    kind: PassageKind
    address: str
    text: str
    keywords: str
    language: str = "zh"

    @property
    def section(self) -> str:
        """The address of the section that the passage belongs to."""
        return self.address.partition("#")[0]


@dataclass(frozen=True, slots=True)
class Scored:
    """A section or a sentence with its fused score (0 and up, larger is better) and each leg's raw score."""

    address: str
    score: float
    legs: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a search found: sections and sentences, best first.

    `unknown` is the share, 0 to 1, of the query's terms that neither the document nor its enrichment has; `known` is
    what the document's question bank tells of the query (`index.bank.SIGNS`), () where there is none.
    """

    query: str
    sections: tuple[Scored, ...]
    sentences: tuple[Scored, ...]
    unknown: float = 0.0
    known: tuple[float, ...] = ()
