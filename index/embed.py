"""Embedding models: the only import of sentence_transformers.

sentence-transformers is the loader of record. A static model (one vector a token, averaged) is looked up with
numpy alone, which gives the same vectors and saves the seconds that importing torch costs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from index.config import BUNDLED_MODEL
from index.types import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = npt.NDArray[np.float32]
_STATIC = "StaticEmbedding"
_PIECE = 64
_FEW = 2


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """What the settings call the model."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the model's vectors may change."""

    @property
    def max_tokens(self) -> int | None:
        """The longest text in the model's own tokens; None when there is no limit."""

    def count_tokens(self, text: str) -> int:
        """How many of the model's own tokens a text has."""

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of queries, shape (len(texts), dimension)."""

    def encode_tokens(self, text: str) -> Vectors:
        """Vectors of a text's tokens, not normalised, shape (tokens, dimension).

        A model whose token vectors don't depend on their neighbours gives each distinct token once.
        """

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages, shape (len(texts), dimension)."""


def load_embedder(name: str) -> Embedder:
    """The model that a setting names: `bundled`, a local folder or a hub name.

    Raises:
        ModelError: it isn't there or can't be loaded.
    """
    folder = BUNDLED_MODEL if name == "bundled" else Path(name)
    if _is_plain_static(folder):
        return StaticEmbedder(folder, name=name)
    # A hub name is `name` or `owner/name`; anything else is a folder, never asked for over the network.
    if not name or (
        not folder.is_dir() and (name == "bundled" or not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)?", name))
    ):
        raise ModelError(f"找不到嵌入模型 {name}。 There is no embedding model at {name}.")
    return TransformerEmbedder(str(folder) if folder.is_dir() else name, name=name)


def _is_plain_static(folder: Path) -> bool:
    """Whether a folder holds a StaticEmbedding with at most a Normalize after it."""
    try:
        modules = json.loads((folder / "modules.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    return kinds[:1] == [_STATIC] and all(kind == "Normalize" for kind in kinds[1:])


def _hash_files(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.suffix in {".json", ".safetensors", ".bin", ".model", ".txt"}:
            digest.update(file.relative_to(folder).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _unit(vectors: npt.NDArray[np.floating]) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    # A text without a known token has no direction: its vector stays zero and matches nothing.
    unit: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors, dtype=np.float32), where=norms > 0)
    return unit


class _TokenVectors:
    """The rows of a StaticEmbedding as they lie in its file: floats, or int8 rows with a scale each.

    The second form is model2vec's (`embeddings`, `weights`); sentence-transformers reads both.
    """

    def __init__(self, file: Path) -> None:
        from safetensors.numpy import load_file

        arrays = load_file(file)
        self._scales: npt.NDArray[np.floating] | None = None
        if "embeddings" in arrays:
            self._rows, self._scales = arrays["embeddings"], arrays["weights"]
        else:
            self._rows = arrays["embedding.weight"]
        self.dimension = int(self._rows.shape[1])

    def __getitem__(self, ids: Sequence[int]) -> Vectors:
        """Vectors of some tokens, shape (len(ids), dimension)."""
        rows: Vectors = self._rows[ids].astype(np.float32)
        return rows if self._scales is None else rows * self._scales[ids, None].astype(np.float32)


class StaticEmbedder:
    """Mean of token vectors by numpy lookup; the same vectors as sentence-transformers' StaticEmbedding."""

    max_tokens = None

    def __init__(self, folder: Path, *, name: str) -> None:
        """Read the weights and the tokenizer.

        Raises:
            ModelError: a file is missing or broken.
        """
        from tokenizers import Tokenizer

        path = folder / json.loads((folder / "modules.json").read_text("utf-8"))[0].get("path", "")
        try:
            self._vectors = _TokenVectors(path / "model.safetensors")
            self._tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
        except Exception as error:
            raise ModelError(
                f"嵌入模型 {name} 无法加载。 The model {name} can't be loaded: {error}"
            ) from error
        self._tokenizer.no_padding()
        # A question is looked at as a whole and token by token, here and there.
        self._ids_of = lru_cache(maxsize=64)(self._encoded)
        self._sum_of = lru_cache(maxsize=64)(self._sum)
        self.name = name
        self._folder = folder

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the model's files, shortened."""
        return _hash_files(self._folder)

    def count_tokens(self, text: str) -> int:
        """How many of the model's own tokens a text has."""
        return len(self._encoded(text))

    def _encoded(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def encode_tokens(self, text: str) -> Vectors:
        """The token vectors of a text as they stand, each distinct token once, shape (tokens, dimension)."""
        return self._vectors[list(dict.fromkeys(self._ids_of(text)))]

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimension); a static model treats queries as passages."""
        return self.encode_document(texts)

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimension); zero where a text has no known token."""
        if 0 < len(texts) <= _FEW:
            # A batch goes through other threads, whose waking costs more than a question does.
            return _unit(np.stack([self._sum_of(text) for text in texts]))
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return _unit(self._sums([encoding.ids for encoding in encoded]))

    def _sum(self, text: str) -> Vectors:
        """The sum of a text's token vectors, which has the direction of their mean, shape (dimension,)."""
        total: Vectors = self._sums([self._ids_of(text)])[0]
        return total

    def _sums(self, ids: Sequence[Sequence[int]]) -> Vectors:
        """The sums of the token vectors of texts, shape (len(ids), dimension)."""
        lengths = np.array([len(of_text) for of_text in ids], dtype=np.int64)
        sums = np.zeros((len(ids), self._vectors.dimension), dtype=np.float32)
        filled = np.flatnonzero(lengths)
        # In pieces, so that the token vectors of one stay in the processor's cache.
        for piece in np.split(filled, range(_PIECE, len(filled), _PIECE)) if len(filled) else ():
            starts = np.cumsum(lengths[piece]) - lengths[piece]
            tokens = self._vectors[list(chain.from_iterable(ids[at] for at in piece))]
            sums[piece] = np.add.reduceat(tokens, starts, axis=0)
        return sums


class TransformerEmbedder:
    """Any model that sentence-transformers loads, with its own query and document prompts."""

    def __init__(self, source: str, *, name: str) -> None:
        """Load a local folder or a hub name.

        Raises:
            ModelError: it isn't there, or there is no network to fetch it.
        """
        from sentence_transformers import SentenceTransformer

        try:
            self._model: SentenceTransformer = SentenceTransformer(source)
        except Exception as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(
                f"嵌入模型 {name} 无法加载。 The model {name} can't be loaded: {reason}"
            ) from error
        self.name = name
        self._source = source

    @property
    def fingerprint(self) -> str:
        """SHA-256 over a local model's files; name and revision of a hub model."""
        if Path(self._source).is_dir():
            return _hash_files(Path(self._source))
        revision = getattr(getattr(self._model[0], "config", None), "_commit_hash", None)
        return hashlib.sha256(f"{self._source}@{revision}".encode()).hexdigest()[:16]

    @property
    def max_tokens(self) -> int | None:
        """The model's longest input, less the tokens of its document prompt."""
        limit = self._model.max_seq_length
        return None if limit is None else int(limit) - self.count_tokens(self._document_prompt)

    @property
    def _document_prompt(self) -> str:
        prompts = self._model.prompts or {}
        return str(next((prompts[key] for key in ("document", "passage", "corpus") if prompts.get(key)), ""))

    def count_tokens(self, text: str) -> int:
        """How many of the model's own tokens a text has."""
        encoded = self._model.tokenizer([text], truncation=False)
        return len(encoded["input_ids"][0])

    def encode_tokens(self, text: str) -> Vectors:
        """The model's contextual token vectors of a text, shape (tokens, dimension)."""
        (tokens,) = self._model.encode([text], output_value="token_embeddings", show_progress_bar=False)
        vectors: Vectors = np.asarray(tokens.cpu(), dtype=np.float32)
        return vectors

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of queries, shape (len(texts), dimension)."""
        return _unit(self._model.encode_query(list(texts), convert_to_numpy=True, show_progress_bar=False))

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages, shape (len(texts), dimension)."""
        return _unit(self._model.encode_document(list(texts), convert_to_numpy=True, show_progress_bar=False))
