"""One item and its answer → scores, outcome, broken invariants and the first stage that failed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistant.types import Answer, Citation, Status
from eval import metrics
from eval.dataset import STRUCTURE, Item
from eval.matching import contains, normalised, numbers, without_markers
from index.types import Document, Ranking

_MARKER = re.compile(r"\[(\d{1,3})\]")
_DEPTHS = (1, 3, 5)
# A section that was ranked this high was found: what failed came later.
FOUND = 5


class Outcome(StrEnum):
    """How an item ended."""

    RIGHT = "right"
    WRONG = "wrong"
    REFUSED = "refused"
    RIGHT_REFUSAL = "right_refusal"
    WRONG_ANSWER = "wrong_answer"
    UNSCORED = "unscored"


class Stage(StrEnum):
    """The first stage that went wrong, in the order in which an answer is made."""

    UNDERSTANDING = "understanding"
    RETRIEVAL = "retrieval"
    SELECTION = "selection"
    CITATION = "citation"
    ABSTENTION = "abstention"


INVARIANTS = ("citations_resolve", "quotes_verbatim", "sentences_cited", "no_canary", "abstention_bare")


@dataclass(frozen=True, slots=True)
class Score:
    """The verdict on one answer; in `values` None means that a metric is not defined for the item."""

    values: Mapping[str, float | None]
    outcome: Outcome
    broken: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    stage: Stage | None = None

    @property
    def strict(self) -> float | None:
        """1 for strictly correct, 0 for not, None where nobody can tell."""
        return self.values.get("strict")


def score(item: Item, answer: Answer, document: Document, ranking: Ranking | None = None) -> Score:
    """Score an answer against its item; `ranking` is what retrieval found for the answer's query."""
    abstained = answer.status is Status.ABSTAINED
    facts, missing = _key_facts(item, answer)
    forbidden = [text for text in item.must_not if contains(normalised(answer.answer), normalised(text))]
    broken = broken_invariants(answer, document)
    if forbidden:
        broken = (*broken, "no_canary")
    cited = cited_sections(answer)
    strict: float | None = None
    if item.answerable is False:
        strict = float(abstained)
    elif item.has_key:
        hits = not item.sections or bool(cited & set(item.sections))
        whole = set(item.all_sections) <= cited
        strict = float(not abstained and not missing and not forbidden and hits and whole)
    values: dict[str, float | None] = {"strict": strict, "abstained": float(abstained), "key_facts": facts}
    values |= _texts(item, answer, document)
    values |= _citations(item, answer)
    values |= _faithfulness(item, answer, document)
    values |= _retrieval(item, ranking)
    outcome = _outcome(item, strict, abstained=abstained)
    stage = _stage(item, answer, ranking, outcome, missing) if outcome not in _FINE else None
    return Score(values, outcome, broken, tuple(missing), stage)


_FINE = {Outcome.RIGHT, Outcome.RIGHT_REFUSAL, Outcome.UNSCORED}


def _outcome(item: Item, strict: float | None, *, abstained: bool) -> Outcome:
    if item.answerable is False:
        return Outcome.RIGHT_REFUSAL if abstained else Outcome.WRONG_ANSWER
    if abstained:
        return Outcome.REFUSED if item.answerable else Outcome.UNSCORED
    if strict is None:
        return Outcome.UNSCORED
    return Outcome.RIGHT if strict else Outcome.WRONG


def cited_sections(answer: Answer) -> set[str]:
    """The sections (or chapters, for their headings) that an answer cites."""
    return {citation.section_id for citation in answer.citations}


def cited_sentences(answer: Answer) -> set[str]:
    """The sentences that an answer cites."""
    return {address for citation in answer.citations for address in citation.sentence_ids}


def _key_facts(item: Item, answer: Answer) -> tuple[float | None, list[str]]:
    """The share of key-fact groups met, and the groups that are not; an abstention meets none."""
    if not item.must:
        return None, []
    told = "" if answer.status is Status.ABSTAINED else _told(answer)
    missing = [
        " | ".join(group)
        for group in item.must
        if not any(contains(told, normalised(fact)) for fact in group)
    ]
    return 1 - len(missing) / len(item.must), missing


def _told(answer: Answer) -> str:
    """What a reader is told, normalised; the parts stay apart so that no fact arises across two of them."""
    quotes = [citation.quote for citation in answer.citations]
    return "\n".join(normalised(text) for text in (*answer.answer.split("\n"), *quotes))


def _texts(item: Item, answer: Answer, document: Document) -> dict[str, float | None]:
    """char-F1 and numbers against the reference: the given answer, or the gold sentences.

    Number recall looks at the numbers of the key facts (of the reference where there are none); number
    precision at all numbers of the answer, which must stand in the reference, in a gold section or in the
    question.
    """
    gold = [document.sentence(address).text for address in item.sentences if document.has(address)]
    reference = item.answer or "".join(gold)
    if not reference or item.answerable is False or answer.status is Status.ABSTAINED:
        lost = 0.0 if reference and item.answerable else None
        return {"char_f1": lost, "number_precision": None, "number_recall": None}
    told = "\n".join(citation.quote for citation in answer.citations) or without_markers(answer.answer)
    sections = [document.section(a).text for a in (*item.sections, *item.all_sections) if document.has(a)]
    asked = {number for group in item.must for number in numbers(group[0])} or set(
        numbers(item.answer) if item.answer else ()
    )
    stated = numbers(f"{answer.answer}\n{told}")
    allowed = numbers("\n".join((reference, *sections, *item.turns)))
    return {
        "char_f1": metrics.char_f1(normalised(told), normalised(reference)),
        "number_precision": metrics.precision(stated, allowed),
        "number_recall": metrics.recall(stated, asked),
    }


def _citations(item: Item, answer: Answer) -> dict[str, float | None]:
    """Precision and recall of cited sections and sentences, over answerable items that name them.

    Precision is undefined for an answer without citations; its recall is 0. Where any one of several sections
    will do, recall is 1 as soon as one is cited.
    """
    values: dict[str, float | None] = dict.fromkeys(
        ("section_precision", "section_recall", "sentence_precision", "sentence_recall")
    )
    if not item.answerable:
        return values
    sections, sentences = cited_sections(answer), cited_sentences(answer)
    accepted = {*item.sections, *item.all_sections}
    if accepted:
        values["section_precision"] = metrics.precision(sections, accepted)
        needed = item.all_sections
        values["section_recall"] = (
            metrics.recall(sections, needed) if needed else float(bool(sections & accepted))
        )
    if item.sentences:
        values["sentence_precision"] = metrics.precision(sentences, item.sentences)
        values["sentence_recall"] = metrics.recall(sentences, item.sentences)
    return values


def _faithfulness(item: Item, answer: Answer, document: Document) -> dict[str, float | None]:
    """Share of quotes that are verbatim, and of the answer's numbers that quotes or question hold.

    Undefined for an answer without citations: nothing was checked, so nothing is claimed.
    """
    if not answer.citations:
        return {"verbatim": None, "supported_numbers": None}
    exact = [source_of(citation, document) == citation.quote for citation in answer.citations]
    if item.kind == STRUCTURE:
        return {"verbatim": sum(exact) / len(exact), "supported_numbers": None}
    evidence = [*item.turns, *(f"{c.quote}\n{c.translation or ''}\n{c.label}" for c in answer.citations)]
    return {
        "verbatim": sum(exact) / len(exact),
        "supported_numbers": metrics.precision(numbers(answer.answer), numbers("\n".join(evidence))),
    }


def _retrieval(item: Item, ranking: Ranking | None) -> dict[str, float | None]:
    """Ranks of the gold sections: any acceptable one is a hit; where all are needed recall counts them all.

    Undefined without gold sections, and for questions about the document's structure, which nothing is
    searched for.
    """
    names = [*(f"recall@{k}" for k in _DEPTHS), "mrr@10", "ndcg@5", "sentence_hit@1", "sentence_hit@5"]
    values: dict[str, float | None] = dict.fromkeys(names)
    if ranking is None or not item.answerable or item.kind == STRUCTURE or not item.sections:
        return values
    ranked = [scored.address for scored in ranking.sections]
    for k in _DEPTHS:
        values[f"recall@{k}"] = (
            metrics.recall_at(ranked, item.all_sections, k)
            if item.all_sections
            else metrics.hit_at(ranked, item.sections, k)
        )
    values["mrr@10"] = metrics.reciprocal_rank(ranked, item.sections, 10)
    values["ndcg@5"] = metrics.ndcg_at(ranked, item.sections, 5)
    sentences = [scored.address for scored in ranking.sentences]
    values["sentence_hit@1"] = metrics.hit_at(sentences, item.sentences, 1)
    values["sentence_hit@5"] = metrics.hit_at(sentences, item.sentences, 5)
    return values


def _stage(
    item: Item, answer: Answer, ranking: Ranking | None, outcome: Outcome, missing: Sequence[str]
) -> Stage:
    """The first stage that failed; `run` tells a failed rewrite apart by its gold-rewrite arm."""
    if outcome is Outcome.WRONG_ANSWER:
        return Stage.ABSTENTION
    if answer.status is Status.HELP:
        return Stage.UNDERSTANDING
    needed = item.all_sections or item.sections
    found = {scored.address for scored in (ranking.sections if ranking else ())[:FOUND]}
    searched = bool(needed) and item.kind != STRUCTURE and ranking is not None
    hit = set(item.all_sections) <= found if item.all_sections else bool(found & set(item.sections))
    if searched and not hit:
        return Stage.RETRIEVAL
    if outcome is Outcome.REFUSED:
        return Stage.ABSTENTION
    if item.kind == STRUCTURE:
        return Stage.UNDERSTANDING
    cites = bool(cited_sections(answer) & {*item.sections, *item.all_sections})
    return Stage.SELECTION if missing or not cites else Stage.CITATION


# --- what must hold for every answer ---


def broken_invariants(answer: Answer, document: Document) -> tuple[str, ...]:
    """The invariants that an answer breaks, checked here anew and not read from its own `checks`.

    Markers and citations match and resolve; every quote is the document's text; every line of an answered
    text has a marker; an abstention has no citation.
    """
    if answer.status in {Status.ABSTAINED, Status.HELP}:
        return ("abstention_bare",) if answer.citations or _MARKER.search(answer.answer) else ()
    broken = []
    markers = {int(marker) for marker in _MARKER.findall(answer.answer)}
    resolved = [source_of(citation, document) for citation in answer.citations]
    if not answer.citations or markers != {c.marker for c in answer.citations} or None in resolved:
        broken.append("citations_resolve")
    if any(source != c.quote for source, c in zip(resolved, answer.citations, strict=True)):
        broken.append("quotes_verbatim")
    lines = [line for line in answer.answer.split("\n") if line.strip()]
    # A partial answer also says what the document doesn't: that has nothing to cite.
    if answer.status is Status.ANSWERED and not all(_MARKER.search(line) for line in lines):
        broken.append("sentences_cited")
    return tuple(broken)


def source_of(citation: Citation, document: Document) -> str | None:
    """What a citation points to: its sentences as they stand, or the node's heading; None if nowhere."""
    address = citation.section_id
    if citation.sentence_ids:
        inside = all(a.partition("#")[0] == address and document.has(a) for a in citation.sentence_ids)
        if not inside:
            return None
        sentences = [document.sentence(a) for a in citation.sentence_ids]
        return "".join(sentence.text + sentence.tail for sentence in sentences).rstrip("\n")
    if document.has(address):
        return document.section(address).heading
    return next((chapter.heading for chapter in document.chapters if chapter.address == address), None)
