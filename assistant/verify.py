"""The checks that every served answer passes. A check that looked at nothing is false."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from assistant.types import Answer, Status
from index.types import Document

_MARKER = re.compile(r"\[(\d+)\]")
_NUMBER = re.compile(r"\d+(?:\.\d+)?%?")


def check(answer: Answer, document: Document, *, computed: Collection[str] = ()) -> Mapping[str, bool]:
    """The checks on an answer as served.

    `computed` are numbers that the assistant counted itself over the parsed document (how many sections mention a
    term), which no sentence states.

    citations_resolve: every marker has its citation and every citation its marker, node and sentences.
    quotes_verbatim: every quote is the text of its sentences, or its heading, to the letter.
    numbers_supported: every number in the text outside the quotes stands in a cited quote or is computed; with no
    number outside the quotes the quotes' own numbers are looked at.
    sentences_cited: every line has a marker.
    """
    if answer.status not in {Status.ANSWERED, Status.PARTIAL} or not answer.citations:
        return {
            "citations_resolve": False,
            "quotes_verbatim": False,
            "numbers_supported": False,
            "sentences_cited": False,
        }
    lines = [line for line in answer.answer.split("\n") if line.strip()]
    markers = {int(marker) for marker in _MARKER.findall(answer.answer)}
    evidence = " ".join(f"{citation.quote} {citation.translation or ''}" for citation in answer.citations)
    # A line without a marker says what is absent (partial answers): it repeats the question's own numbers.
    outside = _MARKER.sub(" ", "\n".join(line for line in lines if _MARKER.search(line)))
    stated = set(_NUMBER.findall(_plain(evidence))) | set(computed)
    return {
        "citations_resolve": markers == {c.marker for c in answer.citations}
        and all(_resolves(c.section_id, c.sentence_ids, document) for c in answer.citations),
        "quotes_verbatim": all(
            _source(c.section_id, c.sentence_ids, document) == c.quote for c in answer.citations
        ),
        "numbers_supported": set(_NUMBER.findall(_plain(outside))) <= stated,
        "sentences_cited": answer.status is Status.PARTIAL or all(_MARKER.search(line) for line in lines),
    }


def passes(checks: Mapping[str, bool]) -> bool:
    """Whether an answer may be served."""
    return all(checks.values())


def _plain(text: str) -> str:
    """Thousands separators dropped, so that 1,000 and 1000 are the same number."""
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)


def _resolves(node: str, sentences: tuple[str, ...], document: Document) -> bool:
    if sentences:
        return document.has(node) and all(
            document.has(address) and address.partition("#")[0] == node for address in sentences
        )
    return document.has(node) or any(chapter.address == node for chapter in document.chapters)


def _source(node: str, sentences: tuple[str, ...], document: Document) -> str | None:
    if not _resolves(node, sentences, document):
        return None
    if sentences:
        found = [document.sentence(address) for address in sentences]
        quote = "".join(sentence.text + sentence.tail for sentence in found).rstrip("\n")
        # Sentences that are no neighbours, joined, would be a text that stands nowhere.
        return quote if quote in document.section(node).text else None
    return document.section(node).heading if "." in node else document.chapter(int(node)).heading
