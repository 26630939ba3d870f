"""The calibration of answering, fitted on the development questions: `python -m eval fit`.

Logistic regression with an L2 penalty on standardised features, unanswerable questions weighted up to a fixed share;
five folds by item tell what the fit is worth on questions that it has not seen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from assistant.calibrate import FEATURES, load_calibration
from assistant.extract import assured, extract, strictness, weigh
from assistant.types import Intent, Status, Turn
from assistant.understand import understand
from eval.dataset import Item
from eval.fit import FOLDS, fold_of
from eval.metrics import auroc

if TYPE_CHECKING:
    from assistant.pipeline import Assistant

Matrix = npt.NDArray[np.float64]

CALIBRATION = Path(__file__).parent.parent / "assistant" / "calibration.json"
_STEPS = 3000
_RATE = 0.3
_L2 = 1.0
# How much all unanswerable questions together weigh beside all answerable ones.
_UNANSWERABLE = 0.6
# Answerable questions refused on held-out folds: the threshold is the highest that keeps to this share.
_FALSE_REFUSALS = 0.02


@dataclass(frozen=True, slots=True)
class Cases:
    """Questions that the calibration decides on: no rule has abstained before it.

    `features` has shape (n, features), `right` 1 for an answerable question; `floor` and `strictness` are what
    `assured` and `strictness` make of the evidence.
    """

    ids: Sequence[str]
    features: Matrix
    right: Matrix
    floor: Matrix
    strictness: Matrix

    def margins(self, probabilities: Matrix) -> Matrix:
        """What a threshold is held against: the confidence, over how strict the threshold is."""
        return np.maximum(probabilities, self.floor) / self.strictness


def cases_of(assistant: Assistant, items: Sequence[Item]) -> Cases:
    """The questions that the calibration decides on, each asked as a user would."""
    rows, ids = [], []
    retriever, document = assistant.index.retriever, assistant.index.document
    willing = replace(load_calibration(), threshold=0.0, coefficients=dict.fromkeys(FEATURES, 0.0))
    for item in items:
        history: list[Turn] = []
        for question in item.turns[:-1]:
            history.append(assistant.ask(question, history).turn())
        query = understand(item.question, history, document)
        if query.parts or query.intent is not Intent.CONTENT or item.answerable is None:
            continue
        ranking = retriever.search(query.search or query.text)
        weighed = weigh(query, ranking, assistant.index)
        if weighed and extract(query, ranking, assistant.index, willing).status is Status.ANSWERED:
            right = float(item.answerable)
            rows.append((weighed.evidence, right, assured(0.0, weighed), strictness(query, weighed)))
            ids.append(item.id)
    features, *columns = (np.array(column) for column in zip(*rows, strict=True))
    return Cases(ids, features, *columns)


def regress(features: Matrix, right: Matrix) -> tuple[Matrix, float]:
    """Coefficients and intercept on the features as they stand."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    scaled = (features - mean) / spread
    share = np.where(right > 0, 1.0, _UNANSWERABLE * right.sum() / max(1.0, (1 - right).sum()))
    weights, intercept = np.zeros(scaled.shape[1]), 0.0
    for _ in range(_STEPS):
        error = (_sigmoid(scaled @ weights + intercept) - right) * share
        weights -= _RATE * (scaled.T @ error + _L2 * weights) / len(right)
        intercept -= _RATE * float(error.mean())
    return weights / spread, intercept - float((weights * mean / spread).sum())


def _sigmoid(logits: Matrix) -> Matrix:
    return 1.0 / (1.0 + np.exp(-logits))


def calibrate_and_print(assistant: Assistant, items: Sequence[Item], *, write: bool = False) -> None:
    """Fit on all items, print held-out AUROC and outcomes by threshold; `write` puts the fit to use."""
    cases = cases_of(assistant, items)
    features, right = cases.features, cases.right
    folds = np.array([fold_of(id_) for id_ in cases.ids])
    held_out = np.zeros(len(right))
    for fold in range(FOLDS):
        weights, intercept = regress(features[folds != fold], right[folds != fold])
        held_out[folds == fold] = _sigmoid(features[folds == fold] @ weights + intercept)
    print(
        f"calibration: {len(right)} questions, held-out AUROC {auroc(held_out.tolist(), (right > 0).tolist()):.3f}"
    )
    margins = cases.margins(held_out)
    print("threshold  answerable refused  unanswerable refused")
    for threshold in np.arange(0.1, 0.61, 0.1):
        refused = margins < threshold
        print(f"{threshold:9.2f}  {refused[right > 0].mean():18.3f}  {refused[right == 0].mean():20.3f}")
    threshold = float(np.quantile(margins[right > 0], _FALSE_REFUSALS))
    print(f"threshold for {_FALSE_REFUSALS:.1%} refused: {threshold:.2f}")
    if write:
        weights, intercept = regress(features, right)
        table = json.loads(CALIBRATION.read_text("utf-8"))
        table["intercept"] = round(intercept, 4)
        table["coefficients"] = {name: round(float(w), 4) for name, w in zip(FEATURES, weights, strict=True)}
        table["threshold"] = round(min(threshold, 0.5), 2)
        CALIBRATION.write_text(json.dumps(table, indent=2) + "\n", "utf-8")
