"""`/v1/chat/completions` and `/v1/models`: the assistant as a model for clients that speak OpenAI's protocol.

The last user message is the question; the user messages before it are its history. System messages are not
obeyed: the assistant answers from the document whatever it is told.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from assistant.types import Answer, Status
from assistant.ui.desk import BusyError, Desk, DeskError, InputError
from assistant.ui.render import Names
from assistant.ui.texts import Language, text
from index.language import detect
from index.tokens import count_tokens

MODEL = "outline-assistant"


def chat_routes(desk: Desk) -> APIRouter:
    """The two routes over a desk."""
    routes = APIRouter(prefix="/v1")
    names = Names(desk.assistant.index.document, desk.assistant.index.enrichment)
    started = int(time.time())

    @routes.get("/models")
    async def models() -> dict[str, Any]:
        model = {"id": MODEL, "object": "model", "created": started, "owned_by": "local"}
        return {"object": "list", "data": [model]}

    @routes.post("/chat/completions")
    async def complete(request: Request) -> Response:
        try:
            body = await request.json()
            questions = _questions(body)
            language: Language = "zh" if detect(questions[-1]) == "zh" else "en"
            history = await desk.turns_of(questions[:-1], language=language, door="chat")
        except ValueError as error:
            return _refusal(400, "invalid_request_error", str(error))
        except DeskError as error:
            return _from_desk(error)
        made = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": MODEL}
        pieces = _pieces(desk, questions, history, language, names)
        if body.get("stream"):
            try:
                first = await anext(pieces)
            except DeskError as error:
                return _from_desk(error)
            usage = bool((body.get("stream_options") or {}).get("include_usage"))
            chunks = _chunks(first, pieces, made, questions if usage else None)
            return StreamingResponse(
                chunks, media_type="text/event-stream", headers={"Cache-Control": "no-cache"}
            )
        said, answer = "", None
        try:
            async for piece in pieces:
                said += piece if isinstance(piece, str) else ""
                answer = piece if isinstance(piece, Answer) else answer
        except DeskError as error:
            return _from_desk(error)
        message = {"role": "assistant", "content": said}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        fields = {"object": "chat.completion", "choices": [choice], "usage": _usage(questions, said)}
        return JSONResponse({**made, **fields, "answer": answer.to_dict() if answer else None})

    return routes


async def _pieces(
    desk: Desk, questions: list[str], history: list[Any], language: Language, names: Names
) -> AsyncIterator[str | Answer]:
    """The reply in pieces of text, the answer object at the end."""
    said = ""
    async for event in desk.stream(questions[-1], history, language=language, door="chat"):
        if isinstance(event, Answer):
            desk.remember(tuple(questions), event.turn())
            if said and not event.answer.startswith(said):
                said += "\n\n"  # what was said in advance was replaced by the verified text
                yield "\n\n"
                yield event.answer
            else:
                yield event.answer[len(said) :]
            yield _sources(event, language, names)
            yield event
        elif event.text.startswith(said) and event.text != said:
            yield event.text[len(said) :]
            said = event.text


def _sources(answer: Answer, language: Language, names: Names) -> str:
    """What follows the text: each marker's place, or the nearest sections, and the label."""
    place = 0 if language == "zh" else 1
    lines = [
        f"[{c.marker}] {names.of(c.section_id)[place]}"
        + (f" ({', '.join(c.sentence_ids)})" if c.sentence_ids else "")
        for c in answer.citations
    ]
    if answer.suggestions:
        lines.append(f"{text('nearest', language)}:")
        lines += [
            f"- {names.of(near.section_id)[place]}" + (f" — {near.question}" if near.question else "")
            for near in answer.suggestions
        ]
    label = "" if answer.status is Status.HELP else text("label", language)
    return "".join(f"\n\n{block}" for block in ("\n".join(lines), label) if block)


async def _chunks(
    first: str | Answer, rest: AsyncIterator[str | Answer], made: dict[str, Any], questions: list[str] | None
) -> AsyncIterator[str]:
    def chunk(delta: dict[str, Any], *, finish: str | None = None, **more: object) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        row = {**made, "object": "chat.completion.chunk", "choices": [choice], **more}
        return f"data: {json.dumps(row, ensure_ascii=False)}\n\n"

    yield chunk({"role": "assistant", "content": ""})
    said = ""
    try:
        piece: str | Answer = first
        while True:
            if isinstance(piece, Answer):
                yield chunk({}, finish="stop", answer=piece.to_dict())
            elif piece:
                said += piece
                yield chunk({"content": piece})
            try:
                piece = await anext(rest)
            except StopAsyncIteration:
                break
    except DeskError as error:
        told = {"error": {"message": str(error), "type": "server_error"}}
        yield f"data: {json.dumps(told, ensure_ascii=False)}\n\n"
    if questions is not None:
        row = {**made, "object": "chat.completion.chunk", "choices": [], "usage": _usage(questions, said)}
        yield f"data: {json.dumps(row, ensure_ascii=False)}\n\n"
    yield "data: [DONE]\n\n"


def _questions(body: object) -> list[str]:
    """The user messages of a request, oldest first.

    Raises:
        ValueError: the request is not of the form; the message says how.
    """
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(messages, list) or not messages:
        raise ValueError("“messages” must be a list of messages")
    if body.get("n") not in {None, 1}:
        raise ValueError("“n” can only be 1: the assistant has one answer")
    questions = [
        _content(message)
        for message in messages
        if isinstance(message, dict) and message.get("role") == "user"
    ]
    if not questions or messages[-1].get("role") != "user":
        raise ValueError("the last message must be the user's question")
    return questions


def _content(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(
            part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    if not isinstance(content, str) or not content.strip():
        raise ValueError("a user message has no text")
    return content


def _usage(questions: list[str], said: str) -> dict[str, int]:
    prompt, completion = sum(map(count_tokens, questions)), count_tokens(said)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _from_desk(error: DeskError) -> JSONResponse:
    if isinstance(error, InputError):
        return _refusal(400, "invalid_request_error", str(error))
    if isinstance(error, BusyError):
        return _refusal(429, "rate_limit_error", str(error))
    return _refusal(500, "server_error", str(error))


def _refusal(status: int, kind: str, message: str) -> JSONResponse:
    return JSONResponse(
        {"error": {"message": message, "type": kind, "param": None, "code": None}}, status_code=status
    )
