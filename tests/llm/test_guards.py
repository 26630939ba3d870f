from __future__ import annotations

import pytest

from assistant.compose import frame_language
from assistant.guards import check_statement
from index.build import Index
from index.enrich import Enrichment
from index.language import detect
from tests.llm.faithful import FAITHFUL, Faithful
from tests.llm.lies import LIES, Lie

STATEMENTS = [lie for lie in LIES if lie.text]


def fault(text: str, ids: str, index: Index, *, language: str = "zh") -> str:
    shown = {sentence.address for sentence in index.document.sentences()}
    return check_statement(text, ids.split(), language=language, shown=shown, index=index).fault


@pytest.mark.parametrize("lie", STATEMENTS, ids=[lie.name for lie in STATEMENTS])
def test_a_false_statement_is_stopped(lie: Lie, index: Index) -> None:
    assert fault(lie.text, lie.ids, index, language=lie.language)


@pytest.mark.parametrize("faithful", FAITHFUL, ids=[one.id for one in FAITHFUL])
def test_a_faithful_statement_passes(faithful: Faithful, index: Index) -> None:
    language = frame_language(detect(faithful.question))
    assert fault(faithful.text, " ".join(faithful.ids), index, language=language) == ""


def test_every_sentence_of_the_document_passes_as_its_own_statement(index: Index) -> None:
    # Items open with a dash; a sentence with a title in brackets or a code point of markup is still one.
    failed = {
        sentence.address: reason
        for sentence in index.document.sentences()
        if sentence.address.startswith(("0.2", *map(str, range(1, 10))))
        and (reason := fault(sentence.text.lstrip("—"), sentence.address, index))
        and not reason.startswith("length")
    }
    assert failed == {}


def test_every_translation_passes_as_the_statement_of_its_sentence(index: Index) -> None:
    failed = {
        sentence.address: reason
        for sentence in index.document.sentences()
        if not sentence.address.startswith("0.1")
        and (english := index.enrichment.english(sentence.address))
        and (reason := fault(english, sentence.address, index, language="en"))
        and not reason.startswith("length")
    }
    assert failed == {}


def test_plain_wording_passes_as_the_statement_of_its_sentence(index: Index) -> None:
    """The enrichment's plain Chinese is a careful restatement; almost all of it is let through."""
    notes = {a: n for a, n in index.enrichment.sentences.items() if not a.startswith("0.1")}
    stopped = {a: reason for a, n in notes.items() if (reason := fault(n.plain, a, index))}
    assert len(stopped) <= 0.25 * len(notes), stopped


def test_the_sentence_that_gives_the_year_is_named_too(index: Index) -> None:
    shown = {sentence.address for sentence in index.document.sentences()}
    checked = check_statement(
        "到2025年，制定国际标准80项以上。", ["1.3#12"], language="zh", shown=shown, index=index
    )
    assert checked.sentence_ids == ("1.3#1", "1.3#12")


def test_ids_come_in_document_order_and_once(index: Index) -> None:
    shown = {sentence.address for sentence in index.document.sentences()}
    text = "开展40项标准化试点示范，制定国际标准80项以上。"
    checked = check_statement(text, ["1.3#17", "1.3#12", "1.3#17"], language="zh", shown=shown, index=index)
    assert checked.sentence_ids == ("1.3#12", "1.3#17")


def test_a_sentence_that_was_not_shown_cannot_be_named(index: Index) -> None:
    checked = check_statement("制定国际标准80项以上。", ["1.3#12"], language="zh", shown=set(), index=index)
    assert checked.fault == "ids: 1.3#12"


def test_traditional_script_is_the_same_language(index: Index) -> None:
    assert fault("到2025年，制定國際標準80項以上。", "1.3#12", index) == ""


def test_british_spelling_is_the_same_word(index: Index) -> None:
    text = "40 standardisation pilots and demonstrations will be carried out."
    assert fault(text, "1.3#17", index, language="en") == ""


def test_without_translations_an_english_statement_cannot_be_checked_and_is_stopped(index: Index) -> None:
    bare = Index(index.document, Enrichment(), index.retriever, index.manifest)
    assert fault("At least 80 international standards will be formulated.", "1.3#12", bare, language="en")
    assert fault("制定国际标准80项以上。", "1.3#12", bare) == ""


@pytest.mark.parametrize(
    ("text", "ids", "kind"),
    [
        ("制定国际标准90项以上。", "1.3#12", "number"),
        ("制定国际标准至多80项。", "1.3#12", "limit"),
        ("到2035年，制定国际标准80项以上。", "1.3#12 1.3#19", "year"),
        ("企业设立标准总监等岗位。", "11.2#4", "force"),
        ("促进首都功能疏解取得更大成效。", "1.3#8", "negation"),
        ("将同级政府预算纳入标准化经费。", "12.2#1", "order"),
        ("根据《标准化法》，制定国际标准80项以上。", "1.3#12", "title"),
        ("制定免费的国际标准80项以上。", "1.3#12", "word"),
        ("By 2025, 80 standards.", "1.3#12", "language"),
        ("制定国际标准80项以上[1]。", "1.3#12", "form"),
        ("好。", "1.3#12", "length"),
    ],
)
def test_each_guard_tells_what_it_stopped(text: str, ids: str, kind: str, index: Index) -> None:
    assert fault(text, ids, index).startswith(kind)
