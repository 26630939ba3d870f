"""What happens while the window starts."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import cast

from assistant.pipeline import Assistant
from assistant.ui.desk import Desk
from assistant.ui.server import give_threads, warm_up


def test_the_question_that_warms_up_goes_through_every_stage(assistant: Assistant) -> None:
    asked: list[str] = []

    class Recorder:
        index = assistant.index

        def ask(self, question: str) -> None:
            asked.append(question)

    warm_up(cast("Assistant", Recorder()))
    answer = assistant.ask(asked[0])
    assert answer.status == "answered"
    assert answer.citations
    assert "pypinyin" in sys.modules


def test_as_many_slow_answers_as_the_desk_takes_leave_room_for_a_login() -> None:
    async def run() -> None:
        here = Desk(cast("Assistant", None), at_once=40)
        give_threads(here)
        go = threading.Event()
        slow = [asyncio.create_task(asyncio.to_thread(go.wait, 30)) for _ in range(here.at_once)]
        await asyncio.sleep(0)
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "li"), 10) == "li"
        assert not any(task.done() for task in slow)
        go.set()
        await asyncio.gather(*slow)

    asyncio.run(run())
