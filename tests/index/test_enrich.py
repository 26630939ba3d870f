from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from index.config import OUTLINE
from index.enrich import (
    GIST_LANGUAGES,
    NOTE_LANGUAGES,
    SEARCH_LANGUAGES,
    Enrichment,
    Finding,
    Glossary,
    HeadingNotes,
    SentenceNotes,
    check_enrichment,
    check_notes,
    enrichment_of,
    enrichment_path,
    glossary_path,
    load_enrichment,
)
from index.normalize import CleanText
from index.parse import parse
from index.types import Document, SourceError

GLOSSARY = Glossary(
    (("国际标准化", ("international standardization",)), ("国际标准", ("international standard",)))
)
SOURCE = "依据《某办法》，鼓励制定国际标准80项以上，比率达到60%。"
GOOD = SentenceNotes(
    english="By the Measures, encourage the making of 80 or more international standards, at a rate of 60%.",
    plain="按照《某办法》，鼓励订出80项以上国际标准，比率到60%。",
    questions={"zh": ("要订多少项国际标准？",), "en": ("How many international standards are there to be?",)},
)


def problems(notes: SentenceNotes, source: str = SOURCE) -> list[str]:
    return [
        f"{finding.field}: {finding.problem}" for finding in check_notes("1.1#1", source, notes, GLOSSARY)
    ]


# --- The outline's own enrichment


@pytest.fixture(scope="module")
def enrichment() -> Enrichment:
    return load_enrichment(enrichment_path(OUTLINE))


def test_the_outlines_enrichment_has_no_finding(outline: Document, enrichment: Enrichment) -> None:
    glossary = Glossary.load(glossary_path(OUTLINE))
    assert len(glossary.terms) > 50
    assert check_enrichment(outline, enrichment, glossary) == []


def test_the_outlines_enrichment_covers_every_address(outline: Document, enrichment: Enrichment) -> None:
    assert set(enrichment.sentences) == {sentence.address for sentence in outline.sentences()}
    sections = {section.address for section in outline.sections()}
    assert set(enrichment.headings) == sections | {chapter.address for chapter in outline.chapters}
    for notes in enrichment.sentences.values():
        assert set(notes.questions) == set(notes.words) == {*NOTE_LANGUAGES, *SEARCH_LANGUAGES}
        assert sum(len(notes.questions[language]) for language in NOTE_LANGUAGES) >= 3
    for address in sections:
        assert set(enrichment.headings[address].gist) == set(GIST_LANGUAGES)


def test_no_question_of_the_outline_stands_twice_under_one_sentence(enrichment: Enrichment) -> None:
    for address, notes in enrichment.sentences.items():
        questions = [question for texts in notes.questions.values() for question in texts]
        assert len(set(questions)) == len(questions), address


def test_translations_are_english_and_plain_words_chinese(enrichment: Enrichment) -> None:
    for address, notes in enrichment.sentences.items():
        assert sum(char.isascii() for char in notes.english) > 0.95 * len(notes.english), address
        assert sum("\u4e00" <= char <= "\u9fff" for char in notes.plain) > 0.4 * len(notes.plain), address


def test_no_restatement_is_the_sentence_itself(outline: Document, enrichment: Enrichment) -> None:
    same = [a for a, notes in enrichment.sentences.items() if notes.plain == outline.sentence(a).text]
    assert same == []


# --- Each kind of flaw, planted


def test_good_notes_have_no_finding() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"english": GOOD.english.replace("80", "many")}, "en: number 80 is lost", id="en-number-lost"
        ),
        pytest.param(
            {"english": GOOD.english.replace("60%", "60")},
            "en: number 60% is lost",
            id="en-percentage-lost",
        ),
        pytest.param(
            {"english": f"{GOOD.english} By 2030."},
            "en: number 2030 is not in the sentence",
            id="en-number-invented",
        ),
        pytest.param(
            {"plain": GOOD.plain.replace("80", "好多")}, "plain: number 80 is lost", id="plain-number-lost"
        ),
        pytest.param(
            {"plain": f"{GOOD.plain}到2035年。"},
            "plain: number 2035 is not in the sentence",
            id="plain-number-invented",
        ),
        pytest.param(
            {"plain": GOOD.plain.replace("《某办法》", "办法")}, "plain: 《某办法》 is lost", id="title-lost"
        ),
        pytest.param(
            {"plain": GOOD.plain.replace("鼓励", "要求")}, "plain: 鼓励 is lost", id="plain-force-lost"
        ),
        pytest.param(
            {"english": GOOD.english.replace("encourage", "require")}, "en: 鼓励 is lost", id="en-force-lost"
        ),
        pytest.param({"plain": f"{GOOD.plain}必须做到。"}, "plain: 必须 strengthens", id="plain-duty"),
        pytest.param({"english": f"{GOOD.english} It shall be done."}, "en: shall strengthens", id="en-duty"),
        pytest.param(
            {"english": f"{GOOD.english} Cities MUST act."}, "en: MUST strengthens", id="en-duty-upper-case"
        ),
        pytest.param(
            {"english": GOOD.english.replace("international standards", "global norms")},
            "en: glossary: 国际标准",
            id="glossary",
        ),
        pytest.param(
            {"questions": {"en": GOOD.questions["en"]}}, "questions.zh: missing", id="no-chinese-question"
        ),
        pytest.param(
            {"questions": {"zh": GOOD.questions["zh"]}}, "questions.en: missing", id="no-english-question"
        ),
        pytest.param(
            {"questions": {**GOOD.questions, "zh": ("要订多少项国际标准？", "要訂多少項國際標準？")}},
            "questions.zh: the same one stands twice",
            id="question-twice",
        ),
        pytest.param(
            {"questions": {**GOOD.questions, "zh": ("要订90项国际标准吗？",)}},
            "questions.zh: number 90 in “要订90项国际标准吗？” is not in the section's words",
            id="question-with-another-number",
        ),
        pytest.param(
            {"questions": {**GOOD.questions, "fr": ("Combien, 90 ?",)}},
            "questions.fr: number 90 in “Combien, 90 ?” is not in the section's words",
            id="french-question-with-another-number",
        ),
        pytest.param(
            {"questions": {**GOOD.questions, "ja": ()}},
            "questions.ja: missing",
            id="language-without-question",
        ),
        pytest.param({"words": {"ja": ()}}, "words.ja: missing", id="language-without-word"),
        pytest.param(
            {"words": {"de": ("Norm", "norm")}}, "words.de: the same one stands twice", id="word-twice"
        ),
        pytest.param(
            {"questions": {**GOOD.questions, "xx": ("?",)}},
            "questions.xx: not a language of the notes",
            id="unknown-language",
        ),
    ],
)
def test_each_planted_flaw_is_found(changes: Mapping[str, object], expected: str) -> None:
    assert expected in problems(replace(GOOD, **changes))  # type: ignore[arg-type]  # one field each


@pytest.mark.parametrize(
    ("word", "plain", "english"),
    [
        ("鼓励", "鼓励", "encourage"),
        ("探索", "试着", "explore"),
        ("支持", "扶持", "support"),
        ("引导", "带动", "guide"),
    ],
)
def test_binding_words_stay(word: str, plain: str, english: str) -> None:
    source = f"{word}甲。"
    questions = {"zh": ("甲？",), "en": ("A?",)}
    assert problems(SentenceNotes(f"They {english} A.", f"{plain}甲。", questions), source) == []
    weaker = problems(SentenceNotes("They do A.", "做甲。", questions), source)
    assert weaker == [f"plain: {word} is lost", f"en: {word} is lost"]


def test_a_question_may_name_the_target_year() -> None:
    questions = {**GOOD.questions, "en": ("How many by 2025?",)}
    assert problems(replace(GOOD, questions=questions)) == []


@pytest.mark.parametrize(
    "question", ["60 %?", "60\u202f% ?", "60 Prozent von 80?", "60パーセントですか？", "80개 이상인가요?"]
)
def test_a_question_in_another_language_may_write_the_sentences_numbers_its_own_way(question: str) -> None:
    assert problems(replace(GOOD, questions={**GOOD.questions, "es": (question,)})) == []


def test_thousands_separators_and_spelled_out_numbers_are_the_same_number() -> None:
    notes = SentenceNotes("12,345 calls on 3 lines.", "12345个电话，三条线。", GOOD.questions)
    assert problems(notes, "12345个电话，三条线。") == []


def test_digits_of_a_name_are_no_figure_but_ordinals_are() -> None:
    questions = {"zh": ("5G和8K有标准吗？",), "en": ("What of 5G, CO2 and 5A?",)}
    assert problems(SentenceNotes("The 39th meeting.", "第39届大会。", questions), "第39届大会。") == []
    assert problems(SentenceNotes("The 38th meeting.", "第39届大会。", questions), "第39届大会。") == [
        "en: number 39 is lost",
        "en: number 38 is not in the sentence",
    ]


def test_a_duty_of_the_sentence_itself_is_no_finding() -> None:
    questions = {"zh": ("怎样？",), "en": ("How?",)}
    assert problems(SentenceNotes("It must be done.", "必须做。", questions), "务必做到。") == []


def test_a_term_inside_a_longer_one_is_not_asked_for_again() -> None:
    assert GLOSSARY.missing("国际标准化工作", "international standardization work") == []
    assert GLOSSARY.missing("国际标准化工作", "standards work") == ["国际标准化"]


def test_dashes_quotes_and_case_of_a_glossary_form_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "x.glossary.txt"
    path.write_text("# note | none\n“某”规划 | City's Plan 2016-2035; The Plan\n", "utf-8")
    glossary = Glossary.load(path)
    assert glossary.missing("“某”规划", "the CITY’S plan 2016–2035") == []
    assert glossary.missing("“某”规划", "the plan") == []
    assert glossary.missing("“某”规划", "a scheme") == ["“某”规划"]
    assert Glossary.load(tmp_path / "none.txt").terms == ()


# --- A whole document


@pytest.fixture
def document() -> Document:
    return parse(CleanText("题\n一、甲\n（一）乙\n子。\n丑。", ()), document_id="d")


@pytest.fixture
def whole() -> Enrichment:
    notes = SentenceNotes("A.", "子子。", {"zh": ("子？",), "en": ("A?",)})
    gist = dict.fromkeys(GIST_LANGUAGES, "g")
    headings = {"1": HeadingNotes("A"), "1.1": HeadingNotes("B", gist)}
    return Enrichment({"1.1#1": notes, "1.1#2": notes}, headings)


def test_a_whole_enrichment_has_no_finding(document: Document, whole: Enrichment) -> None:
    assert check_enrichment(document, whole, Glossary(())) == []


@pytest.mark.parametrize(
    ("sentences", "headings", "finding"),
    [
        pytest.param({"1.1#2": None}, {}, Finding("1.1#2", "row", "missing"), id="sentence-missing"),
        pytest.param({}, {"1.1": None}, Finding("1.1", "title_en", "missing"), id="section-missing"),
        pytest.param({}, {"1": None}, Finding("1", "title_en", "missing"), id="chapter-missing"),
        pytest.param(
            {},
            {
                "1.1": HeadingNotes(
                    "B", {language: "g" for language in GIST_LANGUAGES if language not in {"ja", "vi"}}
                )
            },
            Finding("1.1", "gist", "missing ja, vi"),
            id="gist-missing",
        ),
        pytest.param(
            {"1.1#9": SentenceNotes("A.", "子。")},
            {},
            Finding("1.1#9", "address", "not in the document"),
            id="sentence-too-many",
        ),
        pytest.param(
            {},
            {"7": HeadingNotes("A")},
            Finding("7", "address", "not in the document"),
            id="heading-too-many",
        ),
    ],
)
def test_each_gap_in_the_cover_is_found(
    document: Document,
    whole: Enrichment,
    sentences: Mapping[str, SentenceNotes | None],
    headings: Mapping[str, HeadingNotes | None],
    finding: Finding,
) -> None:
    changed = Enrichment(
        {address: notes for address, notes in {**whole.sentences, **sentences}.items() if notes},
        {address: notes for address, notes in {**whole.headings, **headings}.items() if notes},
    )
    assert check_enrichment(document, changed, Glossary(())) == [finding]


# --- Reading


def test_no_file_means_no_enrichment(tmp_path: Path) -> None:
    assert load_enrichment(tmp_path / "none.jsonl") == Enrichment()
    assert Enrichment().english("1.1#1") is None
    assert Enrichment().title_english("1.1") is None


def test_rows_are_read(tmp_path: Path) -> None:
    rows = [
        {"address": "1.1", "title_en": " Hours ", "gist": {"fr": "Horaires"}},
        {
            "address": "1.1#1",
            "en": "A.",
            "plain": "子。",
            "questions": {"zh": ["子？"], "en": ["A?", "B?"]},
            "words": {"zh": ["子"]},
        },
    ]
    path = tmp_path / "x.enrichment.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    enrichment = load_enrichment(path)
    assert enrichment.title_english("1.1") == "Hours"
    assert enrichment.english("1.1#1") == "A."
    assert enrichment.sentences["1.1#1"].questions["en"] == ("A?", "B?")
    assert enrichment.sentences["1.1#1"].words == {"zh": ("子",)}
    assert enrichment.headings["1.1"].gist == {"fr": "Horaires"}


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([{}], id="no-address"),
        pytest.param([{"address": "1.1#1", "plain": "子。"}], id="no-translation"),
        pytest.param([{"address": "1.1#1", "en": " ", "plain": "子。"}], id="blank-translation"),
        pytest.param([{"address": "1.1#1", "en": "A.", "plain": 3}], id="number-for-text"),
        pytest.param(
            [{"address": "1.1#1", "en": "A.", "plain": "子。", "questions": []}], id="list-for-object"
        ),
        pytest.param(
            [{"address": "1.1#1", "en": "A.", "plain": "子。", "questions": {"zh": "子"}}], id="text-for-list"
        ),
        pytest.param([{"address": "1", "title_en": "A"}, {"address": "1", "title_en": "A"}], id="twice"),
    ],
)
def test_a_malformed_row_is_a_source_error_with_its_place(rows: list[dict[str, object]]) -> None:
    with pytest.raises(SourceError, match=f"file:{len(rows)}") as caught:
        enrichment_of(rows, name="file")
    assert "\n" not in str(caught.value)


def test_a_line_that_is_no_json_is_a_source_error_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "x.enrichment.jsonl"
    path.write_text('{"address": "1", "title_en": "A"}\n{\n', "utf-8")
    with pytest.raises(SourceError, match=r"x\.enrichment\.jsonl:2"):
        load_enrichment(path)


def test_paths_lie_beside_the_source() -> None:
    assert enrichment_path(Path("a/b.raw.txt")) == Path("a/b.enrichment.jsonl")
    assert glossary_path(Path("a/b.txt")) == Path("a/b.glossary.txt")
