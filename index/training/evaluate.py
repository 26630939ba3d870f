"""Retrieval scores of a model, or of plain keywords, on the dev sets and on the held-out own questions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from index.embed import load_embedder
from index.training.corpus import ENCYCLOPAEDIC, asked, fold, held_out, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DEV_SETS = (
    "ncp_policy_q2answer_test",
    "govreport2026_heading_test",
    "tatoeba_cmn_eng",
    "cmrc2018_dev",
    "drcd_test_s",
)
CUTS = (1, 5, 10)


class Scorer(Protocol):
    """Anything that scores queries against passages."""

    def __call__(self, queries: Sequence[str], passages: Sequence[str]) -> Floats:
        """Scores of shape (queries, passages); higher is better."""
        ...


class Model:
    """An embedding model as the index uses it.

    Args:
        name: A folder, a hub name or ``bundled``.
    """

    def __init__(self, name: str) -> None:
        self._embedder = load_embedder(name)

    def __call__(self, queries: Sequence[str], passages: Sequence[str]) -> Floats:
        """Cosine of every query with every passage."""
        scores: Floats = self._embedder.encode_query(queries) @ self._embedder.encode_document(passages).T
        return scores


class Keywords:
    """TF-IDF of single characters and pairs of them: what is found with no model at all."""

    def __call__(self, queries: Sequence[str], passages: Sequence[str]) -> Floats:
        """Cosine of the TF-IDF vectors."""
        from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

        vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
        b = vectorizer.fit_transform(passages)
        scores: Floats = (vectorizer.transform(queries) @ b.T).toarray()
        return scores


@dataclass(frozen=True, slots=True)
class Task:
    """Queries with their right passages among a pool.

    Attributes:
        name: What the table calls it.
        queries: The queries.
        passages: The pool, each text once.
        right: Index of each query's passage.
        groups: Queries of one group hang together: the bootstrap draws them as one, shape (queries,).
    """

    name: str
    queries: list[str]
    passages: list[str]
    right: NDArray[np.int64]
    groups: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Score:
    """One row of the table: recall at 1, 5 and 10 and the mean reciprocal rank, with 95 % intervals."""

    name: str
    queries: int
    passages: int
    values: dict[str, tuple[float, float, float]]


def task(name: str, rows: Sequence[tuple[str, str]]) -> Task:
    """Make a task of (query, passage) pairs; the distinct passages are the pool."""
    passages = list(dict.fromkeys(passage for _, passage in rows))
    place = {passage: number for number, passage in enumerate(passages)}
    right = np.array([place[passage] for _, passage in rows])
    return Task(name, [query for query, _ in rows], passages, right, right)


def tasks(folder: Path) -> list[Task]:
    """The dev sets and, by language, the held-out own questions among all paragraphs of their kind asked about."""
    found = []
    for name in DEV_SETS:
        rows = [(fold(row["a"]), fold(row["b"])) for row in read(folder / "dev" / f"{name}.jsonl.xz")]
        found.append(task(name, rows))
    own = asked(folder)
    for name, of_encyclopaedia in (("own_questions", False), ("own_encyclopaedia", True)):
        asked_here = [row for row in own if (row.source == ENCYCLOPAEDIC) == of_encyclopaedia]
        pool = list(dict.fromkeys(row.paragraph for row in asked_here))
        place = {passage: number for number, passage in enumerate(pool)}
        for lang in ("zh", "en"):
            kept = [row for row in asked_here if row.lang == lang and held_out(row.sha)]
            if kept:
                right = np.array([place[row.paragraph] for row in kept])
                found.append(Task(f"{name}_{lang}", [row.question for row in kept], pool, right, right))
    return found


def ranks(scores: Floats, right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank of each query's passage, 1 for the best; a tie counts against it.

    Args:
        scores: Shape (queries, passages).
        right: Index of the right passage, shape (queries,).
    """
    own = scores[np.arange(len(right)), right][:, None]
    better: NDArray[np.int64] = (scores >= own).sum(axis=1)
    return better


def summarise(of: Task, rank: NDArray[np.int64], *, draws: int = 1_000, seed: int = 0) -> Score:
    """Means with 95 % intervals from a bootstrap over the passages (their queries stay together)."""
    columns = {f"R@{cut}": (rank <= cut).astype(float) for cut in CUTS} | {"MRR": 1.0 / rank}
    groups, group = np.unique(of.groups, return_inverse=True)
    sizes = np.bincount(group)
    drawn = np.random.default_rng(seed).integers(len(groups), size=(draws, len(groups)))
    values = {}
    for name, column in columns.items():
        sums = np.bincount(group, weights=column)
        low, high = np.quantile(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), [0.025, 0.975])
        values[name] = (float(column.mean()), float(low), float(high))
    return Score(of.name, len(of.queries), len(of.passages), values)


def evaluate(scorer: Scorer, sets: Sequence[Task]) -> list[Score]:
    """Score every task."""
    return [summarise(of, ranks(scorer(of.queries, of.passages), of.right)) for of in sets]


def table(scores: Sequence[Score]) -> str:
    """The scores as a Markdown table."""
    names = list(scores[0].values) if scores else []
    lines = [
        f"| set | queries / passages | {' | '.join(names)} |",
        "| --- | --- |" + " --- |" * len(names),
    ]
    for score in scores:
        cells = [f"{mean:.3f} [{low:.3f}, {high:.3f}]" for mean, low, high in score.values.values()]
        lines.append(f"| {score.name} | {score.queries:,} / {score.passages:,} | {' | '.join(cells)} |")
    return "\n".join(lines)
