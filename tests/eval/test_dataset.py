from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.dataset import (
    ALL_SPLITS,
    DatasetError,
    Item,
    Written,
    items_from_feedback,
    lint,
    load_items,
    load_split,
    save_items,
    written_questions,
)
from eval.variants import load_variants, make_variants
from index.types import Document

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_


ROWS = "问题,答案\n国际标准要多少项？,80项以上\n“四个中心”是什么？,\n"


@pytest.mark.parametrize(
    "raw",
    [
        ROWS.encode(),
        b"\xef\xbb\xbf" + ROWS.encode(),
        ROWS.encode("gb18030"),
        ROWS.encode("utf-16"),
        ROWS.replace(",", ";").encode(),
        ROWS.replace(",", "\t").replace("\n", "\r\n").encode(),
    ],
    ids=["utf-8", "bom", "gb18030", "utf-16", "semicolon", "tab and crlf"],
)
def test_csv_with_questions_and_answers_only(write: Write, raw: bytes) -> None:
    items = load_items(write("own.csv", raw))
    assert [item.question for item in items] == ["国际标准要多少项？", "“四个中心”是什么？"]
    assert [item.answer for item in items] == ["80项以上", ""]
    assert [item.id for item in items] == ["q1", "q2"]
    assert [item.answerable for item in items] == [None, None]
    assert not any(item.has_key for item in items)


def test_csv_with_every_field(write: Write) -> None:
    head = "id,question,sections,must,answerable,reason"
    text = f'{head}\n7,"多少，几项？",1.3; 2.1,80项|八十项;800项,是,\n8,天气？,,,否,out_of_scope\n'
    first, second = load_items(write("all.csv", text))
    assert first == Item(
        id="7",
        turns=("多少，几项？",),
        sections=("1.3", "2.1"),
        must=(("80项", "八十项"), ("800项",)),
        answerable=True,
    )
    assert (second.answerable, second.reason) == (False, "out_of_scope")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", '{"id": "1", "question": "甲"}\n{"id": "2"}\n', ("a.jsonl", "2", "question")),
        ("a.jsonl", '{"id": "1", "question": "甲", "colour": "red"}\n', ("a.jsonl", "1", "colour")),
        ("a.jsonl", '\n{"id": "1", "question": "甲"\n', ("a.jsonl", "2", "JSON")),
        ("a.jsonl", '{"id": "1", "question": "甲", "must": ["乙"]}\n', ("a.jsonl", "1", "must")),
        ("a.jsonl", '{"id": "1", "question": "甲", "answerable": "no"}\n', ("a.jsonl", "1", "answerable")),
        ("a.jsonl", '{"id": "1", "turns": []}\n', ("a.jsonl", "1", "turns")),
        ("a.jsonl", '{"id": "1", "question": " "}\n', ("a.jsonl", "1", "question")),
        ("a.jsonl", '{"id": "1", "question": "甲", "reason": "tired"}\n', ("a.jsonl", "1", "reason")),
        ("a.jsonl", '{"id": "1", "question": "甲"}\n{"id": "1", "question": "乙"}\n', ("a.jsonl", "2", "id")),
        ("a.jsonl", "\n", ("a.jsonl",)),
        ("a.csv", "答案\n80\n", ("a.csv", "1", "question")),
        ("a.csv", "question,answer\n甲,乙,丙\n", ("a.csv", "2", "answer")),
        ("a.csv", "question,answerable\n甲,perhaps\n", ("a.csv", "2", "answerable")),
        ("a.csv", b"question\n\xff\xff\xff\n", ("a.csv", "GB18030")),
    ],
)
def test_errors_name_file_line_and_field(
    write: Write, name: str, content: str | bytes, said: tuple[str, ...]
) -> None:
    with pytest.raises(DatasetError) as error:
        load_items(write(name, content))
    message = str(error.value)
    assert "\n" not in message
    assert all(part in message for part in said), message


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none\.jsonl"):
        load_items(tmp_path / "none.jsonl")


def test_items_survive_writing(tmp_path: Path) -> None:
    items = load_split("test")[:40] + load_split("dev")[-40:]
    save_items(items, tmp_path / "copy.jsonl")
    assert load_items(tmp_path / "copy.jsonl") == items


# --- lint ---

GOOD = Item(
    id="a",
    turns=("国际标准要制定多少项？",),
    kind="fact",
    lang="zh",
    sections=("1.3",),
    sentences=("1.3#12",),
    must=(("80项",),),
)


def _problems(document: Document, *items: Item, **options: object) -> str:
    return "\n".join(map(str, lint(items, document, **options)))  # type: ignore[arg-type]


def test_a_good_item_passes(document: Document) -> None:
    assert _problems(document, GOOD) == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sections": ("1.9",), "sentences": ()}, "1.9 is not in the document"),
        ({"sentences": ("1.3#99",)}, "1.3#99 is not in the document"),
        ({"sentences": ("1.2#1",)}, "outside the sections"),
        ({"must": (("800项",),)}, "does not stand in the gold text"),
        ({"must": (), "sections": (), "sentences": ()}, "nothing can be scored"),
        ({"all_sections": ("2.1",)}, "not among the sections"),
        ({"answerable": False}, "an unanswerable item has no"),
        ({"answerable": False, "sections": (), "sentences": (), "must": ()}, "needs its reason"),
        ({"reason": "ambiguous"}, "an answerable item has none"),
        ({"base_id": "zz"}, "zz is not in the file"),
        ({"lang": ""}, "needed for the slices"),
        ({"turns": ("甲？", "乙呢？")}, "a follow-up needs its rewrite"),
    ],
)
def test_lint_finds(document: Document, changes: dict[str, object], said: str) -> None:
    row = {name: getattr(GOOD, name) for name in Item.__slots__} | changes
    assert said in _problems(document, Item(**row))


def test_lint_finds_duplicates_within_and_across_splits(document: Document) -> None:
    again = Item(**({name: getattr(GOOD, name) for name in Item.__slots__} | {"id": "b"}))
    assert "nearly the same as a" in _problems(document, GOOD, again)
    assert "of the dev split" in _problems(document, GOOD, others={"dev": [again]})
    assert "stands in the dev split too" in _problems(document, GOOD, others={"dev": [GOOD]})


def test_lint_finds_questions_of_the_retrieval(document: Document) -> None:
    said = _problems(document, GOOD, written=Written(("国际标准要制定多少项",)))
    assert "nearly word for word" in said
    assert _problems(document, GOOD, written=Written(("地铁怎么换乘",))) == ""


def test_the_repository_s_own_data_is_clean(document: Document) -> None:
    splits, variants = {split: load_split(split) for split in ALL_SPLITS}, load_variants()
    for name, own in splits.items():
        ids = {item.id for item in own}
        with_variants = [*own, *(variant for variant in variants if variant.base_id in ids)]
        others = {other: items for other, items in splits.items() if other != name}
        assert _problems(document, *with_variants, others=others, written=written_questions()) == ""


def test_the_data_is_as_large_and_wide_as_the_readme_says(document: Document) -> None:
    items = [item for split in ("dev", "test") for item in load_split(split)]
    base = [item for item in items if not item.base_id]
    assert len(base) >= 300
    assert sum(item.answerable is False for item in base) >= 80
    assert sum(len(item.turns) > 1 for item in base) >= 60
    by_id = {item.id: item for item in items}
    translated = [i for i in items if i.base_id and i.lang == "en" and by_id[i.base_id].lang == "zh"]
    assert len(translated) >= 100
    cited = {address for item in base for address in item.sections}
    assert {section.address for section in document.sections()} <= cited
    assert sum(bool(item.must_not) for item in base if item.kind == "adversarial") >= 20


def test_variants_are_those_of_the_seed() -> None:
    made = [variant for split in ("dev", "test") for variant in make_variants(load_split(split))]
    assert made == load_variants()
    assert {variant.variant for variant in made} == {
        "homophone",
        "typos",
        "traditional",
        "full-width",
        "code-mixed",
        "loose",
    }


# --- feedback ---


def test_items_from_feedback(write: Write) -> None:
    cited = {
        "query": "国际标准多少项？",
        "language": "zh",
        "status": "answered",
        "citations": [{"section_id": "1.3"}],
    }
    refused = {
        "query": "天气？",
        "language": "zh",
        "status": "abstained",
        "reason": "out_of_scope",
        "citations": [],
    }
    rows = [
        {"question": "那国际标准呢？", "verdict": "good", "answer": cited, "reason": "", "section": ""},
        {"question": "天气？", "verdict": "good", "answer": refused, "reason": "", "section": ""},
        {
            "question": "标准？",
            "verdict": "bad",
            "answer": {**cited, "query": "标准？"},
            "reason": "wrong",
            "section": "2.1",
        },
        {
            "question": "啊？",
            "verdict": "bad",
            "answer": {**cited, "query": "啊？"},
            "reason": "wrong",
            "section": "",
        },
    ]
    path = write("f.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    items, left_out = items_from_feedback(path)
    assert left_out == 1
    assert [(item.question, item.sections, item.answerable, item.reason) for item in items] == [
        ("国际标准多少项？", ("1.3",), True, ""),
        ("天气？", (), False, "out_of_scope"),
        ("标准？", ("2.1",), True, ""),
    ]
    with pytest.raises(DatasetError, match="verdict"):
        items_from_feedback(write("g.jsonl", '{"question": "甲", "verdict": "meh", "answer": {}}'))
