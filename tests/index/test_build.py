from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from index import build
from index.build import ensure_index
from index.config import IndexSettings
from index.parse import parse_file
from index.types import IndexingError, SourceError, StoreError
from tests.index.conftest import write_tiny_model

ROOT = Path(__file__).parents[2]
QUESTION = "老人午餐每份多少钱"


def folders(settings: IndexSettings) -> list[str]:
    return sorted(path.name for path in settings.index_dir.iterdir() if path.is_dir())


def stamps(settings: IndexSettings) -> dict[str, int]:
    """When each file of the index was written; Chroma touches its own files when it opens them."""
    files = [path for path in settings.index_dir.rglob("*") if path.is_file() and "chroma" not in path.parts]
    return {str(path): path.stat().st_mtime_ns for path in files}


def made(settings: IndexSettings) -> list[str]:
    """Build if need be, search, let go; the steps that were reported (none: nothing was built)."""
    steps: list[str] = []
    index = ensure_index(settings, progress=lambda step, _done, _total: steps.append(step))
    # The model is a random one, so the fused order says nothing: the keyword leg must put the right section first.
    sentences = index.retriever.search(QUESTION, k=41).sentences
    best = max(sentences, key=lambda sentence: sentence.legs.get("words.sentence", 0.0))
    assert best.address.startswith("1.3#")
    assert any(leg.startswith("dense.") for sentence in sentences for leg in sentence.legs)
    index.retriever.close()
    return steps


def command(settings: IndexSettings, *arguments: str) -> tuple[list[str], dict[str, str]]:
    env = {
        **os.environ,
        "INDEX_DIR": str(settings.index_dir),
        "DOCUMENT": str(settings.document),
        "EMBEDDING_MODEL": settings.embedding_model,
    }
    return [sys.executable, "-m", "index", *arguments], env


# --- When an index is built


def test_a_build_reports_its_steps_to_the_end(small_settings: IndexSettings) -> None:
    steps: dict[str, tuple[int, int]] = {}

    def report(step: str, done: int, total: int) -> None:
        assert steps.get(step, (0, total)) <= (done, total)
        steps[step] = (done, total)

    ensure_index(small_settings, progress=report).retriever.close()
    assert set(steps) == {"embed", "store", "keywords"}
    assert all(done == total > 0 for done, total in steps.values())


def test_nothing_is_done_when_nothing_changed(small_settings: IndexSettings) -> None:
    assert made(small_settings)
    before = stamps(small_settings)
    assert made(small_settings) == []
    assert stamps(small_settings) == before


def test_rebuild_builds_all_the_same(small_settings: IndexSettings) -> None:
    made(small_settings)
    before = stamps(small_settings)
    ensure_index(small_settings, rebuild=True).retriever.close()
    after = stamps(small_settings)
    assert after.keys() == before.keys()
    assert after != before


def test_the_manifest_says_what_the_index_was_made_from(small_settings: IndexSettings) -> None:
    index = ensure_index(small_settings)
    index.retriever.close()
    (name,) = folders(small_settings)
    manifest = json.loads((small_settings.index_dir / name / "manifest.json").read_text("utf-8"))
    assert manifest == {
        "format": build.FORMAT,
        "document": "notice",
        "source_sha256": parse_file(small_settings.document).sha256,
        "enrichment_sha256": "",
        "bank_sha256": "",
        "model": small_settings.embedding_model,
        "model_fingerprint": index.retriever.embedder.fingerprint,
        "token_counter": index.manifest.token_counter,
        "passage_tokens": 512,
        "passages": index.manifest.passages,
    }
    assert manifest["passages"] > len(list(index.document.sentences()))
    assert name == f"notice-{index.manifest.key}"


def change_source(settings: IndexSettings, _: Path) -> IndexSettings:
    settings.document.write_text(
        settings.document.read_text("utf-8") + "\n（四）电话\n请打值班电话。", "utf-8"
    )
    return settings


def add_enrichment(settings: IndexSettings, _: Path) -> IndexSettings:
    row = {"address": "1.3#2", "en": "Eight yuan.", "plain": "八块。", "questions": {"zh": ["每份多少钱？"]}}
    path = settings.document.with_name("notice.enrichment.jsonl")
    path.write_text(json.dumps(row, ensure_ascii=False), "utf-8")
    return settings


def add_bank(settings: IndexSettings, _: Path) -> IndexSettings:
    row = {"address": "1.3#2", "lang": "zh", "answered": [], "unanswered": ["晚饭几点开始？"]}
    path = settings.document.with_name("notice.questions.jsonl")
    path.write_text(json.dumps(row, ensure_ascii=False), "utf-8")
    return settings


def change_model(settings: IndexSettings, folder: Path) -> IndexSettings:
    other = folder / "other-model"
    other.mkdir()
    return settings.model_copy(update={"embedding_model": str(write_tiny_model(other, seed=2))})


def change_budget(settings: IndexSettings, _: Path) -> IndexSettings:
    return settings.model_copy(update={"passage_tokens": 64})


@pytest.mark.parametrize("change", [change_source, add_enrichment, add_bank, change_model, change_budget])
def test_a_change_is_noticed_and_leaves_one_index(
    small_settings: IndexSettings, tmp_path: Path, change: Callable[[IndexSettings, Path], IndexSettings]
) -> None:
    made(small_settings)
    (before,) = folders(small_settings)
    changed = change(small_settings, tmp_path)
    assert made(changed)
    (after,) = folders(small_settings)
    assert after != before
    assert made(changed) == []


def test_a_model_changed_in_place_is_noticed(small_settings: IndexSettings, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    settings = small_settings.model_copy(update={"embedding_model": str(write_tiny_model(folder, seed=3))})
    made(settings)
    write_tiny_model(folder, seed=4)
    assert made(settings)


def test_another_format_is_noticed(small_settings: IndexSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    made(small_settings)
    monkeypatch.setattr(build, "FORMAT", build.FORMAT + 1)
    assert made(small_settings)


def test_enrichment_can_be_left_out(small_settings: IndexSettings) -> None:
    add_enrichment(small_settings, Path())
    with_it = ensure_index(small_settings)
    without = ensure_index(small_settings.model_copy(update={"enrichment": False}))
    assert with_it.enrichment.english("1.3#2") == "Eight yuan."
    assert without.enrichment.english("1.3#2") is None
    assert with_it.manifest.passages == without.manifest.passages + 3
    for index in (with_it, without):
        index.retriever.close()


def test_a_sentences_notes_in_third_languages_are_searched_by_their_words_only(
    small_settings: IndexSettings,
) -> None:
    asked = "Combien coûte un repas ?"
    row = {"address": "1.3#2", "en": "Eight yuan.", "plain": "八块。", "questions": {"fr": [asked]}}
    path = small_settings.document.with_name("notice.enrichment.jsonl")
    path.write_text(json.dumps({**row, "words": {"fr": ["repas"]}}), "utf-8")
    index = ensure_index(small_settings)
    sentences = index.retriever.search(asked, k=41).sentences
    (legs,) = [sentence.legs for sentence in sentences if sentence.address == "1.3#2"]
    assert {"words.asked", "words.words"} <= set(legs)
    assert not {"dense.question", "dense.words"} & set(legs)
    index.retriever.close()


def test_documents_side_by_side_leave_each_other_alone(small_settings: IndexSettings) -> None:
    others = [small_settings]
    for name in ("notice-2.txt", "通知.txt"):
        path = small_settings.document.with_name(name)
        path.write_text(small_settings.document.read_text("utf-8"), "utf-8")
        others.append(small_settings.model_copy(update={"document": path}))
    for settings in others:
        assert made(settings)
    assert len(folders(small_settings)) == 3
    for settings in others:
        assert made(settings) == []


@pytest.mark.parametrize("tokens", [32, 40])
def test_no_passage_exceeds_the_budget_of_the_setting(small_settings: IndexSettings, tokens: int) -> None:
    from index.tokens import count_tokens

    settings = small_settings.model_copy(update={"passage_tokens": tokens})
    ensure_index(settings).retriever.close()
    (name,) = folders(settings)
    passages = json.loads((settings.index_dir / name / "passages.json").read_text("utf-8"))
    assert max(count_tokens(passage["text"]) for passage in passages) <= tokens


# --- What can go wrong


DAMAGED = (
    "manifest.json",
    "passages.json",
    "words.sentence/data.npy",
    "words.sentence/indices.npy",
    "words.section/indptr.npy",
    "pinyin.sentence/terms.json",
    "notes/tokens.npz",
    "chroma/chroma.sqlite3",
)


@pytest.mark.parametrize("keep", [0.0, 0.5], ids=["emptied", "halved"])
@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_noticed_and_the_index_rebuilt(
    small_settings: IndexSettings, name: str, keep: float
) -> None:
    made(small_settings)
    (folder,) = folders(small_settings)
    file = small_settings.index_dir / folder / name
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * keep)])
    assert made(small_settings)
    assert made(small_settings) == []


@pytest.mark.parametrize("name", DAMAGED)
def test_a_missing_file_is_noticed_and_the_index_rebuilt(small_settings: IndexSettings, name: str) -> None:
    made(small_settings)
    (folder,) = folders(small_settings)
    (small_settings.index_dir / folder / name).unlink()
    assert made(small_settings)


def test_damaged_vectors_are_noticed_and_the_index_rebuilt(small_settings: IndexSettings) -> None:
    made(small_settings)
    (folder,) = folders(small_settings)
    vectors = list((small_settings.index_dir / folder / "chroma").glob("*/*.bin"))
    assert vectors
    for file in vectors:
        file.write_bytes(b"")
    assert made(small_settings)
    assert made(small_settings) == []


def test_a_build_that_fails_leaves_the_old_index_and_no_litter(
    small_settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(small_settings)
    before = folders(small_settings)
    monkeypatch.setattr(
        build, "_put_in_place", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(StoreError, match="No space left") as caught:
        ensure_index(small_settings, rebuild=True)
    assert "\n" not in str(caught.value)
    assert folders(small_settings) == before
    monkeypatch.undo()
    assert made(small_settings) == []


def test_an_index_folder_that_is_a_file_is_one_clear_line(
    small_settings: IndexSettings, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(StoreError) as caught:
        ensure_index(small_settings.model_copy(update={"index_dir": path}))
    assert "\n" not in str(caught.value)


def test_a_document_that_is_not_there_is_a_source_error(small_settings: IndexSettings) -> None:
    with pytest.raises(SourceError):
        ensure_index(small_settings.model_copy(update={"document": Path("nowhere.txt")}))
    assert not small_settings.index_dir.exists()


def test_a_document_of_headings_alone_has_nothing_to_index(small_settings: IndexSettings) -> None:
    small_settings.document.write_text("一、甲\n（一）乙", "utf-8")
    with pytest.raises(IndexingError, match="no text"):
        ensure_index(small_settings)


# --- Several processes


KILLED = """
import os, signal, sys, time
from pathlib import Path
from index import build
from index.config import IndexSettings

def report(step, done, total):
    if step == sys.argv[1]:
        Path(sys.argv[2]).write_text("here")
        time.sleep(60)

build.ensure_index(IndexSettings(), rebuild=True, progress=report)
"""


@pytest.mark.parametrize("step", ["embed", "store", "keywords"])
def test_a_killed_build_leaves_the_old_index_whole(
    small_settings: IndexSettings, tmp_path: Path, step: str
) -> None:
    made(small_settings)
    before, whole = folders(small_settings), stamps(small_settings)
    mark = tmp_path / "mark"
    _, env = command(small_settings)
    process = subprocess.Popen([sys.executable, "-c", KILLED, step, str(mark)], cwd=ROOT, env=env)
    deadline = time.monotonic() + 60
    while not mark.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    assert mark.exists()
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    (litter,) = set(folders(small_settings)) - set(before)
    assert litter.startswith("building-")
    assert {name: when for name, when in stamps(small_settings).items() if litter not in name} == whole
    # The old index is used as it is; the next build clears away what the killed one left.
    assert made(small_settings) == []
    ensure_index(small_settings, rebuild=True).retriever.close()
    assert folders(small_settings) == before


def test_processes_that_start_at_once_build_one_whole_index(small_settings: IndexSettings) -> None:
    arguments, env = command(small_settings, "search", QUESTION, "--json")
    processes = [
        subprocess.Popen(arguments, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    answers = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        answers.append(json.loads(out)["sections"][0]["address"])
    with closing(ensure_index(small_settings).retriever) as retriever:
        assert answers == [retriever.search(QUESTION).sections[0].address] * 2
    assert len(folders(small_settings)) == 1
    assert made(small_settings) == []
