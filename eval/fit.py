"""Weights and thresholds fitted on the development questions, never on the test split."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from eval.dataset import Item
from index.retrieve import LEGS, language_class

if TYPE_CHECKING:
    from index.build import Index

Matrix = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Progress = Callable[[int, int], None]

FUSION = Path(__file__).parent.parent / "index" / "fusion.json"
FOLDS = 5
CLASSES = ("zh", "en", "other")
_STEPS = 200
_STILL = 1e-4
_NEGLIGIBLE = 0.0005
_L2 = 1e-5
# A language with few questions of its own leans on the weights fitted for all languages together.
_PRIOR = {"zh": 0.0, "en": 0.0, "other": 0.02}
# How much of the likelihood is that of the right section, beside that of the right sentences.
_SECTION_SHARE = 0.5

# The subsets of legs that the README's table compares.
ARMS: Mapping[str, Callable[[str], bool]] = {
    "keywords": lambda leg: leg in {"words.section", "words.sentence"},
    "embedding": lambda leg: leg in {"dense.section", "dense.sentence"},
    "no enrichment": lambda leg: (
        leg in {"dense.section", "dense.sentence", "words.section", "words.sentence", "pinyin.sentence"}
    ),
    "fused": lambda _leg: True,
}
WHOLE = "fused"
# Variants that the analyzers fold away: they would only count their question twice.
_FOLDED = frozenset(("traditional", "full-width"))


@dataclass(frozen=True, slots=True)
class Example:
    """One question's leg scores, shape (sentences, legs), and which sentences and sections are right."""

    item: str
    kind: str
    language: str
    legs: Matrix
    sentences: Flags
    sections: Flags


def examples_of(index: Index, items: Sequence[Item], progress: Progress | None = None) -> list[Example]:
    """Leg scores of all answerable items that have gold sections; a follow-up is searched by its rewrite.

    Items of which only a chapter's heading is gold are left out: a search finds sentences.
    """
    from index.language import detect

    wanted = [
        item
        for item in items
        if item.answerable
        and any("." in address for address in item.sections)
        and item.kind != "structure"
        and (len(item.turns) == 1 or item.standalone)
    ]
    document = index.document
    sentences = [sentence.address for sentence in document.sentences()]
    sections = [section.address for section in document.sections()]
    examples = []
    for done, item in enumerate(wanted, start=1):
        text = item.standalone or item.question
        gold = set(item.sentences) or {a for a in sentences if a.partition("#")[0] in item.sections}
        examples.append(
            Example(
                item=item.id,
                kind=item.kind,
                language=language_class(detect(text)),
                legs=index.retriever.leg_scores(text).astype(np.float64),
                sentences=np.array([address in gold for address in sentences]),
                sections=np.array([address in item.sections for address in sections]),
            )
        )
        if progress:
            progress(done, len(wanted))
    return examples


# --- the likelihood ---


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples stacked: legs (questions, sentences, legs), gold by sentences and by sections."""

    legs: Matrix
    sentences: Matrix
    sections: Matrix
    starts: Integers

    @classmethod
    def of(cls, examples: Sequence[Example], starts: Integers, allowed: Flags) -> Batch:
        """Stack examples, with the allowed legs only."""
        return cls(
            legs=np.stack([example.legs[:, allowed] for example in examples]),
            sentences=np.stack([example.sentences for example in examples]).astype(np.float64),
            sections=np.stack([example.sections for example in examples]).astype(np.float64),
            starts=starts,
        )


def section_starts(index: Index) -> Integers:
    """The row of each section's first sentence, sections in document order."""
    counts = [len(section.sentences) for section in index.document.sections()]
    return np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)


def loss_and_gradient(weights: Matrix, batch: Batch, prior: Matrix, pull: float) -> tuple[float, Matrix]:
    """Mean negative log-likelihood of the gold under a softmax over sentences, and its gradient.

    The likelihood of several gold sentences is the sum of theirs; a section's probability is the sum of its
    sentences'. `pull` draws the weights to `prior`, beside a small L2 to zero.
    """
    scores = batch.legs @ weights
    scores -= scores.max(axis=1, keepdims=True)
    exponent = np.exp(scores)
    probability = exponent / exponent.sum(axis=1, keepdims=True)
    by_section = np.add.reduceat(probability, batch.starts, axis=1)
    of_section = np.repeat(batch.sections, np.diff([*batch.starts, probability.shape[1]]), axis=1)
    count = len(scores)
    value, gradient = 0.0, np.zeros_like(weights)
    for share, gold, total in (
        (1 - _SECTION_SHARE, batch.sentences, (probability * batch.sentences).sum(axis=1)),
        (_SECTION_SHARE, of_section, (by_section * batch.sections).sum(axis=1)),
    ):
        likelihood = np.maximum(total, 1e-12)
        value -= share * float(np.log(likelihood).mean())
        posterior = probability * gold / likelihood[:, None]
        gradient -= share * np.einsum("qs,qsl->l", posterior - probability, batch.legs) / count
    value += _L2 * float(weights @ weights) + pull * float((weights - prior) @ (weights - prior))
    return value, gradient + 2 * _L2 * weights + 2 * pull * (weights - prior)


def fit_weights(batch: Batch, *, prior: Matrix, pull: float = 0.0) -> Matrix:
    """Non-negative weights of least loss: accelerated projected gradient with a step found by halving."""
    weights = ahead = prior.copy()
    step, momentum = 4.0, 1.0
    for _ in range(_STEPS):
        value, gradient = loss_and_gradient(ahead, batch, prior, pull)
        while True:
            candidate = np.maximum(ahead - step * gradient, 0.0)
            change = candidate - ahead
            new, _ = loss_and_gradient(candidate, batch, prior, pull)
            if new <= value + gradient @ change + change @ change / (2 * step) + 1e-12:
                break
            step /= 2
        next_momentum = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = candidate + (momentum - 1) / next_momentum * (candidate - weights)
        if np.abs(candidate - weights).max() < _STILL:
            return candidate
        weights, momentum = candidate, next_momentum
    return weights


# --- how good a set of weights is ---


def ranks(example: Example, weights: Matrix, starts: Integers) -> tuple[int, int]:
    """The 1-based rank of the first gold section and of the first gold sentence."""
    fused = example.legs @ weights
    by_section = np.maximum.reduceat(fused, starts)
    return _rank(by_section, example.sections), _rank(fused, example.sentences)


def _rank(scores: Matrix, gold: Flags) -> int:
    order = np.argsort(-scores, kind="stable")
    return int(np.flatnonzero(gold[order])[0]) + 1


def fold_of(item: str) -> int:
    """The fold that an item is held out in, by its id alone."""
    return int(hashlib.sha256(item.partition("~")[0].removesuffix("-en").encode()).hexdigest(), 16) % FOLDS


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights by language class, and the ranks of every example with weights fitted on it and without it."""

    weights: Mapping[str, Matrix]
    fitted: Mapping[str, tuple[int, int]]
    held_out: Mapping[str, tuple[int, int]]


def fit(examples: Sequence[Example], starts: Integers, allowed: Callable[[str], bool]) -> Fitted:
    """Fit the weights of each language class, and again without each fold."""
    mask = np.array([allowed(leg) for leg in LEGS])
    weights = _fit_classes(examples, starts, mask)
    fitted = {e.item: ranks(e, weights[e.language], starts) for e in examples}
    held_out: dict[str, tuple[int, int]] = {}
    for fold in range(FOLDS):
        rest = [example for example in examples if fold_of(example.item) != fold]
        apart = _fit_classes(rest, starts, mask)
        held_out |= {e.item: ranks(e, apart[e.language], starts) for e in examples if fold_of(e.item) == fold}
    return Fitted(weights, fitted, held_out)


def _fit_classes(examples: Sequence[Example], starts: Integers, mask: Flags) -> dict[str, Matrix]:
    start: Matrix = np.full(int(mask.sum()), 2.0)
    everything = fit_weights(Batch.of(examples, starts, mask), prior=start)
    weights = {}
    for name in CLASSES:
        own = [example for example in examples if example.language == name]
        weights[name] = np.zeros(len(mask))
        weights[name][mask] = (
            fit_weights(Batch.of(own, starts, mask), prior=everything, pull=_PRIOR[name])
            if own
            else everything
        )
    return weights


def recall(ranks_of: Sequence[int], k: int) -> float:
    """The share of ranks within the first k."""
    return sum(rank <= k for rank in ranks_of) / len(ranks_of) if ranks_of else 0.0


def table(examples: Sequence[Example], arms: Mapping[str, Mapping[str, tuple[int, int]]]) -> list[list[str]]:
    """Rows of the printed table: kind, n, and for each arm section recall@1 and @5 in percent."""
    groups = [
        (kind, [e.item for e in examples if e.kind == kind]) for kind in sorted({e.kind for e in examples})
    ]
    groups += [(f"all {name}", [e.item for e in examples if e.language == name]) for name in CLASSES]
    groups.append(("all", [example.item for example in examples]))
    rows = []
    for name, members in groups:
        row = [name, str(len(members))]
        for found in arms.values():
            first = [found[item][0] for item in members]
            row.append(f"{100 * recall(first, 1):.0f}·{100 * recall(first, 5):.0f}")
        rows.append(row)
    return rows


def weights_file(weights: Mapping[str, Matrix]) -> str:
    """The text of `fusion.json`: weights that sum to 1 in each class, without the negligible ones."""
    rounded = {
        name: {
            leg: round(float(w), 4)
            for leg, w in zip(LEGS, vector / vector.sum(), strict=True)
            if w > _NEGLIGIBLE
        }
        for name, vector in weights.items()
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(values)}" for name, values in rounded.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def fit_and_print(
    index: Index, items: Sequence[Item], *, write: bool = False, progress: Progress | None = None
) -> None:
    """Fit on the development items and print fitted beside held-out scores; `write` puts the weights to use.

    The calibration of abstention is fitted after the weights, since it reads the fused scores.
    """
    starts = section_starts(index)
    variants = {item.id for item in items if item.variant}
    examples = examples_of(index, [item for item in items if item.variant not in _FOLDED], progress)
    plain = [example for example in examples if example.item not in variants]
    current = current_weights()
    arms: dict[str, Mapping[str, tuple[int, int]]] = {
        "in use": {e.item: ranks(e, current[e.language], starts) for e in plain}
    }
    weights: Mapping[str, Matrix] = current
    for name, allowed in ARMS.items():
        found = fit(examples if name == WHOLE else plain, starts, allowed)
        arms[name] = found.held_out
        if name == WHOLE:
            arms["fitted"] = found.fitted
            weights = found.weights
    print_table(plain, arms)
    if write:
        FUSION.write_text(weights_file(weights), "utf-8")


def print_table(examples: Sequence[Example], arms: Mapping[str, Mapping[str, tuple[int, int]]]) -> None:
    """Print section recall@1 and recall@5 by kind and language; all arms but two are held out."""
    from rich.table import Table

    from eval.console import wide_console

    shown = Table(title="recall@1 · recall@5, %; five-fold held out, but for “in use” and “fitted”")
    for name in ("kind", "n", *arms):
        shown.add_column(name, justify="left" if name == "kind" else "right", no_wrap=True)
    for row in table(examples, arms):
        shown.add_row(*row)
    wide_console().print(shown)


def current_weights() -> dict[str, Matrix]:
    """The weights in use now, as vectors in the order of the legs."""
    stored = json.loads(FUSION.read_text("utf-8"))
    return {name: np.array([stored[name].get(leg, 0.0) for leg in LEGS]) for name in CLASSES}
