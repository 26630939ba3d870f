"""Feedback: stored whole, nothing personal, written out again as it is."""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.feedback import Feedback, FeedbackStore, add_export_arguments, export_command

ANSWER: dict[str, Any] = {"question": "问？", "status": "answered", "versions": {"index": "abc"}}


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_export_arguments(parser)
    return parser.parse_args(given)


def test_what_is_stored_is_exported(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "deep" / "feedback.sqlite3")
    assert store.all() == []
    store.add(Feedback("good", ANSWER))
    store.add(
        Feedback("bad", {**ANSWER, "question": "二"}, reason="citation", section="5.3", comment="应引第五章")
    )
    out = tmp_path / "out.jsonl"
    assert export_command(arguments("-o", str(out)), store.path) == 0
    first, second = (json.loads(line) for line in out.read_text("utf-8").splitlines())
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", first.pop("day"))
    assert first == {
        "question": "问？", "verdict": "good", "reason": None, "right_section": None, "comment": None,
        "versions": {"index": "abc"}, "answer": ANSWER,
    }  # fmt: skip
    assert (second["question"], second["reason"], second["right_section"]) == ("二", "citation", "5.3")


def test_nothing_personal_has_a_place(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "f.sqlite3")
    store.add(Feedback("good", ANSWER))
    with sqlite3.connect(store.path) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(feedback)")]
    connection.close()
    assert columns == ["id", "day", "verdict", "reason", "section", "comment", "question", "answer"]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: Feedback("maybe", ANSWER), id="verdict"),
        pytest.param(lambda: Feedback("bad", ANSWER, reason="mood"), id="reason"),
        pytest.param(lambda: Feedback("bad", ANSWER, comment="x" * 501), id="long-comment"),
        pytest.param(lambda: Feedback("bad", ANSWER, section="x" * 81), id="long-section"),
        pytest.param(lambda: Feedback("bad", {}), id="no-question"),
    ],
)
def test_what_is_not_of_the_form_is_refused(make: Callable[[], Feedback]) -> None:
    with pytest.raises(ValueError, match=r"reason|comment|section|question"):
        make()


def test_an_export_that_fails_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.sqlite3"
    broken.write_text("no database, certainly not one of SQLite's", encoding="utf-8")
    assert export_command(arguments(), broken) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert export_command(arguments("-o", str(tmp_path / "no" / "where")), tmp_path / "none") == 2


def test_an_empty_store_exports_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export_command(arguments(), tmp_path / "none.sqlite3") == 0
    assert capsys.readouterr().out == ""
