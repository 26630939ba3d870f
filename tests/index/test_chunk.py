from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.chunk import context_of, passages_of, target_years
from index.enrich import Enrichment, HeadingNotes, SentenceNotes
from index.normalize import CleanText
from index.parse import parse, parse_file
from index.types import Document, Passage, PassageKind

DOCUMENTS = Path(__file__).parents[1] / "documents"
NONE = Enrichment()


def all_fits(_text: str) -> bool:
    return True


def of_kind(passages: list[Passage], kind: PassageKind, address: str) -> list[Passage]:
    return [passage for passage in passages if passage.kind is kind and passage.address == address]


def check(document: Document, budget: int) -> None:
    """No passage is over the budget, and each section's and sentence's own text is there in order, once."""
    passages = passages_of(document, NONE, fits=lambda text: len(text) <= budget)
    for passage in passages:
        assert len(passage.text) <= budget
    for section in document.sections():
        pieces = of_kind(passages, PassageKind.SECTION, section.address)
        assert_covers(pieces, section.text)
        for sentence in section.sentences:
            assert_covers(of_kind(passages, PassageKind.SENTENCE, sentence.address), sentence.text)


def assert_covers(passages: list[Passage], text: str) -> None:
    """The passages end in consecutive stretches of the text that make it up whole."""
    rest = re.sub(r"\s", "", text)
    for passage in passages:
        own = re.sub(r"\s", "", passage.text)
        stretch = next(own[at:] for at in range(len(own) + 1) if rest.startswith(own[at:]))
        assert stretch, passage
        rest = rest[len(stretch) :]
    assert rest == ""


def test_one_passage_a_section_and_one_a_sentence_where_they_fit(outline: Document) -> None:
    passages = passages_of(outline, NONE, fits=all_fits)
    sections = [passage.address for passage in passages if passage.kind is PassageKind.SECTION]
    sentences = [passage.address for passage in passages if passage.kind is PassageKind.SENTENCE]
    assert sections == [section.address for section in outline.sections()]
    assert sentences == [sentence.address for sentence in outline.sentences()]
    assert len({passage.id for passage in passages}) == len(passages)
    assert [passage.id for passage in passages] == sorted(passage.id for passage in passages)


def test_heading_paths_are_context(outline: Document) -> None:
    passages = passages_of(outline, NONE, fits=all_fits)
    (section,) = of_kind(passages, PassageKind.SECTION, "5.3")
    assert section.text.startswith(
        "五、提高城市治理标准化效能，服务高品质宜居城市建设 （三）构建现代化城市交通标准体系\n"
    )
    assert section.text.endswith(outline.section("5.3").text)
    (sentence,) = of_kind(passages, PassageKind.SENTENCE, "5.3#2")
    assert sentence.text == f"构建现代化城市交通标准体系 {outline.sentence('5.3#2').text}"
    assert sentence.keywords == outline.sentence("5.3#2").text


def test_a_sentence_knows_its_target_year_and_its_items_lead(outline: Document) -> None:
    section = outline.section("1.3")
    assert context_of(section, section.sentences[11]) == ("到2025年", "——首都标准化开放程度更加提升。")
    assert context_of(section, section.sentences[0]) == ()
    years = target_years(section)
    assert {years[f"1.3#{number}"] for number in range(1, 19)} == {"2025"}
    assert {years[f"1.3#{number}"] for number in (19, 20)} == {"2035"}
    assert target_years(outline.section("5.3")) == {}


@pytest.mark.parametrize("budget", [40, 64, 100, 250])
def test_the_outline_fits_every_budget_and_loses_nothing(outline: Document, budget: int) -> None:
    check(outline, budget)


@pytest.mark.parametrize("name", [path.stem for path in sorted(DOCUMENTS.glob("*.txt"))])
@pytest.mark.parametrize("budget", [8, 20, 60])
def test_other_documents_fit_every_budget_and_lose_nothing(name: str, budget: int) -> None:
    check(parse_file(DOCUMENTS / f"{name}.txt"), budget)


LINES = st.lists(
    st.text(alphabet="甲乙丙丁，、；。！ab ", min_size=1, max_size=80).map(str.strip).filter(bool),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)
@given(
    title=st.text(alphabet="标题很长", min_size=1, max_size=40),
    first=LINES,
    second=LINES,
    budget=st.integers(3, 30),
)
def test_passages_stay_in_their_section_and_budget(
    title: str, first: list[str], second: list[str], budget: int
) -> None:
    text = "\n".join(["题", f"一、{title}", "（一）子", *first, "（二）丑", *second])
    check(parse(CleanText(text, ()), document_id="d"), budget)


def test_a_long_sentence_is_split_at_clause_ends() -> None:
    document = parse(CleanText("题\n一、甲\n甲甲甲甲甲甲，乙乙乙乙乙乙，丙丙丙丙丙丙。", ()), document_id="d")
    passages = passages_of(document, NONE, fits=lambda text: len(text) <= 16)
    texts = [passage.text for passage in of_kind(passages, PassageKind.SENTENCE, "1.0#1")]
    assert texts == ["甲 甲甲甲甲甲甲，乙乙乙乙乙乙，", "甲 丙丙丙丙丙丙。"]


def test_enrichment_becomes_passages_of_the_same_address() -> None:
    document = parse_file(DOCUMENTS / "sections_only.txt")
    notes = SentenceNotes(
        "Breakfast from seven.", "早饭七点到九点。", {"zh": ("几点吃早饭？",), "en": ("When?", "How?")}
    )
    enrichment = Enrichment(
        {"1.1#1": notes}, {"1.1": HeadingNotes("Hours", {"fr": "Horaires", "zh": "几点开门"})}
    )
    plain = passages_of(document, NONE, fits=all_fits)
    passages = passages_of(document, enrichment, fits=all_fits)
    assert passages[: len(plain)] == plain
    added = [(p.kind, p.address, p.language, p.text) for p in passages[len(plain) :]]
    assert added == [
        (PassageKind.GIST, "1.1", "en", "Hours"),
        (PassageKind.GIST, "1.1", "fr", "Horaires"),
        (PassageKind.GIST, "1.1", "zh", "几点开门"),
        (PassageKind.ENGLISH, "1.1#1", "en", "Breakfast from seven."),
        (PassageKind.PLAIN, "1.1#1", "zh", "早饭七点到九点。"),
        (PassageKind.QUESTION, "1.1#1", "zh", "几点吃早饭？"),
        (PassageKind.QUESTION, "1.1#1", "en", "When?"),
        (PassageKind.QUESTION, "1.1#1", "en", "How?"),
    ]
    assert all(passage.section == "1.1" for passage in passages[len(plain) :])


def test_a_long_enrichment_text_is_split_too() -> None:
    document = parse_file(DOCUMENTS / "sections_only.txt")
    enrichment = Enrichment({"1.1#1": SentenceNotes("one two three, four five six, seven", "早饭。")})
    passages = passages_of(document, enrichment, fits=lambda text: len(text) <= 20)
    texts = [passage.text for passage in of_kind(passages, PassageKind.ENGLISH, "1.1#1")]
    assert len(texts) > 1
    assert all(len(text) <= 20 for text in texts)
    words = itertools.chain.from_iterable(text.split() for text in texts)
    assert list(words) == ["one", "two", "three,", "four", "five", "six,", "seven"]
