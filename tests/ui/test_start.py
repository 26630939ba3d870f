"""What happens while the window starts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import cast

from assistant.pipeline import Assistant
from assistant.ui.desk import Desk
from assistant.ui.server import give_threads, warm_up
from tests.ui.serving import ROOT


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


def test_a_call_of_gradios_does_not_load_what_draws_plots() -> None:
    script = """if True:
        import sys
        from assistant.ui.window import import_gradio, leave_out_plots
        leave_out_plots()
        import_gradio()
        from gradio.utils import MatplotlibBackendMananger
        with MatplotlibBackendMananger():
            sys.exit("matplotlib.rcsetup" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False, timeout=120)
    assert done.returncode == 0
