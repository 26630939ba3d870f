"""Metrics and statistics: pure functions, each with formula, convention for empty input and source.

None stands for "not defined here" throughout: such items are left out of a mean and are counted apart, they
are never silently zero.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

# 97.5 % quantile of the standard normal distribution.
Z95 = 1.959963984540054

# --- ranked retrieval ---


def recall_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float | None:
    """|relevant ∩ first k| / |relevant|; None without relevant ones. As `recall@k` of trec_eval and ranx."""
    return len(set(ranked[:k]) & set(relevant)) / len(set(relevant)) if relevant else None


def hit_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float | None:
    """1 if a relevant one is among the first k, else 0; None without any. As `hit_rate@k` of ranx."""
    return float(any(address in relevant for address in ranked[:k])) if relevant else None


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str], k: int = 10) -> float | None:
    """1 / rank of the first relevant one within the first k, else 0 (Voorhees, TREC-8, 1999)."""
    if not relevant:
        return None
    return next((1 / rank for rank, address in enumerate(ranked[:k], start=1) if address in relevant), 0.0)


def ndcg_at(ranked: Sequence[str], relevant: Collection[str], k: int = 5) -> float | None:
    """Normalised discounted cumulative gain with gain 0 or 1 and discount log2(rank + 1).

    The ideal ranking has all relevant ones first (Järvelin and Kekäläinen, ACM TOIS 2002); with 0/1 gains the
    two usual forms of the gain agree. None without relevant ones.
    """
    if not relevant:
        return None
    gain = sum(1 / math.log2(rank + 1) for rank, a in enumerate(ranked[:k], start=1) if a in relevant)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(set(relevant))) + 1))
    return gain / ideal


# --- sets and texts ---


def precision(found: Collection[str], right: Collection[str]) -> float | None:
    """|found ∩ right| / |found|; None if nothing was found."""
    return len(set(found) & set(right)) / len(set(found)) if found else None


def recall(found: Collection[str], right: Collection[str]) -> float | None:
    """|found ∩ right| / |right|; None if nothing is right."""
    return len(set(found) & set(right)) / len(set(right)) if right else None


def f1(precision_: float | None, recall_: float | None) -> float | None:
    """Harmonic mean; None if either is, 0 if both are 0."""
    if precision_ is None or recall_ is None:
        return None
    return 2 * precision_ * recall_ / (precision_ + recall_) if precision_ + recall_ else 0.0


def char_f1(text: str, reference: str) -> float | None:
    """F1 over the bags of characters of two normalised texts.

    SQuAD's F1 over words (Rajpurkar et al., EMNLP 2016), with characters in the place of words, since Chinese
    has no word boundaries. None without a reference; 0 for an
    empty text.
    """
    if not reference:
        return None
    shared = sum((Counter(text) & Counter(reference)).values())
    return f1(shared / len(text) if text else 0.0, shared / len(reference))


# --- abstention ---


@dataclass(frozen=True, slots=True)
class Abstention:
    """Abstaining as a classifier of unanswerable questions; a ratio without a denominator is None."""

    right_refusals: int
    wrong_answers: int
    false_refusals: int
    answers: int

    @classmethod
    def of(cls, outcomes: Sequence[tuple[bool, bool]]) -> Abstention:
        """Count outcomes, each (answerable, abstained)."""
        counts = Counter(outcomes)
        return cls(
            right_refusals=counts[False, True],
            wrong_answers=counts[False, False],
            false_refusals=counts[True, True],
            answers=counts[True, False],
        )

    @property
    def precision(self) -> float | None:
        """Of the questions refused, the share that can't be answered."""
        return _ratio(self.right_refusals, self.right_refusals + self.false_refusals)

    @property
    def recall(self) -> float | None:
        """Of the questions that can't be answered, the share refused."""
        return _ratio(self.right_refusals, self.right_refusals + self.wrong_answers)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        return f1(self.precision, self.recall)

    @property
    def false_refusal_rate(self) -> float | None:
        """Of the questions that can be answered, the share refused."""
        return _ratio(self.false_refusals, self.false_refusals + self.answers)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


# --- calibration ---


def auroc(scores: Sequence[float], right: Sequence[bool]) -> float | None:
    """The probability that a right item scores above a wrong one, ties counting half; None without both.

    Mann and Whitney's U over the product of the two counts (Hanley and McNeil, Radiology 1982).
    """
    positive = np.array([score for score, good in zip(scores, right, strict=True) if good])
    negative = np.array([score for score, good in zip(scores, right, strict=True) if not good])
    if not len(positive) or not len(negative):
        return None
    difference = positive[:, None] - negative[None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def risk_coverage(scores: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float]]:
    """Points (coverage, share wrong among the most confident ones), coverage rising to 1.

    Items of equal confidence are taken together, so the curve doesn't depend on their order (Geifman and
    El-Yaniv, NeurIPS 2017).
    """
    order = sorted(zip(scores, right, strict=True), key=lambda pair: -pair[0])
    points, wrong = [], 0
    for at, (score, good) in enumerate(order, start=1):
        wrong += not good
        if at == len(order) or order[at][0] != score:
            points.append((at / len(order), wrong / at))
    return points


def area_under_risk(points: Sequence[tuple[float, float]]) -> float | None:
    """The mean risk over all coverages (AURC): each point's risk over the stretch of coverage up to it."""
    area, last = 0.0, 0.0
    for coverage, risk in points:
        area += risk * (coverage - last)
        last = coverage
    return area if points else None


def brier(scores: Sequence[float], right: Sequence[bool]) -> float | None:
    """Mean squared difference of confidence and outcome (Brier, 1950)."""
    pairs = list(zip(scores, right, strict=True))
    return sum((score - good) ** 2 for score, good in pairs) / len(pairs) if pairs else None


def reliability(
    scores: Sequence[float], right: Sequence[bool], bins: int = 10
) -> list[tuple[float, float, int]]:
    """Per equal-width bin of confidence that has items: mean confidence, share right, count."""
    found = []
    pairs = list(zip(scores, right, strict=True))
    for at in range(bins):
        inside = [(s, r) for s, r in pairs if min(int(s * bins), bins - 1) == at]
        if inside:
            found.append(
                (
                    sum(s for s, _ in inside) / len(inside),
                    sum(r for _, r in inside) / len(inside),
                    len(inside),
                )
            )
    return found


def calibration_error(scores: Sequence[float], right: Sequence[bool], bins: int = 10) -> float | None:
    """Expected calibration error: the mean of |confidence - share right| over bins, weighted by count.

    Naeini, Cooper and Hauskrecht, AAAI 2015. None without items.
    """
    if not scores:
        return None
    return sum(abs(c - share) * n for c, share, n in reliability(scores, right, bins)) / len(scores)


# --- intervals and tests ---


def wilson(hits: float, count: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion (Wilson, JASA 1927); (0, 1) for no observation."""
    if not count:
        return 0.0, 1.0
    share, z2 = hits / count, Z95**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z95 / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def cluster_bootstrap(
    values: Sequence[float], clusters: Sequence[Hashable], *, rounds: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """The 95 % percentile interval of a mean when values of one cluster depend on one another.

    Whole clusters are drawn with replacement (Field and Welsh, JRSS B 2007). (nan, nan) for no values.
    """
    if not values:
        return math.nan, math.nan
    names = {name: at for at, name in enumerate(dict.fromkeys(clusters))}
    sums, counts = np.zeros(len(names)), np.zeros(len(names))
    for value, cluster in zip(values, clusters, strict=True):
        sums[names[cluster]] += value
        counts[names[cluster]] += 1
    drawn = np.random.default_rng(seed).integers(0, len(names), size=(rounds, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def mcnemar(fixed: int, broken: int) -> float:
    """The exact two-sided p-value that pass/fail changes go both ways alike (McNemar 1947, binomial form).

    2 · P(X ≤ min) for X ~ Binomial(fixed + broken, 1/2), at most 1; 1 where nothing changed.
    """
    changed = fixed + broken
    tail = sum(math.comb(changed, at) for at in range(min(fixed, broken) + 1))
    return float(min(1.0, 2 * tail / 2**changed))


def sign_flip(differences: Sequence[float], *, rounds: int = 10_000, seed: int = 0) -> float:
    """The two-sided p-value that paired differences have mean 0, by flipping their signs at random.

    (1 + number of flips at least as extreme) / (1 + rounds) (Phipson and Smyth, 2010); 1 without differences.
    """
    values = np.array([value for value in differences if value])
    if not len(values):
        return 1.0
    signs = np.random.default_rng(seed).integers(0, 2, size=(rounds, len(values)), dtype=np.int8) * 2 - 1
    extreme = int(np.count_nonzero(np.abs(signs @ values) >= abs(values.sum()) - 1e-12))
    return (1 + extreme) / (1 + rounds)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values adjusted for several tests at once (Holm, Scandinavian Journal of Statistics 1979)."""
    adjusted: dict[str, float] = {}
    largest = 0.0
    for at, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        largest = max(largest, min(1.0, (len(p_values) - at) * p_values[name]))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p_values}


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that a share (0 to 1) of the values doesn't exceed, interpolated; None without values."""
    return float(np.percentile(np.array(values), 100 * share)) if values else None


def mean(values: Sequence[float | None]) -> float | None:
    """The mean of the values that are defined; None if none is."""
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None
