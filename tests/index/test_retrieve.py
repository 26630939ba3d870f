from __future__ import annotations

import threading

import numpy as np
import pytest

from index.build import Index, ensure_index
from index.chunk import passages_of
from index.config import IndexSettings
from index.langchain import OutlineRetriever
from index.lexical import LexicalIndex
from index.retrieve import KEYWORD_LEGS, LEGS, fusion_weights, language_class, leg_passages
from index.types import Ranking


def search(index: Index, query: str, k: int = 5) -> Ranking:
    return index.retriever.search(query, k=k)


@pytest.mark.parametrize(
    ("query", "section"),
    [
        pytest.param("养老", "7.3", id="one-word"),
        pytest.param("養老服務標準", "7.3", id="traditional"),
        pytest.param("扬老服务", "7.3", id="homophone-typo"),
        pytest.param("elderly care", "7.3", id="english"),
        pytest.param("到2025年要制定多少项地方标准？", "1.3", id="figure"),
        pytest.param("８００项地方标准", "1.3", id="full-width-digits"),
        pytest.param("垃圾分类", "6.3", id="waste"),
        pytest.param("How many international standards by 2025?", "1.3", id="english-figure"),
        pytest.param("自动驾驶", "5.3", id="driving"),
    ],
)
def test_a_question_finds_its_section_first_or_second(outline_index: Index, query: str, section: str) -> None:
    assert section in [hit.address for hit in search(outline_index, query).sections[:2]]


def test_the_sentences_with_the_figures_come_first(outline_index: Index) -> None:
    ranking = search(outline_index, "到2025年要制定多少项地方标准？")
    assert {scored.address for scored in ranking.sentences[:2]} == {"1.3#8", "1.3#15"}


def test_rankings_are_ordered_and_as_long_as_asked(outline_index: Index) -> None:
    ranking = search(outline_index, "标准化人才", k=7)
    assert ranking.query == "标准化人才"
    for hits, length in ((ranking.sections, 7), (ranking.sentences, 35)):
        scores = [hit.score for hit in hits]
        assert len(hits) == length
        assert scores == sorted(scores, reverse=True)
        assert len({hit.address for hit in hits}) == length
    assert all("#" in hit.address for hit in ranking.sentences)
    best = {hit.address: hit.score for hit in reversed(ranking.sentences)}
    for section in ranking.sections[:3]:
        own = [score for address, score in best.items() if address.startswith(f"{section.address}#")]
        assert max(own) == pytest.approx(section.score)


def test_the_score_is_the_weighted_sum_of_the_legs(outline_index: Index) -> None:
    for query, language in (("养老服务标准", "zh"), ("elderly care standards", "en")):
        weights = fusion_weights()[language]
        for hit in search(outline_index, query).sentences[:5]:
            assert set(hit.legs) <= set(LEGS)
            total = sum(weights.get(leg, 0) * score for leg, score in hit.legs.items())
            assert hit.score == pytest.approx(total, abs=2e-3)


def test_each_kind_of_leg_takes_part(outline_index: Index) -> None:
    (hit, *_) = search(outline_index, "养老服务").sentences
    kinds = {leg.split(".")[0] for leg in hit.legs}
    assert {"dense", "words", "pinyin"} <= kinds
    (hit, *_) = search(outline_index, "elderly care services").sentences
    assert {"dense", "stems"} <= {leg.split(".")[0] for leg in hit.legs}


def test_weights_name_legs_that_exist() -> None:
    for weights in fusion_weights().values():
        assert set(weights) <= set(LEGS)
        assert all(weight >= 0 for weight in weights.values())
    assert {language_class(language) for language in ("zh", "en", "ja", "fr")} == set(fusion_weights())


def test_leg_scores_have_a_row_a_sentence_and_a_column_a_leg(outline_index: Index) -> None:
    matrix = outline_index.retriever.leg_scores("养老")
    assert matrix.shape == (len(list(outline_index.document.sentences())), len(LEGS))
    assert np.isfinite(matrix).all()
    assert matrix.min() >= 0


@pytest.mark.parametrize("leg", ["words.plain", "words.question", "stems.question", "words.words"])
@pytest.mark.parametrize("query", ["养老服务标准", "elderly care standards", "normes de sécurité"])
def test_a_leg_gives_a_sentence_the_score_of_its_best_passage(
    outline_index: Index, query: str, leg: str
) -> None:
    document = outline_index.document
    kind, language, analyzer = next((k, of, a) for name, k, of, a in KEYWORD_LEGS if name == leg)
    passages = passages_of(document, outline_index.enrichment, fits=lambda _: True)
    covered = leg_passages(passages, kind, language)
    scores = LexicalIndex.build([passage.keywords for passage in covered], analyzer).scores(query)
    best = dict.fromkeys((sentence.address for sentence in document.sentences()), 0.0)
    for passage, score in zip(covered, scores.tolist(), strict=True):
        for address in best:
            if passage.address in (address, address.partition("#")[0]):
                best[address] = max(best[address], score)
    found = outline_index.retriever.leg_scores(query)[:, LEGS.index(leg)]
    np.testing.assert_allclose(found, list(best.values()), atol=1e-6)


def test_sections_without_a_sentence_are_found_by_nothing(small_settings: IndexSettings) -> None:
    small_settings.document.write_text("题\n一、甲\n（一）乙\n（二）丙\n子。\n丑。\n二、丁\n", "utf-8")
    ranking = ensure_index(small_settings).retriever.search("乙 子")
    assert [hit.address for hit in ranking.sections] == ["1.2"]
    assert {hit.address for hit in ranking.sentences} == {"1.2#1", "1.2#2"}


@pytest.mark.parametrize(
    "query", ["", " ", "？！", "🜲", "<|endoftext|>", "a" * 5000, "标准" * 2000, "\0", "' OR 1=1"]
)
def test_any_text_can_be_searched(outline_index: Index, query: str) -> None:
    ranking = search(outline_index, query)
    assert len(ranking.sections) == 5
    assert all(np.isfinite(hit.score) for hit in ranking.sections)


def test_the_same_search_gives_the_same_ranking(outline_index: Index) -> None:
    assert search(outline_index, "京津冀协同") == search(outline_index, "京津冀协同")


def test_threads_may_search_at_once(outline_index: Index) -> None:
    queries = ["养老", "垃圾分类", "自动驾驶", "人才队伍"] * 5
    alone = [search(outline_index, query) for query in queries]
    together: dict[int, Ranking] = {}

    def work(at: int) -> None:
        together[at] = search(outline_index, queries[at])

    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(queries))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[at] for at in range(len(queries))] == alone


# --- LangChain


def test_langchain_gets_sections_with_their_metadata(outline_index: Index) -> None:
    retriever = OutlineRetriever(retriever=outline_index.retriever, k=3)
    documents = retriever.invoke("养老")
    ranking = search(outline_index, "养老", k=3)
    assert [document.metadata["address"] for document in documents] == [
        hit.address for hit in ranking.sections
    ]
    first = documents[0]
    assert first.page_content == outline_index.document.section("7.3").text
    assert first.metadata["label"] == "七、（三）强化社会保障标准化支撑"
    assert first.metadata["score"] == ranking.sections[0].score
    assert first.metadata["legs"] == dict(ranking.sections[0].legs)


def test_langchain_gets_sentences_too(outline_index: Index) -> None:
    retriever = OutlineRetriever(retriever=outline_index.retriever, k=2, unit="sentence")
    documents = retriever.invoke("到2025年要制定多少项地方标准？")
    assert len(documents) == 2
    texts = {outline_index.document.sentence(address).text for address in ("1.3#8", "1.3#15")}
    assert {document.page_content for document in documents} == texts
    assert documents[0].metadata["label"] == "一、（三）发展目标"


def test_langchain_batches(outline_index: Index) -> None:
    retriever = OutlineRetriever(retriever=outline_index.retriever, k=1)
    answers = retriever.batch(["养老", "垃圾分类"])
    assert [[document.metadata["address"] for document in answer] for answer in answers] == [["7.3"], ["6.3"]]
