"""The question bank: questions about a document that are known to be answered by it, and near misses that are not.

A near miss has the document's own words, so every search finds it something; what gives it away is that it lies among
questions that have no answer. SQuAD 2.0 (Rajpurkar et al. 2018) writes such questions by hand, beside the text; here they
lie in a file beside the document, and what an enrichment asks of each sentence counts as answered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.embed import Embedder, Vectors
from index.enrich import GIST_LANGUAGES, Enrichment, Finding, beside
from index.lexical import LexicalIndex, fold, prefix_terms
from index.types import Document, SourceError

# What the bank tells of a question, in the order of `QuestionBank.evidence`: by meaning, then by words.
SIGNS = (
    "answered", "unanswered", "nearer", "around", "side",
    "words.answered", "words.unanswered", "words.nearer", "words.around",
)  # fmt: skip
_ARRAYS = "questions.npz"
_KINDS = {"answered": True, "unanswered": False}
# Principal axes that similarities are taken along: a third of the time of 512, and hardly a question judged otherwise.
_AXES = 128
_NEAREST = 3
# Values of which the largest is taken first where the largest of many are wanted.
_BLOCK = 32
_AROUND = 10
# Of the ridge regression, beside a mean squared length of 1 for the vectors of each class.
_RIDGE = 0.001


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like a question every known one is, shape (n,): by meaning (cosine) and by words (BM25).

    `side` is which side of a linear separation of answered and unanswered questions it lies on (+1 and -1).
    """

    side: float
    meaning: Vectors
    words: Vectors


@dataclass(frozen=True, slots=True)
class Known:
    """One question of the bank; `address` is the sentence that answers it or comes nearest to it."""

    address: str
    language: str
    question: str
    is_answered: bool


def bank_path(source: Path) -> Path:
    """Where the bank of a source file lies: `<id>.questions.jsonl` beside it."""
    return beside(source, "questions.jsonl")


def load_bank(path: Path) -> tuple[Known, ...]:
    """Read a bank's questions, a row for each sentence and language; empty when there is no such file.

    Raises:
        SourceError: a row is not of the form; the message names file and line.
    """
    if not path.exists():
        return ()
    known: list[Known] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            known += _of_row(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"{path.name} 第 {number} 行格式不对。 {path.name}:{number} is not of the form: {error!r}"
            ) from None
    return tuple(known)


def _of_row(row: object) -> Iterator[Known]:
    """The questions of a row: those of one language that one sentence answers, and those that it only comes near."""
    if not isinstance(row, dict) or row.keys() != {"address", "lang", *_KINDS}:
        raise ValueError(", ".join(("address", "lang", *_KINDS)))
    address, language = row["address"], row["lang"]
    for kind, is_answered in _KINDS.items():
        questions = row[kind]
        if not isinstance(questions, list):
            raise TypeError(kind)
        for text in (address, language, *questions):
            if not isinstance(text, str) or not text.strip():
                raise ValueError(text)
        yield from (Known(str(address), str(language), question, is_answered) for question in questions)


def check_bank(bank: Sequence[Known], document: Document, enrichment: Enrichment) -> Iterator[Finding]:
    """What is wrong with a bank: unknown addresses and languages, doubles, questions said to be both."""
    addresses = {sentence.address for sentence in document.sentences()}
    seen = {fold(known.question): True for known in _asked_by(enrichment)}
    for known in bank:
        if known.address not in addresses:
            yield Finding(known.address, "address", f"no such sentence: “{known.question}”")
        if known.language not in GIST_LANGUAGES:
            yield Finding(known.address, "lang", f"not a language of the notes: {known.language}")
        folded = fold(known.question)
        if folded in seen:
            again = "said twice" if seen[folded] == known.is_answered else "said to be answered and not"
            yield Finding(known.address, "q", f"{again}: “{known.question}”")
        seen[folded] = known.is_answered


def known_questions(bank: Sequence[Known], document: Document, enrichment: Enrichment) -> list[Known]:
    """All questions on a document's sentences that are known, the enrichment's and the bank's.

    Raises:
        SourceError: the bank speaks of a sentence that the document doesn't have.
    """
    addresses = {sentence.address for sentence in document.sentences()}
    for known in bank:
        if known.address not in addresses:
            raise SourceError(
                f"题库里的 {known.address} 不在文档中。 "
                f"The question bank speaks of {known.address}, which the document doesn't have: “{known.question}”"
            )
    return [*(known for known in _asked_by(enrichment) if known.address in addresses), *bank]


def _asked_by(enrichment: Enrichment) -> Iterator[Known]:
    for address, notes in enrichment.sentences.items():
        for language, questions in notes.questions.items():
            for question in questions:
                yield Known(address, language, question, is_answered=True)


class QuestionBank:
    """Known questions by their vectors and by their words; it tells nothing where it has few of either kind."""

    def __init__(
        self,
        axes: Vectors,
        vectors: Vectors,
        addresses: Sequence[str],
        answered: int,
        words: LexicalIndex,
        direction: Vectors,
        offset: float,
    ) -> None:
        """Wrap what `build` made: principal axes, shape (dimension, k), and the questions along them, shape (k, n).

        `addresses` are the sentences of the questions; the first `answered` of them are those that the document answers,
        and in either part the questions of a sentence stand together.
        """
        self.addresses, self.answered = addresses, answered
        self._axes, self._vectors, self._words = axes, vectors, words
        self._direction, self._offset = direction, offset

    @classmethod
    def build(cls, known: Sequence[Known], embedder: Embedder) -> QuestionBank | None:
        """The bank of known questions; None where there are too few of either kind to tell anything."""
        ordered = sorted(known, key=lambda known: (not known.is_answered, known.address))
        answered = sum(known.is_answered for known in ordered)
        if min(answered, len(known) - answered) < _AROUND:
            return None
        texts = [fold(known.question) for known in ordered]
        addresses = [known.address for known in ordered]
        vectors = embedder.encode_document(texts)
        direction, offset = _ridge(vectors[:answered], vectors[answered:])
        axes = _principal_axes(vectors)
        words = LexicalIndex.build(texts, prefix_terms)
        # Axis by axis: a product along the rows of so many short vectors would take twice the time to read them.
        along = np.ascontiguousarray((vectors @ axes).T)
        return cls(axes, along, addresses, answered, words, direction, offset)

    def save(self, folder: Path) -> None:
        """Write the bank to a folder of its own, vectors in half precision: no similarity moves by more than .001."""
        self._words.save(folder)
        np.savez(
            folder / _ARRAYS,
            axes=self._axes,
            vectors=self._vectors.astype(np.float16),
            addresses=self.addresses,
            answered=self.answered,
            direction=self._direction,
            offset=self._offset,
        )

    @classmethod
    def load(cls, folder: Path) -> QuestionBank | None:
        """Read a bank back; None where there is none.

        Raises:
            OSError, EOFError, BadZipFile, KeyError, ValueError: a file is missing or broken.
        """
        if not folder.exists():
            return None
        words = LexicalIndex.load(folder, prefix_terms)
        # A broken archive that numpy has opened itself it leaves open.
        with (folder / _ARRAYS).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            vectors = arrays["vectors"].astype(np.float32)
            direction, offset = arrays["direction"], float(arrays["offset"])
            addresses, answered = arrays["addresses"].tolist(), int(arrays["answered"])
            return cls(arrays["axes"], vectors, addresses, answered, words, direction, offset)

    def compare(self, question: str, vector: Vectors) -> Likeness:
        """How like a folded question with this unit vector every known one is."""
        return Likeness(
            side=float(vector @ self._direction) + self._offset,
            meaning=self._vectors.T @ (vector @ self._axes),
            words=self._words.scores(question),
        )

    def evidence(self, likeness: Likeness) -> tuple[float, ...]:
        """What known questions tell of one that is so like them, in the order of `SIGNS`.

        The similarity of the nearest answered and of the nearest unanswered question, each at most 1; how much nearer the
        three and the ten nearest answered ones are than as many unanswered, -2 to 2; and the side of a linear separation
        of the two (ridge regression on +1 and -1). The first four again for BM25 over the words, question words included.
        """
        return (*self._near(likeness.meaning), likeness.side, *self._near(likeness.words))

    def _near(self, similarities: Vectors) -> tuple[float, float, float, float]:
        answered, unanswered = (
            largest(of_kind, _AROUND)
            for of_kind in (similarities[: self.answered], similarities[self.answered :])
        )
        return (
            float(answered[0]),
            float(unanswered[0]),
            float(answered[:_NEAREST].mean() - unanswered[:_NEAREST].mean()),
            float(answered.mean() - unanswered.mean()),
        )


def largest(values: Vectors, most: int) -> Vectors:
    """The `most` largest of at least as many values, the largest first.

    The largest of every few tell a bound that hardly more than those reach. A partition of all is slow where many are equal,
    as most similarities by words are.
    """
    whole = len(values) // _BLOCK * _BLOCK
    tops = values[:whole].reshape(-1, _BLOCK).max(axis=1)
    bound = np.partition(tops, len(tops) - most)[-most] if len(tops) >= most else -np.inf
    return np.sort(values[values >= bound])[::-1][:most]


def _principal_axes(vectors: Vectors) -> Vectors:
    """The directions along which vectors vary most, shape (dimension, at most `_AXES`)."""
    _, axes = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    return np.ascontiguousarray(axes[:, ::-1][:, :_AXES], dtype=np.float32)


def _ridge(positive: Vectors, negative: Vectors) -> tuple[Vectors, float]:
    """Direction and offset of the least-squares separation, both classes weighing the same."""
    means = positive.mean(axis=0), negative.mean(axis=0)
    middle = (means[0] + means[1]) / 2
    spread = np.zeros((len(middle), len(middle)))
    for vectors in (positive, negative):
        centred = (vectors - middle).astype(np.float64)
        spread += centred.T @ centred / (2 * len(vectors))
    direction = np.linalg.solve(spread + _RIDGE * np.eye(len(middle)), (means[0] - means[1]) / 2)
    return direction.astype(np.float32), -float(direction @ middle)
