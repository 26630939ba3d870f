"""The training code on tiny data, the project's own data, and the bundled model."""

from __future__ import annotations

import json
import lzma
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tokenizers.models import Unigram

from index.embed import load_embedder
from index.training import corpus, evaluate
from index.training.__main__ import main
from index.training.batches import schedule, tokenised
from index.training.fit import Stage, TokenVectors, contrast, step, train
from index.training.recipe import Recipe, cooled_down
from index.training.save import load, save
from index.training.vocabulary import UNKNOWN, VocabularySize, blank, build, count

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MODEL = Path(__file__).parents[1] / "index" / "model"
HAN = re.compile(r"[一-鿿]")


def tiny(words: str) -> Tokenizer:
    return blank(Unigram([(UNKNOWN, 0.0), *((word, -3.0) for word in words.split())], unk_id=0))


def pairs_of(rows: list[tuple[str, str]], *, passes: float = 1, name: str = "made_up") -> corpus.Pairs:
    return corpus.Pairs(name, [a for a, _ in rows], [b for _, b in rows], passes, "zh-en")


# --- the project's own data


def test_lexicon_is_complete_and_without_doubles() -> None:
    entries = corpus.lexicon()
    assert len(entries) >= 3_000
    assert len({entry["term"] for entry in entries}) == len(entries)
    for entry in entries:
        assert {"term", "plain", "en"} <= set(entry) <= {"term", "plain", "en", *corpus.LANGUAGES}
        assert all(entry.values()), entry
        assert HAN.search(entry["term"]), entry
        assert entry["plain"], entry
        assert entry["en"], entry
        assert entry["term"] not in entry["plain"], entry
        assert all(re.search("[A-Za-z0-9]", text) and not HAN.search(text) for text in entry["en"]), entry


def test_names_are_many_and_in_two_languages() -> None:
    names = corpus.names()
    assert len(names) >= 10_000
    assert len({chinese[0] for chinese, _ in names}) == len(names)
    for chinese, english in names:
        assert all(HAN.search(name) for name in chinese), chinese
        assert all(name.strip() == name != "" and not HAN.search(name) for name in english), english
    pairs = corpus.name_pairs(passes=1)
    assert len(pairs.a) == len(pairs.b) >= len(names)
    assert ("罗温·艾金森", "Rowan Atkinson") in zip(pairs.a, pairs.b, strict=True)


def test_questions_are_many_distinct_and_in_their_language() -> None:
    rows = corpus.questions()
    by_language = {lang: [row["q"] for row in rows if row["lang"] == lang] for lang in ("zh", "en")}
    assert len(by_language["zh"]) >= 4_000
    assert len(by_language["en"]) >= 2_000
    assert len([row for row in rows if row["p"].startswith(corpus.ENCYCLOPAEDIC)]) >= 4_000
    assert len({row["q"].lower() for row in rows}) == len(rows)
    assert all(HAN.search(question) for question in by_language["zh"])
    assert not any(HAN.search(question) for question in by_language["en"])
    assert all(
        re.fullmatch(r"zh_\w+:\d+", row["p"]) and re.fullmatch(r"[0-9a-f]{12}", row["sha"]) for row in rows
    )


def test_about_a_tenth_of_the_paragraphs_is_held_out_with_all_its_questions() -> None:
    paragraphs = {row["sha"] for row in corpus.questions()}
    kept = [sha for sha in paragraphs if corpus.held_out(sha)]
    assert 0.06 < len(kept) / len(paragraphs) < 0.15


# --- reading


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def test_load_folds_filters_and_leaves_out(tmp_path: Path) -> None:
    rows = [
        {"a": "標準", "b": "臺灣的標準", "k": "good"},
        {"a": "坏", "b": "坏", "k": "bad"},
        {"a": "空", "b": " ", "k": "good"},
        {"a": "留", "b": "留着量的", "k": "good"},
    ]
    write(tmp_path / "train" / "made_up.jsonl.xz", rows)
    source = corpus.Source("made_up", kinds=("good",))
    loaded = corpus.load(tmp_path, source, excluded=frozenset({corpus.fingerprint("留着量的")}))
    assert (loaded.a, loaded.b) == (["标准"], ["台湾的标准"])


@pytest.mark.parametrize(
    ("text", "folded"),
    [("標準化發展", "标准化发展"), ("東京は広い", "東京は広い"), ("already 简体", "already 简体")],
)
def test_fold(text: str, folded: str) -> None:
    assert corpus.fold(text) == folded


def test_asked_refuses_a_paragraph_that_has_changed(tmp_path: Path) -> None:
    write(tmp_path / "train" / "zh_made_up.jsonl.xz", [{"a": "供水", "b": "水质达标率提高。"}])
    row = {"p": "zh_made_up:0", "sha": corpus.fingerprint("水质达标率提高。"), "lang": "zh", "q": "水干净吗"}
    assert corpus.asked(tmp_path, [row])[0].heading == "供水"
    with pytest.raises(corpus.TrainingDataError, match="zh_made_up:0"):
        corpus.asked(tmp_path, [row | {"sha": "0" * 12}])
    with pytest.raises(corpus.TrainingDataError, match="zh_made_up:7"):
        corpus.asked(tmp_path, [row | {"p": "zh_made_up:7"}])


# --- vocabulary and batches


def test_vocabulary_keeps_words_whole_and_spells_the_rest() -> None:
    texts = [("完善标准化发展体系和无障碍环境", "standard systems for barrier-free streets")] * 30
    others = corpus.Pairs("others", ["straße größe über"] * 20, ["дорога улица"] * 20, 1, "multi")
    size = VocabularySize(han=30, latin=5, numbers=5, latin_pieces=40, other_pieces=60)
    tokenizer = build(count([pairs_of(texts), others], domain=frozenset()), size, terms=["接诉即办"])
    encoding = tokenizer.encode("标准化发展，接诉即办 Systems standardly 標")
    tokens = encoding.tokens
    assert encoding.ids[-1] == tokenizer.token_to_id(UNKNOWN)
    assert 0 not in encoding.ids[:-1]
    assert {"发展", "接诉即办", "systems"} <= set(tokens)
    assert "".join(tokens[:-1]) == "标准化发展接诉即办systemsstandardly"


def test_windows_are_runs_of_the_text_and_equal_texts_share_a_key() -> None:
    tokenizer = tiny("a b c d e f")
    made = tokenised(pairs_of([("a b c d e f", "a"), ("b", "c"), ("b", "d")]), tokenizer)
    ids, offsets = made.a.take(np.array([1, 0]), longest=3, random=np.random.default_rng(0))
    assert offsets.tolist() == [0, 1]
    assert ids[0] == tokenizer.token_to_id("b")
    assert np.diff(ids[1:]).tolist() == [1, 1]
    assert made.a.keys[1] == made.a.keys[2] != made.a.keys[0]


def test_schedule_sees_every_pair_as_often_as_asked() -> None:
    tokenizer = tiny("a b")
    rows = [("a", "b")] * 100
    sets = [tokenised(pairs_of(rows, passes=passes), tokenizer) for passes in (2, 0.5)]
    plan = schedule(sets, size=30, random=np.random.default_rng(0))
    seen = [
        np.bincount(np.concatenate([which for n, which in plan if n == k]), minlength=100) for k in (0, 1)
    ]
    assert (seen[0] == 2).all()
    assert seen[1].sum() == 50
    assert seen[1].max() == 1


# --- the step


def reference_loss(vectors: torch.Tensor, bags: list[list[list[int]]], scale: float) -> torch.Tensor:
    """The loss of a batch as torch's own modules put it."""
    a, b = (
        torch.nn.functional.normalize(torch.stack([vectors[ids].mean(dim=0) for ids in side]))
        for side in bags
    )
    target = torch.arange(len(a))
    cross_entropy = torch.nn.functional.cross_entropy
    return (cross_entropy(scale * a @ b.T, target) + cross_entropy(scale * b @ a.T, target)) / 2


def test_contrast_ignores_pairs_that_share_a_text() -> None:
    a = torch.eye(4)
    apart = torch.arange(4)
    assert (
        contrast(a, a, apart, apart, scale=20)[0] < 1e-6 < contrast(a, a.flip(0), apart, apart, scale=20)[0]
    )
    loss, *slopes = contrast(a, a.flip(0), torch.zeros(4), apart, scale=20)
    assert loss == 0
    assert not torch.cat(slopes).any()


def test_a_step_follows_the_gradient_of_the_loss() -> None:
    tokenizer = tiny("a b c d e f")
    rows = [("a a b", "c d"), ("b e", "f"), ("f c", "a d e")]
    made = tokenised(pairs_of(rows), tokenizer)
    start = torch.randn(7, 5, generator=torch.Generator().manual_seed(2))
    seen: list[torch.Tensor] = []

    class Recorder(TokenVectors):
        def update(self, rows: torch.Tensor, gradient: torch.Tensor, *, rate: float) -> None:
            seen.append(torch.zeros_like(self.weight).index_copy(0, rows, gradient) * rate)

    which = np.arange(3)
    loss = step(Recorder(start), made, which, Stage(scale=7), rate=1.0, random=np.random.default_rng(0))
    weight = start.clone().requires_grad_()
    bags = [[tokenizer.encode(row[side]).ids for row in rows] for side in (0, 1)]
    expected = reference_loss(weight, bags, 7)
    expected.backward()  # type: ignore[no-untyped-call]
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    torch.testing.assert_close(seen[0], weight.grad, rtol=1e-4, atol=1e-6)


def test_training_moves_only_touched_rows_matches_adam_and_is_repeatable() -> None:
    vectors = TokenVectors(torch.ones(4, 2))
    reference = torch.nn.Parameter(torch.ones(1, 2))
    optimiser = torch.optim.Adam([reference], lr=0.1)
    for gradient in (torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, 3.0]])):
        vectors.update(torch.tensor([2]), gradient, rate=0.1)
        reference.grad = gradient
        optimiser.step()
    torch.testing.assert_close(vectors.weight[2:3], reference.data)
    assert (vectors.weight[[0, 1, 3]] == 1).all()


def test_training_learns_translations_and_repeats_with_its_seed() -> None:
    words = ["dog", "cat", "tree", "rain", "road", "狗", "猫", "树", "雨", "路"]
    tokenizer = tiny(" ".join(words))
    sets = [tokenised(pairs_of(list(zip(words[5:], words[:5], strict=True)), passes=150), tokenizer)]
    start = torch.randn(len(words) + 1, 16, generator=torch.Generator().manual_seed(0)) * 0.1
    results = [train(TokenVectors(start), sets, Stage(rate=0.05, average_last=0.5), seed=3) for _ in range(2)]
    assert torch.equal(*results)
    unit = torch.nn.functional.normalize(results[0][1:])
    assert (unit[5:] @ unit[:5].T).argmax(1).tolist() == [0, 1, 2, 3, 4]


def test_cool_downs_start_from_one_point_and_are_averaged() -> None:
    words = ["dog", "cat", "tree", "狗", "猫", "树"]
    tokenizer = tiny(" ".join(words))
    sets = [tokenised(pairs_of(list(zip(words[3:], words[:3], strict=True)), passes=40), tokenizer)]
    start = torch.randn(len(words) + 1, 8, generator=torch.Generator().manual_seed(0))
    before, stage = start.clone(), Stage(rate=0.01, average_last=0.5)
    cooled = cooled_down(start, sets, Recipe(cool_down=stage, cool_downs=2), seed=5)
    alone = [train(TokenVectors(start), sets, stage, seed=seed) for seed in (5, 6)]
    torch.testing.assert_close(cooled, (alone[0] + alone[1]) / 2)
    assert torch.equal(start, before)
    assert torch.equal(cooled_down(start, sets, Recipe(cool_downs=0), seed=5), start)


def test_saved_vectors_are_read_back(tmp_path: Path) -> None:
    weight = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    save(tmp_path, tiny("标准 发展 road"), weight)
    # Half a step of the 8-bit grid of each row.
    assert ((load(tmp_path) - weight).abs() <= weight.abs().amax(dim=1, keepdim=True) / 127 / 2 + 1e-6).all()


def test_a_model_to_start_from_has_to_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    absent = str(tmp_path / "nothing")
    assert main(["train", "--data", str(tmp_path), "--start", absent, "--out", str(tmp_path / "out")]) == 2
    assert absent in capsys.readouterr().err


# --- measuring


def test_ranks_count_ties_against_the_passage_and_recall_follows() -> None:
    scores = np.array([[0.9, 0.1, 0.2], [0.5, 0.5, 0.1], [0.3, 0.2, 0.1]], dtype=np.float32)
    made = evaluate.task("made up", [("x", "p"), ("y", "q"), ("z", "r")])
    rank = evaluate.ranks(scores, made.right)
    assert rank.tolist() == [1, 2, 3]
    values = evaluate.summarise(made, rank).values
    assert values["R@1"][0] == pytest.approx(1 / 3)
    assert values["R@5"] == (1.0, 1.0, 1.0)
    assert values["MRR"][0] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert values["R@1"][1] <= 1 / 3 <= values["R@1"][2]


def test_keywords_find_shared_words() -> None:
    scores = evaluate.Keywords()(["养老服务"], ["垃圾分类", "发展养老服务业"])
    assert scores.argmax() == 1


def test_missing_data_is_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--keywords", "--data", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# --- the bundled model


def test_saved_model_gives_the_same_vectors_in_sentence_transformers(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    tokenizer = tiny("标准 发展 road")
    weight = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    save(tmp_path, tokenizer, weight)
    ours = load_embedder(str(tmp_path))
    texts = ["标准发展", "road 标准"]
    theirs = SentenceTransformer(str(tmp_path), device="cpu").encode(texts)
    np.testing.assert_allclose(ours.encode_document(texts), theirs, atol=1e-6)
    as_trained = torch.nn.functional.normalize(torch.stack([weight[[1, 2]].mean(0), weight[[3, 1]].mean(0)]))
    np.testing.assert_allclose(theirs, as_trained, atol=1e-2)
    assert not ours.encode_document(["", "？！"]).any()


def test_bundled_model_is_small_and_loads_in_sentence_transformers() -> None:
    from sentence_transformers import SentenceTransformer

    assert sum(path.stat().st_size for path in MODEL.rglob("*") if path.is_file()) <= 30_000_000
    texts = ["老旧小区加装电梯", "How do I get a subsidy for my start-up?"]
    theirs = SentenceTransformer(str(MODEL), device="cpu").encode(texts)
    np.testing.assert_allclose(load_embedder("bundled").encode_document(texts), theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ("Where can my child go to kindergarten?", "发展普惠性学前教育"),
        ("roads flood when it rains", "加强城市内涝治理"),
        ("下大雨路上积水", "加强城市内涝治理"),
        ("老人一个人住谁来照顾", "完善居家养老服务"),
    ],
    ids=["kindergarten", "flooding", "flooding_zh", "elderly"],
)
def test_bundled_model_finds_official_words_from_plain_ones(query: str, right: str) -> None:
    passages = [
        "发展普惠性学前教育",
        "加强城市内涝治理",
        "推动文化产业发展",
        "完善居家养老服务",
        "优化口岸营商环境",
    ]
    assert passages[int(evaluate.Model("bundled")([query], passages).argmax())] == right
