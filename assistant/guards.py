"""Whether a statement of a model says no more than the sentences that it names.

Every guard is strict on purpose: a true statement that is dropped costs fluency, since the sentences
themselves are shown then; a false one that is served costs the reader's trust. A statement passes when

- it is of bounded length, in the asked language, free of ids, markers, markup and remarks about itself;
- its ids exist and were shown to the model;
- its numbers (in digits or words) stand in the named sentences with their unit and limit, in the clause that
  the
  statement takes them from, and under the target year that they belong to;
- its words stand in the named sentences, their translation, their plain wording or their headings, or
  connect;
- bodies and titles that it names stand in the named sentences;
- its binding words stand in the named sentences, and none that limits a sentence (鼓励, 探索, 推动) is lost;
- nothing is negated, un-negated, turned round or reported as done that isn't so in the named sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from assistant.guard_words import table
from assistant.quantities import quantities
from assistant.support import (
    CHINESE_RUN,
    SENTENCE_ENDS,
    Evidence,
    clauses,
    document_terms,
    fold,
    force_patterns,
    forces_in,
    grams,
    normal,
    opening_of,
    stem,
    words_of,
)
from index.build import Index

# Characters that a statement may have.
SHORTEST = 4
LONGEST = {"zh": 400, "en": 800}
_PROMPT_WORDS = 8
_LEAST_HAN = 0.5
# Binding words up to this level limit what a sentence says.
_SOFT_LEVEL = 2
# The least length of a stretch that may have changed places, and of the verb between two: characters, words.
_STRETCH = {"zh": 4, "en": 2}
_VERB = {"zh": 2, "en": 1}
_WIDEST_VERB = 6
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_LETTER = re.compile(r"[^\W\d_]")
_TITLE = re.compile(r"《([^》]*)》?")
_QUOTED = re.compile(r"[“\"]([^”\"]+)[”\"]")
_PASSIVE_FORCE = re.compile(
    r"\b(?:is|are|be)\s+(?:\w+ly\s+)?(?:encourag|support|guid|explor|promot|advanc)ed\b"
)
_OWN_VERB = re.compile(r"\b(?:will|is|are|be|to|can|may|being)\b")


@dataclass(frozen=True, slots=True)
class Checked:
    """A statement after the guards: what is wrong with it ("" if nothing is), and what it rests on.

    `sentence_ids` are the named ones and those that give the target year it states, in document order.
    """

    fault: str
    sentence_ids: tuple[str, ...] = ()


def check_statement(
    text: str, ids: Sequence[str], *, language: str, shown: Collection[str], index: Index, prompt: str = ""
) -> Checked:
    """Whether a statement may be served, and on which sentences it rests.

    Args:
        text: the statement, without markers.
        ids: the sentence addresses that it names.
        language: `zh` or `en`: what the statement has to be in.
        shown: the addresses that the model was shown.
        index: the document and its enrichment.
        prompt: the instructions that the model was given, which it may not repeat.
    """
    if fault := _form_fault(text, language, prompt) or _ids_fault(ids, shown, index):
        return Checked(fault)
    evidence = Evidence.of(tuple(dict.fromkeys(ids)), language, index)
    folded = normal(_untitled(text, index), language)
    fault = _title_fault(text, evidence, index)
    fault = fault or next((fault for guard in _GUARDS if (fault := guard(folded, evidence))), "")
    fault = fault or _borrowed_fault(folded, evidence, index) or _body_fault_en(text, evidence)
    if fault:
        return Checked(fault)
    stated = {str(quantity.value) for quantity in quantities(folded, language) if quantity.unit == "calendar"}
    dated = [id_ for id_ in ids if evidence.years.get(id_) in stated]
    openings = {opening_of(index.document.section_of(id_), id_) for id_ in dated} - {""}
    order = {sentence.address: at for at, sentence in enumerate(index.document.sentences())}
    return Checked("", tuple(sorted({*ids, *openings}, key=order.__getitem__)))


def warm(index: Index) -> None:
    """Read the document once, so that the first answer doesn't wait for it."""
    document_terms(index.document)


# --- Form ---------------------------------------------------------------------------------------------------


def _form_fault(text: str, language: str, prompt: str) -> str:
    if not SHORTEST <= len(text) <= LONGEST[language]:
        return f"length: {len(text)}"
    if leak := re.search(table("leak")["any"], text.lower()):
        return f"form: {leak.group()[:16]!r}"
    letters, han = len(_LETTER.findall(text)), len(_HAN.findall(text))
    if not letters or (han / letters < _LEAST_HAN if language == "zh" else han):
        return "language"
    # A line of the instructions, or most of one.
    if prompt and any(" ".join(run) in prompt for run in _runs(text.split(), _PROMPT_WORDS)):
        return "form: prompt"
    return ""


def _ids_fault(ids: Sequence[str], shown: Collection[str], index: Index) -> str:
    if not ids:
        return "ids: none"
    unknown = (id_ for id_ in ids if id_ not in shown or "#" not in id_ or not index.document.has(id_))
    return next((f"ids: {id_[:24]}" for id_ in unknown), "")


def _runs(units: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (units[at : at + size] for at in range(len(units) - size + 1))


def _untitled(text: str, index: Index) -> str:
    """A statement without the document's own title, whose year is not a statement's."""
    title = re.escape(index.document.title).replace(r"\ ", r"\s*")
    return re.sub(rf"《?{title}》?", "", text)


# --- Numbers ------------------------------------------------------------------------------------------------


def _number_fault(folded: str, evidence: Evidence) -> str:
    """Every number stands in a named sentence with its unit and limit; a year may also govern one."""
    stated = [q for text in evidence.sources for q in quantities(text, "zh")]
    stated += [q for text in evidence.translations for q in quantities(text, "en")]
    years = set(evidence.years.values())
    for quantity in quantities(folded, evidence.language):
        if quantity.unit == "calendar" and str(quantity.value) in years:
            continue
        same = [other for other in stated if quantity.fits(other)]
        if not same:
            return f"number: {quantity.value} {quantity.unit}"
        if quantity.bound and quantity.bound not in {other.bound for other in same}:
            return f"limit: {quantity.bound} {quantity.value}"
    return ""


def _binding_fault(folded: str, evidence: Evidence) -> str:
    """Numbers and years stand in the clauses that the statement's words come from."""
    governing = ""
    for sentence in SENTENCE_ENDS.split(folded):
        pieces = list(clauses(sentence, evidence.language))
        years = [piece.year for piece in pieces]
        for at, piece in enumerate(pieces):
            # A year holds for what follows it; in English it often comes last.
            governing = piece.year or governing or next((year for year in years[at:] if year), "")
            best = evidence.closest(piece)
            for quantity in piece.quantities if best else ():
                is_date = quantity.unit in {"calendar", "date"}
                if not is_date and not any(
                    quantity.fits(other) for clause in best for other in clause.quantities
                ):
                    return f"number: {quantity.value} belongs elsewhere"
            if governing and best and all(clause.year and clause.year != governing for clause in best):
                return f"year: {governing} belongs elsewhere"
    return ""


# --- Words --------------------------------------------------------------------------------------------------


@cache
def _connecting(language: str) -> tuple[re.Pattern[str], frozenset[str]]:
    words = sorted(table("connect")[language].split(), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words))), frozenset(words)


@cache
def _same(language: str) -> tuple[frozenset[str], ...]:
    """Groups of words that may stand for one another; stems in English."""
    lines = [line.replace("-", " ").split() for line in table("same")[language].strip().splitlines()]
    return tuple(frozenset(map(stem, line) if language == "en" else line) for line in lines)


def _vocabulary_fault(folded: str, evidence: Evidence) -> str:
    """Every word stands in the evidence, may stand for one that does, belongs to a number, or connects."""
    if evidence.language == "zh":
        return _chinese_vocabulary_fault(folded, evidence)
    allowed = {stem(word) for text in evidence.vocabulary for word in words_of(text)}
    allowed |= {word for group in _same("en") if group & allowed for word in group}
    numbers = [(quantity.start, quantity.end) for quantity in quantities(folded, "en")]
    for match in re.finditer(r"[a-z]+(?:'[a-z]+)?", folded):
        word = match.group().removesuffix("'s")
        if any(start <= match.start() < end for start, end in numbers):
            continue
        if word not in _connecting("en")[1] and stem(word) not in allowed:
            return f"word: {word[:24]}"
    return ""


def _chinese_vocabulary_fault(folded: str, evidence: Evidence) -> str:
    known = _bigrams(evidence.vocabulary)
    numbers = {at for quantity in quantities(folded, "zh") for at in range(quantity.start, quantity.end)}
    together = "\n".join(evidence.vocabulary)
    words = [word for group in _same("zh") if any(one in together for one in group) for word in group]
    words += [word for word in re.findall(r"[a-z]+", folded) if word in together]
    words += [run for run in CHINESE_RUN.findall(together) if len(run) == 1]
    extra = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))) or r"(?!)")
    for found in re.finditer(r"[\u3400-\u9fff〇a-z]+", folded):
        run = found.group()
        covered = {at for at in range(len(run)) if found.start() + at in numbers}
        covered |= {at + step for at in range(len(run) - 1) if run[at : at + 2] in known for step in (0, 1)}
        for match in (*_connecting("zh")[0].finditer(run), *extra.finditer(run)):
            covered.update(range(match.start(), match.end()))
        if missing := set(range(len(run))) - covered:
            at = min(missing)
            return f"word: {run[max(0, at - 1) : at + 3]}"
    return ""


@lru_cache(maxsize=1024)
def _bigrams(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(text[at : at + 2] for text in texts for at in range(len(text) - 1))


def _borrowed_fault(folded: str, evidence: Evidence, index: Index) -> str:
    """No term that the document uses elsewhere (国家标准) is put together from the evidence (国家, 标准)."""
    if evidence.language != "zh":
        return ""
    here = "\n".join(evidence.vocabulary)
    bare = folded
    for _, pattern in force_patterns("zh"):
        bare = pattern.sub("\n", bare)
    bare = _connecting("zh")[0].sub("\n", bare)
    borrowed = (gram for gram in grams(bare) if gram in document_terms(index.document) and gram not in here)
    return next((f"term: {gram}" for gram in borrowed), "")


# --- Names --------------------------------------------------------------------------------------------------


def _title_fault(text: str, evidence: Evidence, index: Index) -> str:
    """Titles in 《》 and quoted terms stand in the named sentences to the letter."""

    def bare(value: str) -> str:
        return re.sub(r"\s", "", fold(value))

    here = bare("".join(evidence.sources + evidence.translations))
    for title in _TITLE.findall(text):
        if bare(title) not in here and bare(title) != bare(index.document.title):
            return f"title: {title[:24]}"
    around = here + bare("".join(evidence.vocabulary))
    for quoted in _QUOTED.findall(text):
        if bare(normal(quoted, "en")) not in around and bare(quoted) not in around:
            return f"quoted: {quoted[:24]}"
    return ""


def _body_fault(folded: str, evidence: Evidence) -> str:
    """Bodies that a Chinese statement names stand in the named sentences, with what qualifies them."""
    if evidence.language != "zh":
        return ""
    bodies, here = table("bodies"), "\n".join((*evidence.sources, *evidence.vocabulary))
    for run in CHINESE_RUN.findall(folded):
        for suffix in re.finditer(bodies["zh"], run):
            end = suffix.end()
            # The longest stretch up to the body's last word that stands in the evidence.
            start = next((at for at in range(end) if run[at:end] in here), end)
            before = run[:start]
            is_short = end - start < min(end, len(suffix.group()) + 2)
            connects = bool(_connecting("zh")[0].fullmatch(before[-1:]))
            if (
                (is_short and not connects)
                or end == start
                or re.search(rf"(?:{bodies['qualifiers']})$", before)
            ):
                return f"body: {run[max(0, start - 4) : end]}"
    return ""


@cache
def _english_body() -> re.Pattern[str]:
    kind = table("bodies")["en"]
    before = r"(?:[A-Z][\w'’-]*\s+(?:(?:of|for|and|the|on)\s+)*)*"
    after = r"(?:\s+(?:of|for|on)\s+(?:the\s+)?(?:[A-Z][\w'’-]*\s*)+)?"
    return re.compile(rf"{before}(?:{kind})s?\b{after}")


def _body_fault_en(text: str, evidence: Evidence) -> str:
    """Bodies that an English statement names stand in the translations or headings."""
    if evidence.language != "en":
        return ""
    here = " ".join(evidence.vocabulary)
    for match in _english_body().finditer(text):
        body = re.sub(r"^(?:The|This|By|In|Under|And)\s+", "", match.group()).strip()
        if " " in body and normal(body, "en") not in here:
            return f"body: {body[:32]}"
    return ""


# --- Force, negation, tense, order --------------------------------------------------------------------------


@cache
def _levels() -> dict[str, int]:
    return {name: entry["level"] for name, entry in table("force").items() if isinstance(entry, dict)}


def _force_fault(folded: str, evidence: Evidence) -> str:
    """No binding word is new, and none is lost that limits the clause which a statement restates."""
    allowed = {name for text in evidence.sources for name in forces_in(text, "zh")}
    if evidence.language == "en":
        allowed |= {name for text in evidence.translations for name in forces_in(text, "en")}
    if added := forces_in(folded, evidence.language) - allowed:
        return f"force: {min(added)} added"
    levels = _levels()
    soft = {name for name, level in levels.items() if level <= _SOFT_LEVEL}
    pieces = list(clauses(folded, evidence.language))
    is_list = evidence.language == "en" and _is_passive_list(folded)
    for at, piece in enumerate(pieces):
        # “A and B are encouraged to”: the binding word of a list comes after its last member.
        following = pieces[at + 1].forces if is_list and at + 1 < len(pieces) else frozenset()
        needed = [clause.forces & soft for clause in evidence.closest(piece)]
        if needed and all(needed):
            weakest = max(levels[name] for names in needed for name in names)
            if not any(levels[name] <= weakest for name in (piece.forces | following) & soft):
                return f"force: {'/'.join(sorted(needed[0]))} lost"
    return ""


def _is_passive_list(folded: str) -> bool:
    """Whether what stands before the first passive binding word has no verb of its own."""
    found = _PASSIVE_FORCE.search(folded)
    return found is not None and not _OWN_VERB.search(folded[: found.start()])


def _negation_fault(folded: str, evidence: Evidence) -> str:
    """What the sentences negate stays negated; a negation that they don't have is an unknown word already."""
    joined = "\n".join(evidence.own)
    if evidence.language == "zh":
        for match in re.finditer(rf"(?:{table('negation')['zh']})(?=([\u3400-\u9fff]{{4}}))", joined):
            negator, word = match.group(), match[1]
            bare_too = re.search(rf"(?<!{negator}){word}", joined)
            if word in folded and negator + word not in folded and not bare_too:
                return f"negation: {negator}{word} lost"
        return ""
    own, theirs = words_of(folded.replace("-", " ")), words_of(joined.replace("-", " "))
    negators = re.compile(table("negation")["en"])
    for at, word in enumerate(theirs[:-2]):
        if negators.fullmatch(word) and theirs[at + 1] not in {"more", "less", "fewer", "later", "only"}:
            following = theirs[at + 1 : at + 3]
            hits = [i for i, run in enumerate(_runs(own, 2)) if list(run) == following]
            if any(not i or not negators.fullmatch(own[i - 1]) for i in hits):
                return f"negation: {word} {' '.join(following)} lost"
    return ""


def _past_fault(folded: str, evidence: Evidence) -> str:
    """Nothing is reported as done that the sentences don't report so."""
    past = table("past")
    pattern = past[evidence.language]
    if done := set(re.findall(pattern, folded)) - set(re.findall(pattern, " ".join(evidence.own))):
        return f"done: {min(done)}"
    if evidence.language == "zh":
        return ""
    stems = {stem(word) for text in evidence.vocabulary for word in words_of(text)}
    theirs = words_of(" ".join(evidence.translations))
    # What stands there other than in “to be formulated”, so as a past tense or a participle of its own.
    known = {word for before, word in pairwise(["", *theirs]) if before not in past["be"].split()}
    for before, word, after in zip(words := words_of(folded), words[1:], [*words[2:], ""], strict=False):
        is_participle = (
            before in past["before_participle"].split()
            or before.endswith("ly")
            or after in past["after_participle"].split()
        )
        if word.endswith("ed") and word not in known and stem(word) in stems and not is_participle:
            return f"done: {word}"
    return ""


def _order_fault(folded: str, evidence: Evidence) -> str:
    """Who does what to whom: two stretches on either side of the same verb haven't changed places."""
    for piece in SENTENCE_ENDS.split(folded):
        own = _units(piece, evidence.language)
        for text in evidence.own:
            if swapped := _swapped(own, _units(text, evidence.language), evidence.language):
                return f"order: {swapped}"
    return ""


def _units(text: str, language: str) -> list[str]:
    """Characters of a Chinese text, stems of an English one; commas and numbers."""
    if language == "zh":
        return re.findall(r"[\u3400-\u9fff〇]|[a-z]+|\d+|[,、;]", text)
    return [
        stem(word) if word[0].isalpha() else word for word in re.findall(r"[a-z]+(?:'[a-z]+)?|\d+|,", text)
    ]


def _swapped(own: Sequence[str], theirs: Sequence[str], language: str) -> str:
    """The first stretch A V B of `own` that is B V A in `theirs`; "" if there is none."""
    order = table("order")
    joiners = {(word,) for word in order["joiners"].split()}
    for first, second in pairwise(_stretches(own, theirs, _STRETCH[language])):
        (a, at_a, size_a), (b, at_b, size_b) = first, second
        between, around = own[a + size_a : b], theirs[at_b + size_b : at_a]
        if (
            at_b + size_b > at_a
            or len(between) > _WIDEST_VERB
            or set(between) & set(order["passive"].split())
        ):
            continue
        verbs = {tuple(run) for run in _runs(between, _VERB[language])} - joiners
        if verbs & {tuple(run) for run in _runs(around, _VERB[language])}:
            return "".join(own[a : b + size_b])[:24]
    return ""


def _stretches(own: Sequence[str], theirs: Sequence[str], least: int) -> list[tuple[int, int, int]]:
    """The longest stretches that both have, in the order of `own`: start in own, start in theirs, length."""
    found: list[tuple[int, int, int]] = []
    at = 0
    while at < len(own):
        size, other = max(((_common(own[at:], theirs[i:]), i) for i in range(len(theirs))), default=(0, 0))
        if size >= least:
            found.append((at, other, size))
        at += size if size >= least else 1
    return found


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """How many units two sequences have in common at their beginning."""
    return next(
        (at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )


_GUARDS: tuple[Callable[[str, Evidence], str], ...] = (
    _number_fault,
    _binding_fault,
    _vocabulary_fault,
    _body_fault,
    _force_fault,
    _negation_fault,
    _past_fault,
    _order_fault,
)
