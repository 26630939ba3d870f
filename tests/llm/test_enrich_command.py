from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.enrich import enrich, enrich_command
from assistant.model import Breaker, ModelFault
from index.enrich import GIST_LANGUAGES, SEARCH_LANGUAGES, Glossary, check_enrichment, load_enrichment
from index.parse import parse_file
from tests.llm.conftest import OpenModel
from tests.llm.endpoint import Body, Endpoint, Script, serve

SOURCE = """关于印发《小区绿化办法》的通知
各街道：
现将《小区绿化办法》印发给你们。
2024年3月1日
小区绿化办法
一、总则
（一）目标
到2026年，种树30棵以上。鼓励居民参与绿化。
（二）经费
绿化经费纳入预算。探索建立养护机制。
二、附则
（一）施行
本办法由街道负责解释。
"""
GOOD = {
    "到2026年，种树30棵以上。": ("By 2026, at least 30 trees will be planted.", "到2026年，要种树30棵以上。"),
    "鼓励居民参与绿化。": ("Encourage residents to take part in greening.", "鼓励住在这里的人一起来绿化。"),
    "绿化经费纳入预算。": ("Include greening funds in the budget.", "绿化的钱列进预算里。"),
    "探索建立养护机制。": ("Explore establishing a maintenance mechanism.", "试着建立养护的办法。"),
}


def note(text: str) -> Body:
    english, plain = GOOD.get(text, ("A sentence of the notice.", text))
    # A row keeps the numbers of its sentence, as the checks ask.
    for number in re.findall(r"\d+", text):
        english += "" if number in english else f" {number}"
    questions = {"zh": ["这是什么？", "说了什么？"], "en": ["What is this?"], "fr": ["Qu'est-ce que c'est ?"]}
    words = {"zh": ["绿化"], "fr": ["verdure"]}
    return {"en": english, "plain": plain, "questions": questions, "words": words}


def reply(body: Body) -> str:
    """What a careful model replies to a request for rows."""
    prompt = body["messages"][1]["content"]
    if "Sentences:\n" in prompt:
        lines = prompt.partition("Sentences:\n")[2].splitlines()
        pairs = [re.fullmatch(r"\[(\S+)\] (.*)", line) for line in lines]
        rows = [{"address": pair[1], **note(pair[2])} for pair in pairs if pair]
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    gist = dict.fromkeys(GIST_LANGUAGES, "要点")
    return json.dumps({"title_en": "A Title", "gist": gist, "words": {"ja": ["緑化"]}}, ensure_ascii=False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "greening.txt"
    path.write_text(SOURCE, "utf-8")
    return path


def run(source: Path, endpoint: Endpoint | str, *, output: Path | None = None) -> int:
    url = endpoint if isinstance(endpoint, str) else endpoint.url
    settings = Settings(llm="openai:scripted", llm_base_url=url)
    return enrich_command(argparse.Namespace(document=source, output=output), settings)


def rows_of(path: Path) -> list[str]:
    return [json.loads(line)["address"] for line in path.read_text("utf-8").splitlines()]


def test_every_row_is_written_in_document_order_and_holds(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(lambda body: Script(reply(body), size=200)) as endpoint:
        assert run(source, endpoint) == 0
    path = source.with_name("greening.enrichment.jsonl")
    document = parse_file(source)
    assert check_enrichment(document, load_enrichment(path), Glossary(())) == []
    notes = load_enrichment(path).sentences["1.1#1"]
    assert notes.questions["fr"] == ("Qu'est-ce que c'est ?",)
    assert notes.words["fr"] == ("verdure",)
    asked = endpoint.requests[0]["messages"][0]["content"]
    assert ", ".join(SEARCH_LANGUAGES) in asked
    addresses = rows_of(path)
    assert addresses.index("1") < addresses.index("1.1") < addresses.index("1.1#1") < addresses.index("1.2")
    assert len(addresses) == len(set(addresses))
    assert not source.with_name("greening.enrichment.partial.jsonl").exists()
    output = capsys.readouterr()
    assert "0 left out" in output.out
    assert "enrich" in output.err, "a progress bar"


def test_sentences_go_in_batches_of_one_section(source: Path) -> None:
    with serve(lambda body: Script(reply(body), size=200)) as endpoint:
        run(source, endpoint)
    asked = [body["messages"][1]["content"].partition("Sentences:\n")[2] for body in endpoint.requests]
    batches = [re.findall(r"^\[(\S+)\]", text, re.MULTILINE) for text in asked if text]
    assert ["1.1#1", "1.1#2"] in batches
    assert all(len({address.partition("#")[0] for address in batch}) == 1 for batch in batches)


def test_a_second_run_asks_nothing(source: Path) -> None:
    with serve(lambda body: Script(reply(body), size=200)) as endpoint:
        run(source, endpoint)
        before, text = (
            len(endpoint.requests),
            source.with_name("greening.enrichment.jsonl").read_text("utf-8"),
        )
        assert run(source, endpoint) == 0
        assert len(endpoint.requests) == before
    assert source.with_name("greening.enrichment.jsonl").read_text("utf-8") == text


def test_a_changed_sentence_is_asked_again_and_only_it(source: Path) -> None:
    with serve(lambda body: Script(reply(body), size=200)) as endpoint:
        run(source, endpoint)
        before = len(endpoint.requests)
        source.write_text(SOURCE.replace("鼓励居民参与绿化。", "鼓励居民认养树木。"), "utf-8")
        run(source, endpoint)
    asked = [
        re.findall(r"^\[(\S+)\]", body["messages"][1]["content"], re.MULTILINE)
        for body in endpoint.requests[before:]
    ]
    assert ["1.1#2"] in asked
    assert {address for batch in asked for address in batch} == {"1.1#2"}


WRONG: dict[str, Callable[[Body], Body]] = {
    "number-lost": lambda row: {**row, "en": "By 2026, trees will be planted."},
    "number-changed": lambda row: {**row, "plain": "到2026年，要种树40棵以上。"},
    "strengthened": lambda row: {**row, "en": "By 2026, at least 30 trees must be planted."},
    "not-english": lambda row: {**row, "en": "到2026年，种树30棵以上。"},
    "no-questions": lambda row: {**row, "questions": {}},
    "field-missing": lambda row: {key: value for key, value in row.items() if key != "plain"},
    "wrong-type": lambda row: {**row, "en": ["By 2026, 30"]},
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG.keys())
def test_a_row_that_fails_its_checks_is_tried_alone_and_then_left_out_and_listed(
    spoil: Callable[[Body], Body], source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def respond(body: Body) -> Script:
        rows = [json.loads(line) for line in reply(body).splitlines()]
        rows = [spoil(row) if row.get("address") == "1.1#1" else row for row in rows]
        return Script("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), size=200)

    with serve(respond) as endpoint:
        assert run(source, endpoint) == 1
    addresses = rows_of(source.with_name("greening.enrichment.jsonl"))
    assert "1.1#1" not in addresses
    assert "1.1#2" in addresses
    listed = [line for line in capsys.readouterr().err.splitlines() if line.startswith("1.1#1\t")]
    assert len(listed) == 1
    alone = [
        body["messages"][1]["content"]
        for body in endpoint.requests
        if body["messages"][1]["content"].endswith("Sentences:\n[1.1#1] 到2026年，种树30棵以上。")
    ]
    assert len(alone) == 1
    assert "Remarks on an earlier attempt:\n(none)" not in alone[0]


def test_a_row_that_holds_at_the_second_attempt_is_kept(source: Path) -> None:
    def respond(body: Body) -> Script:
        text = reply(body)
        is_first = "Remarks on an earlier attempt:\n(none)" in body["messages"][1]["content"]
        return Script(text.replace("30 trees", "31 trees") if is_first else text, size=200)

    with serve(respond) as endpoint:
        assert run(source, endpoint) == 0
    assert "1.1#1" in rows_of(source.with_name("greening.enrichment.jsonl"))


def test_what_stands_around_the_rows_is_skipped(source: Path) -> None:
    def respond(body: Body) -> Script:
        rows = [json.loads(line) for line in reply(body).splitlines()]
        wrapped = json.dumps({"rows": rows}, ensure_ascii=False, indent=1)
        return Script(f"Here {{are}} the rows:\n```json\n{wrapped}\n```\nDone.", size=200)

    with serve(respond) as endpoint:
        assert run(source, endpoint) == 0


def test_a_dead_endpoint_keeps_what_is_done_and_the_next_run_goes_on(
    source: Path, open_model: OpenModel, tmp_path: Path
) -> None:
    document, output = parse_file(source), tmp_path / "out.jsonl"
    done: list[int] = []

    def respond(body: Body) -> Script:
        return Script(reply(body), size=200) if len(endpoint.requests) <= 2 else Script(status=500)

    with serve(respond) as endpoint:
        model = open_model(endpoint, breaker=Breaker(threshold=1_000))
        with pytest.raises(ModelFault):
            model.run(
                enrich(
                    document,
                    Glossary(()),
                    output,
                    model=model,
                    progress=lambda n, _: done.append(n),
                    wait=(0.01, 0.01),
                )
            )
        assert not output.exists()
        kept = rows_of(tmp_path / "out.partial.jsonl")
        assert len(kept) == done[-1] > 0
        endpoint.respond = lambda body: Script(reply(body), size=200)
        # A line that was cut short while writing is no obstacle.
        with (tmp_path / "out.partial.jsonl").open("a", encoding="utf-8") as file:
            file.write('{"address": "1.1')
        before = len(endpoint.requests)
        report = model.run(
            enrich(document, Glossary(()), output, model=model, progress=lambda n, _: done.append(n))
        )
    assert report.written == report.asked + len(kept)
    asked = "".join(body["messages"][1]["content"] for body in endpoint.requests[before:])
    assert not [address for address in kept if "#" in address and f"[{address}]" in asked]
    assert done == sorted(done)


def test_a_call_that_fails_once_is_tried_again(source: Path, open_model: OpenModel, tmp_path: Path) -> None:
    def respond(body: Body) -> Script:
        return Script(status=429) if len(endpoint.requests) % 2 else Script(reply(body), size=200)

    with serve(respond) as endpoint:
        model = open_model(endpoint, breaker=Breaker(threshold=1_000))
        document = parse_file(source)
        work = enrich(
            document,
            Glossary(()),
            tmp_path / "out.jsonl",
            model=model,
            progress=lambda _done, _total: None,
            wait=(0.01,),
        )
        assert model.run(work).dropped == {}


def test_the_glossary_beside_the_source_is_shown_and_checked(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source.with_name("greening.glossary.txt").write_text(
        "绿化 | afforestation\n街道 | subdistrict\n", "utf-8"
    )
    with serve(lambda body: Script(reply(body), size=200)) as endpoint:
        assert run(source, endpoint) == 1
    assert "绿化 | afforestation" in endpoint.prompt(0) + endpoint.prompt(1)
    assert "1.1#2\ten: glossary: 绿化" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "text", "words"),
    [
        (Settings(), SOURCE, "LLM"),
        (Settings(llm="qwen"), SOURCE, "provider"),
        (Settings(llm="openai:x", llm_base_url="http://127.0.0.1:9/v1"), "", "greening"),
    ],
    ids=["no-model", "no-provider", "empty-source"],
)
def test_a_wrong_call_is_one_line_and_exit_2(
    settings: Settings, text: str, words: str, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source.write_text(text, "utf-8")
    assert enrich_command(argparse.Namespace(document=source, output=None), settings) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert len(lines) == 1
    assert words in lines[0]


def test_a_damaged_output_file_is_not_overwritten(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = source.with_name("greening.enrichment.jsonl")
    output.write_text("not rows\n", "utf-8")
    assert run(source, "http://127.0.0.1:9/v1") == 2
    assert output.read_text("utf-8") == "not rows\n"
    assert "greening.enrichment.jsonl" in capsys.readouterr().err


def test_the_outlines_own_rows_need_nothing(open_model: OpenModel, tmp_path: Path) -> None:
    from index.config import OUTLINE
    from index.enrich import enrichment_path, glossary_path

    output = tmp_path / "outline.jsonl"
    output.write_bytes(enrichment_path(OUTLINE).read_bytes())
    with serve(Script(status=500)) as endpoint:
        model = open_model(endpoint)
        document, glossary = parse_file(OUTLINE), Glossary.load(glossary_path(OUTLINE))
        report = model.run(
            enrich(document, glossary, output, model=model, progress=lambda _done, _total: None, wait=())
        )
    assert (report.asked, dict(report.dropped), endpoint.requests) == (0, {}, [])
