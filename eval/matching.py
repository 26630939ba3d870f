"""When two texts count as the same: key facts and numbers after normalisation, and nearly equal questions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from index.headings import parse_numeral
from index.lexical import fold

_MARKER = re.compile(r"\[\d{1,3}\]")
_NUMERAL = re.compile(r"[零〇一二两三四五六七八九十百千]+")
_PERCENT = re.compile(
    r"百分之([零〇一二两三四五六七八九十百点]+|\d+(?:\.\d+)?)|(\d+(?:\.\d+)?)\s*(?:per\s*cent|个百分点)"
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMBER = re.compile(r"\d+(?:\.\d+)?%?")
# Between two digits a separator stays visible: 3、80项 is not 380项, and 2022-10-14 is not one number.
_BREAK = "|"


def without_markers(text: str) -> str:
    """A text without its citation markers `[n]`."""
    return _MARKER.sub("", text)


def normalised(text: str) -> str:
    """A text as key facts are compared: folded, with Arabic numerals, letters and digits only.

    二〇二五 and 2025, 百分之八十 and 80%, 1,000 and 1000 become alike. Punctuation and spaces are dropped,
    except that two digits they separate stay apart.
    """
    text = _arabic(_THOUSANDS.sub("", fold(_MARKER.sub("", unicodedata.normalize("NFKC", text)))))
    kept: list[str] = []
    gap = False
    for at, letter in enumerate(text):
        decimal = (
            letter == "." and kept and kept[-1].isdigit() and not gap and text[at + 1 : at + 2].isdigit()
        )
        if letter.isalnum() or letter == "%" or decimal:
            if gap and letter.isdigit() and kept and kept[-1].isdigit():
                kept.append(_BREAK)
            kept.append(letter)
            gap = False
        else:
            gap = True
    return "".join(kept)


def _arabic(text: str) -> str:
    text = _PERCENT.sub(lambda match: f"{_value(match[1] or match[2])}%", text)
    return _NUMERAL.sub(lambda match: _value(match[0]), text)


def _value(numeral: str) -> str:
    if numeral[:1].isdigit():
        return numeral
    whole, _, fraction = numeral.partition("点")
    value = str(parse_numeral(whole)) if whole else "0"
    return f"{value}.{''.join(str(parse_numeral(digit)) for digit in fraction)}" if fraction else value


def contains(text: str, fact: str) -> bool:
    """Whether a normalised text holds a normalised fact, numbers at its ends whole: no 80项 in 180项."""
    at = text.find(fact) if fact else -1
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(fact) : at + len(fact) + 1]
        cut_before = fact[0].isdigit() and (before.isdigit() or before == ".")
        cut_after = fact[-1].isdigit() and (after.isdigit() or (after in {".", "%"} and bool(after)))
        if not cut_before and not cut_after:
            return True
        at = text.find(fact, at + 1)
    return False


def numbers(text: str) -> frozenset[str]:
    """The numbers and percentages of a text after normalisation, as strings: `800`, `60%`, `2025`."""
    return frozenset(_NUMBER.findall(normalised(text)))


def _shingles(text: str) -> frozenset[str]:
    """What two questions are compared by: pairs of letters in Chinese, words and their pairs otherwise."""
    folded = fold(text)
    if re.search(r"[\u3040-\u9fff\uac00-\ud7af]", folded):
        letters = re.sub(r"[\W_]+", "", folded)
        return frozenset(letters[at : at + 2] for at in range(max(1, len(letters) - 1)))
    words = re.findall(r"\w+", folded)
    return frozenset([*words, *(f"{first} {second}" for first, second in pairwise(words))])


def similarity(first: str, second: str) -> float:
    """Jaccard similarity of two questions, 0 to 1."""
    return _jaccard(_shingles(first), _shingles(second))


def _jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    union = len(first | second)
    return len(first & second) / union if union else 0.0


class Neighbours:
    """Finds, among many texts, those nearly equal to a given one."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Index the texts; positions count from 0."""
        self._shingles = [_shingles(text) for text in texts]
        self._by_shingle: dict[str, list[int]] = {}
        for at, shingles in enumerate(self._shingles):
            for shingle in shingles:
                self._by_shingle.setdefault(shingle, []).append(at)

    def near(self, text: str, *, at_least: float) -> list[tuple[int, float]]:
        """Positions and similarities of the texts that are this similar, most similar first."""
        shingles = _shingles(text)
        shared: dict[int, int] = {}
        for shingle in shingles:
            for at in self._by_shingle.get(shingle, ()):
                shared[at] = shared.get(at, 0) + 1
        found = []
        for at, count in shared.items():
            value = count / (len(shingles) + len(self._shingles[at]) - count)
            if value >= at_least:
                found.append((at, value))
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))
