"""Document + enrichment → passages. A passage never crosses a section and never exceeds the token budget."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from index.enrich import Enrichment
from index.types import Document, Passage, PassageKind, Section, Sentence

Fits = Callable[[str], bool]
_CLAUSE = re.compile(r"[^，、；,;]*[，、；,;]|[^，、；,;]+$")
_TARGET_YEAR = re.compile(r"^到(\d{4})年")


def passages_of(document: Document, enrichment: Enrichment, *, fits: Fits) -> list[Passage]:
    """All passages in document order.

    `fits` tells whether a text is within the budget of both tiktoken and the embedding model. A section or
    sentence that is too long becomes several passages of the same address; an enrichment text that is too
    long likewise.
    """
    passages: list[Passage] = []
    for section in document.sections():
        path = _shortened(section.heading_path, end="\n", fits=fits)
        pieces = [sentence.text + sentence.tail for sentence in section.sentences]
        for text in _packed(pieces, prefix=path, fits=fits):
            passages.append(_passage(PassageKind.SECTION, section.address, len(passages), path + text))
        for sentence in section.sentences:
            own_context = context_of(section, sentence)
            context = _shortened([part for part in (section.title, *own_context) if part], end=" ", fits=fits)
            for text in _packed([sentence.text], prefix=context, fits=fits):
                passages.append(
                    Passage(
                        id=f"{len(passages):06d}",
                        kind=PassageKind.SENTENCE,
                        address=sentence.address,
                        text=context + text,
                        keywords=" ".join((*own_context, text)),
                    )
                )
    for address, kind, language, note in _notes(document, enrichment):
        for text in _packed([note], prefix="", fits=fits):
            passages.append(_passage(kind, address, len(passages), text, language))
    return passages


def target_years(section: Section) -> dict[str, str]:
    """The target year that each sentence of a section stands under, by address.

    A sentence that opens with 到2025年 governs those after it until the next such sentence; a sentence under
    none has no entry.
    """
    years: dict[str, str] = {}
    year = ""
    for sentence in section.sentences:
        if match := _TARGET_YEAR.match(sentence.text):
            year = match[1]
        if year:
            years[sentence.address] = year
    return years


def context_of(section: Section, sentence: Sentence) -> tuple[str, ...]:
    """What a sentence needs to be understood alone: the target year it stands under and its item's lead."""
    year = target_years(section).get(sentence.address)
    context = [f"到{year}年"] if year and not sentence.text.startswith(f"到{year}年") else []
    if sentence.item and not sentence.is_lead:
        context += [
            other.text for other in section.sentences if other.item == sentence.item and other.is_lead
        ]
    return tuple(context)


def _shortened(parts: Sequence[str], *, end: str, fits: Fits) -> str:
    """The innermost of the parts, as many as leave half of the budget to the text, and `end` after them."""
    for start in range(len(parts)):
        context = " ".join(parts[start:]) + end
        if fits(context + context):
            return context
    return ""


def _passage(kind: PassageKind, address: str, at: int, text: str, language: str = "zh") -> Passage:
    return Passage(id=f"{at:06d}", kind=kind, address=address, text=text, keywords=text, language=language)


def _notes(document: Document, enrichment: Enrichment) -> Iterator[tuple[str, PassageKind, str, str]]:
    for section in document.sections():
        if heading := enrichment.headings.get(section.address):
            yield section.address, PassageKind.GIST, "en", heading.title_english
            for language, gist in heading.gist.items():
                yield section.address, PassageKind.GIST, language, gist
            for language, words in heading.words.items():
                yield section.address, PassageKind.WORDS, language, " ".join(words)
        for sentence in section.sentences:
            if notes := enrichment.sentences.get(sentence.address):
                yield sentence.address, PassageKind.ENGLISH, "en", notes.english
                yield sentence.address, PassageKind.PLAIN, "zh", notes.plain
                for language, questions in notes.questions.items():
                    for question in questions:
                        yield sentence.address, PassageKind.QUESTION, language, question
                for language, words in notes.words.items():
                    yield sentence.address, PassageKind.WORDS, language, " ".join(words)


def _packed(pieces: Iterable[str], *, prefix: str, fits: Fits) -> Iterator[str]:
    """Join neighbouring pieces into texts that fit with the prefix; split a piece that doesn't fit alone."""
    text = ""
    for piece in pieces:
        if text and not fits(prefix + text + piece):
            yield text.strip()
            text = ""
        if not text and not fits(prefix + piece):
            *whole, text = _split(piece, prefix=prefix, fits=fits)
            yield from whole
        else:
            text += piece
    if text.strip():
        yield text.strip()


def _split(piece: str, *, prefix: str, fits: Fits) -> list[str]:
    """Parts of one over-long piece that fit: at clause ends, and by halves where a clause is too long."""
    clauses = _CLAUSE.findall(piece)
    if len(clauses) > 1:
        return list(_packed(clauses, prefix=prefix, fits=fits)) or [piece]
    middle = len(piece) // 2
    if not middle:
        return [piece]
    return [
        part
        for half in (piece[:middle], piece[middle:])
        for part in _packed([half], prefix=prefix, fits=fits)
    ]
