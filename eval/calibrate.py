"""The calibration of answering, fitted on the development questions: `python -m eval fit`.

Logistic regression with an L2 penalty on standardised features, unanswerable questions weighted up to a fixed share;
five folds by item tell what the fit is worth on questions that it has not seen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from assistant.calibrate import BANK_FEATURES, FEATURES
from assistant.extract import weigh
from assistant.types import Intent, Turn
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
_FALSE_REFUSALS = 0.035


def evidence_of(assistant: Assistant, items: Sequence[Item]) -> tuple[Matrix, Matrix, list[str]]:
    """Features, shape (n, features), 1 for answerable, and ids of the items that the calibration decides on."""
    rows, answerable, ids = [], [], []
    retriever, document = assistant.index.retriever, assistant.index.document
    for item in items:
        history: list[Turn] = []
        for question in item.turns[:-1]:
            history.append(assistant.ask(question, history).turn())
        query = understand(item.question, history, document)
        if query.parts or query.intent is not Intent.CONTENT or query.reason or item.answerable is None:
            continue
        weighed = weigh(query, retriever.search(query.search or query.text), assistant.index)
        if weighed and weighed.chosen:
            rows.append(weighed.evidence)
            answerable.append(float(item.answerable))
            ids.append(item.id)
    return np.array(rows), np.array(answerable), ids


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
    """Fit on all items, print held-out AUROC and outcomes by threshold; `write` puts the fits to use."""
    features, right, ids = evidence_of(assistant, items)
    folds = np.array([fold_of(id_) for id_ in ids])
    table = json.loads(CALIBRATION.read_text("utf-8"))
    for name, columns in (("without_bank", FEATURES), ("with_bank", (*FEATURES, *BANK_FEATURES))):
        if len(columns) > features.shape[1]:
            continue
        table[name] = _fitted(name, features[:, : len(columns)], columns, right, folds)
    if write:
        CALIBRATION.write_text(json.dumps(table, indent=2) + "\n", "utf-8")


def _fitted(
    name: str, features: Matrix, columns: Sequence[str], right: Matrix, folds: Matrix
) -> dict[str, object]:
    """One regression as it stands in the file; its threshold keeps to the share of false refusals on held-out folds."""
    held_out = np.zeros(len(right))
    for fold in range(FOLDS):
        weights, intercept = regress(features[folds != fold], right[folds != fold])
        held_out[folds == fold] = _sigmoid(features[folds == fold] @ weights + intercept)
    area = auroc(held_out.tolist(), (right > 0).tolist())
    print(f"calibration {name}: {len(right)} questions, held-out AUROC {area:.3f}")
    print("threshold  answerable refused  unanswerable refused")
    for threshold in np.arange(0.2, 0.81, 0.1):
        refused = held_out < threshold
        print(f"{threshold:9.2f}  {refused[right > 0].mean():18.3f}  {refused[right == 0].mean():20.3f}")
    threshold = float(np.quantile(held_out[right > 0], _FALSE_REFUSALS))
    print(f"threshold for {_FALSE_REFUSALS:.1%} refused: {threshold:.2f}")
    weights, intercept = regress(features, right)
    return {
        "intercept": round(intercept, 4),
        "coefficients": {column: round(float(w), 4) for column, w in zip(columns, weights, strict=True)},
        "threshold": round(min(threshold, 0.5), 2),
    }
