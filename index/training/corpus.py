"""Training pairs: which files are used, for what share, and how their text is cleaned.

Every file holds one JSON object a line with two texts that belong together: ``a``, usually a query or a
heading, and ``b``, its passage or translation. The project's own lexicon and questions are in ``data/``.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import lzma
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opencc import OpenCC

OWN_DATA = Path(__file__).parent / "data"
ENCYCLOPAEDIC = "zh_qa_passage"
"""The file whose paragraphs are from an encyclopaedia, where the project has questions on them."""
HELD_OUT_ONE_IN = 10
"""One paragraph in ten, chosen by its hash, is kept with all its questions for measuring."""

LANGUAGES = ("ja", "ko", "de", "fr", "es", "ru", "ar", "vi")
_TATOEBA = ("jpn", "kor", "deu", "fra", "spa", "rus", "ara", "vie")
_BIBLE = ("JapDenmo", "GerAlbrecht", "FreSynodale1921", "SpaRV1865")


class TrainingDataError(ValueError):
    """A training file is missing, or a question's paragraph is not the one that it was written for."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of pairs and what is taken from it.

    Attributes:
        name: Name of the file, without ``.jsonl.xz``.
        passes: How often each pair is seen in one pass over the mix (0.25 = every fourth).
        kinds: Patterns that a pair's kind ``k`` must match in full; empty keeps all.
        languages: What the texts count as for the vocabulary: ``zh`` (both), ``zh-en``, ``en`` or ``multi``.
        thin: Kinds of which only this share is kept.
    """

    name: str
    passes: float = 1.0
    kinds: tuple[str, ...] = ()
    languages: str = "zh"
    thin: dict[str, float] = field(default_factory=dict)


SOURCES = (
    Source("zhen_jiyu_examples", languages="zh-en"),
    Source("zhen_twlaw_articles", 0.5, languages="zh-en"),
    Source("zhen_cedict", languages="zh-en"),
    Source("zhen_tatoeba", 2, languages="zh-en"),
    Source("zhen_wmt_tests", 2, languages="zh-en"),
    Source("zhen_gov_bilingual_misc", 2, languages="zh-en"),
    Source("xling_twlaw_heading2text", languages="zh-en"),
    Source("en_twlaw_heading2text", 0.5, languages="en"),
    Source("zh_law_heading2text"),
    Source("zh_twlaw_heading2text", 0.3),
    Source("zh_govreport_heading2text"),
    Source("zh_govpolicy_title2text", 2),
    Source("zh_qa_passage", 2),
    Source("zh_dureader_demo"),
    Source("zh_med_qa"),
    Source("zh_csl_title2abstract"),
    Source("zh_paraphrase", thin={"cinlid_entail": 0.1}),
    Source("zh_paraphrase_fin"),
    Source("zh_text2vec_triplets"),
    Source("en_stsb_pos", languages="en"),
    Source("ja_jglue", languages="multi"),
    Source(
        "multi_mozilla_www",
        0.7,
        kinds=("zh-.*", *(f"{code}(-ES)?-.*" for code in LANGUAGES)),
        languages="multi",
    ),
    Source("multi_tatoeba_laser", 3, kinds=tuple(f"{code}-.*" for code in _TATOEBA), languages="multi"),
    Source("multi_bible", 0.5, kinds=("zh-en", *(f"{name}-.*" for name in _BIBLE)), languages="multi"),
    Source("multi_covid_faq", kinds=(".*_(en|de)",), languages="en"),
)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of one kind: batches are drawn from one such set at a time.

    Attributes:
        name: Name of the source.
        a: Queries.
        b: Passages, as many as ``a``.
        passes: How often each pair is seen in one pass over the mix.
        languages: See ``Source.languages``.
    """

    name: str
    a: list[str]
    b: list[str]
    passes: float
    languages: str


@cache
def _converter() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


@cache
def _traditional() -> frozenset[str]:
    """Characters that the traditional-to-simplified table changes."""
    import opencc

    table = Path(opencc.__file__).parent / "dictionary" / "TSCharacters.txt"
    rows = (line.split("\t") for line in table.read_text("utf-8").splitlines() if "\t" in line)
    return frozenset(key for key, values in rows if key not in values.split())


def fold(text: str) -> str:
    """Turn traditional characters into simplified ones; the model has seen only simplified text.

    Japanese text is left alone (kana marks it): its characters would turn into others that nobody types.
    """
    if _traditional().isdisjoint(text) or re.search(r"[぀-ヿ]", text):
        return text
    return str(_converter().convert(text))


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a ``.jsonl`` or ``.jsonl.xz`` file."""
    if not path.exists():
        msg = f"no such training file: {path}"
        raise TrainingDataError(msg)
    with (
        lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8")
    ) as lines:
        for line in lines:
            yield json.loads(line)


def fingerprint(text: str) -> str:
    """First 12 hexadecimal digits of the SHA-1 of the stripped text: names a paragraph without quoting it."""
    return hashlib.sha1(text.strip().encode(), usedforsecurity=False).hexdigest()[:12]


def held_out(sha: str) -> bool:
    """Whether the paragraph of this fingerprint, with its questions, is kept for measuring."""
    return int(sha, 16) % HELD_OUT_ONE_IN == 0


def _kept(source: Source, number: int, kind: str) -> bool:
    if source.kinds and not any(re.fullmatch(pattern, kind) for pattern in source.kinds):
        return False
    share = source.thin.get(kind, 1.0)
    return share >= 1 or (number * 0.6180339887) % 1 < share


def load(folder: Path, source: Source, *, excluded: frozenset[str] = frozenset()) -> Pairs:
    """Read one source from the folder ``train`` of the data.

    Args:
        folder: The data folder, which holds ``train/`` and ``dev/``.
        source: What to read and how much of it.
        excluded: Fingerprints of paragraphs that must not be trained on.
    """
    a: list[str] = []
    b: list[str] = []
    for number, row in enumerate(read(folder / "train" / f"{source.name}.jsonl.xz")):
        if not _kept(source, number, row.get("k", "")):
            continue
        if excluded and fingerprint(row["b"]) in excluded:
            continue
        if row["a"].strip() and row["b"].strip():
            a.append(fold(row["a"]))
            b.append(fold(row["b"]))
    return Pairs(source.name, a, b, source.passes, source.languages)


def lexicon() -> list[dict[str, Any]]:
    """The project's glossary: ``{"term", "plain": […], "en": […]}`` and more languages by their codes."""
    path = OWN_DATA / "lexicon.jsonl"
    return list(read(path)) if path.exists() else []


def questions() -> list[dict[str, str]]:
    """The project's questions: ``{"p": "file:line", "sha", "lang", "q"}``."""
    path = OWN_DATA / "questions.jsonl"
    return list(read(path)) if path.exists() else []


def names() -> list[tuple[list[str], list[str]]]:
    """The project's list of names and terms of general knowledge: their Chinese forms and their English ones."""
    path = OWN_DATA / "names.tsv"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    rows = (line.split("\t") for line in lines)
    return [(chinese.split(" | "), english.split(" | ")) for chinese, english in rows]


def name_pairs(*, passes: float) -> Pairs:
    """Pairs of each Chinese form of a name with each English one."""
    pairs = [pair for chinese, english in names() for pair in itertools.product(chinese, english)]
    return Pairs("names", [fold(a) for a, _ in pairs], [b for _, b in pairs], passes, "zh-en")


def lexicon_pairs(*, passes: float) -> list[Pairs]:
    """Pairs of official term, everyday words and English, and of each with the term in other languages."""
    ways: dict[str, list[tuple[str, str]]] = {}
    for entry in lexicon():
        others = [text for language in LANGUAGES for text in entry.get(language, ())]
        for name, one, two in (
            ("plain-term", entry["plain"], [entry["term"]]),
            ("en-term", entry["en"], [entry["term"]]),
            ("plain-en", entry["plain"], entry["en"]),
            ("other-term", others, [entry["term"]]),
            ("other-en", others, entry["en"][:1]),
        ):
            ways.setdefault(name, []).extend(itertools.product(one, two))
    return [
        Pairs(
            f"lexicon_{name}",
            [fold(x) for x, _ in pairs],
            [fold(y) for _, y in pairs],
            passes,
            "multi" if name.startswith("other") else "zh-en",
        )
        for name, pairs in ways.items()
        if pairs
    ]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the project with the paragraph that answers it; `source` is the file that has the paragraph."""

    question: str
    lang: str
    heading: str
    paragraph: str
    sha: str
    source: str


def asked(folder: Path, rows: Sequence[dict[str, str]] | None = None) -> list[Asked]:
    """Look up the paragraph of every question.

    Raises:
        TrainingDataError: A paragraph is missing or is not the one that the question was written for.
    """
    rows = questions() if rows is None else rows
    wanted: dict[str, set[int]] = {}
    for row in rows:
        name, line = row["p"].split(":")
        wanted.setdefault(name, set()).add(int(line))
    found = {
        f"{name}:{number}": row
        for name, numbers in wanted.items()
        for number, row in enumerate(read(folder / "train" / f"{name}.jsonl.xz"))
        if number in numbers
    }
    pairs = []
    for row in rows:
        text = found.get(row["p"])
        if text is None or fingerprint(text["b"]) != row["sha"]:
            msg = f"{row['p']}: this paragraph is not the one that “{row['q']}” was written for"
            raise TrainingDataError(msg)
        source = row["p"].partition(":")[0]
        paragraph = fold(text["b"].strip())
        pairs.append(Asked(fold(row["q"]), row["lang"], fold(text["a"]), paragraph, row["sha"], source))
    return pairs
