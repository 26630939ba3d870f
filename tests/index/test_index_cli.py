"""`python -m index`, as a user calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from index.__main__ import main
from index.build import Index
from index.config import OUTLINE
from index.types import Document

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "index", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **settings},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def assert_one_line_error(result: subprocess.CompletedProcess[str], words: str) -> None:
    assert result.returncode == 2, result
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert words in line


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["show", *arguments]) == 0
    return capsys.readouterr().out


# --- show


def test_show_a_sentence_as_a_command() -> None:
    result = run("show", "1.3#12")
    assert result.returncode == 0
    assert "制定国际标准80项以上。" in result.stdout
    assert result.stderr == ""


def test_show_the_tree(capsys: pytest.CaptureFixture[str], outline: Document) -> None:
    lines = shown(capsys).splitlines()
    assert lines[0].startswith("首都标准化发展纲要2035  [outline-2035]  2022-10-10  sha256 ")
    assert outline.sha256 in lines[0]
    assert [line.split()[0] for line in lines[1:4]] == ["0.1", "0.2", "1"]
    assert len(lines) == 1 + 2 + 12 + 41


def test_show_a_section_with_its_sentences(capsys: pytest.CaptureFixture[str], outline: Document) -> None:
    lines = shown(capsys, "5.3").splitlines()
    assert lines[0] == "5.3  五、（三）构建现代化城市交通标准体系"
    expected = [f"  {sentence.address}  {sentence.text}" for sentence in outline.section("5.3").sentences]
    assert lines[1:] == expected


def test_show_a_chapter_with_its_sections(capsys: pytest.CaptureFixture[str], outline: Document) -> None:
    text = shown(capsys, "5")
    assert text.startswith("5  五、提高城市治理标准化效能，服务高品质宜居城市建设\n")
    for section in outline.chapter(5).sections:
        assert section.label in text
        assert all(sentence.text in text for sentence in section.sentences)


def test_show_takes_the_documents_id_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "outline-2035:5.3") == shown(capsys, "5.3")


def test_show_with_the_translation_marks_it_as_unofficial(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "7.3", "--lang", "en")
    assert "unofficial translation" in text.splitlines()[0]
    assert text.count("≈") == 4
    assert "elderly care" in text
    assert "≈" not in shown(capsys, "7.3")


@pytest.mark.parametrize("address", ["99", "0", "1.9", "1.3#99", "x", "5.3#", "other:5.3", "#"])
def test_a_wrong_address_is_one_line_and_2(capsys: pytest.CaptureFixture[str], address: str) -> None:
    assert main(["show", address]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1


def test_repairs_are_listed(capsys: pytest.CaptureFixture[str], outline: Document) -> None:
    assert main(["repairs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(outline.repairs)
    kept = OUTLINE.with_name("outline-2035.repairs.tsv").read_text("utf-8").splitlines()
    assert lines == kept, "python -m index repairs > index/data/outline-2035.repairs.tsv"
    assert any("erratum" in line and "进出口贸易" in line for line in lines)


# --- search


def test_search_finds_the_section_first(outline_index: Index, index_dir: Path) -> None:
    del outline_index
    result = run("search", "养老", INDEX_DIR=str(index_dir))
    assert result.returncode == 0, result.stderr
    assert result.stdout.split()[1:3] == ["7.3", "七、（三）强化社会保障标准化支撑"]
    assert "words.sentence" in result.stdout
    assert "7.3#3" in result.stdout
    assert result.stderr == ""


def test_search_in_english(outline_index: Index, index_dir: Path) -> None:
    del outline_index
    result = run("search", "elderly care", "--json", "-k", "3", INDEX_DIR=str(index_dir))
    ranking = json.loads(result.stdout)
    addresses = [section["address"] for section in ranking["sections"]]
    assert len(addresses) == 3
    assert "7.3" in addresses[:2]
    assert ranking["sections"][0]["legs"]


def test_build_prints_what_it_built(outline_index: Index, index_dir: Path) -> None:
    result = run("build", INDEX_DIR=str(index_dir))
    assert result.returncode == 0
    assert f"{outline_index.manifest.passages} passages" in result.stdout
    assert "tokens by " in result.stdout
    assert result.stderr == ""


# --- What can be wrong


def test_a_wrong_address_as_a_command() -> None:
    assert_one_line_error(run("show", "99.9"), "99.9")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        pytest.param({"PASSAGE_TOKENS": "many"}, "PASSAGE_TOKENS", id="number"),
        pytest.param({"CHROMA_URL": "somewhere"}, "CHROMA_URL", id="chroma-url"),
        pytest.param({"CHROMA_URL": "http://127.0.0.1:1"}, "127.0.0.1:1", id="dead-chroma"),
        pytest.param({"EMBEDDING_MODEL": "./nowhere"}, "./nowhere", id="model"),
        pytest.param({"DOCUMENT": "nowhere.txt"}, "nowhere.txt", id="document"),
        pytest.param({"INDEX_DIR": os.devnull}, os.devnull, id="index-dir"),
    ],
)
def test_a_wrong_setting_is_one_line_and_2(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    assert_one_line_error(
        run("search", "养老", **{"INDEX_DIR": str(tmp_path), "ENRICHMENT": "false", **settings}), words
    )


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_search_is_one_line_and_2(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert main(["search", text]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [[], ["dig"], ["search"], ["search", "养老", "-k", "0"], ["show", "1", "--lang", "fr"]]
)
def test_a_wrong_call_is_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_reader_that_leaves_early_causes_no_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "index", "repairs"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert errors == b""


def test_help_does_no_work() -> None:
    engines = {"numpy", "torch", "chromadb", "bm25s", "pydantic"}
    code = f"import sys, index.__main__; print(sorted({engines!r} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
