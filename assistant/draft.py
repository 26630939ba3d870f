"""What an answerer hands to the composer: lines that each name the nodes they stand on. No wording, no markers yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.types import Reason, Status


@dataclass(frozen=True, slots=True)
class Ref:
    """A citation to be: sentences of one section, or the heading of a chapter or section (`sentences` empty)."""

    node: str
    sentences: tuple[str, ...] = ()


def runs(section: str, sentences: Sequence[str]) -> tuple[Ref, ...]:
    """Refs to sentences of one section, one for each run of neighbours: a quote never leaves a sentence out."""
    found: list[list[str]] = []
    for address in sorted(sentences, key=lambda address: int(address.partition("#")[2])):
        number = int(address.partition("#")[2])
        if found and int(found[-1][-1].partition("#")[2]) == number - 1:
            found[-1].append(address)
        else:
            found.append([address])
    return tuple(Ref(section, tuple(run)) for run in found)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer.

    With `frame` (a wording key, filled with `values`) or `text` it is the assistant's own words; without, it is the
    quotes of its refs.
    """

    refs: tuple[Ref, ...]
    frame: str = ""
    values: tuple[tuple[str, str], ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An outcome before it is worded: lines for an answer, or a reason for none, and sections near the question.

    `best` is the address of the sentence that answers a content question best.
    """

    status: Status
    lines: tuple[Line, ...] = ()
    reason: Reason | None = None
    detail: str = ""
    near: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    confidence: float = 1.0
    best: str = ""


def abstain(
    reason: Reason, *, near: tuple[str, ...] = (), detail: str = "", confidence: float = 1.0
) -> Draft:
    """An outcome without an answer."""
    return Draft(Status.ABSTAINED, reason=reason, near=near, detail=detail, confidence=confidence)
