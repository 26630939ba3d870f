"""The page's own requests: a question, export, feedback; and `/healthz` for monitors.

A question does not take gradio's queue, which costs more than the answer does: the desk has the bound.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from assistant.feedback import Feedback, FeedbackStore
from assistant.ui.endpoints import Endpoints
from assistant.ui.receipts import answer_from, answers_from, as_docx, as_markdown, conversation
from assistant.ui.texts import interface_language
from index.types import AddressError

log = logging.getLogger("assistant.ui")

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def page_routes(calls: Endpoints, store: FeedbackStore) -> APIRouter:  # noqa: C901  # a function for each route
    """The routes over the calls and a store of feedback."""
    routes = APIRouter()
    index = calls.desk.assistant.index
    document = index.document

    @routes.get("/healthz")
    async def health() -> dict[str, Any]:
        return {
            "status": "ok",
            "document": document.id,
            "index": index.manifest.key,
            "passages": index.manifest.passages,
        }

    @routes.post("/window/turn")
    async def turn(request: Request) -> Response:
        """One exchange: JSON objects, one a line, each as soon as it is known."""
        try:
            body = await request.json()
            events = calls.turn(body["question"], body.get("history"), body.get("language"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _refusal(error)

        # A proxy that gathers a reply before it passes it on would hide the stages.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_lines(events), media_type="application/x-ndjson", headers=headers)

    @routes.post("/window/export")
    async def export(request: Request) -> Response:
        try:
            body = await request.json()
            answers = answers_from(body["answers"], document)
        except (ValueError, KeyError, TypeError) as error:
            return _refusal(error)
        lines = conversation(answers, calls.names, interface_language(body.get("language")))
        if body.get("format") == "docx":
            kind, suffix, content = _WORD, "docx", await asyncio.to_thread(as_docx, lines)
        else:
            kind, suffix, content = "text/markdown; charset=utf-8", "md", as_markdown(lines).encode()
        name = quote(f"{document.title}-问答.{suffix}")
        return Response(
            content, media_type=kind, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        )

    @routes.post("/window/feedback")
    async def feedback(request: Request) -> Response:
        try:
            body = await request.json()
            answer = answer_from(body["answer"], document)
            row = Feedback(
                verdict=body["verdict"],
                answer=replace(answer, versions={"index": index.manifest.key, **answer.versions}).to_dict(),
                reason=body.get("reason") or "",
                section=body.get("section") or "",
                comment=body.get("comment") or "",
            )
            if row.section:
                document.section(row.section)
        except (ValueError, KeyError, TypeError, AttributeError, AddressError) as error:
            return _refusal(error)
        try:
            await asyncio.to_thread(store.add, row)
        except (sqlite3.Error, OSError):
            log.exception("feedback not stored")
            return JSONResponse({"error": "not stored"}, status_code=500)
        log.info("feedback", extra={"fields": {"verdict": row.verdict, "reason": row.reason}})
        return JSONResponse({"stored": True})

    return routes


async def _lines(events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
    async for event in events:
        yield json.dumps(event, ensure_ascii=False) + "\n"


def _refusal(error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, status_code=400)
