"""The real window for tests: `app.py` in a process of its own, on the real index, on a free port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Served:
    """A running window: its address, its process, what it has printed and logged so far."""

    url: str
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def log(self) -> str:
        return "".join(self.lines)


@contextmanager
def served(folder: Path, *arguments: str, **environment: str) -> Iterator[Served]:
    """Start the window and stop it again; its feedback goes into `folder`."""
    settings = {"FEEDBACK_DB": str(folder / "feedback.sqlite3"), "PYTHONUNBUFFERED": "1", **environment}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "app.py"), "--port", "0", *arguments],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    running = Served("", process)
    reader = threading.Thread(target=_read, args=(process, running.lines), daemon=True)
    reader.start()
    try:
        deadline = time.monotonic() + 120
        while not (found := re.search(r"http://[^\s]+", running.log)):
            assert process.poll() is None, running.log
            assert time.monotonic() < deadline, f"not started: {running.log}"
            time.sleep(0.05)
        running.url = found[0]
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reader.join(5)
        assert process.stdout is not None
        process.stdout.close()


def _read(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:  # one at a time: the window is waited for by what it prints
        lines += [line]


def health(url: str) -> dict[str, object]:
    answer: dict[str, object] = httpx.get(f"{url}healthz", timeout=10).raise_for_status().json()
    return answer
