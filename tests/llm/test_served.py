"""A real server of another program with a real, tiny model: its replies are nonsense; none may be served."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.generate import generate
from assistant.model import Fault
from assistant.types import Intent, Query
from index.build import Index
from index.language import detect
from index.lexical import fold
from tests.llm.conftest import OpenModel
from tests.llm.lies import QUESTION, QUESTION_EN

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of the server and the model's name on it."""
    folder = tmp_path_factory.mktemp("tiny")
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.llm.tiny_server", str(folder)]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    with subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        port = next((line for line in server.stdout if line.strip().isdecimal()), "").strip()
        assert port, "the server did not start"
        yield f"http://127.0.0.1:{port}/v1", str(folder)
        server.kill()


@pytest.mark.parametrize("question", [QUESTION, QUESTION_EN, "养老方面有什么安排？"])
def test_nonsense_is_never_served(
    question: str, served: tuple[str, str], index: Index, open_model: OpenModel
) -> None:
    url, folder = served
    settings = {"llm_context": 2_600, "llm_max_tokens": 64, "llm_timeout": 60.0}
    model = open_model(url, llm=f"openai:{folder}", **settings)
    query = Query(question, question, fold(question), detect(question), Intent.CONTENT)
    ranking = index.retriever.search(question)
    generated = model.run(generate(query, ranking, index=index, model=model))
    assert generated.statements == ()
    assert generated.fault is Fault.UNUSABLE
    assert generated.notice
    assert model.breaker.allows()


def test_the_protocol_holds_a_reply_comes_token_by_token(
    served: tuple[str, str], open_model: OpenModel
) -> None:
    url, folder = served
    model = open_model(url, llm=f"openai:{folder}", llm_max_tokens=64, llm_timeout=60.0)

    async def pieces() -> list[str]:
        return [piece async for piece in model.stream([("system", "Be short."), ("user", "Hello?")])]

    assert len(model.run(pieces())) > 1


def test_a_model_that_is_not_there_is_a_fault(served: tuple[str, str], open_model: OpenModel) -> None:
    url, folder = served
    model = open_model(url, llm=f"openai:{folder}-nowhere", llm_timeout=30.0)
    query = Query(QUESTION, QUESTION, fold(QUESTION), "zh", Intent.CONTENT)
    from assistant.model import ModelFault

    async def ask() -> None:
        async for _ in model.stream([("user", query.text)]):
            pass

    with pytest.raises(ModelFault):
        model.run(ask())
