"""Token ids of the training pairs as flat arrays, and batches drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from index.training.corpus import Pairs

    Ints = NDArray[np.int64]
    Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token ids of many texts, one after another.

    Attributes:
        ids: All ids, shape (number of tokens,).
        starts: Where each text begins, shape (texts + 1,); the last is the end.
        keys: A number for each distinct text: equal texts have equal keys, shape (texts,).
    """

    ids: Ids
    starts: Ints
    keys: Ints

    def take(self, which: Ints, *, longest: int, random: np.random.Generator) -> tuple[Ids, Ints]:
        """Ids and offsets of some texts; of a text longer than ``longest`` a random window.

        Returns:
            Ids of shape (tokens,) and the position where each text begins, shape (len(which),).
        """
        begin = self.starts[which]
        length = self.starts[which + 1] - begin
        short = np.minimum(length, longest)
        begin = begin + (random.random(len(which)) * (length - short + 1)).astype(np.int64)
        offsets = np.concatenate(([0], np.cumsum(short)))
        position = np.arange(offsets[-1]) + np.repeat(begin - offsets[:-1], short)
        return self.ids[position], offsets[:-1]


@dataclass(frozen=True, slots=True)
class Tokenised:
    """One training set as token ids; see ``corpus.Pairs``.

    Attributes:
        name: Name of the source.
        a: Queries.
        b: Passages.
        passes: How often each pair is seen in one pass over the mix.
        window: Queries are cut to a random window of so many tokens; None leaves them.
    """

    name: str
    a: Tokens
    b: Tokens
    passes: float
    window: int | None = None

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.a.keys)


def tokenise(texts: Sequence[str], tokenizer: Tokenizer, *, chunk: int = 20_000) -> Tokens:
    """Encode texts to flat arrays, a chunk at a time so that memory stays small."""
    ids: list[Ids] = []
    lengths: list[int] = []
    for start in range(0, len(texts), chunk):
        for encoding in tokenizer.encode_batch_fast(
            list(texts[start : start + chunk]), add_special_tokens=False
        ):
            found = np.array(encoding.ids or [0], dtype=np.int32)
            ids.append(found)
            lengths.append(len(found))
    starts = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    _, keys = np.unique(np.array([hash(text) for text in texts], dtype=np.int64), return_inverse=True)
    return Tokens(np.concatenate(ids), starts, keys.astype(np.int64))


def cloze(pairs: Tokenised, *, passes: float, window: int = 20) -> Tokenised:
    """Passages with short windows of themselves as queries (the inverse cloze task, Lee et al. 2019)."""
    return Tokenised(f"cloze_{pairs.name}", pairs.b, pairs.b, passes, window)


def tokenised(pairs: Pairs, tokenizer: Tokenizer) -> Tokenised:
    """Encode both sides of a training set."""
    return Tokenised(pairs.name, tokenise(pairs.a, tokenizer), tokenise(pairs.b, tokenizer), pairs.passes)


def schedule(sets: Sequence[Tokenised], *, size: int, random: np.random.Generator) -> list[tuple[int, Ints]]:
    """One pass over the mix in random order: for each batch the number of its set and the pairs in it.

    A set smaller than half a batch still gives one batch of all that it has.
    """
    batches = []
    for number, pairs in enumerate(sets):
        whole, part = divmod(pairs.passes, 1)
        order = [random.permutation(len(pairs)) for _ in range(int(whole))]
        order.append(random.permutation(len(pairs))[: round(len(pairs) * part)])
        for permuted in order:
            pieces = max(1, round(len(permuted) / size))
            batches += [(number, piece) for piece in np.array_split(permuted, pieces) if len(piece) > 1]
    random.shuffle(batches)
    return batches
