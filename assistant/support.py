"""What a statement may draw on: its sentences, read into clauses, words, numbers and binding words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from assistant.guard_words import table
from assistant.quantities import Quantity, quantities
from index.build import Index
from index.chunk import target_years
from index.lexical import english_terms
from index.lexical import fold as fold_once
from index.types import Document, Section, Sentence

CHINESE_RUN = re.compile(r"[\u3400-\u9fff〇]+")
SENTENCE_ENDS = re.compile(r"[。;；!?\n]+|\.(?!\d)")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?")
_CLAUSE_ENDS = {
    "zh": re.compile(r"[,，、;；。:：!！?？\n]+"),
    "en": re.compile(r"[,;:!?\n]+|\.(?!\d)|\b(?:and|while|whereas|but|as well as)\b"),
}
# Words that a clause must share with one of the evidence to be taken for its restatement.
_LEAST_SHARED = 2
_TERM = 4
_SPELLING = (
    (re.compile(r"isation"), "ization"),
    (re.compile(r"(?<=al|an|rd|gn|im|rn|it|on|er|il)is(e[sd]?|ing)\b"), r"iz\1"),
    (re.compile(r"\bcentre"), "center"),
    (re.compile(r"programme"), "program"),
    (re.compile(r"our(?=ed|ing|s?\b)"), "or"),
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of a sentence: its words, its numbers, the binding words that govern it, its target year."""

    terms: frozenset[str]
    quantities: tuple[Quantity, ...]
    forces: frozenset[str]
    year: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a statement may draw on.

    `sources` are the named sentences and `translations` their English, both normalised; `vocabulary` is every
    text whose words the statement may use, in the statement's language; `clauses` are those of the sentences
    in that language; `years` maps a named sentence to the target year that it stands under.
    """

    language: str
    sources: tuple[str, ...]
    translations: tuple[str, ...]
    vocabulary: tuple[str, ...]
    clauses: tuple[Clause, ...]
    years: dict[str, str]

    @property
    def own(self) -> tuple[str, ...]:
        """The named sentences in the statement's language."""
        return self.sources if self.language == "zh" else self.translations

    @classmethod
    def of(cls, ids: Sequence[str], language: str, index: Index) -> Evidence:
        """What the sentences at these addresses give a statement in this language."""
        document, enrichment = index.document, index.enrichment
        sentences = [document.sentence(id_) for id_ in ids]
        sections = [document.section_of(id_) for id_ in ids]
        pairs = list(zip(sections, sentences, strict=True))
        years = {s.address: year for section, s in pairs if (year := target_years(section).get(s.address))}
        leads = [lead for section, s in pairs if (lead := _lead(section, s))]
        openings = [
            document.sentence(found) for section, s in pairs if (found := opening_of(section, s.address))
        ]
        around = [*sentences, *leads, *openings]
        notes = [enrichment.sentences[s.address] for s in around if s.address in enrichment.sentences]
        sources = tuple(normal(sentence.text, "zh") for sentence in sentences)
        english = [normal(enrichment.english(id_) or "", "en") for id_ in ids]
        if language == "zh":
            vocabulary = [sentence.text for sentence in around] + [note.plain for note in notes]
            vocabulary += [
                document.title,
                *(heading for section in sections for heading in section.heading_path),
            ]
        else:
            nodes = [node for section in sections for node in (section.address, str(section.chapter))]
            vocabulary = [note.english for note in notes]
            vocabulary += [title for node in nodes if (title := enrichment.title_english(node))]
        texts = zip(ids, sources if language == "zh" else english, strict=True)
        return cls(
            language=language,
            sources=sources,
            translations=tuple(text for text in english if text),
            vocabulary=tuple(normal(text, language) for text in vocabulary),
            clauses=tuple(
                clause for id_, text in texts for clause in clauses(text, language, years.get(id_, ""))
            ),
            years=years,
        )

    def closest(self, piece: Clause) -> list[Clause]:
        """The clauses that share most words with one of a statement; none where hardly any are shared."""
        scored = [(len(piece.terms & clause.terms), clause) for clause in self.clauses]
        best = max((score for score, _ in scored), default=0)
        return [clause for score, clause in scored if score == best] if best >= _LEAST_SHARED else []


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """`index.lexical.fold`, remembered: the same sentences are looked at for every statement."""
    return fold_once(text)


@lru_cache(maxsize=4096)
def normal(text: str, language: str) -> str:
    """A text as the guards compare it: folded, quotation marks and dashes plain, American spelling."""
    folded = re.sub(r"[’‘]", "'", fold(text))
    if language == "zh":
        return re.sub(r"(?<=[\u3400-\u9fff\d])\s+(?=[\u3400-\u9fff\d])", "", folded)
    folded = re.sub(r"[–—‑‐]", "-", folded)
    for pattern, replacement in _SPELLING:
        folded = pattern.sub(replacement, folded)
    return folded


def _lead(section: Section, sentence: Sentence) -> Sentence | None:
    """The sentence that opens the item which a sentence belongs to."""
    if not sentence.item or sentence.is_lead:
        return None
    return next((other for other in section.sentences if other.item == sentence.item and other.is_lead), None)


def opening_of(section: Section, address: str) -> str:
    """The address of the sentence that gives a sentence its target year; "" if none or itself does."""
    year = target_years(section).get(address)
    own = next(sentence for sentence in section.sentences if sentence.address == address)
    found = ""
    for sentence in section.sentences[: own.number]:
        if year and re.match(rf"\W*到?{year}年", sentence.text):
            found = sentence.address
    return "" if found == address else found


def clauses(text: str, language: str, year: str = "") -> Iterator[Clause]:
    """The clauses of a text; a binding word such as 鼓励 reaches over those after it, up to another one."""
    for sentence in SENTENCE_ENDS.split(text):
        reach: frozenset[str] = frozenset()
        for piece in _CLAUSE_ENDS[language].split(sentence):
            if not piece.strip():
                continue
            own = forces_in(piece, language)
            if _purpose().match(piece):
                # 围绕支持…，: what it is for, not what is done.
                own = own & {"duty", "ensure"}
            reach = (own & set(table("force")["reaching"])) if own else reach
            own_years = [str(q.value) for q in quantities(piece, language) if q.unit == "calendar"]
            yield Clause(
                _terms(piece, language), quantities(piece, language), own | reach, (own_years or [year])[0]
            )


@lru_cache(maxsize=8192)
def _terms(text: str, language: str) -> frozenset[str]:
    if language == "en":
        return frozenset(english_terms(text))
    return frozenset(run[at : at + 2] for run in CHINESE_RUN.findall(text) for at in range(len(run) - 1))


@cache
def _purpose() -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{table('purpose')['any']})")


@cache
def force_patterns(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The pattern of every class of binding words."""
    return tuple(
        (name, re.compile(entry[language]))
        for name, entry in table("force").items()
        if isinstance(entry, dict)
    )


@lru_cache(maxsize=8192)
def forces_in(text: str, language: str) -> frozenset[str]:
    """The classes of binding words that a text has."""
    return frozenset(name for name, pattern in force_patterns(language) if pattern.search(text))


def words_of(text: str) -> list[str]:
    """The English words and numbers of a normalised text."""
    return [word.removesuffix("'s") for word in _WORD.findall(text)]


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """The stem of an English word; a stop word is its own."""
    return (english_terms(word) or [word])[0]


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A document under its hash, so that what is read off it can be remembered."""

    sha256: str
    document: Document = field(compare=False)


def document_terms(document: Document) -> frozenset[str]:
    """Runs of four Chinese characters that stand in the document more than once."""
    return _terms_of(_Keyed(document.sha256, document))


@lru_cache(maxsize=8)
def _terms_of(keyed: _Keyed) -> frozenset[str]:
    counts: dict[str, int] = {}
    for sentence in keyed.document.sentences():
        for gram in grams(normal(sentence.text, "zh")):
            counts[gram] = counts.get(gram, 0) + 1
    return frozenset(gram for gram, count in counts.items() if count > 1)


def grams(text: str) -> Iterator[str]:
    """Every run of four Chinese characters of a text."""
    for run in CHINESE_RUN.findall(text):
        for at in range(len(run) - _TERM + 1):
            yield run[at : at + _TERM]
