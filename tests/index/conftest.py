"""What the index tests share: the outline, its built index, a tiny static model and a tiny document."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from index.build import Index, ensure_index
from index.config import OUTLINE, IndexSettings
from index.parse import parse_file
from index.types import Document

DOCUMENTS = Path(__file__).parents[1] / "documents"
_MODULES = "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"


@pytest.fixture(scope="session")
def outline() -> Document:
    return parse_file(OUTLINE)


@pytest.fixture(scope="session")
def index_dir(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One folder for all workers: the first one builds, the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    return (base if worker_id == "master" else base.parent) / "outline-index"


@pytest.fixture(scope="session")
def outline_index(index_dir: Path) -> Index:
    return ensure_index(IndexSettings(index_dir=index_dir))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static model of one vector a character, in the layout of sentence-transformers."""
    return write_tiny_model(tmp_path_factory.mktemp("model"), seed=1)


def write_tiny_model(folder: Path, *, seed: int) -> Path:
    texts = [path.read_text("utf-8") for path in DOCUMENTS.glob("*.txt")]
    characters = ["[UNK]", *sorted({char for text in texts for char in text.lower() if not char.isspace()})]
    tokenizer = Tokenizer(WordLevel({char: at for at, char in enumerate(characters)}, unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = Split(Regex("."), behavior="isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    weights = np.random.default_rng(seed).standard_normal((len(characters), 16)).astype(np.float32)
    save_file({"embedding.weight": weights}, folder / "model.safetensors")
    (folder / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": _MODULES}]))
    return folder


@pytest.fixture
def small_settings(tmp_path: Path, tiny_model: Path) -> IndexSettings:
    """Settings of an index that is built in a moment: a short document and the tiny model."""
    source = tmp_path / "notice.txt"
    source.write_text((DOCUMENTS / "sections_only.txt").read_text("utf-8"), "utf-8")
    return IndexSettings(index_dir=tmp_path / "index", document=source, embedding_model=str(tiny_model))
