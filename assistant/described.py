"""Nodes that a question names by their subject: the chapter on industry, 讲养老的那一节."""

from __future__ import annotations

from collections.abc import Sequence

from index.enrich import Enrichment
from index.lexical import english_terms, fold
from index.types import Chapter, Document, Section


def described(subject: Sequence[str], unit: str, document: Document, enrichment: Enrichment) -> str:
    """The chapter or section (`unit`) whose heading, or else whose text, is about a subject; "" where none is.

    The node with the most words of the subject in its own heading (the shortest of those), then in those of its
    sections, then in its text.
    """
    nodes: list[tuple[str, list[Section]]]
    if unit == "chapters":
        nodes = [(chapter.address, list(chapter.sections)) for chapter in document.chapters]
    else:
        nodes = [(s.address, [s]) for chapter in document.chapters for s in chapter.sections]
    words = [word for stretch in subject for word in fold(stretch).split()]

    def rank(node: tuple[str, list[Section]]) -> tuple[int, ...]:
        address, sections = node
        own = _heading(address, document)
        inside = " ".join(section.heading for section in sections)
        text = " ".join(sentence.text for section in sections for sentence in section.sentences)
        titles = " ".join(enrichment.title_english(section.address) or "" for section in sections)
        english = " ".join(
            enrichment.english(sentence.address) or ""
            for section in sections
            for sentence in section.sentences
        )
        in_title = _found(words, own, enrichment.title_english(address) or "")
        return (
            in_title,
            -len(own) if in_title else 0,
            _found(words, inside, titles),
            _times(words, text, english),
        )

    best = max(nodes, key=rank, default=None)
    return best[0] if best and any(part > 0 for part in rank(best)) else ""


def _heading(address: str, document: Document) -> str:
    node: Chapter | Section = document.section(address) if "." in address else document.chapter(int(address))
    return node.heading


def _found(words: Sequence[str], chinese: str, english: str) -> int:
    """How many of the words stand in a text, English ones by their stems in its translation."""
    stems = {*english_terms(english)}
    return sum(word in fold(chinese) or bool({*english_terms(word)} & stems) for word in words)


def _times(words: Sequence[str], chinese: str, english: str) -> int:
    stems = english_terms(english)
    wanted = {stem for word in words for stem in english_terms(word)}
    return sum(fold(chinese).count(word) for word in words) + sum(stem in wanted for stem in stems)
