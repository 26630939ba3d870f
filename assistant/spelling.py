"""English words that are typed wrong, put right by the words of a document's own translation."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from index.lexical import english_terms

# A short word is near too many others, a capital begins a name.
_WORD = re.compile(r"(?<![\w.@/-])[a-z]{5,24}(?![\w@/-])")
# How alike two words have to be: twice the letters that match, in order, over all letters of both (Ratcliff and Metzener).
_ALIKE = 0.84
_LONGER_BY = 2
_ENDING = re.compile(r"(?:ers?|ed|ing|e?s|d|ly)$")
# What questions have beside a document's words.
_ASKED_WITH = (
    "chapter section sentence heading title mention paragraph document outline please about which where"
)


class Speller:
    """Puts words right that are no words, where the document has one much like them.

    Args:
        texts: English texts of the document.
        is_word: Whether something is an English word, lower case.
    """

    def __init__(self, texts: Iterable[str], is_word: Callable[[str], bool]) -> None:
        self._is_word = is_word
        words = {word for text in (*texts, _ASKED_WITH) for word in _WORD.findall(text.lower())}
        self._stems = {stem for word in words for stem in english_terms(word)}
        self._by_letter: defaultdict[str, list[str]] = defaultdict(list)
        for word in sorted(words):
            self._by_letter[word[0]].append(word)

    def __call__(self, text: str) -> str:
        """The text with its words put right; one that is like no word of the document stays."""
        return _WORD.sub(lambda match: self._put_right(match.group()), text)

    def _put_right(self, word: str) -> str:
        if (
            self._is_word(word)
            or self._is_word(_ENDING.sub("", word))
            or self._stems.issuperset(english_terms(word))
        ):
            return word
        near = [one for one in self._by_letter[word[0]] if abs(len(one) - len(word)) <= _LONGER_BY]
        return next(iter(get_close_matches(word, near, n=1, cutoff=_ALIKE)), word)
