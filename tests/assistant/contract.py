"""The answer object as the contract promises it, checked on the plain JSON that every consumer gets."""

from __future__ import annotations

import json
import re
from typing import Any

from assistant.types import Answer
from index.types import Document

FIELDS: dict[str, type | tuple[type, ...]] = {
    "id": (str, type(None)),
    "question": str,
    "query": str,
    "language": str,
    "status": str,
    "reason": (str, type(None)),
    "answer": str,
    "citations": list,
    "suggestions": list,
    "confidence": float,
    "mode": str,
    "model": (str, type(None)),
    "checks": dict,
    "timings_ms": dict,
}
CITATION_FIELDS: dict[str, type | tuple[type, ...]] = {
    "marker": int,
    "document_id": str,
    "section_id": str,
    "sentence_ids": list,
    "label": str,
    "heading_path": list,
    "quote": str,
    "translation": (str, type(None)),
}
REASONS = {
    "not_in_document",
    "figure_not_stated",
    "needs_current_data",
    "out_of_scope",
    "ambiguous",
    "instruction",
}
CHECKS = {"citations_resolve", "quotes_verbatim", "numbers_supported"}
_MARKER = re.compile(r"\[(\d+)\]")


def sections_of(answer: Answer) -> list[str]:
    """The cited nodes in the order of their markers."""
    return list(dict.fromkeys(citation.section_id for citation in answer.citations))


def sentences_of(answer: Answer) -> list[str]:
    """The cited sentences in the order of their markers."""
    return [address for citation in answer.citations for address in citation.sentence_ids]


def assert_contract(answer: Answer, document: Document) -> None:
    """An answer has the contract's fields and keeps its promises, whatever its status."""
    plain: dict[str, Any] = answer.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert [name for name in plain if name in FIELDS] == list(FIELDS)
    for name, kind in FIELDS.items():
        assert isinstance(plain[name], kind), name
    assert 0.0 <= plain["confidence"] <= 1.0
    assert (plain["mode"], plain["model"]) == ("extractive", None)
    assert set(plain["checks"]) >= CHECKS
    assert all(isinstance(value, bool) for value in plain["checks"].values())
    assert set(plain["timings_ms"]) == {"understand", "retrieve", "answer", "verify", "total"}
    assert all(value >= 0 for value in plain["timings_ms"].values())
    assert plain["answer"].strip()
    _assert_status(plain)
    _assert_citations(plain, document)
    for suggestion in plain["suggestions"]:
        assert suggestion["label"]
        assert document.has(suggestion["section_id"])


def _assert_status(plain: dict[str, Any]) -> None:
    match plain["status"]:
        case "answered":
            assert plain["reason"] is None
            assert plain["citations"]
            assert all(plain["checks"].values())
            assert all(_MARKER.search(line) for line in plain["answer"].splitlines())
        case "partial":
            assert plain["reason"] in REASONS
            assert plain["citations"]
            assert all(plain["checks"].values())
        case "abstained":
            assert plain["reason"] in REASONS
            assert plain["citations"] == []
            assert not any(plain["checks"].values())
            assert not _MARKER.search(plain["answer"])
        case "help":
            assert plain["reason"] is None
            assert plain["citations"] == []
            assert plain["suggestions"] == []
            assert not any(plain["checks"].values())
        case other:
            raise AssertionError(other)


def _assert_citations(plain: dict[str, Any], document: Document) -> None:
    markers = [citation["marker"] for citation in plain["citations"]]
    assert markers == list(range(1, len(markers) + 1))
    assert {int(marker) for marker in _MARKER.findall(plain["answer"])} == set(markers)
    for citation in plain["citations"]:
        assert list(citation) == list(CITATION_FIELDS)
        for name, kind in CITATION_FIELDS.items():
            assert isinstance(citation[name], kind), name
        assert citation["document_id"] == document.id
        assert citation["quote"]
        node = citation["section_id"]
        if citation["sentence_ids"]:
            section = document.section(node)
            chosen = [s for s in section.sentences if s.address in citation["sentence_ids"]]
            assert [sentence.address for sentence in chosen] == citation["sentence_ids"]
            assert citation["quote"] == "".join(s.text + s.tail for s in chosen).rstrip("\n")
            assert citation["heading_path"] == list(section.heading_path)
        else:
            headings = [chapter.heading for chapter in document.chapters if chapter.address == node]
            assert citation["quote"] in headings or citation["quote"] == document.section(node).heading
        if plain["language"] == "zh":
            assert citation["translation"] is None
