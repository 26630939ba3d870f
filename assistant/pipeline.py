"""`Assistant.ask`: understand > retrieve > answer > verify, the one path that window, command line and evaluation take."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from assistant import structure
from assistant.calibrate import load_calibration
from assistant.compose import absent_part, compose, word
from assistant.config import Settings
from assistant.draft import Draft, Line, Ref, abstain
from assistant.extract import extract, weigh
from assistant.facets import with_facets
from assistant.form import FormReader
from assistant.spelling import Speller
from assistant.subject import asked_of, content_of
from assistant.types import Answer, Intent, Query, Reason, Slot, Status, Turn
from assistant.understand import understand
from assistant.verify import check, passes
from index.build import Index, ensure_index
from index.build import Progress as BuildProgress
from index.language import detect
from index.lexical import fold
from index.types import Ranking

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from assistant.model import ChatModel
    from assistant.phrase import Phrased

# From this confidence on what a question calls mentioned may stand in other words.
_SURE_PLACE = 0.85
# From this confidence on the first of two questions is answered though both together are none that the document answers.
_SURE_PART, _TWO = 0.96, 2

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """What the assistant is doing: a stage, and with a language model the text so far, whole statements only."""

    stage: str
    text: str = ""


@dataclass(slots=True)
class _State:
    """One question on its way through the stages; each stage sets what the next ones read."""

    question: str
    history: tuple[Turn, ...]
    tell: Callable[[Progress], None]
    query: Query = field(init=False)
    rankings: list[Ranking] = field(init=False)
    draft: Draft = field(init=False)
    phrased: Phrased | None = None
    answer: Answer = field(init=False)
    timings: dict[str, float] = field(default_factory=dict)


class Assistant:
    """Answers questions about one document. Safe under concurrent calls: the history is passed in, nothing is kept."""

    def __init__(self, index: Index, *, model: ChatModel | None = None) -> None:
        """Answer from an opened index, with a language model to phrase answers where there is one."""
        self.index = index
        self.model = model
        self._index_key = index.manifest.key
        self._reader = FormReader.load()
        self._spell = Speller(index.enrichment.translations(), self._reader.is_word)
        self._stages: tuple[tuple[str, Callable[[_State], None]], ...] = (
            ("understand", self._understand),
            ("retrieve", self._retrieve),
            ("answer", self._answer),
            ("verify", self._verify),
        )

    @classmethod
    def open(cls, settings: Settings, *, progress: BuildProgress | None = None) -> Assistant:
        """Open the index, building it first if need be, and the language model that the settings name.

        Raises:
            IndexingError: the source, the embedding model or the vector store can't be used.
            ModelSetupError: the language model can't be set up.
        """
        model = None
        if settings.llm:
            from assistant.model import ChatModel

            model = ChatModel.open(settings)
        return cls(ensure_index(settings, progress=progress), model=model)

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """The answer to a question, given what was asked before. Never raises for any text."""
        state = _State(question, tuple(history), tell=lambda _progress: None)
        for name, stage in self._stages:
            _run(name, stage, state)
        return _finished(state)

    async def astream(self, question: str, history: Sequence[Turn] = ()) -> AsyncIterator[Progress | Answer]:
        """The stages as they begin, with a language model its statements as they pass, and the answer last."""
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Progress | None] = asyncio.Queue()

        def tell(event: Progress) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        state = _State(question, tuple(history), tell=tell)
        work = asyncio.ensure_future(self.runnable().ainvoke(state))
        work.add_done_callback(lambda _work: events.put_nowait(None))
        while (event := await events.get()) is not None:
            yield event
        yield _finished(await work)

    def runnable(self) -> Runnable[_State, _State]:
        """The stages of `ask` as a LangChain runnable over the state of one question."""
        from langchain_core.runnables import RunnableLambda, RunnableSequence

        steps = [
            RunnableLambda(_step(name, stage)).with_config(run_name=name) for name, stage in self._stages
        ]
        return RunnableSequence(*steps)

    def understand(self, question: str, history: Sequence[Turn] = ()) -> Query:
        """What a question means, without a language model. Never raises for any text."""
        index = self.index
        return understand(
            question, history, index.document, index.enrichment, self._locate, self._reader, self._spell
        )

    def _understand(self, state: _State) -> None:
        state.query = self.understand(state.question, state.history)
        if self.model is not None:
            from assistant.phrase import understand_with

            state.query = understand_with(
                self.model, state.question, state.history, state.query, index=self.index
            )

    def _locate(self, subject: str) -> str:
        """The section found first for a subject, if the document surely deals with it, else ""."""
        ranking = self.index.retriever.search(subject)
        query = _on(subject, Query(subject, subject, "", detect(subject), Intent.CONTENT), self.index)
        found = extract(query, ranking, self.index, load_calibration())
        return ranking.sections[0].address if found.status is Status.ANSWERED else ""

    def _retrieve(self, state: _State) -> None:
        state.rankings = []
        for query in state.query.parts or (state.query,):
            needs_none = query.intent in {Intent.HELP, Intent.REFUSED}
            empty = Ranking(query.text, (), ())
            state.rankings.append(
                empty
                if needs_none
                else self.index.retriever.search(query.search or query.text, asked=query.text)
            )

    def _answer(self, state: _State) -> None:
        if not state.query.parts:
            state.draft = self._draft(state.query, state.rankings[0])
            # What the document surely doesn't have (a year, a place, an annex) it doesn't have in another reading either.
            if state.query.otherwise and _is_absent(state.draft) and not state.draft.detail:
                found = self._draft(state.query.otherwise, state.rankings[0])
                if found.status is Status.ANSWERED:
                    state.query, state.draft = state.query.otherwise, found
        else:
            pairs = zip(state.query.parts, state.rankings, strict=True)
            outcomes = [(part, self._draft(part, ranking)) for part, ranking in pairs]
            state.draft = _merged(outcomes, self.index)
            is_sure = len(outcomes) > _TWO or (
                outcomes[0][1].status is Status.ANSWERED and outcomes[0][1].confidence >= _SURE_PART
            )
            if state.draft.status is Status.PARTIAL and not is_sure and self._is_near_miss(state.query):
                state.draft = next(draft for _, draft in outcomes if draft.status is Status.ABSTAINED)
        if self.model is not None:
            from assistant.phrase import phrase

            state.phrased = phrase(
                state.query,
                state.rankings[0],
                state.draft,
                index=self.index,
                model=self.model,
                history=state.history,
                on_text=lambda text: state.tell(Progress("answer", text)),
            )

    def _is_near_miss(self, query: Query) -> bool:
        """Whether a sentence with several questions in it, taken as a whole, is none that the document answers.

        Its second half often hangs on the first (人才库收多少人，怎么进), and finds something when looked for alone.
        """
        if len(asked_of(query.question)) > 1:
            return False
        weighed = weigh(query, self.index.retriever.search(query.text), self.index)
        if weighed is None:
            return True
        regression = load_calibration().of(weighed.evidence)
        return regression.probability(weighed.evidence) < regression.threshold

    def _draft(self, query: Query, ranking: Ranking) -> Draft:  # one arm an intent
        """The outcome of one standalone query without a language model."""
        document = self.index.document
        match query.intent:
            case Intent.HELP:
                return Draft(Status.HELP)
            case Intent.REFUSED:
                return abstain(query.reason or Reason.INSTRUCTION, detail=query.detail)
            case Intent.NAVIGATION:
                return structure.navigate(query, document)
            case Intent.STRUCTURE:
                return structure.parts(query, document)
            case Intent.FIGURES:
                return structure.figures(query, document)
            case Intent.MENTIONS:
                return self._mentions(query, ranking)
            case Intent.CONTENT:
                named = [a.partition("#")[0] for a in query.addresses if "." in a and document.has(a)]
                nodes = named or [section.address for section in ranking.sections]
                if items := structure.items_of([document.section(node) for node in nodes], query):
                    return items
        answer = extract(query, ranking, self.index, load_calibration())
        answer = with_facets(query, answer, self.index, load_calibration())
        if (
            answer.status is Status.ABSTAINED
            and answer.reason is Reason.NOT_IN_DOCUMENT
            and not answer.detail
        ):
            return self._by_subject(query) or answer
        return answer

    def _mentions(self, query: Query, ranking: Ranking) -> Draft:
        """The places of a term, or where its subject is dealt with in other words."""
        document, enrichment = self.index.document, self.index.enrichment
        if found := structure.mentions(query, document, enrichment):
            return found
        refused = abstain(Reason.NOT_IN_DOCUMENT, near=tuple(s.address for s in ranking.sections[:2]))
        if structure.is_meant_to_the_letter(query, document):
            return refused
        placed = self._by_subject(query)
        if placed is None:
            if structure.is_foreign_term(query, document, self.index.retriever):
                return refused
            answer = extract(query, ranking, self.index, load_calibration())
            placed = structure.under_headings(answer, query, document)
        # What is called by its name, and does not stand there, has to be dealt with in so many words.
        return refused if structure.asks_by_name(query) and placed.confidence < _SURE_PLACE else placed

    def _by_subject(self, query: Query) -> Draft | None:
        """Where the subject stands of a question that asks for a place, looked for by the subject alone, if it is found."""
        document = self.index.document
        subject = structure.subject_of(query, document)
        if not subject:
            return None
        own = _on(subject, query, self.index)
        found = extract(own, self.index.retriever.search(subject), self.index, load_calibration())
        return structure.under_headings(found, query, document) if found.status is Status.ANSWERED else None

    def _verify(self, state: _State) -> None:
        """The first of the model's answer, the extractive one and an abstention that passes the checks."""
        refused = abstain(Reason.NOT_IN_DOCUMENT, detail="unchecked", near=state.draft.near, confidence=0.0)
        phrased = state.phrased
        spoken = [phrased.draft] if phrased and phrased.by_model else []
        for draft in (*spoken, state.draft, refused):
            answer = compose(state.query, draft, self.index)
            computed = {value for line in draft.lines for _, value in line.values if value.isdecimal()}
            checks = check(answer, self.index.document, computed=computed)
            if answer.status in {Status.ABSTAINED, Status.HELP} or passes(checks):
                break
            log.error("answer failed its checks: %s", {name: ok for name, ok in checks.items() if not ok})
        is_generated = bool(spoken) and draft is spoken[0]
        notice = phrased.notice if phrased else ""
        if spoken and not is_generated:
            notice = word("model", "unusable", state.query.language)
        versions = {"index": self._index_key}
        if self.model:
            from assistant.phrase import versions_of

            versions |= versions_of(self.model)
        state.answer = replace(
            answer,
            checks=MappingProxyType(dict(checks)),
            mode="llm" if is_generated else "extractive",
            model=self.model.name if self.model and is_generated else None,
            notice=notice,
            versions=MappingProxyType(versions),
        )


def _is_absent(draft: Draft) -> bool:
    """Whether the document has no answer to a question."""
    return draft.status is Status.ABSTAINED and draft.reason in {
        Reason.NOT_IN_DOCUMENT,
        Reason.FIGURE_NOT_STATED,
    }


def _on(subject: str, query: Query, index: Index) -> Query:
    """A query for what a document says on a subject."""
    return replace(
        query,
        text=subject,
        folded=fold(subject),
        search=subject,
        slot=Slot.TOPIC,
        terms=tuple(content_of(fold(subject), index.document)),
    )


def _run(name: str, stage: Callable[[_State], None], state: _State) -> None:
    state.tell(Progress(name))
    start = time.perf_counter()
    stage(state)
    state.timings[name] = (time.perf_counter() - start) * 1000


def _step(name: str, stage: Callable[[_State], None]) -> Callable[[_State], _State]:
    def run(state: _State) -> _State:
        _run(name, stage, state)
        return state

    return run


def _finished(state: _State) -> Answer:
    timings = {name: round(value, 2) for name, value in state.timings.items()}
    timings["total"] = round(sum(state.timings.values()), 2)
    return replace(state.answer, timings_ms=MappingProxyType(timings))


def _merged(outcomes: Sequence[tuple[Query, Draft]], index: Index) -> Draft:
    """One outcome of several questions: answered, partial where some have no answer, or the first reason of all."""
    answered = [draft for _, draft in outcomes if draft.status is Status.ANSWERED]
    absent = [draft for _, draft in outcomes if draft.status is Status.ABSTAINED]
    if not answered:
        return (absent or [draft for _, draft in outcomes])[0]
    lines: list[Line] = []
    seen: set[Ref] = set()
    for part, draft in outcomes:
        if draft.status is Status.ABSTAINED:
            lines.append(Line((), text=absent_part(part, draft, index)))
        for line in draft.lines:
            is_quote = not (line.frame or line.text)
            if line not in lines and not (is_quote and set(line.refs) <= seen):
                lines.append(line)
                seen |= set(line.refs) if is_quote else set()
    return Draft(
        Status.PARTIAL if absent else Status.ANSWERED,
        lines=tuple(lines),
        reason=absent[0].reason if absent else None,
        near=tuple(dict.fromkeys(node for draft in absent for node in draft.near)),
        more=tuple(dict.fromkeys(node for draft in answered for node in draft.more)),
        confidence=min(draft.confidence for draft in answered),
    )
