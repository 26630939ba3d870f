"""The one way from any door (window, API, MCP, chat) to the assistant: bound, limits, error numbers, log."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import sys
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assistant.types import Answer, Turn
from assistant.ui.texts import Language, text
from assistant.understand import LONGEST_QUESTION

if TYPE_CHECKING:
    from assistant.pipeline import Assistant, Progress

log = logging.getLogger("assistant.ui")

LONGEST_HISTORY = 20
_LONGEST_FIELD = 4_000
_LONGEST_ADDRESS = 80
_REMEMBERED = 512


class DeskError(Exception):
    """A question that gets no answer; the message is one line in the reader's language.

    DeskError
     ├── InputError     too long, empty or not of the form
     ├── BusyError             more are waiting than the bound allows
     └── FailedError           an error of ours; the message carries the number that the log has
    """


class InputError(DeskError):
    """The question or its history is too long, empty or not of the form."""


class BusyError(DeskError):
    """More questions are waiting than the bound allows."""


class FailedError(DeskError):
    """An error of ours; `number` is in the log beside its traceback."""

    def __init__(self, message: str, number: str) -> None:
        super().__init__(message)
        self.number = number


@dataclass(slots=True)
class Desk:
    """Takes questions from every door.

    At most `at_once` are answered at the same time and `waiting` more wait their turn; beyond that a question
    is refused with a friendly line. `shows_stages`: the stages take long enough to be shown, as with a
    language model. Earlier turns come from the caller: nothing about anyone is kept.
    """

    assistant: Assistant
    at_once: int = 8
    waiting: int = 64
    shows_stages: bool = False
    log_questions: bool = False
    _inside: int = 0
    _places: asyncio.Semaphore = field(init=False)
    _turns: OrderedDict[tuple[str, ...], Turn] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._places = asyncio.Semaphore(self.at_once)

    async def stream(
        self,
        question: object,
        history: Sequence[Turn] = (),
        *,
        language: Language = "zh",
        door: str = "window",
    ) -> AsyncIterator[Progress | Answer]:
        """The stages as they begin, then the answer.

        Raises:
            DeskError: the question gets no answer; see there.
        """
        asked = checked_question(question, language)
        start = time.perf_counter()
        async with self._place(language):
            try:
                async for event in self._events(asked, history):
                    if isinstance(event, Answer):
                        self._note(event, door, start)
                    yield event
            except Exception as error:
                number = secrets.token_hex(4)
                log.exception(
                    "failed", extra={"fields": {"door": door, "number": number, **self._asked(asked)}}
                )
                raise FailedError(text("failed", language, id=number), number) from error

    async def _events(self, question: str, history: Sequence[Turn]) -> AsyncIterator[Progress | Answer]:
        if self.shows_stages:
            async for event in self.assistant.astream(question, history):
                yield event
        else:  # over in milliseconds: the stages would cost more than they show
            yield await asyncio.to_thread(self.assistant.ask, question, history)

    async def ask(
        self, question: object, history: Sequence[Turn] = (), *, language: Language = "zh", door: str = "api"
    ) -> Answer:
        """The answer alone.

        Raises:
            DeskError: the question gets no answer; see there.
        """
        events = [event async for event in self.stream(question, history, language=language, door=door)]
        return next(event for event in events if isinstance(event, Answer))

    async def turns_of(
        self, questions: Sequence[str], *, language: Language = "zh", door: str = "api"
    ) -> list[Turn]:
        """The turns that earlier questions became; those that aren't remembered are asked again.

        Raises:
            DeskError: one of them gets no answer.
        """
        turns: list[Turn] = []
        questions = questions[-LONGEST_HISTORY:]
        for at in range(1, len(questions) + 1):
            key = tuple(questions[:at])
            if key not in self._turns:
                self.remember(
                    key, (await self.ask(questions[at - 1], turns, language=language, door=door)).turn()
                )
            turns.append(self._turns[key])
        return turns

    def remember(self, questions: tuple[str, ...], turn: Turn) -> None:
        """Keep the turn that the last of these questions became: a client that resends them costs nothing."""
        self._turns[questions[-LONGEST_HISTORY:]] = turn
        while len(self._turns) > _REMEMBERED:
            self._turns.popitem(last=False)

    @asynccontextmanager
    async def _place(self, language: Language) -> AsyncIterator[None]:
        if self._inside >= self.at_once + self.waiting:
            log.warning("busy", extra={"fields": {"inside": self._inside}})
            raise BusyError(text("busy", language))
        self._inside += 1
        try:
            async with self._places:
                yield
        finally:
            self._inside -= 1

    def _note(self, answer: Answer, door: str, start: float) -> None:
        fields: dict[str, Any] = {
            "door": door,
            "status": str(answer.status),
            "reason": str(answer.reason) if answer.reason else None,
            "language": answer.language,
            "mode": answer.mode,
            "sections": list(dict.fromkeys(citation.section_id for citation in answer.citations)),
            "ms": round((time.perf_counter() - start) * 1000, 1),
        }
        log.info("answered", extra={"fields": {**fields, **self._asked(answer.question)}})

    def _asked(self, question: str) -> dict[str, str]:
        return {"question": question} if self.log_questions else {}


def checked_question(value: object, language: Language = "zh") -> str:
    """A question as text.

    Raises:
        InputError: it is empty, too long or no text.
    """
    if not isinstance(value, str) or not value.strip():
        raise InputError(text("empty", language))
    if len(value) > LONGEST_QUESTION:
        raise InputError(text("too_long", language, limit=LONGEST_QUESTION))
    return value


def turns_from(rows: object) -> list[Turn]:
    """Turns from what a page sends back; what isn't of the form is left out, as the page may be old."""
    turns = []
    for row in (rows if isinstance(rows, list) else [])[-LONGEST_HISTORY:]:
        if not isinstance(row, Mapping):
            continue
        question, query = row.get("question"), row.get("query")
        if (
            isinstance(question, str)
            and isinstance(query, str)
            and len(question) + len(query) <= _LONGEST_FIELD
        ):
            turns.append(
                Turn(question, query, _addresses(row.get("sections")), _addresses(row.get("sentences")))
            )
    return turns


def _addresses(value: object) -> tuple[str, ...]:
    return tuple(
        item
        for item in (value if isinstance(value, list) else [])[:200]
        if isinstance(item, str) and len(item) < _LONGEST_ADDRESS
    )


# --- Log ----------------------------------------------------------------------------------------------


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, event and the event's own fields; a traceback as one field."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        row: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        row.update(getattr(record, "fields", {}))
        if record.exc_info:
            row["error"] = self.formatException(record.exc_info)
        return json.dumps(row, ensure_ascii=False)


def start_log() -> None:
    """Send the log of this package to standard error, one JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    ours = logging.getLogger("assistant")
    ours.handlers = [handler]
    ours.setLevel(logging.INFO)
    ours.propagate = False
