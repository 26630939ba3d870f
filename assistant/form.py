"""What a question asks of a document's form, in anybody's words: learnt from labelled questions, not from word lists.

People ask for chapters, headings, counts and the places of a word in endless wordings. Linear models over a question's
words, the signals that rules read in it and its embedding tell which operation it asks for and that operation's choices
(unit, measure, …). With its arguments, which rules find, the question is then said again in plain words (`forms.toml`)
that the rules of `understand` read for certain.

The models are one-against-rest linear classifiers over hashed features (Weinberger et al. 2009), fitted by
`python -m eval fit-form` on the labelled questions of the evaluation.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.addresses import masked
from assistant.signals import read
from index.embed import Embedder, Vectors, load_embedder
from index.types import Document

WEIGHTS = Path(__file__).with_name("form.npz")
# Features share so many weights of a model.
BUCKETS = 1 << 13
ROWS_HASHED = 3 * BUCKETS
# What is asked for, and the choices that some of that leaves.
HEADS: dict[str, tuple[str, ...]] = {
    "op": (
        "content", "chapters", "contents", "sections_of", "heading", "text", "place", "mentions", "extreme", "having",
        "next", "previous", "between", "siblings", "parent", "figures", "shares", "years", "documents", "bodies", "quoted",
        "items", "item", "compare", "length", "order", "together", "position",
    ),
    "unit": ("any", "chapters", "sections", "sentences"),
    "measure": ("sections", "sentences", "characters", "titles", "items", "times"),
    "mode": ("all", "none", "first", "last", "most", "least"),
    "scope": ("text", "titles"),
    "join": ("one", "both", "either", "butnot"),
    "dir": ("most", "least"),
    "rel": ("=", ">", "<", ">=", "<="),
}  # fmt: skip
# The choices that each operation leaves.
CHOICES: dict[str, tuple[str, ...]] = {
    "place": ("unit",),
    "mentions": ("unit", "mode", "scope", "join"),
    "extreme": ("unit", "measure", "dir"),
    "having": ("unit", "measure", "rel"),
    "next": ("unit",),
    "previous": ("unit",),
    "between": ("unit",),
    "compare": ("measure",),
    "length": ("measure",),
}
# How much the signals and the embedding weigh beside the words.
_SIGNALS_WEIGH, _VECTOR_WEIGHS = 1.5, 1.0
# From the margins of the models to probabilities: so that on held-out folds they are right as often as they say.
_STEEPNESS = 2.5
_TOKEN = re.compile(r"<[ntc]>|[\u3400-\u9fff]|[a-z]+|\d+|[^\s\w]")
_REPEATED = re.compile(r"(?:<c>\s*)+")
_QUOTED = re.compile(r"[“\"「『《‘][^”\"」』》’]{1,60}[”\"」』》’]")
# Runs of so many words are looked at, in a question without what it is about of so many.
_LONGEST_RUN, _LONGEST_BARE_RUN = 2, 3


@dataclass(frozen=True, slots=True)
class Form:
    """What a question asks of the form: the operation, its choices, and how sure that is (0 to 1)."""

    op: str
    choices: Mapping[str, str]
    confidence: float


@dataclass(frozen=True, slots=True)
class Features:
    """What the models see of a question: its embedding, and buckets of its runs of words and of its signals.

    `bare` are the runs of words without what the question is about.
    """

    words: Sequence[int]
    bare: Sequence[int]
    signals: Sequence[int]
    vector: Vectors

    def scaled(self) -> tuple[npt.NDArray[np.int64], Vectors]:
        """The rows of a model that these features weigh, and how much each of them does."""
        hashed = (self.words, self.bare, self.signals)
        rows = [*itertools.chain(*hashed), *range(ROWS_HASHED, ROWS_HASHED + len(self.vector))]
        words, bare, signals = (np.full(len(part), 1 / np.sqrt(len(part))) for part in hashed)
        values = np.concatenate([words, bare, _SIGNALS_WEIGH * signals, _VECTOR_WEIGHS * self.vector])
        return np.array(rows), values.astype(np.float32)


class FormReader:
    """Reads what questions ask of a document's form with fitted weights."""

    def __init__(self, weights: Mapping[str, Vectors], embedder: Embedder) -> None:
        """Wrap weights: for each head a model of shape (ROWS_HASHED + dimension + 1, choices), constants last."""
        self._weights = weights
        self._embedder = embedder

    @classmethod
    @cache
    def load(cls) -> FormReader:
        """The fitted reader."""
        with np.load(WEIGHTS, allow_pickle=False) as arrays:
            weights = {head: arrays[head].astype(np.float32) * arrays[f"{head}.scale"] for head in HEADS}
        return cls(weights, load_embedder("bundled"))

    def is_word(self, word: str) -> bool:
        """Whether the embedding model has a word as one token: an English word in common use."""
        return self._embedder.count_tokens(word) == 1

    def read(self, folded: str, document: Document) -> Form:
        """What a folded question asks."""
        return self.choose(features_of(folded, document, self._embedder))

    def choose(self, features: Features) -> Form:
        """What a question with these features asks."""
        rows, values = features.scaled()
        op, confidence = self._choose("op", rows, values)
        choices = {}
        for head in CHOICES.get(op, ()):
            choices[head], sure = self._choose(head, rows, values)
            confidence = min(confidence, sure)
        return Form(op, choices, confidence)

    def _choose(self, head: str, rows: npt.NDArray[np.int64], values: Vectors) -> tuple[str, float]:
        model = self._weights[head]
        margins = values @ model[rows] + model[-1]
        odds = np.exp(_STEEPNESS * (margins - margins.max()))
        at = int(odds.argmax())
        return HEADS[head][at], float(odds[at] / odds.sum())


def features_of(folded: str, document: Document, embedder: Embedder) -> Features:
    """The features of a folded question: addresses and what is quoted count as one word each.

    In the bare runs so does every stretch that it is about: 讲养老那章夹在哪两章中间 asks the same as 讲环保那章夹在哪两章中间.
    """
    text, rest, addresses = masked(folded, "<n>", document)
    text = _QUOTED.sub(" <t> ", text)
    signals = read(rest, document)
    bare = text
    for stretch in sorted(signals.content, key=len, reverse=True):
        bare = bare.replace(stretch, " <c> ")
    told = {
        *signals.kinds,
        *(f"unit {unit}" for unit in signals.units),
        *(f"asked {unit}" for unit in signals.asked),
        f"outer {signals.outer}",
        f"inner {signals.inner}",
        *(
            f"{name} {min(count, 2)}"
            for name, count in (
                ("addresses", addresses),
                ("content", len(signals.content)),
                ("terms", len(signals.terms)),
            )
        ),
    }
    (vector,) = embedder.encode_query([text.replace("<n>", " ").replace("<t>", " ")])
    return Features(
        _buckets(_runs(text, _LONGEST_RUN), 0),
        _buckets(_runs(_REPEATED.sub("<c> ", bare), _LONGEST_BARE_RUN), BUCKETS),
        _buckets(told, 2 * BUCKETS),
        vector,
    )


def _runs(text: str, longest: int) -> set[str]:
    """The runs of up to so many words of a text, its ends counting as words."""
    words = ["^", *("0" if word.isdigit() else word for word in _TOKEN.findall(text)), "$"]
    return {" ".join(words[at : at + n]) for n in range(1, longest + 1) for at in range(len(words) - n + 1)}


def _buckets(names: set[str], first: int) -> list[int]:
    return sorted({first + zlib.crc32(name.encode()) % BUCKETS for name in names})
