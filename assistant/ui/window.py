"""The Gradio page and its named endpoints: the only import of gradio."""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from assistant.ui.desk import DeskError
from assistant.ui.endpoints import Endpoints
from assistant.ui.render import render_frame
from assistant.ui.texts import by_language
from assistant.understand import LONGEST_QUESTION
from index.types import AddressError

if TYPE_CHECKING:
    import gradio
    from fastapi import FastAPI

_STATIC = Path(__file__).with_name("static")


def import_gradio() -> ModuleType:
    """Import gradio with its telemetry off, without what it does to its own files.

    On every import gradio parses the source of all its components to write their type stubs into its package
    again: half of the import's time, and a failure where the environment is read-only. It leaves out classes
    that have no file, so until it is imported its components have none.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    file_of: Callable[[Any], str] = inspect.getfile

    def no_file_of_components(thing: object) -> str:
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError("a component's stub is not written again")
        return file_of(thing)

    vars(inspect)["getfile"] = no_file_of_components
    try:
        import gradio as gr
    finally:
        vars(inspect)["getfile"] = file_of
    return gr


def leave_out_plots() -> None:
    """Have matplotlib count as not installed in this process, of which no plot is asked.

    Around every call gradio switches matplotlib's backend where there is one: the first call would wait for its import.
    """
    sys.modules["matplotlib"] = None  # type: ignore[assignment]  # as the import system has it for "not there"


def mount_window(app: FastAPI, calls: Endpoints) -> None:
    """Put the page, its HTTP API and its MCP server at the root of an application."""
    gr = import_gradio()
    _have_tools_reply_in_json()
    theme = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
    gr.mount_gradio_app(
        app,
        _page(gr, calls),
        path="/",
        css_paths=[_STATIC / "window.css"],
        favicon_path=str(_STATIC / "favicon.png"),
        theme=theme,
        footer_links=[],
        run_history=False,
        mcp_server=True,
        ssr_mode=False,
        show_error=False,
        pwa=False,
        enable_monitoring=False,
    )


def _page(gr: ModuleType, calls: Endpoints) -> gradio.Blocks:
    document, enrichment = calls.names.document, calls.names.enrichment
    frame = render_frame(document, enrichment, longest_question=LONGEST_QUESTION)
    script = (_STATIC / "window.js").read_text("utf-8")
    blocks: gradio.Blocks = gr.Blocks(title=document.title, analytics_enabled=False)
    # Before it is mounted: what the mount is given comes too late for the page's own copy of the configuration.
    blocks.i18n_instance = gr.I18n(**by_language())
    with blocks:
        gr.HTML(frame, js_on_load=script, apply_default_css=False, padding=False)
        for call in (_told_async(gr, calls.ask), _told(gr, calls.search), _told(gr, calls.read_section)):
            gr.api(call, api_name=call.__name__, queue=False)
    # The desk has the bound that people see; this one only keeps a flood from filling the memory. Without "auto"
    # nobody who waits is told of everybody else's progress: messages that grow with the square of the users.
    most = 4 * (calls.desk.at_once + calls.desk.waiting)
    blocks.queue(status_update_rate=5, max_size=most, default_concurrency_limit=None, api_open=True)
    return blocks


def _told(gr: ModuleType, call: Callable[..., Any]) -> Callable[..., Any]:
    """A call whose refusals reach the caller as a message; any other error stays ours."""

    @functools.wraps(call)
    def told(*given: object, **named: object) -> object:
        try:
            return call(*given, **named)
        except (DeskError, AddressError) as error:
            raise gr.Error(str(error), print_exception=False) from error

    return told


def _told_async(gr: ModuleType, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    async def told(*given: object, **named: object) -> object:
        try:
            return await call(*given, **named)
        except DeskError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return told


def _have_tools_reply_in_json() -> None:
    """Have MCP tools reply in JSON: gradio gives Python's own notation of what an endpoint returns."""
    import gradio.mcp
    from mcp.types import TextContent

    class JsonTools(gradio.mcp.GradioMCPServer):
        def postprocess_output_data(self, data: Any, root_url: str) -> list[Any]:  # noqa: ANN401, ARG002
            texts = [json.dumps(output, ensure_ascii=False) for output in data]
            return [TextContent(type="text", text=text) for text in texts]

    vars(gradio.mcp)["GradioMCPServer"] = JsonTools
