from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from assistant.config import Settings
from assistant.pipeline import Assistant
from assistant.types import Answer, Citation, Reason, Status
from eval import report
from eval.__main__ import main
from eval.baselines import matrix, split_text
from eval.compare import (
    GATED,
    as_html,
    as_markdown,
    bless,
    check_gate,
    compare,
    load_baseline,
    paired,
    write_junit,
)
from eval.dataset import EvalError, Item, load_split
from eval.run import Record, Run, ask_all, manifest, read_run, write_run
from eval.scoring import Outcome, Stage, broken_invariants, score
from eval.summary import estimate, summarise, timings
from eval.variants import load_variants
from index.types import Document, Ranking, Scored


@pytest.fixture(scope="module")
def pairs() -> list[tuple[str, Item]]:
    """A sample of every kind from both splits, with some variants and a translation pair."""
    chosen: list[tuple[str, Item]] = []
    for split in ("test", "dev"):
        kinds: dict[str, int] = {}
        items = load_split(split)
        for item in items:
            kinds[item.kind] = kinds.get(item.kind, 0) + 1
            if kinds[item.kind] <= 3 and not item.base_id:
                chosen.append((split, item))
        by_id = {item.id: item for item in items}
        translated = [item for item in items if item.kind == "translation"][:3]
        chosen += [(split, by_id[item.base_id]) for item in translated] + [
            (split, item) for item in translated
        ]
    seen = {item.id: (split, item) for split, item in chosen}
    seen |= {v.id: (seen[v.base_id][0], v) for v in load_variants() if v.base_id in seen}
    return list(seen.values())


@pytest.fixture(scope="module")
def records(assistant: Assistant, pairs: list[tuple[str, Item]]) -> list[Record]:
    return ask_all(assistant, pairs)


def _write(folder: Path, records: list[Record], assistant: Assistant) -> Path:
    summary = summarise(records)
    items = [(record.split, record.item) for record in records]
    made_with = manifest(assistant, Settings(), items, name="sample")
    times = {**timings(records), "cold_start_s": 1.0, "peak_memory_mib": 100.0}
    write_run(folder, records, summary, made_with, times)
    report.write_html(folder, records, summary, made_with, times, assistant.index.document)
    return folder


def test_two_runs_are_byte_identical_outside_times(
    assistant: Assistant, pairs: list[tuple[str, Item]], records: list[Record], tmp_path: Path
) -> None:
    first = _write(tmp_path / "a", records, assistant)
    second = _write(tmp_path / "b", ask_all(assistant, pairs), assistant)
    for name in ("results.jsonl", "summary.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    assert '"timings_ms"' not in (first / "results.jsonl").read_text("utf-8")


def test_manifest_tells_what_a_run_was_made_with_and_no_secret(assistant: Assistant, tmp_path: Path) -> None:
    settings = Settings(llm_api_key="sk-secret", index_dir=tmp_path)  # type: ignore[arg-type]
    made = manifest(assistant, settings, [], name="x")
    text = json.dumps(made)
    assert "sk-secret" not in text
    assert str(tmp_path) not in text
    assert made["index"]["model_fingerprint"] == assistant.index.manifest.model_fingerprint
    assert {"index/fusion.json", "assistant/calibration.json"} == set(made["files"])
    assert made["versions"]["chromadb"] != "-"


def test_the_assistant_keeps_every_invariant(records: list[Record]) -> None:
    assert {record.item.id: record.verdict.broken for record in records if record.verdict.broken} == {}


def test_report_is_self_contained(records: list[Record], assistant: Assistant, tmp_path: Path) -> None:
    page = (_write(tmp_path, records, assistant) / "report.html").read_text("utf-8")
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)
    assert "@import" not in page
    assert "url(" not in page
    assert "default-src 'none'" in page
    data = json.loads(re.search(r"<script type=application/json id=data>(.*?)</script>", page, re.DOTALL)[1])  # type: ignore[index]
    assert [item["id"] for item in data["items"]] == [record.item.id for record in records]
    assert {outcome.value for outcome in Outcome} <= set(data["words"])
    assert {stage.value for stage in Stage} <= set(data["words"])


def test_report_shows_hostile_text_as_text(assistant: Assistant, tmp_path: Path) -> None:
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    item = Item(
        id=hostile, turns=(hostile,), kind=hostile, lang="zh", answerable=False, reason="out_of_scope"
    )
    page = (_write(tmp_path, ask_all(assistant, [("own", item)]), assistant) / "report.html").read_text(
        "utf-8"
    )
    assert "<script>alert" not in page
    assert "<img" not in page


def test_own_csv_with_questions_and_answers_only(assistant: Assistant) -> None:
    items = [Item(id="1", turns=("国际标准要制定多少项？",), answer="80项以上", answerable=None)]
    (record,) = ask_all(assistant, [("own", items[0])])
    assert record.verdict.strict is None
    assert record.verdict.outcome is Outcome.UNSCORED
    assert record.verdict.values["number_recall"] == 1.0
    summary = summarise([record])
    assert summary["splits"]["own"]["scorecard"]["strict"]["n"] == 0
    assert any("strict correctness is not scored" in note for note in summary["notes"])
    assert report.page_of(
        [record],
        summary,
        manifest(assistant, Settings(), [], name="own"),
        {**timings([record]), "cold_start_s": 1.0, "peak_memory_mib": 1.0},
        assistant.index.document,
    )


def test_estimate_picks_the_interval() -> None:
    alone = estimate([1.0] * 8 + [0.0] * 2, [str(at) for at in range(10)])
    assert (alone["value"], alone["n"]) == (0.8, 10)
    assert (alone["low"], alone["high"]) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    clustered = estimate([1.0] * 8 + [0.0] * 2, ["a"] * 5 + ["b"] * 5)
    assert (clustered["low"], clustered["high"]) == (0.6, 1.0)
    assert estimate([], [])["value"] is None


# --- scoring ---

ITEM = Item(
    id="a",
    turns=("国际标准多少项？",),
    kind="fact",
    lang="zh",
    sections=("1.3",),
    sentences=("1.3#12",),
    must=(("80项",),),
    must_not=("800项",),
)


def _answer(document: Document, *addresses: str, text: str | None = None) -> Answer:
    citations = tuple(
        Citation(
            marker=at,
            document_id=document.id,
            section_id=address.partition("#")[0],
            sentence_ids=(address,),
            label="",
            heading_path=(),
            quote=document.sentence(address).text,
        )
        for at, address in enumerate(addresses, start=1)
    )
    told = "\n".join(f"{c.quote}[{c.marker}]" for c in citations) if text is None else text
    return Answer("q", "q", "zh", Status.ANSWERED, None, told, citations=citations)


REFUSAL = Answer("q", "q", "zh", Status.ABSTAINED, Reason.NOT_IN_DOCUMENT, "没有写到。")


def _ranking(*sections: str) -> Ranking:
    return Ranking("q", tuple(Scored(address, 1.0, {}) for address in sections), ())


def test_strict_correctness_needs_facts_sections_and_nothing_forbidden(document: Document) -> None:
    right = _answer(document, "1.3#12")
    assert score(ITEM, right, document).strict == 1.0
    assert score(ITEM, _answer(document, "1.3#15"), document).strict == 0.0
    assert score(ITEM, _answer(document, "1.3#12", "1.3#15"), document).strict == 0.0, "800项 is forbidden"
    assert score(ITEM, _answer(document, "0.1#2", text="80项[1]"), document).strict == 0.0, "wrong section"
    assert score(ITEM, REFUSAL, document).strict == 0.0
    assert score(ITEM, replace(right, status=Status.PARTIAL), document).strict == 1.0
    both = replace(ITEM, sections=("1.3", "0.1"), all_sections=("1.3", "0.1"), must_not=())
    assert score(both, right, document).strict == 0.0
    assert score(both, _answer(document, "1.3#12", "0.1#2"), document).strict == 1.0


def test_unanswerable_items_are_right_when_refused(document: Document) -> None:
    item = Item(id="u", turns=("天气？",), answerable=False, reason="out_of_scope")
    refused, answered = score(item, REFUSAL, document), score(item, _answer(document, "1.3#12"), document)
    assert (refused.strict, refused.outcome) == (1.0, Outcome.RIGHT_REFUSAL)
    assert (answered.strict, answered.outcome, answered.stage) == (
        0.0,
        Outcome.WRONG_ANSWER,
        Stage.ABSTENTION,
    )
    assert refused.values["section_precision"] is refused.values["recall@5"] is None
    helped = replace(REFUSAL, status=Status.HELP, reason=None)
    assert score(item, helped, document).strict == 0.0


def test_citation_and_number_scores(document: Document) -> None:
    values = score(
        replace(ITEM, must_not=()), _answer(document, "1.3#12", "1.3#15", "0.1#7"), document
    ).values
    assert values["section_precision"] == 0.5
    assert values["section_recall"] == 1.0
    assert values["sentence_precision"] == pytest.approx(1 / 3)
    assert values["sentence_recall"] == 1.0
    assert values["number_recall"] == 1.0
    # 80, 800 and 18 stand in the gold section; the day of the notice, 2022 and 10, doesn't.
    assert values["number_precision"] == pytest.approx(3 / 5)
    assert values["verbatim"] == 1.0


@pytest.mark.parametrize(
    ("answer", "ranked", "stage"),
    [
        ("refusal", ("2.1", "1.3"), Stage.ABSTENTION),
        ("refusal", ("2.1", "2.2", "2.3", "2.4", "3.1", "1.3"), Stage.RETRIEVAL),
        ("1.3#15", ("1.3",), Stage.SELECTION),
        ("0.1#7", ("1.3",), Stage.SELECTION),
    ],
)
def test_the_first_failing_stage(
    document: Document, answer: str, ranked: tuple[str, ...], stage: Stage
) -> None:
    given = REFUSAL if answer == "refusal" else _answer(document, answer)
    assert score(ITEM, given, document, _ranking(*ranked)).stage is stage


def test_ranks_follow_the_gold(document: Document) -> None:
    values = score(ITEM, REFUSAL, document, _ranking("2.1", "1.3")).values
    assert (values["recall@1"], values["recall@3"], values["mrr@10"]) == (0.0, 1.0, 0.5)
    both = replace(ITEM, sections=("1.3", "2.1"), all_sections=("1.3", "2.1"))
    assert score(both, REFUSAL, document, _ranking("2.1", "9.1", "1.3")).values["recall@1"] == 0.5


def test_broken_answers_are_seen(document: Document) -> None:
    right = _answer(document, "1.3#12")
    (citation,) = right.citations
    assert broken_invariants(right, document) == ()
    changed = replace(right, citations=(replace(citation, quote="制定国际标准90项以上。"),))
    assert broken_invariants(changed, document) == ("quotes_verbatim",)
    nowhere = replace(right, citations=(replace(citation, sentence_ids=("1.3#99",)),))
    assert "citations_resolve" in broken_invariants(nowhere, document)
    elsewhere = replace(right, citations=(replace(citation, section_id="2.1"),))
    assert "citations_resolve" in broken_invariants(elsewhere, document)
    assert broken_invariants(replace(right, citations=()), document) == ("citations_resolve",)
    bare = replace(right, answer=f"{right.answer}\n没有依据的一句。")
    assert broken_invariants(bare, document) == ("sentences_cited",)
    assert broken_invariants(replace(right, answer=f"{right.answer}[2]"), document) == ("citations_resolve",)
    assert broken_invariants(replace(REFUSAL, citations=right.citations), document) == ("abstention_bare",)
    canary = replace(ITEM, must_not=("ZEBRA-9",))
    assert "no_canary" in score(canary, replace(right, answer=f"zebra 9\n{right.answer}"), document).broken


# --- comparing, the gate, blessing ---


def _run(records: list[Record], name: str = "run", **manifest_: object) -> Run:
    return Run(name, {r.item.id: json.loads(json.dumps(r.to_row())) for r in records}, manifest_)


def _worsened(records: list[Record], count: int) -> Run:
    """The same run with so many right items turned wrong."""
    run = _run(records, "worse")
    for row in run.rows.values():
        item = row["item"]
        if row["scores"]["strict"] and item["answerable"] and not item.get("variant") and count:
            row["scores"]["strict"], row["outcome"], count = 0.0, "wrong", count - 1  # type: ignore[index]
    return run


def test_compare_lists_what_was_fixed_and_broken(records: list[Record]) -> None:
    good, bad = _run(records, "good", commit="a"), _worsened(records, 7)
    worse, better = compare(good, bad), compare(bad, good)
    assert (len(worse.broken), len(worse.fixed), len(better.fixed)) == (7, 0, 7)
    assert worse.unchanged == len(records) - 7
    (strict,) = [delta for delta in worse.deltas if delta.name == "strict"]
    assert strict.change < 0
    assert strict.p == pytest.approx(2 / 2**7)
    assert strict.adjusted is not None
    assert strict.adjusted >= strict.p
    assert strict.low <= strict.change <= strict.high
    assert worse.differences == ("commit",)
    for text in (as_markdown(worse), as_html(worse)):
        assert all(change.id in text.replace("&#x27;", "'") for change in worse.broken)
    same = compare(good, good)
    assert (same.fixed, same.broken, same.unchanged) == ((), (), len(records))
    assert all(delta.change == 0 and delta.p == 1.0 for delta in same.deltas)


def test_items_that_changed_are_not_paired(records: list[Record]) -> None:
    first, second = _run(records), _run(records)
    next(iter(second.rows.values()))["item"]["must"] = [["另一个"]]
    assert len(paired(first.rows, second.rows)) == len(records) - 1
    assert compare(first, second).left_out == 2


def test_gate_passes_the_blessed_run_and_stops_a_drop(records: list[Record], tmp_path: Path) -> None:
    run = _run(records)
    bless(run, tmp_path / "baseline.json")
    baseline = load_baseline(tmp_path / "baseline.json")
    assert not [check for check in check_gate(run.rows, baseline) if not check.passed]
    failed = [check.name for check in check_gate(_worsened(records, 12).rows, baseline) if not check.passed]
    assert failed == ["no drop: strict", "no drop: strict, answerable"]
    broken = _run(records)
    next(iter(broken.rows.values()))["broken"].append("quotes_verbatim")
    assert [check.name for check in check_gate(broken.rows, baseline) if not check.passed] == [
        "quotes_verbatim"
    ]


def test_gate_stops_when_the_questions_are_others(records: list[Record], tmp_path: Path) -> None:
    bless(_run(records), tmp_path / "baseline.json")
    baseline = load_baseline(tmp_path / "baseline.json")
    half = {id_: row for at, (id_, row) in enumerate(_run(records).rows.items()) if at % 2}
    assert "baseline" in [check.name for check in check_gate(half, baseline) if not check.passed]
    assert "asked" in [check.name for check in check_gate({}, baseline) if not check.passed]


def test_gate_s_verdict_as_junit(records: list[Record], tmp_path: Path) -> None:
    bless(_run(records), tmp_path / "baseline.json")
    checks = check_gate(_worsened(records, 12).rows, load_baseline(tmp_path / "baseline.json"))
    write_junit(checks, tmp_path / "gate.xml")
    suite = ET.parse(tmp_path / "gate.xml").getroot()  # noqa: S314  # our own file
    assert suite.get("tests") == str(len(checks))
    assert suite.get("failures") == str(len(suite.findall("testcase/failure"))) == "2"


def test_missing_baseline_and_run_are_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="no baseline"):
        load_baseline(tmp_path / "none.json")
    with pytest.raises(EvalError, match="holds no run"):
        read_run(tmp_path)


def test_a_run_is_read_back(records: list[Record], assistant: Assistant, tmp_path: Path) -> None:
    run = read_run(_write(tmp_path / "run", records, assistant))
    assert run.rows == _run(records).rows
    assert run.manifest["dataset"] == "sample"
    assert all(name in next(iter(run.rows.values()))["scores"] for name in ("strict", "recall@5"))
    assert set(GATED) == {"strict", "strict, answerable", "strict, unanswerable", "recall@5"}


# --- baselines ---


def test_baselines_have_a_floor_and_a_ceiling(assistant: Assistant, records: list[Record]) -> None:
    few = [record for record in records if record.split == "test" and not record.item.variant][:40]
    systems = matrix(assistant, few)["test"]
    assert systems["always abstain"]["answerable"]["value"] == 0.0
    assert systems["always abstain"]["unanswerable"]["value"] == 1.0
    assert systems["oracle section"]["strict"]["value"] > 0.9
    assert systems["ours"]["strict"]["value"] == pytest.approx(
        sum(r.verdict.strict or 0 for r in few) / len(few), abs=1e-4
    )
    floors = [
        systems[name]["strict"]["value"]
        for name in ("always abstain", "keyword top-1", "plain LangChain recipe")
    ]
    assert systems["ours"]["strict"]["value"] > max(floors)


def test_recursive_splitting() -> None:
    text = "一" * 30 + "\n\n" + "二" * 30 + "\n" + "三" * 80 + "\n\n" + "四" * 10
    pieces = split_text(text, size=50, overlap=10)
    assert max(map(len, pieces)) <= 50
    assert all(piece in text for piece in pieces)
    assert "".join(sorted(set("".join(pieces)))) == "".join(sorted(set("一二三四")))
    assert split_text("短", size=50, overlap=10) == ["短"]
    assert split_text("a b c d", size=3, overlap=1) == ["a b", "b c", "c d"]


# --- the command line ---


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--dataset", "none.jsonl"],
        ["run", "--dataset", "dev", "--id", "no such item"],
        ["run", "--config", "none.env"],
        ["compare", "none", "none"],
        ["bless", "none"],
        ["lint", "none.csv"],
        ["external", "none"],
        ["from-feedback", "none.jsonl", "-o", "out.jsonl"],
    ],
)
def test_wrong_calls_are_one_line_and_exit_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err.strip()
    assert said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1


def test_lint_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(
        '{"id": "1", "kind": "fact", "lang": "zh", "question": "甲？", "sections": ["9.9"]}\n', "utf-8"
    )
    assert main(["lint", str(path)]) == 1
    assert "9.9 is not in the document" in capsys.readouterr().out
