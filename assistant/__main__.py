"""`python -m assistant`: ask one question, hold a conversation, answer a file of questions."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.feedback import add_export_arguments
from assistant.types import InputError, Turn

if TYPE_CHECKING:
    from assistant.config import Settings
    from assistant.pipeline import Assistant
    from assistant.types import Answer


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done (an abstention is an answer), 2 the call or its input was wrong."""
    arguments = _parser().parse_args(argv)

    from pydantic import ValidationError

    from assistant.config import Settings
    from assistant.types import AssistantError
    from index.types import IndexingError

    try:
        return _run(arguments, Settings())
    except (AssistantError, IndexingError) as error:
        print(error, file=sys.stderr)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(map(str, first["loc"])).upper()
        print(f"设置 {name} 无效。 The setting {name} is wrong: {first['msg']}", file=sys.stderr)
    except KeyboardInterrupt:
        print(file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m assistant", description="文件问答 · questions about the document"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    ask = commands.add_parser("ask", help="one answer")
    ask.add_argument("question")
    ask.add_argument("--json", action="store_true", help="print the answer object")
    ask.add_argument("--history", type=Path, help="JSON list of earlier questions, or of answer objects")
    commands.add_parser("chat", help="a conversation in the terminal")
    batch = commands.add_parser("batch", help="many questions, one JSON object a line")
    batch.add_argument("questions", type=Path)
    batch.add_argument("-o", "--output", type=Path, required=True)
    enrich = commands.add_parser("enrich", help="write a document's enrichment with the language model")
    enrich.add_argument("document", type=Path)
    enrich.add_argument("-o", "--output", type=Path, help="where to (beside the document)")
    feedback = commands.add_parser("feedback", help="what readers said of answers")
    feedback.add_argument("action", choices=["export"])
    add_export_arguments(feedback)
    return parser


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    match arguments.command:
        case "ask":
            assistant = _open(settings)
            answer = assistant.ask(arguments.question, _history(arguments.history, assistant))
            print(json.dumps(answer.to_dict(), ensure_ascii=False) if arguments.json else as_text(answer))
            return 0
        case "chat":
            return _chat(settings)
        case "enrich":
            from assistant.enrich import enrich_command

            return enrich_command(arguments, settings)
        case "feedback":
            from assistant.feedback import export_command

            return export_command(arguments, settings.feedback_db)
        case _:
            return _batch(arguments.questions, arguments.output, settings)


def _open(settings: Settings) -> Assistant:
    from assistant.pipeline import Assistant
    from index.__main__ import progress_bar

    assistant = Assistant.open(settings, progress=progress_bar())
    gc.enable()
    return assistant


def as_text(answer: Answer) -> str:
    """An answer for the terminal: its text, then the place of each marker, or the sections to look at."""
    lines = [answer.answer]
    lines += [
        f"[{c.marker}] {c.label}" + (f"  {', '.join(c.sentence_ids)}" if c.sentence_ids else "")
        for c in answer.citations
    ]
    near = "相近内容：" if answer.language == "zh" else "Nearest: "
    lines += [f"{near}{s.label}" + (f" — {s.question}" if s.question else "") for s in answer.suggestions]
    if answer.query != answer.question:
        lines.append(f"（{answer.query}）")
    if answer.notice:
        lines.append(answer.notice)
    return "\n".join(lines)


def _history(path: Path | None, assistant: Assistant) -> list[Turn]:
    """Earlier turns from a file: plain questions are asked again, answer objects are taken as they are."""
    if path is None:
        return []
    try:
        rows = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"读不懂历史文件 {path.name}。 Can't read the history {path.name}: {error}"
        ) from None
    if not isinstance(rows, list):
        raise InputError(f"{path.name} 应为 JSON 数组。 {path.name} must hold a JSON list.")
    turns: list[Turn] = []
    for row in rows:
        if isinstance(row, str):
            turns.append(assistant.ask(row, turns).turn())
        elif isinstance(row, dict) and isinstance(row.get("question"), str):
            turns.append(_turn(row))
        else:
            raise InputError(
                f"{path.name} 有一项无法识别。 An entry of {path.name} is no question or answer."
            )
    return turns


def _turn(row: dict[str, Any]) -> Turn:
    citations = [c for c in row.get("citations", []) if isinstance(c, dict)]
    return Turn(
        question=row["question"],
        query=str(row.get("query") or row["question"]),
        sections=tuple(dict.fromkeys(str(c.get("section_id", "")) for c in citations)),
        sentences=tuple(str(id_) for c in citations for id_ in c.get("sentence_ids", [])),
    )


def _chat(settings: Settings) -> int:
    assistant = _open(settings)
    turns: list[Turn] = []
    print("输入问题，空行或 Ctrl-D 结束。 Type a question; an empty line or Ctrl-D ends.")
    while question := _prompted():
        answer = assistant.ask(question, turns)
        print(as_text(answer), end="\n\n")
        turns.append(answer.turn())
    return 0


def _prompted() -> str:
    try:
        return input("> ").strip()
    except EOFError:
        return ""


def _batch(questions: Path, output: Path, settings: Settings) -> int:
    """Answer a file of questions. A malformed line is reported and left out; the exit code is then 2."""
    from tqdm import tqdm

    try:
        lines = questions.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"读不到文件 {questions.name}。 Can't read {questions.name}: {error}") from None
    items, problems = _items(lines, questions.name)
    for problem in problems:
        print(problem, file=sys.stderr)
    assistant = _open(settings)
    try:
        with output.open("w", encoding="utf-8") as file:
            for identifier, turns in tqdm(items, desc="batch", leave=False):
                answer = ask_turns(assistant, turns)
                file.write(json.dumps(replace(answer, id=identifier).to_dict(), ensure_ascii=False) + "\n")
    except OSError as error:
        raise InputError(f"写不了文件 {output.name}。 Can't write {output.name}: {error.strerror}") from None
    return 2 if problems else 0


def ask_turns(assistant: Assistant, turns: Sequence[str]) -> Answer:
    """The answer to the last of several messages, each asked with those before as its history."""
    history: list[Turn] = []
    for question in turns[:-1]:
        history.append(assistant.ask(question, history).turn())
    return assistant.ask(turns[-1], history)


def _items(lines: Sequence[str], name: str) -> tuple[list[tuple[str | None, list[str]]], list[str]]:
    items: list[tuple[str | None, list[str]]] = []
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            items.append(_item(json.loads(line)))
        except ValueError as error:
            problems.append(f"{name} 第 {number} 行有误，已跳过。 {name}:{number} is left out: {error}")
    return items, problems


def _item(row: object) -> tuple[str | None, list[str]]:
    if not isinstance(row, dict):
        raise ValueError("not an object")  # noqa: TRY004  # a malformed line is one kind of error
    turns = row.get("turns", [row["question"]] if "question" in row else None)
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        raise ValueError("needs “turns”, a list of texts, or “question”, a text")
    identifier = row.get("id")
    return (None if identifier is None else str(identifier)), turns


if __name__ == "__main__":
    gc.disable()  # what a start imports is no garbage, and looking for some takes a tenth of its time
    raise SystemExit(main())
