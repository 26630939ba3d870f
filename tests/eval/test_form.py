"""The reader of questions for the form is fitted on labelled questions, and what it is worth is told from held-out ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from assistant.form import CHOICES, HEADS, FormReader, features_of
from eval.dataset import ALL_SPLITS, load_split
from eval.form import LABELLED, fit, held_out, labelled, save
from index.config import OUTLINE
from index.embed import Embedder, load_embedder
from index.language import detect
from index.lexical import fold
from index.parse import parse_file

DOCUMENT = parse_file(OUTLINE)
FROZEN = set(ALL_SPLITS) - {"dev", "calibration"}


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_embedder("bundled")


def test_every_operation_is_asked_for_in_both_languages_and_nothing_twice() -> None:
    rows = labelled()
    counts = Counter((row.labels["op"], detect(row.question)) for row in rows)
    assert min(counts[op, language] for op in HEADS["op"] for language in ("zh", "en")) >= 10
    assert len({fold(row.question) for row in rows}) == len(rows)


def test_no_frozen_question_is_learnt_from() -> None:
    frozen = {fold(turn) for split in FROZEN for item in load_split(split) for turn in item.turns}
    assert not frozen & {fold(row.question) for row in labelled()}


@pytest.mark.parametrize(
    "line",
    [
        '{"q": "几章", "op": "sing"}',
        '{"q": "哪章最长", "op": "extreme", "unit": "chapters", "measure": "characters"}',
        '{"q": "几章", "op": "chapters", "unit": "chapters"}',
        '{"q": "多少字", "op": "length", "measure": "inches"}',
    ],
)
def test_a_row_that_is_not_of_the_form_is_told(tmp_path: Path, line: str) -> None:
    (tmp_path / "form.jsonl").write_text(line, "utf-8")
    with pytest.raises(ValueError, match=r"form\.jsonl"):
        labelled(tmp_path / "form.jsonl")


def test_held_out_questions_are_read_better_than_by_the_commonest_and_a_saved_fit_reads_alike(
    tmp_path: Path, embedder: Embedder
) -> None:
    rows = labelled(LABELLED)[::3]
    features = [features_of(fold(row.question), DOCUMENT, embedder) for row in rows]
    read = held_out(rows, features, embedder)
    right = np.mean([row.labels["op"] == form.op for row, form in zip(rows, read, strict=True)])
    commonest = max(Counter(row.labels["op"] for row in rows).values()) / len(rows)
    assert right > commonest + 0.2

    weights = fit(rows, features)
    save(weights, embedder.fingerprint, tmp_path / "form.npz")
    with np.load(tmp_path / "form.npz") as arrays:
        assert set(arrays.files) == {"model", *HEADS, *(f"{head}.scale" for head in HEADS)}
        assert str(arrays["model"]) == embedder.fingerprint
        stored = {head: arrays[head].astype(np.float32) * arrays[f"{head}.scale"] for head in HEADS}
    again = FormReader(stored, embedder)
    fitted = [FormReader(weights, embedder).choose(one) for one in features]
    assert (
        np.mean([again.choose(one).op == form.op for one, form in zip(features, fitted, strict=True)]) > 0.98
    )
    assert all(form.choices.keys() == {*CHOICES.get(form.op, ())} for form in fitted)
