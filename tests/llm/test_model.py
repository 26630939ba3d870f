from __future__ import annotations

import asyncio
import importlib.util
import logging
import subprocess
import sys
import time

import pytest

from assistant.config import Settings
from assistant.model import Breaker, ChatModel, Fault, ModelFault, ModelSetupError
from tests.llm.conftest import OpenModel
from tests.llm.endpoint import Body, Script, serve

MESSAGES = (("system", "Be short."), ("user", "Hello?"))
SCHEMA: dict[str, object] = {"type": "object", "properties": {}}


def ask(model: ChatModel, *, schema: dict[str, object] | None = None) -> str:
    async def collect() -> str:
        return "".join([piece async for piece in model.stream(MESSAGES, schema=schema)])

    return asyncio.run(collect())


def fault_of(model: ChatModel) -> Fault:
    with pytest.raises(ModelFault) as caught:
        ask(model)
    return caught.value.fault


def test_no_model_is_no_model() -> None:
    assert ChatModel.open(Settings()) is None


def test_a_reply_comes_in_pieces_and_whole(open_model: OpenModel) -> None:
    with serve(Script("标准化助力首都发展", size=2)) as endpoint:
        assert ask(open_model(endpoint)) == "标准化助力首都发展"
    (request,) = endpoint.requests
    assert request["model"] == "scripted"
    assert [message["role"] for message in request["messages"]] == ["system", "user"]
    assert request["max_tokens"] == 1_000
    assert request["stream"] is True


def test_the_key_goes_to_the_endpoint_and_nowhere_else(
    open_model: OpenModel, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-service")
    caplog.set_level(logging.DEBUG)
    with serve(Script(status=401)) as endpoint:
        model = open_model(endpoint, llm_api_key="sk-of-this-endpoint")
        assert fault_of(model) is Fault.DENIED
        assert fault_of(open_model(endpoint)) is Fault.DENIED
    keys = [
        next(v for k, v in headers.items() if k.lower() == "authorization") for headers in endpoint.headers
    ]
    assert keys == ["Bearer sk-of-this-endpoint", "Bearer none"]
    own = [record.getMessage() for record in caplog.records if record.name.startswith("assistant")]
    assert not [line for line in own if "sk-" in line]
    assert "sk-" not in model.name + model.fingerprint


FAULTS = {
    "401": (Script(status=401), Fault.DENIED),
    "403": (Script(status=403), Fault.DENIED),
    "404": (Script(status=404), Fault.REJECTED),
    "400": (Script(status=400), Fault.REJECTED),
    "429": (Script(status=429), Fault.BUSY),
    "500": (Script(status=500), Fault.FAILED),
    "503": (Script(status=503), Fault.FAILED),
    "aborted": (Script("标准化" * 20, cut=12), Fault.CUT),
    "closed-quietly": (Script("标准化" * 20, cut=12, how="quiet"), Fault.CUT),
    "filtered": (Script("标准化", finish="content_filter"), Fault.REFUSED),
    "silent": (Script("标准化", wait=30), Fault.TIMEOUT),
    "drip": (Script("标准化" * 100, pause=0.2), Fault.TIMEOUT),
    "broken-events": (Script(raw=b"data: {not json\n\n"), Fault.FAILED),
    "web-page": (Script(raw=b"<html>gateway</html>"), Fault.FAILED),
}


@pytest.mark.parametrize(("script", "fault"), FAULTS.values(), ids=FAULTS.keys())
def test_every_fault_has_its_kind_and_its_limit(script: Script, fault: Fault, open_model: OpenModel) -> None:
    with serve(script) as endpoint:
        model = open_model(endpoint, llm_timeout=1.0)
        start = time.monotonic()
        assert fault_of(model) is fault
        assert time.monotonic() - start < 1.5


def test_nobody_there(open_model: OpenModel) -> None:
    with serve(Script("x")) as endpoint:
        url = endpoint.url
    start = time.monotonic()
    assert fault_of(open_model(url)) is Fault.UNREACHABLE
    assert time.monotonic() - start < 1.5


def test_structured_output_where_the_endpoint_knows_it(open_model: OpenModel) -> None:
    with serve(Script("{}")) as endpoint:
        ask(open_model(endpoint), schema=SCHEMA)
    form = endpoint.requests[0]["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["schema"] == SCHEMA


def test_the_plain_form_where_it_does_not_and_from_then_on(open_model: OpenModel) -> None:
    def respond(body: Body) -> Script:
        return Script(status=400) if "response_format" in body else Script("plain")

    with serve(respond) as endpoint:
        model = open_model(endpoint)
        assert ask(model, schema=SCHEMA) == "plain"
        assert ask(model, schema=SCHEMA) == "plain"
    assert ["response_format" in body for body in endpoint.requests] == [True, False, False]
    assert "temperature" not in endpoint.requests[1]


def test_a_request_that_is_bad_either_way_is_rejected_once(open_model: OpenModel) -> None:
    with serve(Script(status=400)) as endpoint:
        model = open_model(endpoint)
        for _ in range(4):
            with pytest.raises(ModelFault) as caught:
                ask(model, schema=SCHEMA)
            assert caught.value.fault is Fault.REJECTED
    assert ["response_format" in body for body in endpoint.requests] == [True, False] * 4


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_breaker_pauses_a_dead_endpoint_tries_again_and_recovers() -> None:
    clock = Clock()
    breaker = Breaker(threshold=2, pause=30, longest=100, clock=clock)
    for _ in range(2):
        assert breaker.allows()
        breaker.record(ok=False)
    assert not breaker.allows()
    clock.now += 30
    assert breaker.allows()
    assert not breaker.allows(), "one trial at a time"
    breaker.record(ok=False)
    clock.now += 59
    assert not breaker.allows(), "a failed trial doubles the pause"
    clock.now += 1
    assert breaker.allows()
    breaker.record(ok=False)
    clock.now += 100
    assert breaker.allows(), "but not beyond the longest"
    breaker.record(ok=True)
    assert breaker.allows()
    breaker.record(ok=False)
    assert breaker.allows(), "one fault after a success is not two in a row"


def test_a_dead_endpoint_slows_only_the_first_questions(open_model: OpenModel) -> None:
    with serve(Script("x", wait=30)) as endpoint:
        model = open_model(endpoint, llm_timeout=0.3)
        assert [fault_of(model) for _ in range(2)] == [Fault.TIMEOUT] * 2
        start = time.monotonic()
        assert [fault_of(model) for _ in range(20)] == [Fault.PAUSED] * 20
        assert time.monotonic() - start < 0.5
    assert len(endpoint.requests) == 2


def test_what_the_endpoint_did_answer_does_not_open_the_breaker(open_model: OpenModel) -> None:
    with serve(Script(status=400)) as endpoint:
        model = open_model(endpoint)
        assert [fault_of(model) for _ in range(5)] == [Fault.REJECTED] * 5


def test_calls_from_many_event_loops_and_at_once(open_model: OpenModel) -> None:
    with serve(Script("好", pause=0.01)) as endpoint:
        model = open_model(endpoint)
        assert [ask(model) for _ in range(3)] == ["好"] * 3

        async def many() -> list[str]:
            return list(await asyncio.gather(*(model.complete(MESSAGES) for _ in range(8))))

        assert asyncio.run(many()) == ["好"] * 8
        assert model.run(model.complete(MESSAGES)) == "好"


def test_a_reader_that_leaves_early_ends_the_request(open_model: OpenModel) -> None:
    with serve(Script("标" * 10_000, size=1, pause=0.005)) as endpoint:
        model = open_model(endpoint)
        text = asyncio.run(model.complete(MESSAGES, longest=5))
        assert len(text) == 5
        start = time.monotonic()
        while not endpoint.spent and time.monotonic() - start < 3:
            time.sleep(0.02)
        assert endpoint.spent, "the endpoint still sends to nobody"


def test_the_fingerprint_follows_model_and_settings(open_model: OpenModel) -> None:
    url = "http://127.0.0.1:9/v1"
    first = open_model(url)
    assert first.fingerprint == open_model(url).fingerprint
    assert first.fingerprint != open_model(url, llm="openai:other").fingerprint
    assert first.fingerprint != open_model(url, llm_context=8_000).fingerprint


@pytest.mark.parametrize("name", ["qwen-plus", "openai:qwen-plus", "qwen3:8b"])
def test_with_a_base_url_any_name_is_openai_compatible(name: str, open_model: OpenModel) -> None:
    with serve(Script("好")) as endpoint:
        assert ask(open_model(endpoint, llm=name)) == "好"
    assert endpoint.requests[0]["model"] == name.removeprefix("openai:")


@pytest.mark.parametrize("name", ["qwen-plus", "nobody:model", ":", "openai:"])
def test_a_name_without_provider_is_one_clear_line(name: str) -> None:
    with pytest.raises(ModelSetupError, match="provider") as caught:
        ChatModel.open(Settings(llm=name))
    assert "\n" not in str(caught.value)


def test_a_missing_key_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelSetupError, match="LLM_API_KEY"):
        ChatModel.open(Settings(llm="openai:qwen-plus"))


WITHOUT_PACKAGES = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("langchain_openai", "langchain_ollama", "langchain_anthropic"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Hidden())
from assistant.config import Settings
from assistant.model import ChatModel, ModelSetupError

for name in sys.argv[1:]:
    try:
        ChatModel.open(Settings(llm=name, llm_base_url="http://127.0.0.1:9/v1"))
    except ModelSetupError as error:
        print(error)
"""


def test_a_missing_package_is_named_with_what_installs_it() -> None:
    """As where `make llm` was never run: the providers' packages can't be found."""
    names = ["openai:qwen-plus", "ollama:qwen3", "anthropic:claude"]
    command = [sys.executable, "-c", WITHOUT_PACKAGES, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    openai, ollama, anthropic = done.stdout.splitlines()
    assert "langchain-openai" in openai
    assert "make llm" in openai
    assert "langchain-ollama" in ollama
    assert "make llm" in ollama
    assert "pip install langchain-anthropic" in anthropic


def test_ollama_gets_the_window_and_no_thoughts() -> None:
    assert importlib.util.find_spec("langchain_ollama")
    model = ChatModel.open(
        Settings(llm="ollama:qwen3:8b", llm_base_url="http://127.0.0.1:9", llm_context=9_000)
    )
    assert model is not None
    chat = model._chat
    assert (chat.model, chat.num_ctx, chat.reasoning) == ("qwen3:8b", 9_000, False)  # type: ignore[attr-defined]
    assert fault_of(model) is Fault.UNREACHABLE
    model.close()


def test_importing_the_module_imports_no_provider() -> None:
    names = "[name for name in sys.modules if name.startswith(('langchain', 'openai'))]"
    code = f"import sys, assistant.generate; print({names})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
