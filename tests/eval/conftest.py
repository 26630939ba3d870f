"""The assistant on an index of its own, and small items and answers to score."""

from __future__ import annotations

import pytest

from assistant.config import Settings
from assistant.pipeline import Assistant
from index.types import Document


@pytest.fixture(scope="session")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return Assistant.open(Settings(index_dir=tmp_path_factory.mktemp("index")))


@pytest.fixture(scope="session")
def document(assistant: Assistant) -> Document:
    return assistant.index.document
