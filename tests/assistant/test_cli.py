"""`python -m assistant`, as a user calls it: exit codes, one line on standard error, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.__main__ import main
from index.build import Index
from tests.assistant.contract import FIELDS

ROOT = Path(__file__).parents[2]
QUESTION = "到2025年要制定多少项国际标准？"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def built(outline_index: Index, index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command finds the index that the other tests use."""
    assert outline_index.manifest.passages
    monkeypatch.setenv("INDEX_DIR", str(index_dir))


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command in this process: exit code, standard output, standard error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def process(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assistant", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **settings},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def batch(
    folder: Path, said: Callable[..., tuple[int, str, str]], *lines: str
) -> tuple[int, list[dict[str, Any]], str]:
    questions, answers = folder / "questions.jsonl", folder / "answers.jsonl"
    questions.write_text("\n".join(lines) + "\n", "utf-8")
    code, out, err = said("batch", questions, "-o", answers)
    assert out == ""
    return code, [json.loads(line) for line in answers.read_text("utf-8").splitlines()], err


# --- ask


def test_ask_as_a_command() -> None:
    result = process("ask", QUESTION)
    assert result.returncode == 0
    assert "制定国际标准80项以上。[1]" in result.stdout
    assert "1.3#12" in result.stdout
    assert "Traceback" not in result.stderr


def test_ask_json(said: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = said("ask", QUESTION, "--json")
    plain = json.loads(out)
    assert (code, err) == (0, "")
    assert [name for name in plain if name in FIELDS] == list(FIELDS)
    assert (plain["status"], plain["question"]) == ("answered", QUESTION)


def test_an_abstention_is_an_answer(said: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = said("ask", "首都标准化委员会主任是谁？")
    assert (code, err) == (0, "")
    assert "相近内容：" in out


def test_an_english_question_is_shown_in_english(said: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = said("ask", "What is the phone number of the commission?")
    assert code == 0
    assert "Nearest: Chapter" in out


@pytest.mark.parametrize("as_answers", [False, True], ids=["questions", "answer-objects"])
def test_a_history_from_a_file(
    tmp_path: Path, said: Callable[..., tuple[int, str, str]], *, as_answers: bool
) -> None:
    rows: list[Any] = [json.loads(said("ask", QUESTION, "--json")[1])] if as_answers else [QUESTION]
    path = tmp_path / "history.json"
    path.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    code, out, _ = said("ask", "那地方标准呢？", "--json", "--history", path)
    assert code == 0
    assert json.loads(out)["query"] == "到2025年要制定多少项地方标准？"


def test_an_answer_in_the_history_is_taken_as_it_is(
    tmp_path: Path, said: Callable[..., tuple[int, str, str]]
) -> None:
    path = tmp_path / "history.json"
    row = {
        "question": "x",
        "query": "养老有什么安排？",
        "citations": [{"section_id": "9.1", "sentence_ids": ["9.1#1"]}],
    }
    path.write_text(json.dumps([row], ensure_ascii=False), "utf-8")
    _, out, _ = said("ask", "下一节", "--json", "--history", path)
    assert {citation["section_id"] for citation in json.loads(out)["citations"]} == {"9.2"}


@pytest.mark.parametrize(
    "content",
    ["{", '{"question": "x"}', "[1]", '[{"query": "x"}]', "[null]", '"养老"', b"\xff\xfe\x00"],
    ids=["broken", "object", "number", "no-question", "null", "text", "binary"],
)
def test_a_history_that_is_none(
    content: str | bytes, tmp_path: Path, said: Callable[..., tuple[int, str, str]]
) -> None:
    path = tmp_path / "history.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    code, out, err = said("ask", "还有呢？", "--history", path)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert "history.json" in line


def test_a_history_that_is_not_there(tmp_path: Path) -> None:
    result = process("ask", "还有呢？", "--history", str(tmp_path / "none.json"))
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert "none.json" in line


# --- batch


def test_a_batch_keeps_its_order(tmp_path: Path, said: Callable[..., tuple[int, str, str]]) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "b", "question": "养老有什么安排？"},
        {"id": "a", "turns": [QUESTION, "那地方标准呢？"]},
        {"id": 7, "turns": ["你好"]},
        {"question": "首都标准化委员会主任是谁？"},
    ]
    code, answers, err = batch(tmp_path, said, *(json.dumps(row, ensure_ascii=False) for row in rows))
    assert code == 0
    assert "Traceback" not in err
    assert [answer["id"] for answer in answers] == ["b", "a", "7", None]
    assert [answer["status"] for answer in answers] == ["answered", "answered", "help", "abstained"]
    assert answers[1]["question"] == "那地方标准呢？"
    assert answers[1]["query"] == "到2025年要制定多少项地方标准？"


MALFORMED = [
    "not json",
    "[]",
    "17",
    "null",
    "{}",
    '{"id": "x"}',
    '{"turns": []}',
    '{"turns": "养老"}',
    '{"turns": [1]}',
    '{"question": 5}',
    '{"question": null}',
]


@pytest.mark.parametrize("line", MALFORMED)
def test_a_malformed_line_is_reported_and_the_run_goes_on(
    line: str, tmp_path: Path, said: Callable[..., tuple[int, str, str]]
) -> None:
    good = '{{"id": "{}", "question": "你好"}}'
    code, answers, err = batch(tmp_path, said, good.format("one"), line, good.format("three"))
    assert code == 2
    assert [answer["id"] for answer in answers] == ["one", "three"]
    (report,) = [line for line in err.splitlines() if "questions.jsonl" in line]
    assert "questions.jsonl:2" in report
    assert "Traceback" not in err


def test_every_malformed_line_has_its_own_report(
    tmp_path: Path, said: Callable[..., tuple[int, str, str]]
) -> None:
    code, answers, err = batch(tmp_path, said, *MALFORMED)
    assert (code, answers) == (2, [])
    for number in range(1, len(MALFORMED) + 1):
        assert f"questions.jsonl:{number} " in err


def test_blank_lines_and_a_byte_order_mark_are_no_mistake(
    tmp_path: Path, said: Callable[..., tuple[int, str, str]]
) -> None:
    code, answers, _ = batch(
        tmp_path, said, '\ufeff{"id": "1", "question": "你好"}', "", "   ", '{"id": "2", "question": "hello"}'
    )
    assert code == 0
    assert [answer["id"] for answer in answers] == ["1", "2"]


def test_a_batch_that_is_not_there(tmp_path: Path, said: Callable[..., tuple[int, str, str]]) -> None:
    code, _, err = said("batch", tmp_path / "none.jsonl", "-o", tmp_path / "out.jsonl")
    assert code == 2
    (line,) = err.splitlines()
    assert "none.jsonl" in line
    assert not (tmp_path / "out.jsonl").exists()


def test_an_output_that_cannot_be_written(tmp_path: Path, said: Callable[..., tuple[int, str, str]]) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"question": "你好"}\n', "utf-8")
    code, _, err = said("batch", questions, "-o", tmp_path / "missing" / "out.jsonl")
    assert code == 2
    (line,) = err.splitlines()
    assert "out.jsonl" in line


# --- chat and the call itself


def test_a_conversation_in_the_terminal(
    said: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter([QUESTION, "那地方标准呢？", ""])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(typed))
    code, out, err = said("chat")
    assert (code, err) == (0, "")
    assert "制定国际标准80项以上。" in out
    assert "（到2025年要制定多少项地方标准？）" in out


@pytest.mark.parametrize("arguments", [(), ("ask",), ("sing",), ("batch", "x.jsonl"), ("ask", "a", "b")])
def test_a_wrong_call(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(("name", "value"), [("PORT", "many"), ("DOCUMENT", "nowhere.txt")])
def test_a_wrong_setting_is_one_line(
    name: str, value: str, said: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    code, out, err = said("ask", QUESTION)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert name in line or value in line
