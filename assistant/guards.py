"""Whether a statement of a model says no more than the sentences that it names.

Every guard is strict on purpose: a true statement that is dropped costs fluency, since the sentences themselves are
shown then; a false one that is served costs the reader's trust. A statement passes when

- it is one sentence of bounded length in the asked language, free of ids, markers, markup and remarks about itself;
- its ids exist and were shown to the model;
- its numbers (in digits or words) stand in the named sentences with their unit and limit, in the clause that the
  statement takes them from, and under the target year that they belong to;
- its words stand in the named sentences, their translation, their plain wording or their headings, or connect;
- bodies and titles that it names stand in the named sentences;
- its binding words stand in the named sentences, and none that limits a sentence (鼓励, 探索, 推动) is lost;
- nothing is negated, un-negated, turned round or reported as done that isn't so in the named sentences.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from assistant.guard_words import table
from assistant.quantities import Quantity, quantities
from index.build import Index
from index.chunk import target_years
from index.lexical import english_terms
from index.lexical import fold as _fold
from index.types import Section, Sentence

SHORTEST, LONGEST = 4, 400
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?")
_CHINESE_RUN = re.compile(r"[\u3400-\u9fff〇]+")
_CLAUSES = {
    "zh": re.compile(r"[,，、;；。:：!！?？\n]+"),
    "en": re.compile(r"[,;:!?\n]+|\.(?!\d)|\b(?:and|while|whereas|but|as well as)\b"),
}
_SENTENCES = re.compile(r"[。;；!?\n]+|\.(?!\d)")
_PURPOSE = re.compile(r"\s*(?:围绕|以|为|为了|按照|根据|依托|立足|着眼|针对|in support of|to support|focus\w* on|cent(?:er|r)\w* on|in line with|according to|based on|guided by|relying on|with the goal)")
_PASSIVE_FORCE = re.compile(r"\b(?:is|are|be)\s+(?:\w+ly\s+)?(?:encourag|support|guid|explor|promot|advanc)ed\b")
_TITLE = re.compile(r"《([^》]*)》?")
_QUOTED = re.compile(r"[“\"]([^”\"]+)[”\"]")
_SPELLING = ((re.compile(r"isation"), "ization"), (re.compile(r"is(e[sd]?|ing)\b"), r"iz\1"), (re.compile(r"\bcentre"), "center"), (re.compile(r"programme"), "program"), (re.compile(r"our(?=ed|ing|s?\b)"), "or"))


@dataclass(frozen=True, slots=True)
class Checked:
    """A statement after the guards: what it rests on, and what is wrong with it ("" if nothing is).

    `sentence_ids` are the named ones and those that give the target year it states, in document order.
    """

    fault: str
    sentence_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Clause:
    """A stretch of a sentence: its words, its numbers, the binding words that govern it, its target year."""

    terms: frozenset[str]
    quantities: tuple[Quantity, ...]
    forces: frozenset[str]
    year: str = ""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What a statement may draw on, in the statement's language; `sources` are the sentences' own words."""

    sources: tuple[str, ...]
    translations: tuple[str, ...]
    vocabulary: tuple[str, ...]
    clauses: tuple[_Clause, ...]
    years: dict[str, str]

    @property
    def own(self) -> tuple[str, ...]:
        """The sentences and their translations."""
        return self.sources + self.translations


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
    if fault := _form_fault(text, language, prompt):
        return Checked(fault)
    if not ids:
        return Checked("ids: none")
    if unknown := [id_ for id_ in ids if id_ not in shown or not index.document.has(id_) or "#" not in id_]:
        return Checked(f"ids: {unknown[0][:24]}")
    evidence = _evidence(tuple(dict.fromkeys(ids)), language, index)
    folded = _normal(_untitled(text, index), language)
    faults = (
        _title_fault(text, evidence, index),
        _number_fault(folded, language, evidence),
        _vocabulary_fault(folded, language, evidence, index),
        _body_fault(text, folded, language, evidence),
        _force_fault(folded, language, evidence),
        _negation_fault(folded, language, evidence),
        _past_fault(folded, language, evidence),
        _order_fault(folded, language, evidence),
    )
    if fault := next((fault for fault in faults if fault), ""):
        return Checked(fault)
    stated = {str(q.value) for q in quantities(folded, language) if q.unit == "calendar"}
    added = [
        address
        for id_ in ids
        if evidence.years.get(id_) in stated and (address := _opening(index.document.section_of(id_), id_))
    ]
    order = {sentence.address: at for at, sentence in enumerate(index.document.sentences())}
    return Checked("", tuple(sorted({*ids, *added}, key=order.__getitem__)))


# --- Form --------------------------------------------------------------------------------------------------------


def _form_fault(text: str, language: str, prompt: str) -> str:
    length = len(text)
    if not SHORTEST <= length <= (LONGEST if language == "zh" else 2 * LONGEST):
        return f"length: {length}"
    if leak := re.search(table("leak")["any"], text.lower()):
        return f"form: {leak.group()[:16]!r}"
    letters, han = len(_LETTER.findall(text)), len(_HAN.findall(text))
    if not letters or (han / letters < 0.5 if language == "zh" else han):
        return "language"
    # A line of the instructions, or most of one.
    if language == "en" and prompt and any(" ".join(run) in prompt for run in _runs(text.split(), 8)):
        return "form: prompt"
    return ""


def _runs(words: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (words[at : at + size] for at in range(len(words) - size + 1))


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """`index.lexical.fold`, remembered: the same sentences are looked at for every statement."""
    return _fold(text)


@lru_cache(maxsize=4096)
def _normal(text: str, language: str) -> str:
    folded = re.sub(r"[’‘]", "'", fold(text))
    if language == "zh":
        return re.sub(r"(?<=[\u3400-\u9fff\d])\s+(?=[\u3400-\u9fff\d])", "", folded)
    folded = re.sub(r"[–—‑‐]", "-", folded)
    for pattern, replacement in _SPELLING:
        folded = pattern.sub(replacement, folded)
    return folded


def _untitled(text: str, index: Index) -> str:
    """A statement without the document's own title, whose year is not a statement's."""
    title = re.escape(index.document.title).replace(r"\ ", r"\s*")
    return re.sub(rf"《?{title}》?", "", text)


# --- Evidence ----------------------------------------------------------------------------------------------------


def _evidence(ids: tuple[str, ...], language: str, index: Index) -> _Evidence:
    document, enrichment = index.document, index.enrichment
    sentences = [document.sentence(id_) for id_ in ids]
    sections = [document.section_of(id_) for id_ in ids]
    years = {id_: year for id_, section in zip(ids, sections, strict=True) if (year := target_years(section).get(id_))}
    leads = [lead for pair in zip(sections, sentences, strict=True) if (lead := _lead(*pair))]
    openings = [
        document.sentence(opening) for id_, section in zip(ids, sections, strict=True) if (opening := _opening(section, id_))
    ]
    around = [*sentences, *leads, *openings]
    notes = [enrichment.sentences[s.address] for s in around if s.address in enrichment.sentences]
    sources = tuple(_normal(sentence.text, "zh") for sentence in sentences)
    translations = tuple(_normal(english, "en") for id_ in ids if (english := enrichment.english(id_)))
    vocabulary: list[str] = []
    if language == "zh":
        vocabulary += [sentence.text for sentence in around] + [note.plain for note in notes] + [document.title]
        vocabulary += [heading for section in sections for heading in section.heading_path]
    else:
        vocabulary += [note.english for note in notes]
        vocabulary += [title for section in sections for node in (section.address, str(section.chapter)) if (title := enrichment.title_english(node))]
    vocabulary += [question for note in notes[: len(sentences)] for question in note.questions.get(language, ())]
    texts = zip(ids, sources, strict=True) if language == "zh" else zip(ids, (_normal(enrichment.english(id_) or "", "en") for id_ in ids), strict=True)
    clauses = tuple(clause for id_, text in texts for clause in _clauses(text, language, years.get(id_, "")))
    return _Evidence(sources, translations, tuple(_normal(text, language) for text in vocabulary), clauses, years)


def _lead(section: Section, sentence: Sentence) -> Sentence | None:
    """The sentence that opens the item which a sentence belongs to."""
    if not sentence.item or sentence.is_lead:
        return None
    return next((other for other in section.sentences if other.item == sentence.item and other.is_lead), None)


def _opening(section: Section, address: str) -> str:
    """The address of the sentence that gives the target year which a sentence stands under, "" if it is its own."""
    year = target_years(section).get(address)
    own = next(sentence for sentence in section.sentences if sentence.address == address)
    found = ""
    for sentence in section.sentences[: own.number]:
        if year and re.match(rf"\W*到?{year}年", sentence.text):
            found = sentence.address
    return "" if found == address else found


def _clauses(text: str, language: str, year: str = "") -> Iterator[_Clause]:
    """The clauses of a text; a binding word such as 鼓励 reaches over the clauses after it, up to another one."""
    for sentence in _SENTENCES.split(text):
        reach: frozenset[str] = frozenset()
        for piece in _CLAUSES[language].split(sentence):
            if not piece.strip():
                continue
            own = _forces(piece, language)
            if _PURPOSE.match(piece):
                # 围绕支持…，: what it is for, not what is done.
                own = own & {"duty", "ensure"}
            reach = (own & set(table("force")["reaching"])) if own else reach
            own_years = [str(q.value) for q in quantities(piece, language) if q.unit == "calendar"]
            yield _Clause(_terms(piece, language), quantities(piece, language), own | reach, (own_years or [year])[0])


@lru_cache(maxsize=8192)
def _terms(text: str, language: str) -> frozenset[str]:
    if language == "en":
        return frozenset(english_terms(text))
    return frozenset(run[at : at + 2] for run in _CHINESE_RUN.findall(text) for at in range(len(run) - 1))


@cache
def _force_patterns(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(entry[language])) for name, entry in table("force").items() if isinstance(entry, dict))


@lru_cache(maxsize=8192)
def _forces(text: str, language: str) -> frozenset[str]:
    return frozenset(name for name, pattern in _force_patterns(language) if pattern.search(text))


# --- Numbers -----------------------------------------------------------------------------------------------------


def _number_fault(folded: str, language: str, evidence: _Evidence) -> str:
    stated = [q for text in evidence.sources for q in quantities(text, "zh")]
    stated += [q for text in evidence.translations for q in quantities(text, "en")]
    years = set(evidence.years.values())
    for quantity in quantities(folded, language):
        if quantity.unit == "calendar" and str(quantity.value) in years:
            continue
        same = [other for other in stated if quantity.fits(other)]
        if not same:
            return f"number: {quantity.value} {quantity.unit}"
        if quantity.bound and quantity.bound not in {other.bound for other in same}:
            return f"limit: {quantity.bound} {quantity.value}"
    return _binding_fault(folded, language, evidence)


def _binding_fault(folded: str, language: str, evidence: _Evidence) -> str:
    """Numbers and years stand in the clauses that the statement's words come from."""
    governing = ""
    for sentence in _SENTENCES.split(folded):
        pieces = list(_clauses(sentence, language))
        years = [piece.year for piece in pieces]
        for at, piece in enumerate(pieces):
            # A year holds for what follows it; in English it often comes last.
            governing = piece.year or governing or next((year for year in years[at:] if year), "")
            best = _closest(piece, evidence)
            numbers = [q for q in piece.quantities if q.unit not in {"calendar", "date"}]
            for quantity in numbers:
                if best and not any(quantity.fits(other) for clause in best for other in clause.quantities):
                    return f"number: {quantity.value} belongs elsewhere"
            if governing and best and all(clause.year and clause.year != governing for clause in best):
                return f"year: {governing} belongs elsewhere"
    return ""


def _closest(piece: _Clause, evidence: _Evidence) -> list[_Clause]:
    """The clauses of the evidence that share most words with a clause of the statement; none if hardly any are shared."""
    scored = [(len(piece.terms & clause.terms), clause) for clause in evidence.clauses]
    best = max((score for score, _ in scored), default=0)
    return [clause for score, clause in scored if score == best] if best >= 2 else []


# --- Words -------------------------------------------------------------------------------------------------------


@cache
def _connecting(language: str) -> tuple[re.Pattern[str], frozenset[str]]:
    words = sorted(table("connect")[language].split(), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words))), frozenset(words)


def _vocabulary_fault(folded: str, language: str, evidence: _Evidence, index: Index) -> str:
    if language == "zh":
        return _chinese_vocabulary_fault(folded, evidence, index)
    allowed = {_stem(word) for text in evidence.vocabulary for word in _words(text)}
    allowed |= {stem for group in _same_english() if group & allowed for stem in group}
    _, connecting = _connecting("en")
    spans = [(quantity.start, quantity.end) for quantity in quantities(folded, "en")]
    for match in _WORD.finditer(folded):
        word = match.group().removesuffix("'s")
        inside = any(start <= match.start() < end for start, end in spans)
        if not inside and not word[0].isdecimal() and word not in connecting and _stem(word) not in allowed:
            return f"word: {word[:24]}"
    return ""


@cache
def _same_english() -> tuple[frozenset[str], ...]:
    lines = table("same")["en"].strip().splitlines()
    return tuple(frozenset(_stem(part) for word in line.split() for part in word.split("-")) for line in lines)


@cache
def _same_chinese() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(sorted(line.split(), key=len, reverse=True)) for line in table("same")["zh"].strip().splitlines())


def _chinese_vocabulary_fault(folded: str, evidence: _Evidence, index: Index) -> str:
    known = _bigrams(evidence.vocabulary)
    connecting, _ = _connecting("zh")
    in_number = {at for quantity in quantities(folded, "zh") for at in range(quantity.start, quantity.end)}
    for found in re.finditer(r"[\u3400-\u9fff〇a-z]+", folded):
        run = found.group()
        covered = [found.start() + at in in_number for at in range(len(run))]
        for at in range(len(run) - 1):
            if run[at : at + 2] in known:
                covered[at] = covered[at + 1] = True
        for match in connecting.finditer(run):
            for at in range(match.start(), match.end()):
                covered[at] = True
        for group in _same_chinese():
            if any(word in text for word in group for text in evidence.vocabulary):
                for match in re.finditer("|".join(group), run):
                    covered[match.start() : match.end()] = [True] * len(match.group())
        for match in re.finditer(r"[a-z]+", run):
            if any(match.group() in text for text in evidence.vocabulary):
                covered[match.start() : match.end()] = [True] * len(match.group())
        if not all(covered):
            at = covered.index(False)
            return f"word: {run[max(0, at - 1) : at + 3]}"
    return _borrowed_fault(folded, evidence, index)


@lru_cache(maxsize=1024)
def _bigrams(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(text[at : at + 2] for text in texts for at in range(len(text) - 1))


@lru_cache(maxsize=4)
def _document_grams(title: str, texts: tuple[str, ...]) -> frozenset[str]:  # noqa: ARG001 - the title keeps the key short to read
    counts: dict[str, int] = {}
    for text in texts:
        for run in _CHINESE_RUN.findall(text):
            for at in range(len(run) - 3):
                counts[run[at : at + 4]] = counts.get(run[at : at + 4], 0) + 1
    return frozenset(gram for gram, count in counts.items() if count > 1)


def _borrowed_fault(folded: str, evidence: _Evidence, index: Index) -> str:
    """A term that the document uses elsewhere (国家标准) put together from words of the evidence (国家, 标准)."""
    texts = tuple(_normal(sentence.text, "zh") for sentence in index.document.sentences())
    terms = _document_grams(index.document.title, texts)
    here = "\n".join((*evidence.vocabulary,))
    bare = folded
    for _, pattern in _force_patterns("zh"):
        bare = pattern.sub("\n", bare)
    bare = _connecting("zh")[0].sub("\n", bare)
    for run in _CHINESE_RUN.findall(bare):
        for at in range(len(run) - 3):
            if run[at : at + 4] in terms and run[at : at + 4] not in here:
                return f"term: {run[at : at + 4]}"
    return ""


def _words(text: str) -> list[str]:
    return [word.removesuffix("'s") for word in _WORD.findall(text)]


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    # english_terms drops stop words; a stop word is its own stem.
    return (english_terms(word) or [word])[0]


# --- Names -------------------------------------------------------------------------------------------------------


def _title_fault(text: str, evidence: _Evidence, index: Index) -> str:
    """Titles in 《》 and quoted terms stand in the named sentences to the letter."""

    def bare(value: str) -> str:
        return re.sub(r"\s", "", fold(value))

    here = bare("".join(evidence.own))
    for title in _TITLE.findall(text):
        if bare(title) not in here and bare(title) != bare(index.document.title):
            return f"title: {title[:24]}"
    around = here + bare("".join(evidence.vocabulary))
    for quoted in _QUOTED.findall(text):
        if bare(_normal(quoted, "en")) not in around and bare(quoted) not in around:
            return f"quoted: {quoted[:24]}"
    return ""


def _body_fault(text: str, folded: str, language: str, evidence: _Evidence) -> str:
    """Bodies that a statement names stand in the named sentences, with what qualifies them."""
    bodies = table("bodies")
    if language == "en":
        name = rf"(?:[A-Z][\w'’-]*\s+(?:(?:of|for|and|the|on)\s+)*)*[A-Z]?(?:{bodies['en']})s?\b(?:\s+(?:of|for|on)\s+(?:the\s+)?(?:[A-Z][\w'’-]*\s*)+)?"
        here = " ".join(evidence.vocabulary)
        for match in re.finditer(name, text):
            body = re.sub(r"^(?:The|This|By|In|Under|And)\s+", "", match.group()).strip()
            if " " in body and _normal(body, "en") not in here:
                return f"body: {body[:32]}"
        return ""
    here = "\n".join((*evidence.sources, *evidence.vocabulary))
    for run in _CHINESE_RUN.findall(folded):
        for suffix in re.finditer(bodies["zh"], run):
            end = suffix.end()
            start = next((at for at in range(end) if run[at:end] in here), end)
            if end - start < min(end, len(suffix.group()) + 2) and not _connecting("zh")[0].fullmatch(run[:start][-1:] or "的"):
                return f"body: {run[max(0, start - 2) : end]}"
            if end == start or re.search(rf"(?:{bodies['qualifiers']})$", run[:start]):
                return f"body: {run[max(0, start - 4) : end]}"
    return ""


# --- Force, negation, tense, order -------------------------------------------------------------------------------


def _force_fault(folded: str, language: str, evidence: _Evidence) -> str:
    """No binding word that the sentences don't have, and none lost that limits the clause a statement restates."""
    allowed = frozenset().union(*(_forces(text, "zh") for text in evidence.sources))
    if language == "en":
        allowed |= frozenset().union(*(_forces(text, "en") for text in evidence.translations))
    if added := _forces(folded, language) - allowed:
        return f"force: {min(added)} added"
    levels = {name: entry["level"] for name, entry in table("force").items() if isinstance(entry, dict)}
    soft = {name for name, level in levels.items() if level <= 2}
    pieces = list(_clauses(folded, language))
    for at, piece in enumerate(pieces):
        # “A and B are encouraged to”: the binding word of a list comes after its last member.
        later = pieces[at + 1].forces if at + 1 < len(pieces) and _is_passive_list(folded, language) else frozenset()
        forces_here = piece.forces | later
        needed = [clause.forces & soft for clause in _closest(piece, evidence)]
        if needed and all(needed):
            weakest = max(levels[name] for forces in needed for name in forces)
            if not any(levels[name] <= weakest for name in forces_here & soft):
                return f"force: {'/'.join(sorted(needed[0]))} lost"
    return ""


def _is_passive_list(folded: str, language: str) -> bool:
    """Whether what stands before the first passive binding word has no verb of its own."""
    found = _PASSIVE_FORCE.search(folded) if language == "en" else None
    return bool(found) and not re.search(r"\b(?:will|is|are|be|to|can|may|being)\b", folded[: found.start()] if found else "")


def _negation_fault(folded: str, language: str, evidence: _Evidence) -> str:
    """What the sentences negate stays negated. (A negation that they don't have is an unknown word already.)"""
    here = evidence.sources if language == "zh" else evidence.translations
    joined = "\n".join(here)
    if language == "zh":
        for match in re.finditer(rf"(?:{table('negation')['zh']})(?=([\u3400-\u9fff]{{4}}))", joined):
            negated, word = match.group() + match[1], match[1]
            if word in folded and negated not in folded and not re.search(rf"(?<!{match.group()}){word}", joined):
                return f"negation: {negated} lost"
        return ""
    own, theirs = _words(folded.replace("-", " ")), _words(joined.replace("-", " "))
    negators = re.compile(table("negation")["en"])
    for at, word in enumerate(theirs[:-2]):
        if negators.fullmatch(word) and theirs[at + 1] not in {"more", "less", "fewer", "later", "only"}:
            following = theirs[at + 1 : at + 3]
            hits = [i for i, run in enumerate(_runs(own, 2)) if list(run) == following]
            if any(not i or not negators.fullmatch(own[i - 1]) for i in hits):
                return f"negation: {word} {' '.join(following)} lost"
    return ""


def _past_fault(folded: str, language: str, evidence: _Evidence) -> str:
    """Nothing is reported as done that the sentences don't report so."""
    here = " ".join(evidence.sources if language == "zh" else evidence.translations)
    done = set(re.findall(table("past")[language], folded)) - set(re.findall(table("past")[language], here))
    if done:
        return f"done: {min(done)}"
    if language == "zh":
        return ""
    stems = {_stem(word) for word in _words(" ".join(evidence.vocabulary))}
    theirs = _words(" ".join(evidence.translations))
    # What stands there other than in “to be formulated”, so as a past tense or a participle of its own.
    known = {word for before, word in zip(["", *theirs], theirs, strict=False) if before not in _BE}
    words = _words(folded)
    for at, word in enumerate(words[1:], start=1):
        before, after = words[at - 1], words[at + 1] if at + 1 < len(words) else ""
        is_participle = before in _BEFORE_PARTICIPLE or before.endswith("ly") or after in _AFTER_PARTICIPLE
        if word.endswith("ed") and word not in known and _stem(word) in stems and not is_participle:
            return f"done: {word}"
    return ""


_BE = frozenset({"be", "is", "are", "been", "being"})
_BEFORE_PARTICIPLE = frozenset("be is are been being as the a an of to with and or more most well newly when if by its for in on".split())
_AFTER_PARTICIPLE = frozenset("by in on to for under with from as at into".split())


def _order_fault(folded: str, language: str, evidence: _Evidence) -> str:
    """Who does what to whom: two stretches on either side of the same word haven't changed places."""
    here = evidence.sources if language == "zh" else evidence.translations
    for piece in _SENTENCES.split(folded):
        own = _units(piece, language)
        for text in here:
            theirs = _units(text, language)
            if swapped := _swapped(own, theirs, 4 if language == "zh" else 2):
                return f"order: {swapped}"
    return ""


def _units(text: str, language: str) -> list[str]:
    if language == "zh":
        return re.findall(r"[\u3400-\u9fff〇]|[a-z]+|\d+|[,、;]", text)
    return [_stem(word) if word[0].isalpha() else word for word in re.findall(r"[a-z]+(?:'[a-z]+)?|\d+|,", text)]


def _swapped(own: Sequence[str], theirs: Sequence[str], least: int) -> str:
    """The first stretch A V B of `own` that is B V A in `theirs`, with A and B of at least `least` units each."""
    stretches: list[tuple[int, int, int]] = []  # start in own, start in theirs, length
    at = 0
    while at < len(own):
        best = (0, 0)
        for other in range(len(theirs)):
            size = 0
            while at + size < len(own) and other + size < len(theirs) and own[at + size] == theirs[other + size]:
                size += 1
            best = max(best, (size, other))
        if best[0] >= least:
            stretches.append((at, best[1], best[0]))
        at += max(1, best[0] if best[0] >= least else 1)
    for (a, at_a, size_a), (b, at_b, size_b) in zip(stretches, stretches[1:], strict=False):
        between, around = own[a + size_a : b], theirs[at_b + size_b : at_a]
        turned = at_b + size_b <= at_a and len(between) <= _WIDEST_VERB and not _PASSIVE & set(between)
        # One word for English, two characters for Chinese make a verb.
        size = 1 if least == 2 else 2
        verbs = {tuple(run) for run in _runs(between, size)} - _JOINERS
        if turned and verbs & {tuple(run) for run in _runs(around, size)}:
            return "".join(own[a : b + size_b])[:24]
    return ""


_WIDEST_VERB = 6
_PASSIVE = frozenset({"by", "被", "由"})
_JOINERS = frozenset((word,) for word in "and or of the a an to in for on with , at by its their is are be".split())
