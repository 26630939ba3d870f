"""The seam between the pipeline and a language model: an outcome found without one, put into the model's words.

The extractive path finds which sentences answer; the model says it better, or, where the extractive path is not
sure, whether there is an answer at all. Whatever a model does, what is served is never less than the document's
own sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from assistant.compose import Composer, word
from assistant.draft import Draft, Line, Ref, abstain
from assistant.evidence import needed
from assistant.generate import Statement, generate, rewrite_query, translate_query
from assistant.model import ChatModel, Fault
from assistant.support import opening_of
from assistant.types import Intent, Query, Reason, Status, Turn
from assistant.understand import understand
from index.build import Index
from index.language import detect
from index.types import Ranking

_COMPLETE = frozenset({"items"})
# From this confidence on an extractive answer outweighs a model's refusal.
_SURE = 0.8
# Where nothing was found with confidence, an answer has to rest on one of so many nearest sentences.
_NEAREST = 5


@dataclass(frozen=True, slots=True)
class Phrased:
    """An outcome after the model: its draft, whether the model's words are in it, and the reader's notice if not."""

    draft: Draft
    by_model: bool = False
    notice: str = ""


def phrase(
    query: Query,
    ranking: Ranking,
    draft: Draft,
    *,
    index: Index,
    model: ChatModel,
    history: Sequence[Turn] = (),
    on_text: Callable[[str], None] | None = None,
) -> Phrased:
    """The outcome of one query in the model's words, or as it was.

    A reply that names none of the sentences of the extractive answer (or, where there is none, none of those
    nearest to the question) is off the subject and not taken. A typed refusal of the model's is taken over where
    the extractive answer is not sure.

    Args:
        query: the question, understood.
        ranking: what the search found for it.
        draft: the extractive outcome.
        index: the document and its enrichment.
        model: the language model.
        history: earlier turns, oldest first.
        on_text: called with the text so far, whole checked statements only, whenever there is more of it.
    """
    if not _is_for_model(query, draft):
        return Phrased(draft)
    # A remark of the assistant's own, such as that a figure in the question differs, stays.
    frames = tuple(line for line in draft.lines if line.frame)
    expected = _subject(draft, index) or {scored.address for scored in ranking.sentences[:_NEAREST]}
    lines: list[Line] = []

    def show(statement: Statement) -> None:
        lines.append(_line(statement))
        if on_text and _is_on_subject(lines, expected):
            on_text(Composer(index, query.language).text((*frames, *lines)))

    generated = model.run(
        generate(query, ranking, index=index, model=model, history=history, on_statement=show)
    )
    is_answered = draft.status is Status.ANSWERED
    if generated.refusal and not (is_answered and draft.confidence >= _SURE):
        return Phrased(
            abstain(generated.refusal, near=draft.near, confidence=draft.confidence), by_model=True
        )
    spoken = tuple(_line(statement) for statement in generated.statements)
    if spoken and _is_on_subject(spoken, expected):
        lines = [*frames, *spoken]
        answered = replace(draft, status=Status.ANSWERED, reason=None, detail="", lines=tuple(lines))
        return Phrased(answered, by_model=True)
    if not is_answered:
        # Nothing of the document follows that a notice could speak of.
        return Phrased(draft)
    fault = generated.fault or (Fault.UNUSABLE if spoken else Fault.REFUSED)
    return Phrased(draft, notice=generated.notice or word("model", fault, query.language))


def _is_for_model(query: Query, draft: Draft) -> bool:
    """Whether the model is asked: for content that was found, or that only wasn't found.

    Not for several questions at once, nor for an enumeration, which is complete by construction, nor for an
    abstention that rests on the document's own words (the asked figure, year or place is not in it).
    """
    if query.intent is not Intent.CONTENT or query.parts:
        return False
    if draft.status is Status.ABSTAINED:
        is_unsure = draft.reason in {Reason.NOT_IN_DOCUMENT, Reason.FIGURE_NOT_STATED}
        return is_unsure and not draft.detail and needed(query) is None
    return draft.status is Status.ANSWERED and not any(line.frame in _COMPLETE for line in draft.lines)


def _subject(draft: Draft, index: Index) -> set[str]:
    """The sentences that an outcome rests on, without those that only give others their target year."""
    cited = [address for line in draft.lines for ref in line.refs for address in ref.sentences]
    openings = {opening_of(index.document.section_of(address), address) for address in cited}
    return set(cited) - openings or set(cited)


def _is_on_subject(lines: Sequence[Line], expected: Collection[str]) -> bool:
    """Whether the model's lines name one of the sentences that the extractive answer gives."""
    return any(address in expected for line in lines for ref in line.refs for address in ref.sentences)


def _line(statement: Statement) -> Line:
    refs = tuple(Ref(id_.partition("#")[0], (id_,)) for id_ in statement.sentence_ids)
    return Line(refs, text=statement.text)


def understand_with(
    model: ChatModel, question: str, history: Sequence[Turn], query: Query, *, index: Index
) -> Query:
    """A query bettered by the model: a follow-up rewritten, a question in a third language translated.

    Args:
        model: the language model.
        question: the user's words.
        history: earlier turns, oldest first.
        query: what the rules made of them; stands where the model gives nothing better in time.
        index: the document.
    """
    if query.intent is not Intent.CONTENT or query.parts or query.reason:
        return query
    text = model.run(rewrite_query(question, history, model=model)) if history else None
    if detect(text or question) not in {"zh", "en"}:
        text = model.run(translate_query(text or query.text, model=model)) or text
    if not text or text == query.text:
        return query
    better = understand(text, (), index.document)
    if better.intent is not Intent.CONTENT or better.parts:
        return query
    return replace(better, question=question, language=query.language, exclude=query.exclude)


def versions_of(model: ChatModel | None) -> dict[str, str]:
    """What an answer's `versions` says of the model: its fingerprint and that of the prompts."""
    import prompts

    return {"model": model.fingerprint, "prompts": prompts.fingerprint()} if model else {}
