"""Every door's way to the assistant: limits, bound, error numbers, and a log without questions."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, cast

import pytest

from assistant.pipeline import Assistant, Progress
from assistant.types import Answer, Status, Turn
from assistant.ui.desk import (
    BusyError,
    Desk,
    FailedError,
    InputError,
    JsonLines,
    checked_question,
    turns_from,
)

Logged = Callable[[], list[dict[str, Any]]]


def said(question: str) -> Answer:
    return Answer(
        question=question,
        query=question,
        language="zh",
        status=Status.HELP,
        reason=None,
        answer=f"答{question}",
    )


class Waiting:
    """Answers once it is let go; what is asked for and how many at the same time is counted."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.inside = self.most = 0
        self.histories: list[tuple[str, ...]] = []

    async def astream(self, question: str, history: Sequence[Turn] = ()) -> AsyncIterator[Progress | Answer]:
        self.histories.append(tuple(turn.question for turn in history))
        self.inside += 1
        self.most = max(self.most, self.inside)
        yield Progress("answer")
        if question.startswith("slow"):
            await self.go.wait()
        self.inside -= 1
        yield said(question)


class Broken:
    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:  # noqa: ARG002
        raise RuntimeError("disk full")


def desk(assistant: object, **options: Any) -> Desk:  # noqa: ANN401
    return Desk(cast("Assistant", assistant), **options)


@pytest.fixture
def logged() -> Iterator[Logged]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("assistant.ui")
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    log.removeHandler(handler)
    log.setLevel(before)


def test_one_slow_answer_does_not_hold_up_another() -> None:
    async def run() -> None:
        waiting = Waiting()
        here = desk(waiting, shows_stages=True)
        slow = asyncio.create_task(here.ask("slow"))
        answer = await asyncio.wait_for(here.ask("quick"), 5)
        assert answer.answer == "答quick"
        assert not slow.done()
        waiting.go.set()
        assert (await slow).answer == "答slow"

    asyncio.run(run())


def test_beyond_the_bound_a_question_is_refused_in_the_readers_language() -> None:
    async def run() -> None:
        waiting = Waiting()
        here = desk(waiting, shows_stages=True, at_once=2, waiting=1)
        tasks = [asyncio.create_task(here.ask(f"slow{n}")) for n in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError, match="Many people"):
            await here.ask("one more", language="en")
        with pytest.raises(BusyError, match="人较多"):
            await here.ask("one more", language="zh")
        waiting.go.set()
        await asyncio.gather(*tasks)
        assert waiting.most == 2
        assert (await here.ask("after")).answer == "答after"

    asyncio.run(run())


def test_an_error_has_a_number_that_the_log_has_too(logged: Logged) -> None:
    with pytest.raises(FailedError) as caught:
        asyncio.run(desk(Broken()).ask("问", language="en"))
    assert caught.value.number in str(caught.value)
    assert "disk full" not in str(caught.value)
    (row,) = logged()
    assert (row["event"], row["number"], row["level"]) == ("failed", caught.value.number, "error")
    assert "disk full" in row["error"]


@pytest.mark.parametrize("kept", [False, True])
def test_the_log_has_a_question_only_when_asked_to(assistant: Assistant, logged: Logged, kept: bool) -> None:  # noqa: FBT001
    question = "养老服务有哪些标准？"
    asyncio.run(desk(assistant, log_questions=kept).ask(question))
    (row,) = logged()
    assert row["event"] == "answered"
    assert row["ms"] > 0
    assert (question in json.dumps(row, ensure_ascii=False)) is kept


@pytest.mark.parametrize("question", ["", "  \n", None, 7, ["x"], "长" * 2001])
def test_what_is_no_question_is_refused(question: object) -> None:
    with pytest.raises(InputError):
        checked_question(question)
    assert checked_question("长" * 2000)


def test_the_history_that_a_page_sends_is_taken_with_care() -> None:
    good = {"question": "a", "query": "b", "sections": ["1.3", 5], "sentences": None}
    rows = [None, "x", {"question": 1, "query": "b"}, {"question": "x" * 4001, "query": ""}, good]
    assert turns_from(rows) == [Turn("a", "b", ("1.3",), ())]
    assert turns_from("nonsense") == []
    assert len(turns_from([good] * 50)) == 20


def test_earlier_questions_are_asked_once_and_then_remembered() -> None:
    async def run() -> None:
        waiting = Waiting()
        here = desk(waiting, shows_stages=True)
        assert [turn.question for turn in await here.turns_of(["a", "b"])] == ["a", "b"]
        assert waiting.histories == [(), ("a",)]
        await here.turns_of(["a", "b"])
        assert len(waiting.histories) == 2
        here.remember(("a", "b", "c"), said("c").turn())
        await here.turns_of(["a", "b", "c"])
        assert len(waiting.histories) == 2

    asyncio.run(run())
