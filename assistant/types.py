"""The values of one answer: turns, queries, citations and the answer object of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class AssistantError(Exception):
    """Anything that stops the assistant; the message is one line, Chinese first and English after it.

    AssistantError
     ├── InputError        what was given can't be used
     └── ModelSetupError   the language model can't be set up (assistant.model)
    """


class InputError(AssistantError):
    """What was given can't be used."""


class Status(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    ABSTAINED = "abstained"
    HELP = "help"


class Reason(StrEnum):
    """Why a question, or a part of it, was not answered."""

    NOT_IN_DOCUMENT = "not_in_document"
    FIGURE_NOT_STATED = "figure_not_stated"
    NEEDS_CURRENT_DATA = "needs_current_data"
    OUT_OF_SCOPE = "out_of_scope"
    AMBIGUOUS = "ambiguous"
    INSTRUCTION = "instruction"


class Intent(StrEnum):
    """What a question asks for, which decides how it is answered."""

    CONTENT = "content"
    NAVIGATION = "navigation"
    STRUCTURE = "structure"
    MENTIONS = "mentions"
    FIGURES = "figures"
    HELP = "help"
    REFUSED = "refused"


class Slot(StrEnum):
    """The kind of filler that a question asks for; `TOPIC` asks for none in particular."""

    TOPIC = "topic"
    NUMBER = "number"
    DATE = "date"
    DURATION = "duration"
    PERSON = "person"
    BODY = "body"
    MONEY = "money"
    PLACE = "place"
    CONTACT = "contact"
    PENALTY = "penalty"
    POLAR = "polar"


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange: the user's words, the standalone query they became, and the sections cited."""

    question: str
    query: str
    sections: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A question understood.

    `text` is the standalone rewrite; `search` what is looked for (a claim's figure and words for the document
    itself left out, a replaced subject said twice; empty: the text); `folded` the rewrite in simplified script,
    half-width and lower case; `years` are the years it names apart from the document's title; `addresses` the nodes
    that it names (`5`, `5.3`, `1.3#12`). `otherwise` is what the question may mean if the document does not answer it.
    """

    question: str
    text: str
    folded: str
    language: str
    intent: Intent
    search: str = ""
    slot: Slot = Slot.TOPIC
    years: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    reason: Reason | None = None
    detail: str = ""
    exclude: tuple[str, ...] = ()
    parts: tuple[Query, ...] = ()
    otherwise: Query | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A marker's target: sentences of one section, or a heading (`sentence_ids` empty)."""

    marker: int
    document_id: str
    section_id: str
    sentence_ids: tuple[str, ...]
    label: str
    heading_path: tuple[str, ...]
    quote: str
    translation: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A section near a question that was not answered, with a question that it does answer ("" if none is known)."""

    section_id: str
    label: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer object of the contract, section 3, and a few fields more.

    `confidence` is the calibrated probability, 0 to 1, that the outcome is right; `followups` are questions that the
    document can answer; `notice` is a short line for the reader (for example that the language model was not
    reachable); `versions` names what the answer was made with (index key, prompt fingerprint).
    """

    question: str
    query: str
    language: str
    status: Status
    reason: Reason | None
    answer: str
    citations: tuple[Citation, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    followups: tuple[str, ...] = ()
    more_sections: tuple[Suggestion, ...] = ()
    confidence: float = 0.0
    mode: str = "extractive"
    model: str | None = None
    notice: str = ""
    checks: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    timings_ms: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    versions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain JSON values, fields in the contract's order."""
        first = (
            "id",
            "question",
            "query",
            "language",
            "status",
            "reason",
            "answer",
            "citations",
            "suggestions",
        )
        rest = ("confidence", "mode", "model", "checks", "timings_ms")
        extra = ("followups", "more_sections", "notice", "versions")
        return {name: _plain(getattr(self, name)) for name in (*first, *rest, *extra)}

    def turn(self) -> Turn:
        """What a follow-up needs to know of this answer."""
        return Turn(
            question=self.question,
            query=self.query,
            sections=tuple(dict.fromkeys(citation.section_id for citation in self.citations)),
            sentences=tuple(id_ for citation in self.citations for id_ in citation.sentence_ids),
        )


def _plain(value: Any) -> Any:  # noqa: ANN401  # any field of an answer to any JSON value
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, Citation | Suggestion):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value
