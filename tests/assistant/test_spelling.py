"""English words that are typed wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.form import FormReader
from assistant.spelling import Speller
from index.config import OUTLINE
from index.enrich import enrichment_path, load_enrichment
from tests.assistant.conftest import Ask
from tests.assistant.contract import sections_of


@pytest.fixture(scope="module")
def spell() -> Speller:
    return Speller(load_enrichment(enrichment_path(OUTLINE)).translations(), FormReader.load().is_word)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("evaluaton of standrds", "evaluation of standards"),
        ("how many projcts", "how many projects"),
        ("which secton is shortest", "which section is shortest"),
        ("standardisation organisations, labour", "standardisation organisations, labour"),
        ("couriers and farmland, funerals", "couriers and farmland, funerals"),
        ("Mr Standrds of www.standrds.org", "Mr Standrds of www.standrds.org"),
    ],
)
def test_only_what_is_no_word_is_put_right(spell: Speller, text: str, right: str) -> None:
    assert spell(text) == right


@given(st.text(alphabet="aeinrst ", max_size=60))
def test_what_is_put_right_stays(spell: Speller, text: str) -> None:
    assert spell(spell(text)) == spell(text)
    assert len(spell(text).split(" ")) == len(text.split(" "))


def test_a_misspelt_question_is_answered_and_its_rewrite_shown(ask: Ask) -> None:
    answer = ask("third-party evaluaton of stanards?")
    assert answer.question == "third-party evaluaton of stanards?"
    assert answer.query == "third-party evaluation of standards?"
    assert "10.4" in sections_of(answer)
