"""One running window, and one assistant in this process, for all tests of the window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.config import Settings
from assistant.pipeline import Assistant
from assistant.ui.render import Names
from tests.ui.serving import Served, served


@pytest.fixture(scope="session")
def assistant() -> Assistant:
    return Assistant.open(Settings())


@pytest.fixture(scope="session")
def names(assistant: Assistant) -> Names:
    return Names(assistant.index.document, assistant.index.enrichment)


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("window")) as running:
        yield running
