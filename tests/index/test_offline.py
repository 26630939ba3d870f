"""A whole build and search where no socket can be opened: nothing may ask for a network, not even in vain."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Python imports sitecustomize at its start. Any connection, and any look-up of a name, then ends the process
# at once, so that no `except` can hide it.
BLOCKED = """
import os, socket, sys

def refuse(*arguments, **_options):
    sys.stderr.write(f"network asked for: {arguments!r}\\n")
    sys.stderr.flush()
    os._exit(97)

class Socket(socket.socket):
    def connect(self, address):
        refuse(address) if self.family != socket.AF_UNIX else super().connect(address)

    def connect_ex(self, address):
        return refuse(address) if self.family != socket.AF_UNIX else super().connect_ex(address)

    def sendto(self, *arguments):
        refuse(*arguments)

socket.socket = Socket
socket.create_connection = refuse
socket.getaddrinfo = refuse
socket.gethostbyname = refuse
"""


@pytest.fixture
def blocked(tmp_path: Path) -> dict[str, str]:
    """An environment without a network, caches and a home, as on a machine that was never online."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(BLOCKED, "utf-8")
    (tmp_path / "home").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TIKTOKEN"))}
    return {
        **kept,
        "HOME": str(tmp_path / "home"),
        "INDEX_DIR": str(tmp_path / "index"),
        "ENRICHMENT": "false",  # a fourth of the passages will do
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": str(tmp_path / "site"),
        "TMPDIR": str(tmp_path),
    }


def run(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=200,
        check=False,
    )


@pytest.mark.parametrize(
    "call",
    [
        "socket.create_connection(('192.0.2.1', 80), 1)",
        "socket.getaddrinfo('host.invalid', 80)",
        "socket.socket().connect(('192.0.2.1', 80))",
        "__import__('urllib.request').request.urlopen('http://192.0.2.1/')",
    ],
)
def test_the_block_works(blocked: dict[str, str], call: str) -> None:
    result = run(blocked, "-c", f"import socket\ntry:\n    {call}\nexcept BaseException:\n    pass")
    assert result.returncode == 97


def test_building_and_searching_need_no_network(blocked: dict[str, str]) -> None:
    built = run(blocked, "-m", "index", "search", "养老", "--json")
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout)["sections"][0]["address"] == "7.3"
    again = run(blocked, "-m", "index", "search", "waste sorting 垃圾分类", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["sections"][0]["address"] == "6.3"
    assert again.stderr == ""
