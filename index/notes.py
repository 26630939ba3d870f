"""The tokens of the notes on each sentence and section, as vectors: what a question's tokens are compared with.

Made when an index is built: a long text takes some milliseconds to cut into tokens, which the first questions would wait
for. Nodes share most of their tokens, so each distinct vector is kept once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.embed import Embedder, Vectors
from index.lexical import fold
from index.types import Passage, PassageKind

_VECTORS = "vectors.npy"
_NODES = "nodes.json"


class NoteTokens:
    """Unit token vectors by address: a sentence with its own notes, and the notes of a section without its text."""

    def __init__(self, vectors: Vectors, rows_of: Mapping[str, Sequence[int]]) -> None:
        """Wrap distinct vectors, shape (n, dimension), and the rows of each node; use `build` or `load`."""
        self._vectors = vectors
        self._rows_of: dict[str, npt.NDArray[np.intp]] = {
            address: np.array(rows, dtype=np.intp) for address, rows in rows_of.items()
        }

    @classmethod
    def build(cls, passages: Iterable[Passage], embedder: Embedder) -> NoteTokens:
        """The tokens of all passages but the sections' own text."""
        notes: defaultdict[str, list[str]] = defaultdict(list)
        for passage in passages:
            if passage.kind is not PassageKind.SECTION:
                notes[passage.address].append(passage.text)
        dimension = embedder.encode_query([""]).shape[1]
        numbers: dict[bytes, int] = {}
        rows_of: dict[str, list[int]] = {}
        for address, texts in notes.items():
            tokens = embedder.encode_tokens(fold(" ".join(texts)))
            unit = (tokens / np.maximum(np.linalg.norm(tokens, axis=1, keepdims=True), 1e-6)).astype(
                np.float16
            )
            rows_of[address] = [numbers.setdefault(row.tobytes(), len(numbers)) for row in unit]
        distinct = np.frombuffer(b"".join(numbers), dtype=np.float16).reshape(-1, dimension)
        return cls(distinct.astype(np.float32), rows_of)

    def save(self, folder: Path) -> None:
        """Write the tokens to a folder of their own, in half precision: no cosine moves by more than .001."""
        folder.mkdir()
        np.save(folder / _VECTORS, self._vectors.astype(np.float16))
        rows_of = {address: rows.tolist() for address, rows in self._rows_of.items()}
        (folder / _NODES).write_text(json.dumps(rows_of), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> NoteTokens:
        """Read the tokens back.

        Raises:
            OSError, EOFError, ValueError: a file is missing or broken.
        """
        vectors = np.load(folder / _VECTORS, allow_pickle=False).astype(np.float32)
        return cls(vectors, json.loads((folder / _NODES).read_text("utf-8")))

    def around(self, address: str) -> Vectors:
        """The tokens of a sentence and of its section, shape (tokens, dimension); (0, dimension) where neither has any."""
        nodes = (address, address.partition("#")[0])
        rows = [self._rows_of[node] for node in nodes if node in self._rows_of]
        return self._vectors[np.concatenate(rows)] if rows else self._vectors[:0]
