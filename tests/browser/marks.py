"""`python -m tests.browser.marks`: how fast the window is here, on a machine that does nothing else."""

from __future__ import annotations

import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gradio_client import Client  # type: ignore[import-untyped]

from tests.browser.browser import answer_time, chromium
from tests.ui.serving import served

USERS = 20
CHAPTERS = "一二三四五六七八九十"


def p95(seconds: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(seconds, n=20)[-1]


def main() -> None:
    """Print each mark on a line."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as window:
        print(f"window ready after {time.perf_counter() - start:.1f} s")
        with chromium() as browser:
            opened, answered = [], []
            for _ in range(5):
                page = browser.new_context(locale="zh-CN").new_page()
                start = time.perf_counter()
                page.goto(window.url)
                page.wait_for_selector("#outline[data-ready]")
                opened.append(time.perf_counter() - start)
                answered += [answer_time(page, f"第{chapter}章讲了什么？") for chapter in CHAPTERS]
                page.context.close()
            print(f"page interactive: median {statistics.median(opened):.2f} s, longest {max(opened):.2f} s")
            print(
                f"answer visible after Enter: median {statistics.median(answered):.0f} ms of {len(answered)}"
            )
        with ThreadPoolExecutor(USERS) as pool:
            # Each call of this client reads the list of certificate authorities anew, which costs it four times what
            # the answer costs the server; over loopback there is no TLS to check.
            clients = list(
                pool.map(lambda _: Client(window.url, verbose=False, ssl_verify=False), range(USERS))
            )

            def ask(user: int) -> float:
                asked = time.perf_counter()
                reply = clients[user].predict(f"第{CHAPTERS[user % 10]}章讲了什么？", api_name="/ask")
                if reply["status"] != "answered":
                    raise RuntimeError(f"not answered: {reply}")
                return time.perf_counter() - asked

            first = list(pool.map(ask, range(USERS)))
            seconds = [second for _ in range(3) for second in pool.map(ask, range(USERS))]
        print(f"{USERS} users at once, first question of each: p95 {p95(first):.2f} s, none failed")
        print(f"{USERS} users at once, next 3 questions: p95 {p95(seconds):.2f} s, none failed")


if __name__ == "__main__":
    main()
