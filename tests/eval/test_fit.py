from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.ensemble import GradientBoostingClassifier  # type: ignore[import-untyped]

from assistant.calibrate import Regression, Trees
from assistant.pipeline import Assistant
from eval.calibrate import TREES, boosted
from eval.dataset import load_split
from eval.fit import (
    CLASSES,
    FUSION,
    Batch,
    examples_of,
    fit_weights,
    fold_of,
    loss_and_gradient,
    ranks,
    section_starts,
    weights_file,
)
from index.retrieve import LEGS

STARTS = np.array([0, 2, 5])


def _batch(seed: int = 0, questions: int = 40) -> Batch:
    """Questions whose gold sentence scores high in leg 0 and at random in legs 1 and 2."""
    generator = np.random.default_rng(seed)
    legs = generator.random((questions, 8, 3))
    gold = generator.integers(0, 8, questions)
    legs[np.arange(questions), gold, 0] += 1.0
    sentences = np.zeros((questions, 8))
    sentences[np.arange(questions), gold] = 1.0
    sections = np.add.reduceat(sentences, STARTS, axis=1)
    return Batch(legs=legs, sentences=sentences, sections=sections, starts=STARTS)


def test_gradient_is_the_derivative_of_the_loss() -> None:
    batch, prior, weights = _batch(), np.array([1.0, 0.5, 0.0]), np.array([0.7, 0.2, 1.1])
    _, gradient = loss_and_gradient(weights, batch, prior, 0.1)
    for leg in range(3):
        step = np.zeros(3)
        step[leg] = 1e-6
        above, _ = loss_and_gradient(weights + step, batch, prior, 0.1)
        below, _ = loss_and_gradient(weights - step, batch, prior, 0.1)
        assert gradient[leg] == pytest.approx((above - below) / 2e-6, rel=1e-4)


def test_fit_finds_the_leg_that_tells_and_stays_non_negative() -> None:
    batch = _batch()
    start = np.full(3, 1.0)
    weights = fit_weights(batch, prior=start)
    assert (weights >= 0).all()
    assert weights[0] > 3 * max(weights[1], weights[2])
    assert loss_and_gradient(weights, batch, start, 0.0)[0] < loss_and_gradient(start, batch, start, 0.0)[0]


def test_a_strong_pull_keeps_the_prior() -> None:
    prior = np.array([0.2, 0.9, 0.4])
    assert fit_weights(_batch(), prior=prior, pull=1e4) == pytest.approx(prior, abs=0.01)


def test_relatives_are_held_out_together() -> None:
    assert fold_of("A-001") == fold_of("A-001~typos") == fold_of("A-001-en")
    assert len({fold_of(f"A-{at:03d}") for at in range(40)}) == 5


def test_examples_know_their_gold(assistant: Assistant) -> None:
    items = [item for item in load_split("dev") if item.kind in {"fact", "unanswerable", "multiturn"}][:40]
    starts = section_starts(assistant.index)
    for example in examples_of(assistant.index, items):
        item = next(item for item in items if item.id == example.item)
        assert item.answerable
        assert example.legs.shape == (len(example.sentences), len(LEGS))
        assert example.sentences.sum() == len(item.sentences)
        section, sentence = ranks(example, np.ones(len(LEGS)), starts)
        assert 1 <= section <= sentence <= len(example.sentences)


def test_weights_in_use_are_those_of_a_fit() -> None:
    stored = json.loads(FUSION.read_text("utf-8"))
    assert set(stored) == set(CLASSES)
    for weights in stored.values():
        assert set(weights) <= set(LEGS)
        assert all(weight > 0 for weight in weights.values())
        assert sum(weights.values()) == pytest.approx(1.0, abs=0.01)
    vectors = {name: np.array([stored[name].get(leg, 0.0) for leg in LEGS]) for name in CLASSES}
    assert json.loads(weights_file(vectors)).keys() == stored.keys()


def _made_up(questions: int = 300) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Features and an outcome that hangs on whether two of them lie on the same side, which no sum of theirs tells."""
    generator = np.random.default_rng(1)
    # Of few values that halves of powers of two tell exactly: the library compares in single precision.
    features = generator.integers(0, 16, (questions, 4)) / 16
    return features, ((features[:, 0] > 0.5) == (features[:, 1] > 0.5)).astype(float)


def test_boosted_trees_are_read_as_the_library_reads_them() -> None:
    features, right = _made_up()
    share = np.where(right > 0, 0.5 / right.mean(), 0.5 / (1 - right.mean()))
    expected = GradientBoostingClassifier(**TREES).fit(features, right > 0, sample_weight=share)
    logits = [boosted(features, right).logit(row) for row in features[:40].tolist()]
    np.testing.assert_allclose(logits, expected.decision_function(features[:40]), atol=2e-3)


def test_boosted_trees_learn_what_hangs_on_two_features_at_once() -> None:
    features, right = _made_up()
    trees = boosted(features[:200], right[:200])
    said = [trees.logit(row) > 0 for row in features[200:].tolist()]
    assert np.mean(said == (right[200:] > 0)) > 0.9


def test_the_probability_is_the_mean_of_regression_and_trees() -> None:
    alone = Regression(["x"], [0.0], [1.0], 0.0, [0.0], [], 0.5)
    trees = Trees([0], [0, -1, -1], [0.5, -50.0, 50.0], [1, 0, 0])
    both = replace(alone, trees=trees)
    assert [alone.probability([x]) for x in (0.0, 1.0)] == [0.5, 0.5]
    assert [both.probability([x]) for x in (0.5, 0.6)] == pytest.approx([0.25, 0.75])
