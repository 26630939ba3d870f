"""Nodes that a question names by their subject: the chapter on industry, 讲养老的那一节."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from index.enrich import Enrichment
from index.lexical import english_terms, fold
from index.types import Chapter, Document, Section

# What is found in a node's own title, in the titles of its sections and in its text counts so much.
_SHARES = (1.0, 0.8, 0.3)


def described(
    subject: Sequence[str], unit: str, document: Document, enrichment: Enrichment, *, by_title: bool = False
) -> str:
    """The chapter or section (`unit`) whose title, or else whose text, is about a subject; "" where none is.

    With `by_title` only one in whose title, or its sections', something of the subject stands.

    What is compared are pairs of characters and English stems of the translations. Each counts once, where it tells most:
    in the node's own title, in those of its sections, or in its text, there the more the oftener; and the more the fewer
    nodes have it. Of equals the node with the shortest title is taken. A subject of single characters (钱) is compared by them.
    """
    pieces = {piece for stretch in subject for piece in _pieces(stretch)} or {*map(fold, subject)}
    nodes = _nodes(unit, document, _translated(document, enrichment))
    weights = [
        {
            piece: share * weight
            for piece, weight in _weights(pieces, [node[level] for node in nodes.values()])
        }
        for level, share in enumerate(_SHARES)
    ]

    def rank(address: str) -> tuple[float, int]:
        own, inside, text = nodes[address]
        told = (
            max(
                weights[0].get(piece, 0.0) * (piece in own),
                weights[1].get(piece, 0.0) * (piece in inside),
                weights[2].get(piece, 0.0) * math.log1p(text[piece]),
            )
            for piece in pieces
        )
        return sum(told), -len(nodes[address][0])

    if by_title:
        nodes = {
            address: node for address, node in nodes.items() if not pieces.isdisjoint({*node[0], *node[1]})
        }
    best = max(nodes, key=rank, default="")
    return best if best and rank(best)[0] > 0 else ""


def _weights(pieces: AbstractSet[str], of_nodes: Sequence[Counter[str]]) -> Iterator[tuple[str, float]]:
    """How much pieces tell of a node: the logarithm of how many times as many nodes there are as have them."""
    for piece in pieces:
        if found := sum(piece in own for own in of_nodes):
            yield piece, math.log(len(of_nodes) / found)


def _pieces(text: str) -> list[str]:
    """What is compared of a text: its English stems and its pairs of Chinese characters."""
    folded = fold(text)
    han = [word for word in folded.split() if not word.isascii()]
    pairs = [word[at : at + 2] for word in han for at in range(len(word) - 1)]
    return [*english_terms(folded), *pairs]


def _translated(document: Document, enrichment: Enrichment) -> tuple[tuple[str, str], ...]:
    nodes = [chapter.address for chapter in document.chapters] + [s.address for s in document.sections()]
    titles = [(node, enrichment.title_english(node) or "") for node in nodes]
    return (*titles, *((s.address, enrichment.english(s.address) or "") for s in document.sentences()))


@lru_cache(maxsize=8)
def _nodes(
    unit: str, document: Document, translated: tuple[tuple[str, str], ...]
) -> dict[str, tuple[Counter[str], Counter[str], Counter[str]]]:
    """For every node of a unit the pieces of its own title, of its sections' titles and of its text."""
    english = dict(translated)

    def of(texts: Sequence[tuple[str, str]]) -> Counter[str]:
        found = Counter(piece for text, node in texts for piece in _pieces(f"{text} {english.get(node, '')}"))
        found.update(character for text, _ in texts for character in fold(text))
        return found

    def entry(
        node: Chapter | Section, sections: Sequence[Section]
    ) -> tuple[Counter[str], Counter[str], Counter[str]]:
        sentences = [(x.text, x.address) for section in sections for x in section.sentences]
        titles = [(section.title, section.address) for section in sections]
        return of([(node.title, node.address)]), of(titles), of(sentences)

    if unit == "chapters":
        return {c.address: entry(c, c.sections) for c in document.chapters}
    return {s.address: entry(s, [s]) for c in document.chapters for s in c.sections}
