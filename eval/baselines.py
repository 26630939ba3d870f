"""Floors and ceilings: simpler systems scored on the same questions by the same rules as the assistant.

Each baseline is a function from an item to an answer object, so the metrics can't tell it from the assistant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from assistant.types import Answer, Citation, Reason, Status
from eval.dataset import STRUCTURE, Item
from eval.run import Record
from eval.scoring import Score, score
from eval.summary import estimate
from index.lexical import fold
from index.retrieve import LEGS
from index.types import Document, Ranking, Scored, Section

if TYPE_CHECKING:
    from assistant.pipeline import Assistant

Progress = Callable[[int, int], None]
Scores = npt.NDArray[np.float32]
_CHUNK, _OVERLAP, _TOP = 500, 50, 4
_SEPARATORS = ("\n\n", "\n", " ", "")
KEYWORDS = "words.sentence"
EMBEDDING = "dense.sentence"


def matrix(
    assistant: Assistant, records: Sequence[Record], *, progress: Progress | None = None
) -> dict[str, dict[str, dict[str, Any]]]:
    """By split and system: strict correctness, whole and by answerability, and section recall.

    The questions as written are scored, variants left out; a follow-up reaches a baseline as the assistant's
    own rewrite, so that the history alone doesn't decide.
    """
    base = [record for record in records if not record.item.variant]
    systems = _Systems(assistant)
    verdicts: dict[str, dict[str, list[tuple[Record, Score]]]] = {}
    for done, record in enumerate(base, start=1):
        for name, verdict in systems.verdicts(record):
            verdicts.setdefault(record.split, {}).setdefault(name, []).append((record, verdict))
        if progress:
            progress(done, len(base))
    return {
        split: {name: _row(pairs) for name, pairs in by_system.items()}
        for split, by_system in verdicts.items()
    }


def _row(pairs: Sequence[tuple[Record, Score]]) -> dict[str, Any]:
    def estimated(value: Callable[[Item, Score], float | None]) -> dict[str, Any]:
        found = [(value(record.item, verdict), record.item.cluster) for record, verdict in pairs]
        defined = [(v, cluster) for v, cluster in found if v is not None]
        return estimate([v for v, _ in defined], [cluster for _, cluster in defined])

    return {
        "strict": estimated(lambda _item, verdict: verdict.strict),
        "answerable": estimated(lambda item, verdict: verdict.strict if item.answerable else None),
        "unanswerable": estimated(lambda item, verdict: verdict.strict if item.answerable is False else None),
        "recall@1": estimated(lambda _item, verdict: verdict.values["recall@1"]),
        "recall@5": estimated(lambda _item, verdict: verdict.values["recall@5"]),
    }


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A piece of the text, cut without regard to its structure, and the sections that it touches."""

    text: str
    sections: tuple[str, ...]


class _Systems:
    """All baselines over one opened index."""

    def __init__(self, assistant: Assistant) -> None:
        index = assistant.index
        self._document = index.document
        self._retriever = index.retriever
        self._sentences = [sentence.address for sentence in index.document.sentences()]
        self._chunks = chunks_of(index.document)
        self._vectors = index.retriever.embedder.encode_document([fold(chunk.text) for chunk in self._chunks])

    def verdicts(self, record: Record) -> list[tuple[str, Score]]:
        """Name and verdict of each baseline for a record, the assistant itself among them."""
        item, document = record.item, self._document
        query = record.answer.query or item.question
        legs = self._retriever.leg_scores(query)
        nothing = _abstain(query)
        found = [("always abstain", score(item, nothing, document, Ranking(query, (), ())))]
        for name, leg in (("keyword top-1", KEYWORDS), ("embedding top-1", EMBEDDING)):
            found.append((name, self._top_sentence(item, query, legs[:, LEGS.index(leg)])))
        found.append(("plain LangChain recipe", self._recipe(item, query)))
        for at, leg in enumerate(LEGS):
            if leg not in {KEYWORDS, EMBEDDING}:
                found.append((f"leg {leg}", self._top_sentence(item, query, legs[:, at])))
        if record.ranking is not None and record.ranking.sentences:
            best = record.ranking.sentences[0].address
            answer = _quoting(query, [(best.partition("#")[0], (best,))], document)
            found.append(("fused top-1", score(item, answer, document, record.ranking)))
        found.append(("ours", record.verdict))
        gold = Ranking(query, tuple(Scored(a, 0.0, {}) for a in (*item.all_sections, *item.sections)), ())
        found.append(("oracle section", score(item, self._oracle(item, query), document, gold)))
        return found

    def _top_sentence(self, item: Item, query: str, scores: Scores) -> Score:
        """Quote the best sentence of one leg; abstain only where nothing matches at all."""
        order = np.argsort(-scores, kind="stable")
        best = self._sentences[order[0]]
        seen = dict.fromkeys(self._sentences[row].partition("#")[0] for row in order if scores[row] > 0)
        ranked = tuple(Scored(address, 0.0, {}) for address in seen)
        sentences = tuple(Scored(self._sentences[row], float(scores[row]), {}) for row in order[:5])
        answer = _abstain(query)
        if scores[order[0]] > 0:
            answer = _quoting(query, [(best.partition("#")[0], (best,))], self._document)
        return score(item, answer, self._document, Ranking(query, ranked, sentences))

    def _recipe(self, item: Item, query: str) -> Score:
        """Split by length, embed, take the four nearest: as tutorials do it, their text being the answer."""
        (vector,) = self._retriever.embedder.encode_query([fold(query)])
        order = np.argsort(-(self._vectors @ vector), kind="stable")
        chosen = [self._chunks[row] for row in order[:_TOP]]
        seen = dict.fromkeys(address for row in order for address in self._chunks[row].sections)
        cited = [(address, ()) for chunk in chosen for address in chunk.sections]
        answer = _quoting(query, cited, self._document, text="\n".join(chunk.text for chunk in chosen))
        return score(
            item, answer, self._document, Ranking(query, tuple(Scored(a, 0.0, {}) for a in seen), ())
        )

    def _oracle(self, item: Item, query: str) -> Answer:
        """The gold sections whole; refuses what can't be answered. What perfect retrieval would allow."""
        if item.answerable is False:
            return _abstain(query)
        gold = [a for a in dict.fromkeys((*item.all_sections, *item.sections)) if self._document.has(a)]
        cited = [
            (address, tuple(s.address for s in self._document.section(address).sentences)) for address in gold
        ]
        headings = "\n".join("\n".join(self._document.section(address).heading_path) for address in gold)
        if item.kind == STRUCTURE:
            # Counts and titles are not in any section's text: the ceiling is told to be right.
            headings += "\n" + "\n".join(group[0] for group in item.must)
        return _quoting(query, cited, self._document, text=headings)


def _abstain(query: str) -> Answer:
    return Answer(query, query, "", Status.ABSTAINED, Reason.NOT_IN_DOCUMENT, "")


def _quoting(
    query: str, cited: Sequence[tuple[str, tuple[str, ...]]], document: Document, *, text: str = ""
) -> Answer:
    """An answer that quotes sentences, or tells a text with the sections that it stems from."""
    citations = []
    for marker, (address, sentences) in enumerate(dict(cited).items(), start=1):
        section: Section = document.section(address)
        quote = "".join(document.sentence(a).text + document.sentence(a).tail for a in sentences).rstrip("\n")
        citations.append(
            Citation(
                marker=marker,
                document_id=document.id,
                section_id=address,
                sentence_ids=sentences,
                label=section.label,
                heading_path=section.heading_path,
                quote=quote,
            )
        )
    told = text or "\n".join(f"{citation.quote}[{citation.marker}]" for citation in citations)
    return Answer(query, query, "", Status.ANSWERED, None, told, citations=tuple(citations))


# --- the plain recipe's splitter ---


def chunks_of(document: Document) -> list[_Chunk]:
    """The document as one text, cut recursively into pieces of 500 letters with 50 of overlap."""
    spans: list[tuple[int, int, str]] = []
    parts: list[str] = []
    length = 0
    for section in document.sections():
        text = "\n".join((*section.heading_path[-1:], section.text))
        spans.append((length, length + len(text), section.address))
        parts.append(text)
        length += len(text) + 2
    whole = "\n\n".join(parts)
    chunks = []
    start = 0
    for text in split_text(whole, size=_CHUNK, overlap=_OVERLAP):
        start = max(whole.find(text, max(0, start - _CHUNK)), 0)
        touched = tuple(a for first, last, a in spans if first < start + len(text) and start < last)
        chunks.append(_Chunk(text, touched))
    return chunks


def split_text(text: str, *, size: int, overlap: int, separators: Sequence[str] = _SEPARATORS) -> list[str]:
    """Cut at the first separator in the text, what is too long at the next ones, and pack up to `size`.

    Consecutive pieces share up to `overlap` letters. The algorithm that tutorials use under the name of a
    recursive character splitter.
    """
    at = next((n for n, s in enumerate(separators) if not s or s in text), len(separators) - 1)
    separator, finer = separators[at], separators[at + 1 :]
    pieces = text.split(separator) if separator else list(text)
    chunks: list[str] = []
    good: list[str] = []
    for piece in pieces:
        if len(piece) < size:
            if piece:
                good.append(piece)
            continue
        chunks += _packed(good, separator, size=size, overlap=overlap)
        good = []
        chunks += split_text(piece, size=size, overlap=overlap, separators=finer) if finer else [piece]
    return chunks + _packed(good, separator, size=size, overlap=overlap)


def _packed(pieces: Sequence[str], separator: str, *, size: int, overlap: int) -> list[str]:
    chunks: list[str] = []
    window: list[str] = []
    for piece in pieces:
        if window and len(separator.join((*window, piece))) > size:
            chunks.append(separator.join(window).strip())
            while window and (
                len(separator.join(window)) > overlap or len(separator.join((*window, piece))) > size
            ):
                window.pop(0)
        window.append(piece)
    if window:
        chunks.append(separator.join(window).strip())
    return [chunk for chunk in chunks if chunk]
