"""The model's tokenizer: a unigram vocabulary of whole words, with characters and pieces for the rest.

A byte-pair vocabulary cuts Chinese across words (化发展, 和无|障碍), so the Chinese words come from a
segmenter's counts and the English ones from theirs; the pieces that spell rarer words, and those of the other
languages, come from a trained unigram model. Scores are log-frequencies: the best path through a text is its
likeliest segmentation.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections import Counter
from dataclasses import dataclass, field
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
_WIDTH = 160
_LONGEST_WORD, _LONGEST_TERM = 8, 4
_CHARACTERS = 7_000
_DOMAIN_WEIGHT = 8
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


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each word was seen: Chinese ones, those of English texts, those of all other languages."""

    han: Counter[str] = field(default_factory=Counter)
    english: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    def add_han(self, texts: Iterable[str], *, weight: int) -> None:
        """Count the segmenter's words."""
        import jieba

        jieba.setLogLevel(logging.WARNING)
        for text in texts:
            for run in _HAN.findall(text):
                for word in jieba.cut(run):
                    self.han[word] += weight
                for character in run:
                    self.han[character] += 0  # one seen only inside words still gets its entry


def _add_rest(counts: Counter[str], texts: Iterable[str]) -> None:
    for text in texts:
        counts.update(run for run in _OTHER.findall(text.lower()) if not _HAN.match(run))


def _sample(texts: Sequence[str], *, characters: int) -> list[str]:
    """Texts from all over, cut at 160 characters, of about so many characters together."""
    step = max(1, sum(min(len(text), _WIDTH) for text in texts) // characters)
    return [text[:_WIDTH] for text in texts[::step]]


def _pieces(counts: Counter[str], size: int, *, cap: int) -> list[tuple[str, float]]:
    """Pieces that spell the counted words, with their log-probabilities."""
    tokenizer = blank()
    alphabet = [symbol for symbol, _ in Counter("".join(counts)).most_common(1_500) if not _HAN.match(symbol)]
    trainer = UnigramTrainer(
        vocab_size=size,
        initial_alphabet=alphabet,
        unk_token=UNKNOWN,
        max_piece_length=10,
        show_progress=False,
    )
    tokenizer.train_from_iterator((word for word, n in counts.items() for _ in range(min(n, cap))), trainer)
    return [(piece, score) for piece, score in _vocabulary(tokenizer) if piece != UNKNOWN]


def _vocabulary(tokenizer: Tokenizer) -> list[tuple[str, float]]:
    return [(piece, score) for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"]]


def count(sets: Sequence[Pairs], *, domain: frozenset[str]) -> Counts:
    """Count words over samples of the training sets.

    Args:
        sets: The training sets.
        domain: Names of the sets that speak the product's language; their words count eightfold.
    """
    counts = Counts()
    for pairs in sets:
        for side in (pairs.a, pairs.b):
            if pairs.languages == "multi":
                _add_rest(counts.others, side)
                continue
            if pairs.languages != "en":
                weight = _DOMAIN_WEIGHT if pairs.name in domain else 1
                counts.add_han(_sample(side, characters=1_500_000), weight=weight)
            if pairs.languages != "zh":
                _add_rest(counts.english, _sample(side, characters=20_000_000))
        logger.info("counted %s", pairs.name)
    return counts


def build(counts: Counts, size: VocabularySize, *, terms: Iterable[str] = ()) -> Tokenizer:
    """Make the tokenizer.

    Args:
        counts: Words to choose from.
        size: Entries of each part.
        terms: Short Chinese terms that must be in, however rare.
    """
    ranked = [word for word, _ in counts.han.most_common() if len(word) <= _LONGEST_WORD]
    characters = [word for word in ranked if len(word) == 1][:_CHARACTERS]
    words = [word for word in ranked if len(word) > 1][: size.han]
    short = {term for term in terms if 1 < len(term) <= _LONGEST_TERM and _HAN.fullmatch(term)}
    total = counts.han.total()
    entries = {
        word: math.log(max(counts.han[word], 0.3) / total)
        for word in (*words, *sorted(short.difference(words)), *characters)
    }
    latin = Counter({word: n for word, n in counts.english.items() if word.isascii() and word.isalpha()})
    whole = [word for word, _ in latin.most_common(size.latin)]
    numbers = [word for word, _ in counts.english.most_common() if word.isascii() and word.isdecimal()]
    total = latin.total()
    entries |= {word: math.log(counts.english[word] / total) for word in (*whole, *numbers[: size.numbers])}
    spelled = Counter({word: n for word, n in latin.items() if word not in entries})
    others = Counter({word: n for word, n in counts.others.items() if word not in entries})
    # A piece must not win against a whole word, so all pieces are made a little less likely than they are.
    for counted, number in ((spelled, size.latin_pieces), (others, size.other_pieces)):
        for piece, score in _pieces(counted, number, cap=20):
            entries.setdefault(piece, score - 2.0)
    for symbol in "%€$£¥0123456789abcdefghijklmnopqrstuvwxyz":
        entries.setdefault(symbol, -12.0)
    best_first = sorted(entries.items(), key=lambda entry: -entry[1])
    logger.info("vocabulary of %d entries", len(best_first) + 1)
    return blank(
        Unigram([(UNKNOWN, 0.0), *((piece, round(score, 3)) for piece, score in best_first)], unk_id=0)
    )
