"""Query → one fused ranking of sections and of sentences, with every leg's score kept.

Each leg gives every sentence a score; a leg over sections gives it to all sentences of the section. The fused
score is the weighted sum, with weights fitted on the development questions (`python -m eval fit`), apart for
Chinese, English and other languages, since a keyword leg is blind across languages.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import compress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from index.bank import Likeness, QuestionBank
from index.embed import Embedder, Vectors
from index.enrich import NOTE_LANGUAGES
from index.language import detect
from index.lexical import (
    Analyzer,
    LexicalGroup,
    LexicalIndex,
    chinese_terms,
    english_terms,
    fold,
    pinyin_terms,
    prefix_terms,
)
from index.notes import NoteTokens
from index.store import VectorStore
from index.types import Document, Passage, PassageKind, Ranking, Scored

Scores = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

_WEIGHTS = Path(__file__).with_name("fusion.json")
# Passages that the vector store is asked for: more don't lift the recall of the fused ranking, and each costs.
_NEAREST = 300
# Keyword legs: name, kinds of passage, language of the passages (None: any), analyzer.
KEYWORD_LEGS: tuple[tuple[str, PassageKind, str | None, Analyzer], ...] = (
    ("words.section", PassageKind.SECTION, None, chinese_terms),
    ("words.sentence", PassageKind.SENTENCE, None, chinese_terms),
    ("words.plain", PassageKind.PLAIN, None, chinese_terms),
    ("words.question", PassageKind.QUESTION, "zh", chinese_terms),
    ("words.asked", PassageKind.QUESTION, None, prefix_terms),
    ("words.gist", PassageKind.GIST, None, prefix_terms),
    ("words.words", PassageKind.WORDS, None, prefix_terms),
    ("stems.words", PassageKind.WORDS, "en", english_terms),
    ("stems.english", PassageKind.ENGLISH, None, english_terms),
    ("stems.question", PassageKind.QUESTION, "en", english_terms),
    ("stems.gist", PassageKind.GIST, "en", english_terms),
    ("pinyin.sentence", PassageKind.SENTENCE, None, pinyin_terms),
    ("pinyin.question", PassageKind.QUESTION, "zh", pinyin_terms),
)
_ANALYZERS = list(dict.fromkeys(analyzer for *_, analyzer in KEYWORD_LEGS))
# Known questions that a sentence answers, and near misses that it comes nearest to, by meaning and by words.
KNOWN_LEGS = ("known.dense", "known.words", "near.dense", "near.words")
LEGS = (*(f"dense.{kind}" for kind in PassageKind), *(name for name, *_ in KEYWORD_LEGS), *KNOWN_LEGS)


def leg_passages(passages: Sequence[Passage], kind: PassageKind, language: str | None) -> list[Passage]:
    """The passages that a keyword leg covers, in order."""
    return [p for p in passages if p.kind is kind and (language is None or p.language == language)]


def embedded(passages: Sequence[Passage]) -> list[Passage]:
    """The passages that the vector store holds, in order: all but a sentence's notes in third languages.

    Those notes are for the keyword legs, which match their words as they are asked; their vectors would lift the
    recall of no language, and push the document's own sentences out of the nearest.
    """
    return [p for p in passages if "#" not in p.address or p.language in NOTE_LANGUAGES]


def language_class(language: str) -> str:
    """The set of fusion weights for a language: zh, en or other."""
    return language if language in NOTE_LANGUAGES else "other"


@cache
def fusion_weights() -> Mapping[str, Mapping[str, float]]:
    """Weight of each leg by language class, from `fusion.json`."""
    weights: Mapping[str, Mapping[str, float]] = json.loads(_WEIGHTS.read_text("utf-8"))
    return weights


class Retriever:
    """Searches one document. Safe to call from several threads: nothing is written after the start."""

    def __init__(
        self,
        document: Document,
        passages: Sequence[Passage],
        embedder: Embedder,
        store: VectorStore,
        keyword_indexes: Mapping[str, LexicalIndex],
        notes: NoteTokens,
        bank: QuestionBank | None,
    ) -> None:
        """Take what `index.build.open_index` has opened."""
        # numpy's products here are tiny: several threads cost forty times what they save.
        ThreadpoolController().select(internal_api="openblas").limit(limits=1)
        self.document = document
        self.embedder = embedder
        self._store = store
        self._keywords = keyword_indexes
        self._notes = notes
        self._bank = bank
        self._sentences = [sentence.address for sentence in document.sentences()]
        ends = np.cumsum([0, *(len(section.sentences) for section in document.sections())])
        rows_of = {
            section.address: slice(start, end)
            for section, start, end in zip(document.sections(), ends[:-1], ends[1:], strict=True)
        }
        # A section without a sentence is reached by nothing.
        self._sections = [address for address, rows in rows_of.items() if rows.stop > rows.start]
        self._starts = np.array([rows_of[address].start for address in self._sections])
        rows_of |= {address: slice(row, row + 1) for row, address in enumerate(self._sentences)}
        stored = embedded(passages)
        self._number_of = {passage.id: number for number, passage in enumerate(stored)}
        # Every passage of every leg, numbered through, with the leg's column and the rows of the sentences it stands for.
        kinds = list(PassageKind)
        covered = [(kinds.index(passage.kind), rows_of[passage.address]) for passage in stored]
        # Legs of one analyzer are scored together.
        by_analyzer: dict[Analyzer, list[LexicalIndex]] = {}
        legs = sorted(enumerate(KEYWORD_LEGS, start=len(kinds)), key=lambda leg: _ANALYZERS.index(leg[1][3]))
        for column, (name, kind, language, analyzer) in legs:
            if name in keyword_indexes:
                by_analyzer.setdefault(analyzer, []).append(keyword_indexes[name])
                covered += [(column, rows_of[p.address]) for p in leg_passages(passages, kind, language)]
        self._groups = [LexicalGroup(indexes) for indexes in by_analyzer.values()]
        self._cells, self._covering, self._cell_starts = _cells(covered)
        self._known = (
            _runs(bank, {address: row for row, address in enumerate(self._sentences)}) if bank else ()
        )

    def search(self, query: str, *, k: int = 10, asked: str = "") -> Ranking:
        """The k best sections and the 5k best sentences, best first.

        `asked` is the whole question where the query is only what is looked for: known questions are compared with it.
        """
        question = asked or query
        # Both at once, or one vector for both: what is looked for mostly is the question.
        texts = dict.fromkeys((fold(query), fold(question) if self._bank else fold(query)))
        vectors = self.embedder.encode_query(list(texts))
        likeness = self._bank.compare(fold(question), vectors[-1]) if self._bank else None
        matrix = self._leg_scores(query, vectors[0], likeness)
        weights = fusion_weights()[language_class(detect(query))]
        fused = matrix @ np.array([weights.get(leg, 0.0) for leg in LEGS], dtype=np.float32)
        best = np.argsort(-fused, kind="stable")[: 5 * k]
        sentences = _scored(self._sentences, best, fused, matrix)
        of_sections = np.maximum.reduceat(fused, self._starts)
        best = np.argsort(-of_sections, kind="stable")[:k]
        sections = _scored(
            self._sections, best, of_sections, np.maximum.reduceat(matrix, self._starts, axis=0)
        )
        return Ranking(
            query=query,
            sections=sections,
            sentences=sentences,
            unknown=self.unknown_share(query),
            known=self._bank.evidence(likeness) if self._bank and likeness else (),
        )

    def stated_share(self, terms: Collection[str], text: Collection[str], leg: str) -> float:
        """The share, 0 to 1, of some terms that a text has, each weighed by how telling it is in a keyword leg's passages.

        A word that half the document's sentences have (标准) says little of whether one of them is on the subject.
        """
        keywords = self._keywords.get(leg)
        weights = {term: keywords.weight(term) if keywords else 1.0 for term in terms}
        total = sum(weights.values())
        return sum(weight for term, weight in weights.items() if term in text) / total if total else 0.0

    def support(self, query: str, address: str) -> tuple[float, float]:
        """How far a sentence and its notes bear out the words of a query: on average, and the weakest one.

        Each token of the query takes the cosine of the nearest token (MaxSim, Khattab & Zaharia 2020), both 0
        to 1; tokens weigh by the length of their vectors, which is small for function words. The weakest is
        the lowest of the heavier half.
        """
        tokens = self.embedder.encode_tokens(fold(query))
        lengths = np.linalg.norm(tokens, axis=1)
        if not lengths.sum():
            return 0.0, 0.0
        unit = tokens / np.maximum(lengths, 1e-6)[:, None]
        best = (unit @ self._notes.around(address).T).max(axis=1, initial=0.0).clip(max=1.0)
        heavy = best[lengths >= np.median(lengths)]
        return float((best * lengths).sum() / lengths.sum()), float(heavy.min())

    def unknown_share(self, query: str) -> float:
        """The share of a text's terms, 0 to 1, that no keyword leg of its analyzer knows; 1 for a text without terms."""
        analyzer = english_terms if fold(query).isascii() else chinese_terms
        terms = analyzer(query)
        legs = [
            self._keywords[name]
            for name, _, _, own in KEYWORD_LEGS
            if own is analyzer and name in self._keywords
        ]
        unknown = sum(not any(leg.knows(term) for leg in legs) for term in terms)
        return unknown / len(terms) if terms else 1.0

    def leg_scores(self, query: str) -> Scores:
        """Every leg's score of every sentence: shape (sentences, legs), columns in the order of `LEGS`."""
        (vector,) = self.embedder.encode_query([fold(query)])
        return self._leg_scores(
            query, vector, self._bank.compare(fold(query), vector) if self._bank else None
        )

    def _leg_scores(self, query: str, vector: Vectors, likeness: Likeness | None) -> Scores:
        folded = fold(query)
        matrix = np.zeros((len(self._sentences), len(LEGS)), dtype=np.float32)
        nearest = self._store.query(vector, _NEAREST)
        similarities = np.zeros(len(self._number_of), dtype=np.float32)
        similarities[[self._number_of[id_] for id_, _ in nearest]] = [similarity for _, similarity in nearest]
        similarities.clip(0.0, out=similarities)
        scores = np.concatenate([similarities, *(group.scores(folded) for group in self._groups)])
        matrix.reshape(-1)[self._cells] = np.maximum.reduceat(scores[self._covering], self._cell_starts)
        if likeness:
            for kind, questions, starts, rows in self._known:
                for by, likes in (("dense", likeness.meaning), ("words", likeness.words)):
                    best = np.maximum.reduceat(likes[questions], starts)
                    matrix[rows, LEGS.index(f"{kind}.{by}")] = best.clip(0.0)
        return matrix

    def close(self) -> None:
        """Let go of the vector store; no search after this."""
        self._store.close()


def _runs(
    bank: QuestionBank, rows_of: Mapping[str, int]
) -> tuple[tuple[str, slice, Integers, Integers], ...]:
    """The answered and the unanswered questions of a bank: their kind of leg, which they are, and the run of each sentence.

    A run is told by where it starts among its kind and by the row of its sentence.
    """
    runs = []
    for kind, questions in (("known", slice(0, bank.answered)), ("near", slice(bank.answered, None))):
        addresses = np.array(bank.addresses[questions])
        starts = np.flatnonzero(np.concatenate([[True], addresses[1:] != addresses[:-1]]))
        rows = np.array([rows_of[address] for address in addresses[starts].tolist()])
        runs.append((kind, questions, starts, rows))
    return tuple(runs)


def _scored(addresses: Sequence[str], best: Integers, scores: Scores, legs: Scores) -> tuple[Scored, ...]:
    """What stands in the best rows, with every leg's score to four places."""
    rounded = legs[best].astype(np.float64).round(4).tolist()
    return tuple(
        Scored(
            address=addresses[row],
            score=float(scores[row]),
            legs=dict(compress(zip(LEGS, values, strict=True), values)),
        )
        for row, values in zip(best.tolist(), rounded, strict=True)
    )


def _cells(covered: Sequence[tuple[int, slice]]) -> tuple[Integers, Integers, Integers]:
    """The cells of the matrix of legs that any passage reaches, from the column and the rows of each passage.

    Flat indices of the cells, the numbers of the passages of one cell after the other, and where those of each cell start:
    a cell has the best score of its passages.
    """
    pairs = sorted(
        (row * len(LEGS) + column, number)
        for number, (column, rows) in enumerate(covered)
        for row in range(rows.start, rows.stop)
    )
    by_cell, numbers = np.array(pairs, dtype=np.int64).T
    cells, starts = np.unique(by_cell, return_index=True)
    return cells, np.ascontiguousarray(numbers), starts
