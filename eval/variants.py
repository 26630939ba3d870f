"""Generated variants of questions: typing errors, script, width, mixed languages; seeded."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from eval.dataset import DATA, Item, load_items, save_items

VARIANTS = DATA / "variants.jsonl"
_GLOSSARY = Path(__file__).parent.parent / "index" / "data" / "outline-2035.glossary.txt"
_SEED = 2035
# How many questions of each split get each variant.
PER_VARIANT = 40
_HAN = re.compile(r"[\u4e00-\u9fff]")
_KINDS = frozenset(("fact", "paraphrase", "english", "translation", "commitment", "unanswerable"))
Change = Callable[[str, random.Random], str]


def homophone(text: str, choose: random.Random) -> str:
    """One character replaced by another of the same sound, as an input method does: 标准 → 标谆."""
    places = [at for at, letter in enumerate(text) if _HAN.match(letter) and _sounds_like(letter)]
    if not places:
        return text
    at = choose.choice(places)
    return text[:at] + choose.choice(_sounds_like(text[at])) + text[at + 1 :]


def typos(text: str, choose: random.Random) -> str:
    """Two slips: neighbours swapped, a character lost or one doubled; figures are left alone."""
    for _ in range(2):
        letters = [at for at in range(len(text) - 1) if text[at].isalpha() and text[at + 1].isalpha()]
        if not letters:
            return text
        at = choose.choice(letters)
        slip = choose.choice(("swap", "drop", "double"))
        if slip == "swap":
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        elif slip == "drop":
            text = text[:at] + text[at + 1 :]
        else:
            text = text[:at] + text[at] + text[at:]
    return text


def traditional(text: str, _choose: random.Random) -> str:
    """Simplified to traditional script (OpenCC)."""
    return _to_traditional()(text)


def full_width(text: str, _choose: random.Random) -> str:
    """Letters, digits and signs of ASCII in their full-width forms."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in text)


def mixed(text: str, _choose: random.Random) -> str:
    """A glossary term in English inside a Chinese question: international standard 多少项."""
    for term, english in _glossary():
        if term in text:
            return text.replace(term, f" {english} ").strip()
    return text


def loose(text: str, choose: random.Random) -> str:
    """No punctuation, and a filler before the question, as people write in a hurry."""
    chinese = _HAN.search(text) is not None
    filler = choose.choice(("请问", "那个", "想问下") if chinese else ("hi", "quick question", "um"))
    bare = re.sub(r"[，。？！、,?!.]+(?=\D|$)", " ", text).strip()
    return f"{filler} {bare}"


# Variant, languages it is made for, change.
CHANGES: tuple[tuple[str, frozenset[str], Change], ...] = (
    ("homophone", frozenset(("zh",)), homophone),
    ("typos", frozenset(("zh", "en")), typos),
    ("traditional", frozenset(("zh",)), traditional),
    ("full-width", frozenset(("zh", "en")), full_width),
    ("code-mixed", frozenset(("zh",)), mixed),
    ("loose", frozenset(("zh", "en")), loose),
)


def make_variants(items: Sequence[Item], *, per_variant: int = PER_VARIANT) -> list[Item]:
    """Variants of single-turn questions, each from its own seeded sample: a new item changes little."""
    made: list[Item] = []
    for name, languages, change in CHANGES:
        fit = [
            item
            for item in items
            if item.kind in _KINDS and not item.variant and item.lang in languages and len(item.turns) == 1
        ]
        order = sorted(fit, key=lambda item: random.Random(f"{_SEED} {name} {item.id}").random())
        taken = 0
        for item in order:
            text = change(item.question, random.Random(f"{_SEED} {name} {item.id} change"))
            if text == item.question:
                continue
            made.append(
                replace(
                    item, id=f"{item.id}~{name}", turns=(text,), base_id=item.id, variant=name, standalone=""
                )
            )
            taken += 1
            if taken == per_variant:
                break
    return made


def load_variants() -> list[Item]:
    """The variants of this repository."""
    return load_items(VARIANTS)


def save_variants(items: Sequence[Item]) -> None:
    """Write the variants of this repository."""
    save_items(items, VARIANTS)


@cache
def _to_traditional() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("s2t").convert
    return convert


@cache
def _glossary() -> tuple[tuple[str, str], ...]:
    rows = [line.partition("|") for line in _GLOSSARY.read_text("utf-8").splitlines() if "|" in line[1:]]
    terms = [(t.strip(), e.split(";")[0].strip()) for t, _, e in rows if not t.startswith("#")]
    # Whole English words only: a stem such as "encourag" is a pattern, not a word.
    usable = [
        (term, english) for term, english in terms if len(term) > 1 and " " in english and "“" not in term
    ]
    return tuple(sorted(usable, key=lambda pair: -len(pair[0])))


@cache
def _by_sound() -> dict[str, str]:
    """The commonest characters (GB 2312, first level) by their sound without tone."""
    from pypinyin import lazy_pinyin

    sounds: dict[str, str] = {}
    for first in range(0xB0, 0xD8):
        for second in range(0xA1, 0xFF):
            try:
                letter = bytes((first, second)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            sound = lazy_pinyin(letter)[0]
            sounds[sound] = sounds.get(sound, "") + letter
    return sounds


@cache
def _sounds_like(letter: str) -> str:
    from pypinyin import lazy_pinyin

    return _by_sound().get(lazy_pinyin(letter)[0], "").replace(letter, "")
