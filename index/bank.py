"""The question bank: questions about a document that are known to be answered by it, and near misses that are not.

A near miss has the document's own words, so every search finds it something; what gives it away is that it lies among
questions that have no answer. SQuAD 2.0 (Rajpurkar et al. 2018) writes such questions by hand, beside the text; here they
lie in a file beside the document, and what an enrichment asks of each sentence counts as answered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.embed import Vectors
from index.enrich import GIST_LANGUAGES, Enrichment, Finding, beside
from index.lexical import fold
from index.types import Document, SourceError

# What the bank tells of a question, in the order of `QuestionBank.evidence`.
SIGNS = ("answered", "unanswered", "nearer", "around", "side")
_NEAREST = 3
_AROUND = 10
# Of the ridge regression, beside a mean squared length of 1 for the vectors of each class.
_RIDGE = 0.001


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
    """Read a bank's rows; empty when there is no such file.

    Raises:
        SourceError: a row is not of the form; the message names file and line.
    """
    if not path.exists():
        return ()
    known = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            known.append(_known(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"{path.name} 第 {number} 行格式不对。 {path.name}:{number} is not of the form: {error!r}"
            ) from None
    return tuple(known)


def _known(row: Mapping[str, object]) -> Known:
    texts = [row[name] for name in ("address", "lang", "q")]
    if row.keys() != {"address", "lang", "answered", "q"} or not all(
        isinstance(text, str) and text.strip() for text in texts
    ):
        raise ValueError("address, lang, answered, q")
    if not isinstance(row["answered"], bool):
        raise TypeError("answered")
    address, language, question = map(str, texts)
    return Known(address, language, question, row["answered"])


def check_bank(bank: Sequence[Known], document: Document, enrichment: Enrichment) -> Iterator[Finding]:
    """What is wrong with a bank: unknown addresses and languages, doubles, questions said to be both."""
    addresses = {sentence.address for sentence in document.sentences()}
    seen = {fold(question): True for _, question in _asked_by(enrichment)}
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


def known_questions(bank: Sequence[Known], enrichment: Enrichment) -> list[tuple[str, bool]]:
    """All questions that are known, folded, and whether the document answers them: the enrichment's and the bank's."""
    asked = [(fold(question), True) for _, question in _asked_by(enrichment)]
    return asked + [(fold(known.question), known.is_answered) for known in bank]


def _asked_by(enrichment: Enrichment) -> Iterator[tuple[str, str]]:
    for address, notes in enrichment.sentences.items():
        for questions in notes.questions.values():
            for question in questions:
                yield address, question


class QuestionBank:
    """The vectors of known questions. Empty where a document has no near misses: then it tells nothing."""

    def __init__(self, answered: Vectors, unanswered: Vectors, direction: Vectors, offset: float) -> None:
        """Wrap unit vectors, shape (n, dimension), and what separates the two; use `build` or `load`."""
        self._answered, self._unanswered = answered, unanswered
        self._direction, self._offset = direction, offset

    def __bool__(self) -> bool:
        """Whether the bank can tell anything: it has enough of both."""
        return min(len(self._answered), len(self._unanswered)) >= _AROUND

    @classmethod
    def build(cls, vectors: Vectors, is_answered: npt.NDArray[np.bool_]) -> QuestionBank:
        """The bank of unit vectors, shape (n, dimension), and flags, shape (n,)."""
        bank = cls(vectors[is_answered], vectors[~is_answered], np.zeros(vectors.shape[1], np.float32), 0.0)
        if bank:
            bank._direction, bank._offset = _ridge(bank._answered, bank._unanswered)
        return bank

    def save(self, file: Path) -> None:
        """Write the bank to a file, in half precision: no similarity moves by more than .001."""
        np.savez(
            file,
            answered=self._answered.astype(np.float16),
            unanswered=self._unanswered.astype(np.float16),
            direction=self._direction,
            offset=self._offset,
        )

    @classmethod
    def load(cls, file: Path) -> QuestionBank:
        """Read a bank back.

        Raises:
            OSError: the file is missing.
            ValueError: it is broken.
            KeyError: it is not of the form.
        """
        with np.load(file, allow_pickle=False) as arrays:
            answered, unanswered = (arrays[name].astype(np.float32) for name in ("answered", "unanswered"))
            return cls(answered, unanswered, arrays["direction"], float(arrays["offset"]))

    def evidence(self, vector: Vectors) -> tuple[float, ...]:
        """What known questions tell of one with this unit vector, in the order of `SIGNS`; () from an empty bank.

        The cosine of the nearest answered and of the nearest unanswered question, each at most 1; how much nearer the
        three and the ten nearest answered ones are than as many unanswered, -2 to 2; and the side of a linear separation
        of the two (ridge regression on +1 and -1).
        """
        if not self:
            return ()
        answered, unanswered = self._answered @ vector, self._unanswered @ vector
        near = [np.sort(np.partition(s, len(s) - _AROUND)[-_AROUND:])[::-1] for s in (answered, unanswered)]
        side = float(vector @ self._direction) + self._offset
        return (
            float(near[0][0]),
            float(near[1][0]),
            float(near[0][:_NEAREST].mean() - near[1][:_NEAREST].mean()),
            float(near[0].mean() - near[1].mean()),
            side,
        )


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
