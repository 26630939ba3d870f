"""Faithful replies, worded as a careful model would; one a line in the file beside this one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Faithful:
    """A faithful statement, the question that it answers and the sentences that it rests on."""

    id: str
    question: str
    text: str
    ids: list[str]

    @property
    def reply(self) -> str:
        """What the endpoint sends."""
        statements = [{"text": self.text, "ids": self.ids}]
        return json.dumps({"refusal": None, "statements": statements}, ensure_ascii=False)


_FILE = Path(__file__).with_name("faithful.jsonl")
FAITHFUL = tuple(Faithful(**json.loads(line)) for line in _FILE.read_text("utf-8").splitlines())
