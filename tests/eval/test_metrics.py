from __future__ import annotations

import math
import random
import warnings

import pytest

from eval import metrics


def _ranx(rankings: list[list[str]], relevant: list[list[str]], names: list[str]) -> dict[str, list[float]]:
    """ranx's value of each metric for each query."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ranx import Qrels, Run, evaluate

        qrels = Qrels({f"q{at:03d}": dict.fromkeys(gold, 1) for at, gold in enumerate(relevant)})
        run = Run(
            {f"q{at:03d}": {doc: 1.0 - n / 100 for n, doc in enumerate(r)} for at, r in enumerate(rankings)}
        )
        found = evaluate(qrels, run, names, return_mean=False)
    return {name: [float(value) for value in found[name]] for name in names}


def test_ranking_metrics_agree_with_ranx() -> None:
    choose = random.Random(7)
    documents = [f"d{at}" for at in range(20)]
    rankings = [choose.sample(documents, 12) for _ in range(60)]
    relevant = [choose.sample(documents, choose.randint(1, 6)) for _ in range(60)]
    theirs = _ranx(rankings, relevant, ["recall@1", "recall@3", "recall@5", "hit_rate@3", "mrr@10", "ndcg@5"])
    ours = {
        "recall@1": [metrics.recall_at(r, g, 1) for r, g in zip(rankings, relevant, strict=True)],
        "recall@3": [metrics.recall_at(r, g, 3) for r, g in zip(rankings, relevant, strict=True)],
        "recall@5": [metrics.recall_at(r, g, 5) for r, g in zip(rankings, relevant, strict=True)],
        "hit_rate@3": [metrics.hit_at(r, g, 3) for r, g in zip(rankings, relevant, strict=True)],
        "mrr@10": [metrics.reciprocal_rank(r, g, 10) for r, g in zip(rankings, relevant, strict=True)],
        "ndcg@5": [metrics.ndcg_at(r, g, 5) for r, g in zip(rankings, relevant, strict=True)],
    }
    for name, values in ours.items():
        assert values == pytest.approx(theirs[name], abs=1e-9), name


def test_no_relevant_ones_is_undefined_and_not_zero() -> None:
    for metric in (metrics.recall_at, metrics.hit_at, metrics.reciprocal_rank, metrics.ndcg_at):
        assert metric(["a"], [], 5) is None
        assert metric([], ["a"], 5) == 0.0
    assert metrics.precision([], ["a"]) is None
    assert metrics.recall(["a"], []) is None
    assert metrics.mean([None, None]) is None
    assert metrics.mean([1.0, None, 0.0]) == 0.5


def test_char_f1_counts_letters() -> None:
    assert metrics.char_f1("标准八百项", "标准八百项") == 1.0
    assert metrics.char_f1("标准", "准标") == 1.0
    assert metrics.char_f1("甲甲", "甲") == pytest.approx(2 * 0.5 * 1 / 1.5)
    assert metrics.char_f1("", "甲") == 0.0
    assert metrics.char_f1("甲", "") is None


def test_abstention_counts_and_empty_classes() -> None:
    outcomes = [(True, False)] * 6 + [(True, True)] * 2 + [(False, True)] * 3 + [(False, False)]
    counted = metrics.Abstention.of(outcomes)
    assert (counted.precision, counted.recall) == (3 / 5, 3 / 4)
    assert counted.f1 == pytest.approx(2 / 3)
    assert counted.false_refusal_rate == 2 / 8
    empty = metrics.Abstention.of([])
    assert (empty.precision, empty.recall, empty.f1, empty.false_refusal_rate) == (None, None, None, None)
    assert metrics.Abstention.of([(True, False)]).false_refusal_rate == 0.0


def test_wilson_against_published_values() -> None:
    # Newcombe, Statistics in Medicine 1998, table I, method 3.
    assert metrics.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert metrics.wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert metrics.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert metrics.wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert metrics.wilson(0, 0) == (0.0, 1.0)


def test_bootstrap_is_wider_over_clusters() -> None:
    values = [float(at % 2) for at in range(40) for _ in range(5)]
    apart = metrics.cluster_bootstrap(values, list(range(200)))
    together = metrics.cluster_bootstrap(values, [at for at in range(40) for _ in range(5)])
    assert together[1] - together[0] > 1.8 * (apart[1] - apart[0])
    assert apart[0] < 0.5 < apart[1]
    assert metrics.cluster_bootstrap(values, list(range(200))) == apart
    assert all(math.isnan(bound) for bound in metrics.cluster_bootstrap([], []))


def test_mcnemar_is_the_binomial_test() -> None:
    assert metrics.mcnemar(0, 0) == 1.0
    assert metrics.mcnemar(5, 5) == 1.0
    assert metrics.mcnemar(0, 6) == pytest.approx(2 / 64)
    assert metrics.mcnemar(9, 1) == metrics.mcnemar(1, 9) == pytest.approx(22 / 1024)


def test_sign_flip_tells_a_shift_from_noise() -> None:
    assert metrics.sign_flip([0.1] * 20) < 0.001
    assert metrics.sign_flip([0.5, -0.5] * 10) == pytest.approx(1.0, abs=0.01)
    assert metrics.sign_flip([]) == metrics.sign_flip([0.0]) == 1.0


def test_holm_steps_down_and_stays_monotone() -> None:
    adjusted = metrics.holm({"a": 0.04, "b": 0.01, "c": 0.03})
    assert adjusted == pytest.approx({"b": 0.03, "c": 0.06, "a": 0.06})
    assert metrics.holm({"a": 0.9, "b": 0.8}) == {"b": 1.0, "a": 1.0}
    assert metrics.holm({}) == {}


def test_auroc_and_its_ties() -> None:
    assert metrics.auroc([0.9, 0.8, 0.2], [True, True, False]) == 1.0
    assert metrics.auroc([0.5, 0.5], [True, False]) == 0.5
    assert metrics.auroc([0.1, 0.9], [True, False]) == 0.0
    assert metrics.auroc([0.1, 0.9], [True, True]) is None


def test_risk_coverage_takes_equal_confidence_together() -> None:
    points = metrics.risk_coverage([0.9, 0.5, 0.5, 0.1], [True, False, True, False])
    assert points == [(0.25, 0.0), (0.75, 1 / 3), (1.0, 0.5)]
    assert metrics.area_under_risk(points) == pytest.approx(0.5 / 3 + 0.25 * 0.5)
    assert metrics.area_under_risk([]) is None


def test_calibration_error() -> None:
    assert metrics.calibration_error([1.0, 1.0], [True, True]) == 0.0
    assert metrics.calibration_error([0.85] * 4, [True, True, False, False]) == pytest.approx(0.35)
    assert metrics.calibration_error([], []) is None
    assert metrics.brier([1.0, 0.5], [True, False]) == pytest.approx(0.125)


def test_percentile() -> None:
    assert metrics.percentile([1.0, 2.0, 3.0], 0.5) == 2.0
    assert metrics.percentile([], 0.5) is None
