"""The only import of chat models: LangChain's `init_chat_model`, behind a stream of text and one error.

What a question costs in time is bounded here: a call has a limit, and after a few faults in a row a circuit
breaker answers for the endpoint until a trial call has come through.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import prompts
from assistant.types import AssistantError

if TYPE_CHECKING:
    import httpx
    from langchain_core.language_models import BaseChatModel

    from assistant.config import Settings

log = logging.getLogger(__name__)
Messages = Sequence[tuple[str, str]]
_Result = TypeVar("_Result")
_CONNECT_SECONDS = 5.0
# A provider's package beside its name in `LLM`; `make llm` installs these two.
_PACKAGES = {"openai": "langchain-openai", "ollama": "langchain-ollama"}


class Fault(StrEnum):
    """What went wrong between the question and the model's reply."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BUSY = "busy"
    DENIED = "denied"
    REJECTED = "rejected"
    FAILED = "failed"
    CUT = "cut"
    REFUSED = "refused"
    PAUSED = "paused"
    UNUSABLE = "unusable"
    TOO_LONG = "too_long"


# What says that the endpoint, not the question, is at fault.
_ENDPOINT_FAULTS = frozenset(
    {Fault.UNREACHABLE, Fault.TIMEOUT, Fault.BUSY, Fault.DENIED, Fault.FAILED, Fault.CUT}
)


class ModelSetupError(AssistantError):
    """The language model can't be used as the settings ask; one line, Chinese first and English after it."""


class ModelFault(Exception):  # noqa: N818 - a fault of the endpoint, told apart by its kind
    """A call came to nothing. The endpoint's own words are left out: they may hold a part of the key."""

    def __init__(self, fault: Fault) -> None:
        """A fault of this kind."""
        super().__init__(fault.value)
        self.fault = fault


class Breaker:
    """A circuit breaker: after `threshold` faults in a row calls are refused for `pause` seconds.

    Then one is tried. Every failed trial doubles the pause, up to `longest` seconds. Safe under threads.
    """

    def __init__(
        self,
        *,
        threshold: int = 2,
        pause: float = 30.0,
        longest: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A closed breaker."""
        self._threshold = threshold
        self._pause = self._first_pause = pause
        self._longest = longest
        self._clock = clock
        self._lock = threading.Lock()
        self._faults = 0
        self._open_until = 0.0

    def allows(self) -> bool:
        """Whether a call may go out now; while a trial call is out no other may."""
        with self._lock:
            if self._faults < self._threshold:
                return True
            now = self._clock()
            if now < self._open_until:
                return False
            # The trial: others wait for its outcome, or for another pause should it never come.
            self._open_until = now + self._pause
            return True

    def record(self, *, ok: bool) -> None:
        """The outcome of a call."""
        with self._lock:
            if ok:
                self._faults, self._pause = 0, self._first_pause
                return
            self._faults += 1
            if self._faults >= self._threshold:
                self._open_until = self._clock() + self._pause
                self._pause = min(2 * self._pause, self._longest)


class ChatModel:
    """A language model behind `LLM`. Safe under concurrent calls and from any event loop.

    Attributes:
        name: as in the settings, e.g. `openai:qwen-plus`.
        fingerprint: twelve hexadecimal digits that change with the model, its settings and the prompts.
        window: tokens of prompt and reply together.
        reply_tokens: the longest reply in tokens.
        timeout: seconds that one answer may take.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        *,
        settings: Settings,
        provider: str,
        client: httpx.AsyncClient | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        """Wrap a LangChain chat model; use `open`."""
        self.name = settings.llm
        self.window = settings.llm_context
        self.reply_tokens = min(settings.llm_max_tokens, settings.llm_context // 4)
        self.timeout = settings.llm_timeout
        made_from = [
            settings.llm,
            settings.llm_base_url,
            self.window,
            self.reply_tokens,
            prompts.fingerprint(),
        ]
        self.fingerprint = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:12]
        self.breaker = breaker or Breaker()
        self._chat = chat
        self._provider = provider
        self._is_official = not settings.llm_base_url
        self._structured = provider in _PACKAGES
        self._client = client
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    @classmethod
    def open(cls, settings: Settings, *, breaker: Breaker | None = None) -> ChatModel | None:
        """The model that the settings name; None when they name none. Nothing is sent yet.

        Raises:
            ModelSetupError: the provider is unknown, its package is missing or its key is.
        """
        if not settings.llm:
            return None
        provider, name = _split(settings)
        client = None
        options: dict[str, Any] = {}
        key = settings.llm_api_key.get_secret_value()
        match provider:
            case "openai":
                client = _http_client(settings)
                options = {"http_async_client": client, "max_retries": 0, "timeout": settings.llm_timeout}
                options |= {"use_responses_api": False, "stream_chunk_timeout": None}
                if settings.llm_base_url:
                    # Without a key of its own an endpoint doesn't get OpenAI's from the environment.
                    options |= {"base_url": settings.llm_base_url, "api_key": key or "none"}
                elif key:
                    options |= {"api_key": key}
            case "ollama":
                options = {
                    "num_ctx": settings.llm_context,
                    "num_predict": settings.llm_max_tokens,
                    "temperature": 0,
                }
                options |= {"reasoning": False, "client_kwargs": {"timeout": settings.llm_timeout}}
                options |= {"base_url": settings.llm_base_url} if settings.llm_base_url else {}
            case _:
                options = {
                    "timeout": settings.llm_timeout,
                    "max_retries": 0,
                    "max_tokens": settings.llm_max_tokens,
                }
                options |= {"base_url": settings.llm_base_url} if settings.llm_base_url else {}
                options |= {"api_key": key} if key else {}
        return cls(
            _init(name, provider, options),
            settings=settings,
            provider=provider,
            client=client,
            breaker=breaker,
        )

    async def stream(
        self, messages: Messages, *, schema: Mapping[str, Any] | None = None, limit: float | None = None
    ) -> AsyncGenerator[str, None]:
        """The reply to messages (role, text), piece by piece.

        Args:
            messages: roles are `system` and `user`.
            schema: the JSON schema of the reply, kept to where the endpoint can.
            limit: seconds that the whole call may take; the settings' timeout by default.

        Raises:
            ModelFault: the call failed, took too long, ended early, or was not let through by the breaker.
        """
        end = time.monotonic() + (self.timeout if limit is None else limit)
        if not self.breaker.allows():
            raise ModelFault(Fault.PAUSED)
        structured = schema is not None and self._structured
        try:
            started = False
            try:
                async with contextlib.aclosing(
                    self._pieces(messages, schema if structured else None, end)
                ) as pieces:
                    async for piece in pieces:
                        started = True
                        yield piece
            except ModelFault as error:
                if not structured or started or error.fault is not Fault.REJECTED:
                    raise
                # The endpoint may not know response_format: ask in the plain form, and go on so if that comes
                # through.
                async with contextlib.aclosing(self._pieces(messages, None, end)) as pieces:
                    async for piece in pieces:
                        self._structured = False
                        yield piece
        except ModelFault as error:
            log.warning("language model: %s", error.fault)
            self.breaker.record(ok=error.fault not in _ENDPOINT_FAULTS)
            raise
        except GeneratorExit:
            # The reader has heard enough: the endpoint did answer.
            self.breaker.record(ok=True)
            raise
        self.breaker.record(ok=True)

    async def complete(self, messages: Messages, *, limit: float | None = None, longest: int = 4000) -> str:
        """The whole reply, up to `longest` characters.

        Raises:
            ModelFault: as `stream`.
        """
        text = ""
        async with contextlib.aclosing(self.stream(messages, limit=limit)) as pieces:
            async for piece in pieces:
                text += piece
                if len(text) > longest:
                    break
        return text[:longest]

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine to its end from code that isn't asynchronous (not from this model's own calls)."""
        return asyncio.run_coroutine_threadsafe(work, self._own_loop()).result()

    def close(self) -> None:
        """Let go of connections and of the thread; the model can't be used afterwards."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is None:
            return
        if self._client is not None:
            asyncio.run_coroutine_threadsafe(self._client.aclose(), loop).result(timeout=5)
        loop.call_soon_threadsafe(loop.stop)

    async def _pieces(
        self, messages: Messages, schema: Mapping[str, Any] | None, end: float
    ) -> AsyncGenerator[str, None]:
        """One request, made in the model's own loop: connections belong to a loop, and callers have many."""
        queue: asyncio.Queue[str | BaseException | None] = asyncio.Queue()
        here = asyncio.get_running_loop()

        def hand_over(item: str | BaseException | None) -> None:
            # The reader may be gone, and its loop with it.
            with contextlib.suppress(RuntimeError):
                here.call_soon_threadsafe(queue.put_nowait, item)

        async def pump() -> None:
            try:
                await self._request(messages, schema, hand_over)
            except Exception as error:  # noqa: BLE001 - every provider has its own errors; all become one kind
                hand_over(error)
            else:
                hand_over(None)

        started = False
        job: Future[None] = asyncio.run_coroutine_threadsafe(pump(), self._own_loop())
        try:
            while True:
                try:
                    item = await asyncio.wait_for(queue.get(), max(0.0, end - time.monotonic()))
                except TimeoutError:
                    raise ModelFault(Fault.TIMEOUT) from None
                if item is None:
                    return
                if isinstance(item, BaseException):
                    fault = item.fault if isinstance(item, ModelFault) else _fault_of(item)
                    # A connection that is lost halfway was there before.
                    cut = started and fault is Fault.UNREACHABLE
                    raise ModelFault(Fault.CUT if cut else fault) from None
                started = True
                yield item
        finally:
            job.cancel()

    async def _request(
        self, messages: Messages, schema: Mapping[str, Any] | None, hand_over: Callable[[str], None]
    ) -> None:
        from langchain_core.messages import HumanMessage, SystemMessage
        from langsmith.run_helpers import tracing_context

        chat_messages = [
            SystemMessage(text) if role == "system" else HumanMessage(text) for role, text in messages
        ]
        finish = ""
        # Questions go to the endpoint that the settings name and nowhere else, whatever the environment
        # traces.
        with tracing_context(enabled=False):
            async for chunk in self._chat.astream(chat_messages, **self._request_options(schema)):
                if chunk.additional_kwargs.get("refusal"):
                    raise ModelFault(Fault.REFUSED)
                metadata = chunk.response_metadata
                finish = str(
                    metadata.get("finish_reason")
                    or metadata.get("done_reason")
                    or metadata.get("stop_reason")
                    or finish
                )
                if text := str(chunk.text):
                    hand_over(text)
        if finish == "content_filter":
            raise ModelFault(Fault.REFUSED)
        if not finish and self._provider in _PACKAGES:
            # A connection that was closed quietly looks like the end of the reply, but names no reason for
            # it.
            raise ModelFault(Fault.CUT)

    def _request_options(self, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        if self._provider == "ollama":
            return {"format": dict(schema)} if schema else {}
        if self._provider != "openai":
            return {}
        body: dict[str, Any] = {}
        # Most endpoints know max_tokens, OpenAI's newer models only max_completion_tokens.
        body["max_completion_tokens" if self._is_official else "max_tokens"] = self.reply_tokens
        options: dict[str, Any] = {"extra_body": body}
        if schema:
            form = {"name": "reply", "strict": True, "schema": dict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
            options["temperature"] = 0
        return options

    def _own_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_run_loop, args=(self._loop,), name="chat-model", daemon=True).start()
            return self._loop


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _split(settings: Settings) -> tuple[str, str]:
    """Provider and model name of `LLM`; with a base URL a name without a provider is OpenAI-compatible."""
    from langchain.chat_models.base import _BUILTIN_PROVIDERS

    provider, separator, name = settings.llm.partition(":")
    if separator and provider.replace("-", "_") in _BUILTIN_PROVIDERS and name:
        return provider.replace("-", "_"), name
    if settings.llm_base_url:
        return "openai", settings.llm
    raise ModelSetupError(
        f"LLM={settings.llm} 没有写明提供方，例如 openai:qwen-plus 或 ollama:qwen3。 "
        f"LLM={settings.llm} names no provider; write for example openai:qwen-plus or ollama:qwen3."
    )


def _init(name: str, provider: str, options: Mapping[str, Any]) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    try:
        chat: BaseChatModel = init_chat_model(name, model_provider=provider, **options)
    except ImportError:
        package = _PACKAGES.get(provider, f"langchain-{provider.replace('_', '-')}")
        install = "make llm" if provider in _PACKAGES else f"pip install {package}"
        raise ModelSetupError(
            f"语言模型需要软件包 {package}，请运行 {install}。 "
            f"The language model needs the package {package}: run {install}."
        ) from None
    except Exception as error:  # noqa: BLE001 - providers have many ways to say no
        log.debug("init_chat_model: %s", type(error).__name__)
        raise ModelSetupError(
            f"无法使用语言模型 {provider}:{name}，请检查 LLM、LLM_BASE_URL 和 LLM_API_KEY。 "
            f"The language model {provider}:{name} can't be used; check LLM, LLM_BASE_URL and LLM_API_KEY."
        ) from None
    return chat


def _http_client(settings: Settings) -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(
        timeout=httpx.Timeout(settings.llm_timeout, connect=min(_CONNECT_SECONDS, settings.llm_timeout))
    )


def _fault_of(error: BaseException) -> Fault:
    """The kind of a provider's error, by its type or its HTTP status."""
    import httpx
    from langchain_core import exceptions as core

    by_type: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Fault], ...] = (
        ((core.ModelTimeoutError, httpx.TimeoutException, TimeoutError), Fault.TIMEOUT),
        ((httpx.ConnectError, httpx.UnsupportedProtocol, ConnectionRefusedError), Fault.UNREACHABLE),
        ((httpx.RemoteProtocolError, httpx.ReadError), Fault.CUT),
        (core.ModelRateLimitError, Fault.BUSY),
        ((core.ModelAuthenticationError, core.ModelPermissionDeniedError), Fault.DENIED),
        (core.ContextOverflowError, Fault.TOO_LONG),
        ((core.ModelInvalidRequestError, core.ModelNotFoundError), Fault.REJECTED),
        (core.ModelAPIError, Fault.FAILED),
        ((core.ModelConnectionError, ConnectionError), Fault.UNREACHABLE),
    )
    for types, fault in by_type:
        if isinstance(error, types):
            return fault
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        if status == 429:
            return Fault.BUSY
        if status in {401, 403}:
            return Fault.DENIED
        return Fault.REJECTED if 400 <= status < 500 else Fault.FAILED
    return Fault.FAILED
