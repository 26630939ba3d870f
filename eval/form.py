"""Fitting the reader of questions for a document's form (`assistant/form.py`): `python -m eval fit-form`.

Five folds by question tell what the fit is worth on wordings that it has not seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn.svm import LinearSVC  # type: ignore[import-untyped]

from assistant.form import (
    CHOICES,
    HEADS,
    ROWS_HASHED,
    WEIGHTS,
    Features,
    Form,
    FormReader,
    features_of,
)
from eval.dataset import load_split
from eval.fit import FOLDS, fold_of
from index.embed import Embedder, Vectors, load_embedder
from index.lexical import fold
from index.types import Document

LABELLED = Path(__file__).parent / "data" / "form.jsonl"
# Kinds of items whose questions may ask for the form, or for several things.
_MIXED = frozenset({"structure", "multiturn", "multi", "adversarial"})
# Of the squared hinge loss against the squared length of the weights.
_PENALTY = 1.0


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with the operation that it asks for and the choices that this leaves."""

    question: str
    labels: Mapping[str, str]


def labelled(path: Path = LABELLED) -> list[Labelled]:
    """The labelled questions.

    Raises:
        ValueError: a row has an unknown operation or not its choices.
    """
    rows = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        question = row.pop("q")
        if row.keys() != {"op", *CHOICES.get(row["op"], ())} or any(
            value not in HEADS[head] for head, value in row.items()
        ):
            raise ValueError(f"{path.name}: {line}")
        rows.append(Labelled(question, row))
    return rows


def training_rows() -> list[Labelled]:
    """The labelled questions, and those of the development and calibration items that ask for content."""
    known = labelled()
    for split in ("dev", "calibration"):
        for item in load_split(split):
            if item.kind not in _MIXED and item.lang in {"zh", "en"} and len(item.turns) == 1:
                known.append(Labelled(item.question, {"op": "content"}))
    return known


def fit(rows: Sequence[Labelled], features: Sequence[Features]) -> dict[str, Vectors]:
    """The weights of a reader, for each head of shape (ROWS_HASHED + dimension + 1, choices)."""
    return {head: _fit_head(head, rows, features) for head in HEADS}


def _fit_head(head: str, rows: Sequence[Labelled], features: Sequence[Features]) -> Vectors:
    which = [at for at, row in enumerate(rows) if head in row.labels]
    labels = [HEADS[head].index(rows[at].labels[head]) for at in which]
    matrix = _matrix([features[at] for at in which])
    model = LinearSVC(C=_PENALTY, random_state=0).fit(matrix, labels)
    coefficients, constants = model.coef_, model.intercept_
    if len(coefficients) == 1:
        coefficients, constants = (
            np.vstack([-coefficients, coefficients]),
            np.concatenate([-constants, constants]),
        )
    weights = np.zeros((matrix.shape[1] + 1, len(HEADS[head])), dtype=np.float32)
    # A choice that no question made is never the likeliest.
    weights[-1] = -9.0
    weights[:-1, model.classes_], weights[-1, model.classes_] = coefficients.T, constants
    return weights


def _matrix(features: Sequence[Features]) -> csr_matrix:
    """Features as the rows of a matrix."""
    columns, values = zip(*(one.scaled() for one in features), strict=True)
    starts = np.concatenate([[0], np.cumsum([len(row) for row in columns])])
    shape = (len(features), ROWS_HASHED + len(features[0].vector))
    return csr_matrix((np.concatenate(values), np.concatenate(columns), starts), shape=shape)


def save(weights: Mapping[str, Vectors], fingerprint: str, path: Path = WEIGHTS) -> None:
    """Write weights in whole numbers from -127 to 127 with a scale for each choice, and the embedding model's fingerprint."""
    arrays: dict[str, npt.NDArray[np.generic]] = {"model": np.array(fingerprint)}
    for head, model in weights.items():
        scale = np.abs(model).max(axis=0) / 127
        arrays[head] = (model / scale).round().astype(np.int8)
        arrays[f"{head}.scale"] = scale.astype(np.float32)
    np.savez_compressed(path, allow_pickle=False, **arrays)


def held_out(rows: Sequence[Labelled], features: Sequence[Features], embedder: Embedder) -> list[Form]:
    """What each question is read as by a reader that was fitted on the other folds."""
    folds = [fold_of(row.question) for row in rows]
    readers = []
    for fold_number in range(FOLDS):
        others = [at for at, number in enumerate(folds) if number != fold_number]
        weights = fit([rows[at] for at in others], [features[at] for at in others])
        readers.append(FormReader(weights, embedder))
    return [readers[number].choose(one) for number, one in zip(folds, features, strict=True)]


def fit_and_print(document: Document, *, write: bool = False) -> None:
    """Print how well held-out questions are read, and what a confidence is worth; `write` puts the fit to use."""
    from rich.table import Table

    from eval.console import wide_console

    embedder = load_embedder("bundled")
    rows = training_rows()
    features = [features_of(fold(row.question), document, embedder) for row in rows]
    read = held_out(rows, features, embedder)
    pairs = [(row.labels, form) for row, form in zip(rows, read, strict=True)]
    structural = [(labels, form) for labels, form in pairs if labels["op"] != "content"]
    shown = Table(title=f"{len(rows)} questions, {len(structural)} for the form; five folds, %")
    for name in (
        "confidence",
        "read as asking for the form",
        "right in all",
        "asking for content",
        "of all for the form",
    ):
        shown.add_column(name, justify="right")
    for least in (0.0, 0.35, 0.5, 0.7, 0.85):
        said = [(labels, form) for labels, form in pairs if form.op != "content" and form.confidence >= least]
        right = [labels for labels, form in said if labels == {"op": form.op, **form.choices}]
        wrong = [labels for labels, _ in said if labels["op"] == "content"]
        shares = (len(right) / len(said), len(wrong) / len(said), len(right) / len(structural))
        shown.add_row(f"{least}", str(len(said)), *(f"{100 * share:.1f}" for share in shares))
    wide_console().print(shown)
    ops = sum(labels["op"] == form.op for labels, form in structural) / len(structural)
    content = [form.op == "content" for labels, form in pairs if labels["op"] == "content"]
    wide_console().print(
        f"operation right: {100 * ops:.1f} % · content read as content: {100 * np.mean(content):.1f} %"
    )
    if write:
        save(fit(rows, features), embedder.fingerprint)
