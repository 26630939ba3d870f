"""The answer with a language model: it chooses and connects numbered sentences; what it says is checked."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import prompts
from assistant.compose import frame_language, word
from assistant.context import MOST_STATEMENTS, Context, build_context, one_line
from assistant.guards import check_statement, warm
from assistant.model import ChatModel, Fault, ModelFault
from assistant.reply import DraftStatement, ReplyReader
from assistant.types import Query, Reason, Turn
from index.build import Index
from index.language import detect
from index.types import Ranking

log = logging.getLogger(__name__)
# A rewritten or translated query is worth waiting this long for; the rules' own is at hand.
_QUERY_SECONDS = 4.0
_LONGEST_QUERY = 300
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Statement:
    """A checked sentence of the model's, without markers, and what it rests on in document order."""

    text: str
    sentence_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Generated:
    """What came of asking the model.

    With statements, they are the answer. Without, the extractive answer is to be served with `notice`, a
    short line in the question's language ("" where the model refused with a `refusal`, its typed reason).
    `dropped` says which guard stopped each statement that is not served; `fault` is what went wrong, if
    anything did; `prompt_tokens` counts what was sent.
    """

    statements: tuple[Statement, ...]
    refusal: Reason | None
    notice: str
    dropped: tuple[str, ...]
    fault: Fault | None = None
    prompt_tokens: int = 0


_SCHEMA = {
    "type": "object",
    "properties": {
        "refusal": {
            "anyOf": [{"type": "null"}, {"type": "string", "enum": [str(reason) for reason in Reason]}]
        },
        "statements": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "ids": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["text", "ids"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["refusal", "statements"],
    "additionalProperties": False,
}


async def generate(
    query: Query,
    ranking: Ranking,
    *,
    index: Index,
    model: ChatModel,
    history: Sequence[Turn] = (),
    on_statement: Callable[[Statement], None] | None = None,
) -> Generated:
    """Ask the model; ends within `model.timeout` whatever the endpoint does, and never raises for its faults.

    Args:
        query: the question, understood; its language decides that of the reply (Chinese, or English for any
            other).
        ranking: what the search found for it.
        index: the document and its enrichment.
        model: the language model.
        history: earlier turns, oldest first.
        on_statement: called with every statement as soon as it has passed its guards.
    """
    language = frame_language(query.language)
    context = build_context(
        query,
        ranking,
        index=index,
        window=model.window,
        reply_tokens=model.reply_tokens,
        history=history,
        language=language,
    )
    if context is None:
        return _nothing(Fault.TOO_LONG, language, (), 0)
    warm(index)
    reader = ReplyReader()
    editor = _Editor(context, index=index, language=language, on_statement=on_statement)
    try:
        async with contextlib.aclosing(model.stream(context.messages, schema=_SCHEMA)) as pieces:
            async for piece in pieces:
                editor.take(reader.feed(piece))
                if reader.overlong:
                    break
        editor.take(reader.close())
    except ModelFault as error:
        return _nothing(error.fault, language, editor.dropped, context.tokens)
    if editor.dropped:
        log.info("statements dropped: %s", "; ".join(editor.dropped))
    if reader.refusal and not editor.statements and not editor.dropped:
        return Generated((), reader.refusal, "", (), prompt_tokens=context.tokens)
    if not editor.statements or len(editor.dropped) > len(editor.statements):
        # What is left of a reply that mostly fails is no answer.
        return _nothing(Fault.UNUSABLE, language, editor.dropped, context.tokens)
    return Generated(tuple(editor.statements), None, "", tuple(editor.dropped), prompt_tokens=context.tokens)


class _Editor:
    """Takes a reply's statements through the guards, one by one."""

    def __init__(
        self,
        context: Context,
        *,
        index: Index,
        language: str,
        on_statement: Callable[[Statement], None] | None,
    ) -> None:
        self.statements: list[Statement] = []
        self.dropped: list[str] = []
        self._shown = context.shown
        self._prompt = " ".join(context.messages[0][1].split())
        self._index = index
        self._language = language
        self._on_statement = on_statement

    def take(self, drafts: Iterable[DraftStatement]) -> None:
        """Keep those that pass, up to the most that an answer may have."""
        for draft in drafts:
            if len(self.statements) >= MOST_STATEMENTS:
                return
            # As the sentences write it.
            text = re.sub(r"(?<=\d) ?(?:percent|per cent)\b", "%", draft.text)
            checked = check_statement(
                text,
                draft.ids,
                language=self._language,
                shown=self._shown,
                index=self._index,
                prompt=self._prompt,
            )
            if checked.fault:
                self.dropped.append(checked.fault)
                continue
            statement = Statement(text, checked.sentence_ids)
            self.statements.append(statement)
            if self._on_statement:
                self._on_statement(statement)


def _nothing(fault: Fault, language: str, dropped: Sequence[str], prompt_tokens: int) -> Generated:
    return Generated((), None, word("model", fault, language), tuple(dropped), fault, prompt_tokens)


async def rewrite_query(question: str, history: Sequence[Turn], *, model: ChatModel) -> str | None:
    """A follow-up as a question of its own, by the model; None where it gives none that holds in time.

    What it may use are the question and the earlier ones: a number that none of them has is a mark of
    invention.
    """
    if not history:
        return None
    past = [turn.query or turn.question for turn in history[-4:]]
    lines = "\n".join(f"- {one_line(text)}" for text in past)
    text = await _short_reply(prompts.render("rewrite", history=lines, question=one_line(question)), model)
    known = " ".join((question, *past))
    if text is None or not _numbers(text) <= _numbers(known) or not _numbers(question) <= _numbers(text):
        return None
    return text if frame_language(detect(text)) == frame_language(detect(question)) else None


async def translate_query(question: str, *, model: ChatModel) -> str | None:
    """A question in Chinese, by the model; None where it gives none that holds, or not in time."""
    text = await _short_reply(prompts.render("translate", question=one_line(question)), model)
    if text is None or detect(text) != "zh":
        return None
    return text if _numbers(question) <= _numbers(text) <= _numbers(question) else None


async def _short_reply(messages: Sequence[tuple[str, str]], model: ChatModel) -> str | None:
    """A reply of one line, without quotation marks around it."""
    limit = min(_QUERY_SECONDS, model.timeout / 3)
    try:
        text = await model.complete(messages, limit=limit, longest=4 * _LONGEST_QUERY)
    except ModelFault:
        return None
    text = re.sub(r"^.*</think>", "", text, flags=re.DOTALL).strip().strip("\"“”'「」")
    if not text or "\n" in text or len(text) > _LONGEST_QUERY or re.search(r"[{}\[\]<>`#]", text):
        return None
    return text


def _numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(text))
