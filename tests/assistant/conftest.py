"""The assistant on the outline's index, the one that the index tests build, opened once a worker."""

from __future__ import annotations

from typing import Protocol

import pytest

from assistant.__main__ import ask_turns
from assistant.pipeline import Assistant
from assistant.types import Answer
from index.build import Index
from tests.index.conftest import index_dir, outline, outline_index

__all__ = ["index_dir", "outline", "outline_index"]


class Ask(Protocol):
    """Asks the last of several messages, with those before as its history."""

    def __call__(self, *turns: str) -> Answer: ...


@pytest.fixture(scope="session")
def assistant(outline_index: Index) -> Assistant:
    return Assistant(outline_index)


@pytest.fixture(scope="session")
def ask(assistant: Assistant) -> Ask:
    def asked(*turns: str) -> Answer:
        return ask_turns(assistant, turns)

    return asked
