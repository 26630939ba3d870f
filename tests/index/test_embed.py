from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from tokenizers.processors import TemplateProcessing

from index.config import BUNDLED_MODEL
from index.embed import Embedder, StaticEmbedder, TransformerEmbedder, Vectors, load_embedder
from index.lexical import fold
from index.types import Document, ModelError

TEXTS = ["养老机构服务", "elderly care", "六十岁以上老人优先。", "早餐七时，午餐。", "8", "", "🜲🜳"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
QUERY, DOCUMENT = "问：", "文：文："


def vectors_of_record(folder: Path, texts: list[str]) -> Vectors:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder)).encode(
        texts, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
    )


def test_the_bundled_model_is_loaded_without_torch() -> None:
    assert isinstance(load_embedder("bundled"), StaticEmbedder)


def test_the_bundled_lookup_equals_sentence_transformers(outline: Document) -> None:
    texts = TEXTS[:5] + [fold(section.text) for section in outline.sections()]
    ours = load_embedder("bundled").encode_document(texts)
    # The model's weights are half precision, and so is sentence-transformers' sum of them.
    record = vectors_of_record(BUNDLED_MODEL, texts).astype(np.float32)
    np.testing.assert_allclose(ours, record, atol=1e-3)
    assert ((ours * record).sum(axis=1) / np.linalg.norm(record, axis=1)).min() > 0.99999


def test_a_static_lookup_equals_sentence_transformers(tiny_model: Path) -> None:
    ours = load_embedder(str(tiny_model)).encode_document(TEXTS[:5])
    np.testing.assert_allclose(ours, vectors_of_record(tiny_model, TEXTS[:5]), atol=1e-5)


def test_static_vectors_are_unit_or_zero(tiny_model: Path) -> None:
    embedder = load_embedder(str(tiny_model))
    vectors = embedder.encode_query(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), 16)
    norms = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(norms[[0, 2, 3]], 1, atol=1e-5)
    assert norms[5] == 0
    assert embedder.encode_document([]).shape == (0, 16)
    assert embedder.max_tokens is None
    assert embedder.count_tokens("早餐七时") == 4


def test_order_and_batch_do_not_matter(tiny_model: Path) -> None:
    embedder = load_embedder(str(tiny_model))
    together = embedder.encode_document(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(embedder.encode_document([text])[0], vector, atol=1e-6)


def test_the_fingerprint_follows_every_file_of_the_model(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    before = load_embedder(str(folder)).fingerprint
    assert before == load_embedder(str(tiny_model)).fingerprint
    (weights,) = load_file(folder / "model.safetensors").values()
    save_file({"embedding.weight": weights * 2}, folder / "model.safetensors")
    after = load_embedder(str(folder)).fingerprint
    assert after != before
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text("utf-8") + "\n", "utf-8")
    assert load_embedder(str(folder)).fingerprint not in {before, after}


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_broken_model_is_a_model_error(tiny_model: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    (folder / name).write_bytes(b"{")
    with pytest.raises(ModelError) as caught:
        load_embedder(str(folder))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["/nowhere/model", "./nowhere", "../a/b", "a/b/c", ""])
def test_a_folder_that_is_not_there_is_a_model_error_at_once(name: str) -> None:
    with pytest.raises(ModelError, match="There is no embedding model"):
        load_embedder(name)


def test_an_empty_folder_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_embedder(str(tmp_path))
    assert "\n" not in str(caught.value)


# --- A transformer with prompts, made here


@pytest.fixture(scope="module")
def transformer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two tiny layers, never trained, with prompts that differ for queries and documents."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules.transformer import Transformer
    from sentence_transformers.sentence_transformer.modules.pooling import Pooling
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("bert")
    words = [*SPECIAL, *sorted(set("养老服务标准早餐问文：甲乙丙"))]
    tokenizer = Tokenizer(WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = Split("", behavior="isolated")
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    wrapped: PreTrainedTokenizerFast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token="[PAD]",  # noqa: S106
        unk_token="[UNK]",  # noqa: S106
        cls_token="[CLS]",  # noqa: S106
        sep_token="[SEP]",  # noqa: S106
        model_max_length=32,
    )
    wrapped.save_pretrained(str(folder / "bare"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
        hidden_dropout_prob=0.0,
    )
    BertModel(config).save_pretrained(str(folder / "bare"))
    model = SentenceTransformer(
        modules=[Transformer(str(folder / "bare")), Pooling(16)],
        prompts={"query": QUERY, "document": DOCUMENT},
    )
    model.save(str(folder / "model"))
    return folder / "model"


@pytest.fixture(scope="module")
def transformer(transformer_folder: Path) -> Embedder:
    embedder = load_embedder(str(transformer_folder))
    assert isinstance(embedder, TransformerEmbedder)
    return embedder


def test_prompts_are_respected(transformer: Embedder, transformer_folder: Path) -> None:
    queries = transformer.encode_query(["养老"])
    documents = transformer.encode_document(["养老"])
    np.testing.assert_allclose(
        queries, vectors_without_prompts(transformer_folder, [f"{QUERY}养老"]), atol=1e-5
    )
    np.testing.assert_allclose(
        documents, vectors_without_prompts(transformer_folder, [f"{DOCUMENT}养老"]), atol=1e-5
    )
    assert abs(queries - documents).max() > 1e-3


def vectors_without_prompts(folder: Path, texts: list[str]) -> Vectors:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder))
    model.prompts = {}
    return model.encode(texts, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False)


def test_transformer_vectors_are_unit(transformer: Embedder) -> None:
    vectors = transformer.encode_document(["养老", "服务标准"])
    assert vectors.shape == (2, 16)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_models_own_limit_leaves_room_for_its_prompt(transformer: Embedder) -> None:
    assert transformer.count_tokens("养老服务") == 6
    assert transformer.max_tokens is not None
    # 32 positions; the prompt takes four, [CLS] and [SEP] two.
    assert 20 <= transformer.max_tokens <= 32 - 4
    longest = "甲" * (transformer.max_tokens - 2)
    assert transformer.count_tokens(longest) == transformer.max_tokens
    # The last character of the longest text still counts: nothing is cut off silently.
    changed = longest[:-1] + "乙"
    assert abs(transformer.encode_document([longest]) - transformer.encode_document([changed])).max() > 1e-6


def test_long_texts_are_counted_whole(transformer: Embedder) -> None:
    assert transformer.count_tokens("甲" * 100) == 102


def test_the_fingerprint_of_a_local_transformer(transformer: Embedder, transformer_folder: Path) -> None:
    assert transformer.fingerprint == load_embedder(str(transformer_folder)).fingerprint
    assert len(transformer.fingerprint) == 16
    assert transformer.name == str(transformer_folder)


def test_a_static_model_with_more_modules_goes_to_sentence_transformers(
    tiny_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    modules = json.loads((folder / "modules.json").read_text())
    dense = "sentence_transformers.base.modules.dense.Dense"
    (folder / "modules.json").write_text(
        json.dumps([*modules, {"idx": 1, "name": "1", "path": "1_Dense", "type": dense}])
    )
    (folder / "1_Dense").mkdir()
    (folder / "1_Dense" / "config.json").write_text(
        json.dumps(
            {
                "in_features": 16,
                "out_features": 4,
                "bias": False,
                "activation_function": "torch.nn.modules.linear.Identity",
            }
        )
    )
    save_file({"linear.weight": np.eye(4, 16, dtype=np.float32)}, folder / "1_Dense" / "model.safetensors")
    embedder = load_embedder(str(folder))
    assert isinstance(embedder, TransformerEmbedder)
    assert embedder.encode_document(["早餐"]).shape == (1, 4)
    assert embedder.fingerprint != load_embedder(str(tiny_model)).fingerprint
