"""The question bank: its file, its checks, and what it tells of a question."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.bank import SIGNS, Known, QuestionBank, bank_path, check_bank, known_questions, largest, load_bank
from index.build import Index
from index.embed import Embedder, load_embedder
from index.enrich import Enrichment, SentenceNotes, enrichment_path, load_enrichment
from index.lexical import fold
from index.parse import parse_file
from index.retrieve import LEGS
from index.types import SourceError

OUTLINE = Path(__file__).parents[2] / "index" / "data" / "outline-2035.raw.txt"
ANSWERED = [f"第{number}类标准由哪个部门制定" for number in "一二三四五六七八九十"]
UNANSWERED = [f"第{number}号公园的门票多少钱一张" for number in "一二三四五六七八九十"]
KNOWN = [Known("1.1#1", "zh", text, is_answered=True) for text in ANSWERED] + [
    Known("1.2#1", "zh", text, is_answered=False) for text in UNANSWERED
]


def written(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")
    return path


def row(**changes: object) -> dict[str, object]:
    return {"address": "1.1#1", "lang": "zh", "answered": [], "unanswered": ["多少钱"], **changes}


# --- the file


def test_rows_are_read_in_order(tmp_path: Path) -> None:
    path = written(
        tmp_path / "x.questions.jsonl",
        row(answered=["谁来做"]),
        row(lang="en", answered=["Who?", "By whom?"]),
    )
    assert [(known.language, known.question, known.is_answered) for known in load_bank(path)] == [
        ("zh", "谁来做", True),
        ("zh", "多少钱", False),
        ("en", "Who?", True),
        ("en", "By whom?", True),
        ("en", "多少钱", False),
    ]


def test_no_file_is_an_empty_bank(tmp_path: Path) -> None:
    assert load_bank(tmp_path / "none.questions.jsonl") == ()


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"address": "1.1#1", "lang": "zh", "answered": ["多少钱"]}, id="a field is missing"),
        pytest.param(row(note="x"), id="an unknown field"),
        pytest.param(row(unanswered=[" "]), id="an empty question"),
        pytest.param(row(answered="多少钱"), id="a text for a list"),
        pytest.param(row(answered=[5]), id="a number for a question"),
        pytest.param(["1.1#1"], id="not an object"),
    ],
)
def test_a_bad_row_is_told_with_file_and_line(tmp_path: Path, bad: object) -> None:
    path = written(tmp_path / "x.questions.jsonl", row(), bad)
    with pytest.raises(SourceError, match=r"x\.questions\.jsonl:2 "):
        load_bank(path)


# --- the checks


NOTES = Enrichment(sentences={"1.1#1": SentenceNotes("One.", "一。", {"zh": ("谁来做？",)})})


@pytest.mark.parametrize(
    ("known", "field"),
    [
        pytest.param(
            Known("99.9#9", "zh", "在哪", is_answered=False), "address", id="an address that is none"
        ),
        pytest.param(
            Known("1.1#1", "tlh", "nuqDaq", is_answered=False), "lang", id="a language without notes"
        ),
        pytest.param(
            Known("1.1#1", "zh", "誰來做?", is_answered=False),
            "q",
            id="answered by the enrichment, in other script",
        ),
    ],
)
def test_what_is_wrong_is_found(known: Known, field: str) -> None:
    findings = list(check_bank([known], parse_file(OUTLINE), NOTES))
    assert [finding.field for finding in findings] == [field]


def test_a_double_is_found() -> None:
    known = Known("1.1#1", "zh", "什么时候开门", is_answered=False)
    assert "twice" in str(next(check_bank([known, known], parse_file(OUTLINE), Enrichment())))


def test_the_outlines_bank_is_sound_and_covers_every_section() -> None:
    document = parse_file(OUTLINE)
    bank = load_bank(bank_path(OUTLINE))
    assert list(check_bank(bank, document, load_enrichment(enrichment_path(OUTLINE)))) == []
    for is_answered in (True, False):
        for language in ("zh", "en"):
            of_kind = [k for k in bank if k.is_answered is is_answered and k.language == language]
            assert {k.address.partition("#")[0] for k in of_kind} == {s.address for s in document.sections()}


# --- what it tells


Signs = Callable[[str], dict[str, float]]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_embedder("bundled")


@pytest.fixture(scope="module")
def bank(embedder: Embedder) -> QuestionBank:
    made = QuestionBank.build(KNOWN, embedder)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def signs(bank: QuestionBank, embedder: Embedder) -> Signs:
    return signs_of(bank, embedder)


def signs_of(bank: QuestionBank, embedder: Embedder) -> Signs:
    def tell(question: str) -> dict[str, float]:
        folded = fold(question)
        (vector,) = embedder.encode_query([folded])
        return dict(zip(SIGNS, bank.evidence(bank.compare(folded, vector)), strict=True))

    return tell


@pytest.mark.parametrize(
    ("question", "sign"),
    [("第十一类标准是哪个部门定的", 1), ("第十一号公园门票一张几块钱", -1), ("哪些部門制定這類標準", 1)],
)
def test_every_sign_points_to_the_side_that_a_question_lies_on(
    signs: Signs, question: str, sign: int
) -> None:
    found = signs(question)
    assert sign * (found["answered"] - found["unanswered"]) > 0
    assert sign * (found["words.answered"] - found["words.unanswered"]) > 0
    for name in ("nearer", "around", "side", "words.nearer", "words.around"):
        assert sign * found[name] > 0


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.question)
def test_a_known_question_is_its_own_neighbour(signs: Signs, known: Known) -> None:
    assert signs(known.question)[SIGNS[not known.is_answered]] == pytest.approx(1.0, abs=2e-3)


@given(text=st.text(max_size=60))
def test_any_text_has_finite_signs_in_range(signs: Signs, text: str) -> None:
    found = signs(text)
    assert all(np.isfinite(value) for value in found.values())
    assert all(-1.001 <= found[name] <= 1.001 for name in ("answered", "unanswered"))


@given(values=st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=300), repeated=st.integers(0, 200))
def test_the_largest_are_those_of_a_sort(values: list[float], repeated: int) -> None:
    array = np.array(values + [values[0]] * repeated, dtype=np.float32)
    assert largest(array, 3).tolist() == sorted(array.tolist(), reverse=True)[:3]


def test_a_saved_bank_tells_the_same(bank: QuestionBank, embedder: Embedder, tmp_path: Path) -> None:
    bank.save(tmp_path / "questions")
    read = QuestionBank.load(tmp_path / "questions")
    assert read is not None
    for question in ("标准由谁制定", "门票多少钱"):
        told = signs_of(bank, embedder)(question)
        assert signs_of(read, embedder)(question) == pytest.approx(told, abs=2e-3)


def test_too_few_of_either_kind_make_no_bank(embedder: Embedder) -> None:
    assert QuestionBank.build(KNOWN[:10], embedder) is None
    assert QuestionBank.build([], embedder) is None


def test_a_ranking_carries_the_signs_of_its_query(outline_index: Index) -> None:
    found = outline_index.retriever.search("国际标准要制定多少项？").known
    assert len(found) == len(SIGNS)
    missed = outline_index.retriever.search("国际标准的起草费每项补贴多少钱？").known
    assert found[SIGNS.index("nearer")] > missed[SIGNS.index("nearer")]


def test_the_enrichments_questions_count_as_answered() -> None:
    missed = Known("1.1#1", "zh", "多少钱？", is_answered=False)
    known = known_questions([missed], parse_file(OUTLINE), NOTES)
    assert known == [Known("1.1#1", "zh", "谁来做？", is_answered=True), missed]


def test_a_bank_of_another_document_is_refused() -> None:
    with pytest.raises(SourceError, match="99"):
        known_questions(
            [Known("99.1#1", "zh", "多少钱？", is_answered=False)], parse_file(OUTLINE), Enrichment()
        )


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_known_question_speaks_for_its_sentence(outline_index: Index, *, is_answered: bool) -> None:
    known = next(
        k for k in load_bank(bank_path(OUTLINE)) if k.is_answered is is_answered and k.language == "zh"
    )
    scores = outline_index.retriever.leg_scores(known.question)
    row = [s.address for s in outline_index.document.sentences()].index(known.address)
    for leg in ("known.dense", "known.words") if is_answered else ("near.dense", "near.words"):
        assert scores[row, LEGS.index(leg)] == scores[:, LEGS.index(leg)].max()
