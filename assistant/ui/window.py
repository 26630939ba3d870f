"""The Gradio page and its named endpoints: `ask`, `search` and `read_section` (HTTP API and MCP tools)."""

from __future__ import annotations

import inspect
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from assistant.types import Answer
from assistant.ui.desk import Desk, DeskError, InputRefused, checked_question, turns_from
from assistant.ui.receipts import receipts_of
from assistant.ui.render import Names, render_answer, render_frame, render_partial
from assistant.ui.texts import interface_language
from assistant.understand import LONGEST_QUESTION
from index.types import AddressError, Section

if TYPE_CHECKING:
    import gradio

_STATIC = Path(__file__).with_name("static")
_MOST_RESULTS = 50


def import_gradio() -> ModuleType:
    """Import gradio with its telemetry off, without what it does to its own files.

    On every import gradio parses the source of all its components to write their type stubs into its package again:
    half of the import's time, and a failure where the environment is read-only. It leaves out classes that have no
    file, so until it is imported its components have none.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    file_of = inspect.getfile

    def no_file_of_components(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError("a component's stub is not written again")
        return file_of(thing)

    inspect.getfile = no_file_of_components
    try:
        import gradio as gr
    finally:
        inspect.getfile = file_of
    return gr


def json_tools() -> None:
    """Have MCP tools reply in JSON: gradio gives Python's own notation of what an endpoint returns."""
    import gradio.mcp
    from mcp.types import TextContent

    class JsonTools(gradio.mcp.GradioMCPServer):
        def postprocess_output_data(self, data: Any, root_url: str) -> list[Any]:
            return [TextContent(type="text", text=json.dumps(output, ensure_ascii=False)) for output in data]

    gradio.mcp.GradioMCPServer = JsonTools  # type: ignore[misc]


def build_window(desk: Desk) -> gradio.Blocks:
    """The page over a desk, with its endpoints."""
    gr = import_gradio()
    index = desk.assistant.index
    names = Names(index.document, index.enrichment)
    frame = render_frame(index.document, index.enrichment, longest_question=LONGEST_QUESTION)
    script = (_STATIC / "window.js").read_text("utf-8")

    async def turn(
        question: str, history: list[dict[str, Any]], language: str
    ) -> AsyncIterator[dict[str, Any]]:
        """One exchange as the page shows it: stages, then the answer's HTML with its receipts; or one line on why not."""
        shown = interface_language(language)
        try:
            async for event in desk.stream(question, turns_from(history), language=shown):
                if isinstance(event, Answer):
                    known = event.turn()
                    yield {
                        "html": render_answer(event, names),
                        "answer": event.to_dict(),
                        "turn": {
                            "question": known.question,
                            "query": known.query,
                            "sections": list(known.sections),
                            "sentences": list(known.sentences),
                        },
                        "receipts": receipts_of(event, index.document),
                    }
                elif event.text:
                    yield {"stage": event.stage, "html": render_partial(event.text)}
                else:
                    yield {"stage": event.stage}
        except DeskError as error:
            yield {"error": str(error)}

    async def ask(question: str, earlier_questions: list[str] | None = None) -> dict[str, Any]:
        """Answer a question about the document. Every sentence of the answer is cited; what the document doesn't say is refused.

        Args:
            question: The question, in Chinese, English or another language; at most 2000 characters.
            earlier_questions: The earlier questions of this conversation, oldest first, for follow-ups.
        """
        try:
            turns = await desk.turns_of([checked_question(text) for text in earlier_questions or []])
            return (await desk.ask(question, turns)).to_dict()
        except DeskError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def search(query: str, limit: int = 5) -> dict[str, Any]:
        """Search the document's sections and sentences by meaning and by keyword, best first.

        Args:
            query: What to look for, in Chinese or English; at most 2000 characters.
            limit: How many sections and how many sentences to return, 1 to 50.
        """
        try:
            ranking = index.retriever.search(
                checked_question(query), k=max(1, min(int(limit), _MOST_RESULTS))
            )
        except InputRefused as error:
            raise gr.Error(str(error), print_exception=False) from error
        document = index.document
        return {
            "query": query,
            "sections": [
                {
                    "address": s.address,
                    "label": names.of(s.address)[0],
                    "label_en": names.of(s.address)[1],
                    "score": s.score,
                }
                for s in ranking.sections[:limit]
            ],
            "sentences": [
                {
                    "address": s.address,
                    "text": document.sentence(s.address).text,
                    "translation": index.enrichment.english(s.address),
                    "score": s.score,
                }
                for s in ranking.sentences[:limit]
            ],
        }

    def read_section(address: str) -> dict[str, Any]:
        """Read one section or chapter of the document in its own words.

        Args:
            address: A section such as 5.3, a chapter such as 5, a sentence such as 1.3#12, or 0.1 and 0.2 for the notice and preamble.
        """
        found = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,3}))?(?:#(\d{1,4}))?", address.strip())
        try:
            if found is None:
                raise AddressError(
                    f"地址应如 5、5.3 或 1.3#12。 An address looks like 5, 5.3 or 1.3#12, not {address[:40]}."
                )
            if found[2] is None:
                sections = list(index.document.chapter(int(found[1])).sections)
            else:
                sections = [index.document.section(f"{found[1]}.{found[2]}")]
            if found[3] is not None:
                index.document.sentence(address.strip())
        except AddressError as error:
            raise gr.Error(str(error), print_exception=False) from error
        label, label_en = names.of(found[0])
        rows = [
            row
            for section in sections
            for row in sentences_of(section)
            if not found[3] or row["address"] == found[0]
        ]
        return {
            "address": found[0],
            "label": label,
            "label_en": label_en,
            "title": index.document.title,
            "sentences": rows,
        }

    def sentences_of(section: Section) -> list[dict[str, Any]]:
        return [
            {"address": s.address, "text": s.text, "translation": index.enrichment.english(s.address)}
            for s in section.sentences
        ]

    with gr.Blocks(title=index.document.title, analytics_enabled=False) as blocks:
        gr.HTML(frame, js_on_load=script, apply_default_css=False, padding=False)
        # The page's own endpoint, of no use to programs. The others skip gradio's queue: the desk bounds them all.
        gr.api(turn, api_name="turn", api_visibility="undocumented", concurrency_limit=None)
        gr.api(ask, api_name="ask", queue=False)
        gr.api(search, api_name="search", queue=False)
        gr.api(read_section, api_name="read_section", queue=False)
    # The desk has the bound that people see; this one only keeps a flood from filling the memory.
    blocks.queue(max_size=4 * (desk.at_once + desk.waiting), default_concurrency_limit=None, api_open=True)
    return blocks  # type: ignore[no-any-return]
