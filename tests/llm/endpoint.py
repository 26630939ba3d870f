"""A scripted endpoint on loopback: OpenAI's chat protocol over plain HTTP, streaming, with injected faults.

It is a small real server, not a stand-in for our own code: the client library, its parsing and its errors are
real.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Script:
    """What the endpoint does with one request.

    Attributes:
        text: the reply, sent in pieces of `size` characters.
        status: other than 200, an error is sent instead.
        wait: seconds before anything is sent.
        pause: seconds between pieces.
        cut: after this many characters the connection ends: `abort` in the middle of a chunk, `quiet` as if
            all were
            sent, but without a reason for finishing.
        finish: the reason for finishing.
        raw: sent instead of events, as it is.
        repeat: the text is sent over and over.
    """

    text: str = ""
    status: int = 200
    wait: float = 0.0
    pause: float = 0.0
    size: int = 7
    cut: int | None = None
    how: str = "abort"
    finish: str = "stop"
    raw: bytes = b""
    repeat: int = 1


@dataclass
class Endpoint:
    """A running endpoint: its address, the requests that it got, and what it does with the next ones."""

    url: str = ""
    respond: Callable[[Body], Script] = lambda _: Script()
    requests: list[Body] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    # Seconds that the endpoint itself took, by request: to tell our own time from its.
    spent: list[float] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def prompt(self, at: int = -1) -> str:
        """The messages of a request as one text."""
        return "\n".join(message["content"] for message in self.requests[at]["messages"])


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.endpoint = endpoint


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        endpoint = self.server.endpoint
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        endpoint.requests.append(body)
        endpoint.headers.append(dict(self.headers.items()))
        script = endpoint.respond(body)
        start = time.perf_counter()
        try:
            self._answer(script)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            endpoint.spent.append(time.perf_counter() - start)

    def _answer(self, script: Script) -> None:
        endpoint = self.server.endpoint
        endpoint.stopping.wait(script.wait)
        if script.status != 200:
            self._error(script.status)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if script.raw:
            self._chunk(script.raw)
            self._chunk(b"")
            return
        self._stream(script)

    def _stream(self, script: Script) -> None:
        text, stopping = script.text * script.repeat, self.server.endpoint.stopping
        for at in range(0, len(text), script.size):
            if stopping.is_set():
                return
            if script.cut is not None and at >= script.cut:
                self._break_off(script.how)
                return
            self._event({"content": text[at : at + script.size]}, None)
            stopping.wait(script.pause)
        self._event({}, script.finish)
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _error(self, status: int) -> None:
        error = {"message": "scripted: key sk-secret", "type": "scripted"}
        content = json.dumps({"error": error}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _break_off(self, how: str) -> None:
        self.close_connection = True
        if how == "quiet":
            self._chunk(b"")
        else:
            self.wfile.write(b"ff\r\nhalf a chunk")
            self.wfile.flush()

    def _event(self, delta: Body, finish: str | None) -> None:
        choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish}
        event = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
        self._chunk(f"data: {json.dumps({**event, 'choices': [choice]})}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        """Keep the tests' output quiet."""


@contextmanager
def serve(respond: Callable[[Body], Script] | Script) -> Iterator[Endpoint]:
    """An endpoint that answers every request by `respond`, or always by the same script."""
    endpoint = Endpoint(respond=respond if callable(respond) else lambda _: respond)
    server = _Server(endpoint)
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
