"""What readers say about answers: kept in one local SQLite file, nothing personal in it.

A row holds the question, the answer object and the versions it was made with, so that a question that went
wrong can be asked again and become a test. There is no address, no name, no time finer than the day.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

VERDICTS = ("good", "bad")
REASONS = ("", "wrong", "incomplete", "citation", "refused", "unclear")
LONGEST_COMMENT = 500
LONGEST_ADDRESS = 80
_SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    section TEXT NOT NULL,
    comment TEXT NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL
)"""


@dataclass(frozen=True, slots=True)
class Feedback:
    """One judgement of one answer.

    `verdict` is one of VERDICTS; `reason` one of REASONS; `section` the address that would have been right,
    if known; `answer` the answer object of the contract; `day` an ISO date, set when it is stored.
    """

    verdict: str
    answer: Mapping[str, Any]
    reason: str = ""
    section: str = ""
    comment: str = ""
    day: str = ""

    def __post_init__(self) -> None:
        """Refuse what is not of the form.

        Raises:
            ValueError: a field holds something else.
        """
        if self.verdict not in VERDICTS or self.reason not in REASONS:
            raise ValueError("verdict or reason is none of those there are")
        if len(self.section) > LONGEST_ADDRESS:
            raise ValueError("section is not an address")
        if len(self.comment) > LONGEST_COMMENT:
            raise ValueError(f"the comment is longer than {LONGEST_COMMENT} characters")
        if not self.answer.get("question"):
            raise ValueError("the answer object has no question")

    def to_dict(self) -> dict[str, Any]:
        """As exported: the question first, the answer object last."""
        return {
            "question": self.answer["question"],
            "verdict": self.verdict,
            "reason": self.reason or None,
            "right_section": self.section or None,
            "comment": self.comment or None,
            "day": self.day,
            "versions": dict(self.answer.get("versions") or {}),
            "answer": dict(self.answer),
        }


@dataclass(frozen=True, slots=True)
class FeedbackStore:
    """The file; every call opens it for itself, so threads and processes may share it."""

    path: Path

    def add(self, feedback: Feedback) -> None:
        """Store one judgement under today's date (UTC)."""
        row = {
            "day": datetime.now(UTC).date().isoformat(),
            "verdict": feedback.verdict,
            "reason": feedback.reason,
            "section": feedback.section,
            "comment": feedback.comment,
            "question": feedback.answer["question"],
            "answer": json.dumps(dict(feedback.answer), ensure_ascii=False),
        }
        with self._open() as connection:
            connection.execute(
                "INSERT INTO feedback (day, verdict, reason, section, comment, question, answer)"
                " VALUES (:day, :verdict, :reason, :section, :comment, :question, :answer)",
                row,
            )

    def all(self) -> list[Feedback]:
        """Every judgement, oldest first; none when there is no file yet."""
        if not self.path.exists():
            return []
        with self._open() as connection:
            rows = connection.execute(
                "SELECT verdict, answer, reason, section, comment, day FROM feedback ORDER BY id"
            ).fetchall()
        return [Feedback(verdict, json.loads(answer), *rest) for verdict, answer, *rest in rows]

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=10)
        try:
            with connection:
                connection.execute(_SCHEMA)
                yield connection
        finally:
            connection.close()


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `python -m assistant feedback export`."""
    parser.add_argument("-o", "--output", type=Path, help="JSONL file to write; standard output without it")


def export_command(arguments: argparse.Namespace, path: Path) -> int:
    """Write every judgement as one JSON object a line; 0 done, 2 it can't be read or written."""
    try:
        lines = [
            json.dumps(feedback.to_dict(), ensure_ascii=False) + "\n"
            for feedback in FeedbackStore(path).all()
        ]
        if arguments.output is None:
            sys.stdout.writelines(lines)
        else:
            arguments.output.write_text("".join(lines), encoding="utf-8")
    except (OSError, sqlite3.Error, ValueError) as error:
        sys.stderr.write(f"导出反馈失败。 The feedback can't be exported: {error}\n")
        return 2
    return 0
