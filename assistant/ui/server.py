"""One web application: the Gradio page with its API and MCP server, chat completions, the page's routes."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
import webbrowser
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from assistant.config import Settings
from assistant.feedback import FeedbackStore
from assistant.ui.desk import Desk, start_log
from assistant.ui.login import Logins

if TYPE_CHECKING:
    from assistant.pipeline import Assistant

_LARGEST_BODY = 2_000_000
_OPEN_TO_ALL = ("/healthz",)
_OTHER_THREADS = 8
# Gradio's page has inline scripts and compiles templates; nothing may come from, or go to, another host.
_HEADERS = (
    (
        b"content-security-policy",
        b"; ".join(
            (
                b"default-src 'self'",
                b"script-src 'self' 'unsafe-inline' 'unsafe-eval'",
                b"style-src 'self' 'unsafe-inline'",
                b"img-src 'self' data: blob:",
                b"font-src 'self' data:",
                b"connect-src 'self' blob: data:",
                b"worker-src 'self' blob:",
                b"object-src 'none'",
                b"base-uri 'self'",
                b"form-action 'self'",
                b"frame-ancestors 'self'",
            )
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """In front of everything: login where it is asked for, a bound on request bodies, security headers."""

    def __init__(self, app: App, logins: Logins | None = None) -> None:
        """Guard an ASGI application."""
        self._app = app
        self._logins = logins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if self._logins is not None and scope["path"] not in _OPEN_TO_ALL:
            given = headers.get(b"authorization", b"").decode("latin-1")
            if not given or await asyncio.to_thread(self._logins.name_of, given) is None:
                await _plain(
                    send,
                    401,
                    "请登录。 Please log in.",
                    (b"www-authenticate", b'Basic realm="outline", charset="UTF-8"'),
                )
                return
        body: bytes | None = None
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > _LARGEST_BODY:
            await _plain(send, 413, "请求过大。 The request is too large.")
            return
        if b"transfer-encoding" in headers and (body := await _read(receive)) is None:
            await _plain(send, 413, "请求过大。 The request is too large.")
            return

        async def replayed() -> Message:
            nonlocal body
            if body is None:
                return await receive()
            message, body = {"type": "http.request", "body": body, "more_body": False}, None
            return message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
            await send(message)

        await self._app(scope, replayed, with_headers)


async def _read(receive: Receive) -> bytes | None:
    """A body that states no length, read to its end; None when it is too large."""
    body = bytearray()
    while len(body) <= _LARGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)
    return None


async def _plain(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": [(b"content-type", b"text/plain; charset=utf-8"), *headers],
    }
    await send(start)
    await send({"type": "http.response.body", "body": text.encode()})


def build_app(desk: Desk, store: FeedbackStore, logins: Logins | None = None) -> App:
    """The whole application over a desk."""
    from fastapi import FastAPI

    from assistant.ui.chat_api import chat_routes
    from assistant.ui.endpoints import Endpoints
    from assistant.ui.page_routes import page_routes
    from assistant.ui.render import Names
    from assistant.ui.window import mount_window

    # Without the pages of interactive documentation: they load scripts from outside.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    index = desk.assistant.index
    calls = Endpoints(desk, Names(index.document, index.enrichment))
    app.include_router(page_routes(calls, store))
    app.include_router(chat_routes(desk))
    mount_window(app, calls)
    return Guard(app, logins)


def serve(settings: Settings, *, open_browser: bool = False) -> None:
    """Open the index, start the window and serve until stopped.

    Raises:
        IndexingError: the index can't be opened.
        LoginFileError: `AUTH_FILE` is set and can't be used.
        OSError: the address or port can't be used.
    """
    gc.disable()  # what a start imports and builds is no garbage, and looking for some takes a tenth of its time
    start_log()
    logins = Logins.load(settings.auth_file) if settings.auth_file else None
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Listening comes first: a port in use is told at once, and a page opened early waits instead of failing.
    with socket.create_server((settings.host, settings.port), family=family) as listener:
        from assistant.pipeline import Assistant
        from index.__main__ import progress_bar

        assistant = Assistant.open(settings, progress=progress_bar())
        # One after the other: two threads that import wait for each other more than they gain.
        from assistant.ui.window import import_gradio, leave_out_plots

        leave_out_plots()
        import_gradio()
        import uvicorn

        desk = Desk(assistant, shows_stages=bool(settings.llm), log_questions=settings.log_questions)
        app = build_app(desk, FeedbackStore(settings.feedback_db), logins)
        url = address_of(settings.host, listener.getsockname()[1])

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                give_threads(desk)
                gc.freeze()
                gc.enable()
                _announce(url, open_browser=open_browser)
                if not settings.llm:
                    threading.Thread(target=warm_up, args=(assistant,), daemon=True).start()

        # Open event streams would hold up a restart for as long as somebody has the page open.
        config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=3)
        Server(config).run(sockets=[listener])


def give_threads(desk: Desk) -> None:
    """Give the running loop a thread for every answer, and some for logins, exports and feedback.

    By default there are little more than processors, and a few slow language models would hold up everybody.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(desk.at_once + _OTHER_THREADS))


def warm_up(assistant: Assistant) -> None:
    """Load what the first question would have to wait for: a section's title makes use of all of it."""
    assistant.ask(next(section.title for section in assistant.index.document.sections() if section.chapter))


def _announce(url: str, *, open_browser: bool) -> None:
    print(f"打开 Open {url}  (Ctrl-C 停止 stops)", flush=True)  # noqa: T201
    if open_browser and has_display():
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def has_display() -> bool:
    """Whether a browser window could be seen here."""
    return (
        os.name == "nt"
        or os.uname().sysname == "Darwin"
        or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    )


def address_of(host: str, port: int) -> str:
    """What a person opens for a listening address."""
    shown = "127.0.0.1" if host in {"", "0.0.0.0", "::"} else host  # noqa: S104
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"
