"""Ask every item, score it, and write down what was found: the costly part of an evaluation.

A run is a folder: `results.jsonl` (one record an item), `summary.json`, `timings.json`, `manifest.json` and
`report.html`. The first two hold no time and no path: two offline runs of the same commit write them alike.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.types import Answer, Turn
from eval.dataset import EvalError, Item
from eval.scoring import FOUND, Score, Stage, score

if TYPE_CHECKING:
    from assistant.config import Settings
    from assistant.pipeline import Assistant
    from index.types import Ranking

Progress = Callable[[int, int], None]
ARMS = ("history", "none", "rewrite")
ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("bm25s", "chromadb", "langchain-core", "numpy", "sentence-transformers", "tokenizers")
_SHOWN_SECTIONS = 10
_SHOWN_SENTENCES = 5


@dataclass(frozen=True, slots=True)
class Record:
    """One item with its answer, ranking and verdict.

    `arms` are the strict scores of a follow-up asked with its history, without it, and as its gold rewrite;
    `seconds` is the time of the scored question alone.
    """

    item: Item
    split: str
    answer: Answer
    ranking: Ranking | None
    verdict: Score
    arms: Mapping[str, float | None] = field(default_factory=dict)
    seconds: float = 0.0

    def to_row(self) -> dict[str, Any]:
        """The record as it is written to `results.jsonl`: without times."""
        answer = {name: value for name, value in self.answer.to_dict().items() if name != "timings_ms"}
        return {
            "id": self.item.id,
            "split": self.split,
            "item": self.item.to_row(),
            "outcome": str(self.verdict.outcome),
            "stage": str(self.verdict.stage) if self.verdict.stage else None,
            "scores": {name: _rounded(value) for name, value in self.verdict.values.items()},
            "broken": list(self.verdict.broken),
            "missing": list(self.verdict.missing),
            "arms": {name: _rounded(value) for name, value in self.arms.items()},
            "answer": answer,
            "ranking": _ranking_row(self.ranking),
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _ranking_row(ranking: Ranking | None) -> dict[str, Any] | None:
    if ranking is None:
        return None
    return {
        "query": ranking.query,
        "sections": [
            {"address": s.address, "score": round(s.score, 4), "legs": dict(s.legs)}
            for s in ranking.sections[:_SHOWN_SECTIONS]
        ],
        "sentences": [
            {"address": s.address, "score": round(s.score, 4)} for s in ranking.sentences[:_SHOWN_SENTENCES]
        ],
    }


# --- asking ---


def ask_all(
    assistant: Assistant,
    items: Iterable[tuple[str, Item]],
    *,
    arms: bool = True,
    progress: Progress | None = None,
) -> list[Record]:
    """Ask and score items, given with the name of their split, on the path that users take.

    `arms` asks follow-ups without their history and as their gold rewrite too.
    """
    pairs = list(items)
    records = []
    for done, (split, item) in enumerate(pairs, start=1):
        records.append(ask_item(assistant, item, split=split, arms=arms))
        if progress:
            progress(done, len(pairs))
    return records


def ask_item(assistant: Assistant, item: Item, *, split: str = "", arms: bool = True) -> Record:
    """Ask the turns in order and score the last; for a follow-up the two other arms as well."""
    document, retriever = assistant.index.document, assistant.index.retriever
    history: list[Turn] = []
    for turn in item.turns[:-1]:
        history.append(assistant.ask(turn, history).turn())
    start = time.perf_counter()
    answer = assistant.ask(item.question, history)
    seconds = time.perf_counter() - start
    query = assistant.understand(item.question, history)
    ranking = retriever.search(query.search or query.text)
    verdict = score(item, answer, document, ranking)
    strict: dict[str, float | None] = {}
    if arms and len(item.turns) > 1:
        alone = score(item, assistant.ask(item.question), document)
        strict = {"history": verdict.strict, "none": alone.strict}
        if item.standalone:
            rewritten = assistant.ask(item.standalone)
            strict["rewrite"] = score(item, rewritten, document).strict
            if (verdict.stage in {Stage.RETRIEVAL, Stage.ABSTENTION} and strict["rewrite"]) or (
                verdict.stage is Stage.RETRIEVAL and _finds(retriever.search(item.standalone), item)
            ):
                verdict = replace(verdict, stage=Stage.UNDERSTANDING)
    return Record(item, split, answer, ranking, verdict, strict, seconds)


def _finds(ranking: Ranking, item: Item) -> bool:
    return any(scored.address in item.sections for scored in ranking.sections[:FOUND])


# --- what a run was made with ---


def manifest(
    assistant: Assistant, settings: Settings, items: Sequence[tuple[str, Item]], *, name: str
) -> dict[str, Any]:
    """Commit, data, settings, fingerprints, versions and hardware of a run; no key and no path."""
    import prompts

    shown = settings.model_dump(mode="json", exclude={"llm_api_key", "auth_file", "feedback_db", "index_dir"})
    shown["document"] = Path(str(shown["document"])).name
    index = assistant.index.manifest
    return {
        "dataset": name,
        "items": len(items),
        "data_sha256": data_hash(item for _, item in items),
        "commit": commit(),
        "settings": shown,
        "index": {field_: getattr(index, field_) for field_ in type(index).__dataclass_fields__}
        | {"key": index.key},
        "files": {
            path: hashlib.sha256((ROOT / path).read_bytes()).hexdigest()[:16]
            for path in ("index/fusion.json", "assistant/calibration.json")
            if (ROOT / path).exists()
        },
        "prompts": prompts.fingerprint(),
        "versions": {"python": platform.python_version(), **{name_: _version(name_) for name_ in _PACKAGES}},
        "hardware": {
            "machine": platform.machine(),
            "system": platform.system(),
            "processor": _processor(),
            "cores": os.cpu_count(),
        },
    }


def data_hash(items: Iterable[Item]) -> str:
    """SHA-256 over all items as they stand, in order."""
    digest = hashlib.sha256()
    for item in items:
        digest.update(json.dumps(item.to_row(), ensure_ascii=False, sort_keys=True).encode())
    return digest.hexdigest()


def commit() -> str:
    """The commit that is checked out, with `+` where files differ from it; empty outside a repository."""
    git = shutil.which("git")
    if git is None:
        return ""
    try:
        head = _git(git, "rev-parse", "--short=12", "HEAD")
        return head + ("+" if _git(git, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(git: str, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603  # fixed arguments
        [git, "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def cold_start(question: str = "国际标准要制定多少项？") -> float:
    """Seconds from starting a fresh process to its first answer, with the index built."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "assistant", "ask", question]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=300)  # noqa: S603
    if done.returncode:
        raise EvalError(
            "冷启动失败。 The cold start failed: " + done.stderr.decode("utf-8", "replace").strip()[-200:]
        )
    return time.perf_counter() - start


def peak_memory() -> float:
    """The largest resident size of this process so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


# --- writing and reading ---


def write_run(
    folder: Path,
    records: Sequence[Record],
    summary: Mapping[str, Any],
    made_with: Mapping[str, Any],
    timings: Mapping[str, Any],
) -> None:
    """Write a run's files; the report is written by `eval.report`."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(record.to_row(), ensure_ascii=False) for record in records]
    (folder / "results.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    dumped = {"summary.json": summary, "manifest.json": made_with, "timings.json": timings}
    for name, value in dumped.items():
        (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


@dataclass(frozen=True, slots=True)
class Run:
    """A run read back from its folder."""

    name: str
    rows: Mapping[str, Mapping[str, Any]]
    manifest: Mapping[str, Any]


def read_run(folder: Path) -> Run:
    """Read a run.

    Raises:
        EvalError: the folder doesn't hold one.
    """
    try:
        lines = (folder / "results.jsonl").read_text("utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        made_with = json.loads((folder / "manifest.json").read_text("utf-8"))
        return Run(folder.name, {row["id"]: row for row in rows}, made_with)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvalError(f"{folder} 不是一次评测的结果。 {folder} holds no run: {error}") from None


def new_folder(parent: Path) -> Path:
    """A folder for a run named after the time, UTC, to the second."""
    return parent / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
