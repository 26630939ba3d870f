"""The answer without a language model: sentences chosen by evidence, in document order, or a typed reason for none."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from assistant.calibrate import FEATURES, Calibration, features
from assistant.draft import Draft, Line, Ref, abstain
from assistant.evidence import (
    CLAIMED,
    asks_for_duty,
    clause_fit,
    fills,
    force_in,
    has_figure,
    needed,
    unquoted,
)
from assistant.issued import issue_date
from assistant.parts import asks_for_apparatus
from assistant.patterns import pattern
from assistant.subject import asked_of, content_of
from assistant.types import Query, Reason, Slot, Status
from index.build import Index
from index.chunk import target_years
from index.lexical import chinese_terms, english_terms, fold
from index.types import Document, Ranking, Scored, Section

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_TITLE = re.compile(r"《([^》]{2,40})》")
_QUOTED = re.compile(r"[“「『]([\u3400-\u9fff\d+]{2,20})[”」』]")
# Characters of a quoted name; a shorter one may be a word of emphasis.
_NAME = 4
# A figure is held against a claim from this share of the best score on.
_CLAIM_RATIO = 0.5
# Sentences with figures are compared by their clauses from this share of the best score on.
_COMPARABLE = 0.6
# What a clause without a common term is still worth, beside 1 for a clause that is the question's own.
_FIT_FLOOR = 0.25
# Below this fit, and this similarity to a question that the sentence is known to answer, a figure is another matter's.
_NO_WORDS = 0.1
_LIKE_A_QUESTION = 0.45
# What is left for 还有呢 must come this close to the best sentence.
_MORE_WANTED = 0.6
# From this fit on a clause has the question's own words.
_OWN_WORDS = 0.6
# Where no particular detail is asked for and every word of the subject stands in the sentence: of 113 such development
# questions the document answers 111.
_ALL_STATED = 0.9
# Where a question names the chapter or section, less evidence will do.
_NAMED_PLACE = 0.6
# A telephone number in a text is mostly part of a hotline's name, and seldom whose number was asked for.
_CONTACT = 1.5
_PERFECTIVE = re.compile(r"了(?!解)|已经?|基本完善|居全国")
_PREMISE = re.compile(r"^(?:既然|鉴于)|\b(?:since|given that|now that)\b")
_DEICTIC = re.compile(r"^(?:其|该|上述|这|此)(?!他|它|中)")


@dataclass(frozen=True, slots=True)
class _Places:
    chinese: re.Pattern[str]
    english: re.Pattern[str]
    origin: re.Pattern[str]
    alone: re.Pattern[str]


@cache
def _places() -> _Places:
    table = tomllib.loads(Path(__file__).with_name("places.toml").read_text("utf-8"))
    names = sorted([*table["english"].split(), *table["english_phrases"]], key=len, reverse=True)
    return _Places(
        chinese=re.compile("|".join(table["chinese"].split())),
        english=re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b"),
        origin=re.compile(table["origin"], re.IGNORECASE),
        alone=re.compile(table["alone"], re.IGNORECASE),
    )


def extract(query: Query, ranking: Ranking, index: Index, calibration: Calibration) -> Draft:
    """Choose the sentences that answer a content question, or say why none does."""
    document = index.document
    near = tuple(scored.address for scored in ranking.sections[:2])
    if decided := issue_date(query, document) or _named_but_absent(query, document, near):
        return decided
    weighed = weigh(query, ranking, index)
    if weighed is None:
        return abstain(Reason.NOT_IN_DOCUMENT, near=near)
    best, chosen = weighed.candidates[0], weighed.chosen
    regression = calibration.of(weighed.evidence)
    confidence = regression.probability(weighed.evidence)
    if query.slot is Slot.POLAR and _wrong_year(query, document) and not _states_date(best.address, document):
        return abstain(Reason.FIGURE_NOT_STATED, near=near, detail="year")
    tells_of_past = _PERFECTIVE.search(document.sentence(best.address).text)
    if query.reason is Reason.NEEDS_CURRENT_DATA and (
        pattern("current.now").search(query.folded) or not tells_of_past
    ):
        return abstain(Reason.NEEDS_CURRENT_DATA, near=near, confidence=1 - confidence)
    is_on_subject = calibration.is_on_subject(weighed.evidence)
    unanswered = Reason.FIGURE_NOT_STATED if is_on_subject else Reason.NOT_IN_DOCUMENT
    least = _MORE_WANTED * ranking.sentences[0].score
    if query.exclude and best.score < least:
        return abstain(Reason.NOT_IN_DOCUMENT, near=near, detail="no_more")
    if not chosen or weighed.ratio < calibration.slot_ratio * _leniency(chosen[0], best, query, index):
        if query.years and query.slot is Slot.NUMBER:
            unanswered, detail = Reason.FIGURE_NOT_STATED, "other_year"
        else:
            detail = ""
        return abstain(unanswered, near=near, detail=detail, confidence=1 - confidence)
    fit = weighed.evidence[FEATURES.index("fit")]
    confidence = max(confidence, _assurance(query, weighed))
    if (
        query.slot is Slot.NUMBER
        and query.language in {"zh", "en"}  # no other shares words with the text or its translation
        and fit < _NO_WORDS
        and chosen[0].legs.get("dense.question", 0.0) < _LIKE_A_QUESTION
    ):
        return abstain(unanswered, near=near, confidence=1 - confidence)
    lenient = query.addresses or (needed(query) and weighed.ratio == 1.0)
    strictness = _CONTACT if query.slot is Slot.CONTACT else _NAMED_PLACE if lenient else 1.0
    if confidence < regression.threshold * strictness:
        return abstain(unanswered, near=near, confidence=1 - confidence)
    picked = _pick(chosen, query, calibration)
    lines = _lines(picked, query, document)
    cited = {ref.node for line in lines for ref in line.refs}
    nearby = calibration.more_share * ranking.sections[0].score
    more = [s.address for s in ranking.sections if s.address not in cited and s.score >= nearby]
    return Draft(
        Status.ANSWERED,
        lines=lines,
        more=tuple(more[:3]),
        near=near,
        confidence=confidence,
        best=chosen[0].address,
    )


def _assurance(query: Query, weighed: Weighed) -> float:
    """The confidence that the words alone give, 0 to 1: a figure's clause, or a sentence, that has all the question's."""
    fit, stated = (weighed.evidence[FEATURES.index(name)] for name in ("fit", "stated"))
    is_whole = stated == 1.0 and query.slot in {Slot.TOPIC, Slot.POLAR}
    return max(fit if fit >= _OWN_WORDS else 0.0, _ALL_STATED if is_whole else 0.0)


@dataclass(frozen=True, slots=True)
class Weighed:
    """The sentences that a question may be answered from, those that fill its slot, and the evidence for them.

    `ratio` is how close the best sentence with the asked filler comes to the best of all, 0 to 1 (1 where nothing
    in particular is asked for); `evidence` has the order of `calibrate.FEATURES`.
    """

    candidates: Sequence[Scored]
    chosen: Sequence[Scored]
    ratio: float
    evidence: Sequence[float]


def weigh(query: Query, ranking: Ranking, index: Index) -> Weighed | None:
    """The evidence for answering a content question; None where no sentence is in question."""
    document = index.document
    candidates = _candidates(query, ranking, document)
    if not candidates:
        return None
    wanted = needed(query)
    if wanted is None and query.slot is Slot.POLAR and query.numbers:
        # A claim with a figure is held against the sentence that states one.
        claimed, closeness = _filled(candidates, query, index, CLAIMED)
        candidates = claimed if closeness >= _CLAIM_RATIO else candidates
    chosen, ratio = _filled(candidates, query, index, wanted) if wanted else (candidates, 1.0)
    first = (chosen or candidates)[0]
    support = index.retriever.support(query.search or query.text, first.address)
    fit = _fit(query, first, index) if chosen and query.slot is Slot.NUMBER else 0.0
    stated = _stated(query, first.address, index)
    return Weighed(candidates, chosen, ratio, features(query, ranking, ratio, support, fit, stated))


def _stated(query: Query, address: str, index: Index) -> float:
    """How much of what a question is about stands in so many words in a sentence or its heading, 0 to 1.

    Chinese by pairs of characters, English by stems against the translation; other languages share no words with either.
    """
    section = index.document.section_of(address)
    if query.language == "zh":
        asked = {pair for term in query.terms for pair in chinese_terms(term)}
        told = set(chinese_terms(f"{section.title} {index.document.sentence(address).text}"))
        return index.retriever.stated_share(asked, told, "words.sentence")
    asked = set(english_terms(" ".join(query.terms)))
    notes = index.enrichment
    told = set(english_terms(f"{notes.title_english(section.address)} {notes.english(address)}"))
    return index.retriever.stated_share(asked, told, "stems.english")


def _wrong_year(query: Query, document: Document) -> bool:
    """Whether every year that a question names is foreign to the document."""
    if not query.years:
        return False
    known = set(_YEAR.findall(document.text)) | set(_YEAR.findall(document.issued))
    return not set(query.years) & known


def _leniency(filled: Scored, best: Scored, query: Query, index: Index) -> float:
    """How much less close to the best sentence one with the filler may come, 0 to 1.

    A sentence of the same section speaks of the same matter; a clause that has the question's own words around its
    figure is what was asked for, whatever else was found.
    """
    if filled.address.partition("#")[0] == best.address.partition("#")[0]:
        return 1 / 3
    return 0.5 if query.slot is Slot.NUMBER and _fit(query, filled, index) >= _OWN_WORDS else 1.0


def _fit(query: Query, scored: Scored, index: Index) -> float:
    """How well the clause around a sentence's figure fits the question."""
    text, english = index.document.sentence(scored.address).text, index.enrichment.english(scored.address)
    return clause_fit(query, text, english)


def _states_date(address: str, document: Document) -> bool:
    """Whether a sentence itself names a year: a wrong year in a question can then be corrected."""
    return bool(_YEAR.search(document.sentence(address).text))


def _named_but_absent(query: Query, document: Document, near: tuple[str, ...]) -> Draft | None:
    """An abstention where a question names a year, a place or a document that the document doesn't have."""
    text = document.text
    known = fold(text + document.title)
    if query.slot is not Slot.POLAR and _wrong_year(query, document):
        return abstain(Reason.FIGURE_NOT_STATED, near=near, detail="year")
    for title in _TITLE.findall(query.text):
        if fold(title) not in known:
            return abstain(Reason.NOT_IN_DOCUMENT, near=near, detail="title")
    for quoted in _QUOTED.findall(query.text):
        # What function words run through (“有个基本框架”, “按标准办”) is put so by the asker, no name.
        is_name = len(quoted) >= _NAME and content_of(fold(quoted), document) == [fold(quoted)]
        if is_name and query.language == "zh" and unquoted(fold(quoted)) not in unquoted(known):
            return abstain(Reason.NOT_IN_DOCUMENT, near=near, detail="quoted")
    if asks_for_apparatus(query.text, document):
        return abstain(Reason.NOT_IN_DOCUMENT, near=near, detail="apparatus")
    if place := foreign_place(query, text):
        return abstain(Reason.NOT_IN_DOCUMENT, near=near, detail=f"place:{place}")
    return None


def foreign_place(query: Query, text: str) -> str:
    """The first place that a question is about and the document doesn't name; "" if there is none."""
    places = _places()
    asked = " ".join(asked_of(query.text)) or query.text
    folded = fold(asked)
    found = [(match.start(), match.group()) for match in places.chinese.finditer(folded)]
    found += [(match.start(), match.group()) for match in places.english.finditer(asked)]
    found += [(match.start(), match.group()) for match in places.alone.finditer(asked)]
    for at, name in sorted(found):
        if name not in text and not places.origin.search(asked[:at].rstrip()):
            return name
    return ""


def _candidates(query: Query, ranking: Ranking, document: Document) -> list[Scored]:
    """The ranked sentences within the chapters and target years that a question names, without those wanted no more."""
    chapters = {address.partition(".")[0] for address in query.addresses}
    sections = {address.partition("#")[0] for address in query.addresses if "." in address}
    sections_dated = document.sections() if query.years else ()
    years = {address: year for s in sections_dated for address, year in target_years(s).items()}
    candidates = []
    for scored in ranking.sentences:
        section = scored.address.partition("#")[0]
        if scored.address in query.exclude:
            continue
        if sections and section not in sections:
            continue
        if chapters and section.partition(".")[0] not in chapters:
            continue
        year = years.get(scored.address)
        if query.years and year and year not in query.years:
            continue
        candidates.append(scored)
    return candidates


def _filled(
    candidates: Sequence[Scored], query: Query, index: Index, wanted: re.Pattern[str]
) -> tuple[list[Scored], float]:
    """The candidates that have what the question asks for, and how close the best of them comes to the best of all.

    Sentences with figures are put in the order of how well the clause around the figure fits the question: 地方标准800项,
    and not 区域协同地方标准30项, where 地方标准 is asked for.
    """
    document = index.document
    filled = []
    for scored in candidates:
        section = document.section_of(scored.address)
        year = target_years(section).get(scored.address, "")
        text = document.sentence(scored.address).text
        if (
            query.years
            and query.slot is Slot.NUMBER
            and not (set(query.years) & ({year} | set(_YEAR.findall(text))))
        ):
            continue
        if query.slot is Slot.DATE and year and not text.startswith("到"):
            text = f"到{year}年{text}"
        if fills(text, wanted, query):
            filled.append(scored)
    if not filled or candidates[0].score <= 0:
        return filled, 0.0
    ratio = min(1.0, filled[0].score / candidates[0].score)
    if query.slot in {Slot.NUMBER, Slot.DURATION}:
        close = [scored for scored in filled if scored.score >= _COMPARABLE * filled[0].score]
        fits = {scored.address: _fit(query, scored, index) for scored in close}
        if (own := max(fits.values())) >= _OWN_WORDS:
            # Other clauses speak of something narrower or wider than what the question names in so many words.
            close = [scored for scored in close if fits[scored.address] == own]
        best = max(scored.score * (_FIT_FLOOR + fits[scored.address]) for scored in close)
        refitted = [
            replace(s, score=filled[0].score * s.score * (_FIT_FLOOR + fits[s.address]) / best) for s in close
        ]
        filled = sorted(refitted, key=lambda scored: -scored.score)
    return filled, ratio


def _pick(candidates: Sequence[Scored], query: Query, calibration: Calibration) -> list[Scored]:
    """The best sentence, and those nearly as good: few for a fact, some for a topic."""
    is_topic = query.slot in {Slot.TOPIC, Slot.POLAR, Slot.BODY, Slot.PLACE} and not query.numbers
    share, most = (
        (calibration.topic_share, calibration.topic_most) if is_topic else (calibration.fact_share, 2)
    )
    if any("." in address for address in query.addresses):
        # Within one section that the question names, more of it is wanted.
        share, most = share * 0.6, most + 2
    first, *others = (s for s in candidates[:most] if s.score >= share * candidates[0].score)
    # Title, signature and date say nothing beside a sentence of the text.
    is_formal = first.address.startswith("0.1#")
    return [first, *(s for s in others if is_formal or not s.address.startswith("0.1#"))]


def _lines(picked: Sequence[Scored], query: Query, document: Document) -> tuple[Line, ...]:
    """The chosen sentences in document order, with what they need to be understood alone."""
    order = {sentence.address: at for at, sentence in enumerate(document.sentences())}
    addresses = {scored.address for scored in picked}
    for address in list(addresses):
        addresses |= _companions(document.section_of(address), address)
    ordered = sorted(addresses, key=order.__getitem__)
    refs = [Ref(document.section_of(address).address, (address,)) for address in ordered]
    best = Ref(document.section_of(picked[0].address).address, (picked[0].address,))
    lines = [*_opening(query, best, refs, document), *(Line((ref,)) for ref in refs)]
    return (*lines, *_time_frame(query, refs, document))


def _companions(section: Section, address: str) -> set[str]:
    """Sentences without which one is unclear: the content after an item's title, what 其 or 该 points back to."""
    by_address = {sentence.address: at for at, sentence in enumerate(section.sentences)}
    at = by_address[address]
    sentence = section.sentences[at]
    if sentence.is_lead:
        return {other.address for other in section.sentences[at + 1 : at + 3] if other.item == sentence.item}
    if at and _DEICTIC.match(sentence.text):
        return {section.sentences[at - 1].address}
    return set()


def _opening(query: Query, best: Ref, refs: Sequence[Ref], document: Document) -> list[Line]:
    """A line in the assistant's own words before the quotes, where the question holds something to confirm or correct."""
    stated_years = set(_YEAR.findall(_texts(refs, document)))
    if query.slot is Slot.POLAR and query.years and stated_years and not set(query.years) & stated_years:
        return [Line(tuple(refs), frame="figure_differs")]
    texts = [document.sentence(address).text for ref in refs for address in ref.sentences]
    if query.numbers and query.slot in {Slot.POLAR, Slot.TOPIC} and any(map(CLAIMED.search, texts)):
        stated = {number for text in texts for number in re.findall(r"\d+(?:\.\d+)?%?", text)}
        asked = {
            number
            for number in query.numbers
            if not re.search(rf"{re.escape(number)}(?![\d%])", _unmeasured(texts))
        }
        if asked and not asked & stated:
            return [Line(tuple(refs), frame="figure_differs")]
        if asked and asked <= stated and query.slot is Slot.POLAR:
            return [Line(tuple(refs), frame="figure_agrees")]
    if asks_for_duty(query) and (force := force_in(document.sentence(best.sentences[0]).text)):
        return [Line((best,), frame="force", values=(("force", force[0]),))]
    if _PREMISE.search(query.folded):
        return [Line(tuple(refs), frame="premise")]
    return []


def _texts(refs: Sequence[Ref], document: Document) -> str:
    return " ".join(document.sentence(address).text for ref in refs for address in ref.sentences)


def _unmeasured(texts: Sequence[str]) -> str:
    """The texts without their figures of quantity: numbers left there are names such as 12345."""
    return " ".join(re.sub(r"\d+(?:\.\d+)?(?:%|个|项|年|月|家)", " ", text) for text in texts)


def _time_frame(query: Query, refs: Sequence[Ref], document: Document) -> list[Line]:
    """The target year that chosen figures stand under, cited, where neither question nor quotes name it."""
    if query.years:
        return []
    for ref in refs:
        section = document.section(ref.node)
        years = target_years(section)
        for address in ref.sentences:
            text = document.sentence(address).text
            year = years.get(address)
            if not year or f"{year}年" in text or not (has_figure(text) or query.slot is Slot.DATE):
                continue
            opener = next(s for s in section.sentences if s.text.startswith(f"到{year}年"))
            return [Line((Ref(ref.node, (opener.address,)),), frame="target_year", values=(("year", year),))]
    return []
