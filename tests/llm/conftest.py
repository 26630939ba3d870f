"""The index of the outline, opened once, and models on a scripted endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from assistant.config import Settings
from assistant.model import Breaker, ChatModel
from index.build import Index, ensure_index
from tests.llm.endpoint import Endpoint

OpenModel = Callable[..., ChatModel]


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return ensure_index(Settings(index_dir=tmp_path_factory.mktemp("index")))


@pytest.fixture
def open_model() -> Iterator[OpenModel]:
    """Opens a model on an endpoint with a short limit, and closes it after the test."""
    opened: list[ChatModel] = []

    def open_(endpoint: Endpoint | str, *, breaker: Breaker | None = None, **settings: object) -> ChatModel:
        url = endpoint if isinstance(endpoint, str) else endpoint.url
        given = {"llm": "openai:scripted", "llm_base_url": url, "llm_timeout": 2.0, **settings}
        model = ChatModel.open(Settings(_env_file=None, **given), breaker=breaker)  # type: ignore[call-arg, arg-type]
        assert model is not None
        opened.append(model)
        return model

    yield open_
    for model in opened:
        model.close()
