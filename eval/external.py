"""Retrieval on public question sets in SQuAD format that the user has on disk; nothing is downloaded or kept.

Monolingual sets (CMRC 2018, DRCD) measure the model and the keyword leg beyond this document; XQuAD, which
has the same paragraphs in several languages, measures the crossing from one language to another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from eval import metrics
from eval.dataset import EvalError
from index.lexical import LexicalIndex, chinese_terms, fold

if TYPE_CHECKING:
    from assistant.config import Settings
    from index.embed import Embedder

Progress = Callable[[int, int], None]
Scores = npt.NDArray[np.float32]
_BATCH = 256
_DEPTH, _MRR_DEPTH = 5, 10
Question = TypeVar("Question")


@dataclass(frozen=True, slots=True)
class PublicSet:
    """Paragraphs, and questions with the position of their paragraph and their own id."""

    name: str
    paragraphs: tuple[str, ...]
    questions: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """Retrieval of paragraphs by questions: recall@1, recall@5 and MRR@10 with the interval of the first."""

    name: str
    system: str
    n: int
    paragraphs: int
    recall_1: float
    recall_5: float
    mrr_10: float
    low: float
    high: float


def load_squad(path: Path) -> PublicSet:
    """Read one file in SQuAD's format.

    Raises:
        EvalError: it is of another form.
    """
    try:
        articles: Sequence[Mapping[str, Any]] = json.loads(path.read_text("utf-8-sig"))["data"]
        positions: dict[str, int] = {}
        questions: list[tuple[str, str, int]] = []
        for article in articles:
            for paragraph in article["paragraphs"]:
                at = positions.setdefault(paragraph["context"], len(positions))
                questions += [(str(qa["id"]), qa["question"], at) for qa in paragraph["qas"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvalError(
            f"{path.name} 不是 SQuAD 格式。 {path.name} is not in SQuAD format: {error!r}"
        ) from None
    return PublicSet(path.stem, tuple(positions), tuple(questions))


def evaluate_folder(
    folder: Path, settings: Settings, *, limit: int, progress: Progress | None = None
) -> list[Result]:
    """Results of every set in a folder, and across languages where two sets share their question ids.

    `limit` bounds the questions of each set, taken evenly over the file; all paragraphs stay in the haystack.

    Raises:
        EvalError: the folder holds no set.
    """
    from index.embed import load_embedder

    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    if not files:
        raise EvalError(f"{folder} 中没有 .json 文件。 There is no .json file in {folder}.")
    sets = [load_squad(path) for path in files]
    embedder = load_embedder(settings.embedding_model)
    results: list[Result] = []
    for done, found in enumerate(sets, start=1):
        vectors = _encoded(embedder, found.paragraphs)
        questions = _thinned(found.questions, limit)
        keyword = LexicalIndex.build(found.paragraphs, chinese_terms)
        dense = embedder.encode_query([fold(text) for _, text, _ in questions]) @ vectors.T
        words = np.stack([keyword.scores(text) for _, text, _ in questions])
        gold = [at for _, _, at in questions]
        results.append(_result(found.name, "embedding", dense, gold))
        results.append(_result(found.name, "keywords", words, gold))
        results.append(_result(found.name, "embedding + keywords", dense + words, gold))
        results += _across(found, sets, vectors, embedder, limit)
        if progress:
            progress(done, len(sets))
    return results


def _across(
    target: PublicSet, sets: Sequence[PublicSet], vectors: Scores, embedder: Embedder, limit: int
) -> list[Result]:
    """Questions of the parallel sets against this set's paragraphs."""
    place = {identifier: at for identifier, _, at in target.questions}
    results = []
    for other in sets:
        shared = [(text, place[identifier]) for identifier, text, _ in other.questions if identifier in place]
        if other is target or len(shared) < len(other.questions) / 2:
            continue
        chosen = _thinned(shared, limit)
        dense = embedder.encode_query([fold(text) for text, _ in chosen]) @ vectors.T
        results.append(_result(f"{other.name} → {target.name}", "embedding", dense, [at for _, at in chosen]))
    return results


def _thinned(questions: Sequence[Question], limit: int) -> list[Question]:
    step = max(1.0, len(questions) / limit)
    return [questions[int(at * step)] for at in range(min(limit, len(questions)))]


def _encoded(embedder: Embedder, texts: Sequence[str]) -> Scores:
    batches = [
        embedder.encode_document([fold(text) for text in texts[at : at + _BATCH]])
        for at in range(0, len(texts), _BATCH)
    ]
    return np.vstack(batches)


def _result(name: str, system: str, scores: Scores, gold: Sequence[int]) -> Result:
    right = scores[np.arange(len(gold)), gold]
    # Ties count against the gold: a paragraph of equal score stands before it.
    ranks = (scores >= right[:, None]).sum(axis=1)
    hits = int((ranks <= 1).sum())
    low, high = metrics.wilson(hits, len(gold))
    return Result(
        name=name,
        system=system,
        n=len(gold),
        paragraphs=scores.shape[1],
        recall_1=hits / len(gold),
        recall_5=float((ranks <= _DEPTH).mean()),
        mrr_10=float(np.where(ranks <= _MRR_DEPTH, 1 / ranks, 0.0).mean()),
        low=low,
        high=high,
    )


def print_table(results: Sequence[Result]) -> None:
    """The results for the terminal."""
    from rich.table import Table

    from eval.console import wide_console

    table = Table(title="段落检索 paragraph retrieval, %")
    for at, name in enumerate(
        ("题集 set", "系统 system", "n", "段落", "recall@1", "95 %", "recall@5", "MRR@10")
    ):
        table.add_column(name, justify="right" if at > 1 else "left", no_wrap=True)
    for r in results:
        shares = (
            f"{100 * r.recall_1:.1f}",
            f"{100 * r.low:.0f}–{100 * r.high:.0f}",
            f"{100 * r.recall_5:.1f}",
        )
        table.add_row(r.name, r.system, str(r.n), str(r.paragraphs), *shares, f"{100 * r.mrr_10:.1f}")
    wide_console().print(table)
