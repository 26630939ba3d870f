from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.pipeline import Assistant
from eval.dataset import EvalError, load_split
from eval.judge import CORRECTNESS, FAITHFULNESS, correctness, faithfulness, judge_records, tasks_of
from eval.run import Record, ask_all
from tests.llm.endpoint import Body, Script, serve


@pytest.fixture(scope="module")
def records(assistant: Assistant) -> list[Record]:
    return ask_all(assistant, [("dev", item) for item in load_split("dev") if item.kind == "fact"][:6])


def _settings(url: str) -> Settings:
    return Settings(llm="openai:scripted", llm_base_url=url, llm_timeout=5.0)


def _asks_for_claims(body: Body) -> bool:
    return "claims" in body["messages"][0]["content"]


def test_judgements_are_averaged_with_their_spread(
    assistant: Assistant, records: list[Record], tmp_path: Path
) -> None:
    asked: list[bool] = []

    def respond(body: Body) -> Script:
        asked.append(_asks_for_claims(body))
        if asked[-1]:
            claims = [{"claim": "甲", "supported": True}, {"claim": "乙", "supported": False}]
            return Script("Here it is: " + json.dumps({"claims": claims}))
        return Script(json.dumps({"verdict": "correct" if asked.count(False) % 2 else "wrong"}))

    document = assistant.index.document
    tasks = tasks_of(records, document, limit=100)
    with serve(respond) as endpoint:
        found = judge_records(
            records, document, _settings(endpoint.url), runs=3, cache=tmp_path / "cache.jsonl"
        )
        first = len(endpoint.requests)
        again = judge_records(
            records, document, _settings(endpoint.url), runs=3, cache=tmp_path / "cache.jsonl"
        )
        assert len(endpoint.requests) == first == 3 * len(tasks), "the second time every reply is kept"
    assert found == again
    assert found[FAITHFULNESS]["mean"] == 0.5
    assert found[FAITHFULNESS]["spread"] == 0.0
    assert found[CORRECTNESS]["items"] == len(records)
    assert 0.0 < found[CORRECTNESS]["mean"] < 1.0
    assert found[CORRECTNESS]["runs_used"] == "3/3"


def test_useless_replies_are_counted_and_not_scored(
    assistant: Assistant, records: list[Record], tmp_path: Path
) -> None:
    replies = iter(["no JSON at all", '{"claims": [{"claim": "甲"}]}', '{"verdict": "splendid"}'] * 20)
    with serve(lambda _body: Script(next(replies))) as endpoint:
        found = judge_records(
            records, assistant.index.document, _settings(endpoint.url), runs=1, cache=tmp_path / "c.jsonl"
        )
    for kind in (FAITHFULNESS, CORRECTNESS):
        assert found[kind]["mean"] is None
        assert found[kind]["unreadable"] > 0
        assert found[kind]["failed"] == 0


def test_an_endpoint_that_fails_is_counted(
    assistant: Assistant, records: list[Record], tmp_path: Path
) -> None:
    with serve(Script(status=500)) as endpoint:
        found = judge_records(
            records, assistant.index.document, _settings(endpoint.url), runs=1, cache=tmp_path / "c.jsonl"
        )
    assert found[CORRECTNESS]["failed"] == len(records)
    assert not (tmp_path / "c.jsonl").exists()


def test_without_a_language_model_the_judge_says_so(assistant: Assistant, tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="set LLM"):
        judge_records([], assistant.index.document, Settings(), cache=tmp_path / "c.jsonl")


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ('{"claims": []}', 1.0),
        ('```json\n{"claims": [{"claim": "a", "supported": true}]}\n```', 1.0),
        ('{"claims": [{"claim": "a", "supported": "yes"}]}', None),
        ('{"claims": "none"}', None),
        ("[]", None),
        ("", None),
    ],
)
def test_reading_claims(reply: str, value: float | None) -> None:
    assert faithfulness(reply) == value


def test_reading_verdicts() -> None:
    assert [correctness(f'{{"verdict": "{word}"}}') for word in ("correct", "partly", "wrong", "fine")] == [
        1.0,
        0.5,
        0.0,
        None,
    ]
