"""The keyword legs: BM25 (bm25s) over CJK bigrams, words and numbers; English stems; pinyin for homophones.

LangChain's BM25 splits on white space and sees a Chinese sentence as one token; bigrams need no dictionary
and do as well as a segmenter on Chinese passages.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from index.normalize import RADICAL, fold_radical

if TYPE_CHECKING:
    from opencc import OpenCC
    from Stemmer import Stemmer

_ARRAYS = ("data", "indices", "indptr")

Analyzer = Callable[[str], list[str]]
Scores = npt.NDArray[np.float32]

_RUNS = re.compile(
    r"(?P<cjk>[\u3400-\u9fff\U00020000-\U0003ffff〇]+)|(?P<word>[^\W\d_\u3400-\u9fff]+)|(?P<number>\d+(?:\.\d+)?%?)"
)
_HAN_RUN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")
_SYLLABLES = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
# Letters of a word that `prefix_terms` keeps: about the length of a stem in the European languages.
_STEM = 6
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?%?")
# How British spellings differ from American ones, where an ending tells.
_SPELLINGS = tuple(
    (re.compile(british), american)
    for british, american in (
        (r"is(?=(?:e|es|ed|er|ers|ing|able|ation|ations|ational)$)", "iz"),
        (r"(?<=[bt])re(?=s?$)", "er"),
        (r"(?<=[a-z]{2})our(?=s|ed|ing|able|ites?$|$)", "or"),
        (r"ogue(?=s?$)", "og"),
        (r"gramme(?=s?$)", "gram"),
    )
)
# Function words of English, from the closed classes of grammar.
_STOP_WORDS = (
    "a an the this that these those there here it its he she they them their his her we us our you your i "
    "me my mine and or but nor so yet if then than as at by for from in into of off on onto out over to "
    "up with within without about above after again against all also am any are aren't be because been "
    "before being below between both can cannot could did do does doing don't down during each few "
    "further had has have having how however is isn't just let like may might more most must no not now "
    "only other ought own per same shall should some such too under until very was were what when where "
    "which while who whom whose why will would anything something anyone someone please tell say says "
    "said know want get gets got going go s t re ve ll d make makes made change changes changed happen "
    "happens happening plan plans planned planning thing things way ways kind kinds sort sorts much many"
)
ENGLISH_STOP_WORDS = frozenset(_STOP_WORDS.split())


@cache
def _simplifier() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


@cache
def _conversion(name: str) -> dict[str, str]:
    """One of opencc's dictionaries, each entry with the first of its values."""
    lines = (files("opencc") / "dictionary" / name).read_text("utf-8").splitlines()
    return {key: values.split()[0] for key, _, values in (line.partition("\t") for line in lines)}


@cache
def _simplified_characters() -> dict[int, str]:
    """The characters that the conversion to simplified script changes outside its phrases."""
    pairs = _conversion("TSCharacters.txt").items()
    return {ord(char): simplified for char, simplified in pairs if char != simplified}


@cache
def _traditional_phrase() -> re.Pattern[str]:
    phrases = _conversion("TSPhrases.txt")
    return re.compile(f"(?=[{''.join({phrase[0] for phrase in phrases})}])(?:{'|'.join(phrases)})")


def _simplified(run: re.Match[str]) -> str:
    text = run.group()
    # opencc is slow, and without a phrase it replaces one character after another.
    return (
        _simplifier().convert(text)
        if _traditional_phrase().search(text)
        else text.translate(_simplified_characters())
    )


@lru_cache(maxsize=2048)
def fold(text: str) -> str:
    """Text as the keyword leg and the embedding see it.

    Radicals and compatibility forms folded (NFKC), traditional script to simplified, lower case, invisible
    characters dropped.
    """
    if text.isascii():
        return text.lower()
    text = RADICAL.sub(lambda radical: fold_radical(radical.group()), _INVISIBLE.sub("", text))
    return _HAN_RUN.sub(_simplified, unicodedata.normalize("NFKC", text).lower())


def chinese_terms(text: str) -> list[str]:
    """CJK bigrams (a lone character stays one), Latin words and numbers of a text, in order."""
    terms: list[str] = []
    for match in _RUNS.finditer(fold(text)):
        run = match["cjk"]
        if run is None:
            terms.append(match.group())
        elif len(run) == 1:
            terms.append(run)
        else:
            terms += [run[at : at + 2] for at in range(len(run) - 1)]
    return terms


def prefix_terms(text: str) -> list[str]:
    """As `chinese_terms`, for any language: kana and Hangul in bigrams too, words cut to their first letters.

    Truncation is the plainest stemming there is and needs no dictionary of the language; accents are dropped.
    """
    terms: list[str] = []
    for term in chinese_terms(text):
        for run in re.findall(r"[\u3040-\u30ff\uac00-\ud7af]+|[^\u3040-\u30ff\uac00-\ud7af]+", term):
            if not _SYLLABLES.match(run):
                bare = "".join(c for c in unicodedata.normalize("NFD", run) if not unicodedata.combining(c))
                terms.append(bare[:_STEM] if bare.isalpha() else bare)
            elif len(run) == 1:
                terms.append(run)
            else:
                terms += [run[at : at + 2] for at in range(len(run) - 1)]
    return terms


def english_terms(text: str) -> list[str]:
    """Stems (Snowball) of the English words of a text without stop words, and its numbers, in order.

    British and American spellings become one: centre and center, labour and labor, organise and organize.
    """
    words = [word.removesuffix("'s") for word in _WORD.findall(fold(text).replace("’", "'"))]
    kept = [word for word in words if word not in ENGLISH_STOP_WORDS]
    stems: list[str] = _stemmer().stemWords([_american(word) for word in kept])
    return stems


@lru_cache(maxsize=8192)
def _american(word: str) -> str:
    """A word as Americans spell it; others come out misspelt (exercize), in every text alike."""
    for british, american in _SPELLINGS:
        word = british.sub(american, word)
    return word


@cache
def _stemmer() -> Stemmer:
    from Stemmer import Stemmer

    return Stemmer("english")


def pinyin_terms(text: str) -> list[str]:
    """Bigrams of toneless syllables, so that homophones match: 标准 and 镖准 are both `biao zhun`."""
    terms: list[str] = []
    for match in re.finditer(r"[\u3400-\u9fff]{2,}", fold(text)):
        from pypinyin.contrib.mmseg import seg  # its dictionary takes a while to load: not for English

        syllables = [syllable for word in seg.cut(match.group()) for syllable in _syllables(word)]
        terms += [f"{first} {second}" for first, second in pairwise(syllables)]
    return terms


@lru_cache(maxsize=8192)
def _syllables(word: str) -> tuple[str, ...]:
    """The toneless syllables of a word, kept: pypinyin takes ten times as long for them as for cutting a text into words."""
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(word))


@lru_cache(maxsize=16)
def _terms_of(analyzer: Analyzer, query: str) -> tuple[str, ...]:
    """The terms of a query, made once for all legs of an analyzer."""
    return tuple(analyzer(query))


def _sums(
    terms: Sequence[int], *, starts: Sequence[int], texts: npt.NDArray[np.intp], data: Scores, size: int
) -> npt.NDArray[np.float64]:
    """The scores of some terms added up for each text, shape (size,); those of term t stand from starts[t] on."""
    of_terms = [slice(starts[term], starts[term + 1]) for term in terms]
    in_texts = np.concatenate([texts[of_term] for of_term in of_terms])
    in_data = np.concatenate([data[of_term] for of_term in of_terms])
    return np.asarray(np.bincount(in_texts, in_data, size), dtype=np.float64)


class LexicalIndex:
    """BM25 over a fixed list of texts, by one analyzer.

    bm25s computes the score of each term in each text when the index is built; a query only adds up those of
    its terms, which numpy does alone and without the time that importing bm25s costs.
    """

    def __init__(
        self,
        analyzer: Analyzer,
        *,
        vocabulary: Mapping[str, int],
        data: Scores,
        indices: npt.NDArray[np.integer],
        indptr: npt.NDArray[np.integer],
        size: int,
    ) -> None:
        """Wrap the scores of `size` texts by term; use `build` or `load`.

        Args:
            analyzer: What makes terms of a query, the same that made those of the texts.
            vocabulary: The number of each term.
            data: All scores, those of one term together.
            indices: The number of the text that each score belongs to.
            indptr: Where the scores of each term start; one more entry for the end.
            size: How many texts there are.
        """
        self.analyzer = analyzer
        self.vocabulary = vocabulary
        self.data, self._indices, self._indptr = data, indices, indptr
        # What a query's terms are looked up in: plain numbers, and the type that numpy counts by.
        self.texts = indices.astype(np.intp)
        self.starts: list[int] = indptr.tolist()
        self.size = size
        frequency = np.diff(indptr)
        # The idf of Lucene's BM25, which bm25s uses as well; a term that no text has weighs as much as the
        # rarest.
        self.idf: list[float] = np.log(1 + (size - frequency + 0.5) / (frequency + 0.5)).tolist()
        self.unknown = float(np.log(1 + (size + 0.5) / 0.5))

    @classmethod
    def build(cls, texts: Sequence[str], analyzer: Analyzer) -> LexicalIndex:
        """Index texts; their order gives the order of `scores`."""
        import bm25s

        bm25 = bm25s.BM25(k1=1.2, b=0.5, method="lucene", backend="numpy")
        # A text without terms keeps its place by a term that no query has.
        bm25.index([analyzer(text) or ["\0"] for text in texts], show_progress=False)
        arrays = {name: np.asarray(bm25.scores[name]) for name in _ARRAYS}
        return cls(analyzer, vocabulary=bm25.vocab_dict, size=len(texts), **arrays)

    def save(self, folder: Path) -> None:
        """Write the index to a folder of its own."""
        folder.mkdir()
        for name, array in zip(_ARRAYS, (self.data, self._indices, self._indptr), strict=True):
            np.save(folder / f"{name}.npy", array)
        terms = {"size": self.size, "terms": self.vocabulary}
        (folder / "terms.json").write_text(json.dumps(terms, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path, analyzer: Analyzer) -> LexicalIndex:
        """Read an index back.

        Raises:
            OSError: a file is missing.
            EOFError: a file is cut off.
            KeyError: a file is not of the form.
            ValueError: likewise, or the files don't belong together.
        """
        arrays = {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in _ARRAYS}
        terms = json.loads((folder / "terms.json").read_text("utf-8"))
        if not len(arrays["data"]) == len(arrays["indices"]) == arrays["indptr"][-1]:
            raise ValueError(folder.name)
        return cls(analyzer, vocabulary=terms["terms"], size=int(terms["size"]), **arrays)

    def knows(self, term: str) -> bool:
        """Whether any of the texts has a term."""
        return term in self.vocabulary

    def weight(self, term: str) -> float:
        """The idf of a term, that of one in no text for an unknown term: how telling it is, above 0."""
        at = self.vocabulary.get(term)
        return self.unknown if at is None else float(self.idf[at])

    def scores(self, query: str) -> Scores:
        """BM25 of every text over the query's whole weight, shape (size,), 0 to about 2.2.

        The weight is the sum of the idf of all its terms, those that no text has included: a text that covers
        only the common half of a query stays low.
        """
        terms = _terms_of(self.analyzer, query)
        known = [self.vocabulary[term] for term in terms if term in self.vocabulary]
        if not known:
            return np.zeros(self.size, dtype=np.float32)
        weight = sum(self.idf[term] for term in known) + self.unknown * (len(terms) - len(known))
        sums = _sums(known, starts=self.starts, texts=self.texts, data=self.data, size=self.size)
        return (sums / weight).astype(np.float32)


class LexicalGroup:
    """Several indexes by one analyzer, scored at once: a query's terms are looked up and added up in one go."""

    def __init__(self, indexes: Sequence[LexicalIndex]) -> None:
        """Join the scores of the indexes, whose texts are numbered through in their order."""
        self._analyzer = indexes[0].analyzer
        sizes = [index.size for index in indexes]
        self._bounds = np.cumsum([0, *sizes])
        # bm25s numbers one more term than it has scores for: the empty one.
        vocabularies = [
            {term: at for term, at in index.vocabulary.items() if at < len(index.idf)} for index in indexes
        ]
        numbers = {term: at for at, term in enumerate(dict.fromkeys(chain.from_iterable(vocabularies)))}
        self._vocabulary = numbers
        self._unknown = np.array([index.unknown for index in indexes])
        self._weights = np.tile(self._unknown, (len(numbers), 1))
        terms, texts, data = [], [], []
        for column, (index, vocabulary) in enumerate(zip(indexes, vocabularies, strict=True)):
            own = np.array([numbers[term] for term in vocabulary], dtype=np.intp)
            at = np.array(list(vocabulary.values()), dtype=np.intp)
            self._weights[own, column] = np.array(index.idf)[at]
            of_term = np.zeros(len(index.idf), dtype=np.intp)
            of_term[at] = own
            terms.append(np.repeat(of_term, np.diff(index.starts)))
            texts.append(index.texts + self._bounds[column])
            data.append(index.data)
        order = np.argsort(np.concatenate(terms), kind="stable")
        self._texts, self._data = np.concatenate(texts)[order], np.concatenate(data)[order]
        counts = np.bincount(np.concatenate(terms), minlength=len(numbers))
        self._starts: list[int] = np.concatenate(([0], np.cumsum(counts))).tolist()

    def scores(self, query: str) -> Scores:
        """What `LexicalIndex.scores` gives for each index, one after the other, shape (texts of all,)."""
        terms = _terms_of(self._analyzer, query)
        known = [self._vocabulary[term] for term in terms if term in self._vocabulary]
        if not known:
            return np.zeros(self._bounds[-1], dtype=np.float32)
        weights = self._weights[known].sum(axis=0) + self._unknown * (len(terms) - len(known))
        sums = _sums(
            known, starts=self._starts, texts=self._texts, data=self._data, size=int(self._bounds[-1])
        )
        scores: Scores = (sums / np.repeat(weights, np.diff(self._bounds))).astype(np.float32)
        return scores
