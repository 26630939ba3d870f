"""From evidence to the probabilities that the document answers a question and that it deals with its subject at all.

Logistic regression over a few scores and their products (what an unknown word means hangs on the language, say), and for
answering its mean with boosted trees, which take other sides of the same scores. Fitted on the development questions by
`python -m eval fit`; coefficients, trees and thresholds lie in `calibration.json`.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assistant.types import Query, Slot
from index.bank import SIGNS
from index.retrieve import language_class
from index.types import Ranking

_FILE = Path(__file__).with_name("calibration.json")
_SLOTS = tuple(slot for slot in Slot if slot is not Slot.TOPIC)
FEATURES = (
    "fused", "margin", "dense", "question", "words", "unknown",
    "support", "weakest", "length", "filled", "fit", "stated", "english", "other",
    *(f"slot.{slot}" for slot in _SLOTS),
)  # fmt: skip
# What a document's question bank adds; a document without one is judged by coefficients of its own.
BANK_FEATURES = tuple(f"known.{sign}" for sign in SIGNS)


@dataclass(frozen=True, slots=True)
class Trees:
    """Gradient-boosted decision trees (Friedman 2001), all nodes numbered through.

    At an inner node `feature` is compared with `value`; the node's children are `below` and, for what is greater, the one
    after. A leaf has feature -1 and its share of the logit as its value.
    """

    roots: Sequence[int]
    feature: Sequence[int]
    value: Sequence[float]
    below: Sequence[int]

    def logit(self, evidence: Sequence[float]) -> float:
        """The sum of the leaves that some features lead to."""
        total = 0.0
        for root in self.roots:
            at = root
            while (feature := self.feature[at]) >= 0:
                at = self.below[at] + (evidence[feature] > self.value[at])
            total += self.value[at]
        return total


@dataclass(frozen=True, slots=True)
class Regression:
    """A logistic regression over features and their products, and the probability from which on to answer.

    Features are standardised by `mean` and `spread`; `products` is a lower triangle, the row of a feature holding its
    products with those before it and with itself, or empty where none are taken. With `trees` the probability is the mean
    of both.
    """

    features: Sequence[str]
    mean: Sequence[float]
    spread: Sequence[float]
    intercept: float
    linear: Sequence[float]
    products: Sequence[Sequence[float]]
    threshold: float
    trees: Trees | None = None

    def probability(self, evidence: Sequence[float]) -> float:
        """The probability, 0 to 1, that the document answers, from features in the order of `features`."""
        z = [(x - mean) / spread for x, mean, spread in zip(evidence, self.mean, self.spread, strict=True)]
        logit = self.intercept
        logit += sum(map(operator.mul, self.linear, z))
        for at, row in enumerate(self.products):
            logit += z[at] * sum(map(operator.mul, row, z[: at + 1]))
        if self.trees is None:
            return _sigmoid(logit)
        return (_sigmoid(logit) + _sigmoid(self.trees.logit(evidence))) / 2


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The regressions with and without a question bank, and the thresholds of choosing sentences.

    `subject` tells whether the document deals with the subject of a question that it doesn't answer; a bank has no say in that.
    `slot_ratio`: the best sentence with the asked filler must reach this share of the best sentence's score.
    `fact_share`, `topic_share`: further sentences must reach this share of the best; `topic_most` at most. `more_share`:
    further sections are listed from this share on.
    """

    with_bank: Regression
    without_bank: Regression
    subject: Regression
    slot_ratio: float
    fact_share: float
    topic_share: float
    topic_most: int
    more_share: float

    def of(self, evidence: Sequence[float]) -> Regression:
        """The regression that judges this evidence."""
        return self.without_bank if len(evidence) == len(FEATURES) else self.with_bank

    def is_on_subject(self, evidence: Sequence[float]) -> bool:
        """Whether the document deals with the subject of a question that it doesn't answer."""
        return self.subject.probability(evidence[: len(FEATURES)]) >= self.subject.threshold


def _regression(fitted: dict[str, Any]) -> Regression:
    trees = fitted.pop("trees", None)
    return Regression(**fitted, trees=Trees(**trees) if trees else None)


@cache
def load_calibration() -> Calibration:
    """The fitted calibration."""
    table = json.loads(_FILE.read_text("utf-8"))
    with_bank, without_bank, subject = (
        _regression(table.pop(name)) for name in ("with_bank", "without_bank", "subject")
    )
    return Calibration(with_bank=with_bank, without_bank=without_bank, subject=subject, **table)


def features(
    query: Query, ranking: Ranking, ratio: float, support: tuple[float, float], fit: float, stated: float
) -> list[float]:
    """The evidence for a query, in the order of `FEATURES`, and of `BANK_FEATURES` where the document has a bank.

    `ratio` is how well the asked slot is filled, `support` how far the best sentence bears out the query's words
    (`Retriever.support`), `fit` how well the clause around an asked figure is the question's own, `stated` how much of
    what is asked about the sentence has in so many words, each 0 to 1.
    """
    if not ranking.sentences:
        return [0.0] * (len(FEATURES) + len(ranking.known))
    best = ranking.sentences[0]
    fifth = ranking.sentences[min(4, len(ranking.sentences) - 1)]
    kind = language_class(query.language)

    def strongest(*prefixes: str) -> float:
        return max((score for leg, score in best.legs.items() if leg.startswith(prefixes)), default=0.0)

    return [
        best.score,
        best.score - fifth.score,
        strongest("dense.sentence", "dense.english", "dense.plain"),
        strongest("dense.question"),
        strongest("words.", "stems."),
        ranking.unknown,
        *support,
        min(len(query.search or query.folded), 60) / 60,
        ratio,
        fit,
        stated,
        float(kind == "en"),
        float(kind == "other"),
        *(float(query.slot is slot) for slot in _SLOTS),
        *ranking.known,
    ]
