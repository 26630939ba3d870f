"""The training step: symmetric InfoNCE over mean token vectors, Adam on the rows that a batch touches."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.sparse import csr_array  # type: ignore[import-untyped]
from tqdm import tqdm

from index.training.batches import schedule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.training.batches import Ints, Tokenised

logger = logging.getLogger(__name__)
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stretch of training over one mix.

    Attributes:
        passes: Passes over the mix.
        rate: Learning rate at its start; it falls linearly to a twentieth.
        batch: Pairs in a batch.
        scale: Factor on the cosine before the softmax (1 / temperature).
        longest: Tokens of a text that are looked at; longer ones are cut to a random window.
        average_last: Share of the steps at the end whose vectors are averaged into the result.
    """

    passes: float = 1
    rate: float = 0.01
    batch: int = 1_536
    scale: float = 20.0
    longest: int = 160
    average_last: float = 0.0


class TokenVectors:
    """One vector a token, with Adam's state; only the rows of a batch are read and written.

    Args:
        start: First values, shape (vocabulary, dimensions).
    """

    def __init__(self, start: torch.Tensor) -> None:
        self.weight = start.clone()
        self._mean = torch.zeros_like(start)
        self._square = torch.zeros_like(start)
        self._steps = torch.zeros(len(start))
        self._slot = torch.zeros(len(start), dtype=torch.long)

    def gather(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the distinct rows among ``ids`` and, for each id, its place among them."""
        seen = torch.zeros(len(self.weight), dtype=torch.bool)
        seen[ids] = True
        rows = seen.nonzero().squeeze(1)
        self._slot[rows] = torch.arange(len(rows))
        return rows, self._slot[ids]

    def update(self, rows: torch.Tensor, gradient: torch.Tensor, *, rate: float) -> None:
        """Take one step of Adam (Kingma & Ba 2015, algorithm 1) on these rows, each counting its steps."""
        mean = self._mean[rows].lerp_(gradient, 1 - _BETA1)
        square = self._square[rows].mul_(_BETA2).addcmul_(gradient, gradient, value=1 - _BETA2)
        self._mean[rows] = mean
        self._square[rows] = square
        self._steps[rows] += 1
        steps = self._steps[rows].unsqueeze(1)
        mean.div_(1 - _BETA1**steps)
        square.div_(1 - _BETA2**steps).sqrt_().add_(_EPSILON)
        self.weight[rows] -= mean.div_(square).mul_(rate)


def contrast(
    a: torch.Tensor, b: torch.Tensor, keys_a: torch.Tensor, keys_b: torch.Tensor, *, scale: float
) -> tuple[float, torch.Tensor, torch.Tensor]:
    """Symmetric InfoNCE (van den Oord et al. 2018) over unit vectors: each pair against the batch.

    A pair that shares a text with another, as headings and clauses often do, is no negative of that other.

    Args:
        a: Queries, shape (n, dimensions).
        b: Their passages, shape (n, dimensions).
        keys_a: Equal for equal queries, shape (n,).
        keys_b: Equal for equal passages, shape (n,).
        scale: Factor on the cosine.

    Returns:
        The loss and its gradients with respect to ``a`` and ``b``.
    """
    same = (keys_a[:, None] == keys_a) | (keys_b[:, None] == keys_b)
    same.fill_diagonal_(fill_value=False)
    # Cosines are at most 1, so e^(scale (cosine - 1)) can't overflow and needs no search for a maximum.
    odds = torch.mm(a, b.T).sub_(1).mul_(scale).exp_().masked_fill_(same, 0.0)
    right = odds.diagonal().clone()
    by_row, by_column = odds.sum(dim=1), odds.sum(dim=0)
    loss = (by_row.log() + by_column.log() - 2 * right.log()).mean() / 2
    slope = odds.mul_((1 / by_row)[:, None] + 1 / by_column)
    slope.diagonal().sub_(2)
    slope.mul_(scale / (2 * len(a)))
    return float(loss), slope @ b, slope.T @ a


def step(
    vectors: TokenVectors,
    pairs: Tokenised,
    which: Ints,
    stage: Stage,
    *,
    rate: float,
    random: np.random.Generator,
) -> float:
    """Train on one batch and return its loss.

    The gradient is written out: a product with the sparse matrix of texts and tokens takes half the time of an
    embedding bag and its backward pass.
    """
    sides = [
        tokens.take(which, longest=longest, random=random)
        for tokens, longest in ((pairs.a, pairs.window or stage.longest), (pairs.b, stage.longest))
    ]
    ids = torch.from_numpy(np.concatenate([ids for ids, _ in sides]).astype(np.int64))
    starts = np.concatenate([sides[0][1], sides[1][1] + len(sides[0][0]), [len(ids)]])
    rows, slots = vectors.gather(ids)
    lengths = np.diff(starts)
    shares = np.repeat(1 / lengths, lengths).astype(np.float32)
    bags = csr_array((shares, slots.numpy(), starts), shape=(len(lengths), len(rows)))
    means = torch.from_numpy(bags @ vectors.weight[rows].numpy())
    norms = means.norm(dim=1, keepdim=True).clamp_min_(1e-12)
    units = means / norms
    a, b = units.chunk(2)
    keys = (torch.from_numpy(pairs.a.keys[which]), torch.from_numpy(pairs.b.keys[which]))
    loss, *slopes = contrast(a, b, *keys, scale=stage.scale)
    slope = torch.cat(slopes)
    slope = (slope - units * (slope * units).sum(dim=1, keepdim=True)) / norms
    vectors.update(rows, torch.from_numpy(bags.T @ slope.numpy()), rate=rate)
    return loss


def train(vectors: TokenVectors, sets: Sequence[Tokenised], stage: Stage, *, seed: int) -> torch.Tensor:
    """Run one stage and return the vectors, averaged over its last steps if the stage says so.

    Returns:
        Shape (vocabulary, dimensions).
    """
    random = np.random.default_rng(seed)
    plan: list[tuple[int, Ints]] = []
    while len(plan) < 1 or stage.passes > 0:
        one = schedule(sets, size=stage.batch, random=random)
        plan += one
        if len(plan) >= len(one) * stage.passes:
            del plan[max(1, round(len(one) * stage.passes)) :]
            break
    warm_up = max(1, len(plan) // 50)
    first_averaged = math.ceil(len(plan) * (1 - stage.average_last))
    total = torch.zeros_like(vectors.weight)
    averaged = 0
    losses: dict[str, list[float]] = {}
    bar = tqdm(plan, desc="train", unit="batch", mininterval=5)
    for number, (which_set, which) in enumerate(bar):
        pairs = sets[which_set]
        rate = stage.rate * min((number + 1) / warm_up, 1 - 0.95 * number / len(plan))
        loss = step(vectors, pairs, which, stage, rate=rate, random=random)
        losses.setdefault(pairs.name, []).append(loss)
        bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
        if number >= first_averaged and (number - first_averaged) % 20 == 0:
            total += vectors.weight
            averaged += 1
    for name, values in losses.items():
        logger.info("%-28s %5d batches, loss of the last ten %.3f", name, len(values), np.mean(values[-10:]))
    return total / averaged if averaged else vectors.weight.clone()
