from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.config import Settings
from eval.dataset import EvalError
from eval.external import evaluate_folder, load_squad, print_table

PARAGRAPHS = {
    "zh": ("垃圾分类和再生资源回收。", "地铁换乘与站城一体化。", "医院和社区卫生服务。"),
    "en": ("Waste sorting and recycling.", "Subway transfers at stations.", "Hospitals and clinics."),
}
QUESTIONS = {
    "zh": ("垃圾怎么分类？", "地铁怎么换乘？", "社区医院的卫生服务怎么样？"),
    "en": ("How is waste sorted?", "Where are subway transfers?", "What about hospitals?"),
}


def _write(folder: Path, language: str) -> None:
    paragraphs = [
        {"context": context, "qas": [{"id": f"q{at}", "question": question, "answers": []}]}
        for at, (context, question) in enumerate(zip(PARAGRAPHS[language], QUESTIONS[language], strict=True))
    ]
    text = json.dumps(
        {"version": "1", "data": [{"title": "t", "paragraphs": paragraphs}]}, ensure_ascii=False
    )
    (folder / f"set.{language}.json").write_text(text, "utf-8")


def test_monolingual_and_across_languages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(tmp_path, "zh")
    _write(tmp_path, "en")
    results = evaluate_folder(tmp_path, Settings(), limit=10)
    by_name = {(result.name, result.system): result for result in results}
    assert {name for name, _ in by_name} == {"set.zh", "set.en", "set.en → set.zh", "set.zh → set.en"}
    keywords = by_name["set.zh", "keywords"]
    assert (keywords.n, keywords.paragraphs, keywords.recall_1, keywords.mrr_10) == (3, 3, 1.0, 1.0)
    assert by_name["set.en → set.zh", "embedding"].recall_5 == 1.0
    print_table(results)
    assert "set.zh" in capsys.readouterr().out


def test_the_limit_keeps_all_paragraphs(tmp_path: Path) -> None:
    _write(tmp_path, "zh")
    assert {(r.n, r.paragraphs) for r in evaluate_folder(tmp_path, Settings(), limit=2)} == {(2, 3)}


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"data": [{"paragraphs": [{"qas": []}]}]}'])
def test_other_formats_are_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, "utf-8")
    with pytest.raises(EvalError, match=r"x\.json is not in SQuAD format"):
        load_squad(tmp_path / "x.json")


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match=r"no \.json file"):
        evaluate_folder(tmp_path, Settings(), limit=2)
