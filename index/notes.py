"""The tokens of the notes on each sentence and section, as vectors: what a question's tokens are compared with.

Made when an index is built: a long text takes some milliseconds to cut into tokens, which the first questions would wait
for. Nodes share most of their tokens, so each distinct vector is kept once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.embed import Embedder, Vectors
from index.lexical import fold
from index.types import Passage, PassageKind

_ARRAYS = "tokens.npz"
_Rows = npt.NDArray[np.int64]


class NoteTokens:
    """Unit token vectors by address: a sentence with its own notes, and the notes of a section without its text."""

    def __init__(self, vectors: Vectors, rows_of: Mapping[str, _Rows]) -> None:
        """Wrap distinct vectors, shape (n, dimension), and the rows of each node; use `build` or `load`."""
        self._vectors, self._rows_of = vectors, rows_of

    @classmethod
    def build(cls, passages: Iterable[Passage], embedder: Embedder) -> NoteTokens:
        """The tokens of all passages but the sections' own text."""
        notes: defaultdict[str, list[str]] = defaultdict(list)
        for passage in passages:
            if passage.kind is not PassageKind.SECTION:
                notes[passage.address].append(passage.text)
        dimension = embedder.encode_tokens("").shape[1]
        numbers: dict[bytes, int] = {}
        rows_of: dict[str, _Rows] = {}
        for address, texts in notes.items():
            tokens = embedder.encode_tokens(fold(" ".join(texts)))
            unit = (tokens / np.maximum(np.linalg.norm(tokens, axis=1, keepdims=True), 1e-6)).astype(
                np.float16
            )
            rows_of[address] = np.array(
                [numbers.setdefault(row.tobytes(), len(numbers)) for row in unit], dtype=np.int64
            )
        distinct = np.frombuffer(b"".join(numbers), dtype=np.float16).reshape(-1, dimension)
        return cls(distinct.astype(np.float32), rows_of)

    def save(self, folder: Path) -> None:
        """Write the tokens to a folder of their own, in half precision: no cosine moves by more than .001."""
        folder.mkdir()
        np.savez(
            folder / _ARRAYS,
            vectors=self._vectors.astype(np.float16),
            addresses=np.array(list(self._rows_of), dtype=np.str_),
            lengths=np.array([len(rows) for rows in self._rows_of.values()], dtype=np.int64),
            rows=np.concatenate([np.zeros(0, dtype=np.int64), *self._rows_of.values()]),
        )

    @classmethod
    def load(cls, folder: Path) -> NoteTokens:
        """Read the tokens back.

        Raises:
            OSError, EOFError, BadZipFile, KeyError, ValueError: the file is missing or broken.
        """
        # A broken archive that numpy has opened itself it leaves open.
        with (folder / _ARRAYS).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            ends = np.cumsum(arrays["lengths"])[:-1]
            rows = np.split(arrays["rows"], ends) if len(arrays["addresses"]) else []
            rows_of = dict(zip(arrays["addresses"].tolist(), rows, strict=True))
            return cls(arrays["vectors"].astype(np.float32), rows_of)

    def around(self, address: str) -> Vectors:
        """The tokens of a sentence and of its section, shape (tokens, dimension); (0, dimension) where neither has any."""
        nodes = (address, address.partition("#")[0])
        rows = [self._rows_of[node] for node in nodes if node in self._rows_of]
        return self._vectors[np.concatenate(rows)] if rows else self._vectors[:0]
