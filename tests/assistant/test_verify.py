"""Each planted defect is seen by the check that is for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.types import Answer, Status
from assistant.verify import check, passes
from index.types import Document
from tests.assistant.conftest import Ask


@pytest.fixture(scope="module")
def good(ask: Ask) -> Answer:
    return ask("国际标准要制定多少项？")


def failed(answer: Answer, document: Document, *computed: str) -> set[str]:
    checks = check(answer, document, computed=computed)
    assert passes(checks) is all(checks.values())
    return {name for name, ok in checks.items() if not ok}


def with_citation(answer: Answer, **changes: object) -> Answer:
    first, *rest = answer.citations
    return replace(answer, citations=(replace(first, **changes), *rest))  # type: ignore[arg-type]


def test_a_good_answer_passes(good: Answer, outline: Document) -> None:
    assert failed(good, outline) == set()
    assert all(good.checks.values())


@pytest.mark.parametrize(
    "quote",
    [
        "制定国际标准80项以上",
        "制定国际标准 80项以上。",
        "制定国际标准80项以上。。",
        "制定国际标准80項以上。",
        "",
    ],
)
def test_a_quote_that_is_not_to_the_letter(quote: str, good: Answer, outline: Document) -> None:
    assert "quotes_verbatim" in failed(with_citation(good, quote=quote), outline)


def test_a_quote_of_another_sentence(good: Answer, outline: Document) -> None:
    other = outline.sentence("1.3#15").text
    assert "quotes_verbatim" in failed(with_citation(good, quote=other), outline)


@pytest.mark.parametrize(
    ("section", "sentences"),
    [
        ("1.3", ("1.3#99",)),
        ("1.3", ("99.9#1",)),
        ("99.9", ("1.3#12",)),
        ("1.2", ("1.3#12",)),
        ("99", ()),
        ("1.9", ()),
        ("1.3", ("1.3#12", "1.3#99")),
    ],
)
def test_an_id_that_leads_nowhere(
    section: str, sentences: tuple[str, ...], good: Answer, outline: Document
) -> None:
    found = failed(with_citation(good, section_id=section, sentence_ids=sentences), outline)
    assert {"citations_resolve", "quotes_verbatim"} <= found


@pytest.mark.parametrize(
    "line", ["还要制定行业标准90项。[1]", "比率达到75%。[1]", "To be done by 2031.[1]", "1,500 standards.[1]"]
)
def test_a_number_that_no_quote_has(line: str, good: Answer, outline: Document) -> None:
    assert failed(replace(good, answer=f"{good.answer}\n{line}"), outline) == {"numbers_supported"}


def test_a_number_changed_in_the_quote_line(good: Answer, outline: Document) -> None:
    changed = replace(good, answer=good.answer.replace("80", "81"))
    assert failed(changed, outline) == {"numbers_supported"}


def test_a_number_that_was_counted_is_supported(good: Answer, outline: Document) -> None:
    counted = replace(good, answer=f"共77处[1]\n{good.answer}")
    assert failed(counted, outline) == {"numbers_supported"}
    assert failed(counted, outline, "77") == set()


def test_a_line_without_a_marker(good: Answer, outline: Document) -> None:
    assert failed(replace(good, answer=f"{good.answer}\n这很重要。"), outline) == {"sentences_cited"}


def test_a_marker_without_a_citation(good: Answer, outline: Document) -> None:
    assert "citations_resolve" in failed(replace(good, answer=f"{good.answer}[9]"), outline)


def test_a_citation_without_a_marker(good: Answer, outline: Document) -> None:
    spare = replace(good.citations[0], marker=9)
    assert "citations_resolve" in failed(replace(good, citations=(*good.citations, spare)), outline)


def test_zero_citations_are_a_failure_of_every_check(good: Answer, outline: Document) -> None:
    checks = check(replace(good, citations=()), outline)
    assert checks
    assert not any(checks.values())


@pytest.mark.parametrize("status", [Status.ABSTAINED, Status.HELP])
def test_what_is_no_answer_has_passed_no_check(status: Status, good: Answer, outline: Document) -> None:
    assert not any(check(replace(good, status=status), outline).values())


def test_a_heading_is_checked_like_a_sentence(ask: Ask, outline: Document) -> None:
    answer = ask("第八章的标题是什么？")
    assert failed(answer, outline) == set()
    assert failed(with_citation(answer, quote="八、别的标题"), outline) == {"quotes_verbatim"}
    assert "citations_resolve" in failed(with_citation(answer, section_id="13"), outline)


def test_the_line_of_a_partial_answer_that_says_what_is_absent_needs_no_marker(
    ask: Ask, outline: Document
) -> None:
    answer = ask("国际标准要制定多少项？首都标准化委员会的电话是多少？")
    assert answer.status == "partial"
    assert failed(answer, outline) == set()
    assert failed(replace(answer, status=Status.ANSWERED), outline) == {"sentences_cited"}
