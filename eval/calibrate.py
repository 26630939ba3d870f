"""The calibration of answering and of the reason for not answering, fitted on the development questions: `python -m eval fit`.

Logistic regression with an L2 penalty over standardised features and, for answering, their products, there in the mean with
boosted trees; five folds by item tell what the fit is worth on questions that it has not seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import GradientBoostingClassifier  # type: ignore[import-untyped]

from assistant.calibrate import BANK_FEATURES, FEATURES, Trees
from assistant.extract import weigh
from assistant.types import Intent, Reason, Turn
from eval.dataset import Item
from eval.fit import FOLDS, fold_of
from eval.metrics import auroc

if TYPE_CHECKING:
    from assistant.pipeline import Assistant

Matrix = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

CALIBRATION = Path(__file__).parent.parent / "assistant" / "calibration.json"
# The penalty on the coefficients of standardised terms, in units of one question's weight.
_L2 = 100.0
_STEPS = 25
_STILL = 1e-6
# Trees, the depth of each, and what keeps them from learning the questions by heart: chosen by folds by writer.
TREES = {
    "n_estimators": 150, "max_depth": 4, "learning_rate": 0.06, "subsample": 0.7, "max_features": 0.3,
    "min_samples_leaf": 15, "init": "zero", "random_state": 0,
}  # fmt: skip
# The innermost lists of a JSON text.
_LIST = re.compile(r"\[[^\[\]]*\]")
# Answerable questions refused on held-out folds: the threshold is the highest that keeps to this share.
_FALSE_REFUSALS = 0.04


def evidence_of(assistant: Assistant, items: Sequence[Item]) -> tuple[Matrix, list[Item], Flags]:
    """Content questions, their features, shape (n, features), and whether a sentence has what each asks for.

    Where none has, nothing is left to decide but the reason.
    """
    rows, weighed_items, is_filled = [], [], []
    retriever = assistant.index.retriever
    for item in items:
        history: list[Turn] = []
        for question in item.turns[:-1]:
            history.append(assistant.ask(question, history).turn())
        query = assistant.understand(item.question, history)
        if query.parts or query.intent is not Intent.CONTENT or query.reason or item.answerable is None:
            continue
        weighed = weigh(
            query, retriever.search(query.search or query.text, asked=query.text), assistant.index
        )
        if weighed:
            rows.append(weighed.evidence)
            weighed_items.append(item)
            is_filled.append(bool(weighed.chosen))
    return np.array(rows), weighed_items, np.array(is_filled)


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted regression: how features are standardised, and the coefficients of them, or of `terms` of them."""

    mean: Matrix
    spread: Matrix
    intercept: float
    weights: Matrix

    def probability(self, features: Matrix) -> Matrix:
        """The probability of being answerable for features of shape (n, features)."""
        z = (features - self.mean) / self.spread
        return _sigmoid(self.intercept + (z if len(self.weights) == z.shape[1] else terms(z)) @ self.weights)


def boosted(features: Matrix, right: Matrix) -> Trees:
    """Trees of the same task, both kinds of question weighing alike, in the form that the assistant reads."""
    share = _shares(right)
    model = GradientBoostingClassifier(**TREES).fit(features, right > 0, sample_weight=share)
    roots: list[int] = []
    nodes: list[tuple[int, float, int]] = []
    for (estimator,) in model.estimators_:
        tree = estimator.tree_
        roots.append(len(nodes))
        row = [0]  # the sklearn nodes of this tree in our order: both children of a node follow each other
        for at in row:
            if tree.children_left[at] < 0:
                nodes.append((-1, round(float(tree.value[at, 0, 0]) * model.learning_rate, 5), 0))
            else:
                nodes.append(
                    (int(tree.feature[at]), round(float(tree.threshold[at]), 6), roots[-1] + len(row))
                )
                row += [tree.children_left[at], tree.children_right[at]]
    feature, value, below = zip(*nodes, strict=True)
    return Trees(roots, feature, value, below)


def terms(z: Matrix) -> Matrix:
    """Standardised features and the products of each two, shape (n, features + lower triangle)."""
    rows, columns = np.tril_indices(z.shape[1])
    return np.hstack([z, z[:, rows] * z[:, columns]])


def regress(features: Matrix, right: Matrix, *, with_products: bool = True) -> Fit:
    """Logistic regression by Newton's method, both kinds of question weighing alike, all terms penalised alike."""
    mean, spread = features.mean(axis=0), _spread(features)
    z = (features - mean) / spread
    raw = terms(z) if with_products else z
    centre, scale = raw.mean(axis=0), _spread(raw)
    design = np.hstack([np.ones((len(raw), 1)), (raw - centre) / scale])
    share = _shares(right)
    penalty = np.full(design.shape[1], _L2)
    penalty[0] = 0.0
    weights = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        expected = _sigmoid(design @ weights)
        gradient = design.T @ (share * (expected - right)) + penalty * weights
        curvature = (design * (share * expected * (1 - expected))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(weights)), gradient)
        weights -= step
        if np.abs(step).max() < _STILL:
            break
    own = weights[1:] / scale
    return Fit(mean, spread, float(weights[0] - own @ centre), own)


def _shares(right: Matrix) -> Matrix:
    """The weight of each question, that of both kinds together alike."""
    shares: Matrix = np.where(right > 0, 0.5 / right.mean(), 0.5 / (1 - right.mean()))
    return shares


def _spread(columns: Matrix) -> Matrix:
    """Standard deviations; 1 for a column that is constant."""
    deviation = columns.std(axis=0)
    return np.where(deviation > 1e-6, deviation, 1.0)


def _sigmoid(logits: Matrix) -> Matrix:
    return 1.0 / (1.0 + np.exp(-logits))


def calibrate_and_print(assistant: Assistant, items: Sequence[Item], *, write: bool = False) -> None:
    """Fit on all items, print held-out AUROC and outcomes by threshold; `write` puts the fits to use."""
    features, asked, is_filled = evidence_of(assistant, items)
    folds = np.array([fold_of(item.id) for item in asked])
    is_answerable = np.array([bool(item.answerable) for item in asked])
    is_subject = np.array([item.reason == Reason.FIGURE_NOT_STATED for item in asked])
    is_unanswered = is_subject | np.array([item.reason == Reason.NOT_IN_DOCUMENT for item in asked])
    table = json.loads(CALIBRATION.read_text("utf-8"))
    for name, columns, of, right in (
        ("without_bank", FEATURES, is_filled, is_answerable),
        ("with_bank", (*FEATURES, *BANK_FEATURES), is_filled, is_answerable),
        ("subject", FEATURES, is_unanswered, is_subject),
    ):
        if len(columns) > features.shape[1]:
            continue
        print(f"calibration {name}:")
        own = features[of, : len(columns)]
        is_reason = name == "subject"
        table[name] = _fitted(own, columns, right[of].astype(float), folds[of], is_reason=is_reason)
    if write:
        CALIBRATION.write_text(_file_of(table), "utf-8")


def _fitted(
    features: Matrix, columns: Sequence[str], right: Matrix, folds: Matrix, *, is_reason: bool
) -> dict[str, object]:
    """One regression as it stands in the file.

    The threshold of answering keeps to the share of false refusals on held-out folds, and is at most .5. That of the
    reason is .5; there, with a third of the questions, products would tell of chance, and far from them of nothing.
    """
    held_out = np.zeros(len(right))
    for fold in range(FOLDS):
        seen, unseen = folds != fold, folds == fold
        fit = regress(features[seen], right[seen], with_products=not is_reason)
        held_out[unseen] = fit.probability(features[unseen])
        if not is_reason:
            trees = boosted(features[seen], right[seen])
            by_trees = _sigmoid(np.array([trees.logit(row) for row in features[unseen].tolist()]))
            held_out[unseen] = (held_out[unseen] + by_trees) / 2
    area = auroc(held_out.tolist(), (right > 0).tolist())
    print(f"{len(right)} questions, {right.mean():.0%} of them positive; held-out AUROC {area:.3f}")
    print("threshold  positive below  negative below")
    for threshold in np.arange(0.2, 0.81, 0.1):
        below = held_out < threshold
        print(f"{threshold:9.2f}  {below[right > 0].mean():14.3f}  {below[right == 0].mean():14.3f}")
    threshold = 0.5 if is_reason else float(np.quantile(held_out[right > 0], _FALSE_REFUSALS))
    print(f"threshold: {min(threshold, 0.5):.2f}")
    fit = regress(features, right, with_products=not is_reason)
    triangle = iter(_rounded(fit.weights[len(columns) :]))
    products = [] if is_reason else [[next(triangle) for _ in range(at + 1)] for at in range(len(columns))]
    return {
        "features": list(columns),
        "mean": _rounded(fit.mean),
        "spread": _rounded(fit.spread),
        "intercept": round(fit.intercept, 4),
        "linear": _rounded(fit.weights[: len(columns)]),
        "products": products,
        "threshold": round(min(threshold, 0.5), 2),
        "trees": None if is_reason else asdict(boosted(features, right)),
    }


def _rounded(values: Matrix) -> list[float]:
    return [round(float(value), 5) for value in values]


def _file_of(table: Mapping[str, object]) -> str:
    """The text of `calibration.json`, a list of numbers on a line."""
    text = json.dumps(table, indent=1)
    return _LIST.sub(lambda match: " ".join(match.group().split()), text) + "\n"
