"""A model's reply, read while it streams: statements as soon as each is whole, in JSON or in the plain form.

Models wrap, prefix and bend the form that they are asked for. Read are a JSON object or array, objects one a
line, any of these inside a code fence or after a <think> block, and plain lines that end with ids: `text
[1.3#12, 1.3#15]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assistant.types import Reason

LONGEST_REPLY = 20_000
MOST_DRAFTS = 40
_ID = r"\d+(?:\.\d+)?\s*#\s*\d+"
_IDS = re.compile(_ID)
# Ids in brackets of any width, in a row or apart.
_MARKS = re.compile(
    rf"(?:\s*[\[【〔［(（]\s*(?:(?:ids?|出处|来源)\s*[:：]\s*)?{_ID}(?:\s*[,，、;；]?\s*(?:and|和|及)?\s*{_ID})*\s*[\]】〕］)）])+"
)
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.、)](?!\d))\s*")
_REFUSAL = re.compile(rf"^\W*(?:refusal|refuse|拒答)\W*(?P<reason>{'|'.join(Reason)})\b", re.IGNORECASE)
_TEXT_KEYS = ("text", "statement", "sentence", "answer")
_ID_KEYS = ("ids", "sentence_ids", "id", "citations", "sources")


@dataclass(frozen=True, slots=True)
class DraftStatement:
    """A statement as the model wrote it, unchecked."""

    text: str
    ids: tuple[str, ...]


class ReplyReader:
    """Reads one reply; feed it piece by piece, then close it.

    Attributes:
        refusal: the model's reason for not answering, once it has given one.
        overlong: whether the reply went on for too long or over and over; nothing more is read then.
    """

    def __init__(self) -> None:
        """A reader that has read nothing."""
        self.refusal: Reason | None = None
        self.overlong = False
        self._text = ""
        self._at = 0
        self._read = 0
        self._mode = ""
        self._opened: list[int] = []
        self._in_string = self._escaped = False
        self._seen: dict[str, int] = {}

    def feed(self, piece: str) -> Iterator[DraftStatement]:
        """The statements that became whole with this piece."""
        if self.overlong:
            return
        self._read += len(piece)
        if self._read > LONGEST_REPLY:
            self.overlong = True
            return
        self._text += piece
        yield from self._drafts(ended=False)

    def close(self) -> Iterator[DraftStatement]:
        """The statements that only the end of the reply made whole."""
        if not self.overlong:
            yield from self._drafts(ended=True)

    def _drafts(self, *, ended: bool) -> Iterator[DraftStatement]:
        if not self._mode:
            self._choose_mode(ended=ended)
        found = (
            self._objects()
            if self._mode == "json"
            else self._lines(ended=ended)
            if self._mode == "plain"
            else ()
        )
        for draft in found:
            # A loop says the same thing again and again.
            self._seen[draft.text] = self._seen.get(draft.text, 0) + 1
            if self._seen[draft.text] > 2 or sum(self._seen.values()) > MOST_DRAFTS:
                self.overlong = True
                return
            if self._seen[draft.text] == 1:
                yield draft

    def _choose_mode(self, *, ended: bool) -> None:
        """JSON or plain, by what stands first after thoughts and the opening of a code fence."""
        text = self._text.lstrip("\ufeff \t\r\n")
        if text.startswith("<think>") or "<think>".startswith(text):
            if "</think>" not in text:
                return
            text = text.partition("</think>")[2].lstrip()
        if text.startswith("```") or "```".startswith(text):
            if "\n" not in text and not ended:
                return
            text = text.partition("\n")[2].lstrip()
        if not text:
            return
        # An array of objects is JSON; [1.3#12] at the beginning is a plain line's mark.
        if text[0] == "[" and not (rest := text[1:].lstrip()) and not ended:
            return
        self._mode = "json" if text[0] == "{" or (text[0] == "[" and rest.startswith("{")) else "plain"
        self._text = text

    def _objects(self) -> Iterator[DraftStatement]:
        """Each object that holds a text, when its brace closes, whatever stands around it."""
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if self._in_string:
                if self._escaped:
                    self._escaped = False
                elif char == "\\":
                    self._escaped = True
                elif char == '"':
                    self._in_string = False
            elif char == '"' and self._opened:
                self._in_string = True
            elif char == "{":
                self._opened.append(self._at - 1)
            elif char == "}" and self._opened:
                start = self._opened.pop()
                try:
                    value = json.loads(self._text[start : self._at], strict=False)
                except (ValueError, RecursionError):
                    continue
                yield from self._of_object(value)

    def _of_object(self, value: dict[str, Any]) -> Iterator[DraftStatement]:
        reason = str(value.get("refusal") or "").strip().lower()
        if reason in set(Reason):
            self.refusal = Reason(reason)
        text = next((value[key] for key in _TEXT_KEYS if isinstance(value.get(key), str)), None)
        if text is not None:
            named = next((value[key] for key in _ID_KEYS if value.get(key)), ())
            ids = _IDS.findall(" ".join(map(str, named)) if isinstance(named, list) else str(named))
            yield _draft(text, ids)

    def _lines(self, *, ended: bool) -> Iterator[DraftStatement]:
        whole, newline, rest = self._text.rpartition("\n")
        if ended:
            whole, rest = self._text, ""
        elif not newline:
            return
        self._text = rest
        for line in whole.splitlines():
            if match := _REFUSAL.match(line):
                self.refusal = Reason(match["reason"].lower())
                continue
            at = 0
            for mark in _MARKS.finditer(line):
                text = _BULLET.sub("", line[at : mark.start()]).lstrip("。．.；;，, ")
                at = mark.end()
                if text.strip():
                    yield _draft(text, _IDS.findall(mark.group()))


def _draft(text: str, ids: list[str]) -> DraftStatement:
    marks = _MARKS.search(text)
    if marks and not text[marks.end() :].strip(" 。.!！"):
        # Ids again at the end of the text itself.
        ids = [*ids, *_IDS.findall(marks.group())]
        text = text[: marks.start()] + text[marks.end() :]
    text = " ".join(text.split()).strip()
    if text and text[-1] not in "。.!！?？":
        text += "。" if re.search(r"[\u4e00-\u9fff]\W*$", text) else "."
    return DraftStatement(text, tuple(dict.fromkeys(re.sub(r"\s", "", id_) for id_ in ids)))
