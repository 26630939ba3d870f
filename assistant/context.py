"""What the model is shown: the whole document where its window allows, otherwise the best sections."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import prompts
from assistant.types import Query, Turn
from index import tokens
from index.build import Index
from index.types import Ranking, Section

MOST_STATEMENTS = 6
_MARKED = 12
_TRANSLATED_SECTIONS = 4
# What a chat template adds to a message, generously.
_MESSAGE_TOKENS = 16
_HISTORY_SHARE = 4
_NO_HISTORY = "(none)"
LANGUAGES = {"zh": "Chinese", "en": "English"}


@dataclass(frozen=True, slots=True)
class Context:
    """The messages of one request and what they hold.

    `shown` are the sentences that the model sees; `tokens` counts the messages (never fewer than they have);
    `turns` is how many earlier questions they hold; `whole` tells whether they hold the whole document.
    """

    messages: tuple[tuple[str, str], ...]
    shown: frozenset[str]
    tokens: int
    turns: int
    whole: bool


@lru_cache(maxsize=8192)
def _count(text: str) -> int:
    return tokens.count_tokens(text)


def build_context(
    query: Query,
    ranking: Ranking,
    *,
    index: Index,
    window: int,
    reply_tokens: int,
    history: Sequence[Turn],
    language: str,
) -> Context | None:
    """Prompt, history, document and question within the window; None if not even one sentence fits.

    Args:
        query: the question, understood.
        ranking: what the search found for it.
        index: the document and its translations.
        window: tokens that prompt and reply may have together.
        reply_tokens: tokens of the window that are kept for the reply.
        history: earlier turns, oldest first; dropped from the oldest on, each as a whole.
        language: `zh` or `en`: what the reply has to be in.
    """
    question = one_line(query.text)

    def messages(document: str, past: str) -> tuple[tuple[str, str], ...]:
        named = {"language": LANGUAGES[language], "most": str(MOST_STATEMENTS)}
        return prompts.render("answer", document=document, history=past, question=question, **named)

    fixed = sum(_count(text) + _MESSAGE_TOKENS for _, text in messages("", _NO_HISTORY))
    budget = window - reply_tokens - fixed
    past = _past(history, budget // _HISTORY_SHARE)
    budget -= sum(_count(line) + 1 for line in past)
    document, shown = _document(ranking, index, budget, with_english=language == "en")
    if not shown:
        return None
    rendered = messages("\n".join(document), "\n".join(past) or _NO_HISTORY)
    used = fixed + sum(_count(line) + 1 for line in (*past, *document))
    whole = len(shown) == sum(1 for _ in index.document.sentences())
    return Context(rendered, frozenset(shown), used, len(past), whole)


def _past(history: Sequence[Turn], budget: int) -> list[str]:
    """The latest turns that fit, oldest first, one line each."""
    lines: list[str] = []
    for turn in reversed(history):
        cited = f" (answered from {', '.join(turn.sections)})" if turn.sections else ""
        line = f"- {one_line(turn.query or turn.question)}{cited}"
        budget -= _count(line) + 1
        if budget < 0:
            break
        lines.insert(0, line)
    return lines


def one_line(text: str) -> str:
    """A user's words on one line, without what could look like a chat template's own marks."""
    return " ".join(text.replace("<", "＜").replace(">", "＞").split())


class _Layout:
    """The document's lines as pairs (sentence address or "", line), retrieved sentences marked."""

    def __init__(self, ranking: Ranking, index: Index, *, with_english: bool) -> None:
        self._ranking = ranking
        self._english = index.enrichment.english if with_english else None
        self._marked = {scored.address for scored in ranking.sentences[:_MARKED]}
        self._translated = {scored.address for scored in ranking.sections[:_TRANSLATED_SECTIONS]}

    def section(self, section: Section, only: Collection[str] | None = None) -> list[tuple[str, str]]:
        """A section's heading and its sentences, or only some of them."""
        pairs = [("", f"# {section.label}")]
        for sentence in section.sentences:
            if only is not None and sentence.address not in only:
                continue
            star = "*" if sentence.address in self._marked else ""
            pairs.append((sentence.address, f"[{sentence.address}]{star} {sentence.text}"))
            if self._english and (star or section.address in self._translated):
                english = self._english(sentence.address)
                pairs += [("", f"= {english}")] if english else []
        return pairs

    def best_of(self, section: Section, budget: int) -> list[tuple[str, str]]:
        """A section that doesn't fit whole: its best sentences, as many as fit."""
        chosen: list[str] = []
        for scored in self._ranking.sentences:
            wanted = [*chosen, scored.address]
            if (
                scored.address.partition("#")[0] == section.address
                and _cost(self.section(section, wanted)) <= budget
            ):
                chosen = wanted
        return self.section(section, chosen) if chosen else []


def _cost(pairs: Iterable[tuple[str, str]]) -> int:
    return sum(_count(line) + 1 for _, line in pairs)


def _document(
    ranking: Ranking, index: Index, budget: int, *, with_english: bool
) -> tuple[list[str], list[str]]:
    """The document's lines, in its own order, and the sentences that they hold."""
    layout = _Layout(ranking, index, with_english=with_english)
    sections = {section.address: section for section in index.document.sections()}
    kept = {address: layout.section(section) for address, section in sections.items()}
    if sum(map(_cost, kept.values())) > budget:
        kept = {}
        for scored in ranking.sections:
            section = sections[scored.address]
            pairs = layout.section(section)
            if _cost(pairs) > budget:
                pairs = layout.best_of(section, budget)
            kept[scored.address] = pairs
            budget -= _cost(pairs)
    ordered = [pair for address in sections for pair in kept.get(address, ())]
    return [line for _, line in ordered], [address for address, _ in ordered if address]
