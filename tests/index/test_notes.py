"""The tokens of notes: those of a sentence and of its section, as the embedder gives them, kept and read back."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from index.build import Index
from index.embed import Embedder, Vectors, load_embedder
from index.lexical import fold
from index.notes import NoteTokens
from index.types import Passage, PassageKind

PASSAGES = [
    Passage("000000", PassageKind.SECTION, "1.1", "整节的原文", "整节的原文"),
    Passage("000001", PassageKind.SENTENCE, "1.1#1", "养老服务", "养老服务"),
    Passage("000002", PassageKind.QUESTION, "1.1#1", "谁来做养老？", "谁来做养老？"),
    Passage("000003", PassageKind.GIST, "1.1", "早餐和养老", "早餐和养老"),
    Passage("000004", PassageKind.SENTENCE, "1.2#1", "午餐", "午餐"),
]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_embedder("bundled")


def unit_tokens(text: str, embedder: Embedder) -> Vectors:
    tokens = embedder.encode_tokens(fold(text))
    return np.asarray(tokens / np.linalg.norm(tokens, axis=1, keepdims=True), dtype=np.float32)


def test_a_sentence_has_its_own_tokens_and_those_of_its_sections_notes(embedder: Embedder) -> None:
    found = NoteTokens.build(PASSAGES, embedder).around("1.1#1")
    own, of_section = unit_tokens("养老服务 谁来做养老？", embedder), unit_tokens("早餐和养老", embedder)
    np.testing.assert_allclose(found, np.vstack((own, of_section)), atol=1e-3)


def test_a_section_without_notes_adds_nothing(embedder: Embedder) -> None:
    found = NoteTokens.build(PASSAGES, embedder).around("1.2#1")
    np.testing.assert_allclose(found, unit_tokens("午餐", embedder), atol=1e-3)


@pytest.mark.parametrize("passages", [PASSAGES, PASSAGES[:1], []], ids=["notes", "no-notes", "nothing"])
def test_an_unknown_address_has_none(embedder: Embedder, passages: list[Passage]) -> None:
    assert NoteTokens.build(passages, embedder).around("9.9#9").shape == (0, 512)


@pytest.mark.parametrize("passages", [PASSAGES, []], ids=["notes", "nothing"])
def test_saved_tokens_are_the_same(tmp_path: Path, embedder: Embedder, passages: list[Passage]) -> None:
    made = NoteTokens.build(passages, embedder)
    made.save(tmp_path / "notes")
    read = NoteTokens.load(tmp_path / "notes")
    for address in ("1.1#1", "1.2#1", "9.9#9"):
        np.testing.assert_array_equal(read.around(address), made.around(address))


@pytest.mark.parametrize("keep", [0.0, 0.5])
def test_a_cut_off_file_is_an_error(tmp_path: Path, embedder: Embedder, keep: float) -> None:
    NoteTokens.build(PASSAGES, embedder).save(tmp_path / "notes")
    (file,) = (tmp_path / "notes").iterdir()
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises((OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile)):
        NoteTokens.load(tmp_path / "notes")


def test_a_sentence_bears_out_its_own_words_and_not_others(outline_index: Index) -> None:
    retriever = outline_index.retriever
    text = outline_index.document.sentence("1.3#15").text
    assert retriever.support(text, "1.3#15") == pytest.approx((1.0, 1.0), abs=5e-3)
    average, weakest = retriever.support("火星基地的氧气罐", "1.3#15")
    assert weakest < average < 0.8
    assert retriever.support("", "1.3#15") == (0.0, 0.0)
