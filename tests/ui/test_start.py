"""What happens while the window starts."""

from __future__ import annotations

import sys
from typing import cast

from assistant.pipeline import Assistant
from assistant.ui.server import warm_up


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
