"""Query → one fused ranking of sections and of sentences, with every leg's score kept.

Each leg gives every sentence a score; a leg over sections gives it to all sentences of the section. The fused
score is the weighted sum, with weights fitted on the development questions (`python -m eval fit`), apart for
Chinese, English and other languages, since a keyword leg is blind across languages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from index.embed import Embedder
from index.language import detect
from index.lexical import (
    Analyzer,
    LexicalIndex,
    chinese_terms,
    english_terms,
    fold,
    pinyin_terms,
    prefix_terms,
)
from index.store import VectorStore
from index.types import Document, Passage, PassageKind, Ranking, Scored

Scores = npt.NDArray[np.float32]

_WEIGHTS = Path(__file__).with_name("fusion.json")
# Passages that the vector store is asked for: enough to reach every sentence that could matter.
_NEAREST = 400
# Keyword legs: name, kinds of passage, language of the passages (None: any), analyzer.
KEYWORD_LEGS: tuple[tuple[str, PassageKind, str | None, Analyzer], ...] = (
    ("words.section", PassageKind.SECTION, None, chinese_terms),
    ("words.sentence", PassageKind.SENTENCE, None, chinese_terms),
    ("words.plain", PassageKind.PLAIN, None, chinese_terms),
    ("words.question", PassageKind.QUESTION, "zh", chinese_terms),
    ("words.gist", PassageKind.GIST, None, prefix_terms),
    ("words.words", PassageKind.WORDS, None, prefix_terms),
    ("stems.words", PassageKind.WORDS, "en", english_terms),
    ("stems.english", PassageKind.ENGLISH, None, english_terms),
    ("stems.question", PassageKind.QUESTION, "en", english_terms),
    ("stems.gist", PassageKind.GIST, "en", english_terms),
    ("pinyin.sentence", PassageKind.SENTENCE, None, pinyin_terms),
    ("pinyin.question", PassageKind.QUESTION, "zh", pinyin_terms),
)
LEGS = (*(f"dense.{kind}" for kind in PassageKind), *(name for name, *_ in KEYWORD_LEGS))


def leg_passages(passages: Sequence[Passage], kind: PassageKind, language: str | None) -> list[Passage]:
    """The passages that a keyword leg covers, in order."""
    return [p for p in passages if p.kind is kind and (language is None or p.language == language)]


def language_class(language: str) -> str:
    """The set of fusion weights for a language: zh, en or other."""
    return language if language in {"zh", "en"} else "other"


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
    ) -> None:
        """Take what `index.build.open_index` has opened."""
        # numpy's products here are tiny: several threads cost forty times what they save.
        ThreadpoolController().select(internal_api="openblas").limit(limits=1)
        self.document = document
        self.embedder = embedder
        self._store = store
        self._keywords = keyword_indexes
        self._passages = passages
        self._evidence_of: dict[str, Scores] = {}
        self._sentences = [sentence.address for sentence in document.sentences()]
        self._sections = [section.address for section in document.sections()]
        row_of = {address: row for row, address in enumerate(self._sentences)}
        rows_of_section = {
            section.address: [row_of[sentence.address] for sentence in section.sentences]
            for section in document.sections()
        }
        self._starts = np.array([len(rows_of_section[address]) for address in self._sections]).cumsum()[:-1]
        self._rows = {
            p.id: [row_of[p.address]] if "#" in p.address else rows_of_section[p.address] for p in passages
        }
        self._leg_column = {p.id: LEGS.index(f"dense.{p.kind}") for p in passages}
        self._targets = {
            name: _targets([self._rows[p.id] for p in leg_passages(passages, kind, language)])
            for name, kind, language, _ in KEYWORD_LEGS
        }

    def search(self, query: str, *, k: int = 10) -> Ranking:
        """The k best sections and the 5k best sentences, best first."""
        matrix = self.leg_scores(query)
        weights = fusion_weights()[language_class(detect(query))]
        fused = matrix @ np.array([weights.get(leg, 0.0) for leg in LEGS], dtype=np.float32)
        best_rows = np.argsort(-fused, kind="stable")[: 5 * k]
        sentences = tuple(
            self._scored(self._sentences[row], float(fused[row]), matrix[row]) for row in best_rows
        )
        by_section = [(chunk.max(initial=0), chunk) for chunk in np.split(fused, self._starts)]
        legs_by_section = np.split(matrix, self._starts)
        order = sorted(range(len(self._sections)), key=lambda at: -by_section[at][0])[:k]
        sections = tuple(
            self._scored(
                self._sections[at], float(by_section[at][0]), legs_by_section[at].max(axis=0, initial=0)
            )
            for at in order
        )
        return Ranking(query=query, sections=sections, sentences=sentences, unknown=self.unknown_share(query))

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
        nearest = (tokens / np.maximum(lengths, 1e-6)[:, None]) @ self._evidence(address).T
        best = nearest.max(axis=1).clip(0.0, 1.0)
        heavy = best[lengths >= np.median(lengths)]
        return float((best * lengths).sum() / lengths.sum()), float(heavy.min())

    def _evidence(self, address: str) -> Scores:
        """Unit token vectors of all passages of a sentence, kept once made."""
        if address not in self._evidence_of:
            section = address.partition("#")[0]
            texts = [
                p.text
                for p in self._passages
                if p.address in (address, section) and p.kind != PassageKind.SECTION
            ]
            tokens = self.embedder.encode_tokens(fold(" ".join(texts)))
            self._evidence_of[address] = tokens / np.maximum(
                np.linalg.norm(tokens, axis=1, keepdims=True), 1e-6
            )
        return self._evidence_of[address]

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
        folded = fold(query)
        matrix = np.zeros((len(self._sentences), len(LEGS)), dtype=np.float32)
        (vector,) = self.embedder.encode_query([folded])
        for id_, similarity in self._store.query(vector, _NEAREST):
            column = self._leg_column[id_]
            for row in self._rows[id_]:
                matrix[row, column] = max(matrix[row, column], similarity)
        for at, (name, *_) in enumerate(KEYWORD_LEGS, start=len(PassageKind)):
            rows, passages = self._targets[name]
            if len(rows):
                np.maximum.at(matrix[:, at], rows, self._keywords[name].scores(folded)[passages])
        return matrix

    def close(self) -> None:
        """Let go of the vector store; no search after this."""
        self._store.close()

    def _scored(self, address: str, score: float, legs: Scores) -> Scored:
        found = {leg: round(float(value), 4) for leg, value in zip(LEGS, legs, strict=True) if value > 0}
        return Scored(address=address, score=score, legs=found)


def _targets(rows: Sequence[Sequence[int]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pairs (sentence row, passage number) of a leg, as two arrays."""
    pairs = [(row, passage) for passage, of_passage in enumerate(rows) for row in of_passage]
    array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return array[:, 0], array[:, 1]
