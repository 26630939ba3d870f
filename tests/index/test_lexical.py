from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opencc import OpenCC
from pypinyin import lazy_pinyin

from index.lexical import (
    Analyzer,
    LexicalGroup,
    LexicalIndex,
    chinese_terms,
    english_terms,
    fold,
    pinyin_terms,
)
from index.types import Document

CONVERTER = OpenCC("t2s")
TEXTS = [
    "制定养老机构服务监测和评价标准。",
    "推进垃圾分类回收与再生资源回收。",
    "建立健全碳排放核查标准，达到60%以上。",
    "制定地方标准800项以上。",
]


def best(index: LexicalIndex, query: str) -> int:
    scores = index.scores(query)
    assert scores.max() > 0
    return int(scores.argmax())


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("⼈民⾸都", "人民首都"),
        ("養老機構標準", "养老机构标准"),
        ("ＩＳＯ　８００％", "iso 800%"),
        ("标\u200b准\ufeff化\u00ad", "标准化"),
        ("５G Ⅲ", "5g iii"),
        ("plain", "plain"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@settings(deadline=None)
@given(st.text(alphabet="養老机構標準乾隆坤燥瞭解了覆函皇后頭髮発，A", max_size=20))
def test_folding_simplifies_as_the_converter_does(text: str) -> None:
    assert fold(text) == CONVERTER.convert(unicodedata.normalize("NFKC", text).lower())


@settings(deadline=None)
@given(st.text(alphabet="養老机構标準ＡＢ１２⼈，（ab Ⅲ", max_size=20))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        pytest.param("养老服务", ["养老", "老服", "服务"], id="bigrams"),
        pytest.param("水", ["水"], id="one-character"),
        pytest.param("3+X机制，60%以上", ["3", "x", "机制", "60%", "以上"], id="mixed"),
        pytest.param("标准，化", ["标准", "化"], id="not-across-punctuation"),
        pytest.param("ISO大会", ["iso", "大会"], id="latin"),
        pytest.param("1.5万", ["1.5", "万"], id="decimal"),
        pytest.param("", [], id="empty"),
        pytest.param("！？", [], id="only-signs"),
    ],
)
def test_chinese_terms(text: str, terms: list[str]) -> None:
    assert chinese_terms(text) == terms


@pytest.mark.parametrize(
    ("left", "right"),
    [("養老機構標準", "养老机构标准"), ("８００項", "800项"), ("⾸都⼈民", "首都人民"), ("ＩＳＯ", "iso")],
    ids=["traditional", "full-width-digits", "radicals", "full-width-letters"],
)
@pytest.mark.parametrize("analyzer", [chinese_terms, pinyin_terms])
def test_other_ways_of_writing_give_the_same_terms(left: str, right: str, analyzer: Analyzer) -> None:
    assert analyzer(left) == analyzer(right)


def test_english_stems_without_stop_words() -> None:
    assert english_terms("How are the elderly's standards being developed?") == english_terms(
        "elderly standard develop"
    )
    assert english_terms("What is it about?") == []
    assert english_terms("By 2025, 800 local standards") == ["2025", "800", "local", "standard"]


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("centre centres", "center centers"),
        ("standardisation organised organisational", "standardization organized organizational"),
        ("labour neighbouring", "labor neighboring"),
        ("programme catalogue theatre", "program catalog theater"),
    ],
)
def test_british_and_american_spellings_are_one(british: str, american: str) -> None:
    assert english_terms(british) == english_terms(american)


def test_pinyin_of_homophones_is_the_same() -> None:
    assert pinyin_terms("镖准化") == pinyin_terms("标准化") == ["biao zhun", "zhun hua"]
    assert pinyin_terms("A") == pinyin_terms("标") == []


def test_pinyin_word_by_word_is_that_of_the_whole_text(outline: Document) -> None:
    for sentence in outline.sentences():
        runs = re.findall(r"[\u3400-\u9fff]{2,}", fold(sentence.text))
        whole = [" ".join(pair) for run in runs for pair in pairwise(lazy_pinyin(run))]
        assert pinyin_terms(sentence.text) == whole


@pytest.mark.parametrize("query", ["养老机构", "養老機構", "养老　机构", "养老,机构？"])
def test_a_query_finds_its_text(query: str) -> None:
    assert best(LexicalIndex.build(TEXTS, chinese_terms), query) == 0


def test_full_width_numbers_find_half_width_ones() -> None:
    index = LexicalIndex.build(TEXTS, chinese_terms)
    assert best(index, "８００项") == best(index, "800项") == 3
    assert best(index, "６０％") == 2


def test_a_homophone_typo_is_found_by_its_sound_alone() -> None:
    typo = "拉圾芬类"
    assert LexicalIndex.build(TEXTS, chinese_terms).scores(typo).max() == 0
    assert best(LexicalIndex.build(TEXTS, pinyin_terms), typo) == 1


def test_english_words_find_other_forms_of_them() -> None:
    texts = [
        "Standards for elderly care institutions.",
        "Waste sorting and recycling.",
        "Local standardization.",
    ]
    index = LexicalIndex.build(texts, english_terms)
    assert best(index, "How is waste sorted and recycled?") == 1
    assert best(index, "institution caring for the elderly") == 0


@pytest.mark.parametrize("query", ["标准", "养老机构标准", "制定标准和标准", "垃圾回收回收 60%"])
def test_the_scores_are_those_of_bm25s(query: str, outline: Document) -> None:
    texts = [sentence.text for sentence in outline.sentences()]
    bm25 = bm25s.BM25(k1=1.2, b=0.5, method="lucene", backend="numpy")
    bm25.index([chinese_terms(text) for text in texts], show_progress=False)
    known = [term for term in chinese_terms(query) if term in bm25.vocab_dict]
    expected = bm25.get_scores(known)
    scores = LexicalIndex.build(texts, chinese_terms).scores(query)
    np.testing.assert_allclose(scores / scores.max(), expected / expected.max(), rtol=1e-5)


def test_words_that_no_text_has_lower_the_score() -> None:
    index = LexicalIndex.build(TEXTS, chinese_terms)
    assert index.scores("养老机构").max() > index.scores("养老机构火星基地").max() > 0
    assert not index.scores("火星基地").any()
    assert not index.scores("").any()
    assert index.knows("养老")
    assert not index.knows("火星")


@given(
    st.lists(
        st.lists(st.text("养老机构标准火星a1 ", max_size=12), min_size=1, max_size=6), min_size=1, max_size=4
    ),
    st.text("养老机构标准火星a1 ", max_size=12),
)
@settings(deadline=None, max_examples=60)
def test_a_group_scores_as_its_indexes_do(of_texts: list[list[str]], query: str) -> None:
    indexes = [LexicalIndex.build(texts, chinese_terms) for texts in of_texts]
    expected = np.concatenate([index.scores(query) for index in indexes])
    np.testing.assert_allclose(LexicalGroup(indexes).scores(query), expected, rtol=1e-6)


def test_texts_without_terms_keep_their_place() -> None:
    index = LexicalIndex.build(["。", "养老", "！"], chinese_terms)
    assert best(index, "养老") == 1
    assert index.scores("养老").shape == (3,)


def test_a_saved_index_gives_the_same_scores(tmp_path: Path) -> None:
    index = LexicalIndex.build(TEXTS, chinese_terms)
    index.save(tmp_path / "words")
    again = LexicalIndex.load(tmp_path / "words", chinese_terms)
    for query in ("养老机构标准", "800项", "火星"):
        np.testing.assert_array_equal(index.scores(query), again.scores(query))


@pytest.mark.parametrize("name", ["data.npy", "indices.npy", "indptr.npy", "terms.json"])
@pytest.mark.parametrize("keep", [0.0, 0.5])
def test_a_cut_off_file_is_an_error(tmp_path: Path, name: str, keep: float) -> None:
    LexicalIndex.build(TEXTS, chinese_terms).save(tmp_path / "words")
    file = tmp_path / "words" / name
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises((OSError, EOFError, KeyError, ValueError)):
        LexicalIndex.load(tmp_path / "words", chinese_terms)
