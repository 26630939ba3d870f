from __future__ import annotations

import re

import pytest

import prompts
from prompts import PromptError, render

VARIABLES = {
    "answer": {
        "language": "Chinese",
        "most": "6",
        "document": "[1.1#1] 文。",
        "history": "- 问",
        "question": "问？",
    },
    "enrich_heading": {
        "languages": "zh, en",
        "title": "题",
        "section": "一",
        "glossary": "甲 | A",
        "text": "文。",
    },
    "enrich_sentences": {
        "languages": "ja, ko",
        "title": "题",
        "section": "一",
        "glossary": "甲 | A",
        "findings": "(none)",
        "sentences": "[1.1#1] 文。",
    },
    "judge_correctness": {"question": "问？", "reference": "文。", "answer": "文。[1]"},
    "judge_faithfulness": {"question": "问？", "evidence": "[1] 文。", "answer": "文。[1]"},
    "rewrite": {"history": "- 问", "question": "那呢？"},
    "translate": {"question": "What?"},
}


def test_every_task_has_both_roles_and_is_tested() -> None:
    assert prompts.tasks() == tuple(sorted(VARIABLES))
    for task in prompts.tasks():
        assert [role for role, _ in render(task, **VARIABLES[task])] == ["system", "user"]


@pytest.mark.parametrize("task", sorted(VARIABLES))
def test_whole_render_holds_every_value_and_no_leftover(task: str) -> None:
    marked = {name: f"«{name}»" for name in VARIABLES[task]}
    text = "\n".join(message for _, message in render(task, **marked))
    assert all(value in text for value in marked.values())
    assert not re.search(r"\$\{?\w", text)


def test_whole_render_of_the_shortest_prompt() -> None:
    assert render("rewrite", history="- 目标是多少？", question="那2035年呢？")[1] == (
        "user",
        "Earlier questions, oldest first:\n- 目标是多少？\n\nLast question: 那2035年呢？",
    )


def test_a_missing_variable_is_an_error() -> None:
    with pytest.raises(PromptError, match="needs history"):
        render("rewrite", question="问？")


def test_an_undeclared_variable_is_an_error() -> None:
    with pytest.raises(PromptError, match="no place for tone"):
        render("translate", question="What?", tone="polite")


def test_an_unknown_task_is_an_error() -> None:
    with pytest.raises(PromptError, match=r"no prompt sing\.system\.txt"):
        render("sing", question="问？")


def test_a_variable_inside_a_value_stays_text() -> None:
    assert "${history} $$" in render("translate", question="${history} $$")[1][1]


def test_the_answer_prompt_shows_the_form_that_the_reader_reads() -> None:
    from assistant.reply import ReplyReader

    system = render("answer", **VARIABLES["answer"])[0][1]
    example = next(line for line in system.splitlines() if line.startswith('{"refusal": null'))
    (draft,) = ReplyReader().feed(example)
    assert draft.ids == ("1.3#12",)
    refusal = next(line for line in system.splitlines() if line.startswith('{"refusal": "'))
    reader = ReplyReader()
    assert not list(reader.feed(refusal))
    assert reader.refusal == "not_in_document"


def test_the_answer_prompt_names_every_reason() -> None:
    from assistant.types import Reason

    system = render("answer", **VARIABLES["answer"])[0][1]
    assert all(f"{reason} –" in system for reason in Reason)


def test_the_fingerprint_is_stable_and_short() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", prompts.fingerprint())
    first = prompts.fingerprint()
    prompts.fingerprint.cache_clear()
    assert prompts.fingerprint() == first
