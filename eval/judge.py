"""Answers judged by a language model: claim by claim for faithfulness, as a whole for correctness.

An opinion beside the measured scores, never a reason of the gate: each answer is judged several times, the
spread is shown, replies that can't be read are counted, and every reply is kept by model, prompt and item.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import prompts
from assistant.types import Status
from eval.dataset import EvalError
from eval.run import Record
from index.types import Document

if TYPE_CHECKING:
    from assistant.config import Settings
    from assistant.model import ChatModel

Progress = Callable[[int, int], None]
CACHE = Path("runs") / "judge-cache.jsonl"
FAITHFULNESS, CORRECTNESS = "judge_faithfulness", "judge_correctness"
VERDICTS: Mapping[str, float] = {"correct": 1.0, "partly": 0.5, "wrong": 0.0}
_AT_ONCE = 4
_LONGEST = 12_000


@dataclass(frozen=True, slots=True)
class Task:
    """One question to the judge about one item."""

    item: str
    kind: str
    messages: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Tally:
    """What came of a kind of judgement: the scores of each run by item, and replies that were of no use."""

    scores: dict[int, dict[str, float]] = field(default_factory=dict)
    unreadable: int = 0
    failed: int = 0


def tasks_of(records: Sequence[Record], document: Document, *, limit: int, seed: int = 0) -> list[Task]:
    """Judgements on a seeded sample of base items; correctness needs a reference, faithfulness an answer."""
    judged = [r for r in records if not r.item.variant and r.item.answerable is not False]
    chosen = random.Random(seed).sample(judged, min(limit, len(judged)))
    tasks = []
    for record in chosen:
        item, answer = record.item, record.answer
        reference = item.answer or "\n".join(document.sentence(a).text for a in item.sentences)
        if answer.status in {Status.ANSWERED, Status.PARTIAL} and answer.citations:
            evidence = "\n".join(f"[{c.marker}] {c.quote}" for c in answer.citations)
            messages = prompts.render(
                FAITHFULNESS, question=answer.query, evidence=evidence, answer=answer.answer
            )
            tasks.append(Task(item.id, FAITHFULNESS, messages))
        if reference:
            messages = prompts.render(
                CORRECTNESS, question=answer.query, reference=reference, answer=answer.answer
            )
            tasks.append(Task(item.id, CORRECTNESS, messages))
    return tasks


def faithfulness(reply: str) -> float | None:
    """The share of supported claims; 1 for an answer without claims; None if the reply can't be read."""
    found = _object(reply)
    claims = found.get("claims") if found else None
    if not isinstance(claims, list):
        return None
    supported = [claim.get("supported") if isinstance(claim, dict) else None for claim in claims]
    if not all(isinstance(value, bool) for value in supported):
        return None
    return sum(map(bool, supported)) / len(supported) if supported else 1.0


def correctness(reply: str) -> float | None:
    """1, 0.5 or 0 for correct, partly and wrong; None if the reply can't be read."""
    found = _object(reply)
    return VERDICTS.get(str(found.get("verdict"))) if found else None


_READ: Mapping[str, Callable[[str], float | None]] = {FAITHFULNESS: faithfulness, CORRECTNESS: correctness}


def _object(reply: str) -> dict[str, Any] | None:
    """The JSON object in a reply, whatever stands around it."""
    try:
        value = json.loads(reply[reply.index("{") : reply.rindex("}") + 1])
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


class Cache:
    """Replies by model, prompt, item and number of the run, in a JSONL file that only grows."""

    def __init__(self, path: Path) -> None:
        """Read what is there; a line that was cut off is left out."""
        self._path = path
        self._replies: dict[str, str] = {}
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            try:
                row = json.loads(line)
                self._replies[row["key"]] = row["reply"]
            except (ValueError, KeyError, TypeError):
                continue

    @staticmethod
    def key(model: str, task: Task, run: int) -> str:
        """The key of one reply."""
        text = json.dumps([model, task.item, task.kind, task.messages, run], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def get(self, key: str) -> str | None:
        """The reply kept under a key."""
        return self._replies.get(key)

    def put(self, key: str, reply: str) -> None:
        """Keep a reply."""
        self._replies[key] = reply
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "reply": reply}, ensure_ascii=False) + "\n")


def judge_records(
    records: Sequence[Record],
    document: Document,
    settings: Settings,
    *,
    runs: int = 3,
    limit: int = 100,
    cache: Path = CACHE,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Judge a sample of answers with the language model of the settings, and sum up.

    Raises:
        EvalError: no language model is set, or it can't be used.
    """
    from assistant.model import ChatModel, ModelSetupError

    try:
        model = ChatModel.open(settings)
    except ModelSetupError as error:
        raise EvalError(str(error)) from None
    if model is None:
        raise EvalError("没有设置语言模型 LLM，无法评判。 --judge needs a language model: set LLM.")
    tasks = tasks_of(records, document, limit=limit)
    try:
        tallies = model.run(_judged(model, tasks, runs, Cache(cache), progress))
    finally:
        model.close()
    return {"model": model.name, "runs": runs} | {
        kind: summed(tally, runs) for kind, tally in tallies.items()
    }


async def _judged(
    model: ChatModel, tasks: Sequence[Task], runs: int, cache: Cache, progress: Progress | None
) -> dict[str, Tally]:
    from assistant.model import ModelFault

    tallies = {FAITHFULNESS: Tally(), CORRECTNESS: Tally()}
    gate = asyncio.Semaphore(_AT_ONCE)
    done = 0

    async def judge(task: Task, run: int) -> None:
        nonlocal done
        tally = tallies[task.kind]
        key = Cache.key(model.name, task, run)
        reply = cache.get(key)
        try:
            if reply is None:
                async with gate:
                    reply = await model.complete(task.messages, longest=_LONGEST)
                cache.put(key, reply)
            value = _READ[task.kind](reply)
            if value is None:
                tally.unreadable += 1
            else:
                tally.scores.setdefault(run, {})[task.item] = value
        except ModelFault:
            tally.failed += 1
        done += 1
        if progress:
            progress(done, len(tasks) * runs)

    await asyncio.gather(*(judge(task, run) for run in range(runs) for task in tasks))
    return tallies


def summed(tally: Tally, runs: int) -> dict[str, Any]:
    """Mean over the runs, their spread (standard deviation of the runs' means), and what couldn't be used."""
    means = [statistics.fmean(scores.values()) for _, scores in sorted(tally.scores.items()) if scores]
    items = {item for scores in tally.scores.values() for item in scores}
    return {
        "mean": round(statistics.fmean(means), 4) if means else None,
        "spread": round(statistics.stdev(means), 4) if len(means) > 1 else None,
        "runs_used": f"{len(means)}/{runs}",
        "items": len(items),
        "unreadable": tally.unreadable,
        "failed": tally.failed,
    }
