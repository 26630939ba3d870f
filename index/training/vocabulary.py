"""The model's tokenizer: a unigram vocabulary of whole words, with characters and pieces for the rest.

A byte-pair vocabulary cuts Chinese across words (化发展, 和无|障碍), so the Chinese words come from a segmenter's
counts and the English ones from theirs; the pieces that spell rarer words, and those of the other languages, come from
a trained unigram model. Scores are log-frequencies, so the best path through a text is its likeliest segmentation.
"""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import Unigram
from tokenizers.trainers import UnigramTrainer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from index.training.corpus import Pairs

UNKNOWN = "[UNK]"
_RUN = (
    r"\p{Han}+|\p{Nd}+|[\p{Hiragana}\p{Katakana}ー]+|\p{Hangul}+|[\p{Latin}\p{M}]+|[\p{Cyrillic}\p{M}]+"
    r"|[\p{Arabic}\p{M}]+|[%€$£¥]"
)
"""What counts as text. Anything else (spaces, punctuation, other scripts) separates and is dropped."""
_HAN = re.compile(r"[㐀-鿿豈-﫿]+")
_OTHER = re.compile(r"[^\W\d_]+|\d+")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class VocabularySize:
    """How many entries each part of the vocabulary gets; characters are on top of ``han``."""

    han: int = 24_000
    latin: int = 16_000
    numbers: int = 600
    latin_pieces: int = 4_000
    other_pieces: int = 6_000


def blank(model: Unigram | None = None) -> Tokenizer:
    """A tokenizer with the model's normaliser and splitting, to be trained or filled."""
    tokenizer = Tokenizer(model or Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_RUN), behavior="removed", invert=True)
    return tokenizer


def _count_han(texts: Iterable[str], counts: Counter[str], weight: int) -> None:
    import jieba

    for text in texts:
        for run in _HAN.findall(text):
            for word in jieba.cut(run):
                counts[word] += weight
            for character in run:
                counts[character] += 0  # a character seen only inside words still gets its entry


def _count_rest(texts: Iterable[str], counts: Counter[str]) -> None:
    for text in texts:
        counts.update(run for run in _OTHER.findall(text.lower()) if not _HAN.match(run))


def _sample(texts: Sequence[str], number: int, width: int) -> list[str]:
    step = max(1, len(texts) // number)
    return [text[:width] for text in texts[::step]]


def _pieces(counts: Counter[str], size: int, *, cap: int) -> list[tuple[str, float]]:
    """Pieces that spell the counted words, with their log-probabilities."""
    tokenizer = blank()
    alphabet = [symbol for symbol, _ in Counter("".join(counts)).most_common(1_500) if not _HAN.match(symbol)]
    trainer = UnigramTrainer(
        vocab_size=size, initial_alphabet=alphabet, unk_token=UNKNOWN, max_piece_length=10, show_progress=False
    )
    tokenizer.train_from_iterator((word for word, n in counts.items() for _ in range(min(n, cap))), trainer)
    return [(piece, score) for piece, score in _vocabulary(tokenizer) if piece != UNKNOWN]


def _vocabulary(tokenizer: Tokenizer) -> list[tuple[str, float]]:
    import json

    return [(piece, score) for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"]]


def build(sets: Sequence[Pairs], size: VocabularySize, *, domain: frozenset[str], terms: Iterable[str] = ()) -> Tokenizer:
    """Count words over samples of the training sets and make the tokenizer.

    Args:
        sets: The training sets.
        size: Entries of each part.
        domain: Names of the sets that speak the product's language; their words count eightfold.
        terms: Words that must be in, however rare.
    """
    import jieba

    jieba.setLogLevel(logging.WARNING)
    han: Counter[str] = Counter()
    rest: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for pairs in sets:
        weight = 8 if pairs.name in domain else 1
        if pairs.languages == "multi":
            texts = [text for text in (*pairs.a, *pairs.b) if not text.isascii()]
            _count_rest(texts, others)
        else:
            for side in (pairs.a, pairs.b):
                sample = _sample(side, 40_000, 160)
                _count_han(sample, han, weight)
                _count_rest(sample if len(sample) < len(side) else side, rest)
        logger.info("counted %s", pairs.name)
    entries: dict[str, float] = {}
    characters = [word for word, _ in han.most_common() if len(word) == 1][:7_000]
    words = [word for word, _ in han.most_common() if 1 < len(word) <= 8][: size.han]
    words += [term for term in terms if 1 < len(term) <= 6 and _HAN.fullmatch(term) and term not in set(words)]
    total = sum(han.values())
    for word in (*words, *characters):
        entries[word] = math.log(max(han[word], 0.3) / total)
    latin = Counter({word: n for word, n in rest.items() if word.isascii() and word.isalpha()})
    numbers = [word for word, _ in rest.most_common() if word.isdecimal() and word.isascii()][: size.numbers]
    whole = [word for word, _ in latin.most_common(size.latin)]
    total = sum(latin.values())
    for word in (*whole, *numbers):
        entries[word] = math.log(rest[word] / total)
    for word in whole:
        del latin[word]
    # A piece must not win against a whole word, so all pieces are made a little less likely than they are.
    for counted, number in ((latin, size.latin_pieces), (others, size.other_pieces)):
        for piece, score in _pieces(counted, number, cap=20):
            entries.setdefault(piece, score - 2.0)
    for symbol in "%€$£¥0123456789abcdefghijklmnopqrstuvwxyz":
        entries.setdefault(symbol, -12.0)
    ranked = sorted(entries.items(), key=lambda entry: -entry[1])
    logger.info("vocabulary of %d entries", len(ranked) + 1)
    return blank(Unigram([(UNKNOWN, 0.0), *((piece, round(score, 3)) for piece, score in ranked)], unk_id=0))
