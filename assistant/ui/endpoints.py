"""What the page and programs can call: one turn of the page, `ask`, `search` and `read_section`.

Gradio derives its API and the MCP tools from the signatures and docstrings of the last three.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from assistant.types import Answer
from assistant.ui.desk import Desk, DeskError, checked_question, turns_from
from assistant.ui.receipts import receipts_of
from assistant.ui.render import Names, render_answer, render_partial
from assistant.ui.texts import interface_language
from index.types import AddressError, Sentence

_MOST_RESULTS = 50
_ADDRESS = re.compile(r"(?P<chapter>\d{1,3})(?:\.(?P<section>\d{1,3})(?P<sentence>#\d{1,4})?)?")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The calls over a desk. Those for programs raise DeskError or AddressError, with a line to show."""

    desk: Desk
    names: Names

    async def turn(
        self, question: object, history: object, language: object
    ) -> AsyncIterator[dict[str, Any]]:
        """One exchange as the page shows it: stages, then the answer with its receipts or one line."""
        shown = interface_language(language)
        try:
            async for event in self.desk.stream(question, turns_from(history), language=shown):
                if isinstance(event, Answer):
                    yield self._shown(event)
                elif event.text:
                    yield {"stage": event.stage, "html": render_partial(event.text)}
                else:
                    yield {"stage": event.stage}
        except DeskError as error:
            yield {"error": str(error)}

    def _shown(self, answer: Answer) -> dict[str, Any]:
        turn = answer.turn()
        return {
            "html": render_answer(answer, self.names),
            "answer": answer.to_dict(),
            "turn": {
                "question": turn.question,
                "query": turn.query,
                "sections": list(turn.sections),
                "sentences": list(turn.sentences),
            },
            "receipts": receipts_of(answer, self.names),
        }

    async def ask(self, question: str, earlier_questions: list[str] | None = None) -> dict[str, Any]:
        """Answer a question about the document; every sentence is cited, what it doesn't say is refused.

        Args:
            question: The question, in Chinese, English or another language; at most 2000 characters.
            earlier_questions: The earlier questions of this conversation, oldest first, for follow-ups.
        """
        history = await self.desk.turns_of([checked_question(text) for text in earlier_questions or []])
        return (await self.desk.ask(question, history)).to_dict()

    def search(self, query: str, limit: int = 5) -> dict[str, Any]:
        """Search the document's sections and sentences by meaning and by keyword, best first.

        Args:
            query: What to look for, in Chinese or English; at most 2000 characters.
            limit: How many sections and how many sentences to return, 1 to 50.
        """
        most = max(1, min(int(limit), _MOST_RESULTS))
        ranking = self.desk.assistant.index.retriever.search(checked_question(query), k=most)
        sections = []
        for found in ranking.sections[:most]:
            label, english = self.names.of(found.address)
            row = {"address": found.address, "label": label, "label_en": english, "score": found.score}
            sections.append(row)
        document = self.names.document
        sentences = [
            {**self._row(document.sentence(found.address)), "score": found.score}
            for found in ranking.sentences[:most]
        ]
        return {"query": query, "sections": sections, "sentences": sentences}

    def read_section(self, address: str) -> dict[str, Any]:
        """Read one section or chapter of the document in its own words.

        Args:
            address: A section such as 5.3, a chapter such as 5, a sentence such as 1.3#12; 0.1 is the
                notice, 0.2 the preamble.
        """
        document = self.names.document
        address = address.strip()
        found = _ADDRESS.fullmatch(address)
        if found is None:
            raise AddressError(
                f"地址应如 5、5.3 或 1.3#12。 An address looks like 5, 5.3 or 1.3#12, not {address[:40]}."
            )
        if found["sentence"]:
            sentences = [document.sentence(address)]
        elif found["section"]:
            sentences = list(document.section(address).sentences)
        else:
            sections = document.chapter(int(found["chapter"])).sections
            sentences = [sentence for section in sections for sentence in section.sentences]
        label, english = self.names.of(address)
        rows = [self._row(sentence) for sentence in sentences]
        return {
            "address": address,
            "label": label,
            "label_en": english,
            "title": document.title,
            "sentences": rows,
        }

    def _row(self, sentence: Sentence) -> dict[str, Any]:
        translation = self.names.enrichment.english(sentence.address)
        return {"address": sentence.address, "text": sentence.text, "translation": translation}
